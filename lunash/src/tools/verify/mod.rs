//! `lunash verify FILE…`: plays transcripts and compares what is shown with what they hold.

mod place;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, ValueHint};
use luna_shell::transcript::{Case, Section, TextFile, Transcript, compare, junit, play};
use luna_shell::{
    CommandResult, Device, Failure, Format, Kind, Page, Secrets, Status, Text, View, finish,
    replace_file, write_result,
};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::Surroundings;
use place::{Place, Recorded};

/// Its arguments.
#[derive(Args, Debug)]
pub struct Verify {
    /// The transcripts: as --record writes them, or NAME.in with NAME.snap
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<PathBuf>,

    /// Write what is shown now into the files that differ; wildcards stay where they still match
    #[arg(long)]
    update: bool,

    /// Write the results into this file, as JUnit's XML
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    junit: Option<PathBuf>,
}

/// How a transcript went.
#[derive(Serialize)]
struct Outcome {
    file: String,
    result: Verdict,
    /// The lines that differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<String>,
    /// Why it was not played.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip)]
    status: Status,
    #[serde(skip)]
    took: Duration,
}

#[derive(Clone, Copy, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Same,
    Differs,
    Updated,
    NotPlayed,
}

/// How all of them went.
#[derive(Serialize)]
struct Outcomes {
    transcripts: Vec<Outcome>,
}

impl Text for Outcomes {
    fn write(&self, page: &mut Page) {
        for Outcome { file, result, diff, error, .. } in &self.transcripts {
            match result {
                Verdict::Same => page.line(format!("same     {file}")),
                Verdict::Updated => page.line(format!("updated  {file}")),
                Verdict::Differs => page.line(format!("differs  {file}")),
                Verdict::NotPlayed => page.line(format!("failed   {file}")),
            }
            for text in [diff, error].into_iter().flatten() {
                text.lines().for_each(|line| page.line(line));
            }
        }
        let count = |of: Verdict| self.transcripts.iter().filter(|one| one.result == of).count();
        page.line(format!(
            "{} the same, {} different, {} updated, {} not played",
            count(Verdict::Same),
            count(Verdict::Differs),
            count(Verdict::Updated),
            count(Verdict::NotPlayed)
        ));
    }
}

/// What a file holds, and what it would hold now.
struct Compared {
    /// The file with the text.
    file: TextFile,
    /// The lines that differ, and the whole new text.
    difference: Option<(String, String)>,
}

impl Verify {
    pub(super) fn run(self, mut device: Box<dyn Device>, surroundings: Surroundings) -> Status {
        let mut known = Secrets::from_environment();
        let played = self.files.iter().map(|file| self.outcome(file, &surroundings, &mut known));
        let outcomes = Outcomes { transcripts: played.collect() };
        let mut status =
            outcomes.transcripts.iter().map(|one| one.status).max().unwrap_or_default();
        let output = surroundings.options.output;
        match output {
            Format::Luna => device.print(&format!("{}\n", outcomes.text())),
            Format::Json => {
                let view = outcomes.json().ok();
                let object =
                    CommandResult { view, status: status as u8, ..CommandResult::default() };
                device.print(&format!("{}\n", object.text()));
            }
        }
        let written = self.junit.as_ref().map_or(Ok(()), |file| write(file, &outcomes.junit()));
        if let Err(failure) = written {
            status = status.max(write_result("lunash", &mut *device, Format::Luna, Err(failure)));
        }
        finish("lunash", &mut *device, status)
    }

    fn outcome(&self, file: &Path, surroundings: &Surroundings, known: &mut Secrets) -> Outcome {
        let begun = Instant::now();
        let compared = match file.extension().is_some_and(|end| end == "in") {
            true => script(file, surroundings),
            false => recording(file, surroundings, known),
        };
        let compared = compared.and_then(|compared| match (self.update, compared) {
            (true, Compared { file, difference: Some((_, text)) }) => {
                file.write(&text).map(|()| (Verdict::Updated, None))
            }
            (_, Compared { difference: None, .. }) => Ok((Verdict::Same, None)),
            (false, Compared { difference: Some((diff, _)), .. }) => {
                Ok((Verdict::Differs, Some(diff)))
            }
        });
        let file = file.display().to_string();
        let took = begun.elapsed();
        match compared {
            Ok((result, diff)) => {
                let status = match result {
                    Verdict::Differs => Status::Failed,
                    _ => Status::Success,
                };
                Outcome { file, result, diff, error: None, status, took }
            }
            Err(failure) => {
                let hints = failure.hints.iter().map(|hint| format!("\nhint: {hint}"));
                let error = Some(failure.message.clone() + &hints.collect::<String>());
                let status = failure.status();
                Outcome { file, result: Verdict::NotPlayed, diff: None, error, status, took }
            }
        }
    }
}

impl Outcomes {
    fn junit(&self) -> String {
        let cases: Vec<Case<'_>> = self.transcripts.iter().map(Outcome::case).collect();
        junit("lunash verify", &cases)
    }
}

impl Outcome {
    fn case(&self) -> Case<'_> {
        let Outcome { file, diff, error, took, .. } = self;
        Case { name: file, took: *took, failure: diff.as_deref(), error: error.as_deref() }
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    replace_file(file, text.as_bytes())
        .map_err(|error| Failure::command(format!("cannot write {}: {error}.", file.display())))
}

/// Plays a script and compares it with the snapshot beside it.
fn script(file: &Path, surroundings: &Surroundings) -> Result<Compared, Failure> {
    let typed = TextFile::read(file)?.text;
    let path = file.with_extension("snap");
    let snapshot = TextFile::read(&path)?;
    let (head, expected) = split_snapshot(&snapshot.text).ok_or_else(|| {
        Failure::new(Kind::NotUnderstood, format!("{} is no snapshot.", path.display()))
    })?;
    let mut place = Place::new(surroundings)?;
    let shown = play(&typed, folder(file), &mut place)?;
    let session = shown.lines().skip_while(|line| line.starts_with('#'));
    // As the snapshots have it.
    let session: String = session.flat_map(|line| [line, "\n"]).collect();
    let session = format!("{}\n", session.replace('\r', "␍").trim_end_matches('\n'));
    let difference = compare(expected, &session, &[]);
    let difference = difference.map(|found| (found.diff, format!("{head}{}", found.updated)));
    Ok(Compared { file: snapshot, difference })
}

/// The head of a snapshot of insta, and what it holds.
fn split_snapshot(snapshot: &str) -> Option<(&str, &str)> {
    const MARK: &str = "---\n";
    let inside = snapshot.strip_prefix(MARK)?;
    let end = inside.find("\n---\n")?;
    Some(snapshot.split_at(MARK.len() + end + 1 + MARK.len()))
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Plays a recording and compares it with itself.
fn recording(
    file: &Path,
    surroundings: &Surroundings,
    known: &mut Secrets,
) -> Result<Compared, Failure> {
    let written = TextFile::read(file)?;
    let transcript = Transcript::read(&written.text)?;
    let mut given = Vec::new();
    for name in &transcript.secrets {
        let secret = known.find(name)?.ok_or_else(|| {
            Failure::refused(format!("LUNA_{name} is not set, and was given in advance."))
        })?;
        given.push((name.clone(), secret.expose_secret().to_owned()));
    }
    let mut place = Place::new(surroundings)?;
    let mut sessions = Vec::new();
    for section in &transcript.sections {
        match section {
            Section::Setup { script } => {
                let shown = play(script, folder(file), &mut place)?;
                let failed =
                    |line: &str| line.starts_with("[exit status: ") && line != "[exit status: 0]";
                if shown.lines().any(failed) {
                    let why = format!("What '@setup' says did not succeed:\n{shown}");
                    return Err(Failure::command(why));
                }
            }
            Section::Session { program, arguments, at } => {
                let shown = &transcript.shown(at);
                let session = Recorded { program, arguments, shown, given: &given };
                let played = place.recorded(&session, known)?;
                sessions.push((at.clone(), played));
            }
        }
    }
    let difference = transcript.compare(&sessions);
    let difference = difference.map(|found| (found.diff, found.updated));
    Ok(Compared { file: written, difference })
}
