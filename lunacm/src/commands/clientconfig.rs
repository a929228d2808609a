//! `clientconfig`: this machine as a client: its certificate, the servers it knows, its file.
//!
//! Every change of `Chrystoki.conf` keeps a copy of the file as it was before, next to it, for `rollback`.

use std::path::Path;

use super::{Done, malformed};
use crate::chrystoki::{Chrystoki, backup_path};
use crate::deploy::{self, Step};
use luna_rest::{keyrings, link, network, ntls, partitions};

use crate::prelude::*;
use crate::servers::{self, Server};
use crate::slot::{Slot, write_blocks};

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "clientconfig", help: "This machine as a client of appliances" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "clientconfig deleteserver -server|-n <server>",
        help: "Remove an appliance from the configuration file",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/clientconfig/clientconfig_deleteserver.htm@7.2"),
        run: call::<DeleteServer>(),
    },
    Command {
        syntax: "clientconfig deploy -server|-n <server> -client|-c <client> -partition|-par <partition_name> [-password|-pw <password>] [-user|-ur <user>] [-regen|-rg] [-verbose|-v] [-force|-f]",
        help: "Make this machine a client of an appliance and give it a partition",
        options: &[
            ("-force", "Accepted; trust in the appliance was settled when lunacm started"),
            ("-password", "Accepted; this session's own login is used"),
            ("-user", "Accepted; this session's own login is used"),
            ("-regen", "Make a new client certificate"),
            ("-verbose", "Name what was done, with the files"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            network::SHOW.resource(),
            ntls::CERTIFICATE.resource(),
            ntls::CLIENT.resource(),
            ntls::LINKS.resource(),
            ntls::CLIENT_CERTIFICATE.resource(),
            ntls::REGISTER.resource(),
            ntls::CERTIFY.resource(),
            ntls::ASSIGN.resource(),
        ],
        known: Known::Documented(
            "lunacm/commands/clientconfig/clientconfig_deploy.htm@7.2, whose list of slots \
             'clientconfig verify' shows; the words for what was there already are assumed",
        ),
        run: call::<Deploy>(),
    },
    Command {
        syntax: "clientconfig listservers",
        help: "List the appliances of the configuration file",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/clientconfig/clientconfig_listservers.htm@7.2"),
        run: call::<ListServers>(),
    },
    Command {
        syntax: "clientconfig restart [-force|-f]",
        help: "Read configuration and slots again",
        options: &[],
        roles: Role::ANY,
        rest: &[
            partitions::SHOW.resource(),
            partitions::CAPABILITIES.resource(),
            ntls::CLIENT.resource(),
            ntls::LINKS.resource(),
            link::SHOW.resource(),
            partitions::LOGOUT.resource(),
        ],
        known: Known::Documented(
            "lunacm/commands/clientconfig/clientconfig_restart.htm@7.2, whose result line comes \
             before the slots",
        ),
        run: call::<Restart>(),
    },
    Command {
        syntax: "clientconfig rollback",
        help: "Take the last change of the configuration file back",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Assumed("known by name only"),
        run: call::<Rollback>(),
    },
    Command {
        syntax: "clientconfig verify",
        help: "Show the partitions that this client reaches",
        options: &[],
        roles: Role::ANY,
        rest: &[
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::CAPABILITIES.resource(),
            ntls::CLIENT.resource(),
            ntls::LINKS.resource(),
            link::SHOW.resource(),
            keyrings::SLOTS.resource(),
        ],
        known: Known::Documented("lunacm/commands/clientconfig/clientconfig_verify.htm@7.2"),
        run: call::<Verify>(),
    },
];

/// A failure of the configuration file, which is on this machine.
fn on_this_machine(error: std::io::Error) -> Failure {
    let hint = match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            "name a folder of your own in the variable ChrystokiConfigurationPath"
        }
        _ => "nothing was changed in it",
    };
    Failure::command(format!("{error}.")).hint(hint)
}

pub(crate) fn read(session: &Session) -> Result<Chrystoki, Failure> {
    Chrystoki::read(&session.side().configuration).map_err(on_this_machine)
}

pub(crate) fn write(session: &Session, old: &Chrystoki, new: &Chrystoki) -> Result<(), Failure> {
    let configuration = &session.side().configuration;
    let folder = configuration.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder).map_err(on_this_machine)?;
    new.write_with_backup(old, configuration).map_err(on_this_machine)
}

#[derive(Deserialize)]
struct DeleteServer {
    server: String,
}

/// A server that was removed.
#[derive(Serialize)]
struct Removed {
    done: &'static str,
    server: String,
}

impl Text for Removed {
    fn write(&self, page: &mut Page) {
        page.line(format!("Server {} successfully removed from server list.", self.server));
        page.blank();
    }
}

impl Run<Session> for DeleteServer {
    type View = Removed;

    fn run(self, session: &mut Session) -> Result<Removed, Failure> {
        let old = read(session)?;
        let mut new = old.clone();
        let removed =
            servers::remove(&mut new, &self.server).map_err(|error| malformed(session, &error))?;
        if !removed {
            return Err(codes::failure(
                codes::ARGUMENTS_BAD,
                format!("The server '{}' is not registered.", self.server),
            )
            .hint("'clientconfig listservers' shows the servers"));
        }
        write(session, &old, &new)?;
        Ok(Removed { done: "clientconfig deleteserver", server: self.server })
    }
}

#[derive(Deserialize)]
struct Deploy {
    server: String,
    client: String,
    partition: String,
    user: Option<String>,
    password: Option<Secret>,
    regen: bool,
    verbose: bool,
    #[serde(rename = "force")]
    _force: bool,
}

/// What was done for the deployment, and what stood already.
#[derive(Serialize)]
struct Deployed {
    server: String,
    client: String,
    partition: String,
    steps: Vec<Step>,
    #[serde(skip)]
    verbose: bool,
}

impl Run<Session> for Deploy {
    type View = Deployed;

    fn run(self, session: &mut Session) -> Result<Deployed, Failure> {
        let user = session.account()?.to_owned();
        if self.password.is_some() || self.user.as_ref().is_some_and(|given| *given != user) {
            session.ui().note(format!(
                "note: this session's login ({user}) is used; -user and -password are not needed"
            ));
        }
        session.appliance()?;
        deploy::check_server(session.client(), &self.server)?;
        let old = read(session)?;
        let mut new = old.clone();
        Chrystoki::check_writable(&session.side().configuration).map_err(on_this_machine)?;
        let request = deploy::Request {
            server: &self.server,
            client: &self.client,
            partition: &self.partition,
            new_certificate: self.regen,
        };
        let mut steps = deploy::on_appliance_and_client(session, &mut new, &request)?;
        write(session, &old, &new)?;
        steps.push(Step {
            what: CONFIGURATION,
            changed: old != new,
            file: Some(session.side().configuration.clone()),
        });
        let trusted = steps.iter().any(|step| {
            step.what == deploy::SERVER_CERTIFICATE
                && step.file.as_ref().is_some_and(|file| file.exists())
        });
        if !trusted {
            session.ui().note(
                "note: the appliance did not show its certificate: fetch its server.pem and add \
                 it to CAFile.pem",
            );
        }
        if session.side().name.is_none() {
            session.ui().note("note: 'clientconfig restart' shows the slots of the new client");
        }
        let Deploy { server, client, partition, verbose, .. } = self;
        Ok(Deployed { server, client, partition, steps, verbose })
    }
}

impl Text for Deployed {
    fn write(&self, page: &mut Page) {
        page.line(
            "Please wait while we set up the connection to the HSM. This may take several minutes...",
        );
        page.blank();
        for step in self.steps.iter().filter(|_| self.verbose) {
            let state = if step.changed { "done" } else { "already there" };
            page.field(&format!("        {}:", step.what), 32, state);
            if let Some(file) = &step.file {
                page.line(format!("                {}", file.display()));
            }
        }
        let made = |what| {
            let mut steps = self.steps.iter();
            steps.find(|step| step.what == what && step.changed).and_then(|step| step.file.as_ref())
        };
        if let (Some(key), Some(certificate)) =
            (made(deploy::CLIENT_KEY), made(deploy::CLIENT_CERTIFICATE))
        {
            page.line(format!("Private Key created and written to: {}", key.display()));
            page.line(format!("Certificate created and written to: {}", certificate.display()));
            page.blank();
        }
        let server = &self.server;
        if self.steps.iter().any(|step| step.what == CONFIGURATION && step.changed) {
            page.line(format!("New server {server} successfully added to server list."));
        } else {
            page.line(format!("Server {server} is in the server list."));
        }
        page.blank();
    }
}

/// The step that names the server in the configuration file.
const CONFIGURATION: &str = "Configuration file";

#[derive(Deserialize)]
struct ListServers {}

/// The appliances of the configuration file.
#[derive(Serialize)]
struct Servers {
    servers: Vec<Server>,
}

impl Run<Session> for ListServers {
    type View = Servers;

    fn run(self, session: &mut Session) -> Result<Servers, Failure> {
        Ok(Servers { servers: servers::servers(&read(session)?) })
    }
}

impl Text for Servers {
    fn write(&self, page: &mut Page) {
        page.line(" Server ID  Server                         Channel  HTL Required");
        page.line(format!(" {}", "_".repeat(66)));
        for server in &self.servers {
            let htl = if server.htl_required { "yes" } else { "no" };
            page.blank();
            let channel = if server.stc { "STC" } else { "NTLS" };
            page.line(format!(" {:<11}{:<31}{channel:<9}{htl}", server.number, server.server));
        }
        page.blank();
        page.blank();
    }
}

#[derive(Deserialize)]
struct Restart {
    force: bool,
}

/// The slots, as after a start.
#[derive(Serialize)]
struct Restarted {
    slots: Vec<Slot>,
    current: Option<usize>,
}

impl Run<Session> for Restart {
    type View = Restarted;

    fn run(self, session: &mut Session) -> Result<Restarted, Failure> {
        if !self.force {
            session.confirm_spaced(
                "        You are about to restart this application.\n\
                 \x20       All current login sessions and remote PED connections will be terminated.\n\
                 \x20       Are you sure you wish to continue?",
                "-force",
            )?;
        }
        session.restart()?;
        let current = session.slot().ok().map(|slot| slot.slot);
        Ok(Restarted { slots: session.slots().to_vec(), current })
    }
}

impl Text for Restarted {
    fn write(&self, page: &mut Page) {
        page.line("        Available HSMs:");
        if !self.slots.is_empty() {
            page.blank();
            write_blocks(page, &self.slots);
        }
        let current = self.current.map_or("None".to_owned(), |current| current.to_string());
        page.line(format!("\n\n        Current Slot Id: {current}"));
    }
}

#[derive(Deserialize)]
struct Rollback {}

impl Run<Session> for Rollback {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let kept = backup_path(&session.side().configuration);
        let text = match std::fs::read(&kept) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(codes::failure(
                    codes::NOT_ALLOWED,
                    format!("There is nothing to take back: {} is not there.", kept.display()),
                ));
            }
            Err(error) => return Err(on_this_machine(error)),
        };
        luna_shell::replace_file(&session.side().configuration, &text).map_err(on_this_machine)?;
        std::fs::remove_file(&kept).map_err(on_this_machine)?;
        session.ui().note("note: what the appliance was told (client, assignment) stays");
        Ok(Done::new("clientconfig rollback"))
    }
}

#[derive(Deserialize)]
struct Verify {}

/// The partitions a client reaches.
#[derive(Serialize)]
struct Reached {
    partitions: Vec<ReachedPartition>,
}

#[derive(Serialize)]
struct ReachedPartition {
    slot: usize,
    serial: String,
    label: String,
}

impl Run<Session> for Verify {
    type View = Reached;

    fn run(self, session: &mut Session) -> Result<Reached, Failure> {
        let found = session.look()?;
        if found.is_empty() {
            return Err(Failure::command(
                "Unable to find any Luna SA slots/partitions among registered server.",
            ));
        }
        let partitions = found.into_iter().map(|slot| ReachedPartition {
            slot: slot.slot,
            serial: slot.serial,
            label: slot.label,
        });
        Ok(Reached { partitions: partitions.collect() })
    }
}

impl Text for Reached {
    fn write(&self, page: &mut Page) {
        page.line("The following Luna SA Slots/Partitions were found:");
        page.blank();
        page.line("Slot    Serial #                Label");
        page.line("====    ================        =====");
        for partition in &self.partitions {
            let ReachedPartition { slot, serial, label } = partition;
            page.line(format!("{slot:>4}    {serial:>16}        {label}").trim_end());
        }
        page.blank();
    }
}
