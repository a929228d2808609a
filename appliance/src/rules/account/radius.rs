//! RADIUS: `/emulator/lunash/radius`. Servers and the switch are kept, no secret is ever shown.
//!
//! Assumed for the emulator: it asks no server, so that the login of a RADIUS account is refused, with
//! the reason (`request::auth`).

use luna_rest::Nothing;
use luna_rest::radius::{
    ADD_SERVER, DELETE_SERVER, NO_SERVER, NewServer, PORT, Radius, SERVER_EXISTS, SHOW, SWITCH,
    Server, TIMEOUT,
};
use luna_rest::sysconf::Toggle;

use crate::core::checks::check_address;
use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, Routes};
use crate::state::users::RadiusServerRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, ADMIN, show);
    r.on(&SWITCH, ADMIN, switch);
    r.on(&ADD_SERVER, ADMIN, add);
    r.on(&DELETE_SERVER, ADMIN, delete);
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Radius>, Failure> {
    let users = &cx.state.users;
    let mut rows: Vec<_> = users.radius_servers.iter().collect();
    rows.sort_by_key(|(_, row)| row.order);
    let server = |(address, row): (&str, &RadiusServerRow)| Server {
        address: address.to_owned(),
        port: row.port,
        timeout: row.timeout,
    };
    let servers = rows.into_iter().map(server).collect();
    Ok(Reply::ok(Radius { is_enabled: *users.radius.get(), servers }))
}

fn switch(cx: &mut Context<'_>, _: &Ids<0>, body: Toggle) -> Result<Reply<Nothing>, Failure> {
    cx.state.users.radius.set(body.enabled);
    Ok(Reply::done())
}

/// The servers change only while RADIUS is on, as the pages of the commands say.
fn require_enabled(cx: &Context<'_>) -> Result<(), Failure> {
    if *cx.state.users.radius.get() {
        return Ok(());
    }
    Err(Failure::bad_request("RADIUS is disabled; enable it first."))
}

fn add(cx: &mut Context<'_>, _: &Ids<0>, body: NewServer) -> Result<Reply<Nothing>, Failure> {
    require_enabled(cx)?;
    check_address(&body.address)?;
    let (port, timeout) = (body.port.unwrap_or(PORT), body.timeout.unwrap_or(TIMEOUT));
    if !(1..=300).contains(&timeout) {
        return Err(Failure::bad_request("'timeout' is 1 to 300 seconds."));
    }
    let secret = body.secret;
    let printable = secret.expose().chars().all(|c| ('!'..='~').contains(&c));
    if !(1..=128).contains(&secret.expose().len()) || !printable {
        return Err(Failure::bad_request(
            "'secret' has 1 to 128 printable ASCII characters without blanks.",
        ));
    }
    let servers = &mut cx.state.users.radius_servers;
    if servers.contains(&body.address) {
        return Err(Failure::new(400, SERVER_EXISTS, "The RADIUS server exists already.")
            .details(format!("'{}' is a RADIUS server already.", body.address)));
    }
    let order = servers.values().map(|row| row.order + 1).max().unwrap_or_default();
    servers.insert(body.address, RadiusServerRow { order, port, timeout, secret });
    Ok(Reply::done())
}

fn delete(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    require_enabled(cx)?;
    let gone = cx.state.users.radius_servers.remove(&ids[0]);
    gone.map(|_| Reply::done()).ok_or_else(|| {
        Failure::new(404, NO_SERVER, "The RADIUS server does not exist.")
            .details(format!("'{}' is not a RADIUS server of this appliance.", ids[0]))
    })
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const RADIUS: &str = "/emulator/lunash/radius";

    #[test]
    fn servers_are_kept_in_order_and_their_secrets_never_show() {
        let mut bench = TestMachine::new();
        let servers = format!("{RADIUS}/servers");
        let first = json!({"address": "z.example.com", "secret": "shared-1"});
        let refused = bench.post(&servers, first.clone());
        assert_eq!(refused.error(), (400, "FRAMEWORK_BAD_REQUEST"), "RADIUS is disabled");
        assert_eq!(bench.put(RADIUS, json!({"enabled": true})).status, 204);
        assert_eq!(bench.post(&servers, first.clone()).status, 204);
        assert_eq!(bench.post(&servers, first).error(), (400, "RADIUS_SERVER_ALREADY_EXISTS"));
        let second =
            json!({"address": "10.1.1.1", "port": 1645, "timeout": 9, "secret": "shared-2"});
        assert_eq!(bench.post(&servers, second).status, 204);
        bench.restart();
        let shown = bench.get(RADIUS);
        assert!(!shown.text().contains("shared"), "{}", shown.text());
        assert!(!format!("{:?}", bench.machine.state.users).contains("shared-"));
        let expected = json!({"isEnabled": true, "servers": [
            {"address": "z.example.com", "port": 1812, "timeout": 3},
            {"address": "10.1.1.1", "port": 1645, "timeout": 9},
        ]});
        assert_eq!(shown.json(), expected);
        assert_eq!(bench.delete(&format!("{servers}/z.example.com")).status, 204);
        let again = bench.delete(&format!("{servers}/z.example.com"));
        assert_eq!(again.error(), (404, "RADIUS_SERVER_DOES_NOT_EXIST"));
    }

    #[test]
    fn what_is_no_server_is_refused_without_its_secret() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.put(RADIUS, json!({"enabled": true})).status, 204);
        for (field, value) in [
            ("address", json!("no host")),
            ("port", json!(65536)),
            ("timeout", json!(301)),
            ("secret", json!("")),
            ("secret", json!("with blank")),
            ("secret", json!("s".repeat(129))),
        ] {
            let mut body = json!({"address": "r.example.com", "secret": "shared-secret"});
            body[field] = value;
            let refused = bench.post(&format!("{RADIUS}/servers"), body);
            assert_eq!(refused.error(), (400, "FRAMEWORK_BAD_REQUEST"), "{field}");
            assert!(
                !refused.text().contains("shared-secret") && !refused.text().contains("with blank")
            );
        }
    }

    #[test]
    fn a_login_of_a_radius_account_is_refused_with_the_reason_and_locks_nothing() {
        let mut bench = TestMachine::new();
        bench.post("/emulator/lunash/users/radius", json!({"userId": "rad"})).created();
        let why = |bench: &mut TestMachine| {
            let refused = bench.login("rad", "Secret-99");
            assert_eq!(refused.status, 401);
            bench.local_login();
            refused.json()["details"].as_str().unwrap().to_owned()
        };
        assert!(why(&mut bench).contains("RADIUS is disabled"));
        assert_eq!(bench.put(RADIUS, json!({"enabled": true})).status, 204);
        assert!(why(&mut bench).contains("no RADIUS server"));
        let server = json!({"address": "r.example.com", "secret": "shared"});
        assert_eq!(bench.post(&format!("{RADIUS}/servers"), server).status, 204);
        (0..9).for_each(|_| assert!(why(&mut bench).contains("asks no RADIUS server")));
        assert_eq!(bench.get("/users/rad").json()["lockedOut"], false);
    }

    #[test]
    fn only_an_administrator_sees_the_servers() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "operator");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.get(RADIUS).error(), (401, "FRAMEWORK_NO_ACL_RULE"));
    }
}
