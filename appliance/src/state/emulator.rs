//! What the emulator keeps in addition to the state of the appliance.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::core::random::Random;
use crate::core::table::Cell;
use crate::state::area::{Area, FieldVisitor};

/// What the emulator keeps in addition to the state of the appliance.
#[derive(Debug, Default)]
pub struct Emulator {
    /// How far the appliance's clock is ahead, in milliseconds.
    pub clock: Cell<i64>,
    /// Where emulated randomness comes from.
    pub random: Cell<Random>,
    /// Cut links to other members of the cluster.
    pub cuts: Cell<Cuts>,
}

/// Cut links, by the UUID of the other member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cuts {
    /// Nothing is sent to these.
    pub to: BTreeSet<String>,
    /// Nothing is taken from these.
    pub from: BTreeSet<String>,
}

impl Area for Emulator {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("emulator/clock", &mut self.clock);
        visit("emulator/random", &mut self.random);
        visit("emulator/cuts", &mut self.cuts);
    }
}
