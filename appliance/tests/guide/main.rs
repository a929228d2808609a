//! The Cluster Administration Guide's procedures in REST form, as an operator types them.
//!
//! A script (`transcripts/rest/NAME.sh`) is played by `sh` with the real `curl` against appliances
//! that are processes of their own, a test each: `cargo test -p luna-appliance --test guide join`.
//! What a terminal would show is compared with `transcripts/rest/NAME.snap`; `cargo insta review`
//! accepts a change. Two kinds of comments in a script mean something:
//!
//! - `# before: NAME` plays that script first, unseen, on the same appliance;
//! - `# before on luna2: NAME` does so on the other one.
//!
//! `$LUNA` is the URL of the appliance and `$IP` its address; where a script has two, they are
//! `$LUNA1`, `$IP1`, `$LUNA2` and `$IP2`. Addresses differ from run to run and are shown by name.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod calls;
#[path = "../common/mod.rs"]
mod common;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use common::Process;
use common::network::Network;
use libtest_mimic::{Arguments, Failed, Trial};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../transcripts/rest");
/// The two appliances there may be; each is reached by its name.
const NAMES: [&str; 2] = ["luna1", "luna2"];
/// What ends the part of a session that is not shown.
const SHOWN: &str = "# here begins what is shown";

/// The names of the scripts, or of the transcripts.
fn names(extension: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|end| end == extension))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect()
}

fn script(name: &str) -> String {
    let path = format!("{FOLDER}/{name}.sh");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `curl` must show a header of the answer (`%header{…}`), which it can since 7.84.
fn require_curl() {
    let install = "install curl 7.84 or newer (apt-get install curl)";
    let output = Command::new("curl").arg("--version").output();
    let output = output.unwrap_or_else(|error| panic!("cannot run curl: {error}; {install}"));
    let text = String::from_utf8(output.stdout).unwrap();
    let version = text.split_whitespace().nth(1).unwrap_or_default();
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version_is = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    assert!(version_is >= (7, 84), "curl is {version}; {install}");
}

/// An appliance that scripts reach by its name.
struct Appliance {
    _process: Process,
    address: IpAddr,
}

impl Appliance {
    /// The appliance `NAMES[number]`, at the web server's usual port.
    fn start(folder: &Path, network: &Network, number: u8) -> Appliance {
        let (name, address) = (NAMES[usize::from(number)], network.address(number + 1));
        let data = folder.join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_luna-appliance"));
        command.args([
            "serve",
            "--no-ntls",
            "--hostname",
            name,
            "--seed",
            &(number + 1).to_string(),
        ]);
        command.args(["--clock", "2026-03-02T09:00:00Z", "--listen", &format!("{address}:8443")]);
        command.arg("--data").arg(&data);
        let process = Process::of(command);
        // The certificate alone, as a person would have brought it over; the key stays.
        let pem = fs::read_to_string(data.join("web.pem")).unwrap();
        let end = "-----END CERTIFICATE-----\n";
        let certificate = &pem[..pem.find(end).unwrap() + end.len()];
        let known = folder.join("known.pem");
        let others = fs::read_to_string(&known).unwrap_or_default();
        fs::write(known, others + certificate).unwrap();
        let curlrc = folder.join(".curlrc");
        let mut text = fs::read_to_string(&curlrc).unwrap_or_else(|_| script_curlrc());
        writeln!(text, "resolve = \"{}:8443:{address}\"", name).unwrap();
        fs::write(curlrc, text).unwrap();
        Appliance { _process: process, address }
    }
}

/// What `~/.curlrc` says besides the appliances' addresses.
fn script_curlrc() -> String {
    let lines = [
        "cacert = \"known.pem\"",
        "cookie = \"session\"",
        "cookie-jar = \"session\"",
        "silent",
        "show-error",
        "write-out = \" %header{location} [%{http_code}]\\n\"",
    ];
    lines.join("\n") + "\n"
}

/// The lines of a script behind those of the scripts it needs, for the appliance `host`; nothing
/// that is in `played` is played again.
fn with_before(name: &str, host: &str, played: &mut BTreeSet<String>, lines: &mut String) {
    if !played.insert(format!("{name} on {host}")) {
        return;
    }
    let text = script(name);
    for line in text.lines() {
        if let Some(before) = line.strip_prefix("# before: ") {
            with_before(before, host, played, lines);
        } else if let Some(rest) = line.strip_prefix("# before on ") {
            let (host, before) = rest.split_once(": ").unwrap();
            with_before(before, host, played, lines);
        }
    }
    let number = host.trim_start_matches("luna");
    writeln!(lines, "LUNA=$LUNA{number} IP=$IP{number}").unwrap();
    lines.push_str(&text);
}

/// Plays a script: what a terminal would have shown.
fn play(name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text = script(name);
    let mut session = String::new();
    with_before(name, NAMES[0], &mut BTreeSet::new(), &mut session);
    let before = session.strip_suffix(&text).unwrap();
    let count = if session.contains("LUNA2") { 2 } else { 1 };
    let network = Network::claim().expect("all networks are taken");
    let start = |number| Appliance::start(folder.path(), &network, number);
    let appliances: Vec<_> = (0..count).map(start).collect();
    let session =
        format!("exec 3>&1 >before.log 2>&1\n{before}exec >&3 2>&1\nset -v\n{SHOWN}\n{text}");
    fs::write(folder.path().join("session.sh"), session).unwrap();

    let mut shell = Command::new("sh");
    shell.arg("session.sh").current_dir(folder.path()).stdin(Stdio::null());
    let binaries = Path::new(env!("CARGO_BIN_EXE_luna-appliance")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    shell.env("PATH", format!("{}:{path}", binaries.display())).env("HOME", folder.path());
    shell.env_remove("CURL_HOME").env("LC_ALL", "C");
    for (number, appliance) in appliances.iter().enumerate() {
        let (name, number) = (NAMES[number], number + 1);
        shell.env(format!("LUNA{number}"), format!("https://{name}:8443"));
        shell.env(format!("IP{number}"), appliance.address.to_string());
    }
    let output = shell.stderr(Stdio::inherit()).output().unwrap();
    let mut seen = String::from_utf8(output.stdout).unwrap();
    for (number, appliance) in appliances.iter().enumerate() {
        seen = seen.replace(&appliance.address.to_string(), &format!("[IP{}]", number + 1));
    }
    let (_, seen) = seen.split_once(&format!("{SHOWN}\n")).unwrap();
    as_typed(&text, seen)
}

/// Puts the prompts before what was typed: `$`, and `>` where a command goes on.
fn as_typed(script: &str, seen: &str) -> String {
    let mut typed = script.lines().peekable();
    let (mut goes_on, mut end) = (false, None);
    let mut screen = String::new();
    for line in seen.lines() {
        if typed.next_if_eq(&line).is_none() {
            screen.push_str(line.trim_end());
        } else if line.is_empty() || line.starts_with('#') && !goes_on {
            screen.push_str(line);
        } else {
            screen.push_str(if goes_on { "> " } else { "$ " });
            screen.push_str(line);
            if !goes_on {
                end = match line.split_once("<<") {
                    Some((_, word)) => Some(word),
                    None => line.ends_with("; do").then_some("done"),
                };
            }
            goes_on = match end {
                Some(word) => line != word,
                None => line.ends_with('\\'),
            };
        }
        screen.push('\n');
    }
    assert_eq!(typed.next(), None, "it was not typed; so far:\n{screen}");
    screen
}

fn main() -> ExitCode {
    let trial = |name: String| Trial::test(name.clone(), move || agrees(&name));
    let mut trials: Vec<Trial> = names("sh").into_iter().map(trial).collect();
    trials.push(Trial::test("every_snapshot_has_its_script", every_snapshot_has_its_script));
    trials.push(Trial::test("every_call_of_the_guide_is_played", calls::every_call_is_played));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What curl shows is what the snapshot has.
fn agrees(name: &str) -> Result<(), Failed> {
    require_curl();
    insta::with_settings!({
        snapshot_path => FOLDER,
        prepend_module_to_snapshot => false,
        omit_expression => true,
        input_file => format!("transcripts/rest/{name}.sh"),
    }, {
        // insta takes a carriage return at the end of a line for a part of the line's end.
        insta::assert_snapshot!(name, play(name).replace('\r', "␍"));
    });
    Ok(())
}

fn every_snapshot_has_its_script() -> Result<(), Failed> {
    let (snapshots, scripts) = (names("snap"), names("sh"));
    assert_eq!(snapshots.difference(&scripts).next(), None);
    Ok(())
}
