//! Help in the layout of the appliance, and the lines that ask for it.

use crate::matching::{is_option, starts_with};
use crate::resolve::{Grammar, Outcome};
use crate::token::{Token, joined};
use crate::tree::{Node, ROOT};

/// The line below the header `Name   (short)  Description`.
const RULE: &str = "-----------------------------------";
/// The name column of the header is never narrower than this.
const NARROWEST: usize = 13;
const SHORT: usize = 6;

struct Row {
    name: String,
    short: String,
    text: String,
}

impl Grammar {
    /// Help on a typed path (`""` for the main menu, `c reg`); `None` if it is not known.
    pub fn help(&self, path: &str) -> Option<String> {
        let tokens = joined(path);
        match self.help_on(&tokens) {
            Outcome::Help(text) => Some(text),
            _ => None,
        }
    }

    /// The answer to a request for help: `?` or `help` first, `?` last, or `help` after words
    /// without options.
    pub(crate) fn help_request<'l>(&self, tokens: &[Token<'l>]) -> Option<Outcome<'l>> {
        let (first, last) = (tokens.first()?, tokens.last()?);
        if is_question_mark(first) || is_help(first) {
            let end = if tokens.len() > 1 && is_question_mark(last) {
                tokens.len() - 1
            } else {
                tokens.len()
            };
            return Some(self.help_on(&tokens[1..end]));
        }
        if is_question_mark(last) {
            return Some(self.help_on(&tokens[..tokens.len() - 1]));
        }
        if is_help(last) && !tokens.iter().any(is_option) {
            return self.trailing_help(tokens, false);
        }
        None
    }

    /// The answer to `WORDS help`. With `any`, only help that exists: after options, `help` may be a
    /// value, and the caller has found that the line means nothing else.
    pub(crate) fn trailing_help<'l>(&self, tokens: &[Token<'l>], any: bool) -> Option<Outcome<'l>> {
        let (last, before) = tokens.split_last()?;
        if !is_help(last) || before.is_empty() {
            return None;
        }
        match self.help_on(before) {
            help @ Outcome::Help(_) => Some(help),
            other if !any => Some(other),
            _ => None,
        }
    }

    /// Help on the command or menu that the tokens name; options and values are ignored.
    pub(crate) fn help_on<'l>(&self, tokens: &[Token<'l>]) -> Outcome<'l> {
        let mut nodes = vec![ROOT];
        for (at, token) in tokens.iter().enumerate() {
            let dashed = is_option(token);
            let typed = if dashed { &token.text[1..] } else { &token.text };
            let mut below = Vec::new();
            for node in &nodes {
                let here = &self.tree.nodes[*node];
                if dashed && here.command.is_some() {
                    continue;
                }
                let (exact, prefixes) = here.children(typed);
                match exact {
                    Some(edge) => below.push(edge.node),
                    None => below.extend(prefixes.map(|edge| edge.node)),
                }
            }
            if below.is_empty() {
                let commands = nodes.iter().copied().filter(|node| self.takes_more(*node, token));
                let commands: Vec<usize> = commands.collect();
                if commands.is_empty() {
                    return self.unknown(tokens, at, &nodes);
                }
                nodes = commands;
                break;
            }
            nodes = below;
        }
        match nodes[..] {
            [node] => Outcome::Help(self.help_text(node)),
            _ => self.ambiguous(tokens, &nodes),
        }
    }

    /// Whether the node is a command that could take the token as an option or positional.
    fn takes_more(&self, node: usize, token: &Token<'_>) -> bool {
        self.tree.nodes[node].command.is_some_and(|command| {
            let spec = self.tree.entries[command].spec();
            if is_option(token) {
                crate::matching::find_option(spec, &token.text)
                    != crate::matching::OptionLookup::NotFound
            } else {
                !spec.positionals.is_empty()
            }
        })
    }

    /// Help on a node: usage and options of the command, the menu below it, or both.
    pub(crate) fn help_text(&self, node: usize) -> String {
        let here = &self.tree.nodes[node];
        let mut blocks = Vec::new();
        if let Some(command) = here.command {
            let entry = &self.tree.entries[command];
            blocks.push(
                format!("Usage: {} {}", entry.path, entry.spec().usage()).trim_end().to_owned(),
            );
            blocks.extend(table(&self.option_rows(command)));
        }
        blocks.extend(table(&self.menu_rows(here)));
        blocks.join("\n\n\n")
    }

    fn menu_rows(&self, node: &Node) -> Vec<Row> {
        let words: Vec<&str> = node.edges.iter().map(|edge| edge.word).collect();
        let rows = node.edges.iter().enumerate().map(|(index, edge)| {
            let below = &self.tree.nodes[edge.node];
            let help = self.word_help(edge.node);
            let menu = !below.edges.is_empty() && below.command.is_none();
            Row {
                name: edge.word.to_owned(),
                short: edge
                    .shorts
                    .first()
                    .map_or_else(|| shortest(&words, index), |s| (*s).to_owned()),
                text: if menu { format!("> {help}") } else { help.to_owned() },
            }
        });
        rows.collect()
    }

    /// The help line of a word.
    pub(crate) fn word_help(&self, node: usize) -> &'static str {
        let node = &self.tree.nodes[node];
        let command = || node.command.map(|command| self.tree.entries[command].declaration.help);
        if node.command.is_some() { command() } else { node.menu_help }.unwrap_or_default()
    }

    fn option_rows(&self, command: usize) -> Vec<Row> {
        let entry = &self.tree.entries[command];
        let slots = &entry.spec().slots;
        let texts = entry.declaration.options;
        let names: Vec<&str> =
            slots.iter().filter_map(|slot| slot.names.first().copied()).collect();
        let mut order: Vec<usize> = (0..slots.len()).collect();
        // If the declaration has help for each of them, it also defines their order.
        let place =
            |slot: usize| texts.iter().position(|(name, _)| is_named(&slots[slot].shown(), name));
        if order.iter().all(|slot| place(*slot).is_some()) {
            order.sort_by_key(|slot| place(*slot));
        }
        let rows = order.into_iter().map(|index| {
            let slot = &slots[index];
            let short = match (slot.names.get(1), slot.names.first()) {
                (Some(short), _) => (*short).to_owned(),
                (None, Some(name)) => {
                    let at = names.iter().position(|other| other == name).unwrap_or(0);
                    shortest(&names, at)
                }
                (None, None) => String::new(),
            };
            Row { name: slot.shown(), short, text: self.slot_help(command, index).to_owned() }
        });
        rows.collect()
    }

    /// Help on an option or positional; the declaration takes precedence over the glossary.
    pub(crate) fn slot_help(&self, command: usize, slot: usize) -> &'static str {
        let entry = &self.tree.entries[command];
        let slot = &entry.spec().slots[slot];
        // `<device:eth0|eth1>` is shown with its choices, but its help is listed under its name.
        let shown = slot.shown();
        let named = |name: &str| {
            is_named(&shown, name) || slot.is_positional() && is_named(slot.field(), name)
        };
        let texts = entry.declaration.options.iter().chain(self.glossary);
        let mut texts = texts.filter(|(name, _)| named(name));
        texts.next().map(|(_, text)| *text).unwrap_or_default()
    }
}

/// Whether `name` means the slot; a positional may be named without its brackets.
fn is_named(shown: &str, name: &str) -> bool {
    let bare = |text: &str| text.trim_matches(['<', '>']).to_ascii_lowercase();
    shown.starts_with('-') == name.starts_with('-') && bare(shown) == bare(name)
}

fn is_question_mark(token: &Token<'_>) -> bool {
    !token.quoted && token.text == "?"
}

fn is_help(token: &Token<'_>) -> bool {
    !token.quoted && token.text.eq_ignore_ascii_case("help")
}

/// The shortest prefix of a word that none of its siblings shares, or the word itself.
pub(crate) fn shortest(words: &[&str], index: usize) -> String {
    let word = words[index];
    let dash = usize::from(word.starts_with('-'));
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8()).skip(dash);
    let shared = |prefix: &str| {
        let mut others = words.iter().enumerate().filter(|(other, _)| *other != index);
        others.any(|(_, other)| starts_with(other, prefix))
    };
    let mut prefixes = ends.map(|end| &word[..end]);
    prefixes.find(|prefix| !shared(prefix)).unwrap_or(word).to_owned()
}

fn table(rows: &[Row]) -> Option<String> {
    use std::fmt::Write;
    let longest = rows.iter().map(|row| row.name.chars().count()).max()?;
    let width = (longest + 2).max(NARROWEST + 3);
    // Short forms of six letters and more move the descriptions to the right.
    let shorts = rows.iter().map(|row| row.short.chars().count() + 1).max()?.max(SHORT);
    let (before, between) = (width - 3, shorts + 3);
    let mut text = format!("{:<before$}{:<between$}Description\n{RULE}", "Name", "(short)");
    for row in rows {
        let line = format!("{:<width$}{:<shorts$}{}", row.name, row.short, row.text);
        let _ = write!(text, "\n{}", line.trim_end());
    }
    Some(text)
}
