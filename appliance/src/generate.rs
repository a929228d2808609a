//! The manual page and the completion scripts of `luna-appliance`.

use std::io;

use clap::{Command, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

/// What is written.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Form {
    /// The manual page.
    Man,
    /// Completions for bash.
    Bash,
    /// Completions for fish.
    Fish,
    /// Completions for zsh.
    Zsh,
}

/// Writes the text of a form.
///
/// # Errors
/// `out` takes no more.
pub(crate) fn write(form: Form, mut program: Command, out: &mut dyn io::Write) -> io::Result<()> {
    let shell = match form {
        Form::Man => return manual(program, out),
        Form::Bash => Shell::Bash,
        Form::Fish => Shell::Fish,
        Form::Zsh => Shell::Zsh,
    };
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program, name, &mut script);
    out.write_all(&script)
}

/// One page for all: a section of its own for each subcommand.
fn manual(mut program: Command, out: &mut dyn io::Write) -> io::Result<()> {
    program.build();
    let page = Man::new(program.clone());
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    for subcommand in program.get_subcommands().filter(|one| !one.is_hide_set()) {
        if subcommand.get_name() == "help" {
            continue;
        }
        writeln!(out, ".SH {}", subcommand.get_name().to_uppercase().replace('-', "\\-"))?;
        let mut section = Vec::new();
        let page = Man::new(subcommand.clone());
        page.render_synopsis_section(&mut section)?;
        page.render_description_section(&mut section)?;
        page.render_options_section(&mut section)?;
        // Headings of a page become those of a section.
        out.write_all(String::from_utf8_lossy(&section).replace(".SH ", ".SS ").as_bytes())?;
    }
    writeln!(out, ".SH EXIT STATUS\n.TP\n\\fB0\\fR\nIt was done.\n.TP\n\\fB1\\fR\nIt failed.")?;
    writeln!(out, ".TP\n\\fB2\\fR\nThe arguments were not understood.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_manual_has_every_subcommand_and_option() {
        let mut page = Vec::new();
        write(Form::Man, crate::Arguments::command(), &mut page).unwrap();
        let page = String::from_utf8(page).unwrap().replace("\\-", "-");
        let program = crate::Arguments::command();
        for subcommand in program.get_subcommands().filter(|one| !one.is_hide_set()) {
            let heading = format!(".SH {}", subcommand.get_name().to_uppercase());
            assert!(page.contains(&heading), "{heading}");
            for option in subcommand.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(page.contains(&format!("--{option}")), "{option}");
            }
        }
    }
}
