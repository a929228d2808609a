//! Views that many commands share.

use luna_shell::{Page, Text};
use serde::Serialize;

/// That something was done: the product names the command in its own spelling.
#[derive(Serialize)]
pub(crate) struct Done {
    /// The command's words, such as `client assignPartition`.
    pub done: &'static str,
}

impl Text for Done {
    fn write(&self, page: &mut Page) {
        page.line(format!("'{}' successful.", self.done));
    }
}

/// As [`Done`], where the product has a text of its own for it.
#[derive(Serialize)]
pub(crate) struct Told {
    /// The command's words, such as `hsm zeroize`.
    pub done: &'static str,
    /// The text, without its last line break; none where the product says nothing.
    #[serde(skip)]
    pub text: Option<String>,
}

impl Told {
    pub(crate) fn new(done: &'static str, text: impl Into<String>) -> Told {
        Told { done, text: Some(text.into()) }
    }

    pub(crate) fn silent(done: &'static str) -> Told {
        Told { done, text: None }
    }
}

impl Text for Told {
    fn write(&self, page: &mut Page) {
        if let Some(text) = &self.text {
            page.line(text);
        }
    }
}

/// That something was made, and under which id.
#[derive(Serialize)]
pub(crate) struct Made<V> {
    /// What the product says.
    #[serde(flatten)]
    pub done: V,
    /// The id that the appliance gave it; null if it does not say.
    pub id: Option<String>,
}

impl<V: Text> Text for Made<V> {
    fn write(&self, page: &mut Page) {
        self.done.write(page);
    }
}

/// How many login attempts are left before `what`; that an unknown number is told so is assumed.
pub(crate) fn attempts_before(left: Option<u32>, what: &str) -> String {
    match left {
        Some(left) => format!("{left} before {what}"),
        None => "Unknown".to_owned(),
    }
}

/// A sentence that is the command's whole answer.
#[derive(Serialize)]
pub(crate) struct Message {
    /// The text; may have several lines.
    pub message: String,
}

impl Message {
    pub(crate) fn new(message: impl Into<String>) -> Message {
        Message { message: message.into() }
    }
}

impl Text for Message {
    fn write(&self, page: &mut Page) {
        page.line(self.message.trim_end_matches('\n'));
    }
}

/// What was done where the product prints nothing: only JSON says it.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Untold<V>(pub V);

impl<V: Serialize> Text for Untold<V> {
    fn write(&self, _: &mut Page) {}
}

/// That something was done, in the one word that the commands of clusters and keyrings have for it.
#[derive(Serialize)]
pub(crate) struct Success {
    /// The command's words, such as `cluster member authorize`.
    pub done: &'static str,
}

impl Text for Success {
    fn write(&self, page: &mut Page) {
        page.line("Success");
    }
}
