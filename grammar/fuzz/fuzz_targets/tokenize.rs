//! Tokens are disjoint ranges of the line, on character boundaries.
//! `cargo +nightly fuzz run tokenize corpus/tokenize seeds/tokenize`
#![no_main]

libfuzzer_sys::fuzz_target!(|line: &str| {
    let mut end = 0;
    for token in luna_grammar::tokenize(line).0 {
        assert!(token.span.start >= end && token.span.start < token.span.end);
        assert!(line.get(token.span.clone()).is_some());
        end = token.span.end;
    }
});
