//! `partition showmechanism`: what the HSM can compute.
//!
//! The product's client hears it from the cryptographic API; the REST API does not tell it. The list
//! is that of the firmware, by the numbers of PKCS#11 and of the vendor's extension header.
//! *Assumed*: which of them a partition of firmware 7.8 has. Key sizes and flags are not told, either.

use luna_rest::{keyrings, partitions};

use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[Command {
    syntax: "partition|par showmechanism [-m <mechanism>]",
    help: "List the mechanisms",
    options: &[("-m", "Hexadecimal number or name of a mechanism, to show it alone")],
    roles: Role::MONITOR,
    rest: &[partitions::SHOW.resource(), keyrings::SLOT.resource()],
    known: Known::Documented(
        "lunacm/commands/partition/partition_showmechanism.htm@7.2; the mechanisms are those of \
         firmware 7, without their key sizes and flags",
    ),
    run: call::<ShowMechanism>(),
}];

/// Number and name, by number. The names stand without `CKM_`.
const MECHANISMS: &[(u32, &str)] = &[
    (0x0000, "RSA_PKCS_KEY_PAIR_GEN"),
    (0x0001, "RSA_PKCS"),
    (0x0003, "RSA_X_509"),
    (0x0006, "SHA1_RSA_PKCS"),
    (0x0009, "RSA_PKCS_OAEP"),
    (0x000a, "RSA_X9_31_KEY_PAIR_GEN"),
    (0x000b, "RSA_X9_31"),
    (0x000c, "SHA1_RSA_X9_31"),
    (0x000d, "RSA_PKCS_PSS"),
    (0x000e, "SHA1_RSA_PKCS_PSS"),
    (0x0010, "DSA_KEY_PAIR_GEN"),
    (0x0011, "DSA"),
    (0x0012, "DSA_SHA1"),
    (0x0013, "DSA_SHA224"),
    (0x0014, "DSA_SHA256"),
    (0x0020, "DH_PKCS_KEY_PAIR_GEN"),
    (0x0021, "DH_PKCS_DERIVE"),
    (0x0030, "X9_42_DH_KEY_PAIR_GEN"),
    (0x0031, "X9_42_DH_DERIVE"),
    (0x0032, "X9_42_DH_HYBRID_DERIVE"),
    (0x0040, "SHA256_RSA_PKCS"),
    (0x0041, "SHA384_RSA_PKCS"),
    (0x0042, "SHA512_RSA_PKCS"),
    (0x0043, "SHA256_RSA_PKCS_PSS"),
    (0x0044, "SHA384_RSA_PKCS_PSS"),
    (0x0045, "SHA512_RSA_PKCS_PSS"),
    (0x0046, "SHA224_RSA_PKCS"),
    (0x0047, "SHA224_RSA_PKCS_PSS"),
    (0x0130, "DES2_KEY_GEN"),
    (0x0131, "DES3_KEY_GEN"),
    (0x0132, "DES3_ECB"),
    (0x0133, "DES3_CBC"),
    (0x0134, "DES3_MAC"),
    (0x0135, "DES3_MAC_GENERAL"),
    (0x0136, "DES3_CBC_PAD"),
    (0x0137, "DES3_CMAC_GENERAL"),
    (0x0138, "DES3_CMAC"),
    (0x0220, "SHA_1"),
    (0x0221, "SHA_1_HMAC"),
    (0x0222, "SHA_1_HMAC_GENERAL"),
    (0x0250, "SHA256"),
    (0x0251, "SHA256_HMAC"),
    (0x0252, "SHA256_HMAC_GENERAL"),
    (0x0255, "SHA224"),
    (0x0256, "SHA224_HMAC"),
    (0x0257, "SHA224_HMAC_GENERAL"),
    (0x0260, "SHA384"),
    (0x0261, "SHA384_HMAC"),
    (0x0262, "SHA384_HMAC_GENERAL"),
    (0x0270, "SHA512"),
    (0x0271, "SHA512_HMAC"),
    (0x0272, "SHA512_HMAC_GENERAL"),
    (0x0350, "GENERIC_SECRET_KEY_GEN"),
    (0x0360, "CONCATENATE_BASE_AND_KEY"),
    (0x0362, "CONCATENATE_BASE_AND_DATA"),
    (0x0363, "CONCATENATE_DATA_AND_BASE"),
    (0x0364, "XOR_BASE_AND_DATA"),
    (0x0365, "EXTRACT_KEY_FROM_KEY"),
    (0x0392, "SHA1_KEY_DERIVATION"),
    (0x0393, "SHA256_KEY_DERIVATION"),
    (0x0394, "SHA384_KEY_DERIVATION"),
    (0x0395, "SHA512_KEY_DERIVATION"),
    (0x0396, "SHA224_KEY_DERIVATION"),
    (0x03b0, "PKCS5_PBKD2"),
    (0x0550, "ARIA_KEY_GEN"),
    (0x0551, "ARIA_ECB"),
    (0x0552, "ARIA_CBC"),
    (0x0553, "ARIA_MAC"),
    (0x0554, "ARIA_MAC_GENERAL"),
    (0x0555, "ARIA_CBC_PAD"),
    (0x1040, "EC_KEY_PAIR_GEN"),
    (0x1041, "ECDSA"),
    (0x1042, "ECDSA_SHA1"),
    (0x1050, "ECDH1_DERIVE"),
    (0x1051, "ECDH1_COFACTOR_DERIVE"),
    (0x1080, "AES_KEY_GEN"),
    (0x1081, "AES_ECB"),
    (0x1082, "AES_CBC"),
    (0x1083, "AES_MAC"),
    (0x1084, "AES_MAC_GENERAL"),
    (0x1085, "AES_CBC_PAD"),
    (0x1086, "AES_CTR"),
    (0x1087, "AES_GCM"),
    (0x1089, "AES_CMAC_GENERAL"),
    (0x108a, "AES_CMAC"),
    (0x2000, "DSA_PARAMETER_GEN"),
    (0x2001, "DH_PKCS_PARAMETER_GEN"),
    (0x2002, "X9_42_DH_PARAMETER_GEN"),
    (0x8000_0118, "AES_CFB8"),
    (0x8000_0119, "AES_CFB128"),
    (0x8000_011a, "AES_OFB"),
    (0x8000_011d, "ARIA_CFB8"),
    (0x8000_0122, "ECDSA_SHA224"),
    (0x8000_0123, "ECDSA_SHA256"),
    (0x8000_0124, "ECDSA_SHA384"),
    (0x8000_0125, "ECDSA_SHA512"),
    (0x8000_0126, "AES_GMAC"),
    (0x8000_0128, "ARIA_CMAC"),
    (0x8000_0129, "ARIA_CMAC_GENERAL"),
    (0x8000_012e, "DES3_CBC_PAD_IPSEC"),
    (0x8000_012f, "AES_CBC_PAD_IPSEC"),
    (0x8000_0135, "SHA224_RSA_X9_31"),
    (0x8000_0136, "SHA256_RSA_X9_31"),
    (0x8000_0137, "SHA384_RSA_X9_31"),
    (0x8000_0138, "SHA512_RSA_X9_31"),
];

#[derive(Deserialize)]
struct ShowMechanism {
    m: Option<String>,
}

/// The mechanisms that were asked for.
#[derive(Serialize)]
pub(in crate::commands) struct Mechanisms {
    mechanisms: Vec<Mechanism>,
    #[serde(skip)]
    alone: bool,
}

#[derive(Serialize)]
struct Mechanism {
    number: u32,
    name: String,
}

impl Run<Session> for ShowMechanism {
    type View = Mechanisms;

    fn run(self, session: &mut Session) -> Result<Mechanisms, Failure> {
        // That the slot is still there.
        session.backend()?.show()?;
        mechanisms(self.m.as_deref())
    }
}

/// All mechanisms, or the one that is meant.
pub(in crate::commands) fn mechanisms(typed: Option<&str>) -> Result<Mechanisms, Failure> {
    let wanted = |(number, name): &(u32, &str)| match typed {
        None => true,
        Some(typed) => number_of(typed) == Some(*number) || is_named(typed, name),
    };
    let found = MECHANISMS.iter().filter(|one| wanted(one));
    let mechanisms: Vec<Mechanism> = found
        .map(|(number, name)| Mechanism { number: *number, name: format!("CKM_{name}") })
        .collect();
    match (typed, mechanisms.is_empty()) {
        (Some(typed), true) => Err(codes::failure(
            codes::MECHANISM_INVALID,
            format!("The HSM has no mechanism '{typed}'."),
        )
        .hint("'partition showmechanism' lists them")),
        (typed, _) => Ok(Mechanisms { mechanisms, alone: typed.is_some() }),
    }
}

/// A hexadecimal number, with or without `0x` before it.
fn number_of(typed: &str) -> Option<u32> {
    let prefix = typed.get(..2).filter(|start| start.eq_ignore_ascii_case("0x"));
    u32::from_str_radix(prefix.map_or(typed, |_| &typed[2..]), 16).ok()
}

/// Whether a name is meant, in any letter case, with or without `CKM_`.
fn is_named(typed: &str, name: &str) -> bool {
    let bare = typed.get(..4).filter(|start| start.eq_ignore_ascii_case("CKM_"));
    bare.map_or(typed, |_| &typed[4..]).eq_ignore_ascii_case(name)
}

impl Text for Mechanisms {
    fn write(&self, page: &mut Page) {
        if self.alone {
            for Mechanism { number, name } in &self.mechanisms {
                page.line(format!("(0x{number:08x} - {}) {name}", number.cast_signed()));
            }
            return;
        }
        page.blank();
        page.line(" Mechanisms Supported:");
        for one in &self.mechanisms {
            page.line(format!("         0x{:08x} - {}", one.number, one.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    #[test]
    fn mechanisms_stand_once_and_in_order() {
        assert!(MECHANISMS.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1));
    }

    #[test]
    fn a_mechanism_is_named_by_number_or_name() {
        assert_eq!(number_of("0x1082"), Some(0x1082));
        assert_eq!(number_of("80000142"), Some(0x8000_0142));
        assert_eq!(number_of("0X"), None);
        assert!(is_named("ckm_aes_cbc", "AES_CBC") && is_named("AES_CBC", "AES_CBC"));
        assert!(!is_named("AES", "AES_CBC") && !is_named("CKM", "AES_CBC"));
    }

    /// Lines of the product's page.
    #[test]
    fn a_mechanism_is_shown_in_the_layout_of_the_product() {
        let mechanism = |number, name: &str| Mechanism { number, name: name.to_owned() };
        let name = "CKM_RSA_FIPS_186_3_AUX_PRIME_KEY_PAIR_GEN";
        let alone = Mechanisms { mechanisms: vec![mechanism(0x8000_0142, name)], alone: true };
        assert_eq!(alone.text(), format!("(0x80000142 - -2147483326) {name}\n"));
        let mechanisms =
            vec![mechanism(0, "CKM_RSA_PKCS_KEY_PAIR_GEN"), mechanism(1, "CKM_RSA_PKCS")];
        assert_eq!(
            Mechanisms { mechanisms, alone: false }.text(),
            "
 Mechanisms Supported:
         0x00000000 - CKM_RSA_PKCS_KEY_PAIR_GEN
         0x00000001 - CKM_RSA_PKCS
"
        );
    }
}
