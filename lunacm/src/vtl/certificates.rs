//! `vtl createCert`.

use std::path::{Path, PathBuf};

use clap::Args;
use luna_shell::{Failure, Kind, Page, Text, check_replaceable, replace_file};
use serde::Serialize;

use crate::certificate::{self, Subject};
use crate::link::PRIVATE_KEY;
use crate::owner::{CERTIFICATE, SECTION};
use crate::vtl::{Client, at};

#[derive(Args)]
pub(super) struct CreateCert {
    /// The client's host name or address: its common name, and the name of the files
    #[arg(short = 'n', value_name = "HOSTNAME")]
    name: String,
    /// Country code
    #[arg(short = 'c', value_name = "COUNTRY", default_value = "CA")]
    country: String,
    /// State or province
    #[arg(short = 's', value_name = "STATE", default_value = "Ontario")]
    state: String,
    /// City
    #[arg(short = 'l', value_name = "LOCALITY", default_value = "Ottawa")]
    locality: String,
    /// Organization
    #[arg(short = 'o', value_name = "ORGANIZATION", default_value = "My company")]
    organization: String,
    /// Unit within the organization
    #[arg(short = 'u', value_name = "UNIT")]
    unit: Option<String>,
    /// E-mail address
    #[arg(short = 'e', value_name = "EMAIL")]
    email: Option<String>,
    /// File of the private key, in place of the one named after the client
    #[arg(short = 'P', value_name = "FILE")]
    private_key: Option<PathBuf>,
    /// File of the certificate, in place of the one named after the client
    #[arg(short = 'C', value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Days of validity
    #[arg(short = 'd', value_name = "DAYS", default_value_t = 3650,
        value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// Show the fields of the certificate
    #[arg(short = 'v')]
    verbose: bool,
}

/// The files that were made.
#[derive(Serialize)]
pub(super) struct Made {
    private_key: PathBuf,
    certificate: PathBuf,
    subject: Vec<(&'static str, String)>,
    #[serde(skip)]
    verbose: bool,
}

impl Text for Made {
    fn write(&self, page: &mut Page) {
        // Assumed: the product shows openssl's questions for the fields; here they have no question.
        for (field, value) in self.subject.iter().filter(|_| self.verbose) {
            page.field(&format!("{field}:"), 4, value);
        }
        page.line(format!("Private Key created and written to: {}", self.private_key.display()));
        page.line(format!("Certificate created and written to: {}", self.certificate.display()));
        page.blank();
    }
}

/// What `client register` takes as host name; an address is one too.
fn check_name(name: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let is_host =
        (1..=60).contains(&name.len()) && name.chars().all(allowed) && !name.starts_with('.');
    if is_host || name.parse::<std::net::IpAddr>().is_ok() {
        return Ok(());
    }
    let text = format!("'{name}' cannot be the name of a client's certificate.");
    Err(Failure::new(Kind::NotUnderstood, text).hint(
        "'client register' takes an address, or a host name of 1 to 60 letters, digits and _ . -",
    ))
}

/// Makes key and certificate, which become the client's own.
pub(super) fn create(new: &CreateCert, client: &mut Client) -> Result<Made, Failure> {
    check_name(&new.name)?;
    let folder = client.certificates.join("client");
    let within = |given: &Option<PathBuf>, name: String| match given {
        Some(path) => std::path::absolute(path).map_err(|error| at(path, &error)),
        None => Ok(folder.join(name)),
    };
    let key = within(&new.private_key, format!("{}Key.pem", new.name))?;
    let path = within(&new.certificate, format!("{}.pem", new.name))?;
    let subject = Subject {
        country: Some(new.country.clone()),
        state: Some(new.state.clone()),
        locality: Some(new.locality.clone()),
        organization: Some(new.organization.clone()),
        unit: new.unit.clone(),
        email: new.email.clone(),
    };
    if new.country.len() != 2 || !new.country.chars().all(|c| c.is_ascii_alphabetic()) {
        let text = format!("'{}' is no country: it has two letters, such as CA.", new.country);
        return Err(Failure::new(Kind::NotUnderstood, text));
    }
    for folder in [key.parent(), path.parent()].into_iter().flatten() {
        std::fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    }
    check_replaceable(&path).map_err(|error| at(&path, &error))?;
    let made = certificate::make_rsa(&new.name, &subject, new.days);
    let made = made.map_err(|error| at(&path, &error))?;
    if key.exists() {
        // Documented: they are made anew.
        std::fs::remove_file(&key).map_err(|error| at(&key, &error))?;
        client.note(
            "there was a key already; every appliance that knows its certificate needs the new one: \
             'client delete' and 'client register' in lunash",
        );
    }
    certificate::write_key(&key, &made.key).map_err(|error| at(&key, &error))?;
    replace_file(&path, made.certificate.as_bytes()).map_err(|error| at(&path, &error))?;
    if path.file_name().is_none_or(|name| *name != *format!("{}.pem", new.name)) {
        client.note(format!(
            "'client register' looks for {0}.pem among the files on the appliance: copy the certificate \
             there under that name",
            new.name
        ));
    }
    let value = |path: &Path| path.display().to_string();
    client.change(|file| {
        file.set(SECTION, PRIVATE_KEY, &value(&key))?;
        file.set(SECTION, CERTIFICATE, &value(&path))
    })?;
    let subject = subject.fields(&new.name);
    Ok(Made { private_key: key, certificate: path, subject, verbose: new.verbose })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_client_register_takes() {
        for good in ["10.121.229.224", "app.example.com", "app_1", "2001:db8::1"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a/b", "..", "a b", "a;b", &"x".repeat(61)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
