//! Sessions recorded on real appliances (`transcripts/recorded/*.txt`), and the same lines typed
//! here.
//!
//! A recording begins with comment lines that say where it comes from. Then, in sections:
//!
//! - `@setup`: a script (see [`crate::play`]) that brings the appliance into the recorded state;
//!   `@setup with failures` if that takes commands that fail;
//! - `@recorded lunash|lunacm [ARGUMENTS]`: the session as it was recorded. Without arguments it is
//!   a session at a terminal, compared command by command; with arguments (`--pipe`, or a command)
//!   all its output is compared at once;
//! - `@recorded cmu|vtl ARGUMENTS`: a run of that program. A file that it takes is named with `{client}/` where
//!   it lies in the client's folder.
//!
//! Between the recorded lines, ours begin with `@`:
//!
//! - `@answer TEXT` is typed where the following command asks (passwords are not in a recording);
//! - `@type LINE` is a line of a session whose recording does not show what was typed;
//! - `@omitted` marks what the author left out (all of it, where a command was added that the others
//!   depend on); `[OUTPUT OMITTED]`, `[...]` and `...` are theirs;
//! - `@lost empty-lines`, `@lost line-ends`: what the page that shows the session has lost;
//! - `@installed FOLDER`: where the recorded client is installed, for the names of its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use luna_grammar::tokenize;
use luna_shell::Secrets;
use lunacm::cmu;

use crate::similarity::{Lost, Similarity, is_gap, side_by_side, similarity};
use crate::{TestAppliance, play_on};
use luna_shell::transcript::{Arguments, ScriptedTerminal};

/// A recorded output compared with ours.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The line as it was typed; the second time with ` (2)` behind it.
    pub command: String,
    /// How alike the outputs are.
    pub similarity: Similarity,
    /// Both outputs, where they differ.
    pub report: String,
}

/// Where the recordings are.
pub(crate) const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../transcripts/recorded");

/// An output of ours that is known to differ from the recorded one.
#[derive(Clone, Debug)]
pub struct KnownDifference {
    /// The recording: the file's name without its ending.
    pub recording: String,
    /// The line as [`Compared::command`] has it.
    pub command: String,
    /// Why it differs.
    pub reason: String,
}

/// The names of the recordings.
///
/// # Errors
/// The folder cannot be read.
pub fn recordings() -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(RECORDINGS)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "txt") {
            names.insert(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

/// The text of a recording.
///
/// # Errors
/// There is no such recording.
pub fn recording(name: &str) -> Result<String> {
    let path = Path::new(RECORDINGS).join(name).with_added_extension("txt");
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// The programs that recordings are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Lunash,
    Lunacm,
    Cmu,
    Vtl,
}

impl Program {
    const ALL: [Program; 4] = [Program::Lunash, Program::Lunacm, Program::Cmu, Program::Vtl];

    const fn name(self) -> &'static str {
        match self {
            Program::Lunash => "lunash",
            Program::Lunacm => "lunacm",
            Program::Cmu => "cmu",
            Program::Vtl => "vtl",
        }
    }
}

/// Every line typed in the recordings, those of `vtl` apart: the recording, the program, the line.
///
/// # Errors
/// A recording cannot be read.
pub fn recorded_lines() -> Result<Vec<(String, &'static str, String)>> {
    let mut lines = Vec::new();
    for name in recordings()? {
        let text = recording(&name)?;
        for section in sections(&text) {
            let (head, body) = section.split_once('\n').unwrap_or((section, ""));
            if head.starts_with("@setup") {
                continue;
            }
            let recorded = recorded(head, body)?;
            let program = recorded.program;
            let words = match program {
                Program::Vtl => continue,
                Program::Cmu => cmu::separated(words(recorded.arguments).into_iter()),
                Program::Lunash | Program::Lunacm => words(recorded.arguments),
            };
            let arguments = read(words)?;
            let typed = recorded.typed.into_iter().filter(|line| !line.starts_with("> "));
            let typed = typed.chain(arguments.options.lines().ok().flatten().unwrap_or_default());
            lines.extend(typed.map(|line| (name.clone(), program.name(), line)));
        }
    }
    Ok(lines)
}

/// The outputs that differ and why.
///
/// # Errors
/// The list cannot be read, or a line of it has not three fields.
pub fn known_differences() -> Result<Vec<KnownDifference>> {
    let list = fs::read_to_string(Path::new(RECORDINGS).join("differences.tsv"))?;
    let lines = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [recording, command, reason] if !reason.trim().is_empty() => Ok(KnownDifference {
                recording: recording.to_owned(),
                command: command.to_owned(),
                reason: reason.to_owned(),
            }),
            _ => bail!("differences.tsv: not RECORDING<TAB>COMMAND<TAB>REASON: {line:?}"),
        })
        .collect()
}

/// A recorded session.
struct Recorded<'r> {
    program: Program,
    arguments: &'r str,
    /// Where the client is installed.
    installed: Option<&'r str>,
    /// What is typed, answers included.
    typed: Vec<String>,
    /// The commands and what came out.
    outputs: Vec<(String, String)>,
    lost: Lost,
}

/// Types the lines of a recording and compares the outputs.
///
/// # Errors
/// The recording cannot be read or played.
pub fn compare_recording(name: &str) -> Result<Vec<Compared>> {
    let text = recording(name)?;
    let mut appliance = TestAppliance::with_network()?;
    let mut compared: Vec<Compared> = Vec::new();
    let mut seen = BTreeMap::<String, usize>::new();
    ensure!(text.starts_with("# "), "begins with no line of provenance");
    for section in sections(&text) {
        let (head, body) = section.split_once('\n').unwrap_or((section, ""));
        if let Some(how) = head.strip_prefix("@setup") {
            set_up(&mut appliance, body, how == " with failures")?;
            continue;
        }
        let recorded = recorded(head, body)?;
        let ours = replay(&appliance, &recorded)?;
        let mut here = BTreeMap::<&str, usize>::new();
        for (command, output) in &recorded.outputs {
            let times = here.entry(command).or_default();
            let ours = ours.iter().filter(|(line, _)| line == command).nth(*times);
            let ours = ours.map(|(_, ours)| ours.as_str()).unwrap_or_default();
            *times += 1;
            let times = seen.entry(command.clone()).or_default();
            *times += 1;
            if is_gap(output) {
                // A command of ours that the recorded ones depend on.
                continue;
            }
            let again = if *times > 1 { format!(" ({times})") } else { String::new() };
            let similarity = similarity(output, ours, recorded.lost);
            compared.push(Compared {
                command: format!("{command}{again}"),
                similarity,
                report: match similarity {
                    Similarity::Differs => side_by_side(output, ours, recorded.lost),
                    _ => String::new(),
                },
            });
        }
    }
    ensure!(!compared.is_empty(), "nothing was recorded");
    Ok(compared)
}

/// The words of a line, as a shell of the system takes them.
fn words(line: &str) -> Vec<String> {
    tokenize(line).0.into_iter().map(|token| token.text.into_owned()).collect()
}

/// The sections, each beginning with its `@setup` or `@recorded` line.
fn sections(text: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("@setup") || line.starts_with("@recorded ") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| text.get(*start..end)).collect()
}

fn set_up(appliance: &mut TestAppliance, script: &str, may_fail: bool) -> Result<()> {
    let seen = play_on(appliance, script)?;
    let bad =
        seen.lines().any(|line| line.starts_with("[exit status: ") && line != "[exit status: 0]");
    ensure!(may_fail || !bad, "the setup did not succeed:\n{seen}");
    Ok(())
}

fn recorded<'r>(head: &'r str, body: &'r str) -> Result<Recorded<'r>> {
    let what = head.strip_prefix("@recorded ").context("@recorded PROGRAM")?;
    let (name, arguments) = what.split_once(' ').unwrap_or((what, ""));
    let program = Program::ALL.into_iter().find(|program| program.name() == name);
    let mut session = Recorded {
        program: program.with_context(|| format!("@recorded {name}: there is no such program"))?,
        arguments,
        installed: None,
        typed: Vec::new(),
        outputs: Vec::new(),
        lost: Lost::default(),
    };
    let mut answers = Vec::new();
    let mut output = String::new();
    for line in body.lines() {
        if let Some(answer) = line.strip_prefix("@answer ") {
            answers.push(format!("> {answer}"));
        } else if let Some(typed) = line.strip_prefix("@type ") {
            session.typed.push(typed.to_owned());
            session.typed.append(&mut answers);
        } else if let Some(folder) = line.strip_prefix("@installed ") {
            session.installed = Some(folder);
        } else if let Some(what) = line.strip_prefix("@lost ") {
            match what {
                "empty-lines" => session.lost.empty_lines = true,
                "line-ends" => session.lost.line_ends = true,
                other => bail!("@lost {other}: empty-lines or line-ends"),
            }
        } else if let (Some(typed), "") = (typed(line), arguments) {
            close(&mut session.outputs, &mut output);
            if !typed.is_empty() {
                session.typed.push(typed.to_owned());
                session.typed.append(&mut answers);
                session.outputs.push((typed.to_owned(), String::new()));
            }
        } else {
            output.push_str(line);
            output.push('\n');
        }
    }
    if arguments.is_empty() {
        close(&mut session.outputs, &mut output);
    } else {
        session.typed.append(&mut answers);
        session.outputs.push((what.to_owned(), output));
    }
    Ok(session)
}

fn read(words: Vec<String>) -> Result<Arguments> {
    Arguments::read(words).map_err(|failure| anyhow!(failure.message))
}

/// Gives the last command its output; before the first command it is what the shell begins with.
fn close(outputs: &mut Vec<(String, String)>, output: &mut String) {
    let output = std::mem::take(output);
    match outputs.last_mut() {
        Some((_, open)) => open.push_str(&output),
        None if output.trim().is_empty() => {}
        None => outputs.push(("(start)".to_owned(), output)),
    }
}

/// What was typed behind a prompt, if the line has one.
fn typed(line: &str) -> Option<&str> {
    let rest = match line.strip_prefix('[') {
        Some(rest) => rest.split_once("] ")?.1,
        None => line,
    };
    rest.strip_prefix("lunash:>").or_else(|| rest.strip_prefix("lunacm:>")).map(str::trim)
}

/// Types what was typed and returns what came out, by command.
fn replay(appliance: &TestAppliance, recorded: &Recorded<'_>) -> Result<Vec<(String, String)>> {
    let (folder, secrets) = (appliance.client_folder(), Secrets::only([]));
    fs::create_dir_all(&folder)?;
    let line = recorded.arguments.replace("{client}", &folder.to_string_lossy());
    let at_terminal =
        |pipe: bool| ScriptedTerminal::new(recorded.typed.clone(), !pipe).as_recorded();
    let terminal = match recorded.program {
        Program::Vtl => {
            let terminal = at_terminal(false);
            appliance.vtl(&terminal, &line);
            terminal
        }
        Program::Cmu => {
            let words = cmu::separated(words(&line).into_iter());
            let terminal = at_terminal(false);
            let options = read(words)?.options;
            appliance.cmu(&terminal, options, secrets, None)?;
            terminal
        }
        shell => {
            let Arguments { options, pipe, .. } = read(words(&line))?;
            let terminal = at_terminal(pipe);
            match shell {
                Program::Lunacm => appliance.lunacm(&terminal, options, secrets, None)?,
                _ => appliance.lunash(&terminal, options, secrets)?,
            };
            terminal
        }
    };
    let mut screen = terminal.take_screen();
    if let Some(installed) = recorded.installed {
        screen = screen.replace(&*folder.to_string_lossy(), installed);
    }
    if !recorded.arguments.is_empty() {
        let command = recorded.outputs.iter().map(|(command, _)| command.clone());
        return Ok(command.map(|command| (command, screen.clone())).collect());
    }
    let mut outputs = Vec::new();
    let mut output = String::new();
    for line in screen.lines() {
        if let Some(typed) = typed(line) {
            close(&mut outputs, &mut output);
            outputs.push((typed.to_owned(), String::new()));
        } else {
            output.push_str(line);
            output.push('\n');
        }
    }
    close(&mut outputs, &mut output);
    Ok(outputs)
}
