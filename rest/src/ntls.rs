//! NTLS: `/api/lunasa/ntls`. Here the clients and their links; `server.rs` has the appliance's own
//! settings and certificate.

pub(crate) mod server;

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::tasks::Actions;

pub use server::{
    BIND, BINDING, Binding, CERTIFICATE, CertificateFile, GROUPS, INFORMATION, INSTALL,
    Information, KEEPALIVE, Keepalive, MONITOR, Monitor, NewBinding, NewKey, NewMonitor,
    NewRequest, NewSettings, NewThreads, RECEIVE_TIMEOUT, REGENERATE, RENEW, REQUEST,
    RESET_INFORMATION, Regenerate, SET_KEEPALIVE, SET_MONITOR, SET_SETTINGS, SET_THREADS, SETTINGS,
    ServerCertificate, Settings, Subject, THREADS, Threads,
};

calls! {
    /// Lists the registered clients.
    pub const CLIENTS: Call<Nothing, Clients> = Call::get("/api/lunasa/ntls/clients");
    /// Registers a client.
    pub const REGISTER: Call<NewClient, Registered> = Call::post("/api/lunasa/ntls/clients");
    /// Shows a client.
    pub const CLIENT: Call<Nothing, Client> = Call::get("/api/lunasa/ntls/clients/{clientid}");
    /// Adds or replaces the certificate of a client.
    pub const CERTIFY: Call<NewCertificate, Nothing> = Call::put("/api/lunasa/ntls/clients/{clientid}");
    /// Removes a client with its links.
    pub const DEREGISTER: Call<Nothing, Nothing> = Call::delete("/api/lunasa/ntls/clients/{clientid}");
    /// Lists what can be done with a client: nothing (assumed; the page was not found).
    pub const CLIENT_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/ntls/clients/{clientid}/actions");
    /// Lists the partitions assigned to a client.
    pub const LINKS: Call<Nothing, Links> = Call::get("/api/lunasa/ntls/clients/{clientid}/links");
    /// Assigns a partition to a client.
    pub const ASSIGN: Call<NewLink, Nothing> = Call::post("/api/lunasa/ntls/clients/{clientid}/links");
    /// Shows what a link leads to.
    pub const LINK: Call<Nothing, Link> =
        Call::get("/api/lunasa/ntls/clients/{clientid}/links/{linkid}");
    /// Takes a partition from a client.
    pub const REVOKE: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/ntls/clients/{clientid}/links/{linkid}");
    /// Shows a client's certificate. Emulated appliances only: the product has no such resource.
    pub const CLIENT_CERTIFICATE: Call<Nothing, ClientCertificate> =
        Call::get("/emulator/ntls/clients/{clientid}/certificate");

    /// Lets a client in only with this distinguished name in its certificate.
    pub const SET_FILTER: Call<NameFilter, Nothing> =
        Call::put("/api/lunasa/ntls/clients/{clientid}/dn");
    /// Trusts an authority that signs certificates of clients. Emulated appliances only: the product's
    /// resource was not found.
    pub const ADD_AUTHORITY: Call<NewCertificate, Nothing> =
        Call::post("/emulator/lunash/client/ca");
    /// Removes that filter.
    pub const REMOVE_FILTER: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/ntls/clients/{clientid}/dn");
    /// Lists the addresses that stand in for a name server.
    pub const HOST_ADDRESSES: Call<Nothing, HostAddresses> =
        Call::get("/emulator/lunash/client/hostip");
    /// Gives the host name of a client an address.
    pub const MAP_HOST: Call<NewHostAddress, Nothing> =
        Call::put("/emulator/lunash/client/hostip/{clientid}");
    /// Takes it away.
    pub const UNMAP_HOST: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/client/hostip/{clientid}");
}

short_names! {
    NO_CLIENT = NTLS_NO_CLIENT,
    NAME_TAKEN = NTLS_CLIENT_ALREADY_EXISTS,
    ADDRESS_TAKEN = NTLS_CLIENT_ADDRESS_ALREADY_EXISTS,
    INVALID_CERTIFICATE = NTLS_INVALID_CERTIFICATE,
    EXPIRED_CERTIFICATE = APPLIANCE_EXPIRED_CERT,
    NO_CERTIFICATE = NTLS_CLIENT_NO_CERTIFICATE,
    NO_HOSTNAME = NTLS_CLIENT_NO_HOSTNAME,
    NO_HOST_ADDRESS = NTLS_CLIENT_NO_HOST_ADDRESS,
    LINK_EXISTS = NTLS_LINK_ALREADY_EXISTS,
    NO_LINK = NTLS_NO_LINK,
    AUTHORITY_EXISTS = NTLS_CA_ALREADY_EXISTS,
    NO_AUTHORITY = NTLS_CA_DOES_NOT_EXIST,
}

/// The registered clients, in the order of their registration.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Clients {
    /// One entry a client.
    pub clients: Vec<ClientRef>,
}

/// A client in a list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientRef {
    /// Its name.
    #[serde(rename = "clientID")]
    pub client_id: String,
    /// Its path.
    pub url: String,
}

/// What registers a client: a name, and either an address or a host name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewClient {
    /// The name, 1 to 128 of letters, digits and `_ . : -`; not `server`.
    pub client_name: String,
    /// IPv4 or IPv6 address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Host name, 1 to 60 of letters, digits and `_ . -`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The certificate as PEM; without it the appliance looks for `<ip or hostname>.pem` among the
    /// user's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// The name under which a client was registered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Registered {
    /// The client's name.
    pub client: String,
}

/// One client.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Client {
    /// Path of its actions.
    pub actions: String,
    /// Its name.
    #[serde(rename = "clientID")]
    pub client_id: String,
    /// Its host name; empty if it was registered by address.
    pub hostname: String,
    /// Whether host trust links are required.
    pub htl_required: bool,
    /// Its address; empty if it was registered by host name.
    pub ip: String,
    /// Path of its links.
    pub links: String,
    /// Life of a one-time token in seconds.
    pub ott_expiry: u64,
}

/// A certificate in the body, or the name of a file of the user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewCertificate {
    /// PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The name of an uploaded file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// The partitions assigned to a client.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Links {
    /// One entry a partition.
    pub links: Vec<LinkRef>,
}

/// A link in a list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkRef {
    /// The partition's serial number.
    pub id: String,
    /// Its path.
    pub url: String,
}

/// What assigns a partition.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewLink {
    /// The partition's path, `/api/lunasa/hsms/{hsmid}/partitions/{partitionid}`.
    pub url: String,
}

/// What a link leads to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Link {
    /// `hsm/partition`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The partition's path.
    pub url: String,
}

/// A registered client's certificate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClientCertificate {
    /// PEM.
    pub certificate: String,
    /// Subject.
    pub subject: String,
    /// Common name in it; empty if there is none.
    pub common_name: String,
    /// SHA-256 of the DER form, upper-case pairs joined by colons.
    pub fingerprint: String,
    /// First moment of validity, RFC 3339.
    pub not_before: String,
    /// Last moment of validity, RFC 3339.
    pub not_after: String,
}

/// A filter of distinguished names.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NameFilter {
    /// Such as `C=CA/O=My company/CN=app`.
    pub dn: String,
}

/// The addresses that stand in for a name server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HostAddresses {
    /// One entry a client that has one, in the order of registration.
    pub host_addresses: Vec<HostAddress>,
}

/// A host name and its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HostAddress {
    /// The client.
    #[serde(rename = "clientID")]
    pub client_id: String,
    /// Its host name.
    pub hostname: String,
    /// The address.
    pub ip: String,
}

/// The address for a host name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewHostAddress {
    /// IPv4 or IPv6.
    pub ip: String,
}
