//! Files of this machine on their way to an HSM and back: what reads or writes them there wants them among
//! those of an account.

use std::path::Path;

use luna_rest::{Client, Nothing, users};
use luna_shell::Failure;

use crate::codes;

/// Reads a file of this machine.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read(what: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let text = format!("The {what} {} cannot be read: {error}.", path.display());
        codes::failure(codes::ARGUMENTS_BAD, text)
    })
}

/// Writes a file of this machine whole, or not at all.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(what: &str, path: &Path, content: &[u8]) -> Result<(), Failure> {
    luna_shell::replace_file(path, content).map_err(|error| {
        let text = format!("The {what} {} cannot be written: {error}.", path.display());
        codes::failure(codes::ARGUMENTS_BAD, text)
    })
}

/// Puts a file among those of the account `user` while `work` runs.
///
/// # Errors
/// That of `work`, or the file cannot be put there or taken away.
pub(crate) fn lend<T>(
    client: &Client,
    (user, name): (&str, &str),
    content: Vec<u8>,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    client.upload(user, name, content)?;
    let done = work();
    // The copy has done its service, whether or not it was understood.
    let removed = client.call(&users::DELETE_FILE, &[user, name], &Nothing {});
    let done = done?;
    removed?;
    Ok(done)
}

/// Takes a file that was just written from those of the account `user`.
///
/// # Errors
/// It is not there, or cannot be removed.
pub(crate) fn take(client: &Client, (user, name): (&str, &str)) -> Result<Vec<u8>, Failure> {
    let content = client.download(user, name);
    let removed = client.call(&users::DELETE_FILE, &[user, name], &Nothing {});
    let content = content?;
    removed?;
    Ok(content)
}
