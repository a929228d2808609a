//! Recordings that are cut, foreign, edited elsewhere or meant to do harm.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use super::{DOMAIN, SESSION, SO, TRANSCRIPTS, User, waits_for};

#[test]
fn a_file_that_windows_has_edited_stays_one() {
    let user = User::new();
    assert_eq!(user.runs(&["--record", "run.txt"], &SESSION).0, 0);
    let own = user.read("run.txt");
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    fs::write(user.file("run.txt"), windows(&own)).unwrap();
    let (status, output, _) = user.verifies(&["run.txt"]);
    assert_eq!(status, 0, "{output}");
    let changed = own.replace("'hsm login' successful.", "'hsm login' went well.");
    fs::write(user.file("run.txt"), windows(&changed)).unwrap();
    assert_eq!(user.verifies(&["run.txt"]).0, 1);
    assert_eq!(user.verifies(&["--update", "run.txt"]).0, 0);
    assert_eq!(user.read("run.txt"), windows(&own));
    for end in ["in", "snap"] {
        let text = fs::read_to_string(format!("{TRANSCRIPTS}/errors.{end}")).unwrap();
        fs::write(user.file(&format!("errors.{end}")), windows(&text)).unwrap();
    }
    let (status, output, _) = user.verifies(&["errors.in"]);
    assert_eq!(status, 0, "{output}");
    let utf16: Vec<u8> = own.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(user.file("run.txt"), [&[0xff, 0xfe][..], &utf16].concat()).unwrap();
    let (status, output, _) = user.verifies(&["run.txt"]);
    assert_eq!((status, output.contains("hint: it is UTF-16")), (2, true), "{output}");
}

#[test]
fn an_update_follows_links_and_leaves_what_is_read_only() {
    let user = User::new();
    assert_eq!(user.runs(&["--record", "run.txt", "user list"], &[]).0, 0);
    let own = user.read("run.txt");
    let changed = own.replace("admin", "nobody");
    assert_ne!(own, changed);
    fs::write(user.file("run.txt"), &changed).unwrap();
    let mode = |mode| fs::set_permissions(user.file("run.txt"), fs::Permissions::from_mode(mode));
    mode(0o400).unwrap();
    let (status, output, _) = user.verifies(&["--update", "run.txt"]);
    assert_eq!(status, 4, "{output}");
    assert!(output.contains("run.txt is read-only, and stays as it is."), "{output}");
    assert_eq!(user.read("run.txt"), changed);
    mode(0o640).unwrap();
    std::os::unix::fs::symlink("run.txt", user.file("link.txt")).unwrap();
    assert_eq!(user.verifies(&["--update", "link.txt"]).0, 0);
    assert!(fs::symlink_metadata(user.file("link.txt")).unwrap().is_symlink());
    assert_ne!(user.read("run.txt"), changed);
    assert_eq!(fs::metadata(user.file("run.txt")).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(user.verifies(&["link.txt", "run.txt"]).0, 0);
}

#[test]
fn two_updates_at_once_leave_a_whole_file() {
    let user = User::new();
    assert_eq!(user.runs(&["--record", "run.txt"], &SESSION).0, 0);
    let own = user.read("run.txt");
    fs::write(user.file("run.txt"), own.replace("successful", "well")).unwrap();
    thread::scope(|scope| {
        let updates = [(); 2].map(|()| scope.spawn(|| user.verifies(&["--update", "run.txt"])));
        for (status, output, _) in updates.map(|update| update.join().unwrap()) {
            assert_eq!(status, 0, "{output}");
        }
    });
    assert_eq!(user.read("run.txt"), own);
    assert_eq!(
        fs::read_dir(user.home.path())
            .unwrap()
            .filter(|entry| {
                entry.as_ref().unwrap().file_name().to_string_lossy().contains("run")
            })
            .count(),
        1
    );
}

#[test]
fn a_secret_that_is_a_word_of_other_text_changes_none() {
    let user = User::new();
    // It is the name of a partition, too.
    let lines = [
        "hsm init -label x -password so-Passw0rd -domain d0main-of-mine -force",
        "hsm login",
        SO,
        "par cr -par so-Passw0rd -force",
        "hsm show",
        "so-Passw0rd",
    ];
    assert_eq!(user.runs(&["--record", "run.txt"], &lines).0, 2);
    let recorded = user.read("run.txt");
    let typed = "lunash:>hsm init -label x -password {HSM_PASSWORD} -domain {DOMAIN} -force\n";
    assert!(recorded.contains(typed), "{recorded}");
    // At the wrong prompt it is none of a command's words.
    assert!(recorded.contains("lunash:>********\n"), "{recorded}");
    assert_eq!(recorded.matches(SO).count(), 2, "{recorded}");
    let (status, output, _) = user.verifies(&["run.txt"]);
    assert_eq!(status, 0, "{output}");
}

#[test]
fn no_recording_has_a_secret_shown() {
    let user = User::new();
    let text = "@recorded lunash --pipe\n\
        [local_host] lunash:>hsm init -label x -password {HSM_PASSWORD} -domain {DOMAIN} -force\n\
        [local_host] lunash:>par show -par {HSM_PASSWORD}\n\
        [local_host] lunash:>client register -client {HSM_PASSWORD} -hostname {DOMAIN}\n\
        [exit status: 0]\n";
    fs::write(user.file("run.txt"), text).unwrap();
    let (status, output, remarks) = user.verifies(&["run.txt"]);
    assert_eq!(status, 1, "{output}");
    assert_eq!(user.verifies(&["--update", "run.txt"]).0, 0);
    for text in [output, remarks, user.read("run.txt")] {
        assert!(!text.contains(SO) && !text.contains(DOMAIN), "{text}");
    }
    // It was the password, though.
    assert!(user.read("run.txt").contains("'hsm init' successful."), "{}", user.read("run.txt"));
    let text = "@setup\n@here ../../x.txt y\n@recorded lunash\n[exit status: 0]\n";
    fs::write(user.file("run.txt"), text).unwrap();
    let (status, output, _) = user.verifies(&["run.txt"]);
    assert_eq!((status, output.contains("is no plain file name")), (2, true), "{output}");
}

#[test]
fn control_characters_are_recorded_visibly_and_played_again() {
    let user = User::new();
    let lines =
        ["user list \u{1b}[31mred", "my file list \u{202e}x", "\u{1b}]0;title\u{7}", "user list"];
    assert_eq!(user.runs(&["--record", "run.txt"], &lines).0, 2);
    let recorded = user.read("run.txt");
    assert!(!recorded.contains(|c: char| c.is_control() && c != '\n'), "{recorded:?}");
    assert!(!recorded.contains('\u{202e}'), "{recorded:?}");
    let (status, output, _) = user.verifies(&["run.txt"]);
    assert_eq!(status, 0, "{output}");
}

#[test]
fn a_killed_session_leaves_what_happened() {
    let user = User::new();
    let mut child = user.command(&["--record", "run.txt"]).spawn().unwrap();
    let mut keys = child.stdin.take().unwrap();
    let typed: String = SESSION.iter().flat_map(|line| [*line, "\n"]).collect();
    keys.write_all(typed.as_bytes()).unwrap();
    waits_for(&user.file("run.txt"), "lunash:>par list\n");
    waits_for(&user.file("run.txt"), "Storage (bytes)");
    // The pipe is open: it waits for more.
    child.kill().unwrap();
    child.wait().unwrap();
    let recorded = user.read("run.txt");
    assert!(!recorded.contains("[exit status"), "{recorded}");
    user.holds_no_secret("run.txt");
    let (status, output, _) = user.verifies(&["run.txt"]);
    assert_eq!(status, 0, "{output}");
    // Cut off within a line.
    let half = recorded.rfind("lunash:>par cr").unwrap() + "lunash:>par cr".len();
    fs::write(user.file("run.txt"), &recorded[..half]).unwrap();
    let (status, output, _) = user.verifies(&["run.txt"]);
    assert_eq!(status, 0, "{output}");
}

#[test]
fn a_full_disk_is_told_and_the_session_goes_on_unless_it_is_to_stop() {
    let user = User::new();
    let full = ["--record", "/dev/full", "--record-overwrite"];
    let lines = ["user list", "client list"];
    let (status, output, remarks) = user.runs(&full, &lines);
    assert_eq!(status, 1, "{output}");
    assert!(remarks.contains("warning: cannot write /dev/full: "), "{remarks}");
    assert_eq!(remarks.matches("/dev/full").count(), 1, "{remarks}");
    assert_eq!(output.matches("Command Result").count(), 2, "{output}");
    let (status, output, _) = user.runs(&[&full[..], &["--fail-fast"]].concat(), &lines);
    assert_eq!((status, output.matches("Command Result").count()), (1, 1), "{output}");
}

#[test]
fn what_is_no_transcript_is_not_understood() {
    let user = User::new();
    fs::write(user.file("prose.txt"), "par list\n").unwrap();
    fs::write(user.file("other.txt"), "@recorded vtl\nlunacm:>exit\n").unwrap();
    for file in ["prose.txt", "other.txt", "absent.txt", "absent.in"] {
        let (status, output, _) = user.verifies(&[file]);
        assert_eq!(
            (status, output.starts_with(&format!("failed   {file}\n"))),
            (2, true),
            "{output}"
        );
    }
    assert_eq!(user.runs(&["-c", "par list", "verify", "x"], &[]).0, 2);
    let (status, _, remarks) =
        user.runs(&["--host", "a,b", "--record", "run.txt", "-c", "par list"], &[]);
    assert_eq!(status, 2, "{remarks}");
}
