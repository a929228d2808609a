//! The forms in which tools write what they found, beside Luna's text: JSON, CSV, files.

use std::ffi::OsString;
use std::path::Path;

use luna_shell::{CommandResult, Device, Failure, Status, View, replace_file};

/// Rows as CSV, by RFC 4180 but for the end of a line, which is that of this system: cells with a comma, a quote or a
/// line end are quoted.
pub(super) fn csv<R, C>(rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut text = String::new();
    for row in rows {
        for (place, cell) in row.into_iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            let cell = cell.as_ref();
            match cell.contains([',', '"', '\r', '\n']) {
                true => text.push_str(&format!("\"{}\"", cell.replace('"', "\"\""))),
                false => text.push_str(cell),
            }
        }
        text.push('\n');
    }
    text
}

/// The object of `--output json`.
///
/// # Errors
/// JSON cannot hold the view.
pub(super) fn json(view: &dyn View, status: Status) -> Result<String, Failure> {
    let view = view
        .json()
        .map_err(|error| Failure::command(format!("It cannot be written as JSON: {error}.")))?;
    let result = CommandResult { view: Some(view), status: status as u8, ..Default::default() };
    Ok(result.text() + "\n")
}

/// Writes the text to a file, which is never seen half written, or to the output.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(
    device: &mut dyn Device,
    file: Option<&Path>,
    text: &str,
) -> Result<(), Failure> {
    let Some(file) = file else {
        device.print(text);
        return Ok(());
    };
    replace_file(file, text.as_bytes())
        .map_err(|error| Failure::command(format!("cannot write {}: {error}.", file.display())))
}

/// What a cell shows of something that may not be known.
pub(super) fn cell<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map(T::to_string).unwrap_or_default()
}

/// Tools that write other forms than all programs do, and these forms.
const TOOLS: [&str; 3] = ["inventory", "firewall", "evidence"];
const FORMS: [&str; 3] = ["csv", "html", "prometheus"];

/// The arguments of the program, with `--format FORM` where `--output` has a form that such a tool alone writes: one
/// option for the form of what is written is what people expect.
pub fn with_forms(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let is_tool = |word: &OsString| TOOLS.iter().any(|tool| word == tool);
    let Some(tool) = arguments.iter().position(is_tool) else { return arguments };
    for place in tool + 1..arguments.len() {
        let is_form = |word: &OsString| FORMS.iter().any(|form| word == form);
        if arguments[place] == "--output" && arguments.get(place + 1).is_some_and(is_form) {
            arguments[place] = "--format".into();
        }
        let form = arguments[place].to_str().and_then(|one| one.strip_prefix("--output="));
        if let Some(form) = form.filter(|form| FORMS.contains(form)) {
            arguments[place] = format!("--format={form}").into();
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_tools_are_asked_for_by_either_option() {
        let read = |line: &str| -> String {
            let words = with_forms(line.split(' ').map(OsString::from));
            words.join(&OsString::from(" ")).into_string().unwrap()
        };
        for (typed, meant) in [
            ("lunash inventory --output prometheus", "lunash inventory --format prometheus"),
            ("lunash evidence --output=html --to x", "lunash evidence --format=html --to x"),
            ("lunash inventory --output json", "lunash inventory --output json"),
            ("lunash inventory --output", "lunash inventory --output"),
            ("lunash par list --output csv", "lunash par list --output csv"),
        ] {
            assert_eq!(read(typed), meant);
        }
    }

    #[test]
    fn a_cell_is_quoted_where_it_has_to_be() {
        let rows = [["plain", "a, b", "say \"x\""], ["", "two\nlines", "=1+1"]];
        assert_eq!(csv(rows), "plain,\"a, b\",\"say \"\"x\"\"\"\n,\"two\nlines\",=1+1\n");
    }
}
