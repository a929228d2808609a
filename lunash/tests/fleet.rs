//! Several appliances at once.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use luna_shell::CommandResult;

#[allow(dead_code, reason = "others use the rest")]
mod several;

use several::{Fleet, PASSWORD, seen};

#[test]
fn each_profile_gives_its_result_in_order_and_the_highest_status_counts() {
    let fleet = Fleet::of(3);
    let (status, output, remarks) = fleet.run(&["--all", "client", "list"]);
    assert_eq!(status, 0, "{remarks}");
    let one = |number: usize| format!("==> hsm{number} <==\nNo clients are registered.\n");
    assert_eq!(output, [one(0), one(1), one(2)].join("\n"));
    assert!(
        remarks.contains("note: 3 of 3 appliances succeeded; the slowest was hsm"),
        "{remarks}"
    );

    let (status, output, remarks) = fleet.run(&["--all", "-c", "client show -client x"]);
    assert_eq!(status, 1);
    assert_eq!(output.matches("Specified client does not exist").count(), 3, "{output}");
    assert!(remarks.contains("; not hsm0 (status 1), hsm1 (status 1), hsm2 (status 1)"));
}

#[test]
fn one_that_cannot_be_reached_hides_no_other() {
    let fleet = Fleet::of(2);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let hosts: Vec<String> =
        fleet.running.iter().map(|(running, _)| running.address().to_string()).collect();
    let list = format!("{},{nobody},{}", hosts[0], hosts[1]);
    let fingerprint = fleet.running[0].0.fingerprint().to_string();
    let arguments =
        ["--host", &list, "--fingerprint", &fingerprint, "--output", "json", "status", "date"];
    let (status, output, remarks) = fleet.run(&arguments);
    assert_eq!(status, 3, "{remarks}");
    let results: Vec<CommandResult> =
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(String, u8)> =
        results.into_iter().map(|result| (result.appliance.unwrap().host, result.status)).collect();
    // The second has another certificate than the one that is named.
    assert_eq!(told, [(hosts[0].clone(), 0), (nobody.clone(), 3), (hosts[1].clone(), 3)]);
    assert!(remarks.contains(&format!("{nobody}: lunash: ")), "{remarks}");
}

#[test]
fn standard_input_and_secrets_of_a_descriptor_go_to_each() {
    let fleet = Fleet::of(2);
    let mut program = Command::new("/bin/sh");
    program.env_clear().env("HOME", fleet.home.path()).stdin(Stdio::piped());
    program.stdout(Stdio::piped()).stderr(Stdio::piped());
    // A descriptor can be read once only.
    let line = format!(
        "LUNA_PASSWORD_FD=3 exec {} --all 3<<END\n{PASSWORD}\nEND\n",
        env!("CARGO_BIN_EXE_lunash")
    );
    let mut child = program.args(["-c", &line]).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"client list\nstatus date\n").unwrap();
    let (status, output, remarks) = seen(child.wait_with_output().unwrap());
    assert_eq!(status, 0, "{remarks}");
    assert_eq!(output.matches("Command Result : 0 (Success)").count(), 4, "{output}");
}

#[test]
fn what_names_no_appliance_is_refused_before_anything_is_run() {
    let fleet = Fleet::of(1);
    for (arguments, why) in [
        (&["--host", "a,,b", "client", "list"][..], "'' is no appliance"),
        (&["--host", "a,a", "client", "list"], "'a' is no appliance, or stands there twice"),
        (&["--all", "--host", "a", "client", "list"], "cannot be used with"),
    ] {
        let (status, output, remarks) = fleet.run(arguments);
        assert_eq!((status, output.as_str()), (2, ""), "{arguments:?}");
        assert!(remarks.contains(why), "{remarks}");
    }
    std::fs::remove_file(fleet.home.path().join(".config/luna/config.toml")).unwrap();
    let (status, _, remarks) = fleet.run(&["--all", "client", "list"]);
    assert_eq!(status, 2);
    assert!(remarks.contains("has no profiles"), "{remarks}");
}
