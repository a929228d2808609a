//! What real appliances printed, and what we print for the same lines.
//!
//! Outputs that differ are listed with the reason in `transcripts/recorded/differences.tsv`. That
//! list may only shrink: a new difference is a fault, and so is an entry that agrees by now.
//! `cargo test -p luna-tests conformance -- --nocapture` shows the summary.

use std::io::Write;

use luna_tests::Similarity;

/// How many differences are listed.
const KNOWN: usize = 25;

#[test]
fn recorded_outputs_agree_or_are_listed() {
    let compared = luna_tests::compare_recordings().unwrap();
    let listed = luna_tests::known_differences().unwrap();
    let mut faults = String::new();
    for one in compared.iter().filter(|one| one.similarity == Similarity::Differs) {
        let known = listed
            .iter()
            .any(|(recording, command, _)| *recording == one.recording && *command == one.command);
        if !known {
            faults += &format!("{}: {}: differs\n{}\n", one.recording, one.command, one.report);
        }
    }
    for (number, (recording, command, _)) in listed.iter().enumerate() {
        let differs = compared.iter().any(|one| {
            one.similarity == Similarity::Differs
                && one.recording == *recording
                && one.command == *command
        });
        let twice = listed[..number].iter().any(|(r, c, _)| r == recording && c == command);
        if !differs || twice {
            faults += &format!("{recording}: {command}: agrees, take it from differences.tsv\n");
        }
    }
    writeln!(std::io::stderr(), "{}", luna_tests::summary_of(&compared).unwrap()).unwrap();
    assert!(faults.is_empty(), "\n{faults}");
}

/// The list holds facts about the recordings; it may shrink, and this number with it.
#[test]
fn the_list_of_differences_only_shrinks() {
    let count = luna_tests::known_differences().unwrap().len();
    assert_eq!(count, KNOWN, "write the new number where KNOWN stands, if it is smaller");
}
