//! Files of this machine that a person names: read whole, or refused with the reason.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use luna_shell::Failure;

use crate::codes;

/// The content of a file that has at most `most` bytes. Only a file is opened: a pipe would wait for
/// whoever writes to it.
///
/// # Errors
/// It is missing, no file, too long, or cannot be read; the failure names it.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let refused = |why: String| codes::failure(codes::ARGUMENTS_BAD, why);
    let shown = path.display();
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(refused(format!("There is no file {shown}.")));
        }
        Err(error) => return Err(refused(format!("{shown}: {error}."))),
    };
    if about.is_dir() {
        return Err(refused(format!("{shown} is a folder.")));
    }
    if !about.is_file() {
        return Err(refused(format!("{shown} is no file.")));
    }
    if about.len() > most {
        return Err(refused(format!(
            "{shown} has {} bytes; at most {most} are taken.",
            about.len()
        )));
    }
    fs::read(path).map_err(|error| refused(format!("{shown}: {error}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_short_file_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("note");
        let told = |path: &Path| read(path, 4).unwrap_err().hints[0].clone();
        assert!(told(&path).starts_with("There is no file "));
        assert!(told(folder.path()).ends_with(" is a folder."));
        assert!(told(Path::new("/dev/zero")).ends_with(" is no file."));
        fs::write(&path, "12345").unwrap();
        assert!(told(&path).ends_with(" has 5 bytes; at most 4 are taken."));
        fs::write(&path, "1234").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"1234");
    }
}
