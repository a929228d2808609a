//! A slot: a partition or a keyring as this client sees it, and how slots are found.

use std::sync::Arc;

use luna_rest::{Client, ErrorId, hsm, keyrings, link, lunasa, ntls, partitions};
use luna_shell::{Failure, Page};
use serde::Serialize;

use crate::ha::Group;
use crate::link::ServerLink;
use crate::owner::Owner;
use crate::role::PartitionRole;
use crate::servers::Server;

/// Capability: private keys can be cloned.
const CLONING: &str = "0";
/// Capability: private keys can be wrapped off.
const WRAPPING: &str = "1";

/// One slot, as it was when it was last looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Slot {
    /// Its number, from 0.
    pub(crate) slot: usize,
    /// The partition's label; empty while it is not initialized.
    pub(crate) label: String,
    /// The partition's serial number, its identifier in paths.
    pub(crate) serial: String,
    /// `LunaSA` and the software's version.
    pub(crate) model: String,
    /// The HSM's firmware.
    pub(crate) firmware: String,
    /// Kind, authentication and mode of the partition.
    pub(crate) configuration: String,
    /// What is behind it.
    #[serde(flatten)]
    pub(crate) behind: Behind,
    /// The role this session has logged in to it.
    pub(crate) role: Option<PartitionRole>,
    /// The partition's name on the appliance, which clients are not told by the product.
    #[serde(skip)]
    pub(crate) name: String,
}

/// What is behind a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Behind {
    /// A partition of an appliance.
    Partition {
        /// Which of the session's appliances has it.
        #[serde(skip)]
        place: usize,
    },
    /// The partition that administers a Backup HSM at this machine.
    Administrative {
        /// Which of the session's Backup HSMs it is.
        #[serde(skip)]
        device: usize,
        /// The state of the HSM.
        status: String,
    },
    /// An HA group of this client.
    Group {
        /// Serial numbers of its members.
        members: Vec<String>,
    },
    /// A keyring of a cluster.
    Keyring {
        /// The cluster's label.
        cluster: String,
        /// The keyring's UUID.
        id: String,
        /// Which of the session's links leads to it.
        #[serde(skip)]
        link: usize,
    },
}

impl Slot {
    /// A keyring as a slot. Assumed: the product's block was not seen; a keyring belongs to no HSM,
    /// so it has no firmware.
    pub(crate) fn keyring(
        number: usize,
        link: usize,
        cluster: &str,
        found: &keyrings::Slot,
    ) -> Slot {
        Slot {
            slot: number,
            label: found.label.clone(),
            serial: found.serial.clone(),
            model: "Luna Keyring".to_owned(),
            firmware: String::new(),
            configuration: "Luna Keyring (PW)".to_owned(),
            behind: Behind::Keyring { cluster: cluster.to_owned(), id: found.id.clone(), link },
            role: None,
            name: String::new(),
        }
    }

    /// An HA group as a slot; `first` is the slot of one of its members that is reached.
    pub(crate) fn group(number: usize, group: &Group, first: Option<&Slot>) -> Slot {
        let mode = first.map_or("", Slot::mode);
        Slot {
            slot: number,
            label: group.label.clone(),
            serial: group.number().to_owned(),
            model: "LunaVirtual".to_owned(),
            firmware: first.map(|first| first.firmware.clone()).unwrap_or_default(),
            configuration: format!("Luna Virtual HSM (PW) {mode}").trim_end().to_owned(),
            behind: Behind::Group { members: group.members.clone() },
            role: None,
            name: String::new(),
        }
    }

    /// Whether it is an HA group.
    pub(crate) fn is_group(&self) -> bool {
        matches!(self.behind, Behind::Group { .. })
    }

    /// Whether it is a partition of an appliance.
    pub(crate) fn is_partition(&self) -> bool {
        matches!(self.behind, Behind::Partition { .. })
    }

    /// The link that leads to a keyring; none for a partition.
    pub(crate) fn link(&self) -> Option<usize> {
        match &self.behind {
            Behind::Keyring { link, .. } => Some(*link),
            _ => None,
        }
    }

    /// Whether it administers an HSM.
    pub(crate) fn is_administrative(&self) -> bool {
        matches!(self.behind, Behind::Administrative { .. })
    }

    /// Whether it is a keyring.
    pub(crate) fn is_keyring(&self) -> bool {
        self.link().is_some()
    }

    /// What the number of the current slot refers to.
    pub(crate) fn summary(&self) -> String {
        if self.is_keyring() {
            return "Luna Keyring Slot (PW)".to_owned();
        }
        // Assumed for groups and administrative slots: no line of 'slot set' was seen for them.
        let kind = match self.behind {
            Behind::Group { .. } => "Luna HA Slot",
            Behind::Administrative { .. } => "Luna Admin Slot",
            _ => "Luna User Slot",
        };
        format!("{kind} {} (PW) {}", self.firmware, self.mode())
    }

    fn mode(&self) -> &str {
        self.configuration.split_once(") ").map_or("", |(_, mode)| mode)
    }

    fn write(&self, page: &mut Page) {
        let hsm = if self.is_group() { "HSM " } else { "" };
        let mut line = |label: &str, value: &str| {
            page.field(&format!("        {label} ->"), 32, value);
        };
        line("Slot Id", &self.slot.to_string());
        for (label, value) in [
            ("Label", &self.label),
            ("Serial Number", &self.serial),
            ("Model", &self.model),
            ("Firmware Version", &self.firmware),
            ("Configuration", &self.configuration),
        ] {
            line(&format!("{hsm}{label}"), value);
        }
        match &self.behind {
            Behind::Partition { .. } => line("Slot Description", "Net Token Slot"),
            Behind::Administrative { status, .. } => {
                line("Slot Description", "Admin Token Slot");
                line("HSM Configuration", &self.configuration);
                line("HSM Status", status);
            }
            Behind::Group { .. } => line("HSM Status", "N/A - HA Group"),
            Behind::Keyring { cluster, .. } => {
                line("Slot Description", &format!("Keyring of Cluster {cluster}"));
            }
        }
    }
}

/// Writes a block a slot, an empty line between them.
pub(crate) fn write_blocks(page: &mut Page, slots: &[Slot]) {
    for (index, slot) in slots.iter().enumerate() {
        if index > 0 {
            page.blank();
        }
        slot.write(page);
    }
}

/// An appliance of a session, and what all its partitions share.
pub(crate) struct Appliance {
    /// Its place among the session's appliances.
    place: usize,
    /// The session with it.
    pub(crate) client: Arc<Client>,
    /// The entry of the configuration where a link leads to it; none where an account is logged in.
    pub(crate) server: Option<Server>,
    /// The HSM's serial number.
    pub(crate) hsm: String,
    model: String,
    firmware: String,
}

impl Drop for Appliance {
    /// A link is given up with its session; what an account is logged in to is closed elsewhere.
    fn drop(&mut self) {
        if self.server.is_some() {
            self.client.close();
        }
    }
}

impl Appliance {
    /// Reads it.
    ///
    /// # Errors
    /// The appliance does not answer, or has no HSM.
    pub(crate) fn read(client: &Arc<Client>) -> Result<Appliance, Failure> {
        let version = client.get(&lunasa::SHOW, &[])?.version;
        let version = version.split('-').next().unwrap_or_default();
        let hsm = client.get(&hsm::LIST, &[])?.hsms.into_iter().next();
        let hsm = hsm.ok_or_else(|| Failure::command("The appliance reports no HSM."))?.id;
        let firmware = client.get(&hsm::SHOW, &[&hsm])?.firmware;
        let (client, model) = (Arc::clone(client), format!("LunaSA {version}"));
        Ok(Appliance { place: 0, client, server: None, hsm, model, firmware })
    }

    /// The one at the other end of a link.
    pub(crate) fn linked(place: usize, link: ServerLink) -> Appliance {
        let ServerLink { server, client, link } = link;
        let version = link.version.split('-').next().unwrap_or_default();
        let model = format!("LunaSA {version}");
        let (hsm, firmware) = (link.hsm_id, link.firmware);
        Appliance { place, client, server: Some(server), hsm, model, firmware }
    }

    /// The slots that a link leads to, numbered from `first`.
    ///
    /// # Errors
    /// The appliance does not answer.
    pub(crate) fn linked_slots(&self, first: usize) -> Result<Vec<Slot>, Failure> {
        let mut slots = Vec::new();
        for serial in self.client.get(&link::SHOW, &[])?.partitions {
            slots.extend(self.slot(first + slots.len(), &serial)?);
        }
        Ok(slots)
    }

    /// The slots of `owner`, in the order of its links, or every partition.
    ///
    /// # Errors
    /// The appliance does not answer.
    pub(crate) fn slots(&self, owner: &Owner) -> Result<Found, Failure> {
        let client = &*self.client;
        let (serials, registered): (Vec<String>, _) = match owner {
            Owner::Anybody => {
                let list = client.get(&partitions::LIST, &[&self.hsm])?.partitions;
                (list.into_iter().map(|entry| entry.id).collect(), None)
            }
            _ => match owner.registered(client)? {
                None => return Ok(Found { slots: Vec::new(), registered: None }),
                Some(name) => {
                    let links = client.get(&ntls::LINKS, &[&name])?.links;
                    (links.into_iter().map(|link| link.id).collect(), Some(name))
                }
            },
        };
        let mut slots = Vec::new();
        for serial in serials {
            slots.extend(self.slot(slots.len(), &serial)?);
        }
        Ok(Found { slots, registered })
    }

    /// Looks at one partition; none if it is no more.
    ///
    /// # Errors
    /// The appliance does not answer.
    pub(crate) fn slot(&self, number: usize, serial: &str) -> Result<Option<Slot>, Failure> {
        let client = &*self.client;
        let shown = match client.get(&partitions::SHOW, &[&self.hsm, serial]) {
            Ok(shown) => shown,
            Err(error) if error.id() == Some(ErrorId::HSMPLUGIN_INVALID_PARTITION) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        // What the partition can be configured for, whichever of the two its policies allow now:
        // firmware before 7.1 had no key export.
        let able = client.get(&partitions::CAPABILITIES, &[&self.hsm, serial])?.capabilities;
        let can = |id| able.iter().any(|able| able.id == id && able.value == 1);
        // The modes with cloning were seen; those without are made like them.
        let mode = match (can(WRAPPING), can(CLONING)) {
            (false, true) => "Signing With Cloning Mode",
            (true, true) => "Key Export With Cloning Mode",
            (false, false) => "Signing Mode",
            (true, false) => "Key Export Mode",
        };
        Ok(Some(Slot {
            slot: number,
            label: shown.label,
            serial: serial.to_owned(),
            model: self.model.clone(),
            firmware: self.firmware.clone(),
            configuration: format!("Luna User Partition With SO (PW) {mode}"),
            behind: Behind::Partition { place: self.place },
            role: None,
            name: shown.name,
        }))
    }
}

/// The slots of a client, and the name the appliance knows it by.
pub(crate) struct Found {
    /// By number.
    pub(crate) slots: Vec<Slot>,
    /// None where the appliance does not know the client, or none was named.
    pub(crate) registered: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The block of the documented start-up listing.
    #[test]
    fn a_block_is_byte_exact() {
        let slot = Slot {
            slot: 0,
            label: "par0".into(),
            serial: "154438865287".into(),
            model: "LunaSA 7.3.0".into(),
            firmware: "7.3.0".into(),
            configuration: "Luna User Partition With SO (PW) Key Export With Cloning Mode".into(),
            behind: Behind::Partition { place: 0 },
            role: None,
            name: "par0".into(),
        };
        let mut page = Page::new();
        write_blocks(&mut page, std::slice::from_ref(&slot));
        assert_eq!(
            page.into_text(),
            "        Slot Id ->              0\n\
             \x20       Label ->                par0\n\
             \x20       Serial Number ->        154438865287\n\
             \x20       Model ->                LunaSA 7.3.0\n\
             \x20       Firmware Version ->     7.3.0\n\
             \x20       Configuration ->        Luna User Partition With SO (PW) Key Export With Cloning Mode\n\
             \x20       Slot Description ->     Net Token Slot\n"
        );
        assert_eq!(slot.summary(), "Luna User Slot 7.3.0 (PW) Key Export With Cloning Mode");
    }
}
