//! How many login attempts are left, as the appliance's own text says, before a command that may cost
//! one is sent.

use luna_grammar::Invocation;
use luna_shell::{Attempt, Counter, Failure};

use super::link::Order;
use super::person::Nobody;
use crate::commands::LAST_OF_HSM_SO;
use crate::questions::{last_attempt, unknown_attempts};
use crate::session::Session;

/// A role whose wrong passwords are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    HsmSo,
    Auditor,
    PartitionSo,
    CryptoOfficer,
    CryptoUser,
    BackupSo,
    /// A backup, of which no command says how many are left.
    Backup,
}

/// The commands that may cost an attempt, and of which role: those that use one over REST.
const GUARDED: &[(&str, Role)] = &[
    ("hsm login", Role::HsmSo),
    ("hsm changePw", Role::HsmSo),
    ("cluster create", Role::HsmSo),
    ("audit login", Role::Auditor),
    ("audit changePwd", Role::Auditor),
    ("partition changePolicy", Role::PartitionSo),
    ("partition init co", Role::PartitionSo),
    ("partition resetPw", Role::PartitionSo),
    ("partition createChallenge", Role::PartitionSo),
    ("partition activate", Role::CryptoOfficer),
    ("partition backup", Role::CryptoOfficer),
    ("partition changePw", Role::CryptoOfficer),
    ("partition clear", Role::CryptoOfficer),
    ("partition restore", Role::CryptoOfficer),
    ("partition showContents", Role::CryptoOfficer),
    ("partition sff backup", Role::CryptoOfficer),
    ("partition sff restore", Role::CryptoOfficer),
    ("cluster join", Role::CryptoOfficer),
    ("cluster leave", Role::CryptoOfficer),
    ("cluster member authorize", Role::CryptoOfficer),
    ("cluster member delete", Role::CryptoOfficer),
    ("keyring create", Role::CryptoOfficer),
    ("keyring delete", Role::CryptoOfficer),
    ("keyring unlock", Role::CryptoOfficer),
    ("keyring reset", Role::CryptoOfficer),
    ("token backup login", Role::BackupSo),
    ("token backup partition show", Role::Backup),
];

impl Role {
    /// The role that a line logs in, if there is one.
    fn of(invocation: &Invocation<'_>) -> Option<Role> {
        let (_, role) = GUARDED.iter().find(|(path, _)| *path == invocation.path())?;
        let user = invocation.path() == "partition changePw" && invocation.has("cu");
        Some(if user { Role::CryptoUser } else { *role })
    }

    /// What it is called, in questions.
    fn name(self) -> &'static str {
        match self {
            Role::HsmSo => "HSM SO",
            Role::Auditor => "Auditor",
            Role::PartitionSo => "Partition SO",
            Role::CryptoOfficer => "Crypto Officer",
            Role::CryptoUser => "Crypto User",
            Role::BackupSo => "Backup HSM SO",
            Role::Backup => "backup",
        }
    }

    /// The caution before the last attempt.
    fn last(self) -> String {
        let loss = match self {
            Role::HsmSo => return LAST_OF_HSM_SO.to_owned(),
            Role::PartitionSo => "the partition is erased",
            Role::BackupSo => "the backup HSM is erased",
            Role::Auditor | Role::CryptoOfficer | Role::CryptoUser => "the role is locked out",
            Role::Backup => "the backup is locked",
        };
        let name = self.name();
        last_attempt(&format!("You have only ONE {name} login attempt left. If it\nfails, {loss}."))
    }

    /// The commands that show how many attempts are left, if one does: the first that has an answer.
    fn shown_by(self, invocation: &Invocation<'_>) -> Vec<String> {
        // Commands of clusters name it by its label, or not at all: the role that has the fewest left counts.
        let of_partition = || {
            let name = invocation.value("partition");
            let named = name.map(|name| format!("partition show -partition {}", quoted(&name)));
            named.into_iter().chain(["partition show -all".to_owned()]).collect()
        };
        match self {
            Role::HsmSo => vec!["hsm show".to_owned()],
            Role::Auditor => vec!["audit show".to_owned()],
            Role::PartitionSo | Role::CryptoOfficer | Role::CryptoUser => of_partition(),
            Role::BackupSo => {
                let serial = invocation.value("serial").map(|serial| quoted(&serial));
                serial.iter().map(|serial| format!("token backup show -serial {serial}")).collect()
            }
            Role::Backup => Vec::new(),
        }
    }

    /// What its line of that text begins with, in small letters. The HSM's and the token's have had
    /// more than one name.
    fn labels(self) -> &'static [&'static str] {
        match self {
            Role::HsmSo => &["hsm admin login", "hsm so login", "so login", "hsm login"],
            Role::Auditor => &["audit", "login"],
            Role::PartitionSo => &["partition so"],
            Role::CryptoOfficer => &["crypto officer"],
            Role::CryptoUser => &["crypto user"],
            Role::BackupSo => &["token admin login", "token so login", "hsm so login", "so login"],
            Role::Backup => &[],
        }
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The number of attempts in a line such as `HSM Admin login attempts left:  3 before …`.
fn left(role: Role, text: &str) -> Option<u32> {
    // The Auditor's text does not tell; a locked Auditor is free again after ten minutes.
    told(role, text).or((role == Role::Auditor).then_some(0))
}

fn told(role: Role, text: &str) -> Option<u32> {
    let lines = text
        .lines()
        .map(|line| line.trim().to_lowercase())
        .filter(|line| role.labels().iter().any(|label| line.starts_with(label)));
    // Who has none left has nothing to lose.
    lines.filter_map(|line| count(&line)).min_by_key(|left| (*left == 0, *left))
}

fn count(line: &str) -> Option<u32> {
    if line.ends_with(" is not initialized.") {
        return Some(0);
    }
    let (_, value) = line.split_once("attempts left")?;
    let value = value.trim_start_matches([' ', '.', ':']);
    if value.contains("zeroized") {
        return Some(0);
    }
    value.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The value of a line such as `Serial #:  534071`.
fn serial(text: &str) -> Option<&str> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Serial #:"));
    line.map(str::trim).filter(|serial| !serial.is_empty())
}

impl Session {
    /// The attempt that a line takes; uncounted where it takes none. True if one is counted.
    pub(super) fn attempt_over_ssh(
        &mut self,
        invocation: &Invocation<'_>,
    ) -> Result<(Attempt<Session>, bool), Failure> {
        let Some(role) = Role::of(invocation) else { return Ok((Attempt::uncounted(), false)) };
        let shown_by = role.shown_by(invocation);
        let text = self.first_look(&shown_by)?;
        let place = match (role, serial(&text)) {
            (Role::HsmSo, Some(serial)) => format!("hsm {serial} so"),
            _ => {
                let of = invocation.value("partition").or_else(|| invocation.value("serial"));
                let of = of.unwrap_or_default();
                format!("ssh {} {of} {}", self.connection().client.address(), role.name())
            }
        };
        let counter = Counter {
            id: place,
            last: role.last(),
            unknown: unknown_attempts(),
            left: Box::new(move |session: &Session| {
                Ok(left(role, &session.first_look(&shown_by)?))
            }),
        };
        let now = left(role, &text);
        Ok((Attempt::begin(self, counter, now)?, true))
    }

    /// What the first of these commands says that does not fail.
    fn first_look(&self, lines: &[String]) -> Result<String, Failure> {
        let mut looks = lines.iter().map(|line| self.look_over_ssh(line));
        let told = looks.find(|text| text.as_ref().map_or(true, |text| !text.is_empty()));
        told.unwrap_or(Ok(String::new()))
    }

    /// What a command says that only looks; nothing if it fails.
    pub(crate) fn look_over_ssh(&self, line: &str) -> Result<String, Failure> {
        let order = Order { command: line.to_owned(), ..Order::default() };
        let mut link = self.link()?;
        let answer = link.ask(line, &order, &mut Nobody(self.ui_to_look()))?;
        let done = answer.result.is_some_and(|(code, _)| code == 0);
        Ok(if done { answer.text } else { String::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_read_from_the_text_of_all_releases() {
        for (role, text, expected) in [
            (
                Role::HsmSo,
                "   HSM Admin login attempts left:      3 before HSM zeroization!\n",
                Some(3),
            ),
            (
                Role::HsmSo,
                "HSM Admin login attempts left:          HSM IS ZEROIZED !!!!\n",
                Some(0),
            ),
            (
                Role::HsmSo,
                "HSM SO login attempts left:             1 before HSM zeroization!\n",
                Some(1),
            ),
            (Role::HsmSo, "HSM Label:    x\n", None),
            (Role::PartitionSo, "   Partition SO     Login Attempts Left:      10\n", Some(10)),
            (
                Role::CryptoOfficer,
                "   Partition SO     Login Attempts Left:      10\n   Crypto Officer   Login \
                 Attempts Left:      9\n",
                Some(9),
            ),
            (
                Role::CryptoOfficer,
                "Crypto Officer Login Attempts Left: 0\nCrypto Officer Login Attempts Left: 1\n\
                 Crypto Officer Login Attempts Left: 10\n",
                Some(1),
            ),
            (Role::CryptoUser, "   Crypto Officer   Login Attempts Left:      9\n", None),
            (Role::CryptoUser, "   Crypto User is not initialized.\n", Some(0)),
            (Role::Auditor, "Audit role: initialized\n", Some(0)),
            (Role::BackupSo, "   Token Admin login attempts left:    2\n", Some(2)),
        ] {
            assert_eq!(left(role, text), expected, "{text}");
        }
        assert_eq!(serial("HSM Details:\n   Serial #:      534071\n"), Some("534071"));
    }

    /// Whatever logs a role in over REST is guarded over SSH too.
    #[test]
    fn every_command_that_logs_a_role_in_is_guarded() {
        use luna_rest::{hsm, keyrings, partitions, tokens};
        let _ = (keyrings::LIST, tokens::LIST);
        let logins = [
            hsm::LOGIN.resource(),
            hsm::CHANGE_PASSWORD.resource(),
            partitions::LOGIN.resource(),
            partitions::CHANGE_ROLE.resource(),
            tokens::LOGIN.resource(),
        ];
        for command in crate::catalogue().commands {
            let path = command.path();
            let guarded = GUARDED.iter().any(|(guarded, _)| *guarded == path);
            let logs_in = command.rest.iter().any(|call| logins.contains(call));
            assert!(guarded || !logs_in, "{path}");
        }
        let paths: Vec<String> =
            crate::catalogue().commands.iter().map(|command| command.path()).collect();
        assert!(GUARDED.iter().all(|(path, _)| paths.iter().any(|known| known == path)));
    }
}
