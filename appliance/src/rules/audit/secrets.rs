//! The log secret on its way from one HSM to another: encrypted under the audit domain, so that only
//! an HSM whose Auditor was initialized with the same one can take it.
//!
//! Assumed: the vendor says that it is wrapped under the Auditor's domain, not how. Here it is
//! AES-256-GCM with a key made from the domain; the serial number is authenticated with it.

use luna_rest::Nothing;
use luna_rest::audit::{EXPORT_SECRET, IMPORT_SECRET, Imported, NO_LOG, Packed, UNUSABLE_SECRET};
use luna_rest::syslog::Archive;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{HMAC_SHA256, Key, sign};
use zeroize::Zeroizing;

use crate::core::message::{Failure, Reply};
use crate::core::password::PasswordHash;
use crate::core::random::hex;
use crate::request::context::Context;
use crate::request::route::{AUDIT, Ids, Routes};
use crate::rules::audit::auditor::require_auditor;
use crate::state::audit::{ImportedRow, secret_bytes};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&EXPORT_SECRET, AUDIT.private(), export);
    r.on(&IMPORT_SECRET, AUDIT.private(), import);
}

/// What an exported file begins with.
const MAGIC: &[u8; 4] = b"LWS1";
/// Where the encrypted secret begins: behind magic, serial number and nonce.
const HEAD: usize = MAGIC.len() + 8 + NONCE_LEN;

/// This HSM's own log secret.
pub(crate) fn own(cx: &Context<'_>) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let secret = secret_bytes(&cx.state.audit.auditor.get().secret);
    secret.map(Zeroizing::new).ok_or_else(|| Failure::internal("The HSM has no log secret."))
}

/// The log secret that was imported, of the HSM `source` where that is given.
pub(crate) fn imported(
    cx: &Context<'_>,
    source: Option<&str>,
) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let row = cx.state.audit.auditor.get().imported.as_ref();
    let row = row.filter(|row| source.is_none_or(|source| row.serial.to_string() == source));
    row.and_then(|row| secret_bytes(&row.secret)).map(Zeroizing::new).ok_or_else(|| {
        let of = source.map_or("another HSM".to_owned(), |serial| format!("the HSM {serial}"));
        Failure::new(400, UNUSABLE_SECRET, "There is no log secret to verify with.")
            .details(format!("The log secret of {of} was not imported."))
    })
}

/// The key that secrets are encrypted with under this domain.
fn key(domain: &PasswordHash) -> Option<LessSafeKey> {
    let mark = Zeroizing::new(domain.domain_mark());
    let derived = sign(&Key::new(HMAC_SHA256, mark.as_bytes()), b"audit log secret");
    UnboundKey::new(&AES_256_GCM, derived.as_ref()).ok().map(LessSafeKey::new)
}

/// A file with the secret of the HSM `serial`.
fn seal(
    domain: &PasswordHash,
    serial: u64,
    secret: &[u8; 32],
    nonce: [u8; NONCE_LEN],
) -> Option<Vec<u8>> {
    let mut file = [MAGIC.as_slice(), &serial.to_be_bytes()].concat();
    let mut sealed = secret.to_vec();
    let nonce_bytes = nonce;
    let aad = Aad::from(file.clone());
    key(domain)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
        .ok()?;
    file.extend_from_slice(&nonce_bytes);
    file.extend_from_slice(&sealed);
    Some(file)
}

/// Serial number and secret of a file; nothing where the domain is another one.
fn open(domain: &PasswordHash, file: &[u8]) -> Option<(u64, Zeroizing<[u8; 32]>)> {
    let (head, sealed) = file.split_at_checked(HEAD)?;
    let (aad, nonce) = head.split_at_checked(HEAD - NONCE_LEN)?;
    let serial = u64::from_be_bytes(aad.strip_prefix(MAGIC)?.try_into().ok()?);
    let mut sealed = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let secret = key(domain)?.open_in_place(nonce, Aad::from(aad), &mut sealed).ok()?;
    Some((serial, Zeroizing::new((&*secret).try_into().ok()?)))
}

fn export(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Archive>, Failure> {
    require_auditor(cx)?;
    let (secret, serial) = (own(cx)?, cx.state.hsm.hsm.get().serial);
    let nonce = cx.secret.bytes();
    let sealed = seal(&cx.state.audit.auditor.get().domain, serial, &secret, nonce);
    let content = sealed.ok_or_else(|| Failure::internal("The log secret was not encrypted."))?;
    let (file, user) = (format!("{serial}.lws"), cx.session().user.clone());
    cx.state.files.put(&user, &file, content, cx.now);
    Ok(Reply::ok(Archive { file }))
}

fn import(cx: &mut Context<'_>, _: &Ids<0>, body: Packed) -> Result<Reply<Imported>, Failure> {
    require_auditor(cx)?;
    let row = cx.state.files.get(&cx.session().user, &body.file).ok_or_else(|| {
        let details = format!("There is no '{}' among the files of the account.", body.file);
        Failure::new(404, NO_LOG, "The file does not exist.").details(details)
    })?;
    let opened = open(&cx.state.audit.auditor.get().domain, &row.content);
    let (serial, secret) = opened.ok_or_else(|| {
        Failure::new(400, UNUSABLE_SECRET, "The file holds no usable log secret.").details(format!(
            "'{}' was not exported under this HSM's audit domain, or was changed.",
            body.file
        ))
    })?;
    let secret = hex(&*secret).into();
    cx.state.audit.auditor.get_mut().imported = Some(ImportedRow { serial, secret });
    Ok(Reply::ok(Imported { serial: serial.to_string() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_under_its_domain_alone_and_whole() {
        let domain = PasswordHash::of_domain("audit-1");
        let file = seal(&domain, 66331, &[7; 32], [9; NONCE_LEN]).unwrap();
        assert!(!file.windows(8).any(|bytes| bytes == [7; 8]), "it is encrypted");
        let (serial, secret) = open(&domain, &file).unwrap();
        assert_eq!((serial, *secret), (66331, [7; 32]));
        assert!(open(&PasswordHash::of_domain("audit-2"), &file).is_none());
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(open(&domain, &changed).is_none() && open(&domain, &file[..at]).is_none());
        }
    }
}
