//! Work that takes long and needs nothing of the state: a rule asks for it, and is run again once it is
//! done. In between, other requests are answered.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Outcome = Box<dyn Any + Send>;
type Task = Box<dyn FnOnce() -> Outcome + Send>;

/// The work of one request.
#[derive(Default)]
pub struct Work(Mutex<Stage>);

#[derive(Default)]
enum Stage {
    #[default]
    None,
    Asked(Task),
    Done(Outcome),
}

impl Work {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The outcome, if the work was done; else it is asked for.
    pub(crate) fn outcome<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let mut stage = self.stage();
        match std::mem::take(&mut *stage) {
            Stage::Done(outcome) if outcome.is::<T>() => outcome.downcast().ok().map(|one| *one),
            _ => {
                *stage = Stage::Asked(Box::new(|| Box::new(task())));
                None
            }
        }
    }

    /// Whether work waits to be done.
    pub(crate) fn is_asked(&self) -> bool {
        matches!(*self.stage(), Stage::Asked(_))
    }

    /// Whether there is an outcome to be taken.
    pub(crate) fn is_done(&self) -> bool {
        matches!(*self.stage(), Stage::Done(_))
    }

    /// Does what was asked for; whether that was anything.
    pub(crate) fn run(&self) -> bool {
        let stage = std::mem::take(&mut *self.stage());
        let Stage::Asked(task) = stage else { return false };
        let outcome = task();
        *self.stage() = Stage::Done(outcome);
        true
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_once_and_its_outcome_taken_once() {
        let work = Work::default();
        assert!(!work.run());
        assert_eq!(work.outcome(|| 7), None);
        assert!(work.is_asked() && work.run() && !work.is_asked());
        assert_eq!(work.outcome(|| 8), Some(7));
        assert_eq!(work.outcome(|| 8), None);
        assert!(work.run());
        assert_eq!(work.outcome(|| "another type"), None);
    }
}
