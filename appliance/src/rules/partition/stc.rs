//! The settings and clients of a partition's Secure Trusted Channel. There is no channel that would
//! follow them.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use luna_rest::Nothing;
use luna_rest::stc::{
    AGREE, ALGORITHMS, Agreement, Algorithms, CIPHERS, CLIENT, CLIENTS, Client, Clients,
    DEREGISTER, HMACS, IDENTITY, NewClient, Offer, PARTITION_IDENTITY, PartitionIdentity, REGISTER,
    SET, SET_ALGORITHMS, SHOW, Stc,
};
use luna_rest::tasks::Link;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use crate::core::checks::check_label;
use crate::core::message::{Failure, Reply};
use crate::core::random::hex;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::partition::access::{partition, place};
use crate::rules::partition::login::require_role;
use crate::state::partitions::{StcClientRow, StcRow};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, OPERATOR.linked(), show);
    r.on(&SET, OPERATOR.linked(), set);
    r.on(&CLIENTS, OPERATOR.linked(), clients);
    r.on(&REGISTER, OPERATOR.linked(), register);
    r.on(&CLIENT, OPERATOR.linked(), client);
    r.on(&DEREGISTER, OPERATOR.linked(), deregister);
    r.on(&ALGORITHMS, OPERATOR.linked(), algorithms);
    r.on(&SET_ALGORITHMS, OPERATOR.linked(), set_algorithms);
    r.on(&PARTITION_IDENTITY, OPERATOR.linked(), partition_identity);
    r.on(&AGREE, MONITOR.linked(), agree);
}

/// Goes on for the HSM SO, and for the Partition SO, whose channels these are.
fn require_owner(cx: &Context<'_>, serial: &str) -> Result<(), Failure> {
    match require_role(cx, serial, &["so"]) {
        Ok(()) => Ok(()),
        Err(_) => cx.require_so(),
    }
}

/// The content of a partition's `.pid` file. It is assumed: of its own format, made from the serial number.
pub(crate) fn identity_of(serial: &str) -> Vec<u8> {
    let digest = hex(digest(&SHA256, serial.as_bytes()).as_ref());
    format!("LunaStcPartitionIdentityPub {serial} {digest}\n").into_bytes()
}

fn fingerprint(identity: &[u8]) -> String {
    hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, identity).as_ref())
}

fn row_of(cx: &Context<'_>, serial: &str) -> StcRow {
    cx.state.partitions.stc.get(serial).cloned().unwrap_or_default()
}

fn show(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Stc>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    require_owner(cx, serial)?;
    let row = row_of(cx, serial);
    Ok(Reply::ok(Stc {
        activation_timeout: row.activation_timeout,
        rekey_threshold: row.rekey_threshold,
        replay_window: row.replay_window,
    }))
}

fn set(cx: &mut Context<'_>, ids: &Ids<2>, body: Stc) -> Result<Reply<Nothing>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    require_owner(cx, serial)?;
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
        ..row_of(cx, serial)
    };
    cx.state.partitions.stc.insert(serial, row);
    Ok(Reply::done())
}

fn clients(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Clients>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    require_owner(cx, serial)?;
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
    require_owner(cx, serial)?;
    let label = check_label("label", &body.label, 32)?.to_owned();
    let identity = STANDARD.decode(body.identity.trim()).unwrap_or_default();
    if !identity.starts_with(IDENTITY.as_bytes()) {
        return Err(Failure::bad_request("'identity' is no identity of a client in base64."));
    }
    let fingerprint = fingerprint(&identity);
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
    require_owner(cx, serial)?;
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

/// The numbers of a list that were not turned off.
fn left(all: &[(u32, &str)], off: &BTreeSet<u32>) -> Vec<u32> {
    all.iter().map(|(number, _)| *number).filter(|number| !off.contains(number)).collect()
}

/// The numbers of a list that are not among `on`.
fn off(field: &str, all: &[(u32, &str)], on: &[u32]) -> Result<BTreeSet<u32>, Failure> {
    let mut off: BTreeSet<u32> = all.iter().map(|(number, _)| *number).collect();
    match on.iter().find(|number| !off.remove(number)) {
        Some(number) => Err(Failure::bad_request(format!(
            "'{field}' takes numbers of its algorithms, each once; {number} is none of them."
        ))),
        None => Ok(off),
    }
}

fn algorithms(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<Algorithms>, Failure> {
    partition(cx, &ids[0])?;
    require_owner(cx, &ids[0])?;
    let row = row_of(cx, &ids[0]);
    let (ciphers, hmacs) = (left(CIPHERS, &row.no_ciphers), left(HMACS, &row.no_hmacs));
    Ok(Reply::ok(Algorithms { ciphers, hmacs }))
}

fn set_algorithms(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: Algorithms,
) -> Result<Reply<Nothing>, Failure> {
    partition(cx, &ids[0])?;
    require_owner(cx, &ids[0])?;
    if body.hmacs.is_empty() {
        return Err(Failure::bad_request("'hmacs' needs at least one algorithm."));
    }
    let row = StcRow {
        no_ciphers: off("ciphers", CIPHERS, &body.ciphers)?,
        no_hmacs: off("hmacs", HMACS, &body.hmacs)?,
        ..row_of(cx, &ids[0])
    };
    cx.state.partitions.stc.insert(&ids[0], row);
    Ok(Reply::done())
}

fn partition_identity(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<PartitionIdentity>, Failure> {
    partition(cx, &ids[0])?;
    require_owner(cx, &ids[0])?;
    let identity = identity_of(&ids[0]);
    let fingerprint = fingerprint(&identity);
    Ok(Reply::ok(PartitionIdentity { identity: STANDARD.encode(identity), fingerprint }))
}

/// Assumed: the two ends take the strongest of the algorithms that are on, and a client has all of them.
fn agree(cx: &mut Context<'_>, ids: &Ids<1>, body: Offer) -> Result<Reply<Agreement>, Failure> {
    partition(cx, &ids[0])?;
    let mut clients = cx.state.partitions.stc_clients_of(&ids[0]);
    let registered = clients.any(|(_, row)| row.fingerprint == body.fingerprint);
    if !registered {
        return Ok(Reply::ok(Agreement::default()));
    }
    let row = row_of(cx, &ids[0]);
    let strongest = |all, off| left(all, off).last().copied();
    Ok(Reply::ok(Agreement {
        registered,
        cipher: strongest(CIPHERS, &row.no_ciphers),
        hmac: strongest(HMACS, &row.no_hmacs).unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests {
    use crate::rules::partition::lifecycle::tests::{SO, bench, create, initialized};
    use serde_json::json;

    #[test]
    fn the_partition_so_sets_the_algorithms_and_a_registered_client_gets_the_strongest() {
        use base64::Engine;
        let mut bench = bench();
        let path = initialized(&mut bench, 0);
        bench.restart();
        let serial = path.rsplit('/').next().unwrap();
        let below = |name: &str| format!("/emulator/partitions/{serial}/stc/{name}");
        let (algorithms, agreement) = (below("algorithms"), below("agreement"));
        assert_eq!(bench.get(&algorithms).error().0, 400);
        assert_eq!(bench.get(&below("identity")).error().0, 400);
        let login = json!({"role": "so", "password": SO, "ped": "0"});
        bench.post(&format!("{path}/login"), login).created();
        assert_eq!(bench.get(&algorithms).json(), json!({"ciphers": [1, 2, 3], "hmacs": [0, 1]}));
        for refused in [
            json!({"ciphers": [1], "hmacs": []}),
            json!({"ciphers": [4], "hmacs": [0]}),
            json!({"ciphers": [1, 1], "hmacs": [0]}),
        ] {
            assert_eq!(bench.put(&algorithms, refused.clone()).error().0, 400, "{refused}");
        }
        let set = json!({"ciphers": [1, 2], "hmacs": [0]});
        assert_eq!(bench.put(&algorithms, set.clone()).status, 204);
        assert_eq!(bench.get(&algorithms).json(), set);
        // Numbers and algorithms do not overwrite each other.
        let times = json!({"activationTimeout": 60, "rekeyThreshold": 0, "replayWindow": 1000});
        assert_eq!(bench.put(&format!("{path}/stc"), times.clone()).status, 204);
        assert_eq!(bench.get(&algorithms).json(), set);
        assert_eq!(bench.get(&format!("{path}/stc")).json(), times);

        let identity = "SafeNetStcClientIdentityPub a";
        let identity = base64::engine::general_purpose::STANDARD.encode(identity);
        let client = json!({"identity": identity, "label": "a"});
        let registered = bench.post(&format!("{path}/stc/clients"), client).created();
        let fingerprint = bench.get(&registered).json()["fingerprint"].clone();
        let agreed = bench.post(&agreement, json!({"fingerprint": fingerprint})).json();
        assert_eq!(agreed, json!({"registered": true, "cipher": 2, "hmac": 0}));
        let other = bench.post(&agreement, json!({"fingerprint": "b"})).json();
        assert_eq!(other["registered"], false);
        let off = json!({"ciphers": [], "hmacs": [1]});
        assert_eq!(bench.put(&algorithms, off).status, 204);
        let agreed = bench.post(&agreement, json!({"fingerprint": fingerprint})).json();
        assert_eq!(agreed, json!({"registered": true, "cipher": null, "hmac": 1}));
        let shown = bench.get(&below("identity")).json();
        assert_eq!(shown["fingerprint"].as_str().unwrap().len(), 40);
    }

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
