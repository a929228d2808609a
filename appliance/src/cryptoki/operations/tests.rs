//! Vectors of the standards, and each mechanism there and back.

use luna_rest::objects::Attributes;

use super::*;
use crate::core::random::hex;
use crate::cryptoki::keys::{Generated, generate};

fn secret(digits: &str) -> Key {
    Key::Secret(Zeroizing::new(bytes(digits).unwrap()))
}

fn pair(mechanism: &str, public: Attributes) -> (Key, Key) {
    let made = generate(mechanism, &Attributes::default(), &public, false, [7; 32]).unwrap();
    let Generated::Pair { public, private } = made else { panic!("no pair") };
    let read = |class: &str, mut attributes: Attributes, value| {
        attributes.set("CKA_CLASS", class);
        Key::read(&attributes, value).unwrap()
    };
    (
        read("CKO_PUBLIC_KEY", public.attributes, None),
        read("CKO_PRIVATE_KEY", private.attributes, private.value),
    )
}

fn rsa_pair() -> (Key, Key) {
    pair("CKM_RSA_PKCS_KEY_PAIR_GEN", Attributes::of([("CKA_MODULUS_BITS", 1024.into())]))
}

fn with(name: &str, iv: &str) -> Mechanism {
    Mechanism { iv: iv.to_owned(), ..Mechanism::of(name) }
}

#[test]
fn the_vectors_of_the_standards_hold() {
    // RFC 4231, case 2; RFC 4493, example 2; FIPS 180, "abc".
    let mac = sign(
        &Mechanism::of("CKM_SHA256_HMAC"),
        &secret("4a656665"),
        b"what do ya want for nothing?",
    );
    assert_eq!(
        hex(&mac.unwrap()),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    let key = secret("2b7e151628aed2a6abf7158809cf4f3c");
    let block = bytes("6bc1bee22e409f96e93d7e117393172a").unwrap();
    let mac = sign(&Mechanism::of("CKM_AES_CMAC"), &key, &block).unwrap();
    assert_eq!(hex(&mac), "070a16b46b4d4144f79bdd9dd04a287c");
    let sum = digest(&Mechanism::of("CKM_SHA_1"), b"abc").unwrap();
    assert_eq!(hex(&sum), "a9993e364706816aba3e25717850c26c9cd0d89d");

    // SP 800-38A, F.1.1, F.2.1 and F.5.1, the first block of each.
    for (mechanism, wanted) in [
        (with("CKM_AES_ECB", ""), "3ad77bb40d7a3660a89ecaf32466ef97"),
        (
            with("CKM_AES_CBC", "000102030405060708090a0b0c0d0e0f"),
            "7649abac8119b246cee98e9b12e9197d",
        ),
        (
            with("CKM_AES_CTR", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
            "874d6191b620e3261bef6864990db6ce",
        ),
    ] {
        assert_eq!(hex(&encrypt(&mechanism, &key, &block).unwrap()), wanted);
    }

    // RFC 3394, 4.1; RFC 5649, section 6.
    let (key, data) =
        (secret("000102030405060708090a0b0c0d0e0f"), "00112233445566778899aabbccddeeff");
    let closed = encrypt(&Mechanism::of("CKM_AES_KEY_WRAP"), &key, &bytes(data).unwrap()).unwrap();
    assert_eq!(hex(&closed), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    let key = secret("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
    let data = bytes("466f7250617369").unwrap();
    let closed = encrypt(&Mechanism::of("CKM_AES_KEY_WRAP_PAD"), &key, &data).unwrap();
    assert_eq!(hex(&closed), "afbeb0f07dfbf5419200f2ccb50bb24f");
}

#[test]
fn what_is_encrypted_comes_back_and_a_changed_byte_does_not() {
    let (public, private) = rsa_pair();
    let aes = secret(&"5a".repeat(24));
    let iv = "000102030405060708090a0b0c0d0e0f";
    let gcm = Mechanism { aad: "a1".into(), ..with("CKM_AES_GCM", &iv[..24]) };
    let oaep = Mechanism { digest: "CKM_SHA256".into(), ..Mechanism::of("CKM_RSA_PKCS_OAEP") };
    for (mechanism, close, open) in [
        (Mechanism::of("CKM_RSA_PKCS"), &public, &private),
        (Mechanism::of("CKM_RSA_PKCS_OAEP"), &public, &private),
        (oaep, &public, &private),
        (gcm, &aes, &aes),
        (with("CKM_AES_CBC_PAD", iv), &aes, &aes),
        (Mechanism::of("CKM_AES_KEY_WRAP"), &aes, &aes),
        (Mechanism::of("CKM_AES_KEY_WRAP_PAD"), &aes, &aes),
    ] {
        let name = &mechanism.name;
        let mut closed = encrypt(&mechanism, close, b"sixteen bytes ok").unwrap();
        assert_eq!(decrypt(&mechanism, open, &closed).unwrap()[..], *b"sixteen bytes ok", "{name}");
        let last = closed.len() - 1;
        closed[last] ^= 0x80;
        match decrypt(&mechanism, open, &closed) {
            Err(failure) => assert_eq!(failure.id(), refusal::ENCRYPTED_DATA_INVALID, "{name}"),
            Ok(other) => assert_ne!(other[..], *b"sixteen bytes ok", "{name}"),
        }
    }
}

#[test]
fn a_signature_holds_for_its_data_and_key_alone() {
    let curve = |params: &str| Attributes::of([("CKA_EC_PARAMS", params.into())]);
    let pss = Mechanism { digest: "CKM_SHA256".into(), ..Mechanism::of("CKM_RSA_PKCS_PSS") };
    let plain = Mechanism::of("CKM_ECDSA");
    let data: &[u8] = &[9; 32];
    let mut cases = vec![];
    for name in ["CKM_RSA_PKCS", "CKM_SHA256_RSA_PKCS", "CKM_SHA384_RSA_PKCS_PSS", "CKM_RSA_X_509"]
    {
        cases.push((Mechanism::of(name), rsa_pair()));
    }
    cases.push((pss, rsa_pair()));
    for params in ["06082a8648ce3d030107", "06052b81040022", "06052b81040023", "06052b8104000a"] {
        cases.push((plain.clone(), pair("CKM_EC_KEY_PAIR_GEN", curve(params))));
        cases.push((Mechanism::of("CKM_ECDSA_SHA512"), pair("CKM_EC_KEY_PAIR_GEN", curve(params))));
    }
    let edwards = pair("CKM_EC_EDWARDS_KEY_PAIR_GEN", curve("06032b6570"));
    cases.push((Mechanism::of("CKM_EDDSA"), edwards));
    for (mechanism, (public, private)) in cases {
        let signature = sign(&mechanism, &private, data).unwrap();
        verify(&mechanism, &public, data, &signature).unwrap();
        let other = verify(&mechanism, &public, &[8; 32], &signature).unwrap_err();
        assert_eq!(other.id(), refusal::SIGNATURE_INVALID, "{}", mechanism.name);
        assert!(verify(&mechanism, &public, data, &signature[1..]).is_err(), "{}", mechanism.name);
    }
    let mac = sign(&Mechanism::of("CKM_SHA512_HMAC"), &secret("01"), data).unwrap();
    assert!(verify(&Mechanism::of("CKM_SHA512_HMAC"), &secret("02"), data, &mac).is_err());
}

#[test]
fn both_sides_agree_on_a_secret() {
    for params in ["06082a8648ce3d030107", "06052b81040023"] {
        let public = Attributes::of([("CKA_EC_PARAMS", params.into())]);
        let side = |seed: u8| {
            let none = Attributes::default();
            let made = generate("CKM_EC_KEY_PAIR_GEN", &none, &public, false, [seed; 32]).unwrap();
            let Generated::Pair { public, private } = made else { panic!("no pair") };
            let mut attributes = private.attributes;
            attributes.set("CKA_CLASS", "CKO_PRIVATE_KEY");
            let key = Key::read(&attributes, private.value).unwrap();
            (key, bytes(public.attributes.text("CKA_EC_POINT")).unwrap())
        };
        let ((a, a_point), (b, b_point)) = (side(1), side(2));
        let (one, other) = (agree(&a, &b_point).unwrap(), agree(&b, &a_point).unwrap());
        assert_eq!(one, other);
        assert_eq!(agree(&a, b"nonsense").err().unwrap().id(), refusal::MECHANISM_PARAM_INVALID);
    }
}

#[test]
fn data_that_a_mechanism_cannot_take_is_refused() {
    let (public, private) = rsa_pair();
    let aes = secret(&"5a".repeat(16));
    let id = |result: Result<Vec<u8>, Failure>| result.unwrap_err().id().to_owned();
    let long = vec![1; 200];
    assert_eq!(id(sign(&Mechanism::of("CKM_RSA_PKCS"), &private, &long)), refusal::DATA_LEN_RANGE);
    assert_eq!(id(sign(&Mechanism::of("CKM_RSA_X_509"), &private, &long)), refusal::DATA_LEN_RANGE);
    assert_eq!(
        id(sign(&Mechanism::of("CKM_RSA_PKCS_PSS"), &private, b"x")),
        refusal::DATA_LEN_RANGE
    );
    assert_eq!(
        id(encrypt(&Mechanism::of("CKM_RSA_PKCS"), &public, &long)),
        refusal::DATA_LEN_RANGE
    );
    assert_eq!(id(encrypt(&with("CKM_AES_ECB", ""), &aes, b"x")), refusal::DATA_LEN_RANGE);
    let no_iv = id(encrypt(&with("CKM_AES_CBC", "00"), &aes, &[0; 16]));
    assert_eq!(no_iv, refusal::MECHANISM_PARAM_INVALID);
    assert_eq!(
        id(sign(&Mechanism::of("CKM_EDDSA"), &public, b"x")),
        refusal::KEY_TYPE_INCONSISTENT
    );
}
