//! Tests of `devices.rs`.

use luna_rest::network::*;
use luna_rest::{Nothing, lunasa};
use serde_json::json;

use crate::test_machine::TestMachine;

fn device(bench: &mut TestMachine, name: &str) -> Device {
    bench.call(&DEVICE, &[name], &Nothing {})
}

fn give(bench: &mut TestMachine, name: &str, ip: &str, gateway: &str) {
    let body = json!({"ip": ip, "mask": 24, "gateway": gateway});
    let answer = bench.put(&SET_IP4.path(&[name]), body);
    assert_eq!(answer.status, 204, "{}", answer.text());
}

fn act(
    bench: &mut TestMachine,
    name: &str,
    action: &str,
    body: serde_json::Value,
) -> (u16, String) {
    let answer = bench.post(&ACT_ON_DEVICE.path(&[name, action]), body);
    if answer.status == 200 {
        (200, String::new())
    } else {
        (answer.error().0, answer.error().1.into())
    }
}

#[test]
fn from_the_factory_only_eth0_is_in_use() {
    let mut bench = TestMachine::new();
    let names = bench.call(&DEVICES, &[], &Nothing {}).devices;
    let names: Vec<_> = names.iter().map(|device| device.id.as_str()).collect();
    assert_eq!(names, ["eth0", "eth1", "eth2", "eth3", "bond0", "bond1"]);
    let eth0 = device(&mut bench, "eth0");
    assert_eq!((eth0.configuration.as_str(), eth0.up, eth0.link), ("dhcp", true, true));
    assert_eq!(eth0.ip4.unwrap().ip, "192.0.2.10");
    let eth1 = device(&mut bench, "eth1");
    assert_eq!((eth1.configuration.as_str(), eth1.up, eth1.link), ("none", false, false));
    assert_eq!(bench.get(&DEVICE.path(&["eth4"])).error().1, "APPLIANCE_INTERFACE_DOES_NOT_EXIST");
}

#[test]
fn hardware_addresses_are_the_vendors_and_follow_the_serial_number() {
    let mut bench = TestMachine::new();
    let macs: Vec<_> =
        ["eth0", "eth1", "eth2", "eth3"].map(|name| device(&mut bench, name).mac).into();
    assert!(macs.iter().all(|mac| mac.starts_with("00:15:B2:") && mac.len() == 17), "{macs:?}");
    let distinct: std::collections::BTreeSet<_> = macs.iter().collect();
    assert_eq!(distinct.len(), 4);
    assert_eq!(device(&mut bench, "bond1").mac, macs[2]);
    // Modified EUI-64 of the hardware address.
    let end: String = macs[0][9..].to_lowercase().replace(':', "");
    let local = device(&mut bench, "eth0").link_local;
    assert!(local.starts_with("fe80::215:b2ff:fe"), "{local}");
    assert!(local.ends_with(end[2..].trim_start_matches('0')), "{local} {end}");
}

#[test]
fn a_static_address_replaces_dhcp_and_stays() {
    let mut bench = TestMachine::new();
    give(&mut bench, "eth0", "10.0.0.5", "10.0.0.1");
    bench.restart();
    let eth0 = device(&mut bench, "eth0");
    assert_eq!(eth0.configuration, "static");
    let ip4 = Ip4 { ip: "10.0.0.5".into(), mask: 24, gateway: "10.0.0.1".into(), mode: None };
    assert_eq!(eth0.ip4, Some(ip4));
    assert_eq!(bench.post(&CONFIGURE.path(&["eth0", DHCP]), json!({})).status, 204);
    assert_eq!(device(&mut bench, "eth0").configuration, "dhcp");
}

#[test]
fn an_address_that_no_host_can_have_is_refused() {
    let mut bench = TestMachine::new();
    let (bad, failed) =
        ((400, "FRAMEWORK_BAD_REQUEST"), (500, "APPLIANCE_FAILED_TO_SET_INTERFACE"));
    for (ip, mask, gateway, error) in [
        ("10.0.0.256", 24, "10.0.0.1", bad),
        ("10.0.0.5", 0, "10.0.0.1", bad),
        ("10.0.0.5", 33, "10.0.0.1", bad),
        ("10.0.0.5", 24, "ten", bad),
        ("10.0.0.0", 24, "10.0.0.1", failed),
        ("10.0.0.255", 24, "10.0.0.1", failed),
        ("127.0.0.1", 8, "127.0.0.2", failed),
        ("10.0.0.5", 24, "10.0.1.1", failed),
        ("10.0.0.5", 24, "10.0.0.5", failed),
        ("192.0.2.10", 24, "192.0.2.1", failed),
    ] {
        let body = json!({"ip": ip, "mask": mask, "gateway": gateway});
        assert_eq!(bench.put(&SET_IP4.path(&["eth1"]), body).error(), error, "{ip}/{mask}");
    }
    let short = bench.put(&SET_IP4.path(&["eth1"]), json!({"ip": "10.0.0.5", "mask": 24}));
    assert_eq!(short.error(), bad, "the gateway is needed");
    let mode = json!({"ip": "10.0.0.5", "mask": 24, "gateway": "10.0.0.1", "mode": "lacp"});
    assert_eq!(bench.put(&SET_IP4.path(&["eth1"]), mode).error(), bad, "bonds only");
    assert_eq!(device(&mut bench, "eth1").ip4, None);
}

#[test]
fn a_bond_takes_its_ports_over_and_gives_them_back() {
    let mut bench = TestMachine::new();
    let refused = |id: &str| (400, id.to_owned());
    assert_eq!(
        act(&mut bench, "eth0", ENABLE, json!({})),
        refused("APPLIANCE_INVALID_DEVICE_TYPE")
    );
    assert_eq!(
        act(&mut bench, "bond0", ENABLE, json!({})),
        refused("BOND_DEVICE_IS_NOT_CONFIGURED")
    );
    assert_eq!(act(&mut bench, "bond0", "paint", json!({})).0, 404);
    give(&mut bench, "bond0", "10.0.0.7", "10.0.0.1");
    assert_eq!(device(&mut bench, "bond0").ip4.unwrap().mode.as_deref(), Some("active-backup"));
    let dhcp = refused("APPLIANCE_FAILED_TO_ENABLE_BOND_DEVICE");
    assert_eq!(act(&mut bench, "bond0", ENABLE, json!({})), dhcp, "eth0 has its address from DHCP");
    give(&mut bench, "eth0", "10.0.0.5", "10.0.0.1");
    assert_eq!(act(&mut bench, "bond0", ENABLE, json!({})).0, 200);
    assert_eq!(
        act(&mut bench, "bond0", ENABLE, json!({})),
        refused("BOND_DEVICE_IS_ALREADY_ENABLED")
    );
    let eth1 = device(&mut bench, "eth1");
    assert_eq!((eth1.bond.as_str(), eth1.up, eth1.link), ("bond0", false, true));
    let serving = bench.put(
        &SET_IP4.path(&["eth0"]),
        json!({"ip": "10.0.0.9", "mask": 24, "gateway": "10.0.0.1"}),
    );
    assert_eq!(serving.error(), (500, "APPLIANCE_FAILED_TO_SET_INTERFACE"));

    let route = json!({"routeType": "network", "destination": "10.9.0.0", "gateway": "10.0.0.1"});
    assert_eq!(bench.post(&ADD_ROUTE.path(&["bond0"]), route).status, 204);
    assert_eq!(act(&mut bench, "bond0", DISABLE, json!({})), refused("FRAMEWORK_BAD_REQUEST"));
    assert_eq!(act(&mut bench, "bond0", DISABLE, json!({"keepRoutes": true})).0, 200);
    assert_eq!(bench.call(&ROUTES, &["bond0"], &Nothing {}).routes.len(), 1);
    let again = json!({"keepRoutes": false});
    assert_eq!(
        act(&mut bench, "bond0", DISABLE, again.clone()),
        refused("BOND_DEVICE_IS_ALREADY_DISABLED")
    );
    assert_eq!(act(&mut bench, "bond0", ENABLE, json!({})).0, 200);
    assert_eq!(act(&mut bench, "bond0", DISABLE, again).0, 200);
    assert!(bench.call(&ROUTES, &["bond0"], &Nothing {}).routes.is_empty());
    assert!(device(&mut bench, "eth0").up);
}

#[test]
fn ports_without_a_link_are_the_status_codes() {
    let mut bench = TestMachine::new();
    let codes =
        |bench: &mut TestMachine| bench.call(&lunasa::SHOW, &[], &Nothing {}).system_status_codes;
    assert_eq!(codes(&mut bench), "61,62,63");
    give(&mut bench, "eth2", "10.0.0.5", "10.0.0.1");
    assert_eq!(codes(&mut bench), "61,63");
    assert_eq!(bench.post(&CONFIGURE.path(&["eth2", CLEAR]), json!({})).status, 204);
    assert_eq!(codes(&mut bench), "61,62,63");
}

#[test]
fn ip6_is_given_or_found() {
    let mut bench = TestMachine::new();
    let path = SET_IP6.path(&["eth1"]);
    assert_eq!(bench.put(&path, json!({"ip": "2001:db8:1::5", "mask": 64})).status, 204);
    assert_eq!(device(&mut bench, "eth1").ip6[0].ip, "2001:db8:1::5");
    assert_eq!(bench.put(&path, json!({"ip": "10.0.0.1", "mask": 64})).error().0, 400);
    assert_eq!(bench.put(&path, json!({"ip": "::1", "mask": 64})).error().0, 500);
    assert_eq!(bench.post(&CONFIGURE.path(&["eth1", SLAAC]), json!({})).status, 204);
    let found = device(&mut bench, "eth1").ip6;
    assert!(found.len() == 1 && found[0].ip.starts_with("2001:db8::215:b2ff:fe"), "{found:?}");
    let bond = bench.post(&CONFIGURE.path(&["bond0", SLAAC]), json!({}));
    assert_eq!(bond.error(), (500, "APPLIANCE_FAILED_TO_SET_INTERFACE"), "bonds are static");
    assert_eq!(bench.post(&CONFIGURE.path(&["eth1", "x"]), json!({})).error().0, 404);
}

#[test]
fn name_servers_and_search_domains_belong_to_a_device() {
    let mut bench = TestMachine::new();
    let path = ADD_DNS.path(&["eth0"]);
    assert_eq!(bench.post(&path, json!({"nameServer": "192.0.2.53"})).status, 204);
    assert_eq!(bench.post(&path, json!({"searchDomain": "example.org"})).status, 204);
    let twice = bench.post(&path, json!({"nameServer": "192.0.2.53"}));
    assert_eq!(twice.error(), (400, "APPLIANCE_INVALID_VALUE_SPECIFIED"));
    for bad in [
        json!({}),
        json!({"nameServer": "x"}),
        json!({"searchDomain": "a b"}),
        json!({"nameServer": "192.0.2.9", "searchDomain": "a"}),
    ] {
        assert_eq!(bench.post(&path, bad).error(), (400, "FRAMEWORK_BAD_REQUEST"));
    }
    for ip in ["192.0.2.54", "2001:db8::53"] {
        assert_eq!(bench.post(&path, json!({"nameServer": ip})).status, 204);
    }
    let eth0 = device(&mut bench, "eth0");
    assert_eq!(eth0.name_servers, ["192.0.2.53", "192.0.2.54", "2001:db8::53"]);
    assert_eq!(bench.delete_with(&path, json!({"searchDomain": "example.org"})).status, 204);
    let gone = bench.delete_with(&path, json!({"searchDomain": "example.org"}));
    assert_eq!(gone.error(), (400, "APPLIANCE_INVALID_VALUE_SPECIFIED"));
    assert!(device(&mut bench, "eth0").search_domains.is_empty());
}

#[test]
fn all_devices_together_have_six_search_domains_at_most() {
    let mut bench = TestMachine::new();
    let mut add = |device: &str, domain: &str| {
        bench.post(&ADD_DNS.path(&[device]), json!({"searchDomain": domain})).status
    };
    for domain in ["a.org", "b.org", "c.org", "d.org", "e.org"] {
        assert_eq!(add("eth0", domain), 204);
    }
    assert_eq!(add("eth1", &format!("{}.org", "x".repeat(228))), 400, "257 characters");
    assert_eq!(add("eth1", &format!("{}.org", "x".repeat(227))), 204);
    assert_eq!(add("eth2", "a.org"), 204, "one that another device has");
    assert_eq!(add("eth2", "f.org"), 400);
}

#[test]
fn dhcp_gives_an_ipv6_address_until_another_one_is_set() {
    let mut bench = TestMachine::new();
    assert_eq!(bench.post(&CONFIGURE.path(&["eth1", DHCP6]), json!({})).status, 204);
    let eth1 = device(&mut bench, "eth1");
    assert_eq!((eth1.ip6[0].ip.as_str(), eth1.ip6[0].mask), ("2001:db8::1:b", 64));
    assert!(eth1.dhcp6 && eth1.up && eth1.ip4.is_none());
    assert_eq!(bench.post(&CONFIGURE.path(&["eth1", SLAAC]), json!({})).status, 204);
    assert!(!device(&mut bench, "eth1").dhcp6);
}

#[test]
fn traffic_grows_with_the_time_a_device_is_up() {
    let mut bench = TestMachine::new();
    let stats = |bench: &mut TestMachine, name: &str| bench.call(&STATS, &[name], &Nothing {});
    bench.advance(100);
    let first = stats(&mut bench, "eth0");
    assert!(first.received.packets >= 200 && first.received.bytes > first.received.packets);
    bench.advance(100);
    assert_eq!(stats(&mut bench, "eth0").received.packets, 2 * first.received.packets);
    let idle = stats(&mut bench, "eth1");
    assert_eq!((idle.received.packets, idle.interrupt), (0, Some(169)));
    assert_eq!(stats(&mut bench, "bond0"), Stats::default());
}
