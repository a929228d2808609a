//! The appliance as a whole: `/`, `/api`, `/api/lunasa`.

use luna_rest::lunasa::{API, Api, Appliance, ROOT, Root, SHOW};
use luna_rest::{Nothing, clusters, keyrings};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, Routes};
use crate::state::clusters::PACKAGE;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&ROOT, EVERYONE, root);
    r.on(&API, EVERYONE, api);
    r.on(&SHOW, EVERYONE, show);
}

fn root(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Root>, Failure> {
    Ok(Reply::ok(Root {
        acl: luna_rest::users::ACL.template().to_owned(),
        api: API.template().to_owned(),
        roles: luna_rest::users::ROLES.template().to_owned(),
        tasks: luna_rest::tasks::LIST.template().to_owned(),
        users: luna_rest::users::LIST.template().to_owned(),
    }))
}

fn api(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Api>, Failure> {
    let mut api = Api { lunasa: SHOW.template().to_owned(), ..Api::default() };
    if cx.state.packages.is_installed(PACKAGE) {
        api.clusters = clusters::LIST.template().to_owned();
        api.keyrings = keyrings::LIST.template().to_owned();
    }
    Ok(Reply::ok(api))
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Appliance>, Failure> {
    let settings = cx.state.lunasa.settings.get();
    let below = |name: &str| format!("{}/{name}", SHOW.template());
    Ok(Reply::ok(Appliance {
        version: settings.version.clone(),
        force_so_login: settings.force_so_login,
        // The status as recorded from a real appliance at rest.
        system_status: "ISO (In Service Okay)".to_owned(),
        system_status_codes: cx.state.network.status_codes(),
        banner: cx.state.sysconf.banner.get().lines().map(str::to_owned).collect(),
        actions: below("actions"),
        cluster: clusters::OVERVIEW.template().to_owned(),
        config: below("config"),
        cpu: below("cpu"),
        disk: below("disk"),
        hsms: below("hsms"),
        memory: below("memory"),
        network: below("network"),
        ntls: below("ntls"),
        ntp: below("ntp"),
        package_files: below("packageFiles"),
        packages: below("packages"),
        sensors: below("sensors"),
        services: below("services"),
        snmp: below("snmp"),
        ssh: below("ssh"),
        syslog: below("syslog"),
        time: below("time"),
        upgrades: below("upgrades"),
        web_server: below("webServer"),
    }))
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    #[test]
    fn the_appliance_shows_what_a_recorded_one_shows() {
        let recorded = json!({
            "actions": "/api/lunasa/actions", "cluster": "/api/lunasa/cluster",
            "config": "/api/lunasa/config", "cpu": "/api/lunasa/cpu", "disk": "/api/lunasa/disk",
            "forceSoLogin": false, "hsms": "/api/lunasa/hsms", "memory": "/api/lunasa/memory",
            "network": "/api/lunasa/network", "ntls": "/api/lunasa/ntls", "ntp": "/api/lunasa/ntp",
            "packageFiles": "/api/lunasa/packageFiles", "packages": "/api/lunasa/packages",
            "sensors": "/api/lunasa/sensors", "services": "/api/lunasa/services",
            "snmp": "/api/lunasa/snmp", "ssh": "/api/lunasa/ssh", "syslog": "/api/lunasa/syslog",
            "systemStatus": "ISO (In Service Okay)", "systemStatusCodes": "61,62,63",
            "time": "/api/lunasa/time", "upgrades": "/api/lunasa/upgrades",
            "version": "7.8.5-20", "webServer": "/api/lunasa/webServer",
        });
        let mut bench = TestMachine::new();
        assert_eq!(bench.get("/api/lunasa/").json(), recorded);
        assert_eq!(bench.get("/api").json(), json!({"lunasa": "/api/lunasa"}));
        assert_eq!(bench.get("/").json()["api"], "/api");
    }
}
