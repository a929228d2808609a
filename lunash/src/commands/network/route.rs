//! `network route`: added routes, and the routing table.

use std::net::IpAddr;

use luna_rest::network;

use super::{confirm, devices};
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "network route", help: "Static routes" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "network route add <type:host|network> <destination> -device|-dev <device:eth0|eth1|eth2|eth3|bond0|bond1> [-netmask|-n <netmask>] [-gateway|-g <ip_address>] [-metric|-m <metric:0-65535>] [-force|-f]",
        help: "Add a static route",
        options: OPTIONS,
        roles: Role::OPERATOR,
        rest: &[network::ADD_ROUTE.resource()],
        known: Known::Assumed(
            "a public program sends this line to a Luna SA 5.x; its output is not public",
        ),
        run: call::<Add>(),
    },
    Command {
        syntax: "network route clear [-device|-dev <device:eth0|eth1|eth2|eth3|bond0|bond1>] [-force|-f]",
        help: "Remove all static routes",
        options: &[("-device", "Only the routes of this device")],
        roles: Role::OPERATOR,
        rest: &[
            network::DEVICES.resource(),
            network::DEVICE.resource(),
            network::ROUTES.resource(),
            network::ROUTE.resource(),
            network::DELETE_ROUTE.resource(),
        ],
        known: Known::Assumed("known by name only: the options of 'network route add'"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "network route delete <type:host|network> <destination> -device|-dev <device:eth0|eth1|eth2|eth3|bond0|bond1> [-netmask|-n <netmask>] [-gateway|-g <ip_address>] [-metric|-m <metric:0-65535>] [-force|-f]",
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
        known: Known::Assumed("known by name only: the options of 'network route add'"),
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
    ("-netmask", "Mask of the network; 255.255.255.0 if nothing is said"),
];

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
}

impl Run<Session> for Add {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        confirm(session, self.force, "Adding a route")?;
        let body = network::NewRoute {
            route_type: self.r#type,
            destination: self.destination.to_string(),
            netmask: self.netmask,
            gateway: self.gateway.map(|gateway| gateway.to_string()),
            metric: self.metric,
        };
        session.call(&network::ADD_ROUTE, &[&self.device], &body)?;
        Ok(Message::new(format!("Success: Route to {} added.", self.destination)))
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
        confirm(session, self.force, "Deleting a route")?;
        remove(session, route)?;
        Ok(Message::new(format!("Success: Route to {} deleted.", self.destination)))
    }
}

#[derive(Deserialize)]
struct Clear {
    device: Option<String>,
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
        let of_device = |route: &Added| self.device.as_ref().is_none_or(|it| *it == route.device);
        let routes: Vec<Added> = added(session)?.into_iter().filter(of_device).collect();
        if !routes.is_empty() {
            confirm(session, self.force, "Deleting routes")?;
        }
        for route in &routes {
            remove(session, route)?;
        }
        Ok(Cleared { removed: routes.len() })
    }
}

impl Text for Cleared {
    fn write(&self, page: &mut Page) {
        match self.removed {
            1 => page.line("Success: 1 route deleted."),
            count => page.line(format!("Success: {count} routes deleted.")),
        }
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
        page.line("Kernel IP routing table");
        page.line("Destination     Gateway         Genmask         Flags Metric Ref    Use Iface");
        for route in &self.kernel {
            let network::KernelRoute { destination, gateway, genmask, flags, metric, device } =
                route;
            page.line(format!(
                "{destination:<15} {gateway:<15} {genmask:<15} {flags:<5} {metric:<6} 0        0 \
                 {device}"
            ));
        }
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
