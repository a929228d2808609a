//! Holds the order of the layers: `core`, `cryptoki`, `state`, `request`, `rules`, `machine`, and that of the
//! folders of `rules`. A file knows its own folder and what comes before it, so that no ring of
//! imports is longer than a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::rules;

const LAYERS: [&str; 6] = ["core", "cryptoki", "state", "request", "rules", "machine"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file below the layers, by its path from `src`, without its tests.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = LAYERS.iter().map(|layer| source().join(layer)).collect();
    let mut files = vec![source().join("machine.rs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_none_or(|kind| kind != "rs")
            || ["tests", "stored_form"].contains(&name)
        {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\npub(crate) mod tests {").next().unwrap();
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = code.lines().map(|line| line.split("//").next().unwrap());
        let code = lines.collect::<Vec<_>>().join(" ");
        found.push((path.strip_prefix(source()).unwrap().to_owned(), code));
    }
    found
}

/// Every path of `code` that begins with `root::`, lists in braces written out.
fn paths(code: &str, root: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let start = format!("{root}::");
    for (at, _) in code.match_indices(&start) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        spell_out("", &code[at + start.len()..], &mut found);
    }
    found
}

/// Reads one path, or one list in braces; returns what follows.
fn spell_out<'c>(before: &str, code: &'c str, found: &mut BTreeSet<String>) -> &'c str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(rest) = rest.strip_prefix('}') {
                return rest;
            }
            rest = spell_out(before, rest, found).trim_start();
            rest = match rest.strip_prefix("as ") {
                Some(alias) => alias.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
                None => rest,
            };
            rest = rest.trim_start().trim_start_matches(',');
        }
    }
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    let path = match before {
        "" => code[..end].to_owned(),
        before => format!("{before}::{}", &code[..end]),
    };
    match code[end..].strip_prefix("::") {
        Some(rest) if !rest.starts_with('<') => spell_out(&path, rest, found),
        _ => {
            found.insert(path);
            &code[end..]
        }
    }
}

/// The place of a path in the order: its layer, and below `rules` its folder.
fn place(path: &str) -> Option<(usize, usize)> {
    let mut segments = path.split("::");
    let layer = segments.next().unwrap_or_default();
    let layer = LAYERS.iter().position(|known| *known == layer)?;
    let folder = segments.next().unwrap_or_default();
    let folder = rules::ORDER.iter().position(|known| *known == folder);
    // `rules/mod.rs` itself knows every folder.
    Some((layer, folder.unwrap_or(rules::ORDER.len())))
}

#[test]
fn a_file_knows_only_its_own_folder_and_those_before_it() {
    let sources = sources();
    assert!(sources.len() > 60, "{} files", sources.len());
    for (file, code) in sources {
        let own = file
            .with_extension("")
            .components()
            .map(|part| part.as_os_str().to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join("::");
        let own_place = place(&own).unwrap();
        assert!(!code.contains("super::super::"), "{} leaves its folder by super", file.display());
        for path in paths(&code, "crate") {
            // Package files are a format of their own, which knows nothing of the appliance.
            let known = place(&path).or(path.starts_with("package").then_some((0, 0)));
            let known = known.unwrap_or_else(|| panic!("{}: {path}", file.display()));
            assert!(
                known.0 < own_place.0
                    || known.0 == own_place.0 && (own_place.0 != 4 || known.1 <= own_place.1),
                "{} must not know {path}",
                file.display()
            );
        }
    }
}

#[test]
fn rows_are_no_types_of_the_wire() {
    for (file, code) in sources().into_iter().filter(|(file, _)| file.starts_with("state")) {
        for path in paths(&code, "luna_rest") {
            let name = path.rsplit("::").next().unwrap();
            let constant = name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            assert!(path == "Secret" || constant, "{}: luna_rest::{path}", file.display());
        }
    }
}

#[test]
fn paths_are_found_in_lists_and_in_code() {
    let code =
        "use crate::{core::text, rules::{hsm::{self, login as l}, ntls}}; crate::state::x(a)";
    let found = paths(code, "crate");
    let expected =
        ["core::text", "rules::hsm::login", "rules::hsm::self", "rules::ntls", "state::x"];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}
