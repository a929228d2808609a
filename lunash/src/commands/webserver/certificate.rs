//! `webserver certificate`: the certificate by which clients of the REST API know the appliance.

use luna_rest::web_server;

use crate::commands::ntls::certificate::Certificate;
use crate::prelude::*;
use crate::questions::{caution, proceed};

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "webserver certificate", help: "The certificate of the web server" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "webserver certificate generate [-force|-f]",
        help: "Make a new key and certificate for the web server",
        options: &[],
        roles: Role::ADMIN,
        rest: &[web_server::MAKE_CERTIFICATE.resource()],
        known: Known::Assumed(
            "webserver_certificate_generate.htm@7.2 has -keytype, -keysize, -curve and -restart too, \
             and shows the new certificate; the appliance makes one of its own kind",
        ),
        run: call::<Generate>(),
    },
    Command {
        syntax: "webserver certificate show",
        help: "Show the certificate of the web server",
        options: &[],
        roles: Role::ADMIN,
        rest: &[web_server::CERTIFICATE.resource()],
        known: Known::Documented("lunash/commands/webserver/webserver_certificate_show.htm@7.2"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Generate {
    force: bool,
}

impl Run<Session> for Generate {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let lines = "Are you sure you wish to replace the key and certificate of the\n\
                     web server?\n\
                     Every client that has pinned the present one, this shell too, must\n\
                     accept the new one at its next connection.";
        session.confirm(self.force, &caution(lines, &proceed("replace them")))?;
        session.call(&web_server::MAKE_CERTIFICATE, &[], &Nothing {})?;
        Ok(Message::new(
            "Web server certificate generated.\n\
             Compare it with 'webserver certificate show' when you connect again.",
        ))
    }
}

#[derive(Deserialize)]
struct Show {}

impl Run<Session> for Show {
    type View = Certificate;

    fn run(self, session: &mut Session) -> Result<Certificate, Failure> {
        let shown = session.get(&web_server::CERTIFICATE, &[])?;
        Ok(Certificate::new("REST API Server Certificate:", shown))
    }
}
