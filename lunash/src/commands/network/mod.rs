//! `network`: the host name, devices, routes, name servers.

use luna_rest::network;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "network", help: "Host name and network devices" }];

pub(super) const COMMANDS: &[Command] = &[Command {
    syntax: "network hostname <hostname>",
    help: "Set the host name of the appliance",
    options: &[],
    roles: Role::OPERATOR,
    rest: &["PATCH /api/lunasa/network"],
    known: Known::Seen("github: AWS CloudHSM client, expected outputs of Luna SA 5.x"),
    run: call::<Hostname>(),
}];

#[derive(Deserialize)]
struct Hostname {
    hostname: String,
}

/// The host name that was set.
#[derive(Serialize)]
struct HostnameSet {
    hostname: String,
}

impl Run<Session> for Hostname {
    type View = HostnameSet;

    fn run(self, session: &mut Session) -> Result<HostnameSet, Failure> {
        let hostname = Some(self.hostname.clone());
        session.client().call(&network::CHANGE, &[], &network::NewHostname { hostname })?;
        session.refresh_hostname();
        Ok(HostnameSet { hostname: self.hostname })
    }
}

impl Text for HostnameSet {
    fn write(&self, page: &mut Page) {
        page.line(format!("Success: Hostname {} set.", self.hostname));
    }
}
