//! Plays the scripts of this folder, a test each: `cargo test -p luna-tests onboard`.
//!
//! What a person sees is compared with `NAME.snap`. `cargo insta review` accepts a change; without
//! it, `INSTA_UPDATE=always cargo test -p luna-tests NAME` does. The sessions in `recorded/` are
//! played as the tests `recorded/NAME`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod over_ssh;
mod recorded;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use libtest_mimic::{Arguments, Failed, Trial};
use luna_tests::Calls;

/// The calls that each script played so far has made.
static MADE: Mutex<Vec<Calls>> = Mutex::new(Vec::new());

fn main() -> ExitCode {
    if let Some(answered) = lunash::answer_if_asked() {
        return answered;
    }
    let trial = |name: String| Trial::test(name.clone(), move || play(&name));
    let mut trials: Vec<Trial> = names("in").into_iter().map(trial).collect();
    trials.push(Trial::test("every_snapshot_has_its_script", every_snapshot_has_its_script));
    trials.extend(recorded::trials());
    trials.extend(over_ssh::trials(names("in")));
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    if let Some(never_made) = never_made() {
        assert_eq!(never_made, [""; 0], "declared calls that no transcript makes");
    }
    if let Some(summary) = recorded::summary() {
        std::io::stderr().write_all(format!("{summary}\n").as_bytes()).unwrap();
    }
    conclusion.exit_code()
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../transcripts"))
}

/// The names of the files with this extension, without it.
fn names(extension: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|end| end == extension))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect()
}

fn play(name: &str) -> Result<(), Failed> {
    let script = fs::read_to_string(folder().join(name).with_extension("in"))?;
    let (played, calls) = luna_tests::record_calls(|| luna_tests::play(&script));
    let transcript = played.map_err(|error| format!("{error:#}"))?;
    assert_eq!(luna_tests::undeclared(&calls), [""; 0], "calls that are not declared");
    MADE.lock().unwrap().push(calls);
    // The comments at the head say where the script comes from.
    let head = transcript.lines().take_while(|line| line.starts_with('#'));
    let session = head.clone().fold(transcript.as_str(), |rest, line| &rest[line.len() + 1..]);
    let provenance: Vec<&str> = head.map(|line| line.trim_start_matches("# ")).collect();
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        description => provenance.join(" "),
        input_file => format!("transcripts/{name}.in"),
    }, {
        // insta takes a carriage return at the end of a line for a part of the line's end.
        insta::assert_snapshot!(name, session.replace('\r', "␍"));
    });
    Ok(())
}

/// The declared calls that no script makes; nothing unless all scripts were played in this process.
fn never_made() -> Option<Vec<String>> {
    let made = MADE.lock().unwrap();
    let mut all = Calls::new();
    for (command, calls) in made.iter().flatten() {
        all.entry(command.clone()).or_default().extend(calls.iter().cloned());
    }
    (made.len() == names("in").len()).then(|| luna_tests::never_made(&all))
}

fn every_snapshot_has_its_script() -> Result<(), Failed> {
    let (snapshots, scripts) = (names("snap"), names("in"));
    assert_eq!(snapshots.difference(&scripts).next(), None);
    Ok(())
}
