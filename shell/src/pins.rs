//! The file of pinned certificates: which fingerprint belongs to which appliance.
//!
//! Each line is `host:port SHA256:…`; empty lines and `#` comments are kept. Only its owner can read
//! the file (mode 0600), and several programs can change it at the same time.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use luna_rest::Fingerprint;

use crate::files::{folder_of, replace_private_file, target_of};

/// The file of pinned certificates.
#[derive(Clone, Debug)]
pub struct Pins {
    path: PathBuf,
}

impl Pins {
    /// The file at `path`; it need not exist.
    pub fn at(path: PathBuf) -> Pins {
        Pins { path }
    }

    /// The path of the file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The fingerprint that is pinned for `address` (`host:port`).
    ///
    /// # Errors
    /// The file cannot be read, or a line cannot be parsed.
    pub fn find(&self, address: &str) -> io::Result<Option<Fingerprint>> {
        let text = self.read()?;
        // People correct the file by appending a line, so the last one counts.
        let mut found = None;
        for (number, line) in text.lines().enumerate() {
            if let Some((pinned, fingerprint)) = self.parse(number, line)?
                && pinned.eq_ignore_ascii_case(address)
            {
                found = Some(fingerprint);
            }
        }
        Ok(found)
    }

    /// Pins a fingerprint, in place of an older one of the same address.
    ///
    /// # Errors
    /// The file cannot be written, or a line cannot be parsed.
    pub fn pin(&self, address: &str, fingerprint: Fingerprint) -> io::Result<()> {
        self.change(address, Some(fingerprint))
    }

    /// Removes the fingerprint of `address`, if there is one.
    ///
    /// # Errors
    /// The file cannot be written, or a line cannot be parsed.
    pub fn unpin(&self, address: &str) -> io::Result<()> {
        self.change(address, None)
    }

    fn change(&self, address: &str, fingerprint: Option<Fingerprint>) -> io::Result<()> {
        if let (Some(_), true) = (
            fingerprint,
            address.is_empty() || address.starts_with('#') || address.contains(char::is_whitespace),
        ) {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                format!("`{address}` is not host:port"),
            ));
        }
        let path = target_of(&self.path);
        DirBuilder::new().recursive(true).mode(0o700).create(folder_of(&path))?;

        // The lock is another file, because the file of pins is replaced.
        let lock = lock_file(&path)?;
        lock.lock()?;
        let text = self.read()?;
        let mut pin = fingerprint.map(|fingerprint| format!("{address} {fingerprint}\n"));
        let mut changed = String::with_capacity(text.len() + 120);
        for (number, line) in text.lines().enumerate() {
            match self.parse(number, line)? {
                Some((pinned, _)) if pinned.eq_ignore_ascii_case(address) => {
                    changed.push_str(&pin.take().unwrap_or_default())
                }
                _ => {
                    changed.push_str(line);
                    changed.push('\n');
                }
            }
        }
        changed.push_str(&pin.unwrap_or_default());

        replace_private_file(&path, changed.as_bytes())
    }

    /// The text of the file, empty if it is missing. A mode wider than 0600 is corrected.
    fn read(&self) -> io::Result<String> {
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
            Err(error) => {
                return Err(io::Error::new(
                    error.kind(),
                    format!("{}: {error}", self.path.display()),
                ));
            }
            Ok(text) => text,
        };
        if fs::metadata(&self.path)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(&self.path, Permissions::from_mode(0o600))?;
        }
        Ok(text)
    }

    /// Address and fingerprint of a line; `None` for an empty line or a comment.
    fn parse<'a>(
        &self,
        number: usize,
        line: &'a str,
    ) -> io::Result<Option<(&'a str, Fingerprint)>> {
        let mut words = line.split_whitespace();
        let address = match words.next() {
            None => return Ok(None),
            Some(word) if word.starts_with('#') => return Ok(None),
            Some(word) => word,
        };
        let wrong = |reason: &str| {
            io::Error::new(
                ErrorKind::InvalidData,
                format!("{}, line {}: {reason}", self.path.display(), number + 1),
            )
        };
        let fingerprint = words.next().ok_or_else(|| wrong("no fingerprint after the address"))?;
        let fingerprint = fingerprint.parse().map_err(|reason: String| wrong(&reason))?;
        match words.next() {
            Some(word) if !word.starts_with('#') => {
                Err(wrong("more than an address and a fingerprint"))
            }
            _ => Ok(Some((address, fingerprint))),
        }
    }
}

/// Opens the lock file of `path`, and creates it if needed.
fn lock_file(path: &Path) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const A: Fingerprint = Fingerprint([0xAA; 32]);
    const B: Fingerprint = Fingerprint([0xBB; 32]);

    fn pins() -> (tempfile::TempDir, Pins) {
        let folder = tempfile::tempdir().unwrap();
        let pins = Pins::at(folder.path().join("luna/pins"));
        (folder, pins)
    }

    fn mode(pins: &Pins) -> u32 {
        fs::metadata(pins.path()).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_pin_is_found_and_replaced_in_its_line() {
        let (_folder, pins) = pins();
        assert_eq!(pins.find("luna1:8443").unwrap(), None);
        pins.pin("luna1:8443", A).unwrap();
        pins.pin("luna2:8443", A).unwrap();
        pins.pin("LUNA1:8443", B).unwrap();
        assert_eq!(pins.find("luna1:8443").unwrap(), Some(B));
        assert_eq!(pins.find("luna2:8443").unwrap(), Some(A));
        assert_eq!(
            fs::read_to_string(pins.path()).unwrap(),
            format!("LUNA1:8443 {B}\nluna2:8443 {A}\n")
        );
        pins.unpin("luna1:8443").unwrap();
        assert_eq!(pins.find("luna1:8443").unwrap(), None);
        assert_eq!(mode(&pins), 0o600);
    }

    #[test]
    fn comments_are_kept_and_the_mode_is_corrected() {
        let (_folder, pins) = pins();
        pins.pin("luna1:8443", A).unwrap();
        fs::write(pins.path(), format!("# laboratory\n\nluna1:8443 {A} # rack 4")).unwrap();
        fs::set_permissions(pins.path(), Permissions::from_mode(0o664)).unwrap();
        assert_eq!(pins.find("luna1:8443").unwrap(), Some(A));
        assert_eq!(mode(&pins), 0o600);
        pins.pin("luna2:8443", B).unwrap();
        assert_eq!(
            fs::read_to_string(pins.path()).unwrap(),
            format!("# laboratory\n\nluna1:8443 {A} # rack 4\nluna2:8443 {B}\n")
        );
    }

    #[test]
    fn a_line_that_cannot_be_parsed_is_an_error_and_the_file_is_kept() {
        let (_folder, pins) = pins();
        pins.pin("luna1:8443", A).unwrap();
        for line in ["luna2:8443", "luna2:8443 SHA256:12", &format!("luna2:8443 {B} {B}")] {
            let text = format!("luna1:8443 {A}\n{line}\n");
            fs::write(pins.path(), &text).unwrap();
            for error in
                [pins.find("luna1:8443").unwrap_err(), pins.pin("luna3:8443", B).unwrap_err()]
            {
                assert_eq!(error.kind(), ErrorKind::InvalidData);
                assert!(error.to_string().contains("line 2: "), "{error}");
            }
            assert_eq!(fs::read_to_string(pins.path()).unwrap(), text);
        }
        assert_eq!(pins.pin("two words", A).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_link_is_kept() {
        let (folder, pins) = pins();
        let real = folder.path().join("real");
        fs::write(&real, "").unwrap();
        fs::create_dir(folder.path().join("luna")).unwrap();
        std::os::unix::fs::symlink(&real, pins.path()).unwrap();
        pins.pin("luna1:8443", A).unwrap();
        assert!(fs::symlink_metadata(pins.path()).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), format!("luna1:8443 {A}\n"));
    }

    #[test]
    fn concurrent_writers_lose_no_line() {
        let (_folder, pins) = pins();
        thread::scope(|scope| {
            for writer in 0..4 {
                let pins = &pins;
                scope.spawn(move || {
                    (0..10).for_each(|n| pins.pin(&format!("luna{writer}-{n}:8443"), A).unwrap())
                });
            }
        });
        assert_eq!(fs::read_to_string(pins.path()).unwrap().lines().count(), 40);
    }
}
