//! `Chrystoki.conf`, the configuration file of the client, and `crystoki.ini`, that of Windows.
//!
//! Changing a value keeps everything else byte for byte: sections, order, comments, indents and line
//! ends. A file that cannot be parsed as a whole is not changed.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use luna_shell::{check_replaceable, replace_file, replace_file_like};

/// The text of a configuration file, parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chrystoki {
    style: Style,
    text: String,
    sections: Vec<Section>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Style {
    /// `Section = { Key = value; }`.
    #[default]
    Braces,
    /// `[Section]`, then `Key=value` a line. Windows does not distinguish letter case in names.
    Ini,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    name: String,
    entries: Vec<Entry>,
    /// Byte offset of its closing brace, or the end of its name's line.
    end: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: String,
    /// Byte range without outer blanks.
    value: Range<usize>,
    /// Byte range of key, value and semicolon.
    whole: Range<usize>,
}

/// Why a file cannot be parsed, or a value not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1; 0 for a value that was not written.
    pub line: usize,
    /// The column where it is missing or not allowed, in characters from 1.
    pub column: usize,
    /// What is missing or not allowed there.
    pub reason: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(self.reason),
            line => write!(f, "line {line}, column {}: {}", self.column, self.reason),
        }
    }
}

/// The indent of the first entry of a section.
const INDENT: &str = "   ";

impl Chrystoki {
    /// Parses a text; one whose first line is `[Section]` as that of Windows.
    ///
    /// # Errors
    /// It is no sequence of `Section = { Key = value; }`, or of such sections.
    pub fn parse(text: impl Into<String>) -> Result<Chrystoki, Malformed> {
        let text = text.into();
        let mut lines = text.lines().map(|line| line.trim_start_matches('\u{feff}').trim());
        let first = lines.find(|line| !line.is_empty() && !line.starts_with(['#', ';']));
        let is_ini = first.is_some_and(|line| line.starts_with('['));
        Chrystoki::parse_as(if is_ini { Style::Ini } else { Style::Braces }, text)
    }

    fn parse_as(style: Style, text: String) -> Result<Chrystoki, Malformed> {
        let sections = match style {
            Style::Braces => Scanner { text: &text, at: 0 }.sections()?,
            Style::Ini => ini_sections(&text)?,
        };
        Ok(Chrystoki { style, text, sections })
    }

    /// Whether two names of sections or keys are the same.
    fn same(&self, a: &str, b: &str) -> bool {
        match self.style {
            Style::Braces => a == b,
            Style::Ini => a.eq_ignore_ascii_case(b),
        }
    }

    /// The text, as it would be written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of a key. Like the client library, this distinguishes letter case, but not in the
    /// file of Windows.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        // A section may occur twice; its first entry counts.
        let entry = self.entries_of(section).find(|entry| self.same(&entry.key, key))?;
        Some(&self.text[entry.value.clone()])
    }

    /// The keys and values of a section, in their order.
    pub fn entries<'c>(&'c self, section: &'c str) -> impl Iterator<Item = (&'c str, &'c str)> {
        self.entries_of(section).map(|entry| (entry.key.as_str(), &self.text[entry.value.clone()]))
    }

    fn entries_of<'c>(&'c self, section: &'c str) -> impl Iterator<Item = &'c Entry> {
        self.sections.iter().filter(move |s| self.same(&s.name, section)).flat_map(|s| &s.entries)
    }

    /// Sets the value of a key. A new key is added after the last entry of its section, a new section
    /// at the end of the file.
    ///
    /// # Errors
    /// The value has a character that is not allowed in values.
    pub fn set(&mut self, section: &str, key: &str, value: &str) -> Result<(), Malformed> {
        let (bad, reason): (&[char], _) = match self.style {
            Style::Braces => (
                &[';', '{', '}', '\n', '\r'],
                "a value cannot have line ends, outer blanks or any of ; { }",
            ),
            Style::Ini => (&['\n', '\r'], "a value cannot have line ends or outer blanks"),
        };
        if value.contains(bad) || value.trim() != value {
            return Err(Malformed { line: 0, column: 0, reason });
        }
        if self.get(section, key) == Some(value) {
            return Ok(());
        }
        let end = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let known = self.sections.iter().find(|s| self.same(&s.name, section));
        let place = self.entries_of(section).find(|entry| self.same(&entry.key, key));
        let (at, new) = match (place, known) {
            (Some(entry), _) => (entry.value.clone(), value.to_owned()),
            (None, known) if self.style == Style::Ini => {
                let last = known.map(|s| s.entries.last().map_or(s.end, |entry| entry.whole.end));
                let line = last.unwrap_or(self.text.len());
                let behind = self.text[line..].find('\n').map(|n| line + n + 1);
                let at = behind.unwrap_or(self.text.len());
                let gap = if at == 0 || self.text[..at].ends_with('\n') { "" } else { end };
                let head =
                    if known.is_none() { format!("[{section}]{end}") } else { String::new() };
                (at..at, format!("{gap}{head}{key}={value}{end}"))
            }
            (None, Some(section)) => match section.entries.last() {
                // With the indent of the last entry; after an entry on the same line, one blank.
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

    /// Removes all entries of a key, each with its line if it is alone on it.
    ///
    /// # Errors
    /// The rest cannot be parsed any more.
    pub fn remove(&mut self, section: &str, key: &str) -> Result<(), Malformed> {
        loop {
            let found = self.entries_of(section).find(|entry| self.same(&entry.key, key));
            let Some(entry) = found else { return Ok(()) };
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
        *self = Chrystoki::parse_as(self.style, text)?;
        Ok(())
    }

    /// Reads a file; a missing file is like an empty one.
    ///
    /// # Errors
    /// It cannot be read or parsed; the message names it.
    pub fn read(path: &Path) -> io::Result<Chrystoki> {
        let name = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(io::Error::new(error.kind(), name(&error))),
        };
        // An empty file is written in the way of its name.
        let is_ini = path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("ini"));
        let parsed = match is_ini {
            true => Chrystoki::parse_as(Style::Ini, text),
            false => Chrystoki::parse(text),
        };
        parsed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, name(&error)))
    }

    /// Writes the file, if it differs from `old`, and keeps `old` for `clientconfig rollback`.
    ///
    /// # Errors
    /// A file cannot be written; the message names it.
    pub fn write_with_backup(&self, old: &Chrystoki, path: &Path) -> io::Result<()> {
        if old == self {
            return Ok(());
        }
        let backup = backup_path(path);
        let at = |path: &Path, error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        replace_file_like(&backup, old.text.as_bytes(), path)
            .map_err(|error| at(&backup, error))?;
        replace_file(path, self.text.as_bytes()).map_err(|error| at(path, error))
    }

    /// Checks that [`Chrystoki::write_with_backup`] will be able to write.
    ///
    /// # Errors
    /// It will not; the message names the file.
    pub fn check_writable(path: &Path) -> io::Result<()> {
        for path in [backup_path(path).as_path(), path] {
            check_replaceable(path).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
        }
        Ok(())
    }
}

/// The file that keeps the configuration as it was before the last change.
pub(crate) fn backup_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".before");
    name.into()
}

/// The sections of a file of Windows.
fn ini_sections(text: &str) -> Result<Vec<Section>, Malformed> {
    let mut sections: Vec<Section> = Vec::new();
    let mut next = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let start = next;
        next += line.len();
        let line = line.trim_end();
        let content = line.trim_start_matches('\u{feff}').trim_start();
        let at = start + line.len() - content.len();
        let column = |at: usize| 1 + text[start..at].chars().count();
        let malformed =
            |reason| Malformed { line: number, column: column(start + line.len()), reason };
        if content.is_empty() || content.starts_with([';', '#']) {
            continue;
        }
        let end = at + content.len();
        if let Some(name) = content.strip_prefix('[') {
            let name = name.strip_suffix(']');
            let name = name.ok_or_else(|| malformed("a section needs ']' behind its name"))?;
            sections.push(Section { name: name.trim().to_owned(), entries: Vec::new(), end });
            continue;
        }
        let (key, value) = content
            .split_once('=')
            .ok_or_else(|| malformed("an entry needs '=' behind its key"))?;
        let section = sections
            .last_mut()
            .ok_or_else(|| malformed("an entry needs a line '[section]' before it"))?;
        let from = end - value.trim_start().len();
        section.entries.push(Entry {
            key: key.trim().to_owned(),
            value: from..end,
            whole: at..end,
        });
    }
    Ok(sections)
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

    /// Skips blanks, line ends and comments.
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

    /// Reads up to `end` on the same line, and returns the text before it, trimmed.
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
        let before = &self.text[..self.at];
        let line = before.rsplit('\n').next().unwrap_or_default();
        let column = 1 + line.chars().count();
        Malformed { line: 1 + before.matches('\n').count(), column, reason }
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
    fn a_change_keeps_the_rest_of_the_file() {
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

    const INI: &str = "\
; made by hand\r
[LunaSA Client]\r
ReceiveTimeout=20000\r
ClientCertFile = C:\\Luna {1};\\app.pem \r
\r
[Empty]\r
";

    #[test]
    fn the_file_of_windows_is_read_and_changed_like_the_other() {
        let mut file = Chrystoki::parse(INI).unwrap();
        assert_eq!(file.get("lunasa client", "clientcertfile"), Some("C:\\Luna {1};\\app.pem"));
        assert_eq!(file.entries("LunaSA Client").count(), 2);
        file.set("LunaSA Client", "ReceiveTimeout", "1").unwrap();
        file.set("LunaSA Client", "ServerName00", "hsm1").unwrap();
        file.set("Empty", "x", "").unwrap();
        file.set("Misc", "ToolsDir", "C:\\").unwrap();
        let wanted = INI
            .replace("20000", "1")
            .replace("app.pem \r\n", "app.pem \r\nServerName00=hsm1\r\n")
            .replace("[Empty]\r\n", "[Empty]\r\nx=\r\n[Misc]\r\nToolsDir=C:\\\r\n");
        assert_eq!(file.text(), wanted);
        for (section, key) in
            [("Misc", "ToolsDir"), ("Empty", "X"), ("LunaSA Client", "ServerName00")]
        {
            file.remove(section, key).unwrap();
        }
        file.set("LunaSA Client", "receivetimeout", "20000").unwrap();
        assert_eq!(file.text(), format!("{INI}[Misc]\r\n"));
        let line = |text: &str| Chrystoki::parse(text).unwrap_err().line;
        assert_eq!((line("[A]\nx\n"), line("[A\n"), line("[A]\n\n[B\n")), (2, 1, 3));
        assert!(file.set("Misc", "x", "a\nb").is_err());
    }

    #[test]
    fn an_empty_file_is_written_in_the_way_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for (name, wanted) in
            [("crystoki.ini", "[Misc]\nx=1\n"), ("Chrystoki.conf", "Misc = {\n   x = 1;\n}\n")]
        {
            let path = folder.path().join(name);
            let old = Chrystoki::read(&path).unwrap();
            let mut new = old.clone();
            new.set("Misc", "x", "1").unwrap();
            new.write_with_backup(&old, &path).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted);
            assert!(folder.path().join(format!("{name}.before")).exists());
        }
    }

    #[test]
    fn line_ends_and_sections_on_one_line_are_kept() {
        let mut file = Chrystoki::parse("A = {\r\n  x = 1;\r\n}\r\nB = { y = 2; }").unwrap();
        file.set("A", "z", "3").unwrap();
        file.set("B", "z", "3").unwrap();
        assert_eq!(file.text(), "A = {\r\n  x = 1;\r\n  z = 3;\r\n}\r\nB = { y = 2; z = 3; }");
    }

    #[test]
    fn an_error_has_the_line_number() {
        let line = |text: &str| Chrystoki::parse(text).unwrap_err().line;
        assert_eq!(line("A = {\n x = 1\n}\n"), 2);
        assert_eq!(line("A = {\n x = 1;\n"), 3);
        assert_eq!(line("\nSection\nKey=value\n"), 2);
        let mut file = Chrystoki::parse(FILE).unwrap();
        assert!(file.set("Misc", "x", "a;b").is_err());
        assert_eq!(file.text(), FILE);
    }

    #[test]
    fn a_change_keeps_the_link_and_the_former_file() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.conf"), folder.path().join("Chrystoki.conf"));
        std::fs::write(&real, FILE).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let old = Chrystoki::read(&link).unwrap();
        old.write_with_backup(&old, &link).unwrap();
        assert!(!backup_path(&link).exists(), "nothing has changed");
        let mut new = old.clone();
        new.set("Empty", "x", "1").unwrap();
        new.write_with_backup(&old, &link).unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&real).unwrap(), new.text());
        assert_eq!(std::fs::read_to_string(backup_path(&link)).unwrap(), FILE);
    }

    /// Files with any spacing, comments and both kinds of line ends.
    fn files() -> impl Strategy<Value = String> {
        let gap = "[ ]{0,3}";
        let entry = (gap, "[A-Za-z0-9]{1,8}", gap, "[!-:<-z]{0,12}", gap, "(\n|\r\n| |\n# c;=}\n)")
            .prop_map(|(a, key, b, value, c, end)| format!("{a}{key}{b}={c}{value};{end}"));
        let section = ("[A-Z][a-z]{0,4}( [A-Z][a-z]{1,3})?", prop::collection::vec(entry, 0..5))
            .prop_map(|(name, entries)| format!("{name} = {{\n{}}}\n\n", entries.concat()));
        prop::collection::vec(section, 0..4).prop_map(|sections| sections.concat())
    }

    #[test]
    fn an_error_names_line_and_column() {
        for (text, at) in [
            ("Misc = {\n   x = 1;\n   y 2;\n}\n", "line 3, column 4: "),
            ("Misc {\n}\n", "line 1, column 1: "),
            ("# é\nMisc = [\n", "line 2, column 8: "),
            ("[Misc]\nPE1746Enabled\n", "line 2, column 14: "),
        ] {
            let error = Chrystoki::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(at), "{text}: {error}");
        }
        let error = Chrystoki::default().set("Misc", "x", "a;b").unwrap_err().to_string();
        assert!(error.starts_with("a value cannot"), "{error}");
    }

    #[test]
    fn every_way_to_be_broken_is_told_without_the_value() {
        for text in [
            "Misc = {\n   Password = S3cr3t\n}\n",
            "Misc = {\n   Password S3cr3t;\n}\n",
            "Misc = {\n   Password = S3cr3t}\n",
            "Misc = {\n   Password = S3cr3t;\n",
            "Misc = {\n   Password = {S3cr3t;\n}\n",
            "Misc = Password = S3cr3t;\n}\n",
            "Password S3cr3t\n",
            "[Misc]\nPassword S3cr3t\n",
            "[Misc]\n[S3cr3t\n",
        ] {
            let error = Chrystoki::parse(text).unwrap_err();
            assert!(error.line > 0 && !error.to_string().contains("S3cr3t"), "{text}: {error}");
        }
        let error = Chrystoki::parse_as(Style::Ini, "Password=S3cr3t".into()).unwrap_err();
        assert!(!error.to_string().contains("S3cr3t"), "{error}");
        let error = Chrystoki::default().set("Misc", "Password", "S3cr3t;").unwrap_err();
        assert!(!error.to_string().contains("S3cr3t"), "{error}");
    }

    proptest! {
        #[test]
        fn a_change_and_its_reversal_restore_the_text(text in files(), section in "[A-Z][a-z]{2}", value in "[!-:<-z]{1,9}") {
            let mut file = Chrystoki::parse(text.clone()).unwrap();
            prop_assert_eq!(file.text(), &text);

            // Every value can be changed and restored.
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

            // A new key changes no other value, nor does its removal.
            file.set(&section, "a new key", &value).unwrap();
            prop_assert_eq!(file.get(&section, "a new key"), Some(value.as_str()));
            file.remove(&section, "a new key").unwrap();
            for (section, key, _) in &there {
                let before = Chrystoki::parse(text.clone()).unwrap();
                prop_assert_eq!(file.get(section, key), before.get(section, key));
            }
        }

        #[test]
        fn an_error_repeats_nothing_of_the_file(text in files(), at in any::<prop::sample::Index>(), broken in "[={};\\[\\]\n#]") {
            // Every letter becomes one that no error has.
            let marked: String = text.chars().map(|c| if c.is_alphanumeric() { 'ß' } else { c }).collect();
            let ends: Vec<usize> = marked.char_indices().map(|(at, _)| at).chain([marked.len()]).collect();
            let mut marked = marked;
            marked.insert_str(*at.get(&ends), &broken);
            let folder = tempfile::tempdir().unwrap();
            for name in ["Chrystoki.conf", "crystoki.ini"] {
                let path = folder.path().join(name);
                std::fs::write(&path, &marked).unwrap();
                if let Err(error) = Chrystoki::read(&path) {
                    prop_assert!(!error.to_string().contains('ß'), "{}", error);
                    prop_assert!(error.to_string().contains("line "), "{}", error);
                }
            }
        }

        #[test]
        fn parsing_never_panics(text in any::<String>()) {
            if let Ok(file) = Chrystoki::parse(text.clone()) {
                prop_assert_eq!(file.text(), text);
            }
        }
    }
}
