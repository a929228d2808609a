//! Registered clients and the partitions they may use.

use std::net::IpAddr;

use luna_rest::ntls::{
    ADD_AUTHORITY, ADDRESS_TAKEN, ASSIGN, AUTHORITY_EXISTS, CERTIFY, CLIENT, CLIENT_ACTIONS,
    CLIENT_CERTIFICATE, CLIENTS, Client, ClientCertificate, ClientRef, Clients, DEREGISTER,
    HOST_ADDRESSES, HostAddress, HostAddresses, LINK, LINK_EXISTS, LINKS, Link, LinkRef, Links,
    MAP_HOST, NAME_TAKEN, NO_AUTHORITY, NO_CERTIFICATE, NO_CLIENT, NO_HOST_ADDRESS, NO_HOSTNAME,
    NO_LINK, NameFilter, NewCertificate, NewClient, NewHostAddress, NewLink, REGISTER,
    REMOVE_FILTER, REVOKE, Registered, SET_FILTER, UNMAP_HOST,
};
use luna_rest::tasks::Actions;
use luna_rest::{Nothing, partitions};

use crate::core::message::{Failure, Reply};
use crate::core::text::{is_name, time_text};
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes, Upload};
use crate::rules::ntls::certificates::{Certificate, invalid};
use crate::rules::ntls::settings::users_file;
use crate::state::ntls::{AuthorityRow, ClientRow};

fn client<'c>(cx: &'c Context<'_>, name: &str) -> Result<&'c ClientRow, Failure> {
    cx.state.ntls.clients.get(name).ok_or_else(|| no_client(name))
}

fn client_mut<'c>(cx: &'c mut Context<'_>, name: &str) -> Result<&'c mut ClientRow, Failure> {
    cx.state.ntls.clients.get_mut(name).ok_or_else(|| no_client(name))
}

pub(crate) fn routes(r: &mut Routes) {
    r.on(&CLIENTS, MONITOR, list);
    r.on(&REGISTER, OPERATOR, register);
    r.on(&CLIENT, MONITOR, show);
    r.on_either(&CERTIFY, OPERATOR, certify, certify_with_file);
    r.on(&DEREGISTER, OPERATOR, deregister);
    r.on(&CLIENT_ACTIONS, MONITOR, actions);
    r.on(&LINKS, MONITOR, links);
    r.on(&ASSIGN, OPERATOR, assign);
    r.on(&LINK, MONITOR, link);
    r.on(&REVOKE, OPERATOR, revoke);
    r.on(&CLIENT_CERTIFICATE, MONITOR, certificate);
    r.on(&SET_FILTER, OPERATOR, set_filter);
    r.on(&REMOVE_FILTER, OPERATOR, remove_filter);
    r.on(&HOST_ADDRESSES, MONITOR, host_addresses);
    r.on(&MAP_HOST, OPERATOR, map_host);
    r.on(&UNMAP_HOST, OPERATOR, unmap_host);
    r.on(&ADD_AUTHORITY, OPERATOR, add_authority);
}

fn no_client(name: &str) -> Failure {
    Failure::new(404, NO_CLIENT, "The client does not exist.")
        .details(format!("There is no client '{name}'."))
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Clients>, Failure> {
    let entry = |name: &str| ClientRef { client_id: name.to_owned(), url: CLIENT.path(&[name]) };
    let clients = cx.state.ntls.by_number().into_iter().map(|(name, _)| entry(name)).collect();
    Ok(Reply::ok(Clients { clients }))
}

fn register(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    new: NewClient,
) -> Result<Reply<Registered>, Failure> {
    cx.require_so_if_forced()?;
    let NewClient { client_name: name, ip, hostname, certificate } = new;
    check_name(&name)?;
    let (ip, hostname) = check_address(ip, hostname)?;
    if cx.state.ntls.clients.contains(&name) {
        return Err(Failure::new(400, NAME_TAKEN, "The client name is taken.")
            .details(format!("A client named '{name}' has already been registered.")));
    }
    let same_host = |row: &ClientRow| match (&row.hostname, &hostname) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    };
    for (other, row) in cx.state.ntls.clients.iter() {
        let what = match () {
            () if ip.is_some() && row.ip == ip => "IP address",
            () if same_host(row) => "hostname",
            () => continue,
        };
        // These are the product's words for an address; a host name gets the like.
        let details = format!("client with the same {what} has already been registered: {other}");
        return Err(Failure::new(400, ADDRESS_TAKEN, "The address is taken.").details(details));
    }
    let pem = match certificate {
        Some(pem) => {
            check_body(&pem)?;
            Some(pem.into_bytes())
        }
        None => {
            let address = ip.map(|ip| ip.to_string()).or(hostname.clone()).unwrap_or_default();
            let user = &cx.session().user;
            let file = cx.state.files.get(user, &format!("{address}.pem"));
            file.map(|file| file.content.clone())
        }
    };
    let certificate = match pem {
        Some(pem) => Some(trusted(cx, &pem)?),
        None => None,
    };
    let number = cx.state.ntls.clients.values().map(|row| row.number).max().unwrap_or(0) + 1;
    let row = ClientRow { number, ip, hostname, certificate, ..ClientRow::default() };
    cx.state.ntls.clients.insert(name.clone(), row);
    let location = CLIENT.path(&[&name]).trim_start_matches('/').to_owned();
    let mut reply = Reply::ok(Registered { client: name });
    // Without a leading slash, as in the reference.
    reply.location = Some(location);
    Ok(reply)
}

/// The certificate of a client, PEM: one that it has signed itself, or that a trusted authority has.
/// Documented: the authority's certificate is to be added. That it is so before is assumed.
fn trusted(cx: &Context<'_>, pem: &[u8]) -> Result<String, Failure> {
    let certificate = Certificate::read_valid(pem, cx.now)?;
    let by = |row: &AuthorityRow| certificate.is_signed_by(&row.certificate);
    if certificate.issuer == certificate.subject || cx.state.ntls.authorities.values().any(by) {
        return Ok(certificate.pem);
    }
    Err(Failure::new(400, NO_AUTHORITY, "The authority of the certificate is not trusted.")
        .details(format!(
            "The certificate was signed by {}: add the certificate of that authority first.",
            certificate.issuer
        )))
}

fn add_authority(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    new: NewCertificate,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let pem = given(cx, new)?;
    let certificate = Certificate::read_valid(&pem, cx.now)?;
    if !certificate.is_authority {
        return Err(invalid("It is no certificate of an authority: it may sign no others."));
    }
    let authorities = &mut cx.state.ntls.authorities;
    if authorities.contains(&certificate.fingerprint) {
        return Err(Failure::new(400, AUTHORITY_EXISTS, "The authority is trusted already.")
            .details(format!("The certificate of {} was added before.", certificate.subject)));
    }
    authorities.insert(certificate.fingerprint, AuthorityRow { certificate: certificate.pem });
    Ok(Reply::done())
}

/// A certificate in the body or in a file of the user.
fn given(cx: &Context<'_>, new: NewCertificate) -> Result<Vec<u8>, Failure> {
    match (new.certificate, new.file) {
        (Some(pem), None) => {
            check_body(&pem)?;
            Ok(pem.into_bytes())
        }
        (None, Some(file)) => users_file(cx, &file),
        _ => Err(Failure::bad_request("Give the certificate or the name of a file.")),
    }
}

fn check_name(name: &str) -> Result<(), Failure> {
    if name == "server" {
        return Err(Failure::bad_request("A client cannot be named 'server'."));
    }
    if is_name(name, 128, |_, c| c.is_ascii_alphanumeric() || "_.:-".contains(c)) {
        return Ok(());
    }
    Err(Failure::bad_request("A client name has 1 to 128 letters, digits and _ . : -"))
}

type Address = (Option<IpAddr>, Option<String>);

fn check_address(ip: Option<String>, hostname: Option<String>) -> Result<Address, Failure> {
    match (ip, hostname) {
        (Some(ip), None) => {
            let parsed = ip.parse().map_err(|_| {
                Failure::bad_request(format!("'{ip}' is neither an IPv4 nor an IPv6 address."))
            })?;
            Ok((Some(parsed), None))
        }
        (None, Some(name)) => {
            if is_name(&name, 60, |_, c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
                return Ok((None, Some(name)));
            }
            Err(Failure::bad_request("A host name has 1 to 60 letters, digits and _ . -"))
        }
        (Some(_), Some(_)) => {
            Err(Failure::bad_request("Give the client's ip or its hostname, not both."))
        }
        (None, None) => Err(Failure::bad_request("Give the client's ip or its hostname.")),
    }
}

/// The reference's bounds for a certificate inside JSON.
fn check_body(pem: &str) -> Result<(), Failure> {
    if (8..=8192).contains(&pem.len()) {
        return Ok(());
    }
    Err(Failure::bad_request("A certificate in the body has 8 to 8192 characters."))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Client>, Failure> {
    let name = &ids[0];
    let row = client(cx, name)?;
    Ok(Reply::ok(Client {
        actions: CLIENT_ACTIONS.path(&[name]),
        client_id: name.to_owned(),
        hostname: row.hostname.clone().unwrap_or_default(),
        htl_required: false,
        ip: row.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        links: LINKS.path(&[name]),
        ott_expiry: 0,
    }))
}

fn actions(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    client(cx, &ids[0])?;
    Ok(Reply::ok(Actions::default()))
}

fn certify(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    new: NewCertificate,
) -> Result<Reply<Nothing>, Failure> {
    client(cx, &ids[0])?;
    let pem = given(cx, new)?;
    replace(cx, &ids[0], &pem)
}

fn certify_with_file(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    file: Upload<'_>,
) -> Result<Reply<Nothing>, Failure> {
    replace(cx, &ids[0], file.content)
}

fn replace(cx: &mut Context<'_>, name: &str, pem: &[u8]) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let certificate = trusted(cx, pem)?;
    client_mut(cx, name)?.certificate = Some(certificate);
    Ok(Reply::done())
}

fn deregister(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let removed = cx.state.ntls.clients.remove(&ids[0]);
    cx.sessions.retain(|session| session.link != ids[0]);
    removed.map(|_| Reply::done()).ok_or_else(|| no_client(&ids[0]))
}

fn links(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Links>, Failure> {
    let name = &ids[0];
    let entry = |id: &String| LinkRef { id: id.clone(), url: LINK.path(&[name, id]) };
    Ok(Reply::ok(Links { links: client(cx, name)?.links.iter().map(entry).collect() }))
}

fn assign(cx: &mut Context<'_>, ids: &Ids<1>, new: NewLink) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let name = &ids[0];
    client(cx, name)?;
    let id = partition_of(cx, &new.url)?;
    let row = client_mut(cx, name)?;
    if row.links.contains(&id) {
        // The product's words.
        return Err(Failure::new(400, LINK_EXISTS, "The partition is assigned already.")
            .details("client already has access"));
    }
    row.links.push(id.clone());
    Ok(Reply::created(LINK.path(&[name, &id])))
}

/// The serial number in a partition's path, which must be one of this HSM.
fn partition_of(cx: &Context<'_>, url: &str) -> Result<String, Failure> {
    let template = partitions::SHOW.template().split('/');
    let segments: Vec<&str> = url.trim_end_matches('/').split('/').collect();
    let fits = segments.len() == template.clone().count()
        && segments.iter().zip(template).all(|(is, is_to)| is_to.starts_with('{') || *is == is_to);
    let (Some(id), true) = (segments.last(), fits) else {
        let template = partitions::SHOW.template();
        return Err(Failure::bad_request(format!("'url' must have the form {template}.")));
    };
    let hsm = cx.state.hsm.hsm.get().serial.to_string();
    let known = cx.state.partitions.partitions.contains(id);
    if !known || url.trim_end_matches('/') != partitions::SHOW.path(&[&hsm, id]) {
        return Err(Failure::new(404, "HSMPLUGIN_INVALID_PARTITION", "No such partition.")
            .details(format!("There is no partition {id} on this HSM.")));
    }
    Ok((*id).to_owned())
}

fn link(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Link>, Failure> {
    let id = linked(cx, &ids[0], &ids[1])?;
    let hsm = cx.state.hsm.hsm.get().serial.to_string();
    let url = partitions::SHOW.path(&[&hsm, &id]);
    Ok(Reply::ok(Link { kind: "hsm/partition".to_owned(), url }))
}

fn revoke(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let id = linked(cx, &ids[0], &ids[1])?;
    client_mut(cx, &ids[0])?.links.retain(|link| *link != id);
    for session in cx.sessions.iter_mut().filter(|session| session.link == ids[0]) {
        session.partition_logins.remove(&id);
    }
    Ok(Reply::done())
}

/// The id of a link that is there.
fn linked(cx: &Context<'_>, name: &str, id: &str) -> Result<String, Failure> {
    let links = &client(cx, name)?.links;
    links.iter().find(|link| *link == id).cloned().ok_or_else(|| {
        // The product's words.
        Failure::new(404, NO_LINK, "Specified partition was not assigned to client.")
            .details(format!("The client '{name}' has no link {id}."))
    })
}

fn certificate(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<ClientCertificate>, Failure> {
    let name = &ids[0];
    let Some(pem) = &client(cx, name)?.certificate else {
        return Err(Failure::new(404, NO_CERTIFICATE, "The client has no certificate.").details(
            format!("Add one with PUT {}, or register '{name}' again.", CLIENT.path(&[name])),
        ));
    };
    let read = Certificate::read(pem.as_bytes())?;
    Ok(Reply::ok(ClientCertificate {
        certificate: read.pem,
        subject: read.subject,
        common_name: read.common_name.unwrap_or_default(),
        fingerprint: read.fingerprint,
        not_before: time_text(read.not_before),
        not_after: time_text(read.not_after),
    }))
}

fn set_filter(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    new: NameFilter,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let row = client_mut(cx, &ids[0])?;
    if new.dn.is_empty() || new.dn.len() > 241 || !is_filter(&new.dn) {
        let id = "NTLS_CLIENT_INVALID_DISTINGUISHED_NAME";
        return Err(Failure::new(422, id, "The distinguished name is not valid.")
            .details("It has the form C=CA/O=My company/CN=app and up to 241 characters."));
    }
    row.filter = Some(new.dn);
    Ok(Reply::done())
}

/// `TYPE=value` once or more, joined by `/`; a value may have blanks within.
fn is_filter(dn: &str) -> bool {
    let is_value = |c: char| c.is_ascii_alphanumeric() || "_@.-".contains(c);
    dn.strip_suffix('/').unwrap_or(dn).split('/').all(|part| {
        part.split_once('=').is_some_and(|(kind, value)| {
            !kind.is_empty()
                && kind.chars().all(|c| c.is_ascii_alphabetic())
                && !value.is_empty()
                && value.trim() == value
                && value.chars().all(|c| is_value(c) || c == ' ')
        })
    })
}

fn remove_filter(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    if client_mut(cx, &ids[0])?.filter.take().is_none() {
        let id = "NTLS_CLIENT_NO_DN_FILTER_CONFIGURED";
        return Err(Failure::new(404, id, "The client has no filter."));
    }
    Ok(Reply::done())
}

fn host_addresses(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<HostAddresses>, Failure> {
    let entry = |(name, row): (&str, &ClientRow)| {
        let ip = row.host_address?.to_string();
        let hostname = row.hostname.clone().unwrap_or_default();
        Some(HostAddress { client_id: name.to_owned(), hostname, ip })
    };
    let host_addresses = cx.state.ntls.by_number().into_iter().filter_map(entry).collect();
    Ok(Reply::ok(HostAddresses { host_addresses }))
}

fn map_host(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    new: NewHostAddress,
) -> Result<Reply<Nothing>, Failure> {
    let (ip, _) = check_address(Some(new.ip), None)?;
    let row = client_mut(cx, &ids[0])?;
    if row.hostname.is_none() {
        return Err(Failure::new(400, NO_HOSTNAME, "The client has no host name.")
            .details(format!("'{}' was registered by its IP address.", &ids[0])));
    }
    row.host_address = ip;
    Ok(Reply::done())
}

fn unmap_host(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    if client_mut(cx, &ids[0])?.host_address.take().is_none() {
        return Err(Failure::new(404, NO_HOST_ADDRESS, "The host name has no address.")
            .details(format!("No address is mapped to the host name of '{}'.", &ids[0])));
    }
    Ok(Reply::done())
}

#[cfg(test)]
mod tests;
