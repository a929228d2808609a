//! Masks the secrets in typed lines, for the history and for messages.
//!
//! A line may be wrong, so this is stricter than the resolver: after any name that could be a secret
//! option of any command that starts with the same word, everything up to the next option is masked.
//! A value is shown only where the command is clear and its option of that name is no secret.

use std::ops::Range;

use crate::invocation::MASK;
use crate::matching::{is_option, starts_with};
use crate::resolve::{Grammar, Outcome};
use crate::token::{Token, joined};
use crate::tree::Entry;

impl Grammar {
    /// `line` with the values of secret options as eight asterisks, whether or not it resolves.
    pub fn masked(&self, line: &str) -> String {
        self.masked_at(line, 0..0).0
    }

    /// As [`Grammar::masked`]; also maps the byte range `at` of `line` to the masked line.
    pub fn masked_at(&self, line: &str, at: Range<usize>) -> (String, Range<usize>) {
        let tokens = joined(line);
        let mut hide = vec![false; tokens.len()];
        if let Outcome::Match(invocation) = self.resolve(line) {
            for argument in
                invocation.arguments.iter().filter(|argument| invocation.slot(argument).secret)
            {
                let first = argument.first as usize;
                hide[first..first + argument.count as usize].fill(true);
            }
        } else {
            self.mask_suspects(&tokens, &mut hide);
        }
        let mut masked = String::with_capacity(line.len());
        let mut end = 0;
        let mut moved = at.clone();
        for (token, _) in tokens.iter().zip(&hide).filter(|(_, hide)| **hide) {
            // `-password=x` is no valid syntax, but people type it.
            let typed = &line[token.span.clone()];
            let named =
                if is_option(token) { typed.find('=').map_or(0, |equals| equals + 1) } else { 0 };
            let start = token.span.start + named;
            masked.push_str(&line[end..start]);
            let before = masked.len();
            masked.push_str(MASK);
            end = token.span.end;
            for (typed, now) in [(at.start, &mut moved.start), (at.end, &mut moved.end)] {
                if typed >= end {
                    *now = masked.len() + (typed - end);
                } else if typed > start {
                    *now = before;
                }
            }
        }
        masked.push_str(&line[end..]);
        (masked, moved)
    }

    /// Marks possible secrets in a line that does not resolve.
    fn mask_suspects(&self, tokens: &[Token<'_>], hide: &mut [bool]) {
        let Some(first) = tokens.first() else { return };
        let starts = |entry: &&Entry| starts_with(entry.path, first.text.trim_start_matches('-'));
        let mut meant: Vec<&Entry> = self.tree.entries.iter().filter(starts).collect();
        if meant.is_empty() {
            meant = self.tree.entries.iter().collect();
        }
        // A final `?` asks for help.
        let asked = matches!(tokens, [.., last] if !last.quoted && last.text == "?");
        let tokens = &tokens[..tokens.len() - usize::from(asked)];
        let likely = self.likely_commands(tokens);
        let mut after = false;
        for (at, token) in tokens.iter().enumerate() {
            let option = is_option(token);
            let value_due = after && !hide[at - 1];
            if option && may_be_secret(&meant, &token.text) && !is_no_secret(&likely, &token.text) {
                after = true;
                hide[at] = token.text.contains('=');
            } else if option && value_due && !is_name(&meant, &token.text) {
                // `-password -x`: more likely a password than an option.
                hide[at] = true;
            } else if option {
                after = false;
            } else {
                hide[at] = after;
            }
        }
        for entry in meant {
            let spec = entry.spec();
            let secret = spec.positionals.iter().any(|slot| spec.slots[usize::from(*slot)].secret);
            let mut words = entry.path.split(' ').zip(tokens);
            if secret
                && words.all(|(word, token)| starts_with(word, token.text.trim_start_matches('-')))
            {
                let rest = tokens.iter().zip(hide.iter_mut()).skip(entry.words);
                rest.filter(|(token, _)| !is_option(token)).for_each(|(_, hide)| *hide = true);
            }
        }
    }

    /// The commands that the line starts with or, if there are none, those it nearly starts with.
    fn likely_commands(&self, tokens: &[Token<'_>]) -> Vec<&Entry> {
        let typed: Vec<&str> =
            tokens.iter().map(|token| token.text.trim_start_matches('-')).collect();
        let spelt = |entry: &Entry, fits: fn(&str, &str) -> bool| {
            entry.words <= typed.len()
                && entry.path.split(' ').zip(&typed).all(|(word, typed)| fits(word, typed))
        };
        let which = |fits| self.tree.entries.iter().filter(move |entry| spelt(entry, fits));
        let exact: Vec<&Entry> = which(starts_with).collect();
        if exact.is_empty() { which(nearly).collect() } else { exact }
    }
}

/// Whether `typed` is the word or at most two edits away from it.
fn nearly(word: &str, typed: &str) -> bool {
    starts_with(word, typed)
        || strsim::damerau_levenshtein(&word.to_ascii_lowercase(), &typed.to_ascii_lowercase()) <= 2
}

/// Whether all of these commands have the typed option, and for none of them it is a secret.
fn is_no_secret(likely: &[&Entry], typed: &str) -> bool {
    let typed = typed.split('=').next().unwrap_or(typed).to_ascii_lowercase();
    let of = |entry: &&Entry, fits: &dyn Fn(&str) -> bool| {
        let named = entry.spec().slots.iter().filter(|slot| slot.names.iter().any(|n| fits(n)));
        named.map(|slot| slot.secret).reduce(|one, other| one || other)
    };
    !likely.is_empty()
        && likely.iter().all(|entry| {
            let exact = of(entry, &|name| name.eq_ignore_ascii_case(&typed));
            let begun = || of(entry, &|name| name.to_ascii_lowercase().starts_with(&typed));
            exact.or_else(begun) == Some(false)
        })
}

fn is_name(meant: &[&Entry], typed: &str) -> bool {
    let mut names = meant.iter().flat_map(|entry| &entry.spec().slots).flat_map(|slot| &slot.names);
    names.any(|name| name.eq_ignore_ascii_case(typed))
}

/// Whether a typed option could be a secret one, with up to two typing errors.
fn may_be_secret(meant: &[&Entry], typed: &str) -> bool {
    let typed = typed.split('=').next().unwrap_or(typed).to_ascii_lowercase();
    let secret = meant.iter().flat_map(|entry| &entry.spec().slots).filter(|slot| slot.secret);
    let mut names = secret.flat_map(|slot| &slot.names);
    names.any(|name| {
        let name = name.to_ascii_lowercase();
        let near = || strsim::damerau_levenshtein(&typed, &name) <= 2;
        // Too many words start with a name of one letter.
        let longer = || name.len() > 2 && typed.starts_with(&name);
        name.starts_with(&typed) || longer() || (typed.len() > 4 && near())
    })
}

#[cfg(test)]
mod tests {
    use crate::{Declaration, Grammar};

    #[test]
    fn secrets_are_masked_in_lines_that_do_not_resolve() {
        let declare = |syntax| Declaration { syntax, help: "Something", options: &[] };
        let commands = [
            "role login -name|-n <role>... [-password|-p <password>]",
            "role list",
            "client delete -client|-c <name>",
            "key unlock -copassword <co_password>",
            "key show -client|-c <name>",
            "key set <new_pin>",
        ];
        let grammar = Grammar::new(&[], commands.map(declare).to_vec(), &[]);
        for (line, masked) in [
            ("role  login -n co -p 'my pw' # x", "role  login -n co -p ******** # x"),
            ("rol lgin -n co -p my pw", "rol lgin -n co -p ******** ********"),
            ("role list -pasword s3cret -x y", "role list -pasword ******** -x y"),
            ("role login -p -s3cret -n co", "role login -p ******** -n co"),
            ("role login -password=s3cret", "role login -password=********"),
            ("client delte -c mine", "client delte -c mine"),
            ("clinet delte -c mine", "clinet delte -c mine"),
            ("key show -c mine -x", "key show -c mine -x"),
            ("kye shwo -cl mine", "kye shwo -cl mine"),
            ("key shwo -co mine", "key shwo -co ********"),
            ("key unlcok -c mine", "key unlcok -c ********"),
            ("key swish -c mine", "key swish -c ********"),
            ("zzz -c mine", "zzz -c ********"),
            ("zzz -name mine -passwords mine", "zzz -name mine -passwords ********"),
            ("key set 1234", "key set ********"),
            ("ke se 1234 5", "ke se ******** ********"),
            ("role login - p s3cret ?", "role login - p ******** ?"),
            ("role login -p '?'", "role login -p ********"),
            ("role login -p ?", "role login -p ?"),
            ("", ""),
        ] {
            assert_eq!(grammar.masked(line), masked);
        }
    }

    #[test]
    fn a_byte_range_is_mapped_to_the_masked_line() {
        let syntax = "role login -name|-n <role> [-password|-p <password>]";
        let declared = Declaration { syntax, help: "Something", options: &[] };
        let grammar = Grammar::new(&[], vec![declared], &[]);
        let line = "role login -p secret1234 -nme 'c o' -x";
        for word in ["login", "secret1234", "-nme", "'c o'", "-x"] {
            let at = line.find(word).unwrap();
            let (masked, at) = grammar.masked_at(line, at..at + word.len());
            let shown = if word == "secret1234" { "********" } else { word };
            assert_eq!(masked.get(at), Some(shown), "{masked}");
        }
    }
}
