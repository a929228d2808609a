//! `cargo +nightly fuzz run tokenize corpus/tokenize seeds/tokenize`
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| luna_grammar_fuzz::tokenize(text));
