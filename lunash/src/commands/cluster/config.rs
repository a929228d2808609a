//! `cluster config`: addresses and ports of the cluster service, and the cluster's modes.

use luna_rest::clusters::{self, Configure};

use super::{GUIDE_SHOWN, cluster, refused, table};

use crate::prelude::*;

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "cluster config {-service|-s <service:core|admin|crypto> [-ipaddress|-ip <address>] [-interface|-in <netdevice>] [-port|-p <port:1-65535>] | -identitymode|-id <mode:single|dual> | -assignmentmode|-a <mode:auto|manual>}",
        help: "Set the addresses and ports of the cluster service, or the cluster's modes",
        options: &[
            ("-service", "Class of traffic"),
            ("-ipaddress", "Address for core traffic, one of this appliance; set once"),
            ("-interface", "Network device for admin or crypto traffic"),
            ("-port", "50075 to 50079 for admin, 50055 to 50059 for crypto traffic"),
            ("-identitymode", "Whether the roles of a keyring share a password (1.0.5 and later)"),
            ("-assignmentmode", "Whether clients see every keyring (1.0.5 and later)"),
        ],
        roles: Role::ADMIN,
        rest: &[
            clusters::LIST.resource(),
            clusters::CONFIGURE.resource(),
            clusters::CHANGE.resource(),
        ],
        known: Known::Documented(
            "Cluster Administration Guide (7.8.5); assumed: how the modes of 7.9 are typed",
        ),
        run: call::<Set>(),
    },
    Command {
        syntax: "cluster config show",
        help: "Show the addresses and ports of the cluster service, and the cluster's modes",
        options: &[],
        roles: Role::MONITOR,
        rest: &[clusters::CONFIG.resource(), clusters::LIST.resource(), clusters::SHOW.resource()],
        known: GUIDE_SHOWN,
        run: call::<Show>(),
    },
];

/// The port for clients' operations that members expect of each other.
const CRYPTO_PORT: u16 = 50052;

#[derive(Deserialize)]
struct Set {
    service: Option<String>,
    ipaddress: Option<String>,
    interface: Option<String>,
    port: Option<u16>,
    identitymode: Option<String>,
    assignmentmode: Option<String>,
}

impl Run<Session> for Set {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let done = Success { done: "cluster config" };
        let Some(service) = self.service else {
            let body = clusters::ChangeCluster {
                action: "config".to_owned(),
                identity_mode: self.identitymode,
                client_assignment_mode: self.assignmentmode,
                ..clusters::ChangeCluster::default()
            };
            let cluster = cluster(session, None)?;
            session.client().call(&clusters::CHANGE, &[&cluster], &body).map_err(refused)?;
            return Ok(done);
        };
        let (address, device, port) = (&self.ipaddress, &self.interface, self.port);
        let needs = match (service.as_str(), address, device.is_some() || port.is_some()) {
            ("core", Some(_), false) | ("admin" | "crypto", None, true) => None,
            ("core", ..) => Some("-ipaddress, and nothing else"),
            _ => Some("-interface, -port or both, and no -ipaddress"),
        };
        if let Some(needs) = needs {
            return Err(Failure::new(
                luna_shell::Kind::NotUnderstood,
                format!("The service {service} takes {needs}."),
            ));
        }
        let moved = service == "crypto" && port.is_some_and(|port| port != CRYPTO_PORT);
        let body = Configure {
            service,
            ip_address: self.ipaddress,
            interface: self.interface,
            port: self.port,
        };
        session.client().call(&clusters::CONFIGURE, &[], &body).map_err(refused)?;
        if moved {
            session.ui().show(
                "CAUTION:  With another port than 50052 for cryptographic operations the members\n\
                 \x20         of a cluster may not be able to communicate (LUNA-26485).\n\n",
            );
        }
        Ok(done)
    }
}

#[derive(Deserialize)]
struct Show {}

/// The settings of the cluster service, and the modes of the cluster.
#[derive(Serialize)]
struct Config {
    services: Vec<Service>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignment_mode: Option<String>,
}

/// The settings of one class of traffic.
#[derive(Serialize)]
struct Service {
    service: String,
    ip_address: String,
    interface: String,
    port: u16,
}

impl Run<Session> for Show {
    type View = Config;

    fn run(self, session: &mut Session) -> Result<Config, Failure> {
        let service = |one: clusters::ServiceConfig| Service {
            service: one.service,
            ip_address: one.ip_address,
            interface: one.interface,
            port: one.port,
        };
        let config = session.client().get(&clusters::CONFIG, &[]).map_err(refused)?.data;
        // Without a cluster, or while the service does not run, there are no modes to show.
        let shown = cluster(session, None).ok();
        let shown = shown.and_then(|id| session.client().get(&clusters::SHOW, &[&id]).ok());
        let (identity_mode, assignment_mode) = shown
            .map(|cluster| (cluster.identity_mode, cluster.client_assignment_mode))
            .unwrap_or_default();
        let known = |mode: String| Some(mode).filter(|mode| !mode.is_empty());
        Ok(Config {
            services: config.into_iter().map(service).collect(),
            identity_mode: known(identity_mode),
            assignment_mode: known(assignment_mode),
        })
    }
}

impl Text for Config {
    fn write(&self, page: &mut Page) {
        let ports: Vec<String> = self.services.iter().map(|one| one.port.to_string()).collect();
        let rows = self
            .services
            .iter()
            .zip(&ports)
            .map(|(one, port)| [one.service.as_str(), &one.ip_address, &one.interface, port]);
        let columns = [("Service", 8), ("IP Address", 15), ("Interface", 9), ("Port", 5)];
        page.table(&table(columns, rows));
        let modes = [
            ("Identity Mode:", &self.identity_mode),
            ("Client Assignment Mode:", &self.assignment_mode),
        ];
        if modes.iter().any(|(_, mode)| mode.is_some()) {
            page.blank();
        }
        for (label, mode) in modes {
            if let Some(mode) = mode {
                page.field(label, 25, mode);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    #[test]
    fn settings_are_a_table_and_modes_follow() {
        let service = |service: &str, ip_address: &str, interface: &str, port| Service {
            service: service.into(),
            ip_address: ip_address.into(),
            interface: interface.into(),
            port,
        };
        let mut config = Config {
            services: vec![
                service("core", "192.168.0.10", "eth0", 50050),
                service("admin", "", "", 50070),
                service("crypto", "", "eth1", 50055),
            ],
            identity_mode: None,
            assignment_mode: None,
        };
        let table = "\
Service   IP Address       Interface  Port
========  ===============  =========  =====
core      192.168.0.10     eth0       50050
admin                                 50070
crypto                     eth1       50055
";
        assert_eq!(config.text(), table);
        config.identity_mode = Some("single".into());
        config.assignment_mode = Some("auto".into());
        let modes = "\nIdentity Mode:           single\nClient Assignment Mode:  auto\n";
        assert_eq!(config.text(), format!("{table}{modes}"));
    }
}
