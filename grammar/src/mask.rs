//! Finds the secrets in typed lines, for the history, for messages and for whatever shows a line.
//!
//! A line that means a command says by itself what its secrets are. Any other is judged by what its
//! words may mean, and more strictly than by the resolver: a value is shown only where its option is
//! known and no secret, a word only where it is short or could be a word of the language. Comments
//! are never shown.

use std::ops::Range;

use crate::invocation::{Invocation, MASK};
use crate::matching::{is_option, starts_with};
use crate::notation::Slot;
use crate::resolve::{Grammar, Outcome};
use crate::token::{Token, joined};
use crate::tree::Entry;

/// A word of fewer letters is no password.
const SHORTEST: usize = 6;
/// The most letters that people add to a word (`initialize` for `init`).
const LONGER: usize = 6;
/// What the name of an option has in it that gives a secret.
const SECRET_NAMES: [&str; 9] =
    ["pass", "pas", "pw", "pin", "secret", "domain", "challenge", "auth", "cred"];

/// A secret in a line.
struct Secret {
    /// Its bytes.
    at: Range<usize>,
    /// The bytes of its option, where that is clear.
    option: Option<Range<usize>>,
}

/// What the name of an option may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Secret,
    /// No secret; whether it is without a value.
    Plain {
        flag: bool,
    },
    Unknown,
}

/// The commands that a line may mean.
struct Meant<'g> {
    /// Those whose words fit best; empty if even the first word fits none.
    entries: Vec<&'g Entry>,
    /// Those whose first word fits.
    menu: Vec<&'g Entry>,
    /// The number of words that fit.
    words: usize,
}

impl Grammar {
    /// `line` with eight asterisks in place of each secret and without its comment, whether or not
    /// it resolves.
    pub fn masked(&self, line: &str) -> String {
        self.masked_at(line, 0..0).0
    }

    /// As [`Grammar::masked`]; also maps the byte range `at` of `line` to the masked line.
    pub fn masked_at(&self, line: &str, at: Range<usize>) -> (String, Range<usize>) {
        let mut masked = String::with_capacity(line.len());
        let mut end = 0;
        let mut moved = at.clone();
        for secret in self.secrets_of(line) {
            let start = secret.at.start;
            masked.push_str(&line[end..start]);
            let before = masked.len();
            masked.push_str(MASK);
            end = secret.at.end;
            for (typed, now) in [(at.start, &mut moved.start), (at.end, &mut moved.end)] {
                if typed >= end {
                    *now = masked.len() + (typed - end);
                } else if typed > start {
                    *now = before;
                }
            }
        }
        masked.push_str(&line[end..shown_end(line).max(end)]);
        (masked, moved)
    }

    /// `line` without its secrets and its comment, so that the shell asks for them when it is sent
    /// again. Empty where nothing is left that means anything.
    pub fn without_secrets(&self, line: &str) -> String {
        let secrets = self.secrets_of(line);
        let first = joined(line).first().map_or(0, |token| token.span.start);
        if secrets.iter().any(|secret| secret.at.start == first && !is_assignment(&line[first..])) {
            return String::new();
        }
        let mut kept = String::with_capacity(line.len());
        let mut end = 0;
        for secret in secrets {
            let from = secret.option.map_or(secret.at.start, |option| option.start);
            if from > end {
                kept.push_str(line[end..from].trim_end());
            }
            end = secret.at.end;
        }
        kept.push_str(&line[end..shown_end(line).max(end)]);
        kept
    }

    /// The secrets in a line, in its order.
    fn secrets_of(&self, line: &str) -> Vec<Secret> {
        let tokens = joined(line);
        let mut found = match self.resolve(line) {
            Outcome::Match(invocation) => given(&invocation),
            _ => self.suspects(line, &tokens),
        };
        let within =
            tokens.iter().filter(|token| token.quoted && self.has_secret_option(&token.text));
        found.extend(within.map(|token| Secret { at: token.span.clone(), option: None }));
        if let Some(at) = tokens.iter().find_map(|token| token.unclosed) {
            // What the quote has swallowed is judged as if it were not there.
            let quote = line[at..].chars().next().map_or(1, char::len_utf8);
            let opened = format!("{}{}{}", &line[..at], " ".repeat(quote), &line[at + quote..]);
            found.extend(self.secrets_of(&opened));
        }
        found.sort_by_key(|secret| secret.at.start);
        let mut secrets: Vec<Secret> = Vec::with_capacity(found.len());
        for secret in found {
            match secrets.last_mut() {
                Some(last) if secret.at.start < last.at.end => {
                    last.at.end = last.at.end.max(secret.at.end);
                }
                _ => secrets.push(secret),
            }
        }
        secrets
    }

    /// Possible secrets in a line that does not resolve.
    fn suspects(&self, line: &str, tokens: &[Token<'_>]) -> Vec<Secret> {
        let mut found = Vec::new();
        // `LUNA_HSM_PASSWORD=… lunash`, as it is typed in a shell.
        for token in tokens {
            let typed = &line[token.span.clone()];
            if let Some(equals) = typed.find('=').filter(|_| is_assignment(typed)) {
                found.push(Secret {
                    at: token.span.start + equals + 1..token.span.end,
                    option: None,
                });
            }
        }
        let assigned = |token: &&Token<'_>| is_assignment(&line[token.span.clone()]);
        let words = &tokens[tokens.iter().take_while(assigned).count()..];
        // A final `?` asks for help.
        let asked = matches!(words, [.., last] if !last.quoted && last.text == "?");
        let words = &words[..words.len() - usize::from(asked)];
        let meant = self.meant(words);
        let risky = meant.entries.is_empty() || meant.menu.iter().any(|entry| has_secret(entry));
        let mut free = meant.free_positionals();
        let mut option = Meaning::Plain { flag: true };
        let mut named: Option<Range<usize>> = None;
        let mut due = false;
        for token in &words[meant.words..] {
            let at = token.span.clone();
            if is_assignment(&line[at.clone()]) {
                continue;
            }
            // `-password -x`: more likely a password than an option.
            let value = option == Meaning::Secret && due && !meant.is_name(&token.text);
            if is_option(token) && !value {
                let typed = &line[at.clone()];
                let (name, glued) = self.read_option(&meant, typed, risky);
                named = (name == Meaning::Secret && glued.is_none()).then_some(at.clone());
                due = glued.is_none() && name != Meaning::Plain { flag: true };
                if let Some(start) = glued {
                    found.push(Secret { at: at.start + start..at.end, option: None });
                }
                option = name;
                continue;
            }
            let hidden = match option {
                Meaning::Secret => true,
                Meaning::Plain { .. } if due => false,
                Meaning::Unknown if due => risky && self.may_be_secret(&token.text),
                _ if free.shown > 0 => {
                    free.shown -= 1;
                    false
                }
                _ => free.secret || risky && self.may_be_secret(&token.text),
            };
            if hidden {
                found.push(Secret { at, option: named.take() });
            }
            due = false;
        }
        found
    }

    /// What an option may mean, and where in it a value is that must not be shown.
    fn read_option(&self, meant: &Meant<'_>, typed: &str, risky: bool) -> (Meaning, Option<usize>) {
        let end = typed.find(['=', ':']);
        let name = &typed[..end.unwrap_or(typed.len())];
        let lower = name.to_ascii_lowercase();
        let secret = SECRET_NAMES.iter().any(|part| lower.contains(part));
        let all: Vec<&Entry> = self.tree.entries.iter().collect();
        let mut names = all.iter().flat_map(|one| &one.spec().slots).flat_map(|slot| &slot.names);
        let spelt = names.any(|known| starts_with(known, name));
        // The name of a secret is no slip for an option of another menu.
        let elsewhere: &[&Entry] = if secret && !spelt { &[] } else { &all };
        let known = [meant.entries.as_slice(), &meant.menu, elsewhere]
            .into_iter()
            .map(|entries| meaning(entries, name))
            .find(|meaning| *meaning != Meaning::Unknown)
            .unwrap_or(Meaning::Unknown);
        let in_all = if meant.entries.is_empty() { &all } else { &meant.menu };
        let glued = secret_start(in_all, name).filter(|_| end.is_none() && !spelt);
        let letters = name.chars().all(|c| c.is_ascii_alphabetic() || "-_".contains(c));
        // What stands before a `:` of a password may be near the name of another option.
        let behind = secret_start(in_all, typed).filter(|_| end.is_some() && !spelt);
        match (known, end, glued) {
            (Meaning::Plain { .. }, ..) if behind.is_some() => (Meaning::Secret, behind),
            (Meaning::Plain { .. }, ..) => (known, None),
            (Meaning::Secret, Some(end), _) => (Meaning::Secret, Some(end + 1)),
            (Meaning::Secret, None, glued) => (Meaning::Secret, glued),
            (Meaning::Unknown, None, Some(glued)) => (Meaning::Secret, Some(glued)),
            (Meaning::Unknown, end, _) => {
                let whole = risky && !letters && name.chars().count() > SHORTEST;
                match (secret, whole, end) {
                    (_, true, _) => (Meaning::Secret, Some(0)),
                    (true, false, Some(end)) => (Meaning::Secret, Some(end + 1)),
                    (true, false, None) => (Meaning::Secret, None),
                    (false, false, Some(end)) if risky => (Meaning::Unknown, Some(end + 1)),
                    (false, false, _) => (Meaning::Unknown, None),
                }
            }
        }
    }

    /// The commands whose words fit the most of a line: exactly, or nearly.
    fn meant(&self, tokens: &[Token<'_>]) -> Meant<'_> {
        let typed: Vec<&str> =
            tokens.iter().map(|token| token.text.trim_start_matches('-')).collect();
        let fitting = |entry: &Entry, fits: fn(usize, &str, &str) -> bool| {
            let pairs = entry.path.split(' ').zip(&typed).enumerate();
            pairs.take_while(|(place, (word, typed))| fits(*place, word, typed)).count()
        };
        let exactly = |_: usize, word: &str, typed: &str| starts_with(word, typed);
        let mut scored: Vec<((usize, usize), &Entry)> = self
            .tree
            .entries
            .iter()
            .map(|entry| ((fitting(entry, is_near), fitting(entry, exactly)), entry))
            .filter(|((near, _), _)| *near > 0)
            .collect();
        let best = scored.iter().map(|(score, _)| *score).max().unwrap_or_default();
        let first = scored.iter().any(|((_, exact), _)| *exact > 0);
        // A first word that is right is meant, whatever is near it.
        scored.retain(|((_, exact), _)| !first || *exact > 0);
        let menu = scored.iter().map(|(_, entry)| *entry).collect();
        scored.retain(|(score, _)| *score == best);
        Meant { entries: scored.into_iter().map(|(_, entry)| entry).collect(), menu, words: best.0 }
    }

    /// Whether a word is too long for a slip, and no word of the language or near one.
    fn may_be_secret(&self, text: &str) -> bool {
        if text.chars().count() < SHORTEST {
            return false;
        }
        let own = self.tree.entries.iter().flat_map(|entry| entry.path.split(' '));
        let mut words = own.chain(self.foreign.iter().flat_map(|text| text.split_whitespace()));
        let text = text.trim_start_matches('-');
        !words.any(|word| starts_with(word, text) || (word.len() > 4 && is_misspelt(word, text)))
    }

    /// Whether a value has what could be a secret option of its own, with a value: a line within a
    /// line, or a quote at the wrong place.
    fn has_secret_option(&self, text: &str) -> bool {
        if !text.contains(char::is_whitespace) {
            return false;
        }
        let all: Vec<&Entry> = self.tree.entries.iter().collect();
        let options = joined(text);
        // Too many words begin with a name of one letter.
        let mut options = options.iter().filter(|token| is_option(token) && token.text.len() > 2);
        options.any(|token| {
            let name = token.text.split(['=', ':']).next().unwrap_or_default();
            let lower = name.to_ascii_lowercase();
            meaning(&all, name) == Meaning::Secret
                || SECRET_NAMES.iter().any(|part| lower.contains(part))
        })
    }
}

/// How many more words a line may have that are no options.
struct FreePositionals {
    shown: usize,
    /// Some of them may be secret.
    secret: bool,
}

impl Meant<'_> {
    fn free_positionals(&self) -> FreePositionals {
        let mut free = FreePositionals { shown: 0, secret: false };
        for entry in self.entries.iter().filter(|entry| entry.words == self.words) {
            let spec = entry.spec();
            let slots = spec.positionals.iter().map(|slot| &spec.slots[usize::from(*slot)]);
            for slot in slots.clone() {
                free.secret |= slot.secret;
            }
            let many =
                slots.clone().any(|slot| slot.value.as_ref().is_some_and(|value| value.many));
            free.shown = free.shown.max(if many { usize::MAX } else { slots.count() });
        }
        if free.secret {
            free.shown = 0;
        }
        free
    }

    /// Whether this is an option, spelt in full, of a command that may be meant.
    fn is_name(&self, typed: &str) -> bool {
        let entries = if self.entries.is_empty() { &self.menu } else { &self.entries };
        let mut names =
            entries.iter().flat_map(|entry| &entry.spec().slots).flat_map(|slot| &slot.names);
        names.any(|name| name.eq_ignore_ascii_case(typed))
    }
}

/// The secrets of a line that means a command.
fn given(invocation: &Invocation<'_>) -> Vec<Secret> {
    let mut found = Vec::new();
    for argument in &invocation.arguments {
        if !invocation.slot(argument).secret {
            continue;
        }
        let first = argument.first as usize;
        let named = argument.name < argument.first;
        let mut option = named.then(|| invocation.tokens[argument.name as usize].span.clone());
        for token in &invocation.tokens[first..first + argument.count as usize] {
            found.push(Secret { at: token.span.clone(), option: option.take() });
        }
    }
    found
}

/// Where a line ends without its comment.
fn shown_end(line: &str) -> usize {
    let words = joined(line).last().map_or(0, |token| token.span.end);
    if line[words..].trim().is_empty() { line.len() } else { words }
}

/// `NAME=value`.
fn is_assignment(typed: &str) -> bool {
    let Some((name, _)) = typed.split_once('=') else { return false };
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn has_secret(entry: &Entry) -> bool {
    entry.spec().slots.iter().any(|slot| slot.secret)
}

/// Whether `typed` is the word at this place of a path, or nearly.
fn is_near(place: usize, word: &str, typed: &str) -> bool {
    if starts_with(word, typed) || is_misspelt(word, typed) {
        return true;
    }
    let letters = typed.chars().all(|c| c.is_ascii_alphabetic());
    place > 0
        && letters
        && word.len() > 3
        && starts_with(typed, word)
        && typed.len() - word.len() <= LONGER
}

/// At most two typing errors, one in a short word.
fn is_misspelt(word: &str, typed: &str) -> bool {
    let most = if word.len() > 3 { 2 } else { 1 };
    typed.len() > 1 && word.len().abs_diff(typed.len()) <= most && distance(word, typed) <= most
}

fn distance(word: &str, typed: &str) -> usize {
    strsim::damerau_levenshtein(&word.to_ascii_lowercase(), &typed.to_ascii_lowercase())
}

/// What an option may mean in these commands: a secret if in any.
fn meaning(entries: &[&Entry], typed: &str) -> Meaning {
    let mut all = Meaning::Unknown;
    for entry in entries {
        match meaning_in(&entry.spec().slots, typed) {
            Meaning::Secret => return Meaning::Secret,
            Meaning::Plain { flag } => {
                let before = all == Meaning::Unknown || all == Meaning::Plain { flag: true };
                all = Meaning::Plain { flag: flag && before };
            }
            Meaning::Unknown => {}
        }
    }
    all
}

/// In one command: by its name in full, else by its beginning, else by a name near it.
fn meaning_in(slots: &[Slot], typed: &str) -> Meaning {
    let exact = |name: &str| name.eq_ignore_ascii_case(typed);
    let begun = |name: &str| typed.len() > 1 && starts_with(name, typed);
    let near = |name: &str| {
        let longer = name.len() > 2 && starts_with(typed, name) && typed.len() - name.len() < 3;
        longer
            || typed.len() > 4
                && name.len().abs_diff(typed.len()) <= 2
                && distance(name, typed) <= 2
    };
    let fits: [&dyn Fn(&str) -> bool; 3] = [&exact, &begun, &near];
    for fits in fits {
        let named = || slots.iter().filter(|slot| slot.names.iter().any(|name| fits(name)));
        if named().any(|slot| slot.secret) {
            return Meaning::Secret;
        }
        if named().next().is_some() {
            return Meaning::Plain { flag: named().all(|slot| slot.value.is_none()) };
        }
    }
    Meaning::Unknown
}

/// Where the value begins in a word such as `-pX`, which begins with the name of a secret option.
fn secret_start(entries: &[&Entry], typed: &str) -> Option<usize> {
    let slots = entries.iter().flat_map(|entry| &entry.spec().slots).filter(|slot| slot.secret);
    let names = slots.flat_map(|slot| &slot.names);
    let glued = names.filter(|name| starts_with(typed, name) && typed.len() - name.len() > 2);
    glued.map(|name| name.len()).max()
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
            "role host [-port <port>]",
            "key test [-pid|-pi]",
        ];
        let grammar = Grammar::new(&[], commands.map(declare).to_vec(), &[]);
        for (line, masked) in [
            ("role  login -n co -p 'my pw' # x", "role  login -n co -p ********"),
            ("rol lgin -n co -p my pw", "rol lgin -n co -p ******** ********"),
            // It may be `-p` with a password right behind it.
            ("role list -pasword s3cret -x y", "role list -p******** ******** -x y"),
            ("role login -p -s3cret -n co", "role login -p ******** -n co"),
            ("role login -password=s3cret", "role login -password=********"),
            ("role login -pzqt:s3cret", "role login -p********"),
            ("role login -port:1660", "role login -port:1660"),
            ("client delete -pin=s3cret", "client delete -pin=********"),
            ("client delte -c mine", "client delte -c mine"),
            ("clinet delte -c mine", "clinet delte -c mine"),
            ("key show -c mine -x", "key show -c mine -x"),
            ("kye shwo -cl mine", "kye shwo -cl mine"),
            ("key shwo -co mine", "key shwo -co ********"),
            ("key unlcok -c mine", "key unlcok -c ********"),
            ("key swish -c mine", "key swish -c ********"),
            ("zzz -c mine", "zzz -c ********"),
            ("zzz -name mine -passwords mine", "zzz -name mine -p******** ********"),
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
