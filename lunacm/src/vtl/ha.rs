//! `vtl haAdmin`: HA groups in the words of clients 5.x and 6.x. Documented since 7.0: it is disabled there
//! in favour of `lunacm hagroup`; here it does the same as that, for the scripts that still have it.

use std::cell::RefCell;
use std::rc::Rc;

use clap::{Args, Subcommand};
use luna_rest::Secret;
use luna_shell::{Device, Failure, Input, LineAssistant, Options, Page, Run, Secrets, Text, View};
use serde::Serialize;

use crate::commands::hagroup::settings::{HaOnly, Interval, Retry};
use crate::commands::hagroup::shown::Shown;
use crate::commands::hagroup::synchronize::Synchronize;
use crate::commands::hagroup::{AddMember, CreateGroup, DeleteGroup, RemoveMember};
use crate::ha::{Settings, groups};
use crate::owner::ClientSide;
use crate::session::Session;
use crate::vtl::Client;

#[derive(Args)]
pub(super) struct HaAdmin {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a group of a first partition
    #[command(name = "newGroup")]
    NewGroup {
        /// Serial number of the partition
        #[arg(long = "serialnum", value_name = "SERIAL")]
        serial: String,
        /// Label of the group
        #[arg(long, value_name = "LABEL")]
        label: String,
        #[command(flatten)]
        password: Password,
    },
    /// Add a partition to a group
    #[command(name = "addMember")]
    AddMember {
        /// Number or label of the group
        #[arg(long, value_name = "GROUP")]
        group: String,
        /// Serial number of the partition
        #[arg(long = "serialnum", value_name = "SERIAL")]
        serial: String,
        #[command(flatten)]
        password: Password,
    },
    /// Take a partition out of a group
    #[command(name = "removeMember")]
    RemoveMember {
        /// Number or label of the group
        #[arg(long, value_name = "GROUP")]
        group: String,
        /// Serial number of the partition
        #[arg(long = "serialnum", value_name = "SERIAL")]
        serial: String,
    },
    /// Forget a group
    #[command(name = "deleteGroup")]
    DeleteGroup {
        /// Number or label of the group
        #[arg(long, value_name = "GROUP")]
        group: String,
    },
    /// Let applications see groups alone
    #[command(name = "HAOnly")]
    HaOnly {
        /// Groups alone
        #[arg(long, required_unless_present_any = ["disable", "show"])]
        enable: bool,
        /// Groups and their members
        #[arg(long, conflicts_with = "enable")]
        disable: bool,
        /// Show the setting
        #[arg(long, conflicts_with_all = ["enable", "disable"])]
        show: bool,
    },
    /// Set how a member that has failed is taken up again
    #[command(name = "autoRecovery")]
    AutoRecovery {
        /// Attempts: 0 for none, -1 without limit
        #[arg(long, value_name = "COUNT", allow_hyphen_values = true)]
        retry: Option<String>,
        /// Seconds between two of them
        #[arg(long, value_name = "SECONDS", required_unless_present = "retry",
            value_parser = clap::value_parser!(u32).range(60..=1200))]
        interval: Option<u32>,
    },
    /// Give all members the same objects
    #[command(name = "synchronize")]
    Synchronize {
        /// Number or label of the group
        #[arg(long, value_name = "GROUP")]
        group: String,
        #[command(flatten)]
        password: Password,
    },
    /// Show the groups
    #[command(name = "show")]
    Show,
}

#[derive(Args)]
struct Password {
    /// Password of the Crypto Officer; without it LUNA_CO_PASSWORD gives it, or a question
    #[arg(long, short = 'p', value_name = "PASSWORD")]
    password: Option<Secret>,
}

/// The groups as releases 5.x show them.
#[derive(Serialize)]
struct Groups {
    settings: Settings,
    groups: Vec<Shown>,
}

impl Text for Groups {
    fn write(&self, page: &mut Page) {
        let Settings { retry, interval, only, log, log_length, .. } = &self.settings;
        let on = |on: bool| if on { "enabled" } else { "disabled" };
        page.blank();
        page.line("================ HA Global Configuration Settings ===============");
        page.blank();
        page.line("HA Proxy: disabled");
        page.line(format!("HA Auto Recovery: {}", on(*retry != 0)));
        page.line(format!("Maximum Auto Recovery Retry: {retry}"));
        page.line(format!("Auto Recovery Poll Interval: {interval} seconds"));
        page.line(format!("HA Logging: {}", on(*log)));
        page.line(
            format!("HA Log File: {}", self.settings.log_file().unwrap_or_default()).trim_end(),
        );
        page.line(format!("Maximum HA Log File Length: {log_length} bytes"));
        page.line(format!("Only Show HA Slots: {}", if *only { "yes" } else { "no" }));
        page.blank();
        page.line("================ HA Group and Member Information ================");
        for group in &self.groups {
            page.blank();
            group.write_as_release_5(page);
        }
    }
}

/// Does what was asked for, over the links of this client.
pub(super) fn administer(
    asked: &HaAdmin,
    client: &Client,
    device: &Lent,
) -> Result<Box<dyn View>, Failure> {
    let side = ClientSide { name: None, configuration: client.configuration.clone() };
    let (device, secrets) = (Box::new(device.clone()), Secrets::from_environment());
    let opened = Session::open(None, device, secrets, &Options::default(), side);
    let mut session = opened.map_err(|(_, failure)| failure)?;
    session.ui().keep_state_in(&client.state);
    run(&asked.verb, &mut session).map_err(in_full)
}

/// A failure with its reason, which LunaCM shows behind the code's name.
fn in_full(mut failure: Failure) -> Failure {
    let named = failure.code.as_ref().is_some_and(|code| code.name == *failure.message);
    if named && !failure.hints.is_empty() {
        failure.message = failure.hints.remove(0);
    }
    failure
}

fn run(verb: &Verb, session: &mut Session) -> Result<Box<dyn View>, Failure> {
    fn of<R: Run<Session>>(command: R, session: &mut Session) -> Result<Box<dyn View>, Failure>
    where
        R::View: View + 'static,
    {
        Ok(Box::new(command.run(session)?))
    }
    match verb {
        Verb::NewGroup { serial, label, password } => {
            of(CreateGroup::new(serial, label, password.password.clone()), session)
        }
        Verb::AddMember { group, serial, password } => {
            of(AddMember::new(serial, group, password.password.clone()), session)
        }
        Verb::RemoveMember { group, serial } => of(RemoveMember::new(serial, group), session),
        Verb::DeleteGroup { group } => of(DeleteGroup { label: group.clone() }, session),
        Verb::HaOnly { enable, disable, show } => {
            of(HaOnly { enable: *enable, disable: *disable, show: *show }, session)
        }
        Verb::AutoRecovery { retry, interval } => match (retry, interval) {
            (Some(count), None) => of(Retry { count: count.clone() }, session),
            (None, Some(seconds)) => of(Interval { interval: *seconds }, session),
            (retry, seconds) => {
                if let Some(count) = retry {
                    Retry { count: count.clone() }.run(session)?;
                }
                of(Interval { interval: seconds.unwrap_or(crate::ha::INTERVAL) }, session)
            }
        },
        Verb::Synchronize { group, password } => {
            of(Synchronize::new(group, password.password.clone()), session)
        }
        Verb::Show => {
            let file = crate::commands::clientconfig::read(session)?;
            let shown = groups(&file).iter().map(|group| Shown::plain(session, group)).collect();
            Ok(Box::new(Groups { settings: Settings::of(&file), groups: shown }))
        }
    }
}

/// A device that a session has for a while.
#[derive(Clone)]
pub(super) struct Lent(Rc<RefCell<Box<dyn Device>>>);

impl Lent {
    pub(super) fn new(device: Box<dyn Device>) -> Lent {
        Lent(Rc::new(RefCell::new(device)))
    }

    /// Does something with the device itself.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut dyn Device) -> T) -> T {
        work(&mut **self.0.borrow_mut())
    }
}

impl Device for Lent {
    fn command(&mut self, prompt: &str, assistant: &Rc<dyn LineAssistant>) -> Input {
        self.with(|device| device.command(prompt, assistant))
    }

    fn answer(&mut self, question: &str) -> Input {
        self.with(|device| device.answer(question))
    }

    fn secret(&mut self, question: &str) -> Input {
        self.with(|device| device.secret(question))
    }

    fn hidden(&mut self, question: &str) -> Input {
        self.with(|device| device.hidden(question))
    }

    fn print(&mut self, text: &str) {
        self.with(|device| device.print(text));
    }

    fn note(&mut self, text: &str) {
        self.with(|device| device.note(text));
    }

    fn report(&mut self, text: &str) {
        self.with(|device| device.report(text));
    }

    fn flush(&mut self) {
        self.with(|device| device.flush());
    }

    fn attended(&self) -> bool {
        self.with(|device| device.attended())
    }

    fn discard_input(&mut self) {
        self.with(|device| device.discard_input());
    }

    fn interactive(&self) -> bool {
        self.with(|device| device.interactive())
    }
}
