//! Broken connections, time limits and cancelled waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use luna_rest::{Call, Client, Error, Nothing, Target, Trust};

use crate::server::{Reply, Server, answer};

const SHOW: Call<Nothing, Nothing, 0> = Call::get("/things");
const CHANGE: Call<Nothing, Nothing, 0> = Call::post("/things");

fn change(client: &Client) -> Result<Nothing, Error> {
    client.call(&CHANGE, &[], &Nothing {})
}

/// A server that does the same with every request.
fn always(reply: fn() -> Reply) -> Server {
    Server::start(move |_| reply())
}

#[test]
fn a_change_succeeds_after_an_idle_connection_was_closed() {
    let server = always(|| Reply::AnswerAndClose(204, "", Vec::new()));
    let client = server.client();
    server.closed.recv().unwrap();
    for round in 0..50 {
        change(&client).unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        server.closed.recv().unwrap();
    }
    assert_eq!(server.lines().len(), 50);
}

#[test]
fn a_change_whose_answer_is_lost_is_unclear_and_sent_once() {
    for reply in [|| Reply::Close, || Reply::Half(200, br#"{"a":1}"#.to_vec())] {
        let server = always(reply);
        let client = server.client();
        for _ in 0..3 {
            let error = change(&client).unwrap_err();
            assert!(matches!(&error, Error::Unclear { .. }) && error.unclear(), "{error:?}");
            assert_eq!(server.lines(), ["POST /things"]);
        }
    }
}

#[test]
fn a_change_on_a_reused_connection_is_not_repeated() {
    let mut first = true;
    let server =
        Server::start(
            move |_| if std::mem::take(&mut first) { answer(204, "") } else { Reply::Close },
        );
    let client = server.client();
    change(&client).unwrap();
    assert!(matches!(change(&client), Err(Error::Unclear { .. })));
    assert_eq!(server.lines().len(), 2);
}

#[test]
fn a_read_is_repeated_once_on_another_connection() {
    for reply in [|| Reply::Close, || Reply::Half(200, br#"{"a":1}"#.to_vec())] {
        let mut first = true;
        let server =
            Server::start(
                move |_| if std::mem::take(&mut first) { reply() } else { answer(200, "{}") },
            );
        server.client().get(&SHOW, &[]).unwrap();
        let connections: Vec<_> = server.seen.try_iter().map(|seen| seen.connection).collect();
        assert_eq!(connections, [1, 2]);
    }
}

#[test]
fn a_read_that_fails_twice_is_an_error() {
    let server = always(|| Reply::Close);
    let error = server.client().get(&SHOW, &[]).unwrap_err();
    assert!(matches!(&error, Error::Unreachable { .. }) && !error.unclear(), "{error:?}");
    assert_eq!(server.lines().len(), 2);
}

#[test]
fn a_change_that_was_not_sent_is_not_unclear() {
    let server = Server::listen(0, 2, |_| Reply::AnswerAndClose(204, "", Vec::new()));
    let client = server.client();
    change(&client).unwrap();
    // The TLS probe, the change, and the end of the server.
    (0..3).for_each(|_| server.closed.recv().unwrap());
    let error = change(&client).unwrap_err();
    let gone =
        matches!(&error, Error::Unreachable { reason, .. } if reason == "connection refused");
    assert!(gone && !error.unclear(), "{error:?}");

    // Another server now has that port: the certificate is checked on every connection.
    let impostor = Server::listen(server.port, usize::MAX, |_| answer(204, ""));
    match change(&client) {
        Err(Error::Changed { trusted, seen, .. }) => {
            assert_eq!((trusted, seen), (server.fingerprint, impostor.fingerprint));
        }
        other => panic!("{other:?}"),
    }
    assert!(impostor.lines().is_empty());
}

#[test]
fn the_time_limit_ends_a_wait() {
    let server = always(|| Reply::Hang);
    let target = server.target(Trust::Pinned(server.fingerprint));
    let client =
        Client::connect(Target { limit: Some(Duration::from_millis(50)), ..target }).unwrap();
    let error = change(&client).unwrap_err();
    assert!(matches!(&error, Error::TimedOut { .. }) && error.unclear(), "{error:?}");
    let error = client.get(&SHOW, &[]).unwrap_err();
    assert!(matches!(&error, Error::TimedOut { .. }) && !error.unclear(), "{error:?}");
    assert_eq!(
        server.lines(),
        ["POST /things", "GET /things"],
        "a read out of time is not repeated"
    );
}

#[test]
fn a_call_has_a_limit_of_its_own_within_a_command() {
    let server = always(|| Reply::Hang);
    let mut client = server.client();
    let command = Arc::new(luna_rest::CommandDeadline::default());
    command.start(Duration::from_secs(600));
    client.set_command_deadline(command);
    client.set_call_limit(Duration::from_millis(50));
    let error = change(&client).unwrap_err();
    assert!(matches!(&error, Error::TimedOut { .. }), "{error:?}");
}

#[test]
fn the_cancel_flag_ends_a_wait_but_not_the_session() {
    let mut hangs = true;
    let server =
        Server::start(
            move |_| if std::mem::take(&mut hangs) { Reply::Hang } else { answer(204, "") },
        );
    let mut client = server.client();
    let flag = Arc::new(AtomicBool::new(false));
    client.set_cancel_flag(Arc::clone(&flag));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            server.seen.recv().unwrap();
            flag.store(true, Ordering::SeqCst);
            server
        });
        assert!(matches!(change(&client), Err(Error::Cancelled { .. })));
    });
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(
        matches!(change(&client), Err(Error::Cancelled { .. })),
        "nothing is sent while the flag is set"
    );
    flag.store(false, Ordering::SeqCst);
    change(&client).unwrap();
}
