//! Kept values: `Table` (rows by key) and `Cell` (one value).
//!
//! Both remember what a request changed, with the former value. What changed goes to the store
//! when the request succeeds, and back to what it was when it fails. Areas only use the plain
//! methods; loading, keeping and undoing reach them through [`Field`].

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a kept value must be able to do.
pub trait Row: Clone + Serialize + DeserializeOwned + Send + 'static {}
impl<T: Clone + Serialize + DeserializeOwned + Send + 'static> Row for T {}

/// A changed row: its key, and its JSON form, or nothing when it was removed.
pub type RowChange = (String, Option<Vec<u8>>);

/// Rows by key, in JSON.
pub type Rows = BTreeMap<String, serde_json::Value>;

/// How load, keep and undo see a table or a cell.
pub trait Field {
    /// Puts a stored row in its place.
    ///
    /// # Errors
    /// The bytes are not this row's JSON form.
    fn load(&mut self, key: &str, bytes: &[u8]) -> Result<(), serde_json::Error>;
    /// Every row changed since the last keep or undo, in the form the store takes.
    ///
    /// # Errors
    /// A row has no JSON form, which is a fault of its type.
    fn changes(&self) -> Result<Vec<RowChange>, serde_json::Error>;
    /// Whether anything changed since the last keep or undo.
    fn changed(&self) -> bool;
    /// Makes the changes final.
    fn keep(&mut self);
    /// Takes the changes back.
    fn undo(&mut self);
    /// Removes every row, as a change.
    fn clear(&mut self);
    /// Puts a row in its stored form, or takes it away, as a change.
    ///
    /// # Errors
    /// The bytes are not this row's JSON form; nothing is changed then.
    fn put(&mut self, key: &str, bytes: Option<&[u8]>) -> Result<(), serde_json::Error>;
    /// A row in its stored form.
    ///
    /// # Errors
    /// The row has no JSON form.
    fn stored(&self, key: &str) -> Result<Option<Vec<u8>>, serde_json::Error>;
    /// The first key behind this one; a cell has the one key "".
    fn key_after(&self, key: Option<&str>) -> Option<String>;
    /// Every row by its key; a cell has the one key "".
    ///
    /// # Errors
    /// A row has no JSON form.
    fn rows(&self) -> Result<Rows, serde_json::Error>;
    /// Replaces every row, as a change; without any a cell has its default.
    ///
    /// # Errors
    /// A row is not this field's; nothing is changed then.
    fn replace(&mut self, rows: &Rows) -> Result<(), serde_json::Error>;
}

/// Rows by their key, in the key's order.
#[derive(Clone, Debug)]
pub struct Table<T> {
    rows: BTreeMap<String, T>,
    former: BTreeMap<String, Option<T>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { rows: BTreeMap::new(), former: BTreeMap::new() }
    }
}

impl<T: Row> Table<T> {
    /// The row of a key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.rows.get(key)
    }

    /// The row of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        let row = self.rows.get_mut(key)?;
        if !self.former.contains_key(key) {
            self.former.insert(key.to_owned(), Some(row.clone()));
        }
        Some(row)
    }

    /// Whether there is such a row.
    pub fn contains(&self, key: &str) -> bool {
        self.rows.contains_key(key)
    }

    /// Adds a row, or replaces the one of this key.
    pub fn insert(&mut self, key: impl Into<String>, row: T) {
        let key = key.into();
        let former = self.rows.insert(key.clone(), row);
        self.former.entry(key).or_insert(former);
    }

    /// Removes a row and returns it.
    pub fn remove(&mut self, key: &str) -> Option<T> {
        let row = self.rows.remove(key)?;
        self.former.entry(key.to_owned()).or_insert_with(|| Some(row.clone()));
        Some(row)
    }

    /// Removes the rows for which `keep` says no.
    pub fn retain(&mut self, keep: impl Fn(&str, &T) -> bool) {
        let gone: Vec<String> =
            self.iter().filter(|(key, row)| !keep(key, row)).map(|(key, _)| key.into()).collect();
        for key in gone {
            self.remove(&key);
        }
    }

    /// All rows with their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.rows.iter().map(|(key, row)| (key.as_str(), row))
    }

    /// The rows from `key` on whose keys begin with `start`.
    pub fn from<'t>(
        &'t self,
        key: &str,
        start: &'t str,
    ) -> impl Iterator<Item = (&'t str, &'t T)> + use<'t, T> {
        let rows = self.rows.range::<str, _>((Bound::Included(key), Bound::Unbounded));
        rows.map(|(key, row)| (key.as_str(), row))
            .take_while(move |(key, _)| key.starts_with(start))
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// All rows.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.rows.values()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl<T: Row> Field for Table<T> {
    fn load(&mut self, key: &str, bytes: &[u8]) -> Result<(), serde_json::Error> {
        self.rows.insert(key.to_owned(), serde_json::from_slice(bytes)?);
        Ok(())
    }

    fn changes(&self) -> Result<Vec<RowChange>, serde_json::Error> {
        let change = |key: &String| {
            let row = self.rows.get(key).map(serde_json::to_vec).transpose()?;
            Ok((key.clone(), row))
        };
        self.former.keys().map(change).collect()
    }

    fn changed(&self) -> bool {
        !self.former.is_empty()
    }

    fn keep(&mut self) {
        self.former.clear();
    }

    fn undo(&mut self) {
        for (key, former) in std::mem::take(&mut self.former) {
            match former {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
    }

    fn clear(&mut self) {
        for (key, row) in std::mem::take(&mut self.rows) {
            self.former.entry(key).or_insert(Some(row));
        }
    }

    fn put(&mut self, key: &str, bytes: Option<&[u8]>) -> Result<(), serde_json::Error> {
        match bytes {
            Some(bytes) => self.insert(key, serde_json::from_slice(bytes)?),
            None => drop(self.remove(key)),
        }
        Ok(())
    }

    fn stored(&self, key: &str) -> Result<Option<Vec<u8>>, serde_json::Error> {
        self.rows.get(key).map(serde_json::to_vec).transpose()
    }

    fn key_after(&self, key: Option<&str>) -> Option<String> {
        let from = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.rows.range::<str, _>((from, Bound::Unbounded)).next().map(|(key, _)| key.clone())
    }

    fn rows(&self) -> Result<Rows, serde_json::Error> {
        let row = |(key, row): (&String, &T)| Ok((key.clone(), serde_json::to_value(row)?));
        self.rows.iter().map(row).collect()
    }

    fn replace(&mut self, rows: &Rows) -> Result<(), serde_json::Error> {
        let row = |(key, row): (&String, _)| Ok((key.clone(), T::deserialize(row)?));
        let rows: Vec<(String, T)> = rows.iter().map(row).collect::<Result<_, _>>()?;
        Field::clear(self);
        rows.into_iter().for_each(|(key, row)| self.insert(key, row));
        Ok(())
    }
}

/// One value; its type's default until something else is set.
#[derive(Clone, Debug, Default)]
pub struct Cell<T> {
    value: T,
    former: Option<T>,
}

impl<T: Row + Default> Cell<T> {
    /// The value.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// The value, to change it.
    pub fn get_mut(&mut self) -> &mut T {
        if self.former.is_none() {
            self.former = Some(self.value.clone());
        }
        &mut self.value
    }

    /// Replaces the value.
    pub fn set(&mut self, value: T) {
        *self.get_mut() = value;
    }
}

impl<T: Row + Default> Field for Cell<T> {
    fn load(&mut self, _key: &str, bytes: &[u8]) -> Result<(), serde_json::Error> {
        self.value = serde_json::from_slice(bytes)?;
        Ok(())
    }

    fn changes(&self) -> Result<Vec<RowChange>, serde_json::Error> {
        match &self.former {
            Some(_) => Ok(vec![(String::new(), Some(serde_json::to_vec(&self.value)?))]),
            None => Ok(Vec::new()),
        }
    }

    fn changed(&self) -> bool {
        self.former.is_some()
    }

    fn keep(&mut self) {
        self.former = None;
    }

    fn undo(&mut self) {
        if let Some(former) = self.former.take() {
            self.value = former;
        }
    }

    fn clear(&mut self) {
        self.set(T::default());
    }

    fn put(&mut self, _key: &str, bytes: Option<&[u8]>) -> Result<(), serde_json::Error> {
        self.set(bytes.map(serde_json::from_slice).transpose()?.unwrap_or_default());
        Ok(())
    }

    fn stored(&self, _key: &str) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.value).map(Some)
    }

    fn key_after(&self, key: Option<&str>) -> Option<String> {
        key.is_none().then(String::new)
    }

    fn rows(&self) -> Result<Rows, serde_json::Error> {
        Ok(Rows::from([(String::new(), serde_json::to_value(&self.value)?)]))
    }

    fn replace(&mut self, rows: &Rows) -> Result<(), serde_json::Error> {
        let value = rows.get("").map(T::deserialize).transpose()?.unwrap_or_default();
        self.set(value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<u32> {
        let mut table = Table::default();
        table.insert("a", 1);
        table.insert("b", 2);
        table.keep();
        table
    }

    #[test]
    fn undo_restores_what_was_changed_added_and_removed() {
        let mut table = table();
        *table.get_mut("a").unwrap() = 10;
        table.remove("b");
        table.insert("b", 20);
        table.insert("c", 3);
        table.undo();
        assert_eq!(table.iter().collect::<Vec<_>>(), [("a", &1), ("b", &2)]);
        assert!(!table.changed());
    }

    #[test]
    fn changes_name_each_row_once_in_its_last_form() {
        let mut table = table();
        *table.get_mut("a").unwrap() = 10;
        *table.get_mut("a").unwrap() = 11;
        table.remove("b");
        let changes = table.changes().unwrap();
        assert_eq!(changes, [("a".into(), Some(b"11".to_vec())), ("b".into(), None)]);
        table.keep();
        assert!(table.changes().unwrap().is_empty());
    }

    #[test]
    fn clearing_is_a_change_like_any_other() {
        let mut table = table();
        Field::clear(&mut table);
        assert_eq!(table.changes().unwrap(), [("a".into(), None), ("b".into(), None)]);
        table.undo();
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn rows_taken_out_go_back_in_as_a_change() {
        let mut table = table();
        let rows = table.rows().unwrap();
        table.remove("a");
        table.insert("c", 3);
        table.keep();
        table.replace(&rows).unwrap();
        assert_eq!(table.iter().collect::<Vec<_>>(), [("a", &1), ("b", &2)]);
        table.undo();
        assert_eq!(table.keys().collect::<Vec<_>>(), ["b", "c"]);
        assert!(table.replace(&Rows::from([("x".into(), "text".into())])).is_err());
        assert_eq!(table.len(), 2);
        let mut cell = Cell::<u32>::default();
        cell.set(7);
        let rows = cell.rows().unwrap();
        cell.replace(&Rows::new()).unwrap();
        assert_eq!(*cell.get(), 0);
        cell.replace(&rows).unwrap();
        assert_eq!(*cell.get(), 7);
    }

    #[test]
    fn a_cell_goes_back_to_its_former_value() {
        let mut cell = Cell::<u32>::default();
        cell.set(1);
        cell.keep();
        cell.set(2);
        *cell.get_mut() += 1;
        assert_eq!(cell.changes().unwrap(), [(String::new(), Some(b"3".to_vec()))]);
        cell.undo();
        assert_eq!(*cell.get(), 1);
    }
}
