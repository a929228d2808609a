//! `Chrystoki.conf`, the client's configuration file: read, and changed in single values.
//!
//! The file belongs to its owner: sections, order, comments, indents and line ends stay as they
//! are, and what is not changed is written back byte for byte. A change is refused in a file that
//! is not understood as a whole.

use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The text of a configuration file, with the places of its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chrystoki {
    text: String,
    sections: Vec<Section>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    name: String,
    entries: Vec<Entry>,
    /// Where its closing brace stands.
    end: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: String,
    /// Without the blanks around it.
    value: Range<usize>,
    /// From the key to behind the semicolon.
    whole: Range<usize>,
}

/// Why a file or a value was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// What is missing or cannot stand there.
    pub reason: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// How entries are indented where there is none to follow.
const INDENT: &str = "   ";

impl Chrystoki {
    /// Understands a text.
    ///
    /// # Errors
    /// It is no sequence of `Section = { Key = value; }`.
    pub fn parse(text: impl Into<String>) -> Result<Chrystoki, Malformed> {
        let text = text.into();
        let sections = Scanner { text: &text, at: 0 }.sections()?;
        Ok(Chrystoki { text, sections })
    }

    /// The text, as it would be written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of a key. Names count as the client library reads them: in their letter case.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        // A section may stand twice; the first entry counts.
        let mut entries = self.sections.iter().filter(|s| s.name == section);
        let entry = entries.find_map(|s| s.entries.iter().find(|entry| entry.key == key))?;
        Some(&self.text[entry.value.clone()])
    }

    /// The keys of a section with their values, in their order.
    pub fn entries(&self, section: &str) -> impl Iterator<Item = (&str, &str)> {
        let sections = self.sections.iter().filter(move |s| s.name == section);
        sections
            .flat_map(|s| &s.entries)
            .map(|entry| (entry.key.as_str(), &self.text[entry.value.clone()]))
    }

    /// Gives a key a value: in its place, or behind the section's last entry, or in a new section
    /// at the end.
    ///
    /// # Errors
    /// The value has a character that would end it.
    pub fn set(&mut self, section: &str, key: &str, value: &str) -> Result<(), Malformed> {
        if value.contains([';', '{', '}', '\n', '\r']) || value.trim() != value {
            let reason = "a value cannot have line ends, outer blanks or any of ; { }";
            return Err(Malformed { line: 0, reason });
        }
        if self.get(section, key) == Some(value) {
            return Ok(());
        }
        let end = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let known = self.sections.iter().find(|s| s.name == section);
        let place = self.sections.iter().filter(|s| s.name == section).flat_map(|s| &s.entries);
        let (at, new) = match (place.clone().find(|entry| entry.key == key), known) {
            (Some(entry), _) => (entry.value.clone(), value.to_owned()),
            (None, Some(section)) => match section.entries.last() {
                // The neighbour's own indent; on a shared line one blank does.
                Some(last) => {
                    let line = self.text[..last.whole.start].rfind('\n').map_or(0, |n| n + 1);
                    let before = &self.text[line..last.whole.start];
                    let rest = &self.text[last.whole.end..];
                    let behind = rest.find('\n').map(|n| n + 1).filter(|n| {
                        let rest = rest[..*n].trim();
                        rest.is_empty() || rest.starts_with('#')
                    });
                    match behind {
                        Some(behind) if before.trim().is_empty() => {
                            let at = last.whole.end + behind;
                            (at..at, format!("{before}{key} = {value};{end}"))
                        }
                        _ => (last.whole.end..last.whole.end, format!(" {key} = {value};")),
                    }
                }
                None => {
                    let line = self.text[..section.end].rfind('\n').map_or(0, |n| n + 1);
                    let alone = self.text[line..section.end].trim().is_empty();
                    let (at, before) =
                        if alone && line > 0 { (line, "") } else { (section.end, end) };
                    (at..at, format!("{before}{INDENT}{key} = {value};{end}"))
                }
            },
            (None, None) => {
                let gap = if self.text.is_empty() || self.text.ends_with('\n') { "" } else { end };
                let text = format!("{gap}{section} = {{{end}{INDENT}{key} = {value};{end}}}{end}");
                (self.text.len()..self.text.len(), text)
            }
        };
        self.splice(at, &new)
    }

    /// Takes a key out, with its line where it stands alone on one; every time it stands there.
    ///
    /// # Errors
    /// The rest would not be understood any more.
    pub fn remove(&mut self, section: &str, key: &str) -> Result<(), Malformed> {
        loop {
            let sections = self.sections.iter().filter(|s| s.name == section);
            let mut entries = sections.flat_map(|s| &s.entries);
            let Some(entry) = entries.find(|entry| entry.key == key) else { return Ok(()) };
            let mut at = entry.whole.clone();
            let line = self.text[..at.start].rfind('\n').map_or(0, |end| end + 1);
            let rest = self.text[at.end..].find('\n').map(|end| at.end + end + 1);
            if self.text[line..at.start].trim().is_empty()
                && let Some(rest) = rest
                && self.text[at.end..rest].trim().is_empty()
            {
                at = line..rest;
            }
            self.splice(at, "")?;
        }
    }

    fn splice(&mut self, at: Range<usize>, new: &str) -> Result<(), Malformed> {
        let mut text = self.text.clone();
        text.replace_range(at, new);
        *self = Chrystoki::parse(text)?;
        Ok(())
    }

    /// Reads a file; a missing one is an empty one.
    ///
    /// # Errors
    /// It cannot be read, or is not understood; the message names it.
    pub fn read(path: &Path) -> io::Result<Chrystoki> {
        let name = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(io::Error::new(error.kind(), name(&error))),
        };
        Chrystoki::parse(text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, name(&error)))
    }

    /// Writes the file and keeps what it was, for `clientconfig rollback`; nothing happens where
    /// nothing changed.
    ///
    /// # Errors
    /// As [`Chrystoki::write`].
    pub fn write_over(&self, old: &Chrystoki, path: &Path) -> io::Result<()> {
        if old == self {
            return Ok(());
        }
        let kept = before(path);
        replace(&kept, old.text.as_bytes()).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", kept.display()))
        })?;
        self.write(path)
    }

    /// Writes the file as a whole: a reader sees the old or the new one. Links are followed, and
    /// the access rights of a file that is replaced stay.
    ///
    /// # Errors
    /// The folder cannot be written to; the message names the file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        replace(path, self.text.as_bytes())
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }
}

/// Where the file as it was before the last change is kept.
pub(crate) fn before(path: &Path) -> PathBuf {
    path.with_extension("conf.before")
}

/// Goes on where the file can be written, or made.
///
/// # Errors
/// It cannot; the message names it.
pub(crate) fn writable(path: &Path) -> io::Result<()> {
    let probe = beside(&real(path));
    let tried = match path.parent() {
        Some(folder) => std::fs::create_dir_all(folder),
        None => Ok(()),
    };
    tried
        .and_then(|()| std::fs::File::create(&probe))
        .and_then(|_| std::fs::remove_file(&probe))
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// The file behind a link.
fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Where the new content is written before it takes the file's place.
fn beside(target: &Path) -> PathBuf {
    let mut new = target.as_os_str().to_owned();
    new.push(".new");
    PathBuf::from(new)
}

/// Replaces the content of a file in one step.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    // The file behind a link is replaced, not the link.
    let target = real(path);
    let new = beside(&target);
    let mut file = std::fs::File::create(&new)?;
    if let Ok(old) = std::fs::metadata(&target) {
        file.set_permissions(old.permissions())?;
    }
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&new, &target)
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn sections(mut self) -> Result<Vec<Section>, Malformed> {
        let mut sections = Vec::new();
        loop {
            self.skip();
            if self.rest().is_empty() {
                return Ok(sections);
            }
            let name = self.until('=', "a section needs '= {' behind its name")?.to_owned();
            self.skip();
            self.expect('{', "a section needs '{' behind '='")?;
            let mut entries = Vec::new();
            loop {
                self.skip();
                if self.rest().starts_with('}') {
                    sections.push(Section { name, entries, end: self.at });
                    self.at += 1;
                    break;
                }
                let start = self.at;
                let key = self.until('=', "an entry needs '=' behind its key, a section '}'")?;
                let key = key.to_owned();
                let from = self.at;
                let value = self.until(';', "a value needs ';' behind it")?;
                let at = from + self.text[from..self.at].find(value).unwrap_or(0);
                let value = at..at + value.len();
                entries.push(Entry { key, value, whole: start..self.at });
            }
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Blanks, line ends and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if !self.rest().starts_with('#') {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    /// What stands before `end` on this line, trimmed; goes behind `end`.
    fn until(&mut self, end: char, missing: &'static str) -> Result<&'t str, Malformed> {
        let rest = self.rest();
        let found = rest.find([end, '\n', '{', '}']).filter(|at| rest[*at..].starts_with(end));
        let Some(found) = found else { return Err(self.malformed(missing)) };
        self.at += found + end.len_utf8();
        Ok(rest[..found].trim())
    }

    fn expect(&mut self, wanted: char, missing: &'static str) -> Result<(), Malformed> {
        if !self.rest().starts_with(wanted) {
            return Err(self.malformed(missing));
        }
        self.at += wanted.len_utf8();
        Ok(())
    }

    fn malformed(&self, reason: &'static str) -> Malformed {
        Malformed { line: 1 + self.text[..self.at].matches('\n').count(), reason }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "\
# made by hand
Chrystoki2 = {
   LibUNIX64 = /usr/safenet/lunaclient/lib/libCryptoki2_64.so;
}

LunaSA Client = {
   # keep this
   ReceiveTimeout = 20000;
     ClientCertFile =  /etc/luna/app.pem ;
   NetClient=1;   # trailing
}
Empty = {
}
";

    #[test]
    fn values_are_found() {
        let file = Chrystoki::parse(FILE).unwrap();
        assert_eq!(file.get("LunaSA Client", "ClientCertFile"), Some("/etc/luna/app.pem"));
        assert_eq!(file.get("LunaSA Client", "NetClient"), Some("1"));
        assert_eq!(file.get("LunaSA Client", "clientcertfile"), None);
        assert_eq!(file.get("Empty", "x"), None);
        assert_eq!(file.entries("LunaSA Client").count(), 3);
    }

    #[test]
    fn a_change_disturbs_nothing_else() {
        let mut file = Chrystoki::parse(FILE).unwrap();
        file.set("LunaSA Client", "ClientCertFile", "/new.pem").unwrap();
        file.set("LunaSA Client", "ServerName00", "hsm1").unwrap();
        file.set("Empty", "x", "1").unwrap();
        file.set("Misc", "ToolsDir", "/bin").unwrap();
        let wanted = FILE
            .replace(" /etc/luna/app.pem ;", " /new.pem ;")
            .replace("# trailing\n", "# trailing\n   ServerName00 = hsm1;\n")
            .replace("Empty = {\n", "Empty = {\n   x = 1;\n");
        assert_eq!(file.text(), format!("{wanted}Misc = {{\n   ToolsDir = /bin;\n}}\n"));
        file.remove("LunaSA Client", "ServerName00").unwrap();
        assert!(file.text().contains("   NetClient=1;   # trailing\n}"), "{}", file.text());
    }

    #[test]
    fn line_ends_and_one_line_sections_stay() {
        let mut file = Chrystoki::parse("A = {\r\n  x = 1;\r\n}\r\nB = { y = 2; }").unwrap();
        file.set("A", "z", "3").unwrap();
        file.set("B", "z", "3").unwrap();
        assert_eq!(file.text(), "A = {\r\n  x = 1;\r\n  z = 3;\r\n}\r\nB = { y = 2; z = 3; }");
    }

    #[test]
    fn a_file_that_is_not_understood_is_named_by_line() {
        let line = |text: &str| Chrystoki::parse(text).unwrap_err().line;
        assert_eq!(line("A = {\n x = 1\n}\n"), 2);
        assert_eq!(line("A = {\n x = 1;\n"), 3);
        assert_eq!(line("\n[Section]\nKey=value\n"), 2);
        let mut file = Chrystoki::parse(FILE).unwrap();
        assert!(file.set("Misc", "x", "a;b").is_err());
        assert_eq!(file.text(), FILE);
    }

    #[test]
    fn a_file_is_replaced_behind_its_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.conf"), folder.path().join("Chrystoki.conf"));
        std::fs::write(&real, FILE).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let mut file = Chrystoki::read(&link).unwrap();
        file.set("Empty", "x", "1").unwrap();
        file.write(&link).unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&real).unwrap(), file.text());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    /// Files as people leave them: any spacing, comments, both line ends.
    fn files() -> impl Strategy<Value = String> {
        let gap = "[ ]{0,3}";
        let entry = (gap, "[A-Za-z0-9]{1,8}", gap, "[!-:<-z]{0,12}", gap, "(\n|\r\n| |\n# c;=}\n)")
            .prop_map(|(a, key, b, value, c, end)| format!("{a}{key}{b}={c}{value};{end}"));
        let section = ("[A-Z][a-z]{0,4}( [A-Z][a-z]{1,3})?", prop::collection::vec(entry, 0..5))
            .prop_map(|(name, entries)| format!("{name} = {{\n{}}}\n\n", entries.concat()));
        prop::collection::vec(section, 0..4).prop_map(|sections| sections.concat())
    }

    proptest! {
        #[test]
        fn what_is_not_changed_stays(text in files(), section in "[A-Z][a-z]{2}", value in "[!-:<-z]{1,9}") {
            let mut file = Chrystoki::parse(text.clone()).unwrap();
            prop_assert_eq!(file.text(), &text);

            // A key that is there goes and comes back in its place.
            let there: Vec<(String, String, String)> = file.sections.iter().flat_map(|s| {
                s.entries.iter().map(|e| (s.name.clone(), e.key.clone(), file.text[e.value.clone()].to_owned()))
            }).collect();
            for (section, key, _) in &there {
                let old = file.get(section, key).unwrap().to_owned();
                file.set(section, key, &value).unwrap();
                prop_assert_eq!(file.get(section, key), Some(value.as_str()));
                file.set(section, key, &old).unwrap();
                prop_assert_eq!(file.text(), &text);
            }

            // A new key changes no other; without it every value is as before.
            file.set(&section, "a new key", &value).unwrap();
            prop_assert_eq!(file.get(&section, "a new key"), Some(value.as_str()));
            file.remove(&section, "a new key").unwrap();
            for (section, key, _) in &there {
                let before = Chrystoki::parse(text.clone()).unwrap();
                prop_assert_eq!(file.get(section, key), before.get(section, key));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            if let Ok(file) = Chrystoki::parse(text.clone()) {
                prop_assert_eq!(file.text(), text);
            }
        }
    }
}
