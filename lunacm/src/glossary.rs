//! What an option or a value means wherever it stands. A command says more where it must.

/// Name and text, sorted by name.
pub(crate) const GLOSSARY: &[(&str, &str)] =
    &[("-force", "Do not ask for confirmation"), ("-slot", "Number of a slot")];
