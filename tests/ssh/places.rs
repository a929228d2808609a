//! Where the door is open: `sysconf ssh ip`, `device` and `port`, with addresses that a test has for itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use crate::door::Door;
use crate::network::Network;

/// A port of the settings; the addresses of a network are a test's own, and so are their ports.
const PORT: u16 = 2300;

impl Door {
    fn lets_in(&self, place: (IpAddr, u16)) -> bool {
        let host = format!("HostName={}", place.0);
        self.ssh(&["-o", &host, "-p", &place.1.to_string()], &["status", "date"]).status == 0
    }

    /// Has somebody who came to this place change a setting.
    fn set(&self, place: (IpAddr, u16), line: &str) {
        let host = format!("HostName={}", place.0);
        self.ssh(&["-o", &host, "-p", &place.1.to_string()], &[line]).good();
    }
}

#[test]
fn an_address_of_this_machine_is_the_only_one_that_lets_in() {
    let network = Network::claim().unwrap();
    let [one, two] = [1, 2].map(|number| network.address(number));
    let mut door = Door::at(one);
    let port = door.port;
    door.set((one, port), &format!("sysconf ssh ip {two}"));
    assert!(door.lets_in((two, port)) && !door.lets_in((one, port)));
    door.set((two, port), &format!("sysconf ssh port {PORT}"));
    assert!(door.lets_in((two, PORT)) && !door.lets_in((one, port)));
    // It is so from the next start on, and is told there.
    door.restart(SocketAddr::from((one, port)));
    assert_eq!((door.address, door.port), (two, PORT));
    assert!(door.lets_in((two, PORT)) && !door.lets_in((one, port)));
    door.set((two, PORT), "sysconf ssh device all");
    assert!(door.lets_in((one, port)) && door.lets_in((one, PORT)));
    assert!(!door.lets_in((two, PORT)));
}

#[test]
fn nobody_is_locked_out_by_what_cannot_be_listened_at() {
    let network = Network::claim().unwrap();
    let [one, two, three] = [1, 2, 3].map(|number| network.address(number));
    let door = Door::at(one);
    let place = (one, door.port);
    let _taken = TcpListener::bind((three, door.port)).unwrap();
    // That of a document, one of another program, and that of a device that no machine has.
    for line in [
        "sysconf ssh ip 198.51.100.7",
        &format!("sysconf ssh ip {three}"),
        "sysconf ssh device eth0",
    ] {
        door.set(place, &format!("sysconf ssh ip {two}"));
        assert!(door.lets_in((two, door.port)), "{line}");
        door.set((two, door.port), line);
        assert!(door.lets_in(place), "{line}");
    }
    assert!(
        door.ssh(&["-o", &format!("HostName={one}")], &["sysconf ssh show"])
            .good()
            .contains("eth0")
    );
}

#[test]
fn a_door_at_all_addresses_is_restricted_to_one_of_them() {
    let network = Network::claim().unwrap();
    let [one, two] = [1, 2].map(|number| network.address(number));
    let door = Door::at(Ipv4Addr::UNSPECIFIED.into());
    let port = door.port;
    assert!(door.lets_in((one, port)));
    door.set((one, port), &format!("sysconf ssh ip {two}"));
    assert!(door.lets_in((two, port)) && !door.lets_in((one, port)));
    door.set((two, port), "sysconf ssh ip 0.0.0.0");
    assert!(door.lets_in((one, port)));
}
