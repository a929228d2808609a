//! `cargo +nightly fuzz run notation corpus/notation seeds/notation -- -detect_leaks=0`
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| luna_grammar_fuzz::notation(text));
