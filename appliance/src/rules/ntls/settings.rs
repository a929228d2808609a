//! NTLS, the network trust link service: the settings below `/api/lunasa/ntls`.

use std::collections::BTreeSet;

use luna_rest::Nothing;
use luna_rest::ntls::{
    BIND, BINDING, Binding, CERTIFICATE, CLIENTS, GROUPS, INFORMATION, Information, KEEPALIVE,
    Keepalive, MONITOR, Monitor, NewBinding, NewMonitor, NewSettings, NewThreads,
    RESET_INFORMATION, SET_KEEPALIVE, SET_MONITOR, SET_SETTINGS, SET_THREADS, SETTINGS, Settings,
    THREADS, Threads,
};
use luna_rest::tls::CIPHERS;

use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{self, Ids, OPERATOR, Routes};
use crate::rules::network::devices::check_binding;
use crate::state::ntls::{KeepaliveRow, MonitorRow, ThreadsRow};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SETTINGS, route::MONITOR, show);
    r.on(&SET_SETTINGS, OPERATOR, set);
    r.on(&BINDING, route::MONITOR, binding);
    r.on(&BIND, OPERATOR, bind);
    r.on(&KEEPALIVE, route::MONITOR, keepalive);
    r.on(&SET_KEEPALIVE, OPERATOR, set_keepalive);
    r.on(&THREADS, route::MONITOR, threads);
    r.on(&SET_THREADS, OPERATOR, set_threads);
    r.on(&INFORMATION, route::MONITOR, information);
    r.on(&RESET_INFORMATION, OPERATOR, reset_information);
    r.on(&MONITOR, route::MONITOR, monitor);
    r.on(&SET_MONITOR, OPERATOR, set_monitor);
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Settings>, Failure> {
    let row = cx.state.ntls.settings.get();
    Ok(Reply::ok(Settings {
        receive_timeout_timer: row.receive_timeout,
        ip_check_enabled: row.ip_check,
        cipher_list: row.ciphers.clone(),
        group_list: row.groups.clone(),
        certificate: CERTIFICATE.template().to_owned(),
        clients: CLIENTS.template().to_owned(),
    }))
}

fn set(cx: &mut Context<'_>, _: &Ids<0>, new: NewSettings) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    within("receiveTimeoutTimer", new.receive_timeout_timer, 1, 300)?;
    let ciphers = check_list("cipherList", &new.cipher_list, CIPHERS)?;
    let groups = check_list("groupList", &new.group_list, GROUPS)?;
    let row = cx.state.ntls.settings.get_mut();
    // The timer needs no restart, nor does the check of addresses: the product says nothing of one.
    row.restart_needed |= row.ciphers != ciphers || row.groups != groups;
    row.receive_timeout = new.receive_timeout_timer;
    row.ip_check = new.ip_check_enabled;
    (row.ciphers, row.groups) = (ciphers, groups);
    Ok(Reply::done())
}

/// A list as it is kept: in the order that was given, in the reference's spelling.
pub(crate) fn check_list(field: &str, list: &str, known: &str) -> Result<String, Failure> {
    let mut names: Vec<&str> = Vec::new();
    for name in list.split(':') {
        let Some(found) = known.split(':').find(|known| known.eq_ignore_ascii_case(name)) else {
            return Err(Failure::bad_request(format!("{field}: '{name}' is not supported.")));
        };
        if names.contains(&found) {
            return Err(Failure::bad_request(format!("{field}: '{found}' stands there twice.")));
        }
        names.push(found);
    }
    Ok(names.join(":"))
}

fn within(field: &str, value: u32, low: u32, high: u32) -> Result<(), Failure> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Failure::bad_request(format!("{field} must be {low} to {high}.")))
}

fn binding(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Binding>, Failure> {
    let row = cx.state.ntls.settings.get();
    Ok(Reply::ok(Binding {
        device: row.device.clone(),
        active: row.active_device.clone(),
        restart_needed: row.restart_needed,
    }))
}

fn bind(cx: &mut Context<'_>, _: &Ids<0>, new: NewBinding) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    check_binding(&new.device, &["all"])
        .map_err(|devices| Failure::bad_request(format!("The device must be one of {devices}.")))?;
    let row = cx.state.ntls.settings.get_mut();
    row.device = new.device;
    row.restart_needed = true;
    Ok(Reply::done())
}

fn keepalive(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Keepalive>, Failure> {
    let KeepaliveRow { idle, interval, probes } = cx.state.ntls.settings.get().keepalive;
    Ok(Reply::ok(Keepalive { idle, interval, probes }))
}

fn set_keepalive(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    new: Keepalive,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    within("idle", new.idle, 10, 10_000)?;
    within("interval", new.interval, 10, 360)?;
    within("probes", new.probes, 1, 30)?;
    let Keepalive { idle, interval, probes } = new;
    cx.state.ntls.settings.get_mut().keepalive = KeepaliveRow { idle, interval, probes };
    cx.state.ntls.restart_needed();
    Ok(Reply::done())
}

fn threads(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Threads>, Failure> {
    let ThreadsRow { datapath, cmdprocessor } = cx.state.ntls.settings.get().threads;
    Ok(Reply::ok(Threads { datapath, cmdprocessor }))
}

fn set_threads(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    new: NewThreads,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let row = cx.state.ntls.settings.get_mut();
    let datapath = new.datapath.unwrap_or(row.threads.datapath);
    let cmdprocessor = new.cmdprocessor.unwrap_or(row.threads.cmdprocessor);
    within("datapath", datapath, 1, 15)?;
    within("cmdprocessor", cmdprocessor, 1, 70)?;
    row.threads = ThreadsRow { datapath, cmdprocessor };
    row.restart_needed = true;
    Ok(Reply::done())
}

fn information(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Information>, Failure> {
    let clients: BTreeSet<String> = link_sessions(cx).collect();
    let (connected_clients, links) = (clients.len() as u64, link_sessions(cx).count() as u64);
    let row = cx.state.ntls.settings.get();
    Ok(Reply::ok(Information {
        up: cx.state.services.is_running("ntls"),
        connected_clients,
        links,
        successful_connections: row.connections.0,
        failed_connections: row.connections.1,
    }))
}

/// The client of each open link.
fn link_sessions<'c>(cx: &'c mut Context<'_>) -> impl Iterator<Item = String> + 'c {
    let clients = cx.sessions.iter_mut().map(|session| session.link.clone());
    clients.filter(|client| !client.is_empty())
}

fn reset_information(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    cx.state.ntls.settings.get_mut().connections = (0, 0);
    Ok(Reply::done())
}

fn monitor(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Monitor>, Failure> {
    let MonitorRow { enabled, days, interval } = cx.state.ntls.settings.get().monitor;
    Ok(Reply::ok(Monitor { enabled, days, interval }))
}

fn set_monitor(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    new: NewMonitor,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let monitor = &mut cx.state.ntls.settings.get_mut().monitor;
    monitor.enabled = new.enabled.unwrap_or(monitor.enabled);
    monitor.days = new.days.unwrap_or(monitor.days);
    monitor.interval = new.interval.unwrap_or(monitor.interval);
    within("days", monitor.days, 1, 366)?;
    within("interval", monitor.interval, 1, 720)?;
    Ok(Reply::done())
}

/// The content of a file of the user who asks.
pub(crate) fn users_file(cx: &Context<'_>, name: &str) -> Result<Vec<u8>, Failure> {
    let fits = is_name(name, 64, |_, c| c.is_ascii_alphanumeric() || "_.- ".contains(c))
        && name.ends_with(".pem");
    if !fits {
        let id = "NTLS_FILENAME_NOT_VALID";
        return Err(Failure::new(400, id, "The file name is not valid.").details(
            "A file's name has up to 64 letters, digits, blanks and . _ - and ends with .pem",
        ));
    }
    let user = &cx.session().user;
    cx.state.files.get(user, name).map(|file| file.content.clone()).ok_or_else(|| {
        let id = "SERVERPLUGIN_FILEID_DOES_NOT_EXIST";
        Failure::new(404, id, "The file does not exist.")
            .details(format!("'{user}' has no file '{name}' on the appliance."))
    })
}

#[cfg(test)]
mod tests;
