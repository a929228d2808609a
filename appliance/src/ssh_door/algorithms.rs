//! Which algorithms are offered, the best first.

use std::borrow::Cow;

use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Preferred, cipher, compression, kex, mac};

use crate::replica::SshSettings;
use crate::state::sysconf::default_ciphers;

const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_GEX_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_G18_SHA512,
    kex::DH_G14_SHA256,
];
/// What field scripts of old name.
const OLD_KEX: &[kex::Name] = &[kex::DH_G14_SHA1, kex::DH_GEX_SHA1];
/// No algorithms, but what the two sides understand beside them.
const EXTENSIONS: &[kex::Name] =
    &[kex::EXTENSION_SUPPORT_AS_SERVER, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER];

const CIPHERS: &[cipher::Name] = &[
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];
const OLD_CIPHERS: &[cipher::Name] =
    &[cipher::AES_256_CBC, cipher::AES_192_CBC, cipher::AES_128_CBC];

const MACS: &[mac::Name] =
    &[mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM, mac::HMAC_SHA512, mac::HMAC_SHA256];
const OLD_MACS: &[mac::Name] = &[mac::HMAC_SHA1_ETM, mac::HMAC_SHA1];

const KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];
const OLD_KEYS: &[Algorithm] = &[Algorithm::Rsa { hash: None }];

/// What a connection is offered; with `modern` nothing that has been broken or is about to be. The lists
/// of `sysconf ssh ciphers set` hold exactly; those of the factory stand for all that the server knows.
pub(super) fn offered(settings: &SshSettings, modern: bool) -> Preferred {
    let old = !modern;
    let ciphers = with(CIPHERS, OLD_CIPHERS, old);
    let cipher = match settings.ciphers == default_ciphers() {
        true => ciphers,
        false => {
            only(&ciphers, |cipher| settings.ciphers.iter().any(|name| name == cipher.as_ref()))
        }
    };
    let macs = with(MACS, OLD_MACS, old);
    let chosen = |mac: &mac::Name| {
        let name = mac.as_ref();
        settings.macs.iter().any(|known| known == name.trim_end_matches("@openssh.com"))
    };
    let mac = if settings.macs.is_empty() { macs } else { only(&macs, chosen) };
    let kex = [with(KEX, OLD_KEX, old), EXTENSIONS.to_vec()].concat();
    Preferred {
        kex: Cow::Owned(kex),
        key: Cow::Owned(with(KEYS, OLD_KEYS, old)),
        host_key_certificates: Cow::Borrowed(&[]),
        cipher: Cow::Owned(cipher),
        mac: Cow::Owned(mac),
        compression: Cow::Borrowed(&[compression::NONE]),
    }
}

fn with<T: Clone>(new: &[T], old: &[T], all: bool) -> Vec<T> {
    let old = if all { old } else { &[] };
    [new, old].concat()
}

fn only<T: Clone>(list: &[T], wanted: impl Fn(&T) -> bool) -> Vec<T> {
    list.iter().filter(|one| wanted(one)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<T: AsRef<str>>(list: &[T]) -> Vec<&str> {
        list.iter().map(AsRef::as_ref).collect()
    }

    #[test]
    fn old_algorithms_are_offered_unless_they_are_not_wanted() {
        let settings = SshSettings { ciphers: default_ciphers(), ..SshSettings::default() };
        let (all, modern) = (offered(&settings, false), offered(&settings, true));
        for (list, old) in [
            (names(&all.kex), "diffie-hellman-group14-sha1"),
            (names(&all.cipher), "aes256-cbc"),
            (names(&all.mac), "hmac-sha1"),
        ] {
            assert!(list.contains(&old), "{list:?}");
        }
        assert!(names(&modern.kex).iter().all(|name| !name.ends_with("sha1")));
        assert!(names(&modern.cipher).iter().all(|name| !name.ends_with("cbc")));
        assert!(modern.key.iter().all(|key| *key != Algorithm::Rsa { hash: None }));
    }

    #[test]
    fn what_is_set_is_all_there_is() {
        let text = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        let settings = SshSettings {
            ciphers: text(&["aes256-gcm@openssh.com", "arcfour"]),
            macs: text(&["hmac-sha2-256-etm"]),
            ..SshSettings::default()
        };
        let offered = offered(&settings, false);
        assert_eq!(names(&offered.cipher), ["aes256-gcm@openssh.com"]);
        assert_eq!(names(&offered.mac), ["hmac-sha2-256-etm@openssh.com"]);
    }
}
