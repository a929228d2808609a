//! `hsm updatefw`, `rollbackfw`, `updatecap`: firmware and licences.

use std::path::{Path, PathBuf};

use luna_rest::{Nothing, hsm, users};

use crate::carried;
use crate::commands::Done;
use crate::commands::administrative::{forget_login, require_so, sure};
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm rollbackfw [-force|-f]",
        help: "Go back to the former firmware, which zeroizes the HSM",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::FIRMWARE_ACT.resource()],
        known: Known::Assumed("known by name only; its question is assumed"),
        run: call::<Rollback>(),
    },
    Command {
        syntax: "hsm updatecap -cuf <file> -authcode <file> [-force|-f]",
        help: "Apply a capability upgrade",
        options: &[
            ("-cuf", "The capability upgrade, a file on this machine"),
            ("-authcode", "The file that came with it"),
        ],
        roles: Role::OPERATOR,
        rest: &[users::UPLOAD.resource(), users::DELETE_FILE.resource(), hsm::UPGRADE.resource()],
        known: Known::Assumed("known by name only; the options are those of 'hsm updatefw'"),
        run: call::<UpdateCapability>(),
    },
    Command {
        syntax: "hsm updatefw -fuf <file> -authcode <file> [-force|-f]",
        help: "Update the firmware",
        options: &[
            ("-fuf", "The firmware, a file on this machine"),
            ("-authcode", "The file that came with it"),
        ],
        roles: Role::OPERATOR,
        rest: &[hsm::FIRMWARE_ACT.resource()],
        known: Known::Assumed(
            "public texts have the line, not its answer; an emulated HSM takes the firmware that \
             waits for it, whatever the file holds",
        ),
        run: call::<UpdateFirmware>(),
    },
];

/// A file that has content.
fn filled(what: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    let content = carried::read(what, path)?;
    if content.is_empty() {
        let text = format!("The {what} {} is empty.", path.display());
        return Err(codes::failure(codes::ARGUMENTS_BAD, text));
    }
    Ok(content)
}

#[derive(Deserialize)]
struct Rollback {
    force: bool,
}

impl Run<Session> for Rollback {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(session)?;
        let destroyed = "All contents of the HSM will be destroyed.";
        sure(session, self.force, "go back to the former firmware", Some(destroyed))?;
        let (client, serial) = session.backup_hsm()?;
        client.call(&hsm::FIRMWARE_ACT, &[serial, "rollback"], &Nothing {})?;
        forget_login(session)?;
        Ok(Done::new("hsm rollbackfw"))
    }
}

#[derive(Deserialize)]
struct UpdateCapability {
    cuf: PathBuf,
    authcode: PathBuf,
    force: bool,
}

impl Run<Session> for UpdateCapability {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(session)?;
        let content = filled("capability upgrade", &self.cuf)?;
        filled("authorization code", &self.authcode)?;
        sure(session, self.force, "apply a capability upgrade", None)?;
        let (client, serial) = session.backup_hsm()?;
        let file = format!("lunacm-{serial}.lic");
        carried::lend(client, (session.backup_hsm_account()?, &file), content, || {
            Ok(client.call(&hsm::UPGRADE, &[], &hsm::Upgrade { file: file.clone() })?)
        })?;
        Ok(Done::new("hsm updatecap"))
    }
}

#[derive(Deserialize)]
struct UpdateFirmware {
    fuf: PathBuf,
    authcode: PathBuf,
    force: bool,
}

impl Run<Session> for UpdateFirmware {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(session)?;
        filled("firmware", &self.fuf)?;
        filled("authorization code", &self.authcode)?;
        sure(session, self.force, "update the firmware", None)?;
        let (client, serial) = session.backup_hsm()?;
        client.call(&hsm::FIRMWARE_ACT, &[serial, "upgrade"], &Nothing {})?;
        forget_login(session)?;
        Ok(Done::new("hsm updatefw"))
    }
}
