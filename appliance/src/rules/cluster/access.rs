//! Who may do what with the cluster: its refusals, the state it has to be in, and who vouches for a
//! request with a password.

use luna_rest::clusters::{Authentication, refusal};

use crate::core::message::Failure;
use crate::core::text::later;
use crate::request::context::Context;
use crate::rules::hsm::login::check_so;
use crate::rules::partition::login::check_password;
use crate::state::clusters::{PACKAGE, Phase};
use crate::state::partition_policies::policy;
use crate::state::partitions::PartitionRow;

/// Partition policy: each key needs its own authorization data.
const PER_KEY_AUTHORIZATION: u32 = 40;

/// A refusal of the cluster.
pub(crate) fn refuse(id: &'static str, details: impl Into<String>) -> Failure {
    let (status, message) = match id {
        refusal::NO_PACKAGE => (404, "The cluster package is not installed."),
        refusal::NOT_RUNNING => (409, "The cluster service is not running."),
        refusal::EXISTS => (409, "The appliance belongs to a cluster already."),
        refusal::NO_CLUSTER => (404, "The cluster does not exist."),
        refusal::NO_MEMBER => (404, "The member does not exist."),
        refusal::CLIENT_EXISTS => (409, "The client is registered already."),
        refusal::NO_CLIENT => (404, "The client does not exist."),
        refusal::NO_KEYRING => (404, "The keyring does not exist."),
        refusal::NOT_AUTHORIZED => (403, "The member is not authorized."),
        refusal::READ_ONLY => (403, "The member is read-only."),
        refusal::NOT_PRIMARY => (403, "The member is not the primary member."),
        refusal::PARTED => (409, "The appliance is no member of its cluster any more."),
        refusal::LIMIT => (409, "A limit has been reached."),
        refusal::JOIN_REFUSED => (409, "The appliance may not join the cluster."),
        refusal::BACKUP => (400, "The backup cannot be used."),
        refusal::KEYRING_LOCKED => (403, "The keyring is locked."),
        refusal::KEYRING_DISABLED => (403, "The keyring is disabled."),
        _ => (409, "The cluster does not allow this."),
    };
    Failure::new(status, id, message).details(details)
}

/// Goes on with the cluster package installed.
pub(crate) fn require_package(cx: &Context<'_>) -> Result<(), Failure> {
    if cx.state.packages.is_installed(PACKAGE) {
        return Ok(());
    }
    Err(refuse(refusal::NO_PACKAGE, "Install the package lnh_cluster first."))
}

/// Goes on with the cluster service running.
pub(crate) fn require_running(cx: &Context<'_>) -> Result<(), Failure> {
    require_package(cx)?;
    match cx.state.cluster_phase(cx.now) {
        Phase::Running => Ok(()),
        Phase::Starting => {
            Err(refuse(refusal::NOT_RUNNING, "The cluster service is starting; try again later."))
        }
        Phase::Stopped => Err(refuse(refusal::NOT_RUNNING, "Start the cluster service first.")),
    }
}

/// Goes on with this appliance a member of a cluster whose service runs. One whose history parted can
/// still be read.
pub(crate) fn require_member(cx: &Context<'_>) -> Result<(), Failure> {
    require_running(cx)?;
    let own = cx.state.clusters.own.get();
    if own.copying {
        return Err(refuse(refusal::NOT_RUNNING, "This member is copying the cluster's state."));
    }
    if own.member.is_empty() {
        return Err(refuse(
            refusal::NO_CLUSTER,
            "This appliance belongs to no cluster: create one, or join one.",
        ));
    }
    Ok(())
}

/// Goes on unless the cluster goes on without this member.
pub(crate) fn not_parted(cx: &Context<'_>) -> Result<(), Failure> {
    if !cx.state.clusters.own.get().parted {
        return Ok(());
    }
    Err(refuse(
        refusal::PARTED,
        "This member was deleted from its cluster, or others began a history of their own without \
         it. Changes that it acknowledged may exist only here; it can be read and backed up. To \
         come back it leaves the cluster and joins again.",
    ))
}

/// What is said with every answer of a member that parted.
pub const PARTED: &str = "This member parted from its cluster: what it shows may be old, and what it \
                          acknowledged may exist only here. Back it up, leave the cluster, and join \
                          again.";

/// Goes on with this member authorized.
pub(crate) fn require_active(cx: &Context<'_>) -> Result<(), Failure> {
    require_member(cx)?;
    not_parted(cx)?;
    if cx.peers.active {
        return Ok(());
    }
    Err(refuse(refusal::NOT_AUTHORIZED, "Authorize the member first."))
}

/// Whether this member may write: it is the primary, or sees it.
pub(crate) fn writes(cx: &Context<'_>) -> bool {
    let clusters = &cx.state.clusters;
    let primary = &clusters.cluster.get().primary;
    !clusters.own.get().parted && (clusters.is_primary() || cx.peers.here.contains_key(primary))
}

/// What a write is told on a member without a link to the primary one.
pub(crate) const IS_READ_ONLY: &str =
    "This member has no link to the primary member; it is read-only until the link is back.";

/// What a read of the cluster's state comes with on a member without a link to the primary one.
pub(crate) fn may_be_old(cx: &Context<'_>) -> Option<&'static str> {
    let path = cx.request.path.as_str();
    let of_cluster = ["/api/clusters", "/api/keyrings", "/emulator/clusters/"];
    let asked = of_cluster.iter().any(|start| path.starts_with(start));
    (asked && cx.state.clusters.is_member() && !writes(cx)).then_some(
        "this member has no link to the primary member: what it shows of the cluster may be old",
    )
}

/// Goes on with this member allowed to write, before anything else is judged.
pub(crate) fn require_writes(cx: &Context<'_>) -> Result<(), Failure> {
    if writes(cx) { Ok(()) } else { Err(refuse(refusal::READ_ONLY, IS_READ_ONLY)) }
}

/// Goes on with `uuid` the cluster of this appliance.
pub(crate) fn require_cluster(cx: &Context<'_>, uuid: &str) -> Result<(), Failure> {
    require_member(cx)?;
    if cx.state.clusters.cluster.get().uuid.eq_ignore_ascii_case(uuid) {
        return Ok(());
    }
    Err(refuse(refusal::NO_CLUSTER, format!("There is no cluster {uuid} here.")))
}

/// The entry of this type among those who vouch.
fn voucher<'a>(
    authentication: &'a [Authentication],
    kind: &str,
) -> Result<&'a Authentication, Failure> {
    authentication.iter().find(|entry| entry.kind.eq_ignore_ascii_case(kind)).ok_or_else(|| {
        Failure::bad_request(format!("'authentication' needs an entry of type {kind}."))
    })
}

/// Goes on when the HSM SO vouches.
pub(crate) fn vouched_by_so(
    cx: &mut Context<'_>,
    authentication: &[Authentication],
) -> Result<(), Failure> {
    let entry = voucher(authentication, "SO")?;
    if !cx.state.hsm.hsm.get().initialized {
        return Err(refuse(refusal::NOT_ALLOWED, "Initialize the HSM first."));
    }
    check_so(cx, &entry.password)
}

/// Goes on when the Crypto Officer of the cluster partition vouches; the partition's serial number.
pub(crate) fn vouched_by_co(
    cx: &mut Context<'_>,
    authentication: &[Authentication],
) -> Result<String, Failure> {
    let entry = voucher(authentication, "CO")?;
    let serial = cluster_partition(cx, entry.partition_label.as_deref())?;
    check_password(cx, &serial, "co", entry.password.expose())?;
    let expired = |row: &PartitionRow| row.roles.get("co").is_some_and(|role| role.to_be_changed);
    if cx.state.partitions.partitions.get(&serial).is_some_and(expired) {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "The Crypto Officer must change the password that was set for the role before \
             anything else.",
        ));
    }
    Ok(serial)
}

/// The cluster partition: that of the label, or the one that is known already.
fn cluster_partition(cx: &Context<'_>, label: Option<&str>) -> Result<String, Failure> {
    let not_allowed = |details: String| Err(refuse(refusal::NOT_ALLOWED, details));
    let known = &cx.state.clusters.own.get().partition;
    let partitions = &cx.state.partitions.partitions;
    let found = match label {
        // Labels may be the same; there is one V1 partition at most.
        Some(label) => partitions
            .iter()
            .filter(|(_, row)| row.initialized && row.label == label)
            .max_by_key(|(_, row)| row.version),
        None => partitions.get(known).map(|row| (known.as_str(), row)),
    };
    let Some((serial, row)) = found else {
        let what = label.map_or("no cluster partition here".to_owned(), |label| {
            format!("no initialized partition labeled '{label}'")
        });
        return not_allowed(format!("There is {what}."));
    };
    if row.version != 1 {
        return not_allowed(format!(
            "The partition '{}' is a V0 partition; a cluster needs a V1 partition.",
            row.label
        ));
    }
    if partitions.values().filter(|row| row.version == 1).count() > 1 {
        return not_allowed(
            "There is more than one V1 partition; delete all but the cluster partition.".to_owned(),
        );
    }
    if policy(row, PER_KEY_AUTHORIZATION) != 0 {
        return not_allowed(format!(
            "Partition policy {PER_KEY_AUTHORIZATION} (Require Per-Key Authorization Data) of '{}' \
             must be 0.",
            row.label
        ));
    }
    Ok(serial.to_owned())
}

/// Whether the cluster package is at least of this release, such as `1.0.5`.
pub(crate) fn has_release(cx: &Context<'_>, release: &str) -> bool {
    later(cx.state.packages.version(PACKAGE), release).is_ge()
}
