//! Times, names and certificates as text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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

/// PEM with lines of 64 characters.
pub(crate) fn pem_text(label: &str, der: &[u8]) -> String {
    let mut pem = format!("-----BEGIN {label}-----\n");
    let text = STANDARD.encode(der);
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
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
