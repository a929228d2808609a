//! The settings and clients of a partition's Secure Trusted Channel. There is no channel that would
//! follow them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use luna_rest::Nothing;
use luna_rest::stc::{
    CLIENT, CLIENTS, Client, Clients, DEREGISTER, IDENTITY, NewClient, REGISTER, SET, SHOW, Stc,
};
use luna_rest::tasks::Link;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::core::checks::check_label;
use crate::core::message::{Failure, Reply};
use crate::core::random::hex;
use crate::request::context::Context;
use crate::request::route::{Ids, OPERATOR, Routes};
use crate::rules::partition::access::place;
use crate::state::partitions::{StcClientRow, StcRow};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, OPERATOR, show);
    r.on(&SET, OPERATOR, set);
    r.on(&CLIENTS, OPERATOR, clients);
    r.on(&REGISTER, OPERATOR, register);
    r.on(&CLIENT, OPERATOR, client);
    r.on(&DEREGISTER, OPERATOR, deregister);
}

fn show(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Stc>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    cx.require_so()?;
    let row = cx.state.partitions.stc.get(serial).cloned().unwrap_or_default();
    Ok(Reply::ok(Stc {
        activation_timeout: row.activation_timeout,
        rekey_threshold: row.rekey_threshold,
        replay_window: row.replay_window,
    }))
}

fn set(cx: &mut Context<'_>, ids: &Ids<2>, body: Stc) -> Result<Reply<Nothing>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    cx.require_so()?;
    for (field, value, (low, high)) in [
        ("activationTimeout", body.activation_timeout, (1, 240)),
        ("rekeyThreshold", body.rekey_threshold, (0, 4000)),
        ("replayWindow", body.replay_window, (100, 1000)),
    ] {
        if !(low..=high).contains(&value) {
            return Err(Failure::bad_request(format!("'{field}' must be {low} to {high}.")));
        }
    }
    let row = StcRow {
        activation_timeout: body.activation_timeout,
        rekey_threshold: body.rekey_threshold,
        replay_window: body.replay_window,
    };
    cx.state.partitions.stc.insert(serial, row);
    Ok(Reply::done())
}

fn clients(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Clients>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    cx.require_so()?;
    let parent = CLIENTS.path(&[&ids[0], serial]);
    let numbers = cx.state.partitions.stc_clients_of(serial).map(|(number, _)| number.to_string());
    Ok(Reply::ok(Clients { clients: numbers.map(|id| Link::below(&parent, &id)).collect() }))
}

/// Assumed: one identity is registered once, and clients are numbered from 1.
fn register(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: NewClient,
) -> Result<Reply<Nothing>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    cx.require_so()?;
    let label = check_label("label", &body.label, 32)?.to_owned();
    let identity = STANDARD.decode(body.identity.trim()).unwrap_or_default();
    if !identity.starts_with(IDENTITY.as_bytes()) {
        return Err(Failure::bad_request("'identity' is no identity of a client in base64."));
    }
    let fingerprint = hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, &identity).as_ref());
    let mut last = 0;
    for (number, row) in cx.state.partitions.stc_clients_of(serial) {
        if row.label == label || row.fingerprint == fingerprint {
            return Err(Failure::bad_request(format!(
                "The partition's client {number}, '{}', has this label or identity.",
                row.label
            )));
        }
        last = last.max(number);
    }
    let number = last.saturating_add(1);
    let row = StcClientRow { label, fingerprint };
    cx.state.partitions.stc_clients.insert(client_key(serial, number), row);
    Ok(Reply::created(CLIENT.path(&[&ids[0], serial, &number.to_string()])))
}

fn client_key(serial: &str, number: u32) -> String {
    format!("{serial}/{number:010}")
}

/// The key of the client that a path names.
fn find(cx: &Context<'_>, ids: &Ids<3>) -> Result<String, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    cx.require_so()?;
    let key = ids[2].parse().map(|number| client_key(serial, number)).unwrap_or_default();
    if cx.state.partitions.stc_clients.contains(&key) {
        return Ok(key);
    }
    Err(Failure::no_resource(format!("The partition has no client {}.", ids[2])))
}

fn client(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Client>, Failure> {
    let key = find(cx, ids)?;
    let row = cx.state.partitions.stc_clients.get(&key).cloned().unwrap_or_default();
    Ok(Reply::ok(Client { fingerprint: row.fingerprint, label: row.label }))
}

fn deregister(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let key = find(cx, ids)?;
    cx.state.partitions.stc_clients.remove(&key);
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::rules::partition::lifecycle::tests::{bench, create};
    use serde_json::json;

    #[test]
    fn settings_are_the_sos_and_go_with_their_partition() {
        let mut bench = bench();
        let path = create(&mut bench, json!({"name": "app"})).created();
        let stc = format!("{path}/stc");
        let factory = json!({"activationTimeout": 120, "rekeyThreshold": 400, "replayWindow": 120});
        assert_eq!(bench.get(&stc).json(), factory);
        let set = json!({"activationTimeout": 60, "rekeyThreshold": 0, "replayWindow": 1000});
        assert_eq!(bench.put(&stc, set.clone()).status, 204);
        bench.restart();
        let no_so = (400, "APPLIANCE_REQUIRE_SO_LOGIN");
        assert_eq!(bench.get(&stc).error(), no_so);
        assert_eq!(bench.put(&stc, set.clone()).error(), no_so);
        crate::rules::partition::lifecycle::tests::so_login(&mut bench);
        assert_eq!(bench.get(&stc).json(), set);
        assert_eq!(bench.delete(&path).status, 204);
        assert_eq!(bench.get(&stc).status, 404);
        assert!(bench.machine.state.partitions.stc.is_empty());
    }

    #[test]
    fn clients_are_registered_shown_and_removed_with_their_partition() {
        use base64::Engine;
        let mut bench = bench();
        let path = create(&mut bench, json!({"name": "app"})).created();
        let clients = format!("{path}/stc/clients");
        let identity = |name: &str| {
            let bytes = format!("SafeNetStcClientIdentityPub {name}");
            base64::engine::general_purpose::STANDARD.encode(bytes)
        };
        let new = |label: &str, name: &str| json!({"identity": identity(name), "label": label});
        let first = format!("{clients}/1");
        assert_eq!(bench.post(&clients, new("client1", "a")).created(), first);
        assert_eq!(bench.post(&clients, new("client2", "b")).created(), format!("{clients}/2"));
        for refused in [
            new("client1", "c"),
            new("client3", "a"),
            json!({"identity": "AAAA", "label": "client3"}),
            json!({"identity": "%", "label": "client3"}),
            new("", "c"),
        ] {
            assert_eq!(bench.post(&clients, refused.clone()).error().0, 400, "{refused}");
        }
        let shown = bench.get(&first).json();
        assert_eq!(shown["label"], "client1");
        assert_eq!(shown["fingerprint"].as_str().unwrap().len(), 40);
        assert_eq!(bench.delete(&first).status, 204);
        assert_eq!(bench.get(&first).status, 404);
        let left = json!([{"id": "2", "url": format!("{clients}/2")}]);
        assert_eq!(bench.get(&clients).json()["clients"], left);
        bench.restart();
        assert_eq!(bench.get(&clients).error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        assert_eq!(bench.delete(&first).error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        crate::rules::partition::lifecycle::tests::so_login(&mut bench);
        assert_eq!(bench.delete(&path).status, 204);
        assert!(bench.machine.state.partitions.stc_clients.is_empty());
    }

    #[test]
    fn values_out_of_range_change_nothing() {
        let mut bench = bench();
        let path = create(&mut bench, json!({"name": "app"})).created();
        let stc = format!("{path}/stc");
        for (field, value) in [
            ("activationTimeout", 0),
            ("activationTimeout", 241),
            ("rekeyThreshold", 4001),
            ("replayWindow", 99),
            ("replayWindow", 1001),
        ] {
            let mut body =
                json!({"activationTimeout": 60, "rekeyThreshold": 500, "replayWindow": 100});
            body[field] = json!(value);
            let refused = bench.put(&stc, body).error().0;
            assert_eq!(refused, 400, "{field} {value}");
        }
        assert_eq!(bench.get(&stc).json()["rekeyThreshold"], 400);
    }
}
