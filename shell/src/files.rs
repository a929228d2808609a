//! Replacing a file in one step.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The mode of a new file that everybody may read, before the umask is applied.
const PUBLIC: u32 = 0o666;
/// The mode of a new file that only its owner may read.
const PRIVATE: u32 = 0o600;

/// Replaces the content of a file, or creates it. Readers see the old or the new content, even after
/// a power cut. A link is followed, and the mode of the file is kept.
///
/// # Errors
/// The folder of the file cannot be written to.
pub fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, PUBLIC)
}

/// As [`replace_file`], but a new file is readable by its owner only.
pub(crate) fn replace_private_file(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, PRIVATE)
}

/// Checks that [`replace_file`] will be able to write the file. Its folder is created.
///
/// # Errors
/// It will not.
pub fn check_replaceable(path: &Path) -> io::Result<()> {
    let folder = folder_of(&target_of(path));
    fs::create_dir_all(&folder)?;
    temporary_file(&folder, PRIVATE).map(drop)
}

fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let target = target_of(path);
    let folder = folder_of(&target);
    let mut file = temporary_file(&folder, mode)?;
    if let Ok(old) = fs::metadata(&target) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file_mut().write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(&target)?;
    File::open(folder)?.sync_all()
}

/// A new file that is deleted unless it is persisted. Errors do not name it, since users do not know it.
fn temporary_file(folder: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let create =
        |path: &Path| OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    tempfile::Builder::new().prefix(".").suffix(".new").make_in(folder, create)
}

/// The file that a link points to.
pub(crate) fn target_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_its_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace_file(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!((fs::read_to_string(&real).unwrap().as_str(), mode(&real)), ("new", 0o640));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
    }

    #[test]
    fn a_new_private_file_is_readable_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let (public, private) = (folder.path().join("public"), folder.path().join("private"));
        replace_file(&public, b"").unwrap();
        replace_private_file(&private, b"").unwrap();
        let usual = folder.path().join("usual");
        fs::write(&usual, "").unwrap();
        assert_eq!((mode(&public), mode(&private)), (mode(&usual), 0o600));
    }

    #[test]
    fn an_error_does_not_name_the_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace_file(&folder.path().join("none/file"), b"").unwrap_err();
        assert_eq!(error.to_string(), "No such file or directory (os error 2)");
    }

    #[test]
    fn a_check_leaves_nothing_but_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/file");
        check_replaceable(&path).unwrap();
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
        fs::write(&path, "").unwrap();
        assert!(check_replaceable(&path.join("below")).is_err());
    }
}
