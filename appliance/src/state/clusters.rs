//! The cluster this appliance belongs to, with its members and clients, which all members share
//! ([`super::State`] names the shared fields), and the settings of the cluster service, which are its own.

use std::collections::BTreeMap;

use luna_rest::Secret;
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::core::table::{Cell, Table};
use crate::state::area::{Area, FieldVisitor};
use crate::state::is_default;
use crate::state::keyrings::FailedRow;

/// The package that brings clusters.
pub const PACKAGE: &str = "lnh_cluster";

/// The port on which members talk to each other. Assumed: the product's is not documented.
pub const CORE_PORT: u16 = 50_050;

/// The port for administration: clients are registered here.
pub const ADMIN_PORT: u16 = 50_070;

/// The port for clients' operations.
pub const CRYPTO_PORT: u16 = 50_052;

/// How long the service takes to start, on the appliance's clock. Assumed: the guide says one to
/// two minutes at most.
pub const START: Duration = Duration::seconds(30);

/// What is kept of the cluster.
#[derive(Debug, Default)]
pub struct Clusters {
    /// This appliance's own settings and place.
    pub own: Cell<Own>,
    /// The cluster. Shared.
    pub cluster: Cell<ClusterRow>,
    /// The members by UUID. Shared.
    pub members: Table<MemberRow>,
    /// The registered clients by UUID. Shared.
    pub clients: Table<ClientRow>,
}

/// What is this appliance's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Own {
    /// The address for core traffic; empty until it is set.
    pub core: String,
    /// Device and port for administration.
    pub admin: Traffic,
    /// Device and port for clients.
    pub crypto: Traffic,
    /// From when to when the service's certificate is valid, in seconds since 1970.
    pub certificate: Option<(i64, i64)>,
    /// When the service was started, in seconds since 1970.
    pub started: i64,
    /// Something was changed that takes effect with a restart of the service.
    pub restart: bool,
    /// This member's UUID; empty outside of a cluster.
    pub member: String,
    /// The serial number of the cluster partition; empty until it is known.
    pub partition: String,
    /// How far this member has followed the cluster's changes.
    pub at: PositionRow,
    /// The state is being copied from a member and is not whole.
    pub copying: bool,
    /// The member is in the making.
    pub joining: bool,
    /// This member's history parted from the cluster's, or it was deleted there.
    pub parted: bool,
    /// Whether and how scheduled backups are made here.
    pub backup: BackupRow,
    /// The last restore.
    pub restored: RestoreRow,
    /// Failed logins that the primary member was not told of yet, by the keyring's UUID.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, FailedRow>,
    /// Where admin and crypto traffic went when the service was started: a change waits for its
    /// restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<(Traffic, Traffic)>,
}

/// A position in the history of the cluster: changes count up within an era, an era begins with each
/// new primary member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionRow {
    /// The era.
    pub era: u64,
    /// The number of the last change.
    pub change: u64,
}

/// Where a class of traffic goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// The network device; empty for that of the core address.
    pub interface: String,
    /// The port; 0 for the usual one.
    pub port: u16,
}

/// The cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterRow {
    /// Its UUID; empty while there is none.
    pub uuid: String,
    /// Its label.
    pub label: String,
    /// What members of older releases knew each other by. It proves nothing any more; its removal
    /// waits for the next schema.
    pub secret: Secret,
    /// The identity of its SKS master key.
    pub smk: String,
    /// The mark of the cloning domain that members' partitions have.
    pub domain: String,
    /// UUID of the primary member.
    pub primary: String,
    /// The eras: one for each primary member there was.
    pub eras: Vec<Era>,
    /// Whether KRSO and KRCO have passwords of their own.
    pub dual: bool,
    /// Whether clients see only the keyrings that were assigned to them.
    pub manual: bool,
    /// The schedule of backups.
    pub schedule: Schedule,
    /// How many keyrings were ever made.
    #[serde(skip_serializing_if = "is_default")]
    pub made: u64,
}

/// The time of one primary member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Era {
    /// Its number.
    pub era: u64,
    /// The number of its first change.
    pub began: u64,
    /// What tells it from an era of the same number that another member began; 0 in one that an
    /// older release began.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub id: u64,
    /// How many members began it together.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub members: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberRow {
    /// Its name.
    pub name: String,
    /// Members are listed in the order of this number.
    pub joined: u64,
    /// The number of the change with which it joined; 0 for one that joined under an older release.
    #[serde(skip_serializing_if = "is_zero")]
    pub since: u64,
    /// Its core address.
    pub address: String,
    /// Its port for clients.
    pub crypto_port: u16,
    /// The certificate of its web server, PEM.
    pub certificate: String,
    /// Its affinity group.
    pub group: String,
}

/// A registered client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientRow {
    /// The common name of its certificate.
    pub name: String,
    /// Its label.
    pub label: String,
    /// The appliance account tied to it; empty for none.
    pub user: String,
    /// Its certificate, PEM.
    pub certificate: String,
    /// The certificate's fingerprint.
    pub fingerprint: String,
}

impl Area for Clusters {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("cluster", &mut self.cluster);
        visit("cluster/clients", &mut self.clients);
        visit("cluster/members", &mut self.members);
        visit("cluster/own", &mut self.own);
    }
}

impl Own {
    /// Where admin and crypto traffic goes until the service is restarted.
    pub fn traffic_now(&self) -> (&Traffic, &Traffic) {
        self.bound.as_ref().map_or((&self.admin, &self.crypto), |(admin, crypto)| (admin, crypto))
    }
}

impl ClusterRow {
    /// The era that goes on.
    pub fn era(&self) -> u64 {
        self.eras.last().map_or(0, |era| era.era)
    }

    /// Begins an era with another primary member, behind the change `at`: so many members agree.
    /// `id` is an unpredictable number.
    pub fn promote(&mut self, primary: &str, at: PositionRow, members: u64, id: u64) {
        self.eras.push(Era { era: self.era() + 1, began: at.change + 1, id, members });
        self.primary = primary.to_owned();
    }

    /// Whether this row may follow `former`, with changes behind `after` up to `at`: it is of the
    /// same cluster, no era of the past differs, and another primary member has an era of its own.
    pub fn continues(&self, former: &ClusterRow, after: u64, at: u64) -> bool {
        let Some(new) = self.eras.strip_prefix(former.eras.as_slice()) else { return false };
        let (mut era, mut began) = (former.era(), after + 1);
        let in_order = new.iter().all(|next| {
            let follows = next.era == era + 1 && (began..=at).contains(&next.began);
            (era, began) = (next.era, next.began);
            follows
        });
        in_order && self.uuid == former.uuid && (self.primary == former.primary || !new.is_empty())
    }
}

impl Clusters {
    /// Whether this appliance belongs to a cluster.
    pub fn is_member(&self) -> bool {
        !self.own.get().member.is_empty()
    }

    /// Whether this appliance is the primary member.
    pub fn is_primary(&self) -> bool {
        self.is_member() && self.cluster.get().primary == self.own.get().member
    }

    /// The members in the order in which they joined.
    pub fn in_order(&self) -> Vec<(&str, &MemberRow)> {
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_by_key(|(_, row)| row.joined);
        members
    }

    /// The port of a class of traffic.
    pub fn port(traffic: &Traffic, usual: u16) -> u16 {
        if traffic.port == 0 { usual } else { traffic.port }
    }

    /// Ends this appliance's belonging to a cluster; its settings stay.
    pub fn forget(&mut self) {
        self.cluster.set(ClusterRow::default());
        self.members.retain(|_, _| false);
        self.clients.retain(|_, _| false);
        let own = self.own.get_mut();
        own.member.clear();
        own.at = PositionRow::default();
        (own.copying, own.joining, own.parted, own.restart) = (false, false, false, false);
        own.backup = BackupRow::default();
        own.failed.clear();
    }
}

/// How far the cluster service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does not run.
    Stopped,
    /// It was started a moment ago.
    Starting,
    /// It runs.
    Running,
}

/// When backups are made, and how many are kept. Shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// What the files' names begin with; empty while nothing is configured.
    pub filename: String,
    /// How many are kept.
    pub total: u32,
    /// The day, 0 for Sunday.
    pub day: u8,
    /// The hour.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
}

/// Scheduled backups of this member.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BackupRow {
    /// Whether they are made.
    pub enabled: bool,
    /// Salt and key that seal them, in Base64.
    pub key: Option<(String, String)>,
    /// Up to when the schedule was followed, in seconds since 1970.
    pub followed: i64,
    /// How far local time was ahead of UTC when the service was started, in seconds.
    pub offset: i64,
    /// The files that the schedule made, oldest first.
    pub files: Vec<String>,
    /// The last backup that was due and could not be made: when, in seconds since 1970, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<(i64, String)>,
}

impl std::fmt::Debug for BackupRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackupRow").field("enabled", &self.enabled).finish_non_exhaustive()
    }
}

/// The last restore.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RestoreRow {
    /// The file; empty while there was none.
    pub filename: String,
    /// When, in seconds since 1970.
    pub time: i64,
    /// How many keyrings came from it.
    pub keyrings: usize,
    /// How many objects.
    pub objects: usize,
}
