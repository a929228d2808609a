//! `webserver ciphers`: the TLS ciphers that the web server offers.

use luna_rest::{services, tls, web_server};

use super::restart;
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "webserver ciphers", help: "The TLS ciphers that the web server offers" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "webserver ciphers reset",
        help: "Offer every cipher the appliance knows",
        options: &[],
        roles: Role::ADMIN,
        rest: &[web_server::CHANGE.resource()],
        known: Known::Assumed("newer than webserver_ciphers.htm@7.2; as 'webserver ciphers set'"),
        run: call::<Reset>(),
    },
    Command {
        syntax: "webserver ciphers set -list|-l <ciphers> [-restart|-r] [-force|-f]",
        help: "Offer these ciphers only, the preferred one first",
        options: &[
            ("-list", "Names of ciphers, separated by colons; all for every one"),
            ("-restart", "Restart the web server now"),
        ],
        roles: Role::ADMIN,
        rest: &[web_server::CHANGE.resource(), services::ACT.resource()],
        known: Known::Documented("lunash/commands/webserver/webserver_ciphers_set.htm@7.2"),
        run: call::<Set>(),
    },
    Command {
        syntax: "webserver ciphers show",
        help: "Show the ciphers that are allowed",
        options: &[],
        roles: Role::ADMIN,
        rest: &[web_server::SHOW.resource()],
        known: Known::Documented("lunash/commands/webserver/webserver_ciphers_show.htm@7.2"),
        run: call::<Show>(),
    },
];

/// Sets the ciphers. Nothing is asked: the example of the page has no question, though it has -force.
fn set(session: &mut Session, list: &str, now: bool) -> Result<NewCiphers, Failure> {
    let list = if list.eq_ignore_ascii_case("all") { tls::CIPHERS } else { list };
    let cipher_list = Some(list.to_owned());
    let change = web_server::ChangeWebServer { cipher_list, ..Default::default() };
    session.call(&web_server::CHANGE, &[], &change)?;
    Ok(NewCiphers { ciphers: list.to_owned(), message: restart(session, now)? })
}

/// The ciphers that were set, and when they count.
#[derive(Serialize)]
struct NewCiphers {
    ciphers: String,
    message: &'static str,
}

impl Text for NewCiphers {
    fn write(&self, page: &mut Page) {
        page.line("\nNew REST API Service ciphers suite:\n");
        page.line(format!("{}\n", self.ciphers));
        page.line(self.message);
    }
}

#[derive(Deserialize)]
struct Reset {}

impl Run<Session> for Reset {
    type View = NewCiphers;

    fn run(self, session: &mut Session) -> Result<NewCiphers, Failure> {
        set(session, tls::CIPHERS, false)
    }
}

#[derive(Deserialize)]
struct Set {
    list: String,
    restart: bool,
    #[expect(dead_code, reason = "the page has it, and no question")]
    force: bool,
}

impl Run<Session> for Set {
    type View = NewCiphers;

    fn run(self, session: &mut Session) -> Result<NewCiphers, Failure> {
        set(session, &self.list, self.restart)
    }
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
        let list = session.get(&web_server::SHOW, &[])?.cipher_list;
        Ok(Ciphers { ciphers: list.split(':').map(str::to_owned).collect() })
    }
}

/// Widest line of names. Assumed: it fits the lines of the page.
const WIDTH: usize = 90;

impl Text for Ciphers {
    fn write(&self, page: &mut Page) {
        page.line("Ciphers suite supported by REST API Server:");
        let mut line = String::new();
        for name in &self.ciphers {
            if !line.is_empty() {
                line.push(',');
                if line.len() + name.len() + 1 > WIDTH {
                    page.line(&line);
                    line.clear();
                }
            }
            line.push_str(name);
        }
        page.line(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The example of the page.
    #[test]
    fn ciphers_are_written_as_the_page_has_them() {
        let page = "ECDHE-RSA-AES256-GCM-SHA384,ECDHE-ECDSA-AES256-GCM-SHA384,\
             ECDHE-RSA-AES256-SHA384,\n\
             ECDHE-ECDSA-AES256-SHA384,DHE-RSA-AES256-GCM-SHA384,DHE-RSA-AES256-SHA256,\n\
             ECDH-RSA-AES256-GCM-SHA384,ECDH-ECDSA-AES256-GCM-SHA384,ECDH-RSA-AES256-SHA384,\n\
             ECDH-ECDSA-AES256-SHA384,AES256-GCM-SHA384,AES256-SHA256,\
             ECDHE-RSA-AES128-GCM-SHA256,\n\
             ECDHE-ECDSA-AES128-GCM-SHA256,ECDHE-RSA-AES128-SHA256,ECDHE-ECDSA-AES128-SHA256,\n\
             DHE-RSA-AES128-GCM-SHA256,DHE-RSA-AES128-SHA256,ECDH-RSA-AES128-GCM-SHA256,\n\
             ECDH-ECDSA-AES128-GCM-SHA256,ECDH-RSA-AES128-SHA256,ECDH-ECDSA-AES128-SHA256,\n\
             AES128-GCM-SHA256,AES128-SHA256\n";
        let names = page.split([',', '\n']).filter(|name| !name.is_empty());
        let ciphers = Ciphers { ciphers: names.map(str::to_owned).collect() };
        let head = "Ciphers suite supported by REST API Server:\n";
        assert_eq!(ciphers.text(), format!("{head}{page}"));
    }
}
