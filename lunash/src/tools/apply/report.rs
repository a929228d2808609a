//! What `lunash apply` shows: the plan as lines to type, each line when it is done, and the end.

use std::collections::BTreeMap;

use luna_runbook::client::Joint;
use luna_runbook::file::Runbook;
use luna_runbook::plan::{Plan, Program, Step};
use luna_shell::{CommandResult, Device, Failure, Format, Status, Ui};
use serde::Serialize;

use super::{Typed, is_text};

/// What stands below lines that more follows.
const LOOK: &str = "  … and what is to be seen after it\n";

/// What was planned and done, as JSON has it.
#[derive(Serialize)]
pub(super) struct Report {
    #[serde(skip)]
    format: Format,
    /// The lines, of each appliance in order.
    lines: Vec<Line>,
    /// Why the file cannot be followed.
    pub(super) refusals: Vec<String>,
}

#[derive(Serialize)]
struct Line {
    appliance: String,
    program: &'static str,
    line: String,
    /// What it asks for, by the names of variables.
    secrets: Vec<String>,
    /// Whether it was typed and succeeded.
    done: bool,
}

impl Report {
    pub(super) fn new(format: Format) -> Report {
        Report { format, lines: Vec::new(), refusals: Vec::new() }
    }

    /// Shows a plan.
    pub(super) fn plan(
        &mut self,
        ui: &mut Ui,
        runbook: &Runbook,
        plans: &BTreeMap<&str, Plan>,
        joint: &Joint,
    ) {
        let mut text = String::new();
        for (name, plan) in plans.iter().filter(|(_, plan)| !plan.steps.is_empty()) {
            let place = runbook.appliances.get(*name).and_then(|one| one.address.as_deref());
            let place = place.map_or_else(String::new, |address| format!(" ({address})"));
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&format!("{name}{place}:\n"));
            for step in &plan.steps {
                text.push_str(&self.line(name, step));
            }
            if plan.steps.iter().any(|step| step.then_look) {
                text.push_str(LOOK);
            }
        }
        if !joint.steps.is_empty() {
            let gap = if text.is_empty() { "" } else { "\n" };
            text.push_str(gap);
        }
        let mut before = "";
        for (name, step) in &joint.steps {
            let of = match step.program {
                Program::Cluster { .. } => name,
                _ => "this machine, as a client",
            };
            if of != before {
                text.push_str(&format!("{of}:\n"));
            }
            before = of;
            text.push_str(&self.line(name, step));
        }
        if joint.steps.iter().any(|(_, step)| step.then_look) {
            text.push_str(LOOK);
        }
        ui.welcome(&text);
    }

    /// Adds a line of a plan, and returns how it is shown.
    fn line(&mut self, appliance: &str, step: &Step) -> String {
        self.lines.push(Line {
            appliance: appliance.to_owned(),
            program: step.program.name(),
            line: step.line.clone(),
            secrets: step.secrets.iter().map(|(name, _)| format!("LUNA_{name}")).collect(),
            done: false,
        });
        format!("  {}{}\n", prompt(step), step.line)
    }

    /// The question before the lines are typed.
    pub(super) fn question(&self, count: usize) -> String {
        let lines = if count == 1 { "this line" } else { &format!("these {count} lines") };
        format!("\nType 'proceed' to have {lines} run, or 'quit' to quit now.\n> ")
    }

    /// Tells of a line that was typed.
    pub(super) fn typed(&mut self, ui: &mut Ui, typed: &Typed<'_>) {
        let Typed { appliance, step, failed, remarks } = typed;
        let is_it =
            |line: &&mut Line| !line.done && line.appliance == *appliance && line.line == step.line;
        let line = self.lines.iter_mut().find(is_it);
        if !failed {
            line.into_iter().for_each(|line| line.done = true);
        }
        if is_text(self.format) {
            let how = if *failed { "failed" } else { "done" };
            ui.note(format!("{appliance}: {how}: {}", step.line));
            remarks.iter().for_each(|remark| ui.note(remark.as_str()));
        }
    }

    /// Says that nothing is left to do.
    pub(super) fn settled(&mut self, ui: &mut Ui, appliances: usize) {
        let done = self.done();
        let are = match appliances {
            1 => "the appliance is".to_owned(),
            count => format!("{count} appliances are"),
        };
        let gap = if ui.has_output() { "\n" } else { "" };
        ui.welcome(&match done {
            0 => format!("Nothing to do: {are} as the file says.\n"),
            1 => format!("{gap}Done, 1 line: {are} as the file says.\n"),
            _ => format!("{gap}Done, {done} lines: {are} as the file says.\n"),
        });
    }

    fn done(&self) -> usize {
        self.lines.iter().filter(|line| line.done).count()
    }

    /// Writes how it ended.
    pub(super) fn end(self, device: &mut dyn Device, done: Result<Status, Failure>) -> Status {
        let status = done.as_ref().map_or_else(Failure::status, |status| *status);
        let failure = done.err();
        if !is_text(self.format) {
            let object = CommandResult::of_tool("apply", status, &self, failure.as_ref());
            device.print(&format!("{}\n", object.text()));
        }
        let Some(failure) = failure else { return status };
        device.flush();
        device.report(&format!("lunash: {}", failure.message));
        for hint in &failure.hints {
            device.report(&format!("hint: {hint}"));
        }
        if self.done() > 0 {
            device.report(&format!(
                "hint: {} of {} lines were done; the next run goes on with what is left",
                self.done(),
                self.lines.len()
            ));
        }
        status
    }
}

/// What stands before a line where a person types it.
fn prompt(step: &Step) -> &'static str {
    match step.program {
        Program::LunaSh | Program::Cluster { .. } => "lunash:> ",
        Program::LunaCm { .. } | Program::Deploy | Program::Linked { .. } | Program::Settings => {
            "lunacm:> "
        }
        Program::Scp { .. } | Program::Register => "$ ",
    }
}
