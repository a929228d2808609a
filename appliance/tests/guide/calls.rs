//! Every REST call that the Cluster Administration Guide names is played, with the body it prints.

use std::fs;

use libtest_mimic::Failed;
use serde_json::Value;

use super::{FOLDER, names};

/// What the guide (7.8.5) names, in its order: method, path, the body where it prints one, and
/// whether the appliance does it.
const CALLS: &[(&str, &str, &str, bool)] = &[
    // Chapter 2: installing and configuring the cluster package.
    ("PUT", "/api/lunasa/hsms/{}", "", true),
    ("POST", "/api/lunasa/ntp/actions/{}", "", true),
    ("PUT", "/api/lunasa/time", "", true),
    ("POST", "/auth/session", "", true),
    ("POST", "/api/lunasa/hsms/{}/partitions", "", true),
    ("PUT", "/api/lunasa/hsms/{}/partitions/{}", "", true),
    ("POST", "/api/lunasa/hsms/{}/partitions/{}/login", "", true),
    ("PUT", "/api/lunasa/hsms/{}/partitions/{}/policies/{}", "", true),
    ("POST", "/tasks/{}/actions/start", "", true),
    ("PUT", "/api/lunasa/hsms/{}/partitions/{}/roles/co", "", true),
    ("PATCH", "/api/lunasa/hsms/{}/partitions/{}/roles/co", "", true),
    ("POST", "/api/lunasa/hsms/{}/login", "", true),
    ("GET", "/users/{}/files", "", true),
    ("POST", "/api/lunasa/packageFiles?VerifyOnly=true", "", true),
    ("GET", "/tasks/{}/response", "", true),
    ("POST", "/api/lunasa/packageFiles?VerifyOnly=false", "", true),
    ("PATCH", "/api/lunasa/services/{}", r#"{"onBoot": true}"#, true),
    ("PUT", "/api/cluster/config", r#"{"service": "core", "IpAddress": "127.0.0.1"}"#, true),
    ("POST", "/api/lunasa/services/cluster/actions/start", "", true),
    ("GET", "/api/lunasa/services/cluster", "", true),
    // Its text gives 50075 to the service admin alone.
    (
        "PUT",
        "/api/cluster/config",
        r#"{"service": "crypto", "interface": "eth0", "port": 50075}"#,
        false,
    ),
    ("GET", "/api/cluster/config", "", true),
    // Chapter 3: managing cluster members.
    (
        "POST",
        "/api/clusters",
        r#"{"authentication": [{"type": "SO", "password": "IamtheHSM SO"}],
            "clusterLabel": "myNewCluster"}"#,
        true,
    ),
    ("GET", "/api/clusters/{}/members", "", true),
    (
        "PUT",
        "/api/clusters/{}/members/{}",
        r#"{"action": "authorize", "authentication": [
            {"type": "CO", "password": "IamtheCO", "partitionLabel": "clusterpar"}]}"#,
        true,
    ),
    ("GET", "/api/clusters/{}/members/{}", "", true),
    ("GET", "/api/clusters", "", true),
    (
        "PUT",
        "/api/clusters/{}",
        r#"{"authentication": [
            {"type": "CO", "password": "IamtheCO", "partitionLabel": "clusterpar"}],
            "remoteClusterIpAddress": "127.0.0.1", "remoteAdminPassword": "Iamtheadmin",
            "action": "join"}"#,
        true,
    ),
    ("PUT", "/api/clusters/{}/members/{}", r#"{"action": "config", "group": "newgroup"}"#, true),
    ("PUT", "/api/clusters/{}/members/{}", r#"{"action": "config", "primary": true}"#, true),
    (
        "PATCH",
        "/api/clusters/{}/members/{}",
        r#"{"authentication": [
            {"type": "CO", "password": "IamtheCO", "partitionLabel": "clusterpar"}],
            "action": "leave"}"#,
        true,
    ),
    (
        "DELETE",
        "/api/clusters/{}/members/{}",
        r#"{"authentication": [{"type": "CO", "password": "IamtheCO"}]}"#,
        true,
    ),
    ("POST", "/api/lunasa/services/cluster/actions/factoryreset", "", true),
    // Chapter 5: managing keyrings.
    (
        "POST",
        "/api/keyrings",
        r#"{"authentication": [
            {"type": "CO", "password": "IamtheCO", "partitionLabel": "clusterpar"}],
            "keyRingLabel": "myKeyring", "keyRingPassword": "keyringpassword",
            "total": 10, "index": 100}"#,
        true,
    ),
    ("GET", "/api/keyrings", "", true),
    ("GET", "/api/keyrings/{}", "", true),
    ("PATCH", "/api/keyrings/{}", "", true),
    (
        "DELETE",
        "/api/keyrings/{}",
        r#"{"authentication": [{"type": "CO", "password": "IamtheCO"}]}"#,
        true,
    ),
    // Chapter 6: cluster backup and restore. The day 7 of its example is none.
    (
        "PUT",
        "/api/clusters/{}/backup",
        r#"{"action": "run", "password": "backuppasword", "filename": "myClusterBackup"}"#,
        true,
    ),
    ("PUT", "/api/clusters/{}/backup", r#"{"action": "disable"}"#, true),
    (
        "PUT",
        "/api/clusters/{}/backup",
        r#"{"action": "config", "total": 5, "time": "7:09:30", "filename": "myClusterBackup"}"#,
        false,
    ),
    (
        "PUT",
        "/api/clusters/{}/backup",
        r#"{"action": "config", "total": 5, "time": "0:09:30", "filename": "myClusterBackup"}"#,
        true,
    ),
    (
        "PUT",
        "/api/clusters/{}/backup",
        r#"{"action": "enable", "password": "backuppasword"}"#,
        true,
    ),
    ("PUT", "/api/clusters/{}/backup", r#"{"action": "show"}"#, true),
    ("POST", "/api/lunasa/services/cluster/actions/stop", "", true),
    (
        "PUT",
        "/api/cluster/restore",
        r#"{"filename": "myBackupFile", "password": "backuppasword", "type": "keyring"}"#,
        true,
    ),
    ("GET", "/api/cluster/restore", "", true),
    ("POST", "/api/lunasa/services/cluster/actions/restart", "", true),
    // Chapter 7: updating the cluster.
    ("GET", "/api/lunasa/packages", "", true),
    ("POST", "/api/lunasa/hsms/{}/supportInfo", "", true),
    ("POST", "/api/lunasa/services/cluster/actions/disable", "", true),
    ("POST", "/api/lunasa/packageFiles", "", true),
    ("POST", "/api/lunasa/hsms/{}/firmware/actions/upgrade", "", true),
    ("POST", "/api/lunasa/services/cluster/actions/enable", "", true),
];

/// What the variables at the beginning of a URL stand for.
const VARIABLES: [(&str, &str); 7] = [
    ("$LUNA1", ""),
    ("$LUNA2", ""),
    ("$LUNA", ""),
    ("$CLUSTER", "/api/clusters/{}"),
    ("$MEMBER", "/api/clusters/{}/members/{}"),
    ("$PARTITION", "/api/lunasa/hsms/{}/partitions/{}"),
    ("$TASK", "/tasks/{}"),
];

/// Values that differ here from the guide's: an address, and a password with a digit in it.
const OWN: [(&str, &str); 2] = [("127.0.0.1", "$IP"), ("Iamtheadmin", "Iamtheadm1n")];

struct Played {
    method: String,
    path: String,
    body: Option<Value>,
    done: bool,
}

/// The calls of a transcript that were shown with their answers.
fn played(transcript: &str) -> Vec<Played> {
    let mut lines = transcript.lines().peekable();
    let mut calls = Vec::new();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("$ curl ") else { continue };
        let inline = command.split('\'').find(|part| part.starts_with('{'));
        let mut body = inline.unwrap_or_default().to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
            body += more[2..].trim_end_matches("END");
        }
        let Some(answer) = lines.peek().and_then(|line| line.rsplit_once('[')) else { continue };
        let words: Vec<&str> = command.split([' ', '"']).collect();
        let method = words.iter().skip_while(|word| **word != "-X").nth(1).unwrap_or(&"GET");
        let Some(url) = words.iter().find(|word| word.starts_with('$')) else { continue };
        let (mut path, mut rest) = (String::new(), *url);
        for (variable, means) in VARIABLES {
            if let Some(behind) = rest.strip_prefix(variable) {
                path.push_str(means);
                rest = behind;
            }
        }
        path.push_str(rest);
        let body = serde_json::from_str(&body.replace("$IP1", "$IP")).ok();
        let (method, done) = ((*method).to_owned(), answer.1.starts_with('2'));
        calls.push(Played { method, path, body, done });
    }
    calls
}

/// Whether a path is that of a resource, `{}` and variables standing for any part.
fn fits(path: &str, template: &str) -> bool {
    let is_any = |part: &str| part == "{}" || part.starts_with('$');
    path.split('/').count() == template.split('/').count()
        && path
            .split('/')
            .zip(template.split('/'))
            .all(|(part, wanted)| part == wanted || is_any(wanted) || is_any(part))
}

/// Every call of the guide is in a transcript.
pub(crate) fn every_call_is_played() -> Result<(), Failed> {
    let transcripts = names("snap")
        .into_iter()
        .flat_map(|name| played(&fs::read_to_string(format!("{FOLDER}/{name}.snap")).unwrap()));
    let all: Vec<Played> = transcripts.collect();
    let is_played = |(method, path, body, done): &&(&str, &str, &str, bool)| {
        let mut body = (*body).to_owned();
        for (guide, own) in OWN {
            body = body.replace(guide, own);
        }
        let body: Option<Value> = (!body.is_empty()).then(|| serde_json::from_str(&body).unwrap());
        all.iter().any(|call| {
            call.method == *method
                && fits(&call.path, path)
                && call.done == *done
                && (body.is_none() || call.body == body)
        })
    };
    let missing: Vec<_> = CALLS.iter().filter(|call| !is_played(call)).collect();
    assert!(missing.is_empty(), "no transcript in {FOLDER} has these calls: {missing:#?}");
    Ok(())
}
