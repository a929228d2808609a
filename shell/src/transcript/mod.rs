//! Transcripts: sessions in a file, that are recorded, played again and compared.
//!
//! A *recording*, which `--record` writes, is one file. It begins with comment lines (`#`) and directives:
//!
//! - `@secret NAME`: the secret was given in advance, in `LUNA_NAME`, and is again when it is played;
//! - `@filter NAME…`: what differs from run to run and is not compared: `serials`, `times`,
//!   `fingerprints`, `uuids`;
//! - `@setup`: a script, up to the next line here, that brings the appliance into its state first;
//! - `@recorded lunash [ARGUMENTS]`: the session, to its last line `[exit status: N]`. There may be several.
//!
//! In a session, lines with a prompt are what was typed. `{NAME}` stands for a secret that was typed or given
//! as an option; it is taken from `LUNA_NAME` when it is played, whatever the name. `^C` and `^D` are these
//! keys. `@time` lines say when. `[..]` stands for anything within a line, a line `...` for any lines; a line
//! that begins with `@` is written with `[..]` in its place. A session without its last line was cut off: it
//! is compared up to its last command.
//!
//! A *script* (`NAME.in`) is what is typed, with what a person sees in `NAME.snap`, an insta snapshot. It
//! begins with comment lines that say where it comes from; they are the description in the head of its
//! snapshot. Then, a line each:
//!
//! - a line as it is typed, Tabs included;
//! - `> text` answers a question;
//! - `@after NAME` goes on where the transcript NAME ended, which is played unseen;
//! - `@secret NAME VALUE` gives the next sessions a secret in advance;
//! - `@lunash [ARGUMENTS]` begins a session; `--pipe` makes its lines come from a pipe; `--user NAME` logs
//!   that account in, with `@secret PASSWORD`;
//! - `@file NAME TEXT` puts a file with that text among admin's files, `\n` in it begins a new line;
//! - `@backup-hsm SERIAL` plugs a new Backup HSM in;
//! - `@clock SECONDS` moves the clocks of all appliances on.
//!
//! `lunash verify` knows these; in the project's own scripts there are more (`tests/src/transcript.rs`).

mod compare;
mod file;
mod filters;
mod play;
mod record;
mod recorder;
mod recording;
mod report;
mod steady;
mod terminal;

pub use compare::{Difference, compare};
pub use file::TextFile;
pub use filters::Filter;
pub use play::{Arguments, Asked, Stage, play};
pub use record::{Head, Recording};
pub use recorder::Recorder;
pub use recording::{Player, Section, Transcript};
pub use report::{Case, junit};
pub use steady::steady;
pub use terminal::{Script, ScriptedTerminal};
