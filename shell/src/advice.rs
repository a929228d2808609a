//! What a person should know who typed a line of another shell or of an older release.

/// A hint for `words`, the words of a line before its options: the newer name of a retired
/// command, or the shell that has the command (`table` holds its commands, `shortest<TAB>full`).
pub fn advice(
    words: &[&str],
    retired: &[(&str, &str)],
    other: &str,
    table: &str,
) -> Option<String> {
    if let Some((old, new)) = retired.iter().find(|(old, _)| spells(words, old)) {
        return Some(format!("'{old}' is '{new}' today"));
    }
    let full = table
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(_, full)| full)
        .find(|full| spells(words, full))?;
    let path: Vec<&str> = full.split(' ').take_while(|word| !word.starts_with('-')).collect();
    Some(format!("'{}' is a command of {other}", path.join(" ")))
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
        let retired = [("partition login", "role login")];
        let told = advice(&["par", "login"], &retired, "lunacm", TABLE);
        assert_eq!(told.as_deref(), Some("'partition login' is 'role login' today"));
    }
}
