//! The SSH server: the door by which scripts and people come to the appliance's LunaSH.
//!
//! It authenticates (`visitor.rs` asks `rules/sysconf/ssh_login.rs`), opens a terminal or pipes, and starts the
//! program `lunash` on them for the account (`shell.rs`); files come and go by `scp.rs` and `sftp.rs`. Nothing
//! else is ever run, and nothing forwarded. The settings of `sysconf ssh` hold from the next connection on.

mod algorithms;
mod files;
mod host_keys;
mod places;
mod scp;
mod sftp;
mod shell;
mod terminal;
mod visitor;

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use luna_rest::ssh::{ENTER, Enter, Entered, Proof};
use luna_rest::{Fingerprint, Method, Secret, auth, media};
use russh::server::Config;
use russh::{MethodKind, MethodSet, SshId};
use tokio::runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::core::message::{Body, Request, Response};
use crate::further_ports::{FurtherPorts, bind};
use crate::replica::{Replica, SshSettings, lock};
use places::Places;
use visitor::Visitor;

/// How the door is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ssh {
    /// Where it listens. Port 0 takes a free one.
    pub address: SocketAddr,
    /// Whether another port is taken where that one is in use.
    pub any_port: bool,
    /// Whether the algorithms that scripts of old name are refused.
    pub modern: bool,
    /// Whether files come and go over SFTP too, which appliances of old do not have.
    pub sftp: bool,
    /// Whether it is as with LunaSH 5.x: no empty line stands before a prompt, and the client itself asks for
    /// the password.
    pub dense: bool,
    /// How long a login may take.
    pub grace: Duration,
    /// How long nobody may type before his LunaSH ends.
    pub idle: Duration,
}

impl Ssh {
    /// How long a login may take if nothing else is said.
    pub const GRACE: Duration = Duration::from_secs(120);
    /// How long nobody may type if nothing else is said, as on the product, and at most.
    pub const IDLE: Duration = Duration::from_secs(30 * 60);
}

/// How many connections may be open.
const CONNECTIONS: usize = 200;
/// How many of them may be open without a login.
const STRANGERS: usize = 30;
/// How many shells may run, each with a thread that waits for its end.
pub(crate) const SHELLS: usize = 100;
/// How many files may be on their way, each with up to 64 MiB of memory.
const FILES: usize = 16;
/// Refused logins until the connection is closed.
const ATTEMPTS: usize = 6;
/// Requests that the user waits for are read in pieces of at most this size.
const PACKET: u32 = 32 * 1024;

/// The server, as its connections see it.
pub(crate) struct Door {
    settings: Ssh,
    replica: Arc<Replica>,
    /// The web server, which LunaSH talks to.
    web: SocketAddr,
    fingerprint: Arc<Mutex<Fingerprint>>,
    local_key: Secret,
    /// For the locks of login attempts.
    folder: PathBuf,
    /// The program of LunaSH.
    lunash: PathBuf,
    connections: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    shells: Arc<Semaphore>,
    files: Arc<Semaphore>,
    /// Where alone it lets in; empty for wherever it listens.
    only: Mutex<Vec<SocketAddr>>,
    /// Of the last connection, and the settings that it was made of.
    config: Mutex<Option<(SshSettings, Arc<Config>)>>,
}

impl Door {
    /// Opens the door on `runtime`: where it lets in. `web` is the web server of this appliance.
    pub(crate) fn open(
        settings: Ssh,
        replica: &Arc<Replica>,
        (web, fingerprint): (SocketAddr, Arc<Mutex<Fingerprint>>),
        local_key: Secret,
        data: &Path,
        runtime: &runtime::Handle,
    ) -> io::Result<SocketAddr> {
        let listener = bind(settings.address, settings.any_port)?;
        let address = listener.local_addr()?;
        let door = Arc::new(Door {
            settings,
            replica: Arc::clone(replica),
            web,
            fingerprint,
            local_key,
            folder: data.join("ssh"),
            lunash: shell::program()?,
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
            shells: Arc::new(Semaphore::new(SHELLS)),
            files: Arc::new(Semaphore::new(FILES)),
            only: Mutex::default(),
            config: Mutex::default(),
        });
        replica.set_ssh(Places {
            door: Arc::downgrade(&door),
            runtime: runtime.clone(),
            first: address,
            further: FurtherPorts::none(),
        });
        let only = lock(&door.only).first().copied();
        door.let_in(listener, runtime)?;
        Ok(only.unwrap_or(address))
    }

    /// Lets those in who come to this port, until that is aborted.
    fn let_in(
        self: Arc<Door>,
        listener: TcpListener,
        runtime: &runtime::Handle,
    ) -> io::Result<AbortHandle> {
        listener.set_nonblocking(true)?;
        let _inside = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        Ok(runtime.spawn(self.accept(listener)).abort_handle())
    }

    async fn accept(self: Arc<Door>, listener: tokio::net::TcpListener) {
        loop {
            let Ok((stream, from)) = listener.accept().await else {
                // Out of descriptors: some are free again soon.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            if !self.is_open_at(&stream) {
                continue;
            }
            // As sshd does it: who comes to a full house is not let in, nor told why.
            let Ok(place) = Arc::clone(&self.connections).try_acquire_owned() else { continue };
            let Ok(stranger) = Arc::clone(&self.strangers).try_acquire_owned() else { continue };
            let door = Arc::clone(&self);
            tokio::spawn(async move {
                if let Err(error) = door.serve(stream, from, stranger).await {
                    tracing::info!(%from, %error, "an SSH connection ended");
                }
                drop(place);
            });
        }
    }

    /// Whether the address that somebody came to is one that lets in. Assumed: elsewhere he is closed at once, not refused:
    /// the port is kept, so that no other program takes it.
    fn is_open_at(&self, stream: &tokio::net::TcpStream) -> bool {
        let only = lock(&self.only);
        let came_to = |address: SocketAddr| address.ip().to_canonical();
        let here = stream.local_addr().map(came_to);
        only.is_empty() || here.is_ok_and(|here| only.iter().any(|place| came_to(*place) == here))
    }

    async fn serve(
        self: Arc<Door>,
        stream: tokio::net::TcpStream,
        from: SocketAddr,
        stranger: OwnedSemaphorePermit,
    ) -> Result<(), russh::Error> {
        let end = Instant::now() + self.settings.grace;
        stream.set_nodelay(true)?;
        let socket = std::net::TcpStream::from(stream.as_fd().try_clone_to_owned()?);
        let door = Arc::clone(&self);
        let config = tokio::task::spawn_blocking(move || door.config());
        let config = config.await.map_err(io::Error::other)??;
        let (visitor, known) = Visitor::new(self, from, config.methods.clone(), stranger);
        let greeted = russh::server::run_stream(config, stream, visitor);
        let session = tokio::time::timeout_at(end, greeted).await;
        let session = session.map_err(|_| russh::Error::ConnectionTimeout)??;
        tokio::pin!(session);
        let strange = async {
            if tokio::time::timeout_at(end, known).await.is_ok() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            ended = &mut session => return ended,
            () = strange => {}
        }
        // A goodbye would wait for the end of a key exchange, which may never come.
        socket.shutdown(Shutdown::Both)?;
        session.await
    }

    /// What the next connection is offered.
    fn config(&self) -> io::Result<Arc<Config>> {
        // Before the settings: keys that are missing are made once, however many come at the same time.
        let mut last = lock(&self.config);
        let settings = self.replica.ssh_settings(host_keys::make)?;
        if let Some((_, config)) = last.as_ref().filter(|(known, _)| *known == settings) {
            return Ok(Arc::clone(config));
        }
        let mut methods = MethodSet::empty();
        if settings.public_key {
            methods.push(MethodKind::PublicKey);
        }
        if settings.password {
            methods.push(MethodKind::Password);
            // Assumed: scripts of LunaSH 5.x wait for OpenSSH's own question, `password:`.
            if !self.settings.dense {
                methods.push(MethodKind::KeyboardInteractive);
            }
        }
        let config = Arc::new(Config {
            server_id: SshId::Standard("SSH-2.0-OpenSSH_8.0".into()),
            methods,
            auth_rejection_time: Duration::ZERO,
            keys: host_keys::read(&settings)?,
            preferred: algorithms::offered(&settings, self.settings.modern),
            max_auth_attempts: ATTEMPTS,
            maximum_packet_size: PACKET,
            window_size: 16 * PACKET,
            // The grace and the idle time of a shell are limits of their own.
            inactivity_timeout: None,
            keepalive_interval: Some(Duration::from_secs(60)),
            ..Config::default()
        });
        *last = Some((settings, Arc::clone(&config)));
        Ok(config)
    }

    /// Answers a request as the web server would, for somebody at `from`.
    async fn ask(self: &Arc<Self>, from: SocketAddr, request: Request) -> Response {
        let response = self.ask_unlogged(from, request).await;
        if let Some(entry) = &response.log {
            self.replica.logs().write(entry);
        }
        response
    }

    async fn ask_unlogged(self: &Arc<Self>, from: SocketAddr, mut request: Request) -> Response {
        request.from = Some(from);
        let replica = Arc::clone(&self.replica);
        let answered = tokio::task::spawn_blocking(move || {
            let response = crate::http::handle(&replica, &request);
            request.body.wipe();
            response
        });
        answered.await.unwrap_or_default()
    }

    /// Opens a session for who proves to be the account `user`; none for who does not.
    async fn enter(
        self: &Arc<Self>,
        from: SocketAddr,
        user: &str,
        proof: Proof,
    ) -> Option<(Option<Secret>, Entered)> {
        let body = Enter { user_id: user.to_owned(), from: from.to_string(), proof };
        let mut request = Request::new(Method::Post, ENTER.template());
        request.local_key = Some(self.local_key.clone());
        request.content_type = media::JSON.to_owned();
        request.body = Body::Plain(serde_json::to_vec(&body).ok()?);
        let response = self.ask(from, request).await;
        let entered =
            serde_json::from_slice(&response.body).ok().filter(|_| response.status == 200);
        Some((response.cookie.map(Secret::from), entered?))
    }

    /// Ends a session, if it has not ended by itself.
    async fn leave(self: &Arc<Self>, from: SocketAddr, cookie: &Secret) {
        let mut request = Request::new(Method::Delete, auth::LOGOUT.template());
        request.cookie = Some(cookie.expose().to_owned());
        // The end of a shell is no call to the web server.
        self.ask_unlogged(from, request).await;
    }
}
