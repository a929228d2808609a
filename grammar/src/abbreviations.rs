//! The table of the shortest accepted spelling of every command.

use crate::notation::{Kind, Part, Slot};
use crate::resolve::{Grammar, Outcome};

impl Grammar {
    /// The shortest accepted spelling of every command, a line each: `shortest<TAB>full`.
    ///
    /// Words and required options are shortened from left to right, as long as the resolver still
    /// finds the command. In the order of the declarations.
    pub fn abbreviations(&self) -> String {
        use std::fmt::Write;
        let mut table = String::new();
        for (command, entry) in self.tree.entries.iter().enumerate() {
            let spec = entry.spec();
            let mut given = Vec::new();
            required_slots(&spec.parts, &mut given);
            let mut full: Vec<String> = entry.path.split(' ').map(str::to_owned).collect();
            let words = full.len();
            // The parts that may be shortened: words and option names, not values.
            let mut names: Vec<usize> = (0..words).collect();
            let mut shown = full.clone();
            for slot in given.iter().map(|slot| &spec.slots[usize::from(*slot)]) {
                if let Some(name) = slot.names.first() {
                    names.push(full.len());
                    full.push((*name).to_owned());
                    shown.push((*name).to_owned());
                }
                if slot.value.is_some() {
                    full.push(sample(slot));
                    shown.push(placeholder(slot));
                }
            }
            let mut short = full.clone();
            for at in names {
                let spellings: Vec<String> = if at < words {
                    self.spellings(command, at)
                } else {
                    let slot = spec
                        .slots
                        .iter()
                        .find(|slot| slot.names.first() == Some(&full[at].as_str()));
                    slot.map_or_else(Vec::new, |slot| {
                        slot.names.iter().map(|n| (*n).to_owned()).collect()
                    })
                };
                let mut tries: Vec<&str> = spellings.iter().flat_map(|s| prefixes(s)).collect();
                tries.sort_by_key(|spelling| spelling.len());
                for spelling in tries {
                    let before = std::mem::replace(&mut short[at], spelling.to_owned());
                    if self.resolves_to(&short.join(" "), command) {
                        break;
                    }
                    short[at] = before;
                }
            }
            for (at, text) in shown.iter().enumerate().skip(words) {
                if full[at] != *text {
                    short[at].clone_from(text);
                }
            }
            let _ = writeln!(table, "{}\t{}", short.join(" "), shown.join(" "));
        }
        table
    }

    /// The full spellings of word `depth` of a command.
    fn spellings(&self, command: usize, depth: usize) -> Vec<String> {
        let entry = &self.tree.entries[command];
        let mut node = entry.node;
        for _ in depth + 1..entry.words {
            node = self.tree.nodes[node].parent;
        }
        let edges = &self.tree.nodes[self.tree.nodes[node].parent].edges;
        let edge = edges.iter().find(|edge| edge.node == node);
        let words =
            edge.into_iter().flat_map(|edge| std::iter::once(&edge.word).chain(&edge.shorts));
        words.map(|word| (*word).to_owned()).collect()
    }

    fn resolves_to(&self, line: &str, command: usize) -> bool {
        match self.resolve(line) {
            Outcome::Match(line) => line.command == command,
            Outcome::Help(_) => self.tree.entries[command].path == "help",
            _ => false,
        }
    }
}

fn prefixes(word: &str) -> impl Iterator<Item = &str> {
    let dash = usize::from(word.starts_with('-'));
    word.char_indices().skip(dash).map(|(at, c)| &word[..at + c.len_utf8()])
}

/// Collects the required slots; of alternatives, those of the first.
fn required_slots(parts: &[Part], given: &mut Vec<u8>) {
    for part in parts {
        match part {
            Part::Slot(slot) => given.push(*slot),
            Part::Group { required: true, alternatives } => {
                if let Some(first) = alternatives.first() {
                    required_slots(&first.parts, given);
                }
            }
            Part::Group { required: false, .. } => {}
        }
    }
}

/// A valid value of the slot.
fn sample(slot: &Slot) -> String {
    match slot.value.as_ref().map(|value| &value.kind) {
        Some(Kind::OneOf(choices)) => choices.first().copied().unwrap_or_default().to_owned(),
        Some(Kind::Within(low, _)) => low.to_string(),
        Some(Kind::Literal(word)) => (*word).to_owned(),
        _ => "x".to_owned(),
    }
}

fn placeholder(slot: &Slot) -> String {
    let usage = slot.usage();
    match slot.names.first() {
        Some(name) => usage[name.len()..].trim_start().to_owned(),
        None => usage,
    }
}
