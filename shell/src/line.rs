//! The line that is being typed, and what is shown of it.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::keys::Key;

/// A line with its cursor.
#[derive(Debug, Default)]
pub(crate) struct Line {
    text: String,
    /// A byte offset in the text.
    cursor: usize,
    /// What was cut last, for Ctrl-Y.
    cut: String,
}

impl Line {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Replaces the text; the cursor is at its end.
    pub(crate) fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.cursor = text.len();
    }

    /// Replaces what is between `start` and the cursor.
    pub(crate) fn replace_from(&mut self, start: usize, text: &str) {
        if self.text.is_char_boundary(start) && start <= self.cursor {
            self.text.replace_range(start..self.cursor, text);
            self.cursor = start + text.len();
        }
    }

    /// What a key does to the line.
    pub(crate) fn press(&mut self, key: Key) {
        match key {
            Key::Char(typed) => self.insert(typed),
            Key::Garbled => self.insert(char::REPLACEMENT_CHARACTER),
            Key::Backspace => self.remove(self.left()..self.cursor),
            Key::Delete | Key::Control('d') => self.remove(self.cursor..self.right()),
            Key::Left | Key::Control('b') => self.cursor = self.left(),
            Key::Right | Key::Control('f') => self.cursor = self.right(),
            Key::WordLeft | Key::Alt('b') => self.cursor = self.word_left(),
            Key::WordRight | Key::Alt('f') => self.cursor = self.word_right(),
            Key::Home | Key::Control('a') => self.cursor = 0,
            Key::End | Key::Control('e') => self.cursor = self.text.len(),
            Key::Control('k') => self.cut(self.cursor..self.text.len()),
            Key::Control('u') => self.cut(0..self.cursor),
            Key::Control('w') | Key::Alt('\x7f') => self.cut(self.word_left()..self.cursor),
            Key::Alt('d') => self.cut(self.cursor..self.word_right()),
            Key::Control('y') => {
                let cut = std::mem::take(&mut self.cut);
                self.replace_from(self.cursor, &cut);
                self.cut = cut;
            }
            _ => {}
        }
    }

    pub(crate) fn insert(&mut self, typed: char) {
        self.text.insert(self.cursor, typed);
        self.cursor += typed.len_utf8();
    }

    fn remove(&mut self, range: std::ops::Range<usize>) {
        self.cursor = range.start;
        self.text.replace_range(range, "");
    }

    fn cut(&mut self, range: std::ops::Range<usize>) {
        self.cut = self.text[range.clone()].to_owned();
        self.remove(range);
    }

    /// Before the character on the left, with the marks upon it.
    fn left(&self) -> usize {
        let mut chars = self.text[..self.cursor].char_indices().rev();
        chars.find(|(_, c)| !is_mark(*c)).map_or(0, |(at, _)| at)
    }

    /// Behind the character on the right, with the marks upon it.
    fn right(&self) -> usize {
        let rest = &self.text[self.cursor..];
        let mut chars = rest.char_indices().skip(1);
        self.cursor + chars.find(|(_, c)| !is_mark(*c)).map_or(rest.len(), |(at, _)| at)
    }

    fn word_left(&self) -> usize {
        let before = self.text[..self.cursor].trim_end();
        before
            .rfind(char::is_whitespace)
            .map_or(0, |blank| blank + before[blank..].chars().next().map_or(0, char::len_utf8))
    }

    fn word_right(&self) -> usize {
        let rest = &self.text[self.cursor..];
        let blanks = rest.len() - rest.trim_start().len();
        let word = rest[blanks..].find(char::is_whitespace).unwrap_or(rest.len() - blanks);
        self.cursor + blanks + word
    }
}

/// Whether the character stands upon the one before it.
fn is_mark(c: char) -> bool {
    c.width() == Some(0)
}

/// What the terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// It shows nothing of what is typed.
    Silent,
    /// It shows bytes one behind the other.
    Plain,
    /// It moves its cursor.
    Full,
}

/// A place on the screen, relative to where the prompt begins. A column may be the width itself: a cursor behind
/// the last column, where the next character wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    row: usize,
    column: usize,
}

/// What is shown of a line behind its prompt.
///
/// Nothing but the prompt and what is typed is written as long as keys are only added at the end, so that a
/// program that reads the screen finds both as they are.
pub(crate) struct View<'a> {
    out: &'a mut dyn Write,
    style: Style,
    columns: usize,
    prompt: String,
    shown: String,
    /// Where the cursor is: a byte offset in what is shown.
    cursor: usize,
    at: Place,
}

impl<'a> View<'a> {
    /// Writes the prompt.
    pub(crate) fn new(
        out: &'a mut dyn Write,
        style: Style,
        columns: Option<usize>,
        prompt: &str,
    ) -> View<'a> {
        let mut view = View {
            out,
            style,
            columns: columns.unwrap_or(usize::MAX),
            prompt: String::new(),
            shown: String::new(),
            cursor: 0,
            at: Place::default(),
        };
        view.begin(prompt);
        view
    }

    pub(crate) fn style(&self) -> Style {
        self.style
    }

    /// Writes a prompt where the cursor is, with nothing behind it.
    fn begin(&mut self, prompt: &str) {
        prompt.clone_into(&mut self.prompt);
        self.shown.clear();
        self.cursor = 0;
        self.at = self.place(0, false);
        // A prompt that fills its row: the cursor goes on to the next.
        let fills = self.style == Style::Full && self.at.row > 0 && self.at.column == 0;
        self.write(&format!("{prompt}{}", if fills { " \r" } else { "" }));
    }

    /// Shows `text` with the cursor at this byte offset of it.
    pub(crate) fn show(&mut self, text: &str, cursor: usize, columns: Option<usize>) {
        match self.style {
            Style::Silent => {}
            Style::Plain => self.show_plainly(text),
            Style::Full => {
                let columns = columns.unwrap_or(usize::MAX);
                if columns != self.columns {
                    // A terminal breaks its lines again when its width changes.
                    self.columns = columns;
                    self.at = self.place(self.cursor, self.cursor < self.shown.len());
                }
                self.show_fully(text, cursor);
            }
        }
    }

    fn show_plainly(&mut self, text: &str) {
        let same = common_start(&self.shown, text);
        let gone = self.shown[same..].width();
        let added = text[same..].to_owned();
        self.write(&format!("{}{added}", "\x08 \x08".repeat(gone)));
        text.clone_into(&mut self.shown);
    }

    fn show_fully(&mut self, text: &str, cursor: usize) {
        if let Some(added) = text.strip_prefix(&self.shown)
            && self.cursor == self.shown.len()
            && cursor == text.len()
        {
            self.write(added);
            text.clone_into(&mut self.shown);
            self.cursor = cursor;
            self.at = self.place(cursor, false);
            return;
        }
        let mut same = common_start(&self.shown, text);
        let mut output = String::new();
        let old = std::mem::replace(&mut self.shown, text.to_owned());
        let end = cursor == text.len();
        let target = self.place(cursor, !end);
        // The cursor is brought behind the last column only by writing what is there.
        let mut from = self.place(same, false);
        let wanted = if old == text { target } else { from };
        if wanted.column == self.columns && wanted != self.at {
            same = text[..same]
                .char_indices()
                .rev()
                .find(|(_, c)| !is_mark(*c))
                .map_or(0, |(at, _)| at);
            from = self.place(same, true);
        }
        if same < text.len() || same < old.len() {
            self.go(from, &mut output);
            if same < old.len() {
                output.push_str("\x1b[J");
            }
            output.push_str(&text[same..]);
            self.at = self.place(text.len(), false);
        }
        self.go(target, &mut output);
        self.cursor = cursor;
        self.write(&output);
    }

    /// Shows another prompt in the place of this one, with nothing behind it.
    pub(crate) fn change_prompt(&mut self, prompt: &str) {
        let mut output = String::new();
        self.go(Place::default(), &mut output);
        self.write(&format!("{output}\x1b[J"));
        self.begin(prompt);
    }

    /// Shows all of it again, on an empty screen.
    pub(crate) fn clear_screen(&mut self) {
        self.write("\x1b[H\x1b[2J");
        self.again();
    }

    /// Shows all of it again where the cursor is, at the beginning of a line.
    pub(crate) fn again(&mut self) {
        let (prompt, shown, cursor) = (self.prompt.clone(), self.shown.clone(), self.cursor);
        self.begin(&prompt);
        self.show(&shown, cursor, Some(self.columns));
    }

    /// Writes text below the line, and all of it again.
    pub(crate) fn list(&mut self, text: &str) {
        let (shown, cursor) = (self.shown.clone(), self.cursor);
        self.show(&shown, shown.len(), Some(self.columns));
        self.write(&format!("\n{text}"));
        self.cursor = cursor;
        self.again();
    }

    /// Ends the line.
    pub(crate) fn finish(&mut self) {
        if self.style == Style::Full {
            let shown = self.shown.clone();
            self.show(&shown, shown.len(), Some(self.columns));
        }
        self.write("\n");
    }

    pub(crate) fn ring(&mut self) {
        self.write("\x07");
    }

    /// Where the first `length` bytes of what is shown end; before a character that follows, if one does.
    fn place(&self, length: usize, followed: bool) -> Place {
        let prompt = self.behind(Place::default(), &self.prompt, true);
        self.behind(prompt, &self.shown[..length], followed)
    }

    /// Where text that begins at a place ends.
    fn behind(&self, mut place: Place, text: &str, followed: bool) -> Place {
        for c in text.chars() {
            let width = c.width().unwrap_or(0);
            if place.column + width > self.columns {
                place = Place { row: place.row + 1, column: 0 };
            }
            place.column += width;
        }
        if followed && place.column == self.columns {
            place = Place { row: place.row + 1, column: 0 };
        }
        place
    }

    fn go(&mut self, to: Place, output: &mut String) {
        if to == self.at {
            return;
        }
        match to.row.cmp(&self.at.row) {
            std::cmp::Ordering::Less => output.push_str(&format!("\x1b[{}A", self.at.row - to.row)),
            std::cmp::Ordering::Greater => {
                output.push_str(&format!("\x1b[{}B", to.row - self.at.row))
            }
            std::cmp::Ordering::Equal => {}
        }
        output.push('\r');
        if to.column > 0 {
            output.push_str(&format!("\x1b[{}C", to.column));
        }
        self.at = to;
    }

    fn write(&mut self, text: &str) {
        // A terminal that has gone away ends the session when it is read from.
        let _: io::Result<()> = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

/// The length of the common start of two texts; never between a character and the marks upon it.
fn common_start(a: &str, b: &str) -> usize {
    let mut same: usize =
        a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let splits =
        |at: usize| [a, b].iter().any(|text| text[at..].chars().next().is_some_and(is_mark));
    while same > 0 && splits(same) {
        same -= a[..same].chars().next_back().map_or(0, char::len_utf8);
    }
    same
}
