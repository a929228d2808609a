//! Writing a file in one step, so that it keeps what it stands on (owner, group, mode and links), and
//! files that only their owner may read.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The mode of a new file that everybody may read, before the umask is applied.
const PUBLIC: u32 = 0o666;
/// The mode of a file that only its owner may read.
const PRIVATE: u32 = 0o600;
/// The mode of a folder that only its owner may enter.
const PRIVATE_FOLDER: u32 = 0o700;
/// So many links in a row are no file.
const MAX_LINKS: usize = 40;

/// Replaces the content of a file, or creates it. Readers see the old or the new content, even after
/// a power cut. A link is followed; owner, group and mode of the file are kept. A file that cannot be
/// renamed over without losing these, or at all (one with further names, a mounted one), is written
/// where it is.
///
/// # Errors
/// The file and its folder cannot be written to.
pub fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, PUBLIC, None)
}

/// As [`replace_file`], but a new file gets owner, group and mode of `like`, if that is there.
///
/// # Errors
/// The file and its folder cannot be written to.
pub fn replace_file_like(path: &Path, content: &[u8], like: &Path) -> io::Result<()> {
    replace(path, content, PUBLIC, fs::metadata(like).ok().as_ref())
}

/// As [`replace_file`], but a new file is readable by its owner only.
///
/// # Errors
/// The file and its folder cannot be written to.
pub fn replace_private_file(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, PRIVATE, None)
}

/// Makes a folder that only its owner may enter, whatever the umask is; one that is there becomes it.
///
/// # Errors
/// It cannot be made.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
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
    let target = target_of(path);
    let folder = folder_of(&target);
    match OpenOptions::new().write(true).open(&target) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(&folder)?;
            temporary_file(&folder, PRIVATE).map(drop)
        }
        // One that may not be written can still be replaced.
        Err(error) => match fs::metadata(&target).and_then(|old| prepare(&folder, PRIVATE, &old)) {
            Ok(_) => Ok(()),
            Err(_) => Err(error),
        },
    }
}

fn replace(path: &Path, content: &[u8], mode: u32, like: Option<&Metadata>) -> io::Result<()> {
    let target = target_of(path);
    let folder = folder_of(&target);
    let old = match fs::metadata(&target) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let replaced = replace_by_rename(&target, &folder, content, mode, old.as_ref(), like);
    match (replaced, old) {
        (Err(error), Some(old)) if is_no_way_to_replace(&error) => {
            write_in_place(&target, content, &old)
        }
        (replaced, _) => replaced,
    }
}

fn replace_by_rename(
    target: &Path,
    folder: &Path,
    content: &[u8],
    mode: u32,
    old: Option<&Metadata>,
    like: Option<&Metadata>,
) -> io::Result<()> {
    let mut file = match (old, like) {
        (Some(old), _) => prepare(folder, mode, old)?,
        (None, None) => temporary_file(folder, mode)?,
        (None, Some(like)) => {
            let file = temporary_file(folder, PRIVATE)?;
            // Another's group may be out of reach; nobody can read it then who could not before.
            if give(&file, like).is_ok() {
                file.as_file().set_permissions(like.permissions())?;
            }
            file
        }
    };
    file.as_file_mut().write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(target)?;
    File::open(folder)?.sync_all()
}

/// A new file that can take the place of `old`.
fn prepare(folder: &Path, mode: u32, old: &Metadata) -> io::Result<NamedTempFile> {
    if !old.is_file() || old.nlink() > 1 {
        return Err(io::ErrorKind::CrossesDevices.into());
    }
    let file = temporary_file(folder, mode)?;
    give(&file, old)?;
    file.as_file().set_permissions(old.permissions())?;
    Ok(file)
}

/// Gives a new file the owner and the group of another one.
fn give(file: &NamedTempFile, like: &Metadata) -> io::Result<()> {
    let new = file.as_file().metadata()?;
    match (new.uid(), new.gid()) == (like.uid(), like.gid()) {
        true => Ok(()),
        false => fchown(file, Some(like.uid()), Some(like.gid())),
    }
}

/// Whether the file cannot be replaced, though it can perhaps be written.
fn is_no_way_to_replace(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied
            | io::ErrorKind::ResourceBusy
            | io::ErrorKind::CrossesDevices
            | io::ErrorKind::ReadOnlyFilesystem
    )
}

fn write_in_place(path: &Path, content: &[u8], old: &Metadata) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(content)?;
    if !old.is_file() {
        return Ok(());
    }
    file.set_len(content.len() as u64)?;
    file.sync_all()
}

/// A new file that is deleted unless it is persisted. Errors do not name it, since users do not know it.
fn temporary_file(folder: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let create =
        |path: &Path| OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    tempfile::Builder::new().prefix(".").suffix(".new").make_in(folder, create)
}

/// The file that a link points to, whether it is there or not.
pub(crate) fn target_of(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(next) = fs::read_link(&target) else { break };
        target = folder_of(&target).join(next);
    }
    target
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
    fn what_a_file_stands_on_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // Two names, and a link to a file that is not there yet.
        fs::write(at("one"), "a longer text").unwrap();
        fs::hard_link(at("one"), at("other")).unwrap();
        replace_file(&at("one"), b"new").unwrap();
        assert_eq!(fs::read_to_string(at("other")).unwrap(), "new");
        std::os::unix::fs::symlink("later", at("link")).unwrap();
        replace_file(&at("link"), b"made").unwrap();
        assert!(at("link").is_symlink());
        assert_eq!(fs::read_to_string(at("later")).unwrap(), "made");
        // A device is written, not replaced.
        replace_file(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        // What was made for another owner's file goes to that owner; only root can.
        fs::write(at("like"), "").unwrap();
        fs::set_permissions(at("like"), Permissions::from_mode(0o640)).unwrap();
        let given = std::os::unix::fs::chown(at("like"), Some(12), Some(34)).is_ok();
        replace_file_like(&at("beside"), b"copy", &at("like")).unwrap();
        assert_eq!(mode(&at("beside")), 0o640);
        replace_file(&at("like"), b"new").unwrap();
        for path in [at("beside"), at("like")].iter().filter(|_| given) {
            let found = fs::metadata(path).unwrap();
            assert_eq!((found.uid(), found.gid()), (12, 34), "{}", path.display());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6, "no temporary file is left");
    }

    #[test]
    fn a_file_in_a_folder_that_takes_no_new_ones_is_written_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "a longer text").unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o500)).unwrap();
        check_replaceable(&path).unwrap();
        replace_file(&path, b"new").unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
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

    /// The folder of the test that runs itself again in a mount namespace.
    const MOUNTED: &str = "LUNA_TEST_MOUNTED";

    #[test]
    fn a_mounted_file_is_written_where_it_is() {
        use std::process::Command;
        if let Some(folder) = std::env::var_os(MOUNTED) {
            let path = Path::new(&folder).join("mounted");
            // Proof that it is one: nothing can be renamed over it.
            fs::write(path.with_extension("new"), "").unwrap();
            let refused = fs::rename(path.with_extension("new"), &path).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ResourceBusy);
            fs::remove_file(path.with_extension("new")).unwrap();
            check_replaceable(&path).unwrap();
            replace_file(&path, b"new").unwrap();
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("real"), "a longer text").unwrap();
        fs::write(at("mounted"), "below").unwrap();
        let namespace = |script: &str| {
            let mut command = Command::new("unshare");
            command.arg("--mount");
            if !rustix::process::geteuid().is_root() {
                command.arg("--map-root-user");
            }
            let test = std::env::current_exe().unwrap();
            command.args(["sh", "-ec", script]).arg(test).current_dir(folder.path());
            command.env(MOUNTED, folder.path()).output()
        };
        let mount = "mount --bind real mounted";
        if namespace(mount).is_ok_and(|output| output.status.success()) {
            let test = "files::tests::a_mounted_file_is_written_where_it_is";
            let output = namespace(&format!("{mount}; exec \"$0\" --exact {test}")).unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && said.contains("1 passed"), "{said}");
            assert_eq!(fs::read_to_string(at("mounted")).unwrap(), "below");
        } else {
            eprintln!("no mount namespace here: only what follows a refused rename is tested");
            let busy = io::Error::from_raw_os_error(rustix::io::Errno::BUSY.raw_os_error());
            assert!(is_no_way_to_replace(&busy));
            write_in_place(&at("real"), b"new", &fs::metadata(at("real")).unwrap()).unwrap();
        }
        assert_eq!(fs::read_to_string(at("real")).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
    }
}
