//! `hsm update`: capability upgrades.

use luna_rest::{hsm, users};

use crate::prelude::*;
use crate::questions::{caution, proceed};

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "hsm update", help: "Capability upgrades" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm update capability -capability|-c <filename> [-force|-f]",
        help: "Apply a capability upgrade",
        options: &[("-capability", "Licence file, its name ends in .lic")],
        roles: Role::OPERATOR,
        rest: &[users::FILES.resource(), hsm::UPGRADE.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_update_capability.htm@7.2"),
        run: call::<Capability>(),
    },
    Command {
        syntax: "hsm update show",
        help: "List the capability upgrades that were applied",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::UPGRADES.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_update_show.htm@7.2"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Capability {
    capability: String,
    force: bool,
}

/// A second caution comes before an upgrade that erases the HSM, which none of an emulated one does.
/// Assumed: with `-force` the slot is 0 unasked.
impl Run<Session> for Capability {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let body = hsm::Upgrade { file: session.provide(&self.capability)? };
        session.confirm(
            self.force,
            &format!(
                "\n{}",
                caution(
                    "This command updates the HSM Capability.\n\
                     This process cannot be reversed.\n\
                     Any connected clients will have their\n\
                     connections closed.\n\
                     All clients should disconnect and the\n\
                     NTLS should be stopped before proceeding.\n",
                    &proceed("continue")
                )
            ),
        )?;
        let first = session.lead();
        let utility = format!("{first}SafeNet Firmware/Capability Update Utility\n\n");
        session.ui().show(&utility);
        let slot = "Enter slot number (0 for the first slot found) : ";
        if self.force {
            session.ui().show(&format!("{slot}0\n"));
        } else if session.ui().ask(slot, "-force")?.trim() != "0" {
            return Err(Failure::command("There is no such slot.").hint("0 is the HSM inside"));
        }
        session.call(&hsm::UPGRADE, &[], &body)?;
        Ok(Told::new(
            "hsm update capability",
            format!("\nSuccess\nCapability \"{}\" updated.\n", self.capability),
        ))
    }
}

#[derive(Deserialize)]
struct Show {}

/// The capability upgrades that were applied.
#[derive(Serialize)]
struct Upgrades {
    upgrades: Vec<String>,
}

impl Run<Session> for Show {
    type View = Upgrades;

    fn run(self, session: &mut Session) -> Result<Upgrades, Failure> {
        let upgrades = session.get(&hsm::UPGRADES, &[])?.upgrades;
        Ok(Upgrades { upgrades: upgrades.into_iter().map(|upgrade| upgrade.id).collect() })
    }
}

impl Text for Upgrades {
    fn write(&self, page: &mut Page) {
        page.line("Capability Updates:");
        page.blank();
        for upgrade in &self.upgrades {
            page.field("", 8, upgrade);
        }
        page.blank();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of `hsm update show`.
    #[test]
    fn upgrades_are_listed_in_the_layout_of_the_product() {
        assert_eq!(
            Upgrades { upgrades: vec!["newcapability".to_owned()] }.text(),
            "Capability Updates:\n\n        newcapability\n\n"
        );
    }
}
