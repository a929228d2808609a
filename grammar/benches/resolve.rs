//! The time for a line, compared with clap on the same commands: `cargo bench -p luna-grammar`.
//!
//! The ratios between them are in `ratios.rs`.

mod commands;
mod rival;

use divan::{Bencher, black_box};
use luna_grammar::{Declaration, Grammar, Outcome};
use rival::{CLAP, OURS, clap_tree};

/// Fully abbreviated, with options.
const LINE: &str = "c reg -c app -h app-cert";
const LONG: &str = "sysc sn u a -s name -authPa secret1 -privPa secret2 -authPr sha -privPr aes";

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
    resolve(bencher, commands::declarations(), OURS);
}

#[divan::bench]
fn ours_unknown(bencher: Bencher<'_, '_>) {
    let grammar = commands::grammar();
    bencher.bench_local(|| {
        matches!(grammar.resolve(black_box("client regsiter -c x")), Outcome::Unknown { .. })
    });
}

/// The cost at the start of a program.
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
