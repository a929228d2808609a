//! clap with the same commands, for comparison.
//!
//! clap has no `-name` options and no look-ahead: it gets the same words and options as `--name`,
//! typed in full where its own abbreviations would not do.

use clap::{Arg, ArgAction, Command};
use luna_grammar::Declaration;

/// Understood by both: words abbreviated, options in full.
pub(crate) const OURS: &str = "cli reg -client app -hostname app-cert -force";
/// The same for clap.
pub(crate) const CLAP: [&str; 8] =
    ["lunash", "cli", "reg", "--client", "app", "--hostname", "app-cert", "--force"];

/// The same commands for clap; options of every syntax as optional ones.
pub(crate) fn clap_tree(declarations: &[Declaration]) -> Command {
    let mut root = Command::new("lunash")
        .infer_subcommands(true)
        .infer_long_args(true)
        .disable_help_subcommand(true);
    for declaration in declarations {
        let syntax = declaration.syntax;
        let end = syntax.find([' ', '-', '<', '[', '{']).map_or(syntax.len(), |_| {
            syntax
                .match_indices([' '])
                .find(|(at, _)| syntax[at + 1..].starts_with(['-', '<', '[', '{']))
                .map_or(syntax.len(), |(at, _)| at)
        });
        let words: Vec<&'static str> = syntax[..end].split(' ').collect();
        root = insert(root, &words, &syntax[end..]);
    }
    root
}

fn insert(parent: Command, words: &[&'static str], options: &'static str) -> Command {
    let Some((first, rest)) = words.split_first() else { return with_options(parent, options) };
    if parent.find_subcommand(first).is_some() {
        return parent.mut_subcommand(first, |below| insert(below, rest, options));
    }
    let below = Command::new(*first)
        .infer_subcommands(true)
        .infer_long_args(true)
        .disable_help_subcommand(true);
    parent.subcommand(insert(below, rest, options))
}

fn with_options(mut command: Command, options: &'static str) -> Command {
    let mut pieces =
        options.split_whitespace().map(|piece| piece.trim_matches(['[', ']', '{', '}'])).peekable();
    while let Some(piece) = pieces.next() {
        if let Some(names) = piece.strip_prefix('-') {
            let mut names = names.split("|-");
            let name = names.next().unwrap_or_default();
            let action = match pieces.next_if(|next| next.starts_with('<')) {
                Some(_) => ArgAction::Set,
                None => ArgAction::SetTrue,
            };
            command = command.arg(Arg::new(name).long(name).aliases(names).action(action));
        } else if piece.starts_with('<') {
            command = command.arg(Arg::new(piece));
        }
    }
    command
}
