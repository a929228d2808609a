//! The HSM's audit log as text: a record is a line that says what was done and a line with two MACs,
//! that of the record before it and its own. A file is verified here; where files lie is the business
//! of whoever made the machine.
//!
//! Assumed: the vendor says that each record has an HMAC, not what goes into it. Here it is
//! HMAC-SHA-256 of the MAC before it and the record's text, so that none can be left out or put in.

use std::collections::BTreeMap;
use std::io;

use ring::hmac::{Context, HMAC_SHA256, Key};

use crate::core::password::is_same_secret;
use crate::core::random::hex;

/// The folder of files that are written no more, below that of the log.
pub const ARCHIVE: &str = "ready_for_archive";
/// What the first record of a file says, before the name of the file.
pub const BEGINS: &str = " begins=";
/// What the last record of a file says that is written no more.
pub const ENDS: &str = " ends=";

/// The MAC of a record.
pub type Mac = [u8; 32];

/// The MAC of a record that follows one with the MAC `before`.
pub fn mac(secret: &[u8], before: &Mac, text: &[u8]) -> Mac {
    let mut context = Context::with_key(&Key::new(HMAC_SHA256, secret));
    context.update(before);
    context.update(text);
    let mut mac = Mac::default();
    mac.copy_from_slice(context.sign().as_ref());
    mac
}

/// A record as a log has it.
pub fn lines(text: &str, before: &Mac, mac: &Mac) -> String {
    format!("{text}\n{}{}\n", hex(before), hex(mac))
}

/// Reads hexadecimal digits, two a byte, as [`hex`] writes them.
pub fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let pairs = digits.chunks_exact(2);
    // A byte has one spelling only: else a changed file could pass for whole.
    if digits.len() != 2 * N || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let digit = |place: usize| char::from(pair[place]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It holds nothing.
    #[error("it holds no record")]
    Empty,
    /// No record of it has a MAC of this secret.
    #[error(
        "no record has a MAC of this log secret: it is the log of another one, or was changed all over"
    )]
    OtherSecret,
    /// A record is not what it was.
    #[error("record {0} was changed")]
    Changed(u64),
    /// Records are not there.
    #[error("records {0} to {1} are missing")]
    Missing(u64, u64),
    /// It does not begin where its file began.
    #[error("it is cut: the records before {0} are missing")]
    CutBefore(u64),
    /// It ends within a record, or too early.
    #[error("it is cut: what follows record {0} is missing")]
    CutAfter(u64),
    /// A record that was asked for is not there.
    #[error("it has no record {0}")]
    NoRecord(u64),
}

/// Which records were verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The number of the first one.
    pub first: u64,
    /// The number of the last one.
    pub last: u64,
    /// Whether the last one says that the file ends with it.
    pub closed: bool,
}

/// The two lines of a record; the second is empty where it is not there.
type Pair<'f> = (&'f [u8], &'f [u8]);

/// The lines of a file, two a record, and whether it ends within a record. A line end that was changed
/// spoils the record at it, not all that follow.
fn pairs(content: &[u8]) -> (Vec<Pair<'_>>, bool) {
    let mut lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
    let mut partial = lines.pop().is_some_and(|rest| !rest.is_empty());
    let mut lines = lines.into_iter().peekable();
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    while let Some(text) = lines.next() {
        let macs = lines.next_if(|line| line.len() == 128 && !line.contains(&b','));
        pairs.push((text, macs.unwrap_or_default()));
    }
    if pairs.pop_if(|(_, macs)| macs.is_empty()).is_some() {
        partial = true;
    }
    (pairs, partial)
}

/// A record of a file that is verified.
struct Record<'f> {
    number: u64,
    text: &'f [u8],
    before: Mac,
    mac: Mac,
}

impl<'f> Record<'f> {
    fn read((text, macs): Pair<'f>) -> Option<Record<'f>> {
        let (before, mac) = macs.split_at_checked(64)?;
        let number = text.split(|byte| *byte == b',').next()?;
        Some(Record {
            number: std::str::from_utf8(number).ok()?.parse().ok()?,
            text,
            before: unhex(before)?,
            mac: unhex(mac)?,
        })
    }

    fn is_of(&self, secret: &[u8]) -> bool {
        is_same_secret(&mac(secret, &self.before, self.text), &self.mac)
    }

    fn says(&self, what: &str) -> bool {
        self.text.windows(what.len()).any(|part| part == what.as_bytes())
    }
}

/// Verifies the records of a file, those from `start` to `end` alone where they are given.
///
/// # Errors
/// The first flaw.
pub fn verify<'f>(
    secret: &[u8],
    content: &'f [u8],
    (start, end): (Option<u64>, Option<u64>),
) -> Result<Verified, Flaw> {
    let (pairs, partial) = pairs(content);
    if pairs.is_empty() && !partial {
        return Err(Flaw::Empty);
    }
    let genuine = |pair: &Pair<'f>| Record::read(*pair).filter(|record| record.is_of(secret));
    if pairs.iter().all(|pair| genuine(pair).is_none()) {
        let foreign = pairs.iter().any(|pair| Record::read(*pair).is_some());
        return Err(if foreign { Flaw::OtherSecret } else { Flaw::CutAfter(0) });
    }

    let (mut first, mut last): (Option<u64>, Option<Record<'f>>) = (None, None);
    for (place, pair) in pairs.iter().enumerate() {
        let next = last.as_ref().map(|last| last.number + 1);
        if let (Some(next), Some(end)) = (next, end)
            && next > end
        {
            break;
        }
        let before_start = |number: u64| start.is_some_and(|start| number < start);
        let Some(record) = genuine(pair) else {
            // Its own number may be what was changed: those behind it say which one it was.
            let counted = || {
                pairs.iter().skip(place).zip(0..).find_map(|(pair, behind)| {
                    genuine(pair).map(|record| record.number.saturating_sub(behind))
                })
            };
            match next.or_else(counted).or_else(|| Record::read(*pair).map(|record| record.number))
            {
                Some(number) if before_start(number) => continue,
                number => return Err(Flaw::Changed(number.unwrap_or_default())),
            }
        };
        if before_start(record.number) {
            continue;
        }
        match (&last, next) {
            (Some(_), Some(next)) if record.number > next => {
                return Err(Flaw::Missing(next, record.number - 1));
            }
            (Some(last), Some(next)) if record.number < next || record.before != last.mac => {
                return Err(Flaw::Changed(next));
            }
            (None, _) if start.is_some_and(|start| record.number > start) => {
                return Err(Flaw::NoRecord(start.unwrap_or_default()));
            }
            (None, _) if start.is_none() && !record.says(BEGINS) => {
                return Err(Flaw::CutBefore(record.number));
            }
            _ => {}
        }
        first = first.or(Some(record.number));
        last = Some(record);
    }
    let (Some(first), Some(last)) = (first, last) else {
        return Err(Flaw::NoRecord(start.unwrap_or_default()));
    };
    match end {
        Some(end) if last.number < end => Err(Flaw::NoRecord(end)),
        None if partial => Err(Flaw::CutAfter(last.number)),
        _ => Ok(Verified { first, last: last.number, closed: last.says(ENDS) }),
    }
}

/// A file of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFile {
    /// Its name, without a folder.
    pub name: String,
    /// Whether it lies in [`ARCHIVE`].
    pub archived: bool,
    /// Bytes.
    pub size: u64,
}

/// Where the files of the log are kept.
pub trait AuditFiles: Send {
    /// Puts bytes at their place in a file, unless it has as many already: whether they were put.
    ///
    /// # Errors
    /// The file cannot be written.
    fn write(&mut self, file: &str, at: u64, bytes: &[u8]) -> io::Result<bool>;
    /// Returns once a power failure can do no harm to what was written.
    ///
    /// # Errors
    /// It cannot be told that it would not.
    fn sync(&mut self) -> io::Result<()>;
    /// Moves a file to [`ARCHIVE`], unless it is there.
    ///
    /// # Errors
    /// It stays where it is.
    fn archive(&mut self, file: &str) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// It stays.
    fn remove(&mut self, file: &str) -> io::Result<()>;
    /// The files by name.
    fn list(&self) -> Vec<AuditFile>;
    /// The content of a file.
    fn read(&self, file: &str) -> Option<Vec<u8>>;
}

/// Files in memory, for machines without a folder.
#[derive(Debug, Default)]
pub struct MemoryFiles(pub BTreeMap<String, (Vec<u8>, bool)>);

impl AuditFiles for MemoryFiles {
    fn write(&mut self, file: &str, at: u64, bytes: &[u8]) -> io::Result<bool> {
        let (content, _) = self.0.entry(file.to_owned()).or_default();
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let missing = content.len() < at + bytes.len();
        if missing {
            content.resize(at + bytes.len(), 0);
            content[at..].copy_from_slice(bytes);
        }
        Ok(missing)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn archive(&mut self, file: &str) -> io::Result<()> {
        if let Some((_, archived)) = self.0.get_mut(file) {
            *archived = true;
        }
        Ok(())
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.0.remove(file);
        Ok(())
    }

    fn list(&self) -> Vec<AuditFile> {
        let file = |(name, (content, archived)): (&String, &(Vec<u8>, bool))| AuditFile {
            name: name.clone(),
            archived: *archived,
            size: content.len() as u64,
        };
        self.0.iter().map(file).collect()
    }

    fn read(&self, file: &str) -> Option<Vec<u8>> {
        self.0.get(file).map(|(content, _)| content.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"the log secret";

    /// A closed file with the records 7 to 11, each as its bytes.
    fn records() -> Vec<Vec<u8>> {
        let mut before = Mac::default();
        let record = |number: u64| {
            let mark = match number {
                7 => " begins=a.log",
                11 => " ends=a.log",
                _ => "",
            };
            let text = format!("{number},25/01/02 03:04:05,S/N 1 operation LUNA_LOGIN{mark}");
            let own = mac(SECRET, &before, text.as_bytes());
            let lines = lines(&text, &before, &own);
            before = own;
            lines.into_bytes()
        };
        (7..=11).map(record).collect()
    }

    fn all(content: &[u8]) -> Result<Verified, Flaw> {
        verify(SECRET, content, (None, None))
    }

    #[test]
    fn a_whole_log_is_verified_under_its_own_secret_alone() {
        let content = records().concat();
        assert_eq!(all(&content), Ok(Verified { first: 7, last: 11, closed: true }));
        assert_eq!(verify(b"other", &content, (None, None)), Err(Flaw::OtherSecret));
        assert_eq!(all(b""), Err(Flaw::Empty));
    }

    #[test]
    fn every_flipped_bit_is_found_at_its_record() {
        let records = records();
        let mut begin = 0;
        for (record, number) in records.iter().zip(7..) {
            for at in begin..begin + record.len() {
                let mut content = records.concat();
                content[at] ^= 1 << (at % 8);
                let flaw = all(&content).unwrap_err();
                // A line end that is gone takes the lines behind it along; the last one cuts the file.
                let cut = Flaw::CutAfter(number - 1);
                assert!(flaw == Flaw::Changed(number) || flaw == cut, "{at}: {flaw}");
            }
            begin += record.len();
        }
    }

    #[test]
    fn records_that_are_missing_are_named() {
        let all_but = |gone: &[usize]| {
            let left = records().into_iter().enumerate().filter(|(at, _)| !gone.contains(at));
            all(&left.map(|(_, record)| record).collect::<Vec<_>>().concat())
        };
        assert_eq!(all_but(&[2]), Err(Flaw::Missing(9, 9)));
        assert_eq!(all_but(&[1, 2, 3]), Err(Flaw::Missing(8, 10)));
        assert_eq!(all_but(&[0]), Err(Flaw::CutBefore(8)));
        assert_eq!(all_but(&[4]), Ok(Verified { first: 7, last: 10, closed: false }));
        let swapped = [3, 2].map(|at| records()[at].clone()).concat();
        let content = [records()[0].clone(), records()[1].clone(), swapped].concat();
        assert_eq!(all(&content), Err(Flaw::Missing(9, 9)));
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_found_out() {
        let content = records().concat();
        let ends: Vec<usize> = (1..5).map(|count| records()[..count].concat().len()).collect();
        for end in 1..content.len() {
            match all(&content[..end]) {
                Ok(found) => assert!(ends.contains(&end) && !found.closed, "{end}"),
                Err(flaw) => assert!(matches!(flaw, Flaw::CutAfter(_)), "{end}: {flaw}"),
            }
        }
    }

    #[test]
    fn a_part_is_verified_by_itself() {
        let mut content = records().concat();
        content[3] ^= 1;
        let part = |start, end| verify(SECRET, &content, (start, end));
        assert_eq!(part(Some(8), None), Ok(Verified { first: 8, last: 11, closed: true }));
        assert_eq!(part(Some(8), Some(9)), Ok(Verified { first: 8, last: 9, closed: false }));
        assert_eq!(part(None, Some(9)), Err(Flaw::Changed(7)));
        assert_eq!(part(Some(10), Some(12)), Err(Flaw::NoRecord(12)));
        assert_eq!(part(Some(30), None), Err(Flaw::NoRecord(30)));
        let content = records().concat();
        assert_eq!(verify(SECRET, &content, (Some(3), None)), Err(Flaw::NoRecord(3)));
    }
}
