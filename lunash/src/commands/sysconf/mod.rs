//! `sysconf`.

pub(super) mod appliance;
pub(super) mod config;
pub(super) mod fingerprint;
pub(super) mod force_so_login;
pub(super) mod ntp;
pub(super) mod ssh;
pub(super) mod time;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[];

pub(super) const COMMANDS: &[Command] = &[];
