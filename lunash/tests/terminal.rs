//! The `lunash` program at a terminal: prompt, Tab, Ctrl-C, hidden passwords, history.
//!
//! A pseudo-terminal's end is racy, so only text is looked at, never the exit status.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;

use luna_appliance::{Appliance, Options};
use person::Person;
use portable_pty::CommandBuilder;

#[path = "terminal/person.rs"]
mod person;
#[allow(dead_code, reason = "its own test uses all of it")]
#[path = "hostile/relay.rs"]
mod relay;
#[allow(dead_code, reason = "the tests of the client use all of it")]
#[path = "../../rest/tests/wire/server.rs"]
mod server;

impl Person {
    fn sits_down() -> Person {
        Person::sits_down_in(tempfile::tempdir().unwrap(), &[])
    }

    fn sits_down_in(home: tempfile::TempDir, arguments: &[&str]) -> Person {
        let mut command = CommandBuilder::new(LUNASH);
        command.args(arguments);
        Person::starts(home, command, Some("xterm"))
    }

    fn history(&self) -> String {
        let file = self.home.path().join(".local/state/luna/lunash.history");
        std::fs::read_to_string(file).unwrap()
    }

    /// An HSM that waits for its SO.
    fn initializes(&mut self) {
        self.sees(PROMPT);
        self.types("hsm init -label h -domain d -password so-Password1 -force\r");
        self.sees("'hsm init' successful.");
        self.sees(PROMPT);
    }
}

const LUNASH: &str = env!("CARGO_BIN_EXE_lunash");
const PROGRAM: (&str, &str) = ("lunash", LUNASH);
const PROMPT: &str = "[local_host] lunash:>";

#[test]
fn a_line_is_completed_without_asking_the_terminal() {
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    person.types("clie\t");
    person.sees("client ");
    person.types("li\t");
    person.sees("list ");
    person.types("\r");
    person.sees("No clients are registered.");
    person.sees("Command Result : 0 (Success)");
    person.sees(PROMPT);
    person.types("client re\t\t");
    person.sees("register");
    person.sees("revokePartition");
    // A cursor query would hang on a serial console that does not answer.
    let query = b"\x1b[6n";
    assert!(!person.raw.windows(query.len()).any(|bytes| bytes == query));
}

#[test]
fn ctrl_c_cancels_the_line_or_the_question_and_nothing_else() {
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    person.types("client li\x03");
    person.sees(PROMPT);
    person.types("hsm zeroize\r");
    person.sees("to quit now.");
    person.sees("> ");
    person.types("\x03");
    person.sees("Command Result : 65535 (Luna Shell execution)");
    person.sees(PROMPT);
    person.types("client list\r");
    person.sees("Command Result : 0 (Success)");
}

#[test]
fn a_long_wait_is_told_of_and_ctrl_c_ends_it() {
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    let appliance = Stopped::now(&person.appliance());
    person.types("client list\r");
    person.sees("waiting for the appliance (Ctrl-C gives up)");
    person.types("\x03");
    person.sees("cancelled before the answer came");
    person.sees(PROMPT);
    drop(appliance);
    person.types("client list\r");
    person.sees("No clients are registered.");
}

/// An appliance that does not answer; it goes on when this is dropped.
struct Stopped(rustix::process::Pid);

impl Stopped {
    fn now(folder: &std::path::Path) -> Stopped {
        use rustix::process::{Pid, Signal, kill_process};
        let process = Appliance::locate(folder).unwrap().process;
        let threads = format!("/proc/{process}/task");
        let process = Pid::from_raw(process.try_into().unwrap()).unwrap();
        kill_process(process, Signal::STOP).unwrap();
        // A thread runs on until it has seen the signal.
        let stopped = |thread: std::fs::DirEntry| {
            let status = std::fs::read_to_string(thread.path().join("stat"));
            status.is_ok_and(|status| status.contains(") T "))
        };
        while !std::fs::read_dir(&threads).unwrap().all(|thread| stopped(thread.unwrap())) {
            std::thread::yield_now();
        }
        Stopped(process)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process(self.0, rustix::process::Signal::CONT);
    }
}

#[test]
fn an_unknown_certificate_is_asked_about_once_and_remembered() {
    let data = tempfile::tempdir().unwrap();
    let appliance = Appliance::start(Options::new(data.path())).unwrap();
    let address = appliance.address().to_string();
    let home = tempfile::tempdir().unwrap();
    let mut person = Person::sits_down_in(home, &["--host", &address]);
    person.sees("can't be established");
    person.sees("SHA256:");
    person.sees("(yes/no)? ");
    person.types("perhaps\r");
    person.sees("Please type 'yes' or 'no': ");
    person.types("yes\r");
    person.sees("trusting");
    person.sees("password: ");
    let pins = person.home.path().join(".config/luna/pins");
    let pinned = std::fs::read_to_string(&pins).unwrap();
    assert!(pinned.contains(&address), "{pinned}");
    assert!(pinned.contains(&appliance.fingerprint().to_string()), "{pinned}");
    assert_eq!(pins.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn ctrl_r_finds_what_was_typed_before() {
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    person.types("client list\r");
    person.sees("Command Result : 0 (Success)");
    person.sees(PROMPT);
    person.types("\x12cli");
    person.sees("(reverse-i-search)");
    person.types("\r");
    person.sees("No clients are registered.");
}

#[test]
fn a_password_shows_as_asterisks_and_stays_out_of_the_history() {
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    person.types("hsm init -label a -force\r");
    person.sees("> ");
    person.types("Secret-Word-1\r");
    person.sees("*************");
    person.sees("> ");
    person.types("Secret-Word-1\r");
    person.sees("> ");
    person.types("Secret-Domain\r");
    person.sees("> ");
    person.types("Secret-Domain\r");
    person.sees("'hsm init' successful.");
    person.sees(PROMPT);
    person.types("partition init co -partition x -copin Secret-Word-2\r");
    person.sees(PROMPT);
    person.types("exit\r");
    let history = person.home.path().join(".local/state/luna/lunash.history");
    // The last line is in the history once the program has ended.
    person.sees_the_end();
    let kept = std::fs::read_to_string(&history).unwrap();
    assert!(kept.contains("exit"), "{kept}");
    assert!(kept.contains("partition init co -partition x\n"), "{kept}");
    assert!(!kept.contains("Secret-"), "{kept}");
    assert_eq!(history.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // The line editor echoes what is typed into a line; a question's answer never shows.
    let screen = String::from_utf8_lossy(&person.raw).into_owned();
    assert!(!screen.contains("Secret-Word-1") && !screen.contains("Secret-Domain"));
}

#[test]
fn lines_that_are_typed_ahead_all_run_in_order() {
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    person.types("client list\rstatus date\nsysconf timezone show\r\nhsm showP\r");
    for line in ["client list", "status date", "sysconf timezone show", "hsm showP"] {
        person.sees(line);
        person.sees("Command Result : ");
        person.sees(PROMPT);
    }
}

#[test]
fn an_answer_that_is_typed_ahead_goes_to_its_question() {
    let mut person = Person::sits_down();
    person.initializes();
    person.types("hsm login\rso-Password1\rclient list\rhsm zeroize\rquit\rhsm logout\r");
    person.sees("'hsm login' successful.");
    person.sees("client list");
    person.sees("No clients are registered.");
    person.sees("hsm zeroize");
    person.sees("'hsm logout' successful.");
    person.sees(PROMPT);
    let (screen, history) = (person.screen(), person.history());
    assert_eq!(
        screen.matches("so-Password1").count(),
        1,
        "as it was typed into 'hsm init': {screen}"
    );
    assert!(!history.contains("so-Password1") && !history.contains("quit"), "{history}");
    assert!(history.contains("hsm login\nclient list\n"), "{history}");
}

#[test]
fn a_paste_of_several_lines_is_these_lines() {
    let mut person = Person::sits_down();
    person.initializes();
    person.types("\x1b[200~hsm login\rso-Password1\rclient\tlist\rhsm log\x1b[201~");
    person.sees("'hsm login' successful.");
    person.sees("No clients are registered.");
    person.sees("lunash:>hsm log");
    person.types("out\r");
    person.sees("'hsm logout' successful.");
    person.sees(PROMPT);
    let history = person.history();
    assert!(!history.contains("so-Password1"), "{history}");
    assert!(history.ends_with("hsm login\nclient list\nhsm logout\n"), "{history}");
}

#[test]
fn how_input_is_cut_into_pieces_makes_no_difference() {
    let input = "client lost\x7f\x7f\x7fist\r\x1b[200~hsm\tlogin\rwröng\x1b[201~\r\x1b[A\x01\x0bstatus\x1b[D\x1b[C date -x\r\
                 hsm init -label a -f\rab\x1b[Dc\rabcd\rpar list\r\x12client\r";
    let session = |pieces: &mut dyn FnMut(usize) -> usize| {
        let mut person = Person::sits_down();
        person.sees(PROMPT);
        let mut rest = input.as_bytes();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(pieces(rest.len()).min(rest.len()));
            person.keys.write_all(piece).unwrap();
            rest = behind;
        }
        person.types("exit\r");
        person.sees_the_end();
        let screen = person.screen();
        (screen[screen.find(PROMPT).unwrap()..].to_owned(), person.history())
    };
    let whole = session(&mut |all| all);
    assert!(whole.0.contains("The two entries do not match."), "{}", whole.0);
    assert_eq!(session(&mut |_| 1), whole);
    let mut seed: usize = 7;
    let mut random = |_: usize| {
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        1 + (seed >> 16) % 9
    };
    assert_eq!(session(&mut random), whole);
}

#[test]
fn programs_find_the_prompt_right_behind_the_result() {
    for term in [Some("xterm"), Some("dumb"), None] {
        let mut person =
            Person::starts(tempfile::tempdir().unwrap(), CommandBuilder::new(LUNASH), term);
        person.sees(PROMPT);
        for _ in 0..2 {
            person.types("client list\r");
            person.sees("client list\r\n");
            person.sees("Command Result : 0 (Success)\r\n\r\n[local_host] lunash:>");
        }
        // Nothing is behind it before a key is pressed: an empty line brings the next one.
        person.types("\r");
        person.sees("\r\n\r\n[local_host] lunash:>");
        let screen = person.screen();
        let behind_banner = &screen[screen.find(PROMPT).unwrap()..];
        assert!(!behind_banner.contains('\x1b'), "{term:?}: {screen:?}");
        assert!(behind_banner.contains("lunash:>\r\n\r\n[local_host]"), "{term:?}: {screen:?}");
    }
}

#[test]
fn no_secret_is_shown_whatever_becomes_of_the_output() {
    for line in [
        "$lunash | tee log",
        "$lunash 2>errors",
        "$lunash 2>&1 | tee log",
        "$lunash -c 'hsm init -label a -force' | tee log; $lunash -q hsm login >log",
    ] {
        let mut person = Person::starts_line(line);
        if !line.contains("-c") {
            person.sees("lunash:>");
            person.types("hsm init -label a -force\r");
        }
        for secret in ["so-Password1", "so-Password1", "Secret-Domain", "Secret-Domain"] {
            person.sees("> ");
            person.types(secret);
            person.types("\r");
        }
        if line.contains("-c") {
            person.sees("'hsm init' successful.");
            person.sees("> ");
            person.types("so-Password1\r");
        } else {
            person.types("exit\r");
        }
        person.sees_the_end();
        let written = ["log", "errors"]
            .map(|name| std::fs::read_to_string(person.home.path().join(name)).unwrap_or_default());
        let seen = format!("{}{}", person.screen(), written.concat());
        assert!(seen.contains("'hsm init' successful."), "{line}: {seen}");
        assert!(!seen.contains("so-Pass") && !seen.contains("Secret-"), "{line}: {seen}");
    }
}

#[test]
fn a_wrong_password_of_an_account_is_asked_for_again() {
    let data = tempfile::tempdir().unwrap();
    let appliance = Appliance::start(Options::new(data.path())).unwrap();
    let address = appliance.address().to_string();
    let fingerprint = appliance.fingerprint().to_string();
    let arguments = ["--host", &address, "--fingerprint", &fingerprint];
    let mut person = Person::sits_down_in(tempfile::tempdir().unwrap(), &arguments);
    person.sees("'s password: ");
    person.types("wrong1\rwrong2\r");
    person.sees("refused the login of 'admin'");
    person.sees("'s password: ");
    person.sees("refused the login of 'admin'");
    person.sees("'s password: ");
    person.types("PASSWORD\r");
    person.sees("you must change your");
    person.sees("New password:");
    person.types("\x03");
    person.sees_the_end();
    let mut person = Person::sits_down_in(tempfile::tempdir().unwrap(), &arguments);
    person.sees("'s password: ");
    person.types("\x03");
    person.sees("No password for 'admin'");
    person.sees_the_end();
    assert!(!person.screen().contains("LUNA_PASSWORD"), "{}", person.screen());
}

#[test]
fn the_third_wrong_password_ends_the_program_and_nothing_typed_ahead_is_left() {
    let data = tempfile::tempdir().unwrap();
    let appliance = Appliance::start(Options::new(data.path())).unwrap();
    let mut person = Person::starts_line(&format!(
        "$lunash --host {} --fingerprint {}; echo status=$?; read -r line; echo \"line=[$line]\"",
        appliance.address(),
        appliance.fingerprint()
    ));
    person.sees("'s password: ");
    person.types("wrong1\rwrong2\rwrong3\rmeant-for-the-session\r");
    for _ in 0..2 {
        person.sees("refused the login of 'admin'");
        person.sees("'s password: ");
    }
    person.sees("lunash: ");
    person.sees("refused the login of 'admin'");
    person.sees("status=3");
    person.types("fresh\r");
    person.sees("line=[");
    person.sees_the_end();
    let screen = person.screen();
    assert!(screen.contains("line=[fresh]"), "{screen}");
    assert_eq!(screen.matches("'s password: ").count(), 3, "{screen}");
}

#[test]
fn a_hostile_name_stays_text_in_prompt_banner_and_completion() {
    let hostile = relay::Hostile::start(|_| true);
    let (host, fingerprint) = hostile.place();
    let mut person = Person::starts_line(&format!(
        "LUNA_PASSWORD={} exec $lunash --host {host} --fingerprint {fingerprint}",
        relay::PASSWORD
    ));
    person.sees(relay::VISIBLE);
    person.sees("lunash:>");
    person.types("partition show -partition \t\t");
    person.types("\x03");
    person.sees("lunash:>");
    person.types("exit\r");
    person.sees_the_end();
    let screen = person.screen();
    // The bell is ours, and so is the end of a line.
    relay::check("the screen", screen.replace("\r\n", "\n").replace('\x07', "").as_bytes());
}
