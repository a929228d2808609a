//! Where secrets come from, and which are never sent.
//!
//! The secret `HSM_PASSWORD` is given by the first of these variables that exists:
//! `LUNA_HSM_PASSWORD` (the value), `LUNA_HSM_PASSWORD_FILE` (a path), `LUNA_HSM_PASSWORD_FD` (the
//! number of an open descriptor). Of a file or descriptor, the first line without its end is used.
//!
//! Whatever gives a secret (these, an option, an answer), it passes [`accepted`].

use std::collections::HashMap;
use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use luna_grammar::{Invocation, is_mask};
use luna_rest::Secret;
use secrecy::{ExposeSecret, SecretString};

use crate::failure::Failure;

/// Secrets given in advance. They are cached, since a descriptor can be read only once.
#[derive(Default)]
pub struct Secrets {
    known: HashMap<String, SecretString>,
    environment: bool,
}

impl Secrets {
    /// Secrets of the environment.
    pub fn from_environment() -> Secrets {
        Secrets { known: HashMap::new(), environment: true }
    }

    /// None at all.
    pub fn none() -> Secrets {
        Secrets::default()
    }

    /// These secrets only, without the environment.
    pub fn only<'a>(given: impl IntoIterator<Item = (&'a str, &'a str)>) -> Secrets {
        let known =
            given.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        Secrets { known, environment: false }
    }

    /// The secret called `name` (without `LUNA_`), if one was given.
    ///
    /// # Errors
    /// Its file or descriptor cannot be read.
    pub fn find(&mut self, name: &str) -> Result<Option<SecretString>, Failure> {
        if let Some(secret) = self.known.get(name) {
            return Ok(Some(secret.clone()));
        }
        if !self.environment {
            return Ok(None);
        }
        let Some((secret, source)) = read(name)? else { return Ok(None) };
        accepted(secret.expose_secret(), &source)?;
        self.known.insert(name.to_owned(), secret.clone());
        Ok(Some(secret))
    }
}

/// The secret in the first line of what is read, such as a file or what a program wrote. `origin` says
/// where it comes from.
///
/// # Errors
/// It cannot be read, or cannot be a secret.
pub fn secret_of(from: impl Read, origin: &str) -> Result<Secret, Failure> {
    let secret = first_line(from, origin)?;
    accepted(secret.expose_secret(), origin)?;
    Ok(Secret::from(secret))
}

/// The same of a file.
///
/// # Errors
/// As [`secret_of`].
pub fn secret_of_file(path: &Path, origin: &str) -> Result<Secret, Failure> {
    secret_of(open(path, origin)?, origin)
}

/// Refuses what cannot be the secret that is meant: to send it would cost a login attempt, or set
/// it as a password. `source` says where it comes from.
///
/// # Errors
/// It is empty, or the asterisks that are shown in place of secrets.
pub(crate) fn accepted(secret: &str, source: &str) -> Result<(), Failure> {
    if secret.is_empty() {
        return Err(Failure::refused(format!("{source} gives an empty secret: nothing was sent.")));
    }
    if is_mask(secret) {
        return Err(Failure::refused(format!(
            "{source} gives the asterisks that stand in place of a secret: nothing was sent."
        )));
    }
    Ok(())
}

/// Refuses a line whose secrets cannot be meant.
///
/// # Errors
/// As [`accepted`], for each.
pub(crate) fn accepted_in(invocation: &Invocation<'_>) -> Result<(), Failure> {
    invocation.secrets().try_for_each(|(source, secret)| accepted(&secret, &source))
}

/// The answer to a question for a secret.
///
/// # Errors
/// It is empty, or the asterisks that are shown in place of secrets.
pub fn answered_secret(line: &str, attended: bool) -> Result<Secret, Failure> {
    accepted(line, if attended { "The answer" } else { "Standard input" })?;
    Ok(Secret::from(line))
}

/// Whether the environment gives the secret called `name`.
pub(crate) fn is_given(name: &str) -> bool {
    let set = |end| env::var_os(format!("LUNA_{name}{end}")).is_some();
    ["", "_FILE", "_FD"].into_iter().any(set)
}

/// A secret and its source.
fn read(name: &str) -> Result<Option<(SecretString, String)>, Failure> {
    let variable = format!("LUNA_{name}");
    if let Some(value) = env::var_os(&variable) {
        return match value.into_string() {
            Ok(value) => Ok(Some((value.into(), variable))),
            Err(_) => Err(Failure::refused(format!("{variable} is not valid UTF-8."))),
        };
    }
    let by_path = format!("{variable}_FILE");
    if let Some(path) = env::var_os(&by_path) {
        let file = open(Path::new(&path), &by_path)?;
        return Ok(Some((first_line(file, &by_path)?, by_path)));
    }
    let by_descriptor = format!("{variable}_FD");
    if let Ok(number) = env::var(&by_descriptor) {
        // Opened through /dev/fd, so that the descriptor itself stays open.
        let file = number
            .parse::<u32>()
            .ok()
            .and_then(|number| File::open(format!("/dev/fd/{number}")).ok())
            .ok_or_else(|| {
                Failure::refused(format!("{by_descriptor}: '{number}' is not an open descriptor."))
            })?;
        return Ok(Some((first_line(file, &by_descriptor)?, by_descriptor)));
    }
    Ok(None)
}

fn open(path: &Path, origin: &str) -> Result<File, Failure> {
    File::open(path).map_err(|error| {
        Failure::refused(format!("{origin}: cannot read {}: {error}.", path.display()))
    })
}

fn first_line(from: impl Read, origin: &str) -> Result<SecretString, Failure> {
    let mut line = String::new();
    BufReader::new(from)
        .read_line(&mut line)
        .map_err(|error| Failure::refused(format!("{origin}: cannot be read: {error}.")))?;
    let line = SecretString::from(line);
    // Some editors begin a file with a mark that is no part of its text.
    let text = line.expose_secret().trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_secret_is_the_first_line_of_a_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"pass word\r\nnot this\n").unwrap();
        let secret = first_line(file.reopen().unwrap(), "X").unwrap();
        assert_eq!(secret.expose_secret(), "pass word");
    }

    #[test]
    fn an_empty_secret_and_the_mask_are_refused_with_their_source() {
        for secret in ["", "********", "******** ********"] {
            let failure = accepted(secret, "LUNA_HSM_PASSWORD_FILE").unwrap_err();
            assert!(failure.message.starts_with("LUNA_HSM_PASSWORD_FILE "), "{failure:?}");
            assert_eq!(failure.kind, crate::Kind::Refused);
        }
        for secret in [" ", "*******", "********1", "it's"] {
            accepted(secret, "-password").unwrap();
        }
    }

    #[test]
    fn a_file_that_is_no_text_gives_no_secret() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"caf\xe9-Password1\n").unwrap();
        let failure = first_line(file.reopen().unwrap(), "LUNA_X_FILE").unwrap_err();
        assert!(failure.message.starts_with("LUNA_X_FILE: "), "{failure:?}");
        file.reopen().unwrap().set_len(0).unwrap();
        std::fs::write(file.path(), "\u{feff}Password1\n").unwrap();
        assert_eq!(first_line(file.reopen().unwrap(), "X").unwrap().expose_secret(), "Password1");
    }

    #[test]
    fn a_secret_that_was_not_given_is_not_found() {
        let mut secrets = Secrets::only([("HSM_PASSWORD", "x")]);
        assert!(secrets.find("HSM_PASSWORD").unwrap().is_some());
        assert!(secrets.find("DOMAIN").unwrap().is_none());
    }
}
