//! `vtl fingerprint` and `vtl examineCert`: a certificate, the client's own without a file.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use luna_rest::Fingerprint;
use luna_shell::{Failure, Page, Text, x509_text};
use serde::Serialize;

use crate::owner::{CERTIFICATE, SECTION};
use crate::vtl::{Client, at};

#[derive(Args)]
pub(super) struct CertificateFile {
    /// The certificate; both letters are in use
    #[arg(short = 'f', short_alias = 'c', value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
}

impl CertificateFile {
    /// The first certificate of the file, and where it is.
    fn read(&self, client: &Client) -> Result<(PathBuf, String), Failure> {
        let own = || client.file.get(SECTION, CERTIFICATE).map(PathBuf::from);
        let path = self.file.clone().or_else(own).ok_or_else(|| {
            Failure::command("The configuration names no certificate of this client.")
                .hint("'vtl createCert' makes one; -f names another file")
        })?;
        let content = std::fs::read_to_string(&path).map_err(|error| at(&path, &error))?;
        Ok((path, content))
    }
}

fn none(path: &std::path::Path) -> Failure {
    Failure::command(format!("{}: there is no certificate in PEM in it.", path.display()))
}

/// A fingerprint.
#[derive(Serialize)]
pub(super) struct Printed {
    file: PathBuf,
    fingerprint: String,
}

impl Text for Printed {
    fn write(&self, page: &mut Page) {
        page.line(format!("Certificate fingerprint: {}", self.fingerprint));
    }
}

/// Assumed: SHA-256, as newer releases of LunaSH have it; the documented MD5 proves nothing any more.
pub(super) fn fingerprint(file: &CertificateFile, client: &Client) -> Result<Printed, Failure> {
    let (path, pem) = file.read(client)?;
    let fingerprint = Fingerprint::of_pem(&pem).ok_or_else(|| none(&path))?.to_string();
    let fingerprint = fingerprint.trim_start_matches("SHA256:").to_owned();
    Ok(Printed { file: path, fingerprint })
}

/// A certificate in words.
#[derive(Serialize)]
pub(super) struct Examined {
    file: PathBuf,
    certificate: String,
}

impl Text for Examined {
    fn write(&self, page: &mut Page) {
        page.line("Certificate:");
        page.line(self.certificate.trim_end());
    }
}

pub(super) fn examine(file: &CertificateFile, client: &Client) -> Result<Examined, Failure> {
    let (path, pem) = file.read(client)?;
    // Whatever stands before the certificate, as `openssl x509 -text` writes it.
    let begin = pem.find("-----BEGIN").unwrap_or_default();
    let certificate = x509_text(&pem[begin..]).ok_or_else(|| none(&path))?;
    Ok(Examined { file: path, certificate })
}
