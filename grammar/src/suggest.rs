//! Suggestions for a word that is not known: only words at a small distance, as a wrong guess is worse
//! than none.

use std::collections::HashSet;

/// The most suggestions.
const MOST: usize = 3;

/// At most three of `words` that `typed` is a slip of, the closest first, without duplicates.
pub(crate) fn closest(typed: &str, words: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    // Other programs take `-option=value`.
    let typed = bare(typed.split('=').next().unwrap_or(typed));
    let slips = match typed.chars().count() {
        0 | 1 => 0,
        2..=6 => 1,
        7..=10 => 2,
        _ => 3,
    };
    let mut near: Vec<([usize; 2], String)> = words
        .into_iter()
        .filter(|word| seen.insert(word.clone()))
        .map(|word| (distances(&typed, &bare(&word)), word))
        .filter(|([least, _], _)| *least <= slips)
        .collect();
    // Stable: equally close ones stay in the order of their declaration.
    near.sort_by_key(|(distances, _)| *distances);
    near.into_iter().take(MOST).map(|(_, word)| word).collect()
}

fn bare(word: &str) -> String {
    word.trim_start_matches('-').chars().take(64).collect::<String>().to_ascii_lowercase()
}

/// Slips of the fingers from the word or from a beginning of it that is about as long, and from the
/// whole word. A word with letters left out (`lgn`) is one slip away.
fn distances(typed: &str, word: &str) -> [usize; 2] {
    let length = typed.chars().count();
    let whole = strsim::damerau_levenshtein(typed, word);
    if length < 3 {
        return [whole, whole];
    }
    let begins = (length - 1..=length + 1).map(|end| word.chars().take(end).collect::<String>());
    let least =
        begins.map(|begin| strsim::damerau_levenshtein(typed, &begin)).fold(whole, usize::min);
    [if is_shortened(typed, word) { least.min(1) } else { least }, whole]
}

/// Whether `typed` is the word without some of its letters, the first one excepted.
fn is_shortened(typed: &str, word: &str) -> bool {
    let mut left = word.chars();
    typed.chars().next() == word.chars().next()
        && word.chars().count() <= 2 * typed.chars().count()
        && typed.chars().all(|c| left.any(|other| other == c))
}

#[cfg(test)]
mod tests {
    use super::closest;

    fn from(typed: &str, words: &[&str]) -> Vec<String> {
        closest(typed, words.iter().map(|w| (*w).to_owned()).collect())
    }

    #[test]
    fn the_most_similar_word_comes_first() {
        let words = [
            "assignPartition",
            "delete",
            "fingerprint",
            "list",
            "register",
            "revokePartition",
            "show",
        ];
        assert_eq!(from("regsiter", &words)[0], "register");
        assert_eq!(from("lsit", &words)[0], "list");
        assert_eq!(from("asign", &words)[0], "assignPartition");
        assert_eq!(from("fignerpr", &words)[0], "fingerprint");
        assert!(from("qqq", &words).is_empty());
        assert_eq!(from("lgn", &["login", "logout", "list"]), ["login"]);
    }

    #[test]
    fn a_word_that_is_no_slip_is_not_suggested() {
        assert!(from("syslog", &["sysconf", "service", "status"]).is_empty());
        assert!(from("zzz", &["-a", "-b"]).is_empty());
        assert!(from("x", &["-a", "-x2"]).is_empty());
        assert!(from("crate", &["list", "register"]).is_empty());
    }

    #[test]
    fn dashes_and_letter_case_are_ignored() {
        assert_eq!(from("-HSOT", &["-client", "-hostname", "-host", "-ip"])[0], "-host");
        assert_eq!(from("client", &["-client", "-hostname", "-ip", "-force"])[0], "-client");
    }
}
