//! Splits a line into tokens. This never fails.
//!
//! Blanks separate tokens. Text in single quotes is literal; in double quotes `\"` and `\\` are
//! escapes; outside of quotes a backslash makes the next character literal. A quote that is never
//! closed is closed by the end of the line, and the resolver refuses it. `#` at the start of a token
//! starts a comment. Typographic dashes and quotes, as word processors insert them, are read as
//! ASCII and reported, so that the shell can tell the user.

use std::borrow::Cow;
use std::ops::Range;

/// One word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'l> {
    /// The text without quotes and escapes.
    pub text: Cow<'l, str>,
    /// Its byte range in the line, quotes included.
    pub span: Range<usize>,
    /// Whether any part was quoted or escaped; then it is never an option or a `?`.
    pub quoted: bool,
    /// Where in the line a quote begins that is never closed.
    pub unclosed: Option<usize>,
}

/// The tokens of a line, and the typographic characters with the ASCII they were read as.
pub fn tokenize(line: &str) -> (Vec<Token<'_>>, Vec<(char, char)>) {
    let mut tokens = Vec::with_capacity(12);
    let mut substitutions = Vec::new();
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if is_blank(byte) {
            at += 1;
        } else if byte >= 0x80 && first(line, at).is_whitespace() {
            at += first(line, at).len_utf8();
        } else if byte == b'#' {
            break;
        } else {
            let token =
                scan_plain(line, at).unwrap_or_else(|| scan_quoted(line, at, &mut substitutions));
            at = token.span.end;
            tokens.push(token);
        }
    }
    (tokens, substitutions)
}

/// The tokens as the resolver reads them: a lone dash is joined with the word after it.
pub(crate) fn joined(line: &str) -> Vec<Token<'_>> {
    let (mut tokens, _) = tokenize(line);
    let mut at = 0;
    while at + 1 < tokens.len() {
        let next = &tokens[at + 1];
        if is_lone_dash(&tokens[at]) && !next.quoted && !next.text.starts_with('-') {
            let text = Cow::Owned(format!("-{}", next.text));
            let span = tokens[at].span.start..next.span.end;
            tokens[at] = Token { text, span, quoted: false, unclosed: None };
            tokens.remove(at + 1);
        }
        at += 1;
    }
    tokens
}

/// The ASCII whitespace of `char::is_whitespace`, which includes the vertical tab.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0d)
}

fn is_lone_dash(token: &Token<'_>) -> bool {
    !token.quoted && token.text == "-"
}

fn first(line: &str, at: usize) -> char {
    line[at..].chars().next().unwrap_or(' ')
}

/// The fast path: a token of ASCII without quotes and escapes.
fn scan_plain(line: &str, start: usize) -> Option<Token<'_>> {
    let bytes = line.as_bytes();
    let mut end = start;
    while end < bytes.len() {
        match bytes[end] {
            b'"' | b'\'' | b'\\' | 0x80.. => return None,
            byte if is_blank(byte) => break,
            _ => end += 1,
        }
    }
    let text = Cow::Borrowed(&line[start..end]);
    Some(Token { text, span: start..end, quoted: false, unclosed: None })
}

fn scan_quoted<'l>(
    line: &'l str,
    start: usize,
    substitutions: &mut Vec<(char, char)>,
) -> Token<'l> {
    let mut text = String::new();
    let mut quoted = false;
    // The open quote as ASCII, whether it was typed so, and where.
    let mut open: Option<(char, bool, usize)> = None;
    let mut end = line.len();
    let mut chars = line[start..].char_indices().peekable();
    while let Some((offset, typed)) = chars.next() {
        match open {
            Some((quote, ascii, _)) => {
                if typed == quote {
                    open = None;
                } else if !ascii && quote_for(typed) == Some(quote) {
                    substitutions.push((typed, quote));
                    open = None;
                } else if quote == '"' && typed == '\\' {
                    match chars.peek() {
                        Some(&(_, escaped @ ('"' | '\\'))) => {
                            text.push(escaped);
                            chars.next();
                        }
                        _ => text.push('\\'),
                    }
                } else {
                    text.push(typed);
                }
            }
            None if typed.is_whitespace() => {
                end = start + offset;
                break;
            }
            None if typed == '\\' => match chars.next() {
                Some((_, escaped)) => {
                    quoted = true;
                    text.push(escaped);
                }
                None => text.push('\\'),
            },
            None if typed == '"' || typed == '\'' => {
                quoted = true;
                open = Some((typed, true, start + offset));
            }
            None => {
                if let Some(quote) = quote_for(typed) {
                    substitutions.push((typed, quote));
                    quoted = true;
                    open = Some((quote, false, start + offset));
                } else if offset == 0 && is_dash(typed) {
                    substitutions.push((typed, '-'));
                    text.push('-');
                } else {
                    text.push(typed);
                }
            }
        }
    }
    let unclosed = open.map(|(.., at)| at);
    Token { text: Cow::Owned(text), span: start..end, quoted, unclosed }
}

/// Hyphens, dashes and the minus sign.
fn is_dash(typed: char) -> bool {
    matches!(typed, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn quote_for(typed: char) -> Option<char> {
    match typed {
        '\u{201c}'..='\u{201f}' => Some('"'),
        '\u{2018}'..='\u{201b}' => Some('\''),
        _ => None,
    }
}

/// Appends a value so that it is read back unchanged.
pub(crate) fn quote_into(line: &mut String, value: &str, always: bool) {
    let safe = |c: char| c.is_ascii_alphanumeric() || "._-/:@,+=%~".contains(c);
    let plain = !value.is_empty()
        && value.chars().all(safe)
        && (!value.starts_with('-') || crate::matching::is_negative_number(value))
        && !value.eq_ignore_ascii_case("help");
    if plain && !always {
        line.push_str(value);
        return;
    }
    line.push('"');
    for c in value.chars() {
        if c == '"' || c == '\\' {
            line.push('\\');
        }
        line.push(c);
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        tokenize(line).0.into_iter().map(|t| t.text.into_owned()).collect()
    }

    /// A vertical tab before a quote once caused an endless loop.
    #[test]
    fn every_kind_of_blank_separates_tokens() {
        for blank in ['\t', '\u{b}', '\u{c}', '\u{85}', '\u{a0}', '\u{2003}'] {
            let line = format!("a{blank}'b'{blank}c");
            let (tokens, _) = tokenize(&line);
            let texts: Vec<&str> = tokens.iter().map(|token| token.text.as_ref()).collect();
            assert_eq!(texts, ["a", "b", "c"], "{blank:?}");
        }
    }

    #[test]
    fn quotes_escapes_and_comments_are_read() {
        assert_eq!(
            texts(r#"a "b c" 'd "e' f\ g "h\"i\\j\k""#),
            ["a", "b c", "d \"e", "f g", "h\"i\\j\\k"]
        );
        assert_eq!(texts("a # b"), ["a"]);
        assert_eq!(texts("a#b '#c'"), ["a#b", "#c"]);
        assert_eq!(texts("a 'b c"), ["a", "b c"]);
        assert_eq!(texts("a\\"), ["a\\"]);
        assert_eq!(texts("''"), [""]);
        assert_eq!(texts("a\u{a0}b"), ["a", "b"]);
        assert!(texts("  \t").is_empty());
    }

    #[test]
    fn a_quote_that_is_never_closed_is_reported() {
        let at = |line: &str| tokenize(line).0.into_iter().find_map(|token| token.unclosed);
        assert_eq!(at("a \"b c"), Some(2));
        assert_eq!(at("a it's b"), Some(4));
        assert_eq!(at("a \u{201c}b"), Some(2));
        assert_eq!(at(r#"a "b\" c"#), Some(2));
        assert_eq!(at(r#"a "b" 'c' d\' "e\\" # it's"#), None);
    }

    #[test]
    fn typographic_characters_are_read_as_ascii_and_reported() {
        let (tokens, substitutions) =
            tokenize("hsm init \u{2013}label \u{201c}my hsm\u{201d} a\u{2013}b");
        let read: Vec<_> = tokens.iter().map(|t| t.text.as_ref()).collect();
        assert_eq!(read, ["hsm", "init", "-label", "my hsm", "a\u{2013}b"]);
        assert_eq!(substitutions, [('\u{2013}', '-'), ('\u{201c}', '"'), ('\u{201d}', '"')]);
        assert!(tokens[3].quoted && !tokens[2].quoted);
        // Within ASCII quotes a password keeps its characters.
        assert_eq!(texts("'\u{2013}p\u{201c}w'"), ["\u{2013}p\u{201c}w"]);
    }

    #[test]
    fn a_lone_dash_is_joined_with_the_next_word() {
        let line = "sysconf - ssh x '-' -";
        let read: Vec<_> =
            joined(line).into_iter().map(|t| (t.text.into_owned(), t.span)).collect();
        assert_eq!(read[1], ("-ssh".to_owned(), 8..13));
        assert_eq!(read.len(), 5);
    }
}
