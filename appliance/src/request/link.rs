//! Who is at the other end of an NTLS link, and what he may ask for there.
//!
//! A client is known by its certificate: the one that it was registered with, or one by a trusted
//! authority where it was registered without any. It has no account; it sees the calls that are declared
//! with [`Access::linked`](crate::request::route::Access::linked), each for the partitions that are
//! assigned to it. Everything is asked anew with each request.

use luna_rest::Fingerprint;
use luna_rest::partitions::refusal::INVALID_PARTITION;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::core::message::Failure;
use crate::core::text::time_text;
use crate::request::auth::no_session;
use crate::request::context::Context;
use crate::request::route::{Access, Route};
use crate::request::session::Key;
use crate::state::ntls::{AuthorityRow, ClientRow};

/// The client of a certificate (DER), where it may come from where it came from: its name.
///
/// # Errors
/// It is nobody's, has expired, or comes from another address than it was registered with.
pub(crate) fn client(cx: &Context<'_>, der: &[u8]) -> Result<String, Failure> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| unknown("The certificate cannot be read."))?;
    let end = certificate.validity().not_after.to_datetime();
    if end < cx.now {
        return Err(unknown(format!(
            "The certificate expired at {}; the appliance's clock says {}.",
            time_text(end),
            time_text(cx.now)
        )));
    }
    let fingerprint = Fingerprint::of(der);
    // The session's own client first: others need not be read then.
    let own = cx.session().link.as_str();
    let clients = &cx.state.ntls.clients;
    let known = clients.get(own).map(|row| (own, row)).into_iter().chain(clients.iter());
    let certified = |row: &ClientRow| {
        row.certificate.as_deref().and_then(Fingerprint::of_pem) == Some(fingerprint)
    };
    let mut known = known.filter(|(_, row)| match row.certificate {
        Some(_) => certified(row),
        None => is_vouched_for(cx, &certificate) && is_named(row, &certificate),
    });
    let found = known.find(|(_, row)| has_filtered_name(row, &certificate));
    let Some((name, row)) = found else {
        return Err(unknown(format!(
            "No client is registered with this certificate of {}.",
            certificate.subject()
        )));
    };
    check_address(cx, name, row)?;
    Ok(name.to_owned())
}

fn unknown(details: impl Into<String>) -> Failure {
    Failure::new(401, "EMULATOR_LINK_UNKNOWN_CLIENT", "The client is not registered.")
        .details(details)
}

/// Whether a trusted authority has signed a certificate.
fn is_vouched_for(cx: &Context<'_>, certificate: &X509Certificate<'_>) -> bool {
    cx.state.ntls.authorities.values().any(|AuthorityRow { certificate: pem }| {
        let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(pem.as_bytes()) else { return false };
        pem.parse_x509().is_ok_and(|authority| {
            certificate.issuer() == authority.subject()
                && certificate.verify_signature(Some(authority.public_key())).is_ok()
        })
    })
}

/// Whether a certificate has the host name or address of a client as its common name.
fn is_named(row: &ClientRow, certificate: &X509Certificate<'_>) -> bool {
    let mut names = certificate.subject().iter_common_name();
    names.next().and_then(|name| name.as_str().ok()).is_some_and(|name| {
        row.hostname.as_ref().is_some_and(|host| host.eq_ignore_ascii_case(name))
            || row.ip.is_some_and(|ip| name.parse() == Ok(ip))
    })
}

/// Whether a certificate has the distinguished name that the client's must have, if there is one:
/// `TYPE=value` joined by `/`. Assumed: the parts may come in any order, and there may be more.
fn has_filtered_name(row: &ClientRow, certificate: &X509Certificate<'_>) -> bool {
    let Some(filter) = &row.filter else { return true };
    let subject = certificate.subject().to_string();
    let parts: Vec<&str> = subject.split(", ").collect();
    filter.split('/').filter(|part| !part.is_empty()).all(|part| parts.contains(&part))
}

/// Where the source is checked, a client that was registered by its address comes from there.
fn check_address(cx: &Context<'_>, name: &str, row: &ClientRow) -> Result<(), Failure> {
    let (Some(registered), Some(from)) = (row.ip, cx.request.from) else { return Ok(()) };
    let from = from.ip().to_canonical();
    if !cx.state.ntls.settings.get().ip_check || registered.to_canonical() == from {
        return Ok(());
    }
    let message = "The client comes from another address.";
    Err(Failure::new(401, "EMULATOR_LINK_WRONG_ADDRESS", message).details(format!(
        "'{name}' is registered with {registered} and comes from {from}; where addresses are translated on \
         the way, 'ntls ipcheck disable' lets it in."
    )))
}

/// Lets the request of a client pass, or says why not; `der` is its certificate.
pub(crate) fn admit(
    cx: &mut Context<'_>,
    route: &Route,
    ids: &[String],
    der: &[u8],
) -> Result<(), Failure> {
    let Access { open, linked, .. } = route.access;
    if !linked {
        return Err(Failure::no_resource("This port is for the clients of partitions alone."));
    }
    let opens = route.resource == luna_rest::link::OPEN.resource();
    if open || opens {
        return Ok(());
    }
    let key = Key::Cookie(cx.request.cookie.clone().ok_or_else(no_session)?);
    if !cx.sessions.touch(&key, cx.now) || cx.sessions.get(&key).link.is_empty() {
        return Err(no_session());
    }
    cx.key = key;
    let client = client(cx, der)?;
    if client != cx.session().link {
        return Err(no_session());
    }
    let links = cx.state.ntls.clients.get(&client).map_or(&[][..], |row| &row.links);
    match partitions(route.resource.template, ids).find(|id| !links.contains(id)) {
        None => Ok(()),
        // Of what is not its own a client is not told whether it is there.
        Some(id) => Err(Failure::new(404, INVALID_PARTITION, "The partition does not exist.")
            .details(format!("This client has no partition with the serial number {id}."))),
    }
}

/// The partitions that a path names.
fn partitions<'i>(template: &str, ids: &'i [String]) -> impl Iterator<Item = &'i String> {
    let places = template.split('/').filter(|segment| segment.starts_with('{'));
    let named = places.zip(ids).filter(|(place, _)| ["{partitionid}", "{slotid}"].contains(place));
    named.map(|(_, id)| id)
}
