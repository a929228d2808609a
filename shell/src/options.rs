//! The arguments both programs take.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// What each exit status means; of several commands the highest counts.
pub(crate) const EXIT_STATUS: &[(u8, &str)] = &[
    (0, "every command succeeded"),
    (1, "a command failed"),
    (2, "a line, or the arguments, were not understood"),
    (3, "the appliance could not be reached, or refused the login"),
    (4, "refused for safety, or because a question had no answer"),
    (5, "unclear: the connection or the time limit ended during a change"),
];

/// Secrets that can be given in advance: the name after `LUNA_`, and whose secret it is.
pub(crate) const SECRETS: &[(&str, &str)] = &[
    ("PASSWORD", "the appliance account"),
    ("HSM_PASSWORD", "the HSM SO"),
    ("PO_PASSWORD", "the Partition SO"),
    ("CO_PASSWORD", "the Crypto Officer"),
    ("CU_PASSWORD", "the Crypto User"),
    ("DOMAIN", "the cloning domain"),
    ("NEW_PASSWORD", "a new password of an account or of a partition role"),
    ("NEW_HSM_PASSWORD", "the new password of the HSM SO"),
    ("KEYRING_PASSWORD", "the first password of a keyring"),
    ("BACKUP_PASSWORD", "a backup of the cluster"),
    ("REMOTE_PASSWORD", "admin of the appliance whose cluster is joined"),
];

/// The text after the options in `--help`.
pub fn after_help() -> String {
    let mut text = String::from("Exit status, of several commands the highest:\n");
    for (status, meaning) in EXIT_STATUS {
        text.push_str(&format!("  {status}  {meaning}\n"));
    }
    text.push_str(
        "\nPasswords are asked for at a terminal. Scripts give them in the environment as\n\
         LUNA_<NAME>, LUNA_<NAME>_FILE (a file's first line) or LUNA_<NAME>_FD (an open\n\
         descriptor):\n",
    );
    for (name, meaning) in SECRETS {
        text.push_str(&format!("  {:<24}{meaning}\n", format!("LUNA_{name}")));
    }
    text.trim_end().to_owned()
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Luna's own text
    #[default]
    Luna,
    /// One JSON object per command
    Json,
}

/// What `--generate` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generate {
    /// The manual page
    Man,
    /// Completion for bash
    Bash,
    /// Completion for fish
    Fish,
    /// Completion for zsh
    Zsh,
    /// The shortest accepted spelling of every command
    Abbreviations,
}

/// Arguments shared by `lunash` and `lunacm`.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// One command; without it commands are read from the terminal or standard input
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORDS")]
    pub words: Vec<String>,

    /// Run this command (can be repeated: one session)
    #[arg(short = 'c', long = "command", value_name = "LINE")]
    pub command: Vec<String>,

    /// Run the commands of this file
    #[arg(short = 'f', long = "file", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,

    /// No banner, and no remarks on standard error
    #[arg(short, long)]
    pub quiet: bool,

    /// How results are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,

    /// Stop at the first command that does not succeed
    #[arg(long)]
    pub fail_fast: bool,

    /// The longest time a call may take
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,

    /// Refuse abbreviated words and options
    #[arg(long)]
    pub strict: bool,

    /// Answer every 'proceed' question with proceed
    #[arg(long)]
    pub yes: bool,

    /// Answer a question with this text (can be repeated; taken in order; not for passwords)
    #[arg(long, value_name = "TEXT")]
    pub answer: Vec<String>,

    /// Use the last login attempt before a lock-out or zeroization
    #[arg(long)]
    pub last_attempt: bool,

    /// The appliance, as HOST or HOST:PORT; without one an emulated appliance of your own is used
    #[arg(long, env = "LUNA_HOST", value_name = "HOST[:PORT]", value_hint = ValueHint::Hostname)]
    pub host: Option<String>,

    /// The appliance account
    #[arg(long, env = "LUNA_USER", value_name = "NAME")]
    pub user: Option<String>,

    /// A profile of the configuration file
    #[arg(long, env = "LUNA_PROFILE", value_name = "NAME")]
    pub profile: Option<String>,

    /// The SHA-256 fingerprint the appliance's certificate must have
    #[arg(long, env = "LUNA_FINGERPRINT", value_name = "SHA256:…")]
    pub fingerprint: Option<String>,

    /// A PEM file of the authorities that vouch for the appliance's certificate
    #[arg(long, env = "LUNA_CA", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca: Option<PathBuf>,

    /// The folder of the emulated appliance
    #[arg(long, env = "LUNA_DATA", value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub data: Option<PathBuf>,

    /// List every command, tab-separated: path, syntax, roles, REST, provenance
    #[arg(long)]
    pub list_commands: bool,

    /// Write a manual page, a completion script or the abbreviation table
    #[arg(long, value_enum, hide = true, value_name = "WHAT")]
    pub generate: Option<Generate>,
}

impl Options {
    /// The commands given as arguments; `None` if they come from standard input.
    pub fn lines(&self) -> Option<Vec<String>> {
        let words = match &self.words[..] {
            [] => None,
            // One word with blanks in it is a line, as in `ssh host 'client list'`.
            [line] => Some(line.clone()),
            words => Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")),
        };
        match (&self.command[..], words) {
            ([], None) => None,
            ([], Some(line)) => Some(vec![line]),
            (commands, None) => Some(commands.to_vec()),
            // Scripts written for lunacm use `-c WORDS…` without quotes.
            ([first @ .., last], Some(rest)) => {
                let mut lines = first.to_vec();
                lines.push(format!("{last} {rest}"));
                Some(lines)
            }
        }
    }

    /// Whether a single command was given as words; then only its own output is shown.
    pub fn one_shot(&self) -> bool {
        self.command.is_empty() && !self.words.is_empty()
    }
}

/// Quotes a word of an argument list, so that the tokenizer reads it as one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\'' | '\\' | '#');
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in word.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(command: &[&str], words: &[&str]) -> Option<Vec<String>> {
        let own = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        Options { command: own(command), words: own(words), ..Options::default() }.lines()
    }

    #[test]
    fn arguments_are_joined_to_lines() {
        assert_eq!(lines(&[], &[]), None);
        assert_eq!(lines(&[], &["client list"]), Some(vec!["client list".into()]));
        assert_eq!(
            lines(&[], &["client", "show", "-c", "my \"app\""]),
            Some(vec![r#"client show -c "my \"app\"""#.into()])
        );
        assert_eq!(lines(&["hagroup"], &["list"]), Some(vec!["hagroup list".into()]));
        assert_eq!(lines(&["a", "b"], &[]), Some(vec!["a".into(), "b".into()]));
    }
}
