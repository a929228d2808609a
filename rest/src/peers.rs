//! What the members of a cluster say to each other: `POST /emulator/peers`.
//!
//! The product's own protocol is not public; this one is the emulated appliance's. Both ends of a
//! connection show their certificates: that of a member is in the list of members, and a message is
//! believed only when it comes over a connection of the member that it names. Who wants to join shows
//! a new one and has the password of the account `admin`.

use serde::{Deserialize, Serialize};

use crate::call::calls;
use crate::secret::Secret;

calls! {
    /// Delivers a message.
    pub const SEND: Call<Envelope, Answer> = Call::post("/emulator/peers");
}

/// A message with its sender.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Envelope {
    /// The cluster's UUID.
    pub cluster: String,
    /// The sender's UUID.
    pub from: String,
    /// What it says.
    pub message: Message,
}

/// A member's position in the history of the cluster: changes count up within an era, an era
/// begins with each new primary member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Position {
    /// The era.
    pub era: u64,
    /// The number of the last change.
    pub change: u64,
    /// What tells the era from another one of the same number.
    pub id: u64,
}

/// The time of one primary member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Era {
    /// Its number.
    pub era: u64,
    /// The number of its first change.
    pub began: u64,
    /// What tells it from another one of the same number.
    pub id: u64,
    /// How many members began it together.
    pub members: u64,
}

/// What a member knows of the cluster's history: of one UUID there may be several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// Where it stands.
    pub at: Position,
    /// The eras, the first one first.
    pub eras: Vec<Era>,
}

/// A changed row of the shared state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The field it belongs to.
    pub field: String,
    /// Its key.
    pub key: String,
    /// Its JSON form as text; nothing when it was removed.
    pub row: Option<String>,
}

/// What one member says to another.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "camelCase")]
pub enum Message {
    /// Nothing.
    #[default]
    Nothing,
    /// Are you there, how are you, and is your history mine?
    Hello(History),
    /// The primary's change: to be stored before it is acknowledged.
    Ship {
        /// Where the receiver has to stand for it.
        after: Position,
        /// Its position afterwards.
        reaches: Position,
        /// The changed rows.
        rows: Vec<Row>,
    },
    /// A change that was made on another member, for the primary to apply.
    Propose {
        /// The sender's position.
        after: Position,
        /// The changed rows.
        rows: Vec<Row>,
    },
    /// What has changed since this position?
    Pull {
        /// The sender's position.
        after: Position,
        /// In a whole copy: the last row that has been received.
        cursor: Option<(String, String)>,
    },
    /// May I join?
    Join(Applicant),
    /// The state has been copied: count me in.
    Joined,
    /// Do you let me be primary in place of a member that is deleted?
    Yield {
        /// The era that would begin.
        era: u64,
        /// UUID of the member that is deleted.
        lost: String,
    },
    /// An operation of a client of the sender, balanced to the receiver.
    Operate(Operation),
}

/// An appliance that wants to join.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Applicant {
    /// The password of the account `admin` of the receiver.
    pub password: Secret,
    /// Its UUID.
    pub member: String,
    /// Its name.
    pub name: String,
    /// Its core address.
    pub address: String,
    /// Its port for cryptographic traffic.
    pub crypto_port: u16,
    /// Its web server's certificate in PEM.
    pub certificate: String,
    /// A digest of the cloning domain of its cluster partition.
    pub domain: String,
    /// The time on it, RFC 3339.
    pub time: String,
    /// The version of its cluster package.
    pub package: String,
    /// The version of its software.
    pub software: String,
}

/// An operation of a client.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Operation {
    /// The client's UUID.
    pub client: String,
    /// The roles it has logged in, by keyring.
    pub logins: std::collections::BTreeMap<String, String>,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The body.
    pub body: String,
}

/// What a member answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "camelCase")]
pub enum Answer {
    /// The message was not understood, or is not the sender's to send.
    #[default]
    Nothing,
    /// How the receiver is.
    Here(Here),
    /// Stored, or applied: the receiver's position now.
    Done {
        /// The position.
        at: Position,
    },
    /// The receiver has another position.
    Elsewhere {
        /// Its position.
        at: Position,
    },
    /// The receiver is not the primary member.
    NotPrimary,
    /// The sender is no member that the receiver knows: the receiver's history.
    Stranger(History),
    /// The sender's history parted from the receiver's.
    Parted,
    /// Rows, and the receiver's position once it has them.
    Rows {
        /// The position.
        at: Position,
        /// Whether they replace everything.
        whole: bool,
        /// Changed rows.
        rows: Vec<Row>,
        /// In a whole copy: there is more behind this row.
        cursor: Option<(String, String)>,
    },
    /// The applicant is welcome: the cluster's SKS master key.
    Welcome {
        /// The SKS master key's identity.
        smk: String,
        /// The receiver's UUID.
        member: String,
    },
    /// No, and why.
    Refused {
        /// For people.
        reason: String,
    },
    /// The response to a client's operation.
    Response {
        /// HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
}

/// How a member is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Here {
    /// What it knows of the cluster's history.
    pub history: History,
    /// Whether it is authorized.
    pub active: bool,
    /// Whether it reaches the primary, or is it.
    pub writes: bool,
    /// Whether its service has to be restarted.
    pub restart: bool,
    /// The version of its cluster package.
    pub package: String,
    /// The version of its software.
    pub software: String,
    /// Operations of clients it has served.
    pub operations: u64,
}
