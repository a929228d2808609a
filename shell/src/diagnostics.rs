//! Error messages for lines that do not resolve.

use std::ops::Range;

use luna_grammar::{Grammar, Outcome, tokenize};
use unicode_width::UnicodeWidthStr;

use crate::failure::{Failure, Kind};

/// The failure for an outcome that is no match. `hint` may have a hint for the words of the line.
pub(crate) fn failure(
    grammar: &Grammar,
    line: &str,
    outcome: Outcome<'_>,
    hint_for: impl Fn(&[&str]) -> Option<String>,
) -> Failure {
    let mut possible = Vec::new();
    let (message, hint) = match outcome {
        Outcome::Unknown { at, parent, closest } => {
            let (whole, place) = grammar.masked_at(line, at.clone());
            let word = whole.get(place).unwrap_or_default();
            let what = match (word.starts_with(['-', '–', '—']), parent.as_str()) {
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
            let hint = hint_for(&words).or_else(|| match &closest[..] {
                _ if word.len() > 1 && word.ends_with('?') => {
                    Some("behind a blank, '?' shows what can stand there".to_owned())
                }
                [] => Some(
                    "'help' shows the commands, a '?' behind a word what can follow".to_owned(),
                ),
                closest => {
                    possible = closest.to_vec();
                    Some(format!("could be: {}", closest.join(", ")))
                }
            });
            (format!("{what}\n\n{}", underlined(grammar, line, at)), hint)
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
            let word = line.get(at.clone()).unwrap_or_default();
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

/// The line, secrets masked, with carets below the byte range `at`.
fn underlined(grammar: &Grammar, line: &str, at: Range<usize>) -> String {
    let (whole, at) = grammar.masked_at(line, at);
    let indent = whole.get(..at.start).unwrap_or_default().width();
    let carets = "^".repeat(whole.get(at).unwrap_or_default().width().max(1));
    format!("{}\n{:indent$}{carets}", whole.trim_end(), "")
}

#[cfg(test)]
mod tests {
    use luna_grammar::Declaration;

    use super::*;

    #[test]
    fn messages_quote_no_part_of_a_secret() {
        let syntax = "role login -name|-n <role> [-password|-p <password>] [-slot|-s <slot:0-9>]";
        let declared = Declaration { syntax, help: "Something", options: &[] };
        let grammar = Grammar::new(&[], vec![declared], &[]);
        for line in [
            "role login -n co -p 53cr t3xt 53cr",
            "role login -n co -p 53cr -pasword t3xt",
            "role login -n co -p 53cr -s t3n",
            "role lgin -p 53cr t3xt",
        ] {
            let failure = failure(&grammar, line, grammar.resolve(line), |_| None);
            let told = format!("{} {:?}", failure.message, failure.hints);
            assert!(!told.contains("53cr") && !told.contains("t3xt"), "{line}: {told}");
            assert_eq!(failure.status(), crate::Status::NotUnderstood, "{told}");
        }
    }
}
