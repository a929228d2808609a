//! What this member of a cluster knows of the others while the process runs, and what a request leaves
//! to be done with them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use luna_rest::peers::{self, Applicant, Here, History, Position};

use crate::state::clusters::{ClusterRow, Era, PositionRow};

/// What this member knows of the others, and of itself, while the process runs.
#[derive(Debug, Default)]
pub struct Peers {
    /// Whether this member is authorized to use the cluster's keyrings.
    pub active: bool,
    /// The members that are visible, as they were last heard.
    pub here: BTreeMap<String, Here>,
    /// Operations of clients that were served.
    pub operations: u64,
    /// When clients asked to be registered, in seconds since 1970: those of the last minute.
    pub registrations: Vec<i64>,
    /// What is to be done with the other members once the request has been answered.
    pub after_commit: Option<AfterCommit>,
}

impl From<&Era> for peers::Era {
    fn from(era: &Era) -> peers::Era {
        let Era { era, began, id, members } = *era;
        peers::Era { era, began, id, members }
    }
}

impl From<Position> for PositionRow {
    fn from(Position { era, change, .. }: Position) -> PositionRow {
        PositionRow { era, change }
    }
}

impl ClusterRow {
    /// A position in this cluster's history, with the name of its era.
    pub fn position(&self, PositionRow { era, change }: PositionRow) -> Position {
        let id = self.eras.iter().find(|known| known.era == era).map_or(0, |known| known.id);
        Position { era, change, id }
    }

    /// The history up to a position.
    pub fn history(&self, at: PositionRow) -> History {
        History { at: self.position(at), eras: self.eras.iter().map(peers::Era::from).collect() }
    }
}

/// What a request leads to between the members.
#[derive(Debug)]
pub enum AfterCommit {
    /// Join the cluster of the member at this address.
    Join {
        /// Its core address.
        address: IpAddr,
        /// The cluster's UUID.
        cluster: String,
        /// What this appliance says of itself.
        applicant: Box<Applicant>,
    },
    /// Forget the cluster, now that this member has left it.
    Forget,
    /// Become primary in place of a member that is lost.
    TakeOver {
        /// UUID of the lost member.
        lost: String,
    },
    /// Make a new certificate for the web server of this host name.
    MakeCertificate {
        /// The host name.
        hostname: String,
    },
    /// Links were changed: see who is there.
    Look,
}
