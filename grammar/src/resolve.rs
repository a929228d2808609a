//! Resolves a typed line to the one command it means.
//!
//! Every command whose words match is tried with its options; the line means a command when exactly
//! one matches as a whole. The first pass only looks for that one. If it fails, a second pass
//! collects why each candidate does not match, and the most specific error is reported.

use std::ops::Range;

use crate::args::BadArgument;
use crate::invocation::Invocation;
use crate::matching::{self, Argument, ArgumentError, MatchResult};
use crate::suggest::closest;
use crate::token::{Token, joined};
use crate::tree::{ROOT, Tree};
use crate::{Declaration, Menu};

/// The command language of one shell.
#[derive(Clone, Debug)]
pub struct Grammar {
    pub(crate) tree: Tree,
    pub(crate) glossary: &'static [(&'static str, &'static str)],
    /// Texts with words of other shells, which are no secrets either.
    pub(crate) foreign: Vec<&'static str>,
}

/// What a line means.
#[derive(Debug)]
pub enum Outcome<'l> {
    /// Nothing but blanks or a comment.
    Empty,
    /// The text of help that the line asks for: `help`, `?`, or a line that ends in `?`.
    Help(String),
    /// Exactly one command.
    Match(Invocation<'l>),
    /// A quote is never closed: where a value ends, nobody knows.
    Unclosed {
        /// Byte range of the quote.
        at: Range<usize>,
    },
    /// Several commands or options match: nothing runs.
    Ambiguous {
        /// Byte range of the ambiguous word.
        at: Range<usize>,
        /// Full spellings of the matches, at least two.
        candidates: Vec<String>,
    },
    /// A word is not known here.
    Unknown {
        /// Byte range of the word.
        at: Range<usize>,
        /// The words before it, spelt in full (`partition`); empty for the first word.
        parent: String,
        /// Known words like it, closest first, three at most.
        closest: Vec<String>,
    },
    /// More is needed after the end of the line.
    Incomplete {
        /// The command or menu so far, spelt in full (`client register`).
        command: String,
        /// The commands or required options that can follow.
        missing: Vec<String>,
        /// The help text of the command or menu.
        usage: String,
    },
    /// A value is not valid.
    BadValue {
        /// Byte range of the value.
        at: Range<usize>,
        /// Which option, and why.
        argument: BadArgument,
    },
}

/// What a pass over the commands has found.
#[derive(Default)]
struct Search {
    /// Whether errors are collected too.
    collect_errors: bool,
    buffer: Vec<Argument>,
    /// The first match: command, arguments, exact or abbreviated.
    matched: Option<(usize, Vec<Argument>, bool)>,
    /// Further commands that match.
    also_matched: Vec<usize>,
    ambiguous: Vec<(usize, usize, u64)>,
    invalid: Vec<(usize, usize, u8, ArgumentError)>,
    incomplete: Vec<(usize, u64)>,
    menus: Vec<usize>,
    /// The rightmost token that is not known, and the nodes where it is not.
    unknown: Option<(usize, Vec<usize>)>,
}

impl Grammar {
    /// A grammar of menus, commands and a glossary (help for options, whatever their command).
    pub fn new(
        menus: &'static [Menu],
        commands: Vec<Declaration>,
        glossary: &'static [(&'static str, &'static str)],
    ) -> Grammar {
        Grammar { tree: Tree::new(menus, commands), glossary, foreign: Vec::new() }
    }

    /// Makes the words of a text known, such as the commands of another shell: they are no secrets
    /// where a line is shown.
    pub fn know(&mut self, text: &'static str) {
        self.foreign.push(text);
    }

    /// Removes the commands whose path, spelt in full, is not to be kept from resolution, help and
    /// completion.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.tree.retain(keep);
    }

    /// Takes a first word that is a beginning of one of these, or one of them, for no abbreviation:
    /// words of another shell that people mix up with this one.
    pub fn reserve(&mut self, words: &'static [&'static str]) {
        self.tree.reserve(words);
    }

    /// Takes these first words in full only, so that others keep the abbreviations that they had before
    /// there were these.
    pub fn spell_out(&mut self, words: &'static [&'static str]) {
        self.tree.spell_out(words);
    }

    /// Whether words, spelt in full, name a menu: they have commands below them and are none.
    pub fn is_menu(&self, path: &str) -> bool {
        let below = |node: Option<usize>, word: &str| {
            let edges = &self.tree.nodes[node?].edges;
            edges.iter().find(|edge| edge.word.eq_ignore_ascii_case(word)).map(|edge| edge.node)
        };
        let node = path.split(' ').fold(Some(ROOT), below);
        node.is_some_and(|node| self.tree.nodes[node].command.is_none())
    }

    /// Resolves a line.
    pub fn resolve<'l>(&self, line: &'l str) -> Outcome<'l> {
        let tokens = joined(line);
        if tokens.is_empty() {
            return Outcome::Empty;
        }
        if let Some(at) = tokens.iter().find_map(|token| token.unclosed) {
            let quote = line[at..].chars().next().map_or(0, char::len_utf8);
            return Outcome::Unclosed { at: at..at + quote };
        }
        if let Some(answer) = self.help_request(&tokens) {
            return answer;
        }
        let mut search = Search::default();
        self.descend(&tokens, ROOT, 0, true, &mut search);
        if let (Some((command, arguments, exact)), true, true) =
            (&mut search.matched, search.also_matched.is_empty(), search.ambiguous.is_empty())
        {
            let entry = &self.tree.entries[*command];
            let (command, arguments, exact) = (*command, std::mem::take(arguments), *exact);
            if entry.path == "help" {
                return self.help_on(&tokens[entry.words..]);
            }
            let spec = std::sync::Arc::clone(entry.spec());
            return Outcome::Match(Invocation {
                command,
                path: entry.path,
                spec,
                tokens,
                arguments,
                exact,
            });
        }
        if search.matched.is_none() && search.ambiguous.is_empty() {
            if let Some(answer) = self.trailing_help(&tokens, true) {
                return answer;
            }
            search = Search { collect_errors: true, ..Search::default() };
            self.descend(&tokens, ROOT, 0, true, &mut search);
        }
        self.explain(&tokens, search)
    }

    /// Whether a line is plainly a command, perhaps an incomplete or a wrong one, and no password.
    pub fn is_command(&self, line: &str) -> bool {
        match self.resolve(line) {
            Outcome::Match(_) | Outcome::Help(_) | Outcome::BadValue { .. } => true,
            Outcome::Incomplete { .. } | Outcome::Ambiguous { .. } => joined(line).len() > 1,
            Outcome::Unknown { parent, .. } => parent.contains(' '),
            Outcome::Empty => line.trim_start().starts_with("# "),
            Outcome::Unclosed { .. } => false,
        }
    }

    /// Tries every command that the tokens from `at` on can mean.
    fn descend(
        &self,
        tokens: &[Token<'_>],
        node: usize,
        at: usize,
        exact: bool,
        search: &mut Search,
    ) {
        let here = &self.tree.nodes[node];
        let Some(token) = tokens.get(at) else {
            match here.command {
                Some(command) => self.attempt(tokens, command, at, exact, search),
                None if search.collect_errors => search.menus.push(node),
                None => {}
            }
            return;
        };
        let option = matching::is_option(token);
        let takes = |command: usize| !self.tree.entries[command].spec().positionals.is_empty();
        if let Some(command) = here.command
            && (option || here.edges.is_empty() || token.quoted && takes(command))
        {
            return self.attempt(tokens, command, at, exact, search);
        }
        // Older versions of the product took a dash before a word of the path.
        let typed = if option { &token.text[1..] } else { &token.text };
        let (exact_edge, prefixes) = here.children(typed);
        if let Some(edge) = exact_edge {
            return self.descend(tokens, edge.node, at + 1, exact && !option, search);
        }
        let mut none = true;
        for edge in prefixes {
            none = false;
            self.descend(tokens, edge.node, at + 1, false, search);
        }
        if none {
            match here.command {
                Some(command) => self.attempt(tokens, command, at, exact, search),
                None => search.unknown(at, node),
            }
        }
    }

    fn attempt(
        &self,
        tokens: &[Token<'_>],
        command: usize,
        at: usize,
        exact: bool,
        search: &mut Search,
    ) {
        let entry = &self.tree.entries[command];
        // `help` takes any words, but `h init` is no request for help unless `init` is known.
        if entry.path == "help" && !matches!(self.help_on(&tokens[at..]), Outcome::Help(_)) {
            return search.unknown(at, ROOT);
        }
        match matching::match_arguments(entry.spec(), tokens, at, &mut search.buffer) {
            MatchResult::Match { exact: options } => match search.matched {
                None => {
                    search.matched =
                        Some((command, std::mem::take(&mut search.buffer), exact && options))
                }
                Some(_) => search.also_matched.push(command),
            },
            MatchResult::Ambiguous { token, options } => {
                search.ambiguous.push((command, token, options))
            }
            MatchResult::Invalid { token, slot, error } if search.collect_errors => {
                search.invalid.push((command, token, slot, error))
            }
            MatchResult::Incomplete { given } if search.collect_errors => {
                search.incomplete.push((command, given))
            }
            MatchResult::Unknown { token } => search.unknown(token, entry.node),
            MatchResult::Invalid { .. } | MatchResult::Incomplete { .. } => {}
        }
    }

    /// The most specific error that the search has found.
    fn explain<'l>(&self, tokens: &[Token<'l>], search: Search) -> Outcome<'l> {
        let path = |command: usize| self.tree.entries[command].path.to_owned();
        let mut several: Vec<usize> = search.matched.iter().map(|(command, ..)| *command).collect();
        several.extend(&search.also_matched);
        if let ([], [(command, token, options)]) = (&several[..], &search.ambiguous[..]) {
            let slots = self.tree.entries[*command].spec().slots.iter().enumerate();
            let named = slots.filter(|(index, _)| options & (1 << index) != 0);
            let candidates = named.map(|(_, slot)| slot.shown()).collect();
            return Outcome::Ambiguous { at: tokens[*token].span.clone(), candidates };
        }
        several.extend(search.ambiguous.iter().map(|(command, ..)| *command));
        if several.is_empty() {
            several.extend(search.invalid.iter().map(|(command, ..)| *command));
            if let [(command, token, slot, error)] = search.invalid[..] {
                let spec = self.tree.entries[command].spec();
                let option = spec.slots[usize::from(slot)].shown();
                let argument =
                    BadArgument { option, reason: matching::describe_error(spec, slot, error) };
                return Outcome::BadValue { at: tokens[token].span.clone(), argument };
            }
        }
        if several.is_empty() {
            several.extend(search.incomplete.iter().map(|(command, _)| *command));
            if let [(command, given)] = search.incomplete[..] {
                let entry = &self.tree.entries[command];
                return Outcome::Incomplete {
                    command: path(command),
                    missing: matching::describe_missing(entry.spec(), given),
                    usage: self.help_text(entry.node),
                };
            }
        }
        if several.is_empty()
            && let [node] = search.menus[..]
        {
            let edges = self.tree.nodes[node].edges.iter();
            return Outcome::Incomplete {
                command: self.tree.path(node),
                missing: edges.map(|edge| edge.word.to_owned()).collect(),
                usage: self.help_text(node),
            };
        }
        let nodes: Vec<usize> = match several[..] {
            [] => search.menus,
            _ => several.iter().map(|command| self.tree.entries[*command].node).collect(),
        };
        if nodes.len() > 1 {
            return self.ambiguous(tokens, &nodes);
        }
        let (at, nodes) = search.unknown.unwrap_or((0, vec![ROOT]));
        self.unknown(tokens, at, &nodes)
    }

    pub(crate) fn ambiguous<'l>(&self, tokens: &[Token<'l>], nodes: &[usize]) -> Outcome<'l> {
        let candidates: Vec<String> = nodes.iter().map(|node| self.tree.path(*node)).collect();
        let words: Vec<Vec<&str>> =
            candidates.iter().map(|path| path.split(' ').collect()).collect();
        let depth = (0..tokens.len())
            .find(|depth| words.iter().any(|w| w.get(*depth) != words[0].get(*depth)));
        let at = tokens[depth.unwrap_or(0)].span.clone();
        Outcome::Ambiguous { at, candidates }
    }

    pub(crate) fn unknown<'l>(
        &self,
        tokens: &[Token<'l>],
        at: usize,
        nodes: &[usize],
    ) -> Outcome<'l> {
        let token = &tokens[at];
        let mut near: Vec<String> = Vec::new();
        for node in nodes {
            let here = &self.tree.nodes[*node];
            if let Some(command) = here.command {
                let entry = &self.tree.entries[command];
                near.extend(
                    entry.spec().slots.iter().filter(|s| !s.is_positional()).map(|s| s.shown()),
                );
                if at > entry.words {
                    continue;
                }
            }
            near.extend(here.edges.iter().map(|edge| edge.word.to_owned()));
        }
        let parent = match nodes {
            [node] => self.tree.path(*node),
            // Several menus or commands: only the typed words are common to them.
            _ => {
                let words = tokens[..at].iter().map(|token| token.text.as_ref());
                words.take_while(|word| !word.starts_with('-')).collect::<Vec<_>>().join(" ")
            }
        };
        Outcome::Unknown { at: token.span.clone(), parent, closest: closest(&token.text, near) }
    }
}

impl Search {
    fn unknown(&mut self, at: usize, node: usize) {
        if !self.collect_errors {
            return;
        }
        match &mut self.unknown {
            Some((deepest, _)) if *deepest > at => {}
            Some((deepest, nodes)) if *deepest == at => nodes.push(node),
            other => *other = Some((at, vec![node])),
        }
    }
}
