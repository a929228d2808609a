//! A stage for tests that cross crates.
