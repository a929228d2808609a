//! The links of this client: a session with each appliance that `Chrystoki.conf` names, opened with the
//! client's certificate and key. Who is down is told, and nobody waits for him longer than for the others.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use luna_rest::link::Link;
use luna_rest::{Client, Error, Identity, Target, Trust};
use luna_shell::Watch;

use crate::chrystoki::Chrystoki;
use crate::owner::{CERTIFICATE, SECTION};
use crate::servers::{Server, servers};

/// The key that names the client's private key.
pub(crate) const PRIVATE_KEY: &str = "ClientPrivKeyFile";
/// The key that names the file with the appliances' certificates.
pub(crate) const AUTHORITIES: &str = "ServerCAFile";

/// `ReceiveTimeout` of a configuration as installed, in milliseconds.
const RECEIVE_TIMEOUT: u64 = 20_000;

/// A session with an appliance.
pub(crate) struct ServerLink {
    pub(crate) server: Server,
    pub(crate) client: Arc<Client>,
    pub(crate) link: Link,
}

/// What a client shows and trusts.
struct Files {
    identity: Identity,
    trusted: PathBuf,
    /// `ReceiveTimeout`: how long an appliance may take for an answer.
    receive_timeout: Duration,
}

impl Files {
    fn of(file: &Chrystoki) -> io::Result<Files> {
        let path = |key: &str| {
            let value = file.get(SECTION, key).filter(|value| !value.is_empty());
            value.map(PathBuf::from).ok_or_else(|| {
                let reason = format!("the section '{SECTION}' of the configuration names no {key}");
                io::Error::new(io::ErrorKind::NotFound, reason)
            })
        };
        let identity = Identity::read(&path(CERTIFICATE)?, &path(PRIVATE_KEY)?)?;
        let timeout = file.get(SECTION, "ReceiveTimeout").and_then(|text| text.parse().ok());
        let receive_timeout = Duration::from_millis(timeout.unwrap_or(RECEIVE_TIMEOUT));
        Ok(Files { identity, trusted: path(AUTHORITIES)?, receive_timeout })
    }

    fn connect(&self, server: &Server, watch: Option<&Arc<Watch>>) -> Result<ServerLink, Error> {
        let target = Target {
            host: server.server.clone(),
            port: server.port,
            trust: Trust::Listed(self.trusted.clone()),
            limit: watch.map(|watch| watch.limit()),
        };
        let mut client = Client::connect_as(target, &self.identity)?;
        if let Some(watch) = watch {
            watch.attach(&mut client);
        }
        client.set_call_limit(self.receive_timeout);
        let link = client.open_link()?;
        Ok(ServerLink { server: server.clone(), client: Arc::new(client), link })
    }

    /// Why there is no link, in few words.
    fn reason(&self, error: &Error) -> String {
        match error {
            // How it shows depends on who was quicker.
            Error::Unreachable { reason, .. }
                if ["connection reset", "connection closed", "peer closed"]
                    .iter()
                    .any(|begin| reason.starts_with(begin)) =>
            {
                "it closed the connection: 'service start ntls' in lunash lets clients in"
                    .to_owned()
            }
            // It ends itself once no shell uses it, and a client could not start it again.
            Error::Unreachable { address, reason }
                if reason.starts_with("connection refused") && is_of_this_machine(address) =>
            {
                format!(
                    "{reason}: an appliance that the shells have started takes no clients, one of \
                     'luna-appliance serve' does"
                )
            }
            Error::Unreachable { reason, .. } => reason.clone(),
            Error::LoginRefused { answer, .. } | Error::Answered { answer, .. } => {
                let text =
                    if answer.details.is_empty() { &answer.message } else { &answer.details };
                text.trim_end_matches('.').to_owned()
            }
            Error::Unknown { seen, .. } => format!(
                "its certificate {seen} is not in {}: fetch its server.pem, and 'vtl replaceServer' \
                 trusts that",
                self.trusted.display()
            ),
            error => error.to_string(),
        }
    }
}

/// Whether an appliance of one's own could be there.
fn is_of_this_machine(address: &str) -> bool {
    address.parse().is_ok_and(|address: SocketAddr| address.ip() == Ipv4Addr::LOCALHOST)
}

/// The links to all servers of a file, asked at the same time; for each server its link, or why there
/// is none.
pub(crate) fn open_all(
    file: &Chrystoki,
    watch: Option<&Arc<Watch>>,
) -> Vec<(Server, Result<ServerLink, String>)> {
    let servers = servers(file);
    let files = Files::of(file).map_err(|error| error.to_string());
    let open = |server: &Server| {
        let files = files.as_ref().map_err(Clone::clone)?;
        files.connect(server, watch).map_err(|error| files.reason(&error))
    };
    std::thread::scope(|scope| {
        let open = &open;
        let ask = |server: Server| (server.clone(), scope.spawn(move || open(&server)));
        let asked: Vec<_> = servers.into_iter().map(ask).collect();
        let answer = |asked: std::thread::ScopedJoinHandle<'_, _>| {
            asked.join().unwrap_or_else(|_| Err("asking it failed".to_owned()))
        };
        asked.into_iter().map(|(server, asked)| (server, answer(asked))).collect()
    })
}

/// Whether the link to a host comes about, or why not; none where the file does not name the host.
pub(crate) fn probe(file: &Chrystoki, host: &str) -> Option<Result<(), String>> {
    let server = servers(file).into_iter().find(|server| server.server == host)?;
    let files = Files::of(file).map_err(|error| error.to_string());
    let opened =
        files.and_then(|files| files.connect(&server, None).map_err(|error| files.reason(&error)));
    Some(opened.map(drop))
}

/// The link to one server of a file.
///
/// # Errors
/// Why there is none.
pub(crate) fn open(
    file: &Chrystoki,
    server: &Server,
    watch: &Arc<Watch>,
) -> Result<ServerLink, String> {
    let files = Files::of(file).map_err(|error| error.to_string())?;
    files.connect(server, Some(watch)).map_err(|error| files.reason(&error))
}
