//! Lines that concern several appliances: those of a cluster's members, and those of this machine as a client.

use clap::Parser;
use luna_grammar::tokenize;
use luna_rest::{Client, clusters, services};
use luna_runbook::Vault;
use luna_runbook::cluster::{CLUSTER_ID, member_id};
use luna_runbook::plan::{Program, Step, serial_of};
use luna_shell::{Failure, Kind, Secrets, Shell, TimeLimit};
use lunacm::{ClientSide, registration};

use super::{Appliance, Done, Kept, secrets, typed};
use crate::session::Session;
use crate::tools::apply::Together;

impl<'a> Together<'a> {
    fn appliance(&self, name: &str) -> Result<&'a Appliance<'a>, Failure> {
        let none = || Failure::command(format!("There is no appliance '{name}'."));
        self.appliances.get(name).ok_or_else(none)
    }
}

/// Types a line of a member of the cluster, in a session of its own, and waits for what it begins.
///
/// # Errors
/// The line fails, or what it needs does not come about within the time limit.
pub(in super::super) fn type_as_member(
    together: &Together<'_>,
    name: &str,
    step: &Step,
    vault: &Vault,
) -> Done {
    let Some(cluster) = &together.runbook.cluster else { return Ok(Vec::new()) };
    let (own, first) = (together.appliance(name)?, together.appliance(&cluster.first)?);
    let Program::Cluster { runs } = step.program else { return Ok(Vec::new()) };
    if runs {
        own.wait("its cluster service does not run", |client| {
            Ok(client.get(&services::SHOW, &["cluster"])?.is_running())
        })?;
    }
    let mut line = with_cluster(first, &step.line)?;
    for (other, member) in &cluster.members {
        let place = member_id(other);
        if line.contains(&place) {
            let (connection, _) = first.connect()?;
            let found = member_of(&connection.client, &member.ip)?;
            let none = || Failure::command(format!("'{other}' did not join."));
            line = line.replace(&place, &found.ok_or_else(none)?.member_uuid);
        }
    }
    let joining = cluster.members.get(name).filter(|_| line.starts_with("cluster join"));
    let remarks = match joining {
        // It joined after all, since somebody looked: a run that was stopped may have asked it to.
        Some(member) if first.is(|client| Ok(member_of(client, &member.ip)?.is_some()))? => {
            Vec::new()
        }
        _ => {
            let (connection, _) = own.connect()?;
            let screen = Kept::default();
            let (device, options) = (Box::new(screen.clone()), own.options.clone());
            let opened = Session::open(connection, device, Secrets::none(), &options);
            let mut session = opened.map_err(|(_, failure)| failure)?;
            session.ui().keep_state_in(&own.folders.state);
            let mut shell = Shell::new(session, crate::catalogue(), options);
            let remarks = typed(&mut shell, &screen, &line, secrets(step, vault, None))?;
            shell.session().client().close();
            remarks
        }
    };
    if let Some(member) = joining {
        first.wait("it did not join", |client| {
            Ok(member_of(client, &member.ip)?.is_some_and(|member| member.member_active))
        })?;
    }
    Ok(remarks)
}

/// A line with the UUID of the cluster, which may have been made since it was planned.
fn with_cluster(first: &Appliance<'_>, line: &str) -> Result<String, Failure> {
    if !line.contains(CLUSTER_ID) {
        return Ok(line.to_owned());
    }
    let (connection, _) = first.connect()?;
    let list = connection.client.get(&clusters::LIST, &[])?.data;
    let none = || Failure::command("The cluster was not made.");
    Ok(line.replace(CLUSTER_ID, &list.first().ok_or_else(none)?.cluster_uuid))
}

/// The arguments of `lnhclientregistration`.
#[derive(Parser)]
struct Registration {
    #[command(flatten)]
    arguments: registration::Arguments,
}

/// Runs the line that registers this machine with the cluster. The member shows the certificate there that it
/// has here.
///
/// # Errors
/// It fails, or the member is not reached.
pub(in super::super) fn register(together: &Together<'_>, entry: &str, step: &Step) -> Done {
    let Some(cluster) = &together.runbook.cluster else { return Ok(Vec::new()) };
    let (first, entry) = (together.appliance(&cluster.first)?, together.appliance(entry)?);
    let line = with_cluster(first, &step.line)?;
    let (words, _) = tokenize(&line);
    let parsed = Registration::try_parse_from(words.iter().map(|word| &*word.text));
    let Registration { mut arguments } = parsed.map_err(|error| {
        Failure::new(Kind::NotUnderstood, format!("'{line}': {}", error.kind()))
    })?;
    let (connection, _) = entry.connect()?;
    arguments.fingerprint = Some(connection.client.fingerprint().to_string());
    arguments.timeout = TimeLimit::of(entry.options.timeout.get());
    let mut screen = Kept::default();
    registration::run(&arguments, entry.folders, &mut screen)
        .map(|_| Vec::new())
        .map_err(|failure| Failure { message: format!("'{line}': {}", failure.message), ..failure })
}

/// The member with this core address.
fn member_of(client: &Client, ip: &str) -> Result<Option<clusters::Member>, Failure> {
    let Some(cluster) = client.get(&clusters::LIST, &[])?.data.into_iter().next() else {
        return Ok(None);
    };
    let members = client.get(&clusters::MEMBERS, &[&cluster.cluster_uuid])?.data;
    Ok(members.into_iter().find(|member| member.member_ip_address == ip))
}

/// A session of LunaCM over the links of the client.
pub(in super::super) type Linked = Option<(Shell<lunacm::Session>, Kept)>;

/// Types a line of this machine as a client. The session over its links is opened for the first line that
/// needs it: it has the links of the configuration as it then is.
///
/// # Errors
/// The line fails, or there is no session for it.
pub(in super::super) fn type_as_client(
    appliance: &Appliance<'_>,
    step: &Step,
    side: &ClientSide,
    vault: &Vault,
    linked: &mut Linked,
) -> Done {
    let open = |connection| {
        let screen = Kept::default();
        let (options, given) = (appliance.options.clone(), Secrets::none());
        let device = Box::new(screen.clone());
        let side = side.clone();
        let opened = lunacm::Session::open(connection, device, given, &options, side);
        let mut session = opened.map_err(|(_, failure)| failure)?;
        session.ui().keep_state_in(&appliance.folders.state);
        Ok::<_, Failure>((Shell::new(session, lunacm::catalogue(), options), screen))
    };
    let given = secrets(step, vault, None);
    match &step.program {
        Program::Deploy => {
            *linked = None;
            let (connection, _) = appliance.connect()?;
            let (mut shell, screen) = open(Some(connection))?;
            typed(&mut shell, &screen, &step.line, given)
        }
        Program::Linked { .. } | Program::Settings => {
            let mut line = step.line.clone();
            if let Program::Linked { appliance: name, partition } = &step.program {
                let place = serial_of(partition, name);
                if line.contains(&place) {
                    line = line.replace(&place, &appliance.serial_of(partition)?);
                }
            }
            if linked.is_none() {
                *linked = Some(open(None)?);
            }
            let Some((shell, screen)) = linked else { return Ok(Vec::new()) };
            typed(shell, screen, &line, given)
        }
        _ => Err(Failure::command("This line is one of the appliance, not of the client.")),
    }
}
