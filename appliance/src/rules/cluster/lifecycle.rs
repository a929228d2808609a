//! The cluster this appliance belongs to: `/api/clusters`. How it is created, joined and configured.
//!
//! How changes travel between members is the matter of `crate::replica`; what this member knows of the
//! others while it answers is in `request::peers`.

use std::net::IpAddr;

use luna_rest::Nothing;
use luna_rest::clusters::{
    CHANGE, CLIENTS, CREATE, ChangeCluster, Cluster, ClusterEntry, Clusters as ClusterList, GROUPS,
    LIST, MEMBER, MEMBERS, NewCluster, SHOW, refusal,
};
use luna_rest::peers::Applicant;

use crate::core::checks::check_label;
use crate::core::message::{Failure, Reply};
use crate::core::random::{Random, hex};
use crate::core::text::{later, time_text};
use crate::request::context::Context;
use crate::request::peers::AfterCommit;
use crate::request::route::{ADMIN, Ids, MONITOR, Routes};
use crate::rules::cluster::access::{
    not_parted, refuse, require_active, require_cluster, require_running, vouched_by_co,
    vouched_by_so,
};
use crate::state::clusters::{
    CRYPTO_PORT, ClusterRow, Clusters, Era, MemberRow, PACKAGE, PositionRow,
};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LIST, MONITOR, list);
    r.on(&CREATE, ADMIN, create);
    r.on(&SHOW, MONITOR, show);
    r.on(&CHANGE, ADMIN, change);
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<ClusterList>, Failure> {
    require_running(cx)?;
    let mut data = Vec::new();
    let (own, row) = (cx.state.clusters.own.get(), cx.state.clusters.cluster.get());
    if !own.member.is_empty() && !own.copying {
        data.push(ClusterEntry {
            cluster_label: row.label.clone(),
            cluster_uuid: row.uuid.clone(),
            parted: own.parted,
        });
    }
    Ok(Reply::ok(ClusterList { data }))
}

/// This appliance as a member.
pub(crate) fn self_as_member(cx: &Context<'_>) -> MemberRow {
    let own = cx.state.clusters.own.get();
    MemberRow {
        name: format!("LNH-{}", cx.state.hsm.hsm.get().serial),
        joined: 0,
        since: 0,
        address: own.core.clone(),
        crypto_port: Clusters::port(&own.crypto, CRYPTO_PORT),
        certificate: cx.options.certificate.clone(),
        group: "local".to_owned(),
    }
}

fn create(cx: &mut Context<'_>, _: &Ids<0>, body: NewCluster) -> Result<Reply<Nothing>, Failure> {
    require_running(cx)?;
    let label = check_label("clusterLabel", &body.cluster_label, 32)?.to_owned();
    no_cluster_yet(cx)?;
    vouched_by_so(cx, &body.authentication)?;
    let partitions = cx.state.partitions.partitions.iter();
    let v1: Vec<_> = partitions.filter(|(_, row)| row.version == 1).collect();
    let [(serial, partition)] = v1[..] else {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "A cluster needs exactly one V1 partition on this appliance.",
        ));
    };
    let domain = partition.domains.first();
    let domain = domain.map(|domain| domain.hash.domain_mark()).unwrap_or_default();
    let (serial, smk) = (serial.to_owned(), partition.smk_id.clone());
    let (uuid, member) = (cx.random().uuid(), cx.random().uuid());
    let row = MemberRow { joined: 1, ..self_as_member(cx) };
    let id = era_id(cx.secret);
    let smk = if smk.is_empty() { hex(&cx.random().bytes::<16>()) } else { smk };
    if let Some(partition) = cx.state.partitions.partitions.get_mut(&serial) {
        partition.smk_id.clone_from(&smk);
    }
    let clusters = &mut cx.state.clusters;
    clusters.members.insert(member.clone(), row);
    let location = SHOW.path(&[&uuid]);
    clusters.cluster.set(ClusterRow {
        uuid,
        label,
        smk,
        domain,
        primary: member.clone(),
        eras: vec![Era { era: 1, began: 1, id, members: 1 }],
        ..ClusterRow::default()
    });
    let own = clusters.own.get_mut();
    (own.member, own.partition) = (member, serial);
    own.at = PositionRow { era: 1, change: 0 };
    cx.peers.active = false;
    cx.peers.operations = 0;
    Ok(Reply::created(location))
}

fn no_cluster_yet(cx: &Context<'_>) -> Result<(), Failure> {
    not_parted(cx)?;
    let clusters = &cx.state.clusters;
    if !clusters.is_member() {
        return Ok(());
    }
    Err(refuse(
        refusal::EXISTS,
        format!("This appliance is a member of the cluster '{}'.", clusters.cluster.get().label),
    ))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Cluster>, Failure> {
    require_cluster(cx, &ids[0])?;
    let row = cx.state.clusters.cluster.get();
    Ok(Reply::ok(Cluster {
        cluster_label: row.label.clone(),
        cluster_uuid: row.uuid.clone(),
        identity_mode: if row.dual { "dual" } else { "single" }.to_owned(),
        client_assignment_mode: if row.manual { "manual" } else { "auto" }.to_owned(),
        keyrings: cx.state.keyrings.keyrings.len(),
        clients: CLIENTS.path(&[&row.uuid]),
        groups: GROUPS.path(&[&row.uuid]),
        members: MEMBERS.path(&[&row.uuid]),
    }))
}

fn change(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: ChangeCluster,
) -> Result<Reply<Nothing>, Failure> {
    match body.action.as_str() {
        "join" => join(cx, &ids[0], body),
        "config" => set_modes(cx, &ids[0], body),
        _ => Err(Failure::bad_request("'action' must be join or config.")),
    }
}

fn join(cx: &mut Context<'_>, uuid: &str, body: ChangeCluster) -> Result<Reply<Nothing>, Failure> {
    require_running(cx)?;
    no_cluster_yet(cx)?;
    let text = body
        .remote_cluster_ip_address
        .ok_or_else(|| Failure::bad_request("'remoteClusterIpAddress' is required."))?;
    let address: IpAddr =
        text.parse().map_err(|_| Failure::bad_request(format!("'{text}' is no IP address.")))?;
    let serial = vouched_by_co(cx, &body.authentication)?;
    let member = cx.random().uuid();
    let row = self_as_member(cx);
    let partition = cx.state.partitions.partitions.get(&serial);
    let domain = partition.and_then(|row| row.domains.first());
    let applicant = Applicant {
        password: body.remote_admin_password.unwrap_or_default(),
        member,
        name: row.name,
        address: row.address,
        crypto_port: row.crypto_port,
        certificate: row.certificate,
        domain: domain.map(|domain| domain.hash.domain_mark()).unwrap_or_default(),
        time: time_text(cx.now),
        package: cx.state.packages.version(PACKAGE).to_owned(),
        software: cx.state.lunasa.settings.get().version.clone(),
    };
    cx.state.clusters.own.get_mut().partition = serial;
    cx.peers.after_commit = Some(AfterCommit::Join {
        address,
        cluster: uuid.to_ascii_lowercase(),
        applicant: Box::new(applicant),
    });
    Ok(Reply::done())
}

/// The oldest release of the cluster package that knows the modes of a cluster.
const MODES_PACKAGE: &str = "1.0.5";
/// The oldest software of the appliance that does.
const MODES_SOFTWARE: &str = "7.9.0";

/// Whether a member with this package and this software knows the modes of a cluster.
pub(crate) fn knows_modes(package: &str, software: &str) -> bool {
    later(package, MODES_PACKAGE).is_ge() && later(software, MODES_SOFTWARE).is_ge()
}

/// Goes on with every member knowing the modes: one that does not would not keep them.
fn require_modes(cx: &Context<'_>) -> Result<(), Failure> {
    let software = cx.state.lunasa.settings.get().version.as_str();
    if !knows_modes(cx.state.packages.version(PACKAGE), software) {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            format!(
                "The modes need appliance software {MODES_SOFTWARE} and the package lnh_cluster \
                 {MODES_PACKAGE}, or newer."
            ),
        ));
    }
    let clusters = &cx.state.clusters;
    let own = &clusters.own.get().member;
    let unable = |(uuid, _): &(&str, &MemberRow)| {
        let how = cx.peers.here.get(*uuid);
        uuid != own && !how.is_some_and(|how| knows_modes(&how.package, &how.software))
    };
    let unable: Vec<&str> =
        clusters.in_order().into_iter().filter(unable).map(|(_, row)| row.name.as_str()).collect();
    if unable.is_empty() {
        return Ok(());
    }
    Err(refuse(
        refusal::NOT_ALLOWED,
        format!(
            "The modes need appliance software {MODES_SOFTWARE} and the package lnh_cluster \
             {MODES_PACKAGE}, or newer, on every member. Older, or not online: {}.",
            unable.join(", ")
        ),
    ))
}

/// The modes of 7.9. Identity is chosen once, before the first keyring; assignment at any time, and
/// what was assigned stays so.
fn set_modes(
    cx: &mut Context<'_>,
    uuid: &str,
    body: ChangeCluster,
) -> Result<Reply<Nothing>, Failure> {
    require_cluster(cx, uuid)?;
    require_active(cx)?;
    let choice = |field: &str, value: &Option<String>, words: [&str; 2]| match value.as_deref() {
        None => Ok(None),
        Some(word) if word == words[0] => Ok(Some(false)),
        Some(word) if word == words[1] => Ok(Some(true)),
        Some(_) => {
            Err(Failure::bad_request(format!("'{field}' must be {} or {}.", words[0], words[1])))
        }
    };
    let dual = choice("identityMode", &body.identity_mode, ["single", "dual"])?;
    let manual = choice("clientAssignmentMode", &body.client_assignment_mode, ["auto", "manual"])?;
    if dual.is_none() && manual.is_none() {
        return Err(Failure::bad_request("Give identityMode, clientAssignmentMode, or both."));
    }
    require_modes(cx)?;
    let row = cx.state.clusters.cluster.get();
    let (was_dual, was_manual) = (row.dual, row.manual);
    if let Some(dual) = dual.filter(|dual| *dual != was_dual) {
        // A keyring of an older release was not counted.
        let had_keyrings = row.made > 0 || !cx.state.keyrings.keyrings.is_empty();
        if was_dual || had_keyrings {
            return Err(refuse(
                refusal::NOT_ALLOWED,
                "The identity mode is chosen once, before the first keyring is made; it cannot be \
                 changed any more. Only a factory reset of the cluster service goes back to its \
                 beginning.",
            ));
        }
        cx.state.clusters.cluster.get_mut().dual = dual;
    }
    if let Some(manual) = manual.filter(|manual| *manual != was_manual) {
        if manual {
            // What automatic assignment comes to, once it ends: every client has every keyring.
            let clients: Vec<String> =
                cx.state.clusters.clients.keys().map(str::to_owned).collect();
            cx.state.keyrings.assign_all(&clients);
        }
        cx.state.clusters.cluster.get_mut().manual = manual;
    }
    Ok(Reply::done())
}

/// What tells a new era from all others.
pub(crate) fn era_id(secret: &mut Random) -> u64 {
    secret.number(1, u64::MAX)
}

/// The path of a member, for `Location`.
pub(crate) fn member_path(cx: &Context<'_>, member: &str) -> String {
    MEMBER.path(&[&cx.state.clusters.cluster.get().uuid, member])
}

#[cfg(test)]
pub(crate) mod tests;
