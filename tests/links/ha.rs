//! HA groups over appliances that end without notice, do not answer, and return.

use std::process::Command;

use crate::client::{Client, address};
use crate::door::Door;
use crate::network::Network;
use crate::person::Person;

/// Sends a signal to an appliance's process.
fn signal(appliance: &Door, name: &str) {
    let sent = Command::new("kill").args([name, &appliance.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn signatures_go_on_while_appliances_are_lost_and_return() {
    let network = Network::claim().unwrap();
    let mut appliances =
        [1, 2, 3].map(|number| Door::with_clients(address(&network, number), 1792));
    let client = Client::new();
    client.certify();
    for appliance in &appliances {
        client.prepare(appliance, "par");
        client.link(appliance, "");
    }
    client.initialize(3);
    client.write("haErrorLog.txt", "");
    let folder = client.path().display();
    client.lunacm(&[
        "hagroup creategroup -slot 0 -label ha",
        "hagroup addmember -slot 1 -group ha",
        "hagroup addmember -slot 2 -group ha",
        &format!("hagroup halog -path {folder}"),
        "hagroup halog -enable",
    ]);
    client.good("cmu --quiet gen -curvetype=3 -sign=1 -verify=1 -label=signer -slot=ha");
    client.write("text", "to be signed");
    let serials = client.serials();
    let lost = |number: usize| format!("unable to reach member: {}", serials[number]);
    let recovered = |number: usize| format!("recovered member: {}", serials[number]);

    let mut log = Person::starts_line(&client.line("exec tail -n +1 -F haErrorLog.txt"));
    let mut signing = Person::starts_line(&client.line(
        "exec cmu --timeout 300 sign -label=signer -inputFile=text -outputFile=text.sig \
         -repeat=1000000 -slot=ha",
    ));
    signing.sees("signing; Ctrl-C");

    appliances[1].kill();
    log.sees(&lost(1));
    appliances[1].start_again();
    // Nothing looks for members by itself, as a client is installed.
    client.lunacm(&["hagroup recover -group ha"]);
    log.sees(&recovered(1));
    // From here on it is the only one that answers.
    signal(&appliances[2], "-STOP");
    log.sees(&lost(2));
    appliances[0].kill();
    log.sees(&lost(0));
    signal(&appliances[2], "-CONT");
    client.lunacm(&["hagroup recover -group ha"]);
    log.sees(&recovered(2));
    signing.types("\x03");
    signing.sees_the_end();

    let screen = signing.screen();
    assert!(screen.contains(" s, 0 failed; "), "{screen}");
    let count = |end: &str| -> u64 {
        let line = screen.lines().find(|line| line.contains(end));
        let line = line.unwrap_or_else(|| panic!("no '{end}' in:\n{screen}"));
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    let shares: Vec<u64> =
        serials.iter().map(|serial| count(&format!("of them at member {serial}"))).collect();
    assert!(shares.iter().all(|share| *share > 0), "{screen}");
    assert_eq!(shares.iter().sum::<u64>(), count("signatures in"), "{screen}");
}
