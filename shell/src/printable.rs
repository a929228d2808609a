//! Text of others, made so that it cannot command a terminal or hide what it is.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every character visible that would move, colour, reorder or hide something: `\x1b`, `\u{202e}`.
/// Line ends and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |c| commands(c) && c != '\n' && c != '\t')
}

/// As [`printable`], for a value within a line: line ends and tabs become visible as well.
pub(crate) fn printable_value(text: &str) -> Cow<'_, str> {
    escaped(text, commands)
}

/// The JSON text with the same characters as `\u` escapes, which mean the same.
pub(crate) fn printable_json(json: String) -> String {
    if !json.contains(|c| commands(c) && c != '\n') {
        return json;
    }
    let mut text = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if commands(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text
}

fn escaped(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\r' && chars.peek() == Some(&'\n') && !hidden('\n') {
            continue;
        }
        let _ = match u32::from(c) {
            _ if !hidden(c) => {
                visible.push(c);
                Ok(())
            }
            code @ ..=0xff => write!(visible, "\\x{code:02x}"),
            code => write!(visible, "\\u{{{code:x}}}"),
        };
    }
    Cow::Owned(visible)
}

/// Whether a character is a command to the terminal, changes the direction of text, or cannot be seen.
fn commands(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_the_terminal_become_visible_and_text_stays() {
        assert_eq!(printable("a\tb\nÄ漢😀é"), "a\tb\nÄ漢😀é");
        assert_eq!(printable("a\r\nb\rc"), "a\nb\\x0dc");
        assert_eq!(printable("\x1b[2J\u{8}\u{7f}\u{9b}"), "\\x1b[2J\\x08\\x7f\\x9b");
        assert_eq!(printable("\u{202e}txt\u{2066}\u{200b}"), "\\u{202e}txt\\u{2066}\\u{200b}");
        assert_eq!(printable_value("a\tb\r\n"), "a\\x09b\\x0d\\x0a");
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({"a": "\u{1b}[0m\u{9b}\u{202e}\u{e0041}漢"});
        let text = printable_json(value.to_string());
        assert!(text.chars().all(|c| !commands(c)), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
