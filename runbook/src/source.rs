//! Where secrets are: in the environment, in a file, or what a program writes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use luna_rest::Secret;
use luna_shell::{Failure, secret_of, secret_of_file};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Where a secret is. Exactly one of the three.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// The value of a variable of the environment.
    Environment(String),
    /// The first line of a file.
    File(PathBuf),
    /// The first line that a program writes, which is named with its arguments; no shell reads them.
    Command(Vec<String>),
}

/// The ways, as they are written.
const WAYS: &str = "{ environment = … }, { file = … } or { command = [ … ] }";

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WAYS)
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<SecretSource, E> {
        Err(E::custom(format!(
            "this would be the secret itself, which does not belong into the file; say where it is \
             with {WAYS}"
        )))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretSource, A::Error> {
        let source = match map.next_key::<String>()?.as_deref() {
            Some("environment") => SecretSource::Environment(map.next_value()?),
            Some("file") => SecretSource::File(map.next_value()?),
            Some("command") => SecretSource::Command(map.next_value()?),
            Some(other) => {
                return Err(A::Error::custom(format!(
                    "unknown field '{other}': a secret is named with {WAYS}"
                )));
            }
            None => return Err(A::Error::custom(format!("a secret is named with {WAYS}"))),
        };
        match map.next_key::<String>()? {
            None => Ok(source),
            Some(_) => Err(A::Error::custom(format!("a secret is named once, with {WAYS}"))),
        }
    }
}

impl JsonSchema for SecretSource {
    fn schema_name() -> Cow<'static, str> {
        "SecretSource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = |name: &str, what: &str, kind: serde_json::Value| {
            let mut value = kind;
            value["description"] = what.into();
            serde_json::json!({
                "type": "object",
                "properties": { name: value },
                "required": [name],
                "additionalProperties": false,
            })
        };
        let text = serde_json::json!({ "type": "string" });
        let words =
            serde_json::json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
        json_schema!({
            "description": "Where a secret is. It never stands in the file itself.",
            "oneOf": [
                one("environment", "A variable of the environment", text.clone()),
                one("file", "A file, of which the first line counts", text),
                one("command", "A program and its arguments, of whose output the first line counts", words),
            ],
        })
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::Environment(name) => write!(f, "the variable {name}"),
            SecretSource::File(path) => write!(f, "the file {}", path.display()),
            // Its arguments may tell more than is wanted in a log.
            SecretSource::Command(words) => {
                write!(f, "the program {}", words.first().map_or("", String::as_str))
            }
        }
    }
}

/// A secret of a step: as its source has it, or the first one that is made from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// As its source has it.
    Of(SecretSource),
    /// The password that a role has until it is changed at first use. It is made from the one that it gets
    /// then, so that a run that was stopped between the two can be gone on with.
    FirstOf(SecretSource),
}

/// The longest password that an HSM takes.
const LONGEST: usize = 255;

impl Credential {
    /// Its source.
    pub fn source(&self) -> &SecretSource {
        match self {
            Credential::Of(source) | Credential::FirstOf(source) => source,
        }
    }
}

/// The secrets of a run, each read once.
#[derive(Default)]
pub struct Vault(BTreeMap<SecretSource, Secret>);

impl Vault {
    /// The secret of a source, read if it was not yet.
    ///
    /// # Errors
    /// There is none, or it cannot be one.
    pub fn read(&mut self, source: &SecretSource) -> Result<Secret, Failure> {
        if let Some(known) = self.0.get(source) {
            return Ok(known.clone());
        }
        let secret = read(source)?;
        self.0.insert(source.clone(), secret.clone());
        Ok(secret)
    }

    /// The secret of a step; `None` if its source was not read before.
    pub fn get(&self, credential: &Credential) -> Option<Secret> {
        let secret = self.0.get(credential.source())?;
        Some(match credential {
            Credential::Of(_) => secret.clone(),
            Credential::FirstOf(_) => first_of(secret),
        })
    }
}

/// A password that is never the one it is made from, and no longer than one may be.
fn first_of(secret: &Secret) -> Secret {
    let made = format!("1st-{}", secret.expose());
    let end = (0..=LONGEST.min(made.len())).rev().find(|end| made.is_char_boundary(*end));
    Secret::from(&made[..end.unwrap_or_default()])
}

fn read(source: &SecretSource) -> Result<Secret, Failure> {
    let told = source.to_string();
    match source {
        SecretSource::Environment(name) => {
            match std::env::var_os(name).map(|one| one.into_string()) {
                Some(Ok(value)) => secret_of(value.as_bytes(), &told),
                Some(Err(_)) => Err(Failure::refused(format!("{told} is not valid UTF-8."))),
                None => Err(Failure::refused(format!("{told} is not set."))),
            }
        }
        SecretSource::File(path) => secret_of_file(path, &told),
        SecretSource::Command(words) => {
            let (program, arguments) = words
                .split_first()
                .ok_or_else(|| Failure::refused("A command for a secret names no program."))?;
            let cannot = |why: String| Failure::refused(format!("{told} gave no secret: {why}."));
            let ran = Command::new(program)
                .args(arguments)
                .stdin(Stdio::null())
                .stderr(Stdio::inherit())
                .output()
                .map_err(|error| cannot(error.to_string()))?;
            if !ran.status.success() {
                return Err(cannot(ran.status.to_string()));
            }
            secret_of(&ran.stdout[..], &told)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> SecretSource {
        SecretSource::Command(["sh", "-c", line].map(str::to_owned).into())
    }

    #[test]
    fn a_command_gives_its_first_line_and_runs_once() {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let source = command(&format!("echo >> {}; echo one; echo two", count.display()));
        let mut vault = Vault::default();
        for _ in 0..2 {
            assert_eq!(vault.read(&source).unwrap().expose(), "one");
        }
        assert_eq!(std::fs::read_to_string(count).unwrap(), "\n");
    }

    #[test]
    fn what_is_no_secret_is_refused_with_its_source() {
        let mut vault = Vault::default();
        let missing = SecretSource::Environment("LUNA_RUNBOOK_TEST_NOT_SET".to_owned());
        for (source, told) in [
            (missing, "LUNA_RUNBOOK_TEST_NOT_SET is not set"),
            (command("exit 3"), "exit status: 3"),
            (command("true"), "empty secret"),
            (command("echo '********'"), "asterisks"),
            (SecretSource::File("/nonexistent/secret".into()), "/nonexistent/secret"),
        ] {
            let failure = vault.read(&source).unwrap_err();
            assert!(failure.message.contains(told), "{failure:?}");
        }
    }

    #[test]
    fn the_first_password_differs_from_the_one_it_is_made_from() {
        for length in [8, 200, 251, 255] {
            let secret = Secret::from("x".repeat(length));
            let first = first_of(&secret);
            assert!(first.expose() != secret.expose() && first.expose().len() <= LONGEST);
        }
        assert!(first_of(&Secret::from("é".repeat(127))).expose().len() <= LONGEST);
    }
}
