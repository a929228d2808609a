//! `status interface`, `status mac`, `status netstat`: the network as the Linux tools show it.

use luna_rest::{network, status};

use crate::commands::network::{devices, dotted};
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] = &[];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "status interface",
        help: "Show the network devices and their traffic",
        options: &[],
        roles: Role::MONITOR,
        rest: &[network::DEVICES.resource(), network::DEVICE.resource(), network::STATS.resource()],
        known: Known::Seen("lunash-status-interface-5.1"),
        run: call::<ShowInterfaces>(),
    },
    Command {
        syntax: "status mac",
        help: "Show the hardware addresses",
        options: &[],
        roles: Role::MONITOR,
        rest: &[network::DEVICES.resource(), network::DEVICE.resource()],
        known: Known::Documented("lunash/commands/status/status_mac.htm@7.2"),
        run: call::<ShowMacs>(),
    },
    Command {
        syntax: "status netstat",
        help: "Show the sockets",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::SOCKETS.resource()],
        known: Known::Documented("lunash/commands/status/status_netstat.htm@7.2"),
        run: call::<ShowSockets>(),
    },
];

#[derive(Deserialize)]
struct ShowInterfaces {}

/// The devices that are in use, and the loopback.
#[derive(Serialize)]
struct Interfaces {
    interfaces: Vec<Interface>,
}

/// A device.
#[derive(Serialize)]
struct Interface {
    name: String,
    mac: Option<String>,
    ip: Option<String>,
    broadcast: Option<String>,
    netmask: Option<String>,
    /// Address with prefix, and scope.
    ipv6: Vec<(String, &'static str)>,
    /// What ifconfig says of its state.
    flags: &'static str,
    mtu: u32,
    received: network::Counters,
    sent: network::Counters,
    collisions: u64,
    queue: u32,
    /// Interrupt and memory of a port.
    #[serde(skip_serializing_if = "Option::is_none")]
    hardware: Option<(u32, String)>,
}

impl Interface {
    fn of(device: network::Device, stats: network::Stats) -> Interface {
        let address = device.ip4.filter(|_| device.up);
        let netmask = address.as_ref().map(|ip4| dotted(ip4.mask));
        let ip = address.and_then(|ip4| ip4.ip.parse::<std::net::Ipv4Addr>().ok());
        let broadcast = ip
            .zip(netmask)
            .map(|(ip, mask)| std::net::Ipv4Addr::from_bits(ip.to_bits() | !mask.to_bits()));
        let text = |ip: Option<std::net::Ipv4Addr>| ip.map(|ip| ip.to_string());
        let global = device.ip6.into_iter().map(|ip6| format!("{}/{}", ip6.ip, ip6.mask));
        let mut ipv6: Vec<_> = global.map(|address| (address, "Global")).collect();
        if !device.link_local.is_empty() {
            ipv6.push((format!("{}/64", device.link_local), "Link"));
        }
        Interface {
            name: device.id,
            mac: Some(device.mac),
            ip: text(ip),
            broadcast: text(broadcast),
            netmask: text(netmask),
            ipv6,
            flags: match (device.members.is_empty(), device.bond.is_empty()) {
                (true, true) => "UP BROADCAST RUNNING MULTICAST",
                (true, false) => "UP BROADCAST RUNNING SLAVE MULTICAST",
                (false, _) => "UP BROADCAST RUNNING MASTER MULTICAST",
            },
            mtu: device.mtu,
            received: stats.received,
            sent: stats.sent,
            collisions: stats.collisions,
            queue: if device.members.is_empty() { 1000 } else { 0 },
            hardware: stats.interrupt.map(|interrupt| (interrupt, stats.memory)),
        }
    }

    /// The loopback: the API does not list it. Assumed: it has carried nothing.
    fn loopback() -> Interface {
        Interface {
            name: "lo".to_owned(),
            mac: None,
            ip: Some("127.0.0.1".to_owned()),
            broadcast: None,
            netmask: Some("255.0.0.0".to_owned()),
            ipv6: vec![("::1/128".to_owned(), "Host")],
            flags: "UP LOOPBACK RUNNING",
            mtu: 16436,
            received: network::Counters::default(),
            sent: network::Counters::default(),
            collisions: 0,
            queue: 0,
            hardware: None,
        }
    }
}

impl Run<Session> for ShowInterfaces {
    type View = Interfaces;

    fn run(self, session: &mut Session) -> Result<Interfaces, Failure> {
        let mut interfaces = Vec::new();
        for device in devices(session)? {
            if device.up || !device.bond.is_empty() {
                let stats = session.get(&network::STATS, &[&device.id])?;
                interfaces.push(Interface::of(device, stats));
            }
        }
        interfaces.push(Interface::loopback());
        Ok(Interfaces { interfaces })
    }
}

/// As ifconfig: one decimal, binary units.
fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

impl Text for Interfaces {
    fn write(&self, page: &mut Page) {
        for interface in &self.interfaces {
            interface.write(page);
            page.blank();
        }
    }
}

impl Text for Interface {
    /// The blanks at the ends of some lines are ifconfig's.
    fn write(&self, page: &mut Page) {
        let Interface { name, flags, mtu, received, sent, collisions, queue, .. } = self;
        match &self.mac {
            Some(mac) => page.line(format!("{name:<9} Link encap:Ethernet  HWaddr {mac}  ")),
            None => page.line(format!("{name:<9} Link encap:Local Loopback  ")),
        }
        let mut line = |text: String| page.line(format!("          {text}"));
        if let (Some(ip), Some(mask)) = (&self.ip, &self.netmask) {
            let broadcast = match &self.broadcast {
                Some(broadcast) => format!("  Bcast:{broadcast}"),
                None => String::new(),
            };
            line(format!("inet addr:{ip}{broadcast}  Mask:{mask}"));
        }
        for (address, scope) in &self.ipv6 {
            line(format!("inet6 addr: {address} Scope:{scope}"));
        }
        line(format!("{flags}  MTU:{mtu}  Metric:1"));
        let packets = |counters: &network::Counters, end: &str| {
            let network::Counters { packets, errors, dropped, .. } = counters;
            format!("packets:{packets} errors:{errors} dropped:{dropped} overruns:0 {end}:0")
        };
        line(format!("RX {}", packets(received, "frame")));
        line(format!("TX {}", packets(sent, "carrier")));
        line(format!("collisions:{collisions} txqueuelen:{queue} "));
        let (rx, tx) = (received.bytes, sent.bytes);
        line(format!("RX bytes:{rx} ({})  TX bytes:{tx} ({})", human(rx), human(tx)));
        if let Some((interrupt, memory)) = &self.hardware {
            line(format!("Interrupt:{interrupt} Memory:{memory} "));
        }
    }
}

#[derive(Deserialize)]
struct ShowMacs {}

/// The hardware addresses.
#[derive(Serialize)]
struct Macs {
    devices: Vec<Mac>,
}

/// A port's hardware address.
#[derive(Serialize)]
struct Mac {
    device: String,
    mac: String,
}

impl Run<Session> for ShowMacs {
    type View = Macs;

    fn run(self, session: &mut Session) -> Result<Macs, Failure> {
        let ports = devices(session)?.into_iter().filter(|device| device.members.is_empty());
        Ok(Macs { devices: ports.map(|d| Mac { device: d.id, mac: d.mac }).collect() })
    }
}

impl Text for Macs {
    fn write(&self, page: &mut Page) {
        for Mac { device, mac } in &self.devices {
            page.line(format!("{device} {}", mac.to_lowercase()));
        }
    }
}

#[derive(Deserialize)]
struct ShowSockets {}

/// The sockets.
#[derive(Serialize)]
struct Sockets {
    sockets: Vec<status::Socket>,
    unix: Vec<status::UnixSocket>,
}

impl Run<Session> for ShowSockets {
    type View = Sockets;

    fn run(self, session: &mut Session) -> Result<Sockets, Failure> {
        let status::Sockets { sockets, unix } = session.get(&status::SOCKETS, &[])?;
        Ok(Sockets { sockets, unix })
    }
}

impl Text for Sockets {
    fn write(&self, page: &mut Page) {
        page.line("Active Internet connections (servers and established)");
        page.line("Proto Recv-Q Send-Q Local Address           Foreign Address         State");
        for status::Socket { protocol, local, foreign, state } in &self.sockets {
            let line = format!("{protocol:<5}      0      0 {local:<23} {foreign:<23} {state}");
            page.line(line.trim_end());
        }
        page.line("Active UNIX domain sockets (servers and established)");
        page.line("Proto RefCnt Flags       Type       State         I-Node   Path");
        for status::UnixSocket { users, accepts, kind, state, inode, path } in &self.unix {
            let flags = if *accepts { "[ ACC ]" } else { "[ ]" };
            let line =
                format!("unix  {users:<6} {flags:<11} {kind:<10} {state:<13} {inode:<8} {path}");
            page.line(line.trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recorded session of the reference (the interrupt line apart, which the API cannot give).
    #[test]
    fn interfaces_are_written_as_recorded() {
        let stats = |rx: (u64, u64), tx: (u64, u64)| {
            let counters = |(packets, bytes)| network::Counters {
                packets,
                bytes,
                ..network::Counters::default()
            };
            network::Stats { received: counters(rx), sent: counters(tx), ..Default::default() }
        };
        let device = network::Device {
            id: "eth0".into(),
            mac: "00:15:B2:A4:A7:C2".into(),
            up: true,
            ip4: Some(network::Ip4 { ip: "192.168.101.16".into(), mask: 24, ..Default::default() }),
            link_local: "fe80::215:b2ff:fea4:5d54".into(),
            mtu: 1500,
            ..network::Device::default()
        };
        let stats = stats((5_957_353, 1_842_964_477), (13_245_144, 2_245_163_157));
        let mut lo = Interface::loopback();
        lo.received = network::Counters { packets: 29, bytes: 3025, ..Default::default() };
        lo.sent = lo.received.clone();
        let view = Interfaces { interfaces: vec![Interface::of(device, stats), lo] };
        let mut page = Page::new();
        view.write(&mut page);
        let recorded = [
            "eth0      Link encap:Ethernet  HWaddr 00:15:B2:A4:A7:C2  ",
            "          inet addr:192.168.101.16  Bcast:192.168.101.255  Mask:255.255.255.0",
            "          inet6 addr: fe80::215:b2ff:fea4:5d54/64 Scope:Link",
            "          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1",
            "          RX packets:5957353 errors:0 dropped:0 overruns:0 frame:0",
            "          TX packets:13245144 errors:0 dropped:0 overruns:0 carrier:0",
            "          collisions:0 txqueuelen:1000 ",
            "          RX bytes:1842964477 (1.7 GiB)  TX bytes:2245163157 (2.0 GiB)",
            "",
            "lo        Link encap:Local Loopback  ",
            "          inet addr:127.0.0.1  Mask:255.0.0.0",
            "          inet6 addr: ::1/128 Scope:Host",
            "          UP LOOPBACK RUNNING  MTU:16436  Metric:1",
            "          RX packets:29 errors:0 dropped:0 overruns:0 frame:0",
            "          TX packets:29 errors:0 dropped:0 overruns:0 carrier:0",
            "          collisions:0 txqueuelen:0 ",
            "          RX bytes:3025 (2.9 KiB)  TX bytes:3025 (2.9 KiB)",
            "",
            "",
        ];
        assert_eq!(page.into_text(), recorded.join("\n"));
    }

    /// Lines of the page.
    #[test]
    fn sockets_are_written_as_the_page_has_them() {
        let view = Sockets {
            sockets: vec![status::Socket {
                protocol: "tcp".into(),
                local: "0.0.0.0:22".into(),
                foreign: "0.0.0.0:*".into(),
                state: "LISTEN".into(),
            }],
            unix: vec![
                status::UnixSocket {
                    users: 2,
                    accepts: true,
                    kind: "STREAM".into(),
                    state: "LISTENING".into(),
                    inode: 11782,
                    path: "/var/run/dbus/system_bus_socket".into(),
                },
                status::UnixSocket {
                    users: 19,
                    kind: "DGRAM".into(),
                    inode: 7463,
                    path: "/dev/log".into(),
                    ..Default::default()
                },
            ],
        };
        let mut page = Page::new();
        view.write(&mut page);
        insta::assert_snapshot!(page.into_text(), @r"
        Active Internet connections (servers and established)
        Proto Recv-Q Send-Q Local Address           Foreign Address         State
        tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN
        Active UNIX domain sockets (servers and established)
        Proto RefCnt Flags       Type       State         I-Node   Path
        unix  2      [ ACC ]     STREAM     LISTENING     11782    /var/run/dbus/system_bus_socket
        unix  19     [ ]         DGRAM                    7463     /dev/log
        ");
    }

    #[test]
    fn bytes_are_rounded_down_to_one_decimal() {
        for (bytes, text) in [
            (0, "0.0 B"),
            (1023, "1023.0 B"),
            (1024, "1.0 KiB"),
            (3025, "2.9 KiB"),
            (14_257_870, "13.5 MiB"),
            (19_854_007, "18.9 MiB"),
        ] {
            assert_eq!(human(bytes), text);
        }
    }
}
