//! `lunash --via ssh`: the appliance's own shell over the system's ssh, to OpenSSH's server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "terminal/person.rs"]
mod person;
#[path = "ssh/server.rs"]
mod server;
#[allow(dead_code, reason = "the tests of the client use all of it")]
#[path = "../../rest/tests/wire/server.rs"]
mod web;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use luna_shell::CommandResult;
use person::Person;
use server::{Seen, Server, executable, seen};

/// The program, under the name that lines of a shell know it by.
const PROGRAM: (&str, &str) = ("LUNASH", env!("CARGO_BIN_EXE_lunash"));

const INIT: &str = "hsm init -label a";
const SECRETS: [(&str, &str); 2] =
    [("LUNA_HSM_PASSWORD", "Right-Password-1"), ("LUNA_DOMAIN", "the-domain")];

fn objects(seen: &Seen) -> Vec<CommandResult> {
    seen.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Initializes the HSM at the other end.
fn initialize(server: &Server) {
    let init = ["hsm", "init", "-l", "a", "-d", "d", "-p", "Right-Password-1", "-f"];
    assert_eq!(server.run_there(&init).status, 0);
}

#[test]
fn what_the_appliance_prints_is_what_is_printed() {
    let server = Server::start();
    let lines = ["-c", "hsm show", "-c", "client show -client x", "-c", "c li", "-c", "ntls show"];
    let (near, far) = (server.run(&lines), server.run_there(&lines));
    assert_eq!(near.stdout, far.stdout);
    assert_eq!((near.status, far.status), (1, 1), "{}", near.stderr);
    // A single command alone.
    let one = server.run(&["c", "li"]);
    assert_eq!((one.stdout.as_str(), one.status), ("No clients are registered.\n", 0));
    // What is no command is not sent.
    assert_eq!(server.run(&["cleint", "list"]).status, 2);
}

#[test]
fn json_has_the_lines_the_result_and_the_way() {
    let server = Server::start();
    let seen = server.run(&["--output", "json", "-c", "client list", "-c", "client show -c x"]);
    let objects = objects(&seen);
    assert_eq!(objects[0].view.as_ref().unwrap()["lines"][0], "No clients are registered.");
    assert!(objects.iter().all(|object| object.via.as_deref() == Some("ssh")));
    let error = objects[1].error.as_ref().unwrap();
    assert_eq!(objects[1].result.as_ref().unwrap().code, 65535);
    assert_eq!(error.name.as_deref(), Some("RC_OBJECT_NOT_IN_LIST"));
    assert!(error.message.contains("Specified client does not exist."), "{}", error.message);
}

#[test]
fn questions_are_answered_by_what_is_given_in_advance() {
    let server = Server::start();
    let mut command = server.program(&["--via", "ssh", "--yes", "-c", INIT, "-c", "hsm login"]);
    let seen = seen(command.envs(SECRETS).output().unwrap());
    assert_eq!(seen.status, 0, "{}{}", seen.stdout, seen.stderr);
    assert!(seen.stdout.contains("'hsm init' successful."), "{}", seen.stdout);
    assert!(!seen.stdout.contains("Right-Password-1"), "{}", seen.stdout);
    assert!(
        server.run_there(&["hsm", "show"]).stdout.contains("HSM Label:                          a")
    );
}

#[test]
fn a_question_without_an_answer_fails_and_the_session_goes_on() {
    let server = Server::start();
    let seen = server.run(&["-c", INIT, "-c", "client list"]);
    assert_eq!(seen.status, 4, "{}", seen.stdout);
    assert!(seen.stderr.contains("LUNA_HSM_PASSWORD"), "{}", seen.stderr);
    assert!(seen.stdout.ends_with("No clients are registered.\n\nCommand Result : 0 (Success)\n"));
    // The last question, which is answered with quit.
    let mut command = server.program(&["--via", "ssh", "-c", INIT, "-c", "client list"]);
    let seen = server::seen(command.envs(SECRETS).output().unwrap());
    assert_eq!(seen.status, 4, "{}", seen.stdout);
    assert!(seen.stderr.contains("-force or --yes"), "{}", seen.stderr);
    assert!(server.run_there(&["hsm", "show"]).stdout.contains("HSM Label:\n"));
}

#[test]
fn lines_and_answers_of_a_pipe_are_taken_in_order() {
    let server = Server::start();
    let mut command = server.program(&["--via", "ssh", "-q"]);
    let mut child = command.envs(SECRETS).stdin(Stdio::piped()).spawn().unwrap();
    let lines = format!("{INIT}\nproceed\nclient list\nexit\nhsm show\n");
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let seen = seen(child.wait_with_output().unwrap());
    assert_eq!(seen.status, 0, "{}{}", seen.stdout, seen.stderr);
    assert!(seen.stdout.contains("'hsm init' successful."), "{}", seen.stdout);
    assert!(!seen.stdout.contains("HSM Details"), "{}", seen.stdout);
}

#[test]
fn a_host_key_that_is_unknown_or_another_is_refused() {
    let server = Server::start();
    server.knows("");
    let seen = server.run(&["client", "list"]);
    assert_eq!((seen.status, seen.stdout.as_str()), (3, ""));
    assert!(seen.stderr.contains("SHA256:"), "{}", seen.stderr);
    assert!(seen.stderr.contains("hint: compare the fingerprint"), "{}", seen.stderr);
    server.knows(&server.another_key());
    let seen = server.run(&["client", "list"]);
    assert_eq!((seen.status, seen.stdout.as_str()), (3, ""));
    assert!(seen.stderr.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"), "{}", seen.stderr);
}

#[test]
fn a_person_is_asked_about_an_unknown_host_key_and_works_as_at_the_appliance() {
    let server = Server::start();
    server.knows("");
    let arguments = server.arguments("127.0.0.1").join(" ");
    let mut person = Person::starts_line(&format!("exec $LUNASH --via ssh -q {arguments}"));
    person.sees("Are you sure you want to continue connecting");
    person.types("yes\r");
    person.sees("[local_host] lunash:>");
    person.types("hsm init -label a\r");
    person.sees("password for the HSM Administrator:");
    person.types("Right-Password-1\r");
    person.sees("re-enter password");
    person.types("Right-Password-1\r");
    person.sees("cloning domain");
    person.types("the-domain\r");
    person.sees("re-enter cloning domain");
    person.types("the-domain\r");
    person.sees("to quit now.");
    person.types("proceed\r");
    person.sees("'hsm init' successful.");
    person.sees("Command Result : 0 (Success)");
    person.types("exit\r");
    person.sees_the_end();
    assert!(!person.screen().contains("Right-Password-1"));
    assert!(fs::read_to_string(server.path("known_hosts")).unwrap().contains("ed25519"));
}

#[test]
fn tab_completes_the_names_that_the_appliance_lists() {
    let server = Server::start();
    let arguments = server.arguments("127.0.0.1").join(" ");
    let mut person = Person::starts_line(&format!("exec $LUNASH --via ssh -q {arguments}"));
    person.sees("[local_host] lunash:>");
    person.types("user disable -username oper");
    person.sees("oper");
    let (begin, end) = (person.raw.len(), Instant::now() + Duration::from_secs(20));
    // A list that is late is there at a later Tab; the cursor's way to the beginning tells that one is done.
    while !String::from_utf8_lossy(&person.raw[begin..]).contains("ator ") {
        assert!(Instant::now() < end, "{}", person.screen());
        person.types("\t\x01\x05");
        person.sees("\r\x1b[21C");
    }
    // The list was no command of the person's.
    assert!(!person.screen().contains("RADIUS"), "{}", person.screen());
    person.types("\r");
    person.sees("Command Result : ");
    person.types("exit\r");
    person.sees_the_end();
}

/// A shell that answers nothing but what a test says of single words.
fn script(cases: &str) -> String {
    format!(
        "printf '\\r\\nLuna Network HSM Command Line Shell v7.8.5-20.\\r\\n'\n\
         while printf '\\r\\n[far] lunash:>'; read -r line; do\n\
         case \"$line\" in\n\
         '') ;;\n\
         exit) exit;;\n\
         {cases}\n\
         esac\n\
         printf '\\r\\nCommand Result : 0 (Success)\\r\\n'\n\
         done\n"
    )
}

#[test]
fn an_appliance_that_stalls_is_given_up_after_the_time_limit() {
    let server = Server::start();
    server.shell(&script("'client list'|'client delete'*) read -r never;;"));
    for (line, status) in [("client list", 3), ("client delete -client x -force", 5)] {
        let seen = server.run(&["--timeout", "3", "-c", line, "-c", "hsm show"]);
        assert_eq!(seen.status, status, "{}{}", seen.stdout, seen.stderr);
        assert!(seen.stdout.contains("did not answer within 3 seconds"), "{}", seen.stdout);
        // Another session is opened for what follows.
        assert!(seen.stdout.ends_with("Command Result : 0 (Success)\n"), "{}", seen.stdout);
        assert!(seen.stderr.contains("was opened again"), "{}", seen.stderr);
    }
}

#[test]
fn a_connection_that_breaks_during_a_change_leaves_it_unclear() {
    let server = Server::start();
    server.shell(&script("'client list'|'client delete'*) exit 1;;"));
    let seen = server.run(&["-c", "client delete -client x -force", "-c", "hsm show"]);
    assert_eq!(seen.status, 5, "{}{}", seen.stdout, seen.stderr);
    assert!(seen.stderr.contains("'client list' shows whether"), "{}", seen.stderr);
    assert_eq!(server.run(&["-c", "client list", "-c", "hsm show"]).status, 3);
}

#[test]
fn a_password_that_has_to_be_changed_first_is_changed() {
    let server = Server::start();
    let change = "printf 'For security purposes, you must change your\\r\\npassword.\\r\\n\\r\\nNew \
                  password:'; read -r one; printf '\\r\\nRetype new password:'; read -r two\n\
                  [ \"$one\" = New-Password-1 ] && [ \"$two\" = \"$one\" ] || exit 1\n\
                  printf '\\r\\nPassword change successful.\\r\\n'\n";
    server.shell(&format!("{change}{}", script("'client list') printf '\\r\\nnone\\r\\n';;")));
    let seen = server.run(&["client", "list"]);
    assert_eq!(seen.status, 4, "{}", seen.stderr);
    assert!(seen.stderr.contains("LUNA_NEW_PASSWORD"), "{}", seen.stderr);
    let mut command = server.program(&["--via", "ssh", "-c", "client list"]);
    let seen = server::seen(command.env("LUNA_NEW_PASSWORD", "New-Password-1").output().unwrap());
    assert_eq!(seen.status, 0, "{}{}", seen.stdout, seen.stderr);
    assert!(seen.stdout.contains("\nnone\n\nCommand Result"), "{}", seen.stdout);
}

#[test]
fn what_looks_like_a_question_takes_no_command_for_its_answer() {
    let server = Server::start();
    server.shell(&script("'hsm show') printf '\\r\\nWhich one (y/n)?'; read -r answer;;"));
    let run = |arguments: &[&str], input: &str| {
        let mut command = server.program(&[&["--via", "ssh"], arguments].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        seen(child.wait_with_output().unwrap())
    };
    assert_eq!(run(&["--answer", "y"], "hsm show\nclient list\n").status, 0);
    assert_eq!(run(&[], "hsm show\ny\nclient list\n").status, 0);
    let seen = run(&[], "hsm show\nclient list\n");
    assert_eq!(seen.status, 4, "{}", seen.stdout);
    assert!(seen.stdout.ends_with("Command Result : 0 (Success)\n"), "{}", seen.stdout);
}

#[test]
fn the_last_login_attempt_is_not_used_untold() {
    let server = Server::start();
    initialize(&server);
    let login = |arguments: &[&str], password: &str| {
        let mut command = server.program(&[&["--via", "ssh"], arguments].concat());
        seen(command.env("LUNA_HSM_PASSWORD", password).output().unwrap())
    };
    let seen = login(&["hsm", "login"], "wrong");
    assert_eq!(seen.status, 1, "{}", seen.stdout);
    assert!(seen.stderr.contains("login attempts left: 2"), "{}", seen.stderr);
    assert_eq!(login(&["hsm", "login"], "wrong").status, 1);
    let seen = login(&["hsm", "login"], "Right-Password-1");
    assert_eq!(seen.status, 4, "{}", seen.stdout);
    assert!(seen.stderr.contains("--last-attempt"), "{}", seen.stderr);
    let seen = login(&["--last-attempt", "hsm", "login"], "Right-Password-1");
    assert_eq!(seen.status, 0, "{}{}", seen.stdout, seen.stderr);
}

#[test]
fn a_secret_that_the_appliance_repeats_is_not_shown() {
    let server = Server::start();
    server.shell(&script("'hsm login '*) printf '\\r\\nSyntax error: %s\\r\\n' \"$line\";;"));
    let login = "hsm login -password Right-Password-1";
    let seen = server.run(&["--last-attempt", "-c", login]);
    assert!(seen.stdout.contains("Syntax error: hsm login -password ********"), "{}", seen.stdout);
}

#[test]
fn a_line_that_a_terminal_would_take_for_two_is_not_sent() {
    let server = Server::start();
    let seen = server.run(&["user", "role", "delete", "-role", "x\rhsm factoryReset -force"]);
    assert_eq!(seen.status, 4, "{}{}", seen.stdout, seen.stderr);
    assert!(seen.stdout.contains("Nothing was sent"), "{}", seen.stdout);
}

#[test]
fn files_go_to_the_account_and_come_from_there() {
    let server = Server::start();
    let here = |name: &str| server.path("home").join(name);
    fs::write(here("a.bin"), [0u8, 1, 2, b'\n', 255].repeat(50_000)).unwrap();
    assert_eq!(server.run(&["--put", "a.bin"]).status, 0);
    assert_eq!(fs::read(here("a.bin")).unwrap(), fs::read(server.path("files/a.bin")).unwrap());
    fs::remove_file(here("a.bin")).unwrap();
    assert_eq!(server.run(&["--get", "a.bin"]).status, 0);
    assert_eq!(fs::read(here("a.bin")).unwrap(), fs::read(server.path("files/a.bin")).unwrap());
    let seen = server.run(&["--get", "none.bin"]);
    assert_eq!(seen.status, 1);
    assert!(seen.stderr.contains("No such file"), "{}", seen.stderr);
    assert_eq!(server.run(&["--put", "none.bin"]).status, 1);
}

#[test]
fn a_file_that_a_command_names_goes_before_it() {
    let server = Server::start();
    fs::write(server.path("home/banner.txt"), "hello\n").unwrap();
    let seen = server.run(&["sysconf", "banner", "add", "-file", "./banner.txt"]);
    assert!(seen.stderr.contains("uploaded ./banner.txt"), "{}", seen.stderr);
    assert_eq!(fs::read(server.path("files/banner.txt")).unwrap(), b"hello\n");
}

#[test]
fn auto_takes_ssh_where_the_web_server_does_not_answer() {
    let server = Server::start();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let arguments = ["--via", "auto", "--output", "json", "-c", "client list"];
    let seen = seen(server.program_for(&closed, &arguments).output().unwrap());
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let objects = objects(&seen);
    assert_eq!(objects[0].via.as_deref(), Some("ssh"));
    assert!(objects[0].messages[0].contains("over SSH"), "{:?}", objects[0].messages);
}

#[test]
fn auto_takes_ssh_for_what_the_appliance_has_no_resource_for() {
    let server = Server::start();
    let web = web::Server::start(|seen| match seen.line.as_str() {
        "POST /auth/session" => web::located(204, "Set-Cookie: session=1", ""),
        "GET /users" => web::answer(200, "{\"users\": []}"),
        _ => web::answer(404, ""),
    });
    let fingerprint = web.fingerprint.to_string();
    let host = format!("127.0.0.1:{}", web.port);
    let (of_rest, unknown, never) = ("user list", "client list", "hsm ped timeout show");
    let mut command = server.program_for(
        &host,
        &[
            "--via",
            "auto",
            "--fingerprint",
            &fingerprint,
            "--output",
            "json",
            "-c",
            of_rest,
            "-c",
            unknown,
            "-c",
            never,
        ],
    );
    let seen = seen(command.env("LUNA_PASSWORD", "x").output().unwrap());
    assert_eq!(seen.status, 0, "{}{}", seen.stdout, seen.stderr);
    let ways: Vec<_> = objects(&seen).into_iter().map(|object| object.via.unwrap()).collect();
    assert_eq!(ways, ["rest", "ssh", "ssh"]);
    let asked = web.lines();
    assert!(asked.iter().any(|line| line.ends_with("/ntls/clients")), "{asked:?}");
    assert!(!asked.iter().any(|line| line.contains("ped")), "{asked:?}");
}

/// A program in place of ssh, which asks before it lets anybody in.
fn ssh_that_asks(server: &Server, questions: &str) {
    fs::create_dir_all(server.path("bin")).unwrap();
    let text = format!(
        "#!/bin/sh\nexport HOME={0}\nenv > {0}/environment; echo \"$@\" > {0}/arguments\n\
         {questions}\n{1}",
        server.path("far").display(),
        script("'client list') printf '\\r\\nnone\\r\\n';;")
    );
    executable(&server.path("bin/ssh"), &text);
}

fn run_with_password(server: &Server, password: &str) -> Seen {
    let mut command = server.program(&["--via", "ssh", "-c", "client list"]);
    let path = format!("{}:/usr/bin:/bin", server.path("bin").display());
    seen(command.env("PATH", path).env("LUNA_PASSWORD", password).output().unwrap())
}

#[test]
fn the_password_goes_to_ssh_and_nowhere_else() {
    let server = Server::start();
    ssh_that_asks(
        &server,
        "given=$(\"$SSH_ASKPASS\" \"admin@127.0.0.1's password: \")\n\
         [ \"$given\" = Pass-Word-1 ] || { echo 'Permission denied (password).' >&2; exit 255; }",
    );
    let seen = run_with_password(&server, "Pass-Word-1");
    assert_eq!(seen.status, 0, "{}{}", seen.stdout, seen.stderr);
    for place in ["far/environment", "far/arguments"] {
        assert!(
            !fs::read_to_string(server.path(place)).unwrap().contains("Pass-Word-1"),
            "{place}"
        );
    }
    let seen = run_with_password(&server, "wrong");
    assert_eq!(seen.status, 3);
    assert!(seen.stderr.contains("refused the login"), "{}", seen.stderr);
}

#[test]
fn a_wrong_password_is_tried_once() {
    let server = Server::start();
    ssh_that_asks(
        &server,
        "while :; do \"$SSH_ASKPASS\" \"admin@127.0.0.1's password: \" >> \"$HOME/tried\" || exit 255; done",
    );
    let seen = run_with_password(&server, "Pass-Word-1");
    assert_eq!(seen.status, 3, "{}", seen.stderr);
    assert_eq!(fs::read_to_string(server.path("far/tried")).unwrap(), "Pass-Word-1\n");
}

#[test]
fn a_host_on_the_way_does_not_get_the_password() {
    let server = Server::start();
    ssh_that_asks(
        &server,
        "sh -c '\"$SSH_ASKPASS\" \"me@jump password: \" >> \"$HOME/tried\"; true'; exit 255",
    );
    let seen = run_with_password(&server, "Pass-Word-1");
    assert_eq!(seen.status, 4, "{}", seen.stderr);
    assert!(seen.stderr.contains("me@jump"), "{}", seen.stderr);
    assert_eq!(fs::read_to_string(server.path("far/tried")).unwrap(), "");
}

#[test]
fn without_a_password_a_script_is_told_where_to_give_it() {
    let server = Server::start();
    ssh_that_asks(&server, "\"$SSH_ASKPASS\" \"admin@127.0.0.1's password: \" || exit 255");
    let mut command = server.program(&["--via", "ssh", "-c", "client list"]);
    let path = format!("{}:/usr/bin:/bin", server.path("bin").display());
    let seen = seen(command.env("PATH", path).output().unwrap());
    assert_eq!(seen.status, 4, "{}", seen.stderr);
    assert!(seen.stderr.contains("LUNA_PASSWORD_FILE"), "{}", seen.stderr);
}
