//! Tests that cross crates: one binary, a module per subject.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod abbreviations;
mod client;
mod cluster;
mod coverage;
mod keyrings;
mod logs;
mod lunacm;
mod other_shell;
mod roles;
mod runbook;
mod secrets;

/// Every file next to this one is a module above: others would never run.
#[test]
fn no_module_is_forgotten() {
    let source = include_str!("main.rs");
    for entry in std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(module) = name.strip_suffix(".rs")
            && module != "main"
        {
            assert!(source.contains(&format!("mod {module};")), "{name} is no module of main.rs");
        }
    }
}
