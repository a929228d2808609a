//! A bounded run of every fuzz target on the stable compiler: its seeds, changed at random in the
//! same way at every run. `PROPTEST_CASES` changes how many inputs are tried.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[allow(unreachable_pub, missing_docs, reason = "a crate of its own for cargo-fuzz")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

/// The characters that mean something in a line or in a declaration, and a few that do not.
const SPECIAL: &str = " \t\n\"'\\-|<>[]{}.:,=#$*0aAé–\u{0}\u{7f}\u{301}";

fn seeds(target: &str) -> Vec<String> {
    let folder = format!("{}/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// A seed of which some ranges are replaced by characters, or by parts of other seeds.
fn inputs(target: &str) -> impl Strategy<Value = String> + use<> {
    let seeds = seeds(target);
    let part =
        (select(seeds.clone()), any::<(Index, Index)>()).prop_map(|(seed, (from, count))| {
            let from = from.index(seed.chars().count() + 1);
            seed.chars().skip(from).take(count.index(20)).collect::<String>()
        });
    let special = vec(select(SPECIAL.chars().collect::<Vec<_>>()), 0..3)
        .prop_map(|characters| characters.into_iter().collect());
    let replacement = prop_oneof![part, special];
    let edit = (any::<Index>(), 0..6_usize, replacement);
    (select(seeds), vec(edit, 0..6)).prop_map(|(seed, edits)| {
        let mut text: Vec<char> = seed.chars().collect();
        for (at, count, replacement) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + count).min(text.len());
            text.splice(at..end, replacement.chars());
        }
        text.into_iter().collect()
    })
}

/// Tries so many inputs, unless `PROPTEST_CASES` says otherwise.
fn run(target: &str, cases: u32, body: fn(&str)) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let tried = TestRunner::new_with_rng(config, rng).run(&inputs(target), |input| {
        body(&input);
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn tokenize() {
    run("tokenize", 5_000, targets::tokenize);
}

#[test]
fn notation() {
    run("notation", 5_000, targets::notation);
}

#[test]
fn resolve() {
    run("resolve", 5_000, targets::resolve);
}
