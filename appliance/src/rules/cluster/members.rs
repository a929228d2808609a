//! Members of the cluster and its clients: `/api/clusters/{clusterid}/members`, `groups`,
//! `clients`.
//!
//! Every change here is a change of shared state: on the primary it is applied and shipped, on
//! another member it is proposed to the primary. What needs more than that is left as an
//! [`AfterCommit`].

use std::collections::{BTreeMap, BTreeSet};

use luna_rest::Nothing;
use luna_rest::clusters::{
    CHANGE_MEMBER, CLIENTS, ChangeMember, Client, Clients, DELETE_CLIENT, DELETE_MEMBER,
    DeleteMember, GROUPS, Group, Groups, LEAVE, Leave, MEMBER, MEMBERS, Member, Members, refusal,
};
use luna_rest::emulator::{CHANGE_LINK, ChangeLink, LINKS, Link, Links, SETTLE};

use crate::core::checks::check_label;
use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::peers::AfterCommit;
use crate::request::route::{ADMIN, Ids, MONITOR, Routes};
use crate::rules::cluster::access::{
    not_parted, refuse, require_active, require_cluster, vouched_by_co, writes,
};
use crate::rules::cluster::lifecycle::{era_id, member_path};
use crate::state::clusters::{ClientRow, MemberRow, PACKAGE};
use crate::state::packages::listed_as;

/// The most affinity groups of a cluster.
const MOST_GROUPS: usize = 64;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&MEMBERS, MONITOR, list);
    r.on(&MEMBER, MONITOR, show);
    r.on(&CHANGE_MEMBER, ADMIN, change);
    r.on(&LEAVE, ADMIN, leave);
    r.on(&DELETE_MEMBER, ADMIN, delete);
    r.on(&GROUPS, MONITOR, groups);
    r.on(&CLIENTS, MONITOR, clients);
    r.on(&DELETE_CLIENT, ADMIN, delete_client);
    r.on(&LINKS, ADMIN, links);
    r.on(&CHANGE_LINK, ADMIN, change_link);
    r.on(&SETTLE, ADMIN, settle);
}

fn view(cx: &Context<'_>, uuid: &str, row: &MemberRow) -> Member {
    let own = cx.state.clusters.own.get();
    let local = own.member == uuid;
    let here = cx.peers.here.get(uuid).cloned().unwrap_or_default();
    let visible = local || cx.peers.here.contains_key(uuid);
    let (active, writes, restart, package, operations) = if local {
        let package = cx.state.packages.version(PACKAGE).to_owned();
        (cx.peers.active, writes(cx), own.restart, package, cx.peers.operations)
    } else {
        (here.active, here.writes, here.restart, here.package, here.operations)
    };
    Member {
        member_uuid: uuid.to_owned(),
        member_name: row.name.clone(),
        member_ip_address: row.address.clone(),
        local,
        primary_node: cx.state.clusters.cluster.get().primary == uuid,
        visible_to_servicing_node: visible,
        member_active: active,
        restart_service: restart,
        mode: if writes { "Read-Write" } else { "Read-Only" }.to_owned(),
        group: row.group.clone(),
        package_version: match package.as_str() {
            "" => String::new(),
            version => listed_as(PACKAGE, version),
        },
        operations,
    }
}

fn list(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Members>, Failure> {
    require_cluster(cx, &ids[0])?;
    let members = cx.state.clusters.in_order();
    let data = members.into_iter().map(|(uuid, row)| view(cx, uuid, row)).collect();
    Ok(Reply::ok(Members { data }))
}

/// The member of a path: its UUID as it is kept.
fn find(cx: &Context<'_>, [cluster, member]: &Ids<2>) -> Result<String, Failure> {
    require_cluster(cx, cluster)?;
    let uuid = member.to_ascii_lowercase();
    if cx.state.clusters.members.contains(&uuid) {
        return Ok(uuid);
    }
    Err(refuse(refusal::NO_MEMBER, format!("The cluster has no member {uuid}.")))
}

fn show(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Member>, Failure> {
    let uuid = find(cx, ids)?;
    let row = cx.state.clusters.members.get(&uuid).cloned().unwrap_or_default();
    Ok(Reply::ok(view(cx, &uuid, &row)))
}

fn change(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: ChangeMember,
) -> Result<Reply<Nothing>, Failure> {
    let uuid = find(cx, ids)?;
    not_parted(cx)?;
    match body.action.as_str() {
        "authorize" => authorize(cx, &uuid, &body)?,
        "config" => configure(cx, &uuid, body)?,
        _ => return Err(Failure::bad_request("'action' must be authorize or config.")),
    }
    Ok(Reply::created(member_path(cx, &uuid)))
}

fn authorize(cx: &mut Context<'_>, uuid: &str, body: &ChangeMember) -> Result<(), Failure> {
    if cx.state.clusters.own.get().member != uuid {
        // Assumed: the Crypto Officer vouches for the partition of his own appliance.
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "A member is authorized on its own appliance: do it there.",
        ));
    }
    let serial = vouched_by_co(cx, &body.authentication)?;
    let smk = cx.state.partitions.partitions.get(&serial).map(|row| row.smk_id.clone());
    if smk.as_deref() != Some(&cx.state.clusters.cluster.get().smk) {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "The SKS master key of the partition is not that of the cluster.",
        ));
    }
    if cx.state.clusters.own.get().partition != serial {
        cx.state.clusters.own.get_mut().partition = serial;
    }
    cx.peers.active = true;
    Ok(())
}

fn configure(cx: &mut Context<'_>, uuid: &str, body: ChangeMember) -> Result<(), Failure> {
    if body.group.is_none() && body.primary.is_none() {
        return Err(Failure::bad_request("Give 'group' or 'primary'."));
    }
    require_active(cx)?;
    if let Some(group) = &body.group {
        let group = check_label("group", group, 64)?;
        let mut names: BTreeSet<&str> = cx
            .state
            .clusters
            .members
            .iter()
            .filter(|(other, _)| *other != uuid)
            .map(|(_, row)| row.group.as_str())
            .collect();
        names.insert("local");
        names.insert(group);
        if names.len() > MOST_GROUPS {
            return Err(refuse(
                refusal::LIMIT,
                format!("A cluster has at most {MOST_GROUPS} affinity groups."),
            ));
        }
        if let Some(row) = cx.state.clusters.members.get_mut(uuid) {
            row.group = group.to_owned();
        }
    }
    match body.primary {
        None => {}
        Some(false) => {
            return Err(Failure::bad_request(
                "'primary' can only be true: promote the member that is to be primary instead.",
            ));
        }
        Some(true) => promote(cx, uuid)?,
    }
    Ok(())
}

fn promote(cx: &mut Context<'_>, uuid: &str) -> Result<(), Failure> {
    let clusters = &cx.state.clusters;
    if clusters.cluster.get().primary == uuid {
        return Ok(());
    }
    let name = clusters.members.get(uuid).map(|row| row.name.as_str()).unwrap_or_default();
    let (active, writes) = match cx.peers.here.get(uuid) {
        _ if clusters.own.get().member == uuid => (cx.peers.active, writes(cx)),
        Some(here) => (here.active, here.writes),
        None => {
            return Err(refuse(
                refusal::NOT_ALLOWED,
                format!(
                    "The member {name} is not reached from here, so it cannot be promoted; \
                     bring it online first."
                ),
            ));
        }
    };
    if !active {
        return Err(refuse(
            refusal::NOT_AUTHORIZED,
            format!(
                "The member {name} is not authorized; authorize it on its own appliance first."
            ),
        ));
    }
    if !writes {
        return Err(refuse(
            refusal::READ_ONLY,
            format!(
                "The member {name} is read-only, so it cannot be promoted: it has no link to the \
                 primary member."
            ),
        ));
    }
    let at = clusters.own.get().at;
    let (members, id) = (cx.peers.here.len() as u64 + 1, era_id(cx.secret));
    cx.state.clusters.cluster.get_mut().promote(uuid, at, members, id);
    Ok(())
}

fn leave(cx: &mut Context<'_>, ids: &Ids<2>, body: Leave) -> Result<Reply<Nothing>, Failure> {
    // A member that parted may have been deleted from the list.
    let own = cx.state.clusters.own.get();
    let uuid = match own.parted && ids[1].eq_ignore_ascii_case(&own.member) {
        true => require_cluster(cx, &ids[0]).map(|()| own.member.clone())?,
        false => find(cx, ids)?,
    };
    if body.action != "leave" {
        return Err(Failure::bad_request("'action' must be leave."));
    }
    if cx.state.clusters.own.get().member != uuid {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "A member leaves on its own appliance. 'cluster member delete' removes a lost one.",
        ));
    }
    vouched_by_co(cx, &body.authentication)?;
    if cx.state.clusters.own.get().parted {
        cx.peers.after_commit = Some(AfterCommit::Forget);
        return Ok(Reply::done());
    }
    let at = cx.state.clusters.own.get().at;
    let is_primary = cx.state.clusters.is_primary();
    // Assumed: a primary member that leaves hands over to the member that joined first of those
    // that could be promoted.
    let heir = cx
        .state
        .clusters
        .in_order()
        .into_iter()
        .map(|(uuid, _)| uuid.to_owned())
        .find(|other| cx.peers.here.get(other).is_some_and(|here| here.writes && here.active));
    cx.state.clusters.members.remove(&uuid);
    if is_primary && !cx.state.clusters.members.is_empty() {
        let heir = heir.ok_or_else(|| {
            refuse(
                refusal::NOT_ALLOWED,
                "This is the primary member, and no other could be promoted: bring another member \
                 online, or delete those that are lost.",
            )
        })?;
        let (members, id) = (cx.peers.here.len() as u64, era_id(cx.secret));
        cx.state.clusters.cluster.get_mut().promote(&heir, at, members, id);
    }
    cx.peers.after_commit = Some(AfterCommit::Forget);
    Ok(Reply::done())
}

fn delete(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: DeleteMember,
) -> Result<Reply<Nothing>, Failure> {
    let uuid = find(cx, ids)?;
    require_active(cx)?;
    if cx.state.clusters.own.get().member == uuid {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "This is the member itself; it can leave the cluster.",
        ));
    }
    if cx.peers.here.contains_key(&uuid) {
        // Assumed: the guide says to check it.
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "The member is online; it can leave the cluster on its own appliance.",
        ));
    }
    vouched_by_co(cx, &body.authentication)?;
    if cx.state.clusters.cluster.get().primary != uuid {
        cx.state.clusters.members.remove(&uuid);
        return Ok(Reply::done());
    }
    let own = cx.state.clusters.own.get();
    let absent: Vec<&str> = cx
        .state
        .clusters
        .in_order()
        .into_iter()
        .filter(|(other, _)| {
            *other != uuid && *other != own.member && !cx.peers.here.contains_key(*other)
        })
        .map(|(_, row)| row.name.as_str())
        .collect();
    if !absent.is_empty() && body.force != Some(true) {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            format!(
                "Further members are not online: {}. Their history would part from this one, and \
                 they would have to leave and join again; bring them online first, or say \
                 \"force\": true.",
                absent.join(", ")
            ),
        ));
    }
    cx.peers.after_commit = Some(AfterCommit::TakeOver { lost: uuid });
    Ok(Reply::done())
}

fn groups(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Groups>, Failure> {
    require_cluster(cx, &ids[0])?;
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (uuid, row) in cx.state.clusters.in_order() {
        groups.entry(row.group.clone()).or_default().push(uuid.to_owned());
    }
    let group = |(group_name, members)| Group { group_name, members };
    Ok(Reply::ok(Groups { data: groups.into_iter().map(group).collect() }))
}

fn clients(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Clients>, Failure> {
    require_cluster(cx, &ids[0])?;
    let client = |(uuid, row): (&str, &ClientRow)| Client {
        client_uuid: uuid.to_owned(),
        common_name: row.name.clone(),
        client_label: row.label.clone(),
        user: row.user.clone(),
        fingerprint: row.fingerprint.clone(),
    };
    let mut data: Vec<Client> = cx.state.clusters.clients.iter().map(client).collect();
    data.sort_by(|a, b| a.common_name.cmp(&b.common_name));
    Ok(Reply::ok(Clients { data }))
}

/// A client by UUID or common name, whose form a client chooses itself: its UUID.
pub(crate) fn find_client(cx: &Context<'_>, client: &str) -> Result<String, Failure> {
    let clients = &cx.state.clusters.clients;
    if clients.contains(client) {
        return Ok(client.to_owned());
    }
    let found = clients.iter().find(|(_, row)| row.name == client);
    found.map(|(uuid, _)| uuid.to_owned()).ok_or_else(|| {
        refuse(refusal::NO_CLIENT, format!("No client '{client}' is registered with the cluster."))
    })
}

fn delete_client(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    require_cluster(cx, &ids[0])?;
    require_active(cx)?;
    let uuid = find_client(cx, &ids[1])?;
    cx.state.clusters.clients.remove(&uuid);
    cx.state.keyrings.forget_client(&uuid);
    cx.sessions.retain(|session| session.client != uuid);
    Ok(Reply::done())
}

fn links(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Links>, Failure> {
    let cuts = cx.state.emulator.cuts.get();
    let own = &cx.state.clusters.own.get().member;
    let link = |(uuid, row): (&str, &MemberRow)| Link {
        member_uuid: uuid.to_owned(),
        address: row.address.clone(),
        cut_to: cuts.to.contains(uuid),
        cut_from: cuts.from.contains(uuid),
    };
    let members = cx.state.clusters.in_order().into_iter();
    let mut data: Vec<Link> = members.filter(|(uuid, _)| uuid != own).map(link).collect();
    // A link stays cut although the member was deleted.
    let deleted =
        cuts.to.union(&cuts.from).filter(|uuid| !cx.state.clusters.members.contains(uuid));
    data.extend(deleted.map(|uuid| link((uuid, &MemberRow::default()))));
    Ok(Reply::ok(Links { data }))
}

fn change_link(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: ChangeLink,
) -> Result<Reply<Nothing>, Failure> {
    let cut = match body.action.as_str() {
        "cut" => true,
        "heal" => false,
        _ => return Err(Failure::bad_request("'action' must be cut or heal.")),
    };
    let (to, from) = match body.direction.as_deref() {
        None | Some("both") => (true, true),
        Some("to") => (true, false),
        Some("from") => (false, true),
        Some(_) => return Err(Failure::bad_request("'direction' must be to, from or both.")),
    };
    let own = &cx.state.clusters.own.get().member;
    let asked = |uuid: &str, address: &str| {
        let is = |peer: &String| peer.eq_ignore_ascii_case(uuid) || *peer == address;
        body.peer.as_ref().is_none_or(is)
    };
    let members = cx.state.clusters.members.iter();
    let others = members.filter(|(uuid, row)| uuid != own && asked(uuid, &row.address));
    let mut peers: BTreeSet<String> = others.map(|(uuid, _)| uuid.to_owned()).collect();
    let cuts = cx.state.emulator.cuts.get_mut();
    if !cut {
        // Links to members that were deleted heal too.
        peers.extend(cuts.to.union(&cuts.from).filter(|uuid| asked(uuid, "")).cloned());
    } else if peers.is_empty() {
        return Err(refuse(refusal::NO_MEMBER, "There is no such other member."));
    }
    for peer in peers {
        for (set, chosen) in [(&mut cuts.to, to), (&mut cuts.from, from)] {
            match (chosen, cut) {
                (false, _) => {}
                (true, true) => drop(set.insert(peer.clone())),
                (true, false) => drop(set.remove(&peer)),
            }
        }
    }
    cx.peers.after_commit = Some(AfterCommit::Look);
    Ok(Reply::done())
}

/// What is waited for is the web server's business: when this runs, it is over.
fn settle(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    Ok(Reply::done())
}
