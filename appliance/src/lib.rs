//! An emulated Luna Network HSM appliance: one process, one data folder, one appliance.
//!
//! `machine` is a pure state machine: `state` is what it keeps, `rules` what it does, each request
//! comes to them through `request`, and `core` is what all of them are made of. `store` keeps the
//! state, `engine` joins machine and store, `replica` connects them to the other members of a
//! cluster, `http` serves REST over TLS, `folder` is the data folder. [`Appliance::start`] runs it all on
//! threads of its own, so that a program without async can run an appliance inside.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum_server::Handle;
use luna_rest::{Fingerprint, Secret};
use time::OffsetDateTime;
use time::macros::datetime;

pub mod core;
pub mod cryptoki;
pub mod engine;
pub mod machine;
pub mod package;
pub mod request;
pub mod rules;
pub mod state;
pub mod store;

mod audit_folder;
mod cluster_listeners;
mod connections;
mod folder;
mod forward;
mod further_ports;
mod http;
#[cfg(test)]
mod layers;
mod log_folder;
mod ntls_port;
mod own;
mod own_process;
mod panics;
mod replica;
mod snmp_agent;
mod ssh_door;
#[cfg(test)]
mod test_machine;
mod tls;
mod web_tls;

pub use folder::Endpoint;
pub use ntls_port::Ntls;
pub use own::{Own, StopError};
pub use own_process::run_if_asked;
pub use ssh_door::Ssh;

use crate::core::logs::SharedLogs;
use crate::request::audit_log::AuditLog;
use audit_folder::AuditFolder;
use cluster_listeners::ClusterListeners;
use engine::{Engine, LoadError};
use folder::Folder;
use forward::Forwarder;
use http::{Activity, Port, Server};
use log_folder::LogFolder;
use replica::{Https, Replica, lock};
use ssh_door::Door;
use store::{Store, StoreError};
use web_tls::FolderTls;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The moment at which every repeatable appliance begins.
const BEGIN: OffsetDateTime = datetime!(2026-03-02 09:00:00 UTC);

/// The host name of an appliance as it leaves the factory.
pub const FACTORY_HOSTNAME: &str = "local_host";

/// How to start an appliance.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder; it is made when it is not there.
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Makes serial numbers and UUIDs repeatable; counts at the first start, and after a reset.
    pub seed: Option<u64>,
    /// Fixes the clock at this time until it is moved; otherwise it runs with the system's.
    pub clock: Option<OffsetDateTime>,
    /// The host name; counts at the first start, and after a reset.
    pub hostname: String,
    /// The UDP port where the SNMP agent answers while it is enabled; without one it never does.
    pub snmp: Option<SocketAddr>,
    /// The SSH server; none without.
    pub ssh: Option<Ssh>,
    /// The port of NTLS, for clients of partitions; none without.
    pub ntls: Option<Ntls>,
}

impl Options {
    /// A folder, a free port on this machine, and nothing fixed.
    pub fn new(data: impl Into<PathBuf>) -> Options {
        Options {
            data: data.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: None,
            clock: None,
            hostname: FACTORY_HOSTNAME.to_owned(),
            snmp: None,
            ssh: None,
            ntls: None,
        }
    }
}

impl Options {
    /// The same at every start: a seed, and a clock that stands at the same moment until it is moved.
    pub fn repeatable(data: impl Into<PathBuf>, address: IpAddr, seed: u64) -> Options {
        Options {
            listen: (address, 0).into(),
            seed: Some(seed),
            clock: Some(BEGIN),
            ntls: Some(Ntls { address: (address, 1792).into(), any_port: true }),
            ..Options::new(data)
        }
    }
}

/// Why an appliance did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process runs the appliance of this folder.
    #[error(
        "another process runs the appliance in {0}; use that one, end it with 'luna-appliance stop \
         --data {0}', or use another folder",
        .folder.display()
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// The stored state cannot be used.
    #[error("cannot use the state in {}: {reason}", .folder.display())]
    State {
        /// The data folder.
        folder: PathBuf,
        /// Why not.
        reason: LoadError,
    },
    /// The folder, or a file in it, cannot be used.
    #[error("cannot use {}: {reason}", .path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        reason: io::Error,
    },
    /// The process that was started for it did not get so far; its own words.
    #[error("{0}")]
    Process(String),
    /// Threads or TLS cannot be set up.
    #[error("cannot start the web server: {0}")]
    Server(io::Error),
}

impl StartError {
    fn folder(path: &Path, reason: io::Error) -> StartError {
        StartError::Folder { path: path.to_owned(), reason }
    }
}

/// Starts an appliance, or finds a running one.
#[derive(Debug)]
pub struct Appliance;

impl Appliance {
    /// Starts an appliance; it listens when this returns.
    ///
    /// # Errors
    /// Any [`StartError`].
    pub fn start(options: Options) -> Result<Running, StartError> {
        Appliance::start_with(options, |_| ())
    }

    /// The same; `prepare` sees the engine before any request does.
    fn start_with(
        options: Options,
        prepare: impl FnOnce(&mut Engine),
    ) -> Result<Running, StartError> {
        let Options { data, listen, seed, clock, hostname, snmp, ssh, ntls } = options;
        let folder = Arc::new(Folder::take(&data)?);
        let local_key = folder.local_key()?;
        let certificate = folder.certificate(&hostname, listen.ip())?;
        let fingerprint = Arc::new(Mutex::new(certificate.fingerprint()));

        let state = |reason| match reason {
            LoadError::Store(StoreError::InUse) => StartError::InUse { folder: data.clone() },
            reason => StartError::State { folder: data.clone(), reason },
        };
        let store = Store::open(&folder.state()?).map_err(|reason| state(reason.into()))?;
        let secret = folder::random().map_err(StartError::Server)?;
        let model = request::options::Options {
            hostname,
            seed,
            clock,
            local_key: local_key.clone(),
            address: Some(listen.ip()),
            certificate: certificate.pem.clone(),
        };
        let mut engine =
            Engine::load(store, model, secret, OffsetDateTime::now_utc()).map_err(state)?;
        let (agent, log_watch, prepared) = snmp_agent::prepare(listen.ip());
        engine.machine.logs = SharedLogs::new(LogFolder::new(data.join("logs")), log_watch);
        engine.machine.aim_logs();
        engine.machine.snmp = Box::new(agent);
        engine.machine.aim_snmp();
        let audit_log = AuditLog::new(AuditFolder::new(data.join("audit")), Forwarder::default());
        engine
            .change_own(|machine| machine.keep_audit_log(audit_log))
            .map_err(|reason| state(reason.into()))?;
        prepare(&mut engine);
        let factory_password = engine.machine.state.users.is_temporary("admin");
        let transport = Box::new(Https::new(certificate.identity()));
        let replica = Replica::new(engine, transport, OffsetDateTime::now_utc);

        let server = Server::new(Arc::clone(&replica), &certificate)
            .map_err(|error| folder.unusable_certificate(error))?;
        let activity = server.activity();
        let watch = folder.watch().map_err(|reason| StartError::folder(&data, reason))?;
        let refuse = |reason| StartError::Listen { address: listen, reason };
        let listener = TcpListener::bind(listen).map_err(refuse)?;
        listener.set_nonblocking(true).map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(http::BLOCKING_THREADS + ssh_door::SHELLS)
            .thread_name("appliance")
            .enable_all()
            .build()
            .map_err(StartError::Server)?;
        if let Some(address) = snmp {
            let shown = Arc::downgrade(&replica);
            let objects =
                move || shown.upgrade().map(|replica| replica.snmp_objects()).unwrap_or_default();
            let boots = data.join("snmp-boots");
            snmp_agent::run(prepared, runtime.handle(), address, boots, Arc::new(objects));
        }
        let handle = Handle::new();
        let service = {
            let _inside = runtime.enter();
            server.serve(listener, handle.clone(), Port::Clients).map_err(StartError::Server)?
        };
        let listeners = ClusterListeners::new(runtime.handle().clone(), Arc::downgrade(&server));
        replica.set_listeners(move |ports| listeners.adjust(&ports));
        let shown = Arc::clone(&fingerprint);
        let on = runtime.handle().clone();
        let web = FolderTls::new(&folder, &server, listen.ip(), certificate, shown, on);
        replica.set_web_tls(web);
        let watched = Arc::clone(&replica);
        let maintenance = std::thread::Builder::new()
            .name("cluster".to_owned())
            .spawn(move || watched.run_maintenance())
            .map_err(StartError::Server)?;
        let ssh = match ssh {
            Some(ssh) => Some(
                Door::open(
                    ssh,
                    &replica,
                    (address, Arc::clone(&fingerprint)),
                    local_key.clone(),
                    &data,
                    runtime.handle(),
                )
                .map_err(|reason| StartError::Listen { address: ssh.address, reason })?,
            ),
            None => None,
        };
        let ntls = match ntls {
            Some(ntls) => {
                let refuse = |reason| StartError::Listen { address: ntls.address, reason };
                let opened = ntls_port::open(ntls, &server, runtime.handle());
                let (address, port) = opened.map_err(refuse)?;
                replica.set_ntls(port);
                Some(address)
            }
            None => None,
        };
        folder.announce(&Endpoint {
            address: address.to_string(),
            fingerprint: lock(&fingerprint).to_string(),
            process: std::process::id(),
            version: VERSION.to_owned(),
        })?;
        // The socket takes connections from here on; they wait until the thread runs.
        let thread = std::thread::Builder::new()
            .name("appliance".to_owned())
            .spawn(move || {
                if let Err(error) = runtime.block_on(service) {
                    tracing::error!(%error, "the web server ended");
                }
                replica.stop_maintenance();
                // A panic there has been reported by the thread itself.
                let _ = maintenance.join();
                // The store closes with the runtime's last task, the folder is given back after.
                drop(runtime);
                drop(server);
                drop(replica);
                if let Err(error) = folder.keep_copy() {
                    tracing::warn!(%error, "no copy of the state was kept");
                }
                drop(folder);
            })
            .map_err(StartError::Server)?;
        Ok(Running {
            address,
            ssh,
            ntls,
            fingerprint,
            factory_password,
            local_key,
            handle,
            watch,
            activity,
            thread: Some(thread),
        })
    }

    /// Where the appliance of a data folder listens, if one runs.
    pub fn locate(data: &Path) -> Option<Endpoint> {
        folder::locate(data)
    }

    /// Ends the appliance that runs on a data folder, in order, and waits until it has ended; false
    /// when none runs.
    ///
    /// # Errors
    /// Any [`StopError`].
    pub fn stop(data: &Path) -> Result<bool, StopError> {
        own::stop(data)
    }

    /// The key that opens a local session at the appliance of a data folder.
    ///
    /// # Errors
    /// The folder has none yet, or it may not be read.
    pub fn local_key(data: &Path) -> io::Result<Secret> {
        folder::local_key(data)
    }
}

/// A running appliance; it stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    ssh: Option<SocketAddr>,
    ntls: Option<SocketAddr>,
    fingerprint: Arc<Mutex<Fingerprint>>,
    factory_password: bool,
    local_key: Secret,
    handle: Handle<SocketAddr>,
    watch: folder::Watch,
    activity: Arc<Activity>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its SSH server listens, if it has one.
    pub fn ssh_address(&self) -> Option<SocketAddr> {
        self.ssh
    }

    /// Where clients of partitions link to it, if they can.
    pub fn ntls_address(&self) -> Option<SocketAddr> {
        self.ntls
    }

    /// The fingerprint of its certificate, the one that it shows now.
    pub fn fingerprint(&self) -> Fingerprint {
        *lock(&self.fingerprint)
    }

    /// Whether `admin` had the password of the factory when it started.
    pub fn has_factory_password(&self) -> bool {
        self.factory_password
    }

    /// The key that opens a local session (see [`luna_rest::emulator`]).
    pub fn local_key(&self) -> &Secret {
        &self.local_key
    }

    /// The program's end, if its folder is gone, or if nobody has used it for `idle`: none can begin
    /// to use it while that is kept.
    fn end_of_use(&self, idle: Duration) -> Option<EndOfUse> {
        if self.watch.is_gone() {
            return Some(EndOfUse { _users: None });
        }
        let users = self.activity.is_idle_for(idle).then(|| self.watch.without_users())??;
        // Whoever came and went meanwhile has used it.
        self.activity.is_idle_for(idle).then_some(EndOfUse { _users: Some(users) })
    }

    /// Stops it in order: requests under way are answered, the store is closed, the folder given
    /// back.
    pub fn stop(self) {}
}

/// How long requests under way may take when the appliance stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Nobody uses an appliance of one's own any more, nor can until this is dropped.
struct EndOfUse {
    _users: Option<std::fs::File>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.watch.is_gone() {
            folder::withdraw(&self.watch.path);
        }
        self.handle.graceful_shutdown(Some(SHUTDOWN_TIMEOUT));
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the thread itself.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use luna_rest::users::{self, NewRole};
    use luna_rest::{Client, Error, Nothing, Target, Trust};

    use super::*;
    use crate::panics::faulty;

    #[test]
    fn an_appliance_is_of_use_while_a_program_has_it_or_asks_for_something() {
        let data = tempfile::tempdir().unwrap();
        let running = Appliance::start(Options::new(data.path())).unwrap();
        let ends = |idle| running.end_of_use(idle).is_some();
        assert!(ends(Duration::ZERO) && !ends(Duration::MAX));
        let user = folder::user(data.path()).unwrap();
        assert!(!ends(Duration::ZERO));
        drop(user);
        let end = running.end_of_use(Duration::ZERO);
        let user = std::fs::File::open(data.path().join("users")).unwrap();
        assert!(user.try_lock_shared().is_err(), "nobody begins to use what ends");
        drop(end);
        let path = data.path().to_owned();
        data.close().unwrap();
        assert!(ends(Duration::MAX));
        // What stands in its place is not touched when it ends.
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("endpoint.json"), "another's").unwrap();
        drop(running);
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);
        std::fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn after_a_handlers_panic_the_appliance_goes_on_with_sessions_and_state() {
        let data = tempfile::tempdir().unwrap();
        let prepare = |engine: &mut Engine| faulty::add_to(&mut engine.machine);
        let running = Appliance::start_with(Options::new(data.path()), prepare).unwrap();
        let mut client = Client::connect(Target {
            host: running.address().ip().to_string(),
            port: running.address().port(),
            trust: Trust::Pinned(running.fingerprint()),
            limit: None,
        })
        .unwrap();
        client.login_locally(running.local_key().expose()).unwrap();
        let create = |id: &str| {
            let role = NewRole { role_id: id.to_owned(), ..NewRole::default() };
            client.call(&users::CREATE_ROLE, &[], &role).unwrap();
        };
        create("before");
        // More often than there are threads that answer.
        for _ in 0..100 {
            let failed = client.call(&faulty::CALL, &[], &Nothing {}).unwrap_err();
            let Error::Answered { status: 500, answer, .. } = failed else { panic!("{failed}") };
            assert!(!format!("{answer:?}").contains("secret"), "{answer:?}");
        }
        create("after");
        let roles = client.get(&users::ROLES, &[]).unwrap().roles;
        let ids: Vec<&str> = roles.iter().map(|role| role.id.as_str()).collect();
        assert!(ids.contains(&"before") && ids.contains(&"after"), "{ids:?}");
        assert!(!ids.contains(&faulty::ROLE), "{ids:?}");
    }
}
