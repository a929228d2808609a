use luna_rest::link::{OPEN, SHOW};
use luna_rest::{Method, Resource, hsm, link, ntls};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;

use crate::core::message::Request;
use crate::rules::ntls::certificates::tests::pem;
use crate::rules::partition::lifecycle::tests::{SO, bench, initialized};
use crate::test_machine::TestMachine;

const HERE: &str = "127.0.0.1";
const UNKNOWN: (u16, &str) = (401, "EMULATOR_LINK_UNKNOWN_CLIENT");
const NO_SESSION: (u16, &str) = (401, "FRAMEWORK_NO_SESSION_COOKIE");

fn der(pem: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

/// A machine with a partition of the client `app`, whose certificate is this, and one of nobody.
fn with_client(pem: &str) -> (TestMachine, String, String) {
    let mut bench = bench();
    let own = initialized(&mut bench, 0);
    let other = own.rsplit_once('/').unwrap().0.to_owned();
    let other = bench.post(&other, json!({"name": "other", "hasPso": true})).created();
    register(&mut bench, json!({"clientName": "app", "hostname": "app", "certificate": pem}));
    bench.post("/api/lunasa/ntls/clients/app/links", json!({"url": own})).created();
    (bench, own, other)
}

fn register(bench: &mut TestMachine, body: serde_json::Value) {
    let made = bench.post(ntls::REGISTER.template(), body);
    assert_eq!(made.status, 200, "{}", made.text());
}

fn open(bench: &mut TestMachine, certificate: &[u8], from: &str) -> link::Link {
    bench.come_with(certificate, from);
    bench.call(&OPEN, &[], &luna_rest::Nothing {})
}

fn refused(bench: &mut TestMachine, certificate: &[u8], from: &str) -> (u16, &'static str) {
    bench.come_with(certificate, from);
    bench.post(OPEN.template(), json!({})).error()
}

#[test]
fn a_client_logs_in_to_its_own_partition_and_sees_no_other() {
    let pem = pem("app");
    let (mut bench, own, other) = with_client(&pem);
    let shown = open(&mut bench, &der(&pem), HERE);
    assert_eq!((shown.client_id.as_str(), shown.version.as_str()), ("app", "7.8.5-20"));
    assert_eq!(shown.partitions, [own.rsplit('/').next().unwrap()]);
    let login = json!({"role": "so", "password": SO});
    bench.post(&format!("{own}/login"), login.clone()).created();
    let co = json!({"password": "co-Password1"});
    bench.put(&format!("{own}/roles/co"), co).created();
    assert_eq!(bench.get(&own).status, 200);
    let missing = (404, "HSMPLUGIN_INVALID_PARTITION");
    assert_eq!(bench.get(&other).error(), missing);
    assert_eq!(bench.post(&format!("{other}/login"), login).error(), missing);
    // What is answered as a task is the client's own to follow.
    let change = json!({"oldPassword": "co-Password1", "newPassword": "co-Password2"});
    let task = bench.patch(&format!("{own}/roles/co"), change);
    assert_eq!(task.status, 202, "{}", task.text());
    assert_eq!(bench.get("/tasks/0/response").status, 204);
}

#[test]
fn of_all_that_is_declared_a_client_may_use_its_own_calls() {
    let pem = pem("app");
    let (mut bench, own, other) = with_client(&pem);
    let (hsm, other) = (own.split('/').nth(4).unwrap(), other.rsplit('/').next().unwrap());
    open(&mut bench, &der(&pem), HERE);
    let mut allowed = Vec::new();
    for resource in luna_rest::resources() {
        let Resource { method, template } = resource;
        let fill = |segment: &str| match segment {
            "{hsmid}" | "{ownerid}" => hsm.to_owned(),
            "{partitionid}" | "{slotid}" => other.to_owned(),
            segment if segment.starts_with('{') => "1".to_owned(),
            segment => segment.to_owned(),
        };
        let path: Vec<String> = template.split('/').map(fill).collect();
        if resource == luna_rest::peers::SEND.resource() || template == "/auth/session" {
            continue;
        }
        let answer = bench.send(Request::new(method, path.join("/")));
        let refused = answer.status >= 400
            && answer.error() == (404, "FRAMEWORK_NO_RESOURCE")
            && answer.text().contains("clients of partitions alone");
        if refused {
            continue;
        }
        if template.contains("{partitionid}") || template.contains("{slotid}") {
            assert_eq!(answer.error(), (404, "HSMPLUGIN_INVALID_PARTITION"), "{resource}");
        } else {
            allowed.push(resource.to_string());
        }
    }
    allowed.sort();
    let mut expected = vec![
        OPEN.resource().to_string(),
        SHOW.resource().to_string(),
        hsm::SHOW.resource().to_string(),
        "DELETE /tasks/{taskid}".to_owned(),
        "GET /tasks/{taskid}".to_owned(),
        "GET /tasks/{taskid}/response".to_owned(),
        "POST /tasks/{taskid}/actions/{actionid}".to_owned(),
    ];
    expected.sort();
    assert_eq!(allowed, expected);
    // An account's password opens nothing here.
    assert_eq!(bench.post("/auth/session", json!({})).error(), (404, "FRAMEWORK_NO_RESOURCE"));
    assert_eq!(bench.delete("/auth/session").status, 204);
    assert_eq!(bench.get(SHOW.template()).error(), NO_SESSION);
}

#[test]
fn a_session_ends_with_the_registration_the_certificate_and_the_service() {
    let (first, second) = (pem("app"), pem("app"));
    let certificate = der(&first);
    let client = "/api/lunasa/ntls/clients/app";
    let renew = json!({"certificate": second});
    let ends: [(Method, &str, serde_json::Value); 3] = [
        (Method::Delete, client, json!({})),
        (Method::Put, client, renew),
        (Method::Post, "/api/lunasa/services/ntls/actions/restart", json!({})),
    ];
    for (method, path, body) in ends {
        let (mut bench, own, _) = with_client(&first);
        open(&mut bench, &certificate, HERE);
        assert_eq!(bench.get(&own).status, 200);
        let answer = bench.as_admin(|admin| match method {
            Method::Delete => admin.delete(path),
            Method::Put => admin.put(path, body),
            _ => admin.post(path, body),
        });
        assert!(answer.status < 300, "{}", answer.text());
        let error = bench.get(&own).error();
        assert!([NO_SESSION, UNKNOWN].contains(&error), "{method} {path}: {error:?}");
    }
}

#[test]
fn a_partition_that_is_taken_away_is_gone_and_so_is_its_login() {
    let pem = pem("app");
    let (mut bench, own, _) = with_client(&pem);
    open(&mut bench, &der(&pem), HERE);
    let login = json!({"role": "so", "password": SO});
    bench.post(&format!("{own}/login"), login).created();
    let links = "/api/lunasa/ntls/clients/app/links";
    let serial = own.rsplit('/').next().unwrap();
    let revoked = bench.as_admin(|admin| admin.delete(&format!("{links}/{serial}")));
    assert_eq!(revoked.status, 204);
    assert_eq!(bench.get(&own).error(), (404, "HSMPLUGIN_INVALID_PARTITION"));
    bench.as_admin(|admin| admin.post(links, json!({"url": own})).created());
    assert_eq!(bench.get(&own).status, 200);
    let role = bench.put(&format!("{own}/roles/co"), json!({"password": "co-Password1"}));
    assert_eq!(role.status, 401, "the login is gone: {}", role.text());
}

#[test]
fn a_client_is_known_by_its_certificate_from_its_address() {
    let (of_app, stranger) = (pem("app"), pem("app"));
    let (mut bench, ..) = with_client(&of_app);
    // One certificate for all machines of a scaling group: registered by a name, it may come from anywhere.
    for from in [HERE, "10.0.0.1", "10.0.0.2"] {
        assert_eq!(open(&mut bench, &der(&of_app), from).client_id, "app");
    }
    assert_eq!(refused(&mut bench, &der(&stranger), HERE), UNKNOWN);
    assert_eq!(refused(&mut bench, b"nonsense", HERE), UNKNOWN);
    bench.local_login();
    let by_ip = pem("10.0.0.7");
    register(&mut bench, json!({"clientName": "ip", "ip": "10.0.0.7", "certificate": by_ip}));
    open(&mut bench, &der(&by_ip), "10.0.0.7");
    let wrong = (401, "EMULATOR_LINK_WRONG_ADDRESS");
    assert_eq!(refused(&mut bench, &der(&by_ip), "10.0.0.8"), wrong);
    bench.local_login();
    let counted = bench.get(ntls::INFORMATION.template()).json();
    assert_eq!((&counted["connectedClients"], &counted["links"]), (&json!(2), &json!(4)));
    let connections = (&counted["successfulConnections"], &counted["failedConnections"]);
    assert_eq!(connections, (&json!(4), &json!(3)), "{counted}");
    bench.machine.state.ntls.settings.get_mut().ip_check = false;
    bench.store();
    open(&mut bench, &der(&by_ip), "10.0.0.8");
    bench.local_login();
    bench.advance(6 * 365 * 24 * 3600);
    assert_eq!(refused(&mut bench, &der(&of_app), HERE), UNKNOWN, "it has expired");
}

#[test]
fn who_was_registered_without_a_certificate_needs_one_by_a_trusted_authority() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::from_params(&params, &key);
    let signed = |name: &str, unit: &str| {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::OrganizationalUnitName, unit);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let own = rcgen::KeyPair::generate().unwrap();
        params.signed_by(&own, &issuer).unwrap().der().to_vec()
    };
    let mut bench = bench();
    register(&mut bench, json!({"clientName": "app", "hostname": "web"}));
    let (web, db) = (signed("web", "shop"), signed("db", "shop"));
    assert_eq!(refused(&mut bench, &web, HERE), UNKNOWN);
    bench.local_login();
    let added = bench.post(ntls::ADD_AUTHORITY.template(), json!({"certificate": authority.pem()}));
    assert_eq!(added.status, 204, "{}", added.text());
    assert_eq!(open(&mut bench, &web, HERE).client_id, "app");
    assert_eq!(refused(&mut bench, &db, HERE), UNKNOWN);
    bench.local_login();
    bench.put("/api/lunasa/ntls/clients/app/dn", json!({"dn": "OU=shop/CN=web"}));
    assert_eq!(open(&mut bench, &web, HERE).client_id, "app");
    assert_eq!(refused(&mut bench, &signed("web", "lab"), HERE), UNKNOWN);
}
