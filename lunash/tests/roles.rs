//! A custom role: made from a list of commands, its user runs these and no other.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use luna_appliance::{Appliance, Options, Running};

/// An account and its passwords: the temporary one, and its own.
type Account = (&'static str, &'static str, &'static str);

const ADMIN: Account = ("admin", "PASSWORD", "Admin-Passw0rd");
const JAMES: Account = ("james", "Temporary-1", "James-Passw0rd");

/// Runs lines on the appliance, each as one `-c`. The first time an account's password is changed.
fn run(
    appliance: &Running,
    folder: &Path,
    account: Account,
    first: bool,
    lines: &[&str],
) -> Output {
    let (user, temporary, own) = account;
    let mut lunash = Command::new(env!("CARGO_BIN_EXE_lunash"));
    lunash
        .args(["-q", "--fail-fast", "--user", user, "--host", &appliance.address().to_string()])
        .args(["--fingerprint", &appliance.fingerprint().to_string()])
        .args(lines.iter().flat_map(|line| ["-c", line]))
        .env_clear()
        .env("HOME", folder)
        .env("LUNA_PASSWORD", if first { temporary } else { own })
        .env("LUNA_HSM_PASSWORD", "so-Passw0rd")
        .env("LUNA_DOMAIN", "domain-1")
        .env("LUNA_USER_PASSWORD", JAMES.1)
        .current_dir(folder);
    if first {
        lunash.env("LUNA_NEW_PASSWORD", own);
    }
    lunash.output().unwrap()
}

/// What the lines showed, all of which succeeded.
fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_role_of_two_commands_onboards_a_client_and_does_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let appliance = Appliance::start(Options::new(data.path())).unwrap();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["app1".to_owned()]).unwrap();
    fs::write(folder.join("app1.pem"), certificate.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(folder.join("role.txt"), "client assignPartition\nclient register\nexit\n").unwrap();

    let prepare = [
        "hsm init -label hsm -force",
        "hsm login",
        "partition create -partition p1 -force",
        "user role import -file role.txt -role onboarding",
        "user add -username james",
        "user role add -username james -role onboarding",
    ];
    shown(&run(&appliance, folder, ADMIN, true, &prepare));

    let onboard = [
        "client register -client app1 -hostname app1",
        "client assignPartition -client app1 -partition p1",
        "exit",
    ];
    let screen = shown(&run(&appliance, folder, JAMES, true, &onboard));
    assert_eq!(screen.matches("Command Result : 0 (Success)").count(), 2, "{screen}");
    assert!(shown(&run(&appliance, folder, ADMIN, false, &["client show -c app1"])).contains("p1"));

    for line in ["client delete -client app1 -force", "client revokePartition -c app1 -p p1"] {
        let refused = run(&appliance, folder, JAMES, false, &[line]);
        let screen = String::from_utf8(refused.stdout).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{line}: {screen}");
        assert!(screen.contains("does not fit behind 'client'"), "{line}: {screen}");
    }
    assert!(shown(&run(&appliance, folder, ADMIN, false, &["client show -c app1"])).contains("p1"));
}
