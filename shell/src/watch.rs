//! The time limit of a command, Ctrl-C, and the remark about a long wait.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use luna_rest::{Client, CommandDeadline};

/// The wait after which a remark is shown.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// Bounds the time of a command's calls, cancels them on Ctrl-C, and reports a long wait.
pub struct Watch {
    /// The longest time for the calls of a command together.
    limit: Duration,
    deadline: Arc<CommandDeadline>,
    /// Set by Ctrl-C; `None` where nobody is at a terminal.
    interrupted: Option<Arc<AtomicBool>>,
    /// The start of the wait; `None` after the remark, or if no command is running.
    waiting: Mutex<Option<Instant>>,
}

impl Watch {
    /// A watch with the time limit of a command. Where a user is present it makes Ctrl-C cancel the
    /// call in progress instead of the program.
    pub fn new(attended: bool, limit: Duration) -> Arc<Watch> {
        let interrupted = attended.then(|| {
            let flag = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&flag)).ok()?;
            Some(flag)
        });
        Arc::new(Watch {
            limit,
            deadline: Arc::default(),
            interrupted: interrupted.flatten(),
            waiting: Mutex::default(),
        })
    }

    /// The longest time for the calls of a command together, or for a call outside of a command.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Watches the calls of `client`.
    pub fn attach(self: &Arc<Self>, client: &mut Client) {
        client.set_command_deadline(Arc::clone(&self.deadline));
        if let Some(flag) = &self.interrupted {
            client.set_cancel_flag(Arc::clone(flag));
            let watch = Arc::clone(self);
            client.set_wait_callback(Arc::new(move || watch.check()));
        }
    }

    /// A command begins.
    pub fn start(&self) {
        self.deadline.start(self.limit);
        self.wait_from(Some(Instant::now()));
    }

    /// The command goes on after an answer: the time that the user took for it does not count.
    pub(crate) fn go_on(&self, answered_within: Duration) {
        self.deadline.extend(answered_within);
        self.wait_from(Some(Instant::now()));
    }

    /// The command is over; calls of completion are not affected by it.
    pub(crate) fn stop(&self) {
        self.deadline.clear();
        self.wait_from(None);
    }

    fn wait_from(&self, start: Option<Instant>) {
        if let Some(flag) = &self.interrupted {
            flag.store(false, Ordering::SeqCst);
        }
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = start;
    }

    /// Whether Ctrl-C was pressed since the command began.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupted.as_ref().is_some_and(|flag| flag.load(Ordering::SeqCst))
    }

    pub(crate) fn check(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_some_and(|since| since.elapsed() >= LONG_WAIT) {
            *waiting = None;
            // If standard error is closed, the remark is lost.
            let _ =
                writeln!(std::io::stderr(), "note: waiting for the appliance (Ctrl-C gives up)");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_not_watched_after_a_stop() {
        let flag = Arc::new(AtomicBool::new(false));
        let watch = Watch {
            limit: Duration::from_secs(1),
            deadline: Arc::default(),
            interrupted: Some(Arc::clone(&flag)),
            waiting: Mutex::default(),
        };
        watch.start();
        flag.store(true, Ordering::SeqCst);
        watch.stop();
        assert!(!flag.load(Ordering::SeqCst));
        assert!(watch.waiting.lock().unwrap().is_none());
    }
}
