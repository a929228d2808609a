//! Waiting for the task of a call, from `/tasks/N` to its result.

use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::call::{Call, Method};
use crate::client::{Client, PendingCall};
use crate::error::{ApiError, Error};
use crate::transport::{Body, Failure, Request, Response};

/// The first and the longest interval between two polls of a task.
const POLL_INTERVALS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(500));

/// The part of a task's state that is needed here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Progress {
    state: String,
    details: String,
}

impl Client {
    /// Waits for a task and returns its result. Errors are those of the pending call, since the user
    /// does not know of `/tasks/7`.
    pub(crate) fn wait_for_task(
        &self,
        pending: &PendingCall,
        task: &str,
    ) -> Result<Response, Error> {
        let gone = || pending.protocol(format!("its task is gone ({task})"));
        let (mut pause, longest) = POLL_INTERVALS;
        let mut refused = None;
        let mut started = false;
        loop {
            let polled =
                self.exchange(pending, Request::without_body(Method::Get, task.to_owned()));
            let response = polled.map_err(|error| pending.task_lost(error))?;
            match response.status {
                303 => return self.result(pending, task),
                410 => return Err(gone()),
                _ => {}
            }
            let response = pending.succeeded(response).map_err(|error| pending.task_lost(error))?;
            let progress: Progress = pending.read(&response)?;
            match progress.state.to_ascii_lowercase().as_str() {
                "finished" => return self.result(pending, task),
                "error" => {
                    // The result has the details of the error, if the appliance still has it.
                    return match self.result(pending, task) {
                        Err(error @ Error::Answered { .. }) => Err(error),
                        _ => {
                            let (message, status) =
                                ("the task failed".to_owned(), "ERROR".to_owned());
                            let answer = ApiError {
                                details: progress.details,
                                message,
                                status,
                                ..ApiError::default()
                            };
                            Err(pending.answered(response.status, answer))
                        }
                    };
                }
                "waiting" => {
                    if let Some(error) = refused.take() {
                        return Err(error);
                    }
                    if !started {
                        started = true;
                        let mut start =
                            Request::without_body(Method::Post, format!("{task}/actions/start"));
                        start.body = Body::Json(b"{}".to_vec());
                        let answer = self
                            .exchange(pending, start)
                            .map_err(|error| pending.task_lost(error))?;
                        // It may have started by itself; the next poll shows.
                        refused = pending.succeeded(answer).err();
                        continue;
                    }
                }
                "running" => {}
                state => {
                    return Err(
                        pending.protocol(format!("its task is in the state `{state}` ({task})"))
                    );
                }
            }
            let left =
                pending.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if !self.transport.pause(left.map_or(pause, |left| left.min(pause))) {
                return Err(pending.failed(Failure::Cancelled));
            }
            pause = longest.min(pause * 2);
        }
    }

    /// Fetches the result of a task. This deletes the task, so it cannot be repeated.
    fn result(&self, pending: &PendingCall, task: &str) -> Result<Response, Error> {
        let request = Request::without_body(Method::Get, format!("{task}/response"));
        let response =
            self.exchange_once(pending, request).map_err(|failure| pending.failed(failure))?;
        if response.status == 410 {
            return Err(pending.protocol(format!("its task is gone ({task})")));
        }
        pending.succeeded(response)
    }
}

/// The path of the task that an answer announces; `None` for calls of the resource `/tasks`.
pub(crate) fn task_of<Q, A, const IDS: usize>(
    call: &Call<Q, A, IDS>,
    response: &Response,
) -> Option<String> {
    if call.template().starts_with("/tasks") { None } else { task(response.location.as_deref()?) }
}

/// `/tasks/N` in any of its forms: with a host, below `/api/lunasa`, with a slash at its end.
fn task(location: &str) -> Option<String> {
    let path = location.split(['?', '#']).next()?.trim().trim_end_matches('/');
    let mut segments = path.rsplit('/');
    let number = segments.next()?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (digits && segments.next()? == "tasks").then(|| format!("/tasks/{number}"))
}

#[cfg(test)]
mod tests {
    use super::task;

    #[test]
    fn a_task_is_known_in_every_form() {
        for location in [
            "/tasks/3",
            "tasks/3",
            "/api/lunasa/hsms/tasks/3",
            "https://luna1:8443/tasks/3",
            "/tasks/3/",
            "/tasks/3?x=1",
        ] {
            assert_eq!(task(location).as_deref(), Some("/tasks/3"), "{location}");
        }
        for location in [
            "",
            "/",
            "3",
            "/tasks",
            "/tasks/",
            "/tasks/x",
            "/tasks/3/response",
            "/users/3",
            "/mytasks/3",
        ] {
            assert_eq!(task(location), None, "{location}");
        }
    }
}
