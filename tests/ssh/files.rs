//! Files through the door: `scp` of old, `scp` and `sftp` over SFTP, PuTTY's `pscp`.

use crate::door::{Door, PASSWORD};

impl Door {
    /// Whether the account's files have this name among them.
    fn holds(&self, name: &str) -> bool {
        self.ssh(&[], &["my file list"]).good().contains(name)
    }
}

#[test]
fn scp_carries_files_both_ways_by_either_protocol() {
    let door = Door::open();
    let content: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0] ^ 0x5a).collect();
    door.file("a b.pem", &content);
    door.file("one.pem", b"one\n");
    door.file("empty.pem", b"");
    for protocol in ["-O", "-s"] {
        door.scp(&[protocol, "one.pem", "empty.pem", ":."]).good();
        door.scp(&[protocol, "a b.pem", ":"]).good();
        door.scp(&[protocol, "one.pem", ":named.pem"]).good();
        for name in [":server.pem", ":a b.pem", ":empty.pem"] {
            door.scp(&[protocol, name, "."]).good();
        }
        assert_eq!(door.read("a b.pem"), content);
        assert_eq!(door.read("empty.pem"), b"");
        assert!(door.read("server.pem").starts_with(b"-----BEGIN CERTIFICATE-----"));
        door.scp(&[protocol, "-p", ":named.pem", "back.pem"]).good();
        assert_eq!(door.read("back.pem"), b"one\n");
        std::fs::create_dir(door.path().join("all")).unwrap();
        door.scp(&[protocol, ":*.pem", "all"]).good();
        assert_eq!(std::fs::read_dir(door.path().join("all")).unwrap().count(), 5);
        std::fs::remove_dir_all(door.path().join("all")).unwrap();
        for name in ["one.pem", "empty.pem", "'a b.pem'", "named.pem"] {
            door.ssh(&[], &["my", "file", "delete", name]).good();
        }
    }
}

#[test]
fn what_is_no_file_of_the_account_is_refused_and_told() {
    let door = Door::open();
    door.file("one.pem", b"one\n");
    std::fs::create_dir(door.path().join("folder")).unwrap();
    door.file("folder/x", b"x");
    for protocol in ["-O", "-s"] {
        for words in [
            ["one.pem", ":../one.pem"],
            ["one.pem", ":/etc/one.pem"],
            ["one.pem", ":a/b.pem"],
            [":missing.pem", "."],
            [":/etc/passwd", "."],
            [":../../etc/passwd", "."],
        ] {
            let refused = door.scp(&[&[protocol], &words[..]].concat());
            assert_ne!(refused.status, 0, "{protocol} {words:?}");
            assert_ne!(refused.err, "", "{protocol} {words:?}");
        }
        assert_ne!(door.scp(&[protocol, "-r", "folder", ":"]).status, 0);
        assert!(!door.holds("one.pem") && !door.holds("x "));
    }
    assert!(!door.path().join("passwd").exists());
    // The door and the connection stay as they are.
    door.scp(&["-O", "one.pem", ":"]).good();
}

#[test]
fn sftp_does_what_one_folder_allows() {
    let door = Door::open();
    door.file("one.pem", b"one\n");
    let said = door.sftp(
        "put one.pem x.pem\nrename x.pem y.pem\nget y.pem z.pem\nls -l\nsymlink y.pem link\nmkdir d\n\
         get /etc/passwd\nget ../../etc/passwd\nput one.pem /etc/x\nrm y.pem\nls\n",
    );
    assert_eq!(door.read("z.pem"), b"one\n");
    assert!(!door.path().join("passwd").exists());
    for text in ["symlink file", "mkdir \"/d\"", "\"/etc/passwd\" not found", "\"/etc/x\""] {
        assert!(said.err.contains(text), "{text}: {said:?}");
    }
    assert!(said.out.contains(" y.pem") && said.out.trim_end().ends_with("server.pem"), "{said:?}");
}

#[test]
fn without_sftp_scp_of_today_fails_and_that_of_old_works() {
    let door = Door::with(&["--no-sftp"]);
    door.file("one.pem", b"one\n");
    let refused = door.scp(&["one.pem", ":"]);
    assert_ne!(refused.status, 0);
    assert!(refused.err.contains("subsystem request failed"), "{refused:?}");
    door.scp(&["-O", "one.pem", ":"]).good();
    // PuTTY's falls back by itself.
    let key = door.host_key("ssh-ed25519");
    let port = door.port.to_string();
    let pscp = ["-batch", "-P", &port, "-hostkey", &key, "-pw", PASSWORD];
    let copies = [["one.pem", "admin@127.0.0.1:two.pem"], ["admin@127.0.0.1:two.pem", "three.pem"]];
    for words in copies {
        door.run("pscp", pscp.iter().copied().chain(words)).good();
    }
    assert_eq!(door.read("three.pem"), b"one\n");
}

#[test]
fn pscp_copies_by_either_protocol() {
    let door = Door::open();
    door.file("one.pem", b"one\n");
    let key = door.host_key("ssh-ed25519");
    let port = door.port.to_string();
    for protocol in ["-scp", "-sftp"] {
        let pscp = [protocol, "-batch", "-P", &port, "-hostkey", &key, "-pw", PASSWORD];
        for words in [["one.pem", "admin@127.0.0.1:"], ["admin@127.0.0.1:one.pem", "back.pem"]] {
            door.run("pscp", pscp.iter().copied().chain(words)).good();
        }
        assert_eq!(door.read("back.pem"), b"one\n");
        std::fs::remove_file(door.path().join("back.pem")).unwrap();
    }
}
