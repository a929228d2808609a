//! Questions that are answered with `proceed` or `quit`, in the forms that the product has.

use luna_shell::Failure;
use luna_shell::naming::Rule;

use crate::session::Session;

/// `CAUTION:` with its lines, one below the other, and the end of the question: what to type. An
/// empty line in `lines` stays empty.
pub(crate) fn caution(lines: &str, end: &str) -> String {
    format!("CAUTION:  {}{end}", indented(lines).trim_start())
}

/// The caution before the last attempt at a password.
pub(crate) fn last_attempt(lines: &str) -> String {
    format!("Caution:  {}{}", indented(lines).trim_start(), proceed("log in"))
}

/// The caution before an attempt where the appliance does not say how many are left.
pub(crate) fn unknown_attempts() -> String {
    last_attempt(
        "The appliance does not say how many login attempts are left.\n\
         This could be the last one.",
    )
}

fn indented(lines: &str) -> String {
    let indented = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("{INDENT}{line}\n"),
    };
    lines.split('\n').map(indented).collect()
}

/// The end of a question: what to type to go on.
pub(crate) fn proceed(action: &str) -> String {
    format!("{INDENT}Type 'proceed' to {action}, or 'quit'\n{INDENT}to quit now.\n{INDENT}> ")
}

/// As [`proceed`], with its lines broken before `'quit'`, as some commands of the product have it.
pub(crate) fn proceed_or(action: &str) -> String {
    format!("{INDENT}Type 'proceed' to {action}, or\n{INDENT}'quit' to quit now.\n{INDENT}> ")
}

const INDENT: &str = "          ";

/// A warning with what it costs, and what to type to go on: the form of the pages of 7.2.
pub(crate) fn warning(lines: &str) -> String {
    format!("WARNING !!  {lines}\n{SURE}.\n\n> ")
}

/// What to type to go on.
pub(crate) const SURE: &str =
    "If you are sure that you wish to proceed, then type 'proceed', otherwise type 'quit'";

/// Refuses a value that breaks its rule, where it was typed.
pub(crate) fn allowed(rule: Rule, value: &str) -> Result<(), Failure> {
    rule.check(value).map_err(Failure::command)
}

impl Session {
    /// The empty line between the output so far and a question.
    pub(crate) fn lead(&mut self) -> &'static str {
        if self.ui().has_output() { "\n" } else { "" }
    }

    /// Asks whether to go on, unless `force` was given.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub(crate) fn confirm(&mut self, force: bool, question: &str) -> Result<(), Failure> {
        if force { Ok(()) } else { self.ui().confirm(question, "-force") }
    }

    /// A label as the product takes it: cut when it is too long, which is said.
    ///
    /// # Errors
    /// It breaks the rule in another way.
    pub(crate) fn label(&mut self, rule: Rule, typed: String) -> Result<String, Failure> {
        let label = match rule.cut(&typed) {
            Some(begin) => {
                self.ui().note(format!("note: the label was cut to '{begin}'"));
                begin.to_owned()
            }
            None => typed,
        };
        allowed(rule, &label)?;
        Ok(label)
    }

    /// Asks before something is deleted: `named` as the question calls it, `the` in the sentence
    /// behind it.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub(crate) fn confirm_deletion(
        &mut self,
        force: bool,
        (named, the): (&str, &str),
        name: &str,
    ) -> Result<(), Failure> {
        let lines = format!("Are you sure you wish to delete {named} named:\n  {name}");
        self.confirm(force, &caution(&lines, &proceed(&format!("delete the {the}"))))
    }

    /// Warns, and asks whether to go on unless `force` was given: the form of the `sysconf` menus.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub(crate) fn confirm_warning(&mut self, force: bool, warning: &str) -> Result<(), Failure> {
        self.confirm_and_end(force, &format!("WARNING !!  {warning}\n{SURE}\n\n> "))
    }

    /// As [`Session::confirm_warning`], in the form of commands that can lock their user out.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub(crate) fn confirm_lockout(&mut self, force: bool, warning: &str) -> Result<(), Failure> {
        self.confirm_and_end(
            force,
            &format!(
                "{warning}\n\n\
                 If you are sure that you wish to proceed, then type 'proceed',\n\
                 otherwise type 'quit'\n\n> "
            ),
        )
    }

    /// As [`Session::confirm_aloud`], with an empty line after it: before a command that says nothing
    /// more, or begins anew.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub(crate) fn confirm_and_end(&mut self, force: bool, question: &str) -> Result<(), Failure> {
        self.confirm_aloud(force, question)?;
        if !force {
            self.ui().show("\n");
        }
        Ok(())
    }

    /// As [`Session::confirm`], and says that it goes on.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub(crate) fn confirm_aloud(&mut self, force: bool, question: &str) -> Result<(), Failure> {
        if force {
            return Ok(());
        }
        self.confirm(force, question)?;
        self.ui().show("Proceeding...\n");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caution_is_indented_below_its_word() {
        assert_eq!(
            caution("Are you sure?\n  app1\nAll is lost.\n", &proceed("go on")),
            "CAUTION:  Are you sure?\n            app1\n          All is lost.\n\n          \
             Type 'proceed' to go on, or 'quit'\n          to quit now.\n          > "
        );
    }
}
