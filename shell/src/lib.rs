//! What `lunash` and `lunacm` share.
//!
//! A shell declares [`Command`]s and a [`Session`]. This crate reads lines from a terminal, a file or
//! a pipe, runs the command of each line, asks its questions, writes its result as Luna's text or as
//! JSON, and ends with an exit status. Commands never print and do not know who reads the output.

mod arguments;
mod attempts;
mod certificates;
mod client_files;
mod command;
mod config;
mod connect;
mod device;
mod diagnostics;
mod editor;
pub mod elsewhere;
mod failure;
mod files;
mod generate;
mod history;
mod json;
mod keys;
mod line;
pub mod naming;
mod older;
mod options;
mod page;
mod pins;
mod printable;
mod run;
mod secrets;
mod status;
mod terminal;
pub mod transcript;
mod ui;
mod watch;
mod x509;

pub use arguments::{end, finish, parse, parse_from, write_result};
pub use attempts::{Attempt, Counter};
pub use certificates::{all_certificates, first_certificate, has_private_key};
pub use client_files::{ClientFiles, ClusterFiles, HaFacts, HaMembers};
pub use command::{Catalogue, Command, Handler, Known, Role, Run, Text, View, handler, refuse};
pub use config::{Config, Folders, Profile};
pub use connect::{
    Connection, LocalAppliance, Named, connect, connect_without_login, names_appliance,
};
pub use device::{Device, Input, Stdio};
pub use editor::LineAssistant;
pub use failure::{Code, Failure, Kind};
pub use files::{
    check_replaceable, make_private_folder, replace_file, replace_file_like, replace_private_file,
};
pub use generate::generate;
pub use json::CommandResult;
pub use older::{Now, Older};
pub use options::{
    DEFAULT_TIME_LIMIT, Format, Generate, LoginShellStyle, Options, TimeLimit, Via, after_help,
    quoted,
};
pub use page::{Page, Table};
pub use pins::Pins;
pub use printable::printable;
pub use run::{Asked, COMMANDS, CompletionValues, Session, Shell, main, place_of, recorded};
pub use secrets::{Secrets, answered_secret, secret_of, secret_of_file};
pub use status::Status;
pub use ui::{Question, Ui};
pub use watch::Watch;
pub use x509::{CertificateFacts, key_of, x509_text};
