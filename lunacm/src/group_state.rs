//! The HA groups of this client as it sees them, for programs that only look.

use luna_shell::Failure;
use serde::Serialize;

use crate::ha;
use crate::session::Session;

/// An HA group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupState {
    /// Its label.
    pub label: String,
    /// Its members, the primary one first.
    pub members: Vec<MemberState>,
}

/// A member of an HA group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberState {
    /// Serial number of the partition.
    pub serial: String,
    /// Whether it only stands by for the others.
    pub standby: bool,
    /// Whether its partition answers over this client's link.
    pub alive: bool,
}

impl GroupState {
    /// Whether a partition is one of its members.
    pub fn has(&self, serial: &str) -> bool {
        self.members.iter().any(|member| member.serial == serial)
    }
}

impl Session {
    /// The groups of the configuration, with what each member answers.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn group_states(&self) -> Result<Vec<GroupState>, Failure> {
        let state = |group: ha::Group| {
            let member = |serial: &String| MemberState {
                standby: group.standby.contains(serial),
                alive: self.slot_of(serial).is_some_and(|slot| self.is_alive(slot)),
                serial: serial.clone(),
            };
            GroupState {
                members: group.members.iter().map(member).collect(),
                label: group.label.clone(),
            }
        };
        Ok(ha::groups(&self.configuration()?).into_iter().map(state).collect())
    }
}
