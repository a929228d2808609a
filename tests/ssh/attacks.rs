//! What an attacker does, or an accident: connections that say nothing, sessions whose ends die.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::door::{Door, PASSWORD, Ran, feed};

/// How long is waited for what has to happen.
const DEADLINE: Duration = Duration::from_secs(20);

/// Waits until a state of the system is reached that tells nobody of itself.
fn wait_until(what: &str, reached: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !reached() {
        assert!(Instant::now() < end, "{what}");
        std::thread::yield_now();
    }
}

/// The children of a process, by their numbers.
fn children(id: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let lists =
        tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<_>>())
        .collect()
}

fn kill(id: u32, signal: &str) {
    let sent = std::process::Command::new("kill").args([signal, &id.to_string()]).status().unwrap();
    assert!(sent.success());
}

fn runs(id: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    state.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

fn descriptors(id: u32) -> usize {
    fs::read_dir(format!("/proc/{id}/fd")).unwrap().count()
}

/// How many terminals a process has open.
fn terminals(id: u32) -> usize {
    let open = fs::read_dir(format!("/proc/{id}/fd")).unwrap();
    let targets = open.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    targets.filter(|target| target.ends_with("ptmx")).count()
}

/// The memory of a process, in KiB.
fn resident(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Somebody who has logged in and reads what LunaSH says first.
struct Guest {
    ssh: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Guest {
    fn enter(door: &Door, options: &[&str]) -> Guest {
        let mut ssh = door.ssh_command(options, &[]).stdin(Stdio::piped()).spawn().unwrap();
        let mut guest = Guest { out: BufReader::new(ssh.stdout.take().unwrap()), ssh };
        guest.read_until("Command Line Shell");
        guest
    }

    fn read_until(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(self.out.read_line(&mut line).unwrap() > 0, "no {text:?}");
        }
    }

    /// Ends the program as a cut line does.
    fn cut(mut self) {
        // `timeout`, which hands it on to `sshpass` and `ssh`.
        kill(self.ssh.id(), "-TERM");
        self.ssh.wait().unwrap();
    }

    fn leave(mut self) -> i32 {
        drop(self.ssh.stdin.take());
        self.out.read_to_end(&mut Vec::new()).unwrap();
        self.ssh.wait().unwrap().code().unwrap()
    }
}

impl Door {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    /// Connections that hear the greeting and answer nothing.
    fn silent(&self, count: usize) -> Vec<TcpStream> {
        let streams: Vec<TcpStream> = (0..count).map(|_| self.connect()).collect();
        for stream in &streams {
            assert!(greeting(stream).starts_with("SSH-2.0-"));
        }
        streams
    }

    fn log_in(&self) -> Ran {
        self.ssh(&[], &["status", "date"])
    }
}

/// What the other side says until it closes.
fn rest(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    if let Err(error) = stream.read_to_end(&mut said) {
        // A connection that was reset is closed as well.
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "it is not closed");
    }
    String::from_utf8_lossy(&said).into_owned()
}

fn greeting(stream: &TcpStream) -> String {
    let mut line = String::new();
    // Nothing follows before this side has spoken.
    BufReader::with_capacity(1, stream).read_line(&mut line).unwrap_or_default();
    line
}

#[test]
fn who_never_speaks_keeps_nobody_out_for_long() {
    let door = Door::open();
    let silent = door.silent(30);
    assert_eq!(rest(door.connect()), "", "the 31st is closed at once");
    assert_ne!(door.log_in().status, 0);
    drop(silent);
    wait_until("they have left", || door.log_in().status == 0);
    // Who has logged in is no stranger any more.
    let guests: Vec<Guest> = (0..3).map(|_| Guest::enter(&door, &[])).collect();
    let _silent = door.silent(29);
    door.log_in().good();
    for guest in guests {
        assert_eq!(guest.leave(), 0);
    }
}

#[test]
fn a_login_takes_no_longer_than_it_may() {
    let door = Door::with(&["--ssh-grace", "1"]);
    // One that says nothing, and one that says its version and no more.
    let (silent, mut begun) = (door.connect(), door.connect());
    std::io::Write::write_all(&mut begun, b"SSH-2.0-x\r\n").unwrap();
    assert!(rest(silent).starts_with("SSH-2.0-"));
    assert!(rest(begun).starts_with("SSH-2.0-"));
}

#[test]
fn what_is_no_ssh_is_closed() {
    let door = Door::open();
    for said in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 4096], &[b'x'; 1 << 20]] {
        let mut stream = door.connect();
        // It may be closed before all is sent.
        let _ = std::io::Write::write_all(&mut stream, said);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        assert!(rest(stream).len() < 1 << 16);
    }
    door.log_in().good();
}

#[test]
fn nothing_is_forwarded() {
    let door = Door::open();
    let here = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = here.local_addr().unwrap().port();
    let through = format!("127.0.0.1:{port}");
    assert_ne!(door.ssh(&["-W", &through], &[]).status, 0);
    here.set_nonblocking(true).unwrap();
    assert!(here.accept().is_err(), "somebody came through");
    let back = ["-o", "ExitOnForwardFailure=yes", "-R", &format!("0:{through}")];
    let refused = door.ssh(&back, &["status", "date"]);
    assert!(refused.err.contains("remote port forwarding failed"), "{refused:?}");
    let mut command = door.ssh_command(&["-A", "-X", "-o", "LogLevel=VERBOSE"], &["status date"]);
    command.env("SSH_AUTH_SOCK", door.path().join("agent")).env("DISPLAY", "127.0.0.1:9");
    feed(command, "").good();
}

#[test]
fn the_eleventh_channel_of_a_connection_is_refused() {
    let door = Door::open();
    let socket = door.path().join("socket");
    let socket = socket.to_str().unwrap();
    let mut guests = vec![Guest::enter(&door, &["-M", "-S", socket])];
    for _ in 0..9 {
        guests.push(Guest::enter(&door, &["-S", socket]));
    }
    let mux = ["-S", socket, "-o", "ProxyCommand=false"];
    assert_ne!(door.ssh(&mux, &["status", "date"]).status, 0);
    assert_eq!(guests.pop().unwrap().leave(), 0);
    // One after the other there may be as many as one likes.
    for _ in 0..12 {
        wait_until("the place is free again", || door.ssh(&mux, &["status", "date"]).status == 0);
    }
    for guest in guests.into_iter().rev() {
        assert_eq!(guest.leave(), 0);
    }
}

#[test]
fn an_end_of_either_side_leaves_nothing_behind() {
    let mut door = Door::open();
    door.log_in().good();
    wait_until("the first session has ended", || children(door.id()).is_empty());
    let before = descriptors(door.id());
    for terminal in ["-T", "-tt"] {
        // The program of the session dies.
        let guest = Guest::enter(&door, &[terminal]);
        let [shell] = children(door.id())[..] else { panic!("one shell") };
        kill(shell, "-KILL");
        assert_eq!(guest.leave(), 128, "{terminal}");
        // The client does, or its line is cut.
        let guest = Guest::enter(&door, &[terminal]);
        guest.cut();
        wait_until("no program is left", || children(door.id()).is_empty());
        if terminal == "-tt" {
            continue;
        }
        // The client dies while the program is stopped, which is given some time to end.
        let guest = Guest::enter(&door, &[terminal]);
        let [shell] = children(door.id())[..] else { panic!("one shell") };
        kill(shell, "-STOP");
        guest.cut();
        wait_until("no stopped program is left", || children(door.id()).is_empty());
    }
    wait_until("no descriptor is left", || descriptors(door.id()) <= before);
    // The appliance dies.
    let guests = ["-T", "-tt"].map(|terminal| Guest::enter(&door, &[terminal]));
    let shells = children(door.id());
    assert_eq!(shells.len(), 2);
    door.kill();
    wait_until("no shell outlives it", || !shells.iter().any(|shell| runs(*shell)));
    for guest in guests {
        assert_ne!(guest.leave(), 0);
    }
}

#[test]
fn a_killed_shell_leaves_no_session_no_process_and_no_terminal() {
    let door = Door::open();
    for (terminal, opened) in [("-T", 0), ("-tt", 1)] {
        let guest = Guest::enter(&door, &[terminal]);
        let [shell] = children(door.id())[..] else { panic!("one shell") };
        // That of the login, which files are reached with, and that of the shell.
        assert_eq!(door.sessions(), 2);
        assert_eq!(terminals(door.id()).min(1), opened);
        kill(shell, "-KILL");
        assert_eq!(guest.leave(), 128);
        wait_until("no session is left", || door.sessions() == 0);
        wait_until("no terminal is left", || terminals(door.id()) == 0);
        assert!(children(door.id()).is_empty() && !runs(shell));
    }
}

#[test]
fn the_appliance_stops_while_sessions_are_open() {
    let mut door = Door::open();
    let guests = ["-T", "-tt"].map(|terminal| Guest::enter(&door, &[terminal]));
    // One of them reads nothing of what comes.
    let mut deaf = door.ssh_command(&[], &[]).stdin(Stdio::piped()).spawn().unwrap();
    let mut typed = deaf.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let lines = "client list\nhelp\n".repeat(10_000);
        std::io::Write::write_all(&mut typed, lines.as_bytes()).is_ok()
    });
    wait_until("it has a shell", || children(door.id()).len() == 3);
    let before = resident(door.id());
    for _ in 0..5 {
        door.log_in().good();
    }
    assert!(resident(door.id()) < before + 16 * 1024, "what nobody reads is kept");
    let shells = children(door.id());
    door.stop().good();
    assert!(!shells.iter().any(|shell| runs(*shell)));
    for guest in guests {
        assert_ne!(guest.leave(), 0);
    }
    drop(deaf.stdout.take());
    deaf.wait().unwrap();
    writer.join().unwrap();
}

#[test]
fn many_logins_take_no_memory() {
    const LOGINS: usize = 30;
    let door = Door::open();
    door.file("ask", b"#!/bin/sh\necho wrong\n");
    let some = |count: usize| {
        for n in 0..count {
            door.log_in().good();
            let mut command = door.ssh_command(&["-l", "nobody"], &["status date"]);
            command.env("SSHPASS", format!("{PASSWORD}{n}"));
            assert_ne!(feed(command, "").status, 0);
        }
    };
    some(LOGINS / 3);
    let before = resident(door.id());
    some(LOGINS);
    let after = resident(door.id());
    assert!(after < before + 8 * 1024, "{before} KiB, then {after} KiB");
}
