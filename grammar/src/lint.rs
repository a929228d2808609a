//! Checks of a shell's declarations, to be run by a test of that shell.

use crate::args::same_name;
use crate::matching::starts_with;
use crate::notation::Slot;
use crate::resolve::Grammar;
use crate::tree::ROOT;

impl Grammar {
    /// Problems of the declarations, a line each: notation that cannot be parsed, two commands with
    /// one path, colliding spellings, menus without commands, words or options without help, help
    /// for options that do not exist.
    pub fn lint(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for path in &self.tree.duplicates {
            problems.push(format!("{path}: declared twice"));
        }
        for path in &self.tree.empty_menus {
            problems.push(format!("{path}: a menu without commands"));
        }
        for node in 0..self.tree.nodes.len() {
            self.lint_word(node, &mut problems);
        }
        for command in 0..self.tree.entries.len() {
            self.lint_command(command, &mut problems);
        }
        problems
    }

    fn lint_word(&self, node: usize, problems: &mut Vec<String>) {
        let path = self.tree.path(node);
        let here = &self.tree.nodes[node];
        if node != ROOT && self.word_help(node).is_empty() {
            problems.push(format!("{path}: no help"));
        }
        let spellings = |edge: &crate::tree::Edge| {
            let words: Vec<&str> =
                std::iter::once(edge.word).chain(edge.shorts.iter().copied()).collect();
            words
        };
        for (index, edge) in here.edges.iter().enumerate() {
            for other in &here.edges[index + 1..] {
                for word in spellings(edge) {
                    if spellings(other).iter().any(|o| o.eq_ignore_ascii_case(word)) {
                        problems.push(format!(
                            "{path}: {word} is both {} and {}",
                            edge.word, other.word
                        ));
                    }
                }
            }
        }
    }

    fn lint_command(&self, command: usize, problems: &mut Vec<String>) {
        let entry = &self.tree.entries[command];
        let path = entry.path;
        if let Some(error) = entry.syntax_error() {
            problems.push(format!("{path}: {error}"));
            return;
        }
        if entry.words == 0 {
            problems.push(format!("{}: a command without words", entry.declaration.syntax));
        }
        let slots = &entry.spec().slots;
        for (index, slot) in slots.iter().enumerate() {
            if self.slot_help(command, index).is_empty() {
                problems.push(format!("{path}: no help for {}", slot.shown()));
            }
            if slot.names.iter().any(|name| name.as_bytes().get(1).is_some_and(u8::is_ascii_digit))
            {
                problems.push(format!("{path}: {} would be read as a number", slot.shown()));
            }
            for other in &slots[index + 1..] {
                let same = |name: &&&str| other.names.iter().any(|o| o.eq_ignore_ascii_case(name));
                if let Some(name) = slot.names.iter().find(same) {
                    problems.push(format!("{path}: {name} is declared twice"));
                }
                if same_name(slot.field(), other.field()) {
                    problems.push(format!(
                        "{path}: {} and {} fill the same field",
                        slot.shown(),
                        other.shown()
                    ));
                }
            }
        }
        for (name, _) in entry.declaration.options {
            let bare = name.trim_matches(['<', '>']);
            let known = |shown: String| {
                starts_with(shown.trim_matches(['<', '>']), bare) && shown.len() >= bare.len()
            };
            let named = |slot: &Slot| slot.is_positional() && same_name(slot.field(), bare);
            if !slots.iter().any(|slot| known(slot.shown()) || named(slot)) {
                problems.push(format!("{path}: a text for {name}, which it does not have"));
            }
        }
    }
}
