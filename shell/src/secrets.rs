//! Secrets from the environment.
//!
//! The secret `HSM_PASSWORD` is given by the first of these variables that exists:
//! `LUNA_HSM_PASSWORD` (the value), `LUNA_HSM_PASSWORD_FILE` (a path), `LUNA_HSM_PASSWORD_FD` (the
//! number of an open descriptor). Of a file or descriptor, the first line without its end is used.

use std::collections::HashMap;
use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader};

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
        let secret = match read(name)? {
            Some(secret) => secret,
            None => return Ok(None),
        };
        self.known.insert(name.to_owned(), secret.clone());
        Ok(Some(secret))
    }
}

fn read(name: &str) -> Result<Option<SecretString>, Failure> {
    let variable = format!("LUNA_{name}");
    if let Some(value) = env::var_os(&variable) {
        return match value.into_string() {
            Ok(value) => Ok(Some(value.into())),
            Err(_) => Err(Failure::refused(format!("{variable} is not valid UTF-8."))),
        };
    }
    let by_path = format!("{variable}_FILE");
    if let Some(path) = env::var_os(&by_path) {
        let file = File::open(&path).map_err(|error| {
            Failure::refused(format!("{by_path}: cannot read {}: {error}.", path.display()))
        })?;
        return first_line(file, &by_path).map(Some);
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
        return first_line(file, &by_descriptor).map(Some);
    }
    Ok(None)
}

fn first_line(file: File, origin: &str) -> Result<SecretString, Failure> {
    let mut line = String::new();
    BufReader::new(file)
        .read_line(&mut line)
        .map_err(|error| Failure::refused(format!("{origin}: cannot be read: {error}.")))?;
    let line = SecretString::from(line);
    let end = line.expose_secret().trim_end_matches(['\r', '\n']).len();
    Ok(SecretString::from(&line.expose_secret()[..end]))
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
    fn a_secret_that_was_not_given_is_not_found() {
        let mut secrets = Secrets::only([("HSM_PASSWORD", "x")]);
        assert!(secrets.find("HSM_PASSWORD").unwrap().is_some());
        assert!(secrets.find("DOMAIN").unwrap().is_none());
    }
}
