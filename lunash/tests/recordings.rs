//! Sessions that are recorded, and played again by `lunash verify`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use luna_appliance::{Appliance, Options};
use person::Person;
use portable_pty::CommandBuilder;
use tempfile::TempDir;

#[path = "recordings/attacks.rs"]
mod attacks;
#[path = "terminal/person.rs"]
mod person;

const LUNASH: &str = env!("CARGO_BIN_EXE_lunash");
const PROGRAM: (&str, &str) = ("lunash", LUNASH);
const PROMPT: &str = "[local_host] lunash:>";
/// The project's own transcripts.
const TRANSCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../transcripts");

/// The secrets of these sessions. No name or label has one in it.
const SO: &str = "so-Passw0rd";
const DOMAIN: &str = "d0main-of-mine";
const OTHER: &str = "0ther-Passw0rd";

/// Initializes the HSM, answering its questions, and logs in with an option.
const SESSION: [&str; 9] = [
    "hsm init -label myhsm -force",
    SO,
    SO,
    DOMAIN,
    DOMAIN,
    "hsm login -password so-Passw0rd",
    "par cr -par app1",
    "proceed",
    "par list",
];

/// A user with a home of their own, where the programs run.
struct User {
    home: TempDir,
}

impl User {
    fn new() -> User {
        User { home: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(LUNASH);
        command.args(arguments).env_clear().env("HOME", self.home.path());
        command.current_dir(self.home.path()).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program with these lines on a pipe: its exit status, its output and its remarks.
    fn runs(&self, arguments: &[&str], lines: &[&str]) -> (i32, String, String) {
        let mut child = self.command(arguments).spawn().unwrap();
        let typed: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        // It may end without having read them.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        seen(child.wait_with_output().unwrap())
    }

    /// Verifies with the secrets of [`SESSION`].
    fn verifies(&self, arguments: &[&str]) -> (i32, String, String) {
        let arguments = [&["verify"], arguments].concat();
        let mut command = self.command(&arguments);
        command.env("LUNA_HSM_PASSWORD", SO).env("LUNA_DOMAIN", DOMAIN);
        command.env("LUNA_HSM_PASSWORD_2", OTHER);
        seen(command.stdin(Stdio::null()).output().unwrap())
    }

    fn holds_no_secret(&self, name: &str) {
        let text = self.read(name);
        for secret in [SO, DOMAIN, OTHER] {
            assert!(!text.contains(secret), "{secret} is in:\n{text}");
        }
        assert_eq!(fs::metadata(self.file(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = Appliance::stop(&self.file(".local/share/luna/appliance"));
    }
}

fn seen(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Waits until a file has this text in it.
fn waits_for(file: &Path, text: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !fs::read_to_string(file).is_ok_and(|written| written.contains(text)) {
        assert!(Instant::now() < deadline, "no '{text}' in {}", file.display());
        thread::yield_now();
    }
}

#[test]
fn a_session_on_a_pipe_is_recorded_without_secrets_and_played_again() {
    let user = User::new();
    assert_eq!(user.runs(&["--record", "run.txt"], &SESSION).0, 0);
    user.holds_no_secret("run.txt");
    let recorded = user.read("run.txt");
    for line in [
        "@recorded lunash --pipe\n",
        "[local_host] lunash:>hsm init -label myhsm -force\n",
        "  > {HSM_PASSWORD}\n",
        "[local_host] lunash:>hsm login -password {HSM_PASSWORD}\n",
        "          > proceed\n",
        "[exit status: 0]\n",
    ] {
        assert!(recorded.contains(line), "no {line:?} in:\n{recorded}");
    }
    // On appliances of their own, each of which is gone behind it.
    for _ in 0..2 {
        let (status, output, remarks) = user.verifies(&["run.txt"]);
        assert_eq!((status, remarks.as_str()), (0, ""), "{output}");
    }
    let (status, output, _) = user.runs(&["verify", "run.txt"], &[]);
    assert_eq!(status, 4, "{output}");
    assert!(output.contains("LUNA_HSM_PASSWORD is not set"), "{output}");
}

#[test]
fn a_session_at_a_terminal_is_recorded_without_secrets_and_played_again() {
    let user = User::new();
    let mut command = CommandBuilder::new(LUNASH);
    command.args(["--record", "run.txt"]);
    let mut person = Person::starts(tempfile::tempdir().unwrap(), command, Some("xterm"));
    person.sees(PROMPT);
    person.types("hsm init -label myhsm -force\r");
    for (question, secret) in [
        ("password for", SO),
        ("re-enter password", SO),
        ("domain to use", DOMAIN),
        ("re-enter", DOMAIN),
    ] {
        person.sees(question);
        person.types(&format!("{secret}\r"));
    }
    person.sees("'hsm init' successful.");
    person.sees(PROMPT);
    for secret in [OTHER, SO] {
        person.types("hsm login\r");
        person.sees("password:");
        person.types(&format!("{secret}\r"));
        person.sees("Command Result");
        person.sees(PROMPT);
    }
    person.types("exit\r");
    person.sees_the_end();
    fs::copy(person.home.path().join("run.txt"), user.file("run.txt")).unwrap();
    user.holds_no_secret("run.txt");
    let recorded = user.read("run.txt");
    assert!(recorded.contains("@recorded lunash\n"), "{recorded}");
    // The first that was typed has the name; the right one at the login is that of the initialization.
    assert!(recorded.contains("  > {HSM_PASSWORD_2}\n"), "{recorded}");
    let (status, output, _) = user.verifies(&["run.txt"]);
    assert_eq!(status, 0, "{output}");
}

#[test]
fn a_changed_output_is_shown_and_updated_once() {
    let user = User::new();
    assert_eq!(user.runs(&["--record", "run.txt"], &SESSION).0, 0);
    let changed = user
        .read("run.txt")
        .replace("'hsm login' successful.", "'hsm login' went well.")
        .replace("app1                              0", "[..]");
    fs::write(user.file("run.txt"), &changed).unwrap();
    let (status, output, _) = user.verifies(&["run.txt", "absent.txt", "--junit", "results.xml"]);
    assert_eq!(status, 2, "{output}");
    for line in [
        "differs  run.txt\n",
        "failed   absent.txt\n",
        "-'hsm login' went well.\n",
        "+'hsm login' successful.\n",
    ] {
        assert!(output.contains(line), "no {line:?} in:\n{output}");
    }
    // The elements and attributes are those of the schema that Jenkins, GitLab and others share (junit-10.xsd).
    let python = "import sys, xml.etree.ElementTree as tree\n\
        counts = {'name', 'tests', 'failures', 'errors', 'time'}\n\
        known = {'testsuites': counts, 'testsuite': counts, 'testcase': {'classname', 'name', 'time'},\n\
            'failure': {'message'}, 'error': {'message'}}\n\
        root = tree.parse(sys.argv[1]).getroot()\n\
        assert root.tag == 'testsuites'\n\
        for one in root.iter():\n\
        \x20   assert set(one.keys()) == known[one.tag], one.tag\n\
        suite = root.find('testsuite')\n\
        for kind in ['testcase', 'failure', 'error']:\n\
        \x20   count = {'testcase': 'tests', 'failure': 'failures', 'error': 'errors'}[kind]\n\
        \x20   for one in [root, suite]:\n\
        \x20       assert int(one.get(count)) == len(list(root.iter(kind))), kind\n\
        assert all(float(one.get('time')) >= 0 for one in suite)\n\
        print(suite.get('failures'), suite.find('testcase').get('name'), suite.find('testcase/failure').text)";
    let mut command = Command::new("python3");
    let (status, parsed, _) =
        seen(command.args(["-c", python]).arg(user.file("results.xml")).output().unwrap());
    assert_eq!(status, 0);
    assert!(
        parsed.starts_with("1 run.txt ") && parsed.contains("-'hsm login' went well.\n"),
        "{parsed}"
    );

    let (status, output, _) = user.verifies(&["--update", "run.txt"]);
    assert_eq!((status, output.starts_with("updated  run.txt\n")), (0, true), "{output}");
    let updated = user.read("run.txt");
    assert_eq!(updated, changed.replace("went well", "successful"));
    let (status, output, _) = user.verifies(&["--update", "run.txt"]);
    assert_eq!((status, output.starts_with("same     run.txt\n")), (0, true), "{output}");
    assert_eq!(user.read("run.txt"), updated);
    user.holds_no_secret("run.txt");
}

#[test]
fn a_file_that_is_there_is_not_overwritten_unasked() {
    let user = User::new();
    fs::write(user.file("run.txt"), "mine").unwrap();
    let (status, output, remarks) = user.runs(&["--record", "run.txt"], &["par list"]);
    assert_eq!((status, output.as_str()), (4, ""));
    assert!(remarks.contains("run.txt is there already: nothing was run."), "{remarks}");
    assert_eq!(user.read("run.txt"), "mine");
    let overwrite =
        ["--record", "run.txt", "--record-overwrite", "--record-times", "-c", "par list"];
    assert_eq!(user.runs(&overwrite, &[]).0, 0);
    assert!(user.read("run.txt").contains("\n@time 20"), "{}", user.read("run.txt"));
    user.holds_no_secret("run.txt");
    let (status, output, _) = user.verifies(&["run.txt"]);
    assert_eq!(status, 0, "{output}");
}

#[test]
fn secrets_of_the_environment_are_named_and_single_commands_are_played_with_their_options() {
    let user = User::new();
    for (name, arguments) in [
        ("init.txt", &["--yes", "hsm", "init", "-label", "myhsm"][..]),
        ("login.txt", &["--output", "json", "hsm", "login", "-password", SO]),
    ] {
        let mut command = user.command(&["--record", name]);
        if name == "init.txt" {
            command.env("LUNA_HSM_PASSWORD", SO).env("LUNA_DOMAIN", DOMAIN);
        }
        let (status, output, _) = seen(command.args(arguments).output().unwrap());
        assert_eq!(status, 0, "{output}");
        user.holds_no_secret(name);
    }
    let init = user.read("init.txt");
    assert!(init.contains("@secret HSM_PASSWORD\n@secret DOMAIN\n"), "{init}");
    assert!(init.contains("@recorded lunash --pipe --yes -- hsm init -label myhsm\n"), "{init}");
    let login = user.read("login.txt");
    let head = "@recorded lunash --pipe --output json -- hsm login -password {HSM_PASSWORD}\n";
    assert!(login.contains(head), "{login}");
    // The second goes on where the first has ended: one file of both.
    let (_, second) = login.split_once("@recorded").unwrap();
    fs::write(user.file("both.txt"), format!("{init}@recorded{second}")).unwrap();
    let (status, output, _) = user.verifies(&["both.txt"]);
    assert_eq!(status, 0, "{output}");
    // What comes before may be a script as well.
    let setup =
        format!("@setup\n@lunash --yes\nhsm init -label x -password {SO} -domain y\n@recorded");
    fs::write(user.file("set-up.txt"), login.replacen("@recorded", &setup, 1)).unwrap();
    let (status, output, _) = user.verifies(&["set-up.txt"]);
    assert_eq!(status, 0, "{output}");
}

#[test]
fn every_transcript_of_the_project_is_played() {
    let user = User::new();
    let found = fs::read_dir(TRANSCRIPTS).unwrap().map(|entry| entry.unwrap().path());
    let scripts = found.filter(|path| path.extension().is_some_and(|end| end == "in"));
    let mut scripts: Vec<String> = scripts.map(|path| path.display().to_string()).collect();
    scripts.sort();
    let mut command = user.command(&["verify"]);
    // Some name a file that is here.
    command.args(&scripts).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    let (status, output, _) = seen(command.output().unwrap());
    assert_eq!(status, 0, "{output}");
    for script in &scripts {
        assert!(output.contains(&format!("same     {script}\n")), "no {script} in:\n{output}");
    }
}

#[test]
fn a_script_that_shows_something_else_is_updated() {
    let user = User::new();
    for end in ["in", "snap"] {
        let text = fs::read_to_string(format!("{TRANSCRIPTS}/errors.{end}")).unwrap();
        let changed = text.replacen("Command Result : 0 (Success)", "Command Result : 1", 1);
        fs::write(user.file(&format!("errors.{end}")), changed).unwrap();
    }
    let (status, output, _) = user.verifies(&["errors.in"]);
    assert_eq!(status, 1, "{output}");
    let diff = "-Command Result : 1\n+Command Result : 0 (Success)\n";
    assert!(output.contains(diff), "{output}");
    assert_eq!(user.verifies(&["--update", "errors.in"]).0, 0);
    let snapshot = fs::read_to_string(format!("{TRANSCRIPTS}/errors.snap")).unwrap();
    assert_eq!(user.read("errors.snap"), snapshot);
}

#[test]
fn a_transcript_is_played_on_the_appliance_that_is_named() {
    let user = User::new();
    let data = tempfile::tempdir().unwrap();
    let running = Appliance::start(Options::new(data.path())).unwrap();
    assert_eq!(user.runs(&["--record", "run.txt"], &SESSION).0, 0);
    let folder = data.path().to_str().unwrap();
    let (status, output, _) = user.verifies(&["run.txt", "--data", folder]);
    assert_eq!(status, 0, "{output}");
    let (_, output, _) = user.runs(&["--data", folder, "par", "list"], &[]);
    assert!(output.contains("app1"), "{output}");
    // Sessions of the client's side too, but nothing that only a fresh appliance lets happen.
    let slots = "@recorded lunacm --pipe --quiet -- slot list\n...\n        Slot Id ->              0\n...\n\
        Command Result : No Error\n[exit status: 0]\n";
    fs::write(user.file("slots.txt"), slots).unwrap();
    let (status, output, _) = user.verifies(&["slots.txt", "--data", folder]);
    assert_eq!(status, 0, "{output}");
    for (head, told) in [
        ("@setup\n@certificate app\n", "'@certificate' is for a fresh emulated appliance alone."),
        ("@setup\n@appliance B\n", "'@appliance' is for a fresh emulated appliance alone."),
    ] {
        fs::write(user.file("slots.txt"), format!("{head}{slots}")).unwrap();
        let (status, output, _) = user.verifies(&["slots.txt", "--data", folder]);
        assert_eq!((status, output.contains(told)), (4, true), "{output}");
    }
    drop(running);
}

#[test]
fn a_login_is_evidence_and_has_no_secret_whatever_was_typed_where() {
    const FACTORY: &str = "PASSWORD";
    let user = User::new();
    let data = tempfile::tempdir().unwrap();
    let running = Appliance::start(Options::new(data.path())).unwrap();
    let host = running.address().to_string();
    let mut command = CommandBuilder::new(LUNASH);
    command.args(["--host", &host, "--record", "run.txt"]);
    let mut person = Person::starts(tempfile::tempdir().unwrap(), command, Some("xterm"));
    for (question, typed) in [
        // The password at the wrong question.
        ("continue connecting (yes/no)?", SO),
        ("Please type 'yes' or 'no':", "yes"),
        ("password:", OTHER),
        ("password:", FACTORY),
        ("new password", SO),
        ("new password", SO),
    ] {
        person.sees(question);
        person.types(&format!("{typed}\r"));
    }
    person.sees("lunash:>");
    person.types("user list\r");
    person.sees("Command Result");
    person.types("exit\r");
    person.sees_the_end();
    fs::copy(person.home.path().join("run.txt"), user.file("run.txt")).unwrap();
    user.holds_no_secret("run.txt");
    let recorded = user.read("run.txt");
    let (login, session) = recorded.split_once("@recorded lunash").unwrap();
    for line in [
        "@login\n",
        "(yes/no)? ********\n",
        "'yes' or 'no': yes\n",
        "password: {PASSWORD}\n",
        "password: {PASSWORD_2}\n",
        "{NEW_PASSWORD}\n",
    ] {
        assert!(login.contains(line), "no {line:?} in:\n{recorded}");
    }
    assert!(!session.contains("PASSWORD"), "{recorded}");
    // It is not played, so that none of its secrets is needed.
    let (status, output, _) = user.runs(&["verify", "run.txt"], &[]);
    assert_eq!(status, 0, "{output}");

    // One that was refused is evidence too.
    let mut command = user.command(&["--host", &host, "--fingerprint"]);
    command.arg(running.fingerprint().to_string()).args([
        "--record",
        "refused.txt",
        "user",
        "list",
    ]);
    command.env("LUNA_PASSWORD", OTHER).stdin(Stdio::null());
    assert_eq!(seen(command.output().unwrap()).0, 3);
    user.holds_no_secret("refused.txt");
    let refused = user.read("refused.txt");
    assert!(refused.contains("\n@login\nlunash: "), "{refused}");
    assert!(refused.ends_with("\n[exit status: 3]\n"), "{refused}");
    let (status, output, _) = user.runs(&["verify", "refused.txt"], &[]);
    assert_eq!(status, 2, "{output}");
    assert!(output.contains("No session is in it"), "{output}");
}

#[test]
fn a_copy_of_files_is_evidence() {
    let user = User::new();
    fs::write(user.file("a.pem"), "a").unwrap();
    let copy =
        |name: &str, words: &[&str]| user.runs(&[&["--record", name][..], words].concat(), &[]);
    assert_eq!(copy("put.txt", &["put", "a.pem"]).0, 0);
    user.holds_no_secret("put.txt");
    let put = user.read("put.txt");
    let copied = "@copied put a.pem\na.pem is among the account's files\n[exit status: 0]\n";
    assert!(put.ends_with(copied), "{put}");
    // Nothing is copied where it cannot be recorded.
    fs::write(user.file("b.pem"), "b").unwrap();
    let (status, _, remarks) = copy("put.txt", &["put", "b.pem"]);
    assert_eq!(status, 4, "{remarks}");
    assert_eq!(user.read("put.txt"), put);
    let (status, _, _) = copy("get.txt", &["get", "b.pem"]);
    assert_eq!(status, 1);
    let got = user.read("get.txt");
    assert!(got.contains("@copied get b.pem\nlunash: "), "{got}");
    assert!(got.ends_with("\n[exit status: 1]\n"), "{got}");
    // A disk that is full.
    let (status, _, remarks) = copy("/dev/full", &["--record-overwrite", "put", "a.pem"]);
    assert_eq!(status, 1, "{remarks}");
    assert!(remarks.contains("warning: cannot write /dev/full"), "{remarks}");
}

#[test]
fn the_examples_for_ci_systems_verify_what_was_recorded() {
    for example in ["github.yml", "gitlab.yml"] {
        let user = User::new();
        let text = format!("{}/../examples/ci/{example}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(text).unwrap();
        let secrets = || {
            let lines = text.lines().filter_map(|line| line.trim().split_once(": "));
            lines.filter(|(name, _)| name.starts_with("LUNA_"))
        };
        fs::create_dir(user.file("runbooks")).unwrap();
        let mut command = user.command(&["--record", "runbooks/init.txt", "--yes"]);
        command.args(["-c", "hsm init -label ci", "-c", "hsm login"]).envs(secrets());
        assert_eq!(seen(command.stdin(Stdio::null()).output().unwrap()).0, 0);
        let line = text.lines().find_map(|line| line.split_once("lunash verify ")).unwrap().1;
        let mut command = Command::new("sh");
        command.args(["-c", &format!("'{LUNASH}' verify {line}")]).current_dir(user.home.path());
        command.env_clear().env("HOME", user.home.path()).envs(secrets());
        let (status, output, _) = seen(command.stdin(Stdio::null()).output().unwrap());
        assert_eq!(status, 0, "{output}");
        assert!(user.read("runbooks.xml").contains("runbooks/init.txt"), "{example}");
    }
}
