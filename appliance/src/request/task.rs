//! Tasks: work that is answered later. They live in memory and end with the process.

use std::collections::BTreeMap;

use luna_rest::Method;
use time::OffsetDateTime;

use crate::core::message::{Failure, Reply, Response};
use crate::core::text::time_text;
use crate::request::context::Context;

/// What a waiting task does once it is started.
pub(crate) type Work = Box<dyn FnOnce(&mut Context<'_>) -> Result<Response, Failure> + Send>;

/// One task.
pub(crate) struct Task {
    pub(crate) owner: String,
    pub(crate) method: Method,
    pub(crate) source: String,
    pub(crate) started: Option<OffsetDateTime>,
    pub(crate) state: TaskState,
}

/// How far a task is.
pub(crate) enum TaskState {
    /// Runs when somebody starts it.
    Waiting(Work),
    /// Its answer is ready.
    Finished(OffsetDateTime, Box<Response>),
}

/// All tasks, by their number.
#[derive(Default)]
pub struct Tasks {
    pub(crate) tasks: BTreeMap<u64, Task>,
    next: u64,
}

impl Tasks {
    pub(crate) fn add(&mut self, task: Task) -> u64 {
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
    pub(crate) fn show(&self, number: u64) -> luna_rest::tasks::Task {
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
pub(crate) fn reply<A>(number: u64) -> Reply<A> {
    Reply::created(format!("/tasks/{number}"))
}
