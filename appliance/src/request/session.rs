//! Sessions and login lockouts. Sessions end with the process; failed logins are stored.
//!
//! A private session has a cookie; requests with Basic authorization alone share one session per
//! user. Both end after ten idle minutes, those of LunaSH over SSH after half an hour.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use time::{Duration, OffsetDateTime};

use crate::request::challenge::Challenges;
use crate::request::tokens::Tokens;
use crate::state::users::FailedLoginsRow;

/// The longest idle time of a session.
pub const IDLE: Duration = Duration::minutes(10);
/// The same over SSH, whose server ends it.
const SSH_IDLE: Duration = Duration::minutes(31);

/// The same over a link, where an application keeps its session for as long as it runs. What it left
/// behind is forgotten after a day (assumed; the product's ends with the connection).
const LINK_IDLE: Duration = Duration::DAY;

/// How a session is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// No login.
    Anonymous,
    /// By its cookie.
    Cookie(String),
    /// By the user of Basic authorization.
    Shared(String),
    /// An operation that another member has passed on.
    Operation,
}

/// A session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Sessions are numbered from 1 since the start.
    pub number: u64,
    /// The account; empty without a login.
    pub user: String,
    /// The account's role at this request.
    pub role: String,
    /// Whether it was opened with `POST /auth/session` (or locally).
    pub private: bool,
    /// Opened with the data folder's key: its owner need not change a factory password first.
    pub local: bool,
    /// From where its user came to the SSH server; none without SSH.
    pub over_ssh_from: Option<SocketAddr>,
    /// HSM roles logged in here: `so`, `audit`.
    pub hsm_logins: BTreeSet<String>,
    /// Partition roles logged in here, by the partition's serial number: `so`, `co`, `cu`, `lco`.
    pub partition_logins: BTreeMap<String, String>,
    /// UUID of the cluster's client; empty for accounts.
    pub client: String,
    /// Name of the client at the other end of an NTLS link; empty without one.
    pub link: String,
    /// Roles logged in here to keyrings, by UUID: `so`, `co`.
    pub keyring_logins: BTreeMap<String, String>,
    /// Serial numbers of the Backup HSMs whose SO is logged in here.
    pub token_logins: BTreeSet<String>,
}

impl Session {
    /// How long it may be idle.
    fn idle(&self) -> Duration {
        match self.over_ssh_from {
            Some(_) => SSH_IDLE,
            None if !self.link.is_empty() => LINK_IDLE,
            None => IDLE,
        }
    }

    /// Whose tasks are those of this session: an account, or the client of a link, whose name stands behind
    /// a blank that no account's name has.
    pub fn owner(&self) -> String {
        if self.link.is_empty() { self.user.clone() } else { format!("client {}", self.link) }
    }

    /// Whether the HSM SO is logged in.
    pub fn is_so(&self) -> bool {
        self.hsm_logins.contains("so")
    }
}

/// What a token opens.
fn of_user(user: &str) -> Session {
    Session { user: user.to_owned(), ..Session::default() }
}

/// All sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    opened: u64,
    open: BTreeMap<Key, (Session, OffsetDateTime)>,
    anonymous: Session,
    failed: BTreeMap<String, Failed>,
    /// Accounts whose failed logins are other ones than those that are stored.
    unstored: BTreeSet<String>,
    pub(crate) challenges: Challenges,
    pub(crate) tokens: Tokens,
}

/// Failed logins of an account.
#[derive(Clone, Debug, Default)]
struct Failed {
    times: Vec<OffsetDateTime>,
    locked: Option<(OffsetDateTime, OffsetDateTime)>,
}

impl Failed {
    fn row(&self) -> FailedLoginsRow {
        let seconds = OffsetDateTime::unix_timestamp;
        FailedLoginsRow {
            times: self.times.iter().map(|time| time.unix_timestamp()).collect(),
            locked: self.locked.map(|(since, until)| (seconds(since), seconds(until))),
        }
    }

    fn of(row: &FailedLoginsRow) -> Failed {
        let time = |seconds: i64| OffsetDateTime::from_unix_timestamp(seconds).ok();
        let locked = |(since, until)| Some((time(since)?, time(until)?));
        Failed {
            times: row.times.iter().copied().filter_map(time).collect(),
            locked: row.locked.and_then(locked),
        }
    }
}

impl Sessions {
    pub(crate) fn insert(&mut self, key: Key, session: Session, now: OffsetDateTime) {
        // Those that ended are dropped here, so that their number stays bounded.
        self.open.retain(|_, (session, used)| now - *used < session.idle());
        self.opened += 1;
        self.open.insert(key, (Session { number: self.opened, ..session }, now));
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        self.open.remove(key);
    }

    /// Whether the session is open; it counts as used now.
    pub(crate) fn touch(&mut self, key: &Key, now: OffsetDateTime) -> bool {
        match self.open.get_mut(key) {
            Some((session, used)) if now - *used < session.idle() => {
                *used = now;
                true
            }
            Some(_) => {
                self.open.remove(key);
                false
            }
            None => false,
        }
    }

    pub(crate) fn get(&self, key: &Key) -> &Session {
        self.open.get(key).map_or(&self.anonymous, |(session, _)| session)
    }

    pub(crate) fn get_mut(&mut self, key: &Key) -> &mut Session {
        match self.open.get_mut(key) {
            Some((session, _)) => session,
            None => {
                self.anonymous = Session::default();
                &mut self.anonymous
            }
        }
    }

    /// The clock was set, by so much: how long a session was idle or an account is locked stays the
    /// same.
    pub fn clock_set(&mut self, by: Duration) {
        let shift = |time: &mut OffsetDateTime| *time = time.saturating_add(by);
        self.open.values_mut().for_each(|(_, used)| shift(used));
        self.unstored.extend(self.failed.keys().cloned());
        for failed in self.failed.values_mut() {
            failed.times.iter_mut().for_each(shift);
            if let Some((since, until)) = &mut failed.locked {
                shift(since);
                shift(until);
            }
        }
    }

    /// Every open session, to log roles out everywhere (zeroization, deletion of a partition).
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.open.values_mut().map(|(session, _)| session)
    }

    /// The open sessions, the oldest first.
    pub(crate) fn list(&self, now: OffsetDateTime) -> Vec<&Session> {
        let open = self.open.values().filter(|(session, used)| now - *used < session.idle());
        let mut sessions: Vec<&Session> = open.map(|(session, _)| session).collect();
        sessions.sort_by_key(|session| session.number);
        sessions
    }

    /// Ends the sessions for which `keep` says no, and the tokens of those accounts.
    pub fn retain(&mut self, keep: impl Fn(&Session) -> bool) {
        self.tokens.retain(|user| keep(&of_user(user)));
        self.open.retain(|_, (session, _)| keep(session));
    }

    /// Ends the sessions other than `own` for which `keep` says no, and the tokens of those accounts.
    pub(crate) fn retain_others(&mut self, own: &Key, keep: impl Fn(&Session) -> bool) {
        self.tokens.retain(|user| keep(&of_user(user)));
        self.open.retain(|key, (session, _)| key == own || keep(session));
    }

    /// Ends all sessions and tokens: restart, restored configuration.
    pub fn clear(&mut self) {
        self.tokens = Tokens::default();
        self.open.clear();
    }

    /// Ends all sessions and forgets all failed logins.
    pub(crate) fn reset(&mut self) {
        *self = Sessions::default();
    }

    /// Counts a failed login; `attempts` of them within `window` lock the account for `lock`.
    pub(crate) fn login_failed(
        &mut self,
        user: &str,
        now: OffsetDateTime,
        attempts: u32,
        window: Duration,
        lock: Duration,
    ) {
        self.unstored.insert(user.to_owned());
        let entry = self.failed.entry(user.to_owned()).or_default();
        entry.times.retain(|time| now - *time < window);
        entry.times.push(now);
        if attempts > 0 && entry.times.len() >= attempts as usize {
            entry.times.clear();
            entry.locked = Some((now, now + lock));
        }
    }

    /// A good login forgets the failed ones.
    pub(crate) fn login_succeeded(&mut self, user: &str) {
        if self.failed.remove(user).is_some() {
            self.unstored.insert(user.to_owned());
        }
    }

    /// Puts stored failed logins back.
    pub(crate) fn load_failed(&mut self, user: &str, row: &FailedLoginsRow) {
        self.failed.insert(user.to_owned(), Failed::of(row));
    }

    /// What is to be stored of failed logins: the account and its row, or none.
    pub(crate) fn take_unstored(&mut self) -> Vec<(String, Option<FailedLoginsRow>)> {
        let users = std::mem::take(&mut self.unstored);
        let row = |user: &String| self.failed.get(user).map(Failed::row);
        users.into_iter().map(|user| (user.clone(), row(&user))).collect()
    }

    /// Since when and until when an account is locked, if it is.
    pub fn locked(
        &self,
        user: &str,
        now: OffsetDateTime,
    ) -> Option<(OffsetDateTime, OffsetDateTime)> {
        self.failed.get(user)?.locked.filter(|(_, until)| now < *until)
    }
}
