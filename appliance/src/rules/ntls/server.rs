//! The appliance's own certificate: made at first start, renewed, requested, installed.
//!
//! Ed25519, from emulated randomness: with a seed the certificate is the same every time.

use std::net::IpAddr;

use luna_rest::Nothing;
use luna_rest::ntls::{
    CERTIFICATE, CertificateFile, INSTALL, NewKey, NewRequest, REGENERATE, RENEW, REQUEST,
    Regenerate, ServerCertificate, Subject,
};
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, SanType};
use time::{Date, OffsetDateTime};

use crate::core::clock;
use crate::core::message::{Failure, Reply};
use crate::core::text::{date_text, is_name, time_text};
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, MONITOR, OPERATOR, Routes, Upload};
use crate::rules::ntls::certificates::{Certificate, invalid};
use crate::rules::ntls::settings::users_file;
use crate::state::ntls::{LONGEST, ServerRow};

/// The default of `regenerateCertificate` in days.
const REGENERATED: u32 = 365;

/// What a certificate or a request says.
///
/// # Errors
/// It cannot be encoded.
pub(crate) fn params(cn: &str, subject: &Subject) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    for (kind, value) in [
        (DnType::CountryName, &subject.country),
        (DnType::StateOrProvinceName, &subject.state),
        (DnType::LocalityName, &subject.location),
        (DnType::OrganizationName, &subject.organization),
        (DnType::OrganizationalUnitName, &subject.orgunit),
    ] {
        if let Some(value) = value {
            name.push(kind, value.as_str());
        }
    }
    name.push(DnType::CommonName, cn);
    if let Some(email) = &subject.email {
        // emailAddress of PKCS#9.
        let kind = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
        name.push(kind, DnValue::Ia5String(email.as_str().try_into()?));
    }
    params.distinguished_name = name;
    for alternative in &subject.subject_alt_names {
        params.subject_alt_names.push(match alternative.split_once(':') {
            Some(("IP", address)) => match address.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(address.try_into()?),
            },
            Some((_, name)) => SanType::DnsName(name.try_into()?),
            None => SanType::DnsName(alternative.as_str().try_into()?),
        });
    }
    Ok(params)
}

pub(crate) fn failed(error: rcgen::Error) -> Failure {
    Failure::new(400, "NTLS_INTERNAL_ERROR", "NTLS failed.").details(error.to_string())
}

/// Makes a new key and a self-signed certificate: for `sysconf regenCert`. NTLS has to be restarted
/// before clients can connect.
///
/// # Errors
/// `cn` or `days` (1 to 3653) break their rules.
pub fn regenerate(
    cx: &mut Context<'_>,
    cn: &str,
    subject: &Subject,
    days: u32,
    start: OffsetDateTime,
) -> Result<(), Failure> {
    check(cn, Some(days), subject)?;
    let now = cx.now;
    let params = params(cn, subject).map_err(failed)?;
    let row = ServerRow::self_signed(cx.random(), params, (start, days), now).map_err(failed)?;
    cx.state.ntls.server.set(row);
    cx.state.ntls.restart_needed();
    Ok(())
}

pub(crate) fn routes(r: &mut Routes) {
    r.on(&CERTIFICATE, MONITOR, show);
    r.on_either(&INSTALL, ADMIN, install, install_file);
    r.on(&RENEW, ADMIN, renew);
    r.on(&REQUEST, ADMIN, request);
    r.on(&REGENERATE, OPERATOR, regenerate_action);
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<ServerCertificate>, Failure> {
    let read = Certificate::read(cx.state.ntls.server_certificate().as_bytes())?;
    Ok(Reply::ok(ServerCertificate {
        certificate: read.pem,
        subject: read.subject,
        issuer: read.issuer,
        serial_number: read.serial,
        fingerprint: read.fingerprint,
        not_before: time_text(read.not_before),
        not_after: time_text(read.not_after),
    }))
}

fn regenerate_action(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    new: Regenerate,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let cn = new.address.unwrap_or_else(|| hostname(cx));
    let start = start_of(new.start_date.as_deref(), cx.now)?;
    regenerate(cx, &cn, &Subject::default(), new.days.unwrap_or(REGENERATED), start)?;
    Ok(Reply::done())
}

fn renew(cx: &mut Context<'_>, _: &Ids<0>, new: NewKey) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let cn = new.cn.unwrap_or_else(|| hostname(cx));
    let (subject, days) = (new.subject, new.days.unwrap_or(LONGEST));
    check(&cn, Some(days), &subject)?;
    let start = start_of(new.start_date.as_deref(), cx.now)?;
    Ok(cx.waiting_task(move |cx| {
        regenerate(cx, &cn, &subject, days, start)?;
        Ok(Reply::<Nothing>::done())
    }))
}

fn request(cx: &mut Context<'_>, _: &Ids<0>, new: NewRequest) -> Result<Reply<Nothing>, Failure> {
    let cn = new.cn.unwrap_or_else(|| hostname(cx));
    let subject = with_defaults(new.subject);
    check(&cn, new.days, &subject)?;
    let key = cx.state.ntls.server.get().key_pair().map_err(failed)?;
    let request = params(&cn, &subject).and_then(|params| params.serialize_request(&key));
    let pem = request.and_then(|request| request.pem()).map_err(failed)?;
    let (user, now) = (cx.session().user.clone(), cx.now);
    cx.state.files.put(&user, "serverCSR.pem", pem.into_bytes(), now);
    Ok(Reply::done())
}

/// A subject with the reference's values where it says nothing.
pub(crate) fn with_defaults(subject: Subject) -> Subject {
    let given = |value: Option<String>, default: &str| value.or_else(|| Some(default.to_owned()));
    Subject {
        country: given(subject.country, "CA"),
        state: given(subject.state, "Ontario"),
        location: given(subject.location, "Ottawa"),
        organization: given(subject.organization, "Thales"),
        ..subject
    }
}

fn install(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    new: CertificateFile,
) -> Result<Reply<Nothing>, Failure> {
    let pem = users_file(cx, &new.file)?;
    install_later(cx, &pem)
}

fn install_file(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    file: Upload<'_>,
) -> Result<Reply<Nothing>, Failure> {
    install_later(cx, file.content)
}

fn install_later(cx: &mut Context<'_>, pem: &[u8]) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let certificate = Certificate::read_valid(pem, cx.now)?;
    let key = cx.state.ntls.server.get().key_pair().map_err(failed)?;
    if rcgen::PublicKeyData::subject_public_key_info(&key) != certificate.public_key {
        return Err(invalid(
            "It was not made for the appliance's present key. Make a request with POST \
             /api/lunasa/ntls/csr, and have that signed.",
        ));
    }
    Ok(cx.waiting_task(move |cx| {
        let made = cx.now.unix_timestamp();
        let row = cx.state.ntls.server.get_mut();
        (row.certificate, row.made) = (certificate.pem, made);
        cx.state.ntls.restart_needed();
        Ok(Reply::<Nothing>::done())
    }))
}

pub(crate) fn hostname(cx: &Context<'_>) -> String {
    cx.state.lunasa.settings.get().hostname.clone()
}

/// The moment when a certificate begins: that of a date, `YYYY-MM-DD`, or now.
///
/// # Errors
/// It is no date, or none that the clock can show.
pub(crate) fn start_of(date: Option<&str>, now: OffsetDateTime) -> Result<OffsetDateTime, Failure> {
    let Some(date) = date else { return Ok(now) };
    let format = time::macros::format_description!("[year]-[month]-[day]");
    let start =
        Date::parse(date, &format).map(|date| date.midnight().assume_utc()).map_err(|_| {
            Failure::bad_request(format!("'{date}' is no date of the form YYYY-MM-DD."))
        })?;
    match clock::holds(start) {
        true => Ok(start),
        false => Err(Failure::bad_request(format!(
            "A certificate begins between {} and {}.",
            date_text(clock::EARLIEST),
            date_text(clock::LATEST)
        ))),
    }
}

/// The reference's patterns, but for one: the host name of the factory, `local_host`, must pass as
/// common name.
///
/// # Errors
/// What is not as they want it.
pub(crate) fn check(cn: &str, days: Option<u32>, subject: &Subject) -> Result<(), Failure> {
    let fault = |what: &str| Err(Failure::bad_request(format!("{what} is not valid.")));
    let ends = |name: &str, allowed: fn(char) -> bool| {
        name.starts_with(allowed) && name.ends_with(allowed)
    };
    let is_cn = is_name(cn, 64, |_, c| c.is_ascii_alphanumeric() || "_.:-".contains(c));
    if !is_cn || !ends(cn, |c| c.is_ascii_alphanumeric() || c == ':') {
        return fault("The common name");
    }
    if days.is_some_and(|days| !(1..=LONGEST).contains(&days)) {
        return fault("The number of days (1 to 3653)");
    }
    let country = subject.country.as_deref();
    if country.is_some_and(|country| {
        country.len() != 2 || !country.chars().all(|c| c.is_ascii_uppercase())
    }) {
        return fault("The country (two capital letters)");
    }
    let is_part = |name: &str, more: &str| {
        is_name(name, 64, |place, c| {
            c.is_ascii_alphabetic()
                || place > 0 && (c.is_ascii_digit() || c == ' ' || c == '_' || more.contains(c))
        }) && !name.ends_with(' ')
    };
    for (what, part, more) in [
        ("The state", &subject.state, ""),
        ("The location", &subject.location, ".-"),
        ("The organization", &subject.organization, ""),
        ("The organizational unit", &subject.orgunit, ""),
    ] {
        if part.as_deref().is_some_and(|part| !is_part(part, more)) {
            return fault(what);
        }
    }
    let is_email = |email: &str| {
        email.len() <= 128
            && email.split_once('@').is_some_and(|(user, host)| {
                is_name(user, 126, |_, c| c.is_ascii_alphanumeric() || "_.%+-".contains(c))
                    && is_name(host, 126, |_, c| c.is_ascii_alphanumeric() || ".-".contains(c))
                    && host.len() > 2
            })
    };
    if subject.email.as_deref().is_some_and(|email| !is_email(email)) {
        return fault("The e-mail address");
    }
    let names = &subject.subject_alt_names;
    let is_alternative = |name: &String| {
        let value = name.strip_prefix("IP:").or_else(|| name.strip_prefix("DNS:"));
        name.len() <= 64
            && value.is_some_and(|value| {
                is_name(value, 61, |_, c| c.is_ascii_alphanumeric() || "_.-".contains(c))
            })
    };
    if names.len() > 10 || !names.iter().all(is_alternative) {
        return fault("A subject alternative name (IP:… or DNS:…, ten at most)");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
