//! `hsm fm`: functionality modules, programs that run inside the HSM.

use luna_rest::{hsm, users};

use super::{require_so, state};
use crate::prelude::*;
use crate::questions::{caution, proceed};
use luna_shell::all_certificates;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "hsm fm", help: "Functionality modules" }];

const SAMPLES: &str = "lunash-hsm-fm-load-status-7.7";

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm fm delete -id <fm_id> [-force|-f]",
        help: "Remove a functionality module",
        options: &[("-id", "The module's FM ID, four hexadecimal digits")],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::DELETE_FM.resource()],
        known: Known::Assumed("the page was not found: the option takes what status calls FM ID"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "hsm fm load -fmFile <filename> -certFile <filename>",
        help: "Load a signed functionality module",
        options: &[
            ("-fmFile", "File with the module"),
            ("-certFile", "File with the certificate of who signed it"),
        ],
        roles: Role::OPERATOR,
        rest: &[users::FILES.resource(), hsm::LOAD_FM.resource()],
        known: Known::Seen(SAMPLES),
        run: call::<Load>(),
    },
    Command {
        syntax: "hsm fm recover -erase <fm|smfs|both> [-force|-f]",
        help: "Erase functionality modules or their files after a failure",
        options: &[("-erase", "Modules, the secure memory file system, or both")],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::RECOVER_FMS.resource()],
        known: Known::Documented("administration/fms/mgmt/recover.htm@10.1"),
        run: call::<Recover>(),
    },
    Command {
        syntax: "hsm fm status",
        help: "Show the functionality modules",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::SHOW.resource(), hsm::FMS.resource()],
        known: Known::Seen(SAMPLES),
        run: call::<Status>(),
    },
];

#[derive(Deserialize)]
struct Delete {
    id: String,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(&state(session)?)?;
        session.confirm(
            self.force,
            &caution(
                &format!("Are you sure you wish to delete functionality module {}?\n", self.id),
                &proceed("delete the module"),
            ),
        )?;
        session.call(&hsm::DELETE_FM, &[&self.id], &Nothing {})?;
        Ok(Done { done: "hsm fm delete" })
    }
}

#[derive(Deserialize)]
struct Load {
    #[serde(rename = "fmFile")]
    fm_file: String,
    #[serde(rename = "certFile")]
    cert_file: String,
}

impl Run<Session> for Load {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let module = session.look_for(&self.fm_file)?;
        let certificate = session.look_for(&self.cert_file)?.reduced(all_certificates)?;
        let body = hsm::LoadFm {
            fm_file: session.upload(module)?,
            cert_file: session.upload(certificate)?,
        };
        session.call(&hsm::LOAD_FM, &[], &body)?;
        Ok(Message::new(
            "Importing FM on device 0\n\
             Functionality Module download in progress, please wait...\n\
             Functionality Module downloaded successfully.",
        ))
    }
}

#[derive(Deserialize)]
struct Recover {
    erase: String,
    force: bool,
}

impl Run<Session> for Recover {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(&state(session)?)?;
        let what = match &*self.erase {
            "fm" => "all functionality modules",
            "smfs" => "the secure memory file system",
            _ => "all functionality modules and the secure memory file system",
        };
        session.confirm(
            self.force,
            &caution(&format!("Are you sure you wish to erase {what}?\n"), &proceed("erase")),
        )?;
        let body = hsm::RecoverFms { erase: self.erase };
        session.call(&hsm::RECOVER_FMS, &[], &body)?;
        Ok(Done { done: "hsm fm recover" })
    }
}

#[derive(Deserialize)]
struct Status {}

/// A functionality module.
#[derive(Serialize)]
struct Module {
    label: String,
    id: String,
    version: String,
    manufacturer: String,
    build_time: String,
    fingerprint: String,
    rom_size: u64,
    enabled: bool,
}

/// The functionality modules of the HSM.
#[derive(Serialize)]
struct Modules {
    serial: String,
    model: String,
    smfs_activated: bool,
    modules: Vec<Module>,
}

impl Run<Session> for Status {
    type View = Modules;

    fn run(self, session: &mut Session) -> Result<Modules, Failure> {
        let fms = session.get(&hsm::FMS, &[])?;
        let module = |fm: hsm::Fm| Module {
            label: fm.label,
            id: fm.id,
            version: fm.version,
            manufacturer: fm.manufacturer,
            build_time: fm.build_time,
            fingerprint: fm.fingerprint,
            rom_size: fm.rom_size,
            enabled: fm.enabled,
        };
        Ok(Modules {
            serial: session.hsm()?.to_owned(),
            model: state(session)?.model,
            smfs_activated: fms.smfs_activated,
            modules: fms.fms.into_iter().map(module).collect(),
        })
    }
}

impl Text for Modules {
    fn write(&self, page: &mut Page) {
        page.line("Getting status of the FM on all available devices");
        page.blank();
        page.line("Current Functionality Module Configuration for device 0:");
        page.line(format!("Serial # : {}", self.serial));
        page.line(format!("Model    : {}", self.model));
        let smfs = if self.smfs_activated { "Activated" } else { "Not Activated" };
        page.line(format!("SMFS     : {smfs}"));
        page.blank();
        page.line("Host FM apps will see this HSM as device 0.");
        for module in &self.modules {
            page.blank();
            let (status, startup) = if module.enabled {
                ("Enabled", "OK")
            } else {
                ("Loaded (reboot HSM to activate)", "N/A (FM not started)")
            };
            for (label, value) in [
                ("FM Label", &module.label),
                ("FM ID", &module.id),
                ("Version", &module.version),
                ("Manufacturer", &module.manufacturer),
                ("Build Time", &module.build_time),
                ("Fingerprint", &module.fingerprint),
                ("ROM size", &module.rom_size.to_string()),
                ("Status", &status.to_owned()),
                ("Startup Status", &startup.to_owned()),
            ] {
                page.line(format!("{label:<14}: {value}"));
            }
        }
    }
}
