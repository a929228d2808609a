//! What a person at a terminal has while a call is under way: Ctrl-C, and a word if it takes long.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use luna_rest::Client;

use crate::device::Device;

/// After how long a person is told that the appliance is still at work.
const PATIENCE: Duration = Duration::from_secs(1);

/// Watches over the calls of a session.
pub struct Watch {
    interrupted: Arc<AtomicBool>,
    /// When the wait began; none once the person has been told.
    waiting: Mutex<Option<Instant>>,
}

impl Watch {
    /// Makes Ctrl-C end the call under way instead of the program, where a person is there.
    pub fn of(device: &dyn Device) -> Option<Arc<Watch>> {
        if !device.attended() {
            return None;
        }
        let interrupted = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&interrupted)).ok()?;
        Some(Arc::new(Watch { interrupted, waiting: Mutex::new(None) }))
    }

    /// Makes the calls of `client` watched.
    pub fn over(self: &Arc<Self>, client: &mut Client) {
        client.set_cancel_flag(Arc::clone(&self.interrupted));
        let watch = Arc::clone(self);
        client.set_wait_callback(Arc::new(move || watch.glance()));
    }

    /// A command, or the wait after an answer, begins.
    pub(crate) fn reset(&self) {
        self.interrupted.store(false, Ordering::SeqCst);
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// No command is under way: what Tab asks for is neither told of nor cancelled.
    pub(crate) fn rest(&self) {
        self.interrupted.store(false, Ordering::SeqCst);
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn glance(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_some_and(|since| since.elapsed() >= PATIENCE) {
            *waiting = None;
            // Standard error may be closed; then there is nobody to tell.
            let _ =
                writeln!(std::io::stderr(), "note: waiting for the appliance (Ctrl-C gives up)");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_rest_nothing_is_told_and_nothing_cancelled() {
        let watch = Watch { interrupted: Arc::default(), waiting: Mutex::default() };
        watch.reset();
        watch.interrupted.store(true, Ordering::SeqCst);
        watch.rest();
        assert!(!watch.interrupted.load(Ordering::SeqCst));
        assert!(watch.waiting.lock().unwrap().is_none());
    }
}
