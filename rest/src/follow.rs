//! Following a call that has become a task on the appliance, from `/tasks/N` to its result.

use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::call::{Call, Method};
use crate::client::{Client, Errand};
use crate::error::{ApiError, Error};
use crate::wire::{Body, Failure, Request, Response};

/// The first and the longest pause between two looks at a task.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(500));

/// What a task says about itself, as far as following it needs.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Progress {
    state: String,
    details: String,
}

impl Client {
    /// Follows a task to its result. Whatever goes wrong is reported as the errand's own failure:
    /// nobody has asked for `/tasks/7`.
    pub(crate) fn follow(&self, errand: &Errand, task: &str) -> Result<Response, Error> {
        let gone = || errand.protocol(format!("its task is gone ({task})"));
        let (mut pause, longest) = PAUSES;
        let mut refused = None;
        let mut started = false;
        loop {
            let look = self.exchange(errand, Request::bare(Method::Get, task.to_owned()));
            let response = look.map_err(|error| errand.lost_sight(error))?;
            match response.status {
                303 => return self.result(errand, task),
                410 => return Err(gone()),
                _ => {}
            }
            let response = errand.succeeded(response).map_err(|error| errand.lost_sight(error))?;
            let progress: Progress = errand.read(&response)?;
            match progress.state.to_ascii_lowercase().as_str() {
                "finished" => return self.result(errand, task),
                "error" => {
                    // The error's own body, if the appliance still has it, says more.
                    return match self.result(errand, task) {
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
                            Err(errand.answered(response.status, answer))
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
                            Request::bare(Method::Post, format!("{task}/actions/start"));
                        start.body = Body::Json(b"{}".to_vec());
                        let answer = self
                            .exchange(errand, start)
                            .map_err(|error| errand.lost_sight(error))?;
                        // It may have begun of itself; the next look tells.
                        refused = errand.succeeded(answer).err();
                        continue;
                    }
                }
                "running" => {}
                state => {
                    return Err(
                        errand.protocol(format!("its task is in the state `{state}` ({task})"))
                    );
                }
            }
            let left =
                errand.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if !self.wire.pause(left.map_or(pause, |left| left.min(pause))) {
                return Err(errand.failed(Failure::Cancelled));
            }
            pause = longest.min(pause * 2);
        }
    }

    /// Fetches a task's result, which removes the task: a GET that cannot be repeated.
    fn result(&self, errand: &Errand, task: &str) -> Result<Response, Error> {
        let request = Request::bare(Method::Get, format!("{task}/response"));
        let response =
            self.exchange_once(errand, request).map_err(|failure| errand.failed(failure))?;
        if response.status == 410 {
            return Err(errand.protocol(format!("its task is gone ({task})")));
        }
        errand.succeeded(response)
    }
}

/// The path of the task that an answer announces. What asks about tasks is not followed.
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
