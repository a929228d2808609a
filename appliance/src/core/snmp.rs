//! SNMP, as the machine sees it: the objects of its MIBs, and what the agent needs to know. Sockets
//! and messages are the business of whoever made the machine.

use luna_rest::Secret;

/// The number of an object.
pub type Oid = Vec<u32>;

/// The value of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `DisplayString`.
    Text(String),
    /// `INTEGER`, `TruthValue`.
    Integer(i32),
    /// `Unsigned32`.
    Unsigned(u32),
    /// `Counter32`.
    Counter32(u32),
    /// `Counter64`.
    Counter64(u64),
    /// `OBJECT IDENTIFIER`.
    Oid(Oid),
}

/// Someone who may ask the agent, or to whom it reports: by SHA and AES.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// The security name.
    pub name: String,
    /// The password that authenticates.
    pub authentication: Secret,
    /// The password that encrypts.
    pub privacy: Secret,
}

impl PartialEq for User {
    fn eq(&self, other: &User) -> bool {
        self.name == other.name
            && self.authentication.expose() == other.authentication.expose()
            && self.privacy.expose() == other.privacy.expose()
    }
}

/// Where the agent reports to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// A host name or address.
    pub address: String,
    /// The UDP port.
    pub port: u16,
    /// As whom.
    pub user: User,
    /// The engine that a trap is from, in hexadecimal digits; the agent's own where it is empty.
    pub engine: String,
    /// Whether the target confirms what it gets.
    pub inform: bool,
}

/// What the agent does now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Whether it answers.
    pub running: bool,
    /// Tells this appliance's engine from all others: the HSM's serial number.
    pub serial: u64,
    /// Who may ask it.
    pub users: Vec<User>,
    /// Whom it tells of lines in the logs that need attention; nobody while traps are off.
    pub targets: Vec<Target>,
}

/// The SNMP agent. Whoever calls it never waits for it.
pub trait Agent: Send + Sync + std::fmt::Debug {
    /// Does this from now on.
    fn aim(&self, settings: Settings);
}

/// No agent, for machines that are no appliances.
#[derive(Debug)]
pub struct NoAgent;

impl Agent for NoAgent {
    fn aim(&self, _: Settings) {}
}
