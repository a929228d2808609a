//! Suggestions for a word that is not known.

use std::collections::HashSet;

/// The least similarity of a suggestion, if there are more than [`FEW`] words.
const MIN_SIMILARITY: f64 = 0.62;
/// The most suggestions; so few words are all suggested.
const FEW: usize = 3;

/// At most three of `words`, the most similar first, without duplicates.
pub(crate) fn closest(typed: &str, words: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    let words: Vec<String> = words.into_iter().filter(|word| seen.insert(word.clone())).collect();
    let few = words.len() <= FEW;
    // Other programs take `-option=value`.
    let typed = bare(typed.split('=').next().unwrap_or(typed));
    let mut scored: Vec<(f64, String)> =
        words.into_iter().map(|w| (similarity(&typed, &bare(&w)), w)).collect();
    scored.retain(|(score, _)| few || *score >= MIN_SIMILARITY);
    // Stable: equally close ones stay in the order of their declaration.
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.into_iter().take(FEW).map(|(_, word)| word).collect()
}

fn bare(word: &str) -> String {
    word.trim_start_matches('-').chars().take(64).collect::<String>().to_ascii_lowercase()
}

/// From 0 to 1: with the whole word or, if higher, with a prefix of it (`regsiter`, `regs`).
fn similarity(typed: &str, word: &str) -> f64 {
    let length = typed.chars().count();
    let begin: String = word.chars().take(length).collect();
    let distance = strsim::damerau_levenshtein(typed, &begin) as f64;
    let prefix = if length >= 2 { (1.0 - distance / length as f64) * 0.95 } else { 0.0 };
    strsim::jaro_winkler(typed, word).max(prefix)
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
    }

    #[test]
    fn dashes_and_letter_case_are_ignored() {
        assert_eq!(from("-HSOT", &["-client", "-hostname", "-host", "-ip"])[0], "-host");
        assert_eq!(from("client", &["-client", "-hostname", "-ip", "-force"])[0], "-client");
        assert_eq!(from("zzz", &["-a", "-b"]).len(), 2);
    }
}
