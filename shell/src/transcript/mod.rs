//! Transcripts: sessions in a file, that are recorded, played again and compared.
//!
//! A *recording*, which `--record` writes, is one file. It begins with comment lines (`#`) and directives:
//!
//! - `@login`: what was shown and answered until the session was open: remarks, the question whether a
//!   certificate is trusted, the password, its change. It is evidence, and not played;
//! - `@secret NAME`: the secret was given in advance, in `LUNA_NAME`, and is again when it is played;
//! - `@filter NAME…`: what differs from run to run and is not compared: `serials`, `times`,
//!   `fingerprints`, `uuids`;
//! - `@setup`: a script, up to the next line here, that brings the appliance into its state first;
//! - `@recorded lunash|lunacm|cmu [ARGUMENTS]`: the session, to its last line `[exit status: N]`. Among the
//!   arguments `--pipe` says that lines come from a pipe, `--client NAME` whose slots are shown, `--linked` that the
//!   client's own links were used, which `@setup` has to make, `--backup-hsm SERIAL` which Backup HSM was at the
//!   client, `--greeted` that the greeting was shown at the login;
//! - `@copied put|get FILE…`: what `lunash put` and `lunash get` showed. It is evidence, and not played:
//!   `@setup` puts files where a session finds them.
//!
//! Recordings may stand one behind the other in one file; they go on on the same appliance.
//!
//! In a session, lines with a prompt are what was typed. `{NAME}` stands for a secret that was typed or given
//! as an option; it is taken from `LUNA_NAME` when it is played, whatever the name, and typed only where the
//! shell hides it. `^C` and `^D` are these keys. `@time` lines say when. `[..]` stands for anything within a line,
//! a line `...` for any lines; a line that begins with `@` is written with `[..]` in its place. What would command
//! a terminal is written as `\x1b`. A session without its last line was cut off: it is compared up to its last
//! command.
//!
//! A *script* (`NAME.in`) is what is typed, with what a person sees in `NAME.snap`, an insta snapshot. It
//! begins with comment lines that say where it comes from; they are the description in the head of its
//! snapshot. Then, a line each:
//!
//! - a line as it is typed, Tabs included;
//! - `> text` answers a question;
//! - `@after NAME` goes on where the transcript NAME ended, which is played unseen;
//! - `@secret NAME VALUE` gives the next sessions a secret in advance;
//! - `@lunash [ARGUMENTS]` and the like begin a session, and others make something happen to the appliances:
//!   these words are at the head of `lunash/src/tools/rehearsal/words.rs`. On an appliance that is named there are
//!   only `@lunash`, `@lunacm` and `@cmu`.
//!
//! Files from Windows, with `\r\n` and a byte order mark, are read as others, and stay as they are when they are
//! updated.

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
