//! The attached Backup HSMs with the backups on them.
//!
//! A Backup HSM is one row, so that it can be carried to another appliance as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::core::password::PasswordHash;
use crate::core::table::Table;
use crate::state::area::{Area, FieldVisitor};
use crate::state::partitions::{OVERHEAD, ObjectRow};

/// What is kept of the Backup HSMs.
#[derive(Debug, Default)]
pub struct Tokens {
    /// Those that are attached, by serial number.
    pub tokens: Table<TokenRow>,
}

/// A Backup HSM with all that is on it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenRow {
    /// Its label; empty while not initialized.
    pub label: String,
    /// Whether it was initialized since it was made, zeroized or reset.
    pub initialized: bool,
    /// The SO's password.
    pub so: PasswordHash,
    /// Wrong SO passwords since the last right one.
    pub so_failures: u32,
    /// The cloning domain of the device itself; each backup has its own.
    pub domain: PasswordHash,
    /// The backups by serial number.
    pub backups: BTreeMap<String, BackupRow>,
    /// Applied capability upgrades by identifier: what each allows.
    pub upgrades: BTreeMap<String, String>,
}

impl Area for Tokens {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("tokens", &mut self.tokens);
    }
}

impl TokenRow {
    /// Erases all that belongs to its users.
    pub fn zeroize(&mut self) {
        *self = TokenRow { upgrades: std::mem::take(&mut self.upgrades), ..TokenRow::default() };
    }

    /// Bytes that backups take.
    pub fn used_storage(&self) -> u64 {
        self.backups.values().map(BackupRow::size).sum()
    }
}

/// A backup: a partition of the Backup HSM.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BackupRow {
    /// Backups are listed in the order of this number.
    pub made: u64,
    /// The name.
    pub name: String,
    /// That of the partition it was made from.
    pub version: u8,
    /// The CO's password.
    pub co: PasswordHash,
    /// Wrong ones since the last right one.
    pub failed: u32,
    /// The cloning domain.
    pub domain: PasswordHash,
    /// The objects of a version 0 partition.
    pub objects: Vec<ObjectRow>,
    /// The SKS master key of a version 1 partition; empty for none.
    pub smk_id: String,
}

impl BackupRow {
    /// Bytes it takes.
    pub fn size(&self) -> u64 {
        OVERHEAD + self.objects.iter().map(|object| object.size).sum::<u64>()
    }
}
