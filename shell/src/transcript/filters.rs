//! What differs from run to run: named shapes in a line that are not compared.

use std::iter;

/// What is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filter {
    /// Numbers of six digits and more, and OUIDs, which have them within: 24 hexadecimal digits.
    Serials,
    /// Dates, times, and what stands between and beside them: the weekday, the zone.
    Times,
    /// Digests: 32 hexadecimal digits and more, with or without colons, and those behind `SHA256:`.
    Fingerprints,
    /// UUIDs.
    Uuids,
}

/// The names in a head.
const NAMES: [(&str, Filter); 4] = [
    ("serials", Filter::Serials),
    ("times", Filter::Times),
    ("fingerprints", Filter::Fingerprints),
    ("uuids", Filter::Uuids),
];

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Filter {
    /// The filter of that name.
    pub(crate) fn named(name: &str) -> Option<Filter> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, filter)| *filter)
    }

    /// The names of all.
    pub(crate) fn names(between: &str) -> String {
        NAMES.map(|(name, _)| name).join(between)
    }

    /// The line with the filter's name in place of what it filters. Blanks behind it, which fill a column,
    /// become one.
    pub fn apply(self, line: &str) -> String {
        match self {
            Filter::Times => without_times(line),
            Filter::Serials => words(line, "(serial)", is_serial),
            Filter::Uuids => words(line, "(uuid)", is_uuid),
            Filter::Fingerprints => words(line, "(fingerprint)", is_fingerprint),
        }
    }
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn all(word: &str, of: impl Fn(char) -> bool) -> bool {
    !word.is_empty() && word.chars().all(of)
}

fn is_serial(word: &str) -> bool {
    word.len() >= 6 && all(word, digit) || word.len() == 24 && all(word, |c| c.is_ascii_hexdigit())
}

fn is_uuid(word: &str) -> bool {
    let parts = word.split('-').map(|part| (part.len(), all(part, |c| c.is_ascii_hexdigit())));
    parts.eq([8, 4, 4, 4, 12].map(|length| (length, true)))
}

fn is_fingerprint(word: &str) -> bool {
    let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    match word.strip_prefix("SHA256:") {
        Some(digest) => all(digest, base64),
        None => {
            word.chars().filter(char::is_ascii_hexdigit).count() >= 32
                && word.split(':').all(|part| all(part, |c| c.is_ascii_hexdigit()))
        }
    }
}

/// Replaces each word that is meant. A word is of letters, digits and what digests and UUIDs have in them.
fn words(line: &str, instead: &str, meant: impl Fn(&str) -> bool) -> String {
    let of_word = |c: char| c.is_alphanumeric() || matches!(c, ':' | '-' | '+' | '/' | '=' | '_');
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(of_word) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !of_word(c)).unwrap_or(from.len()));
        text.push_str(before);
        // A label's colon, as in "Serial:", is none of the value behind it.
        let bare = word.trim_end_matches(':');
        if meant(bare) {
            text.push_str(instead);
            text.push_str(&word[bare.len()..]);
            rest = one_blank(after, &mut text);
        } else {
            text.push_str(word);
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

/// Takes the blanks at the beginning for one.
fn one_blank<'t>(after: &'t str, text: &mut String) -> &'t str {
    let rest = after.trim_start_matches(' ');
    if rest.len() < after.len() && !rest.is_empty() {
        text.push(' ');
    }
    rest
}

/// What a word says about the time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// A date or a time of the day by itself.
    Time,
    /// A part of one: a weekday, a month, a day, a year, a zone.
    Part,
    Other,
}

/// Whether a word has this shape: `9` is a digit, all else itself.
fn shaped(word: &str, shape: &str) -> bool {
    word.len() == shape.len()
        && iter::zip(word.chars(), shape.chars())
            .all(|(c, s)| if s == '9' { digit(c) } else { c == s })
}

fn says(word: &str) -> Says {
    let bare = word.trim_end_matches([',', ')', ']', '.']).trim_start_matches(['(', '[']);
    let (date, time) = bare.split_once('T').unwrap_or((bare, ""));
    let is_date = |word: &str| shaped(word, "9999-99-99") || shaped(word, "99/99/9999");
    let is_time = |word: &str| {
        let zoneless = word.split(['Z', '+', '.', ',']).next().unwrap_or(word);
        ["99:99:99", "9:99:99"].iter().any(|shape| shaped(zoneless, shape))
    };
    if is_date(bare) || is_time(bare) || is_date(date) && is_time(time) {
        return Says::Time;
    }
    let zone = matches!(bare, "UTC" | "GMT" | "AM" | "PM")
        || bare.len() == 5 && bare.starts_with(['+', '-']) && all(&bare[1..], digit)
        || matches!(bare.len(), 3 | 4)
            && all(bare, |c| c.is_ascii_uppercase())
            && bare.ends_with('T');
    let number = all(bare, digit) && matches!(bare.len(), 1 | 2 | 4);
    match zone || number || DAYS.contains(&bare) || MONTHS.contains(&bare) {
        true => Says::Part,
        false => Says::Other,
    }
}

/// Replaces runs of words that say something about the time, if one of them is a time by itself.
fn without_times(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|c| c != ' ') {
        let (before, from) = rest.split_at(start);
        text.push_str(before);
        let (mut end, mut at, mut certain) = (0, 0, false);
        while let Some(length) = from[at..].find(' ').or(Some(from.len() - at)).filter(|n| *n > 0) {
            match says(&from[at..at + length]) {
                Says::Other => break,
                said => certain |= said == Says::Time,
            }
            end = at + length;
            let next = &from[end..];
            at = end + next.len() - next.trim_start_matches(' ').len();
        }
        if certain {
            text.push_str("(time)");
            rest = one_blank(&from[end..], &mut text);
        } else {
            let end = end.max(from.find(' ').unwrap_or(from.len()));
            text.push_str(&from[..end]);
            rest = &from[end..];
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_named() {
        for (filter, line, filtered) in [
            (Filter::Serials, "HSM Serial Num:   532018", "HSM Serial Num:   (serial)"),
            (Filter::Serials, "9949110886502        app1   0", "(serial) app1   0"),
            (
                Filter::Serials,
                "Partition OUID: ba2a040009000006b6cf9700",
                "Partition OUID: (serial)",
            ),
            (Filter::Serials, "app12345678 12345 a:1234567", "app12345678 12345 a:1234567"),
            (Filter::Times, "Mon Mar  2 09:00:00 UTC 2026", "(time)"),
            (Filter::Times, "[2026-03-02T09:00:00Z] started", "(time) started"),
            (Filter::Times, "up 2 days, 10:11:12, 1 user", "up 2 days, (time) user"),
            (Filter::Times, "Objects 4 2026 Mar", "Objects 4 2026 Mar"),
            (Filter::Uuids, "c2c94c40-6491-409e-bd3d-16e236544b7f  x", "(uuid) x"),
            (Filter::Fingerprints, "SHA256:abc+/= of it", "(fingerprint) of it"),
            (Filter::Fingerprints, "00112233445566778899aabbccddeeff", "(fingerprint)"),
            (Filter::Fingerprints, "00:11:22:33:44:55", "00:11:22:33:44:55"),
        ] {
            assert_eq!(filter.apply(line), filtered, "{filter:?}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_much_for_a_filter(line in "([ -~]|[é漢:T\\-+]|[0-9]{2}){0,60}") {
            for (_, filter) in NAMES {
                let once = filter.apply(&line);
                prop_assert_eq!(&filter.apply(&once), &once);
            }
        }
    }
}
