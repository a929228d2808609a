//! From a typed line to the one command it means.
//!
//! The whole line decides: every command whose words fit is tried with its options, and the line
//! means a command when exactly one fits. The first pass only asks for that; when it fails, a second
//! one collects why each candidate does not fit, and the most telling failure is the answer.

use std::ops::Range;

use crate::args::BadArgument;
use crate::fit::{self, Fit, Found, Why};
use crate::invocation::Invocation;
use crate::suggest::closest;
use crate::token::{Token, joined};
use crate::tree::{ROOT, Tree};
use crate::{Declaration, Menu};

/// The commands of one shell, ready to read lines.
#[derive(Debug)]
pub struct Grammar {
    pub(crate) tree: Tree,
    pub(crate) glossary: &'static [(&'static str, &'static str)],
}

/// What a line means.
#[derive(Debug)]
pub enum Outcome<'l> {
    /// Nothing but blanks or a comment.
    Empty,
    /// A question about the language: `help`, `?`, or a line that ends in `?`. The text is laid out.
    Help(String),
    /// Exactly one command.
    Match(Invocation<'l>),
    /// Several commands, or several options, fit: nothing runs.
    Ambiguous {
        /// Where in the line the ambiguous word stands.
        at: Range<usize>,
        /// The full spellings that fit, at least two.
        candidates: Vec<String>,
    },
    /// A word fits nothing.
    Unknown {
        /// Where in the line it stands.
        at: Range<usize>,
        /// The words before it, spelt in full (`partition`); empty for the first word.
        parent: String,
        /// What could stand there, closest first, three at most.
        closest: Vec<String>,
    },
    /// The line stops too early.
    Incomplete {
        /// What it is so far, spelt in full (`client register`).
        command: String,
        /// The commands or the required options that could follow.
        missing: Vec<String>,
        /// Usage or menu, laid out as help does.
        usage: String,
    },
    /// An option's value does not fit.
    BadValue {
        /// Where in the line the value stands.
        at: Range<usize>,
        /// Which option, and why.
        argument: BadArgument,
    },
}

/// What the search has come upon.
#[derive(Default)]
struct Search {
    /// Collect failures too.
    why: bool,
    buffer: Vec<Found>,
    fits: Option<(usize, Vec<Found>, bool)>,
    more: Vec<usize>,
    ambiguous: Vec<(usize, usize, u64)>,
    bad: Vec<(usize, usize, u8, Why)>,
    missing: Vec<(usize, u64)>,
    menus: Vec<usize>,
    /// The token furthest to the right that fits nothing, and the nodes where that is so.
    unknown: Option<(usize, Vec<usize>)>,
}

impl Grammar {
    /// Takes a shell's menus, commands and glossary (what an option means wherever it stands).
    pub fn new(
        menus: &'static [Menu],
        commands: Vec<Declaration>,
        glossary: &'static [(&'static str, &'static str)],
    ) -> Grammar {
        Grammar { tree: Tree::new(menus, commands), glossary }
    }

    /// Takes the commands that begin with `word` out of the language: no line means them, and
    /// neither help nor completion knows them.
    pub fn forget(&mut self, word: &str) {
        self.tree.forget(word);
    }

    /// Reads a line.
    pub fn resolve<'l>(&self, line: &'l str) -> Outcome<'l> {
        let tokens = joined(line);
        if tokens.is_empty() {
            return Outcome::Empty;
        }
        if let Some(answer) = self.question(&tokens) {
            return answer;
        }
        let mut search = Search::default();
        self.descend(&tokens, ROOT, 0, true, &mut search);
        if let (Some((command, found, exact)), true, true) =
            (&mut search.fits, search.more.is_empty(), search.ambiguous.is_empty())
        {
            let entry = &self.tree.entries[*command];
            let (command, found, exact) = (*command, std::mem::take(found), *exact);
            if entry.path == "help" {
                return self.help_on(&tokens[entry.words..]);
            }
            let spec = std::sync::Arc::clone(entry.spec());
            return Outcome::Match(Invocation {
                command,
                path: entry.path,
                spec,
                tokens,
                found,
                exact,
            });
        }
        if search.fits.is_none() && search.ambiguous.is_empty() {
            if let Some(answer) = self.trailing_help(&tokens, true) {
                return answer;
            }
            search = Search { why: true, ..Search::default() };
            self.descend(&tokens, ROOT, 0, true, &mut search);
        }
        self.explain(&tokens, search)
    }

    /// Tries every command that the words from `at` on can mean.
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
                None if search.why => search.menus.push(node),
                None => {}
            }
            return;
        };
        let option = fit::is_option(token);
        let takes = |command: usize| !self.tree.entries[command].spec().positionals.is_empty();
        if let Some(command) = here.command
            && (option || here.edges.is_empty() || token.quoted && takes(command))
        {
            return self.attempt(tokens, command, at, exact, search);
        }
        // A dash before a word of the path, as older versions took it.
        let typed = if option { &token.text[1..] } else { &token.text };
        let (whole, prefixes) = here.children(typed);
        if let Some(edge) = whole {
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
        // `h init` asks for no help on `init`, though `help` takes any words.
        if entry.path == "help" && !matches!(self.help_on(&tokens[at..]), Outcome::Help(_)) {
            return search.unknown(at, ROOT);
        }
        match fit::fit(entry.spec(), tokens, at, &mut search.buffer) {
            Fit::Fits { exact: options } => match search.fits {
                None => {
                    search.fits =
                        Some((command, std::mem::take(&mut search.buffer), exact && options))
                }
                Some(_) => search.more.push(command),
            },
            Fit::Ambiguous { token, options } => search.ambiguous.push((command, token, options)),
            Fit::Bad { token, slot, why } if search.why => {
                search.bad.push((command, token, slot, why))
            }
            Fit::Missing { given } if search.why => search.missing.push((command, given)),
            Fit::Unknown { token } => search.unknown(token, entry.node),
            Fit::Bad { .. } | Fit::Missing { .. } => {}
        }
    }

    /// The most telling of what the search has found.
    fn explain<'l>(&self, tokens: &[Token<'l>], search: Search) -> Outcome<'l> {
        let path = |command: usize| self.tree.entries[command].path.to_owned();
        let mut several: Vec<usize> = search.fits.iter().map(|(command, ..)| *command).collect();
        several.extend(&search.more);
        if let ([], [(command, token, options)]) = (&several[..], &search.ambiguous[..]) {
            let slots = self.tree.entries[*command].spec().slots.iter().enumerate();
            let named = slots.filter(|(index, _)| options & (1 << index) != 0);
            let candidates = named.map(|(_, slot)| slot.shown()).collect();
            return Outcome::Ambiguous { at: tokens[*token].span.clone(), candidates };
        }
        several.extend(search.ambiguous.iter().map(|(command, ..)| *command));
        if several.is_empty() {
            several.extend(search.bad.iter().map(|(command, ..)| *command));
            if let [(command, token, slot, why)] = search.bad[..] {
                let spec = self.tree.entries[command].spec();
                let option = spec.slots[usize::from(slot)].shown();
                let argument = BadArgument { option, reason: fit::reason(spec, slot, why) };
                return Outcome::BadValue { at: tokens[token].span.clone(), argument };
            }
        }
        if several.is_empty() {
            several.extend(search.missing.iter().map(|(command, _)| *command));
            if let [(command, given)] = search.missing[..] {
                let entry = &self.tree.entries[command];
                return Outcome::Incomplete {
                    command: path(command),
                    missing: fit::missing(entry.spec(), given),
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
            // Several menus or commands end there: only what was typed is common to them.
            _ => tokens[..at].iter().map(|token| token.text.as_ref()).collect::<Vec<_>>().join(" "),
        };
        Outcome::Unknown { at: token.span.clone(), parent, closest: closest(&token.text, near) }
    }
}

impl Search {
    fn unknown(&mut self, at: usize, node: usize) {
        if !self.why {
            return;
        }
        match &mut self.unknown {
            Some((deepest, _)) if *deepest > at => {}
            Some((deepest, nodes)) if *deepest == at => nodes.push(node),
            other => *other = Some((at, vec![node])),
        }
    }
}
