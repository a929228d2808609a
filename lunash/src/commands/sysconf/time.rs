//! `sysconf time`.

use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] = &[];

pub(in super::super) const COMMANDS: &[Command] = &[];
