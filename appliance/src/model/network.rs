//! The network: `/api/lunasa/network`.
//!
//! The host name itself is kept with the appliance as a whole (`lunasa.rs`).

use luna_rest::Nothing;
use luna_rest::network::{CHANGE, Network as Shown, NewHostname, SHOW};

use super::context::Context;
use super::is_name;
use super::message::{Failure, Reply};
use super::route::{EVERYONE, Ids, OPERATOR, Routes};
use super::state::{Area, Visit};

/// What is kept of this area.
#[derive(Debug, Default)]
pub struct Network {}

impl Area for Network {
    fn fields(&mut self, _visit: Visit<'_>) {}
}

pub(super) fn routes(r: &mut Routes) {
    r.on(&SHOW, EVERYONE, show);
    r.on(&CHANGE, OPERATOR, change);
}

fn show(cx: &mut Context<'_>, _: &Ids, _: Nothing) -> Result<Reply<Shown>, Failure> {
    Ok(Reply::ok(Shown {
        hostname: cx.state.lunasa.settings.get().hostname.clone(),
        devices: format!("{}/devices", SHOW.template),
    }))
}

fn change(cx: &mut Context<'_>, _: &Ids, body: NewHostname) -> Result<Reply<Nothing>, Failure> {
    if let Some(hostname) = body.hostname {
        let last = hostname.len().saturating_sub(1);
        let fits = |place: usize, c: char| {
            c.is_ascii_alphanumeric() || (matches!(c, '.' | '-') && place != 0 && place != last)
        };
        if !is_name(&hostname, 64, fits) {
            return Err(Failure::bad_request(
                "'hostname' has 1 to 64 letters, digits, dots and dashes, and begins and ends with \
                 a letter or a digit.",
            ));
        }
        cx.state.lunasa.settings.get_mut().hostname = hostname;
    }
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::json;

    #[test]
    fn the_host_name_changes_and_stays() {
        let mut bench = Bench::new();
        assert_eq!(bench.call(&SHOW, &[], &Nothing {}).hostname, "local_host");
        assert_eq!(
            bench.patch(CHANGE.template, json!({"hostname": "sa7-1.example.org"})).status,
            204
        );
        assert_eq!(bench.patch(CHANGE.template, json!({})).status, 204);
        bench.restart();
        assert_eq!(bench.call(&SHOW, &[], &Nothing {}).hostname, "sa7-1.example.org");
    }

    #[test]
    fn a_host_name_has_the_form_of_the_reference() {
        let mut bench = Bench::new();
        let long = "x".repeat(65);
        for name in ["", "-x", "x.", "a_b", "a b", &long] {
            let answer = bench.patch(CHANGE.template, json!({"hostname": name}));
            assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"), "{name}");
        }
        let longest = "x".repeat(64);
        for name in ["x", "a-b", "7", &longest] {
            assert_eq!(
                bench.patch(CHANGE.template, json!({"hostname": name})).status,
                204,
                "{name}"
            );
        }
    }

    #[test]
    fn monitor_looks_and_never_touches() {
        let mut bench = Bench::new();
        bench.user("mo", "Abcdef12", "monitor");
        bench.login("mo", "Abcdef12");
        assert_eq!(bench.get(SHOW.template).status, 200);
        assert_eq!(bench.patch(CHANGE.template, json!({"hostname": "x"})).status, 401);
    }
}
