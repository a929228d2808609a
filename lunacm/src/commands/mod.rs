//! The menus of LunaCM. A file per menu; within it a command's declaration, its arguments, what it
//! does and its view stand together.

mod shell;

use luna_grammar::Menu;
use luna_shell::{Catalogue, Command};

use crate::glossary::GLOSSARY;
use crate::session::Session;

/// The menus, in the order of their files.
const MENUS: &[&[Menu]] = &[];

/// The commands, in the same order; `help` and `exit` come last.
const TABLES: &[&[Command<Session>]] = &[shell::COMMANDS];

/// Commands that earlier releases had, and what does the same today.
const RETIRED: &[(&str, &str)] = &[("partition login", "role login")];

/// The commands of the other shell, shortest spelling and full path.
const OF_LUNASH: &str = include_str!("../../../completions/lunash.abbreviations");

/// Everything this shell can do.
pub fn catalogue() -> Catalogue<Session> {
    Catalogue::new(MENUS, TABLES, GLOSSARY)
}

/// Where a line that fits nothing here would be understood.
pub(crate) fn advice(words: &[&str]) -> Option<String> {
    luna_shell::advice(words, RETIRED, "lunash", OF_LUNASH)
}
