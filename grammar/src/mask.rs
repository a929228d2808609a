//! Lines without their secrets.
//!
//! For the history and for messages, where a line stands as it was typed. A line may be wrong, so
//! this asks less than the resolver: after any name that could be a secret option of any command,
//! what follows up to the next option is masked.

use crate::fit::{begins, is_option};
use crate::invocation::MASK;
use crate::resolve::{Grammar, Outcome};
use crate::token::joined;

impl Grammar {
    /// `line` with the values of secret options as eight asterisks, whether or not it resolves.
    pub fn masked(&self, line: &str) -> String {
        let tokens = joined(line);
        let mut hide = vec![false; tokens.len()];
        match self.resolve(line) {
            Outcome::Match(invocation) => {
                for found in &invocation.found {
                    if invocation.slot(found).secret {
                        let first = found.first as usize;
                        hide[first..first + found.count as usize].fill(true);
                    }
                }
            }
            Outcome::Empty | Outcome::Help(_) if tokens.is_empty() => {}
            _ => {
                let mut after = false;
                for (at, token) in tokens.iter().enumerate() {
                    if is_option(token) && self.may_be_secret(&token.text) {
                        after = true;
                    } else if is_option(token) && !after {
                        after = false;
                    } else if is_option(token) && at > 0 && !is_option(&tokens[at - 1]) {
                        after = false;
                    } else {
                        hide[at] = after;
                    }
                }
                self.hide_positionals(&tokens, &mut hide);
            }
        }
        let mut masked = String::with_capacity(line.len());
        let mut end = 0;
        for (token, _) in tokens.iter().zip(&hide).filter(|(_, hide)| **hide) {
            masked.push_str(&line[end..token.span.start]);
            masked.push_str(MASK);
            end = token.span.end;
        }
        masked.push_str(&line[end..]);
        masked
    }

    /// Whether a typed option could be a secret one of any command; a misspelt one counts too.
    fn may_be_secret(&self, typed: &str) -> bool {
        let typed = typed.split('=').next().unwrap_or(typed);
        let secret = self
            .tree
            .entries
            .iter()
            .flat_map(|entry| entry.spec().slots.iter())
            .filter(|s| s.secret);
        let mut names = secret.flat_map(|slot| slot.names.iter());
        names.any(|name| {
            let near = || {
                strsim::damerau_levenshtein(&typed.to_ascii_lowercase(), &name.to_ascii_lowercase())
                    <= 2
            };
            begins(name, typed) || begins(typed, name) || (typed.len() > 4 && near())
        })
    }

    /// Positionals that are secrets, of every command whose words the line could begin with.
    fn hide_positionals(&self, tokens: &[crate::token::Token<'_>], hide: &mut [bool]) {
        let entries = self.tree.entries.iter().filter(|entry| {
            let spec = entry.spec();
            spec.positionals.iter().any(|slot| spec.slots[usize::from(*slot)].secret)
        });
        for entry in entries {
            let mut words = entry.path.split(' ').zip(tokens);
            if tokens.len() > entry.words && words.all(|(word, token)| begins(word, &token.text)) {
                let rest = tokens.iter().zip(hide.iter_mut()).skip(entry.words);
                rest.filter(|(token, _)| !is_option(token)).for_each(|(_, hide)| *hide = true);
            }
        }
    }
}
