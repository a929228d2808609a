//! Error messages for lines that do not resolve.

use std::ops::Range;

use luna_grammar::{Grammar, Outcome, Token, tokenize};
use unicode_width::UnicodeWidthStr;

use crate::failure::{Failure, Kind};
use crate::printable::printable;

/// What a shell adds to the diagnosis of a line.
pub(crate) trait Advice {
    /// A hint for the words of a line before its options.
    fn for_words(&self, words: &[&str]) -> Option<String>;
    /// A hint for an option that `command` does not have.
    fn for_option(&self, command: &str, option: &str) -> Option<String>;
    /// The product's own text for a word that the menu `menu` does not have, where it is known.
    fn text_of_unknown(&self, menu: &str, word: &str) -> Option<String>;
}

/// The failure for an outcome that is no match.
pub(crate) fn failure(
    grammar: &Grammar,
    line: &str,
    outcome: Outcome<'_>,
    advice: &dyn Advice,
) -> Failure {
    let mut possible = Vec::new();
    let (message, hint) = match outcome {
        Outcome::Unknown { at, parent, closest } => {
            let (whole, place) = grammar.masked_at(line, at.clone());
            let word = whole.get(place).unwrap_or_default();
            let dashed = word.starts_with(['-', '–', '—']);
            let what = match (dashed, parent.as_str()) {
                (true, "") => format!("'{word}' is no command."),
                (true, parent) => format!("'{parent}' has no option '{word}'."),
                (false, "") => format!("There is no command '{word}'."),
                (false, parent) => format!("'{word}' does not fit behind '{parent}'."),
            };
            let (tokens, _) = tokenize(line);
            let words: Vec<&str> = tokens
                .iter()
                .map(|token| token.text.as_ref())
                .take_while(|word| !word.starts_with('-'))
                .collect();
            // What is wrong behind the first option is not about the command's name.
            let about_words =
                tokens.get(words.len()).is_none_or(|first| at.start < first.span.start)
                    || parent.is_empty()
                    || grammar.is_menu(&parent);
            let near = || match &closest[..] {
                [] => None,
                closest => Some(format!("could be: {}", closest.join(", "))),
            };
            possible.clone_from(&closest);
            let hint = match () {
                () if word.len() > 1 && word.ends_with('?') => {
                    Some("behind a blank, '?' shows what can stand there".to_owned())
                }
                () if about_words => separator(&tokens).or_else(|| advice.for_words(&words)),
                // As it was typed: it is looked up, not shown.
                () => {
                    let typed = tokens.iter().find(|token| token.span.start == at.start);
                    advice.for_option(&parent, typed.map_or(word, |token| token.text.as_ref()))
                }
            };
            if hint.is_none() {
                possible.clone_from(&closest);
            }
            let hint = hint
                .or_else(near)
                .or_else(|| separator(&tokens))
                .or_else(|| if about_words { None } else { advice.for_words(&words) });
            let hint = hint.or_else(|| {
                Some(match about_words {
                    true => "'help' shows the commands, a '?' behind a word what can follow".into(),
                    false => format!("'{parent} ?' shows its options"),
                })
            });
            let underlined = underlined(grammar, line, at);
            let menu = !dashed && grammar.is_menu(&parent) && !parent.is_empty();
            if let Some(text) = advice.text_of_unknown(&parent, word).filter(|_| menu) {
                let failure = Failure::new(Kind::NotUnderstood, text);
                let failure = Failure { candidates: possible, ..failure }
                    .hint(format!("{what}\n\n{underlined}\n"));
                return match hint {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                };
            }
            (format!("{what}\n\n{underlined}"), hint)
        }
        Outcome::Unclosed { at } => (
            format!(
                "The quote is never closed; nothing was run.\n\n{}",
                underlined(grammar, line, at)
            ),
            Some(
                "a quote within a word stands behind a backslash, or in quotes of the other kind"
                    .into(),
            ),
        ),
        Outcome::Ambiguous { at, candidates } => {
            let (whole, place) = grammar.masked_at(line, at.clone());
            let word = whole.get(place).unwrap_or_default();
            let list: String = candidates.iter().map(|one| format!("\n  {one}")).collect();
            possible = candidates;
            (
                format!(
                    "'{word}' is ambiguous; nothing was run. It could be:{list}\n\n{}",
                    underlined(grammar, line, at)
                ),
                None,
            )
        }
        Outcome::Incomplete { command, missing, usage } => {
            let failure = Failure::new(Kind::BadArguments, usage).verbatim();
            // The help of a menu lists its commands, but that of a command does not show what is missing.
            let options: Vec<String> =
                missing.into_iter().filter(|one| one.starts_with(['-', '<', '{'])).collect();
            return match &options[..] {
                [] => failure,
                options => failure.hint(format!("'{command}' needs {}", options.join(", "))),
            };
        }
        Outcome::BadValue { at, argument } => {
            let what = match argument.option.as_str() {
                "" => argument.reason,
                option => format!("'{option}': {}", argument.reason),
            };
            let message = format!("{what}\n\n{}", underlined(grammar, line, at));
            return Failure::new(Kind::BadArguments, message);
        }
        Outcome::Empty | Outcome::Help(_) | Outcome::Match(_) => (String::new(), None),
    };
    let failure = Failure { candidates: possible, ..Failure::new(Kind::NotUnderstood, message) };
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// A hint for lines that hold more than one command, as other shells take them.
fn separator(tokens: &[Token<'_>]) -> Option<String> {
    let separates = |token: &&Token<'_>| {
        !token.quoted
            && (token.text.ends_with(';') || ["&&", "||", "|", ">", "&"].contains(&&*token.text))
    };
    tokens.iter().any(|token| separates(&token)).then(|| {
        "a line holds one command: write each on a line of its own, or give each with -c".to_owned()
    })
}

/// The line, secrets masked, with carets below the byte range `at`.
fn underlined(grammar: &Grammar, line: &str, at: Range<usize>) -> String {
    let (whole, at) = grammar.masked_at(line, at);
    // As wide as it shows, where escapes stand for what cannot be seen.
    let width = |part: Option<&str>| printable(part.unwrap_or_default()).width();
    let indent = width(whole.get(..at.start));
    let carets = "^".repeat(width(whole.get(at)).max(1));
    format!("{}\n{:indent$}{carets}", whole.trim_end(), "")
}

#[cfg(test)]
mod tests {
    use luna_grammar::Declaration;

    use super::*;

    /// A shell that knows what one word and one option were.
    struct Known;

    impl Advice for Known {
        fn for_words(&self, words: &[&str]) -> Option<String> {
            (words.first() == Some(&"rule")).then(|| "elsewhere".to_owned())
        }

        fn for_option(&self, _: &str, option: &str) -> Option<String> {
            (option == "-gone").then(|| "otherwise today".to_owned())
        }

        fn text_of_unknown(&self, _: &str, word: &str) -> Option<String> {
            Some(format!("Subcommand \"{word}\" not found."))
        }
    }

    fn grammar() -> Grammar {
        let syntax = "role login -name|-n <role> [-password|-p <password>] [-slot|-s <slot:0-9>]";
        let declared = Declaration { syntax, help: "Something", options: &[] };
        Grammar::new(&[], vec![declared], &[])
    }

    fn failed(line: &str) -> Failure {
        let grammar = grammar();
        failure(&grammar, line, grammar.resolve(line), &Known)
    }

    #[test]
    fn messages_quote_no_part_of_a_secret() {
        for line in [
            "role login -n co -p 53cr t3xt 53cr",
            "role login -n co -p 53cr -pasword t3xt",
            "role login -n co -p 53cr -s t3n",
            "role lgin -p 53cr t3xt",
        ] {
            let failure = failed(line);
            let told = format!("{} {:?}", failure.message, failure.hints);
            assert!(!told.contains("53cr") && !told.contains("t3xt"), "{line}: {told}");
            assert_eq!(failure.status(), crate::Status::NotUnderstood, "{told}");
        }
    }

    #[test]
    fn an_option_that_is_wrong_is_told_of_before_the_command() {
        let failure = failed("role login -nmae co");
        assert_eq!(failure.hints, ["could be: -name"]);
        assert_eq!(failed("role login -name co -gone x").hints, ["otherwise today"]);
        assert_eq!(failed("role login -zzz").hints, ["'role login ?' shows its options"]);
        assert_eq!(failed("rule login -name co").hints, ["elsewhere"]);
    }

    #[test]
    fn the_products_text_stands_before_ours() {
        let failure = failed("role lgin");
        assert_eq!(failure.message, "Subcommand \"lgin\" not found.");
        assert_eq!(
            failure.hints,
            ["'lgin' does not fit behind 'role'.\n\nrole lgin\n     ^^^^\n", "could be: login"]
        );
        assert_eq!(failed("rolle").message, "There is no command 'rolle'.\n\nrolle\n^^^^^");
    }

    #[test]
    fn several_commands_in_a_line_are_noticed() {
        for line in ["a; b", "role; b", "role | more"] {
            let told = failed(line).hints.concat();
            assert!(told.contains("a line holds one command"), "{line}: {told}");
        }
    }
}
