//! The policies of partitions: numbers, names, defaults, and which changes erase the objects.
//!
//! Numbers and some names are from the reference. The other names, the defaults and which changes
//! erase the objects are assumed from general knowledge of firmware 7.8 with password
//! authentication.

use crate::state::partitions::PartitionRow;

/// Policy: failed logins until a role is locked out.
pub const MAX_FAILED_LOGINS: u32 = 20;

/// Policy: the partition stays logged in to.
pub const ACTIVATION: u32 = 22;

/// Policy: 255 less the shortest password.
pub const MIN_PIN_INVERTED: u32 = 25;

/// Policy: the longest password.
pub const MAX_PIN: u32 = 26;

/// Policy: 0 or 1, the partition's version.
pub const VERSION: u32 = 41;

/// Private keys may leave for another partition of the same cloning domain.
pub const PRIVATE_KEY_CLONING: u32 = 0;

/// The same for secret keys.
pub const SECRET_KEY_CLONING: u32 = 4;

/// Policy: more than one cloning domain.
pub const EXTENDED_DOMAINS: u32 = 44;

/// A policy that partitions have.
pub struct Known {
    /// Its number.
    pub number: u32,
    /// What the capability is called.
    pub capability: &'static str,
    /// What the policy is called.
    pub policy: &'static str,
    /// What the capability and the policy are in a partition of version 0 and of version 1.
    pub values: [(u32, u32); 2],
    /// Whether turning it on erases the objects.
    pub off_to_on: bool,
    /// Whether turning it off erases the objects.
    pub on_to_off: bool,
}

const fn flag(
    number: u32,
    capability: &'static str,
    policy: &'static str,
    on: u32,
    off_to_on: bool,
) -> Known {
    Known { number, capability, policy, values: [(1, on); 2], off_to_on, on_to_off: false }
}

const fn number(number: u32, capability: &'static str, policy: &'static str, value: u32) -> Known {
    let values = [(value, value); 2];
    Known { number, capability, policy, values, off_to_on: false, on_to_off: false }
}

const fn versioned(known: Known, values: [(u32, u32); 2], on_to_off: bool) -> Known {
    Known { values, on_to_off, ..known }
}

/// The policies.
#[rustfmt::skip]
pub const KNOWN: &[Known] = &[
    flag(PRIVATE_KEY_CLONING, "Enable private key cloning", "Allow private key cloning", 1, true),
    flag(1, "Enable private key wrapping", "Allow private key wrapping", 0, true),
    flag(2, "Enable private key unwrapping", "Allow private key unwrapping", 1, false),
    versioned(flag(3, "Enable private key masking", "Allow private key masking", 0, true), [(0, 0), (1, 1)], false),
    flag(SECRET_KEY_CLONING, "Enable secret key cloning", "Allow secret key cloning", 1, true),
    flag(5, "Enable secret key wrapping", "Allow secret key wrapping", 1, true),
    flag(6, "Enable secret key unwrapping", "Allow secret key unwrapping", 1, false),
    versioned(flag(7, "Enable secret key masking", "Allow secret key masking", 0, true), [(0, 0), (1, 1)], false),
    flag(9, "Enable DigestKey", "Allow DigestKey", 0, true),
    flag(10, "Enable multipurpose keys", "Allow multipurpose keys", 1, true),
    flag(11, "Enable changing key attributes", "Allow changing key attributes", 1, true),
    flag(15, "Allow failed challenge responses", "Ignore failed challenge responses", 1, true),
    flag(16, "Enable operation without RSA blinding", "Operate without RSA blinding", 1, true),
    flag(17, "Enable signing with non-local keys", "Allow signing with non-local keys", 1, false),
    flag(18, "Enable raw RSA operations", "Allow raw RSA operations", 1, true),
    number(20, "Max failed user logins allowed", "Max failed user logins allowed", 10),
    flag(21, "Enable high availability recovery", "Allow high availability recovery", 1, false),
    versioned(flag(22, "Enable activation", "Allow activation", 0, false), [(0, 0); 2], false),
    versioned(flag(23, "Enable auto-activation", "Allow auto-activation", 0, false), [(0, 0); 2], false),
    number(25, "Minimum pin length (inverted: 255 - min)", "Minimum pin length (inverted: 255 - min)", 247),
    number(26, "Maximum pin length", "Maximum pin length", 255),
    flag(28, "Enable Key Management Functions", "Allow Key Management Functions", 1, true),
    flag(29, "Enable RSA signing without confirmation", "Perform RSA signing without confirmation", 1, true),
    flag(31, "Enable private key unmasking", "Allow private key unmasking", 1, false),
    flag(32, "Enable secret key unmasking", "Allow secret key unmasking", 1, false),
    flag(33, "Enable RSA PKCS mechanism", "Allow RSA PKCS mechanism", 1, true),
    flag(34, "Enable CBC-PAD (un)wrap keys of any size", "Allow CBC-PAD (un)wrap keys of any size", 1, true),
    flag(37, "Enable Secure Trusted Channel", "Force Secure Trusted Channel", 0, false),
    versioned(flag(39, "Enable Start/End Date Attributes", "Allow Start/End Date Attributes", 0, false), [(1, 0); 2], true),
    versioned(flag(40, "Enable Per-Key Authorization Data", "Require Per-Key Authorization Data", 0, true), [(0, 0), (1, 1)], true),
    versioned(flag(VERSION, "Enable Partition Version", "Partition Version", 0, false), [(1, 0), (1, 1)], true),
    versioned(flag(42, "Enable CPv1", "Allow CPv1", 0, true), [(1, 1), (1, 0)], false),
    flag(43, "Enable non-FIPS algorithms", "Allow non-FIPS algorithms", 1, true),
    flag(EXTENDED_DOMAINS, "Enable Extended Domain Management", "Allow Extended Domain Management", 0, true),
];

/// The policy of a number.
pub fn known(number: u32) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.number == number)
}

impl Known {
    /// Capability and default of a partition of this version.
    pub fn of_version(&self, version: u8) -> (u32, u32) {
        self.values[usize::from(version.min(1))]
    }

    /// Whether turning it on, and turning it off, erases the objects of this partition.
    pub fn destructive(&self, row: &PartitionRow) -> (bool, bool) {
        row.destructive.get(&self.number).copied().unwrap_or((self.off_to_on, self.on_to_off))
    }

    /// Whether it is on or off, and not a number.
    pub fn is_flag(&self) -> bool {
        !matches!(self.number, MAX_FAILED_LOGINS | MIN_PIN_INVERTED | MAX_PIN)
    }
}

/// The value of a partition's policy.
pub fn policy(row: &PartitionRow, number: u32) -> u32 {
    let default = || known(number).map_or(0, |known| known.of_version(row.version).1);
    match number {
        VERSION => row.version.into(),
        _ => row.policies.get(&number).copied().unwrap_or_else(default),
    }
}
