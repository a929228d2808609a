//! Classes of traffic, and the measurement of what clients use: kept and shown. No packet is ever sent,
//! so that every client uses nothing.

use std::collections::BTreeMap;

use luna_rest::Nothing;
use luna_rest::network::{
    Bandwidth, CLASS, CLASSES, Class, Classes, DELETE_CLASS, DISABLE, ENABLE, MEASURE, MEASUREMENT,
    MEASUREMENT_ACTIONS, MEASUREMENT_STATS, MeasureAction, Measurement, MeasurementStats, NewClass,
    SET_CLASS,
};
use luna_rest::tasks::{Actions, Link};

use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::network::devices::{invalid_value, known};
use crate::state::network::ClassRow;

/// Most bandwidth of a class, in kbit a second.
const MOST: u32 = 1_000_000;
/// Most seconds that are measured at once.
const LONGEST: u32 = 99_999;
/// Names that no class can have; the first is of what belongs to none.
const RESERVED: [&str; 2] = ["default", "class"];

pub(crate) fn routes(r: &mut Routes) {
    r.on(&CLASSES, MONITOR, classes);
    r.on(&CLASS, MONITOR, class);
    r.on(&SET_CLASS, OPERATOR, set_class);
    r.on(&DELETE_CLASS, OPERATOR, delete_class);
    r.on(&MEASUREMENT, MONITOR, measurement);
    r.on(&MEASUREMENT_ACTIONS, MONITOR, actions);
    r.on(&MEASURE, OPERATOR, measure);
    r.on(&MEASUREMENT_STATS, MONITOR, stats);
}

fn key(device: &str, class: &str) -> String {
    format!("{device} {class}")
}

fn classes(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Classes>, Failure> {
    let device = known(&ids[0])?;
    let keys = cx.state.network.classes.keys().filter_map(|key| key.split_once(' '));
    let own = keys.filter(|(of, _)| *of == device).map(|(_, class)| class);
    let parent = CLASSES.path(&[device]);
    Ok(Reply::ok(Classes { classes: own.map(|class| Link::below(&parent, class)).collect() }))
}

fn no_class(device: &str, class: &str) -> Failure {
    Failure::no_resource(format!("{device} has no class '{class}'."))
}

fn class(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Class>, Failure> {
    let (device, id) = (known(&ids[0])?, &ids[1]);
    let row = cx.state.network.classes.get(&key(device, id)).ok_or_else(|| no_class(device, id))?;
    let (min_bandwidth, max_bandwidth) = (row.min, row.max);
    Ok(Reply::ok(Class { id: id.to_owned(), min_bandwidth, max_bandwidth }))
}

fn set_class(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: NewClass,
) -> Result<Reply<Nothing>, Failure> {
    let (device, id) = (known(&ids[0])?, &ids[1]);
    if !is_name(id, 32, |_, c| c.is_ascii_alphanumeric() || ":=@_".contains(c)) {
        return Err(Failure::bad_request("A class has 1 to 32 letters, digits and :=@_ ."));
    }
    let row =
        ClassRow { min: body.min_bandwidth, max: body.max_bandwidth.unwrap_or(body.min_bandwidth) };
    for (field, value) in [("minBandwidth", row.min), ("maxBandwidth", row.max)] {
        if !(1..=MOST).contains(&value) {
            return Err(Failure::bad_request(format!("'{field}' is 1 to {MOST} kbit.")));
        }
    }
    if RESERVED.contains(&id.as_str()) {
        return Err(invalid_value(format!("No class can be named '{id}'.")));
    }
    if row.min > row.max {
        return Err(invalid_value("'minBandwidth' is above 'maxBandwidth'.".to_owned()));
    }
    let classes = &mut cx.state.network.classes;
    let is_new = !classes.contains(&key(device, id));
    classes.insert(key(device, id), row);
    Ok(if is_new { Reply::created(CLASS.path(&[device, id])) } else { Reply::done() })
}

fn delete_class(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let (device, id) = (known(&ids[0])?, &ids[1]);
    let removed = cx.state.network.classes.remove(&key(device, id));
    removed.map(|_| Reply::done()).ok_or_else(|| no_class(device, id))
}

fn measurement(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Measurement>, Failure> {
    let interval = *cx.state.network.measurement.get();
    let actions = MEASUREMENT_ACTIONS.template().to_owned();
    Ok(Reply::ok(Measurement { actions, enabled: interval != 0, interval }))
}

fn actions(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    let link = |id| Link::below(MEASUREMENT_ACTIONS.template(), id);
    Ok(Reply::ok(Actions { actions: [ENABLE, DISABLE].map(link).to_vec() }))
}

fn measure(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: MeasureAction,
) -> Result<Reply<Nothing>, Failure> {
    let interval = match (ids[0].as_str(), body.interval) {
        (DISABLE, _) => 0,
        (ENABLE, Some(interval)) if (1..=LONGEST).contains(&interval) => interval,
        (ENABLE, Some(_)) => {
            return Err(Failure::bad_request(format!("'interval' is 1 to {LONGEST} seconds.")));
        }
        (ENABLE, None) => {
            let id = "APPLIANCE_MEASUREMENT_INTERVAL_REQUIRED";
            return Err(Failure::new(400, id, "The interval is required.")
                .details("'interval' says how many seconds lie between two measurements."));
        }
        (other, _) => {
            let id = "APPLIANCE_ACTION_DOES_NOT_EXIST";
            return Err(Failure::new(404, id, "The action does not exist.")
                .details(format!("There is no action '{other}'.")));
        }
    };
    cx.state.network.measurement.set(interval);
    Ok(Reply::done())
}

/// What each registered client with an address used within so many seconds.
fn stats(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<MeasurementStats>, Failure> {
    known(&ids[0])?;
    let Some(duration) = cx.query("duration") else {
        let id = "APPLIANCE_MEASUREMENT_DURATION_REQUIRED";
        return Err(Failure::new(400, id, "The duration is required.")
            .details("Ask with ?duration=SECONDS."));
    };
    if !duration.parse().is_ok_and(|seconds: u32| (1..=LONGEST).contains(&seconds)) {
        return Err(Failure::bad_request(format!("'duration' is 1 to {LONGEST} seconds.")));
    }
    if *cx.state.network.measurement.get() == 0 {
        let id = "APPLIANCE_FAILED_TO_GET_MEASUREMENT_STATS";
        return Err(Failure::new(400, id, "There are no measurements.")
            .details("Turn them on with POST /api/lunasa/network/measurement/actions/enable."));
    }
    let nothing = || "0.00".to_owned();
    let idle = || Bandwidth {
        avg: nothing(),
        class_id: RESERVED[0].to_owned(),
        max: nothing(),
        min: nothing(),
    };
    let clients = cx.state.ntls.clients.values().filter_map(|client| client.ip);
    let used = |ip: std::net::IpAddr| BTreeMap::from([(ip.to_string(), idle())]);
    Ok(Reply::ok(MeasurementStats { client_statistics: clients.map(used).collect() }))
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const CLASS: &str = "/api/lunasa/network/devices/eth0/classes/gold";
    const MEASUREMENT: &str = "/api/lunasa/network/measurement";
    const STATS: &str = "/api/lunasa/network/devices/eth0/measurementStats";

    #[test]
    fn a_class_is_made_changed_and_removed() {
        let mut bench = TestMachine::new();
        let body = json!({"minBandwidth": 120, "maxBandwidth": 2024});
        assert_eq!(bench.put(CLASS, body).created(), CLASS);
        let changed = bench.put(CLASS, json!({"minBandwidth": 200}));
        assert_eq!(changed.status, 204);
        bench.restart();
        let shown = json!({"id": "gold", "minBandwidth": 200, "maxBandwidth": 200});
        assert_eq!(bench.get(CLASS).json(), shown);
        let list = |bench: &mut TestMachine, device: &str| {
            bench.get(&format!("/api/lunasa/network/devices/{device}/classes")).json()["classes"]
                .clone()
        };
        assert_eq!(list(&mut bench, "eth0"), json!([{"id": "gold", "url": CLASS}]));
        assert_eq!(list(&mut bench, "eth1"), json!([]));
        assert_eq!(bench.delete(CLASS).status, 204);
        assert_eq!(bench.delete(CLASS).status, 404);
        assert_eq!(bench.get(CLASS).status, 404);
    }

    #[test]
    fn a_class_that_cannot_be_is_refused() {
        let mut bench = TestMachine::new();
        let fine = json!({"minBandwidth": 120});
        for (path, body, id) in [
            (CLASS, json!({"minBandwidth": 0}), "FRAMEWORK_BAD_REQUEST"),
            (CLASS, json!({"minBandwidth": 1_000_001}), "FRAMEWORK_BAD_REQUEST"),
            (CLASS, json!({"maxBandwidth": 1}), "FRAMEWORK_BAD_REQUEST"),
            (
                CLASS,
                json!({"minBandwidth": 2, "maxBandwidth": 1}),
                "APPLIANCE_INVALID_VALUE_SPECIFIED",
            ),
            (
                "/api/lunasa/network/devices/eth0/classes/default",
                fine.clone(),
                "APPLIANCE_INVALID_VALUE_SPECIFIED",
            ),
            ("/api/lunasa/network/devices/eth0/classes/a-b", fine.clone(), "FRAMEWORK_BAD_REQUEST"),
            (
                "/api/lunasa/network/devices/eth9/classes/gold",
                fine.clone(),
                "APPLIANCE_INTERFACE_DOES_NOT_EXIST",
            ),
        ] {
            assert_eq!(bench.put(path, body.clone()).error().1, id, "{path} {body}");
        }
        assert!(bench.machine.state.network.classes.is_empty());
        bench.user("jane", "Abcdef12", "monitor");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.put(CLASS, fine).error(), (401, "FRAMEWORK_NO_ACL_RULE"));
    }

    #[test]
    fn clients_are_measured_while_the_measurement_is_on() {
        let mut bench = TestMachine::new();
        let pem = crate::rules::ntls::certificates::tests::pem("192.0.2.20");
        let client = json!({"clientName": "app1", "ip": "192.0.2.20", "certificate": pem});
        bench.post("/api/lunasa/ntls/clients", client);
        let asked = format!("{STATS}?duration=60");
        let off = (400, "APPLIANCE_FAILED_TO_GET_MEASUREMENT_STATS");
        assert_eq!(bench.get(&asked).error(), off);
        let action = |bench: &mut TestMachine, id: &str, body| {
            bench.post(&format!("{MEASUREMENT}/actions/{id}"), body)
        };
        let needed = action(&mut bench, "enable", json!({})).error();
        assert_eq!(needed, (400, "APPLIANCE_MEASUREMENT_INTERVAL_REQUIRED"));
        assert_eq!(action(&mut bench, "enable", json!({"interval": 100_000})).error().0, 400);
        let unknown = action(&mut bench, "pause", json!({})).error();
        assert_eq!(unknown, (404, "APPLIANCE_ACTION_DOES_NOT_EXIST"));
        assert_eq!(action(&mut bench, "enable", json!({"interval": 99})).status, 204);
        bench.restart();
        let shown = bench.get(MEASUREMENT).json();
        assert_eq!((&shown["enabled"], &shown["interval"]), (&json!(true), &json!(99)));
        let idle = json!({"avg": "0.00", "classId": "default", "max": "0.00", "min": "0.00"});
        assert_eq!(bench.get(&asked).json(), json!({"clientStatistics": [{"192.0.2.20": idle}]}));
        assert_eq!(bench.get(STATS).error(), (400, "APPLIANCE_MEASUREMENT_DURATION_REQUIRED"));
        assert_eq!(bench.get(&format!("{STATS}?duration=0")).error().0, 400);
        assert_eq!(action(&mut bench, "disable", json!({})).status, 204);
        assert_eq!(bench.get(MEASUREMENT).json()["enabled"], false);
        assert_eq!(bench.get(&asked).error(), off);
    }
}
