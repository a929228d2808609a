//! Hints for lines of the other shell or of an older release.

/// A hint for `words`, the words of a line before its options: the new name of a retired command, or
/// the name of the other shell if `table`, its table of abbreviations, has the command.
pub fn other_shell_hint(
    words: &[&str],
    retired: &[(&str, &str)],
    other: &str,
    table: &str,
) -> Option<String> {
    let elsewhere = |words: &[&str]| {
        let mut fulls = table.lines().filter_map(|line| Some(line.split_once('\t')?.1));
        let full = fulls.find(|full| abbreviates(words, full))?;
        let path: Vec<&str> = full.split(' ').take_while(|word| !word.starts_with('-')).collect();
        Some(path.join(" "))
    };
    if let Some((old, new)) = retired.iter().find(|(old, _)| abbreviates(words, old)) {
        let new_words: Vec<&str> = new.split(' ').collect();
        let place = elsewhere(&new_words).map_or_else(String::new, |_| format!(" of {other}"));
        return Some(format!("'{old}' is '{new}'{place} today"));
    }
    Some(format!("'{}' is a command of {other}", elsewhere(words)?))
}

/// Whether `words` are the path of `full`, abbreviated or not; false for a path of one word, which is
/// too ambiguous.
pub fn abbreviates(words: &[&str], full: &str) -> bool {
    let path = full.split(' ').take_while(|word| !word.starts_with(['-', '<']));
    let mut typed = words.iter();
    let mut matched = 0;
    for word in path {
        let Some(typed) = typed.next() else { return false };
        let fits = word.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed));
        if !fits {
            return false;
        }
        matched += 1;
    }
    matched > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "par cr -s\tpartition create -slot\nro l -n\trole login -name\n";

    #[test]
    fn a_command_of_the_other_shell_is_found() {
        let told = other_shell_hint(&["role", "login"], &[], "lunacm", TABLE);
        assert_eq!(told.as_deref(), Some("'role login' is a command of lunacm"));
        assert_eq!(other_shell_hint(&["role"], &[], "lunacm", TABLE), None);
        assert_eq!(other_shell_hint(&["rule", "login"], &[], "lunacm", TABLE), None);
    }

    #[test]
    fn a_retired_command_has_a_new_name() {
        let retired = [("partition login", "role login"), ("hsm update fw", "hsm upgrade")];
        let told = other_shell_hint(&["par", "login"], &retired, "lunacm", TABLE);
        assert_eq!(told.as_deref(), Some("'partition login' is 'role login' of lunacm today"));
        let told = other_shell_hint(&["hsm", "u", "fw"], &retired, "lunacm", TABLE);
        assert_eq!(told.as_deref(), Some("'hsm update fw' is 'hsm upgrade' today"));
    }
}
