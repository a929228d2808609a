//! The appliance as a whole: `/`, `/api`, `/api/lunasa`.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};

calls! {
    /// The service root.
    pub const ROOT: Call<Nothing, Root> = Call::get("/");
    /// The products behind this server.
    pub const API: Call<Nothing, Api> = Call::get("/api");
    /// The appliance: version, status, and where its parts are.
    pub const SHOW: Call<Nothing, Appliance> = Call::get("/api/lunasa");
}

/// The service root. Its fields are assumed: the vendor's page was not found, the rule that a
/// parent names its children is documented.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Root {
    /// Where the access control list is.
    pub acl: String,
    /// Where the products are.
    pub api: String,
    /// Where the roles are.
    pub roles: String,
    /// Where the tasks are.
    pub tasks: String,
    /// Where the accounts are.
    pub users: String,
}

/// The products; assumed as [`Root`] is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Api {
    /// Where the clusters are; sent only with the cluster package.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub clusters: String,
    /// Where their keyrings are; sent only with the cluster package.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub keyrings: String,
    /// Where the appliance is.
    pub lunasa: String,
}

/// The appliance. All but the first five fields are paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "a path each, named as the part it leads to")]
pub struct Appliance {
    /// Software version such as `7.8.5-20`.
    pub version: String,
    /// Whether changes need the HSM SO logged in.
    pub force_so_login: bool,
    /// Such as `ISO (In Service Okay)`.
    pub system_status: String,
    /// Numbers of what is amiss, comma-separated.
    pub system_status_codes: String,
    /// The lines that are shown at every login; sent only where there are some. Emulated appliances
    /// only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub banner: Vec<String>,
    pub actions: String,
    pub cluster: String,
    pub config: String,
    pub cpu: String,
    pub disk: String,
    pub hsms: String,
    pub memory: String,
    pub network: String,
    pub ntls: String,
    pub ntp: String,
    pub package_files: String,
    pub packages: String,
    pub sensors: String,
    pub services: String,
    pub snmp: String,
    pub ssh: String,
    pub syslog: String,
    pub time: String,
    pub upgrades: String,
    pub web_server: String,
}
