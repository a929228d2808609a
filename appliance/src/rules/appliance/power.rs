//! Restart, power, and who may change the appliance: `/api/lunasa/actions`, forceSoLogin.
//!
//! The emulated appliance cannot stay off, since there is no button to press: switched off, it
//! comes up again at once. Assumed: regenerating the certificate is the `ntls` area's.

use luna_rest::Nothing;
use luna_rest::sysconf::{
    ACTIONS, HARD_REBOOT, LICENSE_FINGERPRINT, LicenseFingerprint, POWER_OFF, REBOOT,
    REBOOT_ON_PANIC, SET_FORCE_SO_LOGIN, SET_REBOOT_ON_PANIC, Toggle,
};
use luna_rest::tasks::{Actions, Link};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{ADMIN, EVERYONE, Ids, OPERATOR, Routes};
use crate::rules::cluster::service::service_changed;
use crate::rules::sysconf::ntp::{is_enabled, service_changes};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&ACTIONS, EVERYONE, actions);
    r.on(&REBOOT, OPERATOR, reboot);
    r.on(&POWER_OFF, OPERATOR, reboot);
    r.on(&HARD_REBOOT, OPERATOR, hard_reboot);
    r.on(&REBOOT_ON_PANIC, EVERYONE, reboot_on_panic);
    r.on(&SET_REBOOT_ON_PANIC, OPERATOR, set_reboot_on_panic);
    r.on(&SET_FORCE_SO_LOGIN, ADMIN, set_force_so_login);
    r.on(&LICENSE_FINGERPRINT, EVERYONE, license_fingerprint);
}

fn actions(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    let link = |id: &&str| Link::below(ACTIONS.template(), id);
    let actions = ["reboot", "powerOff", "regenerateCertificate"].iter().map(link).collect();
    Ok(Reply::ok(Actions { actions }))
}

fn reboot(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    Ok(cx.waiting_task(|cx| {
        restart(cx);
        Ok(Reply::<Nothing>::done())
    }))
}

fn hard_reboot(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    restart(cx);
    Ok(Reply::done())
}

/// Sessions end, with all HSM and partition logins; services run that start with the appliance, and
/// an update of its software takes effect.
fn restart(cx: &mut Context<'_>) {
    cx.sessions.clear();
    let running = is_enabled(cx);
    service_changes(cx, running);
    let clustered = cx.state.services.is_running("cluster");
    cx.state.services.reboot();
    cx.state.sysconf.web_server_started();
    if cx.state.services.is_running("ntls") {
        cx.state.ntls.service_started();
    }
    if clustered {
        let running = cx.state.services.is_running("cluster");
        service_changed(cx, running);
    }
    crate::rules::appliance::packages::reboot(cx.state);
    cx.state.status.reboot(cx.now);
}

fn reboot_on_panic(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Toggle>, Failure> {
    Ok(Reply::ok(Toggle { enabled: cx.state.sysconf.system.get().reboot_on_panic }))
}

fn set_reboot_on_panic(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: Toggle,
) -> Result<Reply<Nothing>, Failure> {
    cx.state.sysconf.system.get_mut().reboot_on_panic = body.enabled;
    Ok(Reply::done())
}

fn set_force_so_login(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: Toggle,
) -> Result<Reply<Nothing>, Failure> {
    if !cx.state.hsm.hsm.get().initialized {
        return Err(Failure::new(
            400,
            luna_rest::sysconf::HSM_NOT_INITIALIZED,
            "The HSM is not initialized.",
        ));
    }
    cx.require_so()?;
    cx.state.lunasa.settings.get_mut().force_so_login = body.enabled;
    Ok(Reply::done())
}

/// Assumed: a digest of the serial number, in groups of four.
fn license_fingerprint(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<LicenseFingerprint>, Failure> {
    let serial = format!("license {}", cx.state.hsm.hsm.get().serial);
    let digest = ring::digest::digest(&ring::digest::SHA256, serial.as_bytes());
    let groups: Vec<String> = digest
        .as_ref()
        .chunks(2)
        .take(8)
        .map(|pair| pair.iter().map(|byte| format!("{byte:02X}")).collect())
        .collect();
    Ok(Reply::ok(LicenseFingerprint { fingerprint: groups.join("-") }))
}

#[cfg(test)]
mod tests {
    use crate::rules::sysconf::tests::so;
    use crate::test_machine::TestMachine;
    use serde_json::json;

    #[test]
    fn a_reboot_waits_and_then_ends_everything() {
        let mut bench = TestMachine::new();
        for action in ["reboot", "powerOff"] {
            let task = bench.post(&format!("/api/lunasa/actions/{action}"), json!({})).created();
            assert_eq!(bench.get(&task).json()["state"], "Waiting");
            assert_eq!(bench.get("/api/lunasa").status, 200, "nothing has happened yet");
            so(&mut bench);
            assert_eq!(bench.post(&format!("{task}/actions/start"), json!({})).status, 204);
            let ended = bench.get("/api/lunasa").error();
            assert_eq!(ended, (401, "FRAMEWORK_NO_SESSION_COOKIE"));
            bench.local_login();
            assert!(!bench.session("admin").is_so());
        }
        assert_eq!(bench.post("/emulator/lunash/hardReboot", json!({})).status, 204);
        assert_eq!(bench.get("/api/lunasa").status, 401);
    }

    #[test]
    fn services_come_up_as_they_are_set() {
        let mut bench = TestMachine::new();
        bench.post("/api/lunasa/services/ntp/actions/start", json!({})).created();
        assert_eq!(bench.get("/api/lunasa/ntp").json()["isRunning"], true);
        bench.post("/emulator/lunash/hardReboot", json!({}));
        bench.local_login();
        assert_eq!(bench.get("/api/lunasa/ntp").json()["isRunning"], false);
        bench.patch("/api/lunasa/services/ntp", json!({"onBoot": true}));
        bench.post("/emulator/lunash/hardReboot", json!({}));
        bench.local_login();
        assert_eq!(bench.get("/api/lunasa/ntp").json()["isRunning"], true);
    }

    #[test]
    fn uptime_begins_anew() {
        let mut bench = TestMachine::new();
        let uptime =
            |bench: &mut TestMachine| bench.get("/api/lunasa/cpu").json()["uptime"].clone();
        let fresh = uptime(&mut bench);
        bench.advance(60);
        assert_ne!(uptime(&mut bench), fresh);
        bench.post("/emulator/lunash/hardReboot", json!({}));
        bench.local_login();
        assert_eq!(uptime(&mut bench), fresh);
    }

    #[test]
    fn only_the_so_of_an_initialized_hsm_forces_his_login() {
        let mut bench = TestMachine::new();
        let path = "/emulator/lunash/forceSoLogin";
        let on = json!({"enabled": true});
        so(&mut bench);
        assert_eq!(bench.put(path, on.clone()).error(), (400, "HSMPLUGIN_HSM_NOT_INITIALIZED"));
        bench.machine.state.hsm.hsm.get_mut().initialized = true;
        bench.machine.keep();
        bench.local_login();
        assert_eq!(bench.put(path, on.clone()).error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        so(&mut bench);
        assert_eq!(bench.put(path, on).status, 204);
        assert_eq!(bench.get("/api/lunasa").json()["forceSoLogin"], true);
        assert_eq!(bench.put(path, json!({"enabled": false})).status, 204);
        assert_eq!(bench.get("/api/lunasa").json()["forceSoLogin"], false);
    }

    #[test]
    fn reboot_on_panic_is_kept() {
        let mut bench = TestMachine::new();
        let path = "/emulator/lunash/rebootOnPanic";
        assert_eq!(bench.get(path).json(), json!({"enabled": false}));
        assert_eq!(bench.put(path, json!({"enabled": true})).status, 204);
        bench.restart();
        assert_eq!(bench.get(path).json(), json!({"enabled": true}));
    }
}
