//! How alike two outputs are: recorded on a real appliance, and ours.
//!
//! Values (numbers, versions and who has the copyright of one, dates, fingerprints, masked input) are replaced
//! on both sides first.
//! [`Similarity::Exact`] then means equal bytes; [`Similarity::Shape`] means the same words and
//! punctuation in the same lines, whatever the blanks, the number of empty lines in a row and the
//! length of rules (`=====`).

/// How alike two outputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Similarity {
    /// Equal but for values.
    Exact,
    /// The same words and punctuation in the same order.
    Shape,
    /// Anything else.
    Differs,
}

/// What a page that shows a recording has lost of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Empty lines.
    pub empty_lines: bool,
    /// The ends of lines, and with them empty lines.
    pub line_ends: bool,
}

/// Compares `recorded` with `ours`. A recorded line that says that something was left out (see
/// [`is_gap`]) means any number of lines.
pub(crate) fn similarity(recorded: &str, ours: &str, lost: Lost) -> Similarity {
    let exact = Lost::default() == lost
        && agree(&items(recorded, values), &items(ours.trim_end_matches('\n'), values));
    if exact {
        Similarity::Exact
    } else if agree(&shape(recorded, lost), &shape(ours, lost)) {
        Similarity::Shape
    } else {
        Similarity::Differs
    }
}

/// The two shapes side by side, for the report on outputs that differ.
pub(crate) fn side_by_side(recorded: &str, ours: &str, lost: Lost) -> String {
    let list = |name: &str, text: &str| {
        let lines = shape(text, lost).into_iter().map(|item| match item {
            Item::Text(text) => format!("    | {text}\n"),
            Item::Gap => "    | (left out)\n".to_owned(),
        });
        format!("  {name}\n{}", lines.collect::<String>())
    };
    list("recorded", recorded) + &list("ours", ours)
}

/// Whether a recorded line says that its author left something out.
pub(crate) fn is_gap(line: &str) -> bool {
    matches!(line.trim(), "[OUTPUT OMITTED]" | "..." | "[...]" | "@omitted")
}

/// What is compared: a line (or a word, where the page lost the lines), or anything at all.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Text(String),
    Gap,
}

fn items(text: &str, replace: fn(&str) -> String) -> Vec<Item> {
    let text = text.trim_end_matches('\n');
    let item = |line: &str| if is_gap(line) { Item::Gap } else { Item::Text(replace(line)) };
    text.split('\n').map(item).collect()
}

fn shape(text: &str, lost: Lost) -> Vec<Item> {
    let mut shape: Vec<Item> = Vec::new();
    for item in items(text, collapsed) {
        match &item {
            Item::Text(line) if line.is_empty() => {
                let again = shape.last().is_none_or(|last| *last == item || *last == Item::Gap);
                if !again && !lost.empty_lines && !lost.line_ends {
                    shape.push(item);
                }
            }
            Item::Text(line) if lost.line_ends => {
                shape.extend(line.split(' ').map(|word| Item::Text(word.to_owned())));
            }
            _ => shape.push(item),
        }
    }
    shape
}

/// Whether the items agree; a gap in `recorded` takes as many of `ours` as it needs.
fn agree(recorded: &[Item], ours: &[Item]) -> bool {
    match (recorded, ours) {
        ([], []) => true,
        ([Item::Gap, rest @ ..], ours) => {
            (0..=ours.len()).any(|taken| agree(rest, ours.get(taken..).unwrap_or_default()))
        }
        ([first, rest @ ..], [ours, others @ ..]) => same(first, ours) && agree(rest, others),
        _ => false,
    }
}

/// Whether a line is the recorded one; its author may have cut its end to ` ...`.
fn same(recorded: &Item, ours: &Item) -> bool {
    match (recorded, ours) {
        (Item::Text(recorded), Item::Text(ours)) => match recorded.strip_suffix("...") {
            Some(begin) if begin.ends_with(' ') => ours.starts_with(begin.trim_end()),
            _ => recorded == ours,
        },
        _ => false,
    }
}

/// The line with its blanks and rules collapsed and its values replaced.
fn collapsed(line: &str) -> String {
    let line = values(line);
    let mut out = String::new();
    for word in line.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        let mut run = 0;
        let mut last = ' ';
        for c in word.chars() {
            run = if c == last { run + 1 } else { 1 };
            last = c;
            if run <= 4 || !matches!(c, '=' | '-' | '*') {
                out.push(c);
            }
        }
    }
    out
}

/// The line with its values replaced and its blanks kept.
fn values(line: &str) -> String {
    const RESERVED: &str = ". All rights reserved.";
    if let Some((name, owner)) = line.split_once(". Copyright (c) ")
        && owner.trim_end().ends_with(RESERVED)
    {
        return format!("{}. Copyright (c) # <owner>{RESERVED}", values(name));
    }
    let mut out = String::new();
    let mut rest = line;
    let mut before = "";
    while !rest.is_empty() {
        let blank = rest.len() - rest.trim_start().len();
        out.push_str(&rest[..blank]);
        rest = &rest[blank..];
        if let Some(after) = hex_pairs(rest) {
            out.push_str("<hex>");
            rest = after;
            continue;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let word = &rest[..end];
        match word {
            "Yes" | "No" | "yes" | "no" if before.ends_with(':') && rest.len() == end => {
                out.push_str("<yes or no>");
            }
            // Blotted out by an author.
            _ if before.ends_with(':') && word.len() >= 5 && word.bytes().all(|b| b == b'-') => {
                out.push('#');
            }
            word => out.push_str(&value(word)),
        }
        before = word;
        rest = &rest[end..];
    }
    out
}

/// What follows six or more pairs of hexadecimal digits with colons or single blanks between.
fn hex_pairs(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let pair = |at: usize| {
        bytes.get(at..at + 2).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
            && !bytes.get(at + 2).is_some_and(u8::is_ascii_alphanumeric)
    };
    let mut end = 0;
    let mut count = 0;
    while pair(end) {
        count += 1;
        end += 3;
        if !matches!(bytes.get(end - 1), Some(b':' | b' ')) {
            break;
        }
    }
    (count >= 6).then(|| &text[(end - 1).min(text.len())..])
}

/// A word, its value replaced.
fn value(word: &str) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const ZONES: [&str; 3] = ["EST", "EDT", "UTC"];
    let bare = word.trim_end_matches(',');
    let comma = &word[bare.len()..];
    if DAYS.contains(&bare) {
        return format!("<day>{comma}");
    }
    if MONTHS.contains(&bare) {
        return format!("<month>{comma}");
    }
    if ZONES.contains(&bare) {
        return format!("<zone>{comma}");
    }
    let long = bare.len() >= 12 && bare.chars().all(|c| c.is_ascii_hexdigit());
    let mixed = bare.contains(|c: char| c.is_ascii_digit())
        && bare.contains(|c: char| c.is_ascii_alphabetic());
    if long && mixed {
        return format!("<hex>{comma}");
    }
    // A string to record, in groups of four.
    let groups: Vec<&str> = bare.split('-').collect();
    if groups.len() == 4 && groups.iter().all(|group| group.len() == 4) {
        return "<string>".to_owned();
    }
    // Input that is not shown, and serial numbers that an author has blotted out.
    if bare.len() >= 3 && bare.chars().all(|c| c == '*') {
        return format!("***{comma}");
    }
    if bare.len() >= 5 && bare.chars().all(|c| c == 'X') {
        return format!("#{comma}");
    }
    let hex = |piece: &str, least: usize| {
        piece.len() >= least && piece.chars().all(|c| c.is_ascii_hexdigit())
    };
    // The code of an error is no value: `(C000040A : RC_OBJECT_NOT_IN_LIST)`.
    if word.strip_prefix('(').is_some_and(|code| hex(code, 6)) {
        return word.to_owned();
    }
    let mut out = String::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let piece = &rest[..end];
        if hex(piece, 4) && piece.contains(|c: char| c.is_ascii_digit()) {
            out.push('#');
        } else if piece.is_empty() {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        } else {
            digits(&mut out, piece);
        }
        rest = &rest[end..];
    }
    out
}

/// Adds `piece` with `#` for every run of digits.
fn digits(out: &mut String, piece: &str) {
    let mut run = false;
    for c in piece.chars() {
        match (c.is_ascii_digit(), run) {
            (true, true) => {}
            (true, false) => out.push('#'),
            (false, _) => out.push(c),
        }
        run = c.is_ascii_digit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(recorded: &str, ours: &str) -> Similarity {
        similarity(recorded, ours, Lost::default())
    }

    #[test]
    fn values_do_not_count() {
        assert_eq!(like("Serial #:   156155\n", "Serial #:   66331\n"), Similarity::Exact);
        assert_eq!(like("v7.2.0-220", "v7.8.5-20"), Similarity::Exact);
        let banner = |rest: &str| format!("vtl v10.{rest}. All rights reserved.");
        let [old, new] =
            ["2. Copyright (c) 2020 SafeNet", "7. Copyright (c) 2024 Thales Group"].map(banner);
        assert_eq!(like(&old, &new), Similarity::Exact);
        assert_eq!(like("> ********", "> ***"), Similarity::Exact);
        assert_eq!(
            like("Serial Number ->  XXXXXXXXXXXXX", "Serial Number ->  15"),
            Similarity::Exact
        );
        assert_eq!(
            like("UID: 410000076e01000035730900", "UID: 0a0000076e0100003573"),
            Similarity::Exact
        );
        assert_eq!(like("Memory:fb4c0000-fb4e0000", "Memory:fb6e0000-fb700000"), Similarity::Exact);
        assert_eq!(like("1 14047  963a   yes", "4 14050  8011   yes"), Similarity::Exact);
        assert_eq!(like("Manually Zeroized:   No", "Manually Zeroized:   Yes"), Similarity::Exact);
        assert_eq!(
            like("Random String: 4CEd-4HX7-J/YW-pCX6", "Random String: aD2U-DZ1e-T8ZE-O3z/"),
            Similarity::Exact
        );
        assert_eq!(like("HSM Label:   ...", "HSM Label:   mine"), Similarity::Exact);
        assert_eq!(like("Serial # : -------", "Serial # : 66331"), Similarity::Exact);
        let md5 = "Certificate fingerprint: D9:9E:25:B3:A9:68:06:50:8F:C4:90:FC:E5:50:E2:BC";
        assert_eq!(like(md5, "Certificate fingerprint: 00:11:22:33:44:55:66"), Similarity::Exact);
        assert_eq!(
            like("Fingerprint : 79 37 42 92 D7 97 1D", "Fingerprint : 00 AA 00 AA 00 AA"),
            Similarity::Exact
        );
        assert_eq!(
            like("on: Tue Dec 9 13:47:45 EST 2008", "on: Mon Mar 2 09:00:00 UTC 2026"),
            Similarity::Exact
        );
    }

    #[test]
    fn layout_makes_a_shape_and_words_make_a_difference() {
        assert_eq!(like("\n\nA:   b\n\n", "A: b"), Similarity::Shape);
        assert_eq!(like("A\n\n\nB", "A\n\nB"), Similarity::Shape);
        assert_eq!(like("A\n\nB", "A\nB"), Similarity::Differs);
        assert_eq!(like("Name\n==========", "Name\n=============="), Similarity::Shape);
        assert_eq!(like("Hardware Model: Luna K6", "HSM Model: Luna K7"), Similarity::Differs);
        assert_eq!(like("'hsm login' successful.", "'hsm login' successful"), Similarity::Differs);
        assert_eq!(like("state: on", "state: off"), Similarity::Differs);
        assert_eq!(like("yes, it is", "no, it is"), Similarity::Differs);
        assert_eq!(
            like("failed. (C000040A : RC_X)", "failed. (C0000001 : RC_X)"),
            Similarity::Differs
        );
    }

    #[test]
    fn what_a_page_lost_is_not_asked_for() {
        let lost = Lost { empty_lines: true, line_ends: false };
        assert_eq!(similarity("A\nB", "\nA\n\nB\n", lost), Similarity::Shape);
        assert_eq!(similarity("A B", "A\nB", lost), Similarity::Differs);
        let lost = Lost { empty_lines: false, line_ends: true };
        assert_eq!(similarity("A B\nC", "A\nB C\n", lost), Similarity::Shape);
        assert_eq!(similarity("A B\nC", "A\nC B\n", lost), Similarity::Differs);
    }

    #[test]
    fn a_gap_stands_for_any_lines() {
        assert_eq!(like("A\n[OUTPUT OMITTED]\nD", "A\nB\nC\nD"), Similarity::Exact);
        assert_eq!(like("A\n...", "A"), Similarity::Exact);
        assert_eq!(like("A\n@omitted\nD", "A\nB\nC"), Similarity::Differs);
        assert_eq!(like("A\n...\nB\n...\nC", "A\nX\nB\nB\nC"), Similarity::Exact);
    }
}
