//! The JSON object that `--output json` writes for every command, and when a program cannot start.
//!
//! Programs rely on its names: `schema/result.json` is made from these types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::{Code, Failure};
use crate::printable::printable_json;
use crate::status::Status;

/// The result of one command of `lunash` or `lunacm`, or why the program could not start or had to
/// end. One object a line.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandResult {
    /// The command in its official spelling, secrets masked; empty where there was none to run.
    pub line: String,
    /// The appliance that was asked; null before one was reached.
    pub appliance: Option<Appliance>,
    /// The appliance account, or the name of a cluster's client; null before a login.
    pub user: Option<String>,
    /// The result line of the product; null where the program could not start or had to end.
    pub result: Option<ResultLine>,
    /// What the exit status of the program is after this command alone.
    #[schemars(range(max = 6))]
    pub status: u8,
    /// How long the command took, questions to the user included, in milliseconds.
    pub duration_ms: f64,
    /// What the command says, in names of its own; null if it failed.
    pub view: Option<serde_json::Value>,
    /// Why it failed; null if it succeeded.
    pub error: Option<Error>,
    /// Remarks and hints.
    pub messages: Vec<String>,
    /// The way that the command took, `rest` or `ssh`; absent where there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// An appliance.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Appliance {
    /// `host:port`.
    pub host: String,
    /// Whether it is an emulated one; over SSH alone nobody says so, and it is false.
    pub emulated: bool,
}

/// The product's result line.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultLine {
    /// Its number; 0 is success.
    pub code: u32,
    /// Its text.
    pub text: String,
}

/// Why a command failed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Error {
    /// What happened.
    pub message: String,
    /// The product's number of the error, if it has one.
    pub code: Option<u32>,
    /// The same as the product prints it, such as 0xC000040A.
    pub code_hex: Option<String>,
    /// The product's name of the error.
    pub name: Option<String>,
    /// What a word that was not understood could stand for.
    pub candidates: Vec<String>,
}

impl Error {
    /// The error of a failure.
    pub(crate) fn of(failure: &Failure) -> Error {
        let number = failure.code.as_ref().and_then(|code| code.number);
        Error {
            message: failure.message.trim_end().to_owned(),
            code: number,
            code_hex: number.map(|number| format!("0x{number:08X}")),
            name: failure.code.as_ref().map(|Code { name, .. }| name.to_string()),
            candidates: failure.candidates.clone(),
        }
    }
}

impl CommandResult {
    /// Says of which appliance it is, where none was reached.
    #[must_use]
    pub fn of_unreached(self, host: &str) -> CommandResult {
        let appliance = Appliance { host: host.to_owned(), emulated: false };
        CommandResult { appliance: Some(appliance), ..self }
    }

    /// The object of a tool, with what it has to say whether it failed or not.
    pub fn of_tool(
        name: &str,
        status: Status,
        view: &impl Serialize,
        failure: Option<&Failure>,
    ) -> CommandResult {
        CommandResult {
            line: name.to_owned(),
            status: status as u8,
            view: serde_json::to_value(view).ok(),
            error: failure.map(Error::of),
            messages: failure.map(|failure| failure.hints.clone()).unwrap_or_default(),
            ..CommandResult::default()
        }
    }

    /// The object of a program that cannot start.
    pub(crate) fn no_session(failure: &Failure) -> CommandResult {
        CommandResult {
            status: failure.status() as u8,
            error: Some(Error::of(failure)),
            messages: failure.hints.clone(),
            ..CommandResult::default()
        }
    }

    /// The object as one line.
    pub fn text(&self) -> String {
        // A JSON value and strings can always be written.
        printable_json(serde_json::to_string(self).unwrap_or_default())
    }
}

/// The JSON schema of [`CommandResult`].
pub(crate) fn schema() -> String {
    let schema = schemars::schema_for!(CommandResult);
    // A schema is plain JSON, so this does not fail.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

/// Each field of [`CommandResult`], and what it holds, for the manual page.
pub(crate) fn fields() -> Vec<(String, String)> {
    let schema = schemars::schema_for!(CommandResult);
    let properties = schema.get("properties").and_then(|properties| properties.as_object());
    let text = |field: &serde_json::Value| field["description"].as_str().map(str::to_owned);
    let row = |(name, field): (&String, &serde_json::Value)| {
        let description = text(field).unwrap_or_default();
        (name.clone(), description.trim_end_matches('.').replace('\n', " "))
    };
    properties.into_iter().flatten().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_given_as_number_and_as_the_product_prints_it() {
        let failure = Failure::command("no").code(0xC000_040A, "RC_OBJECT_NOT_IN_LIST");
        let error = Error::of(&failure);
        assert_eq!(error.code, Some(3_221_226_506));
        assert_eq!(error.code_hex.as_deref(), Some("0xC000040A"));
    }
}
