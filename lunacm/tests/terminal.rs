//! The `lunacm` program at a terminal.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/mod.rs"]
mod common;
#[path = "../../lunash/tests/terminal/person.rs"]
mod person;

use person::Person;

const PROGRAM: (&str, &str) = ("lunacm", env!("CARGO_BIN_EXE_lunacm"));
const PROMPT: &str = "lunacm:>";

#[test]
fn no_secret_is_shown_whatever_becomes_of_the_output() {
    for line in ["$lunacm", "$lunacm | tee log", "$lunacm 2>&1 | tee log", "$lunacm 2>log"] {
        let line = format!("ChrystokiConfigurationPath=$HOME {line}");
        let mut person = Person::starts_line(&line);
        person.sees(PROMPT);
        common::make_partition(&common::client(&person.appliance()), "par1");
        person.types("clientconfig deploy -server 127.0.0.1 -client app1 -partition par1\r");
        person.sees(PROMPT);
        person.types("clientconfig restart -force\r");
        person.sees(PROMPT);
        for (command, secrets) in [
            ("partition init -label par1 -force", &["1st", "1st", "domain", "domain"][..]),
            ("role login -name po", &["1st"]),
            ("role changepw -name po -force", &["1st", "2nd", "2nd"]),
            ("role init -name co", &["3rd", "3rd"]),
            ("role logout", &[]),
            ("role login -name co", &["3rd"]),
        ] {
            person.types(&format!("{command}\r"));
            for secret in secrets {
                person.sees(": ");
                person.types(&format!("Secret-{secret}\r"));
            }
            person.sees(PROMPT);
        }
        person.types("exit\r");
        person.sees_the_end();
        let log = std::fs::read_to_string(person.home.path().join("log")).unwrap_or_default();
        let seen = format!("{}{log}", person.screen());
        assert!(person.screen().matches("No Error").count() >= 5, "{line}: {seen}");
        assert!(!seen.contains("Secret"), "{line}: {seen}");
    }
}
