//! The certificate that another HSM encrypts to, for the login of the one by way of the other.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use luna_rest::Nothing;
use luna_rest::hsm::{CERTIFICATE, CERTIFICATE_TYPES, WrappingCertificate};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, Routes};
use crate::rules::hsm::access;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&CERTIFICATE, MONITOR, show);
}

/// Four bytes, then the certificate in DER, as in the reference's example, which begins with a 3. That
/// this number stands for the type is assumed, as is that the key ends with the process.
fn show(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<WrappingCertificate>, Failure> {
    access::check_id(cx, &ids[0])?;
    let asked = cx.query("type");
    let asked = asked.as_deref().unwrap_or(CERTIFICATE_TYPES[2]);
    let number = (1_u32..).zip(CERTIFICATE_TYPES).find(|(_, name)| *name == asked);
    let Some((number, _)) = number else {
        let types = CERTIFICATE_TYPES.join(", ");
        return Err(Failure::bad_request(format!("'type' is one of {types}.")));
    };
    let der = cx.sessions.challenges.wrapping_certificate(&ids[0], cx.secret, cx.now);
    let der = der.map_err(Failure::internal)?;
    let certificate = STANDARD.encode([&number.to_le_bytes()[..], der].concat());
    Ok(Reply::ok(WrappingCertificate { certificate }))
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;

    #[test]
    fn the_certificate_stays_and_its_type_is_known() {
        let mut bench = TestMachine::new();
        let path = bench.hsm_path("/certificate");
        let certificate = |bench: &mut TestMachine, query: &str| {
            let shown = bench.get(&format!("{path}{query}")).json()["certificate"].clone();
            shown.as_str().unwrap().to_owned()
        };
        let usual = certificate(&mut bench, "");
        assert!(usual.starts_with("AwAAAD"), "{usual}");
        assert_eq!(certificate(&mut bench, "?type=pkc"), usual);
        let legacy = certificate(&mut bench, "?type=legacyKey");
        assert_eq!(legacy.get(6..), usual.get(6..));
        assert_ne!(legacy, usual);
        assert_eq!(bench.get(&format!("{path}?type=x")).error().0, 400);
    }
}
