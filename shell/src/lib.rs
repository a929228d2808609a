//! What `lunash` and `lunacm` share.
//!
//! A shell declares [`Command`]s and a [`Session`]; this crate reads lines from a person, a file or
//! a pipe, finds the command each line means, asks the questions it has, writes what it returns as
//! Luna's text or as JSON, and ends with an exit status. Commands themselves never print and never
//! ask who is reading.

mod advice;
mod command;
mod config;
mod connect;
mod device;
mod editor;
mod failure;
mod generate;
mod misread;
mod options;
mod page;
mod run;
mod secrets;
mod status;
mod ui;
mod watch;

pub use advice::{advice, spells};
pub use command::{Catalogue, Command, Handler, Known, Role, Run, Text, View, handler, refuse};
pub use config::{Config, Folders, Profile};
pub use connect::{Connection, Local, connect, greet, is_named};
pub use device::{Device, Input, Stdio};
pub use editor::Words;
pub use failure::{Code, Failure, Kind};
pub use generate::generate;
pub use options::{Format, Generate, Options, after_help};
pub use page::{Page, Table};
pub use run::{COMMANDS, Session, Shell, Values, main};
pub use secrets::Secrets;
pub use status::Status;
pub use ui::{Question, Ui};
pub use watch::Watch;
