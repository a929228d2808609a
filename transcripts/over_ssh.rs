//! The scripts once more, their LunaSH sessions over ssh: what the appliance prints there is what is
//! printed here, remarks apart.
//!
//! `over_ssh.tsv` lists each script that shows something else, with the reason, and may only shrink.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use libtest_mimic::{Failed, Trial};

/// How many scripts show something else, or are not played.
const KNOWN: usize = 15;

pub(crate) fn trials(names: BTreeSet<String>) -> Vec<Trial> {
    let known = known();
    let has_lunash = |name: &String| script(name).lines().any(|line| line.starts_with("@lunash"));
    let trial = |name: String| {
        let reason = known.get(&name);
        let (differs, never) =
            (reason.is_some(), reason.is_some_and(|reason| reason.starts_with("not played: ")));
        Trial::test(format!("over_ssh/{name}"), move || play(&name, differs, never))
    };
    let mut trials: Vec<Trial> = names.into_iter().filter(has_lunash).map(trial).collect();
    trials.push(Trial::test("over_ssh_differs_where_it_says", || {
        let listed = self::known();
        assert_eq!(listed.len(), KNOWN, "transcripts/over_ssh.tsv may only shrink");
        assert!(listed.values().all(|reason| !reason.is_empty()));
        Ok(())
    }));
    trials
}

fn script(name: &str) -> String {
    fs::read_to_string(super::folder().join(name).with_extension("in")).unwrap()
}

/// The scripts that show something else, and why.
fn known() -> BTreeMap<String, String> {
    let text = fs::read_to_string(super::folder().join("over_ssh.tsv")).unwrap();
    let rows = text.lines().filter_map(|line| line.split_once('\t'));
    rows.map(|(name, why)| (name.to_owned(), why.to_owned())).collect()
}

fn play(name: &str, differs: bool, never: bool) -> Result<(), Failed> {
    let snapshot = fs::read_to_string(super::folder().join(name).with_extension("snap"))?;
    let expected = snapshot.splitn(3, "---\n").nth(2).unwrap_or_default();
    if never {
        return Ok(());
    }
    let played = luna_tests::play_over_ssh(&script(name)).map_err(|error| format!("{error:#}"));
    let played = match played {
        Ok(played) => played,
        Err(_) if differs => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let played = played.replace('\r', "␍");
    let (near, far) = (shown(expected), shown(&played));
    match (near == far, differs) {
        (true, false) | (false, true) => Ok(()),
        (true, true) => Err(format!("{name} is the same now: take it out of over_ssh.tsv").into()),
        (false, false) => Err(first_difference(&near, &far).into()),
    }
}

/// What is compared: the text of commands, without remarks, JSON objects, and what a server says of the
/// login before.
fn shown(transcript: &str) -> Vec<String> {
    // The shell that greets before a first password is set does not know its version over REST.
    let transcript = transcript.replace(" Shell v7.8.5-20.", " Shell.");
    // The appliance's own shell looks for a file in one place only.
    let transcript = transcript
        .replace(" is neither among ", " is not among ")
        .replace(" on the appliance nor in the working directory.", " on the appliance.");
    let remark = |line: &&str| {
        ["hint: ", "note: ", "warning: ", "{\"line\":", "#"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let mut lines: Vec<String> = Vec::new();
    for line in transcript.lines().filter(|line| !remark(line)) {
        let begins = lines.last().is_some_and(|last| last.starts_with("$ lunash"));
        if !(begins && (line.is_empty() || line.starts_with("Last login: "))) {
            lines.push(line.to_owned());
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn first_difference(near: &[String], far: &[String]) -> String {
    let same = near.iter().zip(far).take_while(|(near, far)| near == far).count();
    let part = |lines: &[String]| {
        let from = same.saturating_sub(4).min(lines.len());
        lines[from..(same + 6).min(lines.len())].join("\n")
    };
    format!("over REST:\n{}\n\nover SSH:\n{}", part(near), part(far))
}
