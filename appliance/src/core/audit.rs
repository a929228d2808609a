//! The HSM's audit log as text: records of one length, each with its message, the MAC of the record
//! before it, and data. A file is verified here; where files lie is the business of whoever made the
//! machine.
//!
//! Documented (audit_logging.htm, audit_log_list.htm@7.2): fields and their lengths, and HMAC-SHA-256 of
//! the message and the MAC before it. Assumed: the data of a record. The HSM has its raw message there, and
//! keeps the last MAC to itself; here the record's own MAC stands there, so that each verifies alone.

use std::collections::BTreeMap;
use std::io;

use ring::hmac::{Context, HMAC_SHA256, Key};
use time::OffsetDateTime;

use crate::core::password::is_same_secret;
use crate::core::random::hex;
use crate::core::text::clock_text;

/// The folder of files that are written no more, below that of the log.
pub const ARCHIVE: &str = "ready_for_archive";
/// What the first record of a file says, before the name of the file.
pub const BEGINS: &str = " begins=";
/// What the last record of a file says that is written no more.
pub const ENDS: &str = " ends=";

/// The MAC of a record.
pub type Mac = [u8; 32];

/// Characters of what a record says, at most.
pub const MESSAGE: usize = 256;
/// Characters of its number, time and message, with the commas between them.
const TEXT: usize = 10 + 1 + 17 + 1 + MESSAGE;
/// Hexadecimal digits of its data.
const DATA: usize = 104;
/// Bytes of a record.
const RECORD: usize = TEXT + 1 + 64 + 1 + DATA + 1;

/// Number, time and message of a record, filled up with blanks.
pub fn text(number: u64, time: OffsetDateTime, message: &str) -> String {
    let day = format!("{:02}/{:02}/{:02}", time.year() % 100, u8::from(time.month()), time.day());
    format!("{number:<10},{day} {},{message:<MESSAGE$.MESSAGE$}", clock_text(time))
}

/// The MAC of a record that follows one with the MAC `before`.
pub fn mac(secret: &[u8], before: &Mac, text: &[u8]) -> Mac {
    let mut context = Context::with_key(&Key::new(HMAC_SHA256, secret));
    context.update(text);
    context.update(before);
    let mut mac = Mac::default();
    mac.copy_from_slice(context.sign().as_ref());
    mac
}

/// A record as a log has it.
pub fn record(text: &str, before: &Mac, mac: &Mac) -> String {
    let digits = |mac: &Mac| hex(mac).to_ascii_uppercase();
    format!("{text},{},{:0<DATA$}\n", digits(before), digits(mac))
}

/// What the records of a file say, without MACs and blanks that fill up.
pub fn messages(content: &[u8]) -> impl DoubleEndedIterator<Item = String> {
    content.chunks(RECORD).map(|record| {
        let text = String::from_utf8_lossy(&record[..record.len().min(TEXT)]);
        let (number, rest) = text.split_once(',').unwrap_or((&text, ""));
        format!("{},{}", number.trim_end(), rest.trim_end())
    })
}

/// When the last record of a file was made, RFC 3339; empty where it does not say so.
pub fn last_time(content: &[u8]) -> String {
    let last = messages(content).next_back().unwrap_or_default();
    match last.split(',').nth(1).and_then(|time| time.split_once(' ')) {
        Some((day, clock)) => format!("20{}T{clock}Z", day.replace('/', "-")),
        None => String::new(),
    }
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

/// A record of a file that is verified.
struct Record<'f> {
    number: u64,
    text: &'f [u8],
    before: Mac,
    mac: Mac,
}

impl<'f> Record<'f> {
    fn read(bytes: &'f [u8; RECORD]) -> Option<Record<'f>> {
        let (text, rest) = bytes.split_at_checked(TEXT)?;
        let (before, data) = rest.strip_prefix(b",")?.split_at_checked(64)?;
        let (mac, rest) = data.strip_prefix(b",")?.split_at_checked(64)?;
        let fill = rest.strip_suffix(b"\n")?;
        let number = text.split(|byte| *byte == b',').next()?;
        // As in `unhex`, each digit has one spelling.
        let read = |digits: &[u8]| {
            let upper = !digits.iter().any(u8::is_ascii_lowercase);
            upper.then(|| unhex(&digits.to_ascii_lowercase())).flatten()
        };
        fill.iter().all(|byte| *byte == b'0').then_some(Record {
            number: std::str::from_utf8(number).ok()?.trim_end().parse().ok()?,
            text,
            before: read(before)?,
            mac: read(mac)?,
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
    let (records, rest) = content.as_chunks::<RECORD>();
    let partial = !rest.is_empty();
    if records.is_empty() && !partial {
        return Err(Flaw::Empty);
    }
    let genuine = |bytes| Record::read(bytes).filter(|record| record.is_of(secret));
    if records.iter().all(|bytes| genuine(bytes).is_none()) {
        let foreign = records.iter().any(|bytes| Record::read(bytes).is_some());
        return Err(if foreign { Flaw::OtherSecret } else { Flaw::CutAfter(0) });
    }

    let (mut first, mut last): (Option<u64>, Option<Record<'f>>) = (None, None);
    for (place, bytes) in records.iter().enumerate() {
        let next = last.as_ref().map(|last| last.number + 1);
        if let (Some(next), Some(end)) = (next, end)
            && next > end
        {
            break;
        }
        let before_start = |number: u64| start.is_some_and(|start| number < start);
        let Some(record) = genuine(bytes) else {
            // Its own number may be what was changed: those behind it say which one it was.
            let counted = || {
                records.iter().skip(place).zip(0..).find_map(|(bytes, behind)| {
                    genuine(bytes).map(|record| record.number.saturating_sub(behind))
                })
            };
            match next.or_else(counted).or_else(|| Record::read(bytes).map(|record| record.number))
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
            let time = OffsetDateTime::from_unix_timestamp(1_735_787_045).unwrap();
            let text = text(number, time, &format!("S/N 1 operation LUNA_LOGIN{mark}"));
            let own = mac(SECRET, &before, text.as_bytes());
            let record = record(&text, &before, &own);
            before = own;
            record.into_bytes()
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

    /// Fields and lengths of audit_logging.htm@7.2, with the 8 bytes more that the files of
    /// audit_log_list.htm@7.2 have.
    #[test]
    fn a_record_has_the_fields_of_the_product() {
        let content = records().concat();
        assert_eq!(content.len(), 5 * 456);
        let line = String::from_utf8(content[456..912].to_vec()).unwrap();
        let fields: Vec<&str> = line.split(',').collect();
        let lengths: Vec<usize> = fields.iter().map(|field| field.len()).collect();
        assert_eq!(lengths, [10, 17, 256, 64, 105]);
        assert_eq!(&fields[..2], ["8         ", "25/01/02 03:04:05"]);
        let second = messages(&content).nth(1).unwrap();
        assert_eq!(second, "8,25/01/02 03:04:05,S/N 1 operation LUNA_LOGIN");
        assert_eq!(last_time(&content), "2025-01-02T03:04:05Z");
        assert_eq!(last_time(b""), "");
        let long = text(1, OffsetDateTime::UNIX_EPOCH, &"x".repeat(300));
        assert_eq!(long.len(), 285);
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
