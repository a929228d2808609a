//! The file that remembers which certificate belongs to which appliance.
//!
//! One `host:port SHA256:…` a line; empty lines and `#` comments are kept. The file is for its
//! owner alone (mode 0600), is replaced as a whole, and several programs may write it at once.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::trust::Fingerprint;

/// The file that remembers fingerprints, one `host:port fingerprint` a line, mode 0600.
#[derive(Clone, Debug)]
pub struct Pins {
    path: PathBuf,
}

impl Pins {
    /// Names the file; it need not exist.
    pub fn at(path: PathBuf) -> Pins {
        Pins { path }
    }

    /// The file's path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The fingerprint that was pinned for `address` (host:port).
    ///
    /// # Errors
    /// The file cannot be read or a line of it is not understood.
    pub fn find(&self, address: &str) -> io::Result<Option<Fingerprint>> {
        let text = self.read()?;
        // Appending by hand is the natural way to correct the file, so the last line counts.
        let mut found = None;
        for (number, line) in text.lines().enumerate() {
            if let Some((pinned, fingerprint)) = self.understand(number, line)?
                && pinned.eq_ignore_ascii_case(address)
            {
                found = Some(fingerprint);
            }
        }
        Ok(found)
    }

    /// Remembers a fingerprint, in place of an older one for the same address.
    ///
    /// # Errors
    /// The file cannot be written, or a line of it is not understood.
    pub fn remember(&self, address: &str, fingerprint: Fingerprint) -> io::Result<()> {
        self.change(address, Some(fingerprint))
    }

    /// Forgets the fingerprint of `address`; one that was never pinned is no error.
    ///
    /// # Errors
    /// The file cannot be written, or a line of it is not understood.
    pub fn forget(&self, address: &str) -> io::Result<()> {
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
        // A link (dotfiles under version control) stays a link; what it points at is replaced.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;

        // The lock is a file of its own, because the pins' file is replaced by renaming.
        let lock = private(&beside(&path, ".lock"), false)?;
        lock.lock()?;
        let text = self.read()?;
        let mut pin = fingerprint.map(|fingerprint| format!("{address} {fingerprint}\n"));
        let mut changed = String::with_capacity(text.len() + 120);
        for (number, line) in text.lines().enumerate() {
            match self.understand(number, line)? {
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

        let fresh = beside(&path, ".new");
        let mut file = private(&fresh, true)?;
        file.write_all(changed.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &path)?;
        File::open(&folder)?.sync_all()
    }

    /// The file's text, empty where there is none; a mode wider than 0600 is put right.
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

    /// Address and fingerprint of a line; `None` for an empty one or a comment.
    fn understand<'a>(
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

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Opens a file for writing that only its owner can read, whatever it was before.
fn private(path: &Path, truncate: bool) -> io::Result<File> {
    let file =
        OpenOptions::new().write(true).create(true).truncate(truncate).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
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
    fn a_pin_is_found_again_and_replaced_in_its_place() {
        let (_folder, pins) = pins();
        assert_eq!(pins.find("luna1:8443").unwrap(), None);
        pins.remember("luna1:8443", A).unwrap();
        pins.remember("luna2:8443", A).unwrap();
        pins.remember("LUNA1:8443", B).unwrap();
        assert_eq!(pins.find("luna1:8443").unwrap(), Some(B));
        assert_eq!(pins.find("luna2:8443").unwrap(), Some(A));
        assert_eq!(
            fs::read_to_string(pins.path()).unwrap(),
            format!("LUNA1:8443 {B}\nluna2:8443 {A}\n")
        );
        pins.forget("luna1:8443").unwrap();
        assert_eq!(pins.find("luna1:8443").unwrap(), None);
        assert_eq!(mode(&pins), 0o600);
    }

    #[test]
    fn comments_stay_and_the_mode_is_put_right() {
        let (_folder, pins) = pins();
        pins.remember("luna1:8443", A).unwrap();
        fs::write(pins.path(), format!("# laboratory\n\nluna1:8443 {A} # rack 4")).unwrap();
        fs::set_permissions(pins.path(), Permissions::from_mode(0o664)).unwrap();
        assert_eq!(pins.find("luna1:8443").unwrap(), Some(A));
        assert_eq!(mode(&pins), 0o600);
        pins.remember("luna2:8443", B).unwrap();
        assert_eq!(
            fs::read_to_string(pins.path()).unwrap(),
            format!("# laboratory\n\nluna1:8443 {A} # rack 4\nluna2:8443 {B}\n")
        );
    }

    #[test]
    fn an_unreadable_line_is_named_and_nothing_is_overwritten() {
        let (_folder, pins) = pins();
        pins.remember("luna1:8443", A).unwrap();
        for line in ["luna2:8443", "luna2:8443 SHA256:12", &format!("luna2:8443 {B} {B}")] {
            let text = format!("luna1:8443 {A}\n{line}\n");
            fs::write(pins.path(), &text).unwrap();
            for error in
                [pins.find("luna1:8443").unwrap_err(), pins.remember("luna3:8443", B).unwrap_err()]
            {
                assert_eq!(error.kind(), ErrorKind::InvalidData);
                assert!(error.to_string().contains("line 2: "), "{error}");
            }
            assert_eq!(fs::read_to_string(pins.path()).unwrap(), text);
        }
        assert_eq!(pins.remember("two words", A).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_link_stays_a_link() {
        let (folder, pins) = pins();
        let real = folder.path().join("real");
        fs::write(&real, "").unwrap();
        fs::create_dir(folder.path().join("luna")).unwrap();
        std::os::unix::fs::symlink(&real, pins.path()).unwrap();
        pins.remember("luna1:8443", A).unwrap();
        assert!(fs::symlink_metadata(pins.path()).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), format!("luna1:8443 {A}\n"));
    }

    #[test]
    fn writers_at_the_same_time_lose_no_line() {
        let (_folder, pins) = pins();
        thread::scope(|scope| {
            for writer in 0..4 {
                let pins = &pins;
                scope.spawn(move || {
                    (0..10)
                        .for_each(|n| pins.remember(&format!("luna{writer}-{n}:8443"), A).unwrap())
                });
            }
        });
        assert_eq!(fs::read_to_string(pins.path()).unwrap().lines().count(), 40);
    }
}
