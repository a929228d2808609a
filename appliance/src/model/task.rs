//! Tasks: work that is answered later. They live in memory and end with the process.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::context::Context;
use super::message::{Failure, Reply, Response};
use super::time_text;

/// What a waiting task does once it is started.
pub(super) type Work = Box<dyn FnOnce(&mut Context<'_>) -> Result<Response, Failure> + Send>;

/// One task.
pub(super) struct Task {
    pub(super) owner: String,
    pub(super) source: String,
    pub(super) started: Option<OffsetDateTime>,
    pub(super) state: TaskState,
}

/// How far a task is.
pub(super) enum TaskState {
    /// Runs when somebody starts it.
    Waiting(Work),
    /// Its answer lies ready.
    Finished(OffsetDateTime, Response),
}

/// All tasks, by their number.
#[derive(Default)]
pub struct Tasks {
    pub(super) tasks: BTreeMap<u64, Task>,
    next: u64,
}

impl Tasks {
    pub(super) fn add(&mut self, task: Task) -> u64 {
        let number = self.next;
        self.next += 1;
        self.tasks.insert(number, task);
        number
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.tasks.clear();
    }
}

impl Task {
    pub(super) fn show(&self, number: u64) -> luna_rest::tasks::Task {
        let (state, finished) = match &self.state {
            TaskState::Waiting(_) => ("Waiting", None),
            TaskState::Finished(at, _) => ("Finished", Some(*at)),
        };
        let text = |time: Option<OffsetDateTime>| time.map(time_text).unwrap_or_default();
        luna_rest::tasks::Task {
            details: String::new(),
            finish_time: text(finished),
            instance: format!("/tasks/{number}"),
            response_url: format!("/tasks/{number}/response"),
            source_url: self.source.clone(),
            start_time: text(self.started),
            state: state.to_owned(),
        }
    }
}

/// The reply that names a task.
pub(super) fn reply<A>(number: u64) -> Reply<A> {
    Reply::created(format!("/tasks/{number}"))
}
