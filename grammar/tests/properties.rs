//! Properties that hold for any line.

#[path = "../benches/commands/mod.rs"]
mod commands;

use luna_grammar::{Declaration, Grammar, Outcome, tokenize};
use proptest::prelude::*;

proptest! {
    #[test]
    fn tokens_are_disjoint_ranges_of_the_line(line in any::<String>()) {
        let (tokens, _) = tokenize(&line);
        let mut end = 0;
        for token in tokens {
            prop_assert!(token.span.start >= end && token.span.start < token.span.end);
            prop_assert!(line.get(token.span.clone()).is_some());
            end = token.span.end;
        }
    }

    #[test]
    fn tokens_are_ranges_of_a_line_of_special_characters(line in r#"[a"'\\ #\-–“”’\u{a0}ä]{0,24}"#) {
        let (tokens, _) = tokenize(&line);
        for token in &tokens {
            prop_assert!(line.get(token.span.clone()).is_some());
            prop_assert!(token.quoted || !token.text.is_empty());
        }
    }

    /// The canonical line resolves to the same command with the same arguments.
    #[test]
    fn canonical_lines_resolve_to_the_same(client in any::<String>(), host in r#"[a"'\\ #?\-–“”]{0,12}"#) {
        let grammar = commands::grammar();
        let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let line = format!("c reg -h {} -c {} -f", quote(&host), quote(&client));
        let Outcome::Match(first) = grammar.resolve(&line) else { panic!("{line}") };
        prop_assert_eq!(first.value("client"), Some(client));
        prop_assert_eq!(first.value("hostname"), Some(host));
        let canonical = first.canonical();
        let Outcome::Match(again) = grammar.resolve(&canonical) else { panic!("{canonical}") };
        prop_assert_eq!(first.command, again.command);
        prop_assert!(again.exact());
        for name in ["client", "hostname", "force"] {
            prop_assert_eq!(first.value(name), again.value(name));
        }
        prop_assert_eq!(again.canonical(), canonical);
    }

    #[test]
    fn completion_and_masking_never_fail(line in r#"(par|c|hsm|role|user|sysconf)?[a-z"' #?\-–=]{0,24}"#, cursor in 0usize..40) {
        let grammar = commands::grammar();
        let completion = grammar.complete(&line, cursor);
        prop_assert!(line.get(completion.start..).is_some());
        let _ = grammar.masked(&line);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Any text can be declared; lint may report it.
    #[test]
    fn notation_never_panics(text in r#"(a b )?[ab <>\[\]{}|.:1\-]{0,40}"#) {
        let syntax: &'static str = Box::leak(text.clone().into_boxed_str());
        let declaration = Declaration { syntax, help: "Something", options: &[] };
        let grammar = Grammar::new(&[], vec![declaration], &[]);
        let _ = (grammar.lint(), grammar.help(""), grammar.abbreviations());
        let _ = (grammar.resolve(&text), grammar.masked(&text), grammar.complete(&text, text.len()));
    }
}
