//! Reads recordings, and types what was typed in them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::compare::{Difference, compare};
use super::filters::Filter;
use super::play::wrong;
use super::record::{COPIED, EXIT, LOGIN, RECORDED, SETUP, TIME};
use super::recorder::{CTRL_C, CTRL_D, prompt_line};
use crate::device::{Device, Input};
use crate::editor::LineAssistant;
use crate::failure::Failure;
use crate::options::quoted;
use crate::secrets::Secrets;

/// The prompts of the shells, without what stands before them in brackets.
const PROMPTS: [&str; 3] = ["lunash:>", "lunacm:>", "cmu:>"];

/// A recording.
#[derive(Debug)]
pub struct Transcript {
    /// What is not compared.
    pub filters: Vec<Filter>,
    /// The names of the secrets that are given in advance.
    pub secrets: Vec<String>,
    /// What is played.
    pub sections: Vec<Section>,
    text: String,
}

/// A part of a recording.
#[derive(Clone, Debug)]
pub enum Section {
    /// A script that brings the appliance into its state.
    Setup {
        /// The script.
        script: String,
    },
    /// A session.
    Session {
        /// The program.
        program: String,
        /// The arguments behind it.
        arguments: String,
        /// Where what was shown stands in the text.
        at: Range<usize>,
    },
}

/// Where a line stands.
#[derive(Clone, Copy)]
enum Within {
    Head,
    /// What is not played: a login, or a copy of files.
    Evidence,
    Setup,
    Session {
        /// Whether its last line was there.
        ended: bool,
    },
}

/// What was typed behind a prompt, if the line has one.
pub(crate) fn command_of(line: &str) -> Option<&str> {
    let line = line.trim_end_matches(['\r', '\n']);
    let (before, typed) = PROMPTS.iter().find_map(|prompt| line.split_once(prompt))?;
    (before.is_empty() || before.starts_with('[') && before.ends_with("] ")).then_some(typed)
}

/// The lines without those that say when, and without empty ones at the end; and the last line of the session.
fn parts(shown: &str) -> (String, Option<&str>) {
    let shown = shown.trim_end_matches('\n');
    let (shown, exit) = match shown.rfind('\n').map_or(("", shown), |end| shown.split_at(end + 1)) {
        (before, last) if last.starts_with(EXIT) => (before, Some(last)),
        _ => (shown, None),
    };
    let lines = shown.lines().filter(|line| !line.starts_with(TIME));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let end = text.trim_end_matches('\n').len();
    let text = if end == 0 { String::new() } else { format!("{}\n", &text[..end]) };
    (text, exit)
}

/// What comes before the last command.
fn without_last_command(text: &str) -> &str {
    let mut end = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if command_of(line).is_some() {
            end = Some(at);
        }
        at += line.len();
    }
    &text[..end.unwrap_or(text.len())]
}

impl Transcript {
    /// Reads a recording.
    ///
    /// # Errors
    /// It is none, or its head has words that are not known.
    pub fn read(text: &str) -> Result<Transcript, Failure> {
        let (mut filters, mut secrets) = (Vec::new(), Vec::new());
        let mut sections: Vec<Section> = Vec::new();
        let mut within = Within::Head;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            let line = line.trim_end_matches(['\r', '\n']);
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let is_remark = line.starts_with('#') || line.trim().is_empty();
            match (word, within) {
                (SETUP, _) if rest.is_empty() => {
                    sections.push(Section::Setup { script: String::new() });
                    within = Within::Setup;
                }
                (RECORDED, _) if !rest.is_empty() => {
                    let (program, arguments) = rest.split_once(' ').unwrap_or((rest, ""));
                    let (program, arguments) = (program.to_owned(), arguments.to_owned());
                    sections.push(Section::Session { program, arguments, at: at..at });
                    within = Within::Session { ended: false };
                }
                (LOGIN | COPIED, _) => within = Within::Evidence,
                // In a script it has a value.
                ("@secret", _) if is_name(rest) => {
                    secrets.push(rest.to_owned());
                    within = Within::Head;
                }
                ("@filter", _) => {
                    for name in rest.split_whitespace() {
                        filters.push(Filter::named(name).ok_or_else(|| {
                            let names = Filter::names(", ");
                            wrong(format!("There is no filter '{name}'; there are {names}."))
                        })?);
                    }
                    within = Within::Head;
                }
                (_, Within::Setup) => {
                    if let Some(Section::Setup { script }) = sections.last_mut() {
                        script.push_str(text.get(start..at).unwrap_or_default());
                    }
                }
                // It may be the secret itself.
                ("@secret", _) => return Err(wrong("It is @secret NAME, as in LUNA_NAME.")),
                (_, Within::Evidence) => {}
                // The head of the next one.
                (_, Within::Session { ended: true }) if is_remark => {}
                (_, Within::Session { .. }) => {
                    if let Some(Section::Session { at: shown, .. }) = sections.last_mut() {
                        shown.end = at;
                    }
                    within = Within::Session { ended: line.starts_with(EXIT) };
                }
                (_, Within::Head) if is_remark => {}
                (_, Within::Head) => {
                    return Err(wrong("It is no transcript: '@recorded' was expected."));
                }
            }
        }
        if !sections.iter().any(|section| matches!(section, Section::Session { .. })) {
            let why = "No session is in it: there is no line '@recorded'.";
            return Err(wrong(why).hint("a login and a copy of files are evidence, and not played"));
        }
        Ok(Transcript { filters, secrets, sections, text: text.to_owned() })
    }

    /// What is to be typed in a session, as [`Player::new`] takes it.
    pub fn shown(&self, at: &Range<usize>) -> String {
        let (text, exit) = parts(self.text.get(at.clone()).unwrap_or_default());
        match exit {
            Some(_) => text,
            None => without_last_command(&text).to_owned(),
        }
    }

    /// Compares a session that was played with the one that was recorded. A difference is that of the whole file.
    pub fn compare(&self, sessions: &[(Range<usize>, String)]) -> Option<Difference> {
        let (mut expected, mut actual) = (String::new(), String::new());
        let mut end = 0;
        for (at, played) in sessions {
            let head = self.text.get(end..at.start).unwrap_or_default();
            let ((now, status), recorded) = (parts(played), self.text.get(at.clone()));
            let exit = parts(recorded.unwrap_or_default()).1;
            for (whole, part, last) in
                [(&mut expected, self.shown(at), exit), (&mut actual, now, exit.and(status))]
            {
                whole.push_str(head);
                whole.push_str(part.trim_end_matches('\n'));
                whole.push('\n');
                last.into_iter().for_each(|line| whole.push_str(&format!("{line}\n")));
            }
            end = at.end;
        }
        let rest = self.text.get(end..).unwrap_or_default();
        [&mut expected, &mut actual].into_iter().for_each(|whole| whole.push_str(rest));
        compare(&expected, &actual, &self.filters)
    }
}

/// Whether a text can stand behind `LUNA_`.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Types what was typed in a session, and shows nothing.
#[derive(Default)]
pub struct Player {
    lines: Vec<String>,
    at: usize,
    attended: bool,
    secrets: BTreeMap<String, SecretString>,
}

impl Player {
    /// Types what stands in `shown`, at a terminal if it is `attended`.
    ///
    /// # Errors
    /// A secret that is typed there is not among `known`.
    pub fn new(shown: &str, attended: bool, known: &mut Secrets) -> Result<Player, Failure> {
        let mut player = Player { attended, ..Player::default() };
        for line in shown.lines() {
            // An answer is the end of its line; what else looks like a secret is output.
            let answer = || line.get(line.rfind('{')?..).filter(|end| end.ends_with('}'));
            let typed = command_of(line).or_else(answer);
            player.learn(typed.unwrap_or_default(), known)?;
            player.lines.push(line.to_owned());
        }
        Ok(player)
    }

    /// Looks up the secrets that are typed in a text.
    ///
    /// # Errors
    /// One is not known.
    pub fn learn(&mut self, typed: &str, known: &mut Secrets) -> Result<(), Failure> {
        let named = typed.split('{').skip(1).filter_map(|from| from.split_once('}'));
        for name in named.map(|(name, _)| name).filter(|name| is_name(name)) {
            let found = known.find(name)?.ok_or_else(|| {
                Failure::refused(format!("LUNA_{name} is not set, and is to be typed."))
            })?;
            self.secrets.insert(name.to_owned(), found);
        }
        Ok(())
    }

    /// The command with the secrets that it names, each as one word, where `masked` hides them. What stands
    /// elsewhere is text: no transcript can have a secret shown.
    pub fn filled(&self, typed: &str, masked: impl Fn(&str) -> String) -> Zeroizing<String> {
        self.fill(typed, |name, secret, before, after| {
            let mark = format!("{name}-of-this-transcript");
            let is_hidden = !masked(&format!("{before}{mark}{after}")).contains(&mark);
            is_hidden.then(|| Zeroizing::new(quoted(secret)))
        })
    }

    /// The text with what `of` makes of each secret that it names, of its name, and of the text around it.
    fn fill(
        &self,
        text: &str,
        of: impl Fn(&str, &str, &str, &str) -> Option<Zeroizing<String>>,
    ) -> Zeroizing<String> {
        let mut filled = Zeroizing::new(String::with_capacity(text.len()));
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            filled.push_str(before);
            let named = from[1..].split_once('}').and_then(|(name, after)| {
                let around = &text[..text.len() - from.len()];
                let secret = self.secrets.get(name)?.expose_secret();
                Some((of(name, secret, around, after)?, after))
            });
            match named {
                Some((secret, after)) => {
                    filled.push_str(&secret);
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = &from[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    /// The answer to a question: what stands behind its last line, before the next command.
    fn answer_to(&mut self, question: &str) -> Option<String> {
        let (_, prompt) = prompt_line(question);
        let ahead = self.lines.iter().enumerate().skip(self.at);
        let mut ahead = ahead.take_while(|(_, line)| command_of(line).is_none());
        let (at, answer) =
            ahead.find_map(|(at, line)| Some((at, line.strip_prefix(prompt)?.to_owned())))?;
        self.at = at + 1;
        Some(answer)
    }
}

/// What was typed: a key, or a line.
fn typed(text: &str, line: impl FnOnce(&str) -> String) -> Input {
    match text {
        CTRL_C => Input::Cancelled,
        CTRL_D => Input::End,
        text => Input::Line(line(text)),
    }
}

impl Device for Player {
    fn command(&mut self, _prompt: &str, assistant: &Rc<dyn LineAssistant>) -> Input {
        let ahead = self.lines.iter().enumerate().skip(self.at);
        let mut commands = ahead.filter_map(|(at, line)| Some((at, command_of(line)?.to_owned())));
        let Some((at, command)) = commands.next() else { return Input::End };
        drop(commands);
        self.at = at + 1;
        typed(&command, |line| self.filled(line, |line| assistant.masked(line)).to_string())
    }

    fn answer(&mut self, question: &str) -> Input {
        // What is no secret names none.
        let answer = self.answer_to(question);
        answer.map_or(Input::End, |answer| typed(&answer, str::to_owned))
    }

    fn secret(&mut self, question: &str) -> Input {
        let Some(answer) = self.answer_to(question) else { return Input::End };
        let plain =
            |_: &str, secret: &str, _: &str, _: &str| Some(Zeroizing::new(secret.to_owned()));
        typed(&answer, |answer| self.fill(answer, plain).to_string())
    }

    fn print(&mut self, _text: &str) {}

    fn note(&mut self, _text: &str) {}

    fn flush(&mut self) {}

    fn attended(&self) -> bool {
        self.attended
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_recording_is_read_up_to_its_last_command() {
        let text = "@recorded lunash\nhello\n\n[a] lunash:>one\n\n1\n\n[a] lunash:>two\n\n2";
        let read = Transcript::read(text).unwrap();
        let [Section::Session { at, .. }] = &read.sections[..] else { panic!("{read:?}") };
        assert_eq!(read.shown(at), "hello\n\n[a] lunash:>one\n\n1\n\n");
        assert_eq!(
            read.compare(&[(
                at.clone(),
                "hello\n\n[a] lunash:>one\n\n1\n[exit status: 0]\n".into()
            )]),
            None
        );
    }

    #[test]
    fn a_head_that_is_not_understood_is_refused_and_repeats_no_secret() {
        for text in ["", "@recorded\n", "par list\n", "@filter nothing\n@recorded lunash\n"] {
            assert_eq!(Transcript::read(text).unwrap_err().status(), crate::Status::NotUnderstood);
        }
        let failure =
            Transcript::read("@secret HSM_PASSWORD s3cr3t\n@recorded lunash\n").unwrap_err();
        assert!(!failure.message.contains("s3cr3t"), "{failure:?}");
    }

    #[test]
    fn answers_and_secrets_are_typed_where_they_stand() {
        let shown = "[a] lunash:>x -p {PW}\n  Enter\n  > {PW_2}\nsure?\n> proceed\n[a] lunash:>y {PW}\n> ^C\n> {PW}";
        let mut player =
            Player::new(shown, true, &mut Secrets::only([("PW", "a b"), ("PW_2", "c")])).unwrap();
        struct Words;
        impl LineAssistant for Words {
            fn complete(&self, _line: &str, cursor: usize) -> (usize, Vec<String>) {
                (cursor, Vec::new())
            }
            fn masked(&self, line: &str) -> String {
                match line.split_once("-p ") {
                    Some((before, _)) => format!("{before}-p ********"),
                    None => line.to_owned(),
                }
            }
            fn kept(&self, line: &str) -> String {
                line.to_owned()
            }
        }
        let words: Rc<dyn LineAssistant> = Rc::new(Words);
        let line = |input| match input {
            Input::Line(line) => line,
            Input::Cancelled => "cancelled".to_owned(),
            Input::End => "end".to_owned(),
            Input::NotText => "not text".to_owned(),
        };
        assert_eq!(line(player.command("", &words)), "x -p \"a b\"");
        assert_eq!(line(player.secret("Enter\n  > ")), "c");
        assert_eq!(line(player.answer("sure?\n> ")), "proceed");
        assert_eq!(line(player.answer("another > ")), "end");
        // Where no secret is hidden, none is typed.
        assert_eq!(line(player.command("", &words)), "y {PW}");
        assert_eq!(line(player.answer("> ")), "cancelled");
        assert_eq!(line(player.answer("> ")), "{PW}");
        assert_eq!(line(player.command("", &words)), "end");
    }

    #[test]
    fn recordings_one_behind_the_other_are_one() {
        let one = |command: &str| {
            format!(
                "# lunash 1\n@login\nadmin's password: {{PASSWORD}}\n# admin\n@secret DOMAIN\n\
                 @filter serials\n@recorded lunash\n[a] lunash:>{command}\n\n{command}\n[exit status: 0]\n"
            )
        };
        let copied = "# lunash 1\n@copied put a.pem\na.pem is there\n[exit status: 0]\n";
        let text = format!("{}{copied}{}{copied}", one("first"), one("second"));
        let read = Transcript::read(&text).unwrap();
        let sessions: Vec<_> = read
            .sections
            .iter()
            .map(|section| match section {
                Section::Session { at, .. } => (at.clone(), text[at.clone()].to_owned()),
                Section::Setup { .. } => panic!("{section:?}"),
            })
            .collect();
        assert_eq!(sessions.len(), 2);
        assert!(
            sessions.iter().all(|(_, shown)| !shown.contains("admin") && !shown.contains("a.pem"))
        );
        assert_eq!(read.secrets, ["DOMAIN", "DOMAIN"]);
        assert_eq!(read.compare(&sessions), None);
        let changed: Vec<_> = sessions
            .iter()
            .map(|(at, shown)| (at.clone(), shown.replace("\nsecond\n", "\n2\n")))
            .collect();
        let updated = read.compare(&changed).unwrap().updated;
        assert_eq!(updated, text.replace("\nsecond\n", "\n2\n"));
        let failure = Transcript::read(copied).unwrap_err();
        assert_eq!(failure.status(), crate::Status::NotUnderstood);
    }

    proptest! {
        #[test]
        fn no_text_is_too_much_for_a_reader(text in "(@recorded lunash|@setup|@time|#|\n|lunash:>|\\{A\\}|é|\\[exit status: 0\\]|> ){0,30}") {
            if let Ok(read) = Transcript::read(&text) {
                let played: Vec<_> = read.sections.iter().filter_map(|section| match section {
                    Section::Session { at, .. } => Some((at.clone(), text[at.clone()].to_owned())),
                    Section::Setup { .. } => None,
                }).collect();
                let whole = |(at, _): &(Range<usize>, String)| parts(&text[at.clone()]).1.is_some();
                if played.iter().all(whole) {
                    prop_assert_eq!(read.compare(&played), None);
                }
            }
        }
    }
}
