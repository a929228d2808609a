//! The forms in which tools write what they found, beside Luna's text: JSON, CSV, files.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_has_to_be() {
        let rows = [["plain", "a, b", "say \"x\""], ["", "two\nlines", "=1+1"]];
        assert_eq!(csv(rows), "plain,\"a, b\",\"say \"\"x\"\"\"\n,\"two\nlines\",=1+1\n");
    }
}
