//! A million random edits of valid lines, from a fixed seed: no panic, no wrong command, and no
//! ambiguous line that resolves.

#[path = "../benches/commands/mod.rs"]
mod commands;
mod oracle;

use luna_grammar::{Grammar, Outcome, tokenize};
use oracle::{Command, Verdict};

const EDITS: usize = 1_000_000;
/// One of so many lines is also checked by the slow oracle.
const SAMPLE: usize = 250;

/// xorshift64*: the same lines in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// A word, often cut short, sometimes in another letter case.
    fn abbreviate(&mut self, word: &str, least: usize) -> String {
        let end = if self.below(2) == 0 {
            word.len()
        } else {
            least + self.below(word.len() + 1 - least)
        };
        let short = &word[..end];
        if self.below(4) == 0 { short.to_ascii_uppercase() } else { short.to_owned() }
    }

    /// A line of the command; its options may exclude each other.
    fn line(&mut self, command: &Command) -> String {
        let mut pieces: Vec<String> =
            command.words.iter().map(|word| self.abbreviate(word, 1)).collect();
        for slot in &command.slots {
            if self.below(3) == 0 {
                continue;
            }
            if let Some(name) = slot.names.get(self.below(slot.names.len())) {
                pieces.push(self.abbreviate(name, 2));
            }
            if let Some(value) = &slot.value {
                let first = value.trim_matches(['<', '>']).split('|').next().unwrap_or_default();
                let values = ["x", "app1", "'a b'", "\"-q\"", "-7", "5", first];
                pieces.push((*self.one(&values.each_ref().map(|v| *v))).to_owned());
            }
        }
        pieces.join(" ")
    }

    fn edit(&mut self, line: &mut String, other: &str) {
        let boundaries: Vec<usize> =
            line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
        let at = boundaries[self.below(boundaries.len())];
        let next = line[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        let letters = [
            "a", "c", "s", "p", "-", " ", "-f", " - ", "'", "\"", "\\", "#", "?", "=", "|", "<",
            "1", "\u{2013}", "\u{201c}", "\u{a0}", "\u{e4}", " help", "-x", "\t",
        ];
        match self.below(8) {
            0 | 1 => line.insert_str(at, self.one(&letters)),
            2 => line.replace_range(at..next, ""),
            3 => line.replace_range(at..next, self.one(&letters)),
            4 => line.truncate(at),
            5 => {
                // Repeat or remove a word.
                let mut words: Vec<&str> = line.split(' ').collect();
                let word = self.below(words.len());
                if self.below(2) == 0 {
                    words.insert(word, words[word]);
                } else {
                    words.remove(word);
                }
                *line = words.join(" ");
            }
            6 => {
                let words: Vec<&str> = other.split(' ').collect();
                line.insert_str(at, &format!(" {} ", self.one(&words)));
            }
            _ => {
                let mut words: Vec<&str> = line.split(' ').collect();
                let (one, two) = (self.below(words.len()), self.below(words.len()));
                words.swap(one, two);
                *line = words.join(" ");
            }
        }
    }
}

/// Whether the line may ask for help.
fn may_ask_for_help(line: &str) -> bool {
    let help = |text: &str| {
        text == "?" || "help".starts_with(&text.trim_start_matches('-').to_ascii_lowercase())
    };
    tokenize(line).0.iter().any(|token| help(&token.text))
}

fn check(grammar: &Grammar, commands: &[Command], line: &str, thorough: bool) -> bool {
    let outcome = grammar.resolve(line);
    if let Outcome::Match(found) = &outcome {
        let typed = oracle::typed(line);
        assert_eq!(oracle::fits(commands, found.command, &typed), Verdict::Yes, "{line}");
    }
    if thorough && !matches!(outcome, Outcome::Help(_) | Outcome::Unclosed { .. }) {
        let typed = oracle::typed(line);
        // `help` takes any words, so it is left out.
        let others = (0..commands.len()).filter(|c| commands[*c].words != ["help"]);
        let all: Vec<(usize, Verdict)> =
            others.map(|c| (c, oracle::fits(commands, c, &typed))).collect();
        let yes: Vec<usize> =
            all.iter().filter(|(_, fit)| *fit == Verdict::Yes).map(|(c, _)| *c).collect();
        let unclear = all.iter().any(|(_, fit)| *fit == Verdict::Unclear);
        match &outcome {
            Outcome::Match(found) => assert!(yes == [found.command] && !unclear, "{line}"),
            Outcome::Ambiguous { candidates, .. } => {
                assert!(
                    candidates.len() > 1 && (yes.len() != 1 || unclear || may_ask_for_help(line)),
                    "{line}"
                );
            }
            other => assert!(yes.is_empty() && !unclear, "{line}: {other:?}"),
        }
    }
    match outcome {
        Outcome::Help(_) => assert!(may_ask_for_help(line), "{line}"),
        Outcome::Unknown { at, .. }
        | Outcome::Ambiguous { at, .. }
        | Outcome::Unclosed { at }
        | Outcome::BadValue { at, .. } => {
            assert!(at.start < at.end && line.get(at).is_some(), "{line}");
        }
        Outcome::Match(_) => return true,
        Outcome::Empty | Outcome::Incomplete { .. } => {}
    }
    false
}

#[test]
fn a_million_edits_never_resolve_wrongly() {
    let grammar = commands::grammar();
    let commands: Vec<Command> =
        commands::SYNTAX.iter().map(|syntax| oracle::command(syntax)).collect();
    let mut random = Random(0x1234_5678_9abc_def1);
    let mut matched = 0;
    let mut done = 0;
    while done < EDITS {
        let (one, two) = (random.below(commands.len()), random.below(commands.len()));
        let mut line = random.line(&commands[one]);
        let other = random.line(&commands[two]);
        for _ in 0..1 + random.below(4) {
            random.edit(&mut line, &other);
            matched += usize::from(check(&grammar, &commands, &line, done % SAMPLE == 0));
            if done % SAMPLE == 1 {
                let (masked, _) =
                    (grammar.masked(&line), grammar.complete(&line, random.below(line.len() + 1)));
                // Of a comment alone nothing is left.
                let comment = line.trim_start().starts_with(['#', ';']);
                assert!(line.is_empty() || comment || !masked.is_empty(), "{line}");
            }
            done += 1;
        }
    }
    // The checks are worthless if too few lines resolve.
    assert!(matched > EDITS / 20, "{matched}");
}

/// The lines that the edits start from.
#[test]
fn valid_lines_agree_with_the_oracle() {
    let grammar = commands::grammar();
    let commands: Vec<Command> =
        commands::SYNTAX.iter().map(|syntax| oracle::command(syntax)).collect();
    let mut random = Random(7);
    let mut matched = 0;
    for command in commands.iter().cycle().take(commands.len() * 8) {
        matched += usize::from(check(&grammar, &commands, &random.line(command), true));
    }
    assert!(matched > commands.len(), "{matched}");
}
