//! Services: `/api/lunasa/services`.
//!
//! Assumed: the page of a single service was not found. `onBoot` is what the PATCH sets; `state`
//! and `actions` are named as elsewhere in the API.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::tasks::{Actions, Link};

calls! {
    /// Lists the services.
    pub const LIST: Call<Nothing, Services> = Call::get("/api/lunasa/services");
    /// Shows a service.
    pub const SHOW: Call<Nothing, Service> = Call::get("/api/lunasa/services/{serviceid}");
    /// Sets whether a service starts with the appliance.
    pub const CHANGE: Call<ChangeService, Nothing> = Call::patch("/api/lunasa/services/{serviceid}");
    /// Lists what can be done with a service; assumed.
    pub const ACTIONS: Call<Nothing, Actions> = Call::get("/api/lunasa/services/{serviceid}/actions");
    /// Runs `start`, `stop` or `restart`; of the service `cluster` also `enable`, `disable` and
    /// `factoryreset`. Becomes a task.
    pub const ACT: Call<ServiceAction, Acted> =
        Call::post("/api/lunasa/services/{serviceid}/actions/{actionid}");
}

/// The services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Services {
    /// By name.
    pub services: Vec<Link>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Service {
    /// Where its actions are.
    pub actions: String,
    /// Its name.
    pub id: String,
    /// Whether it starts with the appliance.
    pub on_boot: bool,
    /// `running` or `stopped`; called so by the Cluster Administration Guide.
    #[serde(rename = "status", alias = "state")]
    pub state: String,
    /// Whether it was started and does not run yet; of the cluster service alone (assumed).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub starting: bool,
}

impl Service {
    /// Whether it runs, in any of the words an appliance may use.
    pub fn is_running(&self) -> bool {
        ["running", "started", "active", "on"]
            .iter()
            .any(|word| self.state.eq_ignore_ascii_case(word))
    }

    /// `running`, `starting` or `stopped`.
    pub fn phase(&self) -> &'static str {
        if self.is_running() {
            "running"
        } else if self.starting {
            "starting"
        } else {
            "stopped"
        }
    }
}

/// What changes of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeService {
    /// Whether it starts with the appliance.
    pub on_boot: bool,
}

/// The body of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceAction {
    /// Starts the cluster service in spite of a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

/// The answer of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Acted {
    /// The service's name.
    pub id: String,
}
