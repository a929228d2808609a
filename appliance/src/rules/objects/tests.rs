//! Objects over the wire: who may, what is kept, and what survives.

use luna_rest::objects::Mechanism;
use serde_json::{Value, json};

use super::*;
use crate::rules::partition::lifecycle::tests::{CO, bench};
use crate::rules::partition::objects::tests::{login, partition};
use crate::test_machine::TestMachine;

/// A machine with a partition, its CO logged in: the path of its objects.
fn officer() -> (TestMachine, String, String) {
    let mut bench = bench();
    let path = partition(&mut bench, 0);
    let ids: Vec<&str> = path.split('/').collect();
    let objects = format!("/emulator/slots/{}/{}", ids[4], ids[6]);
    (bench, path, objects)
}

fn b64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

fn aes(bench: &mut TestMachine, at: &str, template: Value) -> u64 {
    let mut whole = json!({"CKA_VALUE_LEN": 32, "CKA_LABEL": "aes", "CKA_ENCRYPT": true, "CKA_DECRYPT": true,
        "CKA_WRAP": true, "CKA_UNWRAP": true});
    whole.as_object_mut().unwrap().extend(template.as_object().unwrap().clone());
    let body = json!({"mechanism": {"name": "CKM_AES_KEY_GEN"}, "template": whole});
    made(bench.post(&format!("{at}/keys"), body))
}

fn pair(bench: &mut TestMachine, at: &str, template: Value) -> (u64, u64) {
    let mut whole = json!({"CKA_LABEL": "ec", "CKA_SIGN": true, "CKA_DERIVE": true});
    whole.as_object_mut().unwrap().extend(template.as_object().unwrap().clone());
    let body = json!({"mechanism": {"name": "CKM_EC_KEY_PAIR_GEN"}, "template": whole,
        "publicTemplate": {"CKA_EC_PARAMS": "06082a8648ce3d030107", "CKA_VERIFY": true, "CKA_LABEL": "ec"}});
    let answer = bench.post(&format!("{at}/keys"), body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let made = answer.json();
    (made["handle"].as_u64().unwrap(), made["publicHandle"].as_u64().unwrap())
}

fn made(answer: crate::test_machine::Answer) -> u64 {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["handle"].as_u64().unwrap()
}

fn act(
    bench: &mut TestMachine,
    at: &str,
    handle: u64,
    operation: &str,
    body: Value,
) -> Result<Value, String> {
    let answer = bench.post(&format!("{at}/objects/{handle}/{operation}"), body);
    match answer.status {
        200 => Ok(answer.json()),
        _ => Err(answer.error().1.to_owned()),
    }
}

fn found(bench: &mut TestMachine, at: &str, template: Value) -> Vec<u64> {
    let answer = bench.post(&format!("{at}/objects/find"), json!({"template": template}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    answer["objects"].as_array().unwrap().iter().map(|o| o["handle"].as_u64().unwrap()).collect()
}

#[test]
fn a_key_signs_before_and_after_a_restart() {
    let (mut bench, path, at) = officer();
    let (private, public) = pair(&mut bench, &at, json!({}));
    let sign = json!({"mechanism": {"name": "CKM_ECDSA_SHA256"}, "data": b64(b"text")});
    let signature = act(&mut bench, &at, private, "sign", sign.clone()).unwrap();
    let verify = |data: &[u8]| json!({"mechanism": {"name": "CKM_ECDSA_SHA256"}, "data": b64(data), "signature": signature["data"]});
    assert!(act(&mut bench, &at, public, "verify", verify(b"text")).is_ok());
    let other = act(&mut bench, &at, public, "verify", verify(b"texT"));
    assert_eq!(other.unwrap_err(), refusal::SIGNATURE_INVALID);
    bench.restart();
    let none = act(&mut bench, &at, private, "sign", sign.clone());
    assert_eq!(none.unwrap_err(), refusal::OBJECT_HANDLE_INVALID, "nobody is logged in");
    assert!(act(&mut bench, &at, public, "verify", verify(b"text")).is_ok(), "a public one");
    login(&mut bench, &path, "co", CO);
    assert_eq!(act(&mut bench, &at, private, "sign", sign).unwrap(), signature);
    // The same objects as the API of the appliance shows them.
    let shown = bench.get(&format!("{path}/object/objects/{private}")).json();
    assert_eq!((&shown["label"], &shown["type"]), (&json!("ec"), &json!("Private Key")));
}

#[test]
fn values_are_sealed_where_they_are_kept() {
    let (mut bench, _, at) = officer();
    let create = json!({"template": {"CKA_CLASS": "CKO_DATA", "CKA_LABEL": "d"}, "value": b64(b"a secret text")});
    let handle = made(bench.post(&format!("{at}/objects"), create));
    let rows = bench.machine.state.partitions.objects.values();
    let stored: String = rows.map(|row| serde_json::to_string(row).unwrap()).collect();
    for form in [hex(b"a secret text"), b64(b"a secret text"), "a secret text".to_owned()] {
        assert!(!stored.contains(&form), "{stored}");
    }
    let read = bench.get(&format!("{at}/objects/{handle}")).json();
    assert_eq!(read["attributes"]["CKA_VALUE"], hex(b"a secret text"));
    assert_eq!(read["attributes"]["CKA_OUID"].as_str().unwrap().len(), 24);
}

#[test]
fn a_sensitive_value_is_not_told() {
    let (mut bench, _, at) = officer();
    let read = |bench: &mut TestMachine, handle| {
        bench.get(&format!("{at}/objects/{handle}")).json()["attributes"].clone()
    };
    let open = json!({"CKA_SENSITIVE": false, "CKA_EXTRACTABLE": true});
    let told = aes(&mut bench, &at, open);
    assert_eq!(read(&mut bench, told)["CKA_VALUE"].as_str().unwrap().len(), 64);
    for hidden in [json!({}), json!({"CKA_EXTRACTABLE": true}), json!({"CKA_SENSITIVE": false})] {
        let handle = aes(&mut bench, &at, hidden);
        assert_eq!(read(&mut bench, handle).get("CKA_VALUE"), None);
    }
}

#[test]
fn a_key_does_what_its_attributes_say() {
    let (mut bench, _, at) = officer();
    let (private, public) = pair(&mut bench, &at, json!({"CKA_SIGN": false}));
    let with = |name: &str| json!({"mechanism": Mechanism::of(name), "data": b64(b"text")});
    let refused = |bench: &mut TestMachine, handle, operation, body| {
        act(bench, &at, handle, operation, body).unwrap_err()
    };
    let sign = refused(&mut bench, private, "sign", with("CKM_ECDSA_SHA256"));
    assert_eq!(sign, refusal::KEY_FUNCTION_NOT_PERMITTED);
    let verify = refused(&mut bench, private, "verify", with("CKM_ECDSA_SHA256"));
    assert_eq!(verify, refusal::KEY_FUNCTION_NOT_PERMITTED);
    let rsa = refused(&mut bench, public, "verify", with("CKM_SHA256_RSA_PKCS"));
    assert_eq!(rsa, refusal::KEY_TYPE_INCONSISTENT);
    let none = refused(&mut bench, public, "verify", with("CKM_NONSENSE"));
    assert_eq!(none, refusal::MECHANISM_INVALID);
    assert_eq!(bench.post(&format!("{at}/objects/{private}/eat"), json!({})).status, 404);
    let set = json!({"attributes": {"CKA_SIGN": true, "CKA_LABEL": "new"}});
    assert_eq!(bench.patch(&format!("{at}/objects/{private}"), set).status, 204);
    assert!(act(&mut bench, &at, private, "sign", with("CKM_ECDSA_SHA256")).is_ok());
    assert_eq!(found(&mut bench, &at, json!({"CKA_LABEL": "new"})), [private]);
}

#[test]
fn a_key_is_wrapped_and_comes_back_as_another_one() {
    let (mut bench, path, at) = officer();
    let wrapping = aes(&mut bench, &at, json!({"CKA_LABEL": "kek"}));
    let fixed = aes(&mut bench, &at, json!({}));
    let free = aes(&mut bench, &at, json!({"CKA_EXTRACTABLE": true}));
    let kwp = json!({"name": "CKM_AES_KEY_WRAP_PAD"});
    let wrap = |key| json!({"mechanism": kwp, "key": key});
    assert_eq!(
        act(&mut bench, &at, wrapping, "wrap", wrap(fixed)).unwrap_err(),
        refusal::KEY_UNEXTRACTABLE
    );
    let closed = act(&mut bench, &at, wrapping, "wrap", wrap(free)).unwrap()["data"].clone();
    let template =
        json!({"CKA_CLASS": "CKO_SECRET_KEY", "CKA_KEY_TYPE": "CKK_AES", "CKA_DECRYPT": true});
    let unwrap = |data: &Value| json!({"mechanism": kwp, "data": data, "template": template});
    let back = act(&mut bench, &at, wrapping, "unwrap", unwrap(&closed)).unwrap();
    let back = back["handle"].as_u64().unwrap();
    let broken = json!(b64(&[7; 40]));
    let bad = act(&mut bench, &at, wrapping, "unwrap", unwrap(&broken));
    assert_eq!(bad.unwrap_err(), refusal::WRAPPED_KEY_INVALID);
    let cbc = json!({"name": "CKM_AES_CBC_PAD", "iv": "00".repeat(16)});
    let text = json!({"mechanism": cbc, "data": b64(b"text")});
    let secret = act(&mut bench, &at, free, "encrypt", text).unwrap();
    let opened =
        act(&mut bench, &at, back, "decrypt", json!({"mechanism": cbc, "data": secret["data"]}));
    assert_eq!(opened.unwrap()["data"], b64(b"text"));
    let local =
        bench.get(&format!("{at}/objects/{back}")).json()["attributes"]["CKA_LOCAL"].clone();
    assert_eq!(local, false);
    // Private keys leave where the partition's policy 1 allows it.
    let (private, _) = pair(&mut bench, &at, json!({"CKA_EXTRACTABLE": true}));
    let answer = bench.post(&format!("{at}/objects/{wrapping}/wrap"), wrap(private));
    assert_eq!(answer.error().0, 422, "{path}: {}", answer.text());
}

#[test]
fn a_clone_is_taken_in_by_its_own_domain_alone() {
    let (mut bench, path, at) = officer();
    let (private, public) = pair(&mut bench, &at, json!({}));
    let clone = act(&mut bench, &at, private, "clone", json!({})).unwrap();
    let take = json!({"clone": clone["data"]});
    assert_eq!(made(bench.post(&format!("{at}/objects"), take.clone())), private, "it is there");
    assert_eq!(bench.delete(&format!("{at}/objects/{private}")).status, 204);
    let back = made(bench.post(&format!("{at}/objects"), take.clone()));
    let sign = json!({"mechanism": {"name": "CKM_ECDSA_SHA256"}, "data": b64(b"text")});
    let signature = act(&mut bench, &at, back, "sign", sign).unwrap();
    let verify = json!({"mechanism": {"name": "CKM_ECDSA_SHA256"}, "data": b64(b"text"), "signature": signature["data"]});
    assert!(act(&mut bench, &at, public, "verify", verify).is_ok());
    let serial = path.rsplit('/').next().unwrap();
    let row = bench.machine.state.partitions.partitions.get_mut(serial).unwrap();
    row.domains[0].hash = crate::core::password::PasswordHash::of_domain("another");
    bench.store();
    let other = bench.post(&format!("{at}/objects"), take);
    assert_eq!(other.error().1, luna_rest::tokens::refusal::DOMAIN);
}

#[test]
fn storage_is_counted_and_given_back() {
    let (mut bench, path, at) = officer();
    let used =
        |bench: &mut TestMachine| bench.get(&path).json()["usedStorageSpace"].as_u64().unwrap();
    assert_eq!(used(&mut bench), 0);
    let one = aes(&mut bench, &at, json!({}));
    aes(&mut bench, &at, json!({}));
    assert_eq!(used(&mut bench), 496, "two symmetric keys, as recorded");
    assert_eq!(bench.delete(&format!("{at}/objects/{one}")).status, 204);
    assert_eq!(used(&mut bench), 248);
    assert_eq!(
        bench.delete(&format!("{at}/objects/{one}")).error().1,
        refusal::OBJECT_HANDLE_INVALID
    );
}

#[test]
fn two_keys_are_never_the_same() {
    let (mut bench, _, at) = officer();
    let open = json!({"CKA_SENSITIVE": false, "CKA_EXTRACTABLE": true});
    let values: std::collections::BTreeSet<String> = (0..4)
        .map(|_| {
            let handle = aes(&mut bench, &at, open.clone());
            bench.get(&format!("{at}/objects/{handle}")).json()["attributes"]["CKA_VALUE"]
                .to_string()
        })
        .collect();
    assert_eq!(values.len(), 4);
}

#[test]
fn lists_are_given_in_parts() {
    let (mut bench, _, at) = officer();
    let handles: Vec<u64> = (0..3).map(|_| aes(&mut bench, &at, json!({}))).collect();
    let find = |after: Option<u64>| json!({"template": {"CKA_CLASS": "CKO_SECRET_KEY"}, "attributes": ["CKA_LABEL", "CKA_OUID"], "after": after, "limit": 2});
    let first = bench.post(&format!("{at}/objects/find"), find(None)).json();
    assert_eq!((&first["more"], first["objects"].as_array().unwrap().len()), (&json!(true), 2));
    assert_eq!(first["objects"][0]["attributes"]["CKA_LABEL"], "aes");
    let rest = bench.post(&format!("{at}/objects/find"), find(Some(handles[1]))).json();
    assert_eq!((&rest["more"], &rest["objects"][0]["handle"]), (&json!(false), &json!(handles[2])));
    let ouid = first["objects"][1]["attributes"]["CKA_OUID"].clone();
    assert_eq!(found(&mut bench, &at, json!({"CKA_OUID": ouid})), [handles[1]]);
}

#[test]
fn the_crypto_user_uses_and_does_not_make() {
    let (mut bench, path, at) = officer();
    let (private, _) = pair(&mut bench, &at, json!({}));
    bench.put(&format!("{path}/roles/cu"), json!({"password": "cu-first-pass"})).created();
    let change = json!({"oldPassword": "cu-first-pass", "newPassword": "cu-password"});
    assert_eq!(bench.patch(&format!("{path}/roles/cu"), change).status, 202);
    login(&mut bench, &path, "cu", "cu-password");
    let sign = json!({"mechanism": {"name": "CKM_ECDSA_SHA256"}, "data": b64(b"text")});
    assert!(act(&mut bench, &at, private, "sign", sign).is_ok());
    let delete = bench.delete(&format!("{at}/objects/{private}"));
    assert_eq!(delete.error().0, 401);
    let body = json!({"mechanism": {"name": "CKM_AES_KEY_GEN"}, "template": {"CKA_VALUE_LEN": 32}});
    assert_eq!(bench.post(&format!("{at}/keys"), body).error().0, 401);
    let public =
        json!({"template": {"CKA_CLASS": "CKO_DATA", "CKA_PRIVATE": false}, "value": b64(b"d")});
    made(bench.post(&format!("{at}/objects"), public));
}

#[test]
fn a_counted_object_has_no_value_and_says_so() {
    let (mut bench, path, at) = officer();
    let serial = path.rsplit('/').next().unwrap();
    let add = json!({"label": "old", "type": "Private Key"});
    let handle = bench.post(&format!("/emulator/partitions/{serial}/objects"), add).json();
    let handle: u64 = handle["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        found(&mut bench, &at, json!({"CKA_LABEL": "old", "CKA_CLASS": "CKO_PRIVATE_KEY"})),
        [handle]
    );
    let sign = json!({"mechanism": {"name": "CKM_ECDSA_SHA256"}, "data": b64(b"text")});
    let refused = act(&mut bench, &at, handle, "sign", sign).unwrap_err();
    assert_eq!(refused, refusal::KEY_FUNCTION_NOT_PERMITTED);
    assert_eq!(bench.delete(&format!("{at}/objects/{handle}")).status, 204);
}

#[test]
fn imported_objects_are_what_they_say() {
    let (mut bench, _, at) = officer();
    let create = |bench: &mut TestMachine, template: Value, value: Option<&[u8]>| {
        let body = json!({"template": template, "value": value.map(b64)});
        bench.post(&format!("{at}/objects"), body)
    };
    let key = rcgen::KeyPair::generate().unwrap();
    let private = json!({"CKA_CLASS": "CKO_PRIVATE_KEY", "CKA_SIGN": true});
    let handle = made(create(&mut bench, private.clone(), Some(&key.serialize_der())));
    let sign = json!({"mechanism": {"name": "CKM_ECDSA_SHA256"}, "data": b64(b"text")});
    assert!(act(&mut bench, &at, handle, "sign", sign).is_ok());
    let wrong = create(&mut bench, private, Some(b"nonsense"));
    assert_eq!(wrong.error().1, refusal::ATTRIBUTE_VALUE_INVALID);
    let certificate = rcgen::CertificateParams::new(vec!["app".into()]).unwrap();
    let der = certificate.self_signed(&key).unwrap().der().to_vec();
    let template =
        json!({"CKA_CLASS": "CKO_CERTIFICATE", "CKA_LABEL": "c", "CKA_VALUE": hex(&der)});
    let handle = made(create(&mut bench, template, None));
    let shown = bench.get(&format!("{at}/objects/{handle}")).json()["attributes"].clone();
    assert_eq!(
        (&shown["CKA_PRIVATE"], shown["CKA_VALUE"].as_str().unwrap()),
        (&json!(false), &*hex(&der))
    );
    assert!(!shown["CKA_SUBJECT"].as_str().unwrap().is_empty());
    for (template, value, id) in [
        (
            json!({"CKA_CLASS": "CKO_SECRET_KEY", "CKA_KEY_TYPE": "CKK_AES"}),
            Some(&[1_u8; 5][..]),
            refusal::KEY_SIZE_RANGE,
        ),
        (json!({"CKA_CLASS": "CKO_SECRET_KEY"}), Some(&[1; 16]), refusal::TEMPLATE_INCOMPLETE),
        (json!({"CKA_CLASS": "CKO_DATA"}), None, refusal::TEMPLATE_INCOMPLETE),
        (json!({}), Some(&[1; 16]), refusal::TEMPLATE_INCOMPLETE),
        (json!({"CKA_CLASS": "CKO_CERTIFICATE"}), Some(&[1; 16]), refusal::ATTRIBUTE_VALUE_INVALID),
    ] {
        assert_eq!(create(&mut bench, template.clone(), value).error().1, id, "{template}");
    }
}

#[test]
fn a_confirmation_holds_under_the_certificates_of_the_hsm() {
    let (mut bench, _, at) = officer();
    let (private, public) = pair(&mut bench, &at, json!({}));
    let chain = act(&mut bench, &at, private, "attest", json!({})).unwrap();
    let chain = BASE64_STANDARD.decode(chain["data"].as_str().unwrap()).unwrap();
    // What openssl makes of it is looked at in a test of `cmu`; here, that the signatures hold.
    let parse = |der| x509_parser::parse_x509_certificate(der).unwrap();
    let start = chain.windows(4).position(|four| four == [0x30, 0x82, 0x01, four[3]]).unwrap();
    let (rest, key) = parse(&chain[start..]);
    let (rest, hsm) = parse(rest);
    let (_, root) = parse(rest);
    key.verify_signature(Some(hsm.public_key())).unwrap();
    hsm.verify_signature(Some(root.public_key())).unwrap();
    let refused = act(&mut bench, &at, public, "attest", json!({})).unwrap_err();
    assert_eq!(refused, refusal::KEY_FUNCTION_NOT_PERMITTED);
}
