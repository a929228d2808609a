//! A signature that proves that a key works, with what somebody else needs to check it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use luna_rest::objects::{Attributes, Operation, Use};
use luna_rest::{Error, Secret};
use luna_shell::Failure;
use serde::Serialize;

use crate::cmu::select::{Named, object, token};
use crate::cmu::sign::mechanism;
use crate::cmu::{Cmu, x509};
use crate::codes;
use crate::token::{Token, encoded};

/// What was signed, and what verifies it.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// Serial number of the partition.
    pub partition: String,
    /// Label of the key.
    pub key: String,
    /// Such as `CKM_SHA256_RSA_PKCS`.
    pub mechanism: String,
    /// The text that was signed.
    pub data: String,
    /// The signature in Base64; that of ECDSA is in DER, as openssl has it.
    pub signature: String,
    /// The public key of the same label that verifies it, as PEM.
    pub public_key: String,
}

impl Cmu {
    /// Whether a slot has this serial number.
    pub fn has_slot(&self, serial: &str) -> bool {
        self.session.slots().iter().any(|slot| slot.serial == serial)
    }

    /// Logs the Crypto Officer in, signs `data` with the private key of this label, and verifies it with the public
    /// key of that label, both in the slot.
    ///
    /// # Errors
    /// The slot, one private key or its public key is not there, the login is refused, or the signature does not
    /// verify.
    pub fn prove(
        &mut self,
        serial: &str,
        label: &str,
        data: &str,
        password: Secret,
    ) -> Result<Proof, Failure> {
        let token = token(self, Some(serial), Some(password))?;
        let named = Named { label: Some(label), ..Named::default() };
        let what = format!("private key '{label}' that signs");
        let of_class = |class: &str, right| {
            Attributes::of([("CKA_CLASS", class.into()), (right, true.into())])
        };
        let private = of_class("CKO_PRIVATE_KEY", "CKA_SIGN");
        let handle = object(self, &token, &named, private, &what)?;
        let mechanism = mechanism(None, &token.read(handle)?)?;
        let signature = token.sign(handle, &mechanism, data.as_bytes())?;
        let body = Use {
            mechanism: mechanism.clone(),
            data: encoded(data.as_bytes()).into(),
            signature: encoded(&signature),
            ..Use::default()
        };
        let mut public = of_class("CKO_PUBLIC_KEY", "CKA_VERIFY");
        public.set("CKA_LABEL", label);
        let key = verifier(&token, &public, &body)?.ok_or_else(|| {
            let why = format!("No public key '{label}' of the slot verifies what it signed.");
            codes::failure(codes::OBJECT_INVALID, why)
                .hint("'cmu list -class public' shows the public keys")
        })?;
        let signature = match mechanism.name.starts_with("CKM_ECDSA") {
            true => x509::ecdsa_der(&signature),
            false => signature,
        };
        Ok(Proof {
            partition: serial.to_owned(),
            key: label.to_owned(),
            mechanism: mechanism.name,
            data: data.to_owned(),
            signature: BASE64_STANDARD.encode(signature),
            public_key: x509::pem("PUBLIC KEY", &x509::public_key_info(&key)?),
        })
    }
}

/// The public key among those of a template that verifies a signature.
fn verifier(token: &Token, template: &Attributes, body: &Use) -> Result<Option<Attributes>, Error> {
    for found in token.find(template, &[])? {
        match token.use_object(found.handle, Operation::Verify, body) {
            Ok(_) => return token.read(found.handle).map(Some),
            // A key of another type or pair.
            Err(Error::Answered { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
