//! `client`: the clients that may connect, and the partitions they may use.

pub(super) mod hostip;

use luna_rest::{hsm, ntls, partitions, users};

use crate::commands::hsm::require_so_login_if_forced;
use crate::files::FileSource;
use crate::prelude::*;
use crate::refusals::refused_in_detail;
use luna_shell::first_certificate;

pub(super) const MENUS: &[Menu] = &[Menu { path: "client", help: "Clients and their partitions" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "client addCA -filename|-f <filename>",
        help: "Trust an authority that signs certificates of clients (software 7.7.0 and newer)",
        options: &[("-filename", "Certificate of the authority, PEM")],
        roles: Role::OPERATOR,
        rest: &[users::FILES.resource(), ntls::ADD_AUTHORITY.resource()],
        known: Known::Assumed(
            "the page was not found: two procedures have the name alone (syslog_encryption.htm, \
             CA-signed.htm@7.7.0)",
        ),
        run: call::<AddAuthority>(),
    },
    Command {
        syntax: "client assignPartition -client|-c <client_name> -partition|-p <partition_name>",
        help: "Let a client use a partition",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[partitions::LIST.resource(), partitions::SHOW.resource(), ntls::ASSIGN.resource()],
        known: Known::Seen("lunash-heredoc-register-assign-show-7.8.5"),
        run: call::<Assign>(),
    },
    Command {
        syntax: "client delete -client|-c <client_name> [-force|-f]",
        help: "Remove a client",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::CLIENT.resource(), hsm::SHOW.resource(), ntls::DEREGISTER.resource()],
        known: Known::Seen("client-delete-5"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "client fingerprint -client|-c <client_name>",
        help: "Show the fingerprint of a client's certificate",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::CLIENT_CERTIFICATE.resource()],
        known: Known::Seen("client-fingerprint-5"),
        run: call::<Fingerprint>(),
    },
    Command {
        syntax: "client list",
        help: "List the registered clients",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::CLIENTS.resource()],
        known: Known::Seen("lunash-client-list-spaces-in-name-5.1"),
        run: call::<List>(),
    },
    Command {
        syntax: "client register -client|-c <client_name> {-hostname|-h <hostname> | -ip|-i <address>} [-force|-f]",
        help: "Trust a client by its certificate",
        options: &[
            ("-client", "Name the client gets on this appliance"),
            ("-hostname", "Host name of the client; its certificate is in HOSTNAME.pem"),
            ("-ip", "Address of the client; its certificate is in ADDRESS.pem"),
            ("-force", "Replace the certificate if the client is registered already"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            ntls::CLIENT.resource(),
            ntls::CLIENT_CERTIFICATE.resource(),
            users::FILES.resource(),
            ntls::REGISTER.resource(),
            ntls::CERTIFY.resource(),
        ],
        known: Known::Seen("lunash-heredoc-register-assign-show-7.8.5"),
        run: call::<Register>(),
    },
    Command {
        syntax: "client revokePartition -client|-c <client_name> -partition|-p <partition_name>",
        help: "Take a partition from a client",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            ntls::LINKS.resource(),
            ntls::REVOKE.resource(),
        ],
        known: Known::Seen("client-revoke-5"),
        run: call::<Revoke>(),
    },
    Command {
        syntax: "client show -client|-c <client_name>",
        help: "Show a client and its partitions",
        options: &[],
        roles: Role::MONITOR,
        rest: &[partitions::SHOW.resource(), ntls::CLIENT.resource(), ntls::LINKS.resource()],
        known: Known::Seen("lunash-heredoc-register-assign-show-7.8.5"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct AddAuthority {
    filename: String,
}

impl Run<Session> for AddAuthority {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let file = Some(session.provide(&self.filename)?);
        let new = ntls::NewCertificate { file, certificate: None };
        session.client().call(&ntls::ADD_AUTHORITY, &[], &new).map_err(refused_in_detail)?;
        Ok(Done { done: "client addCA" })
    }
}

#[derive(Deserialize)]
struct Assign {
    client: String,
    partition: String,
}

impl Run<Session> for Assign {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let partition = session.partition(&self.partition)?.id;
        let url = luna_rest::partitions::SHOW.path(&[session.hsm()?, &partition]);
        session.call(&ntls::ASSIGN, &[&self.client], &ntls::NewLink { url })?;
        Ok(Done { done: "client assignPartition" })
    }
}

#[derive(Deserialize)]
struct Delete {
    client: String,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.get(&ntls::CLIENT, &[&self.client])?;
        require_so_login_if_forced(session)?;
        session.confirm_deletion(self.force, ("client", "client"), &self.client)?;
        session.call(&ntls::DEREGISTER, &[&self.client], &luna_rest::Nothing {})?;
        Ok(Done { done: "client delete" })
    }
}

#[derive(Deserialize)]
struct List {}

/// The names of the clients.
#[derive(Serialize)]
struct Clients {
    clients: Vec<String>,
}

impl Run<Session> for List {
    type View = Clients;

    fn run(self, session: &mut Session) -> Result<Clients, Failure> {
        let clients = session.get(&ntls::CLIENTS, &[])?.clients;
        Ok(Clients { clients: clients.into_iter().map(|client| client.client_id).collect() })
    }
}

impl Text for Clients {
    fn write(&self, page: &mut Page) {
        if self.clients.is_empty() {
            page.line("No clients are registered.");
        }
        for (number, client) in (1..).zip(&self.clients) {
            page.line(format!("registered client {number}: {client}"));
        }
    }
}

#[derive(Deserialize)]
struct Fingerprint {
    client: String,
}

/// The fingerprint of a client's certificate.
#[derive(Serialize)]
struct ClientFingerprint {
    client: String,
    fingerprint: String,
}

impl Run<Session> for Fingerprint {
    type View = ClientFingerprint;

    fn run(self, session: &mut Session) -> Result<ClientFingerprint, Failure> {
        let call = session.client().get(&ntls::CLIENT_CERTIFICATE, &[&self.client]);
        let certificate = call.map_err(|error| {
            if error.id() == Some(ErrorId::NTLS_NO_CLIENT) {
                // The product has its two lines in the other order here.
                return Failure::command(
                    "Error:  The client you specified does not exist.\n        \
                     Use 'client list' to list all available clients.\n\
                     Error:  'client fingerprint' failed. (C000040A : RC_OBJECT_NOT_IN_LIST)",
                )
                .verbatim()
                .code(0xC000_040A, "RC_OBJECT_NOT_IN_LIST");
            }
            refused(error)
        })?;
        Ok(ClientFingerprint { client: self.client, fingerprint: certificate.fingerprint })
    }
}

impl Text for ClientFingerprint {
    fn write(&self, page: &mut Page) {
        // The product of those days showed MD5; ours is SHA-256, as newer tools show it.
        page.line(format!("Certificate fingerprint: {}", self.fingerprint));
    }
}

#[derive(Deserialize)]
struct Register {
    client: String,
    hostname: Option<String>,
    ip: Option<std::net::IpAddr>,
    force: bool,
}

impl Run<Session> for Register {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let ip = self.ip.map(|ip| ip.to_string());
        let address = ip.as_deref().or(self.hostname.as_deref()).unwrap_or_default().to_owned();
        let file = format!("{address}.pem");
        let certificate = certificate(session, &file).map_err(|failure| Failure {
            message: format!(
                "There was a problem finding this client's certificate file.\n{}",
                failure.message
            ),
            ..failure
        })?;
        let client = ntls::NewClient {
            client_name: self.client.clone(),
            ip,
            hostname: self.hostname,
            certificate,
        };
        match session.client().call(&ntls::REGISTER, &[], &client) {
            Err(error) if self.force && error.id() == Some(ErrorId::NTLS_CLIENT_ALREADY_EXISTS) => {
                replace_certificate(session, client, file)?;
            }
            registered => registered.map_err(not_registered).map(|_| ())?,
        }
        compare_names(session, &self.client, &address);
        Ok(Done { done: "client register" })
    }
}

/// The certificate in a file of this machine, which is sent with the request and leaves no file on
/// the appliance; `None` if the appliance has the file.
fn certificate(session: &mut Session, file: &str) -> Result<Option<String>, Failure> {
    match session.find_file(file)? {
        FileSource::Appliance => Ok(None),
        FileSource::Local(content) => first_certificate(file, &content).map(Some),
    }
}

/// `-force`, assumed: a client that has this name and address already gets the new certificate and
/// keeps its partitions.
fn replace_certificate(
    session: &mut Session,
    client: ntls::NewClient,
    file: String,
) -> Result<(), Failure> {
    let name = &client.client_name;
    let present = session.get(&ntls::CLIENT, &[name])?;
    let same = |new: &Option<String>, old: &str| new.as_deref().unwrap_or_default() == old;
    if !same(&client.ip, &present.ip) || !same(&client.hostname, &present.hostname) {
        let address = if present.ip.is_empty() { present.hostname } else { present.ip };
        return Err(Failure::command(format!(
            "A client named '{name}' has already been registered as {address}."
        ))
        .hint("-force replaces a certificate, not an address: delete the client first"));
    }
    let file = client.certificate.is_none().then_some(file);
    let certificate = ntls::NewCertificate { certificate: client.certificate, file };
    session.client().call(&ntls::CERTIFY, &[name], &certificate).map_err(not_registered)?;
    session.ui().note(format!("note: replaced the certificate of {name}"));
    Ok(())
}

/// Notes that a certificate names another host: the product says nothing, and the link then does
/// not come up. A real appliance does not show the certificate; then there is no note.
fn compare_names(session: &mut Session, client: &str, address: &str) {
    let Ok(shown) = session.client().get(&ntls::CLIENT_CERTIFICATE, &[client]) else { return };
    let name = shown.common_name;
    if !name.eq_ignore_ascii_case(address) && !name.eq_ignore_ascii_case(client) {
        session.ui().note(format!(
            "note: the certificate is {name:?}'s by its common name, not {address:?}'s: the link of \
             a client whose certificate names another does not come up"
        ));
    }
}

/// As the table has it, but of a taken address the hint says who has it.
fn not_registered(error: Error) -> Failure {
    let Error::Answered { answer, .. } = &error else { return error.into() };
    if ErrorId::new(&answer.id) != ErrorId::NTLS_CLIENT_ADDRESS_ALREADY_EXISTS {
        return refused(error);
    }
    let (what, other) = answer.details.split_once(": ").unwrap_or((&answer.details, ""));
    let failure = Failure::command(format!("A {what}."));
    if other.is_empty() { failure } else { failure.hint(format!("it is '{other}'")) }
}

#[derive(Deserialize)]
struct Revoke {
    client: String,
    partition: String,
}

impl Run<Session> for Revoke {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let partition = session.partition(&self.partition)?.id;
        let links = session.get(&ntls::LINKS, &[&self.client])?;
        if !links.links.iter().any(|link| link.id == partition) {
            return Err(Failure::command("Specified partition was not assigned to client."));
        }
        session.call(&ntls::REVOKE, &[&self.client, &partition], &luna_rest::Nothing {})?;
        Ok(Done { done: "client revokePartition" })
    }
}

#[derive(Deserialize)]
struct Show {
    client: String,
}

/// A client and the names of its partitions.
#[derive(Serialize)]
struct Client {
    client: String,
    hostname: Option<String>,
    ip: Option<String>,
    partitions: Vec<String>,
}

impl Run<Session> for Show {
    type View = Client;

    fn run(self, session: &mut Session) -> Result<Client, Failure> {
        let shown = session.get(&ntls::CLIENT, &[&self.client])?;
        let mut partitions = Vec::new();
        for link in session.get(&ntls::LINKS, &[&self.client])?.links {
            let call = luna_rest::partitions::SHOW;
            let partition = session.get(&call, &[session.hsm()?, &link.id])?;
            partitions.push(partition.name);
        }
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(Client {
            client: shown.client_id,
            hostname: given(shown.hostname),
            ip: given(shown.ip),
            partitions,
        })
    }
}

impl Text for Client {
    fn write(&self, page: &mut Page) {
        page.field("ClientID:", 14, &self.client);
        if let Some(hostname) = &self.hostname {
            page.field("Hostname:", 14, hostname);
        }
        // The label for an address was not seen; it is made like its neighbours.
        if let Some(ip) = &self.ip {
            page.field("IPAddress:", 14, ip);
        }
        let names: Vec<String> = self.partitions.iter().map(|name| format!("\"{name}\"")).collect();
        let names = if names.is_empty() { "<none>".to_owned() } else { names.join(", ") };
        page.field("Partitions:", 14, names);
    }
}
