//! Any text as a declaration must not panic.
//! `cargo +nightly fuzz run notation corpus/notation seeds/notation -- -detect_leaks=0`
#![no_main]

use luna_grammar::{Declaration, Grammar};

libfuzzer_sys::fuzz_target!(|text: &str| {
    // Declarations live as long as the program, so leaks are expected.
    let syntax: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let grammar = Grammar::new(&[], vec![Declaration { syntax, help: "Something", options: &[] }], &[]);
    let _ = (grammar.lint(), grammar.help(""), grammar.abbreviations());
    let _ = (grammar.resolve(text), grammar.masked(text), grammar.complete(text, text.len()));
});
