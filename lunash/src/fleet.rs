//! Several appliances at once: `--host h1,h2` and `--all`. Each is the business of a program of its own, this same
//! one with one appliance; here their results are put together.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use luna_rest::Secret;
use luna_shell::{
    CommandResult, Config, Device, Failure, Folders, Format, Input, Kind, Options, Secrets, Status,
};
use secrecy::ExposeSecret;

/// Which appliances beside `--host`.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct FleetOptions {
    /// Every appliance that the configuration file has a profile of
    #[arg(long, conflicts_with_all = ["host", "profile", "data"])]
    pub all: bool,
}

/// Names the one appliance of a program that was started here: `host NAME` or `profile NAME`.
const ONE: &str = "LUNA_ONE_OF_SEVERAL";
/// How many are asked at the same time.
const AT_ONCE: usize = 32;

/// One of several appliances.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    Host(String),
    Profile(String),
}

impl Member {
    fn name(&self) -> &str {
        match self {
            Member::Host(name) | Member::Profile(name) => name,
        }
    }
}

/// Several appliances, and what is to be said to each.
pub struct Fleet {
    members: Vec<Member>,
    format: Format,
    /// The input of each program; none where the arguments hold the commands.
    input: Option<Vec<u8>>,
    /// Secrets that can be had once only, by their variables.
    secrets: Vec<(String, Secret)>,
    /// Variables that each program is not to see.
    spent: Vec<String>,
}

/// What came of one appliance.
struct Outcome {
    status: u8,
    output: Vec<u8>,
    remarks: Vec<u8>,
    took: Duration,
}

/// Leaves one appliance in `options`, if this program was started for it.
pub fn narrow(options: &mut Options, fleet: &mut FleetOptions) -> bool {
    let Ok(one) = std::env::var(ONE) else { return false };
    fleet.all = false;
    match one.split_once(' ') {
        Some(("profile", name)) => {
            (options.host, options.profile) = (None, Some(name.to_owned()));
        }
        Some((_, name)) => options.host = Some(name.to_owned()),
        None => {}
    }
    true
}

impl Fleet {
    /// The several appliances that are meant; none if it is one. `asks` tells whether the account's password is
    /// asked for where it is not given.
    ///
    /// # Errors
    /// The configuration has no profile, a name is there twice, or there are no commands for them.
    pub fn of(
        options: &Options,
        fleet: FleetOptions,
        asks: bool,
        folders: &Folders,
        device: &mut dyn Device,
    ) -> Result<Option<Fleet>, Failure> {
        let wrong = |why: String| Failure::new(Kind::NotUnderstood, why);
        let named = options.host.as_deref().filter(|host| host.contains(','));
        let members: Vec<Member> = match named {
            Some(list) => {
                list.split(',').map(|host| Member::Host(host.trim().to_owned())).collect()
            }
            None if fleet.all => {
                let config = Config::read(&folders.config.join("config.toml"))?;
                config.profiles.into_keys().map(Member::Profile).collect()
            }
            None => return Ok(None),
        };
        if members.is_empty() {
            return Err(wrong("The configuration file has no profiles.".to_owned()));
        }
        let mut seen = BTreeSet::new();
        for name in members.iter().map(Member::name) {
            if name.is_empty() || !seen.insert(name) {
                return Err(wrong(format!("'{name}' is no appliance, or stands there twice.")));
            }
        }
        if options.record.is_some() {
            return Err(wrong("A recording is that of one appliance, not of several.".to_owned()));
        }
        let mut input = None;
        if options.lines()?.is_none() {
            if std::io::stdin().is_terminal() {
                return Err(wrong(
                    "Several appliances are not talked to at a terminal.".to_owned(),
                )
                .hint("give the commands with -c, -f or on standard input"));
            }
            let mut lines = Vec::new();
            std::io::stdin().read_to_end(&mut lines).map_err(|error| wrong(error.to_string()))?;
            input = Some(lines);
        }
        let mut fleet = Fleet {
            members,
            format: options.output,
            input,
            secrets: Vec::new(),
            spent: Vec::new(),
        };
        fleet.take_secrets(asks, device)?;
        Ok(Some(fleet))
    }

    /// Takes what can be read once only: descriptors, and a person's answer.
    fn take_secrets(&mut self, asks: bool, device: &mut dyn Device) -> Result<(), Failure> {
        let mut known = Secrets::from_environment();
        for (variable, _) in std::env::vars_os() {
            let Some(variable) = variable.to_str() else { continue };
            let name = variable.strip_prefix("LUNA_").and_then(|name| name.strip_suffix("_FD"));
            let Some(name) = name else { continue };
            if let Some(secret) = known.find(name)? {
                self.secrets.push((format!("LUNA_{name}"), secret.expose_secret().into()));
                self.spent.push(variable.to_owned());
            }
        }
        if asks && device.attended() && known.find("PASSWORD")?.is_none() {
            let question =
                format!("Password of the account at {} appliances: ", self.members.len());
            match device.secret(&question) {
                Input::Line(password) => {
                    self.secrets.push(("LUNA_PASSWORD".to_owned(), password.into()));
                }
                _ => return Err(Failure::refused("There is no password for the appliances.")),
            }
        }
        Ok(())
    }

    /// Runs the commands on all of them and writes what comes of each, in their order: the highest status.
    pub fn run(self, device: &mut dyn Device) -> ExitCode {
        let begun = Instant::now();
        let mut done: Vec<Outcome> = Vec::new();
        at_once(
            &self.members,
            |member| self.ask(member),
            |outcome| {
                self.write(done.len(), &outcome, device);
                done.push(outcome);
            },
        );
        device.note(&self.summary(&done, begun.elapsed()));
        let written = luna_shell::finish("lunash", device, Status::Success) as u8;
        done.iter().map(|outcome| outcome.status).max().unwrap_or_default().max(written).into()
    }

    /// Runs the program for one appliance.
    fn ask(&self, member: &Member) -> Outcome {
        let begun = Instant::now();
        let ran = self.start(member).and_then(|mut child| {
            let input = child.stdin.take().zip(self.input.as_deref());
            thread::scope(|scope| {
                scope.spawn(move || {
                    if let Some((mut stream, input)) = input {
                        // It may end before it has read all.
                        let _ = stream.write_all(input);
                    }
                });
                child.wait_with_output()
            })
        });
        let took = begun.elapsed();
        match ran {
            Ok(output) => {
                let status = output.status.code().and_then(|code| u8::try_from(code).ok());
                let status = status.unwrap_or(Status::Failed as u8);
                Outcome { status, output: output.stdout, remarks: output.stderr, took }
            }
            Err(error) => {
                let (status, remarks) = (Status::Failed as u8, format!("{error}\n").into_bytes());
                Outcome { status, output: Vec::new(), remarks, took }
            }
        }
    }

    fn start(&self, member: &Member) -> std::io::Result<std::process::Child> {
        let mut program = Command::new(std::env::current_exe()?);
        program.args(std::env::args_os().skip(1));
        program.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        program.stdout(Stdio::piped()).stderr(Stdio::piped());
        let kind = match member {
            Member::Host(_) => "host",
            Member::Profile(_) => "profile",
        };
        program.env(ONE, format!("{kind} {}", member.name()));
        for variable in &self.spent {
            program.env_remove(variable);
        }
        for (variable, secret) in &self.secrets {
            program.env(variable, secret.expose());
        }
        program.spawn()
    }

    fn write(&self, place: usize, outcome: &Outcome, device: &mut dyn Device) {
        let name = self.members[place].name();
        let output = String::from_utf8_lossy(&outcome.output);
        match self.format {
            // As head and tail name several files.
            Format::Luna => {
                let gap = if place == 0 { "" } else { "\n" };
                device.print(&format!("{gap}==> {name} <==\n{output}"));
            }
            Format::Json => output.lines().for_each(|line| {
                device.print(&format!("{}\n", with_host(line, name)));
            }),
        }
        device.flush();
        for line in String::from_utf8_lossy(&outcome.remarks).lines() {
            device.report(&format!("{name}: {line}"));
        }
    }

    fn summary(&self, done: &[Outcome], took: Duration) -> String {
        let outcomes = || self.members.iter().map(Member::name).zip(done);
        let failed: Vec<String> = outcomes()
            .filter(|(_, outcome)| outcome.status != 0)
            .map(|(name, outcome)| format!("{name} (status {})", outcome.status))
            .collect();
        let good = done.len() - failed.len();
        let mut text = format!("note: {good} of {} appliances succeeded", done.len());
        if !failed.is_empty() {
            text += &format!("; not {}", failed.join(", "));
        }
        if let Some((name, outcome)) = outcomes().max_by_key(|(_, outcome)| outcome.took) {
            let (slowest, all) = (outcome.took.as_secs_f64(), took.as_secs_f64());
            text += &format!("; the slowest was {name}, {slowest:.1} s of {all:.1} s in all");
        }
        text
    }
}

/// Does the same with each of several, some at a time, and hands what comes of each on in their order, as soon
/// as it is there.
pub(crate) fn at_once<T: Sync, R: Send>(
    all: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(R),
) {
    let (next, (tell, told)) = (AtomicUsize::new(0), mpsc::channel());
    thread::scope(|scope| {
        for _ in 0..all.len().min(AT_ONCE) {
            let (tell, next, work) = (tell.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(place) else { return };
                    // Somebody listens until all are done.
                    let _ = tell.send((place, work(one)));
                }
            });
        }
        drop(tell);
        let (mut early, mut due) = (BTreeMap::new(), 0);
        for (place, result) in told {
            early.insert(place, result);
            while let Some(result) = early.remove(&due) {
                take(result);
                due += 1;
            }
        }
    });
}

/// An object of one result, which says whose it is even if the appliance was not reached.
fn with_host(line: &str, name: &str) -> String {
    match serde_json::from_str::<CommandResult>(line) {
        Ok(result) if result.appliance.is_none() => result.of_unreached(name).text(),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_says_whose_it_is() {
        let unreached = CommandResult::default().text();
        let object = with_host(&unreached, "b");
        assert_eq!(with_host(&object, "c"), object);
        assert!(object.contains(r#""host":"b""#), "{object}");
        assert_eq!(with_host("no object", "b"), "no object");
    }
}
