//! The forwarder against receivers of its own.

use std::io::{BufReader, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};

use time::macros::datetime;

use super::*;

/// How long anything may take here.
const DEADLINE: Duration = Duration::from_secs(30);

fn entry(text: &str) -> Entry {
    Entry {
        log: LUNALOGS,
        severity: Severity::Info,
        time: datetime!(2026-01-02 03:04:05 UTC),
        host: "local_host".to_owned(),
        process: "lunash".to_owned(),
        text: text.to_owned(),
    }
}

fn on_loopback(port: u16, tcp: bool) -> RemoteHost {
    RemoteHost { address: "127.0.0.1".to_owned(), port, tcp, tls: None }
}

/// A connection, once there is one.
fn accepted(listener: &TcpListener) -> BufReader<TcpStream> {
    listener.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + DEADLINE;
    let stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                assert!(Instant::now() < deadline, "nobody connects");
                std::thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
    };
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    BufReader::new(stream)
}

/// The text of the next line of a connection.
fn received(from: &mut BufReader<TcpStream>) -> String {
    let mut length = 0;
    loop {
        let mut byte = [0];
        from.read_exact(&mut byte).unwrap();
        match byte[0] {
            b' ' => break,
            digit => length = length * 10 + usize::from(digit - b'0'),
        }
    }
    let mut line = vec![0; length];
    from.read_exact(&mut line).unwrap();
    String::from_utf8(line).unwrap().split_once(" - - - ").unwrap().1.to_owned()
}

#[test]
fn a_line_is_a_message_of_rfc_5424_and_counted_over_tcp() {
    let line = message(&entry("info : 0 : Lush user login"));
    let expected = "<174>1 2026-01-02T03:04:05Z local_host lunash - - - info : 0 : Lush user login";
    assert_eq!(line, expected);
    assert_eq!(link::framed(&line), format!("78 {expected}"));
    let (log, severity, host) = (MESSAGES, Severity::Warning, String::new());
    let other = Entry { log, severity, host, process: "a b".to_owned(), ..entry("x") };
    assert_eq!(message(&other), "<28>1 2026-01-02T03:04:05Z - ab - - - x");
    assert_eq!(message(&entry(&"x".repeat(LONGEST))).len(), LONGEST);
}

#[test]
fn lines_reach_their_hosts_also_one_that_was_away() {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(DEADLINE)).unwrap();
    let datagram = || {
        let mut bytes = [0; 1000];
        let length = udp.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = listener.local_addr().unwrap();
    let forwarder = Forwarder::default();
    forwarder.forward(&entry("to nobody"));
    let hosts =
        vec![on_loopback(udp.local_addr().unwrap().port(), false), on_loopback(tcp.port(), true)];
    forwarder.aim(hosts.clone());
    forwarder.forward(&entry("one"));
    forwarder.forward(&entry("two"));
    assert_eq!([datagram(), datagram()], [message(&entry("one")), message(&entry("two"))]);
    let mut connection = accepted(&listener);
    assert_eq!([received(&mut connection), received(&mut connection)], ["one", "two"]);

    drop((connection, listener));
    forwarder.forward(&entry("three"));
    assert_eq!(datagram(), message(&entry("three")), "nobody waits for the other host");
    let listener = TcpListener::bind(tcp).unwrap();
    forwarder.forward(&entry("four"));
    let mut connection = accepted(&listener);
    assert_eq!([received(&mut connection), received(&mut connection)], ["three", "four"]);

    assert_eq!(datagram(), message(&entry("four")));
    // The connection of a host that stays is kept.
    forwarder.aim(hosts[1..].to_vec());
    forwarder.forward(&entry("five"));
    drop(forwarder);
    assert_eq!(received(&mut connection), "five");
    assert_eq!(connection.read(&mut [0]).unwrap(), 0, "it ends with the appliance");
    udp.set_nonblocking(true).unwrap();
    assert!(udp.recv(&mut [0]).is_err(), "nothing goes to a host that was deleted");
}

#[test]
fn a_host_out_of_reach_keeps_no_appliance_from_ending() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let forwarder = Forwarder::default();
    forwarder.aim(vec![on_loopback(closed.port(), true)]);
    forwarder.forward(&entry("lost"));
    let spool = Arc::downgrade(&lock(&forwarder.senders)[0].to);
    drop(forwarder);
    assert!(spool.upgrade().is_none(), "its thread has ended");
}
