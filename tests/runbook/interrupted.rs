//! Runs of `lunash apply` whose way to an appliance breaks: the next run goes on from what is there, comes to the
//! same end, and does nothing a second time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use luna_shell::Status;
use luna_tests::{Break, Proxy};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::examples::resource_of;
use super::{Bench, PARTITION};

/// Counts changes, and lets the way break at the one that is chosen.
struct Breaker {
    proxy: Proxy,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// How often each was called.
    changes: BTreeMap<String, u32>,
    count: u32,
    breaks: Option<(u32, Break)>,
    broken: Option<String>,
}

/// Whether it changes the appliance: not sessions, logins, what is told to the log, and a file that is put
/// there in the place of itself.
fn is_change(resource: &str) -> bool {
    let none = ["/login", "/logout", "/auth/session", "/emulator/lunash/told", "/files"];
    !resource.starts_with("GET ") && !none.iter().any(|end| resource.ends_with(end))
}

impl Subscriber for Breaker {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == luna_rest::CALLS
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let resource = resource_of(event);
        if resource.starts_with("GET ") || resource.ends_with("/told") {
            return;
        }
        let mut seen = self.seen.lock().unwrap();
        seen.count += 1;
        if is_change(&resource) {
            *seen.changes.entry(resource.clone()).or_default() += 1;
        }
        if let Some((at, when)) = seen.breaks
            && at == seen.count
        {
            seen.broken = Some(resource);
            self.proxy.arm(when);
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Bench {
    /// Applies the runbook while the way breaks at the n-th request that is no reading.
    fn apply_broken(&self, breaks: Option<(u32, Break)>) -> (Status, String, Seen) {
        let seen = Arc::new(Mutex::new(Seen { breaks, ..Seen::default() }));
        let breaker = Breaker { proxy: self.proxy.clone().unwrap(), seen: Arc::clone(&seen) };
        let (status, screen) = tracing::subscriber::with_default(breaker, || self.apply());
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        (status, screen, seen)
    }
}

/// Each change and each login is interrupted in turn, in runs that begin in factory state.
fn interrupted(when: Break) {
    let whole = Bench::breakable();
    whole.write(PARTITION);
    let (status, screen, all) = whole.apply_broken(None);
    assert_eq!(status, Status::Success, "{screen}");
    let attempts = whole.attempts();
    for at in 1..=all.count {
        let bench = Bench::breakable();
        bench.write(PARTITION);
        let (status, screen, first) = bench.apply_broken(Some((at, when)));
        let broken = first.broken.clone().unwrap();
        let told = format!("{when:?} {at}: {broken}\n{screen}");
        assert!(status != Status::Success || !is_change(&broken), "{told}");
        let (status, screen, second) = bench.apply_broken(None);
        let told = format!("{told}\n{screen}");
        assert_eq!(status, Status::Success, "{told}");
        let mut twice = first.changes;
        for (resource, count) in second.changes {
            *twice.entry(resource).or_default() += count;
        }
        // What did not reach the appliance has to be sent again, and nothing else.
        if when == Break::BeforeRequest && is_change(&broken) {
            *twice.get_mut(&broken).unwrap() -= 1;
        }
        assert_eq!(twice, all.changes, "{told}");
        assert_eq!(bench.attempts(), attempts, "{told}");
        assert_eq!(
            bench.apply().1,
            "Nothing to do: the appliance is as the file says.\n",
            "{told}"
        );
    }
}

#[test]
fn a_run_that_was_stopped_before_any_request_is_gone_on_with() {
    interrupted(Break::BeforeRequest);
}

#[test]
fn a_run_that_was_stopped_before_any_answer_is_gone_on_with() {
    interrupted(Break::BeforeAnswer);
}
