//! The settings of a partition's Secure Trusted Channel. There is no channel that would follow them.

use luna_rest::Nothing;
use luna_rest::stc::{SET, SHOW, Stc};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{Ids, OPERATOR, Routes};
use crate::rules::partition::access::place;
use crate::state::partitions::StcRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, OPERATOR, show);
    r.on(&SET, OPERATOR, set);
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
