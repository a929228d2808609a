//! Arguments without dashes: names, each with its value behind it where it takes one.

use std::collections::BTreeMap;

use luna_shell::{Failure, Kind};

/// An argument: its name, its official short form, and whether a value follows it.
pub(super) type Word = (&'static str, &'static str, bool);

/// The arguments of a line, by their full names; one without a value has an empty one.
///
/// # Errors
/// A name is not known, is given twice, or its value is missing.
pub(super) fn read(
    typed: Vec<String>,
    known: &[Word],
) -> Result<BTreeMap<&'static str, String>, Failure> {
    let wrong = |text: String| {
        let names: Vec<&str> = known.iter().map(|(name, ..)| *name).collect();
        Failure::new(Kind::BadArguments, text)
            .hint(format!("the arguments are: {}", names.join(", ")))
    };
    let mut found = BTreeMap::new();
    let mut typed = typed.into_iter();
    while let Some(word) = typed.next() {
        let is = |text: &str| word.eq_ignore_ascii_case(text);
        let Some((name, _, takes)) = known.iter().find(|(name, short, _)| is(name) || is(short))
        else {
            return Err(wrong(format!("There is no argument '{word}'.")));
        };
        let value = match takes {
            true => {
                typed.next().ok_or_else(|| wrong(format!("The value of '{name}' is missing.")))?
            }
            false => String::new(),
        };
        if found.insert(*name, value).is_some() {
            return Err(wrong(format!("'{name}' was given twice.")));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_full_or_short_and_values_follow() {
        const KNOWN: &[Word] = &[("get", "g", false), ("path", "p", true)];
        let words = |line: &str| read(line.split(' ').map(str::to_owned).collect(), KNOWN);
        let found = words("P get GET").unwrap();
        assert_eq!((found["path"].as_str(), found["get"].as_str()), ("get", ""));
        assert_eq!(words("path").unwrap_err().message, "The value of 'path' is missing.");
        assert_eq!(words("g get").unwrap_err().message, "'get' was given twice.");
        assert_eq!(words("pa x").unwrap_err().message, "There is no argument 'pa'.");
    }
}
