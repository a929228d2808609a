//! The policies of the HSM: numbers, names, factory values, and what a change of them erases.
//!
//! Numbers 6, 7, 12, 15, 16, 40, 46, 48, 50 and 51 and the names of 6 to 29 are from the vendor's
//! pages and recorded sessions; so are the effects of 6, 12, 15, 22 and 50 to 53. The rest is assumed
//! from what is generally known of Luna 7, since no complete output was found.

/// Policy 7: keys may be cloned to other HSMs.
pub const CLONING: u32 = 7;

/// Policy 21: a password that somebody else has set has to be changed first.
pub const FORCE_CHANGE: u32 = 21;

/// Policy 12: algorithms that FIPS 140 does not approve are allowed.
pub const NON_FIPS: u32 = 12;

/// Policy 15: the HSM SO may reset the password of a partition SO.
pub const SO_RESETS_PIN: u32 = 15;

/// Policy 16: partitions may be replicated over the network.
pub const NETWORK_REPLICATION: u32 = 16;

/// Policy 21: whoever got a password from somebody else changes it first.
pub const FORCE_PIN_CHANGE: u32 = 21;

/// Policy 33: the most partitions there may be.
pub const MAX_PARTITIONS: u32 = 33;

/// How many partitions an emulated HSM comes with.
pub const FACTORY_PARTITIONS: u32 = 10;

/// How many partitions the largest model can have.
pub const MOST_PARTITIONS: u32 = 100;

/// Policy 40: a tamper decommissions the HSM.
pub const DECOMMISSION_ON_TAMPER: u32 = 40;

/// Policy 46: the HSM cannot be decommissioned.
pub const DISABLE_DECOMMISSION: u32 = 46;

/// Policy 48: after a tamper nothing goes on before the SO has cleared it.
pub const CONTROLLED_TAMPER_RECOVERY: u32 = 48;

/// Policy 49: the HSM counts what each partition does.
pub const METRICS: u32 = 49;

/// Policy 50: functionality modules may be loaded.
pub const FUNCTIONALITY_MODULES: u32 = 50;

/// Policy 51: the secure memory file system is activated at each start.
pub const SMFS_AUTO_ACTIVATION: u32 = 51;

/// What a change of a policy erases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erases {
    /// Nothing.
    Nothing,
    /// All partitions.
    Partitions,
    /// The whole HSM.
    Hsm,
}

/// The values a policy may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// 0 is off, 1 is on.
    Flag,
    /// Up to the number of partitions that is licensed.
    Licensed,
}

/// A policy.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Its number.
    pub number: u32,
    /// What it is called.
    pub name: &'static str,
    /// The values it may have.
    pub values: Values,
    /// Its value from the factory.
    pub factory: u32,
    /// What a change of it erases.
    pub erases: Erases,
    /// To be switched on, it needs another policy with this value.
    pub needs: Option<(u32, u32)>,
}

const fn flag(number: u32, name: &'static str, factory: u32, erases: Erases) -> Policy {
    Policy { number, name, values: Values::Flag, factory, erases, needs: None }
}

/// The policies that the SO may change. 39, the Secure Trusted Channel, is gone since firmware 7.7.0.
pub const POLICY_TABLE: &[Policy] = &[
    flag(6, "Allow masking", 1, Erases::Partitions),
    flag(7, "Allow cloning", 1, Erases::Partitions),
    flag(12, "Allow non-FIPS algorithms", 1, Erases::Partitions),
    flag(15, "SO can reset partition PIN", 0, Erases::Partitions),
    flag(16, "Allow network replication", 1, Erases::Nothing),
    flag(21, "Force user PIN change after set/reset", 1, Erases::Nothing),
    flag(22, "Allow offboard storage", 1, Erases::Partitions),
    flag(30, "Allow unmasking", 1, Erases::Nothing),
    Policy {
        number: MAX_PARTITIONS,
        name: "Current maximum number of partitions",
        values: Values::Licensed,
        factory: FACTORY_PARTITIONS,
        erases: Erases::Nothing,
        needs: None,
    },
    Policy {
        needs: Some((DISABLE_DECOMMISSION, 0)),
        ..flag(40, "Decommission on tamper", 0, Erases::Partitions)
    },
    flag(43, "Allow low level math acceleration", 1, Erases::Nothing),
    Policy {
        needs: Some((DECOMMISSION_ON_TAMPER, 0)),
        ..flag(46, "Disable Decommission", 0, Erases::Partitions)
    },
    flag(48, "Do Controlled Tamper Recovery", 1, Erases::Nothing),
    flag(49, "Allow Partition Utilization Metrics", 0, Erases::Nothing),
    flag(50, "Allow Functionality Modules", 0, Erases::Hsm),
    Policy {
        needs: Some((FUNCTIONALITY_MODULES, 1)),
        ..flag(51, "Enable SMFS Auto Activation", 0, Erases::Partitions)
    },
    Policy {
        needs: Some((FUNCTIONALITY_MODULES, 1)),
        ..flag(52, "Restrict FM Privilege Level", 0, Erases::Partitions)
    },
    Policy {
        needs: Some((FUNCTIONALITY_MODULES, 1)),
        ..flag(53, "Encrypt keys passing from FM to HSM", 0, Erases::Partitions)
    },
    flag(55, "Restrict restore", 0, Erases::Nothing),
    flag(57, "Allow sync with host time", 0, Erases::Nothing),
];

/// The policy of a number.
pub fn find(number: u32) -> Option<&'static Policy> {
    POLICY_TABLE.iter().find(|policy| policy.number == number)
}
