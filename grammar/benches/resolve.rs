//! How long a line takes, against clap on the same commands: `cargo bench -p luna-grammar`.
//!
//! clap has no `-name` options and no look-ahead: it gets the same words and options as `--name`,
//! typed in full where its own abbreviations would not do.

mod commands;

use clap::{Arg, ArgAction, Command};
use divan::{Bencher, black_box};
use luna_grammar::{Declaration, Grammar, Outcome};

/// Fully abbreviated, with options.
const LINE: &str = "c reg -c app -h app-cert";
const LONG: &str = "sysc sn u a -s name -authPa secret1 -privPa secret2 -authPr sha -privPr aes";
/// Understood by both: words abbreviated, options in full.
const CLAP: [&str; 8] =
    ["lunash", "cli", "reg", "--client", "app", "--hostname", "app-cert", "--force"];

fn main() {
    divan::main();
}

fn resolve(bencher: Bencher<'_, '_>, declarations: Vec<Declaration>, line: &str) {
    let grammar = Grammar::new(&[], declarations, &[]);
    assert!(matches!(grammar.resolve(line), Outcome::Match(_)), "{line}");
    bencher.bench_local(|| matches!(grammar.resolve(black_box(line)), Outcome::Match(_)));
}

#[divan::bench]
fn ours_abbreviated(bencher: Bencher<'_, '_>) {
    resolve(bencher, commands::declarations(), LINE);
}

#[divan::bench]
fn ours_abbreviated_five_options(bencher: Bencher<'_, '_>) {
    resolve(bencher, commands::declarations(), LONG);
}

#[divan::bench]
fn ours_as_clap_gets_it(bencher: Bencher<'_, '_>) {
    resolve(bencher, commands::declarations(), "cli reg -client app -hostname app-cert -force");
}

#[divan::bench]
fn ours_unknown(bencher: Bencher<'_, '_>) {
    let grammar = commands::grammar();
    bencher.bench_local(|| {
        matches!(grammar.resolve(black_box("client regsiter -c x")), Outcome::Unknown { .. })
    });
}

/// What a program pays at start.
#[divan::bench]
fn ours_built(bencher: Bencher<'_, '_>) {
    bencher
        .with_inputs(commands::declarations)
        .bench_local_values(|all| Grammar::new(&[], all, &[]));
}

#[divan::bench(args = ["", "c", "sysconf ", "par cr -"])]
fn ours_complete(bencher: Bencher<'_, '_>, line: &str) {
    let grammar = commands::grammar();
    bencher.bench_local(|| grammar.complete(black_box(line), line.len()));
}

#[divan::bench]
fn clap_reused(bencher: Bencher<'_, '_>) {
    let mut clap = clap_tree(&commands::declarations());
    assert!(clap.try_get_matches_from_mut(CLAP).is_ok());
    bencher.bench_local(|| clap.try_get_matches_from_mut(black_box(CLAP)).is_ok());
}

#[divan::bench]
fn clap_rebuilt(bencher: Bencher<'_, '_>) {
    let declarations = commands::declarations();
    bencher.bench_local(|| clap_tree(&declarations).try_get_matches_from(black_box(CLAP)).is_ok());
}

/// The same commands for clap; options of every syntax as optional ones.
fn clap_tree(declarations: &[Declaration]) -> Command {
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
