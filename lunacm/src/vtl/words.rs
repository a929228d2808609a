//! What is typed behind `vtl`, in any spelling of its releases: commands in any case, shortened, or with a
//! dash before them; options of several letters with one dash; a value of several words without quotes.

use luna_shell::{Failure, Kind};

/// Every command, as it is documented.
pub(super) const COMMANDS: [&str; 12] = [
    "addServer",
    "createCert",
    "deleteServer",
    "examineCert",
    "fingerprint",
    HA_ADMIN,
    "listServers",
    "listSlots",
    "replaceServer",
    "supportInfo",
    "verify",
    VERSION,
];

/// It has commands of its own.
const HA_ADMIN: &str = "haAdmin";
/// Those.
const VERBS: [&str; 8] = [
    "addMember",
    "autoRecovery",
    "deleteGroup",
    "HAOnly",
    "newGroup",
    "removeMember",
    "show",
    "synchronize",
];

/// It is never shortened: `ver` is `verify` in scripts.
const VERSION: &str = "version";

/// What was typed, as the parser of arguments takes it.
///
/// # Errors
/// A command is not known, or could be two.
pub(super) fn read(typed: &[String]) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    let mut typed = typed.iter().peekable();
    // Our own options may stand before the command, with their value.
    while let Some(option) = typed.next_if(|word| word.starts_with("--")) {
        words.push(option.clone());
        if !option.contains('=') && !["--help", "--version"].contains(&option.as_str()) {
            words.extend(typed.next().cloned());
        }
    }
    let Some(word) = typed.next() else { return Ok(words) };
    match word.as_str() {
        "-h" | "-V" | "help" => words.push(word.clone()),
        word => words.push(command(word, &COMMANDS)?.to_owned()),
    }
    if words.last().is_some_and(|command| command == HA_ADMIN)
        && let Some(verb) = typed.next_if(|word| !matches!(word.as_str(), "-h" | "--help"))
    {
        words.push(command(verb, &VERBS)?.to_owned());
    }
    let joins = words.last().is_some_and(|command| command == "createCert");
    let mut in_value = false;
    for word in typed {
        match word.strip_prefix('-') {
            Some(name) if is_long(name) => words.push(format!("--{}", name.to_ascii_lowercase())),
            None if joins && in_value => {
                if let Some(value) = words.last_mut() {
                    value.push(' ');
                    value.push_str(word);
                }
            }
            _ => words.push(word.clone()),
        }
        in_value = !word.starts_with('-');
    }
    Ok(words)
}

/// Whether an option behind one dash has a name of several letters.
fn is_long(name: &str) -> bool {
    name.len() > 1 && name.chars().all(|c| c.is_ascii_alphabetic())
}

fn command(typed: &str, known: &[&'static str]) -> Result<&'static str, Failure> {
    let word = typed.trim_start_matches('-').to_ascii_lowercase();
    let begins = |name: &&&str| name.to_ascii_lowercase().starts_with(&word);
    if let Some(exact) = known.iter().find(|name| name.eq_ignore_ascii_case(&word)) {
        return Ok(exact);
    }
    let found: Vec<&str> =
        known.iter().filter(begins).filter(|name| **name != VERSION).copied().collect();
    let wrong = |text| Err(Failure::new(Kind::NotUnderstood, text));
    match found[..] {
        [name] => Ok(name),
        [] => wrong(format!("'{typed}' is no command; 'vtl -h' lists them")),
        _ => wrong(format!("'{typed}' could be {}", found.join(" or "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Result<String, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        read(&words).map(|words| words.join("|")).map_err(|failure| failure.message)
    }

    #[test]
    fn commands_come_in_any_case_shortened_or_with_a_dash() {
        for (line, is) in [
            ("verify", "verify"),
            ("ver", "verify"),
            ("VERSION", "version"),
            ("-verify", "verify"),
            ("listslot", "listSlots"),
            ("add -n hsm1 -c server.pem", "addServer|-n|hsm1|-c|server.pem"),
            ("delete -n hsm1", "deleteServer|-n|hsm1"),
            ("addserver -Port 1793", "addServer|--port|1793"),
            (
                "haadmin -newGroup -serialNum 1 -label a -p b",
                "haAdmin|newGroup|--serialnum|1|--label|a|-p|b",
            ),
            ("haAdmin HAonly -enable", "haAdmin|HAOnly|--enable"),
            ("haAdmin autorecovery -retry -1", "haAdmin|autoRecovery|--retry|-1"),
            ("--config x createcert -n a", "--config|x|createCert|-n|a"),
        ] {
            assert_eq!(typed(line).as_deref(), Ok(is), "{line}");
        }
        assert_eq!(typed("list").unwrap_err(), "'list' could be listServers or listSlots");
        assert!(typed("frobnicate").unwrap_err().contains("no command"));
    }

    #[test]
    fn a_value_of_several_words_needs_no_quotes() {
        let line = "createcert -n app -u Sales Engineering -l Vancouver";
        assert_eq!(typed(line).unwrap(), "createCert|-n|app|-u|Sales Engineering|-l|Vancouver");
    }
}
