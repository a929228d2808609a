//! Times and names as text.

use time::OffsetDateTime;

/// `YYYY-MM-DDTHH:MM:SSZ`, UTC.
pub fn time_text(time: OffsetDateTime) -> String {
    format!("{}T{}Z", date_text(time), clock_text(time))
}

/// `YYYY-MM-DD`, UTC.
pub fn date_text(time: OffsetDateTime) -> String {
    format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day())
}

/// `HH:MM:SS`, UTC.
pub fn clock_text(time: OffsetDateTime) -> String {
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// Whether a name has 1 to `longest` characters, all of them allowed; `allowed` is asked for each
/// with its place.
pub fn is_name(name: &str, longest: usize, allowed: impl Fn(usize, char) -> bool) -> bool {
    !name.is_empty()
        && name.len() <= longest
        && name.chars().enumerate().all(|(i, c)| allowed(i, c))
}

/// Compares two versions number by number; what is left out counts as 0.
pub(crate) fn later(a: &str, b: &str) -> std::cmp::Ordering {
    let numbers = |version: &str| {
        let parts = version.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        let mut numbers: Vec<u64> = parts.map(|part| part.parse().unwrap_or(u64::MAX)).collect();
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        numbers
    };
    numbers(a).cmp(&numbers(b))
}
