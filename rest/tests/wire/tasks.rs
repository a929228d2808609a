//! Calls that become tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use luna_rest::{Call, Error, ErrorId, Nothing};
use serde::{Deserialize, Serialize};

use crate::server::{Reply, Server, answer, located};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Ids {
    ids: Vec<u32>,
}

const RESTORE: Call<Nothing, Ids, 0> = Call::post("/objects/actions/restore");

/// A server that turns a call into task 7 and answers its polls in turn.
fn task_server(accepted: u16, location: &'static str, polls: Vec<Reply>) -> Server {
    let mut polls = polls.into_iter();
    Server::start(move |seen| match seen.line.as_str() {
        "POST /objects/actions/restore" => {
            located(accepted, location, r#"{"state":"Waiting","ids":"none yet"}"#)
        }
        "GET /tasks/7" => polls.next().unwrap_or_else(|| answer(410, "{}")),
        "POST /tasks/7/actions/start" => answer(204, ""),
        "GET /tasks/7/response" => answer(200, r#"{"ids":[3,4]}"#),
        _ => answer(404, "{}"),
    })
}

fn state(state: &str) -> Reply {
    answer(200, &format!(r#"{{"state":"{state}","details":"why"}}"#))
}

fn restore(server: &Server) -> Result<Ids, Error> {
    server.client().call(&RESTORE, &[], &Nothing {})
}

#[test]
fn a_task_is_started_polled_and_its_result_fetched() {
    let forms = [
        (204, "Location: /tasks/7"),
        (202, "Location: /api/lunasa/hsms/tasks/7"),
        (200, "Location: https://h:8443/tasks/7/"),
    ];
    for (accepted, location) in forms {
        let polls = vec![
            state("Waiting"),
            state("WAITING"),
            state("Running"),
            located(303, "Location: /tasks/7/response", r#"{"state":"Finished"}"#),
        ];
        let server = task_server(accepted, location, polls);
        assert_eq!(restore(&server).unwrap(), Ids { ids: vec![3, 4] });
        assert_eq!(
            server.lines(),
            [
                "POST /objects/actions/restore",
                "GET /tasks/7",
                "POST /tasks/7/actions/start",
                "GET /tasks/7",
                "GET /tasks/7",
                "GET /tasks/7",
                "GET /tasks/7/response",
            ]
        );
    }
}

#[test]
fn send_does_not_wait_for_a_task() {
    let server = task_server(204, "Location: /tasks/7", Vec::new());
    let answer = server.client().send(&RESTORE, &[], &Nothing {}).unwrap();
    assert_eq!(
        (answer.status, answer.location.as_deref(), answer.body),
        (204, Some("/tasks/7"), Ids::default())
    );
    let server = task_server(202, "Location: /tasks/7", Vec::new());
    assert_eq!(server.client().send(&RESTORE, &[], &Nothing {}).unwrap().body, Ids::default());
}

#[test]
fn a_task_that_is_gone_or_in_an_unknown_state_is_unclear() {
    for (poll, words) in
        [(answer(410, "{}"), "its task is gone"), (state("Paused"), "state `paused`")]
    {
        let error = restore(&task_server(204, "Location: /tasks/7", vec![poll])).unwrap_err();
        assert!(matches!(&error, Error::Protocol { .. }) && error.unclear(), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_failed_task_is_an_error_of_the_call() {
    let server = Server::start(|seen| match seen.line.as_str() {
        "GET /tasks/7" => state("ERROR"),
        "GET /tasks/7/response" => answer(400, r#"{"id":"LOST","message":"m"}"#),
        _ => located(202, "Location: /tasks/7", ""),
    });
    match restore(&server) {
        Err(Error::Answered { path, answer, .. }) => {
            assert_eq!((path.as_str(), answer.id.as_str()), ("/objects/actions/restore", "LOST"));
        }
        other => panic!("{other:?}"),
    }
    match restore(&task_server(202, "Location: /tasks/7", vec![state("ERROR")])) {
        Err(Error::Answered { answer, .. }) => assert_eq!(answer.details, "why"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_task_that_cannot_be_started_ends_with_the_error_of_the_appliance() {
    let server = Server::start(|seen| match seen.line.as_str() {
        "GET /tasks/7" => state("Waiting"),
        "POST /tasks/7/actions/start" => answer(403, r#"{"id":"OPERATION_RESTRICTED"}"#),
        _ => located(204, "Location: /tasks/7", ""),
    });
    assert_eq!(restore(&server).unwrap_err().id(), Some(ErrorId::OPERATION_RESTRICTED));
}

#[test]
fn the_cancel_flag_ends_the_wait_for_a_task() {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    let mut polls = 0;
    let server = Server::start(move |seen| match seen.line.as_str() {
        "GET /tasks/7" => {
            polls += 1;
            set.store(polls == 3, Ordering::SeqCst);
            state("Running")
        }
        _ => located(202, "Location: /tasks/7", ""),
    });
    let mut client = server.client();
    client.set_cancel_flag(flag);
    let error = client.call(&RESTORE, &[], &Nothing {}).unwrap_err();
    assert!(matches!(&error, Error::Cancelled { .. }) && error.unclear(), "{error:?}");
}

#[test]
fn a_task_that_cannot_be_polled_is_unclear() {
    let polls: [fn() -> Reply; 2] =
        [|| Reply::Close, || answer(401, r#"{"id":"FRAMEWORK_NO_SESSION_COOKIE"}"#)];
    for poll in polls {
        let server = task_server(202, "Location: /tasks/7", vec![poll(), poll()]);
        let error = restore(&server).unwrap_err();
        assert!(
            matches!(&error, Error::Unclear { path, .. } if path == "/objects/actions/restore"),
            "{error:?}"
        );
    }
}

#[test]
fn a_lost_result_is_not_requested_again() {
    let server = Server::start(|seen| match seen.line.as_str() {
        "GET /tasks/7" => answer(303, ""),
        "GET /tasks/7/response" => Reply::Close,
        _ => located(202, "Location: /tasks/7", ""),
    });
    assert!(matches!(restore(&server), Err(Error::Unclear { .. })));
    assert_eq!(server.lines().iter().filter(|line| line.ends_with("/response")).count(), 1);
}
