//! The text output of views.

use comfy_table::{CellAlignment, ContentArrangement, Row};

use crate::printable::printable_value;

/// A text buffer that views write lines to.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// An empty page.
    pub fn new() -> Page {
        Page::default()
    }

    /// Writes a line, or several.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// Writes an empty line.
    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Writes `label`, padded to `width` columns, and a value, without trailing blanks. A value that would
    /// command the terminal is made visible.
    pub fn field(&mut self, label: &str, width: usize, value: impl std::fmt::Display) {
        let value = value.to_string();
        let line = format!("{label:<width$}{}", printable_value(&value));
        self.line(line.trim_end());
    }

    /// Writes a table.
    pub fn table(&mut self, table: &Table) {
        self.text.push_str(&table.to_string());
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// A plain table as the product prints it, without borders and trailing blanks.
#[derive(Debug)]
pub struct Table {
    inner: comfy_table::Table,
    indent: usize,
}

impl Table {
    /// A table indented by `indent` blanks, with `gap` blanks between the columns. `columns` has the
    /// least width of each column, and whether it is right-aligned.
    pub fn new(indent: usize, gap: u16, columns: &[(u16, bool)]) -> Table {
        let mut inner = comfy_table::Table::new();
        inner.load_style(comfy_table::presets::NOTHING);
        inner.set_content_arrangement(ContentArrangement::Disabled);
        for (index, &(width, right)) in columns.iter().enumerate() {
            // comfy-table creates columns with the first row; this empty one is not printed.
            if index == 0 {
                inner.add_row(vec![""; columns.len()]);
            }
            if let Some(column) = inner.column_mut(index) {
                column.set_padding((0, if index + 1 == columns.len() { 0 } else { gap }));
                let gap = if index + 1 == columns.len() { 0 } else { gap };
                column.set_constraint(comfy_table::ColumnConstraint::LowerBoundary(
                    comfy_table::Width::Fixed(width + gap),
                ));
                if right {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        Table { inner, indent }
    }

    /// Adds a row, its cells made visible as those of [`Page::field`].
    pub fn row<C: ToString>(&mut self, cells: impl IntoIterator<Item = C>) {
        let visible = |cell: C| printable_value(&cell.to_string()).into_owned();
        self.inner.add_row(Row::from(cells.into_iter().map(visible).collect::<Vec<_>>()));
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in self.inner.lines().skip(1) {
            let line = format!("{:indent$}{line}", "", indent = self.indent);
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `user list`, from the product's page of `user add`.
    #[test]
    fn a_table_has_the_bytes_of_the_product() {
        let mut table = Table::new(0, 4, &[(20, true), (8, true), (8, true), (8, true)]);
        table.row(["Users", "Roles", "Status", "RADIUS"]);
        table.row(["--------------------", "--------", "--------", "--------"]);
        table.row(["admin", "admin", "enabled", "no"]);
        assert_eq!(
            table.to_string(),
            "               Users       Roles      Status      RADIUS\n\
             --------------------    --------    --------    --------\n\
             \x20              admin       admin     enabled          no\n"
        );
    }

    #[test]
    fn a_wide_cell_widens_its_column() {
        let mut table = Table::new(1, 2, &[(3, false), (2, false)]);
        table.row(["abcdef", "x"]);
        table.row(["a", ""]);
        assert_eq!(table.to_string(), " abcdef  x\n a\n");
    }

    #[test]
    fn what_is_hidden_in_a_cell_is_seen_and_breaks_no_column() {
        let mut table = Table::new(0, 1, &[(1, false), (1, false)]);
        table.row(["a\u{1b}[2J\n", "x"]);
        table.row(["漢\u{202e}", "x"]);
        assert_eq!(table.to_string(), "a\\x1b[2J\\x0a x\n漢\\u{202e}   x\n");
    }

    #[test]
    fn fields_are_padded_and_trimmed() {
        let mut page = Page::new();
        page.field("HSM Label:", 36, "");
        page.field("ClientID:", 14, "app");
        assert_eq!(page.into_text(), "HSM Label:\nClientID:     app\n");
    }
}
