//! A resolved line: the command and its arguments.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::args::{BadArgument, same_name};
use crate::matching::Argument;
use crate::notation::{Kind, Slot, Spec};
use crate::token::{Token, quote_into};

/// Shown in place of a secret.
pub const MASK: &str = "********";

/// Whether a value is what is shown in place of secrets.
pub fn is_mask(value: &str) -> bool {
    !value.is_empty() && value.split(' ').all(|word| word == MASK)
}

/// A line that resolved to exactly one command.
pub struct Invocation<'l> {
    /// Index of the command, in the order given to [`crate::Grammar::new`].
    pub command: usize,
    pub(crate) path: &'static str,
    pub(crate) spec: Arc<Spec>,
    pub(crate) tokens: Vec<Token<'l>>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) exact: bool,
}

/// Shows the canonical line, since tokens can hold secrets.
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
        self.render(true)
    }

    /// As [`Invocation::canonical`], with its secrets as they are: for nobody but the appliance.
    pub fn spelt_out(&self) -> String {
        self.render(false)
    }

    fn render(&self, masked: bool) -> String {
        let mut line = self.path.to_owned();
        for argument in &self.arguments {
            let slot = self.slot(argument);
            if let Some(name) = slot.names.first() {
                line.push(' ');
                line.push_str(name);
            }
            if slot.secret && masked && argument.count > 0 {
                line.push(' ');
                line.push_str(MASK);
                continue;
            }
            for token in self.values(argument) {
                line.push(' ');
                match self.spelling(argument) {
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

    /// The secrets in the line, each with its option or placeholder.
    pub fn secrets(&self) -> impl Iterator<Item = (String, Cow<'_, str>)> {
        let secret = |argument: &&Argument| self.slot(argument).secret && argument.count > 0;
        let named = |argument| (self.slot(argument).shown(), self.text(argument));
        self.arguments.iter().filter(secret).map(named)
    }

    /// Whether the option or positional with this name was given.
    pub fn has(&self, name: &str) -> bool {
        self.arguments.iter().any(|argument| same_name(self.slot(argument).field(), name))
    }

    /// The value of the option or positional with this name; several tokens joined by a blank.
    pub fn value(&self, name: &str) -> Option<String> {
        let mut arguments =
            self.arguments.iter().filter(|argument| same_name(self.slot(argument).field(), name));
        let first = self.text(arguments.next()?);
        let rest = arguments.map(|argument| self.text(argument));
        Some(rest.fold(first.into_owned(), |all, next| format!("{all} {next}")))
    }

    /// The values that were given, each with the placeholder it is declared with.
    pub fn values_by_placeholder(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.arguments.iter().filter_map(|argument| {
            let value = self.slot(argument).value.as_ref()?;
            Some((value.placeholder, self.text(argument).into_owned()))
        })
    }

    /// The byte range of the value of the option or positional that is shown as `shown`.
    pub fn value_span(&self, shown: &str) -> Option<Range<usize>> {
        let argument =
            self.arguments.iter().find(|argument| self.slot(argument).shown() == shown)?;
        let values = self.values(argument);
        Some(values.first()?.span.start..values.last()?.span.end)
    }

    /// Deserializes the arguments into a struct.
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

    pub(crate) fn slot(&self, argument: &Argument) -> &Slot {
        &self.spec.slots[usize::from(argument.slot)]
    }

    fn values(&self, argument: &Argument) -> &[Token<'_>] {
        let first = argument.first as usize;
        self.tokens.get(first..first + argument.count as usize).unwrap_or_default()
    }

    /// The declared spelling, where the value is one of several.
    fn spelling(&self, argument: &Argument) -> Option<&'static str> {
        match &self.slot(argument).value.as_ref()?.kind {
            Kind::OneOf(choices) => choices.get(usize::from(argument.choice)).copied(),
            Kind::Literal(word) => Some(word),
            Kind::Free | Kind::Within(..) => None,
        }
    }

    /// The value; of a choice, its declared spelling.
    pub(crate) fn text(&self, argument: &Argument) -> Cow<'_, str> {
        if let Some(choice) = self.spelling(argument) {
            return Cow::Borrowed(choice);
        }
        match self.values(argument) {
            [one] => Cow::Borrowed(&one.text),
            many => Cow::Owned(many.iter().map(|t| t.text.as_ref()).collect::<Vec<_>>().join(" ")),
        }
    }

    /// The tokens of a value, one by one.
    pub(crate) fn texts(&self, argument: &Argument) -> Vec<Cow<'_, str>> {
        match self.spelling(argument) {
            Some(choice) => vec![Cow::Borrowed(choice)],
            None => self
                .values(argument)
                .iter()
                .map(|token| Cow::Borrowed(token.text.as_ref()))
                .collect(),
        }
    }
}
