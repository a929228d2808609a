//! The line of an OpenSSH public key file: type, key in base64, comment.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SshKey<'l> {
    /// `ssh-rsa`, `ssh-ed25519` and so on.
    pub(crate) kind: &'l str,
    /// Length of the key.
    pub(crate) bits: u32,
    /// `SHA256:` and the digest in base64, as `ssh-keygen -l` shows it.
    pub(crate) fingerprint: String,
    /// The comment behind the key; often `user@host`.
    pub(crate) comment: &'l str,
}

/// Reads a key from the text of its file.
///
/// # Errors
/// Why it is none; the text itself is never repeated, it may be a private key.
pub(crate) fn read(text: &str) -> Result<SshKey<'_>, String> {
    if text.contains("PRIVATE KEY") {
        return Err("It is a private key: it must not leave its owner's machine; add the .pub \
                    file beside it."
            .to_owned());
    }
    if text.trim_start().starts_with("---- BEGIN SSH2") {
        return Err("It is in SSH2 format; 'ssh-keygen -i' makes an OpenSSH key of it.".to_owned());
    }
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let line = lines.next().ok_or("The file is empty.")?;
    if lines.next().is_some() {
        return Err("It holds more than one line; add one key at a time.".to_owned());
    }
    let mut words = line.splitn(3, char::is_whitespace);
    let kind = words.next().unwrap_or_default();
    let encoded = words.next().ok_or("It is not a line of type, key and comment.")?;
    let comment = words.next().unwrap_or_default().trim();
    let blob = STANDARD
        .decode(encoded)
        .or_else(|_| STANDARD_NO_PAD.decode(encoded))
        .map_err(|_| "The key itself is not in base64.")?;
    let bits = bits(kind, &blob)?;
    let digest = ring::digest::digest(&ring::digest::SHA256, &blob);
    let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(digest));
    Ok(SshKey { kind, bits, fingerprint, comment })
}

/// The length of the key in a blob, which must be complete and of the type the line says.
fn bits(kind: &str, blob: &[u8]) -> Result<u32, String> {
    let mut rest = blob;
    let mut field = || {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let (field, tail) = tail.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        rest = tail;
        Some(field)
    };
    let cut = "The key is cut short.";
    if field().ok_or(cut)? != kind.as_bytes() {
        return Err("The key is of another type than its line says.".to_owned());
    }
    let bits = match kind {
        "ssh-rsa" => {
            field().ok_or(cut)?;
            length(field().ok_or(cut)?)
        }
        "ssh-dss" => {
            let bits = length(field().ok_or(cut)?);
            for _ in 0..3 {
                field().ok_or(cut)?;
            }
            bits
        }
        "ssh-ed25519" => match field().ok_or(cut)?.len() {
            32 => 256,
            _ => return Err(cut.to_owned()),
        },
        "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => {
            let curve = field().ok_or(cut)?;
            if kind.strip_prefix("ecdsa-sha2-").map(str::as_bytes) != Some(curve) {
                return Err("The key's curve is not that of its type.".to_owned());
            }
            let (bits, bytes) = match curve {
                b"nistp256" => (256, 65),
                b"nistp384" => (384, 97),
                _ => (521, 133),
            };
            if field().ok_or(cut)?.len() != bytes {
                return Err(cut.to_owned());
            }
            bits
        }
        _ => {
            return Err("Its type is none of ssh-rsa, ssh-dss, ssh-ed25519 and \
                        ecdsa-sha2-nistp256, -nistp384, -nistp521."
                .to_owned());
        }
    };
    if !rest.is_empty() {
        return Err("Something stands behind the key.".to_owned());
    }
    if bits == 0 { Err(cut.to_owned()) } else { Ok(bits) }
}

/// The length of a positive number in bits.
fn length(number: &[u8]) -> u32 {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let Some(first) = number.get(zeros) else { return 0 };
    let bytes = u32::try_from(number.len() - zeros).unwrap_or(u32::MAX / 8);
    bytes * 8 - first.leading_zeros()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Made with `ssh-keygen`; fingerprints are those of `ssh-keygen -l`.
    pub(crate) const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAZFE2ZFMFmRTgYo/uuk0gu16l0vEMELdIlDbBiqrNsE root@pinky";
    const ED25519_PRINT: &str = "SHA256:gmddb3UEvTyobKddJb/SyQYHf2RBsKnbhA43qK9KwqE";
    const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDfNZ1q+d3Ft1Mbr6AnyX2cVha2dlxkL5HzOdu9B3gphrFu6upHRiqHOQN9oSSO4Lkhuj8ehWyxB+hBjHCgfQygBHQ7dHHqJYnw29Xs1HQn7bkFC/Ci3dDjtQVA8TmLSl8jm+0sClRZ+lmGbkqjwihRUknZtPncz9c4B9g0ntPJ3Q== root@pinky";
    const RSA_PRINT: &str = "SHA256:9l/gAY4ihcizklyUivqtZbn0FBVuKvy6vLBnn+sfCWo";
    const ECDSA: &str = "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBJGPxXOuT+7t4N5L3FtDUIpGsFLohBCG1hlMDhxf7N5kOXtMhJd9Vp8gnPgTs5Oxr0XKmhsGwTWYknILqVg+qJjg9YEH0CtQ1faOueVSdNNB6Mc1k1TFQDGZ3YEgSMCG5Q== root@pinky";
    const ECDSA_PRINT: &str = "SHA256:mLrLnkA0Sr5w7vxabe15cKfjNE2tcAAJUABcP/tuhnQ";

    #[test]
    fn keys_are_read_as_ssh_keygen_reads_them() {
        let seen = |text| read(text).map(|key| (key.kind, key.bits, key.fingerprint, key.comment));
        let expected = |kind, bits, print: &str| Ok((kind, bits, print.to_owned(), "root@pinky"));
        assert_eq!(seen(ED25519), expected("ssh-ed25519", 256, ED25519_PRINT));
        assert_eq!(seen(RSA), expected("ssh-rsa", 1024, RSA_PRINT));
        assert_eq!(seen(ECDSA), expected("ecdsa-sha2-nistp384", 384, ECDSA_PRINT));
    }

    #[test]
    fn garbage_is_refused_with_the_reason() {
        let reason = |text: &str| read(text).unwrap_err();
        assert_eq!(reason(""), "The file is empty.");
        assert_eq!(reason("hello"), "It is not a line of type, key and comment.");
        assert_eq!(reason("ssh-rsa %%%"), "The key itself is not in base64.");
        assert_eq!(reason("ssh-rsa AAAA"), "The key is cut short.");
        let other = ED25519.replace("ssh-ed25519", "ssh-rsa");
        assert_eq!(reason(&other), "The key is of another type than its line says.");
        let private = "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n";
        assert!(reason(private).contains("private key") && !reason(private).contains("secret"));
        assert!(reason(&format!("{RSA}\n{RSA}")).contains("one key at a time"));
    }

    #[test]
    fn a_key_cut_anywhere_is_refused() {
        let (kind, rest) = RSA.split_once(' ').unwrap();
        let blob = STANDARD.decode(rest.split(' ').next().unwrap()).unwrap();
        for end in 0..blob.len() {
            assert!(bits(kind, &blob[..end]).is_err(), "{end}");
        }
        assert!(bits(kind, &[&blob[..], b"x"].concat()).is_err());
    }
}
