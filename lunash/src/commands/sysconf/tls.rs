//! `sysconf tls ciphers`: the TLS ciphers of the appliance as a whole.

use luna_rest::services::{self, ServiceAction};
use luna_rest::tls;

use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] = &[
    Menu { path: "sysconf tls", help: "TLS of the appliance as a whole" },
    Menu { path: "sysconf tls ciphers", help: "The TLS ciphers of the appliance as a whole" },
];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf tls ciphers reset [-force|-f]",
        help: "Allow every cipher the appliance knows",
        options: &[],
        roles: Role::ADMIN,
        rest: &[tls::SET.resource(), services::ACT.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_tls_ciphers_reset.htm@7.2"),
        run: call::<Reset>(),
    },
    Command {
        syntax: "sysconf tls ciphers set -list|-l <ciphers> [-force|-f]",
        help: "Allow these ciphers only, the preferred one first",
        options: &[("-list", "Names of ciphers, separated by colons")],
        roles: Role::ADMIN,
        rest: &[tls::SET.resource(), services::ACT.resource()],
        known: Known::Assumed(
            "sysconf_tls_ciphers_set.htm@7.2 has -applyTemplate in place of -list too: a file that \
             was exported",
        ),
        run: call::<Set>(),
    },
    Command {
        syntax: "sysconf tls ciphers show",
        help: "Show the ciphers that are allowed",
        options: &[],
        roles: Role::MONITOR,
        rest: &[tls::SHOW.resource()],
        known: Known::Assumed(
            "sysconf_tls_ciphers_show.htm@7.2 has -exportTemplate too: a file with the ciphers",
        ),
        run: call::<Show>(),
    },
];

/// The services that take up new ciphers when they start.
const SERVICES: [&str; 3] = ["ntls", "stc", "cbs"];

/// Shows the ciphers, asks, sets them, and restarts the services.
fn set(
    session: &mut Session,
    list: &str,
    force: bool,
    (will, action): (&str, &str),
) -> Result<Restarted, Failure> {
    let mut page = Page::new();
    page.line(will);
    page.line("Cipher suites are listed from highest to lowest priority.\n");
    configured(list, &mut page);
    page.line("\nThis operation will restart the TLS related services (NTLS, STCD, CBS).");
    let text = page.into_text();
    if force {
        session.ui().show(&text);
    } else {
        let end = format!(
            "Type 'proceed' to {action} and restart TLS related services, or 'quit'\n    to quit \
             now. > "
        );
        session.confirm(false, &(text + &end))?;
    }
    session.ui().show("\n");
    session.call(&tls::SET, &[], &tls::Tls { cipher_list: list.to_owned() })?;
    for service in SERVICES {
        session.call(&services::ACT, &[service, "restart"], &ServiceAction::default())?;
    }
    Ok(Restarted { message: "Restarting NTLS, STC and CBS services.... Done" })
}

/// That new ciphers count.
#[derive(Serialize)]
struct Restarted {
    message: &'static str,
}

impl Text for Restarted {
    fn write(&self, page: &mut Page) {
        page.line(self.message);
    }
}

#[derive(Deserialize)]
struct Reset {
    force: bool,
}

impl Run<Session> for Reset {
    type View = Restarted;

    fn run(self, session: &mut Session) -> Result<Restarted, Failure> {
        let will = "This operation will reset the TLS cipher suites to use the following default \
                    cipher suites:";
        let action = "reset TLS cipher suites to default settings";
        set(session, tls::CIPHERS, self.force, (will, action))
    }
}

#[derive(Deserialize)]
struct Set {
    list: String,
    force: bool,
}

impl Run<Session> for Set {
    type View = Restarted;

    fn run(self, session: &mut Session) -> Result<Restarted, Failure> {
        let will =
            "This operation will set the TLS cipher suites to use the following cipher suites:";
        set(session, &self.list, self.force, (will, "set ciphers suites"))
    }
}

/// Writes the names of a list, each with what it stands for.
fn configured(list: &str, page: &mut Page) {
    page.line("Configured Ciphers (highest priority at top)");
    suites(list, page);
}

fn suites(list: &str, page: &mut Page) {
    page.line("-".repeat(50));
    let mut table = Table::new(0, 2, &[(1, false); 6]);
    for name in list.split(':') {
        table.row(suite(name));
    }
    page.table(&table);
}

/// A cipher suite as openssl tells it: version, key exchange, authentication, encryption, and what
/// protects the message.
fn suite(name: &str) -> [String; 6] {
    let parts: Vec<&str> = name.split(['-', '_']).collect();
    let newest = name.starts_with("TLS_");
    let (exchange, authentication) = match parts[..] {
        _ if newest => ("any", "any"),
        ["ECDHE", "ECDSA", ..] => ("ECDH", "ECDSA"),
        ["ECDHE", ..] => ("ECDH", "RSA"),
        ["DHE", ..] => ("DH", "RSA"),
        _ => ("RSA", "RSA"),
    };
    let bits = if name.contains("128") { 128 } else { 256 };
    let (encryption, message) = if name.contains("CHACHA20") {
        ("CHACHA20/POLY1305(256)".to_owned(), "AEAD")
    } else if name.contains("GCM") {
        (format!("AESGCM({bits})"), "AEAD")
    } else {
        (format!("AES({bits})"), parts.last().copied().unwrap_or_default())
    };
    [
        name.to_owned(),
        if newest { "TLSv1.3" } else { "TLSv1.2" }.to_owned(),
        format!("Kx={exchange}"),
        format!("Au={authentication}"),
        format!("Enc={encryption}"),
        format!("Mac={message}"),
    ]
}

#[derive(Deserialize)]
struct Show {}

/// The ciphers that are allowed, the preferred one first.
#[derive(Serialize)]
struct Ciphers {
    ciphers: Vec<String>,
}

impl Run<Session> for Show {
    type View = Ciphers;

    fn run(self, session: &mut Session) -> Result<Ciphers, Failure> {
        let list = session.get(&tls::SHOW, &[])?.cipher_list;
        Ok(Ciphers { ciphers: list.split(':').map(str::to_owned).collect() })
    }
}

impl Text for Ciphers {
    fn write(&self, page: &mut Page) {
        page.line("The following cipher suites are available to configure TLS:\n");
        page.line("Available Ciphers");
        suites(tls::CIPHERS, page);
        page.line(
            "\nThe selected TLS cipher suites are used by the NTLS, STC outer tunnel, RBS, Ped \
             vector Server/Client features\n\
             TLS is using the following cipher suites:\n\
             Cipher suites are listed from highest to lowest priority.\n",
        );
        configured(&self.ciphers.join(":"), page);
        page.blank();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of the pages.
    #[test]
    fn suites_are_written_as_the_pages_have_them() {
        let mut page = Page::new();
        let list = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-SHA384:DHE-RSA-AES256-SHA256:\
                    AES256-GCM-SHA384:AES128-SHA256";
        configured(list, &mut page);
        insta::assert_snapshot!(page.into_text(), @r"
        Configured Ciphers (highest priority at top)
        --------------------------------------------------
        ECDHE-RSA-AES256-GCM-SHA384  TLSv1.2  Kx=ECDH  Au=RSA  Enc=AESGCM(256)  Mac=AEAD
        ECDHE-RSA-AES256-SHA384      TLSv1.2  Kx=ECDH  Au=RSA  Enc=AES(256)     Mac=SHA384
        DHE-RSA-AES256-SHA256        TLSv1.2  Kx=DH    Au=RSA  Enc=AES(256)     Mac=SHA256
        AES256-GCM-SHA384            TLSv1.2  Kx=RSA   Au=RSA  Enc=AESGCM(256)  Mac=AEAD
        AES128-SHA256                TLSv1.2  Kx=RSA   Au=RSA  Enc=AES(128)     Mac=SHA256
        ");
    }
}
