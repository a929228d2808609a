//! `token backup update`: firmware and licences of a Backup HSM.

use luna_rest::tokens::{self, TokenUpgrade};

use super::find;
use crate::prelude::*;
use luna_rest::users;

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "token backup update capability -serial|-s <serialnum> -capability|-c <filename> [-force|-f]",
        help: "Apply a capability upgrade to a Backup HSM",
        options: &[
            ("-serial", "Serial number of the Backup HSM"),
            ("-capability", "Licence file, its name ends in .lic"),
        ],
        roles: Role::OPERATOR,
        rest: &[tokens::SHOW.resource(), users::FILES.resource(), tokens::UPGRADE.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_update_capability.htm@7.2"),
        run: call::<Capability>(),
    },
    Command {
        syntax: "token backup update firmware -serial|-s <serialnum> [-force|-f]",
        help: "Install newer firmware on a Backup HSM",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::OPERATOR,
        rest: &[tokens::SHOW.resource(), tokens::UPDATE_FIRMWARE.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_update_firmware.htm@7.2"),
        run: call::<Firmware>(),
    },
    Command {
        syntax: "token backup update show",
        help: "List the capability upgrades that lie ready for a Backup HSM",
        options: &[],
        roles: Role::MONITOR,
        rest: &[users::FILES.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_update_show.htm@7.2"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Capability {
    serial: String,
    capability: String,
    force: bool,
}

impl Run<Session> for Capability {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        find(session, &self.serial)?;
        let body = TokenUpgrade { file: session.provide(&self.capability)? };
        session.confirm(
            self.force,
            "CAUTION:  This command updates the Token Capability.\n\
             This process cannot be reversed.\n\
             \n\
             Type 'proceed' to continue, or 'quit'\n\
             to quit now.\n\
             \n\
             > ",
        )?;
        session.call(&tokens::UPGRADE, &[&self.serial], &body)?;
        let (lead, name) = (session.lead(), &self.capability);
        Ok(Told::new(
            "token backup update capability",
            format!(
                "{lead}This is a NON-destructive capability update\n\
                 \n\
                 Update Result :0 (Capability {name} added)"
            ),
        ))
    }
}

#[derive(Deserialize)]
struct Firmware {
    serial: String,
    force: bool,
}

impl Run<Session> for Firmware {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        find(session, &self.serial)?;
        session.confirm(
            self.force,
            "CAUTION: This command updates the Token firmware.\n\
             \x20       This process cannot be reversed.\n\
             \n\
             \x20       Type 'proceed' to continue, or 'quit'\n\
             \x20       to quit now.\n\
             \n\
             \x20       >",
        )?;
        let ids = [self.serial.as_str()];
        session.call(&tokens::UPDATE_FIRMWARE, &ids, &Nothing {})?;
        let lead = session.lead();
        Ok(Told::new(
            "token backup update firmware",
            format!("{lead}        Success\n        Firmware updated.\n"),
        ))
    }
}

#[derive(Deserialize)]
struct Show {}

/// The capability upgrades among the user's files.
#[derive(Serialize)]
struct Updates {
    upgrades: Vec<String>,
}

impl Run<Session> for Show {
    type View = Updates;

    fn run(self, session: &mut Session) -> Result<Updates, Failure> {
        let user = session.connection().user.clone();
        let files = session.get(&users::FILES, &[&user])?.files;
        let names = files.into_iter().map(|file| file.id);
        Ok(Updates { upgrades: names.filter(|name| name.ends_with(".lic")).collect() })
    }
}

impl Text for Updates {
    fn write(&self, page: &mut Page) {
        page.line("Capability Updates:");
        for upgrade in &self.upgrades {
            page.field("", 3, upgrade);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of `token backup update show`.
    #[test]
    fn upgrades_are_listed_in_the_layout_of_the_product() {
        let upgrades = ["HsmStorage15.5Meg", "Partitions20"].map(str::to_owned).into();
        assert_eq!(
            Updates { upgrades }.text(),
            "Capability Updates:\n   HsmStorage15.5Meg\n   Partitions20\n"
        );
    }
}
