//! Ctrl-C and the remark about a long wait, for calls of a session at a terminal.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use luna_rest::Client;

use crate::device::Device;

/// The wait after which a remark is shown.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// Cancels the calls of a session on Ctrl-C, and reports a long wait.
pub struct Watch {
    interrupted: Arc<AtomicBool>,
    /// The start of the wait; `None` after the remark, or if no command is running.
    waiting: Mutex<Option<Instant>>,
}

impl Watch {
    /// At a terminal, makes Ctrl-C cancel the call in progress instead of the program.
    pub fn for_terminal(device: &dyn Device) -> Option<Arc<Watch>> {
        if !device.attended() {
            return None;
        }
        let interrupted = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&interrupted)).ok()?;
        Some(Arc::new(Watch { interrupted, waiting: Mutex::new(None) }))
    }

    /// Watches the calls of `client`.
    pub fn attach(self: &Arc<Self>, client: &mut Client) {
        client.set_cancel_flag(Arc::clone(&self.interrupted));
        let watch = Arc::clone(self);
        client.set_wait_callback(Arc::new(move || watch.check()));
    }

    /// Starts with a command, or again after an answer.
    pub(crate) fn start(&self) {
        self.interrupted.store(false, Ordering::SeqCst);
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Stops after a command, so that calls of completion are not affected.
    pub(crate) fn stop(&self) {
        self.interrupted.store(false, Ordering::SeqCst);
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether Ctrl-C was pressed since the command began.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    fn check(&self) {
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
        let watch = Watch { interrupted: Arc::default(), waiting: Mutex::default() };
        watch.start();
        watch.interrupted.store(true, Ordering::SeqCst);
        watch.stop();
        assert!(!watch.interrupted.load(Ordering::SeqCst));
        assert!(watch.waiting.lock().unwrap().is_none());
    }
}
