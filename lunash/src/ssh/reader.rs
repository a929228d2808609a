//! Where an answer of the appliance's shell ends: a look at the bytes that have come, and nothing
//! else. How they were cut into pieces makes no difference.

use zeroize::Zeroizing;

/// What the bytes that have come end with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In the middle of something.
    Open,
    /// A prompt.
    Prompt(Answer),
    /// Text behind which the cursor stands, as behind a question.
    Question(Question),
}

/// What the shell has written up to its prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The text, without result line and prompt.
    pub(crate) text: String,
    /// Number and text of the result line, if there is one.
    pub(crate) result: Option<(u32, String)>,
    /// The appliance's name in the prompt, if it is there.
    pub(crate) name: Option<String>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) kind: Kind,
    /// Whether it is worded as questions are; if not, it may be output that pauses.
    pub(crate) sure: bool,
}

/// What a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `proceed` or `quit`.
    Proceed,
    /// Something that nobody may see.
    Secret,
    /// Anything else.
    Other,
}

/// Collects what comes after a line was sent.
#[derive(Default)]
pub(crate) struct Reader {
    bytes: Vec<u8>,
    sent: Zeroizing<String>,
    /// Whether the end of what was sent is shown, although the rest is not.
    newline: bool,
}

impl Reader {
    /// What follows is the answer to this line; `newline` tells that the shell ends the line on the
    /// screen even where it does not show it.
    pub(crate) fn after(sent: &str, newline: bool) -> Reader {
        Reader { bytes: Vec::new(), sent: sent.to_owned().into(), newline }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// All that has come, as lines that end with a line feed, without an echo of what was sent.
    pub(crate) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        let mut lines = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            match line.strip_suffix('\n') {
                Some(line) => {
                    lines.push_str(line.trim_end_matches('\r'));
                    lines.push('\n');
                }
                None => lines.push_str(line),
            }
        }
        self.without_echo(&lines).to_owned()
    }

    /// A shell may show what it reads, secrets as asterisks, although its terminal is told not to.
    fn without_echo<'t>(&self, text: &'t str) -> &'t str {
        let Some((first, rest)) = text.split_once('\n') else { return text };
        let stars = first.trim();
        let masked = !stars.is_empty()
            && stars.chars().all(|c| c == '*')
            && stars.len() == self.sent.chars().count();
        let shown = first == *self.sent && !first.is_empty();
        if shown || masked || first.is_empty() && self.newline { rest } else { text }
    }

    /// What the shell has said before it ended, if that is the whole answer.
    pub(crate) fn last_words(&self) -> Option<Answer> {
        Some(answer(&self.text(), None)).filter(|answer| answer.result.is_some())
    }

    pub(crate) fn end(&self) -> End {
        // Most pieces of long output end in ways that need no look at all of it.
        let last = self.bytes.iter().rev().find(|byte| !matches!(byte, b' ' | b'\r'));
        if matches!(last, None | Some(b'\n')) {
            return End::Open;
        }
        let text = self.text();
        match prompt(&text) {
            Some((before, name)) => End::Prompt(answer(before, name)),
            None => question(text).map_or(End::Open, End::Question),
        }
    }
}

/// What is before a prompt at the end of a text, and the name in the prompt.
fn prompt(text: &str) -> Option<(&str, Option<String>)> {
    const PROMPT: &str = "lunash:>";
    let at = text.rfind('\n').map_or(0, |end| end + 1);
    let last = without_escapes(&text[at..]);
    let last = last.trim();
    let head = last.len().checked_sub(PROMPT.len()).and_then(|at| last.split_at_checked(at));
    let (head, _) = head.filter(|(_, end)| end.eq_ignore_ascii_case(PROMPT))?;
    let before = &text[..at];
    if !head.is_empty() {
        return Some((before, Some(bracketed(head)?)));
    }
    // The name may be on a line of its own.
    let lines = before.strip_suffix('\n').unwrap_or(before);
    let at = lines.rfind('\n').map_or(0, |end| end + 1);
    Some(match bracketed(&lines[at..]) {
        Some(name) => (&before[..at], Some(name)),
        None => (before, None),
    })
}

/// The name within brackets.
fn bracketed(text: &str) -> Option<String> {
    let name = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    (!name.is_empty() && !name.contains(['[', ']'])).then(|| name.to_owned())
}

/// Text without the sequences that a line editor may put around its prompt.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' && chars.peek() == Some(&'[') {
            chars.next();
            chars.by_ref().find(|c| matches!(c, '\u{40}'..='\u{7e}'));
        } else if c != '\r' {
            plain.push(c);
        }
    }
    plain
}

/// Splits the result line from the text before it.
fn answer(before: &str, name: Option<String>) -> Answer {
    let trimmed = before.trim_end_matches('\n');
    let at = trimmed.rfind('\n').map_or(0, |end| end + 1);
    let result = result(&trimmed[at..]);
    let text = if result.is_some() { &before[..at] } else { before };
    Answer { text: text.to_owned(), result, name }
}

/// Reads `Command Result : 65535 (Luna Shell execution)`.
fn result(line: &str) -> Option<(u32, String)> {
    const HEAD: &str = "Command Result :";
    let (head, rest) = line.trim().split_at_checked(HEAD.len())?;
    let rest = rest.trim();
    if !head.eq_ignore_ascii_case(HEAD) || rest.is_empty() {
        return None;
    }
    // Old software writes a success without its number.
    if rest.eq_ignore_ascii_case("No Error") {
        return Some((0, "Success".to_owned()));
    }
    let (number, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    Some((number.parse().ok()?, text.to_owned()))
}

/// Words of a question for a secret, and beginnings of such.
const SECRET: [&str; 5] = ["pass", "secret", "domain", "challenge", "authcode"];
const SECRET_ALONE: [&str; 5] = ["pin", "key", "code", "token", "credentials"];

impl Question {
    /// Whether it asks for the same a second time.
    pub(crate) fn again(&self) -> bool {
        let text = self.text.to_lowercase();
        ["again", "re-enter", "reenter", "retype", "re-type", "confirm"]
            .iter()
            .any(|word| text.contains(word))
    }
}

/// The question that a text ends with, if its last line can be one.
fn question(text: String) -> Option<Question> {
    let last = text.rsplit('\n').next().unwrap_or_default();
    let last = without_escapes(last);
    let end = last.trim().chars().last()?;
    if !matches!(end, '>' | ':' | '?' | ']' | ')') {
        return None;
    }
    // Where the answer is typed behind a lone sign, the words are above it.
    let words = text.trim_end_matches(|c: char| c.is_whitespace() || c == '>');
    let asked = words.rsplit("\n\n").next().unwrap_or_default().to_lowercase();
    let has = |word: &str| asked.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    let starts =
        |word: &str| asked.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(word));
    let secret =
        SECRET.iter().any(|word| starts(word)) || SECRET_ALONE.iter().any(|word| has(word));
    let kind = if has("proceed") && has("quit") {
        Kind::Proceed
    } else if secret {
        Kind::Secret
    } else {
        Kind::Other
    };
    let asking = ["enter", "type", "sure", "confirm", "quit", "yes", "y", "n", "continue"];
    let sure = match kind {
        Kind::Proceed => end == '>' || end == ':' || end == '?',
        Kind::Secret => end == ':' && !last.starts_with(' ') || last.trim() == ">",
        Kind::Other => end == '?' || asking.iter().any(|word| has(word)),
    };
    Some(Question { text, kind, sure })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ended(text: &str) -> End {
        let mut reader = Reader::default();
        reader.push(text.as_bytes());
        reader.end()
    }

    fn answered(text: &str) -> Answer {
        match ended(text) {
            End::Prompt(answer) => answer,
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn prompts_of_all_releases_end_an_answer() {
        for end in [
            "\r\n[hsm1] lunash:>",
            "[hsm1] lunash:>",
            "\r\n[hsm1] LunaSh:> ",
            "\r\n[hsm1]\r\nlunash:>",
            "\r\n\x1b[?2004h[hsm1] lunash:>",
        ] {
            let text = format!(
                "\r\n'client register' successful.\r\n\r\nCommand Result : 0 (Success)\r\n{end}"
            );
            let answer = answered(&text);
            assert_eq!(answer.text, "\n'client register' successful.\n\n", "{end:?}");
            assert_eq!(answer.result, Some((0, "Success".to_owned())), "{end:?}");
            assert_eq!(answer.name.as_deref(), Some("hsm1"), "{end:?}");
        }
        assert_eq!(answered("\r\nlunash:>").name, None);
        // Words before it make it text of a command.
        assert!(!matches!(ended("\r\nthe prompt is lunash:>"), End::Prompt(_)));
    }

    #[test]
    fn a_shell_that_ends_has_answered_if_its_result_is_there() {
        let last_words = |text: &str| {
            let mut reader = Reader::default();
            reader.push(text.as_bytes());
            reader.last_words()
        };
        let answer =
            last_words("\r\nReboot commencing\r\n\r\nCommand Result : 0 (Success)\r\n\r\n");
        let answer = answer.unwrap();
        assert_eq!(answer.text, "\nReboot commencing\n\n");
        assert_eq!(answer.result, Some((0, "Success".to_owned())));
        assert_eq!(last_words("\r\nReboot commencing\r\n"), None);
        assert_eq!(last_words(""), None);
    }

    #[test]
    fn a_failure_has_its_number_and_text() {
        let answer = answered(
            "\r\n\r\nError:  Specified client does not exist.\r\n\r\n\r\n\
             Command Result : 65535 (Luna Shell execution)\r\n[h] lunash:>",
        );
        assert_eq!(answer.result, Some((65535, "Luna Shell execution".to_owned())));
        assert!(answer.text.ends_with("exist.\n\n\n"));
        assert_eq!(answered("\r\n[h] lunash:>").result, None);
        assert_eq!(
            answered("Command Result : No Error\r\n[h] lunash:>").result,
            Some((0, "Success".into()))
        );
    }

    #[test]
    fn questions_are_told_from_output() {
        let kind = |text: &str| match ended(text) {
            End::Question(question) => Some((question.kind, question.sure)),
            _ => None,
        };
        let proceed = "CAUTION:  Are you sure you wish to initialize this HSM?\r\n\r\n\
                       Type 'proceed' to initialize the HSM, or 'quit'\r\n    to quit now.\r\n    > ";
        assert_eq!(kind(proceed), Some((Kind::Proceed, true)));
        let warning = "WARNING !!  All passwords are lost.\r\nIf you are sure that you wish to \
                       proceed, then type 'proceed', otherwise type 'quit'\r\n\r\n> ";
        assert_eq!(kind(warning), Some((Kind::Proceed, true)));
        let login = "\r\n  Please enter the HSM Administrators' password:\r\n  > ";
        assert_eq!(kind(login), Some((Kind::Secret, true)));
        let domain = "\r\nPlease enter a cloning domain to use for initializing this HSM:\r\n> ";
        assert_eq!(kind(domain), Some((Kind::Secret, true)));
        assert_eq!(kind("New password:"), Some((Kind::Secret, true)));
        assert_eq!(kind("\r\nPlease enter the key:\r\n> "), Some((Kind::Secret, true)));
        assert_eq!(kind("Are you sure (y/n)? "), Some((Kind::Other, true)));
        assert_eq!(kind("Partitions created on HSM:"), Some((Kind::Other, false)));
        assert_eq!(kind("Please wait..."), None);
        assert_eq!(kind("50%"), None);
        assert_eq!(kind("done\r\n"), None);
        assert_eq!(kind(""), None);
    }

    #[test]
    fn an_echo_of_what_was_sent_is_no_part_of_the_answer() {
        for (sent, newline, came) in [
            ("client list", false, "client list\r\n\r\nnone\r\n"),
            ("client list", true, "client list\r\n\r\nnone\r\n"),
            ("S3cret-Pass", true, "***********\r\n\r\nnone\r\n"),
            ("client list", false, "\r\nnone\r\n"),
            ("client list", true, "\r\n\r\nnone\r\n"),
        ] {
            let mut reader = Reader::after(sent, newline);
            reader.push(came.as_bytes());
            assert_eq!(reader.text(), "\nnone\n");
        }
        let mut reader = Reader::after("S3cret-Pass", true);
        reader.push(b"*****\r\n");
        assert_eq!(reader.text(), "*****\n");
    }

    proptest! {
        /// Nothing but its own end ends an answer, wherever it is cut.
        #[test]
        fn no_piece_of_an_answer_is_taken_for_all_of_it(
            lines in proptest::collection::vec("[ -~äö]{0,40}", 0..8),
            cuts in proptest::collection::vec(0usize..500, 0..12),
            code in 0u32..70000,
        ) {
            let body: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let whole = format!("{body}\r\nCommand Result : {code} (Text)\r\n\r\n[h] lunash:>");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % whole.len()).collect();
            cuts.extend([0, whole.len()]);
            cuts.sort_unstable();
            let mut reader = Reader::default();
            for piece in cuts.windows(2) {
                let early = matches!(reader.end(), End::Prompt(Answer { result: Some(_), .. }));
                prop_assert!(!early, "{:?}", reader.text());
                reader.push(&whole.as_bytes()[piece[0]..piece[1]]);
            }
            let End::Prompt(answer) = reader.end() else { panic!("{:?}", reader.text()) };
            prop_assert_eq!(answer.text, format!("{}\n", body.replace("\r\n", "\n")));
            prop_assert_eq!(answer.result, Some((code, "Text".to_owned())));
        }
    }
}
