//! How a group is shown: its configuration, its members, and whether they have the same objects.

use super::as_officer;
use super::synchronize::objects_of;
use crate::ha::{Group, Settings};
use crate::prelude::*;

/// A group with its members.
#[derive(Serialize)]
pub(crate) struct Shown {
    label: String,
    number: String,
    slot: Option<usize>,
    synchronized: bool,
    /// None where it was not looked at.
    needs_sync: Option<bool>,
    standby: Vec<String>,
    members: Vec<Member>,
    #[serde(skip)]
    layout: Layout,
}

#[derive(Serialize)]
struct Member {
    serial: String,
    /// None while its appliance is not reached.
    slot: Option<usize>,
    label: String,
    alive: bool,
}

/// Where a group is shown.
pub(crate) enum Layout {
    /// It was made.
    Created,
    /// A member was added.
    Added {
        /// Its serial number.
        member: String,
    },
    /// In a list; slots have no number where applications see groups alone.
    Listed {
        /// Whether they do.
        only: bool,
    },
}

impl Shown {
    pub(super) fn of(
        session: &Session,
        group: &Group,
        needs_sync: Option<bool>,
        layout: Layout,
    ) -> Shown {
        let member = |serial: &String| match session.slot_of(serial) {
            Some(slot) => Member {
                serial: serial.clone(),
                slot: Some(slot.slot),
                label: slot.label.clone(),
                alive: session.is_alive(slot),
            },
            None => {
                Member { serial: serial.clone(), slot: None, label: String::new(), alive: false }
            }
        };
        let own =
            session.slots().iter().find(|slot| slot.is_group() && slot.serial == group.number());
        Shown {
            label: group.label.clone(),
            number: group.number().to_owned(),
            slot: own.map(|slot| slot.slot),
            synchronized: group.synchronized,
            needs_sync,
            standby: group.standby.clone(),
            members: group.members.iter().map(member).collect(),
            layout,
        }
    }

    /// The same without a comparison of the members.
    pub(crate) fn plain(session: &Session, group: &Group) -> Shown {
        Shown::of(session, group, None, Layout::Listed { only: false })
    }

    /// As `vtl haAdmin show` of release 5 shows it.
    pub(crate) fn write_as_release_5(&self, page: &mut Page) {
        let members: Vec<&str> = self.members.iter().map(|one| one.serial.as_str()).collect();
        let slot = self.slot.map_or("-".to_owned(), |slot| slot.to_string());
        let state = if self.synchronized { "enabled" } else { "disabled" };
        let standby =
            if self.standby.is_empty() { "<none>".into() } else { self.standby.join(", ") };
        page.line(format!("HA Group Label:  {}", self.label));
        page.line(format!("HA Group Number:  {}", self.number));
        page.line(format!("HA Group Slot #:  {slot}"));
        page.line(format!("Synchronization:  {state}"));
        page.line(format!("Group Members:  {}", members.join(", ")));
        page.line(format!("Standby members:  {standby}"));
        page.blank();
        self.write_members(page, false);
    }

    fn write_members(&self, page: &mut Page, hidden: bool) {
        page.line("Slot #    Member S/N                      Member Label    Status");
        page.line("======    ==========                      ============    ======");
        for member in &self.members {
            let slot = member.slot.filter(|_| !hidden);
            let slot = slot.map_or("------".to_owned(), |slot| slot.to_string());
            let label = if member.slot.is_some() { &member.label } else { "------------" };
            let status = if member.alive { "alive" } else { "down" };
            page.line(format!("{slot:>6}  {}{label:>34}{status:>10}", member.serial));
        }
    }

    fn write_group(&self, page: &mut Page) {
        let slot = match (&self.layout, self.slot) {
            // Documented: a new group has its slot after a restart of LunaCM, which the product does itself.
            (Layout::Created, _) | (_, None) => "Not Available".to_owned(),
            (_, Some(slot)) => slot.to_string(),
        };
        let members: Vec<&str> = self.members.iter().map(|one| one.serial.as_str()).collect();
        page.line(format!("         HA Group Label:  {}", self.label));
        page.line(format!("        HA Group Number:  {}", self.number));
        page.line(format!("       HA Group Slot ID:  {slot}"));
        let indent = if matches!(self.layout, Layout::Created) { 8 } else { 7 };
        let state = if self.synchronized { "enabled" } else { "disabled" };
        page.line(format!("{:indent$}Synchronization: {state}", ""));
        page.line(format!("          Group Members:  {}", members.join(", ")));
        if let Some(needs) = self.needs_sync {
            page.line(format!("             Needs sync:  {}", if needs { "yes" } else { "no" }));
        }
        let standby =
            if self.standby.is_empty() { "<none>".into() } else { self.standby.join(", ") };
        page.line(format!("        Standby Members:  {standby}"));
        page.blank();
        if !matches!(self.layout, Layout::Created) {
            page.blank();
        }
        self.write_members(page, matches!(self.layout, Layout::Listed { only: true }));
    }
}

impl Text for Shown {
    fn write(&self, page: &mut Page) {
        match &self.layout {
            Layout::Created => {
                page.line(format!(
                    "        New group with label \"{}\" created with group number {}.",
                    self.label, self.number
                ));
                page.line("        Group configuration is:");
            }
            Layout::Added { member } => {
                page.line(format!(
                    "        Member {member} successfully added to group {}. New group",
                    self.label
                ));
                page.line("        configuration is:");
            }
            Layout::Listed { .. } => {}
        }
        page.blank();
        self.write_group(page);
        page.blank();
        if matches!(self.layout, Layout::Added { .. }) {
            page.blank();
            page.line("        Please use the command \"ha synchronize\" when you are ready");
            page.line("        to replicate data between all members of the HA group.");
            page.line("        (If you have additional members to add, you may wish to wait");
            page.line("        until you have added them before synchronizing to save time by");
            page.line("        avoiding multiple synchronizations.)");
        }
    }
}

/// The settings, and every group.
#[derive(Serialize)]
pub(crate) struct Groups {
    pub(super) settings: Settings,
    pub(super) groups: Vec<Shown>,
}

impl Text for Groups {
    fn write(&self, page: &mut Page) {
        let Settings { retry, interval, recovery, only, log, .. } = &self.settings;
        let on = |on: bool| if on { "enabled" } else { "disabled" };
        page.line(format!("              HA auto recovery:  {}", on(*retry != 0)));
        page.line(format!("              HA recovery mode:  {}", recovery.name()));
        page.line(format!("   Maximum auto recovery retry:  {retry}"));
        page.line(format!("   Auto recovery poll interval:  {interval} seconds"));
        page.line(format!("                    HA logging:  {}", on(*log)));
        let only = if *only { "yes" } else { "no" };
        page.line(format!("            Only Show HA Slots:  {only}"));
        for group in &self.groups {
            page.blank();
            group.write(page);
        }
    }
}

/// The password of a group's members, if they are to be compared; an empty one says no, and so does a
/// script without an answer.
pub(super) fn password_of(
    session: &mut Session,
    group: &Group,
    given: Option<Secret>,
) -> Result<Option<Secret>, Failure> {
    if let Some(given) = given {
        return Ok(Some(given).filter(|given| !given.expose().is_empty()));
    }
    let text = format!(
        "If you would like to see synchronization data for group {},\n        please enter the password for \
         the group members. Sync info\n        not available in HA Only mode.\n\n\n        Enter the password",
        group.label
    );
    let origin = (PartitionRole::Co.variable(), "-password");
    session.secret_or_none(&text, origin)
}

/// Whether the members that are reached have different objects; none where there is nothing to compare.
pub(super) fn needs_sync(
    session: &mut Session,
    group: &Group,
    password: &Secret,
) -> Result<Option<bool>, Failure> {
    let mut seen: Vec<Vec<String>> = Vec::new();
    for serial in &group.members {
        let Some(slot) = session.slot_of(serial).map(|slot| slot.slot) else { continue };
        let objects = as_officer(session, slot, password, |session| objects_of(session, slot))?;
        seen.push(objects.into_keys().collect());
    }
    Ok((!seen.is_empty()).then(|| seen.windows(2).any(|pair| pair[0] != pair[1])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of `hagroup addmember`.
    #[test]
    fn a_group_is_shown_in_the_layout_of_the_product() {
        let member = |slot, serial: &str, label: &str| Member {
            serial: serial.to_owned(),
            slot: Some(slot),
            label: label.to_owned(),
            alive: true,
        };
        let shown = Shown {
            label: "myHAgroup".to_owned(),
            number: "1154438865288".to_owned(),
            slot: Some(5),
            synchronized: true,
            needs_sync: Some(true),
            standby: Vec::new(),
            members: vec![
                member(0, "154438865288", "sa78-2"),
                member(1, "1238700701515", "sa40-2"),
            ],
            layout: Layout::Added { member: "1238700701515".to_owned() },
        };
        assert_eq!(
            shown.text(),
            "        Member 1238700701515 successfully added to group myHAgroup. New group
        configuration is:

         HA Group Label:  myHAgroup
        HA Group Number:  1154438865288
       HA Group Slot ID:  5
       Synchronization: enabled
          Group Members:  154438865288, 1238700701515
             Needs sync:  yes
        Standby Members:  <none>


Slot #    Member S/N                      Member Label    Status
======    ==========                      ============    ======
     0  154438865288                            sa78-2     alive
     1  1238700701515                            sa40-2     alive


        Please use the command \"ha synchronize\" when you are ready
        to replicate data between all members of the HA group.
        (If you have additional members to add, you may wish to wait
        until you have added them before synchronizing to save time by
        avoiding multiple synchronizations.)
"
        );
    }

    /// From the product's page of replacing a member (7.3): one that is down has neither slot nor label.
    #[test]
    fn a_member_that_is_down_is_shown_without_a_label() {
        let down = Member {
            serial: "1238700701509".to_owned(),
            slot: None,
            label: String::new(),
            alive: false,
        };
        let shown = Shown {
            label: "g".to_owned(),
            number: "1".to_owned(),
            slot: None,
            synchronized: true,
            needs_sync: None,
            standby: Vec::new(),
            members: vec![down],
            layout: Layout::Listed { only: true },
        };
        let row = "\n------  1238700701509                      ------------      down\n";
        assert!(shown.text().contains(row), "{}", shown.text());
    }
}
