//! `cargo +nightly fuzz run resolve corpus/resolve seeds/resolve`
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| luna_grammar_fuzz::resolve(text));
