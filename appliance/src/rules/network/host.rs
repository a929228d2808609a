//! The network: `/api/lunasa/network`. The host name, ping, and what a port reports of itself.

use std::net::IpAddr;

use luna_rest::Nothing;
use luna_rest::network::{
    ACT, ACTIONS, CHANGE, DEVICES, MEASUREMENT, Network as Shown, NewHostname, PING, PORT_REPORT,
    Ping, Pong, SHOW,
};
use luna_rest::status::Report;
use luna_rest::tasks::{Actions, Link};

use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, MONITOR, OPERATOR, Routes};
use crate::rules::network::devices::known;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, EVERYONE, show);
    r.on(&CHANGE, OPERATOR, change);
    r.on(&ACTIONS, MONITOR, actions);
    r.on(&ACT, MONITOR, act);
    r.on(&PORT_REPORT, MONITOR, port_report);
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Shown>, Failure> {
    Ok(Reply::ok(Shown {
        hostname: cx.state.lunasa.settings.get().hostname.clone(),
        devices: DEVICES.template().to_owned(),
        actions: ACTIONS.template().to_owned(),
        measurement: MEASUREMENT.template().to_owned(),
    }))
}

fn actions(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    Ok(Reply::ok(Actions { actions: vec![Link::below(ACTIONS.template(), PING)] }))
}

fn change(cx: &mut Context<'_>, _: &Ids<0>, body: NewHostname) -> Result<Reply<Nothing>, Failure> {
    if let Some(hostname) = body.hostname {
        let last = hostname.len().saturating_sub(1);
        let fits = |place: usize, c: char| {
            c.is_ascii_alphanumeric() || (matches!(c, '.' | '-') && place != 0 && place != last)
        };
        if !is_name(&hostname, 64, fits) {
            return Err(Failure::bad_request(
                "'hostname' has 1 to 64 letters, digits, dots and dashes, and begins and ends with \
                 a letter or a digit.",
            ));
        }
        cx.state.lunasa.settings.get_mut().hostname = hostname;
    }
    Ok(Reply::done())
}

/// Ping: own addresses and names answer, and the router of the emulated segment where a device is
/// on it.
fn act(cx: &mut Context<'_>, ids: &Ids<1>, body: Ping) -> Result<Reply<Pong>, Failure> {
    if ids[0] != PING {
        return Err(Failure::no_resource(format!("There is no action '{}'.", &ids[0])));
    }
    let address = body.address.as_str();
    let fits = |_: usize, c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if !is_name(address, 64, fits) {
        return Err(Failure::bad_request("'address' is an IP address or a host name."));
    }
    let hostname = &cx.state.lunasa.settings.get().hostname;
    let network = &cx.state.network;
    let time = match address.parse::<IpAddr>() {
        Ok(ip) if ip.is_loopback() || network.is_own(ip) => OWN_ROUND_TRIP,
        Ok(ip) if network.is_router(ip) => ROUTER_ROUND_TRIP,
        Err(_) if address == "localhost" || address.eq_ignore_ascii_case(hostname) => {
            OWN_ROUND_TRIP
        }
        _ => 0.0,
    };
    Ok(Reply::ok(Pong { time }))
}

/// What ethtool(8) tells of a copper port of 1 Gbit/s.
fn port_report(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Report>, Failure> {
    let name = known(&ids[0])?;
    let (speed, duplex, link) = match cx.state.network.has_link(name) {
        true => ("1000Mb/s", "Full", "yes"),
        false => ("Unknown!", "Unknown! (255)", "no"),
    };
    let text = format!(
        "Settings for {name}:
        Supported ports: [ TP ]
        Supported link modes:   10baseT/Half 10baseT/Full
                                100baseT/Half 100baseT/Full
                                1000baseT/Full
        Supported pause frame use: Symmetric
        Supports auto-negotiation: Yes
        Supported FEC modes: Not reported
        Advertised link modes:  10baseT/Half 10baseT/Full
                                100baseT/Half 100baseT/Full
                                1000baseT/Full
        Advertised pause frame use: Symmetric
        Advertised auto-negotiation: Yes
        Advertised FEC modes: Not reported
        Speed: {speed}
        Duplex: {duplex}
        Port: Twisted Pair
        PHYAD: 1
        Transceiver: internal
        Auto-negotiation: on
        MDI-X: off (auto)
        Supports Wake-on: pumbg
        Wake-on: g
        Current message level: 0x00000007 (7)
                               drv probe link
        Link detected: {link}"
    );
    Ok(Reply::ok(Report { lines: text.lines().map(str::to_owned).collect() }))
}

/// Seconds an echo takes through the loopback device.
const OWN_ROUND_TRIP: f64 = 0.000_045;
/// Seconds an echo takes to the router and back.
const ROUTER_ROUND_TRIP: f64 = 0.000_607;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_machine::TestMachine;
    use serde_json::json;

    #[test]
    fn the_host_name_changes_and_stays() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.call(&SHOW, &[], &Nothing {}).hostname, "local_host");
        let path = CHANGE.template();
        assert_eq!(bench.patch(path, json!({"hostname": "sa7-1.example.org"})).status, 204);
        assert_eq!(bench.patch(path, json!({})).status, 204);
        bench.restart();
        assert_eq!(bench.call(&SHOW, &[], &Nothing {}).hostname, "sa7-1.example.org");
    }

    #[test]
    fn a_host_name_has_the_form_of_the_reference() {
        let mut bench = TestMachine::new();
        let long = "x".repeat(65);
        for name in ["", "-x", "x.", "a_b", "a b", &long] {
            let answer = bench.patch(CHANGE.template(), json!({"hostname": name}));
            assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"), "{name}");
        }
        let longest = "x".repeat(64);
        for name in ["x", "a-b", "7", &longest] {
            let answer = bench.patch(CHANGE.template(), json!({"hostname": name}));
            assert_eq!(answer.status, 204, "{name}");
        }
    }

    #[test]
    fn monitor_looks_and_never_touches() {
        let mut bench = TestMachine::new();
        bench.user("mo", "Abcdef12", "monitor");
        bench.login("mo", "Abcdef12");
        assert_eq!(bench.get(SHOW.template()).status, 200);
        let answer = bench.patch(CHANGE.template(), json!({"hostname": "x"}));
        assert_eq!(answer.error(), (401, "FRAMEWORK_NO_ACL_RULE"));
    }

    #[test]
    fn only_what_the_emulated_network_knows_answers_a_ping() {
        let mut bench = TestMachine::new();
        let mut ping = |address: &str| {
            let ping = Ping { address: address.to_owned() };
            bench.call(&ACT, &[PING], &ping).time
        };
        for known in ["127.0.0.1", "::1", "localhost", "LOCAL_HOST", "192.0.2.10", "192.0.2.1"] {
            assert!(ping(known) > 0.0, "{known}");
        }
        for unknown in ["192.0.2.77", "10.0.0.1", "example.org", "2001:db8::1"] {
            assert_eq!(ping(unknown), 0.0, "{unknown}");
        }
        let answer = bench.post(&ACT.path(&["pong"]), json!({"address": "localhost"}));
        assert_eq!(answer.error(), (404, "FRAMEWORK_NO_RESOURCE"));
        for wrong in [json!({}), json!({"address": ""}), json!({"address": "a;b"})] {
            let answer = bench.post(&ACT.path(&[PING]), wrong);
            assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"));
        }
    }
}
