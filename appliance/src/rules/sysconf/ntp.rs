//! Network time: `/api/lunasa/ntp`. Whether it runs and starts with the appliance is kept with the
//! service `ntp`; its status is worked out in `ntp_status`, keys are in `ntp_auth`.
//!
//! Assumed for the emulator: it sends no packets, so the servers never become reachable and the
//! service follows the appliance's own clock; setting the clock by a server once sets it to the
//! machine's own time.

use luna_rest::Nothing;
use luna_rest::ntp::{
    ACTIONS, ADD_SERVER, BAD_AUTHENTICATION, CHANGE_SERVER, ChangeServer, DELETE_SERVER,
    LOCAL_CLOCK, LOG, Log, NO_SERVER, NewServer, Ntp, RUNNING, SERVER, SERVER_EXISTS, SERVERS,
    SHOW, STATUS, SYNCHRONIZE, Server, Servers, Synchronize,
};
use luna_rest::tasks::{Actions, Link};

use crate::core::checks::check_address;
use crate::core::message::{Failure, Reply};
use crate::core::text::clock_text;
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, OPERATOR, Routes};
use crate::rules::sysconf::clock::set;
use crate::state::sysconf::{NtpServer, NtpServerRow, key_name};

/// Lines of the log that are kept.
const LOG_LINES: usize = 200;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, EVERYONE, show);
    r.on(&ACTIONS, EVERYONE, actions);
    r.on(&SYNCHRONIZE, OPERATOR, synchronize);
    r.on(&SERVERS, EVERYONE, servers);
    r.on(&ADD_SERVER, OPERATOR, add_server);
    r.on(&SERVER, EVERYONE, server);
    r.on(&CHANGE_SERVER, OPERATOR, change_server);
    r.on(&DELETE_SERVER, OPERATOR, delete_server);
    r.on(&LOG, EVERYONE, log);
}

/// The service is about to be started, anew or for the first time, or stopped.
pub(crate) fn service_changes(cx: &mut Context<'_>, running: bool) {
    if cx.state.services.is_running("ntp") {
        write_log(cx, "ntpd exiting on signal 15");
    }
    if running {
        let row = cx.state.sysconf.ntp.get_mut();
        row.started = cx.now.unix_timestamp();
        row.process += 1;
        write_log(cx, "synchronized to LOCAL(0), stratum 10");
        write_log(cx, "kernel time sync status change 0001");
    }
}

fn write_log(cx: &mut Context<'_>, text: &str) {
    let local = cx.local_time();
    let month: String = local.month().to_string().chars().take(3).collect();
    let row = cx.state.sysconf.ntp.get_mut();
    // Assumed: process numbers of an appliance that has just come up.
    let process = 2000 + row.process;
    let time = clock_text(local);
    row.log.push(format!("{:>2} {month} {time} ntpd[{process}]: {text}", local.day()));
    let surplus = row.log.len().saturating_sub(LOG_LINES);
    row.log.drain(..surplus);
}

pub(crate) fn is_enabled(cx: &Context<'_>) -> bool {
    cx.state.services.services.get("ntp").is_some_and(|row| row.on_boot)
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Ntp>, Failure> {
    Ok(Reply::ok(Ntp {
        actions: ACTIONS.template().to_owned(),
        is_enabled: is_enabled(cx),
        is_running: cx.state.services.is_running("ntp"),
        is_autokey_configured: cx.state.sysconf.ntp.get().autokey.is_some(),
        servers: SERVERS.template().to_owned(),
        status: STATUS.template().to_owned(),
    }))
}

fn actions(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    Ok(Reply::ok(Actions { actions: vec![Link::below(ACTIONS.template(), "synchronize")] }))
}

fn synchronize(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: Synchronize,
) -> Result<Reply<Nothing>, Failure> {
    if cx.state.services.is_running("ntp") {
        return Err(Failure::new(409, RUNNING, "The NTP service is running.")
            .details("Stop the service ntp first."));
    }
    if let Some(server) = &body.server {
        check_address(server)?;
    } else if cx.state.sysconf.ntp_servers.is_empty() {
        return Err(Failure::new(500, "NTP_OPERATION_FAILED", "The operation failed.")
            .details("No server was given, and none is configured."));
    }
    check_authentication(cx, body.key_id, body.nts == Some(true), false)?;
    check_version(body.protocol_version, body.nts == Some(true))?;
    set(cx, cx.unset)?;
    Ok(Reply::done())
}

/// The servers in the order in which they were added.
pub(crate) fn ordered<'c>(cx: &'c Context<'_>) -> Vec<&'c NtpServer> {
    let mut rows: Vec<&NtpServerRow> = cx.state.sysconf.ntp_servers.values().collect();
    rows.sort_by_key(|row| row.order);
    rows.into_iter().map(|row| &row.server).collect()
}

fn servers(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Servers>, Failure> {
    let link = |server: &NtpServer| Link {
        id: server.address.clone(),
        url: SERVER.path(&[&server.address]),
    };
    Ok(Reply::ok(Servers { servers: ordered(cx).into_iter().map(link).collect() }))
}

fn check_authentication(
    cx: &Context<'_>,
    key: Option<u16>,
    nts: bool,
    autokey: bool,
) -> Result<(), Failure> {
    let refuse = |details: String| {
        Err(Failure::new(400, BAD_AUTHENTICATION, "The authentication is not valid.")
            .details(details))
    };
    if usize::from(key.is_some()) + usize::from(nts) + usize::from(autokey) > 1 {
        return refuse("Give one kind of authentication.".to_owned());
    }
    if let Some(key) = key
        && !cx.state.sysconf.ntp_keys.get(&key_name(key)).is_some_and(|row| row.trusted)
    {
        return refuse(format!("There is no trusted symmetric key {key}."));
    }
    if autokey && cx.state.sysconf.ntp.get().autokey.is_none() {
        return refuse("The AutoKey key of this client was not generated.".to_owned());
    }
    Ok(())
}

fn check_version(version: Option<u8>, nts: bool) -> Result<(), Failure> {
    match version {
        Some(version) if !(1..=4).contains(&version) => {
            Err(Failure::bad_request("'protocolVersion' is 1 to 4."))
        }
        Some(version) if nts && version != 4 => {
            Err(Failure::bad_request("NTS needs protocol version 4."))
        }
        _ => Ok(()),
    }
}

fn no_server(address: &str) -> Failure {
    Failure::new(404, NO_SERVER, "The NTP server does not exist.")
        .details(format!("'{address}' is not an NTP server of this appliance."))
}

fn add_server(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: NewServer,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    check_address(&body.address)?;
    let nts = body.nts == Some(true);
    check_version(body.protocol_version, nts)?;
    if body.port.is_some() && !nts {
        return Err(Failure::bad_request("'port' goes with 'nts' only."));
    }
    check_authentication(cx, body.key_id, nts, body.is_autokey_enabled == Some(true))?;
    if body.address == LOCAL_CLOCK || cx.state.sysconf.ntp_servers.contains(&body.address) {
        return Err(Failure::new(400, SERVER_EXISTS, "The NTP server exists already.")
            .details(format!("'{}' is an NTP server already.", body.address)));
    }
    let row = cx.state.sysconf.ntp.get_mut();
    let order = row.next;
    row.next += 1;
    let url = SERVER.path(&[&body.address]);
    let server = NtpServer {
        address: body.address.clone(),
        is_burst_enabled: body.is_burst_enabled.unwrap_or_default(),
        is_initial_burst_enabled: body.is_initial_burst_enabled.unwrap_or_default(),
        key_id: body.key_id,
        nts,
        is_autokey_enabled: body.is_autokey_enabled.unwrap_or_default(),
        is_preferred_server: body.is_preferred_server.unwrap_or_default(),
        protocol_version: body.protocol_version,
        port: nts.then(|| body.port.unwrap_or(4460)),
    };
    cx.state.sysconf.ntp_servers.insert(body.address, NtpServerRow { order, server });
    Ok(Reply::created(url))
}

fn shown(server: NtpServer) -> Server {
    Server {
        address: server.address,
        is_burst_enabled: server.is_burst_enabled,
        is_initial_burst_enabled: server.is_initial_burst_enabled,
        key_id: server.key_id,
        nts: server.nts,
        is_autokey_enabled: server.is_autokey_enabled,
        is_preferred_server: server.is_preferred_server,
        protocol_version: server.protocol_version,
        port: server.port,
    }
}

fn server(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Server>, Failure> {
    let row = cx.state.sysconf.ntp_servers.get(&ids[0]).ok_or_else(|| no_server(&ids[0]))?;
    Ok(Reply::ok(shown(row.server.clone())))
}

fn change_server(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: ChangeServer,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    if !cx.state.sysconf.ntp_servers.contains(&ids[0]) {
        return Err(no_server(&ids[0]));
    }
    check_version(Some(body.protocol_version), false)?;
    check_authentication(cx, Some(body.key_id), false, body.is_autokey_enabled)?;
    if let Some(row) = cx.state.sysconf.ntp_servers.get_mut(&ids[0]) {
        row.server = NtpServer {
            address: ids[0].to_owned(),
            is_burst_enabled: body.is_burst_enabled,
            is_initial_burst_enabled: body.is_initial_burst_enabled,
            key_id: Some(body.key_id),
            nts: false,
            is_autokey_enabled: body.is_autokey_enabled,
            is_preferred_server: body.is_preferred_server,
            protocol_version: Some(body.protocol_version),
            port: None,
        };
    }
    Ok(Reply::done())
}

fn delete_server(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let gone = cx.state.sysconf.ntp_servers.remove(&ids[0]);
    gone.map(|_| Reply::done()).ok_or_else(|| no_server(&ids[0]))
}

fn log(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Log>, Failure> {
    Ok(Reply::ok(Log { lines: cx.state.sysconf.ntp.get().log.clone() }))
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const SERVERS: &str = "/api/lunasa/ntp/servers";
    const START: &str = "/api/lunasa/services/ntp/actions/start";

    #[test]
    fn servers_are_listed_as_added() {
        let mut bench = TestMachine::new();
        for address in ["time.example.com", "10.0.0.9", "10.0.0.1"] {
            let url = bench.post(SERVERS, json!({"address": address})).created();
            assert_eq!(url, format!("{SERVERS}/{address}"));
        }
        let again = bench.post(SERVERS, json!({"address": "10.0.0.9"}));
        assert_eq!(again.error(), (400, "NTP_SERVER_ALREADY_EXISTS"));
        assert_eq!(bench.delete(&format!("{SERVERS}/10.0.0.9")).status, 204);
        let gone = bench.delete(&format!("{SERVERS}/10.0.0.9"));
        assert_eq!(gone.error(), (404, "NTP_SERVER_DOES_NOT_EXIST"));
        bench.restart();
        let listed = bench.get(SERVERS).json();
        assert_eq!(listed["servers"][0]["id"], "time.example.com");
        assert_eq!(listed["servers"][1]["id"], "10.0.0.1");
    }

    #[test]
    fn a_server_is_judged() {
        let mut bench = TestMachine::new();
        for server in [
            json!({"address": ""}),
            json!({"address": "1.2.3.4.5"}),
            json!({"address": "-x"}),
            json!({"address": "a b"}),
            json!({"address": "x", "protocolVersion": 5}),
            json!({"address": "x", "nts": true, "protocolVersion": 3}),
            json!({"address": "x", "port": 4460}),
        ] {
            assert_eq!(bench.post(SERVERS, server).error(), (400, "FRAMEWORK_BAD_REQUEST"));
        }
        for server in [
            json!({"address": "x", "keyId": 7}),
            json!({"address": "x", "isAutokeyEnabled": true}),
            json!({"address": "x", "nts": true, "isAutokeyEnabled": true}),
        ] {
            assert_eq!(bench.post(SERVERS, server).error(), (400, "NTP_INVALID_AUTHENTICATION"));
        }
        bench.post(SERVERS, json!({"address": "x", "nts": true})).created();
        assert_eq!(bench.get(&format!("{SERVERS}/x")).json()["port"], 4460);
    }

    #[test]
    fn the_clock_is_set_by_a_server_only_while_the_service_stands() {
        let mut bench = TestMachine::new();
        let path = "/api/lunasa/ntp/actions/synchronize";
        assert_eq!(bench.post(path, json!({})).error(), (500, "NTP_OPERATION_FAILED"));
        bench.advance(3600);
        bench.local_login();
        let body = json!({"server": "10.0.10.7"});
        bench.post(START, json!({})).created();
        let running = bench.post(path, body.clone());
        assert_eq!(running.error(), (409, "SYSCONF_CONFIG_NTP_SERVICE_RUNNING"));
        bench.post("/api/lunasa/services/ntp/actions/stop", json!({})).created();
        assert_eq!(bench.post(path, body).status, 204);
        assert_eq!(bench.get("/emulator/clock").json()["now"], "2025-01-02T03:04:05Z");
    }

    #[test]
    fn starts_and_stops_stand_in_the_log() {
        let mut bench = TestMachine::new();
        bench.post(START, json!({})).created();
        bench.post("/api/lunasa/services/ntp/actions/stop", json!({})).created();
        let log = bench.get("/emulator/lunash/ntp/log").json();
        assert_eq!(
            log["lines"],
            json!([
                " 2 Jan 03:04:05 ntpd[2001]: synchronized to LOCAL(0), stratum 10",
                " 2 Jan 03:04:05 ntpd[2001]: kernel time sync status change 0001",
                " 2 Jan 03:04:05 ntpd[2001]: ntpd exiting on signal 15",
            ])
        );
        for _ in 0..80 {
            bench.post("/api/lunasa/services/ntp/actions/restart", json!({})).created();
        }
        let log = bench.get("/emulator/lunash/ntp/log").json();
        assert_eq!(log["lines"].as_array().unwrap().len(), super::LOG_LINES);
    }
}
