//! The page that views are written on: lines of Luna's text, gathered in memory.

use comfy_table::{CellAlignment, ContentArrangement, Row};

/// Text in the making. Views write lines; the shell decides when and where it is shown.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// An empty page.
    pub fn new() -> Page {
        Page::default()
    }

    /// Writes one line; `line` may itself hold several.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// Writes an empty line.
    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Writes `label` padded to `width` columns, and a value behind it, without trailing blanks.
    pub fn field(&mut self, label: &str, width: usize, value: impl std::fmt::Display) {
        let line = format!("{label:<width$}{value}");
        self.line(line.trim_end());
    }

    /// Writes a table.
    pub fn table(&mut self, table: &Table) {
        self.text.push_str(&table.to_string());
    }

    /// What has been written.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Columns side by side without borders, ends of lines trimmed: the product's plain tables.
#[derive(Debug)]
pub struct Table {
    inner: comfy_table::Table,
    indent: usize,
}

impl Table {
    /// A table whose lines begin with `indent` blanks and whose columns stand `gap` blanks apart.
    ///
    /// `columns` gives each column's least width and whether its cells stand at the right.
    pub fn new(indent: usize, gap: u16, columns: &[(u16, bool)]) -> Table {
        let mut inner = comfy_table::Table::new();
        inner.load_style(comfy_table::presets::NOTHING);
        inner.set_content_arrangement(ContentArrangement::Disabled);
        for (index, &(width, right)) in columns.iter().enumerate() {
            // A column exists once a row has it; an empty first row is dropped when printing.
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

    /// Adds a row.
    pub fn row<C: ToString>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.inner
            .add_row(Row::from(cells.into_iter().map(|cell| cell.to_string()).collect::<Vec<_>>()));
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
    fn user_list_is_byte_exact() {
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
    fn fields_are_padded_and_trimmed() {
        let mut page = Page::new();
        page.field("HSM Label:", 36, "");
        page.field("ClientID:", 14, "app");
        assert_eq!(page.into_text(), "HSM Label:\nClientID:     app\n");
    }
}
