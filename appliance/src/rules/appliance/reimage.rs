//! Re-imaging: the appliance goes back to its baseline, as the vendor's page of it says: the file
//! system is formatted, the HSM zeroized, software and firmware are those of the baseline.
//!
//! Assumed for the emulator: its baseline is its own factory state. What stays is what is no part of
//! that file system: the HSM's serial number and its licenses, attached Backup HSMs, the clock.

use luna_rest::Nothing;
use luna_rest::sysconf::REIMAGE;

use crate::core::message::{Failure, Reply};
use crate::core::random::Random;
use crate::core::table::Rows;
use crate::request::context::Context;
use crate::request::peers::Peers;
use crate::request::route::{ADMIN, Ids, Routes};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&REIMAGE, ADMIN, reimage);
}

/// Fields that stay as they are.
const KEPT: [&str; 3] = ["emulator/clock", "hsm/upgrades", "tokens"];

fn reimage(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    // Without an SO nobody could log in, and there is nothing to lose.
    if cx.state.hsm.hsm.get().initialized {
        cx.require_so()?;
    }
    let mut kept: Vec<(&str, Rows)> = Vec::new();
    let mut done = Ok(());
    cx.state.fields(&mut |name, field| {
        if KEPT.contains(&name) {
            match field.rows() {
                Ok(rows) => kept.push((name, rows)),
                Err(error) => done = Err(error),
            }
        }
    });
    let serial = cx.state.hsm.hsm.get().serial;
    let random = Random::from_seed(cx.random().block());
    let audited = cx.state.audit.chain.get().clone();
    cx.state.factory(&cx.options.hostname, cx.now, random);
    cx.state.fields(&mut |name, field| {
        let rows = kept.iter().find(|(kept, _)| *kept == name);
        if let (Some((_, rows)), true) = (rows, done.is_ok()) {
            done = field.replace(rows);
        }
    });
    done.map_err(|error| Failure::internal(error.to_string()))?;
    cx.state.hsm.hsm.get_mut().serial = serial;
    cx.state.audit.begin_anew(&audited);
    cx.sessions.reset();
    cx.tasks.clear();
    *cx.peers = Peers::default();
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::rules::sysconf::tests::so;
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const REIMAGE: &str = "/emulator/lunash/reimage";

    #[test]
    fn all_but_the_hardware_goes_back_to_the_factory() {
        let mut bench = TestMachine::new();
        let fresh = bench.machine.state.lunasa.settings.get().clone();
        let hsms = bench.get("/api/lunasa/hsms").json();
        bench.advance(3600);
        bench.local_login();
        bench.user("jane", "Abcdef12", "monitor");
        bench.upload("/users/admin/files", "a.txt", b"text");
        let user = json!({
            "securityName": "myUser", "authenticationPassword": "auth-secret1",
            "privacyPassword": "priv-secret1",
        });
        bench.post("/api/lunasa/snmp/users", user).created();
        bench.machine.state.lunasa.settings.get_mut().version = "7.9.0-42".to_owned();
        bench.machine.state.tokens.tokens.insert("496771", Default::default());
        bench.machine.state.hsm.upgrades.insert("621000099-000", "partitions".to_owned());
        bench.machine.state.hsm.hsm.get_mut().label = "myhsm".to_owned();
        bench.machine.keep();
        assert_eq!(bench.post(REIMAGE, json!({})).status, 204);
        assert_eq!(bench.get("/users").error(), (401, "FRAMEWORK_NO_SESSION_COOKIE"));
        bench.local_login();
        assert_eq!(bench.get("/users/jane").status, 404);
        let files = bench.get("/users/admin/files");
        assert!(!files.text().contains("a.txt"), "{}", files.text());
        assert_eq!(bench.get("/api/lunasa/snmp/users").json()["users"], json!([]));
        assert_eq!(bench.get("/api/lunasa/hsms").json(), hsms, "the same card");
        let state = &bench.machine.state;
        assert_eq!(*state.lunasa.settings.get(), fresh);
        assert!(
            state.tokens.tokens.contains("496771") && state.hsm.upgrades.contains("621000099-000")
        );
        assert_eq!(state.hsm.hsm.get().label, "");
        assert_eq!(bench.get("/emulator/clock").json()["now"], "2025-01-02T04:04:05Z");
        bench.restart();
        assert_eq!(bench.get("/users/jane").status, 404, "the store forgot her too");
    }

    #[test]
    fn an_so_has_to_be_logged_in_where_there_is_one() {
        let mut bench = TestMachine::new();
        bench.machine.state.hsm.hsm.get_mut().initialized = true;
        bench.machine.keep();
        assert_eq!(bench.post(REIMAGE, json!({})).error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        so(&mut bench);
        assert_eq!(bench.post(REIMAGE, json!({})).status, 204);
    }
}
