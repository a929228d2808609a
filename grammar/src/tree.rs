//! The words of all commands as a tree, with the commands at its nodes.

use std::sync::OnceLock;

use crate::matching::starts_with;
use crate::notation::{self, Spec, Word};
use crate::{Declaration, Menu};

/// A word below a node, with its official short forms.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) word: &'static str,
    pub(crate) shorts: Vec<&'static str>,
    pub(crate) node: usize,
}

/// The end of a path of words: a menu, a command, or both.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    /// In the order of their declaration.
    pub(crate) edges: Vec<Edge>,
    /// First letters of the edges, in lower case, compared first for speed; 0 matches any.
    firsts: Vec<u8>,
    /// Words whose beginnings are not taken for those of the edges.
    reserved: &'static [&'static str],
    /// Edges that are not abbreviated.
    spelt_out: &'static [&'static str],
    pub(crate) command: Option<usize>,
    pub(crate) menu_help: Option<&'static str>,
    pub(crate) parent: usize,
    pub(crate) word: &'static str,
}

/// A declared command.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) declaration: Declaration,
    /// The words, spelt in full.
    pub(crate) path: &'static str,
    pub(crate) words: usize,
    pub(crate) node: usize,
    /// What follows the words.
    rest: &'static str,
    spec: OnceLock<Result<std::sync::Arc<Spec>, String>>,
    /// In place of a syntax that cannot be parsed.
    empty: std::sync::Arc<Spec>,
}

impl Entry {
    /// The parsed syntax, parsed at first use. Empty if it cannot be parsed, which
    /// [`Grammar::lint`](crate::Grammar::lint) reports.
    pub(crate) fn spec(&self) -> &std::sync::Arc<Spec> {
        self.parse().as_ref().unwrap_or(&self.empty)
    }

    pub(crate) fn syntax_error(&self) -> Option<&str> {
        self.parse().as_ref().err().map(String::as_str)
    }

    fn parse(&self) -> &Result<std::sync::Arc<Spec>, String> {
        self.spec.get_or_init(|| notation::spec(self.rest).map(std::sync::Arc::new))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) entries: Vec<Entry>,
    /// Paths that two commands share.
    pub(crate) duplicates: Vec<&'static str>,
    /// Menus that have no command below them.
    pub(crate) empty_menus: Vec<&'static str>,
}

pub(crate) const ROOT: usize = 0;

/// How a typed word matches an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WordMatch {
    Exact,
    Prefix,
    No,
}

impl Edge {
    /// Compares `typed` with the word and its short forms.
    pub(crate) fn match_word(&self, typed: &str) -> WordMatch {
        let mut result = WordMatch::No;
        for word in std::iter::once(&self.word).chain(&self.shorts) {
            if starts_with(word, typed) {
                if word.len() == typed.len() {
                    return WordMatch::Exact;
                }
                result = WordMatch::Prefix;
            }
        }
        result
    }
}

impl Node {
    /// The word below that `typed` spells exactly, and those it abbreviates. An exact word takes
    /// precedence over the others. [`Grammar::lint`](crate::Grammar::lint) refuses equal spellings,
    /// so that at most one is exact.
    pub(crate) fn children<'t>(
        &'t self,
        typed: &'t str,
    ) -> (Option<&'t Edge>, impl Iterator<Item = &'t Edge>) {
        let key = typed.as_bytes().first().map(u8::to_ascii_lowercase);
        let near = move || {
            let pairs = self.edges.iter().zip(&self.firsts);
            pairs
                .filter(move |(_, first)| Some(**first) == key || **first == 0)
                .map(|(edge, _)| edge)
        };
        let exact = near().find(|edge| edge.match_word(typed) == WordMatch::Exact);
        (
            exact,
            near().filter(move |edge| {
                let mut reserved = self.reserved.iter();
                key.is_some()
                    && edge.match_word(typed) == WordMatch::Prefix
                    && !reserved.any(|word| starts_with(word, typed))
                    && !self.spelt_out.contains(&edge.word)
            }),
        )
    }
}

impl Tree {
    pub(crate) fn new(menus: &'static [Menu], commands: Vec<Declaration>) -> Tree {
        let mut tree = Tree {
            nodes: vec![Node::default()],
            entries: Vec::with_capacity(commands.len()),
            duplicates: Vec::new(),
            empty_menus: Vec::new(),
        };
        for (index, declaration) in commands.into_iter().enumerate() {
            let (words, rest) = notation::path(declaration.syntax);
            let node = words.iter().fold(ROOT, |node, word| tree.below(node, word));
            let path = full_path(declaration.syntax, &words, rest);
            if tree.nodes[node].command.is_some() {
                tree.duplicates.push(path);
            } else {
                tree.nodes[node].command = Some(index);
            }
            let (spec, empty) = (OnceLock::new(), std::sync::Arc::default());
            tree.entries.push(Entry {
                declaration,
                path,
                words: words.len(),
                node,
                rest,
                spec,
                empty,
            });
        }
        for menu in menus {
            let (words, _) = notation::path(menu.path);
            let before = tree.nodes.len();
            let node = words.iter().fold(ROOT, |node, word| tree.below(node, word));
            tree.nodes[node].menu_help = Some(menu.help);
            if tree.nodes.len() > before {
                tree.empty_menus.push(menu.path);
            }
        }
        for node in &mut tree.nodes {
            node.firsts = node.edges.iter().map(first).collect();
        }
        tree
    }

    /// Removes the commands whose path is not to be kept, and the menus that are empty then. Those
    /// that stay keep their indexes, and secrets in the lines of the others are still masked.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        for entry in self.entries.iter().filter(|entry| !keep(entry.path)) {
            self.nodes[entry.node].command = None;
        }
        let mut leads = vec![false; self.nodes.len()];
        // A node's number is higher than that of the one above it.
        for at in (0..self.nodes.len()).rev() {
            let node = &mut self.nodes[at];
            node.edges.retain(|edge| leads[edge.node]);
            node.firsts = node.edges.iter().map(first).collect();
            leads[at] = node.command.is_some() || !node.edges.is_empty();
        }
    }

    /// Keeps beginnings of these words from being taken for those of first words.
    pub(crate) fn reserve(&mut self, words: &'static [&'static str]) {
        self.nodes[ROOT].reserved = words;
    }

    /// Takes these first words in full only.
    pub(crate) fn spell_out(&mut self, words: &'static [&'static str]) {
        self.nodes[ROOT].spelt_out = words;
    }

    fn below(&mut self, parent: usize, word: &Word) -> usize {
        let new = self.nodes.len();
        let node = &mut self.nodes[parent];
        let known = node.edges.iter_mut().find(|edge| edge.word.eq_ignore_ascii_case(word.full));
        if let Some(edge) = known {
            for short in &word.shorts {
                if !edge.shorts.contains(short) {
                    edge.shorts.push(short);
                }
            }
            return edge.node;
        }
        node.edges.push(Edge { word: word.full, shorts: word.shorts.clone(), node: new });
        self.nodes.push(Node { parent, word: word.full, ..Node::default() });
        new
    }

    /// The words that lead to a node, spelt in full.
    pub(crate) fn path(&self, node: usize) -> String {
        if let Some(command) = self.nodes[node].command {
            return self.entries[command].path.to_owned();
        }
        let mut words = Vec::new();
        let mut at = node;
        while at != ROOT {
            words.push(self.nodes[at].word);
            at = self.nodes[at].parent;
        }
        words.reverse();
        words.join(" ")
    }
}

/// The first letter of an edge, or 0 where its spellings start with different letters.
fn first(edge: &Edge) -> u8 {
    let key = |word: &str| word.as_bytes().first().map_or(0, u8::to_ascii_lowercase);
    let word = key(edge.word);
    if edge.shorts.iter().all(|short| key(short) == word) { word } else { 0 }
}

/// The path as one string: a slice of the syntax, or, if that has short forms in it, a string that
/// lives as long as the program, as the declarations do.
fn full_path(syntax: &'static str, words: &[Word], rest: &'static str) -> &'static str {
    let piece = syntax[..syntax.len() - rest.len()].trim();
    let full = words.iter().map(|word| word.full).collect::<Vec<_>>().join(" ");
    if piece == full { piece } else { Box::leak(full.into_boxed_str()) }
}
