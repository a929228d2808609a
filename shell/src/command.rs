//! How a command is declared, and what it returns.

use std::fmt;

use luna_grammar::{BadArgument, Declaration, Grammar, Invocation, Menu, fields_of};
use luna_rest::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, Kind};
use crate::page::Page;

/// One command of a shell: how it is typed, who may run it, what it calls, how well it is known,
/// and the code that runs it.
pub struct Command<S> {
    /// Path, positionals and options in the notation of Luna's manuals.
    pub syntax: &'static str,
    /// One line for the menu.
    pub help: &'static str,
    /// What its options mean where the glossary's text does not do.
    pub options: &'static [(&'static str, &'static str)],
    /// The appliance roles that may run it; empty where the role does not matter.
    pub roles: &'static [Role],
    /// The resources it calls, beside those that every session calls; empty for commands of the
    /// shell itself. Custom roles are made from it.
    pub rest: &'static [Resource],
    /// Where the facts come from.
    pub known: Known,
    /// What runs it.
    pub run: Handler<S>,
}

impl<S> Command<S> {
    /// Its words, in the official spelling: `client assignPartition`.
    pub fn path(&self) -> String {
        path_of(self.syntax)
    }
}

/// An appliance role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything but audit.
    Admin,
    /// Everything but user management and audit.
    Operator,
    /// Looks, never touches.
    Monitor,
    /// The audit menu.
    Audit,
}

impl Role {
    /// Admin alone.
    pub const ADMIN: &'static [Role] = &[Role::Admin];
    /// Admin and operator: commands that change the appliance.
    pub const OPERATOR: &'static [Role] = &[Role::Admin, Role::Operator];
    /// Admin, operator and monitor: commands that look.
    pub const MONITOR: &'static [Role] = &[Role::Admin, Role::Operator, Role::Monitor];
    /// Every role.
    pub const ANY: &'static [Role] = &[Role::Admin, Role::Operator, Role::Monitor, Role::Audit];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Admin => "admin",
            Role::Operator => "operator",
            Role::Monitor => "monitor",
            Role::Audit => "audit",
        })
    }
}

/// Where a command's facts come from. The coverage page counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A page of the vendor's documentation.
    Documented(&'static str),
    /// A recorded session of the product.
    Seen(&'static str),
    /// Name or output are not documented; the text says what was chosen and why.
    Assumed(&'static str),
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Known::Documented(page) => write!(f, "documented: {page}"),
            Known::Seen(session) => write!(f, "seen: {session}"),
            Known::Assumed(why) => write!(f, "assumed: {why}"),
        }
    }
}

/// A view as Luna's text.
pub trait Text {
    /// Writes the view; the empty lines around a command's output are the shell's.
    fn write(&self, page: &mut Page);
}

/// What a command returns: text for people, JSON for programs.
pub trait View {
    /// The view as Luna's text.
    fn text(&self) -> String;
    /// The view with stable names.
    fn json(&self) -> serde_json::Value;
}

impl<T: Text + Serialize> View for T {
    fn text(&self) -> String {
        let mut page = Page::new();
        self.write(&mut page);
        page.into_text()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or(serde_json::Value::Null)
    }
}

impl Text for () {
    fn write(&self, _: &mut Page) {}
}

/// Arguments that can be run in a session of type `S`.
pub trait Run<S>: DeserializeOwned {
    /// What it returns.
    type View: View + 'static;

    /// Runs the command.
    ///
    /// # Errors
    /// Whatever kept it from doing what it was told.
    fn run(self, session: &mut S) -> Result<Self::View, Failure>;
}

type Runner<S> = fn(&mut S, &Invocation<'_>) -> Result<Box<dyn View>, Failure>;

/// What a command does.
enum Work<S> {
    /// It reads its arguments and runs.
    Run(Runner<S>),
    /// It fails, whatever its arguments are.
    Refuse(fn(&mut S) -> Failure),
}

impl<S> Clone for Work<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Work<S> {}

/// The code behind a command, with the argument names it reads.
pub struct Handler<S> {
    work: Work<S>,
    /// Whether the line fills the arguments struct.
    pub(crate) check: fn(&Invocation<'_>) -> Result<(), BadArgument>,
    /// The fields of the arguments struct, as serde names them.
    pub fields: fn() -> &'static [&'static str],
}

impl<S> Clone for Handler<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Handler<S> {}

impl<S> Handler<S> {
    /// Runs the command of this line.
    pub(crate) fn run(
        &self,
        session: &mut S,
        invocation: &Invocation<'_>,
    ) -> Result<Box<dyn View>, Failure> {
        match self.work {
            Work::Run(run) => run(session, invocation),
            Work::Refuse(why) => Err(why(session)),
        }
    }
}

/// The handler of a command that the product has and this shell cannot do: it only says `why`.
pub const fn refuse<S>(why: fn(&mut S) -> Failure) -> Handler<S> {
    Handler { work: Work::Refuse(why), check: |_| Ok(()), fields: || &[] }
}

/// The handler that fills `R` from the line and runs it.
pub const fn handler<R: Run<S>, S>() -> Handler<S> {
    Handler {
        work: Work::Run(|session, invocation| {
            let arguments: R = invocation
                .arguments()
                .map_err(|bad| Failure::new(Kind::BadArguments, bad.to_string()))?;
            Ok(Box::new(arguments.run(session)?))
        }),
        check: |invocation| invocation.arguments::<R>().map(drop),
        fields: fields_of::<R>,
    }
}

/// Everything a shell can do: its menus and commands, and the grammar made from them.
pub struct Catalogue<S: 'static> {
    /// The commands, in the order of the menus.
    pub commands: Vec<&'static Command<S>>,
    /// Reads lines.
    pub grammar: Grammar,
}

impl<S> Catalogue<S> {
    /// Gathers the tables of a shell.
    pub fn new(
        menus: &[&[Menu]],
        tables: &[&'static [Command<S>]],
        glossary: &'static [(&'static str, &'static str)],
    ) -> Catalogue<S> {
        let commands: Vec<&'static Command<S>> = tables.iter().copied().flatten().collect();
        let declarations = commands
            .iter()
            .map(|command| Declaration {
                syntax: command.syntax,
                help: command.help,
                options: command.options,
            })
            .collect();
        Catalogue {
            grammar: Grammar::new(
                menus.iter().copied().flatten().copied().collect::<Vec<_>>().leak(),
                declarations,
                glossary,
            ),
            commands,
        }
    }

    /// One line per command for tools: path, syntax, roles, calls, provenance; tab-separated.
    pub fn list(&self) -> String {
        let mut list = String::new();
        for command in &self.commands {
            let roles: Vec<String> = command.roles.iter().map(Role::to_string).collect();
            let rest: Vec<String> = command.rest.iter().map(Resource::to_string).collect();
            list.push_str(&format!(
                "{}\t{}\t{}\t{}\t{}\n",
                path_of(command.syntax),
                command.syntax,
                roles.join(","),
                rest.join(", "),
                command.known
            ));
        }
        list
    }
}

/// The words of a notation before its first positional or option, without short forms.
pub(crate) fn path_of(syntax: &str) -> String {
    syntax
        .split_whitespace()
        .take_while(|word| !word.starts_with(['-', '<', '[', '{']))
        .map(|word| word.split('|').next().unwrap_or(word))
        .collect::<Vec<_>>()
        .join(" ")
}
