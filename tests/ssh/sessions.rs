//! LunaSH behind the door: one command, lines from a pipe, a terminal.

use crate::door::{Door, PASSWORD, feed};

/// What everybody scripts: a certificate up, a client with a partition.
const ONBOARDING: &str = "hsm init -label h -domain d -password so-Password1 -force
hsm login -password so-Password1
partition create -partition p1 -force
client register -client c1 -hostname c1
client assign -client c1 -partition p1
client show -client c1
";

/// The end of the onboarding, as recorded.
const ONBOARDED: &str = "
'client register' successful.

Command Result : 0 (Success)

'client assignPartition' successful.

Command Result : 0 (Success)

ClientID:     c1
Hostname:     c1
Partitions:   \"p1\"

Command Result : 0 (Success)
";

#[test]
fn a_client_is_onboarded_by_a_here_document_and_shown_by_one_command() {
    let door = Door::open();
    door.certificate("c1");
    door.scp(&["-O", "c1.pem", ":"]).good();
    let out = door.lines(&[], ONBOARDING).good();
    let banner = "\nLuna Network HSM Command Line Shell v7.8.5-20. Copyright (c) 2024 Thales Group. \
                  All rights reserved.\n\n";
    assert!(out.starts_with(banner), "{out}");
    assert!(out.ends_with(ONBOARDED), "{out}");
    assert!(!out.contains("lunash:>"), "{out}");
    let shown = door.ssh(&["-T"], &["client", "show", "-c", "c1"]);
    assert_eq!(shown.good(), "ClientID:     c1\nHostname:     c1\nPartitions:   \"p1\"\n");
    // The words behind `-C` and the old cipher are those of a role for Ansible.
    let old = ["-o", "Ciphers=aes256-cbc", "-C"];
    let list = door.ssh(&old, &["client", "list"]).good();
    assert!(list.contains("registered client 1: c1"), "{list}");
    let again = door.ssh(&old, &["client", "register", "-client", "c1", "-hostname", "c1"]);
    assert_ne!(again.status, 0, "{again:?}");
    // plink of PuTTY, without a terminal, and with one whose end of input is not typed.
    let key = door.host_key("ssh-ed25519");
    let port = door.port.to_string();
    for (terminal, prompts) in [("-T", 0), ("-t", 2)] {
        let plink = ["-batch", "-P", &port, "-hostkey", &key, "-pw", PASSWORD, terminal];
        let mut command = door.command("plink", plink);
        command.arg("admin@127.0.0.1");
        let out = feed(command, "client show -c c1\n").good();
        assert!(out.contains("ClientID:     c1"), "{out}");
        assert_eq!(out.matches("lunash:>").count(), prompts, "{out}");
    }
}

#[test]
fn a_command_ends_with_its_status() {
    let door = Door::open();
    let refused = door.ssh(&[], &["client show -client nobody"]);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.out.ends_with("Specified client does not exist.\n"), "{refused:?}");
    assert_eq!(door.ssh(&[], &["client", "list"]).status, 0);
}

#[test]
fn the_end_of_input_ends_a_session_on_a_terminal_too() {
    let door = Door::open();
    for (input, seen) in [
        ("client list\n", "No clients are registered."),
        ("client list\nexit\n", "No clients are registered."),
        ("client li", "lunash:>"),
        ("hsm zeroize\n", "A question had no answer"),
        ("", "lunash:>"),
    ] {
        let ran = door.lines(&["-tt"], input);
        assert_eq!(ran.status, 0, "{input:?}: {ran:?}");
        assert!(ran.out.contains(seen), "{input:?}: {ran:?}");
    }
    let asked = door.ssh(&["-tt"], &["hsm zeroize"]);
    assert_ne!(asked.status, 0, "{asked:?}");
}

#[test]
fn a_restart_ends_the_sessions_that_it_knows_no_more() {
    let door = Door::open();
    for terminal in ["-T", "-tt"] {
        let out = door.lines(&[terminal], "sysconf appliance reboot -force\nclient list\n").out;
        let out = out.replace('\r', "");
        assert!(out.ends_with("Reboot commencing\n\nCommand Result : 0 (Success)\n"), "{out}");
    }
    door.ssh(&[], &["client list"]).good();
}

#[test]
fn channels_of_one_connection_do_not_disturb_each_other() {
    let door = Door::open();
    let socket = door.path().join("socket");
    let socket = socket.to_str().unwrap();
    // The first line of its shell tells that the connection stands.
    let mut master = door
        .ssh_command(&["-M", "-S", socket], &[])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = std::io::BufReader::new(master.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    let ran: Vec<_> = std::thread::scope(|scope| {
        let one = |n: usize| {
            let door = &door;
            move || {
                let line =
                    if n.is_multiple_of(2) { "client list" } else { "client show -client x" };
                (n, feed(door.ssh_command(&["-S", socket], &[line]), ""))
            }
        };
        let threads: Vec<_> = (0..6).map(|n| scope.spawn(one(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (n, ran) in ran {
        assert_eq!(ran.status == 0, n % 2 == 0, "{ran:?}");
    }
    drop(master.stdin.take());
    assert!(master.wait().unwrap().success());
}

#[test]
fn nothing_but_lunash_runs_and_no_variable_gets_in() {
    let door = Door::open();
    let mark = door.path().join("mark");
    let mark = mark.display();
    for line in [
        format!("client list; touch {mark}"),
        format!("client list && touch {mark}"),
        format!("client list | tee {mark}"),
        format!("client list > {mark}"),
        format!("$(touch {mark})"),
        format!("`touch {mark}`"),
        format!("client list\ntouch {mark}"),
        format!("sh -c 'touch {mark}'"),
        format!("scp -S touch {mark}"),
        format!("--login-shell 3\n{mark}"),
        format!("-f {mark}"),
        "scp".to_owned(),
        "x".repeat(16 * 1024),
        "x".repeat(100 * 1024),
    ] {
        let ran = door.ssh(&[], &[&line]);
        assert_ne!(ran.status, 0, "{line}");
    }
    // Files of the machine are none of the account's.
    door.file("key.pub", b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAZFE2ZFMFmRTgYo/uuk0gu16l0vEMELdIlDbBiqrNsE me@work\n");
    let path = door.path().join("key.pub");
    let named = door.ssh(&[], &["my", "public-key", "add", path.to_str().unwrap()]);
    assert!(named.out.contains("is not among admin's files on the appliance."), "{named:?}");
    let mut command = door.ssh_command(&["-o", "SendEnv=LUNA_* LD_PRELOAD"], &["client list"]);
    command.env("LUNA_OUTPUT", "json").env("LUNA_PASSWORD", "x");
    assert!(feed(command, "").good().contains("No clients are registered."));
    assert!(!door.path().join("mark").exists());
}
