//! What is fuzzed. cargo-fuzz runs these on nightly, without end; `tests/fuzz.rs` of luna-grammar
//! runs them on stable, for a bounded number of inputs.

use std::sync::LazyLock;

use luna_grammar::{Declaration, Grammar, Outcome};

#[path = "../../benches/commands/mod.rs"]
mod commands;

/// Tokens are disjoint ranges of the line, on character boundaries.
pub fn tokenize(line: &str) {
    let mut end = 0;
    for token in luna_grammar::tokenize(line).0 {
        assert!(token.span.start >= end && token.span.start < token.span.end);
        assert!(line.get(token.span.clone()).is_some());
        end = token.span.end;
    }
}

/// Any text as a declaration must not panic.
pub fn notation(text: &str) {
    // Declarations live as long as the program, so leaks are expected.
    let syntax: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let declaration = Declaration { syntax, help: "Something", options: &[] };
    let grammar = Grammar::new(&[], vec![declaration], &[]);
    let _ = (grammar.lint(), grammar.help(""), grammar.abbreviations());
    let _ = (grammar.resolve(text), grammar.masked(text), grammar.complete(text, text.len()));
}

/// The canonical line resolves to the same command, and no line panics.
pub fn resolve(line: &str) {
    static GRAMMAR: LazyLock<Grammar> = LazyLock::new(commands::grammar);
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
}
