//! What a person should know who typed a line of another shell or of an older release.

/// A hint for `words`, the words of a line before its options: the newer name of a retired
/// command, or the shell that has the command (`table` holds its commands, `shortest<TAB>full`).
pub fn advice(
    words: &[&str],
    retired: &[(&str, &str)],
    other: &str,
    table: &str,
) -> Option<String> {
    let elsewhere = |words: &[&str]| {
        let mut fulls = table.lines().filter_map(|line| Some(line.split_once('\t')?.1));
        let full = fulls.find(|full| spells(words, full))?;
        let path: Vec<&str> = full.split(' ').take_while(|word| !word.starts_with('-')).collect();
        Some(path.join(" "))
    };
    if let Some((old, new)) = retired.iter().find(|(old, _)| spells(words, old)) {
        let new_words: Vec<&str> = new.split(' ').collect();
        let place = elsewhere(&new_words).map_or_else(String::new, |_| format!(" of {other}"));
        return Some(format!("'{old}' is '{new}'{place} today"));
    }
    Some(format!("'{}' is a command of {other}", elsewhere(words)?))
}

/// Whether `words` spell the path of `full`, abbreviated or not. One word alone says too little.
pub fn spells(words: &[&str], full: &str) -> bool {
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
    fn the_other_shell_is_named() {
        let told = advice(&["role", "login"], &[], "lunacm", TABLE);
        assert_eq!(told.as_deref(), Some("'role login' is a command of lunacm"));
        assert_eq!(advice(&["role"], &[], "lunacm", TABLE), None);
        assert_eq!(advice(&["rule", "login"], &[], "lunacm", TABLE), None);
    }

    #[test]
    fn a_newer_name_comes_first() {
        let retired = [("partition login", "role login"), ("hsm update fw", "hsm upgrade")];
        let told = advice(&["par", "login"], &retired, "lunacm", TABLE);
        assert_eq!(told.as_deref(), Some("'partition login' is 'role login' of lunacm today"));
        let told = advice(&["hsm", "u", "fw"], &retired, "lunacm", TABLE);
        assert_eq!(told.as_deref(), Some("'hsm update fw' is 'hsm upgrade' today"));
    }
}
