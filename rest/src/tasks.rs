//! Long-running work: `/tasks`.
//!
//! A request that becomes a task answers with `Location: /tasks/{taskid}`. A waiting task is
//! started by its action; a finished one answers 303 and gives its result once.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};

calls! {
    /// Lists the tasks.
    pub const LIST: Call<Nothing, Tasks> = Call::get("/tasks");
    /// Forgets all tasks.
    pub const DELETE_ALL: Call<Nothing, Nothing> = Call::delete("/tasks");
    /// Shows a task: 200 while it waits or runs, 303 once finished, 410 when there is none.
    pub const SHOW: Call<Nothing, Task> = Call::get("/tasks/{taskid}");
    /// Forgets a task; assumed by analogy with [`DELETE_ALL`].
    pub const DELETE: Call<Nothing, Nothing> = Call::delete("/tasks/{taskid}");
    /// The answer of the request that became the task; the task is gone afterwards.
    ///
    /// Its type depends on that request, so it is plain JSON here.
    pub const RESPONSE: Call<Nothing, serde_json::Value> = Call::get("/tasks/{taskid}/response");
    /// Lists what can be done with a task.
    pub const ACTIONS: Call<Nothing, Actions> = Call::get("/tasks/{taskid}/actions");
    /// Runs an action: `start`.
    pub const ACT: Call<Nothing, Nothing> = Call::post("/tasks/{taskid}/actions/{actionid}");
}

/// The tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tasks {
    /// Oldest first.
    pub tasks: Vec<Task>,
}

/// One task. Times are UTC, `YYYY-MM-DDTHH:MM:SSZ`, empty while not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Task {
    /// Text for people; usually empty.
    pub details: String,
    /// When it ended.
    pub finish_time: String,
    /// Its own path.
    pub instance: String,
    /// Where its result is.
    pub response_url: String,
    /// The path of the request it came from.
    pub source_url: String,
    /// When it began.
    pub start_time: String,
    /// `Waiting`, `Running` or `Finished`.
    pub state: String,
}

/// What can be done with a resource; the same shape everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Actions {
    /// The actions, each run by a POST to its url.
    pub actions: Vec<Link>,
}

/// An entry of a list: what it is called, and where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Link {
    /// The identifier.
    pub id: String,
    /// The path.
    pub url: String,
}

impl Link {
    /// An entry for `id` below `parent`.
    pub fn below(parent: &str, id: &str) -> Link {
        Link { id: id.to_owned(), url: format!("{parent}/{id}") }
    }
}
