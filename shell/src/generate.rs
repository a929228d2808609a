//! What is made from the declarations: help, manual pages, completion scripts, the tables.

use clap_complete::Shell as Kind;
use serde::Serialize;

use crate::command::{Catalogue, Text};
use crate::options::Generate;
use crate::page::Page;

/// The answer to `help` and `?`.
#[derive(Debug, Serialize)]
pub(crate) struct Help {
    /// The text, laid out.
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
    let mut bytes = Vec::new();
    let name = program.get_name().to_owned();
    match what {
        Generate::Man => return manual(program, catalogue),
        Generate::Abbreviations => return catalogue.grammar.abbreviations(),
        Generate::Bash => clap_complete::generate(Kind::Bash, program, name, &mut bytes),
        Generate::Fish => clap_complete::generate(Kind::Fish, program, name, &mut bytes),
        Generate::Zsh => clap_complete::generate(Kind::Zsh, program, name, &mut bytes),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The program's manual page, with a section for every command of the shell.
fn manual<S>(program: &clap::Command, catalogue: &Catalogue<S>) -> String {
    let page = clap_mangen::Man::new(program.clone().disable_version_flag(false)).date("");
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = page.render(&mut bytes);
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    text.push_str(".SH COMMANDS\n");
    for command in &catalogue.commands {
        text.push_str(&format!(".TP\n\\fB{}\\fR\n{}.\n", roff(command.syntax), roff(command.help)));
    }
    text
}

fn roff(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}
