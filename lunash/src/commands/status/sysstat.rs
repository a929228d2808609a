//! `status sysstat`: the operational state that the appliance's display shows too.

use luna_rest::lunasa;

use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "status sysstat", help: "Operational state of the appliance" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "status sysstat code",
        help: "Explain the states and their codes",
        options: &[],
        roles: Role::MONITOR,
        rest: &[],
        known: Known::Assumed("known by name only: the states of the documentation, and our codes"),
        run: call::<Code>(),
    },
    Command {
        syntax: "status sysstat show",
        help: "Show the present state and its codes",
        options: &[],
        roles: Role::MONITOR,
        rest: &[lunasa::SHOW.resource()],
        known: Known::Assumed("known by name only: the two status fields of the REST resource"),
        run: call::<Show>(),
    },
];

/// The states; a fourth and a fifth, OFL and OFT, are named in the documentation without a meaning.
const STATES: [(&str, &str); 3] = [
    ("ISO", "In service, all is well"),
    ("IST", "In service with trouble"),
    ("OOS", "Out of service"),
];

/// The codes whose meaning is known. Assumed: a recorded appliance with one cable reported the last
/// three, and the codes stand for its four ports.
const CODES: [(&str, &str); 4] = [
    ("60", "eth0 has no link"),
    ("61", "eth1 has no link"),
    ("62", "eth2 has no link"),
    ("63", "eth3 has no link"),
];

/// What a code says.
fn meaning(code: &str) -> &'static str {
    let known = CODES.iter().find(|(known, _)| *known == code);
    known.map_or("(no public description)", |(_, meaning)| meaning)
}

/// A code or a state, and what it says.
#[derive(Serialize)]
struct Entry {
    code: String,
    meaning: &'static str,
}

fn write(entries: &[Entry], page: &mut Page) {
    for Entry { code, meaning } in entries {
        page.field(&format!("   {code}"), 9, meaning);
    }
}

#[derive(Deserialize)]
struct Code {}

/// All states and codes.
#[derive(Serialize)]
struct Explained {
    states: Vec<Entry>,
    codes: Vec<Entry>,
}

impl Run<Session> for Code {
    type View = Explained;

    fn run(self, _: &mut Session) -> Result<Explained, Failure> {
        let entries = |list: &[(&str, &'static str)]| {
            list.iter().map(|&(code, meaning)| Entry { code: code.to_owned(), meaning }).collect()
        };
        Ok(Explained { states: entries(&STATES), codes: entries(&CODES) })
    }
}

impl Text for Explained {
    fn write(&self, page: &mut Page) {
        page.line("System states:");
        write(&self.states, page);
        page.blank();
        page.line("System status codes:");
        write(&self.codes, page);
    }
}

#[derive(Deserialize)]
struct Show {}

/// The present state.
#[derive(Serialize)]
struct State {
    status: String,
    codes: Vec<Entry>,
}

impl Run<Session> for Show {
    type View = State;

    fn run(self, session: &mut Session) -> Result<State, Failure> {
        let appliance = session.get(&lunasa::SHOW, &[])?;
        let codes = appliance.system_status_codes.split(',').map(str::trim);
        let codes = codes.filter(|code| !code.is_empty());
        let entry = |code: &str| Entry { code: code.to_owned(), meaning: meaning(code) };
        Ok(State { status: appliance.system_status.clone(), codes: codes.map(entry).collect() })
    }
}

impl Text for State {
    fn write(&self, page: &mut Page) {
        page.line(format!("System status: {}", self.status));
        if !self.codes.is_empty() {
            page.blank();
            page.line("System status codes:");
            write(&self.codes, page);
        }
    }
}
