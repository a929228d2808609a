//! Added routes, and the routing table that follows from them and from the devices.

use std::net::{IpAddr, Ipv4Addr};

use luna_rest::Nothing;
use luna_rest::network::{
    ADD_ROUTE, DELETE_ROUTE, KERNEL_ROUTES, KernelRoute, KernelRoutes, NewRoute, ROUTE, ROUTES,
    Route, Routes as RouteList,
};
use luna_rest::tasks::Link;

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::network::devices::{invalid_value, known};
use crate::state::network::{DEVICE_NAMES, Network, RouteRow, mask4, masked4, masked6};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&ROUTES, MONITOR, list);
    r.on(&ADD_ROUTE, OPERATOR, add);
    r.on(&ROUTE, MONITOR, show);
    r.on(&DELETE_ROUTE, OPERATOR, delete);
    r.on(&KERNEL_ROUTES, MONITOR, kernel);
}

/// The routing table: longer prefixes first, then by device; an added route comes before the
/// device's own, as a recorded table shows them. The first gateway is the default one.
fn kernel_routes(network: &Network) -> Vec<KernelRoute> {
    let mut lines: Vec<(u8, KernelRoute)> = Vec::new();
    for (device, own) in network.active4() {
        let added = network.routes.values().filter(|route| route.device == device);
        for route in added {
            let IpAddr::V4(destination) = route.destination else { continue };
            let gateway = match route.gateway {
                Some(IpAddr::V4(gateway)) => Some(gateway),
                _ => None,
            };
            let line = line(destination, route.mask, gateway, route.metric, device);
            lines.push((route.mask, line));
        }
        lines.push((own.mask, line(masked4(own.ip, own.mask), own.mask, None, 0, device)));
    }
    lines.sort_by_key(|(mask, _)| std::cmp::Reverse(*mask));
    let default = network
        .active4()
        .next()
        .map(|(device, own)| line(Ipv4Addr::UNSPECIFIED, 0, Some(own.gateway), 0, device));
    lines.into_iter().map(|(_, line)| line).chain(default).collect()
}

fn line(
    destination: Ipv4Addr,
    mask: u8,
    gateway: Option<Ipv4Addr>,
    metric: u32,
    device: &str,
) -> KernelRoute {
    let through = if gateway.is_some() { "G" } else { "" };
    let host = if mask == 32 { "H" } else { "" };
    KernelRoute {
        destination: destination.to_string(),
        gateway: gateway.unwrap_or(Ipv4Addr::UNSPECIFIED).to_string(),
        genmask: mask4(mask).to_string(),
        flags: format!("U{through}{host}"),
        metric,
        device: device.to_owned(),
    }
}

/// A dotted mask without gaps, or the length of a prefix.
fn prefix(text: &str, longest: u8) -> Option<u8> {
    if let Ok(length) = text.parse::<u8>() {
        return (length <= longest).then_some(length);
    }
    let bits = text.parse::<Ipv4Addr>().ok().filter(|_| longest == 32)?.to_bits();
    (bits.leading_ones() + bits.trailing_zeros() == 32)
        .then(|| u8::try_from(bits.leading_ones()).unwrap_or(32))
        .or_else(|| (bits == 0).then_some(0))
}

/// Reads what names a route.
fn route_of(device: &str, body: &NewRoute) -> Result<RouteRow, Failure> {
    let bad = |details: &str| Failure::bad_request(details.to_owned());
    let address = |name: &str, text: &str| {
        text.parse::<IpAddr>().map_err(|_| bad(&format!("'{name}' is no IP address.")))
    };
    let destination = address("destination", &body.destination)?;
    let gateway = body.gateway.as_deref().map(|text| address("gateway", text)).transpose()?;
    if gateway.is_some_and(|gateway| gateway.is_ipv4() != destination.is_ipv4()) {
        return Err(bad("'gateway' and 'destination' are of different kinds."));
    }
    let longest = if destination.is_ipv4() { 32 } else { 128 };
    let given = body
        .netmask
        .as_deref()
        .map(|text| prefix(text, longest).ok_or_else(|| bad("'netmask' is no mask.")))
        .transpose()?;
    let mask = match (body.route_type.as_str(), given) {
        ("host", None) => longest,
        ("host", Some(mask)) if mask == longest => longest,
        ("host", Some(_)) => return Err(bad("A route to a host has no 'netmask'.")),
        ("network", Some(mask)) => mask,
        ("network", None) if longest == 32 => 24,
        ("network", None) => 64,
        _ => return Err(bad("'routeType' is host or network.")),
    };
    let network = match destination {
        IpAddr::V4(ip) => IpAddr::V4(masked4(ip, mask)),
        IpAddr::V6(ip) => IpAddr::V6(masked6(ip, mask)),
    };
    if network != destination {
        let details = format!("{destination} has host bits set; the network is {network}/{mask}.");
        return Err(invalid_value(details));
    }
    let metric = body.metric.unwrap_or(0);
    Ok(RouteRow { device: device.to_owned(), destination, mask, gateway, metric })
}

fn list(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<RouteList>, Failure> {
    let device = known(&ids[0])?;
    let own = cx.state.network.routes.values().filter(|route| route.device == device);
    let routes = own.map(|route| Link::below(&ROUTES.path(&[device]), &route.id())).collect();
    Ok(Reply::ok(RouteList { routes }))
}

fn find(cx: &Context<'_>, device: &str, id: &str) -> Result<RouteRow, Failure> {
    cx.state.network.routes.get(&format!("{device} {id}")).cloned().ok_or_else(|| {
        let title = "The route does not exist.";
        Failure::new(404, "APPLIANCE_ROUTE_DOES_NOT_EXIST", title)
            .details(format!("{device} has no route '{id}'."))
    })
}

fn show(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Route>, Failure> {
    let route = find(cx, known(&ids[0])?, &ids[1])?;
    Ok(Reply::ok(Route {
        id: route.id(),
        route_type: if route.is_host() { "host" } else { "network" }.to_owned(),
        destination: route.destination.to_string(),
        mask: route.mask,
        gateway: route.gateway.map(|gateway| gateway.to_string()).unwrap_or_default(),
        metric: route.metric,
    }))
}

fn add(cx: &mut Context<'_>, ids: &Ids<1>, body: NewRoute) -> Result<Reply<Nothing>, Failure> {
    let device = known(&ids[0])?;
    let route = route_of(device, &body)?;
    let refuse = |details: String| {
        let title = "The route could not be added.";
        Err(Failure::new(400, "APPLIANCE_FAILED_TO_ADD_ROUTE", title).details(details))
    };
    let network = &cx.state.network;
    if !network.is_up(device) {
        return refuse(format!("{device} is not in use."));
    }
    if let Some(gateway) = route.gateway
        && !network.reaches(device, gateway)
    {
        return refuse(format!("{device} does not reach the gateway {gateway}."));
    }
    if DEVICE_NAMES.iter().any(|name| network.routes.contains(&format!("{name} {}", route.id()))) {
        return refuse(format!(
            "There is a route to {}/{} already.",
            route.destination, route.mask
        ));
    }
    let location = ROUTE.path(&[device, &route.id()]);
    cx.state.network.routes.insert(route.key(), route);
    Ok(Reply::created(location))
}

fn delete(cx: &mut Context<'_>, ids: &Ids<2>, body: NewRoute) -> Result<Reply<Nothing>, Failure> {
    let device = known(&ids[0])?;
    let asked = route_of(device, &body)?;
    let route = find(cx, device, &ids[1])?;
    if asked.id() != route.id() {
        return Err(Failure::bad_request("The body names another route than the path."));
    }
    if asked.gateway != route.gateway {
        let needed = route.gateway.map_or("none".to_owned(), |gateway| gateway.to_string());
        return Err(invalid_value(format!("The route was added with another gateway ({needed}).")));
    }
    cx.state.network.routes.remove(&route.key());
    Ok(Reply::done())
}

fn kernel(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<KernelRoutes>, Failure> {
    Ok(Reply::ok(KernelRoutes { routes: kernel_routes(&cx.state.network) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_machine::TestMachine;
    use luna_rest::network::SET_IP4;
    use serde_json::json;

    /// The two devices and the route of a recorded table.
    fn recorded() -> TestMachine {
        let mut bench = TestMachine::new();
        for (device, ip, gateway) in
            [("eth0", "192.168.101.16", "192.168.101.1"), ("eth1", "172.16.106.16", "172.16.106.1")]
        {
            let body = json!({"ip": ip, "mask": 24, "gateway": gateway});
            assert_eq!(bench.put(&SET_IP4.path(&[device]), body).status, 204);
        }
        let made = bench.post(
            &ADD_ROUTE.path(&["eth1"]),
            json!({"routeType": "network", "destination": "10.0.106.0",
                   "netmask": "255.255.255.0", "gateway": "172.16.106.1"}),
        );
        assert_eq!(made.created(), "/api/lunasa/network/devices/eth1/routes/10.0.106.0_24");
        bench
    }

    fn table(bench: &mut TestMachine) -> Vec<String> {
        let routes = bench.call(&KERNEL_ROUTES, &[], &Nothing {}).routes;
        let line =
            |r: KernelRoute| [r.destination, r.gateway, r.genmask, r.flags, r.device].join(" ");
        routes.into_iter().map(line).collect()
    }

    #[test]
    fn the_table_is_the_recorded_one() {
        let mut bench = recorded();
        bench.restart();
        assert_eq!(
            table(&mut bench),
            [
                "192.168.101.0 0.0.0.0 255.255.255.0 U eth0",
                "10.0.106.0 172.16.106.1 255.255.255.0 UG eth1",
                "172.16.106.0 0.0.0.0 255.255.255.0 U eth1",
                "0.0.0.0 192.168.101.1 0.0.0.0 UG eth0",
            ]
        );
    }

    #[test]
    fn a_route_is_listed_and_removed_with_the_gateway_it_was_added_with() {
        let mut bench = recorded();
        let list = bench.call(&ROUTES, &["eth1"], &Nothing {}).routes;
        assert_eq!(list.len(), 1);
        let route = bench.call(&ROUTE, &["eth1", &list[0].id], &Nothing {});
        assert_eq!((route.route_type.as_str(), route.mask), ("network", 24));
        let path = DELETE_ROUTE.path(&["eth1", &list[0].id]);
        let mut body = json!({"routeType": "network", "destination": "10.0.106.0"});
        let answer = bench.delete_with(&path, body.clone());
        assert_eq!(answer.error(), (400, "APPLIANCE_INVALID_VALUE_SPECIFIED"));
        body["gateway"] = json!("172.16.106.1");
        assert_eq!(bench.delete_with(&path, body.clone()).status, 204);
        let answer = bench.delete_with(&path, body);
        assert_eq!(answer.error(), (404, "APPLIANCE_ROUTE_DOES_NOT_EXIST"));
        assert_eq!(table(&mut bench).len(), 3);
    }

    #[test]
    fn a_route_that_cannot_be_is_refused() {
        let mut bench = recorded();
        let network = |destination: &str, gateway: &str| json!({"routeType": "network", "destination": destination, "gateway": gateway});
        for (device, body, error) in [
            ("eth1", network("10.0.106.0", "172.16.106.1"), (400, "APPLIANCE_FAILED_TO_ADD_ROUTE")),
            (
                "eth0",
                network("10.0.106.0", "192.168.101.1"),
                (400, "APPLIANCE_FAILED_TO_ADD_ROUTE"),
            ),
            ("eth1", network("10.1.0.0", "10.9.9.9"), (400, "APPLIANCE_FAILED_TO_ADD_ROUTE")),
            ("eth2", network("10.1.0.0", "172.16.106.1"), (400, "APPLIANCE_FAILED_TO_ADD_ROUTE")),
            (
                "eth1",
                network("10.1.0.9", "172.16.106.1"),
                (400, "APPLIANCE_INVALID_VALUE_SPECIFIED"),
            ),
            (
                "eth9",
                network("10.1.0.0", "172.16.106.1"),
                (404, "APPLIANCE_INTERFACE_DOES_NOT_EXIST"),
            ),
            (
                "eth1",
                json!({"routeType": "x", "destination": "10.1.0.0"}),
                (400, "FRAMEWORK_BAD_REQUEST"),
            ),
            (
                "eth1",
                json!({"routeType": "host", "destination": "ten"}),
                (400, "FRAMEWORK_BAD_REQUEST"),
            ),
            ("eth1", network("10.1.0.0", "2001:db8::1"), (400, "FRAMEWORK_BAD_REQUEST")),
        ] {
            let answer = bench.post(&ADD_ROUTE.path(&[device]), body.clone());
            assert_eq!(answer.error(), error, "{device} {body}");
        }
        let host =
            json!({"routeType": "host", "destination": "10.2.0.7", "gateway": "172.16.106.1"});
        assert_eq!(bench.post(&ADD_ROUTE.path(&["eth1"]), host).status, 204);
        assert_eq!(table(&mut bench)[0], "10.2.0.7 172.16.106.1 255.255.255.255 UGH eth1");
    }

    #[test]
    fn routes_go_with_the_address_they_need() {
        let mut bench = recorded();
        let body = json!({"ip": "172.16.107.16", "mask": 24, "gateway": "172.16.107.1"});
        assert_eq!(bench.put(&SET_IP4.path(&["eth1"]), body).status, 204);
        assert!(bench.call(&ROUTES, &["eth1"], &Nothing {}).routes.is_empty());
    }

    #[test]
    fn masks_are_read_in_both_forms() {
        for (text, longest, length) in [
            ("255.255.255.0", 32, Some(24)),
            ("255.255.255.255", 32, Some(32)),
            ("0.0.0.0", 32, Some(0)),
            ("24", 32, Some(24)),
            ("64", 128, Some(64)),
            ("255.0.255.0", 32, None),
            ("33", 32, None),
            ("255.255.255.0", 128, None),
            ("x", 32, None),
        ] {
            assert_eq!(prefix(text, longest), length, "{text}");
        }
    }
}
