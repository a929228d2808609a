//! The hosts that lines of the logs are sent to: `/api/lunasa/syslog/remoteHosts`. Who sends them is
//! the business of whoever made the machine; it learns of a change once that is stored.
//!
//! Assumed: of these resources only the fields of a new host are known, and what is documented of TLS:
//! hosts with certificates of an authority may be many, of those that sign themselves there is one.

use luna_rest::Nothing;
use luna_rest::syslog::{
    ADD_HOST, CLEAR_HOSTS, DELETE_HOST, HOST, HOST_EXISTS, HOSTS, MODES, NO_HOST, NewRemoteHost,
    PORT, PROTOCOLS, RemoteHost, RemoteHosts,
};
use luna_rest::tasks::Link;

use crate::core::checks::check_address;
use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::ntls::certificates::Certificate;
use crate::state::syslog::{HostTlsRow, RemoteHostRow, Syslog};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&HOSTS, MONITOR, list);
    r.on(&ADD_HOST, OPERATOR, add);
    r.on(&CLEAR_HOSTS, OPERATOR, clear);
    r.on(&HOST, MONITOR, show);
    r.on(&DELETE_HOST, OPERATOR, delete);
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<RemoteHosts>, Failure> {
    let mut rows: Vec<_> = cx.state.syslog.hosts.iter().collect();
    rows.sort_by_key(|(_, row)| row.order);
    let link = |(id, _): (&str, _)| Link { id: id.to_owned(), url: HOST.path(&[id]) };
    Ok(Reply::ok(RemoteHosts { remote_hosts: rows.into_iter().map(link).collect() }))
}

fn add(cx: &mut Context<'_>, _: &Ids<0>, body: NewRemoteHost) -> Result<Reply<Nothing>, Failure> {
    let NewRemoteHost { address, protocol, port, mode, name, tls } = body;
    check_address(&address)?;
    let tls = tls_row(&cx.state.syslog, tls == Some(true), mode, name)?;
    let by_default = if tls.is_some() { PROTOCOLS[1] } else { PROTOCOLS[0] };
    let protocol = protocol.unwrap_or_else(|| by_default.to_owned());
    if !PROTOCOLS.contains(&&*protocol) {
        let known = PROTOCOLS.join(", ");
        return Err(Failure::bad_request(format!("'protocol' is one of {known}.")));
    }
    let port = port.unwrap_or(PORT);
    if port == 0 {
        return Err(Failure::bad_request("'port' is 1 to 65535."));
    }
    if tls.is_some() && protocol != PROTOCOLS[1] {
        return Err(Failure::bad_request("TLS is spoken over tcp."));
    }
    let hosts = &mut cx.state.syslog.hosts;
    let id = format!("{address}:{port}");
    if let Some(row) = hosts.get(&id) {
        let details = format!("Lines are sent to {id} over {} already.", row.protocol);
        return Err(
            Failure::new(400, HOST_EXISTS, "The remote host exists already.").details(details)
        );
    }
    let last = hosts.values().map(|row| row.order).max().unwrap_or_default();
    let order = last.saturating_add(1);
    hosts.insert(id, RemoteHostRow { order, address, port, protocol, tls });
    Ok(Reply::done())
}

/// TLS with a new host, when it has what it needs.
fn tls_row(
    syslog: &Syslog,
    tls: bool,
    mode: Option<String>,
    name: Option<String>,
) -> Result<Option<HostTlsRow>, Failure> {
    if !tls {
        if mode.is_some() || name.is_some() {
            return Err(Failure::bad_request("'mode' and 'name' belong to TLS: give 'tls', too."));
        }
        return Ok(None);
    }
    let mode = mode.unwrap_or_else(|| MODES[0].to_owned());
    if !MODES.contains(&&*mode) {
        return Err(Failure::bad_request(format!("'mode' is one of {}.", MODES.join(", "))));
    }
    let named = |name: &String| is_name(name, 64, |_, c| c == ' ' || c.is_ascii_graphic());
    if !name.as_ref().is_none_or(named) {
        return Err(Failure::bad_request("'name' has 1 to 64 printable characters."));
    }
    let certificates = syslog.certificates.get();
    if certificates.authority.is_empty() {
        return Err(Failure::bad_request(
            "No authority is trusted yet: install the certificate that the host's is signed by first.",
        ));
    }
    let mutual = mode == MODES[1];
    if mutual && certificates.certificate.is_empty() {
        return Err(Failure::bad_request(
            "The appliance has no certificate for its logs yet: make or install one first.",
        ));
    }
    let another = syslog.hosts.iter().find(|(_, row)| row.tls.is_some());
    if let Some((another, _)) = another
        && !Certificate::read(certificates.authority.as_bytes())?.is_authority
    {
        return Err(Failure::bad_request(format!(
            "The certificate that is trusted is that of {another} itself, and of no authority: with \
             such a certificate lines are sent to one host over TLS."
        )));
    }
    Ok(Some(HostTlsRow { mutual, name }))
}

fn clear(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.state.syslog.hosts.retain(|_, _| false);
    Ok(Reply::done())
}

fn missing(id: &str) -> Failure {
    Failure::new(404, NO_HOST, "The remote host does not exist.")
        .details(format!("No lines are sent to '{id}'."))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<RemoteHost>, Failure> {
    let row = cx.state.syslog.hosts.get(&ids[0]).ok_or_else(|| missing(&ids[0]))?;
    let RemoteHostRow { address, port, protocol, tls, .. } = row.clone();
    let problem = cx.logs.problem(&address, port);
    let mode = tls.as_ref().map(|tls| MODES[usize::from(tls.mutual)].to_owned());
    let (tls, name) = (tls.is_some(), tls.and_then(|tls| tls.name));
    Ok(Reply::ok(RemoteHost { address, port, protocol, tls, mode, name, problem }))
}

fn delete(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.state.syslog.hosts.remove(&ids[0]).ok_or_else(|| missing(&ids[0]))?;
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::ntls::certificates::tests::{authority, pem};
    use crate::test_machine::TestMachine;
    use luna_rest::ntls::{NewCertificate, NewKey};
    use luna_rest::syslog::certificates::{ADD_AUTHORITY, GENERATE};
    use serde_json::{Value, json};

    fn ids(bench: &mut TestMachine) -> Vec<String> {
        let hosts = bench.call(&HOSTS, &[], &Nothing {}).remote_hosts;
        hosts.into_iter().map(|link| link.id).collect()
    }

    #[test]
    fn hosts_are_kept_in_order_and_one_port_has_one_protocol() {
        let mut bench = TestMachine::new();
        let hosts = HOSTS.template();
        assert_eq!(bench.post(hosts, json!({"address": "192.0.2.7"})).status, 204);
        let second = json!({"address": "192.0.2.1", "protocol": "tcp", "port": 6514});
        assert_eq!(bench.post(hosts, second).status, 204);
        let both = json!({"address": "192.0.2.7", "protocol": "tcp", "port": 514});
        assert_eq!(bench.post(hosts, both).error(), (400, HOST_EXISTS));
        bench.restart();
        assert_eq!(ids(&mut bench), ["192.0.2.7:514", "192.0.2.1:6514"]);
        let shown = bench.get(&HOST.path(&["192.0.2.1:6514"])).json();
        assert_eq!(shown, json!({"address": "192.0.2.1", "port": 6514, "protocol": "tcp"}));
        assert_eq!(bench.delete(&HOST.path(&["192.0.2.7:514"])).status, 204);
        assert_eq!(bench.delete(&HOST.path(&["192.0.2.7:514"])).error(), (404, NO_HOST));
        assert_eq!(bench.get(&HOST.path(&["192.0.2.7:514"])).error(), (404, NO_HOST));
        assert_eq!(bench.delete(hosts).status, 204);
        assert!(ids(&mut bench).is_empty());
    }

    #[test]
    fn a_host_that_cannot_be_sent_to_is_refused() {
        let mut bench = TestMachine::new();
        for bad in [
            json!({"address": "not a host"}),
            json!({"address": "192.0.2.7", "protocol": "http"}),
            json!({"address": "192.0.2.7", "port": 0}),
            json!({"address": "192.0.2.7", "mode": "server"}),
            json!({"address": "192.0.2.7", "name": "loghost"}),
        ] {
            assert_eq!(bench.post(HOSTS.template(), bad.clone()).error().0, 400, "{bad}");
        }
        assert!(ids(&mut bench).is_empty());
    }

    /// What a new host with TLS and these fields beside is answered.
    fn add_tls(bench: &mut TestMachine, address: &str, more: Value) -> String {
        let mut host = json!({"address": address, "tls": true});
        host.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = bench.post(HOSTS.template(), host);
        match answer.status {
            204 => String::new(),
            _ => answer.json()["details"].as_str().unwrap().to_owned(),
        }
    }

    #[test]
    fn tls_takes_tcp_an_authority_and_for_both_certificates_one_of_its_own() {
        let mut bench = TestMachine::new();
        let refused = |details: String, why: &str| assert!(details.contains(why), "{details}");
        refused(add_tls(&mut bench, "192.0.2.7", json!({})), "No authority");
        let authority = NewCertificate { certificate: Some(authority()), file: None };
        bench.call(&ADD_AUTHORITY, &[], &authority);
        refused(add_tls(&mut bench, "192.0.2.7", json!({"protocol": "udp"})), "over tcp");
        refused(add_tls(&mut bench, "192.0.2.7", json!({"mode": "client"})), "server, mutual");
        refused(add_tls(&mut bench, "192.0.2.7", json!({"name": ""})), "'name'");
        refused(add_tls(&mut bench, "192.0.2.7", json!({"mode": "mutual"})), "no certificate");
        bench.call(&GENERATE, &[], &NewKey::default());
        let both = json!({"mode": "mutual", "name": "loghost", "port": 6514});
        assert_eq!(add_tls(&mut bench, "192.0.2.7", both), "");
        assert_eq!(add_tls(&mut bench, "192.0.2.8", json!({})), "");
        let shown = json!({
            "address": "192.0.2.7", "port": 6514, "protocol": "tcp", "tls": true, "mode": "mutual",
            "name": "loghost",
        });
        assert_eq!(bench.get(&HOST.path(&["192.0.2.7:6514"])).json(), shown);
        assert_eq!(bench.get(&HOST.path(&["192.0.2.8:514"])).json()["mode"], "server");
    }

    #[test]
    fn with_a_certificate_that_signs_itself_there_is_one_host() {
        let mut bench = TestMachine::new();
        let own = NewCertificate { certificate: Some(pem("loghost")), file: None };
        bench.call(&ADD_AUTHORITY, &[], &own);
        assert_eq!(add_tls(&mut bench, "192.0.2.7", json!({})), "");
        let details = add_tls(&mut bench, "192.0.2.8", json!({}));
        assert!(details.contains("one host"), "{details}");
        assert_eq!(bench.post(HOSTS.template(), json!({"address": "192.0.2.8"})).status, 204);
    }
}
