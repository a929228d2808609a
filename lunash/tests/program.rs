//! The `lunash` program as scripts use it: arguments, pipes, exit statuses, secrets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use luna_appliance::{Appliance, Options};
use luna_rest::Fingerprint;
use luna_shell::{CommandResult, Pins};
use rustix::process::{Pid, Signal, getpid, kill_process};

/// A home of its own for each test, and with it an appliance of its own.
struct Home {
    folder: tempfile::TempDir,
}

impl Drop for Home {
    fn drop(&mut self) {
        Appliance::stop(&self.appliance()).unwrap();
    }
}

/// What a run of the program came to.
struct Seen {
    stdout: String,
    stderr: String,
    status: i32,
}

impl Home {
    fn new() -> Home {
        Home { folder: tempfile::tempdir().unwrap() }
    }

    /// The folder of the appliance of one's own.
    fn appliance(&self) -> PathBuf {
        self.folder.path().join(".local/share/luna/appliance")
    }

    /// The process of that appliance.
    fn process(&self) -> Pid {
        let endpoint = Appliance::locate(&self.appliance()).unwrap();
        Pid::from_raw(endpoint.process.try_into().unwrap()).unwrap()
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lunash"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Seen {
        seen(self.program(arguments).output().unwrap())
    }

    fn feed(&self, arguments: &[&str], input: &str) -> Seen {
        feed(self.program(arguments), input.as_bytes())
    }

    /// Initializes the HSM of the appliance here.
    fn with_hsm() -> Home {
        let home = Home::new();
        let init = ["hsm", "init", "-l", "a", "-d", "d", "-p", PASSWORD, "-f"];
        assert_eq!(home.run(&init).status, 0);
        home
    }

    /// How many attempts of the HSM SO are left.
    fn attempts_left(&self) -> u64 {
        let seen = self.run(&["-q", "--output", "json", "hsm", "show"]);
        let object: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
        object["view"]["login_attempts_left"].as_u64().unwrap()
    }
}

/// The password of the HSM SO.
const PASSWORD: &str = "Right-Password-1";

fn feed(mut command: Command, input: &[u8]) -> Seen {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    seen(child.wait_with_output().unwrap())
}

fn seen(output: Output) -> Seen {
    Seen {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap(),
    }
}

const BANNER: &str = "Luna Network HSM Command Line Shell v7.8.5-20. Copyright (c) 2024 Thales \
                      Group. All rights reserved.\n";

#[test]
fn words_are_one_command_and_print_its_body_alone() {
    let seen = Home::new().run(&["c", "li"]);
    assert_eq!((seen.stdout.as_str(), seen.status), ("No clients are registered.\n", 0));
    assert!(seen.stderr.starts_with("note: this appliance is emulated (started, "));
    // Without remarks, but for the one that nobody may miss.
    let home = Home::new();
    let seen = home.run(&["-q", "client list"]);
    assert_eq!(seen.stdout, "No clients are registered.\n");
    assert_eq!(seen.stderr.matches('\n').count(), 1, "{}", seen.stderr);
    assert!(seen.stderr.starts_with("note: this appliance is emulated"), "{}", seen.stderr);
    let folder = home.folder.path().join("appliance");
    let named = home.run(&["-q", "--data", folder.to_str().unwrap(), "client list"]);
    assert_eq!((named.stderr.as_str(), named.status), ("", 0));
}

#[test]
fn piped_commands_have_a_banner_and_results_but_no_prompts() {
    let seen = Home::new().feed(&[], "client list\n\n# a remark\nclient list\nexit\n");
    let one = "\nNo clients are registered.\n\nCommand Result : 0 (Success)\n";
    assert_eq!(seen.stdout, format!("{BANNER}{one}{one}"));
    assert_eq!(seen.status, 0);
}

#[test]
fn the_worst_command_decides_the_status() {
    let home = Home::new();
    assert_eq!(home.feed(&[], "client list\nclient show -c x\nclient list\n").status, 1);
    assert_eq!(home.feed(&[], "client show -c x\nclient shwo\n").status, 2);
    assert_eq!(home.run(&["--no-such-argument"]).status, 2);
    assert_eq!(home.run(&["--host", "127.0.0.1:1", "client", "list"]).status, 3);
    assert_eq!(home.run(&["-f", "no-such-file"]).status, 2);
}

#[test]
fn fail_fast_stops_at_the_first_failure() {
    let seen = Home::new().feed(&["-q", "--fail-fast"], "client show -c x\nclient list\n");
    assert_eq!(seen.status, 1);
    assert!(!seen.stdout.contains("No clients"), "{}", seen.stdout);
}

#[test]
fn strict_refuses_abbreviations() {
    let home = Home::new();
    assert_eq!(home.run(&["--strict", "c", "li"]).status, 2);
    assert_eq!(home.run(&["--strict", "client", "list"]).status, 0);
}

#[test]
fn commands_come_from_arguments_and_files_too() {
    let home = Home::new();
    std::fs::write(home.folder.path().join("batch"), "client list\nclient list\n").unwrap();
    let file = home.run(&["-q", "-f", "batch"]);
    let arguments = home.run(&["-q", "-c", "client list", "-c", "c l"]);
    assert_eq!(file.stdout, arguments.stdout);
    assert_eq!(file.stdout.matches("Command Result : 0 (Success)").count(), 2);
}

#[test]
fn json_is_one_object_a_command() {
    let seen = Home::new().feed(&["--output", "json"], "c l\nclient show -c x\nfoo\n");
    let objects: Vec<serde_json::Value> =
        seen.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 3);
    assert_eq!(objects[0]["line"], "client list");
    assert_eq!(objects[0]["result"]["text"], "Success");
    assert_eq!(objects[0]["view"], serde_json::json!({ "clients": [] }));
    assert_eq!(objects[1]["result"]["code"], 65535);
    assert_eq!(objects[1]["error"]["name"], "RC_OBJECT_NOT_IN_LIST");
    assert_eq!(objects[2]["status"], 2);
}

#[test]
fn answers_come_from_the_pipe_from_arguments_or_not_at_all() {
    let home = Home::new();
    let unanswered = home.run(&["hsm", "zeroize"]);
    assert_eq!(unanswered.status, 4);
    assert!(
        unanswered.stderr.contains("-force or --yes would have answered it"),
        "{}",
        unanswered.stderr
    );
    assert_eq!(home.feed(&["hsm", "zeroize"], "proceed\n").status, 0);
    assert_eq!(home.feed(&["hsm", "zeroize"], "quit\n").status, 1);
    assert_eq!(home.feed(&["hsm", "zeroize"], "what?\n").status, 4);
    assert_eq!(home.run(&["--yes", "hsm", "zeroize"]).status, 0);
    assert_eq!(home.run(&["--answer", "proceed", "hsm", "zeroize"]).status, 0);
    // With commands on standard input a question takes the next line.
    let seen = home.feed(&["-q"], "hsm zeroize\nproceed\nclient list\n");
    assert_eq!(seen.status, 0);
    assert_eq!(seen.stdout.matches("Command Result : 0 (Success)").count(), 2);
}

#[test]
fn secrets_come_from_the_environment_a_file_or_a_descriptor_and_go_nowhere() {
    let secret = "Very-Secret-1";
    let check = |seen: &Seen| {
        assert_eq!(seen.status, 0, "{}{}", seen.stdout, seen.stderr);
        assert!(!seen.stdout.contains(secret) && !seen.stderr.contains(secret));
    };
    let home = Home::new();
    let init = ["hsm", "init", "-label", "a", "-force"];
    check(&seen(
        home.program(&init)
            .env("LUNA_HSM_PASSWORD", secret)
            .env("LUNA_DOMAIN", "d")
            .output()
            .unwrap(),
    ));

    let path = home.folder.path().join("secret");
    std::fs::write(&path, format!("{secret}\n")).unwrap();
    let login = ["hsm", "login"];
    check(&seen(home.program(&login).env("LUNA_HSM_PASSWORD_FILE", &path).output().unwrap()));

    // The descriptor is inherited: standard library files are closed on exec, so a pipe of the
    // child's own (its standard input) takes its place here.
    let mut by_descriptor = home.program(&login);
    by_descriptor.env("LUNA_HSM_PASSWORD_FD", "0").stdin(File::open(&path).unwrap());
    check(&seen(by_descriptor.output().unwrap()));
    assert!(File::open(&path).unwrap().as_raw_fd() > 2);

    let wrong =
        seen(home.program(&login).env("LUNA_HSM_PASSWORD_FILE", "/nonexistent").output().unwrap());
    assert_eq!(wrong.status, 4);
    assert!(wrong.stderr.contains("/nonexistent") || wrong.stdout.contains("/nonexistent"));
}

#[test]
fn a_script_does_not_use_the_last_attempt() {
    let home = Home::new();
    let run = |arguments: &[&str], password: &str| {
        let mut command = home.program(arguments);
        seen(command.env("LUNA_HSM_PASSWORD", password).env("LUNA_DOMAIN", "d").output().unwrap())
    };
    assert_eq!(run(&["hsm", "init", "-label", "a", "-force"], "Right-Password-1").status, 0);
    assert_eq!(run(&["hsm", "login"], "wrong-1").status, 1);
    assert_eq!(run(&["hsm", "login"], "wrong-2").status, 1);
    let refused = run(&["hsm", "login"], "wrong-3");
    assert_eq!(refused.status, 4);
    assert!(refused.stderr.contains("--last-attempt"), "{}", refused.stderr);
    // Nothing was tried: the right password still works.
    assert_eq!(run(&["--last-attempt", "hsm", "login"], "Right-Password-1").status, 0);
}

#[test]
fn wrong_passwords_at_the_same_time_zeroize_nothing() {
    let home = Home::with_hsm();
    let logins: Vec<_> = (1..=4)
        .map(|number| format!("wrong-{number}"))
        .map(|wrong| home.program(&["-q", "hsm", "login", "-p", &wrong]).spawn().unwrap())
        .collect();
    let mut statuses: Vec<i32> =
        logins.into_iter().map(|login| seen(login.wait_with_output().unwrap()).status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses, home.attempts_left()), (vec![1, 1, 4, 4], 1));
    assert_eq!(home.run(&["--last-attempt", "hsm", "login", "-p", PASSWORD]).status, 0);
}

#[test]
fn a_secret_that_cannot_be_meant_costs_no_attempt() {
    let home = Home::with_hsm();
    let empty = home.folder.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let latin = home.folder.path().join("latin");
    std::fs::write(&latin, b"caf\xe9-Password1\n").unwrap();
    let login = |variable: &str, value: &std::ffi::OsStr| {
        seen(home.program(&["hsm", "login"]).env(variable, value).output().unwrap())
    };
    let piped = |input: &[u8]| feed(home.program(&["hsm", "login"]), input);
    let mut by_descriptor = home.program(&["hsm", "login"]);
    by_descriptor.env("LUNA_HSM_PASSWORD_FD", "0");
    for (source, seen) in [
        ("-password", home.run(&["hsm", "login", "-p", ""])),
        ("-password", home.run(&["hsm", "login", "-p", "********"])),
        ("-newpw", home.run(&["hsm", "changePw", "-o", "wrong", "-n", ""])),
        ("LUNA_HSM_PASSWORD", login("LUNA_HSM_PASSWORD", "".as_ref())),
        ("LUNA_HSM_PASSWORD", login("LUNA_HSM_PASSWORD", "********".as_ref())),
        ("LUNA_HSM_PASSWORD_FILE", login("LUNA_HSM_PASSWORD_FILE", empty.as_ref())),
        ("LUNA_HSM_PASSWORD_FILE", login("LUNA_HSM_PASSWORD_FILE", "/dev/null".as_ref())),
        ("LUNA_HSM_PASSWORD_FILE", login("LUNA_HSM_PASSWORD_FILE", latin.as_ref())),
        ("LUNA_HSM_PASSWORD_FD", seen(by_descriptor.output().unwrap())),
        ("Standard input", piped(b"\n")),
        ("UTF-8", piped(b"caf\xe9-Password1\n")),
        ("standard input is a command", piped(b"par list\n")),
        ("standard input is a command", piped(b"partition delete -partition app1\n")),
    ] {
        assert_eq!(seen.status, 4, "{source}: {}{}", seen.stdout, seen.stderr);
        assert!(seen.stdout.contains(source), "{source}: {}{}", seen.stdout, seen.stderr);
    }
    assert_eq!(home.attempts_left(), 3);
}

#[test]
fn a_command_that_a_question_did_not_take_is_run() {
    let home = Home::with_hsm();
    let seen = home.feed(&["-q"], "hsm login\nc li\n");
    assert_eq!(seen.status, 4, "{}", seen.stdout);
    assert!(seen.stdout.contains("No clients are registered."), "{}", seen.stdout);
    assert_eq!(home.attempts_left(), 3);
    let seen = Home::new().feed(&["-q"], "hsm zeroize\nc li\n");
    assert_eq!(seen.status, 4, "{}", seen.stdout);
    assert!(seen.stdout.contains("No clients are registered."), "{}", seen.stdout);
}

#[test]
fn a_line_that_is_not_understood_whole_costs_no_attempt() {
    let home = Home::with_hsm();
    for line in ["hsm login -p \"wrong", "hsm login -p wrong'", "par cr -par \"my par -force"] {
        let seen = home.run(&["-q", "-c", line]);
        assert_eq!(seen.status, 2, "{}{}", seen.stdout, seen.stderr);
        assert!(seen.stdout.contains("quote is never closed"), "{}", seen.stdout);
        assert!(!seen.stdout.contains("wrong"), "{}", seen.stdout);
    }
    let seen = feed(home.program(&["-q"]), b"hsm login -p caf\xe9\nclient list\n");
    assert_eq!(seen.status, 2, "{}{}", seen.stdout, seen.stderr);
    assert!(seen.stdout.contains("No clients are registered."), "{}", seen.stdout);
    assert_eq!(home.attempts_left(), 3);
}

/// The session of a process. 0 in a container whose session was begun outside of it, which
/// [`rustix::process::getsid`] cannot say.
fn session(process: Pid) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name, in parentheses, may hold blanks.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().nth(3).unwrap().parse().unwrap()
}

#[test]
fn the_appliance_outlives_the_program_that_started_it() {
    let home = Home::new();
    assert!(home.run(&["client", "list"]).stderr.contains("(started, "));
    let process = home.process();
    assert_ne!(session(process), session(getpid()), "a session of its own");
    let second = home.run(&["client", "list"]);
    assert!(second.stderr.contains("(found running, "), "{}", second.stderr);
    assert_eq!(home.process(), process);
    // Killed, it leaves nothing that keeps the next one from starting.
    kill_process(process, Signal::KILL).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while Appliance::locate(&home.appliance()).is_some() {
        assert!(Instant::now() < deadline, "it does not end");
        std::thread::yield_now();
    }
    let third = home.run(&["client", "list"]);
    assert!(third.stderr.contains("(started, "), "{}", third.stderr);
    assert!(Appliance::stop(&home.appliance()).unwrap());
    assert!(!Appliance::stop(&home.appliance()).unwrap(), "it has ended");
}

#[test]
fn of_many_programs_that_come_first_one_starts_the_appliance() {
    let home = Home::new();
    let start = |_| home.program(&["client", "list"]).spawn().unwrap();
    let programs: Vec<_> = (0..12).map(start).collect();
    let all: Vec<Seen> =
        programs.into_iter().map(|program| seen(program.wait_with_output().unwrap())).collect();
    for one in &all {
        assert_eq!((one.status, one.stdout.as_str()), (0, "No clients are registered.\n"));
    }
    assert_eq!(all.iter().filter(|one| one.stderr.contains("(started, ")).count(), 1);
}

#[test]
fn the_appliance_keeps_nothing_of_the_program_that_started_it() {
    let home = Home::new();
    let program = env!("CARGO_BIN_EXE_lunash");
    // Were the pipe kept open, on whatever descriptor, `cat` would not end.
    let script = format!("{program} -q client list 9>&1 | cat");
    let mut command = Command::new("timeout");
    command.args(["20", "sh", "-c", &script]).env_clear().env("HOME", home.folder.path());
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("LUNA_HSM_PASSWORD", "so-Passw0rd");
    let seen = seen(command.stdin(Stdio::null()).output().unwrap());
    assert_eq!((seen.stdout.as_str(), seen.status), ("No clients are registered.\n", 0));
    let environment = format!("/proc/{}/environ", home.process().as_raw_nonzero());
    // Only root may look at all.
    let environment = std::fs::read(environment).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&environment).contains("LUNA_"));
}

#[test]
fn an_appliance_of_another_version_is_told_of() {
    let home = Home::new();
    home.run(&["client", "list"]);
    let path = home.appliance().join("endpoint.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut endpoint: serde_json::Value = serde_json::from_str(&text).unwrap();
    endpoint["version"] = "0.0.9".into();
    std::fs::write(&path, endpoint.to_string()).unwrap();
    let seen = home.run(&["client", "list"]);
    assert_eq!(seen.status, 0);
    assert!(seen.stderr.contains("version 0.0.9 runs it"), "{}", seen.stderr);
    assert!(seen.stderr.contains("luna-appliance stop --data "), "{}", seen.stderr);
}

#[test]
fn a_folder_that_cannot_be_used_is_told() {
    let home = Home::new();
    let data = home.folder.path().join("data");
    std::fs::write(&data, "").unwrap();
    let seen = home.run(&["--data", "data", "client", "list"]);
    assert_eq!(seen.status, 3);
    let told = format!("cannot use {}: ", data.display());
    assert!(seen.stderr.contains(&told), "{}", seen.stderr);
    assert!(!seen.stderr.contains("panicked"), "{}", seen.stderr);
}

#[test]
fn a_change_without_an_answer_is_unclear() {
    let home = Home::new();
    let mut client = home.program(&["--timeout", "2"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(client.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    // The connection is open; now the appliance falls silent.
    let process = home.process();
    kill_process(process, Signal::STOP).unwrap();
    stopped(process);
    client.stdin.take().unwrap().write_all(b"network hostname other\n").unwrap();
    let status = client.wait().unwrap().code().unwrap();
    kill_process(process, Signal::CONT).unwrap();
    assert_eq!(status, 5);
}

/// Waits until a signal that was sent has reached every thread: the process counts as stopped.
fn stopped(process: Pid) {
    let path = format!("/proc/{}/stat", process.as_raw_nonzero());
    let deadline = Instant::now() + Duration::from_secs(20);
    while !std::fs::read_to_string(&path).unwrap().contains(") T ") {
        assert!(Instant::now() < deadline, "it is not stopped");
        std::thread::yield_now();
    }
}

#[test]
fn a_script_trusts_no_certificate_that_it_was_not_told_of() {
    let data = tempfile::tempdir().unwrap();
    let appliance = Appliance::start(Options::new(data.path())).unwrap();
    let (address, shown) = (appliance.address().to_string(), appliance.fingerprint().to_string());
    let home = Home::new();
    let first = home.run(&["--host", &address, "client", "list"]);
    assert_eq!(first.status, 3);
    assert!(first.stderr.contains(&shown), "{}", first.stderr);

    // Told of, it is trusted; then the password is what is missing.
    let told = home.run(&["--host", &address, "--fingerprint", &shown, "client", "list"]);
    assert_eq!(told.status, 4, "{}", told.stderr);
    assert!(told.stderr.contains("LUNA_PASSWORD"), "{}", told.stderr);

    let pins = Pins::at(home.folder.path().join(".config/luna/pins"));
    let other = Fingerprint::of(b"another certificate");
    pins.pin(&address, other).unwrap();
    let changed = home.run(&["--host", &address, "client", "list"]);
    assert_eq!(changed.status, 3);
    assert!(changed.stderr.contains(&shown), "{}", changed.stderr);
    assert!(changed.stderr.contains(&other.to_string()), "{}", changed.stderr);
}

#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let home = Home::new();
    for arguments in [
        &["client", "list"][..],
        &["--output", "json", "client", "list"],
        &["-q", "client", "list"],
        &["--help"],
        &["--version"],
        &["--list-commands"],
        &["--generate", "man"],
        &["client", "show", "-client", "nobody"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let seen = seen(home.program(arguments).stdout(full).output().unwrap());
        assert_eq!(seen.status, 1, "{arguments:?}");
        let told = "lunash: cannot write to standard output: No space left on device";
        assert!(seen.stderr.contains(told), "{arguments:?}: {}", seen.stderr);
    }
}

#[test]
fn a_batch_ends_when_nobody_can_see_its_results() {
    let home = Home::new();
    let run = |stdout: std::process::Stdio| {
        let batch = ["-c", "client list", "-c", "network hostname changed"];
        let output = home.program(&batch).stdout(stdout).output().unwrap();
        let hostname = home.run(&["network", "show"]).stdout;
        (seen(output), hostname.contains("changed"))
    };
    let (on_full_disk, changed) =
        run(File::options().write(true).open("/dev/full").unwrap().into());
    assert_eq!((on_full_disk.status, changed), (1, false));
    // As `head` leaves it: no word of it, and the commands behind are not run.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let (into_closed_pipe, changed) = run(writer.into());
    assert_eq!((into_closed_pipe.status, changed), (0, false));
    assert!(!into_closed_pipe.stderr.contains("cannot write"), "{}", into_closed_pipe.stderr);
}

#[test]
fn quiet_silences_no_reason() {
    let home = Home::new();
    let told = |arguments: &[&str], status: i32, reason: &str| {
        let seen = home.run(arguments);
        assert_eq!(seen.status, status, "{}", seen.stderr);
        assert!(seen.stderr.contains(reason), "{arguments:?}: {}", seen.stderr);
    };
    told(&["-q", "--host", "127.0.0.1:1", "client", "list"], 3, "Cannot reach");
    told(&["-q", "-f", "no-such-file"], 2, "no-such-file");
    told(&["-q", "--profile", "nowhere", "client", "list"], 2, "nowhere");
    told(&["-q", "--real", "client", "list"], 4, "--host");
    told(&["-q", "--data", "/dev/null", "client", "list"], 3, "/dev/null");
}

#[test]
fn every_ending_has_an_object_where_json_is_wanted() {
    let home = Home::new();
    for (arguments, status) in [
        (&["--output", "json", "client", "list"][..], 0),
        (&["--output", "json", "client", "shwo"], 2),
        (&["--output", "json", "-q", "hsm", "zeroize"], 4),
        (&["--output", "json", "--host", "127.0.0.1:1", "client", "list"], 3),
        (&["--output", "json", "-f", "no-such-file"], 2),
        (&["--output", "json", "--timeout", "0", "client", "list"], 2),
        (&["--output=json", "--no-such-option"], 2),
        (&["--output", "json", "--real", "client", "list"], 4),
        (&["--output", "json", "--profile", "nowhere", "client", "list"], 2),
    ] {
        let seen = home.run(arguments);
        let object: CommandResult = serde_json::from_str(&seen.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", seen.stdout));
        assert_eq!((seen.status, i32::from(object.status)), (status, status), "{arguments:?}");
        assert_eq!(object.error.is_some(), status != 0, "{arguments:?}");
    }
    let object = |arguments: &[&str]| -> CommandResult {
        serde_json::from_str(&home.run(arguments).stdout).unwrap()
    };
    let done = object(&["--output", "json", "client", "list"]);
    assert!(done.appliance.unwrap().emulated);
    assert_eq!(done.user.as_deref(), Some("admin"));
    assert!(done.duration_ms > 0.0);
    let ambiguous = object(&["--output", "json", "hsm", "log"]).error.unwrap();
    assert_eq!(ambiguous.candidates, ["hsm login", "hsm logout"]);
}

#[test]
fn a_forgotten_host_can_be_refused() {
    let home = Home::new();
    let refused = home.run(&["--real", "client", "list"]);
    assert_eq!(refused.status, 4);
    let empty =
        seen(home.program(&["--real", "client", "list"]).env("LUNA_HOST", "").output().unwrap());
    assert_eq!(empty.status, 4);

    let config = home.folder.path().join(".config/luna");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), "require_host = true\n").unwrap();
    assert_eq!(home.run(&["client", "list"]).status, 4);
    assert!(!home.folder.path().join(".local/share/luna/appliance").exists());
    // Who names the folder of an emulated appliance means it.
    assert_eq!(home.run(&["--data", "mine", "client", "list"]).status, 0);
}

#[test]
fn a_variable_that_is_empty_is_not_set() {
    let home = Home::new();
    let variables = ["HOST", "USER", "PROFILE", "FINGERPRINT", "CA", "DATA"];
    let mut command = home.program(&["client", "list"]);
    command.envs(variables.map(|name| (format!("LUNA_{name}"), "")));
    let seen = seen(command.output().unwrap());
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    // An argument that is empty is a mistake, such as an unset variable of a script.
    assert_eq!(home.run(&["--host", "", "client", "list"]).status, 2);
}

#[test]
fn lines_from_other_systems_are_understood_or_explained() {
    let home = Home::new();
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(home.folder.path().join(name), bytes).unwrap();
        home.run(&["-q", "-f", name])
    };
    let marked = file("marked", b"\xef\xbb\xbfclient list\r\nclient list\r\n");
    assert_eq!((marked.status, marked.stdout.matches("No clients").count()), (0, 2));
    let utf16 = file("utf16", b"\xff\xfec\0l\0\r\0\n\0");
    assert_eq!(utf16.status, 2);
    assert!(utf16.stderr.contains("UTF-16"), "{}", utf16.stderr);
    let piped = home.feed(&["-f", "-"], "\u{feff}client list\n");
    assert_eq!((piped.status, piped.stdout.matches("No clients").count()), (0, 1));
    let prompt = home.feed(&["-q"], "[local_host] lunash:>client list\n");
    assert_eq!(prompt.status, 2);
    assert!(!prompt.stdout.contains("No clients"), "{}", prompt.stdout);
    let told = home.feed(&[], "lunash:> client list\n").stderr;
    assert!(told.contains("the command is 'client list'"), "{told}");
}

#[test]
fn options_in_the_wrong_place_are_told_as_such() {
    let home = Home::new();
    let told = |arguments: &[&str], text: &str| {
        let seen = home.run(arguments);
        assert_eq!(seen.status, 2, "{arguments:?}");
        assert!(seen.stderr.contains(text), "{arguments:?}: {}", seen.stderr);
    };
    told(&["client", "list", "--output", "json"], "before the command: lunash --output");
    told(&["--hots", "h1", "client", "list"], "could be: --host");
    told(&["-c", "client list", "client", "list"], "-c takes a whole command");
    told(&["-c", "client list", "-f", "batch"], "cannot be used with");
    told(&["-f", "batch", "client", "list"], "cannot be used with");
    told(&["--timeout", "0", "client", "list"], "--timeout");
}

#[test]
fn what_was_made_is_named_in_json() {
    let home = Home::new();
    let lines = "hsm init -label h -domain d -password so-Password1 -force\n\
                 hsm login -password so-Password1\n\
                 partition create -partition app1 -force\n\
                 partition list\n";
    let seen = home.feed(&["--output", "json"], lines);
    let views: Vec<serde_json::Value> = seen
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<CommandResult>(line).unwrap().view.unwrap())
        .collect();
    assert_eq!(views[2]["id"], views[3]["partitions"][0]["serial"]);
}

#[test]
fn files_go_to_the_account_and_come_back_without_a_command() {
    let home = Home::new();
    std::fs::write(home.folder.path().join("a.txt"), "text of a\n").unwrap();
    let put = home.run(&["put", "a.txt"]);
    assert_eq!((put.status, put.stdout.as_str()), (0, "a.txt is among the account's files\n"));
    std::fs::remove_file(home.folder.path().join("a.txt")).unwrap();
    assert_eq!(home.run(&["get", "a.txt"]).status, 0);
    let got = std::fs::read_to_string(home.folder.path().join("a.txt")).unwrap();
    assert_eq!(got, "text of a\n");
    assert_eq!(home.run(&["get", "b.txt"]).status, 1);
    assert_eq!(home.run(&["put"]).status, 2);
}
