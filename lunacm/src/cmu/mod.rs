//! `cmu`, the Certificate Management Utility: keys and certificates of a slot, from the command line.
//!
//! Its functions are commands of a grammar as those of the shells are, each in the file of its kind. Options
//! may be written `-name=value`. A function is run with one role logged in, the Crypto Officer, whose
//! password is asked for or given.
//!
//! Sources: the Utilities Reference Guide of release 7.2, and recorded sessions of clients 7.1 to 10.5. The
//! lines of the banner and around the password are those of 10.5.

mod certificates;
mod confirm;
mod keys;
mod list;
mod prove;
mod select;
mod sign;
mod x509;

use luna_grammar::Menu;
use luna_shell::{
    Catalogue, Command, CompletionValues, Connection, Device, Failure, Options, Secrets, Ui,
    handler,
};

use crate::group_state::GroupState;
use crate::owner::ClientSide;
use crate::session::Session;

pub use prove::Proof;

/// The version is that of the shell's banner; the recorded one is of 10.5.0-470.
const BANNER: &str = "Certificate Management Utility (64-bit) v10.7.2-16. Copyright (c) 2024 Thales Group. All rights reserved.";

/// What the functions work with: the slots of LunaCM.
pub struct Cmu {
    /// The slots, and the terminal.
    pub(crate) session: Session,
}

impl Cmu {
    /// Opens a session, as LunaCM does.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn open(
        connection: Option<Connection>,
        device: Box<dyn Device>,
        secrets: Secrets,
        options: &Options,
        side: ClientSide,
    ) -> Result<Cmu, (Box<dyn Device>, Failure)> {
        let mut session = Session::open(connection, device, secrets, options, side)?;
        if !options.quiet {
            session.ui().welcome(&format!("{BANNER}\n\n"));
        }
        Ok(Cmu { session })
    }

    /// As [`Session::group_states`].
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn group_states(&self) -> Result<Vec<GroupState>, Failure> {
        self.session.group_states()
    }
}

/// A function.
type Function = Command<Cmu>;

/// The handler that fills `R` from the line and runs it.
const fn call<R: luna_shell::Run<Cmu>>() -> luna_shell::Handler<Cmu> {
    handler::<R, Cmu>()
}

const MENUS: &[&[Menu]] = &[];

const TABLES: &[&[Function]] = &[
    certificates::FUNCTIONS,
    confirm::FUNCTIONS,
    keys::FUNCTIONS,
    list::FUNCTIONS,
    sign::FUNCTIONS,
];

/// What an option means in every function.
const GLOSSARY: &[(&str, &str)] = &[
    ("-application", "Application of a data object"),
    ("-binary", "DER in place of PEM"),
    ("-class", "data, certificate, public, private or secret"),
    ("-cn", "Common name"),
    ("-c", "Country, two letters"),
    ("-decrypt", "Whether the key decrypts: 1 or 0"),
    ("-derive", "Whether other keys are derived from it: 1 or 0"),
    ("-e", "Mail address"),
    ("-encrypt", "Whether the key encrypts: 1 or 0"),
    ("-endDate", "Last day, YYYYMMDD"),
    ("-extractable", "Whether the key may leave, wrapped: 1 or 0"),
    ("-force", "Do not ask for confirmation"),
    ("-handle", "Handle of the object"),
    ("-id", "CKA_ID, hexadecimal digits"),
    ("-inputFile", "File to read"),
    ("-issuer", "DER of the issuer's name, hexadecimal digits"),
    ("-keyusage", "Uses of the key, with commas between them"),
    ("-l", "Locality"),
    ("-label", "Label"),
    ("-mechanism", "Mechanism, such as CKM_SHA256_RSA_PKCS"),
    ("-modifiable", "Whether attributes may be changed: 1 or 0"),
    ("-o", "Organization"),
    ("-ou", "Unit of the organization"),
    ("-ouid", "Unique identifier of the object"),
    ("-outputFile", "File to write"),
    ("-password", "Password of the Crypto Officer"),
    ("-private", "Whether only a role that is logged in sees it: 1 or 0"),
    ("-privatehandle", "Handle of the private key"),
    ("-publichandle", "Handle of the public key"),
    ("-s", "State or province"),
    ("-sensitive", "Whether its value is never told: 1 or 0"),
    ("-serialNumber", "Serial number, hexadecimal digits"),
    ("-sha1withecdsa", "Sign with ECDSA and SHA-1"),
    ("-sha1withrsa", "Sign with RSA and SHA-1"),
    ("-sha224withecdsa", "Sign with ECDSA and SHA-224"),
    ("-sha224withrsa", "Sign with RSA and SHA-224"),
    ("-sha256withecdsa", "Sign with ECDSA and SHA-256"),
    ("-sha256withrsa", "Sign with RSA and SHA-256"),
    ("-sha384withecdsa", "Sign with ECDSA and SHA-384"),
    ("-sha384withrsa", "Sign with RSA and SHA-384"),
    ("-sha512withecdsa", "Sign with ECDSA and SHA-512"),
    ("-sha512withrsa", "Sign with RSA and SHA-512"),
    ("-sign", "Whether the key signs: 1 or 0"),
    ("-slot", "Number, label or serial number of the slot"),
    ("-startDate", "First day, YYYYMMDD"),
    ("-subject", "DER of the subject's name, hexadecimal digits"),
    ("-unwrap", "Whether the key unwraps: 1 or 0"),
    ("-value", "Value, hexadecimal digits"),
    ("-verify", "Whether the key verifies: 1 or 0"),
    ("-wrap", "Whether the key wraps: 1 or 0"),
];

/// Everything the program can do.
pub fn catalogue() -> Catalogue<Cmu> {
    Catalogue::new(MENUS, TABLES, GLOSSARY)
}

/// The arguments of the program with every `-name=value` behind the function taken apart, and with a dash of
/// a word processor as the dash that was meant.
pub fn separated(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut separated = Vec::new();
    for argument in arguments {
        let argument = match argument.strip_prefix(['–', '—']) {
            Some(rest) => format!("-{rest}"),
            None => argument,
        };
        match argument.split_once('=') {
            Some((name, value))
                if name.starts_with('-') && !name.starts_with("--") && name.len() > 1 =>
            {
                separated.extend([name.to_owned(), value.to_owned()]);
            }
            _ => separated.push(argument),
        }
    }
    separated
}

impl luna_shell::Session for Cmu {
    const NAME: &'static str = "cmu";
    const RESULT_AFTER_WORDS: bool = false;

    fn ui(&mut self) -> &mut Ui {
        self.session.ui()
    }

    fn connection_mut(&mut self) -> &mut Connection {
        self.session.connection_mut()
    }

    fn own_arguments(&self) -> String {
        luna_shell::Session::own_arguments(&self.session)
    }

    fn prompt(&self) -> String {
        "cmu:>".to_owned()
    }

    fn greeting(&mut self) -> Result<String, Failure> {
        Ok(String::new())
    }

    fn completion_values(&self) -> CompletionValues {
        self.session.completion_values()
    }

    fn result_line(&self, failure: Option<&Failure>) -> (u32, String, String) {
        self.session.result_line(failure)
    }

    /// Assumed: how the product words a failure was not seen.
    fn error_text(&self, _: &str, failure: &Failure) -> String {
        format!("Error: {}\n", failure.message.trim_end_matches('\n'))
    }

    fn translate(&self, failure: Failure) -> Failure {
        luna_shell::Session::translate(&self.session, failure)
    }

    fn hint_for_unknown(&self, _: &[&str]) -> Option<String> {
        None
    }

    fn take_warnings(&mut self) -> Vec<String> {
        luna_shell::Session::take_warnings(&mut self.session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_and_arguments_agree() {
        assert_eq!(catalogue().grammar.lint(), Vec::<String>::new());
    }

    #[test]
    fn values_are_taken_off_their_options() {
        let given = ["list", "-label=a=b", "–class", "private", "--host=h", "-binary", "x=y"];
        let separated = separated(given.into_iter().map(str::to_owned));
        assert_eq!(
            separated,
            ["list", "-label", "a=b", "-class", "private", "--host=h", "-binary", "x=y"]
        );
    }
}
