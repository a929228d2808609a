//! The words of all commands as a tree, and what is known of each command.

use std::sync::OnceLock;

use crate::fit::begins;
use crate::notation::{self, Spec, Word};
use crate::{Declaration, Menu};

/// A way from a word to one below it.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) word: &'static str,
    pub(crate) shorts: Vec<&'static str>,
    pub(crate) node: usize,
}

/// A word, with what stands below it.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// In the order of their declaration.
    pub(crate) edges: Vec<Edge>,
    /// First letters of the edges, in lower case: what a line is compared with before all else.
    firsts: Vec<u8>,
    pub(crate) command: Option<usize>,
    pub(crate) menu_help: Option<&'static str>,
    pub(crate) parent: usize,
    pub(crate) word: &'static str,
}

/// A declared command.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) declaration: Declaration,
    /// The words, spelt in full.
    pub(crate) path: &'static str,
    pub(crate) words: usize,
    pub(crate) node: usize,
    /// What follows the words.
    rest: &'static str,
    spec: OnceLock<Result<std::sync::Arc<Spec>, String>>,
    /// For a notation that cannot be read.
    none: std::sync::Arc<Spec>,
}

impl Entry {
    /// What follows the words, read when first asked for; nothing at all if it is unreadable, which
    /// is a fault that the declarations' own test reports.
    pub(crate) fn spec(&self) -> &std::sync::Arc<Spec> {
        self.read().as_ref().unwrap_or(&self.none)
    }

    pub(crate) fn syntax_error(&self) -> Option<&str> {
        self.read().as_ref().err().map(String::as_str)
    }

    fn read(&self) -> &Result<std::sync::Arc<Spec>, String> {
        self.spec.get_or_init(|| notation::spec(self.rest).map(std::sync::Arc::new))
    }
}

#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) entries: Vec<Entry>,
    /// Paths that two commands share.
    pub(crate) duplicates: Vec<&'static str>,
    /// Menus that have no command below them.
    pub(crate) empty_menus: Vec<&'static str>,
}

pub(crate) const ROOT: usize = 0;

/// What a typed word is among those below a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fits {
    Exact,
    Prefix,
    No,
}

impl Edge {
    /// Whether `typed` is this word, one of its short forms, or begins one of them.
    pub(crate) fn fits(&self, typed: &str) -> Fits {
        let mut fits = Fits::No;
        for word in std::iter::once(&self.word).chain(&self.shorts) {
            if begins(word, typed) {
                if word.len() == typed.len() {
                    return Fits::Exact;
                }
                fits = Fits::Prefix;
            }
        }
        fits
    }
}

impl Node {
    /// The words below that `typed` can be, with whether it is exact: an exact one closes the door
    /// on the others. At most one is exact, since [`Grammar::lint`](crate::Grammar::lint) refuses two equal spellings.
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
        let exact = near().find(|edge| edge.fits(typed) == Fits::Exact);
        (exact, near().filter(move |edge| key.is_some() && edge.fits(typed) == Fits::Prefix))
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
            let (spec, none) = (OnceLock::new(), std::sync::Arc::default());
            tree.entries.push(Entry {
                declaration,
                path,
                words: words.len(),
                node,
                rest,
                spec,
                none,
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

    /// Takes a first word out of the language. Its commands keep their numbers, and secrets in their
    /// lines stay masked.
    pub(crate) fn forget(&mut self, word: &str) {
        let root = &mut self.nodes[ROOT];
        root.edges.retain(|edge| !edge.word.eq_ignore_ascii_case(word));
        root.firsts = root.edges.iter().map(first).collect();
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

/// 0 where the spellings begin with different letters: then every word has to be compared.
fn first(edge: &Edge) -> u8 {
    let key = |word: &str| word.as_bytes().first().map_or(0, u8::to_ascii_lowercase);
    let word = key(edge.word);
    if edge.shorts.iter().all(|short| key(short) == word) { word } else { 0 }
}

/// The path as one string. It is nearly always a piece of the syntax; where short forms stand in
/// it, it is built once and kept for the life of the program, as the declarations are.
fn full_path(syntax: &'static str, words: &[Word], rest: &'static str) -> &'static str {
    let piece = syntax[..syntax.len() - rest.len()].trim();
    let full = words.iter().map(|word| word.full).collect::<Vec<_>>().join(" ");
    if piece == full { piece } else { Box::leak(full.into_boxed_str()) }
}
