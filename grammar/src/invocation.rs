//! A line that means exactly one command, and what was given with it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::args::{BadArgument, same_name};
use crate::fit::Found;
use crate::notation::{Kind, Slot, Spec};
use crate::token::{Token, quote_into};

/// What stands in place of a secret.
pub(crate) const MASK: &str = "********";

/// A line that means exactly one command.
pub struct Invocation<'l> {
    /// Index of the command, in the order given to [`crate::Grammar::new`].
    pub command: usize,
    pub(crate) path: &'static str,
    pub(crate) spec: Arc<Spec>,
    pub(crate) tokens: Vec<Token<'l>>,
    pub(crate) found: Vec<Found>,
    pub(crate) exact: bool,
}

/// Shows the canonical line: the tokens themselves hold what must not be shown.
impl std::fmt::Debug for Invocation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Invocation").field(&self.canonical()).finish()
    }
}

impl Invocation<'_> {
    /// The command's words, spelt in full.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The whole line spelt in full, secrets as eight asterisks.
    pub fn canonical(&self) -> String {
        self.spelt(true)
    }

    /// As [`Invocation::canonical`], with secrets as they are when `masked` is false.
    pub(crate) fn spelt(&self, masked: bool) -> String {
        let mut line = self.path.to_owned();
        for found in &self.found {
            let slot = self.slot(found);
            if let Some(name) = slot.names.first() {
                line.push(' ');
                line.push_str(name);
            }
            if slot.secret && masked && found.count > 0 {
                line.push(' ');
                line.push_str(MASK);
                continue;
            }
            for token in self.values(found) {
                line.push(' ');
                match self.spelling(found) {
                    Some(choice) => quote_into(&mut line, choice, false),
                    // A quoted positional may be quoted so as not to be a word of a longer path.
                    None => {
                        quote_into(&mut line, &token.text, token.quoted && slot.is_positional())
                    }
                }
            }
        }
        line
    }

    /// Whether every word and option name was typed in full or in an official short form.
    pub fn exact(&self) -> bool {
        self.exact
    }

    /// Whether the option or positional with this name was given.
    pub fn has(&self, name: &str) -> bool {
        self.found.iter().any(|found| same_name(self.slot(found).field(), name))
    }

    /// The value of the option or positional with this name; several tokens joined by a blank.
    pub fn value(&self, name: &str) -> Option<String> {
        let mut found = self.found.iter().filter(|found| same_name(self.slot(found).field(), name));
        let first = self.text(found.next()?);
        let rest = found.map(|found| self.text(found));
        Some(rest.fold(first.into_owned(), |all, next| format!("{all} {next}")))
    }

    /// Where in the line the value of an option or positional stands, by its name as shown.
    pub fn place(&self, shown: &str) -> Option<Range<usize>> {
        let found = self.found.iter().find(|found| self.slot(found).shown() == shown)?;
        let values = self.values(found);
        Some(values.first()?.span.start..values.last()?.span.end)
    }

    /// Fills the command's arguments struct.
    ///
    /// Fields are matched to options by name without dash, letter case, `-` and `_`; to positionals
    /// by placeholder (`choice` for one of several without a name). A flag is `false`, a list of
    /// positionals empty when not given.
    ///
    /// # Errors
    /// A value does not fit its field.
    pub fn arguments<T: serde::de::DeserializeOwned>(&self) -> Result<T, BadArgument> {
        crate::args::arguments(self)
    }

    pub(crate) fn slot(&self, found: &Found) -> &Slot {
        &self.spec.slots[usize::from(found.slot)]
    }

    fn values(&self, found: &Found) -> &[Token<'_>] {
        let first = found.first as usize;
        self.tokens.get(first..first + found.count as usize).unwrap_or_default()
    }

    /// The declared spelling, where the value is one of several.
    fn spelling(&self, found: &Found) -> Option<&'static str> {
        match &self.slot(found).value.as_ref()?.kind {
            Kind::OneOf(choices) => choices.get(usize::from(found.choice)).copied(),
            Kind::Literal(word) => Some(word),
            Kind::Free | Kind::Within(..) => None,
        }
    }

    /// The value as meant.
    pub(crate) fn text(&self, found: &Found) -> Cow<'_, str> {
        if let Some(choice) = self.spelling(found) {
            return Cow::Borrowed(choice);
        }
        match self.values(found) {
            [one] => Cow::Borrowed(&one.text),
            many => Cow::Owned(many.iter().map(|t| t.text.as_ref()).collect::<Vec<_>>().join(" ")),
        }
    }

    /// The tokens of a value, each for itself.
    pub(crate) fn texts(&self, found: &Found) -> Vec<Cow<'_, str>> {
        match self.spelling(found) {
            Some(choice) => vec![Cow::Borrowed(choice)],
            None => {
                self.values(found).iter().map(|token| Cow::Borrowed(token.text.as_ref())).collect()
            }
        }
    }
}
