//! Compares a session with the one that is expected, line by line, as wildcards and filters allow.

use std::borrow::Cow;
use std::time::Duration;

use similar::TextDiff;

use super::filters::Filter;
use super::recording::command_of;
use super::steady::steady_object;

/// Stands for anything within a line.
const ANYTHING: &str = "[..]";
/// A line of its own that stands for any lines.
const ANY_LINES: &str = "...";
/// The most pairs of lines that are tried for the best match.
const MOST_PAIRS: usize = 1 << 22;

/// How long the shortest way to show a difference is looked for; then one that is longer does.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a session differs from the expected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The lines that differ with those around them, as `diff -u` shows them.
    pub diff: String,
    /// The session, with the expected lines where they match: wildcards stay.
    pub updated: String,
}

/// Compares `actual` with what is expected. `None` if it is the same.
pub fn compare(expected: &str, actual: &str, filters: &[Filter]) -> Option<Difference> {
    let (expected, actual) = (&*with_line_end(expected), &*with_line_end(actual));
    let updated = settled(expected, actual, filters);
    if updated == expected {
        return None;
    }
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(expected, &*updated);
    let diff = diff.unified_diff().context_radius(3).header("expected", "now").to_string();
    Some(Difference { diff, updated })
}

fn with_line_end(text: &str) -> Cow<'_, str> {
    match text.is_empty() || text.ends_with('\n') {
        true => text.into(),
        false => format!("{text}\n").into(),
    }
}

/// A line, and what of it is compared.
struct Line<'t> {
    text: &'t str,
    key: String,
}

impl<'t> Line<'t> {
    fn new(text: &'t str, filters: &[Filter]) -> Line<'t> {
        let line = text.trim_end_matches(['\r', '\n']);
        let object = steady_object(line).and_then(Result::ok);
        let key = with_unnamed_secrets(object.as_deref().unwrap_or(line));
        Line { text, key: filters.iter().fold(key, |key, filter| filter.apply(&key)) }
    }

    fn stands_for_lines(&self) -> bool {
        self.key == ANY_LINES
    }

    fn matches(&self, actual: &Line<'_>) -> bool {
        matches(&self.key, &actual.key)
    }
}

/// Whether a line is the expected one, where `[..]` stands for anything.
fn matches(pattern: &str, line: &str) -> bool {
    let Some((first, rest)) = pattern.split_once(ANYTHING) else { return pattern == line };
    let Some(mut line) = line.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once(ANYTHING).map_or((None, rest), |(m, l)| (Some(m), l));
    for piece in middle.into_iter().flat_map(|middle| middle.split(ANYTHING)) {
        match line.find(piece) {
            Some(at) => line = &line[at + piece.len()..],
            None => return false,
        }
    }
    line.ends_with(last)
}

/// The line with `{}` in place of `{NAME}`: who plays a transcript may call a secret otherwise.
fn with_unnamed_secrets(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start + 1);
        text.push_str(before);
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let end = from.find(|c| !is_name(c)).unwrap_or(from.len());
        let named =
            from.starts_with(|c: char| c.is_ascii_uppercase()) && from[end..].starts_with('}');
        rest = if named { &from[end..] } else { from };
    }
    text.push_str(rest);
    text
}

/// `actual`, with the lines that are expected where they match.
fn settled(expected: &str, actual: &str, filters: &[Filter]) -> String {
    let expected = lines(expected, filters);
    let actual = lines(actual, filters);
    // The commands are the same, since they are typed as they are expected, so that each is compared by itself.
    let (expected, actual) = (by_command(&expected), by_command(&actual));
    let length = expected.len().max(actual.len());
    let mut settled = String::new();
    for at in 0..length {
        let (mut expected, mut actual) = (part(&expected, at), part(&actual, at));
        if let (1.., [line, rest @ ..]) = (at, actual) {
            // The command itself, which no wildcard takes up.
            let same = expected.first().filter(|expected| expected.matches(line));
            settled.push_str(same.unwrap_or(line).text);
            (expected, actual) = (expected.get(1..).unwrap_or_default(), rest);
        } else if at > 0 {
            // Nothing was typed any more.
            break;
        }
        aligned(expected, actual).into_iter().for_each(|line| settled.push_str(line));
    }
    settled
}

fn lines<'t>(text: &'t str, filters: &[Filter]) -> Vec<Line<'t>> {
    text.split_inclusive('\n').map(|line| Line::new(line, filters)).collect()
}

fn part<'l, 't>(parts: &[&'l [Line<'t>]], at: usize) -> &'l [Line<'t>] {
    parts.get(at).copied().unwrap_or_default()
}

/// The lines of each command; first those of none.
fn by_command<'l, 't>(lines: &'l [Line<'t>]) -> Vec<&'l [Line<'t>]> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| command_of(line.text).is_some()) {
        parts.extend(lines.get(start..at));
        start = at;
    }
    parts.extend(lines.get(start..));
    parts
}

/// The actual lines, with the expected ones where they match.
fn aligned<'t>(expected: &[Line<'t>], actual: &[Line<'t>]) -> Vec<&'t str> {
    let same = |(expected, actual): &(&Line<'_>, &Line<'_>)| {
        !expected.stands_for_lines() && expected.matches(actual)
    };
    let start = expected.iter().zip(actual).take_while(same).count();
    let (before, expected) = expected.split_at(start);
    let actual = &actual[start..];
    let end = expected.iter().rev().zip(actual.iter().rev()).take_while(same).count();
    let (expected, after) = expected.split_at(expected.len() - end);
    let actual = &actual[..actual.len() - end];
    let texts = |lines: &[Line<'t>]| lines.iter().map(|line| line.text).collect::<Vec<_>>();
    let between = match expected.len().saturating_mul(actual.len()) > MOST_PAIRS {
        true => texts(actual),
        false => best(expected, actual),
    };
    [texts(before), between, texts(after)].concat()
}

/// The same where lines in between differ: as many expected lines as can match do, and as many actual ones as
/// can are taken up by wildcards.
fn best<'t>(expected: &[Line<'t>], actual: &[Line<'t>]) -> Vec<&'t str> {
    const MATCH: u32 = 4;
    const KEPT: u32 = 2;
    const TAKEN_UP: u32 = 1;
    // score[i][j] is that of the lines from i and from j on.
    let width = actual.len() + 1;
    let mut score = vec![0; (expected.len() + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    let step = |score: &[u32], i: usize, j: usize| {
        let (one, line) = (&expected[i], actual.get(j));
        let ahead = |i, j| score[at(i, j)];
        let next = |points: u32| line.map(|_| points + ahead(i, j + 1));
        match one.stands_for_lines() {
            true => [(Step::Keep, Some(KEPT + ahead(i + 1, j))), (Step::TakeUp, next(TAKEN_UP))],
            false if line.is_some_and(|line| one.matches(line)) => {
                let matched = MATCH + ahead(i + 1, j + 1);
                let other = ahead(i + 1, j).max(next(0).unwrap_or(0));
                match matched >= other {
                    true => [(Step::Match, Some(matched)), (Step::Drop, None)],
                    false => [(Step::Drop, Some(ahead(i + 1, j))), (Step::Add, next(0))],
                }
            }
            false => [(Step::Drop, Some(ahead(i + 1, j))), (Step::Add, next(0))],
        }
        .into_iter()
        .filter_map(|(step, points)| Some((points?, step)))
        .reduce(|best, other| if other.0 > best.0 { other } else { best })
        .unwrap_or((0, Step::Drop))
    };
    for i in (0..expected.len()).rev() {
        for j in (0..=actual.len()).rev() {
            score[at(i, j)] = step(&score, i, j).0;
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut settled = Vec::new();
    while i < expected.len() {
        match step(&score, i, j).1 {
            Step::Match => {
                settled.push(expected[i].text);
                (i, j) = (i + 1, j + 1);
            }
            Step::Keep => {
                settled.push(expected[i].text);
                i += 1;
            }
            Step::TakeUp => j += 1,
            Step::Drop => i += 1,
            Step::Add => {
                settled.push(actual[j].text);
                j += 1;
            }
        }
    }
    settled.extend(actual[j..].iter().map(|line| line.text));
    settled
}

/// What becomes of the next lines.
#[derive(Clone, Copy)]
enum Step {
    /// They are the same.
    Match,
    /// The wildcard takes up no more.
    Keep,
    /// The wildcard takes up a line.
    TakeUp,
    /// The expected line is gone.
    Drop,
    /// The actual line is new.
    Add,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn updated(expected: &str, actual: &str) -> String {
        compare(expected, actual, &[]).map_or("(same)".to_owned(), |found| found.updated)
    }

    #[test]
    fn wildcards_stand_for_anything_in_a_line_and_for_lines() {
        assert_eq!(updated("Serial: [..], slot [..]\n", "Serial: 1, slot 2\n"), "(same)");
        assert_eq!(updated("a\n...\nz\n", "a\nb\nc\nz\n"), "(same)");
        assert_eq!(updated("a\n...\nz\n", "a\nz\n"), "(same)");
        assert_eq!(updated("...\n", ""), "(same)");
        assert_eq!(updated("a\n...\n", "a\nb\n"), "(same)");
        assert_eq!(updated("...\nb\n...\nb\n", "b\nx\nb\nb\n"), "(same)");
        assert_eq!(updated("a [..] b\n", "a b\n"), "a b\n");
        assert_eq!(updated("x ...\n", "x y\n"), "x y\n");
    }

    #[test]
    fn wildcards_stay_where_they_match_when_other_lines_change() {
        let (old, new) = ("n: [..]\nb\n...\nend\n", "n: 1\nB\n1\n2\nend\n");
        let found = compare(old, new, &[]).unwrap();
        assert_eq!(found.updated, "n: [..]\n...\nend\n");
        let found = compare("n: [..]\nb\nend\n", "n: 1\nB\nend\n", &[]).unwrap();
        assert_eq!(found.updated, "n: [..]\nB\nend\n");
        let diff = "--- expected\n+++ now\n@@ -1,3 +1,3 @@\n n: [..]\n-b\n+B\n end\n";
        assert_eq!(found.diff, diff);
    }

    #[test]
    fn filters_and_names_of_secrets_make_no_difference() {
        assert_eq!(updated("  > {HSM_PASSWORD}\n", "  > {CO_PASSWORD_2}\n"), "(same)");
        assert_eq!(updated("{a}\n", "{b}\n"), "{b}\n");
        assert!(compare("s 1234567  x\n", "s 76543210 x\n", &[Filter::Serials]).is_none());
        assert!(compare("s 1234567  x\n", "s 76543210 y\n", &[Filter::Serials]).is_some());
    }

    #[test]
    fn outputs_of_many_lines_are_compared_line_by_line() {
        let lines = |word: &str| -> String {
            (0..200_000)
                .map(|number| format!("{word} {number}, and more behind it, as in a log\n"))
                .collect()
        };
        let (old, new) = (lines("old"), lines("new"));
        assert!(old.len() > 8 << 20);
        let (old, new) = (format!("[a] lunash:>log\n{old}"), format!("[a] lunash:>log\n{new}"));
        assert_eq!(compare(&old, &old, &[]), None);
        let found = compare(&old, &new, &[]).unwrap();
        assert_eq!(found.updated, new);
        assert_eq!(found.diff.matches("\n+new ").count(), 200_000);
        let one = old.replacen("old 7,", "new 7,", 1);
        assert_eq!(compare(&old, &one, &[]).unwrap().diff.matches("\n+new ").count(), 1);
    }

    #[test]
    fn a_change_in_one_command_leaves_the_others() {
        let old = "[a] lunash:>one\n1\n[a] lunash:>two\n...\n";
        let new = "[a] lunash:>one\n2\n[a] lunash:>two\n1\n2\n";
        assert_eq!(updated(old, new), "[a] lunash:>one\n2\n[a] lunash:>two\n...\n");
    }

    const LINES: &str = "([ab{}A]|\\[\\.\\.\\]|\\.\\.\\.|\n|123456|é|lunash:>){0,40}";

    proptest! {
        #[test]
        fn a_text_matches_itself(text in LINES) {
            for filters in [&[][..], &[Filter::Serials, Filter::Times]] {
                prop_assert_eq!(compare(&text, &text, filters), None);
            }
        }

        #[test]
        fn what_was_updated_matches(expected in LINES, actual in LINES) {
            if let Some(found) = compare(&expected, &actual, &[]) {
                prop_assert_eq!(compare(&found.updated, &actual, &[]), None);
                prop_assert_eq!(compare(&found.updated, &found.updated, &[]), None);
            }
        }

        #[test]
        fn a_line_matches_with_any_part_of_it_left_out(line in "[ab.é]{0,12}", at in 0usize..12, to in 0usize..12) {
            let places: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
            let (a, b) = (at % places.len(), to % places.len());
            let (from, to) = (places[a.min(b)], places[a.max(b)]);
            let pattern = format!("{}[..]{}", &line[..from], &line[to..]);
            prop_assert!(matches(&pattern, &line));
        }
    }
}
