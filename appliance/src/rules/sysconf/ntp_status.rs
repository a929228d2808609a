//! What the NTP service knows, worked out from when it was started and what it was given.

use luna_rest::Nothing;
use luna_rest::ntp::{Association, Discipline, Peer, STATUS, Status};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, Routes};
use crate::rules::sysconf::ntp::{is_enabled, ordered};
use crate::state::sysconf::NtpServer;

/// Seconds from 1900, where NTP begins to count, to 1970.
const ERA: i64 = 2_208_988_800;
/// Seconds between two looks at the appliance's own clock.
const POLL: u64 = 64;
/// The first association's number: any will do, but two starts should differ.
const ASSOCIATIONS: (i64, i64) = (1024, 60_000);

pub(crate) fn routes(r: &mut Routes) {
    r.on(&STATUS, EVERYONE, show);
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Status>, Failure> {
    let (enabled, running) = (is_enabled(cx), cx.state.services.is_running("ntp"));
    let now = cx.now.unix_timestamp();
    let seconds = u64::try_from(now + ERA).unwrap_or_default();
    if !running {
        // The kernel's clock without anybody who keeps it right: its errors are as large as can be.
        let clock = Discipline {
            seconds,
            microseconds: cx.now.microsecond(),
            synchronized: false,
            maximum_error: 16_000_000,
            estimated_error: 16_000_000,
            time_constant: 7,
        };
        let status = Status { is_enabled: enabled, clock: Some(clock), ..Status::default() };
        return Ok(Reply::ok(status));
    }
    let started = cx.state.sysconf.ntp.get().started;
    let uptime = u64::try_from(now - started).unwrap_or_default();
    let first = ASSOCIATIONS.0 + started.rem_euclid(ASSOCIATIONS.1);
    let first = u16::try_from(first).unwrap_or_default();

    let (mut peers, mut associations) = (vec![own_clock(uptime)], vec![synchronized(first)]);
    for (number, server) in (1..).zip(ordered(cx)) {
        peers.push(unreachable(server, uptime));
        associations.push(rejected(first.wrapping_add(number), server));
    }
    let clock = Discipline {
        seconds,
        microseconds: cx.now.microsecond(),
        synchronized: true,
        // The kernel lets it grow by 500 microseconds a second between two polls.
        maximum_error: 16 + 500 * (uptime % POLL),
        estimated_error: 0,
        time_constant: 2,
    };
    Ok(Reply::ok(Status {
        is_enabled: enabled,
        is_running: true,
        peers,
        associations,
        clock: Some(clock),
    }))
}

fn own_clock(uptime: u64) -> Peer {
    let polls = (uptime / POLL + 1).min(8);
    Peer {
        selected: true,
        remote: "LOCAL(0)".to_owned(),
        refid: ".LOCL.".to_owned(),
        stratum: 10,
        kind: "l".to_owned(),
        when: Some(uptime % POLL).filter(|when| *when > 0),
        poll: POLL,
        reach: u8::try_from((1u16 << polls) - 1).unwrap_or(u8::MAX),
        jitter: 0.001,
        ..Peer::default()
    }
}

/// A server that has never answered is asked ever more rarely, down to every 1024 seconds.
fn unreachable(server: &NtpServer, uptime: u64) -> Peer {
    let mut poll = POLL;
    while poll < 1024 && uptime >= poll * 16 {
        poll *= 2;
    }
    Peer {
        remote: server.address.clone(),
        refid: ".INIT.".to_owned(),
        stratum: 16,
        kind: "u".to_owned(),
        poll,
        ..Peer::default()
    }
}

fn synchronized(id: u16) -> Association {
    Association {
        id,
        status: 0x963a,
        configured: true,
        reachable: true,
        authentication: "none".to_owned(),
        condition: "sys.peer".to_owned(),
        last_event: "sys_peer".to_owned(),
        count: 3,
    }
}

/// Bit 15: configured; bit 14: to be authenticated; the low byte: one event, mobilization.
fn rejected(id: u16, server: &NtpServer) -> Association {
    let authenticated = server.key_id.is_some() || server.nts || server.is_autokey_enabled;
    Association {
        id,
        status: if authenticated { 0xc011 } else { 0x8011 },
        configured: true,
        reachable: false,
        authentication: if authenticated { "bad" } else { "none" }.to_owned(),
        condition: "reject".to_owned(),
        last_event: "mobilize".to_owned(),
        count: 1,
    }
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const STATUS: &str = "/api/lunasa/ntp/status";

    #[test]
    fn a_service_that_stands_knows_the_time_and_nothing_more() {
        let mut bench = TestMachine::new();
        let shown = bench.get(STATUS).json();
        assert_eq!((&shown["isRunning"], &shown["isEnabled"]), (&json!(false), &json!(false)));
        assert_eq!((&shown["peers"], &shown["associations"]), (&json!([]), &json!([])));
        assert_eq!(shown["clock"]["synchronized"], false);
        assert_eq!(shown["clock"]["seconds"], 3_944_775_845u64);
    }

    #[test]
    fn the_own_clock_comes_first_and_is_polled_every_64_seconds() {
        let mut bench = TestMachine::new();
        bench.post("/api/lunasa/ntp/servers", json!({"address": "54.208.217.148"})).created();
        bench.post("/api/lunasa/services/ntp/actions/start", json!({})).created();
        let status = bench.get(STATUS).json();
        assert_eq!(status["peers"][0]["remote"], "LOCAL(0)");
        assert_eq!(
            (&status["peers"][0]["reach"], &status["peers"][0]["when"]),
            (&json!(1), &json!(null))
        );
        assert_eq!(status["peers"][1]["refid"], ".INIT.");
        assert_eq!(status["peers"][1]["poll"], 64);
        assert_eq!(status["associations"][1]["status"], 0x8011);
        // 2025-01-02 03:04:05 UTC, counted from 1900.
        assert_eq!(status["clock"]["seconds"], 3_944_775_845u64);
        bench.advance(64 * 300 + 42);
        bench.local_login();
        let status = bench.get(STATUS).json();
        assert_eq!(
            (&status["peers"][0]["reach"], &status["peers"][0]["when"]),
            (&json!(255), &json!(42))
        );
        assert_eq!(status["peers"][1]["poll"], 1024);
        assert_eq!(status["clock"]["maximumError"], 21_016);
        assert_ne!(status["associations"][0]["id"], status["associations"][1]["id"]);
    }

    #[test]
    fn setting_the_clock_does_not_count_as_time_that_passed() {
        let mut bench = TestMachine::new();
        bench.post("/api/lunasa/services/ntp/actions/start", json!({})).created();
        bench.patch("/api/lunasa/time", json!({"date": "2030-01-01"}));
        assert_eq!(bench.get(STATUS).json()["peers"][0]["reach"], 1);
    }
}
