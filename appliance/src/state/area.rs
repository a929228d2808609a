//! What an area of the state is: how it shows its fields, and what it is made from.

use time::OffsetDateTime;

use crate::core::random::Random;
use crate::core::table::Field;

/// How an area shows its fields: `visit("ntls/clients", &mut self.clients)` for each.
///
/// The name is the field's name in the store and never changes.
pub type FieldVisitor<'a> = &'a mut dyn FnMut(&'static str, &mut dyn Field);

/// A part of the state.
pub trait Area {
    /// Shows every table and cell.
    fn fields(&mut self, visit: FieldVisitor<'_>);

    /// Fills in what a factory-fresh appliance has; everything is empty before.
    fn factory(&mut self, _setup: &mut Setup<'_>) {}
}

/// What factory state is made from.
pub struct Setup<'a> {
    /// The host name.
    pub hostname: &'a str,
    /// The time on the appliance.
    pub now: OffsetDateTime,
    /// Emulated randomness.
    pub random: &'a mut Random,
}
