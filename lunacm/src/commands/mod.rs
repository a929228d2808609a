//! The menus of LunaCM. A file per menu; within it a command's declaration, its arguments, what it
//! does and its view stand together.

mod administrative;
pub(crate) mod appid;
mod audit;
pub(crate) mod clientconfig;
mod file;
pub(crate) mod hagroup;
mod hsm;
mod partition;
mod ped;
mod remotebackup;
pub(crate) mod role;
mod shell;
mod slot;
mod stc;
mod stcconfig;
mod stm;

use luna_grammar::Menu;
use luna_shell::elsewhere::{self, LUNACM, LUNASH};
use luna_shell::{Catalogue, Command, Failure, Now, Older};
use serde::Serialize;

use crate::glossary::GLOSSARY;
use crate::session::Session;

/// The menus, in the order of their files.
const MENUS: &[&[Menu]] = &[
    slot::MENUS,
    role::MENUS,
    partition::MENUS,
    clientconfig::MENUS,
    hagroup::MENUS,
    remotebackup::MENUS,
    hsm::MENUS,
    audit::MENUS,
    stm::MENUS,
    stc::MENUS,
    stcconfig::MENUS,
    appid::MENUS,
    file::MENUS,
    ped::MENUS,
];

/// The commands, in the same order; `help` and `exit` come last.
const TABLES: &[&[Command<Session>]] = &[
    slot::COMMANDS,
    role::COMMANDS,
    partition::COMMANDS,
    partition::archive::COMMANDS,
    partition::clone::COMMANDS,
    partition::contents::COMMANDS,
    partition::create::COMMANDS,
    partition::domains::COMMANDS,
    partition::information::COMMANDS,
    partition::mechanisms::COMMANDS,
    partition::policies::COMMANDS,
    partition::smk::COMMANDS,
    clientconfig::COMMANDS,
    hagroup::COMMANDS,
    hagroup::settings::COMMANDS,
    hagroup::synchronize::COMMANDS,
    remotebackup::COMMANDS,
    hsm::access::COMMANDS,
    hsm::show::COMMANDS,
    hsm::usage::COMMANDS,
    hsm::policies::COMMANDS,
    hsm::tamper::COMMANDS,
    hsm::keys::COMMANDS,
    hsm::firmware::COMMANDS,
    hsm::reset::COMMANDS,
    audit::auditor::COMMANDS,
    audit::config::COMMANDS,
    audit::log::COMMANDS,
    stm::COMMANDS,
    stc::COMMANDS,
    stc::links::COMMANDS,
    stcconfig::COMMANDS,
    stcconfig::algorithms::COMMANDS,
    stcconfig::identities::COMMANDS,
    appid::COMMANDS,
    file::COMMANDS,
    ped::COMMANDS,
    shell::COMMANDS,
];

/// Commands that earlier releases had, and what does the same today.
const RETIRED: &[(&str, &str)] =
    &[("partition login", "role login"), ("partition logout", "role logout")];

/// What the product shows on administrative slots only; a Network HSM's clients have none.
const OF_ADMINISTRATIVE_SLOTS: &[&str] =
    &["audit", "hsm", "stm", "partition create", "partition delete", "partition resize"];

/// Whether a command is of a menu that only sessions with an administrative slot have. The three commands of
/// `partition` are always there, so that their names do not pass for the beginning of longer ones.
pub(crate) fn is_of_administrative_slots(path: &str) -> bool {
    matches!(path.split(' ').next(), Some("audit" | "hsm" | "stm"))
}

/// Lines that scripts of older releases, and guides, still send.
pub(crate) const OLDER: &[Older] =
    &[Older { words: "slot set", today: "slot set", arguments: &[("slot", Now::Is("-slot"))] }];

/// First words of LunaSH whose lines would otherwise run something else here, as abbreviations. LunaCM
/// itself takes official short names only.
const OF_LUNASH: &[&str] = &["client", "service", "status", "sysconf"];

/// Menus whose official short names, if they have any, were not seen: abbreviated, their lines would be those
/// of other commands, here or in LunaSH.
const SPELT_OUT: &[&str] = &["appid", "ped"];

/// Everything this shell can do.
pub fn catalogue() -> Catalogue<Session> {
    let mut catalogue = Catalogue::new(MENUS, TABLES, GLOSSARY);
    catalogue.grammar.know(LUNASH.table);
    catalogue.grammar.know(elsewhere::NAMES);
    RETIRED.iter().for_each(|(old, _)| catalogue.grammar.know(old));
    OF_ADMINISTRATIVE_SLOTS.iter().for_each(|path| catalogue.grammar.know(path));
    catalogue.grammar.reserve(OF_LUNASH);
    catalogue.grammar.spell_out(SPELT_OUT);
    catalogue.is_rare = is_of_administrative_slots;
    catalogue
}

/// Where a line that fits nothing here would be understood.
pub(crate) fn hint_for_unknown(words: &[&str]) -> Option<String> {
    let elsewhere = elsewhere::hint(words, LUNACM, LUNASH, RETIRED);
    // That such a command is missing needs no second reason.
    let other = elsewhere.clone().filter(|told| told.ends_with(LUNASH.program));
    let begins = |full: &str, typed: &str| {
        full.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed))
    };
    let admin = OF_ADMINISTRATIVE_SLOTS.iter().find(|path| {
        let path: Vec<&str> = path.split(' ').collect();
        // A single letter is no menu's name.
        words.len() >= path.len()
            && words[path.len() - 1].len() > 1
            && path.iter().zip(words).all(|(full, typed)| begins(full, typed))
    });
    match (admin, elsewhere) {
        (Some(admin), _) => Some(format!(
            "'{admin}' exists on administrative slots only, which clients of a Network HSM do not \
             have{}",
            other.map_or_else(String::new, |told| format!("; {told}"))
        )),
        (None, elsewhere) => elsewhere,
    }
}

/// Why a change of the configuration file cannot be written down.
fn malformed(session: &Session, error: &crate::chrystoki::Malformed) -> Failure {
    Failure::command(format!("{}: {error}.", session.side().configuration.display()))
}

/// That something was done which the product confirms with its result line alone.
#[derive(Serialize)]
pub(crate) struct Done {
    /// The command's words.
    done: &'static str,
}

impl Done {
    pub(crate) const fn new(done: &'static str) -> Done {
        Done { done }
    }
}

impl luna_shell::Text for Done {
    fn write(&self, _: &mut luna_shell::Page) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_and_arguments_agree() {
        let catalogue = catalogue();
        assert_eq!(catalogue.grammar.lint(), Vec::<String>::new());
    }

    #[test]
    fn menus_of_administrative_slots_are_known_but_absent() {
        assert!(hint_for_unknown(&["hsm", "show"]).unwrap().contains("administrative slots only"));
        assert!(hint_for_unknown(&["par", "create"]).unwrap().contains("'partition create'"));
        assert!(hint_for_unknown(&["stm"]).is_some());
        assert_eq!(hint_for_unknown(&["h"]), None);
        assert_eq!(hint_for_unknown(&["crate"]), None);
        assert_eq!(
            hint_for_unknown(&["partition", "login"]).as_deref(),
            Some("'partition login' is 'role login' today")
        );
    }
}
