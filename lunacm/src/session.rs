//! A LunaCM session: the link to the appliance, the slots, and the current one.

use std::sync::Arc;

use luna_rest::Client;
use luna_shell::{Access, Code, Desk, Device, Failure, Options, Secrets, Values};

/// What commands work with.
pub struct Session {
    desk: Desk,
}

impl Session {
    /// A session over an opened link.
    ///
    /// # Errors
    /// The appliance does not answer; the device is given back.
    pub fn open(
        access: Access,
        device: Box<dyn Device>,
        secrets: Secrets,
        options: &Options,
    ) -> Result<Session, (Box<dyn Device>, Failure)> {
        Ok(Session { desk: Desk::new(access, device, secrets, options) })
    }

    /// The link to the appliance.
    pub fn client(&self) -> &Client {
        &self.desk.client
    }

    /// Questions, remarks, leaving.
    pub fn desk(&mut self) -> &mut Desk {
        &mut self.desk
    }
}

impl luna_shell::Session for Session {
    const NAME: &'static str = "lunacm";
    const RESULT_AFTER_WORDS: bool = true;

    fn desk(&mut self) -> &mut Desk {
        &mut self.desk
    }

    fn prompt(&self) -> String {
        "lunacm:>".to_owned()
    }

    fn greeting(&mut self) -> Result<String, Failure> {
        Ok("lunacm (64-bit) v10.7.2-16. Copyright (c) 2024 Thales Group. All rights reserved.\n"
            .to_owned())
    }

    fn values(&self) -> Values {
        let _client = Arc::clone(&self.desk.client);
        Arc::new(|_| Vec::new())
    }

    fn result(&self, failure: Option<&Failure>) -> (u32, String, String) {
        let Some(failure) = failure else {
            return (0, "No Error".to_owned(), "Command Result : No Error".to_owned());
        };
        let (number, name) = match &failure.code {
            Some(Code { number, name }) => (number.unwrap_or(5), name.to_string()),
            None => (5, "CKR_GENERAL_ERROR".to_owned()),
        };
        (number, name.clone(), format!("Command Result : 0x{number:x} ({name})"))
    }

    fn explain(&self, _path: &str, failure: &Failure) -> String {
        let message = failure.message.trim_end_matches('\n');
        if failure.verbatim {
            return format!("{message}\n");
        }
        format!("Error in execution: {message}\n")
    }

    fn advice(&self, words: &[&str]) -> Option<String> {
        crate::commands::advice(words)
    }
}
