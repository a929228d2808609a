//! The SNMP agent: answers over UDP what `rules::sysconf::mib` shows, to users of version 3 by SHA and
//! AES alone, and reports lines of the logs that need attention ([`traps`]).

mod traps;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_snmp::agent::{Agent, SecurityModel};
use async_snmp::handler::{
    BoxFuture, GetNextResult, GetResult, HandlerError, HandlerResult, MibHandler, OidTable,
    RequestContext,
};
use async_snmp::v3::{AuthoritativeEngine, PersistedAuthoritativeEngine};
use async_snmp::{AuthProtocol, Oid, PrivProtocol, SecurityLevel, Value, VarBind, oid};
use tokio::runtime;
use tokio::sync::watch;

use crate::core::snmp::{self, Settings};
use crate::replica::lock;
pub(crate) use traps::LogWatch;

/// How old what is shown may be. The product's is up to a minute old, which nobody rehearses.
const FRESH: Duration = Duration::from_secs(1);
/// The number that is assigned to SafeNet, in the first bytes of an engine's identifier; a text follows.
const ENGINE: [u8; 5] = [0x80, 0x00, 0x5c, 0x4d, 4];
/// The name of the one group of users, and of what they see.
const ALL: &str = "all";

/// Hands the agent what it is to do.
#[derive(Debug)]
pub(crate) struct Handle(watch::Sender<Settings>);

impl snmp::Agent for Handle {
    fn aim(&self, settings: Settings) {
        self.0.send_if_modified(|known| {
            let changed = *known != settings;
            *known = settings;
            changed
        });
    }
}

/// Every object with its value.
pub(crate) type Objects = Arc<dyn Fn() -> Vec<(snmp::Oid, snmp::Value)> + Send + Sync>;

/// What the agent works with before it runs.
pub(crate) struct Prepared {
    settings: watch::Receiver<Settings>,
    alarms: traps::Alarms,
}

/// An agent that does not run yet: how it is aimed, and how it hears of lines of the logs.
pub(crate) fn prepare(address: std::net::IpAddr) -> (Handle, LogWatch, Prepared) {
    let (sender, settings) = watch::channel(Settings::default());
    let (log_watch, alarms) = traps::watch_logs(address);
    (Handle(sender), log_watch, Prepared { settings, alarms })
}

/// Runs the agent at `address` whenever its settings say so. How often it has begun is kept in the
/// file `boots`.
pub(crate) fn run(
    prepared: Prepared,
    runtime: &runtime::Handle,
    address: SocketAddr,
    boots: PathBuf,
    objects: Objects,
) {
    let Prepared { settings, alarms } = prepared;
    runtime.spawn(traps::report(alarms, settings.clone(), boots.clone()));
    runtime.spawn(answer(settings, address, boots, objects));
}

async fn answer(
    mut settings: watch::Receiver<Settings>,
    address: SocketAddr,
    boots: PathBuf,
    objects: Objects,
) {
    loop {
        let wanted = settings.borrow_and_update().clone();
        // Nobody may ask while there are no users.
        if wanted.running && !wanted.users.is_empty() {
            match build(&wanted, address, &boots, &objects).await {
                Ok(agent) => {
                    let ended = tokio::select! {
                        result = agent.run() => Some(result),
                        changed = settings.changed() => {
                            agent.cancel();
                            if changed.is_err() { return }
                            None
                        }
                    };
                    match ended {
                        Some(Err(error)) => tracing::warn!(%error, "the SNMP agent ended"),
                        _ => continue,
                    }
                }
                Err(error) => tracing::warn!(%error, %address, "no SNMP agent was started"),
            }
        }
        if settings.changed().await.is_err() {
            return;
        }
    }
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

async fn build(
    settings: &Settings,
    address: SocketAddr,
    boots: &Path,
    objects: &Objects,
) -> Result<Agent, Failed> {
    let mut agent = Agent::builder()
        .bind(address.to_string())
        .authoritative_engine(engine(&own_engine(settings), boots)?);
    for user in &settings.users {
        agent = agent.usm_user(user.name.clone(), |new| {
            let (authentication, privacy) = (user.authentication.expose(), user.privacy.expose());
            new.auth_priv(AuthProtocol::Sha1, authentication, PrivProtocol::Aes128, privacy)
        })?;
    }
    let mib = Arc::new(Mib {
        objects: Arc::clone(objects),
        begun: Instant::now(),
        shown: Mutex::default(),
    });
    for root in crate::rules::sysconf::mib::roots() {
        let (root, mib) = (Oid::from_slice(&root), Arc::clone(&mib));
        agent = agent.handler(root.clone(), Arc::new(Subtree { root, mib }));
    }
    let names: Vec<String> = settings.users.iter().map(|user| user.name.clone()).collect();
    let agent = agent.vacm(|access| {
        let groups = names
            .into_iter()
            .fold(access, |access, name| access.group(name.into_bytes(), SecurityModel::Usm, ALL));
        groups
            .access(ALL, SecurityModel::Usm, SecurityLevel::AuthPriv, |entry| entry.read_view(ALL))
            .view(ALL, |view| view.include(oid!(1, 3)))
    });
    Ok(agent.build().await?)
}

/// The identifier of this appliance's engine.
fn own_engine(settings: &Settings) -> Vec<u8> {
    [&ENGINE[..], settings.serial.to_string().as_bytes()].concat()
}

/// An engine with this identifier, begun once more than the file says; receivers tell old messages
/// from new ones by that number.
fn engine(id: &[u8], boots: &Path) -> Result<AuthoritativeEngine, Failed> {
    let before = match std::fs::read_to_string(boots) {
        Ok(text) => text.trim().parse().unwrap_or_default(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error.into()),
    };
    let file = boots.to_owned();
    let keep = move |state: &PersistedAuthoritativeEngine| {
        let new = file.with_extension("new");
        std::fs::write(&new, format!("{}\n", state.engine_boots()))?;
        std::fs::rename(&new, &file)
    };
    if before == 0 {
        return Ok(AuthoritativeEngine::install(id.to_vec(), keep)?);
    }
    let known = PersistedAuthoritativeEngine::new(id.to_vec(), before)?;
    Ok(AuthoritativeEngine::restart(known, keep)?)
}

/// Shows the objects, read anew once they are no longer fresh.
struct Mib {
    objects: Objects,
    begun: Instant,
    shown: Mutex<Option<(Instant, Arc<OidTable<Value>>)>>,
}

impl Mib {
    async fn table(&self) -> HandlerResult<Arc<OidTable<Value>>> {
        let known = lock(&self.shown).clone();
        if let Some((read, table)) = known
            && read.elapsed() < FRESH
        {
            return Ok(table);
        }
        let objects = Arc::clone(&self.objects);
        // It waits for requests under way.
        let read = tokio::task::spawn_blocking(move || objects()).await;
        let objects = read.map_err(|_| HandlerError::new("the appliance stops"))?;
        let mut table = OidTable::with_capacity(objects.len() + 1);
        for (number, value) in objects {
            table.insert(Oid::from_slice(&number), sent(value));
        }
        table.insert(oid!(1, 3, 6, 1, 2, 1, 1, 3, 0), Value::TimeTicks(ticks(self.begun)));
        let table = Arc::new(table);
        *lock(&self.shown) = Some((Instant::now(), Arc::clone(&table)));
        Ok(table)
    }
}

/// The objects below a number.
struct Subtree {
    root: Oid,
    mib: Arc<Mib>,
}

impl MibHandler for Subtree {
    fn get<'a>(
        &'a self,
        _: &'a RequestContext,
        oid: &'a Oid,
    ) -> BoxFuture<'a, HandlerResult<GetResult>> {
        Box::pin(async move {
            let found = self.mib.table().await?.get(oid).cloned();
            Ok(found.map_or(GetResult::NoSuchObject, GetResult::Value))
        })
    }

    fn get_next<'a>(
        &'a self,
        _: &'a RequestContext,
        oid: &'a Oid,
    ) -> BoxFuture<'a, HandlerResult<GetNextResult>> {
        Box::pin(async move {
            let table = self.mib.table().await?;
            let next = table.get_next(oid.max(&self.root));
            let next = next.filter(|(next, _)| next.starts_with(&self.root));
            let next = next.map(|(oid, value)| VarBind::new(oid.clone(), value.clone()));
            Ok(next.map_or(GetNextResult::EndOfMibView, GetNextResult::Value))
        })
    }
}

fn sent(value: snmp::Value) -> Value {
    match value {
        snmp::Value::Text(text) => Value::OctetString(text.into()),
        snmp::Value::Integer(value) => Value::Integer(value),
        snmp::Value::Unsigned(value) => Value::Gauge32(value),
        snmp::Value::Counter32(value) => Value::Counter32(value),
        snmp::Value::Counter64(value) => Value::Counter64(value),
        snmp::Value::Oid(oid) => Value::ObjectIdentifier(Oid::from_slice(&oid)),
    }
}

/// Hundredths of seconds since then, as they are counted: from 0 again after 497 days.
fn ticks(since: Instant) -> u32 {
    (since.elapsed().as_millis() / 10) as u32
}
