//! Completion of a line at the cursor.

/// What can stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Byte offset where the word under the cursor begins: candidates replace from here.
    pub start: usize,
    /// Words and options that fit, in the order of their declaration.
    pub candidates: Vec<Candidate>,
    /// Where a value stands: its placeholder without brackets (`partition_name`), and what has been
    /// typed of it; the shell knows what the values are.
    pub value: Option<(&'static str, String)>,
}

/// One word or option that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text that is put in place of what was typed.
    pub text: String,
    /// Its help line.
    pub help: String,
}
