//! The hosts that records of the audit log are sent to. Who sends them is the business of whoever made
//! the machine; it learns of a change once that is stored.

use luna_rest::Nothing;
use luna_rest::audit::{
    ADD_HOST, CLEAR_HOSTS, DELETE_HOST, HOST_EXISTS, HOSTS, NO_HOST, RemoteHost, RemoteHosts,
};
use luna_rest::syslog::{PORT, PROTOCOLS};

use crate::core::checks::check_address;
use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{AUDIT, Ids, Routes};
use crate::state::audit::AuditHostRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&HOSTS, AUDIT, list);
    r.on(&ADD_HOST, AUDIT, add);
    r.on(&CLEAR_HOSTS, AUDIT, clear);
    r.on(&DELETE_HOST, AUDIT, delete);
}

fn protocol(tcp: bool) -> &'static str {
    if tcp { "tcp" } else { "udp" }
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<RemoteHosts>, Failure> {
    let mut rows: Vec<&AuditHostRow> = cx.state.audit.hosts.values().collect();
    rows.sort_by_key(|row| row.order);
    let host = |row: &AuditHostRow| RemoteHost {
        address: row.address.clone(),
        port: row.port,
        protocol: protocol(row.tcp).to_owned(),
    };
    Ok(Reply::ok(RemoteHosts { remote_hosts: rows.into_iter().map(host).collect() }))
}

fn add(cx: &mut Context<'_>, _: &Ids<0>, body: RemoteHost) -> Result<Reply<Nothing>, Failure> {
    let RemoteHost { address, port, protocol: typed } = body;
    check_address(&address)?;
    if !typed.is_empty() && !PROTOCOLS.contains(&&*typed) {
        let known = PROTOCOLS.join(", ");
        return Err(Failure::bad_request(format!("'protocol' is one of {known}.")));
    }
    let (port, tcp) = (if port == 0 { PORT } else { port }, typed == "tcp");
    let (hosts, id) = (&mut cx.state.audit.hosts, format!("{address}:{port}"));
    if let Some(row) = hosts.get(&id) {
        let details = format!("Records are sent to {id} over {} already.", protocol(row.tcp));
        return Err(
            Failure::new(400, HOST_EXISTS, "The remote host exists already.").details(details)
        );
    }
    let last = hosts.values().map(|row| row.order).max().unwrap_or_default();
    hosts.insert(id, AuditHostRow { order: last.saturating_add(1), address, port, tcp });
    Ok(Reply::done())
}

fn clear(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.state.audit.hosts.retain(|_, _| false);
    Ok(Reply::done())
}

fn delete(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.state.audit.hosts.remove(&ids[0]).map(|_| Reply::done()).ok_or_else(|| {
        Failure::new(404, NO_HOST, "The remote host does not exist.")
            .details(format!("No records are sent to '{}'.", ids[0]))
    })
}
