//! Which resources of the API the commands of a session call, compared with what they declare.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use luna_rest::{Resource, clusters, hsm, keyrings, partitions, tokens};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The resources that each command called, by shell and the command's path.
pub type Calls = BTreeMap<(String, String), BTreeSet<String>>;

/// Does `work`, and returns the calls of the commands that ran in it on this thread.
pub fn record_calls<T>(work: impl FnOnce() -> T) -> (T, Calls) {
    let recorder = Recorder::default();
    let seen = Arc::clone(&recorder.seen);
    let done = tracing::subscriber::with_default(recorder, work);
    let calls = std::mem::take(&mut seen.lock().unwrap_or_else(PoisonError::into_inner).calls);
    (done, calls)
}

/// Declared calls that no transcript makes, and why.
const NEVER_MADE: &[(&str, &str)] = &[
    ("cmu: importkey", "a script has no file with a key; lunacm/tests/cmu.rs imports one"),
    ("lunash: hsm ped connect", "the emulated HSM is authenticated by passwords and has no PED"),
    ("lunash: hsm ped disconnect", "as above"),
    ("lunash: hsm ped vector erase", "as above"),
    ("lunash: hsm ped vector init", "as above"),
    ("lunash: partition activate", "as above"),
    ("lunash: partition createChallenge", "as above"),
    ("lunash: partition deactivate", "as above"),
    ("lunash: partition sff backup", "the emulated HSM has no small form factor device"),
    ("lunash: partition sff clear", "as above"),
    ("lunash: partition sff restore", "as above"),
];

/// The resources that every command of a shell declares, by the command's path.
fn declared() -> Calls {
    let texts = |rest: &[Resource]| rest.iter().map(Resource::to_string).collect();
    let (lunash, lunacm) = (lunash::catalogue(), lunacm::catalogue());
    let cmu = lunacm::cmu::catalogue();
    let lunash = lunash.commands.iter().map(|one| ("lunash", one.path(), texts(one.rest)));
    let lunacm = lunacm.commands.iter().map(|one| ("lunacm", one.path(), texts(one.rest)));
    let cmu = cmu.commands.iter().map(|one| ("cmu", one.path(), texts(one.rest)));
    lunash
        .chain(lunacm)
        .chain(cmu)
        .map(|(shell, path, rest)| ((shell.to_owned(), path), rest))
        .collect()
}

/// The calls that commands made without declaring them. What every session calls needs no
/// declaration.
pub fn undeclared(calls: &Calls) -> Vec<String> {
    let declared = declared();
    let always: BTreeSet<String> = lunash::SESSION_CALLS.iter().map(Resource::to_string).collect();
    let mut found = Vec::new();
    for (command @ (shell, path), made) in calls {
        let known = declared.get(command);
        let known = |call: &&String| known.is_some_and(|known| known.contains(*call));
        for call in made.iter().filter(|call| !known(call) && !always.contains(*call)) {
            found.push(format!("{shell}: {path}: {call}"));
        }
    }
    found
}

/// The commands that declare calls which none of these made, other than those that are known to.
pub fn never_made(calls: &Calls) -> Vec<String> {
    let mut found = Vec::new();
    for (command, declared) in declared() {
        let made = calls.get(&command);
        let missing: Vec<&String> =
            declared.iter().filter(|call| made.is_none_or(|made| !made.contains(*call))).collect();
        let command = format!("{}: {}", command.0, command.1);
        let known = NEVER_MADE.iter().any(|(known, _)| *known == command);
        match (missing.first(), known) {
            (Some(call), false) => found.push(format!("{command}: {call} is never made")),
            (None, true) => found.push(format!("{command}: makes all its calls; strike it out")),
            _ => {}
        }
    }
    found
}

/// Calls that can cost a login attempt, and those that say how many are left. Each is read right
/// before, under the lock of the role.
fn counted() -> [(Resource, Resource); 9] {
    [
        (hsm::LOGIN.resource(), hsm::SHOW.resource()),
        (hsm::CHANGE_PASSWORD.resource(), hsm::SHOW.resource()),
        (clusters::CREATE.resource(), hsm::SHOW.resource()),
        (partitions::LOGIN.resource(), partitions::ROLE.resource()),
        (partitions::CHANGE_ROLE.resource(), partitions::ROLE.resource()),
        (keyrings::LOGIN.resource(), keyrings::ROLE.resource()),
        (keyrings::CHANGE_ROLE.resource(), keyrings::ROLE.resource()),
        (keyrings::CREATE.resource(), partitions::ROLE.resource()),
        (tokens::LOGIN.resource(), tokens::SHOW.resource()),
    ]
}

/// Listens to the spans of commands and to the events of calls.
#[derive(Default)]
struct Recorder {
    seen: Arc<Mutex<Seen>>,
    ids: AtomicU64,
}

#[derive(Default)]
struct Seen {
    /// Commands by the number of their span.
    commands: BTreeMap<u64, (String, String)>,
    running: Option<(String, String)>,
    /// The call before this one.
    before: String,
    calls: Calls,
}

impl Recorder {
    fn with<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        [luna_rest::CALLS, luna_shell::COMMANDS].contains(&metadata.target())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let number = self.ids.fetch_add(1, Ordering::Relaxed) + 1;
        let fields = Fields::of(|fields| span.record(fields));
        let command = (fields.get("shell"), fields.get("path"));
        self.with(|seen| seen.commands.insert(number, command));
        Id::from_u64(number)
    }

    fn event(&self, event: &Event<'_>) {
        let fields = Fields::of(|fields| event.record(fields));
        self.with(|seen| {
            let Some(command) = seen.running.clone() else { return };
            let resource = fields.get("resource");
            let before = std::mem::replace(&mut seen.before, resource.clone());
            for (spends, says) in counted() {
                assert!(
                    resource != spends.to_string() || before == says.to_string(),
                    "{command:?}: {resource} without a look at {says}"
                );
            }
            seen.calls.entry(command).or_default().insert(resource);
        });
    }

    fn enter(&self, span: &Id) {
        self.with(|seen| {
            seen.running = seen.commands.get(&span.into_u64()).cloned();
            // A command that calls nothing is recorded too.
            seen.running.clone().map(|command| seen.calls.entry(command).or_default());
        });
    }

    fn exit(&self, _: &Id) {
        self.with(|seen| seen.running = None);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}
}

/// The fields of a span or an event, as text.
#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    fn of(record: impl FnOnce(&mut Fields)) -> Fields {
        let mut fields = Fields::default();
        record(&mut fields);
        fields
    }

    fn get(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_default()
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
