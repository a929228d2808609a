//! The web server's certificate and ciphers, as openssl sees them at its next connection.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::Process;
use luna_rest::services::{ACT, ServiceAction};
use luna_rest::web_server::{self, ChangeWebServer};
use luna_rest::{Client, Nothing};
use tempfile::tempdir;

/// What `openssl s_client` says of a connection with these options; nothing when there is none.
fn connection(process: &Process, options: &[&str]) -> Option<String> {
    let mut openssl = Command::new("openssl");
    openssl.args(["s_client", "-connect", &process.address.to_string()]).args(options);
    let done = openssl.stdin(Stdio::null()).output().unwrap();
    done.status.success().then(|| String::from_utf8(done.stdout).unwrap())
}

/// The cipher that openssl and the web server agree on.
fn cipher(process: &Process, options: &[&str]) -> Option<String> {
    let said = connection(process, options)?;
    let line = said.lines().find(|line| line.contains("Cipher is "))?;
    line.rsplit(' ').next().map(str::to_owned)
}

/// The certificate that the web server shows to openssl, which must be that of its folder.
fn shown(process: &Process, data: &Path) -> String {
    let said = connection(process, &["-showcerts"]).unwrap();
    let begin = said.find("-----BEGIN CERTIFICATE-----").unwrap();
    let end = said.find("-----END CERTIFICATE-----").unwrap();
    let pem = said[begin..end].trim().to_owned();
    let kept = std::fs::read_to_string(data.join("web.pem")).unwrap().replace('\r', "");
    assert!(kept.contains(&pem), "{kept}");
    pem
}

fn offer(client: &Client, list: &str) {
    let change = ChangeWebServer { cipher_list: Some(list.to_owned()), ..Default::default() };
    client.call(&web_server::CHANGE, &[], &change).unwrap();
}

#[test]
fn a_new_certificate_is_shown_at_the_next_connection_and_after_a_restart() {
    let data = tempdir().unwrap();
    let process = Process::start(data.path());
    let (client, first) = (process.client(data.path()), shown(&process, data.path()));
    client.call(&web_server::MAKE_CERTIFICATE, &[], &Nothing {}).unwrap();
    let second = shown(&process, data.path());
    assert_ne!(first, second);
    let told = client.get(&web_server::CERTIFICATE, &[]).unwrap();
    assert!(told.certificate.replace('\r', "").contains(&second), "{}", told.certificate);
    // The endpoint has the new fingerprint: who looks into the folder is let in.
    let found = luna_appliance::Appliance::locate(data.path()).unwrap();
    assert_eq!(found.fingerprint, format!("SHA256:{}", told.fingerprint));
    common::client(process.address, found.fingerprint.parse().unwrap(), data.path());
    process.kill();
    let process = Process::start(data.path());
    assert_eq!(shown(&process, data.path()), second);
    process.kill();
}

#[test]
fn only_the_ciphers_that_are_set_are_offered_now_and_after_a_restart() {
    let data = tempdir().unwrap();
    let mut process = Process::start(data.path());
    let client = process.client(data.path());
    assert_eq!(cipher(&process, &["-tls1_3"]).unwrap(), "TLS_AES_256_GCM_SHA384");
    assert_eq!(cipher(&process, &["-tls1_2"]).unwrap(), "ECDHE-ECDSA-AES256-GCM-SHA384");
    // The list's order counts, not the client's.
    offer(&client, "AES256-SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
    for restarted in [false, true] {
        if restarted {
            process.kill();
            process = Process::start(data.path());
        }
        assert_eq!(cipher(&process, &["-tls1_3"]).unwrap(), "TLS_AES_128_GCM_SHA256");
        let other = ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"];
        assert_eq!(cipher(&process, &other), None);
        assert_eq!(cipher(&process, &["-tls1_2"]), None);
    }
    let client = process.client(data.path());
    offer(&client, "ECDHE-ECDSA-AES128-GCM-SHA256");
    assert_eq!(cipher(&process, &["-tls1_3"]), None);
    assert_eq!(cipher(&process, &[]).unwrap(), "ECDHE-ECDSA-AES128-GCM-SHA256");
    // A new certificate changes nothing about them.
    client.call(&web_server::MAKE_CERTIFICATE, &[], &Nothing {}).unwrap();
    assert_eq!(cipher(&process, &["-tls1_3"]), None);
    process.kill();
}

#[test]
fn a_port_that_was_bound_is_open_after_a_restart_of_the_server_and_of_the_appliance() {
    let folder = tempdir().unwrap();
    let process = Process::start(folder.path());
    let client = process.client(folder.path());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let bind = |client: &Client, port| {
        let change = ChangeWebServer { port: Some(port), ..ChangeWebServer::default() };
        client.call(&web_server::CHANGE, &[], &change).unwrap();
    };
    let restart = |client: &Client| {
        client.call(&ACT, &["webserver", "restart"], &ServiceAction::default()).unwrap();
    };
    bind(&client, port);
    let is_open = |port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    assert!(!is_open(port), "before the server was restarted");
    restart(&client);
    assert!(is_open(port) && is_open(process.address.port()));
    // The same server: its certificate is the one that is known.
    common::connect((process.address.ip(), port).into(), process.fingerprint);
    process.kill();
    let process = Process::start(folder.path());
    assert!(is_open(port), "after the appliance was killed");
    let client = process.client(folder.path());
    bind(&client, 8443);
    restart(&client);
    // Requests under way are answered before the port is closed.
    let deadline = Instant::now() + Duration::from_secs(30);
    while is_open(port) {
        assert!(Instant::now() < deadline, "bound to the port of the factory again");
    }
    assert!(is_open(process.address.port()));
}
