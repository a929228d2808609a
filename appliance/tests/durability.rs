//! Every acknowledged change survives `kill -9`.
//!
//! A process is killed at a random moment while a client changes roles in a loop, fifty times over
//! on the same data folder. Afterwards every acknowledged change is there, and of the one change
//! under way at most that one. A missing sync cannot be seen this way (the page cache outlives the
//! process); the test that counts syncs is in `src/engine.rs`.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use common::Process;
use luna_appliance::core::random::Random;
use luna_rest::users::{CREATE_ROLE, DELETE_ROLE, NewRole, ROLES};
use luna_rest::{Client, Error, Nothing};
use tempfile::tempdir;

const ROUNDS: usize = 50;

/// A change, and what is expected to be there.
#[derive(Default)]
struct Ledger {
    roles: BTreeSet<String>,
    pending: Option<(String, bool)>,
    next: usize,
    acknowledged: usize,
}

impl Ledger {
    /// Makes a role, or removes the oldest one every third time.
    fn change(&mut self, client: &Client) -> Result<(), Error> {
        self.next += 1;
        let oldest = self.roles.first().cloned().filter(|_| self.next.is_multiple_of(3));
        let (role, made) = match oldest {
            Some(role) => (role, false),
            None => (format!("r{:08}", self.next), true),
        };
        self.pending = Some((role.clone(), made));
        if made {
            let body = NewRole { role_id: role, ..NewRole::default() };
            client.call(&CREATE_ROLE, &[], &body)?;
        } else {
            client.call(&DELETE_ROLE, &[&role], &Nothing {})?;
        }
        self.settle();
        self.acknowledged += 1;
        Ok(())
    }

    /// The pending change has happened.
    fn settle(&mut self) {
        match self.pending.take() {
            Some((role, true)) => drop(self.roles.insert(role)),
            Some((role, false)) => drop(self.roles.remove(&role)),
            None => {}
        }
    }

    /// Compares with what the appliance has.
    fn check(&mut self, client: &Client, round: usize) {
        let built_in = ["admin", "audit", "monitor", "operator"];
        let roles = client.get(&ROLES, &[]).unwrap().roles.into_iter().map(|role| role.id);
        let found: BTreeSet<String> =
            roles.filter(|role| !built_in.contains(&role.as_str())).collect();
        if found != self.roles {
            // Not acknowledged, yet stored: allowed for the one change under way.
            self.settle();
        }
        self.pending = None;
        let lost: Vec<_> = self.roles.symmetric_difference(&found).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?} differ from what was acknowledged");
    }
}

fn round(data: &Path, ledger: &mut Ledger, delay: Duration, number: usize) {
    let mut process = Process::start(data);
    let client = process.client(data);
    ledger.check(&client, number);
    let (started, start) = mpsc::channel();
    let (ended, end) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            start.recv().unwrap();
            // The moment is random on purpose; nothing waits for it to pass but the kill.
            assert!(end.recv_timeout(delay).is_err(), "the loop ended before the kill");
            process.child.kill().unwrap();
            process.child.wait().unwrap();
        });
        started.send(()).unwrap();
        let error = loop {
            if let Err(error) = ledger.change(&client) {
                break error;
            }
        };
        let broken =
            error.unclear() || matches!(error, Error::Unreachable { .. } | Error::Protocol { .. });
        assert!(broken, "round {number}: {error}");
        drop(ended);
    });
}

#[test]
fn no_acknowledged_change_is_lost_in_fifty_kills() {
    let data = tempdir().unwrap();
    let mut random = Random::from_number(1);
    let mut ledger = Ledger::default();
    for number in 0..ROUNDS {
        round(data.path(), &mut ledger, Duration::from_micros(random.number(0, 60_000)), number);
    }
    let process = Process::start(data.path());
    ledger.check(&process.client(data.path()), ROUNDS);
    process.kill();
    assert!(ledger.acknowledged > 2 * ROUNDS, "only {} changes", ledger.acknowledged);
}
