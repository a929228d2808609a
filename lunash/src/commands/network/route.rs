//! `network route`: added routes, and the routing table.

use std::net::IpAddr;

use luna_rest::network;

use super::{confirm_restart, devices, of_kind};
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "network route", help: "Static routes" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "network route add <type:host|network> <destination> -device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1> [-metric|-m <metric:0-65535>] [-netmask|-n <netmask>] [-gateway|-g <ip_address>] [-force|-f] [-ipv6|-i]",
        help: "Add a static route",
        options: OPTIONS,
        roles: Role::OPERATOR,
        rest: &[network::ADD_ROUTE.resource()],
        known: Known::Documented("lunash/commands/network/network_route_add.htm@7.2"),
        run: call::<Add>(),
    },
    Command {
        syntax: "network route clear [-force|-f]",
        help: "Remove all static routes",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[
            network::DEVICES.resource(),
            network::DEVICE.resource(),
            network::ROUTES.resource(),
            network::ROUTE.resource(),
            network::DELETE_ROUTE.resource(),
        ],
        known: Known::Documented("lunash/commands/network/network_route_clear.htm@7.2"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "network route delete <type:host|network> <destination> -device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1> [-metric|-m <metric:0-65535>] [-netmask|-n <netmask>] [-gateway|-g <ip_address>] [-force|-f] [-ipv6|-i]",
        help: "Remove a static route",
        options: OPTIONS,
        roles: Role::OPERATOR,
        rest: &[
            network::DEVICES.resource(),
            network::DEVICE.resource(),
            network::ROUTES.resource(),
            network::ROUTE.resource(),
            network::DELETE_ROUTE.resource(),
        ],
        known: Known::Documented("lunash/commands/network/network_route_delete.htm@7.2"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "network route show",
        help: "Show the static routes and the routing table",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            network::DEVICES.resource(),
            network::DEVICE.resource(),
            network::ROUTES.resource(),
            network::ROUTE.resource(),
            network::KERNEL_ROUTES.resource(),
        ],
        known: Known::Seen("lunash-network-route-show-5.1"),
        run: call::<Show>(),
    },
];

const OPTIONS: &[(&str, &str)] = &[
    ("type", "Whether the destination is a host or a network"),
    ("destination", "Address of the host or the network"),
    ("-metric", "Cost of the route"),
    ("-netmask", "Mask of the network; 255.255.255.0, or 64, if nothing is said"),
    ("-ipv6", "The addresses are IPv6 addresses"),
];

/// What is said once a route was added or removed.
const UPDATED: &str = "Routing table successfully updated.";

/// An added route and its device.
#[derive(Serialize)]
struct Added {
    destination: String,
    mask: u8,
    gateway: Option<String>,
    metric: u32,
    device: String,
    #[serde(skip)]
    id: String,
    #[serde(skip)]
    route_type: String,
}

/// The added routes of all devices.
fn added(session: &Session) -> Result<Vec<Added>, Failure> {
    let mut all = Vec::new();
    for device in devices(session)? {
        for entry in session.get(&network::ROUTES, &[&device.id])?.routes {
            let route = session.get(&network::ROUTE, &[&device.id, &entry.id])?;
            all.push(Added {
                destination: route.destination,
                mask: route.mask,
                gateway: Some(route.gateway).filter(|gateway| !gateway.is_empty()),
                metric: route.metric,
                device: device.id.clone(),
                id: entry.id,
                route_type: route.route_type,
            });
        }
    }
    Ok(all)
}

/// Removes one; the body names it once more, as the appliance demands.
fn remove(session: &Session, route: &Added) -> Result<(), Failure> {
    let host = route.route_type == "host";
    let body = network::NewRoute {
        route_type: route.route_type.clone(),
        destination: route.destination.clone(),
        netmask: (!host).then(|| route.mask.to_string()),
        gateway: route.gateway.clone(),
        metric: None,
    };
    session.call(&network::DELETE_ROUTE, &[&route.device, &route.id], &body)?;
    Ok(())
}

#[derive(Deserialize)]
struct Add {
    r#type: String,
    destination: IpAddr,
    device: String,
    netmask: Option<String>,
    gateway: Option<IpAddr>,
    metric: Option<u32>,
    force: bool,
    ipv6: bool,
}

impl Run<Session> for Add {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        of_kind(self.destination, self.ipv6)?;
        confirm_restart(session, self.force, &self.device)?;
        let body = network::NewRoute {
            route_type: self.r#type,
            destination: self.destination.to_string(),
            netmask: self.netmask,
            gateway: self.gateway.map(|gateway| gateway.to_string()),
            metric: self.metric,
        };
        session.call(&network::ADD_ROUTE, &[&self.device], &body)?;
        Ok(Message::new(UPDATED))
    }
}

#[derive(Deserialize)]
struct Delete {
    r#type: String,
    destination: IpAddr,
    device: String,
    netmask: Option<String>,
    gateway: Option<IpAddr>,
    metric: Option<u32>,
    force: bool,
    ipv6: bool,
}

impl Delete {
    /// Whether a route is the one that was typed; what was not typed may be anything.
    fn means(&self, route: &Added) -> Result<bool, Failure> {
        let mask = self.netmask.as_deref().map(super::mask_length).transpose()?;
        let gateway = self.gateway.map(|gateway| gateway.to_string());
        Ok(route.device == self.device
            && route.route_type == self.r#type
            && route.destination == self.destination.to_string()
            && mask.is_none_or(|mask| mask == route.mask)
            && (gateway.is_none() || gateway == route.gateway)
            && self.metric.is_none_or(|metric| metric == route.metric))
    }
}

impl Run<Session> for Delete {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        of_kind(self.destination, self.ipv6)?;
        let mut meant = Vec::new();
        for route in added(session)? {
            if self.means(&route)? {
                meant.push(route);
            }
        }
        let [route] = &meant[..] else {
            let (count, destination) = (meant.len(), self.destination);
            let message = match count {
                0 => format!("{} has no such route to {destination}.", self.device),
                _ => format!("{} has {count} such routes to {destination}.", self.device),
            };
            return Err(Failure::command(message).hint("'network route show' shows the routes"));
        };
        confirm_restart(session, self.force, &self.device)?;
        remove(session, route)?;
        Ok(Message::new(UPDATED))
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

/// How many routes were removed.
#[derive(Serialize)]
struct Cleared {
    removed: usize,
}

impl Run<Session> for Clear {
    type View = Cleared;

    fn run(self, session: &mut Session) -> Result<Cleared, Failure> {
        session.confirm_aloud(
            self.force,
            "WARNING !!  This command deletes all manually configured routes and restarts the \
             network service.\n\
             If you are sure that you wish to proceed, then type 'proceed', otherwise type \
             'quit'.\n\n> ",
        )?;
        let routes = added(session)?;
        for route in &routes {
            remove(session, route)?;
        }
        Ok(Cleared { removed: routes.len() })
    }
}

impl Text for Cleared {
    fn write(&self, page: &mut Page) {
        page.line(UPDATED);
    }
}

#[derive(Deserialize)]
struct Show {}

/// The routes.
#[derive(Serialize)]
struct Routes {
    added: Vec<Added>,
    kernel: Vec<network::KernelRoute>,
}

impl Run<Session> for Show {
    type View = Routes;

    fn run(self, session: &mut Session) -> Result<Routes, Failure> {
        let added = added(session)?;
        let kernel = session.get(&network::KERNEL_ROUTES, &[])?.routes;
        Ok(Routes { added, kernel })
    }
}

impl Text for Routes {
    fn write(&self, page: &mut Page) {
        page.line("Manually configured routes");
        for Added { destination, mask, gateway, metric, device, .. } in &self.added {
            let via = gateway.as_ref().map(|gateway| format!(" via {gateway}")).unwrap_or_default();
            page.line(format!("{destination}/{mask}{via} metric {metric} dev {device}"));
        }
        page.blank();
        write_kernel(&self.kernel, page);
    }
}

/// Writes the kernel's routing table.
pub(super) fn write_kernel(routes: &[network::KernelRoute], page: &mut Page) {
    page.line("Kernel IP routing table");
    page.line("Destination     Gateway         Genmask         Flags Metric Ref    Use Iface");
    for route in routes {
        let network::KernelRoute { destination, gateway, genmask, flags, metric, device } = route;
        page.line(format!(
            "{destination:<15} {gateway:<15} {genmask:<15} {flags:<5} {metric:<6} 0        0 \
             {device}"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Transcript 22.
    #[test]
    fn the_routes_are_written_as_recorded() {
        let line = |destination: &str, gateway: &str, genmask: &str, flags: &str, device: &str| {
            network::KernelRoute {
                destination: destination.into(),
                gateway: gateway.into(),
                genmask: genmask.into(),
                flags: flags.into(),
                metric: 0,
                device: device.into(),
            }
        };
        let routes = Routes {
            added: vec![Added {
                destination: "10.0.106.0".into(),
                mask: 24,
                gateway: Some("172.16.106.1".into()),
                metric: 0,
                device: "eth1".into(),
                id: String::new(),
                route_type: "network".into(),
            }],
            kernel: vec![
                line("192.168.101.0", "0.0.0.0", "255.255.255.0", "U", "eth0"),
                line("10.0.106.0", "172.16.106.1", "255.255.255.0", "UG", "eth1"),
                line("172.16.106.0", "0.0.0.0", "255.255.255.0", "U", "eth1"),
                line("0.0.0.0", "192.168.101.1", "0.0.0.0", "UG", "eth0"),
            ],
        };
        let mut page = Page::new();
        routes.write(&mut page);
        insta::assert_snapshot!(page.into_text(), @r"
        Manually configured routes
        10.0.106.0/24 via 172.16.106.1 metric 0 dev eth1

        Kernel IP routing table
        Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
        192.168.101.0   0.0.0.0         255.255.255.0   U     0      0        0 eth0
        10.0.106.0      172.16.106.1    255.255.255.0   UG    0      0        0 eth1
        172.16.106.0    0.0.0.0         255.255.255.0   U     0      0        0 eth1
        0.0.0.0         192.168.101.1   0.0.0.0         UG    0      0        0 eth0
        ");
    }
}
