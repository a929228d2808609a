//! The declaration of commands, and their results.

use std::fmt;

use luna_grammar::{BadArgument, Declaration, Grammar, Invocation, Menu, fields_of};
use luna_rest::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::page::Page;

/// The declaration of a command.
pub struct Command<S> {
    /// Path, positionals and options in the notation of Luna's manuals.
    pub syntax: &'static str,
    /// One line for the menu.
    pub help: &'static str,
    /// Help for options that the glossary has no suitable text for.
    pub options: &'static [(&'static str, &'static str)],
    /// The appliance roles that may run it. Custom roles ignore this and use their own ACL.
    pub roles: &'static [Role],
    /// The resources it calls, in addition to those of every session. Custom roles are made from it.
    pub rest: &'static [Resource],
    /// The source of what is known about it.
    pub known: Known,
    /// The code that runs it.
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
    /// May look, not change.
    Monitor,
    /// The audit menu only.
    Audit,
}

impl Role {
    /// Admin alone.
    pub const ADMIN: &'static [Role] = &[Role::Admin];
    /// Admin and operator: commands that change the appliance.
    pub const OPERATOR: &'static [Role] = &[Role::Admin, Role::Operator];
    /// Admin, operator and monitor: commands that look.
    pub const MONITOR: &'static [Role] = &[Role::Admin, Role::Operator, Role::Monitor];
    /// Audit alone: the audit log.
    pub const AUDIT: &'static [Role] = &[Role::Audit];
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

/// The source of what is known about a command, counted on the coverage page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A page of the vendor's documentation.
    Documented(&'static str),
    /// A recorded session of the product.
    Seen(&'static str),
    /// Its name or output is not documented; the text says what was chosen.
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
    /// Writes the view, without the empty lines around the output of a command.
    fn write(&self, page: &mut Page);
}

/// The result of a command, as text for people and as JSON for programs.
pub trait View {
    /// The view as Luna's text.
    fn text(&self) -> String;
    /// The view as JSON with stable names.
    ///
    /// # Errors
    /// It cannot be serialized.
    fn json(&self) -> serde_json::Result<serde_json::Value>;
}

impl<T: Text + Serialize> View for T {
    fn text(&self) -> String {
        let mut page = Page::new();
        self.write(&mut page);
        page.into_text()
    }

    fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::to_value(self)
    }
}

impl Text for () {
    fn write(&self, _: &mut Page) {}
}

/// The arguments of a command, which run it in a session of type `S`.
pub trait Run<S>: DeserializeOwned + 'static {
    /// The result.
    type View: View + 'static;

    /// Runs the command.
    ///
    /// # Errors
    /// The command failed.
    fn run(self, session: &mut S) -> Result<Self::View, Failure>;
}

/// A command with its arguments, ready to run.
pub(crate) type Prepared<S> = Box<dyn FnOnce(&mut S) -> Result<Box<dyn View>, Failure>>;

/// What a command does.
enum Work<S> {
    /// It reads its arguments, and is ready to run.
    Read(fn(&Invocation<'_>) -> Result<Prepared<S>, BadArgument>),
    /// It fails, whatever its arguments are.
    Refuse(fn(&mut S) -> Failure),
}

impl<S> Clone for Work<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Work<S> {}

/// The code behind a command.
pub struct Handler<S> {
    work: Work<S>,
    /// The fields of the arguments struct, as serde names them.
    pub fields: fn() -> &'static [&'static str],
}

impl<S> Clone for Handler<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Handler<S> {}

impl<S: 'static> Handler<S> {
    /// Reads the arguments of a line.
    ///
    /// # Errors
    /// The argument that cannot be read.
    pub(crate) fn prepare(&self, invocation: &Invocation<'_>) -> Result<Prepared<S>, BadArgument> {
        match self.work {
            Work::Read(read) => read(invocation),
            Work::Refuse(why) => Ok(Box::new(move |session| Err(why(session)))),
        }
    }
}

/// The handler of a command that the product has and this shell cannot do: it only says `why`.
pub const fn refuse<S>(why: fn(&mut S) -> Failure) -> Handler<S> {
    Handler { work: Work::Refuse(why), fields: || &[] }
}

/// The handler that reads the arguments `R` and runs them.
pub const fn handler<R: Run<S>, S>() -> Handler<S> {
    Handler {
        work: Work::Read(|invocation| {
            let arguments: R = invocation.arguments()?;
            Ok(Box::new(move |session| Ok(Box::new(arguments.run(session)?))))
        }),
        fields: fields_of::<R>,
    }
}

/// The menus and commands of a shell.
pub struct Catalogue<S: 'static> {
    /// The commands, in the order of the menus.
    pub commands: Vec<&'static Command<S>>,
    /// The grammar made from them.
    pub grammar: Grammar,
    /// Whether most sessions do not have a command, by its path.
    pub is_rare: fn(&str) -> bool,
}

impl<S> Catalogue<S> {
    /// Combines the tables of a shell.
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
            is_rare: |_| false,
        }
    }

    /// The table of abbreviations. A row holds where its command does: those of every session without the
    /// commands that are rare, those of these with all of them.
    pub fn abbreviations(&self) -> String {
        let mut usual = self.grammar.clone();
        usual.retain(|path| !(self.is_rare)(path));
        let (usual, all) = (usual.abbreviations(), self.grammar.abbreviations());
        let rows = usual.lines().zip(all.lines()).zip(&self.commands);
        let row = |((usual, all), command): ((&str, &str), &&Command<S>)| {
            let rare = (self.is_rare)(&path_of(command.syntax));
            format!("{}\n", if rare { all } else { usual })
        };
        rows.map(row).collect()
    }

    /// The output of `--list-commands`: path, syntax, roles, calls and source of each command,
    /// separated by tabs.
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

/// The words of a syntax before its first positional or option, without short forms.
pub(crate) fn path_of(syntax: &str) -> String {
    syntax
        .split_whitespace()
        .take_while(|word| !word.starts_with(['-', '<', '[', '{']))
        .map(|word| word.split('|').next().unwrap_or(word))
        .collect::<Vec<_>>()
        .join(" ")
}
