//! The login with a certificate: `/users/{userid}/certificates`, `/auth/login`.
//!
//! The account's owner decrypts a challenge with the certificate's key; no password is sent. A
//! challenge that is not answered right is no failed login: whoever knows a certificate could lock
//! its owner out, and guessing is hopeless (assumed, as is what else the pages do not say).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use luna_rest::Nothing;
use luna_rest::auth::{ANSWER, CHALLENGE, CertificateOfUser, Challenge, ChallengeAnswer};
use luna_rest::users::{
    ADD_CERTIFICATE, CERTIFICATES, CLEAR_CERTIFICATES, Certificates, NewCertificate,
};
use rsa::RsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use crate::core::message::{Failure, Reply};
use crate::core::text::{pem_text, time_text};
use crate::request::auth::{self, not_authenticated};
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, OPEN, Routes};
use crate::rules::account::users::{find, may_act_on};
use crate::state::users::CertificateRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&CERTIFICATES, EVERYONE, list);
    r.on(&CLEAR_CERTIFICATES, EVERYONE, clear);
    r.on(&ADD_CERTIFICATE, EVERYONE, add);
    r.on(&CHALLENGE, OPEN, challenge);
    r.on(&ANSWER, OPEN, answer);
}

/// A certificate with an RSA key, as the challenge is encrypted to it.
pub(crate) struct RsaCertificate {
    der: Vec<u8>,
    pub(crate) key: RsaPublicKey,
    not_after: time::OffsetDateTime,
}

impl RsaCertificate {
    fn read(text: &str) -> Result<RsaCertificate, String> {
        let pem = Pem::iter_from_buffer(text.as_bytes())
            .filter_map(Result::ok)
            .find(|pem| pem.label == "CERTIFICATE")
            .ok_or("There is no certificate in PEM in it.")?;
        RsaCertificate::of(pem.contents)
    }

    /// Reads one in DER.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of(der: Vec<u8>) -> Result<RsaCertificate, String> {
        let (_, parsed) = X509Certificate::from_der(&der)
            .map_err(|error| format!("The certificate cannot be read ({error})."))?;
        let not_after = parsed.validity().not_after.to_datetime();
        let key = RsaPublicKey::from_public_key_der(parsed.public_key().raw).map_err(|_| {
            "Its key is no RSA key of at most 4096 bits, and a challenge cannot be encrypted to any \
             other."
        })?;
        Ok(RsaCertificate { der, key, not_after })
    }
}

fn list(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Certificates>, Failure> {
    may_act_on(cx, &ids[0])?;
    find(cx, &ids[0])?;
    let row = cx.state.users.certificates.get(&ids[0]);
    Ok(Reply::ok(Certificates {
        certificates: row.map(|row| row.pem.clone()).into_iter().collect(),
    }))
}

fn clear(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    may_act_on(cx, &ids[0])?;
    find(cx, &ids[0])?;
    cx.state.users.certificates.remove(&ids[0]);
    Ok(Reply::done())
}

fn add(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: NewCertificate,
) -> Result<Reply<Nothing>, Failure> {
    let user = &ids[0];
    may_act_on(cx, user)?;
    find(cx, user)?;
    let certificate = RsaCertificate::read(&body.certificate).map_err(Failure::bad_request)?;
    if certificate.not_after < cx.now {
        let expired = time_text(certificate.not_after);
        return Err(Failure::bad_request(format!("The certificate expired at {expired}.")));
    }
    let pem = pem_text("CERTIFICATE", &certificate.der);
    cx.state.users.certificates.insert(user, CertificateRow { pem });
    Ok(Reply::done())
}

fn challenge(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: CertificateOfUser,
) -> Result<Reply<Challenge>, Failure> {
    let user = &body.username;
    let given = RsaCertificate::read(&body.certificate).map_err(Failure::bad_request)?;
    let stored = cx.state.users.certificates.get(user);
    let stored = stored.and_then(|row| RsaCertificate::read(&row.pem).ok());
    // Who has no certificate and who is no user look alike.
    if stored.is_none_or(|stored| stored.der != given.der) {
        return Err(not_authenticated("This is not the certificate of the user."));
    }
    auth::may_log_in(cx, user, CHALLENGE.resource())?;
    if given.not_after < cx.now {
        return Err(not_authenticated("The certificate has expired."));
    }
    let asked = cx.sessions.challenges.ask(user, &given.key, cx.secret, cx.now);
    let asked = asked.map_err(Failure::internal)?;
    Ok(Reply::ok(Challenge {
        challenge: STANDARD.encode(asked.encrypted),
        nonce: STANDARD.encode(asked.nonce),
        certificate: asked.certificate,
    }))
}

fn answer(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: ChallengeAnswer,
) -> Result<Reply<Nothing>, Failure> {
    let response = STANDARD.decode(body.challenge_response.trim()).unwrap_or_default();
    let user = cx
        .sessions
        .challenges
        .answered(&response, cx.secret, cx.now)
        .ok_or_else(|| not_authenticated("No challenge has this answer."))?;
    auth::may_log_in(cx, &user, ANSWER.resource())?;
    Ok(auth::open_private(cx, user, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::random::Random;
    use crate::test_machine::{Answer, TestMachine};
    use rsa::pkcs8::EncodePrivateKey;
    use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};
    use rustls_pki_types::PrivatePkcs8KeyDer;
    use serde_json::{Value, json};
    use std::sync::LazyLock;
    use time::macros::datetime;

    /// An RSA key and its certificate, which is valid until 2030.
    static OWN: LazyLock<(RsaPrivateKey, String)> = LazyLock::new(|| {
        let key = RsaPrivateKey::new(&mut Random::from_number(5), 2048).unwrap();
        let der = key.to_pkcs8_der().unwrap();
        let signer = rcgen::KeyPair::try_from(&PrivatePkcs8KeyDer::from(der.as_bytes())).unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.not_after = datetime!(2030-01-01 00:00 UTC);
        let pem = params.self_signed(&signer).unwrap().pem();
        (key, pem)
    });
    const ADMINS: &str = "/users/admin/certificates";

    fn asked(bench: &mut TestMachine, user: &str, certificate: &str) -> Answer {
        bench.delete("/auth/session");
        bench.post(CHALLENGE.template(), json!({"username": user, "certificate": certificate}))
    }

    /// The answer to a challenge, as the vendor's samples make it.
    fn solved(challenge: &Value) -> Value {
        let bytes = |name: &str| STANDARD.decode(challenge[name].as_str().unwrap()).unwrap();
        let mut answer = OWN.0.decrypt(Pkcs1v15Encrypt, &bytes("challenge")).unwrap();
        answer.iter_mut().zip(bytes("nonce")).for_each(|(byte, with)| *byte ^= with);
        let server = RsaCertificate::read(challenge["certificate"].as_str().unwrap()).unwrap();
        let mut random = Random::from_number(6);
        let answer = server.key.encrypt(&mut random, Pkcs1v15Encrypt, &answer);
        json!({"challengeResponse": STANDARD.encode(answer.unwrap())})
    }

    fn bench() -> TestMachine {
        let mut bench = TestMachine::new();
        bench.machine.state.users.users.get_mut("admin").unwrap().temporary = false;
        bench.store();
        assert_eq!(bench.post(ADMINS, json!({"certificate": OWN.1})).status, 204);
        bench
    }

    #[test]
    fn the_key_opens_a_private_session_once_for_each_challenge() {
        let mut bench = bench();
        bench.restart();
        let challenge = asked(&mut bench, "admin", &OWN.1).json();
        let answer = solved(&challenge);
        assert_eq!(bench.post(ANSWER.template(), answer.clone()).status, 204);
        assert_eq!(bench.get("/users/admin").status, 200);
        assert_eq!(bench.post("/roles", json!({"roleId": "watch"})).status, 204, "private");
        bench.delete("/auth/session");
        assert_eq!(bench.post(ANSWER.template(), answer).status, 401, "answered already");
        assert_eq!(bench.get("/users/admin").status, 401);
    }

    #[test]
    fn a_certificate_is_shown_and_removed() {
        let mut bench = bench();
        let shown = bench.get(ADMINS).json()["certificates"][0].as_str().unwrap().to_owned();
        assert_eq!(shown.trim_end(), OWN.1.trim_end());
        bench.user("jane", "Abcdef12", "monitor");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.get(ADMINS).status, 401);
        assert_eq!(bench.delete(ADMINS).status, 401);
        bench.local_login();
        assert_eq!(bench.delete(ADMINS).status, 204);
        assert_eq!(bench.get(ADMINS).json(), json!({"certificates": []}));
        assert_eq!(asked(&mut bench, "admin", &OWN.1).status, 401);
    }

    #[test]
    fn an_answer_of_another_key_or_too_late_opens_nothing() {
        let mut bench = bench();
        for wrong in ["", "%", "AAAA", &STANDARD.encode([7; 256]), &STANDARD.encode([0xff; 256])] {
            asked(&mut bench, "admin", &OWN.1);
            let refused = bench.post(ANSWER.template(), json!({"challengeResponse": wrong}));
            assert_eq!(refused.error(), (401, "SERVERPLUGIN_USERID_NOT_AUTHORIZED"));
        }
        let late = solved(&asked(&mut bench, "admin", &OWN.1).json());
        bench.advance(121);
        bench.delete("/auth/session");
        assert_eq!(bench.post(ANSWER.template(), late).status, 401);
        assert!(bench.machine.state.users.failed.is_empty(), "no failed login was counted");
    }

    #[test]
    fn only_the_certificate_that_was_stored_is_asked() {
        let mut bench = bench();
        let other = crate::rules::ntls::certificates::tests::pem("admin");
        for (user, certificate) in [("admin", &*other), ("nobody", &OWN.1), ("operator", &OWN.1)] {
            let refused = asked(&mut bench, user, certificate);
            assert!([400, 401].contains(&refused.status), "{user}: {}", refused.text());
        }
        bench.local_login();
        for text in ["", "PEM", &other] {
            let refused = bench.post(ADMINS, json!({"certificate": text}));
            assert_eq!(refused.error(), (400, "FRAMEWORK_BAD_REQUEST"));
        }
        bench.user("watcher", "Abcdef12", "monitor");
        bench.login("watcher", "Abcdef12");
        assert_eq!(bench.post(ADMINS, json!({"certificate": OWN.1})).status, 401, "not his own");
    }

    #[test]
    fn a_locked_disabled_or_deleted_account_is_not_let_in() {
        let mut bench = bench();
        bench.local_login();
        bench.user("jane", "Abcdef12", "monitor");
        bench.post("/users/jane/certificates", json!({"certificate": OWN.1}));
        assert_eq!(asked(&mut bench, "jane", &OWN.1).status, 200);
        bench.local_login();
        bench.post("/users/jane/actions/disable", json!({}));
        assert_eq!(asked(&mut bench, "jane", &OWN.1).status, 401);
        bench.local_login();
        bench.post("/users/jane/actions/enable", json!({}));
        (0..3).for_each(|_| drop(bench.login("jane", "wrong")));
        assert!(asked(&mut bench, "jane", &OWN.1).text().contains("locked until"));
        bench.local_login();
        assert_eq!(bench.delete("/users/jane").status, 204);
        bench.user("jane", "Abcdef12", "monitor");
        assert_eq!(asked(&mut bench, "jane", &OWN.1).status, 401, "another person by that name");
    }

    #[test]
    fn an_expired_certificate_proves_nothing() {
        let mut bench = bench();
        bench.local_login();
        bench.advance(200_000_000);
        assert!(asked(&mut bench, "admin", &OWN.1).text().contains("expired"));
        bench.local_login();
        let refused = bench.post(ADMINS, json!({"certificate": OWN.1}));
        assert!(refused.text().contains("expired at 2030-01-01T00:00:00Z"), "{}", refused.text());
    }
}
