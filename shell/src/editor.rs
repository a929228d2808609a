//! Line editing at a terminal, with history, search and completion.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use unicode_width::UnicodeWidthStr;

use crate::device::Input;
use crate::history::History;
use crate::keys::Key;
use crate::line::{Line, Style, View};
use crate::printable::printable_value;
use crate::terminal::Terminal;

/// What the line editor needs of the command language.
pub trait LineAssistant {
    /// The byte offset of the word at `cursor`, and its completions.
    fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>);
    /// The line with asterisks in place of its secrets, for whatever shows it.
    fn masked(&self, line: &str) -> String;
    /// The line without its secrets, for the history: sent again, it asks for them. Empty where
    /// nothing is kept.
    fn kept(&self, line: &str) -> String;
}

/// The most completions that are listed.
const MOST_LISTED: usize = 100;
/// The width of a terminal that does not say its own.
const USUAL_COLUMNS: usize = 80;

/// The keys of a person, one after the other.
pub(crate) trait Keyboard {
    /// Waits for a key; `None` if the terminal has gone away.
    fn key(&mut self) -> Option<Key>;
    /// How many columns the terminal has, if it says so.
    fn columns(&self) -> Option<usize>;
}

impl Keyboard for Terminal {
    fn key(&mut self) -> Option<Key> {
        Terminal::key(self)
    }

    fn columns(&self) -> Option<usize> {
        Terminal::columns(self)
    }
}

/// Reads lines at the terminal. It is taken from the first line on until this is dropped.
pub(crate) struct Editor {
    terminal: Terminal,
    style: Style,
    history: History,
}

impl Editor {
    /// Takes the terminal; `None` if standard input is none. `moves` tells that its cursor can be moved.
    pub(crate) fn new(moves: bool, history: Option<&Path>) -> Option<Editor> {
        let terminal = Terminal::take()?;
        let style = match (terminal.echoes(), moves) {
            (false, _) => Style::Silent,
            (true, false) => Style::Plain,
            (true, true) => Style::Full,
        };
        Some(Editor { terminal, style, history: History::open(history) })
    }

    /// Reads a command, which the history keeps without its secrets.
    pub(crate) fn command(
        &mut self,
        out: &mut dyn Write,
        prompt: &str,
        assistant: &dyn LineAssistant,
    ) -> Input {
        let lines = self.history.lines().to_vec();
        let input = self.read(out, prompt, Purpose::Command { assistant, history: &lines });
        // As in other shells, a line that begins with a blank is not kept.
        if let Input::Line(line) = &input
            && !line.starts_with(char::is_whitespace)
        {
            self.history.add(&assistant.kept(line));
        }
        input
    }

    /// Reads the answer to a question.
    pub(crate) fn answer(&mut self, out: &mut dyn Write, question: &str) -> Input {
        self.read(out, question, Purpose::Answer)
    }

    /// Reads a secret, each character shown as `mask` or not at all.
    pub(crate) fn secret(
        &mut self,
        out: &mut dyn Write,
        question: &str,
        mask: Option<char>,
    ) -> Input {
        self.read(out, question, Purpose::Secret { mask })
    }

    /// Drops what was typed ahead.
    pub(crate) fn discard(&mut self) {
        self.terminal.discard();
    }

    fn read(&mut self, out: &mut dyn Write, prompt: &str, purpose: Purpose<'_>) -> Input {
        let style = match (purpose, self.style) {
            // Where nothing is shown of a line, neither is how long a secret is.
            (Purpose::Secret { mask: Some(_) }, Style::Full) => Style::Plain,
            (Purpose::Secret { mask: None }, _) => Style::Silent,
            (_, style) => style,
        };
        self.terminal.start_typing();
        let view = View::new(out, style, self.terminal.columns(), &printable_value(prompt));
        let input = Reading::new(&mut self.terminal, view, purpose).run(prompt);
        self.terminal.stop_typing();
        input
    }
}

/// What a line is read for.
#[derive(Clone, Copy)]
enum Purpose<'a> {
    Command { assistant: &'a dyn LineAssistant, history: &'a [String] },
    Answer,
    Secret { mask: Option<char> },
}

/// A line while it is read.
struct Reading<'a, K> {
    keyboard: &'a mut K,
    view: View<'a>,
    purpose: Purpose<'a>,
    line: Line,
    /// The line of the history that is shown, and the line that was begun before it.
    recalled: Option<(usize, String)>,
}

/// The result of a search in the history.
enum Found {
    /// It ended with a key that is not its own.
    Key(Key),
    Cancelled,
    Gone,
}

impl<'a, K: Keyboard> Reading<'a, K> {
    fn new(keyboard: &'a mut K, view: View<'a>, purpose: Purpose<'a>) -> Reading<'a, K> {
        Reading { keyboard, view, purpose, line: Line::default(), recalled: None }
    }

    fn run(mut self, prompt: &str) -> Input {
        let mut tabs = 0;
        let mut waiting = None;
        loop {
            let Some(key) = waiting.take().or_else(|| self.keyboard.key()) else {
                return Input::End;
            };
            tabs = if key == Key::Control('i') { tabs + 1 } else { 0 };
            match (key, self.purpose, self.view.style()) {
                (Key::Enter, ..) => {
                    self.view.finish();
                    let garbled = self.line.text().contains(char::REPLACEMENT_CHARACTER);
                    return if garbled {
                        Input::NotText
                    } else {
                        Input::Line(self.line.into_text())
                    };
                }
                (Key::Control('c'), ..) => {
                    self.view.finish();
                    return Input::Cancelled;
                }
                (Key::Control('d'), ..) if self.line.is_empty() => return Input::End,
                (Key::Resumed, ..) => self.view.again(),
                (key, Purpose::Secret { .. }, _) => self.press_at_end(key),
                (Key::Control('i'), _, Style::Plain | Style::Silent) => self.line.insert(' '),
                (key, _, Style::Plain | Style::Silent) => self.press_at_end(key),
                (Key::Control('l'), ..) => self.view.clear_screen(),
                (key, Purpose::Command { assistant, history }, _) => match key {
                    Key::Control('i') => self.complete(assistant, tabs > 1),
                    Key::Up | Key::Control('p') => self.recall(history, false),
                    Key::Down | Key::Control('n') => self.recall(history, true),
                    Key::Control('r') => match self.search(history, prompt) {
                        Found::Key(key) => waiting = Some(key),
                        Found::Cancelled => {
                            self.view.finish();
                            return Input::Cancelled;
                        }
                        Found::Gone => return Input::End,
                    },
                    key => self.line.press(key),
                },
                (key, ..) => self.line.press(key),
            }
            self.show();
        }
    }

    /// The keys that work where the cursor cannot be moved.
    fn press_at_end(&mut self, key: Key) {
        match key {
            Key::Char(_) | Key::Garbled | Key::Backspace | Key::Control('u' | 'w') => {
                self.line.press(key);
            }
            // A key that was touched on the way must not spoil a password that cannot be seen.
            Key::Alt(typed) => self.line.press(Key::Char(typed)),
            _ => {}
        }
    }

    fn show(&mut self) {
        let (text, cursor) = (self.line.text(), self.line.cursor());
        let (shown, cursor): (Cow<'_, str>, usize) = match self.purpose {
            Purpose::Secret { mask } => {
                let mask = mask.map_or(String::new(), String::from);
                let shown = mask.repeat(text.chars().count());
                let end = shown.len();
                (shown.into(), end)
            }
            Purpose::Command { .. } | Purpose::Answer => {
                (printable_value(text), printable_value(&text[..cursor]).len())
            }
        };
        self.view.show(&shown, cursor, self.keyboard.columns());
    }

    /// Goes to the next older or newer line of the history.
    fn recall(&mut self, history: &[String], newer: bool) {
        let at = self.recalled.as_ref().map_or(history.len(), |(at, _)| *at);
        let to = if newer { at + 1 } else { at.wrapping_sub(1) };
        if let Some(line) = history.get(to) {
            let begun = self.recalled.take().map(|(_, begun)| begun);
            self.recalled = Some((to, begun.unwrap_or_else(|| self.line.text().to_owned())));
            self.line.set(line);
        } else if to == history.len()
            && let Some((_, begun)) = self.recalled.take()
        {
            self.line.set(&begun);
        } else {
            self.view.ring();
        }
    }

    /// Completes the word at the cursor, or lists what it can become.
    fn complete(&mut self, assistant: &dyn LineAssistant, again: bool) {
        let (start, mut words) = assistant.complete(self.line.text(), self.line.cursor());
        // Names that would do something to the line; they cannot be typed either.
        words.retain(|word| matches!(printable_value(word), Cow::Borrowed(_)));
        let common = common_start(&words);
        match &words[..] {
            [only] => self.line.replace_from(start, &format!("{only} ")),
            _ if start + common.len() > self.line.cursor() => self.line.replace_from(start, common),
            [] => self.view.ring(),
            _ if again => {
                let columns = self.keyboard.columns().unwrap_or(USUAL_COLUMNS);
                self.view.list(&in_columns(&words, columns));
            }
            _ => self.view.ring(),
        }
    }

    /// Searches the history backwards for what is typed.
    fn search(&mut self, history: &[String], prompt: &str) -> Found {
        let mut query = String::new();
        let mut at = history.len();
        let mut failed = false;
        let end = loop {
            let state = if failed { "failed " } else { "" };
            self.view.change_prompt(&format!(
                "({state}reverse-i-search)`{}': ",
                printable_value(&query)
            ));
            self.show();
            let below = match self.keyboard.key() {
                None => break Found::Gone,
                Some(Key::Char(typed)) => {
                    query.push(typed);
                    at.saturating_add(1)
                }
                Some(Key::Backspace) => {
                    query.pop();
                    history.len()
                }
                Some(Key::Control('r')) => at,
                Some(Key::Control('g')) => {
                    self.line.set("");
                    break Found::Key(Key::End);
                }
                Some(Key::Control('c')) => break Found::Cancelled,
                Some(key) => break Found::Key(key),
            };
            let older = &history[..below.min(history.len())];
            let found = older.iter().rposition(|line| !query.is_empty() && line.contains(&query));
            failed = found.is_none() && !query.is_empty();
            if let Some(found) = found {
                at = found;
                self.line.set(&history[found]);
            }
        };
        self.view.change_prompt(&printable_value(prompt));
        self.show();
        end
    }
}

/// The common start of all words.
fn common_start(words: &[String]) -> &str {
    let Some((first, others)) = words.split_first() else { return "" };
    let same = |a: &str, b: &str| {
        a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
    };
    let length = others.iter().map(|other| same(first, other)).min().unwrap_or(first.len());
    &first[..length]
}

/// Words one below the other, in as many columns as there is room for.
fn in_columns(words: &[String], columns: usize) -> String {
    let shown = &words[..words.len().min(MOST_LISTED)];
    let width = shown.iter().map(|word| word.width()).max().unwrap_or(0) + 2;
    let rows = shown.len().div_ceil((columns / width).max(1));
    let mut text = String::new();
    for row in 0..rows {
        let mut line = String::new();
        for word in shown.iter().skip(row).step_by(rows) {
            line.push_str(word);
            line.push_str(&" ".repeat(width - word.width()));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if words.len() > shown.len() {
        text.push_str(&format!("and {} more\n", words.len() - shown.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::keys::tests::keys;

    struct Person {
        keys: VecDeque<Key>,
        columns: u16,
    }

    impl Keyboard for Person {
        fn key(&mut self) -> Option<Key> {
            self.keys.pop_front()
        }

        fn columns(&self) -> Option<usize> {
            Some(self.columns.into())
        }
    }

    struct Words;

    impl LineAssistant for Words {
        fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
            let start = line[..cursor].rfind(' ').map_or(0, |blank| blank + 1);
            let known = ["client", "cluster", "hsm", "hs\x1b[2J", "h\u{202e}x"];
            let fits = known.iter().filter(|word| word.starts_with(&line[start..cursor]));
            (start, fits.map(|word| (*word).to_owned()).collect())
        }

        fn masked(&self, line: &str) -> String {
            line.to_owned()
        }

        fn kept(&self, line: &str) -> String {
            line.to_owned()
        }
    }

    /// Types at a prompt; what came of it, and the bytes on the screen.
    fn types(style: Style, columns: u16, purpose: Purpose<'_>, typed: &[Key]) -> (Input, String) {
        let mut person = Person { keys: typed.iter().copied().collect(), columns };
        let mut screen = Vec::new();
        let view = View::new(&mut screen, style, Some(columns.into()), PROMPT);
        let input = Reading::new(&mut person, view, purpose).run(PROMPT);
        (input, String::from_utf8(screen).unwrap())
    }

    fn command(style: Style, typed: &str) -> (String, String) {
        let history = ["client list", "hsm show", "par list"].map(str::to_owned);
        let purpose = Purpose::Command { assistant: &Words, history: &history };
        match types(style, 80, purpose, &keys(typed.as_bytes())) {
            (Input::Line(line), screen) => (line, screen),
            (Input::NotText, screen) => ("no text".into(), screen),
            (Input::Cancelled, screen) => ("cancelled".into(), screen),
            (Input::End, screen) => ("end".into(), screen),
        }
    }

    fn line(typed: &str) -> String {
        command(Style::Full, typed).0
    }

    const PROMPT: &str = "lunash:>";

    #[test]
    fn a_line_that_is_only_typed_shows_as_it_is() {
        for style in [Style::Full, Style::Plain] {
            let (line, screen) = command(style, "hsm show -détail\r");
            assert_eq!(
                (line.as_str(), screen.as_str()),
                ("hsm show -détail", "lunash:>hsm show -détail\n")
            );
        }
        let (line, screen) = command(Style::Silent, "hsm show\r");
        assert_eq!((line.as_str(), screen.as_str()), ("hsm show", "lunash:>\n"));
    }

    #[test]
    fn where_the_cursor_cannot_be_moved_no_escape_sequence_is_written() {
        let (line, screen) = command(Style::Plain, "hsm\tx\x1b[A\x12sh\x1b[Dow\x7f\x7fow\x15par\r");
        assert_eq!(line, "par");
        assert!(!screen.contains('\x1b'), "{screen:?}");
    }

    #[test]
    fn the_keys_of_a_shell_edit_the_line() {
        assert_eq!(line("show\x01hsm \r"), "hsm show");
        assert_eq!(line("hsm shows\x7f\r"), "hsm show");
        assert_eq!(line("hsm  show\x17list\r"), "hsm  list");
        assert_eq!(line("par x\x1b[D\x0bshow\r"), "par show");
        assert_eq!(line("par list\x15hsm \x19\r"), "hsm par list");
        assert_eq!(line("a b c\x1bb\x1b[1;5Dx\x1b[3~\r"), "a x c");
        assert_eq!(line("e\u{301}\u{301}a\x02\x7fo\r"), "oa");
        assert_eq!(line("hsm\x04\r"), "hsm");
        assert_eq!(line("\x04"), "end");
        assert_eq!(line("hsm\x03par\r"), "cancelled");
    }

    #[test]
    fn earlier_lines_come_back_and_the_begun_one_too() {
        assert_eq!(line("\x1b[A\x1b[A\r"), "hsm show");
        assert_eq!(line("be\x1b[A\x1b[A\x1b[B\x1b[Bgun\r"), "begun");
        assert_eq!(line("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\r"), "client list");
        assert_eq!(line("x\x1b[B\r"), "x");
    }

    #[test]
    fn a_search_goes_back_through_the_history() {
        assert_eq!(line("\x12list\r"), "par list");
        assert_eq!(line("\x12list\x12\r"), "client list");
        assert_eq!(line("\x12shx\x7f\x05!\r"), "hsm show!");
        assert_eq!(line("\x12list\x07\r"), "");
        assert_eq!(line("\x12list\x03"), "cancelled");
        let (_, screen) = command(Style::Full, "\x12hsm\r");
        assert!(screen.contains("(reverse-i-search)`hsm': hsm show"), "{screen:?}");
    }

    #[test]
    fn words_are_completed_or_listed_and_hostile_ones_are_not_offered() {
        assert_eq!(line("h\t\r"), "hsm ");
        assert_eq!(line("cl\tx\r"), "clx");
        let (_, screen) = command(Style::Full, "c\t\t\t\r");
        assert!(screen.contains("\nclient   cluster\nlunash:>cl"), "{screen:?}");
    }

    #[test]
    fn many_words_are_listed_in_part() {
        let words: Vec<String> = (0..120).map(|number| format!("w{number:03}")).collect();
        let text = in_columns(&words, 20);
        assert_eq!(text.lines().next(), Some("w000  w034  w068"));
        assert_eq!(text.lines().last(), Some("and 20 more"));
    }

    #[test]
    fn nothing_of_a_secret_is_shown() {
        for (style, mask) in
            [(Style::Plain, Some('*')), (Style::Silent, None), (Style::Silent, Some('*'))]
        {
            let typed = keys("sécr3t\x1bP\x7f\tx\x1b[A\r".as_bytes());
            let (input, screen) = types(style, 80, Purpose::Secret { mask }, &typed);
            assert!(matches!(input, Input::Line(line) if line == "sécr3tx"));
            let shown = screen.strip_prefix(PROMPT).unwrap();
            let allowed = if style == Style::Plain { "*\x08 \n" } else { "\n" };
            assert!(shown.chars().all(|c| allowed.contains(c)), "{shown:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_characters_are_told_and_can_be_taken_back() {
        let typed = |bytes: &[u8]| types(Style::Full, 80, Purpose::Answer, &keys(bytes)).0;
        assert!(matches!(typed(b"s\xe9cret\r"), Input::NotText));
        assert!(matches!(typed(b"s\xff\x7fecret\r"), Input::Line(line) if line == "secret"));
    }

    #[test]
    fn what_is_pasted_into_a_line_cannot_command_the_terminal() {
        let (line, screen) = command(Style::Full, "a\u{9b}2J\u{202e}\r");
        assert_eq!(line, "a\u{9b}2J\u{202e}");
        assert_eq!(screen, "lunash:>a\\x9b2J\\u{202e}\n");
    }

    fn some_key() -> impl Strategy<Value = Key> {
        let letters =
            proptest::sample::select(vec!['a', 'é', '漢', '\u{301}', ' ', '\u{202e}', '-']);
        let others = proptest::sample::select(vec![
            Key::Backspace,
            Key::Delete,
            Key::Left,
            Key::Right,
            Key::WordLeft,
            Key::WordRight,
            Key::Home,
            Key::End,
            Key::Control('k'),
            Key::Control('u'),
            Key::Control('w'),
            Key::Control('y'),
            Key::Alt('d'),
        ]);
        prop_oneof![3 => letters.prop_map(Key::Char), 2 => others]
    }

    /// The screen of a terminal after these bytes, and where its cursor is.
    fn screen(columns: u16, bytes: &str) -> (String, (u16, u16)) {
        let mut terminal = vt100::Parser::new(60, columns, 0);
        terminal.process(bytes.replace('\n', "\r\n").as_bytes());
        (terminal.screen().contents(), terminal.screen().cursor_position())
    }

    proptest! {
        /// Whatever is typed: the screen has the prompt and the line, and the cursor is where it belongs.
        #[test]
        fn the_screen_shows_the_line(typed in proptest::collection::vec(some_key(), 0..60), columns in 9u16..40) {
            let mut line = Line::default();
            for key in &typed {
                line.press(*key);
                // It would stand upon the prompt.
                prop_assume!(!line.text().starts_with('\u{301}'));
            }
            let (_, bytes) = types(Style::Full, columns, Purpose::Answer, &typed);
            let (seen, cursor) = screen(columns, &bytes);
            let before = printable_value(&line.text()[..line.cursor()]).into_owned();
            let whole = printable_value(line.text()).into_owned();
            prop_assert_eq!(seen, screen(columns, &format!("{PROMPT}{whole}")).0);
            let mut expected = screen(columns, &format!("{PROMPT}{before}")).1;
            if expected.1 >= columns && before.len() < whole.len() {
                expected = (expected.0 + 1, 0);
            }
            prop_assert_eq!(cursor, expected);
        }
    }
}
