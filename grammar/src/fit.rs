//! One command against the tokens that follow its words: does the line fit it?
//!
//! Nothing is formatted here and nothing is copied: a fit is a list of slots with token numbers,
//! a misfit says where and why, and the resolver makes words of it when it has to.

use crate::notation::{Kind, Part, Slot, Spec, Value};
use crate::token::Token;

/// A slot that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) slot: u8,
    /// Token of the option's name; of a positional, the token itself.
    pub(crate) name: u32,
    /// First token of the value, and how many; no token for a flag.
    pub(crate) first: u32,
    pub(crate) count: u32,
    /// Which of the choices, where the value is one of several.
    pub(crate) choice: u16,
}

/// How a line fits a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It fits; `exact` when every option name was typed in full or by an official short form.
    Fits {
        exact: bool,
    },
    /// The option at this token could be several of the command's.
    Ambiguous {
        token: usize,
        options: u64,
    },
    Bad {
        token: usize,
        slot: u8,
        why: Why,
    },
    /// Something required was not given.
    Missing {
        given: u64,
    },
    /// This token cannot stand there.
    Unknown {
        token: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Twice,
    NeedsValue,
    LooksLikeOption,
    NotOneOf,
    NotANumber,
    OutOfRange,
    /// Excluded by this slot, which was given too.
    Excluded(u8),
}

/// What an option name means in a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    One { slot: u8, exact: bool },
    Several(u64),
    Nothing,
}

/// Whether `typed` begins `word`, in any letter case.
pub(crate) fn begins(word: &str, typed: &str) -> bool {
    let (word, typed) = (word.as_bytes(), typed.as_bytes());
    typed.len() <= word.len() && word[..typed.len()].eq_ignore_ascii_case(typed)
}

/// `-5`, `-0.5`: a value, though it begins like an option.
pub(crate) fn is_negative_number(text: &str) -> bool {
    let Some(number) = text.strip_prefix('-') else { return false };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(fraction)
}

/// Whether the token is read as an option's name.
pub(crate) fn is_option(token: &Token<'_>) -> bool {
    !token.quoted
        && token.text.as_bytes().first() == Some(&b'-')
        && !is_negative_number(&token.text)
}

/// Which option a name, with its dash, stands for.
pub(crate) fn named(spec: &Spec, typed: &str) -> Named {
    let mut prefix = 0u64;
    if typed.len() < 2 {
        return Named::Nothing;
    }
    let key = typed.as_bytes()[1].to_ascii_lowercase();
    for (index, slot) in spec.slots.iter().enumerate() {
        for name in &slot.names {
            if name.as_bytes()[1].to_ascii_lowercase() == key && begins(name, typed) {
                if name.len() == typed.len() {
                    return Named::One { slot: index as u8, exact: true };
                }
                prefix |= 1 << index;
            }
        }
    }
    match prefix.count_ones() {
        0 => Named::Nothing,
        1 => Named::One { slot: prefix.trailing_zeros() as u8, exact: false },
        _ => Named::Several(prefix),
    }
}

/// Fits `tokens[from..]`; `found` holds what was given when the answer is [`Fit::Fits`].
pub(crate) fn fit(spec: &Spec, tokens: &[Token<'_>], from: usize, found: &mut Vec<Found>) -> Fit {
    found.clear();
    let mut given = 0u64;
    let mut exact = true;
    let mut bad: Option<Fit> = None;
    let mut ambiguous: Option<Fit> = None;
    let mut positional = 0;
    let mut at = from;
    while at < tokens.len() {
        let token = &tokens[at];
        if is_option(token) {
            let (slot, exact_name) = match named(spec, &token.text) {
                Named::Nothing => return Fit::Unknown { token: at },
                Named::Several(options) => {
                    ambiguous.get_or_insert(Fit::Ambiguous { token: at, options });
                    at += 1;
                    continue;
                }
                Named::One { slot, exact } => (slot, exact),
            };
            exact &= exact_name;
            let entry = &spec.slots[usize::from(slot)];
            let mut fault = |token, why| {
                bad.get_or_insert(Fit::Bad { token, slot, why });
            };
            if given & (1 << slot) != 0 {
                fault(at, Why::Twice);
            }
            given |= 1 << slot;
            let mut one =
                Found { slot, name: at as u32, first: at as u32 + 1, count: 0, choice: 0 };
            at += 1;
            if let Some(value) = &entry.value {
                match tokens.get(at) {
                    None => fault(at - 1, Why::NeedsValue),
                    Some(next) if is_option(next) => match named(spec, &next.text) {
                        Named::Nothing => {
                            fault(at, Why::LooksLikeOption);
                            at += 1;
                        }
                        _ => fault(at - 1, Why::NeedsValue),
                    },
                    Some(next) => {
                        one.count = 1;
                        match accepts(value, &next.text) {
                            Ok(choice) => one.choice = choice,
                            Err(why) => fault(at, why),
                        }
                        at += 1;
                        while value.many && tokens.get(at).is_some_and(|token| !is_option(token)) {
                            one.count += 1;
                            at += 1;
                        }
                    }
                }
            }
            found.push(one);
            continue;
        }
        if ambiguous.is_some() {
            // Whether this is the value of the ambiguous option cannot be known.
            at += 1;
            continue;
        }
        let Some(taken) = place(spec, &mut positional, &token.text) else {
            return Fit::Unknown { token: at };
        };
        let (slot, accepted) = taken;
        given |= 1 << slot;
        match accepted {
            Ok(choice) => {
                let number = at as u32;
                found.push(Found { slot, name: number, first: number, count: 1, choice });
            }
            Err(why) => {
                bad.get_or_insert(Fit::Bad { token: at, slot, why });
            }
        }
        at += 1;
    }
    if let Some(fault) = ambiguous.or(bad) {
        return fault;
    }
    match check(&spec.parts, given) {
        Lack::Nothing => Fit::Fits { exact },
        Lack::Something => Fit::Missing { given },
        Lack::Excluded(first, second) => {
            // The later of the two on the line is the one to point at.
            let place = |slot| found.iter().position(|f| f.slot == slot).unwrap_or(0);
            let (first, second) =
                if place(first) > place(second) { (second, first) } else { (first, second) };
            let token = found.iter().find(|f| f.slot == second).map_or(from, |f| f.name as usize);
            Fit::Bad { token, slot: second, why: Why::Excluded(first) }
        }
    }
}

/// The positional that takes `text`: an optional one that cannot hold it is passed over.
fn place(spec: &Spec, next: &mut usize, text: &str) -> Option<(u8, Result<u16, Why>)> {
    while let Some(&slot) = spec.positionals.get(*next) {
        let entry = &spec.slots[usize::from(slot)];
        let value = entry.value.as_ref()?;
        let accepted = accepts(value, text);
        let more = *next + 1 < spec.positionals.len();
        if accepted.is_err() && entry.optional && more {
            *next += 1;
            continue;
        }
        if accepted.is_err() && matches!(value.kind, Kind::Literal(_)) {
            return None;
        }
        if !value.many {
            *next += 1;
        }
        return Some((slot, accepted));
    }
    None
}

/// Whether a value takes `text`; for one of several, which.
pub(crate) fn accepts(value: &Value, text: &str) -> Result<u16, Why> {
    match &value.kind {
        Kind::Free => Ok(0),
        Kind::Literal(word) if word.eq_ignore_ascii_case(text) => Ok(0),
        Kind::Literal(_) => Err(Why::NotOneOf),
        Kind::OneOf(choices) => {
            let place = choices.iter().position(|choice| choice.eq_ignore_ascii_case(text));
            place.map(|p| p as u16).ok_or(Why::NotOneOf)
        }
        Kind::Within(low, high) => match text.parse::<i64>() {
            Ok(number) if (*low..=*high).contains(&number) => Ok(0),
            Ok(_) => Err(Why::OutOfRange),
            Err(_) => Err(Why::NotANumber),
        },
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lack {
    Nothing,
    Something,
    Excluded(u8, u8),
}

fn check(parts: &[Part], given: u64) -> Lack {
    let mut lack = Lack::Nothing;
    for part in parts {
        match check_part(part, given) {
            Lack::Nothing => {}
            Lack::Something => lack = Lack::Something,
            excluded => return excluded,
        }
    }
    lack
}

fn check_part(part: &Part, given: u64) -> Lack {
    match part {
        Part::Slot(slot) if given & (1 << slot) != 0 => Lack::Nothing,
        Part::Slot(_) => Lack::Something,
        Part::Group { required, alternatives } => {
            let all = alternatives.iter().fold(0, |mask, a| mask | a.mask) & given;
            if all == 0 && !required {
                return Lack::Nothing;
            }
            let mut lack = None;
            for alternative in alternatives {
                if all & !alternative.mask == 0 {
                    match check(&alternative.parts, given) {
                        Lack::Nothing => return Lack::Nothing,
                        other => lack = lack.or(Some(other)),
                    }
                }
            }
            lack.unwrap_or_else(|| {
                // No alternative holds all that was given: two of different ones exclude each other.
                let first = all.trailing_zeros() as u8;
                let with = alternatives.iter().filter(|a| a.mask & (1 << first) != 0);
                let near = with.fold(0, |mask, a| mask | a.mask);
                let other = if all & !near == 0 { all & (all - 1) } else { all & !near };
                Lack::Excluded(first, other.trailing_zeros().min(63) as u8)
            })
        }
    }
}

/// What is required and was not given, as a usage line shows it.
pub(crate) fn missing(spec: &Spec, given: u64) -> Vec<String> {
    let mut missing = Vec::new();
    collect(spec, &spec.parts, given, &mut missing);
    missing
}

fn collect(spec: &Spec, parts: &[Part], given: u64, missing: &mut Vec<String>) {
    for part in parts.iter().filter(|part| check_part(part, given) == Lack::Something) {
        match part {
            Part::Slot(_) => missing.push(spec.render_part(part)),
            Part::Group { alternatives, .. } => {
                let begun = alternatives.iter().find(|a| a.mask & given != 0);
                match begun.or(if alternatives.len() == 1 { alternatives.first() } else { None }) {
                    Some(alternative) => collect(spec, &alternative.parts, given, missing),
                    None => missing.push(spec.render_part(part)),
                }
            }
        }
    }
}

/// A reason for people.
pub(crate) fn reason(spec: &Spec, slot: u8, why: Why) -> String {
    let entry: &Slot = &spec.slots[usize::from(slot)];
    match (why, entry.value.as_ref().map(|v| &v.kind)) {
        (Why::Twice, _) => "given twice".to_owned(),
        (Why::NeedsValue, _) => "needs a value".to_owned(),
        (Why::LooksLikeOption, _) => {
            "needs a value; one that begins with a dash stands in quotes".to_owned()
        }
        (Why::Excluded(other), _) => {
            format!("cannot be given together with {}", spec.slots[usize::from(other)].shown())
        }
        (Why::OutOfRange | Why::NotANumber, Some(Kind::Within(low, high))) => {
            format!("must be a whole number from {low} to {high}")
        }
        (_, Some(Kind::OneOf(choices))) => format!("must be one of {}", choices.join(", ")),
        _ => "does not fit".to_owned(),
    }
}

/// Whether some of what was given cannot stand together.
pub(crate) fn excludes(parts: &[Part], given: u64) -> bool {
    matches!(check(parts, given), Lack::Excluded(..))
}
