//! Lines that wait until their host takes them, up to a bound.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::replica::lock;

/// The most lines that wait for a host, and the most bytes of them: later ones are dropped.
pub(super) const MOST: (usize, usize) = (10_000, 4 << 20);

/// The lines that wait for one host.
#[derive(Debug)]
pub(super) struct Spool {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    most: (usize, usize),
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Arc<str>>,
    bytes: usize,
    dropped: u64,
    hurried: bool,
    ending: bool,
}

impl Waiting {
    fn add(&mut self, line: Arc<str>) {
        self.bytes += line.len();
        self.lines.push_back(line);
    }
}

impl Spool {
    pub(super) fn new() -> Spool {
        Spool::with_bounds(MOST)
    }

    fn with_bounds(most: (usize, usize)) -> Spool {
        Spool { waiting: Mutex::default(), changed: Condvar::new(), most }
    }

    /// Adds a line, or drops it when too much waits; the next one that is added comes behind `notice`
    /// of how many were dropped.
    pub(super) fn push(&self, line: Arc<str>, notice: impl FnOnce(u64) -> Arc<str>) {
        let mut waiting = lock(&self.waiting);
        let (lines, bytes) = self.most;
        if waiting.lines.len() >= lines || waiting.bytes + line.len() > bytes {
            waiting.dropped += 1;
            return;
        }
        match std::mem::take(&mut waiting.dropped) {
            0 => {}
            dropped => waiting.add(notice(dropped)),
        }
        waiting.add(line);
        self.changed.notify_all();
    }

    /// The first line, once there is one; none when none will come any more.
    pub(super) fn first(&self) -> Option<Arc<str>> {
        let waiting = lock(&self.waiting);
        let idle = |waiting: &mut Waiting| waiting.lines.is_empty() && !waiting.ending;
        let waiting =
            self.changed.wait_while(waiting, idle).unwrap_or_else(PoisonError::into_inner);
        waiting.lines.front().cloned()
    }

    /// Takes the first line away: its host has it.
    pub(super) fn sent(&self) {
        let mut waiting = lock(&self.waiting);
        let sent = waiting.lines.pop_front();
        waiting.bytes -= sent.map_or(0, |line| line.len());
    }

    /// Puts lines back before the first: they may not have arrived.
    pub(super) fn put_back(&self, lines: Vec<Arc<str>>) {
        let mut waiting = lock(&self.waiting);
        for line in lines.into_iter().rev() {
            waiting.bytes += line.len();
            waiting.lines.push_front(line);
        }
    }

    /// Ends the present pause.
    pub(super) fn hurry(&self) {
        lock(&self.waiting).hurried = true;
        self.changed.notify_all();
    }

    /// Waits before the next try; false when there is to be none.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let waiting = lock(&self.waiting);
        let (mut waiting, _) = self
            .changed
            .wait_timeout_while(waiting, time, |waiting| !waiting.ending && !waiting.hurried)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.hurried = false;
        !waiting.ending
    }

    /// Lets nothing come any more; what waits is sent if it can be at once.
    pub(super) fn end(&self) {
        lock(&self.waiting).ending = true;
        self.changed.notify_all();
    }

    /// The same; what waits is not sent.
    pub(super) fn give_up(&self) {
        let mut waiting = lock(&self.waiting);
        *waiting = Waiting { ending: true, ..Waiting::default() };
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(spool: &Spool) -> Vec<String> {
        spool.end();
        let next = || {
            let line = spool.first()?;
            spool.sent();
            Some(line.to_string())
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn what_is_too_much_is_dropped_and_told_where_it_is_missing() {
        let notice = |dropped| format!("{dropped} dropped").into();
        for most in [(2, 100), (100, 6)] {
            let spool = Spool::with_bounds(most);
            for line in ["one", "two", "lost", "lost"] {
                spool.push(line.into(), notice);
            }
            assert_eq!(spool.first().as_deref(), Some("one"));
            spool.sent();
            spool.push("new".into(), notice);
            spool.put_back(vec!["zero".into(), "one".into()]);
            assert_eq!(drained(&spool), ["zero", "one", "two", "2 dropped", "new"]);
        }
    }

    #[test]
    fn a_spool_that_ends_pauses_no_more() {
        let spool = Spool::new();
        assert!(spool.pause(Duration::ZERO));
        spool.hurry();
        assert!(spool.pause(Duration::MAX));
        spool.push("line".into(), |_| unreachable!());
        spool.end();
        assert!(!spool.pause(Duration::MAX));
        assert_eq!(spool.first().as_deref(), Some("line"));
        spool.give_up();
        assert_eq!(spool.first(), None);
        // Of a line that was being sent meanwhile nothing is left to take away.
        spool.sent();
    }
}
