//! What is covered: every command declared soundly, played in a transcript, and listed in
//! `COVERAGE.md` with the source of what is known about it.
//!
//! `COVERAGE=overwrite cargo test -p luna-tests coverage` writes the page anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use luna_grammar::Outcome;
use luna_shell::{Catalogue, Known};

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn declarations_are_sound() {
    let lint = |grammar: &luna_grammar::Grammar| grammar.lint().join("\n");
    assert_eq!(lint(&lunash::catalogue().grammar), "");
    assert_eq!(lint(&lunacm::catalogue().grammar), "");
}

#[test]
fn arguments_are_declared_options() {
    arguments(&lunash::catalogue());
    arguments(&lunacm::catalogue());
}

fn arguments<S>(catalogue: &Catalogue<S>) {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    for command in &catalogue.commands {
        let declared: BTreeSet<String> = command
            .syntax
            .split(|c: char| c.is_whitespace() || "[]{}|<>.".contains(c))
            .map(|word| plain(word.split(':').next().unwrap_or(word)))
            .collect();
        for field in (command.run.fields)() {
            assert!(declared.contains(&plain(field)), "{}: '{field}' is no option", command.syntax);
        }
    }
}

#[test]
fn a_command_that_was_seen_is_in_its_recording() {
    let lines = luna_tests::recorded_lines().unwrap();
    let (lunash, lunacm) = (lunash::catalogue(), lunacm::catalogue());
    let mut missing = not_recorded("lunash", &lunash, &lines);
    missing.extend(not_recorded("lunacm", &lunacm, &lines));
    missing.extend(not_recorded("cmu", &lunacm::cmu::catalogue(), &lines));
    assert_eq!(missing, [""; 0]);
}

/// The commands whose recording is not in `transcripts/recorded`, or does not type them.
fn not_recorded<S>(
    shell: &str,
    catalogue: &Catalogue<S>,
    lines: &[(String, &'static str, String)],
) -> Vec<String> {
    let mut missing = Vec::new();
    for (index, command) in catalogue.commands.iter().enumerate() {
        let Known::Seen(name) = command.known else { continue };
        let types_it = |line: &str| matches!(catalogue.grammar.resolve(line), Outcome::Match(found) if found.command == index);
        let mut typed = lines.iter().filter(|(recording, of, _)| recording == name && *of == shell);
        if !typed.any(|(_, _, line)| types_it(line)) {
            missing.push(format!("{shell}: {}: {name}", command.syntax));
        }
    }
    missing
}

/// A line of a transcript that runs a command.
pub(crate) struct Played {
    pub(crate) shell: &'static str,
    /// Its index in the shell's catalogue.
    pub(crate) command: usize,
    pub(crate) line: String,
    transcript: String,
}

/// The lines of all transcripts that run a command.
pub(crate) fn played_lines() -> Vec<Played> {
    let lunash = lunash::catalogue().grammar;
    let lunacm = lunacm::catalogue().grammar;
    let mut played = Vec::new();
    for entry in fs::read_dir(root().join("transcripts")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "in") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut shell = None;
        for line in fs::read_to_string(&path).unwrap().lines() {
            let mut line = line;
            if let Some(directive) = line.strip_prefix('@') {
                let mut words = directive.splitn(2, ' ');
                shell = match words.next() {
                    Some("lunash") => Some(("lunash", &lunash)),
                    Some("lunacm" | "linked") => Some(("lunacm", &lunacm)),
                    _ => shell,
                };
                // A command may be among the arguments of the session.
                line = words.next().unwrap_or("").trim_start_matches("--pipe").trim_start();
            }
            if let Some((shell, grammar)) = shell
                && let Outcome::Match(invocation) = grammar.resolve(line)
            {
                let (command, line) = (invocation.command, line.to_owned());
                played.push(Played { shell, command, line, transcript: name.clone() });
            }
        }
    }
    played
}

/// The transcripts that play each command, by shell and index.
fn played() -> BTreeMap<(&'static str, usize), BTreeSet<String>> {
    let mut played: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for one in played_lines() {
        played.entry((one.shell, one.command)).or_default().insert(one.transcript);
    }
    played
}

#[test]
fn every_command_is_played_in_a_transcript() {
    let played = played();
    let mut missing = Vec::new();
    let mut look = |shell: &'static str, syntaxes: Vec<&'static str>| {
        for (index, syntax) in syntaxes.iter().enumerate() {
            if !played.contains_key(&(shell, index)) && !syntax.starts_with("help ") {
                missing.push(format!("{shell}: {syntax}"));
            }
        }
    };
    look("lunash", lunash::catalogue().commands.iter().map(|command| command.syntax).collect());
    look("lunacm", lunacm::catalogue().commands.iter().map(|command| command.syntax).collect());
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_coverage_page_is_current() {
    let page = page();
    let path = root().join("COVERAGE.md");
    if std::env::var_os("COVERAGE").is_some_and(|value| value == "overwrite") {
        fs::write(&path, &page).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap_or_default() == page, "run .ci/generate");
}

fn page() -> String {
    let played = played();
    let mut page = String::from(
        "# Coverage\n\n\
         Every command, the source of what is known about it, and the golden transcripts that play\n\
         it. *Documented*: a page of the vendor's documentation; *seen*: a recorded session of the\n\
         product; *assumed*: name or output are not public, and what was chosen is said.\n\
         Generated by `.ci/generate`.\n",
    );
    section(&mut page, "lunash", &lunash::catalogue(), &played);
    section(&mut page, "lunacm", &lunacm::catalogue(), &played);
    page
}

fn section<S>(
    page: &mut String,
    shell: &'static str,
    catalogue: &Catalogue<S>,
    played: &BTreeMap<(&'static str, usize), BTreeSet<String>>,
) {
    let count = |of: fn(&Known) -> bool| {
        catalogue.commands.iter().filter(|command| of(&command.known)).count()
    };
    writeln!(
        page,
        "\n## {shell}\n\n{} commands: {} documented, {} seen, {} assumed.\n\n\
         | command | known | transcripts |\n|---|---|---|",
        catalogue.commands.len(),
        count(|known| matches!(known, Known::Documented(_))),
        count(|known| matches!(known, Known::Seen(_))),
        count(|known| matches!(known, Known::Assumed(_))),
    )
    .unwrap();
    for (index, command) in catalogue.commands.iter().enumerate() {
        let path: Vec<&str> = command
            .syntax
            .split_whitespace()
            .take_while(|word| !word.starts_with(['-', '<', '[', '{']))
            .map(|word| word.split('|').next().unwrap_or(word))
            .collect();
        let names: Vec<&str> = played
            .get(&(shell, index))
            .map(|names| names.iter().map(String::as_str).collect())
            .unwrap_or_default();
        writeln!(
            page,
            "| `{}` | {} | {} |",
            path.join(" "),
            command.known.to_string().replace('|', "\\|"),
            names.join(", ")
        )
        .unwrap();
    }
}
