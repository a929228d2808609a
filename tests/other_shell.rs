//! A line of one shell never runs something else in the other.

use luna_grammar::Outcome;
use luna_shell::Catalogue;

/// The lines of a shell: every command in full, and in its shortest spelling, with values in the place
/// of placeholders.
fn lines<S>(catalogue: &Catalogue<S>) -> Vec<(String, String)> {
    let value = |word: &str| match word.strip_prefix('<') {
        Some(_) => "1".to_owned(),
        None => word.to_owned(),
    };
    let typed = |text: &str| text.split(' ').map(value).collect::<Vec<_>>().join(" ");
    let path = |full: &str| {
        let words = full.split(' ').take_while(|word| !word.starts_with(['-', '<']));
        words.collect::<Vec<_>>().join(" ")
    };
    let table = catalogue.abbreviations();
    let rows = table.lines().filter_map(|line| line.split_once('\t'));
    let lines = rows.flat_map(|(short, full)| {
        // Sessions with an administrative slot have LunaSH's menus, and abbreviate them in their own way.
        let short = (!(catalogue.is_rare)(&path(full))).then(|| (typed(short), path(full)));
        [Some((typed(full), path(full))), short]
    });
    lines.flatten().collect()
}

/// Whether two paths are one, but for letter case and an ending: `audit changepw`, `audit changePwd`.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    one.starts_with(&other) || other.starts_with(&one)
}

#[test]
fn no_line_of_one_shell_runs_another_command_in_the_other() {
    let (lunash, lunacm) = (lunash::catalogue(), lunacm::catalogue());
    let mut wrong = Vec::new();
    for (name, from, to) in [
        ("lunacm in lunash", lines(&lunacm), &lunash.grammar),
        ("lunash in lunacm", lines(&lunash), &lunacm.grammar),
    ] {
        for (line, path) in from {
            if let Outcome::Match(found) = to.resolve(&line)
                && !is_same(found.path(), &path)
            {
                wrong.push(format!("{name}: '{line}' ({path}) runs '{}'", found.path()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
