//! The challenge of an indirect login: another HSM, whose certificate is given, is to answer it. What
//! becomes of the answer is not documented, so that nothing takes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use luna_rest::partitions::{CHALLENGE, IndirectChallenge, IndirectLogin};
use rsa::Pkcs1v15Encrypt;

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{Ids, OPERATOR, Routes};
use crate::rules::account::certificates::RsaCertificate;
use crate::rules::partition::access::usable;
use crate::rules::partition::login::may_log_in;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&CHALLENGE, OPERATOR.private(), challenge);
}

/// Random bytes, encrypted to the certificate. Assumed, as the number in the path.
fn challenge(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: IndirectLogin,
) -> Result<Reply<IndirectChallenge>, Failure> {
    let serial = usable(cx, &ids[0], &ids[1])?;
    may_log_in(cx, serial, &body.role)?;
    let blob = STANDARD.decode(body.certificate.trim()).unwrap_or_default();
    // Four bytes stand before it.
    let der = blob.get(4..).unwrap_or_default().to_vec();
    let certificate = RsaCertificate::of(der).map_err(Failure::bad_request)?;
    let secret = cx.secret.block();
    let encrypted = certificate.key.encrypt(cx.secret, Pkcs1v15Encrypt, &secret);
    let encrypted = encrypted.map_err(|error| Failure::internal(error.to_string()))?;
    let location = format!("{}/1", CHALLENGE.path(&[&ids[0], serial]));
    Ok(Reply::created(location).with(IndirectChallenge { challenge: STANDARD.encode(encrypted) }))
}

#[cfg(test)]
mod tests {
    use crate::rules::partition::lifecycle::tests::{bench, create, initialized};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    #[test]
    fn a_role_is_challenged_by_the_certificate_of_another_hsm() {
        let mut bench = bench();
        let path = initialized(&mut bench, 0);
        let challenges = format!("{path}/indirect/challenges");
        let hsm = bench.get(&bench.hsm_path("/certificate")).json();
        let body = |role: &str, certificate: &serde_json::Value| json!({"ped": "0", "role": role, "certificate": certificate});
        let mut asked = || bench.post(&challenges, body("so", &hsm["certificate"])).json();
        let (first, second) = (asked(), asked());
        assert_ne!(first, second);
        let encrypted = STANDARD.decode(first["challenge"].as_str().unwrap()).unwrap();
        assert_eq!(encrypted.len(), 256, "as long as the key");

        let none = bench.post(&challenges, body("co", &hsm["certificate"])).error();
        assert_eq!(none, (409, luna_rest::partitions::refusal::ROLE_NOT_INITIALIZED));
        assert_eq!(bench.post(&challenges, body("po", &hsm["certificate"])).status, 404);
        for certificate in ["", "AwAAAA==", "%"] {
            let refused = bench.post(&challenges, body("so", &json!(certificate)));
            assert_eq!(refused.error(), (400, "FRAMEWORK_BAD_REQUEST"), "{certificate}");
        }
        let fresh = create(&mut bench, json!({"name": "fresh"})).created();
        let early = format!("{fresh}/indirect/challenges");
        assert_eq!(bench.post(&early, body("so", &hsm["certificate"])).status, 409);
    }
}
