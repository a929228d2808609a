//! The network devices: four ports, two bonds, their addresses and name servers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use luna_rest::Nothing;
use luna_rest::network::{
    ACT_ON_DEVICE, ADD_DNS, CLASSES, CLEAR, CONFIGURE, Counters, DELETE_DNS, DEVICE, DEVICES, DHCP,
    DHCP6, DISABLE, Device, DeviceAction, Devices, Dns, ENABLE, Ip4, Ip6, MEASUREMENT_STATS,
    ROUTES, SET_IP4, SET_IP6, SLAAC, STATS, Stats,
};
use luna_rest::tasks::Link;

use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, MONITOR, OPERATOR, Routes};
use crate::state::network::{
    DEVICE_NAMES, DeviceRow, Ip4Row, Ip6Row, ROUTER6, mask4, masked4, members,
};

/// Largest packet of every device, in bytes.
const MTU: u32 = 1500;
/// How many search domains the devices have together.
const MOST_SEARCH_DOMAINS: usize = 6;
/// How many characters these have together.
const LONGEST_SEARCH_DOMAINS: usize = 256;

/// A hardware address: the vendor's prefix, then what follows from the HSM's serial number, four
/// addresses to an appliance. A bond has the one of its first port.
fn mac(serial: u64, name: &str) -> [u8; 6] {
    let port = members(name).map_or(name, |members| members[0]);
    let number = DEVICE_NAMES.iter().position(|known| *known == port).unwrap_or_default() as u64;
    let [.., a, b, c] = (serial * 4 + number).to_be_bytes();
    [0x00, 0x15, 0xb2, a, b, c]
}

/// The interface identifier that a device makes from its hardware address (RFC 4291, appendix A).
fn with_interface(prefix: Ipv6Addr, [a, b, c, d, e, f]: [u8; 6]) -> Ipv6Addr {
    let interface = u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    Ipv6Addr::from_bits(prefix.to_bits() | u128::from(interface))
}

pub(crate) fn routes(r: &mut Routes) {
    r.on(&DEVICES, EVERYONE, list);
    r.on(&DEVICE, MONITOR, show);
    r.on(&STATS, MONITOR, stats);
    r.on(&SET_IP4, OPERATOR, set_ip4);
    r.on(&SET_IP6, OPERATOR, set_ip6);
    r.on(&ACT_ON_DEVICE, OPERATOR, act);
    r.on(&CONFIGURE, OPERATOR, configure);
    r.on(&ADD_DNS, OPERATOR, add_dns);
    r.on(&DELETE_DNS, OPERATOR, delete_dns);
}

/// 404 for a device that does not exist.
pub(crate) fn known(name: &str) -> Result<&'static str, Failure> {
    DEVICE_NAMES.into_iter().find(|known| *known == name).ok_or_else(|| {
        let title = "The network device does not exist.";
        Failure::new(404, "APPLIANCE_INTERFACE_DOES_NOT_EXIST", title)
            .details(format!("There is no device '{name}'; there are {}.", DEVICE_NAMES.join(", ")))
    })
}

/// Whether a service may be bound to a device of this name; `more` are the names of several devices.
///
/// # Errors
/// All the names there are, joined by commas.
pub(crate) fn check_binding(name: &str, more: &[&str]) -> Result<(), String> {
    let names = [&DEVICE_NAMES[..], more].concat();
    if names.contains(&name) { Ok(()) } else { Err(names.join(", ")) }
}

fn not_set(details: String) -> Failure {
    let title = "The network device could not be configured.";
    Failure::new(500, "APPLIANCE_FAILED_TO_SET_INTERFACE", title).details(details)
}

/// A port that serves a bond has no addresses of its own.
fn free(cx: &Context<'_>, name: &str) -> Result<(), Failure> {
    match cx.state.network.bond_of(name) {
        Some(bond) => {
            Err(not_set(format!("{name} serves {bond}, which is enabled; disable it first.")))
        }
        None => Ok(()),
    }
}

fn row_mut<'c>(cx: &'c mut Context<'_>, name: &str) -> Result<&'c mut DeviceRow, Failure> {
    let row = cx.state.network.devices.get_mut(name);
    row.ok_or_else(|| Failure::internal(format!("{name} has no row.")))
}

fn list(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Devices>, Failure> {
    let devices = DEVICE_NAMES.iter().map(|name| Link::below(DEVICES.template(), name)).collect();
    Ok(Reply::ok(Devices { devices }))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Device>, Failure> {
    let name = known(&ids[0])?;
    let network = &cx.state.network;
    let row = network.row(name).cloned().unwrap_or_default();
    let mac = mac(cx.state.hsm.hsm.get().serial, name);
    let up = network.is_up(name);
    let bond = network.bond_of(name).unwrap_or_default();
    let mut ip6: Vec<Ip6> = Vec::new();
    if let Some(Ip6Row { ip, mask, gateway }) = row.ip6 {
        let gateway = gateway.map(|gateway| gateway.to_string());
        ip6.push(Ip6 { ip: ip.to_string(), mask, gateway });
    }
    if row.slaac {
        let prefix = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
        let ip = with_interface(prefix, mac).to_string();
        ip6.push(Ip6 { ip, mask: 64, gateway: Some(ROUTER6.to_string()) });
    }
    let link_local = with_interface(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), mac).to_string();
    let text = |pair: &[u8; 6]| pair.map(|byte| format!("{byte:02X}")).join(":");
    Ok(Reply::ok(Device {
        id: name.to_owned(),
        mac: text(&mac),
        link: network.has_link(name),
        up,
        configuration: match (row.ip4, row.dhcp) {
            (Some(_), true) => "dhcp",
            (Some(_), false) => "static",
            (None, _) => "none",
        }
        .to_owned(),
        slaac: row.slaac,
        dhcp6: row.dhcp6,
        ip4: row.ip4.map(|Ip4Row { ip, mask, gateway }| Ip4 {
            ip: ip.to_string(),
            mask,
            gateway: gateway.to_string(),
            mode: Some(row.mode.clone()).filter(|mode| !mode.is_empty()),
        }),
        ip6,
        link_local: if up { link_local } else { String::new() },
        name_servers: row.name_servers.iter().map(IpAddr::to_string).collect(),
        search_domains: row.search_domains,
        bond: bond.to_owned(),
        members: members(name).map(|names| names.map(str::to_owned).into()).unwrap_or_default(),
        mtu: MTU,
        stats: STATS.path(&[name]),
        routes: ROUTES.path(&[name]),
        classes: CLASSES.path(&[name]),
        measurement_stats: MEASUREMENT_STATS.path(&[name]),
    }))
}

/// Traffic that the emulated segment makes by itself, in proportion to the time a device is up.
fn stats(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Stats>, Failure> {
    let name = known(&ids[0])?;
    let row = cx.state.network.row(name).cloned().unwrap_or_default();
    let (interrupt, memory) = hardware(name);
    if !cx.state.network.has_link(name) {
        return Ok(Reply::ok(Stats { interrupt, memory, ..Stats::default() }));
    }
    let start = row.since.max(cx.state.status.booted());
    let seconds =
        u64::try_from(cx.now.unix_timestamp().saturating_sub(start.max(0))).unwrap_or_default();
    let number = mac(cx.state.hsm.hsm.get().serial, name)[5];
    // Between two and nine packets a second come in; two of three are answered.
    let received = seconds * u64::from(2 + number % 8);
    let sent = received * 2 / 3;
    let counters = |packets: u64, size: u64| Counters {
        packets,
        bytes: packets * size,
        ..Counters::default()
    };
    Ok(Reply::ok(Stats {
        received: counters(received, 96),
        sent: counters(sent, 122),
        collisions: 0,
        interrupt,
        memory,
    }))
}

/// Interrupt and memory of a port, as recorded for the first two; those of the others are assumed.
/// A bond is no hardware.
fn hardware(name: &str) -> (Option<u32>, String) {
    let (interrupt, memory) = match name {
        "eth0" => (58, "fb4c0000-fb4e0000"),
        "eth1" => (169, "fb6e0000-fb700000"),
        "eth2" => (178, "fb8c0000-fb8e0000"),
        "eth3" => (186, "fbae0000-fbb00000"),
        _ => return (None, String::new()),
    };
    (Some(interrupt), memory.to_owned())
}

/// A usable host address inside its network, with a gateway in the same network.
fn ip4_of(body: &Ip4) -> Result<Ip4Row, Failure> {
    let parse = |name: &str, text: &str| {
        let wrong = || Failure::bad_request(format!("'{name}' is no IPv4 address."));
        text.parse::<Ipv4Addr>().map_err(|_| wrong())
    };
    let (ip, gateway) = (parse("ip", &body.ip)?, parse("gateway", &body.gateway)?);
    if !(1..=32).contains(&body.mask) {
        return Err(Failure::bad_request("'mask' is the length of a prefix, 1 to 32."));
    }
    let row = Ip4Row { ip, mask: body.mask, gateway };
    let network = masked4(ip, body.mask);
    let broadcast = Ipv4Addr::from_bits(network.to_bits() | !mask4(body.mask).to_bits());
    let whole = body.mask < 31 && (ip == network || ip == broadcast);
    if whole || ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || ip.is_broadcast() {
        return Err(not_set(format!("{ip} with mask {} is not the address of a host.", body.mask)));
    }
    if !row.reaches(gateway) || gateway == ip {
        let mask = body.mask;
        return Err(not_set(format!(
            "The gateway {gateway} is no other host in {network}/{mask}."
        )));
    }
    Ok(row)
}

fn set_ip4(cx: &mut Context<'_>, ids: &Ids<1>, body: Ip4) -> Result<Reply<Nothing>, Failure> {
    let name = known(&ids[0])?;
    let bond = members(name).is_some();
    let mode = body.mode.as_deref();
    if mode.is_some() && !bond {
        return Err(Failure::bad_request("'mode' is for bonds only."));
    }
    if mode.is_some_and(|mode| !["active-backup", "broadcast", "lacp"].contains(&mode)) {
        return Err(Failure::bad_request("'mode' is active-backup, broadcast or lacp."));
    }
    let ip4 = ip4_of(&body)?;
    free(cx, name)?;
    let taken = |(other, row): (&str, &DeviceRow)| {
        other != name && members(other).is_none() && row.ip4.is_some_and(|own| own.ip == ip4.ip)
    };
    // The address of a port may become the one of its bond.
    if !bond && cx.state.network.devices.iter().any(taken) {
        return Err(not_set(format!("Another device has the address {} already.", ip4.ip)));
    }
    let now = cx.now.unix_timestamp();
    let row = row_mut(cx, name)?;
    (row.ip4, row.dhcp) = (Some(ip4), false);
    row.begin(now);
    if bond {
        row.mode = mode.unwrap_or("active-backup").to_owned();
    }
    cx.state.network.forget_lost_routes(name);
    Ok(Reply::done())
}

fn set_ip6(cx: &mut Context<'_>, ids: &Ids<1>, body: Ip6) -> Result<Reply<Nothing>, Failure> {
    let name = known(&ids[0])?;
    let parse = |name: &str, text: &str| {
        let wrong = || Failure::bad_request(format!("'{name}' is no IPv6 address."));
        text.parse::<Ipv6Addr>().map_err(|_| wrong())
    };
    let ip = parse("ip", &body.ip)?;
    let gateway = body.gateway.as_deref().map(|text| parse("gateway", text)).transpose()?;
    if !(1..=128).contains(&body.mask) {
        return Err(Failure::bad_request("'mask' is the length of a prefix, 1 to 128."));
    }
    if ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() {
        return Err(not_set(format!("{ip} is not the address of a host.")));
    }
    free(cx, name)?;
    let now = cx.now.unix_timestamp();
    let row = row_mut(cx, name)?;
    row.ip6 = Some(Ip6Row { ip, mask: body.mask, gateway });
    (row.slaac, row.dhcp6) = (false, false);
    row.begin(now);
    Ok(Reply::done())
}

fn refuse(id: &'static str, title: &'static str, details: String) -> Failure {
    Failure::new(400, id, title).details(details)
}

fn act(cx: &mut Context<'_>, ids: &Ids<2>, body: DeviceAction) -> Result<Reply<Nothing>, Failure> {
    let name = known(&ids[0])?;
    let action = &ids[1];
    if ![ENABLE, DISABLE].contains(&action.as_str()) {
        return Err(Failure::no_resource(format!("There is no action '{action}'.")));
    }
    let Some(ports) = members(name) else {
        let title = "The device is no bond.";
        let details = format!("{name} cannot be enabled or disabled.");
        return Err(refuse("APPLIANCE_INVALID_DEVICE_TYPE", title, details));
    };
    let row = cx.state.network.row(name).cloned().unwrap_or_default();
    let enable = action == ENABLE;
    if enable && row.ip4.is_none() {
        let title = "The bond is not configured.";
        let details = format!("Give {name} an address first.");
        return Err(refuse("BOND_DEVICE_IS_NOT_CONFIGURED", title, details));
    }
    if enable && row.enabled {
        let (id, title) = ("BOND_DEVICE_IS_ALREADY_ENABLED", "The bond is enabled already.");
        return Err(refuse(id, title, format!("{name} needs no change.")));
    }
    if !enable && !row.enabled {
        let (id, title) = ("BOND_DEVICE_IS_ALREADY_DISABLED", "The bond is disabled already.");
        return Err(refuse(id, title, format!("{name} needs no change.")));
    }
    if enable && let Some(port) = ports.iter().find(|port| is_dynamic(cx, port)) {
        let (id, title) =
            ("APPLIANCE_FAILED_TO_ENABLE_BOND_DEVICE", "The bond could not be enabled.");
        let details = format!("{port} is not static; give it a static address or delete it.");
        return Err(refuse(id, title, details));
    }
    if !enable {
        let Some(keep) = body.keep_routes else {
            return Err(Failure::bad_request("'keepRoutes' says whether the routes stay."));
        };
        if !keep {
            cx.state.network.routes.retain(|_, route| route.device != name);
        }
    }
    let now = cx.now.unix_timestamp();
    let row = row_mut(cx, name)?;
    row.enabled = enable;
    row.since = if enable { now } else { 0 };
    Ok(Reply::ok(Nothing {}))
}

fn is_dynamic(cx: &Context<'_>, port: &str) -> bool {
    cx.state.network.row(port).is_some_and(|row| row.dhcp || row.slaac)
}

fn configure(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let name = known(&ids[0])?;
    let action = &ids[1];
    if ![DHCP, DHCP6, SLAAC, CLEAR].contains(&action.as_str()) {
        return Err(Failure::no_resource(format!("There is no action '{action}'.")));
    }
    free(cx, name)?;
    if members(name).is_some() {
        if action != CLEAR {
            let details = format!("{name} is a bond, and bonds have static addresses.");
            return Err(not_set(details));
        }
        if cx.state.network.is_up(name) {
            return Err(not_set(format!("{name} is enabled; disable it first.")));
        }
    }
    let now = cx.now.unix_timestamp();
    let row = row_mut(cx, name)?;
    if action == DHCP {
        row.lease(name, now);
    } else if action == DHCP6 {
        row.lease6(name, now);
    } else if action == SLAAC {
        (row.slaac, row.dhcp6, row.ip6) = (true, false, None);
        row.begin(now);
    } else {
        *row = DeviceRow::default();
    }
    cx.state.network.forget_lost_routes(name);
    Ok(Reply::done())
}

/// What a DNS request names.
enum Entry {
    Server(IpAddr),
    Domain(String),
}

fn entry(body: Dns) -> Result<Entry, Failure> {
    match (body.name_server, body.search_domain) {
        (Some(server), None) => server
            .parse()
            .map(Entry::Server)
            .map_err(|_| Failure::bad_request("'nameServer' is no IP address.")),
        (None, Some(domain)) => {
            let fits = |place: usize, c: char| {
                c.is_ascii_alphanumeric() || (matches!(c, '.' | '-') && place != 0)
            };
            if is_name(&domain, 253, fits) {
                Ok(Entry::Domain(domain))
            } else {
                Err(Failure::bad_request("'searchDomain' is no domain name."))
            }
        }
        _ => Err(Failure::bad_request("Give either 'nameServer' or 'searchDomain'.")),
    }
}

/// 400 `APPLIANCE_INVALID_VALUE_SPECIFIED`, which the host name's page has; assumed here.
pub(crate) fn invalid_value(details: String) -> Failure {
    let title = "The value is not valid here.";
    Failure::new(400, "APPLIANCE_INVALID_VALUE_SPECIFIED", title).details(details)
}

fn add_dns(cx: &mut Context<'_>, ids: &Ids<1>, body: Dns) -> Result<Reply<Nothing>, Failure> {
    let name = known(&ids[0])?;
    let entry = entry(body)?;
    let row = row_mut(cx, name)?;
    let is_there = |what: &dyn std::fmt::Display| {
        invalid_value(format!("{name} has the entry {what} already."))
    };
    match entry {
        Entry::Server(ip) if row.name_servers.contains(&ip) => return Err(is_there(&ip)),
        Entry::Server(ip) => row.name_servers.push(ip),
        Entry::Domain(domain) if row.search_domains.contains(&domain) => {
            return Err(is_there(&domain));
        }
        Entry::Domain(domain) => {
            let devices = cx.state.network.devices.values();
            let mut all: Vec<&String> = devices.flat_map(|row| &row.search_domains).collect();
            all.push(&domain);
            all.sort_unstable();
            all.dedup();
            let length: usize = all.iter().map(|domain| domain.len()).sum();
            if all.len() > MOST_SEARCH_DOMAINS || length > LONGEST_SEARCH_DOMAINS {
                return Err(invalid_value(format!(
                    "An appliance has at most {MOST_SEARCH_DOMAINS} search domains with \
                     {LONGEST_SEARCH_DOMAINS} characters together."
                )));
            }
            row_mut(cx, name)?.search_domains.push(domain);
        }
    }
    Ok(Reply::done())
}

fn delete_dns(cx: &mut Context<'_>, ids: &Ids<1>, body: Dns) -> Result<Reply<Nothing>, Failure> {
    let name = known(&ids[0])?;
    let entry = entry(body)?;
    let row = row_mut(cx, name)?;
    let before = row.name_servers.len() + row.search_domains.len();
    match entry {
        Entry::Server(ip) => row.name_servers.retain(|known| *known != ip),
        Entry::Domain(domain) => row.search_domains.retain(|known| *known != domain),
    }
    if row.name_servers.len() + row.search_domains.len() == before {
        return Err(invalid_value(format!("{name} has no such entry.")));
    }
    Ok(Reply::done())
}

#[cfg(test)]
mod tests;
