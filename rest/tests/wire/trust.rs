//! Which certificates a client accepts, and its errors for the others.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;

use luna_rest::{Client, Error, Fingerprint, Target, Trust};

use crate::server::{Server, answer};

fn quiet() -> Server {
    Server::start(|_| answer(204, ""))
}

fn reason(target: Target) -> String {
    match Client::connect(target) {
        Err(Error::Unreachable { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn first_contact_reports_the_fingerprint() {
    let server = quiet();
    match Client::connect(server.target(Trust::FirstContact)) {
        Err(Error::Unknown { address, seen }) => {
            assert_eq!(seen, server.fingerprint);
            assert_eq!(address, format!("127.0.0.1:{}", server.port));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_pinned_certificate_is_accepted_and_no_other() {
    let server = quiet();
    let client = server.client();
    assert_eq!(client.fingerprint(), server.fingerprint);
    assert_eq!(client.address(), format!("127.0.0.1:{}", server.port));
    let other = Fingerprint([7; 32]);
    match Client::connect(server.target(Trust::Pinned(other))) {
        Err(Error::Changed { trusted, seen, .. }) => {
            assert_eq!((trusted, seen), (other, server.fingerprint))
        }
        other => panic!("{other:?}"),
    }
    assert!(server.lines().is_empty(), "looking at a certificate sends no request");
}

#[test]
fn a_certificate_of_the_authority_is_accepted_for_its_host_name() {
    let server = quiet();
    let trust = Trust::Authority(server.authority.path().to_owned());
    let target = Target { host: "localhost".to_owned(), ..server.target(trust.clone()) };
    assert_eq!(Client::connect(target).unwrap().fingerprint(), server.fingerprint);

    let wrong_name = reason(server.target(trust));
    assert!(wrong_name.contains("not valid for name"), "{wrong_name}");
    let stranger = quiet();
    let trust = Trust::Authority(stranger.authority.path().to_owned());
    let unknown = reason(Target { host: "localhost".to_owned(), ..server.target(trust) });
    assert!(unknown.contains(&server.fingerprint.to_string()), "{unknown}");
}

#[test]
fn an_unusable_authority_file_is_named_in_the_error() {
    let server = quiet();
    let missing = reason(server.target(Trust::Authority(PathBuf::from("/nowhere/ca.pem"))));
    assert!(missing.starts_with("CA file /nowhere/ca.pem: "), "{missing}");
    let empty = tempfile::NamedTempFile::new().unwrap();
    let empty = reason(server.target(Trust::Authority(empty.path().to_owned())));
    assert!(empty.ends_with(": no certificate in it"), "{empty}");
}

#[test]
fn connection_errors_are_described_in_plain_words() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = |host: &str| Target {
        host: host.to_owned(),
        port,
        trust: Trust::FirstContact,
        limit: None,
    };
    let plain = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").unwrap();
        stream
    });
    assert_eq!(reason(target("127.0.0.1")), "what answers there does not speak TLS");
    drop(plain.join());
    assert_eq!(reason(target("127.0.0.1")), "connection refused");
    assert_eq!(reason(target("appliance.invalid")), "host name not found");
    assert_eq!(reason(target("two words")), "not a valid host name or address");
}
