//! The guard of login attempts: none is spent by accident.
//!
//! To read how many are left and to log in is one step here. A lock file for each role keeps the
//! logins of this user on this machine apart; under the lock the number is read again, and a number
//! that nobody has agreed to is not used. Whatever can lock or erase something when a password is
//! wrong goes through an [`Attempt`]: logins, changes of passwords, passwords within other requests.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::files::open_private_file;
use crate::run::Session;
use crate::ui::{Ui, cancelled};

/// The longest wait for another login; that of the command where it is shorter.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The time between two looks at the lock.
const LOOK: Duration = Duration::from_millis(20);
/// The wait after which a remark is shown.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// What counts wrong passwords: a role of an HSM, a partition, a keyring or a backup.
pub struct Counter<S> {
    /// The same in every session: the serial number or UUID, and the role.
    pub id: String,
    /// The question before the last attempt.
    pub last: String,
    /// The question where the appliance does not say how many are left.
    pub unknown: String,
    /// Reads how many attempts are left; 0 where none can be lost, `None` where it is not told.
    #[allow(clippy::type_complexity, reason = "its only use")]
    pub left: Box<dyn Fn(&S) -> Result<Option<u32>, Failure>>,
}

/// What the user has agreed to, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Agreed {
    /// An attempt that is not the last one.
    Harmless,
    /// The last one.
    Last,
    /// An attempt of which nobody knows whether it is the last one.
    Unknown,
}

impl Agreed {
    /// What has to be agreed to with so many attempts left.
    fn needed(left: Option<u32>) -> Agreed {
        match left {
            None => Agreed::Unknown,
            Some(1) => Agreed::Last,
            Some(_) => Agreed::Harmless,
        }
    }
}

/// A login that may use an attempt, once.
#[must_use]
pub struct Attempt<S> {
    /// None where nothing is counted.
    counter: Option<Counter<S>>,
    agreed: Agreed,
}

impl<S: Session> Attempt<S> {
    /// An attempt with `left` of them left now, before the password is asked for. At the last one,
    /// and where the number is not known, a user is asked and a script refused.
    ///
    /// # Errors
    /// The user quit, or it is a script without `--last-attempt`.
    pub fn begin(
        session: &mut S,
        counter: Counter<S>,
        left: Option<u32>,
    ) -> Result<Attempt<S>, Failure> {
        let agreed = session.ui().agree(Agreed::Harmless, left, &counter.last, &counter.unknown)?;
        Ok(Attempt { counter: Some(counter), agreed })
    }

    /// An attempt at something that counts none.
    pub fn uncounted() -> Attempt<S> {
        Attempt { counter: None, agreed: Agreed::Harmless }
    }

    /// Does `login` while no other login of the role is under way, if the attempts that are left
    /// then were agreed to; asks again if not. A failure says how many are left.
    ///
    /// # Errors
    /// It failed; or as [`Attempt::begin`]; or another login takes too long.
    pub fn spend<T>(
        self,
        session: &mut S,
        login: impl FnOnce(&mut S) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Some(counter) = self.counter else { return login(session) };
        let mut agreed = self.agreed;
        loop {
            let lock = session.ui().lock_attempts(&counter.id)?;
            let left = (counter.left)(session)?;
            if agreed >= Agreed::needed(left) {
                let done = login(session).map_err(|failure| {
                    let now = (counter.left)(session).ok().flatten();
                    with_attempts_left(failure, left, now)
                });
                drop(lock);
                return done;
            }
            // A person may take time for the answer.
            drop(lock);
            agreed = session.ui().agree(agreed, left, &counter.last, &counter.unknown)?;
        }
    }
}

/// Adds how many attempts are left after one was lost, unless the appliance has said so.
fn with_attempts_left(failure: Failure, before: Option<u32>, now: Option<u32>) -> Failure {
    let texts = std::iter::once(&failure.message).chain(&failure.hints);
    let told = texts.into_iter().any(|text| text.to_ascii_lowercase().contains("attempt"));
    match now {
        Some(now @ 1..) if !told && before.is_none_or(|before| now < before) => {
            failure.hint(format!("login attempts left: {now}"))
        }
        _ => failure,
    }
}

impl Ui {
    /// Has an attempt agreed to. `--yes` does not do: it was given before the number was known.
    fn agree(
        &mut self,
        agreed: Agreed,
        left: Option<u32>,
        last: &str,
        unknown: &str,
    ) -> Result<Agreed, Failure> {
        let needed = Agreed::needed(left);
        if agreed >= needed || self.last_attempt {
            return Ok(needed.max(agreed));
        }
        let (question, refusal) = match left {
            None => (
                unknown,
                "The appliance does not say how many login attempts are left, and a wrong password \
                 could be the last: not tried.",
            ),
            Some(_) => (
                last,
                "Only one login attempt is left, and a wrong password would be the last: not tried.",
            ),
        };
        if !self.attended() {
            return Err(certain(Failure::refused(refusal)));
        }
        self.confirm_anew(question, "--last-attempt")?;
        Ok(needed)
    }

    /// Keeps other logins of a role on this machine out until the file is closed.
    fn lock_attempts(&mut self, id: &str) -> Result<Option<File>, Failure> {
        let path = self.attempts.as_ref().map(|folder| lock_path(folder, id));
        let opened = match &path {
            Some(path) => {
                open_private_file(path).map_err(|error| format!("{}: {error}", path.display()))
            }
            None => Err("there is no folder for its lock".to_owned()),
        };
        let file = match opened {
            Ok(file) => file,
            Err(_) if self.last_attempt => return Ok(None),
            // A person logs in once at a time.
            Err(why) if self.attended() => {
                self.note(format!("note: other logins at the same time are not kept out ({why})"));
                return Ok(None);
            }
            Err(why) => {
                return Err(certain(Failure::refused(format!(
                    "Other logins at the same time cannot be kept out ({why}): not tried."
                )))
                .hint("XDG_STATE_HOME names another folder"));
            }
        };
        let limit = self.time_limit().min(LONGEST_WAIT);
        let begun = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(unlockable(path.as_deref(), &error)),
            }
            if self.interrupted() {
                return Err(cancelled());
            }
            if begun.elapsed() >= limit {
                let seconds = limit.as_secs();
                return Err(Failure::refused(format!(
                    "Another login of this role on this machine takes longer than {seconds} \
                     seconds: not tried."
                )));
            }
            if !told && begun.elapsed() >= LONG_WAIT {
                told = true;
                self.note("note: waiting for another login of this role to end");
            }
            thread::sleep(LOOK);
        }
    }
}

fn certain(failure: Failure) -> Failure {
    failure.hint("give --last-attempt if the password is certain")
}

fn unlockable(path: Option<&Path>, error: &io::Error) -> Failure {
    let path = path.unwrap_or(Path::new("")).display();
    Failure::refused(format!("{path} cannot be locked ({error}): not tried."))
}

/// The lock file of a role. Two roles of one file would only wait for each other.
fn lock_path(folder: &Path, id: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
    let name: String = id.chars().map(plain).take(200).collect();
    folder.join(format!("{name}.lock"))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::rc::Rc;
    use std::sync::Arc;

    use super::*;
    use crate::connect::Connection;
    use crate::device::{Device, Input};
    use crate::editor::LineAssistant;
    use crate::options::Options;
    use crate::options::TimeLimit;
    use crate::run::CompletionValues;
    use crate::secrets::Secrets;
    use crate::watch::Watch;

    /// A user who answers every question alike, or a script.
    struct Answers(Option<&'static str>);

    impl Device for Answers {
        fn command(&mut self, _: &str, _: &Rc<dyn LineAssistant>) -> Input {
            Input::End
        }
        fn answer(&mut self, _: &str) -> Input {
            self.0.map_or(Input::End, |answer| Input::Line(answer.to_owned()))
        }
        fn secret(&mut self, _: &str) -> Input {
            Input::End
        }
        fn print(&mut self, _: &str) {}
        fn note(&mut self, _: &str) {}
        fn flush(&mut self) {}
        fn attended(&self) -> bool {
            self.0.is_some()
        }
    }

    /// A session at an appliance that says these numbers, one at each look.
    struct Fake {
        ui: Ui,
        left: std::cell::RefCell<VecDeque<Option<u32>>>,
        sent: u32,
    }

    impl Session for Fake {
        const NAME: &'static str = "fake";
        const RESULT_AFTER_WORDS: bool = false;

        fn ui(&mut self) -> &mut Ui {
            &mut self.ui
        }
        fn connection_mut(&mut self) -> &mut Connection {
            panic!("there is no appliance")
        }
        fn prompt(&self) -> String {
            String::new()
        }
        fn greeting(&mut self) -> Result<String, Failure> {
            Ok(String::new())
        }
        fn completion_values(&self) -> CompletionValues {
            Arc::new(|_| Vec::new())
        }
        fn result_line(&self, _: Option<&Failure>) -> (u32, String, String) {
            (0, String::new(), String::new())
        }
        fn error_text(&self, _: &str, _: &Failure) -> String {
            String::new()
        }
        fn hint_for_unknown(&self, _: &[&str]) -> Option<String> {
            None
        }
    }

    fn counter() -> Counter<Fake> {
        Counter {
            id: "hsm 1 so".to_owned(),
            last: "the last? ".to_owned(),
            unknown: "unknown? ".to_owned(),
            left: Box::new(|session| Ok(session.left.borrow_mut().pop_front().flatten())),
        }
    }

    /// Whether a login is sent while the appliance says `left`, one at each look, and the refusal.
    fn log_in(
        options: &Options,
        answer: Option<&'static str>,
        left: &[Option<u32>],
    ) -> (u32, Option<Failure>) {
        let home = tempfile::tempdir().unwrap();
        log_in_at(home.path(), options, answer, left)
    }

    fn log_in_at(
        home: &Path,
        options: &Options,
        answer: Option<&'static str>,
        left: &[Option<u32>],
    ) -> (u32, Option<Failure>) {
        let device = Box::new(Answers(answer));
        let mut ui = Ui::watched(
            device,
            Secrets::only([]),
            options,
            Watch::new(false, options.timeout.get()),
        );
        ui.keep_state_in(home);
        let left = left.iter().copied().collect::<VecDeque<_>>().into();
        let mut session = Fake { ui, left, sent: 0 };
        let counter = counter();
        let now = (counter.left)(&session).unwrap();
        let done = Attempt::begin(&mut session, counter, now).and_then(|attempt| {
            attempt.spend(&mut session, |session| {
                session.sent += 1;
                Ok(())
            })
        });
        (session.sent, done.err())
    }

    const SCRIPT: Option<&str> = None;

    #[test]
    fn a_script_uses_neither_the_last_attempt_nor_one_of_an_unknown_number() {
        let options = Options::default();
        assert_eq!(log_in(&options, SCRIPT, &[Some(2), Some(2)]), (1, None));
        assert_eq!(log_in(&options, SCRIPT, &[Some(0), Some(0)]), (1, None));
        // The number that counts is that under the lock.
        for left in [&[Some(1)][..], &[None], &[Some(2), Some(1)], &[Some(3), None]] {
            let (sent, refused) = log_in(&options, SCRIPT, left);
            let refused = refused.unwrap();
            assert_eq!((sent, refused.kind), (0, crate::Kind::Refused), "{left:?}");
            assert!(refused.hints[0].contains("--last-attempt"), "{refused:?}");
        }
        let options = Options { last_attempt: true, ..options };
        for left in [[Some(1), Some(1)], [None, None], [Some(2), Some(1)]] {
            assert_eq!(log_in(&options, SCRIPT, &left), (1, None));
        }
    }

    #[test]
    fn a_person_is_asked_for_each_agreement_once_and_yes_is_none() {
        let options = Options { yes: true, ..Options::default() };
        for left in [
            &[Some(1), Some(1)][..],
            &[None, None],
            &[Some(2), Some(1), Some(1)],
            &[Some(1), None, None],
        ] {
            assert_eq!(log_in(&options, Some("proceed"), left), (1, None), "{left:?}");
            let (sent, refused) = log_in(&options, Some("quit"), left);
            assert_eq!((sent, refused.unwrap().code.unwrap().number), (0, Some(0xb)), "{left:?}");
        }
    }

    #[test]
    fn two_logins_of_a_role_never_go_on_at_the_same_time() {
        let home = tempfile::tempdir().unwrap();
        let path = lock_path(&home.path().join("attempts"), "hsm 1 so");
        let other = open_private_file(&path).unwrap();
        other.lock().unwrap();
        let options = Options { timeout: TimeLimit { timeout: Some(0) }, ..Options::default() };
        let (sent, refused) = log_in_at(home.path(), &options, SCRIPT, &[Some(3), Some(3)]);
        assert_eq!((sent, refused.unwrap().kind), (0, crate::Kind::Refused));
        drop(other);
        let free = log_in_at(home.path(), &options, SCRIPT, &[Some(3), Some(3)]);
        assert_eq!(free, (1, None));
    }

    #[test]
    fn a_script_that_cannot_keep_others_out_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let left = [Some(3), Some(3)];
        let (sent, refused) = log_in_at(file.path(), &Options::default(), SCRIPT, &left);
        assert_eq!((sent, refused.unwrap().kind), (0, crate::Kind::Refused));
        assert_eq!(log_in_at(file.path(), &Options::default(), Some(""), &left), (1, None));
    }

    #[test]
    fn a_failure_says_how_many_attempts_are_left() {
        let hints = |message: &str, before, now| {
            with_attempts_left(Failure::command(message), before, now).hints
        };
        assert_eq!(hints("Wrong.", Some(3), Some(2)), ["login attempts left: 2"]);
        assert_eq!(hints("Wrong.", None, Some(2)), ["login attempts left: 2"]);
        let nothing: [&str; 0] = [];
        assert_eq!(hints("1 login attempt left.", Some(2), Some(1)), nothing);
        assert_eq!(hints("Not now.", Some(3), Some(3)), nothing);
        assert_eq!(hints("Gone.", Some(1), Some(0)), nothing);
    }

    #[test]
    fn an_id_names_a_file_in_the_folder() {
        let path = lock_path(Path::new("/locks"), "../4223070 so");
        assert_eq!(path, Path::new("/locks/.._4223070_so.lock"));
    }
}
