//! Reads the arguments of a program, and ends it: what clap leaves open for scripts.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::ExitCode;

use clap::builder::Resettable;
use clap::{Command, Parser};

use crate::command::View;
use crate::device::Device;
use crate::failure::{Failure, Kind};
use crate::json::CommandResult;
use crate::options::Format;
use crate::status::Status;

/// The arguments of the process. A variable that is empty counts as not set.
///
/// # Errors
/// The exit status of a program that ends here: its help was asked for, or the arguments were not
/// understood, which is said.
pub fn parse<A: Parser>() -> Result<A, ExitCode> {
    parse_from(std::env::args_os())
}

/// The same with other arguments than those of the process, the program's name first.
///
/// # Errors
/// As [`parse`].
pub fn parse_from<A: Parser>(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<A, ExitCode> {
    let mut command = without_empty_variables(A::command());
    let matches = command.try_get_matches_from_mut(arguments);
    let parsed = matches.and_then(|matches| A::from_arg_matches(&matches));
    parsed.map_err(|error| {
        let error = error.format(&mut command);
        let written = error.print().and_then(|()| io::stdout().flush());
        if !error.use_stderr() {
            let lost = output_loss(command.get_name(), written.err().as_ref());
            // If standard error is closed too, the status alone tells it.
            let _ = lost.as_ref().map(|told| writeln!(io::stderr(), "{told}"));
            return lost.map_or(Status::Success, |_| Status::Failed).into();
        }
        if wants_json(std::env::args_os()) {
            let text = error.render().to_string();
            let message = text.strip_prefix("error: ").unwrap_or(&text);
            let failure = Failure::new(Kind::NotUnderstood, message.trim_end());
            // The status and standard error have told it already.
            let _ = writeln!(io::stdout(), "{}", CommandResult::no_session(&failure).text());
        }
        Status::NotUnderstood.into()
    })
}

/// Whether the arguments, although not understood, ask for JSON.
fn wants_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let words: Vec<OsString> = arguments.collect();
    words.iter().any(|word| word == "--output=json")
        || words.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
}

fn without_empty_variables(command: Command) -> Command {
    let empty = |variable: &OsStr| std::env::var_os(variable).is_some_and(|value| value.is_empty());
    command
        .mut_args(move |arg| match arg.get_env().is_some_and(empty) {
            true => arg.env(Resettable::Reset),
            false => arg,
        })
        .mut_subcommands(without_empty_variables)
}

/// Writes what a program that is not a shell has done, as text or as JSON.
pub fn write_result(
    program: &str,
    device: &mut dyn Device,
    output: Format,
    done: Result<Box<dyn View>, Failure>,
) -> Status {
    let written = done.and_then(|view| match output {
        Format::Luna => Ok(view.text()),
        Format::Json => {
            let view = Some(view.json().map_err(|error| unserializable(&error))?);
            Ok(CommandResult { view, ..CommandResult::default() }.text() + "\n")
        }
    });
    match written {
        Ok(text) => {
            device.print(&text);
            Status::Success
        }
        Err(failure) => {
            report(program, device, output, &failure);
            failure.status()
        }
    }
}

/// Reports why a program cannot go on, with an object where JSON is wanted.
pub(crate) fn report(program: &str, device: &mut dyn Device, output: Format, failure: &Failure) {
    if output == Format::Json {
        device.print(&format!("{}\n", CommandResult::no_session(failure).text()));
    }
    device.flush();
    device.report(&format!("{program}: {}", failure.message));
    for hint in &failure.hints {
        device.report(&format!("hint: {hint}"));
    }
}

/// Reports why a program cannot begin: its exit status.
pub fn end(program: &str, device: &mut dyn Device, output: Format, failure: &Failure) -> ExitCode {
    report(program, device, output, failure);
    device.flush();
    failure.status().into()
}

/// The failure of a result that JSON cannot hold.
pub(crate) fn unserializable(error: &serde_json::Error) -> Failure {
    Failure::command(format!("The result cannot be written as JSON: {error}."))
}

/// Ends the output, and the recording, at the end of a program, and says if they could not be written: then a
/// success becomes a failure.
pub fn finish(program: &str, device: &mut dyn Device, status: Status) -> Status {
    device.ended(status);
    let lost = device.recording_error().map_or(Status::Success, |_| Status::Failed);
    let status = status.max(lost);
    device.flush();
    match output_loss(program, device.output_error()) {
        Some(told) => {
            device.report(&told);
            status.max(Status::Failed)
        }
        None => status,
    }
}

/// What is to be told of output that could not be written; nothing of a closed pipe, as `head` leaves
/// it.
fn output_loss(program: &str, error: Option<&io::Error>) -> Option<String> {
    let error = error.filter(|error| error.kind() != io::ErrorKind::BrokenPipe)?;
    Some(format!("{program}: cannot write to standard output: {error}."))
}
