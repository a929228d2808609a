use luna_rest::Call;
use serde_json::{Value, json};
use time::macros::datetime;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use crate::rules::ntls::certificates::tests as certificates;
use crate::rules::ntls::server::*;
use crate::test_machine::{Answer, TestMachine};

const PATH: &str = "/api/lunasa/ntls/certificate";

fn shown(bench: &mut TestMachine) -> ServerCertificate {
    bench.call(&CERTIFICATE, &[], &Nothing {})
}

#[test]
fn the_first_certificate_is_the_same_for_the_same_seed() {
    let mut bench = TestMachine::new();
    let first = shown(&mut bench);
    assert_eq!((&*first.subject, &*first.issuer), ("CN=local_host", "CN=local_host"));
    assert_eq!(first.not_before, "2025-01-02T03:04:05Z");
    assert_eq!(first.not_after, "2035-01-03T03:04:05Z");
    assert_eq!(first.serial_number.len(), 16 * 3 - 1);
    assert_eq!(shown(&mut TestMachine::new()), first);
    bench.restart();
    assert_eq!(shown(&mut bench), first);
}

#[test]
fn a_row_never_shows_its_key() {
    let bench = TestMachine::new();
    let row = bench.machine.state.ntls.server.get();
    assert!(!format!("{row:?}").contains(row.key.expose()));
}

/// Starts the task that an answer announces and returns how it ended.
fn start<Q, A>(bench: &mut TestMachine, call: &Call<Q, A, 0>, body: Value) -> Answer {
    let answer = match call.method() {
        luna_rest::Method::Patch => bench.patch(call.template(), body),
        _ => bench.put(call.template(), body),
    };
    if answer.status >= 300 {
        return answer;
    }
    let task = answer.created();
    bench.post(&format!("{task}/actions/start"), json!({}));
    bench.get(&format!("{task}/response"))
}

#[test]
fn the_action_of_the_reference_renews_key_and_certificate() {
    let mut bench = TestMachine::new();
    let first = shown(&mut bench);
    let action = REGENERATE.template();
    assert_eq!(bench.post(action, json!({})).status, 204);
    let second = shown(&mut bench);
    assert_ne!(second.fingerprint, first.fingerprint);
    assert_eq!((&*second.subject, &*second.not_after), ("CN=local_host", "2026-01-02T03:04:05Z"));
    let body = json!({"address": "10.0.0.1", "days": 10, "startDate": "2026-02-03"});
    assert_eq!(bench.post(action, body).status, 204);
    let third = shown(&mut bench);
    assert_eq!(
        (&*third.subject, &*third.not_before, &*third.not_after),
        ("CN=10.0.0.1", "2026-02-03T00:00:00Z", "2026-02-13T00:00:00Z")
    );
    assert!(bench.machine.state.ntls.settings.get().restart_needed);
    for body in [
        json!({"days": 0}),
        json!({"days": 3654}),
        json!({"startDate": "2026-2-3"}),
        json!({"startDate": "2026-02-30"}),
        json!({"startDate": "9999-12-31"}),
        json!({"startDate": "0001-01-01"}),
        json!({"address": "a b"}),
        json!({"address": ""}),
        json!({"address": ".x"}),
    ] {
        assert_eq!(bench.post(action, body.clone()).error().0, 400, "{body}");
    }
    assert_eq!(shown(&mut bench), third);
}

#[test]
fn a_renewed_certificate_has_the_subject_that_was_asked_for() {
    let mut bench = TestMachine::new();
    let first = shown(&mut bench);
    let body = json!({
        "cn": "hsm.example.com", "country": "CH", "state": "Bern", "location": "Ostermundigen",
        "organization": "Example", "orgunit": "IT", "email": "hsm@example.com",
        "subjectAltNames": ["IP:10.0.0.1", "DNS:hsm"], "days": 30,
    });
    let waiting = bench.patch(PATH, body.clone());
    assert_eq!(shown(&mut bench), first, "nothing happens before the task is started");
    bench.delete(&waiting.created());
    assert_eq!(start(&mut bench, &RENEW, body).status, 204);
    let renewed = shown(&mut bench);
    assert_eq!(
        renewed.subject,
        "C=CH, ST=Bern, L=Ostermundigen, O=Example, OU=IT, CN=hsm.example.com, \
         Email=hsm@example.com"
    );
    assert_eq!(renewed.not_after, "2025-02-01T03:04:05Z");
    for (name, value) in [
        ("country", "ch"),
        ("country", "CHE"),
        ("state", "9"),
        ("location", "a "),
        ("organization", "a&b"),
        ("orgunit", ""),
        ("email", "nobody"),
        ("email", "a b@c.de"),
    ] {
        let answer = bench.patch(PATH, json!({name: value}));
        assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"), "{name} {value}");
    }
    for names in [json!(["hsm"]), json!(["DNS:"]), json!(vec!["DNS:a"; 11])] {
        let answer = bench.patch(PATH, json!({"subjectAltNames": names}));
        assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"));
    }
}

#[test]
fn a_request_is_signed_elsewhere_and_its_certificate_installed() {
    let mut bench = TestMachine::new();
    assert_eq!(bench.post(REQUEST.template(), json!({"cn": "hsm.example.com"})).status, 204);
    let pem = bench.machine.state.files.get("admin", "serverCSR.pem").unwrap().content.clone();
    let block = Pem::iter_from_buffer(&pem).next().unwrap().unwrap();
    let (_, request) = X509CertificationRequest::from_der(&block.contents).unwrap();
    let info = &request.certification_request_info;
    assert_eq!(
        info.subject.to_string(),
        "C=CA, ST=Ontario, L=Ottawa, O=Thales, CN=hsm.example.com"
    );
    let key = bench.machine.state.ntls.server.get().key_pair().unwrap();
    assert_eq!(info.subject_pki.raw, rcgen::PublicKeyData::subject_public_key_info(&key));

    // An authority signs for that key.
    let authority = rcgen::KeyPair::generate().unwrap();
    let issuer = rcgen::Issuer::new(CertificateParams::default(), authority);
    let mut signed = params("hsm.example.com", &Subject::default()).unwrap();
    signed.not_before = datetime!(2025-01-01 00:00 UTC);
    signed.not_after = datetime!(2027-01-01 00:00 UTC);
    let signed = signed.signed_by(&key, &issuer).unwrap().pem();
    bench.upload("/users/admin/files", "signed.pem", signed.as_bytes());
    assert_eq!(start(&mut bench, &INSTALL, json!({"file": "signed.pem"})).status, 204);
    let installed = shown(&mut bench);
    assert_eq!(installed.subject, "CN=hsm.example.com");
    assert_eq!(installed.issuer, "CN=rcgen self signed cert");

    let foreign = certificates::pem("hsm.example.com");
    bench.upload("/users/admin/files", "foreign.pem", foreign.as_bytes());
    let refused = bench.put(PATH, json!({"file": "foreign.pem"}));
    assert_eq!(refused.error(), (400, "NTLS_INVALID_CERTIFICATE"));
    assert!(refused.text().contains("present key"));
    assert_eq!(bench.put_text(PATH, "x").error(), (400, "NTLS_INVALID_CERTIFICATE"));
    let none = bench.put(PATH, json!({"file": "none.pem"}));
    assert_eq!(none.error(), (404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST"));
    bench.advance(3 * 366 * 86_400);
    bench.local_login();
    let late = bench.put(PATH, json!({"file": "signed.pem"}));
    assert_eq!(late.error(), (400, "APPLIANCE_EXPIRED_CERT"));
    assert_eq!(shown(&mut bench), installed);
}

#[test]
fn changes_need_the_role_and_the_so_when_that_is_forced() {
    let mut bench = TestMachine::new();
    bench.user("olga", "Wolf1234", "operator");
    bench.machine.state.lunasa.settings.get_mut().force_so_login = true;
    bench.machine.keep();
    let refused = (400, "APPLIANCE_REQUIRE_SO_LOGIN");
    assert_eq!(bench.post(REGENERATE.template(), json!({})).error(), refused);
    assert_eq!(bench.patch(PATH, json!({})).error(), refused);
    bench.login("olga", "Wolf1234");
    assert_eq!(bench.patch(PATH, json!({})).error(), (401, "FRAMEWORK_NO_ACL_RULE"));
    assert_eq!(bench.get(PATH).status, 200);
}
