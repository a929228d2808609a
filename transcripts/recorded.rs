//! What real appliances printed, and what we print for the same lines.
//!
//! Outputs that differ are listed with the reason in `recorded/differences.tsv`. That list may only
//! shrink: a new difference is a fault, and so is an entry that agrees by now.

use std::sync::Mutex;

use libtest_mimic::{Failed, Trial};
use luna_tests::Similarity;

/// How many differences are listed.
const KNOWN: usize = 37;

/// How alike the outputs compared so far are.
static TALLY: Mutex<Vec<Similarity>> = Mutex::new(Vec::new());

/// A test for each recording, and one for the list of differences.
pub(crate) fn trials() -> Vec<Trial> {
    let list = Trial::test(
        "recorded/the_list_of_differences_only_shrinks",
        the_list_of_differences_only_shrinks,
    );
    let trial = |name: String| Trial::test(format!("recorded/{name}"), move || agrees(&name));
    luna_tests::recordings().unwrap().into_iter().map(trial).chain([list]).collect()
}

/// Every output agrees, or is listed.
fn agrees(recording: &str) -> Result<(), Failed> {
    let compared =
        luna_tests::compare_recording(recording).map_err(|error| format!("{error:#}"))?;
    let mut listed = luna_tests::known_differences()?;
    listed.retain(|known| known.recording == recording);
    TALLY.lock().unwrap().extend(compared.iter().map(|one| one.similarity));
    let mut faults = String::new();
    for one in compared.iter().filter(|one| one.similarity == Similarity::Differs) {
        let at = listed.iter().position(|known| known.command == one.command);
        match at {
            Some(at) => drop(listed.remove(at)),
            None => faults += &format!("{}: differs\n{}\n", one.command, one.report),
        }
    }
    for known in listed {
        faults += &format!("{}: agrees, take it from differences.tsv\n", known.command);
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

fn the_list_of_differences_only_shrinks() -> Result<(), Failed> {
    let listed = luna_tests::known_differences()?;
    assert_eq!(listed.len(), KNOWN, "write the new number into KNOWN, if it is smaller");
    let recordings = luna_tests::recordings()?;
    let known = |name: &String| recordings.contains(name);
    assert!(listed.iter().all(|entry| known(&entry.recording)), "a listed recording is not there");
    Ok(())
}

/// How many outputs agree, once tests have run.
pub(crate) fn summary() -> Option<String> {
    let tally = TALLY.lock().unwrap();
    let count = |wanted| tally.iter().filter(|similarity| **similarity == wanted).count();
    (!tally.is_empty()).then(|| {
        format!(
            "Of {} outputs recorded on real appliances, {} are the same bytes for the same values, \
             {} agree in shape, {} differ.",
            tally.len(),
            count(Similarity::Exact),
            count(Similarity::Shape),
            count(Similarity::Differs)
        )
    })
}
