//! The canonical line resolves to the same command, and no line panics.
//! `cargo +nightly fuzz run resolve corpus/resolve seeds/resolve`
#![no_main]

#[path = "../../benches/commands/mod.rs"]
mod commands;

use std::sync::LazyLock;

use luna_grammar::{Grammar, Outcome};

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(commands::grammar);

libfuzzer_sys::fuzz_target!(|line: &str| {
    let _ = (GRAMMAR.masked(line), GRAMMAR.complete(line, line.len() / 2));
    match GRAMMAR.resolve(line) {
        Outcome::Match(found) => {
            let canonical = found.canonical();
            let Outcome::Match(again) = GRAMMAR.resolve(&canonical) else { panic!("{canonical}") };
            assert_eq!(again.command, found.command);
        }
        Outcome::Ambiguous { candidates, .. } => assert!(candidates.len() > 1),
        _ => {}
    }
});
