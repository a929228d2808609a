//! A line of one shell never runs something else in the other.

use luna_grammar::{Grammar, Outcome};

/// The lines of a shell: every command in full, and in its shortest spelling, with values in the place
/// of placeholders.
fn lines(grammar: &Grammar) -> Vec<(String, String)> {
    let value = |word: &str| match word.strip_prefix('<') {
        Some(_) => "1".to_owned(),
        None => word.to_owned(),
    };
    let typed = |text: &str| text.split(' ').map(value).collect::<Vec<_>>().join(" ");
    let path = |full: &str| {
        let words = full.split(' ').take_while(|word| !word.starts_with(['-', '<']));
        words.collect::<Vec<_>>().join(" ")
    };
    let table = grammar.abbreviations();
    let rows = table.lines().filter_map(|line| line.split_once('\t'));
    rows.flat_map(|(short, full)| [(typed(full), path(full)), (typed(short), path(full))]).collect()
}

#[test]
fn no_line_of_one_shell_runs_another_command_in_the_other() {
    let (lunash, lunacm) = (lunash::catalogue(), lunacm::catalogue());
    let mut wrong = Vec::new();
    for (name, from, to) in [
        ("lunacm in lunash", &lunacm.grammar, &lunash.grammar),
        ("lunash in lunacm", &lunash.grammar, &lunacm.grammar),
    ] {
        for (line, path) in lines(from) {
            if let Outcome::Match(found) = to.resolve(&line)
                && found.path() != path
            {
                wrong.push(format!("{name}: '{line}' ({path}) runs '{}'", found.path()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
