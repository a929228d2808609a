//! `vtl addServer`, `deleteServer`, `replaceServer` and `listServers`: the appliances of this client.
//!
//! Each has its entry in the configuration file, its certificate as `NAMECert.pem` and in `CAFile.pem`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use luna_shell::{Failure, Kind, Page, Text, first_certificate, replace_file};
use serde::Serialize;

use crate::deploy::{lines, trust};
use crate::link::AUTHORITIES;
use crate::owner::SECTION;
use crate::servers::{self, PORT, Server};
use crate::vtl::{Client, at, product};

#[derive(Args)]
pub(super) struct AddServer {
    /// The appliance's host name or address
    #[arg(short = 'n', value_name = "HOSTNAME")]
    name: String,
    /// The appliance's certificate: the server.pem that was fetched from it
    #[arg(short = 'c', value_name = "FILE", value_hint = ValueHint::FilePath)]
    certificate: PathBuf,
    /// The appliance's port of NTLS, where that is another than the product's
    #[arg(long, value_name = "PORT", default_value_t = PORT)]
    port: u16,
}

#[derive(Args)]
pub(super) struct DeleteServer {
    /// The appliance's host name or address
    #[arg(short = 'n', value_name = "HOSTNAME")]
    name: String,
}

#[derive(Args)]
pub(super) struct ReplaceServer {
    /// The appliance that goes
    #[arg(short = 'o', value_name = "HOSTNAME")]
    old: String,
    /// The appliance that comes
    #[arg(short = 'n', value_name = "HOSTNAME")]
    name: String,
    /// The certificate of the one that comes
    #[arg(short = 'c', value_name = "FILE", value_hint = ValueHint::FilePath)]
    certificate: PathBuf,
    /// Its port of NTLS, where that is another than the product's
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

/// A server that was added.
#[derive(Serialize)]
pub(super) struct Added {
    server: String,
}

impl Text for Added {
    fn write(&self, page: &mut Page) {
        page.line(format!("New server {} successfully added to server list.", self.server));
        page.blank();
    }
}

/// A server that was removed.
#[derive(Serialize)]
pub(super) struct Removed {
    server: String,
}

impl Text for Removed {
    fn write(&self, page: &mut Page) {
        page.line(format!("Server {} successfully removed from server list.", self.server));
        page.blank();
    }
}

/// A server that took the place of another.
#[derive(Serialize)]
pub(super) struct Replaced {
    old: String,
    server: String,
}

impl Text for Replaced {
    fn write(&self, page: &mut Page) {
        let Replaced { old, server } = self;
        page.line(format!("New server {server} successfully added to server list."));
        page.line(format!("Server {old} successfully replaced with {server}."));
        page.blank();
    }
}

/// The appliances.
#[derive(Serialize)]
pub(super) struct Servers {
    servers: Vec<Server>,
}

impl Text for Servers {
    fn write(&self, page: &mut Page) {
        for Server { server, htl_required, .. } in &self.servers {
            let htl = if *htl_required { "yes" } else { "no" };
            page.line(format!("Server: {server}  HTL required: {htl}"));
        }
    }
}

/// What can be the name of a server: it becomes the name of a file, and a value of the configuration.
fn check_name(name: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
    if (1..=253).contains(&name.len()) && name.chars().all(allowed) && !name.starts_with('.') {
        return Ok(());
    }
    let text = format!("'{name}' is no host name or address of an appliance.");
    Err(Failure::new(Kind::NotUnderstood, text))
}

fn same(server: &Server, name: &str) -> bool {
    server.server.eq_ignore_ascii_case(name)
}

fn find(client: &Client, name: &str) -> Result<Server, Failure> {
    let known = servers::servers(&client.file);
    known.into_iter().find(|server| same(server, name)).ok_or_else(|| {
        // Assumed: the product's words for it were not found.
        product(&format!("Error: Server {name} is not in the server list"))
            .hint("'vtl listServers' shows the servers")
    })
}

/// The file of the appliances' certificates: the configured one, or that of the installation.
fn authorities(client: &Client) -> PathBuf {
    let configured = client.file.get(SECTION, AUTHORITIES).filter(|path| !path.is_empty());
    let usual = || client.certificates.join("server").join("CAFile.pem");
    configured.map_or_else(usual, PathBuf::from)
}

fn read(path: &Path) -> Result<String, Failure> {
    let content = std::fs::read(path).map_err(|error| at(path, &error))?;
    first_certificate(&path.display().to_string(), &content).map_err(|failure| {
        let message = failure.message.replace("; nothing was sent", "");
        Failure { message, ..failure }
    })
}

pub(super) fn add(new: &AddServer, client: &mut Client) -> Result<Added, Failure> {
    check_name(&new.name)?;
    let pem = read(&new.certificate)?;
    let known = servers::servers(&client.file);
    if known.iter().any(|server| same(server, &new.name)) {
        return Err(product("This server is already registered").hint(format!(
            "'vtl replaceServer -o {0} -n {0} -c FILE' gives it a new certificate",
            new.name
        )));
    }
    enter(client, &new.name, new.port, &pem)?;
    Ok(Added { server: new.name.clone() })
}

/// Trusts a server's certificate and enters the server.
fn enter(client: &mut Client, name: &str, port: u16, pem: &str) -> Result<(), Failure> {
    let authorities = authorities(client);
    trust(pem, &authorities, name)?;
    client.change(|file| {
        file.set(SECTION, AUTHORITIES, &authorities.display().to_string())?;
        servers::add(file, name, port).map(drop)
    })
}

pub(super) fn delete(old: &DeleteServer, client: &mut Client) -> Result<Removed, Failure> {
    let server = find(client, &old.name)?;
    client.change(|file| servers::remove(file, &server.server).map(drop))?;
    distrust(client, &server.server)?;
    Ok(Removed { server: server.server })
}

/// Removes the certificate of a server, unless another server has the same.
fn distrust(client: &Client, name: &str) -> Result<(), Failure> {
    let authorities = authorities(client);
    let file_of = |name: &str| authorities.with_file_name(format!("{name}Cert.pem"));
    let own = file_of(name);
    let Ok(pem) = std::fs::read_to_string(&own) else { return Ok(()) };
    std::fs::remove_file(&own).map_err(|error| at(&own, &error))?;
    let wanted = lines(&pem);
    let others = servers::servers(&client.file);
    let shared = others.iter().any(|other| {
        std::fs::read_to_string(file_of(&other.server)).is_ok_and(|pem| lines(&pem) == wanted)
    });
    let Ok(all) = std::fs::read_to_string(&authorities) else { return Ok(()) };
    let rest: Vec<&str> = all.lines().collect();
    let place = rest.windows(wanted.len().max(1)).position(|part| part == wanted);
    match place {
        Some(place) if !shared => {
            let kept = [&rest[..place], &rest[place + wanted.len()..]].concat();
            let text: String = kept.iter().map(|line| format!("{line}\n")).collect();
            replace_file(&authorities, text.as_bytes()).map_err(|error| at(&authorities, &error))
        }
        _ => Ok(()),
    }
}

pub(super) fn replace(change: &ReplaceServer, client: &mut Client) -> Result<Replaced, Failure> {
    check_name(&change.name)?;
    let pem = read(&change.certificate)?;
    let old = find(client, &change.old)?;
    let known = servers::servers(&client.file);
    if known.iter().any(|server| same(server, &change.name) && *server != old) {
        return Err(product("This server is already registered"));
    }
    client.change(|file| servers::remove(file, &old.server).map(drop))?;
    distrust(client, &old.server)?;
    enter(client, &change.name, change.port.unwrap_or(old.port), &pem)?;
    Ok(Replaced { old: old.server, server: change.name.clone() })
}

pub(super) fn list(client: &Client) -> Result<Servers, Failure> {
    let servers = servers::servers(&client.file);
    match servers.is_empty() {
        true => Err(product("Error: There are no registered servers")),
        false => Ok(Servers { servers }),
    }
}
