//! A LunaCM session: the link to the appliance, the slots, and the current one.
//!
//! Slots are read when the session begins and kept, as the product keeps them: what others change
//! meanwhile shows after `clientconfig restart` or in a new session.

use std::sync::Arc;

use luna_rest::{Client, Secret};
use luna_shell::{
    Access, Code, Desk, Device, Failure, Kind, Options, Page, Question, Secrets, Values,
};

use crate::codes;
use crate::owner::{ClientSide, Owner};
use crate::role::PartitionRole;
use crate::slot::{Appliance, Slot, write_blocks};

const BANNER: &str =
    "lunacm (64-bit) v10.7.2-16. Copyright (c) 2024 Thales Group. All rights reserved.";

/// The question that ends in `proceed` or `quit`.
pub(crate) const PROCEED: &str = "        Type 'proceed' to continue, or 'quit' to quit now ->";

/// What commands work with.
pub struct Session {
    desk: Desk,
    side: ClientSide,
    appliance: Appliance,
    slots: Vec<Slot>,
    current: Option<usize>,
}

impl Session {
    /// A session over an opened link, for the client that this machine is.
    ///
    /// # Errors
    /// The appliance does not answer, or the client's configuration cannot be read; the device is
    /// given back.
    pub fn open(
        access: Access,
        mut device: Box<dyn Device>,
        secrets: Secrets,
        options: &Options,
        mut side: ClientSide,
    ) -> Result<Session, (Box<dyn Device>, Failure)> {
        if side.name.is_none() {
            side.name.clone_from(&access.profile.client);
        }
        let read = || {
            let appliance = Appliance::read(&access.client)?;
            let (slots, notes) = slots(&access.client, &appliance, &side)?;
            Ok((appliance, slots, notes))
        };
        let (appliance, slots, notes) = match read() {
            Ok(read) => read,
            Err(failure) => return Err((device, codes::in_own_words(failure))),
        };
        for note in notes {
            device.note(&note);
        }
        let desk = Desk::new(access, device, secrets, options);
        let current = (!slots.is_empty()).then_some(0);
        Ok(Session { desk, side, appliance, slots, current })
    }

    /// The link to the appliance.
    pub fn client(&self) -> &Client {
        &self.desk.client
    }

    /// Questions, remarks, leaving.
    pub fn desk(&mut self) -> &mut Desk {
        &mut self.desk
    }

    /// The files of this client.
    pub(crate) fn side(&self) -> &ClientSide {
        &self.side
    }

    /// The HSM's serial number.
    pub(crate) fn hsm(&self) -> &str {
        &self.appliance.hsm
    }

    /// All slots.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The current slot.
    ///
    /// # Errors
    /// This client has none.
    pub(crate) fn slot(&self) -> Result<&Slot, Failure> {
        self.current.and_then(|current| self.slots.get(current)).ok_or_else(|| {
            codes::failure(codes::SLOT_INVALID, "This client has no slot.").hint(
                "the appliance's administrator assigns partitions with 'client assignPartition' \
                 in lunash; then start lunacm again",
            )
        })
    }

    /// The slot of a number, or the current one.
    ///
    /// # Errors
    /// There is none of that number.
    pub(crate) fn slot_or_current(&self, number: Option<usize>) -> Result<&Slot, Failure> {
        let Some(number) = number else { return self.slot() };
        self.slots.get(number).ok_or_else(|| {
            codes::failure(codes::SLOT_INVALID, format!("There is no slot {number}."))
                .hint("'slot list' shows the slots")
        })
    }

    /// The current slot's path: the HSM and the partition, as calls take them.
    ///
    /// # Errors
    /// This client has no slot.
    pub(crate) fn place(&self) -> Result<[String; 2], Failure> {
        Ok([self.appliance.hsm.clone(), self.slot()?.serial.clone()])
    }

    /// Goes on with one of these roles logged in to the current slot: before a question is asked
    /// whose answer would come to nothing.
    ///
    /// # Errors
    /// None of them is, or this client has no slot.
    pub(crate) fn require(&self, any: &[PartitionRole]) -> Result<(), Failure> {
        if self.slot()?.role.is_some_and(|role| any.contains(&role)) {
            return Ok(());
        }
        let names: Vec<String> = any.iter().map(PartitionRole::to_string).collect();
        let short = any.first().map_or("", |role| role.short());
        Err(codes::failure(
            codes::NOT_LOGGED_IN,
            format!("The {} must be logged in.", names.join(" or ")),
        )
        .hint(format!("log in first: role login -name {short}")))
    }

    /// Makes a slot the current one.
    pub(crate) fn select(&mut self, number: usize) {
        self.current = Some(number);
    }

    /// Remembers which role is logged in to the current slot.
    pub(crate) fn logged_in(&mut self, role: Option<PartitionRole>) {
        if let Some(slot) = self.current.and_then(|current| self.slots.get_mut(current)) {
            slot.role = role;
        }
    }

    /// Looks at the current slot again, after this session has changed it.
    ///
    /// # Errors
    /// The appliance does not answer.
    pub(crate) fn refresh_slot(&mut self) -> Result<(), Failure> {
        let (number, serial, role) = {
            let slot = self.slot()?;
            (slot.slot, slot.serial.clone(), slot.role)
        };
        if let Some(new) = self.appliance.slot(self.client(), number, &serial)? {
            self.slots[number] = Slot { role, ..new };
        }
        Ok(())
    }

    /// The slots as they are now, without making them this session's.
    ///
    /// # Errors
    /// The appliance does not answer, or the configuration cannot be read.
    pub(crate) fn look(&self) -> Result<Vec<Slot>, Failure> {
        Ok(slots(self.client(), &self.appliance, &self.side)?.0)
    }

    /// Reads configuration and slots again, as a new session would. Logins are given up first.
    ///
    /// # Errors
    /// The appliance does not answer, or the configuration cannot be read.
    pub(crate) fn restart(&mut self) -> Result<(), Failure> {
        for slot in self.slots.iter().filter(|slot| slot.role.is_some()) {
            let place = [self.appliance.hsm.as_str(), &slot.serial];
            self.client().call(&luna_rest::partitions::LOGOUT, &place, &luna_rest::Nothing {})?;
        }
        let (slots, notes) = slots(self.client(), &self.appliance, &self.side)?;
        self.current = (!slots.is_empty()).then_some(0);
        self.slots = slots;
        for note in notes {
            self.desk.note(note);
        }
        Ok(())
    }

    /// The text of a question: an empty line before it unless the shell puts one there.
    fn question(&self, text: &str) -> String {
        let lead = if self.desk.begun() { "\n" } else { "" };
        format!("{lead}{text}")
    }

    /// Asks for a secret, or for a new one twice. The texts stand without blanks and line ends
    /// around them.
    ///
    /// # Errors
    /// No answer, or two different ones.
    pub(crate) fn secret(
        &mut self,
        given: Option<Secret>,
        text: &str,
        again: Option<&str>,
        (variable, option): (&str, &str),
    ) -> Result<Secret, Failure> {
        let text = self.question(&format!("        {text}: "));
        let again = again.map(|again| format!("\n        {again}: "));
        let question = Question { text: &text, again: again.as_deref(), variable, option };
        self.desk.secret(given, question)
    }

    /// Asks for `proceed`, after a warning of whole lines.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub(crate) fn confirm(&mut self, warning: &str, option: &str) -> Result<(), Failure> {
        let text = self.question(&format!("{warning}\n\n{PROCEED}"));
        self.desk.confirm(&text, option)
    }

    /// The same with the blank behind the arrow that some commands have.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub(crate) fn confirm_spaced(&mut self, warning: &str, option: &str) -> Result<(), Failure> {
        let gap = if warning.is_empty() { "" } else { "\n\n" };
        let text = self.question(&format!("{warning}{gap}{PROCEED} "));
        self.desk.confirm(&text, option)
    }

    /// Guards a login of `role` with so many attempts left.
    ///
    /// # Errors
    /// The person quit, or a script did not insist.
    pub(crate) fn guard(&mut self, left: u32, role: PartitionRole) -> Result<(), Failure> {
        let end = match role {
            PartitionRole::Po => "a wrong password zeroizes the partition",
            _ => "a wrong password locks the role",
        };
        let text = self.question(&format!(
            "        Caution:  This is the LAST available login attempt of the {role}:\n\
             \x20                 {end}.\n\n{PROCEED}"
        ));
        self.desk.guard_attempts(left, &text)
    }
}

/// The slots of a client, and what its person should know about them.
fn slots(
    client: &Client,
    appliance: &Appliance,
    side: &ClientSide,
) -> Result<(Vec<Slot>, Vec<String>), Failure> {
    let owner = side.owner().map_err(|error| {
        Failure::new(Kind::NotUnderstood, format!("{error}."))
            .hint("name the client with --client, or set the file right")
    })?;
    let found = appliance.slots(client, &owner)?;
    let notes = match (&owner, found.registered, found.slots.is_empty()) {
        (Owner::Anybody, ..) => vec![
            "note: no client is named (--client NAME, or a certificate in Chrystoki.conf): \
             showing every partition"
                .to_owned(),
        ],
        (Owner::Named(name) | Owner::Certified(name), None, _) => vec![format!(
            "note: the appliance has no client '{name}': it is registered with 'client register' \
             in lunash"
        )],
        (_, Some(name), true) => vec![format!(
            "note: no partition is assigned to client '{name}': it is assigned with \
             'client assignPartition' in lunash"
        )],
        (_, Some(_), false) => Vec::new(),
    };
    Ok((found.slots, notes))
}

impl luna_shell::Session for Session {
    const NAME: &'static str = "lunacm";
    const RESULT_AFTER_WORDS: bool = true;
    const SPACE_AFTER_QUESTIONS: bool = true;

    fn desk(&mut self) -> &mut Desk {
        &mut self.desk
    }

    fn prompt(&self) -> String {
        "lunacm:>".to_owned()
    }

    fn greeting(&mut self) -> Result<String, Failure> {
        let mut page = Page::new();
        page.line(format!("{BANNER}\n\n\n        Available HSMs:"));
        if !self.slots.is_empty() {
            page.blank();
            write_blocks(&mut page, &self.slots);
        }
        let current = self.current.map_or("None".to_owned(), |current| current.to_string());
        page.line(format!("\n\n        Current Slot Id: {current}"));
        Ok(page.into_text())
    }

    fn values(&self) -> Values {
        let slots: Vec<String> = self.slots.iter().map(|slot| slot.slot.to_string()).collect();
        let client = Arc::clone(&self.desk.client);
        let configuration = self.side.configuration.clone();
        let hsm = self.appliance.hsm.clone();
        // Completion that finds nothing is silent, whatever the reason.
        Arc::new(move |placeholder| match placeholder {
            "slotnum" => slots.clone(),
            "role" => PartitionRole::ALL.map(|role| role.short().to_owned()).to_vec(),
            "server" => crate::servers::registered(&configuration).unwrap_or_default(),
            "partition_name" => partition_names(&client, &hsm).unwrap_or_default(),
            _ => Vec::new(),
        })
    }

    fn result(&self, failure: Option<&Failure>) -> (u32, String, String) {
        let Some(failure) = failure else {
            return (0, "No Error".to_owned(), "Command Result : No Error".to_owned());
        };
        let (number, name) = match &failure.code {
            Some(Code { number, name }) => (number.unwrap_or(5), name.to_string()),
            None => (5, "CKR_GENERAL_ERROR".to_owned()),
        };
        (number, name.clone(), format!("Command Result : 0x{number:x} ({name})"))
    }

    fn explain(&self, _path: &str, failure: &Failure) -> String {
        let message = failure.message.trim_end_matches('\n');
        if failure.verbatim {
            return format!("{message}\n");
        }
        match (failure.kind, failure.code.as_ref().map(|code| code.name.as_ref())) {
            // A line that was not understood is shown, not run.
            (Kind::NotUnderstood | Kind::BadArguments, _) => indented(message),
            (_, Some(name)) if name == codes::CANCELLED.name && failure.kind == Kind::Command => {
                "Error in execution: command cancelled.\n".to_owned()
            }
            (_, Some(name)) if name == message => {
                format!("Error in execution: {message}.\n")
            }
            _ => format!("Error in execution: {message}\n"),
        }
    }

    fn in_own_words(&self, failure: Failure) -> Failure {
        codes::in_own_words(failure)
    }

    fn advice(&self, words: &[&str]) -> Option<String> {
        crate::commands::advice(words)
    }

    fn reopened(&mut self) {
        for slot in &mut self.slots {
            slot.role = None;
        }
    }
}

/// Every line of a text by eight blanks further in.
fn indented(text: &str) -> String {
    let line = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("        {line}\n"),
    };
    text.lines().map(line).collect()
}

fn partition_names(client: &Client, hsm: &str) -> Result<Vec<String>, luna_rest::Error> {
    use luna_rest::partitions::{LIST, SHOW};
    let list = client.get(&LIST, &[hsm])?.partitions;
    list.iter().map(|entry| Ok(client.get(&SHOW, &[hsm, &entry.id])?.name)).collect()
}
