//! OpenSSH public keys, as far as they are compared.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

/// The fingerprint of the first key in a file, as `ssh-keygen -l` shows it; `None` if there is none.
pub fn fingerprint(text: &str) -> Option<String> {
    let lines = text.lines().map(str::trim);
    let line = lines.into_iter().find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let blob = line.split_whitespace().skip_while(|word| !is_type(word)).nth(1)?;
    let digest = Sha256::digest(BASE64_STANDARD.decode(blob).ok()?);
    Some(format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(digest)))
}

fn is_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|begin| word.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `ssh-keygen -t ed25519`, and shown by `ssh-keygen -l`.
    #[test]
    fn a_fingerprint_is_that_of_ssh_keygen() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIMyQVsCCRjiZQRfVHX8Ca8rkzs0zVvRr6aYWbn0Hxm2 me@here";
        assert_eq!(fingerprint("no key"), None);
        assert!(fingerprint(&format!("# mine\n{key}\n")).is_some_and(|one| one.len() == 50));
    }
}
