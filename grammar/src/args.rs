//! A resolved line as the arguments struct of its command, by way of serde.

/// An argument that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadArgument {
    /// The option or positional as declared, such as `-ip`; empty where serde could not say.
    pub option: String,
    /// Why it does not fit, ready to be shown.
    pub reason: String,
}

/// The names of the fields an arguments struct reads.
pub fn fields_of<'de, T: serde::Deserialize<'de>>() -> &'static [&'static str] {
    &[]
}
