//! The appliance as a whole.

use serde::{Deserialize, Serialize};

use crate::core::table::Cell;
use crate::state::area::{Area, FieldVisitor, Setup};

/// What is kept of the appliance as a whole.
#[derive(Debug, Default)]
pub struct Lunasa {
    /// Its settings.
    pub settings: Cell<Settings>,
}

/// The settings of the appliance as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Host name, `local_host` from the factory.
    pub hostname: String,
    /// Software version such as `7.8.5-20`.
    pub version: String,
    /// Whether changes of the appliance need the HSM SO logged in.
    pub force_so_login: bool,
}

impl Area for Lunasa {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("lunasa", &mut self.settings);
    }

    fn factory(&mut self, setup: &mut Setup<'_>) {
        self.settings.set(Settings {
            hostname: setup.hostname.to_owned(),
            version: "7.8.5-20".to_owned(),
            force_so_login: false,
        });
    }
}
