//! Matches the tokens after a command's words against its options and positionals.
//!
//! Many commands are tried for a line, so nothing is formatted or copied here: results hold slot
//! and token numbers, and the resolver makes text of them when it has to.

use crate::notation::{Kind, Part, Slot, Spec, Value};
use crate::token::Token;

/// An option or positional that the line gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) slot: u8,
    /// The token of the option's name, or of the positional itself.
    pub(crate) name: u32,
    /// First token of the value, and their number; 0 for a flag.
    pub(crate) first: u32,
    pub(crate) count: u32,
    /// Index of the choice, where the value is one of several.
    pub(crate) choice: u16,
}

/// How a line matches a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatchResult {
    /// It does; `exact` when no option name was abbreviated, official short forms aside.
    Match { exact: bool },
    /// The option at this token is an abbreviation of several; `options` is a bit mask of slots.
    Ambiguous { token: usize, options: u64 },
    /// The option or positional `slot` is given wrongly.
    Invalid { token: usize, slot: u8, error: ArgumentError },
    /// A required slot is missing; `given` is the bit mask of those that are there.
    Incomplete { given: u64 },
    /// The command takes nothing like this token.
    Unknown { token: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentError {
    Repeated,
    MissingValue,
    LooksLikeOption,
    NotAChoice,
    NotANumber,
    OutOfRange,
    /// It excludes this slot, which was given too.
    Conflict(u8),
}

/// What an option name, possibly abbreviated, means in a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptionLookup {
    Found {
        slot: u8,
        exact: bool,
    },
    /// A bit mask of slots.
    Ambiguous(u64),
    NotFound,
}

/// Whether `word` starts with `typed`, in any letter case.
pub(crate) fn starts_with(word: &str, typed: &str) -> bool {
    let (word, typed) = (word.as_bytes(), typed.as_bytes());
    typed.len() <= word.len() && word[..typed.len()].eq_ignore_ascii_case(typed)
}

/// `-5`, `-0.5`: a value, although it starts like an option.
pub(crate) fn is_negative_number(text: &str) -> bool {
    let Some(number) = text.strip_prefix('-') else { return false };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(fraction)
}

/// Whether the token is an option's name.
pub(crate) fn is_option(token: &Token<'_>) -> bool {
    !token.quoted
        && token.text.as_bytes().first() == Some(&b'-')
        && !is_negative_number(&token.text)
}

/// The option that a name, with its dash, means.
pub(crate) fn find_option(spec: &Spec, typed: &str) -> OptionLookup {
    let mut prefix = 0u64;
    if typed.len() < 2 {
        return OptionLookup::NotFound;
    }
    let key = typed.as_bytes()[1].to_ascii_lowercase();
    for (index, slot) in spec.slots.iter().enumerate() {
        for name in &slot.names {
            if name.as_bytes()[1].to_ascii_lowercase() == key && starts_with(name, typed) {
                if name.len() == typed.len() {
                    return OptionLookup::Found { slot: index as u8, exact: true };
                }
                prefix |= 1 << index;
            }
        }
    }
    match prefix.count_ones() {
        0 => OptionLookup::NotFound,
        1 => OptionLookup::Found { slot: prefix.trailing_zeros() as u8, exact: false },
        _ => OptionLookup::Ambiguous(prefix),
    }
}

/// Matches `tokens[from..]`. On [`MatchResult::Match`], `arguments` holds what was given.
pub(crate) fn match_arguments(
    spec: &Spec,
    tokens: &[Token<'_>],
    from: usize,
    arguments: &mut Vec<Argument>,
) -> MatchResult {
    arguments.clear();
    let mut given = 0u64;
    let mut exact = true;
    let mut invalid: Option<MatchResult> = None;
    let mut ambiguous: Option<MatchResult> = None;
    let mut positional = 0;
    let mut at = from;
    while at < tokens.len() {
        let token = &tokens[at];
        if is_option(token) {
            let (slot, exact_name) = match find_option(spec, &token.text) {
                OptionLookup::NotFound => return MatchResult::Unknown { token: at },
                OptionLookup::Ambiguous(options) => {
                    ambiguous.get_or_insert(MatchResult::Ambiguous { token: at, options });
                    at += 1;
                    continue;
                }
                OptionLookup::Found { slot, exact } => (slot, exact),
            };
            exact &= exact_name;
            let entry = &spec.slots[usize::from(slot)];
            let mut fail = |token, error| {
                invalid.get_or_insert(MatchResult::Invalid { token, slot, error });
            };
            if given & (1 << slot) != 0 {
                fail(at, ArgumentError::Repeated);
            }
            given |= 1 << slot;
            let mut argument =
                Argument { slot, name: at as u32, first: at as u32 + 1, count: 0, choice: 0 };
            at += 1;
            if let Some(value) = &entry.value {
                match tokens.get(at) {
                    None => fail(at - 1, ArgumentError::MissingValue),
                    Some(next) if is_option(next) => match find_option(spec, &next.text) {
                        OptionLookup::NotFound => {
                            fail(at, ArgumentError::LooksLikeOption);
                            at += 1;
                        }
                        _ => fail(at - 1, ArgumentError::MissingValue),
                    },
                    Some(next) => {
                        argument.count = 1;
                        match accepts(value, &next.text) {
                            Ok(choice) => argument.choice = choice,
                            Err(error) => fail(at, error),
                        }
                        at += 1;
                        while value.many && tokens.get(at).is_some_and(|token| !is_option(token)) {
                            argument.count += 1;
                            at += 1;
                        }
                    }
                }
            }
            arguments.push(argument);
            continue;
        }
        if ambiguous.is_some() {
            // It may be the value of the ambiguous option.
            at += 1;
            continue;
        }
        let Some(taken) = take_positional(spec, &mut positional, &token.text) else {
            return MatchResult::Unknown { token: at };
        };
        let (slot, accepted) = taken;
        given |= 1 << slot;
        match accepted {
            Ok(choice) => {
                let number = at as u32;
                arguments.push(Argument { slot, name: number, first: number, count: 1, choice });
            }
            Err(error) => {
                invalid.get_or_insert(MatchResult::Invalid { token: at, slot, error });
            }
        }
        at += 1;
    }
    if let Some(result) = ambiguous.or(invalid) {
        return result;
    }
    match missing_arguments(&spec.parts, given) {
        MissingArguments::None => MatchResult::Match { exact },
        MissingArguments::Some => MatchResult::Incomplete { given },
        MissingArguments::Conflict(first, second) => {
            // Point at the later of the two on the line.
            let index = |slot| arguments.iter().position(|a| a.slot == slot).unwrap_or(0);
            let (first, second) =
                if index(first) > index(second) { (second, first) } else { (first, second) };
            let token =
                arguments.iter().find(|a| a.slot == second).map_or(from, |a| a.name as usize);
            MatchResult::Invalid { token, slot: second, error: ArgumentError::Conflict(first) }
        }
    }
}

/// The positional that takes `text`. Optional ones that cannot take it are skipped.
fn take_positional(
    spec: &Spec,
    next: &mut usize,
    text: &str,
) -> Option<(u8, Result<u16, ArgumentError>)> {
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

/// Checks `text`. On success, the index of the choice, or 0 where there are no choices.
pub(crate) fn accepts(value: &Value, text: &str) -> Result<u16, ArgumentError> {
    match &value.kind {
        Kind::Free => Ok(0),
        Kind::Literal(word) if word.eq_ignore_ascii_case(text) => Ok(0),
        Kind::Literal(_) => Err(ArgumentError::NotAChoice),
        Kind::OneOf(choices) => {
            let index = choices.iter().position(|choice| choice.eq_ignore_ascii_case(text));
            index.map(|index| index as u16).ok_or(ArgumentError::NotAChoice)
        }
        Kind::Within(low, high) => match text.parse::<i64>() {
            Ok(number) if (*low..=*high).contains(&number) => Ok(0),
            Ok(_) => Err(ArgumentError::OutOfRange),
            Err(_) => Err(ArgumentError::NotANumber),
        },
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MissingArguments {
    None,
    Some,
    /// Nothing is missing, but these two slots exclude each other.
    Conflict(u8, u8),
}

fn missing_arguments(parts: &[Part], given: u64) -> MissingArguments {
    let mut missing = MissingArguments::None;
    for part in parts {
        match missing_in_part(part, given) {
            MissingArguments::None => {}
            MissingArguments::Some => missing = MissingArguments::Some,
            conflict => return conflict,
        }
    }
    missing
}

fn missing_in_part(part: &Part, given: u64) -> MissingArguments {
    match part {
        Part::Slot(slot) if given & (1 << slot) != 0 => MissingArguments::None,
        Part::Slot(_) => MissingArguments::Some,
        Part::Group { required, alternatives } => {
            let all = alternatives.iter().fold(0, |mask, a| mask | a.mask) & given;
            if all == 0 && !required {
                return MissingArguments::None;
            }
            let mut missing = None;
            for alternative in alternatives {
                if all & !alternative.mask == 0 {
                    match missing_arguments(&alternative.parts, given) {
                        MissingArguments::None => return MissingArguments::None,
                        other => missing = missing.or(Some(other)),
                    }
                }
            }
            missing.unwrap_or_else(|| {
                // No alternative holds all that was given: slots of different ones are in conflict.
                let first = all.trailing_zeros() as u8;
                let with = alternatives.iter().filter(|a| a.mask & (1 << first) != 0);
                let together = with.fold(0, |mask, a| mask | a.mask);
                let other = if all & !together == 0 { all & (all - 1) } else { all & !together };
                MissingArguments::Conflict(first, other.trailing_zeros().min(63) as u8)
            })
        }
    }
}

/// The required arguments that were not given, as a usage line shows them.
pub(crate) fn describe_missing(spec: &Spec, given: u64) -> Vec<String> {
    let mut missing = Vec::new();
    collect(spec, &spec.parts, given, &mut missing);
    missing
}

fn collect(spec: &Spec, parts: &[Part], given: u64, missing: &mut Vec<String>) {
    for part in parts.iter().filter(|part| missing_in_part(part, given) == MissingArguments::Some) {
        match part {
            Part::Slot(_) => missing.push(spec.render_part(part)),
            Part::Group { alternatives, .. } => {
                let started = alternatives.iter().find(|a| a.mask & given != 0);
                match started.or(if alternatives.len() == 1 { alternatives.first() } else { None })
                {
                    Some(alternative) => collect(spec, &alternative.parts, given, missing),
                    None => missing.push(spec.render_part(part)),
                }
            }
        }
    }
}

/// The text of an error in the argument `slot`.
pub(crate) fn describe_error(spec: &Spec, slot: u8, error: ArgumentError) -> String {
    let entry: &Slot = &spec.slots[usize::from(slot)];
    match (error, entry.value.as_ref().map(|v| &v.kind)) {
        (ArgumentError::Repeated, _) => "given twice".to_owned(),
        (ArgumentError::MissingValue, _) => "needs a value".to_owned(),
        (ArgumentError::LooksLikeOption, _) => {
            "needs a value; one that begins with a dash stands in quotes".to_owned()
        }
        (ArgumentError::Conflict(other), _) => {
            format!("cannot be given together with {}", spec.slots[usize::from(other)].shown())
        }
        (ArgumentError::OutOfRange | ArgumentError::NotANumber, Some(Kind::Within(low, high))) => {
            format!("must be a whole number from {low} to {high}")
        }
        (_, Some(Kind::OneOf(choices))) => format!("must be one of {}", choices.join(", ")),
        _ => "does not fit".to_owned(),
    }
}

/// Whether some of the given slots exclude each other.
pub(crate) fn conflicts(parts: &[Part], given: u64) -> bool {
    matches!(missing_arguments(parts, given), MissingArguments::Conflict(..))
}
