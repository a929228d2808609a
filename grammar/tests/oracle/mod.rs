//! A second, slow implementation of the resolver, by brute force over all commands. It shares only
//! the tokenizer with the crate, and the two must agree.

use luna_grammar::tokenize;

pub(crate) struct Command {
    pub(crate) words: Vec<String>,
    pub(crate) slots: Vec<Slot>,
    parts: Vec<Part>,
}

/// No names: a positional. No value: a flag.
#[derive(Clone, PartialEq)]
pub(crate) struct Slot {
    pub(crate) names: Vec<String>,
    pub(crate) value: Option<String>,
    many: bool,
}

enum Part {
    Slot(usize),
    Group(bool, Vec<Vec<Part>>),
}

/// Whether a line matches a command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Yes,
    No,
    /// An option name is ambiguous.
    Unclear,
}

pub(crate) type Typed = (String, bool);

/// Tokens, and whether they were quoted; a lone dash is joined with the next word.
pub(crate) fn typed(line: &str) -> Vec<Typed> {
    let mut typed: Vec<Typed> = Vec::new();
    let mut dash = false;
    for token in tokenize(line).0 {
        let text = token.text.into_owned();
        let takes = dash && !token.quoted && !text.starts_with('-');
        if takes {
            typed.pop();
            typed.push((format!("-{text}"), false));
        } else {
            typed.push((text, token.quoted));
        }
        dash = !takes && typed.last().is_some_and(|(text, quoted)| text == "-" && !quoted);
    }
    typed
}

pub(crate) fn is_option((text, quoted): &Typed) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let number = match text.strip_prefix('-').map(|rest| rest.split('.').collect::<Vec<_>>()) {
        Some(parts) => parts.len() <= 2 && parts.iter().all(|part| digits(part)),
        None => false,
    };
    !quoted && text.starts_with('-') && !number
}

fn starts(word: &str, typed: &str) -> bool {
    !typed.is_empty() && word.to_ascii_lowercase().starts_with(&typed.to_ascii_lowercase())
}

fn same(word: &str, typed: &str) -> bool {
    word.eq_ignore_ascii_case(typed)
}

/// Parses a syntax line; supports only what the commands of the test use.
pub(crate) fn command(syntax: &str) -> Command {
    let spaced =
        ["[", "]", "{", "}"].iter().fold(syntax.replace("]...", "...]"), |text, bracket| {
            text.replace(bracket, &format!(" {bracket} "))
        });
    let pieces: Vec<&str> = spaced.split_whitespace().collect();
    let special = |piece: &&&str| !piece.starts_with(['<', '-', '[', '{']);
    let words: Vec<String> =
        pieces.iter().take_while(special).map(|piece| (*piece).to_owned()).collect();
    let mut command = Command { words, slots: Vec::new(), parts: Vec::new() };
    let mut at = command.words.len();
    command.parts = parts(&pieces, &mut at, &mut command.slots);
    assert_eq!(at, pieces.len(), "{syntax}");
    command
}

fn parts(pieces: &[&str], at: &mut usize, slots: &mut Vec<Slot>) -> Vec<Part> {
    let mut parts = Vec::new();
    while let Some(&piece) = pieces.get(*at) {
        match piece {
            "]" | "}" | "|" => break,
            "[" | "{" => {
                let mut alternatives = Vec::new();
                while !matches!(pieces[*at], "]" | "}") {
                    *at += 1;
                    alternatives.push(self::parts(pieces, at, slots));
                }
                *at += 1;
                parts.push(Part::Group(piece == "{", alternatives));
            }
            _ => {
                let names = match piece.strip_prefix('-') {
                    Some(_) => piece.split('|').map(str::to_owned).collect(),
                    None => Vec::new(),
                };
                if !names.is_empty() {
                    *at += 1;
                }
                let value = pieces.get(*at).filter(|v| v.starts_with('<') || names.is_empty());
                let many = value.is_some_and(|value| value.ends_with("..."));
                let value = value.map(|v| v.trim_end_matches("...").to_owned());
                if value.is_some() {
                    *at += 1;
                }
                parts.push(Part::Slot(slots.len()));
                slots.push(Slot { names, value, many });
            }
        }
    }
    parts
}

/// Whether the line starts with the words of `commands[index]` and no other command's words are
/// closer.
fn words_fit(commands: &[Command], index: usize, typed: &[Typed]) -> bool {
    let words = &commands[index].words;
    if typed.len() < words.len() {
        return false;
    }
    let below = |depth: usize| {
        let under = commands
            .iter()
            .filter(move |c| c.words.len() > depth && c.words[..depth] == words[..depth]);
        under.map(move |c| c.words[depth].as_str())
    };
    let command_at = |depth: usize| commands.iter().find(|c| c.words == words[..depth]);
    let positional = |c: &Command| c.slots.iter().any(|slot| slot.names.is_empty());
    let bare =
        |token: &Typed| if is_option(token) { token.0[1..].to_owned() } else { token.0.clone() };
    // What cannot be is out at once: all commands are looked at, and most begin otherwise.
    if !words.iter().zip(typed).all(|(word, token)| starts(word, &bare(token))) {
        return false;
    }
    for (depth, word) in words.iter().enumerate() {
        let text = bare(&typed[depth]);
        let door = below(depth).any(|other| same(other, &text)) && !same(word, &text);
        if door {
            return false;
        }
        if let Some(command) = command_at(depth)
            && (is_option(&typed[depth]) || typed[depth].1 && positional(command))
        {
            return false;
        }
    }
    match typed.get(words.len()) {
        Some(next) if !(is_option(next) || next.1 && positional(&commands[index])) => {
            !below(words.len()).any(|child| starts(child, &next.0))
        }
        _ => true,
    }
}

/// Whether the whole line matches a command.
pub(crate) fn fits(commands: &[Command], index: usize, typed: &[Typed]) -> Verdict {
    if !words_fit(commands, index, typed) {
        return Verdict::No;
    }
    let command = &commands[index];
    let rest = &typed[command.words.len()..];
    let meant = |text: &str| {
        let named = |exact: bool| {
            let slots = command.slots.iter().enumerate().filter(move |(_, slot)| {
                slot.names.iter().any(|name| {
                    if exact { same(name, text) } else { text.len() > 1 && starts(name, text) }
                })
            });
            slots.map(|(index, _)| index).collect::<Vec<_>>()
        };
        let exact = named(true);
        if exact.is_empty() { named(false) } else { exact }
    };
    let options: Vec<Vec<usize>> =
        rest.iter().filter(|t| is_option(t)).map(|t| meant(&t.0)).collect();
    if options.iter().any(Vec::is_empty) {
        return Verdict::No;
    }
    let mut unclear = false;
    let mut given: Vec<usize> = Vec::new();
    let mut good = true;
    let mut places =
        command.slots.iter().enumerate().filter(|(_, slot)| slot.names.is_empty()).peekable();
    let mut tokens = rest.iter().peekable();
    while let Some(token) = tokens.next() {
        if is_option(token) {
            let slots = meant(&token.0);
            if slots.len() > 1 {
                unclear = true;
                continue;
            }
            good &= !given.contains(&slots[0]);
            given.push(slots[0]);
            let slot = &command.slots[slots[0]];
            if let Some(value) = &slot.value {
                match tokens.next_if(|next| !is_option(next)) {
                    Some(next) => good &= takes(value, &next.0),
                    None => good = false,
                }
                while slot.many && tokens.next_if(|next| !is_option(next)).is_some() {}
            }
        } else if !unclear {
            let Some((index, slot)) = places.peek() else { return Verdict::No };
            good &= takes(slot.value.as_deref().unwrap_or_default(), &token.0);
            if !given.contains(index) {
                given.push(*index);
            }
            if !slot.many {
                places.next();
            }
        }
    }
    if unclear {
        return Verdict::Unclear;
    }
    given.sort_unstable();
    if good && sets(&command.parts, &given).contains(&given) { Verdict::Yes } else { Verdict::No }
}

fn takes(value: &str, text: &str) -> bool {
    if !value.starts_with('<') {
        return same(value, text);
    }
    let inner = value.trim_matches(['<', '>']);
    if inner.contains('|') {
        return inner.split('|').any(|choice| same(choice, text));
    }
    match inner.split_once(':').and_then(|(_, range)| range.split_once('-')) {
        Some((low, high)) => match (low.parse::<i64>(), high.parse::<i64>(), text.parse::<i64>()) {
            (Ok(low), Ok(high), number) => {
                number.is_ok_and(|number| low <= number && number <= high)
            }
            _ => true,
        },
        None => true,
    }
}

/// All sorted sets of slots that the parts allow, of slots in `given` only.
fn sets(parts: &[Part], given: &[usize]) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for part in parts {
        let choices: Vec<Vec<usize>> = match part {
            Part::Slot(slot) => given.contains(slot).then(|| vec![*slot]).into_iter().collect(),
            Part::Group(required, alternatives) => {
                let mut choices: Vec<Vec<usize>> =
                    alternatives.iter().flat_map(|a| sets(a, given)).collect();
                if !required {
                    choices.push(Vec::new());
                }
                choices
            }
        };
        all = all
            .iter()
            .flat_map(|set| choices.iter().map(move |more| [&set[..], more].concat()))
            .collect();
        all.iter_mut().for_each(|set| set.sort_unstable());
        all.sort_unstable();
        all.dedup();
    }
    all
}
