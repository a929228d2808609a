//! The server of the API: `/api/lunasa/webServer`.
//!
//! The ciphers are offered, and a new certificate is shown, from the next connection on. Once the server is
//! restarted it listens on the port that was bound; an emulated appliance goes on listening where it
//! was started too, so that a wrong port cuts nobody off. Its devices are not those of this machine, so
//! that they are kept and shown alone.

use luna_rest::Nothing;
use luna_rest::ntls::ServerCertificate;
use luna_rest::tasks::Actions;
use luna_rest::tls::CIPHERS;
use luna_rest::web_server::{
    BLOCKLIST, BLOCKLIST_ACTIONS, Blocklist, CERTIFICATE, CHANGE, CHANGE_BLOCKLIST,
    ChangeBlocklist, ChangeWebServer, MAKE_CERTIFICATE, REPLACE_BLOCKLIST, SHOW, WebServer,
};

use crate::core::ciphers::offered;
use crate::core::message::{Failure, Reply};
use crate::core::text::time_text;
use crate::request::context::Context;
use crate::request::peers::AfterCommit;
use crate::request::route::{ADMIN, EVERYONE, Ids, MONITOR, Routes};
use crate::rules::network::devices::check_binding;
use crate::rules::ntls::certificates::Certificate;
use crate::rules::ntls::settings::check_list;
use crate::state::sysconf::{BlocklistRow, WebServerRow};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, EVERYONE, show);
    r.on(&CHANGE, ADMIN, change);
    r.on(&BLOCKLIST, ADMIN, blocklist);
    r.on(&BLOCKLIST_ACTIONS, ADMIN, blocklist_actions);
    r.on(&REPLACE_BLOCKLIST, ADMIN, replace_blocklist);
    r.on(&CHANGE_BLOCKLIST, ADMIN, change_blocklist);
    r.on(&CERTIFICATE, MONITOR, certificate);
    r.on(&MAKE_CERTIFICATE, ADMIN, make_certificate);
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<WebServer>, Failure> {
    let row = cx.state.sysconf.web_server.get().clone();
    let WebServerRow { cipher_list, max_file_size, net_device, port } = row;
    let blocklist = BLOCKLIST.template().to_owned();
    Ok(Reply::ok(WebServer { blocklist, cipher_list, max_file_size, net_device, port }))
}

fn change(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: ChangeWebServer,
) -> Result<Reply<Nothing>, Failure> {
    let row = cx.state.sysconf.web_server.get_mut();
    if let Some(list) = body.cipher_list {
        let list = check_list("cipherList", &list, CIPHERS)?;
        if offered(&list).is_empty() {
            let usable = CIPHERS.split(':').filter(|name| !offered(name).is_empty());
            return Err(Failure::bad_request(format!(
                "cipherList: with these the web server could not be reached any more; one of them \
                 must be {}.",
                usable.collect::<Vec<_>>().join(", ")
            )));
        }
        row.cipher_list = list;
    }
    if let Some(device) = body.net_device {
        check_binding(&device, &["all", "all_ipv4"])
            .map_err(|known| Failure::bad_request(format!("'{device}' is none of {known}.")))?;
        row.net_device = device;
    }
    if let Some(port) = body.port {
        // Limits as those of the SSH server's port; the page's own were not seen.
        if port < 1024 {
            return Err(Failure::bad_request("The port is one of 1024 to 65535."));
        }
        row.port = port;
    }
    row.max_file_size = body.max_file_size.unwrap_or(row.max_file_size);
    Ok(Reply::ok(Nothing {}))
}

fn certificate(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<ServerCertificate>, Failure> {
    let read = Certificate::read(cx.options.certificate.as_bytes())?;
    Ok(Reply::ok(ServerCertificate {
        certificate: read.pem,
        subject: read.subject,
        issuer: read.issuer,
        serial_number: read.serial,
        fingerprint: read.fingerprint,
        not_before: time_text(read.not_before),
        not_after: time_text(read.not_after),
    }))
}

fn make_certificate(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let clusters = &cx.state.clusters;
    if clusters.is_member() || clusters.own.get().joining {
        // Assumed for the emulator: how the product's members know each other is not public.
        return Err(Failure::bad_request(
            "The other members of the cluster, and its clients, know this appliance by its \
             certificate. Leave the cluster first.",
        ));
    }
    let hostname = cx.state.lunasa.settings.get().hostname.clone();
    cx.peers.after_commit = Some(AfterCommit::MakeCertificate { hostname });
    Ok(Reply::done())
}

fn blocklist(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Blocklist>, Failure> {
    let row = cx.state.sysconf.blocklist.get();
    Ok(Reply::ok(Blocklist {
        actions: BLOCKLIST_ACTIONS.template().to_owned(),
        max_infraction_count: row.max_infraction_count,
        timeout_start: row.timeout_start,
        timeout_multiplier: row.timeout_multiplier,
    }))
}

fn blocklist_actions(
    _: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Actions>, Failure> {
    Ok(Reply::ok(Actions::default()))
}

fn replace_blocklist(
    cx: &mut Context<'_>,
    ids: &Ids<0>,
    body: ChangeBlocklist,
) -> Result<Reply<Nothing>, Failure> {
    cx.state.sysconf.blocklist.set(BlocklistRow::default());
    change_blocklist(cx, ids, body)
}

fn change_blocklist(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: ChangeBlocklist,
) -> Result<Reply<Nothing>, Failure> {
    let row = cx.state.sysconf.blocklist.get_mut();
    let single = body.max_infraction_count.is_some()
        || body.timeout_start.is_some()
        || body.timeout_multiplier.is_some();
    match body.severity {
        Some(_) if single => {
            return Err(Failure::bad_request("'severity' stands for the other three."));
        }
        Some(percent) if percent <= 100 => {
            // Assumed: 50, the documented default, is the factory setting; the rest in proportion.
            let percent = u32::from(percent);
            row.max_infraction_count = (20 - percent / 5).max(1);
            row.timeout_start = (percent / 10).max(1);
            row.timeout_multiplier = 1.0 + f64::from(percent) / 100.0;
        }
        Some(_) => return Err(Failure::bad_request("'severity' is 0 to 100.")),
        None => {
            row.max_infraction_count =
                body.max_infraction_count.unwrap_or(row.max_infraction_count);
            row.timeout_start = body.timeout_start.unwrap_or(row.timeout_start);
            row.timeout_multiplier = body.timeout_multiplier.unwrap_or(row.timeout_multiplier);
        }
    }
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const WEB: &str = "/api/lunasa/webServer";
    const LIST: &str = "AES256-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";

    #[test]
    fn settings_are_judged_and_kept() {
        let mut bench = TestMachine::new();
        let change = json!({"netDevice": "eth0", "port": 9443, "cipherList": LIST});
        assert_eq!(bench.patch(WEB, change).status, 200);
        bench.restart();
        let shown = json!({
            "blocklist": "/api/lunasa/webServer/blocklist", "cipherList": LIST,
            "maxFileSize": 104_857_600, "netDevice": "eth0",
            "port": 9443,
        });
        assert_eq!(bench.get(WEB).json(), shown);
        for change in [
            json!({"port": 80}),
            json!({"netDevice": "eth7"}),
            json!({"cipherList": "RC4"}),
            json!({"cipherList": "AES256-SHA256:ECDHE-RSA-AES256-GCM-SHA384"}),
        ] {
            assert_eq!(bench.patch(WEB, change).error(), (400, "FRAMEWORK_BAD_REQUEST"));
        }
    }

    #[test]
    fn the_blocklist_is_an_administrators() {
        let mut bench = TestMachine::new();
        let path = format!("{WEB}/blocklist");
        assert_eq!(bench.patch(&path, json!({"maxInfractionCount": 100})).status, 204);
        assert_eq!(bench.get(&path).json()["maxInfractionCount"], 100);
        assert_eq!(bench.put(&path, json!({"severity": 50})).status, 204);
        let shown = bench.get(&path).json();
        assert_eq!((&shown["maxInfractionCount"], &shown["timeoutStart"]), (&json!(10), &json!(5)));
        assert_eq!(bench.patch(&path, json!({"severity": 50, "timeoutStart": 1})).status, 400);
        bench.user("jane", "Abcdef12", "operator");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.get(&path).status, 401);
    }
}
