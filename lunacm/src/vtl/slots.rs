//! `vtl verify` and `vtl listSlots`: what this client's links lead to.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use luna_shell::{Failure, Kind, Page, Text};
use serde::Serialize;

use crate::link::{self, PRIVATE_KEY};
use crate::owner::SECTION;
use crate::slot::{Appliance, Slot};
use crate::vtl::{Client, product};

/// The partitions that are reached.
#[derive(Serialize)]
pub(super) struct Reached {
    partitions: Vec<Partition>,
}

#[derive(Serialize)]
struct Partition {
    slot: usize,
    serial: String,
    label: String,
}

impl Text for Reached {
    fn write(&self, page: &mut Page) {
        page.line("The following Luna SA Slots/Partitions were found:");
        page.blank();
        page.line("Slot    Serial #                Label");
        page.line("====    ================        =====");
        for Partition { slot, serial, label } in &self.partitions {
            page.line(format!("{slot:>4}    {serial:>16}        {label}").trim_end());
        }
        page.blank();
    }
}

/// The slots.
#[derive(Serialize)]
pub(super) struct Slots {
    slots: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    slot: usize,
    description: &'static str,
    label: String,
    serial: String,
    present: bool,
}

impl Text for Slots {
    fn write(&self, page: &mut Page) {
        page.line(format!("Number of slots: {}", self.slots.len()));
        page.blank();
        page.line("The following slots were found:");
        page.blank();
        let columns = ["Slot", "Description         ", "Label", "Serial #        ", "Status      "];
        let [slot, description, label, serial, status] = columns;
        page.line(format!("{slot} {description} {label:<32} {serial} {}", status.trim_end()));
        page.line([4, 20, 32, 16, 12].map(|width| "=".repeat(width)).join(" "));
        for Listed { slot, description, label, serial, present } in &self.slots {
            let shown = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
            let (label, serial) = (shown(label), shown(serial));
            let status = if *present { "Present" } else { "Not present" };
            page.line(format!("{slot:>4} {description:<20} {label:<32} {serial:<16} {status}"));
        }
    }
}

/// The slots behind every link that can be opened; what keeps the others down is noted.
fn reach(client: &mut Client) -> Result<Vec<Slot>, Failure> {
    warn_of_key(client);
    let mut slots = Vec::new();
    let mut linked = 0;
    let asked = link::open_all(&client.file, None);
    if asked.is_empty() {
        return Err(product("Error: There are no registered servers"));
    }
    for (server, opened) in asked {
        let found = opened.and_then(|link| {
            linked += 1;
            let appliance = Appliance::linked(0, link);
            appliance.linked_slots(slots.len()).map_err(|failure| failure.message)
        });
        match found {
            Ok(found) if found.is_empty() => client.note(format!(
                "server {}: no partition is assigned to this client: it is assigned with 'client \
                 assignPartition' in lunash",
                server.server
            )),
            Ok(found) => slots.extend(found),
            Err(reason) => client.note(format!("server {}: {reason}", server.server)),
        }
    }
    if slots.is_empty() {
        let kind = if linked == 0 { Kind::Unreachable } else { Kind::Command };
        let text = "Error: Unable to find any Luna SA slots/partitions among registered server";
        return Err(Failure { kind, ..product(text) });
    }
    Ok(slots)
}

/// Says what the product's client would stumble over without a word.
fn warn_of_key(client: &mut Client) {
    let Some(path) = client.file.get(SECTION, PRIVATE_KEY).map(str::to_owned) else { return };
    let file = Path::new(&path);
    let Ok(content) = std::fs::read(file) else { return };
    let pem = zeroize::Zeroizing::new(content);
    let begins = |label: &[u8]| pem.windows(label.len()).any(|part| part == label);
    if begins(b"-----BEGIN PRIVATE KEY-----") {
        client.note(format!(
            "{path} is in PKCS#8, which the product's client does not take: openssl rsa -traditional -in \
             {path} -out NEW"
        ));
    }
    let mode = std::fs::metadata(file).map(|file| file.permissions().mode());
    if mode.is_ok_and(|mode| mode & 0o077 != 0) {
        client.note(format!("{path} can be read by others than its owner: chmod 600 {path}"));
    }
}

pub(super) fn verify(client: &mut Client) -> Result<Reached, Failure> {
    let partition = |Slot { slot, serial, label, .. }| Partition { slot, serial, label };
    Ok(Reached { partitions: reach(client)?.into_iter().map(partition).collect() })
}

pub(super) fn list(client: &mut Client) -> Result<Slots, Failure> {
    let listed = |Slot { slot, serial, label, .. }| Listed {
        slot,
        description: "Net Token Slot",
        label,
        serial,
        present: true,
    };
    Ok(Slots { slots: reach(client)?.into_iter().map(listed).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the recording `vtl-listslots-columns`.
    #[test]
    fn the_columns_are_those_of_the_recording() {
        let slots = vec![Listed {
            slot: 0,
            description: "Net Token Slot",
            label: "partition-01".to_owned(),
            serial: "3423358".to_owned(),
            present: true,
        }];
        assert_eq!(
            Slots { slots }.text(),
            "Number of slots: 1

The following slots were found:

Slot Description          Label                            Serial #         Status
==== ==================== ================================ ================ ============
   0 Net Token Slot       partition-01                     3423358          Present
"
        );
    }
}
