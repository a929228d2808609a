//! `hsm`.

pub(super) mod firmware;
pub(super) mod fm;
pub(super) mod information;
pub(super) mod ped;
pub(super) mod policies;
pub(super) mod stc;
pub(super) mod stm;
pub(super) mod tamper;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[];

pub(super) const COMMANDS: &[Command] = &[];
