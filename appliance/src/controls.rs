//! The commands that control what a real appliance cannot: links between members, and the time.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;
use luna_rest::{Nothing, emulator};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::backup_hsm::appliance;

/// What can be done with links.
#[derive(Subcommand)]
pub(crate) enum Links {
    /// Cut the link to a member, or to all.
    Cut {
        /// UUID or address of the member; all without it.
        member: Option<String>,
        /// Which way: to, from or both.
        #[arg(long, value_name = "WAY", default_value = "both", value_parser = ["to", "from", "both"])]
        direction: String,
    },
    /// Heal the link to a member, or to all.
    Heal {
        /// UUID or address of the member; all without it.
        member: Option<String>,
    },
}

pub(crate) fn links(data: &Path, limit: Duration, action: Option<Links>) -> anyhow::Result<()> {
    let (_own, client) = appliance(data, limit)?;
    let change = |action: &str, peer, direction| {
        let change = emulator::ChangeLink { peer, action: action.to_owned(), direction };
        client.call(&emulator::CHANGE_LINK, &[], &change)
    };
    match action {
        Some(Links::Cut { member, direction }) => drop(change("cut", member, Some(direction))?),
        Some(Links::Heal { member }) => drop(change("heal", member, None)?),
        None => {}
    }
    let mut text = String::new();
    for link in client.get(&emulator::LINKS, &[])?.data {
        let state = match (link.cut_to, link.cut_from) {
            (false, false) => "whole",
            (true, false) => "cut to it",
            (false, true) => "cut from it",
            (true, true) => "cut",
        };
        text += &format!("{}  {}  {state}\n", link.member_uuid, link.address);
    }
    write(&text)
}

pub(crate) fn clock(
    data: &Path,
    limit: Duration,
    set: Option<OffsetDateTime>,
    advance: Option<u32>,
) -> anyhow::Result<()> {
    let (_own, client) = appliance(data, limit)?;
    if set.is_some() || advance.is_some() {
        let set = set.map(|time| time.format(&Rfc3339)).transpose()?;
        client.call(&emulator::MOVE_CLOCK, &[], &emulator::MoveClock { set, advance })?;
    }
    let clock = client.get(&emulator::CLOCK, &[])?;
    write(&format!("{}{}\n", clock.now, if clock.fixed { "  (stands still)" } else { "" }))
}

pub(crate) fn settle(data: &Path, limit: Duration) -> anyhow::Result<()> {
    let (_own, client) = appliance(data, limit)?;
    client.call(&emulator::SETTLE, &[], &Nothing {})?;
    Ok(())
}

fn write(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}
