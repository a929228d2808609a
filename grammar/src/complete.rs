//! Completion at the cursor.

use crate::matching::{OptionLookup, conflicts, find_option, is_option, starts_with};
use crate::notation::{Kind, Value};
use crate::resolve::Grammar;
use crate::token::{Token, joined};
use crate::tree::ROOT;

/// What can be inserted at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Byte offset where the word under the cursor starts; candidates replace the text from there.
    pub start: usize,
    /// Matching words and options, in the order of their declaration.
    pub candidates: Vec<Candidate>,
    /// If a value is expected: its placeholder without brackets (`partition_name`) and the part of
    /// it that has been typed. The shell supplies the values.
    pub value: Option<(&'static str, String)>,
}

/// A matching word or option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word.
    pub text: String,
    /// Its help line.
    pub help: String,
}

/// The word under the cursor, up to the cursor.
struct Typed<'t> {
    text: &'t str,
    quoted: bool,
}

impl Grammar {
    /// What can be inserted at byte offset `cursor` of `line`.
    pub fn complete(&self, line: &str, cursor: usize) -> Completion {
        let mut cursor = cursor.min(line.len());
        while !line.is_char_boundary(cursor) {
            cursor -= 1;
        }
        let before = &line[..cursor];
        let mut tokens = joined(before);
        let mut completion = Completion { start: cursor, candidates: Vec::new(), value: None };
        let comment = tokens.last().map_or(0, |token| token.span.end);
        if before[comment..].contains('#') {
            return completion;
        }
        let last = match tokens.last() {
            Some(token) if token.span.end == cursor => tokens.pop(),
            _ => None,
        };
        let typed = last.as_ref().map_or(Typed { text: "", quoted: false }, |token| {
            completion.start = token.span.start;
            Typed { text: &token.text, quoted: token.quoted }
        });
        let first = tokens.first();
        let question = first
            .is_some_and(|t| !t.quoted && (t.text == "?" || t.text.eq_ignore_ascii_case("help")));
        let words = if question { &tokens[1..] } else { &tokens[..] };
        self.below(words, ROOT, 0, &typed, question, &mut completion);
        completion
    }

    fn below(
        &self,
        tokens: &[Token<'_>],
        node: usize,
        at: usize,
        typed: &Typed<'_>,
        words: bool,
        to: &mut Completion,
    ) {
        let here = &self.tree.nodes[node];
        let Some(token) = tokens.get(at) else {
            let dashed = typed.text.starts_with('-') && here.command.is_none();
            let start = if dashed { &typed.text[1..] } else { typed.text };
            for edge in
                here.edges.iter().filter(|edge| !typed.quoted && starts_with(edge.word, start))
            {
                to.add(edge.word, self.word_help(edge.node));
            }
            if let (Some(command), false) = (here.command, words) {
                self.options(command, &[], typed, to);
            }
            return;
        };
        let option = is_option(token);
        if !(option && here.command.is_some()) {
            let text = if option { &token.text[1..] } else { &token.text };
            let (exact, prefixes) = here.children(text);
            if let Some(edge) = exact {
                return self.below(tokens, edge.node, at + 1, typed, words, to);
            }
            let mut any = false;
            for edge in prefixes {
                any = true;
                self.below(tokens, edge.node, at + 1, typed, words, to);
            }
            if any {
                return;
            }
        }
        if let (Some(command), false) = (here.command, words) {
            self.options(command, &tokens[at..], typed, to);
        }
    }

    /// What a command still takes after `tokens`.
    fn options(
        &self,
        command: usize,
        tokens: &[Token<'_>],
        typed: &Typed<'_>,
        to: &mut Completion,
    ) {
        let spec = self.tree.entries[command].spec();
        let mut given = 0u64;
        let mut positional = 0;
        // The option whose value is expected at the cursor, and whether only that can follow.
        let mut open: Option<(&Value, bool)> = None;
        for token in tokens {
            if is_option(token) {
                match find_option(spec, &token.text) {
                    OptionLookup::Found { slot, .. } => {
                        given |= 1 << slot;
                        open =
                            spec.slots[usize::from(slot)].value.as_ref().map(|value| (value, true));
                    }
                    // Nothing is known about the rest of a line that does not match.
                    OptionLookup::NotFound => return,
                    OptionLookup::Ambiguous(_) => open = None,
                }
                continue;
            }
            match open {
                Some((value, _)) => open = value.many.then_some((value, false)),
                None => {
                    let Some(slot) = spec.positionals.get(positional) else { return };
                    given |= 1 << slot;
                    if !spec.slots[usize::from(*slot)]
                        .value
                        .as_ref()
                        .is_some_and(|value| value.many)
                    {
                        positional += 1;
                    }
                }
            }
        }
        if let Some((value, must)) = open {
            to.value_of(value, typed);
            if must {
                return;
            }
        } else if let Some(slot) = spec.positionals.get(positional)
            && (typed.quoted || !typed.text.starts_with('-'))
            && let Some(value) = &spec.slots[usize::from(*slot)].value
        {
            to.value_of(value, typed);
        }
        if typed.quoted {
            return;
        }
        for (index, slot) in spec.slots.iter().enumerate() {
            let excluded = given & (1 << index) != 0 || self.excluded(command, index as u8, given);
            if let (Some(name), false) = (slot.names.first(), excluded)
                && slot.names.iter().any(|name| starts_with(name, typed.text))
            {
                to.add(name, self.slot_help(command, index));
            }
        }
    }

    /// Whether an option is in conflict with those given.
    fn excluded(&self, command: usize, slot: u8, given: u64) -> bool {
        conflicts(&self.tree.entries[command].spec().parts, given | 1 << slot)
    }
}

impl Completion {
    fn add(&mut self, text: &str, help: &str) {
        if !self.candidates.iter().any(|known| known.text == text) {
            self.candidates.push(Candidate { text: text.to_owned(), help: help.to_owned() });
        }
    }

    fn value_of(&mut self, value: &Value, typed: &Typed<'_>) {
        match &value.kind {
            Kind::OneOf(choices) => {
                for choice in choices.iter().filter(|choice| starts_with(choice, typed.text)) {
                    self.add(choice, "");
                }
            }
            Kind::Literal(word) if starts_with(word, typed.text) => self.add(word, ""),
            Kind::Literal(_) => {}
            Kind::Free | Kind::Within(..) => {
                self.value.get_or_insert((value.placeholder, typed.text.to_owned()));
            }
        }
    }
}
