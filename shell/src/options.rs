//! The arguments both programs take.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum, ValueHint};
use serde::Deserialize;

use crate::failure::{Failure, Kind};

/// What each exit status means; of several commands the highest counts.
pub(crate) const EXIT_STATUS: &[(u8, &str)] = &[
    (0, "every command succeeded"),
    (1, "a command failed"),
    (2, "a line, or the arguments, were not understood"),
    (3, "the appliance could not be reached, or refused the login"),
    (4, "refused for safety, or because a question had no answer"),
    (5, "unclear: the connection or the time limit ended during a change"),
    (6, "changes are due: of 'lunash apply --plan' alone"),
];

/// Every secret that can be given in advance: the name after `LUNA_`, and whose secret it is.
pub(crate) const SECRETS: &[(&str, &str)] = &[
    ("PASSWORD", "the appliance account"),
    ("NEW_PASSWORD", "the new password of that account, or of a partition role"),
    ("USER_PASSWORD", "another account that is made or whose password is set"),
    ("HSM_PASSWORD", "the HSM SO"),
    ("NEW_HSM_PASSWORD", "the new password of the HSM SO"),
    ("AUDIT_PASSWORD", "the Auditor of the HSM"),
    ("NEW_AUDIT_PASSWORD", "the new password of the Auditor"),
    ("AUDIT_DOMAIN", "the domain of the Auditor"),
    ("AUDITOR_PASSWORD", "the account that reads the audit log for evidence"),
    ("PO_PASSWORD", "the Partition SO"),
    ("CO_PASSWORD", "the Crypto Officer"),
    ("CU_PASSWORD", "the Crypto User"),
    ("DOMAIN", "the cloning domain"),
    ("LEGACY_DOMAIN", "the cloning domain of a legacy HSM"),
    ("KEYRING_PASSWORD", "the first password of a keyring"),
    ("BACKUP_PASSWORD", "a backup: of the cluster, or on a Backup HSM"),
    ("BACKUP_SO_PASSWORD", "the SO of a Backup HSM"),
    ("REMOTE_PASSWORD", "admin of the appliance whose cluster is joined"),
    ("AUTHCODE", "the authorization code of a package"),
    ("NTP_PASSWORD", "an NTP server's AutoKey host"),
    ("NTP_KEY", "a symmetric key of NTP"),
    ("RADIUS_SECRET", "what is shared with a RADIUS server"),
    ("SNMP_AUTH_PASSWORD", "an SNMP user or target: what authenticates"),
    ("SNMP_PRIV_PASSWORD", "an SNMP user or target: what encrypts"),
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

/// The way to an appliance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// The REST API
    #[default]
    Rest,
    /// The appliance's own shell, through the ssh program of this machine
    Ssh,
    /// The REST API, and the shell for what it does not have
    Auto,
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
    /// The JSON schema of what `--output json` writes
    Schema,
}

/// The time limit of a command if none is given: longer than the initialization of an HSM takes.
pub const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(300);

/// The argument `--timeout` of every program.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct TimeLimit {
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=MAX_TIME_LIMIT),
        help = format!(
            "The longest time a command may take, questions apart [default: {}]",
            DEFAULT_TIME_LIMIT.as_secs()
        )
    )]
    pub(crate) timeout: Option<u64>,
}

/// In seconds; a year is as good as no limit, and no sum with it overflows.
const MAX_TIME_LIMIT: u64 = 365 * 24 * 3600;

impl TimeLimit {
    /// The limit.
    pub fn get(self) -> Duration {
        self.or(DEFAULT_TIME_LIMIT)
    }

    /// The limit, or another one than the default if none is given.
    pub fn or(self, default: Duration) -> Duration {
        self.timeout.map_or(default, Duration::from_secs)
    }

    /// This limit.
    pub fn of(limit: Duration) -> TimeLimit {
        TimeLimit { timeout: Some(limit.as_secs().max(1)) }
    }
}

/// Arguments shared by `lunash` and `lunacm`. Those that say which appliance is meant, and how results are
/// written, may also stand behind the word of a tool.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// One command; without it commands are read from the terminal or standard input
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORDS")]
    pub words: Vec<String>,

    /// Run this command (can be repeated: one session)
    #[arg(short = 'c', long = "command", value_name = "LINE")]
    pub command: Vec<String>,

    /// Run the commands of this file; - is standard input
    #[arg(short = 'f', long = "file", value_hint = ValueHint::FilePath,
        conflicts_with_all = ["words", "command"])]
    pub file: Option<PathBuf>,

    /// No banner, and no remarks on standard error
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// How results are written
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,

    /// Stop at the first command that does not succeed
    #[arg(long)]
    pub fail_fast: bool,

    /// The time limit of a command.
    #[command(flatten)]
    pub timeout: TimeLimit,

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

    /// The appliance, as HOST, HOST:PORT or USER@HOST; without one an emulated appliance of your own is used
    #[arg(long, global = true, env = "LUNA_HOST", value_parser = NonEmptyStringValueParser::new(), value_name = "HOST[:PORT]", value_hint = ValueHint::Hostname)]
    pub host: Option<String>,

    /// Never use an emulated appliance of your own: without a host, refuse
    #[arg(long, global = true)]
    pub real: bool,

    /// The appliance account
    #[arg(long, global = true, env = "LUNA_USER", value_parser = NonEmptyStringValueParser::new(), value_name = "NAME")]
    pub user: Option<String>,

    /// A profile of the configuration file
    #[arg(long, global = true, env = "LUNA_PROFILE", value_parser = NonEmptyStringValueParser::new(), value_name = "NAME")]
    pub profile: Option<String>,

    /// The SHA-256 fingerprint the appliance's certificate must have
    #[arg(long, global = true, env = "LUNA_FINGERPRINT", value_parser = NonEmptyStringValueParser::new(), value_name = "SHA256:…")]
    pub fingerprint: Option<String>,

    /// A PEM file of the authorities that vouch for the appliance's certificate
    #[arg(long, global = true, env = "LUNA_CA", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca: Option<PathBuf>,

    /// The folder of the emulated appliance
    #[arg(long, global = true, env = "LUNA_DATA", value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub data: Option<PathBuf>,

    /// Write the session into this new file: commands, answers and results, no secrets
    ///
    /// It is a transcript that 'lunash verify' plays. It grows as the session does. When it cannot be written any
    /// more, that is said at once; the session goes on, but for --fail-fast, and does not end with status 0.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub record: Option<PathBuf>,

    /// Replace the file of --record if it is there
    #[arg(long, requires = "record")]
    pub record_overwrite: bool,

    /// Write into the file of --record when each command was given
    #[arg(long, requires = "record")]
    pub record_times: bool,

    /// Set for the login shell of an appliance: how it is
    #[arg(skip)]
    pub login_shell: Option<LoginShellStyle>,

    /// List every command, tab-separated: path, syntax, roles, REST, provenance
    #[arg(long)]
    pub list_commands: bool,

    /// Write a manual page, a completion script, the abbreviation table or the schema of results
    #[arg(long, value_enum, hide = true, value_name = "WHAT")]
    pub generate: Option<Generate>,
}

/// How LunaSH is as the login shell of an appliance, where nothing may be shown but the product's own text.
#[derive(Clone, Debug, Default)]
pub struct LoginShellStyle {
    /// The appliance's software, for the greeting.
    pub version: String,
    /// Whether no empty line stands before a prompt.
    pub dense: bool,
}

impl Options {
    /// The commands given as arguments or in a file; `None` if they come from standard input.
    ///
    /// # Errors
    /// The arguments are no commands, or the file cannot be read.
    pub fn lines(&self) -> Result<Option<Vec<String>>, Failure> {
        if let Some(file) = self.file.as_deref().filter(|file| *file != Path::new("-")) {
            return lines_of(file).map(Some);
        }
        if let Some(option) = self.words.first().filter(|word| word.starts_with('-')) {
            return Err(no_option(option));
        }
        let words = match &self.words[..] {
            [] => None,
            // One word with blanks in it is a line, as in `ssh host 'client list'`.
            [line] => Some(line.clone()),
            words => Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")),
        };
        match (&self.command[..], words) {
            ([], line) => Ok(line.map(|line| vec![line])),
            (commands, None) => Ok(Some(commands.to_vec())),
            // Scripts written for lunacm use `-c WORDS…` without quotes.
            ([first], Some(rest)) if !first.trim().contains(char::is_whitespace) => {
                Ok(Some(vec![format!("{first} {rest}")]))
            }
            _ => Err(Failure::new(
                Kind::NotUnderstood,
                "There are words behind the commands of -c; nothing was run.",
            )
            .hint("-c takes a whole command, in quotes: -c 'client list' -c 'partition list'")),
        }
    }

    /// Whether a single command was given as words; then only its own output is shown.
    pub fn one_shot(&self) -> bool {
        self.command.is_empty() && !self.words.is_empty()
    }
}

/// The lines of a file.
fn lines_of(file: &Path) -> Result<Vec<String>, Failure> {
    Ok(text_of(file)?.lines().map(str::to_owned).collect())
}

/// The text of a file.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub(crate) fn text_of(file: &Path) -> Result<String, Failure> {
    let wrong = |why: String| Failure::new(Kind::NotUnderstood, why);
    let bytes = std::fs::read(file)
        .map_err(|error| wrong(format!("cannot read {}: {error}.", file.display())))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let failure = wrong(format!("cannot read {}: it is not UTF-8 text.", file.display()));
            // What PowerShell writes with `>`.
            let utf16 =
                [[0xff, 0xfe], [0xfe, 0xff]].iter().any(|mark| error.as_bytes().starts_with(mark));
            Err(match utf16 {
                true => failure.hint("it is UTF-16: save it as UTF-8"),
                false => failure,
            })
        }
    }
}

/// The program's own options, `--` included.
fn own_options() -> Vec<String> {
    let command = Options::augment_args(clap::Command::new(""));
    let long = command.get_arguments().filter_map(|arg| arg.get_long());
    long.map(|long| format!("--{long}")).collect()
}

/// The first word of a line that is one of the program's own options.
pub(crate) fn program_option(line: &str) -> Option<String> {
    let own = own_options();
    line.split_whitespace()
        .filter_map(|word| word.split('=').next())
        .find_map(|word| own.iter().find(|option| *option == word).cloned())
}

/// The failure for a first word that is meant as an option, as no command begins with a dash.
fn no_option(word: &str) -> Failure {
    if !word.starts_with("--") {
        // It may be a password with its option in front, so it is not repeated.
        return Failure::new(
            Kind::NotUnderstood,
            "A command begins with a word, not with an option.",
        )
        .hint("--help lists the options of the program");
    }
    let name = word.split('=').next().unwrap_or(word);
    let failure = Failure::new(Kind::NotUnderstood, format!("There is no option '{name}'."));
    let near =
        own_options().into_iter().min_by_key(|option| strsim::damerau_levenshtein(option, name));
    match near.filter(|option| strsim::damerau_levenshtein(option, name) <= 2) {
        Some(near) => failure.hint(format!("could be: {near}")),
        None => failure.hint("--help lists the options"),
    }
}

/// Quotes a word of an argument list, so that the tokenizer reads it as one word.
pub fn quoted(word: &str) -> String {
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
        let options = Options { command: own(command), words: own(words), ..Options::default() };
        options.lines().ok()?
    }

    #[test]
    fn commands_in_two_forms_are_refused() {
        let own = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        for (command, words) in [
            (&["client list"][..], &["partition", "list"][..]),
            (&["a", "b"], &["c"]),
            (&[], &["--hots", "h1", "client", "list"]),
        ] {
            let options =
                Options { command: own(command), words: own(words), ..Options::default() };
            assert_eq!(options.lines().unwrap_err().status(), crate::Status::NotUnderstood);
        }
        let failure = no_option("--hots");
        assert_eq!(failure.hints, ["could be: --host"]);
    }

    #[test]
    fn an_option_of_the_program_is_found_within_a_line() {
        assert_eq!(program_option("par list --output=json").as_deref(), Some("--output"));
        assert_eq!(program_option("par list -output json"), None);
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
