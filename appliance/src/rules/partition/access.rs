//! What every rule of partitions begins with: the partition of a request and what it must be; and how
//! a partition is erased.

use luna_rest::partitions::refusal;

use crate::core::message::Failure;
use crate::request::context::Context;
use crate::state::clusters::PACKAGE;
use crate::state::partitions::PartitionRow;

/// Removes every partition with all that is in it: the HSM is initialized, zeroized, reset.
pub fn erase_all(cx: &mut Context<'_>) {
    let serials: Vec<String> = cx.state.partitions.partitions.keys().map(str::to_owned).collect();
    for serial in serials {
        remove(cx, &serial);
    }
}

/// The value of an HSM policy.
pub(crate) fn hsm_policy(cx: &Context<'_>, number: u32) -> u32 {
    cx.state.hsm.policy(number)
}

/// Whether the first place of a path is this appliance's HSM.
pub(crate) fn check_hsm(cx: &Context<'_>, id: &str) -> Result<(), Failure> {
    if cx.state.hsm.hsm.get().serial.to_string() == id {
        return Ok(());
    }
    Err(Failure::new(404, refusal::INVALID_HSM, "The HSM does not exist.")
        .details(format!("There is no HSM with the serial number {id}.")))
}

pub(crate) fn no_partition(serial: &str) -> Failure {
    Failure::new(404, refusal::INVALID_PARTITION, "The partition does not exist.")
        .details(format!("There is no partition with the serial number {serial}."))
}

/// A partition by its serial number.
pub(crate) fn partition<'c>(
    cx: &'c Context<'_>,
    serial: &str,
) -> Result<&'c PartitionRow, Failure> {
    cx.state.partitions.partitions.get(serial).ok_or_else(|| no_partition(serial))
}

/// The same, to change it.
pub(crate) fn partition_mut<'c>(
    cx: &'c mut Context<'_>,
    serial: &str,
) -> Result<&'c mut PartitionRow, Failure> {
    cx.state.partitions.partitions.get_mut(serial).ok_or_else(|| no_partition(serial))
}

/// The partition of a path with HSM and partition: its serial number.
pub(crate) fn place<'i>(cx: &Context<'_>, hsm: &str, serial: &'i str) -> Result<&'i str, Failure> {
    check_hsm(cx, hsm)?;
    partition(cx, serial)?;
    Ok(serial)
}

/// The same, where the partition may be used: the cluster package takes V0 partitions away.
pub(crate) fn usable<'i>(cx: &Context<'_>, hsm: &str, serial: &'i str) -> Result<&'i str, Failure> {
    place(cx, hsm, serial)?;
    if partition(cx, serial)?.version == 0 && cx.state.packages.is_installed(PACKAGE) {
        return Err(not_allowed(
            "The cluster package is installed: V0 partitions cannot be used any more.",
        ));
    }
    Ok(serial)
}

/// Goes on only with an initialized partition.
pub(crate) fn require_initialized(row: &PartitionRow) -> Result<(), Failure> {
    if row.initialized {
        return Ok(());
    }
    Err(Failure::new(409, refusal::NOT_INITIALIZED, "The partition is not initialized.")
        .details("Initialize it first; that makes its Partition SO."))
}

/// Removes a partition with all that is in it and leads to it.
pub(crate) fn remove(cx: &mut Context<'_>, serial: &str) {
    log_out_everywhere(cx, serial);
    cx.state.partitions.erase_objects(serial);
    cx.state.partitions.partitions.remove(serial);
    cx.state.partitions.forget_stc(serial);
    cx.state.ntls.forget_partition(serial);
}

/// Makes a partition as it was when it was created: no roles, no objects, no domain.
pub(crate) fn zeroize(cx: &mut Context<'_>, serial: &str) {
    log_out_everywhere(cx, serial);
    cx.state.partitions.erase_objects(serial);
    if let Some(row) = cx.state.partitions.partitions.get_mut(serial) {
        *row = PartitionRow {
            made: row.made,
            name: std::mem::take(&mut row.name),
            size: row.size,
            version: row.version,
            last_handle: row.last_handle,
            ..PartitionRow::default()
        };
    }
}

pub(crate) fn log_out_everywhere(cx: &mut Context<'_>, serial: &str) {
    for session in cx.sessions.iter_mut() {
        session.partition_logins.remove(serial);
    }
}

pub(crate) fn not_allowed(details: impl Into<String>) -> Failure {
    Failure::new(422, refusal::NOT_ALLOWED, "The operation is not allowed.").details(details)
}
