//! The cluster service of this appliance: `/api/cluster/config`, and what starting, stopping and
//! resetting it does.

use std::net::IpAddr;

use luna_rest::Nothing;
use luna_rest::clusters::{
    CONFIG, CONFIGURE, Config, Configure, OVERVIEW, Overview, RESTORE_STATE, SHOW, ServiceConfig,
    refusal,
};
use time::{Duration, OffsetDateTime};

use crate::core::message::{Failure, Reply};
use crate::core::text::time_text;
use crate::request::context::Context;
use crate::request::peers::{AfterCommit, Peers};
use crate::request::route::{ADMIN, Ids, MONITOR, Routes};
use crate::rules::cluster::access::{refuse, require_package};
use crate::rules::network::devices::known;
use crate::state::clusters::{ADMIN_PORT, CORE_PORT, CRYPTO_PORT, Clusters, Own, PACKAGE, Traffic};
use crate::state::partitions::PartitionRow;

/// How long the certificate of the cluster service is valid. Assumed.
const VALIDITY: Duration = Duration::days(3650);

pub(crate) fn routes(r: &mut Routes) {
    r.on(&OVERVIEW, MONITOR, overview);
    r.on(&CONFIG, MONITOR, config);
    r.on(&CONFIGURE, ADMIN, configure);
}

fn overview(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Overview>, Failure> {
    if require_package(cx).is_err() {
        return Ok(Reply::ok(Overview::default()));
    }
    let cluster = cx.state.clusters.is_member();
    let uuid = &cx.state.clusters.cluster.get().uuid;
    Ok(Reply::ok(Overview {
        cluster: cluster.then(|| SHOW.path(&[uuid])),
        config: Some(CONFIG.template().to_owned()),
        restore: Some(RESTORE_STATE.template().to_owned()),
    }))
}

fn config(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Config>, Failure> {
    require_package(cx)?;
    let own = cx.state.clusters.own.get();
    let entry = |service: &str, traffic: &Traffic, port: u16| ServiceConfig {
        service: service.to_owned(),
        ip_address: own.core.clone(),
        interface: traffic.interface.clone(),
        port: Clusters::port(traffic, port),
    };
    Ok(Reply::ok(Config {
        data: vec![
            entry("core", &Traffic::default(), CORE_PORT),
            entry("admin", &own.admin, ADMIN_PORT),
            entry("crypto", &own.crypto, CRYPTO_PORT),
        ],
    }))
}

fn configure(cx: &mut Context<'_>, _: &Ids<0>, body: Configure) -> Result<Reply<Nothing>, Failure> {
    require_package(cx)?;
    match body.service.as_str() {
        "core" => configure_core(cx, body)?,
        "admin" => configure_traffic(cx, body, 50_075..=50_079, |own| &mut own.admin)?,
        "crypto" => configure_traffic(cx, body, 50_055..=50_059, |own| &mut own.crypto)?,
        _ => return Err(Failure::bad_request("'service' must be core, admin or crypto.")),
    }
    Ok(Reply::done())
}

fn configure_core(cx: &mut Context<'_>, body: Configure) -> Result<(), Failure> {
    if body.interface.is_some() || body.port.is_some() {
        return Err(Failure::bad_request("The service 'core' takes an IpAddress alone."));
    }
    let text = body.ip_address.ok_or_else(|| Failure::bad_request("'IpAddress' is required."))?;
    let address: IpAddr =
        text.parse().map_err(|_| Failure::bad_request(format!("'{text}' is no IP address.")))?;
    // The address that the emulated appliance listens on is one of its own too.
    if !cx.state.network.is_own(address) && cx.options.address != Some(address) {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            format!("{address} is not the address of a network interface of this appliance."),
        ));
    }
    let now = cx.now;
    let own = cx.state.clusters.own.get_mut();
    if !own.core.is_empty() && own.core != address.to_string() {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            format!(
                "The core address is {}; only a factory reset of the cluster service changes it.",
                own.core
            ),
        ));
    }
    if own.core.is_empty() {
        own.core = address.to_string();
        own.certificate = Some((now.unix_timestamp(), (now + VALIDITY).unix_timestamp()));
    }
    Ok(())
}

fn configure_traffic(
    cx: &mut Context<'_>,
    body: Configure,
    ports: std::ops::RangeInclusive<u16>,
    of: fn(&mut Own) -> &mut Traffic,
) -> Result<(), Failure> {
    let service = &body.service;
    if body.ip_address.is_some() {
        return Err(Failure::bad_request(format!(
            "The service '{service}' takes an interface and a port, no address."
        )));
    }
    if body.interface.is_none() && body.port.is_none() {
        return Err(Failure::bad_request("Give an interface, a port, or both."));
    }
    if let Some(port) = body.port.filter(|port| !ports.contains(port)) {
        return Err(Failure::bad_request(format!(
            "The service '{service}' takes a port from {} to {}, not {port}.",
            ports.start(),
            ports.end()
        )));
    }
    if let Some(device) = &body.interface {
        known(device)?;
        if !cx.state.network.is_up(device) {
            return Err(refuse(
                refusal::NOT_ALLOWED,
                format!("The network device {device} is not configured."),
            ));
        }
    }
    let running = cx.state.services.is_running("cluster");
    let own = cx.state.clusters.own.get_mut();
    let before = (own.admin.clone(), own.crypto.clone());
    let traffic = of(own);
    let former = traffic.clone();
    if let Some(interface) = body.interface {
        traffic.interface = interface;
    }
    if let Some(port) = body.port {
        traffic.port = port;
    }
    let changed = *traffic != former;
    if running && changed {
        own.restart = true;
        // A service that an older release started.
        own.bound.get_or_insert(before);
    }
    Ok(())
}

/// Goes on when the cluster service may be started.
pub(crate) fn may_start(cx: &Context<'_>) -> Result<(), String> {
    let own = cx.state.clusters.own.get();
    let now = cx.now.unix_timestamp();
    let is_user_partition = |row: &PartitionRow| row.initialized && row.version == 1;
    if !cx.state.packages.is_installed(PACKAGE) {
        return Err("The package lnh_cluster is not installed.".to_owned());
    }
    if !cx.state.partitions.partitions.values().any(is_user_partition) {
        return Err("Create and initialize a V1 user partition first.".to_owned());
    }
    let Some((from, to)) = own.certificate else {
        return Err("Set the core IP address of the cluster service first.".to_owned());
    };
    if !(from..=to).contains(&now) {
        let date = |seconds: i64| {
            OffsetDateTime::from_unix_timestamp(seconds).map(time_text).unwrap_or_default()
        };
        return Err(format!(
            "The certificate of the cluster service is valid from {} to {}; the time here is {}.",
            date(from),
            date(to),
            time_text(cx.now)
        ));
    }
    Ok(())
}

/// The service was started or stopped.
pub(crate) fn service_changed(cx: &mut Context<'_>, running: bool) {
    let now = cx.now.unix_timestamp();
    let offset = (cx.local_time() - cx.now).whole_seconds();
    cx.peers.active = false;
    cx.peers.here.clear();
    cx.peers.operations = 0;
    let own = cx.state.clusters.own.get_mut();
    own.bound = None;
    if running {
        own.bound = Some((own.admin.clone(), own.crypto.clone()));
        (own.started, own.restart) = (now, false);
        own.backup.offset = offset;
        cx.peers.after_commit = Some(AfterCommit::Look);
    }
}

/// `factoryReset` of the service: the cluster and all settings are forgotten.
pub(crate) fn factory_reset(cx: &mut Context<'_>) {
    if let Some(service) = cx.state.services.services.get_mut("cluster") {
        (service.running, service.on_boot) = (false, false);
    }
    cx.state.clusters.forget();
    cx.state.keyrings.forget();
    cx.state.clusters.own.set(Own::default());
    *cx.peers = Peers::default();
}
