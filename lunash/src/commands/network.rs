//! `network`.

use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[];

pub(super) const COMMANDS: &[Command] = &[];
