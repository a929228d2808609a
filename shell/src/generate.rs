//! Manual pages, completion scripts and tables made from the declarations.

use clap_complete::Shell as Kind;
use serde::Serialize;

use crate::command::{Catalogue, Text};
use crate::json;
use crate::options::{EXIT_STATUS, Generate, SECRETS};
use crate::page::Page;

/// The view of `help` and `?`.
#[derive(Debug, Serialize)]
pub(crate) struct Help {
    /// The text.
    pub help: String,
}

impl Text for Help {
    fn write(&self, page: &mut Page) {
        page.line(self.help.trim_end_matches('\n'));
    }
}

/// What `--generate` writes.
pub(crate) fn text<S>(
    what: Generate,
    program: &mut clap::Command,
    catalogue: &Catalogue<S>,
) -> String {
    match what {
        Generate::Man => manual(program, catalogue),
        Generate::Abbreviations => catalogue.abbreviations(),
        Generate::Schema => json::schema(),
        _ => completion(what, program),
    }
}

/// The manual page or a completion script of a program that is not a shell.
pub fn generate(what: Generate, program: &mut clap::Command) -> String {
    if what != Generate::Man {
        return completion(what, program);
    }
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = clap_mangen::Man::new(program.clone()).render(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn completion(what: Generate, program: &mut clap::Command) -> String {
    let mut bytes = Vec::new();
    let name = program.get_name().to_owned();
    match what {
        Generate::Man | Generate::Abbreviations | Generate::Schema => {}
        Generate::Bash => clap_complete::generate(Kind::Bash, program, name, &mut bytes),
        Generate::Fish => clap_complete::generate(Kind::Fish, program, name, &mut bytes),
        Generate::Zsh => clap_complete::generate(Kind::Zsh, program, name, &mut bytes),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The manual page of a shell, with its commands, environment and exit status.
fn manual<S>(program: &clap::Command, catalogue: &Catalogue<S>) -> String {
    let page = clap_mangen::Man::new(program.clone());
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = page.render_title(&mut bytes);
    let _ = page.render_name_section(&mut bytes);
    let _ = page.render_synopsis_section(&mut bytes);
    let _ = page.render_description_section(&mut bytes);
    let _ = page.render_options_section(&mut bytes);
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    let mut section =
        |title: &str, before: &str, rows: &mut dyn Iterator<Item = (String, String)>| {
            text.push_str(&format!(".SH {title}\n{before}"));
            for (name, meaning) in rows {
                text.push_str(&format!(".TP\n\\fB{}\\fR\n{}.\n", roff(&name), roff(&meaning)));
            }
        };
    section(
        "COMMANDS",
        "Every word and option may be shortened as long as one command alone fits the line.\n",
        &mut catalogue.commands.iter().map(|one| (one.syntax.to_owned(), one.help.to_owned())),
    );
    let tools = tools(program);
    if !tools.is_empty() {
        section(
            "TOOLS",
            "Words of the program itself, never abbreviated. The options that say which appliance is meant, and\n\
             how results are written, may stand behind them.\n",
            &mut tools.into_iter(),
        );
    }
    section(
        "ENVIRONMENT",
        "Passwords are asked for at a terminal. Scripts give them in the variables below, or in a\n\
         file that the variable with _FILE behind its name holds the path of, or through an open\n\
         descriptor whose number the variable with _FD behind its name holds.\n",
        &mut SECRETS.iter().map(|(name, meaning)| (format!("LUNA_{name}"), (*meaning).to_owned())),
    );
    section(
        "JSON",
        "With \\-\\-output json every command writes one object on a line of its own, and so does a\n\
         program that cannot start. These are its fields; the schema is schema/result.json.\n",
        &mut json::fields().into_iter(),
    );
    section(
        "EXIT STATUS",
        "Of several commands the highest counts. They are ours: the product's LunaCM leaves with other\n\
         ones, such as 12 where there was no slot.\n",
        &mut EXIT_STATUS
            .iter()
            .map(|(status, meaning)| (status.to_string(), (*meaning).to_owned())),
    );
    text
}

/// The tools of a program and their own arguments, with what they do.
fn tools(program: &clap::Command) -> Vec<(String, String)> {
    let mut program = program.clone();
    program.build();
    let mut rows = Vec::new();
    let help = |text: Option<&clap::builder::StyledStr>| text.map(ToString::to_string);
    for tool in program.get_subcommands().filter(|tool| !tool.is_hide_set()) {
        let name = tool.get_name();
        let about = help(tool.get_long_about().or(tool.get_about()));
        rows.push((name.to_owned(), about.unwrap_or_default()));
        let own = tool.get_arguments().filter(|argument| !argument.is_global_set());
        for argument in
            own.filter(|argument| !argument.is_hide_set() && argument.get_id() != "help")
        {
            let about = help(argument.get_long_help().or(argument.get_help())).unwrap_or_default();
            rows.push((format!("{name} {argument}"), about));
        }
    }
    rows
}

/// Escapes text for troff.
fn roff(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq")
}
