//! Services: `/api/lunasa/services`.

use luna_rest::Nothing;
use luna_rest::services::{
    ACT, ACTIONS, Acted, CHANGE, ChangeService, LIST, SHOW, Service, ServiceAction,
    Services as ServiceList,
};
use luna_rest::tasks::{Actions, Link};

use crate::core::logs::{MESSAGES, Severity};
use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, OPERATOR, Routes};
use crate::rules::cluster::access::require_package;
use crate::rules::cluster::service::{factory_reset, may_start, service_changed};
use crate::rules::sysconf::ntp::service_changes;
use crate::state::clusters::Phase;
use crate::state::services::ServiceRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LIST, EVERYONE, list);
    r.on(&SHOW, EVERYONE, show);
    r.on(&CHANGE, OPERATOR, change);
    r.on(&ACTIONS, EVERYONE, actions);
    r.on(&ACT, OPERATOR, act);
}

fn no_service(service: &str) -> Failure {
    Failure::new(404, "APPLIANCE_SERVICE_DOES_NOT_EXIST", "The service does not exist.")
        .details(format!("There is no service '{service}'."))
}

fn action_failed(details: impl Into<String>) -> Failure {
    Failure::new(400, "APPLIANCE_SERVICE_ACTION_FAILED", "The action on the service failed.")
        .details(details)
}

fn find<'c>(cx: &'c mut Context<'_>, service: &str) -> Result<&'c mut ServiceRow, Failure> {
    cx.state.services.services.get_mut(service).ok_or_else(|| no_service(service))
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<ServiceList>, Failure> {
    let link = |service| Link::below(LIST.template(), service);
    Ok(Reply::ok(ServiceList { services: cx.state.services.services.keys().map(link).collect() }))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Service>, Failure> {
    let phase = cx.state.cluster_phase(cx.now);
    let row = find(cx, &ids[0])?;
    let starting = &ids[0] == "cluster" && phase == Phase::Starting;
    Ok(Reply::ok(Service {
        actions: ACTIONS.path(&[&ids[0]]),
        id: ids[0].to_owned(),
        on_boot: row.on_boot,
        // The guide: "stopped" until the start-up is finished.
        state: if row.running && !starting { "running" } else { "stopped" }.to_owned(),
        starting,
    }))
}

fn change(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: ChangeService,
) -> Result<Reply<Nothing>, Failure> {
    find(cx, &ids[0])?.on_boot = body.on_boot;
    Ok(Reply::ok(Nothing {}))
}

fn actions(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    find(cx, &ids[0])?;
    let parent = ACTIONS.path(&[&ids[0]]);
    let actions = ["start", "stop", "restart"].iter().map(|id| Link::below(&parent, id)).collect();
    Ok(Reply::ok(Actions { actions }))
}

fn act(cx: &mut Context<'_>, ids: &Ids<2>, _: ServiceAction) -> Result<Reply<Acted>, Failure> {
    let (service, action) = (&ids[0], ids[1].to_ascii_lowercase());
    let action = action.as_str();
    find(cx, service)?;
    if service == "cluster" && matches!(action, "enable" | "disable" | "factoryreset") {
        return act_on_cluster(cx, action);
    }
    let running = match action {
        "start" | "restart" => true,
        "stop" => false,
        _ => {
            let id = "APPLIANCE_SERVICE_ACTION_INVALID";
            return Err(Failure::new(404, id, "The action does not exist.")
                .details("A service has the actions start, stop and restart."));
        }
    };
    if running && matches!(service.as_str(), "cluster" | "clusteradmin") {
        may_start(cx).map_err(action_failed)?;
    }
    if !running && service == "network" {
        // Assumed for the emulator: it can be reached in no other way.
        return Err(action_failed(
            "The emulated appliance is reached through its service 'network' only.".to_owned(),
        ));
    }
    if service == "ntp" {
        service_changes(cx, running);
    }
    let ran = cx.state.services.is_running(service);
    // The log itself is a service: its line is written while it runs.
    if !running {
        cx.log(MESSAGES, Severity::Info, "systemd", &format!("{service} stopped"));
    }
    cx.state.services.set_running(service, running);
    if running {
        cx.log(MESSAGES, Severity::Info, "systemd", &format!("{service} started"));
    }
    if service == "cluster" && (action != "start" || !ran) {
        service_changed(cx, running);
    }
    if running && service == "webserver" {
        cx.state.sysconf.web_server_started();
    }
    if service == "ntls" {
        cx.sessions.retain(|session| session.link.is_empty());
        if running {
            cx.state.ntls.service_started();
        }
    }
    if running && service == "syslog" {
        cx.state.syslog.service_started();
    }
    cx.finished_task(Reply::ok(Acted { id: service.to_owned() }))
}

/// What the cluster service can do beyond the others.
fn act_on_cluster(cx: &mut Context<'_>, action: &str) -> Result<Reply<Acted>, Failure> {
    require_package(cx)?;
    match action {
        "factoryreset" => factory_reset(cx),
        action => {
            let on = action == "enable";
            let starts = on && !cx.state.services.is_running("cluster");
            if starts {
                // The guide: enabling the service starts it too.
                may_start(cx).map_err(action_failed)?;
                cx.state.services.set_running("cluster", true);
                service_changed(cx, true);
            }
            find(cx, "cluster")?.on_boot = on;
        }
    }
    cx.finished_task(Reply::ok(Acted { id: "cluster".to_owned() }))
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const NTP: &str = "/api/lunasa/services/ntp";

    #[test]
    fn a_service_is_started_and_stopped_and_stays_so() {
        let mut bench = TestMachine::new();
        let shown = json!({
            "actions": "/api/lunasa/services/ntp/actions", "id": "ntp", "onBoot": false,
            "status": "stopped",
        });
        assert_eq!(bench.get(NTP).json(), shown);
        let mut act = |action: &str| {
            let task = bench.post(&format!("{NTP}/actions/{action}"), json!({})).created();
            assert_eq!(bench.get(&format!("{task}/response")).json(), json!({"id": "ntp"}));
            bench.restart();
            bench.get(NTP).json()["status"].clone()
        };
        assert_eq!(act("start"), "running");
        assert_eq!(act("restart"), "running");
        assert_eq!(act("stop"), "stopped");
        assert_eq!(act("restart"), "running", "a stopped service is started by a restart");
    }

    #[test]
    fn what_starts_with_the_appliance_runs_after_a_reboot() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.patch(NTP, json!({"onBoot": true})).status, 200);
        bench.post("/api/lunasa/services/snmp/actions/start", json!({})).created();
        let services = &mut bench.machine.state.services;
        services.reboot();
        assert!(services.is_running("ntp") && services.is_running("ntls"));
        assert!(!services.is_running("snmp"));
    }

    #[test]
    fn unknown_services_and_actions_are_told_apart() {
        let mut bench = TestMachine::new();
        let act = |bench: &mut TestMachine, path: &str| {
            bench.post(&format!("/api/lunasa/services/{path}"), json!({})).error()
        };
        let missing = (404, "APPLIANCE_SERVICE_DOES_NOT_EXIST");
        assert_eq!(act(&mut bench, "sshd/actions/start"), missing);
        assert_eq!(bench.get("/api/lunasa/services/sshd").error(), missing);
        let invalid = (404, "APPLIANCE_SERVICE_ACTION_INVALID");
        assert_eq!(act(&mut bench, "ntp/actions/kick"), invalid);
        let failed = (400, "APPLIANCE_SERVICE_ACTION_FAILED");
        assert_eq!(act(&mut bench, "network/actions/stop"), failed);
        assert_eq!(act(&mut bench, "cluster/actions/start"), failed);
        assert_eq!(bench.get("/api/lunasa/services").json()["services"][7]["id"], "ntls");
    }

    #[test]
    fn a_monitor_only_looks() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "monitor");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.get(NTP).status, 200);
        let refused = bench.post(&format!("{NTP}/actions/start"), json!({}));
        assert_eq!(refused.error(), (401, "FRAMEWORK_NO_ACL_RULE"));
    }
}
