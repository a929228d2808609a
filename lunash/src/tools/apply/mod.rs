//! `lunash apply FILE`: makes appliances what a file says.
//!
//! It reads what is there, shows the lines that are left to type, asks once, types them, and reads again. The
//! plan is `luna_runbook`'s; here are the question and the order of things, in `typist.rs` the sessions that
//! the lines are typed into, in `report.rs` what is shown.

mod report;
mod typist;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use clap::{Args, ValueHint};
use luna_runbook::client::{self, Joint};
use luna_runbook::cluster;
use luna_runbook::file::{self, Runbook};
use luna_runbook::plan::{self, LocalFiles, Plan, Program, Step};
use luna_runbook::state::{self, Parts};
use luna_runbook::{Vault, ssh_fingerprint};
use luna_shell::{
    ClientFiles, Device, Failure, Folders, Format, Kind, Options, Status, Ui, finish,
    first_certificate,
};
use lunacm::ClientSide;

use super::Surroundings;
use crate::ssh::WireOptions;
use report::Report;
use typist::Appliance;

/// Its arguments.
#[derive(Args, Debug)]
pub struct Apply {
    /// The runbook: what appliances are to be, in TOML or JSON
    #[arg(required_unless_present = "schema", value_name = "FILE", value_hint = ValueHint::FilePath)]
    runbook: Option<PathBuf>,
    /// Show what would be done, and end: with status 6 if there is something
    #[arg(long)]
    plan: bool,
    /// Do what was planned without a question
    #[arg(long = "yes", visible_alias = "force", id = "apply_yes")]
    yes: bool,
    /// Write the JSON schema of a runbook, by which editors complete it
    #[arg(long, exclusive = true)]
    schema: bool,
}

/// How often a plan may lead to a further one, by steps that change the ground under it.
const ROUNDS: usize = 5;

impl Apply {
    pub(super) fn run(self, mut device: Box<dyn Device>, surroundings: Surroundings) -> Status {
        if self.schema {
            device.print(&file::schema());
            return finish("lunash", &mut *device, Status::Success);
        }
        let Surroundings { mut options, folders, wire } = surroundings;
        options.yes |= self.yes;
        let mut report = Report::new(options.output);
        let mut ui = Ui::without_session(device, &options);
        let path = self.runbook.unwrap_or_default();
        let asked = Asked { path: &path, plan_only: self.plan, options: &options, wire: &wire };
        let done = apply(&asked, folders, &mut ui, &mut report);
        let mut device = ui.into_device();
        let status = report.end(&mut *device, done);
        finish("lunash", &mut *device, status)
    }
}

/// What was asked for.
struct Asked<'a> {
    path: &'a Path,
    plan_only: bool,
    options: &'a Options,
    wire: &'a WireOptions,
}

fn apply(
    asked: &Asked<'_>,
    folders: Result<Folders, Failure>,
    ui: &mut Ui,
    report: &mut Report,
) -> Result<Status, Failure> {
    let (runbook, folders) = (Runbook::read(asked.path)?, folders?);
    let mut vault = Vault::default();
    let mut appliances = BTreeMap::new();
    for (name, wanted) in &runbook.appliances {
        let sessions = (asked.options, asked.wire);
        appliances.insert(name.as_str(), Appliance::new(wanted, &folders, sessions, &mut vault)?);
    }
    let local = local_files(&runbook)?;
    let side = client_side(&runbook, &folders);
    // Whether everything has been done, or a further look was to show what is left.
    let mut ran: Option<bool> = None;
    for _ in 0..ROUNDS {
        let states = at_once(&appliances, |name, one| one.read(Parts::of(&runbook, name)))?;
        let plans = plans(&runbook, &states, &local);
        let files = client_files(&side)?;
        let mut joint = cluster::plan(&runbook, &states, &files);
        joint.append(client::plan(&runbook, &states, &files));
        let of_appliance = |(name, plan): (&&str, &Plan)| {
            plan.refusals.iter().map(|why| format!("{name}: {why}")).collect()
        };
        let mut refusals: Vec<String> =
            plans.iter().flat_map(|one| -> Vec<String> { of_appliance(one) }).collect();
        refusals.extend(joint.refusals.iter().cloned());
        refusals.extend(without_rest(&states, &plans, &joint));
        if refusals.is_empty() {
            refusals = client::check_groups(&runbook, &joint, &mut vault)?;
            refusals.extend(cluster::check(&runbook, &joint, &mut vault)?);
        }
        if !refusals.is_empty() {
            return Err(refused(report, refusals));
        }
        let steps = || plans.values().flat_map(|plan| &plan.steps);
        let steps = || steps().chain(joint.steps.iter().map(|(_, step)| step));
        let count = steps().count();
        if count == 0 {
            report.settled(ui, appliances.len());
            return Ok(Status::Success);
        }
        report.plan(ui, &runbook, &plans, &joint);
        if asked.plan_only {
            return Ok(Status::ChangesDue);
        }
        if ran == Some(true) {
            return Err(Failure::command(
                "Everything was done, and yet an appliance is not as the file says: the lines above \
                 are still due.",
            ));
        }
        for step in steps() {
            for (_, credential) in &step.secrets {
                vault.read(credential.source())?;
            }
        }
        ui.confirm(&report.question(count), "--force")?;
        run(&appliances, &plans, &vault, ui, report)?;
        let together = Together { appliances: &appliances, runbook: &runbook, side: &side };
        run_joint(&together, &joint, &vault, ui, report)?;
        ran = Some(!steps().any(|step| step.then_look));
    }
    Err(Failure::command("The plans lead from one to the next, without an end."))
}

fn plans<'n>(
    runbook: &'n Runbook,
    states: &BTreeMap<&'n str, state::Appliance>,
    local: &LocalFiles,
) -> BTreeMap<&'n str, Plan> {
    let plan = |(name, state): (&&'n str, &state::Appliance)| {
        Some((*name, plan::plan(runbook.appliances.get(*name)?, state, local)))
    };
    states.iter().filter_map(plan).collect()
}

/// Lines that cannot be typed where the appliance's own shell is the only way: those of LunaCM, and what concerns several
/// appliances.
fn without_rest(
    states: &BTreeMap<&str, state::Appliance>,
    plans: &BTreeMap<&str, Plan>,
    joint: &Joint,
) -> Vec<String> {
    let over_ssh = |name: &str| states.get(name).is_some_and(|state| state.of_screens);
    let of_lunacm = |step: &&Step| !matches!(step.program, Program::LunaSh | Program::Scp { .. });
    let of_plans = plans.iter().filter(|(name, _)| over_ssh(name)).flat_map(|(name, plan)| {
        plan.steps.iter().filter(of_lunacm).map(move |step| (*name, step))
    });
    let of_joint = joint.steps.iter().map(|(name, step)| (name.as_str(), step));
    let of_joint = of_joint.filter(|(name, _)| over_ssh(name));
    let refusal = |(name, step): (&str, &Step)| {
        format!("{name}: '{}' needs the REST API, and it is reached over SSH alone", step.line)
    };
    of_plans.chain(of_joint).map(refusal).collect()
}

fn refused(report: &mut Report, refusals: Vec<String>) -> Failure {
    let message = format!("The file cannot be followed:\n{}", refusals.join("\n"));
    report.refusals = refusals;
    Failure::refused(message)
}

/// Does something with all appliances at the same time; the first failure, of several by name.
fn at_once<'n, T: Send>(
    appliances: &BTreeMap<&'n str, Appliance<'_>>,
    work: impl Fn(&str, &Appliance<'_>) -> Result<T, Failure> + Sync,
) -> Result<BTreeMap<&'n str, T>, Failure> {
    let several = appliances.len() > 1;
    // What is logged goes where this thread's goes.
    let log = tracing::dispatcher::get_default(Clone::clone);
    thread::scope(|scope| {
        let (work, log) = (&work, &log);
        let begin = |(name, one)| {
            let work = move || tracing::dispatcher::with_default(log, || work(name, one));
            (name, scope.spawn(work))
        };
        let begun: Vec<_> = appliances.iter().map(|(name, one)| begin((*name, one))).collect();
        let mut done = BTreeMap::new();
        let mut failed = None;
        for (name, thread) in begun {
            let ended = thread.join().unwrap_or_else(|_| {
                Err(Failure::new(Kind::Unclear, "The work on it ended in the middle."))
            });
            match ended {
                Ok(one) => drop(done.insert(name, one)),
                Err(failure) if several => {
                    let message = format!("{name}: {}", failure.message);
                    failed.get_or_insert(Failure { message, ..failure });
                }
                Err(failure) => drop(failed.get_or_insert(failure)),
            }
        }
        failed.map_or(Ok(done), Err)
    })
}

/// A line that was typed, and what came of it.
struct Typed<'p> {
    appliance: &'p str,
    step: &'p Step,
    failed: bool,
    /// What its command remarked.
    remarks: Vec<String>,
}

impl<'p> Typed<'p> {
    fn new(appliance: &'p str, step: &'p Step, done: &typist::Done) -> Typed<'p> {
        let remarks = done.as_ref().cloned().unwrap_or_default();
        Typed { appliance, step, failed: done.is_err(), remarks }
    }
}

/// Types the lines of all plans, those of each appliance in order and up to its first failure.
fn run(
    appliances: &BTreeMap<&str, Appliance<'_>>,
    plans: &BTreeMap<&str, Plan>,
    vault: &Vault,
    ui: &mut Ui,
    report: &mut Report,
) -> Result<(), Failure> {
    let (tell, told) = mpsc::channel::<Typed<'_>>();
    let log = tracing::dispatcher::get_default(Clone::clone);
    thread::scope(|scope| {
        let type_all = move || {
            at_once(appliances, |name, one| {
                let tell = tell.clone();
                let Some((name, plan)) = plans.get_key_value(name) else { return Ok(()) };
                if plan.steps.is_empty() {
                    return Ok(());
                }
                one.type_lines(&plan.steps, vault, |step, done| {
                    // Somebody listens until all are done.
                    let _ = tell.send(Typed::new(name, step, done));
                })
            })
        };
        let log = &log;
        let work = scope.spawn(move || tracing::dispatcher::with_default(log, type_all));
        for typed in told {
            report.typed(ui, &typed);
        }
        work.join().unwrap_or_else(|_| {
            Err(Failure::new(Kind::Unclear, "The work on the appliances ended in the middle."))
        })
    })?;
    Ok(())
}

/// What steps know that concern several appliances.
struct Together<'a> {
    appliances: &'a BTreeMap<&'a str, Appliance<'a>>,
    runbook: &'a Runbook,
    side: &'a ClientSide,
}

/// Types the lines that concern several appliances, one after the other: members join one at a time, and a
/// client has its files only once.
fn run_joint(
    together: &Together<'_>,
    joint: &Joint,
    vault: &Vault,
    ui: &mut Ui,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut linked: typist::Linked = None;
    for (name, step) in &joint.steps {
        let Some(appliance) = together.appliances.get(name.as_str()) else { continue };
        let done = match step.program {
            Program::Cluster { .. } => typist::type_as_member(together, name, step, vault),
            Program::Register => typist::register(together, name, step),
            _ => typist::type_as_client(appliance, step, together.side, vault, &mut linked),
        };
        report.typed(ui, &Typed::new(name, step, &done));
        done?;
    }
    Ok(())
}

/// The client that this machine is.
fn client_side(runbook: &Runbook, folders: &Folders) -> ClientSide {
    let client = runbook.client.as_ref();
    let name = client.map(|client| client.name.clone());
    match client.and_then(|client| client.configuration.clone()) {
        Some(configuration) => ClientSide { name, configuration },
        None => ClientSide::of_machine(name, folders),
    }
}

/// Its files; none where the runbook does not speak of it.
fn client_files(side: &ClientSide) -> Result<ClientFiles, Failure> {
    if side.name.is_none() {
        return Ok(ClientFiles::default());
    }
    lunacm::client_files(&side.configuration)
        .map_err(|error| Failure::new(Kind::NotUnderstood, format!("{error}.")))
}

/// Reads what the plans need of this machine's files.
fn local_files(runbook: &Runbook) -> Result<LocalFiles, Failure> {
    let mut local = LocalFiles::default();
    let cannot = |path: &Path, why: &dyn std::fmt::Display| {
        Failure::new(Kind::NotUnderstood, format!("cannot read {}: {why}.", path.display()))
    };
    for appliance in runbook.appliances.values() {
        for path in appliance.clients.values().filter_map(|client| client.certificate.as_ref()) {
            let content = std::fs::read(path).map_err(|error| cannot(path, &error))?;
            let pem = first_certificate(&path.display().to_string(), &content)?;
            local.certificates.insert(path.clone(), pem);
        }
        for path in &appliance.ssh_keys {
            let text = std::fs::read_to_string(path).map_err(|error| cannot(path, &error))?;
            let print = ssh_fingerprint(&text)
                .ok_or_else(|| cannot(path, &"it is no OpenSSH public key"))?;
            local.keys.insert(path.clone(), print);
        }
    }
    let is_at_hand = |path: &&PathBuf| path.parent().is_some_and(|one| one == Path::new(""));
    let at_hand: BTreeSet<PathBuf> =
        local.certificates.keys().filter(is_at_hand).cloned().collect();
    local.at_hand = at_hand;
    Ok(local)
}

/// Whether progress is of use to somebody.
fn is_text(format: Format) -> bool {
    format == Format::Luna
}
