//! What the cluster and keyring menus do that the transcripts do not show.

/// What a session says to these lines, on an appliance with keyrings.
fn said(lines: &[&str]) -> String {
    luna_tests::play(&format!("@after keyring\n{}\n", lines.join("\n"))).unwrap()
}

#[test]
fn a_script_does_not_use_the_last_login_attempt_of_the_crypto_officer() {
    let mut lines = vec!["@lunash"];
    lines.extend(["keyring unlock -label app -copassword wrong-Passw0rd"; 9]);
    lines.push("@lunash --pipe");
    // Neither of them names the partition whose Crypto Officer is asked.
    lines.push("keyring delete -label app -copassword wrong-Passw0rd");
    lines.push("cluster member authorize -partition clusterpar -copassword wrong-Passw0rd");
    lines.push("@lunash --last-attempt");
    lines.push("keyring delete -label app -copassword co-Passw0rd");
    let screen = said(&lines);
    assert!(screen.contains("has 1 login attempt left."), "{screen}");
    assert_eq!(screen.matches("would be the last: not tried.").count(), 2, "{screen}");
    assert!(
        screen.ends_with("\n\nSuccess\n\nCommand Result : 0 (Success)\n\n\n[exit status: 0]\n")
    );
}

#[test]
fn passwords_are_taken_from_the_environment_and_shown_nowhere() {
    let screen = said(&[
        "@secret CO_PASSWORD co-Passw0rd",
        "@secret KEYRING_PASSWORD keyring-Passw0rd",
        "@secret BACKUP_PASSWORD backup-Passw0rd",
        "@lunash --fail-fast --pipe",
        "keyring create -label web -partition clusterpar",
        "cluster backup run -filename all",
        "keyring delete -label web",
        "cluster restore run -filename all -type keyring",
        "keyring show -label web",
    ]);
    assert!(screen.ends_with("[exit status: 0]\n"), "{screen}");
    assert!(!screen.contains("Passw0rd"), "{screen}");
}

#[test]
fn cluster_backups_are_files_of_admin() {
    let screen = said(&[
        "@lunash",
        "cluster backup run -filename myBackup -backuppassword backup-Passw0rd",
        "my file list",
    ]);
    assert!(screen.contains(" Mar  2 09:01 myBackup\n"), "{screen}");
}
