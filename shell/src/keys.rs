//! Keys out of the bytes that a terminal sends.
//!
//! How the bytes come, one by one or all at once, makes no difference: nothing here looks at the time.

/// A key that was pressed, or pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Char(char),
    /// Bytes that are no UTF-8.
    Garbled,
    Enter,
    Backspace,
    Delete,
    /// Ctrl with a small letter.
    Control(char),
    /// Alt with a character.
    Alt(char),
    Up,
    Down,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    /// The program goes on after it was stopped.
    Resumed,
}

/// The longest parameters of an escape sequence that are looked at.
const LONGEST: usize = 32;

/// Makes keys of bytes.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    put_back: Option<u8>,
    after_return: bool,
    pasting: bool,
}

impl Decoder {
    /// The next key; `None` at the end of the bytes that `next` gives.
    pub(crate) fn key(&mut self, next: &mut dyn FnMut() -> Option<u8>) -> Option<Key> {
        loop {
            let byte = self.byte(next)?;
            let after_return = std::mem::take(&mut self.after_return);
            return Some(match byte {
                // CR and LF end one line, not two.
                b'\n' if after_return => continue,
                b'\r' | b'\n' => {
                    self.after_return = byte == b'\r';
                    Key::Enter
                }
                0x1b => match self.escaped(next)? {
                    Some(key) => key,
                    None => continue,
                },
                0x03 => {
                    self.pasting = false;
                    Key::Control('c')
                }
                b'\t' if self.pasting => Key::Char(' '),
                0x00 => continue,
                0x01..=0x1f | 0x7f if self.pasting => continue,
                0x08 | 0x7f => Key::Backspace,
                0x01..=0x1f => Key::Control((byte + b'`').into()),
                0x20..=0x7e => Key::Char(byte.into()),
                _ => self.character(byte, next)?,
            });
        }
    }

    fn byte(&mut self, next: &mut dyn FnMut() -> Option<u8>) -> Option<u8> {
        self.put_back.take().or_else(next)
    }

    /// What follows ESC; `Some(None)` if it is no key.
    fn escaped(&mut self, next: &mut dyn FnMut() -> Option<u8>) -> Option<Option<Key>> {
        Some(match self.byte(next)? {
            b'[' => self.control_sequence(next)?,
            b'O' => match self.byte(next)? {
                // rxvt's Ctrl with an arrow.
                b'c' => Some(Key::WordRight),
                b'd' => Some(Key::WordLeft),
                byte => named(byte, false),
            },
            0x08 | 0x7f => Some(Key::Alt('\x7f')),
            byte @ 0x20..=0x7e => Some(Key::Alt(byte.into())),
            byte => {
                self.put_back = Some(byte);
                None
            }
        })
    }

    /// What follows ESC `[`.
    fn control_sequence(&mut self, next: &mut dyn FnMut() -> Option<u8>) -> Option<Option<Key>> {
        let mut parameters = String::new();
        let last = loop {
            match self.byte(next)? {
                byte @ 0x20..=0x3f if parameters.len() < LONGEST => parameters.push(byte.into()),
                0x20..=0x3f => {}
                b'[' if parameters.is_empty() => {
                    // A function key of the Linux console: one more letter.
                    self.byte(next)?;
                    return Some(None);
                }
                byte @ 0x40..=0x7e => break byte,
                byte => {
                    self.put_back = Some(byte);
                    return Some(None);
                }
            }
        };
        let (first, modifier) = parameters.split_once(';').unwrap_or((&parameters, ""));
        Some(match (last, first) {
            (b'~', "200") => {
                self.pasting = true;
                None
            }
            (b'~', "201") => {
                self.pasting = false;
                None
            }
            (b'~', "1" | "7") => Some(Key::Home),
            (b'~', "4" | "8") => Some(Key::End),
            (b'~', "3") => Some(Key::Delete),
            (b'~', _) => None,
            (last, _) => named(last, !modifier.is_empty()),
        })
    }

    /// The character that begins with `first`.
    fn character(&mut self, first: u8, next: &mut dyn FnMut() -> Option<u8>) -> Option<Key> {
        let length = match first {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return Some(Key::Garbled),
        };
        let mut bytes = vec![first];
        while bytes.len() < length {
            match self.byte(next)? {
                byte @ 0x80..=0xbf => bytes.push(byte),
                byte => {
                    self.put_back = Some(byte);
                    return Some(Key::Garbled);
                }
            }
        }
        let text = std::str::from_utf8(&bytes).ok();
        Some(text.and_then(|text| text.chars().next()).map_or(Key::Garbled, Key::Char))
    }
}

/// The key with this letter in its sequence.
fn named(letter: u8, modified: bool) -> Option<Key> {
    Some(match letter {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' if modified => Key::WordRight,
        b'D' if modified => Key::WordLeft,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        _ => return None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut bytes = bytes.iter().copied();
        let mut decoder = Decoder::default();
        std::iter::from_fn(|| decoder.key(&mut || bytes.next())).collect()
    }

    fn typed(text: &str) -> Vec<Key> {
        text.chars().map(|c| if c == '\n' { Key::Enter } else { Key::Char(c) }).collect()
    }

    #[test]
    fn each_way_to_end_a_line_ends_one_line() {
        assert_eq!(keys(b"a\rb\nc\r\nd\n\ne"), typed("a\nb\nc\nd\n\ne"));
    }

    #[test]
    fn a_paste_is_its_lines_as_if_they_were_typed() {
        assert_eq!(keys(b"\x1b[200~a\tb\x07\rc\x1b[201~\rd"), typed("a b\nc\nd"));
    }

    #[test]
    fn sequences_are_keys_or_nothing() {
        assert_eq!(
            keys(b"\x1b[A\x1bOB\x1b[1;5D\x1b[3~\x1b[4~\x1b[?1;2c\x1b[[Ax\x1bb\x1b\x1b[H\x7f\x12"),
            [
                Key::Up,
                Key::Down,
                Key::WordLeft,
                Key::Delete,
                Key::End,
                Key::Char('x'),
                Key::Alt('b'),
                Key::Home,
                Key::Backspace,
                Key::Control('r'),
            ]
        );
    }

    #[test]
    fn what_is_no_character_is_garbled_and_swallows_no_other() {
        assert_eq!(keys("ä€😀".as_bytes()), typed("ä€😀"));
        assert_eq!(
            keys(b"\xe4b\xff\xc3\r"),
            [Key::Garbled, Key::Char('b'), Key::Garbled, Key::Garbled, Key::Enter]
        );
    }
}
