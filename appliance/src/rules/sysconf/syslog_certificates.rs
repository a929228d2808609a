//! The certificates for log hosts that TLS is spoken with: `/api/lunasa/syslog/remoteHosts/ca`,
//! `.../certificate` and `.../csr`. What is changed takes effect when the service is restarted.
//!
//! Assumed: certificates that hosts need are not removed, and not replaced by a new key.

use luna_rest::ntls::{CertificateFile, NewCertificate, NewKey, NewRequest};
use luna_rest::syslog::certificates::{
    ADD_AUTHORITY, AUTHORITY_EXISTS, DELETE, DELETE_AUTHORITY, GENERATE, IN_USE, INSTALL, INVALID,
    NO_AUTHORITY, NO_CERTIFICATE, REQUEST,
};
use luna_rest::{ErrorId, Nothing, Secret};
use rcgen::{CertificateParams, KeyPair};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{Ids, OPERATOR, Routes, Upload};
use crate::rules::ntls::certificates::Certificate;
use crate::rules::ntls::server::{check, failed, hostname, params, start_of, with_defaults};
use crate::rules::ntls::settings::users_file;
use crate::state::ntls::{LONGEST, ServerRow, key_pair};
use crate::state::syslog::CertificatesRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&GENERATE, OPERATOR, generate);
    r.on(&REQUEST, OPERATOR, request);
    r.on_either(&INSTALL, OPERATOR, install, install_file);
    r.on(&DELETE, OPERATOR, delete);
    r.on(&ADD_AUTHORITY, OPERATOR, add_authority);
    r.on(&DELETE_AUTHORITY, OPERATOR, delete_authority);
}

/// What the appliance's certificate and a request for one are called among the user's files. Assumed:
/// after `server.pem` and `serverCSR.pem`.
const FILES: [&str; 2] = ["syslog.pem", "syslogCSR.pem"];

/// Changes the certificates, from the next start of the service on.
fn changed<'c>(cx: &'c mut Context<'_>) -> &'c mut CertificatesRow {
    let row = cx.state.syslog.certificates.get_mut();
    row.restart_needed = true;
    row
}

fn put(cx: &mut Context<'_>, file: &str, pem: String) {
    let (user, now) = (cx.session().user.clone(), cx.now);
    cx.state.files.put(&user, file, pem.into_bytes(), now);
}

/// A new key, and a certificate of it that it signs itself.
fn new_key(
    cx: &mut Context<'_>,
    params: CertificateParams,
    validity: (time::OffsetDateTime, u32),
) -> Result<ServerRow, Failure> {
    let now = cx.now;
    ServerRow::self_signed(cx.random(), params, validity, now).map_err(failed)
}

fn generate(cx: &mut Context<'_>, _: &Ids<0>, new: NewKey) -> Result<Reply<Nothing>, Failure> {
    let cn = new.cn.unwrap_or_else(|| hostname(cx));
    let (subject, days) = (with_defaults(new.subject), new.days.unwrap_or(LONGEST));
    check(&cn, Some(days), &subject)?;
    let start = start_of(new.start_date.as_deref(), cx.now)?;
    let params = params(&cn, &subject).map_err(failed)?;
    let made = new_key(cx, params, (start, days))?;
    let row = changed(cx);
    (row.key, row.certificate) = (made.key, made.certificate.clone());
    put(cx, FILES[0], made.certificate);
    Ok(Reply::done())
}

fn request(cx: &mut Context<'_>, _: &Ids<0>, new: NewRequest) -> Result<Reply<Nothing>, Failure> {
    let cn = new.cn.unwrap_or_else(|| hostname(cx));
    let subject = with_defaults(new.subject);
    check(&cn, new.days, &subject)?;
    let params = params(&cn, &subject).map_err(failed)?;
    if cx.state.syslog.certificates.get().key.is_empty() {
        let validity = (cx.now, LONGEST);
        let made = new_key(cx, params.clone(), validity)?;
        changed(cx).key = made.key;
    }
    let request = params.serialize_request(&key(cx)?).and_then(|request| request.pem());
    put(cx, FILES[1], request.map_err(failed)?);
    Ok(Reply::done())
}

/// The key that a certificate is made for.
fn key(cx: &Context<'_>) -> Result<KeyPair, Failure> {
    key_pair(&cx.state.syslog.certificates.get().key).map_err(|_| {
        let details = "There is no key yet: make one with a request, POST \
                       /api/lunasa/syslog/remoteHosts/csr, and have that signed.";
        Failure::new(404, NO_CERTIFICATE, "The logs have no key.").details(details)
    })
}

fn install(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    new: CertificateFile,
) -> Result<Reply<Nothing>, Failure> {
    let pem = users_file(cx, &new.file)?;
    install_pem(cx, &pem)
}

fn install_file(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    file: Upload<'_>,
) -> Result<Reply<Nothing>, Failure> {
    install_pem(cx, file.content)
}

fn install_pem(cx: &mut Context<'_>, pem: &[u8]) -> Result<Reply<Nothing>, Failure> {
    let key = key(cx)?;
    let invalid = |failure: Failure| {
        failure.renamed(ErrorId::NTLS_INVALID_CERTIFICATE, ErrorId::SYSLOG_INVALID_CERTIFICATE)
    };
    let certificate = Certificate::read_valid(pem, cx.now).map_err(invalid)?;
    if rcgen::PublicKeyData::subject_public_key_info(&key) != certificate.public_key {
        let details = "It was not made for the present key. Make a request with POST \
                       /api/lunasa/syslog/remoteHosts/csr, and have that signed.";
        return Err(Failure::new(400, INVALID, "The certificate is not valid.").details(details));
    }
    changed(cx).certificate = certificate.pem;
    Ok(Reply::done())
}

/// The hosts that need a certificate.
fn needed(cx: &Context<'_>, mutual: bool) -> Result<(), Failure> {
    let hosts = cx.state.syslog.hosts.iter();
    let mut needing =
        hosts.filter(|(_, row)| row.tls.as_ref().is_some_and(|tls| tls.mutual || !mutual));
    match needing.next() {
        None => Ok(()),
        Some((host, _)) => Err(Failure::new(400, IN_USE, "The certificate is in use.")
            .details(format!("Lines are sent to {host} with it: delete that host first."))),
    }
}

fn delete(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    if cx.state.syslog.certificates.get().key.is_empty() {
        return Err(Failure::new(404, NO_CERTIFICATE, "The logs have no certificate.")
            .details("Neither a key nor a certificate was made."));
    }
    needed(cx, true)?;
    let row = changed(cx);
    (row.key, row.certificate) = (Secret::default(), String::new());
    Ok(Reply::done())
}

fn add_authority(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    new: NewCertificate,
) -> Result<Reply<Nothing>, Failure> {
    let pem = match (new.certificate, new.file) {
        (Some(pem), None) => pem.into_bytes(),
        (None, Some(file)) => users_file(cx, &file).map_err(|failure| {
            failure.renamed(ErrorId::NTLS_FILENAME_NOT_VALID, ErrorId::APPLIANCE_FILENAME_NOT_VALID)
        })?,
        _ => {
            return Err(Failure::bad_request("Give the certificate or the name of a file."));
        }
    };
    let certificate = Certificate::read_valid(&pem, cx.now).map_err(|failure| {
        failure
            .renamed(ErrorId::NTLS_INVALID_CERTIFICATE, ErrorId::APPLIANCE_INVALID_CERTIFICATE)
            .renamed(ErrorId::APPLIANCE_EXPIRED_CERT, ErrorId::APPLIANCE_EXPIRED_CERTIFICATE)
    })?;
    if !cx.state.syslog.certificates.get().authority.is_empty() {
        // Documented: one at a time. That the second is refused is assumed.
        return Err(Failure::new(400, AUTHORITY_EXISTS, "An authority is trusted already.")
            .details("There is one authority at a time: delete the present one first."));
    }
    changed(cx).authority = certificate.pem;
    Ok(Reply::done())
}

fn delete_authority(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    if cx.state.syslog.certificates.get().authority.is_empty() {
        return Err(Failure::new(404, NO_AUTHORITY, "No authority is trusted.")
            .details("No certificate of an authority was added."));
    }
    needed(cx, false)?;
    changed(cx).authority.clear();
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::ntls::certificates::tests::{authority, pem};
    use crate::test_machine::TestMachine;
    use luna_rest::services;
    use luna_rest::syslog::{ADD_HOST, NewRemoteHost};
    use serde_json::json;

    fn file(bench: &TestMachine, name: &str) -> Vec<u8> {
        bench.machine.state.files.get("admin", name).unwrap().content.clone()
    }

    /// What an authority signs for the present key.
    fn signed(bench: &TestMachine) -> Vec<u8> {
        let key = key_pair(&bench.machine.state.syslog.certificates.get().key).unwrap();
        let authority = KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::new(CertificateParams::default(), authority);
        CertificateParams::default().signed_by(&key, &issuer).unwrap().pem().into_bytes()
    }

    fn install(bench: &mut TestMachine, content: Vec<u8>) -> (u16, String) {
        let now = time::OffsetDateTime::UNIX_EPOCH;
        bench.machine.state.files.put("admin", "signed.pem", content, now);
        bench.store();
        let answer = bench.put(INSTALL.template(), json!({"file": "signed.pem"}));
        match answer.status {
            204 => (204, String::new()),
            _ => (answer.error().0, answer.error().1.to_owned()),
        }
    }

    #[test]
    fn a_certificate_is_made_or_signed_for_the_same_key() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.delete(DELETE.template()).error(), (404, NO_CERTIFICATE));
        assert_eq!(install(&mut bench, Vec::new()), (404, NO_CERTIFICATE.to_owned()));
        bench.call(&REQUEST, &[], &NewRequest::default());
        assert!(file(&bench, "syslogCSR.pem").starts_with(b"-----BEGIN CERTIFICATE REQUEST"));
        let signed = signed(&bench);
        assert_eq!(install(&mut bench, signed.clone()).0, 204);
        bench.restart();
        let row = bench.machine.state.syslog.certificates.get().clone();
        assert_eq!(row.certificate, Certificate::read(&signed).unwrap().pem);
        for other in [pem("other").into_bytes(), b"no certificate".to_vec()] {
            assert_eq!(install(&mut bench, other), (400, INVALID.to_owned()));
        }
        bench.call(&GENERATE, &[], &NewKey::default());
        let made = bench.machine.state.syslog.certificates.get().clone();
        assert_eq!(file(&bench, "syslog.pem"), made.certificate.as_bytes());
        assert_ne!(made.key.expose(), row.key.expose());
        assert_eq!(install(&mut bench, signed), (400, INVALID.to_owned()), "of the former key");
        assert_eq!(bench.delete(DELETE.template()).status, 204);
    }

    #[test]
    fn there_is_one_authority_and_none_that_hosts_need_is_deleted() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.delete(DELETE_AUTHORITY.template()).error(), (404, NO_AUTHORITY));
        let path = ADD_AUTHORITY.template();
        assert_eq!(bench.post(path, json!({})).error().0, 400);
        let bad = bench.post(path, json!({"certificate": "none"}));
        assert_eq!(bad.error(), (400, "APPLIANCE_INVALID_CERTIFICATE"));
        let bad = bench.post(path, json!({"file": "a/b.pem"}));
        assert_eq!(bad.error(), (400, "APPLIANCE_FILENAME_NOT_VALID"));
        assert_eq!(bench.post(path, json!({"certificate": authority()})).status, 204);
        let second = bench.post(path, json!({"certificate": authority()}));
        assert_eq!(second.error(), (400, AUTHORITY_EXISTS));
        bench.call(&GENERATE, &[], &NewKey::default());
        let host = |mode: &str| NewRemoteHost {
            address: "192.0.2.7".to_owned(),
            tls: Some(true),
            mode: Some(mode.to_owned()),
            ..NewRemoteHost::default()
        };
        bench.call(&ADD_HOST, &[], &NewRemoteHost { port: Some(1), ..host("server") });
        assert_eq!(bench.delete(DELETE_AUTHORITY.template()).error(), (400, IN_USE));
        bench.call(&ADD_HOST, &[], &host("mutual"));
        assert_eq!(bench.delete(DELETE.template()).error(), (400, IN_USE));
        bench.delete("/api/lunasa/syslog/remoteHosts");
        assert_eq!(bench.delete(DELETE.template()).status, 204);
        assert_eq!(bench.delete(DELETE_AUTHORITY.template()).status, 204);
    }

    #[test]
    fn what_was_changed_waits_for_the_service() {
        let mut bench = TestMachine::new();
        let waits =
            |bench: &TestMachine| bench.machine.state.syslog.certificates.get().restart_needed;
        bench.call(&GENERATE, &[], &NewKey::default());
        assert!(waits(&bench));
        bench.post(&services::ACT.path(&["syslog", "restart"]), json!({}));
        assert!(!waits(&bench));
    }
}
