//! Replacing a file in one step, and files that only their owner may read.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The mode of a new file that everybody may read, before the umask is applied.
const PUBLIC: u32 = 0o666;
/// The mode of a file that only its owner may read.
const PRIVATE: u32 = 0o600;
/// The mode of a folder that only its owner may enter.
const PRIVATE_FOLDER: u32 = 0o700;

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

/// Makes a folder that only its owner may enter, whatever the umask is; one that is there becomes it.
pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(folder)?;
    correct_mode(folder, PRIVATE_FOLDER)
}

/// Opens a file to read it and to append to it. Only its owner may read it and enter its folder,
/// whatever the umask is; both are created if needed.
pub(crate) fn open_private_file(path: &Path) -> io::Result<File> {
    make_private_folder(&folder_of(path))?;
    let file = OpenOptions::new().read(true).append(true).create(true).mode(PRIVATE).open(path)?;
    correct_mode(path, PRIVATE)?;
    Ok(file)
}

fn correct_mode(path: &Path, mode: u32) -> io::Result<()> {
    if fs::metadata(path)?.permissions().mode() & 0o777 == mode {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
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
    fn a_private_file_and_its_folder_are_their_owners_only() {
        let home = tempfile::tempdir().unwrap();
        let (folder, path) = (home.path().join("luna"), home.path().join("luna/history"));
        fs::create_dir(&folder).unwrap();
        fs::write(&path, "kept").unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        open_private_file(&path).unwrap().write_all(b" and more").unwrap();
        assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept and more");
        let new = home.path().join("new/deep/lock");
        open_private_file(&new).unwrap();
        assert_eq!((mode(&home.path().join("new")), mode(&new)), (0o700, 0o600));
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
