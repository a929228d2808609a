//! Clients of the cluster: registration, sessions, and what they do with keyrings.
//!
//! The product's protocol for this is not public; it is REST below `/emulator/clusters` here. A
//! client proves who it is with the key of its certificate. KRSO is called `so` and KRCO `co`, as
//! on a partition.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use luna_rest::clusters::refusal;
use luna_rest::keyrings::{
    ADD_OBJECTS, CHANGE_ROLE, CLEAR, ClientSession, Entry, EntryMember, FILL, INIT_ROLE, LOGIN,
    LOGOUT, NewClient, NewObjects, OBJECT, OBJECTS, ObjectList, REGISTER, RESET_ROLE, ROLE, ROLES,
    Registered, SESSION, SLOT, SLOTS, Slot, Slots,
};
use luna_rest::partitions::{
    AddedObject, ChangePassword, InitRole, Login, Object, Role, RoleAction, RoleRef, Roles,
    refusal as roles,
};
use luna_rest::{Fingerprint, Nothing};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::core::checks::{COMMON_NAME, check_label, is_common_name};
use crate::core::message::{Failure, Reply};
use crate::core::random::hex;
use crate::request::auth;
use crate::request::context::Context;
use crate::request::route::{ADMIN, CLIENT, Ids, OPEN, Routes};
use crate::request::session::Session;
use crate::rules::cluster::access::{
    refuse, require_active, require_cluster, require_writes, writes,
};
use crate::rules::cluster::keyrings::{ATTEMPTS, find, most_objects};
use crate::rules::partition::access::not_allowed;
use crate::rules::partition::objects::TYPES;
use crate::state::State;
use crate::state::clusters::{CRYPTO_PORT, ClientRow, Clusters, MemberRow};
use crate::state::keyrings::{FailedRow, KeyObject, KeyringRow, Password};

/// Failed logins with a password of this length or less never count.
const SHORT: usize = 6;
/// The most clients of a cluster. Assumed: as many as may be connected to an appliance.
const MOST_CLIENTS: usize = 800;
/// The most registrations that a member takes in a minute, refused ones too. Assumed.
const MOST_IN_A_MINUTE: usize = 60;
/// Objects that one request creates.
const MOST_AT_ONCE: u32 = 10_000;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&REGISTER, OPEN, register);
    r.on(&SESSION, OPEN, session);
    r.on(&SLOTS, CLIENT, slots);
    r.on(&SLOT, CLIENT, slot);
    r.on(&LOGIN, CLIENT, login);
    r.on(&LOGOUT, CLIENT, logout);
    r.on(&ROLES, CLIENT, list_roles);
    r.on(&ROLE, CLIENT, role);
    r.on(&INIT_ROLE, CLIENT, init_role);
    r.on(&CHANGE_ROLE, CLIENT, change_role);
    r.on(&RESET_ROLE, CLIENT, reset_role);
    r.on(&OBJECTS, CLIENT, objects);
    r.on(&OBJECT, CLIENT, object);
    r.on(&ADD_OBJECTS, CLIENT, add);
    r.on(&CLEAR, CLIENT, clear);
    r.on(&FILL, ADMIN, fill);
}

fn der(pem: &str) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(pem.as_bytes()).ok()
}

fn fingerprint(pem: &str) -> String {
    der(pem).map(|der| Fingerprint::of(&der).to_string()).unwrap_or_default()
}

fn register(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: NewClient,
) -> Result<Reply<Registered>, Failure> {
    require_cluster(cx, &ids[0])?;
    // The guide: the member that takes the client has to be an authorized one.
    require_active(cx)?;
    count_registration(cx)?;
    let bad = |details: &str| Failure::bad_request(format!("'certificate': {details}"));
    let der = der(&body.certificate).ok_or_else(|| bad("it is no PEM certificate."))?;
    let (_, parsed) = x509_parser::parse_x509_certificate(&der)
        .map_err(|_| bad("it is no X.509 certificate."))?;
    let name = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    let name = name.ok_or_else(|| bad("it has no common name."))?.to_owned();
    // Anybody may register: what is shown of it must not be able to do harm.
    if !is_common_name(&name) {
        return Err(bad(&format!("its common name has 1 to 64 {COMMON_NAME}")));
    }
    let label = match body.label.as_deref() {
        Some(label) => check_label("label", label, 64)?.to_owned(),
        None => String::new(),
    };
    let user = body.user.unwrap_or_default();
    let is_monitor = cx.state.users.users.get(&user).is_some_and(|row| row.role == "monitor");
    if !user.is_empty() && !is_monitor {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            format!("The appliance has no account '{user}' with the role monitor."),
        ));
    }
    let fingerprint = Fingerprint::of(&der).to_string();
    let clients = &cx.state.clusters.clients;
    let known = match clients.iter().find(|(_, row)| row.name == name) {
        // A client that registers again, with a new key, stays the client it was: its present key
        // says that it is.
        Some((uuid, row)) => {
            let cluster = &cx.state.clusters.cluster.get().uuid;
            let text = NewClient::text(cluster, &own_fingerprint(cx), &fingerprint);
            if !has_signed(row, &text, body.proof.as_deref().unwrap_or_default()) {
                return Err(refuse(
                    refusal::CLIENT_EXISTS,
                    format!(
                        "A client '{name}' is registered with another key. It registers again with \
                         that key; when it is lost, an administrator deletes the client first."
                    ),
                ));
            }
            Some(uuid.to_owned())
        }
        None if clients.len() >= MOST_CLIENTS => {
            return Err(refuse(
                refusal::LIMIT,
                format!("A cluster has at most {MOST_CLIENTS} clients; delete one first."),
            ));
        }
        None => None,
    };
    let uuid = known.unwrap_or_else(|| cx.random().uuid());
    let row = ClientRow { name, label, user, certificate: body.certificate, fingerprint };
    cx.state.clusters.clients.insert(uuid.clone(), row);
    cx.sessions.retain(|session| session.client != uuid);
    let clusters = &cx.state.clusters;
    let own = clusters.own.get();
    let others = clusters.in_order().into_iter().filter(|(member, _)| *member != own.member);
    let certificates = others.map(|(_, row)| row.certificate.as_str());
    let ca = [cx.options.certificate.as_str()].into_iter().chain(certificates).collect();
    Ok(Reply::ok(Registered {
        client_uuid: uuid,
        cluster_label: clusters.cluster.get().label.clone(),
        crypto_port: Clusters::port(own.traffic_now().1, CRYPTO_PORT),
        ca,
    }))
}

/// Goes on unless too many clients were registered here just now.
fn count_registration(cx: &mut Context<'_>) -> Result<(), Failure> {
    let now = cx.now.unix_timestamp();
    // One of the future is of a clock that was set back.
    cx.peers.registrations.retain(|then| (now - 59..=now).contains(then));
    if cx.peers.registrations.len() >= MOST_IN_A_MINUTE {
        let details = format!(
            "A member registers at most {MOST_IN_A_MINUTE} clients in a minute; try again later."
        );
        return Err(refuse(refusal::LIMIT, details));
    }
    cx.peers.registrations.push(now);
    Ok(())
}

fn own_fingerprint(cx: &Context<'_>) -> String {
    fingerprint(&cx.options.certificate)
}

/// Whether the key of a client has made this signature, in Base64, of a text.
fn has_signed(client: &ClientRow, text: &str, signature: &str) -> bool {
    let (Ok(signature), Some(der)) = (STANDARD.decode(signature), der(&client.certificate)) else {
        return false;
    };
    x509_parser::parse_x509_certificate(&der).is_ok_and(|(_, parsed)| {
        let key = &parsed.public_key().subject_public_key.data;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key);
        key.verify(text.as_bytes(), &signature).is_ok()
    })
}

fn session(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: ClientSession,
) -> Result<Reply<Entry>, Failure> {
    require_cluster(cx, &ids[0])?;
    let stranger = || {
        Failure::new(401, "CLUSTER_CLIENT_UNKNOWN", "The client is not registered.")
            .details(format!("No client '{}' is registered with this key.", body.common_name))
    };
    let found = cx.state.clusters.clients.iter().find(|(_, row)| row.name == body.common_name);
    let (client, row) = found.ok_or_else(stranger)?;
    let client = client.to_owned();
    let cluster = &cx.state.clusters.cluster.get().uuid;
    let text = ClientSession::text(cluster, &own_fingerprint(cx));
    if !has_signed(row, &text, &body.signature) {
        return Err(stranger());
    }
    let entry = entry(cx);
    let reply = auth::open(cx, Session { client, private: true, ..Session::default() });
    Ok(reply.with(entry))
}

fn entry(cx: &Context<'_>) -> Entry {
    let clusters = &cx.state.clusters;
    let own = clusters.own.get();
    let group = clusters.members.get(&own.member).map(|row| row.group.clone()).unwrap_or_default();
    let mut members = clusters.in_order();
    members.sort_by_key(|(uuid, row)| (*uuid != own.member, row.group != group));
    let member = |(uuid, row): (&str, &MemberRow)| EntryMember {
        address: row.address.clone(),
        port: match uuid == own.member {
            true => Clusters::port(own.traffic_now().1, CRYPTO_PORT),
            false => row.crypto_port,
        },
        fingerprint: fingerprint(&row.certificate),
        group: row.group.clone(),
    };
    Entry {
        cluster_label: clusters.cluster.get().label.clone(),
        members: members.into_iter().map(member).collect(),
    }
}

fn sees(cx: &Context<'_>, row: &KeyringRow) -> bool {
    !cx.state.clusters.cluster.get().manual || row.clients.contains(&cx.session().client)
}

fn slot_of(uuid: &str, row: &KeyringRow) -> Slot {
    Slot {
        id: uuid.to_owned(),
        label: row.label.clone(),
        serial: row.serial.clone(),
        objects: row.objects,
    }
}

fn slots(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Slots>, Failure> {
    require_cluster(cx, &ids[0])?;
    require_active(cx)?;
    // Assumed: in the order in which they were made, so that a new one moves no other.
    let seen = cx.state.keyrings.in_order().into_iter().filter(|(_, row)| sees(cx, row));
    Ok(Reply::ok(Slots { data: seen.map(|(uuid, row)| slot_of(uuid, row)).collect() }))
}

/// The keyring of a path, if the client sees it.
fn seen<'i>(cx: &Context<'_>, cluster: &str, uuid: &'i str) -> Result<&'i str, Failure> {
    require_cluster(cx, cluster)?;
    require_active(cx)?;
    let row = cx.state.keyrings.keyrings.get(uuid).filter(|row| sees(cx, row));
    match row {
        Some(_) => Ok(uuid),
        None => Err(refuse(refusal::NO_KEYRING, format!("This client sees no keyring {uuid}."))),
    }
}

/// The same, where it may be used.
pub(crate) fn keyring<'i>(
    cx: &Context<'_>,
    cluster: &str,
    uuid: &'i str,
) -> Result<&'i str, Failure> {
    seen(cx, cluster, uuid)?;
    let row = row(cx, uuid)?;
    if row.disabled {
        let details = format!("The keyring '{}' is disabled.", row.label);
        return Err(refuse(refusal::KEYRING_DISABLED, details));
    }
    Ok(uuid)
}

fn row<'c>(cx: &'c Context<'_>, uuid: &str) -> Result<&'c KeyringRow, Failure> {
    let found = cx.state.keyrings.keyrings.get(uuid);
    found.ok_or_else(|| refuse(refusal::NO_KEYRING, "The keyring was deleted."))
}

fn row_mut<'c>(cx: &'c mut Context<'_>, uuid: &str) -> Result<&'c mut KeyringRow, Failure> {
    let found = cx.state.keyrings.keyrings.get_mut(uuid);
    found.ok_or_else(|| refuse(refusal::NO_KEYRING, "The keyring was deleted."))
}

fn slot(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Slot>, Failure> {
    let uuid = seen(cx, &ids[0], &ids[1])?;
    Ok(Reply::ok(slot_of(uuid, row(cx, uuid)?)))
}

/// What texts call a role.
fn called(role: &str) -> Result<&'static str, Failure> {
    match role {
        "so" => Ok("Keyring Security Officer"),
        "co" => Ok("Keyring Crypto Officer"),
        _ => Err(Failure::new(404, roles::INVALID_ROLE, "The role does not exist.")
            .details(format!("A keyring has no role '{role}'; it has so and co."))),
    }
}

fn password<'r>(row: &'r KeyringRow, role: &str) -> Result<&'r Password, Failure> {
    let found = if role == "so" { Some(&row.so) } else { row.co.as_ref() };
    found.ok_or_else(|| {
        Failure::new(409, roles::ROLE_NOT_INITIALIZED, "The role is not initialized.")
            .details("The Keyring Crypto Officer has no password yet.")
    })
}

/// Which count a failed login of a role belongs to: with passwords of their own the roles are locked
/// one by one.
fn count_of(dual: bool, role: &str, of: FailedRow) -> u32 {
    if dual && role == "so" { of.so_failed } else { of.failed }
}

/// Failed logins of a role: those that the cluster knows, and those that were counted here since
/// the link to the primary member broke.
fn failed(cx: &Context<'_>, uuid: &str, role: &str) -> u32 {
    let dual = cx.state.clusters.cluster.get().dual;
    let known = cx.state.keyrings.keyrings.get(uuid);
    let known = known
        .map(|row| FailedRow { failed: row.failed, so_failed: row.so_failed })
        .unwrap_or_default();
    let here = cx.state.clusters.own.get().failed.get(uuid).copied().unwrap_or_default();
    count_of(dual, role, known).saturating_add(count_of(dual, role, here))
}

/// Whether too many logins to a keyring failed, of whichever role.
pub(crate) fn is_locked(cx: &Context<'_>, uuid: &str) -> bool {
    failed_logins(cx, uuid) >= ATTEMPTS
}

/// The failed logins of the role that has most of them.
pub(crate) fn failed_logins(cx: &Context<'_>, uuid: &str) -> u32 {
    failed(cx, uuid, "so").max(failed(cx, uuid, "co"))
}

/// Counts a failed login. Without a link to the primary member it is counted here, and told later.
fn count_failed(cx: &mut Context<'_>, uuid: &str, role: &str) {
    let apart = cx.state.clusters.cluster.get().dual && role == "so";
    let (failed, so_failed) = if apart { (0, 1) } else { (1, 0) };
    if !writes(cx) {
        let here = cx.state.clusters.own.get_mut().failed.entry(uuid.to_owned()).or_default();
        here.failed += failed;
        here.so_failed += so_failed;
    } else if let Some(row) = cx.state.keyrings.keyrings.get_mut(uuid) {
        row.failed += failed;
        row.so_failed += so_failed;
    }
}

/// A good login forgets the failed ones of its role: those of the cluster only where this member
/// may write.
fn forget_failed(cx: &mut Context<'_>, uuid: &str, role: &str) {
    if failed(cx, uuid, role) == 0 {
        return;
    }
    let apart = cx.state.clusters.cluster.get().dual && role == "so";
    if writes(cx)
        && let Some(row) = cx.state.keyrings.keyrings.get_mut(uuid)
    {
        *(if apart { &mut row.so_failed } else { &mut row.failed }) = 0;
    }
    let own = &mut cx.state.clusters.own;
    if own.get().failed.contains_key(uuid)
        && let Some(here) = own.get_mut().failed.get_mut(uuid)
    {
        *(if apart { &mut here.so_failed } else { &mut here.failed }) = 0;
    }
}

/// Adds the failed logins that were counted here to those of the cluster: the primary member is
/// visible again.
pub(crate) fn report_failed(state: &mut State) {
    for (uuid, here) in std::mem::take(&mut state.clusters.own.get_mut().failed) {
        if here == FailedRow::default() {
            continue;
        }
        if let Some(row) = state.keyrings.keyrings.get_mut(&uuid) {
            row.failed = row.failed.saturating_add(here.failed).min(ATTEMPTS);
            row.so_failed = row.so_failed.saturating_add(here.so_failed).min(ATTEMPTS);
        }
    }
}

/// A keyring that is not locked and whose role has a password.
fn may_log_in<'c>(cx: &'c Context<'_>, uuid: &str, role: &str) -> Result<&'c KeyringRow, Failure> {
    called(role)?;
    let found = row(cx, uuid)?;
    password(found, role)?;
    if failed(cx, uuid, role) >= ATTEMPTS {
        return Err(Failure::new(403, roles::LOCKED, "The keyring is locked.")
            .details("Too many logins failed; 'keyring unlock' in LunaSH unlocks it."));
    }
    Ok(found)
}

/// Judges a role's password. A wrong one counts only when it has more than 6 characters, and the
/// role's own at most 16.
fn check(cx: &mut Context<'_>, uuid: &str, role: &str, given: &str) -> Result<(), Failure> {
    let name = called(role)?;
    let known = password(may_log_in(cx, uuid, role)?, role)?.clone();
    if known.hash.matches(given) {
        forget_failed(cx, uuid, role);
        return Ok(());
    }
    let wrong = Failure::new(401, roles::WRONG_PASSWORD, "The password is wrong.");
    if known.long || given.len() <= SHORT {
        return Err(wrong.details(format!("The password of the {name} is wrong.")));
    }
    count_failed(cx, uuid, role);
    Err(match ATTEMPTS.saturating_sub(failed(cx, uuid, role)) {
        0 => wrong.details("It was the last attempt: the keyring is locked."),
        1 => wrong.details(format!("The {name} has 1 login attempt left.")),
        left => wrong.details(format!("The {name} has {left} login attempts left.")),
    }
    .keeping_changes())
}

/// Goes on with this role logged in, its password its own.
pub(crate) fn require(cx: &mut Context<'_>, uuid: &str, role: &str) -> Result<(), Failure> {
    let name = called(role)?;
    if cx.session().keyring_logins.get(uuid).is_none_or(|other| other != role) {
        return Err(Failure::new(401, roles::NOT_LOGGED_IN, "The role is not logged in.")
            .details(format!("The {name} must be logged in to the keyring.")));
    }
    if password(row(cx, uuid)?, role).is_ok_and(|role| role.to_be_changed) {
        return Err(Failure::new(403, roles::PASSWORD_EXPIRED, "The password has expired.")
            .details(format!(
                "The {name} must change the password that was set for the role before anything \
                 else."
            )));
    }
    Ok(())
}

fn login(cx: &mut Context<'_>, ids: &Ids<2>, body: Login) -> Result<Reply<Nothing>, Failure> {
    let uuid = keyring(cx, &ids[0], &ids[1])?;
    called(&body.role)?;
    if let Some(other) = cx.session().keyring_logins.get(uuid) {
        return Err(Failure::new(409, roles::ALREADY_LOGGED_IN, "A role is logged in already.")
            .details(format!("The {} is logged in to this keyring.", called(other)?)));
    }
    may_log_in(cx, uuid, &body.role)?;
    let given = body.password.ok_or_else(|| Failure::bad_request("'password' is required."))?;
    check(cx, uuid, &body.role, given.expose())?;
    cx.session_mut().keyring_logins.insert(uuid.to_owned(), body.role);
    cx.peers.operations += 1;
    Ok(Reply::done())
}

fn logout(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let uuid = seen(cx, &ids[0], &ids[1])?.to_owned();
    cx.session_mut().keyring_logins.remove(&uuid);
    Ok(Reply::done())
}

fn list_roles(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Roles>, Failure> {
    let uuid = seen(cx, &ids[0], &ids[1])?;
    let role = |id: &str| RoleRef {
        id: id.to_owned(),
        name: called(id).unwrap_or_default().to_owned(),
        url: ROLE.path(&[&ids[0], uuid, id]),
    };
    Ok(Reply::ok(Roles { roles: ["co", "so"].map(role).to_vec() }))
}

fn role(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Role>, Failure> {
    let uuid = seen(cx, &ids[0], &ids[1])?.to_owned();
    let (id, name) = (&ids[2], called(&ids[2])?);
    let row = row(cx, &uuid)?;
    let found = password(row, id).ok();
    let left = ATTEMPTS.saturating_sub(failed(cx, &uuid, id));
    Ok(Reply::ok(Role {
        activated: false,
        challenge_to_be_changed: false,
        id: id.to_owned(),
        initialized: found.is_some(),
        locked_out: left == 0,
        login_attempts_left: Some(left),
        name: name.to_owned(),
        pin_to_be_changed: found.is_some_and(|role| role.to_be_changed),
        primary_authentication: "PIN".to_owned(),
        secondary_authentication: "None".to_owned(),
    }))
}

fn init_role(
    cx: &mut Context<'_>,
    ids: &Ids<3>,
    body: InitRole,
) -> Result<Reply<Nothing>, Failure> {
    let uuid = keyring(cx, &ids[0], &ids[1])?.to_owned();
    require_writes(cx)?;
    called(&ids[2])?;
    if &ids[2] == "so" {
        return Err(not_allowed("The Keyring Security Officer is made with the keyring."));
    }
    require(cx, &uuid, "so")?;
    let given = body.password.ok_or_else(|| Failure::bad_request("'password' is required."))?;
    let dual = cx.state.clusters.cluster.get().dual;
    let found = row(cx, &uuid)?;
    if found.co.is_some() {
        return Err(Failure::new(409, roles::ROLE_INITIALIZED, "The role is initialized already.")
            .details("The Keyring Crypto Officer has a password already."));
    }
    let co = if dual {
        // As on a partition: the officer changes what somebody else set.
        Password::new(cx, given.expose(), true)?
    } else {
        let so = found.so.clone();
        if !so.hash.matches(given.expose()) {
            return Err(not_allowed(
                "In single-identity mode the Keyring Crypto Officer has the password of the \
                 Keyring Security Officer: give that one.",
            ));
        }
        so
    };
    row_mut(cx, &uuid)?.co = Some(co);
    Ok(Reply::done())
}

fn change_role(
    cx: &mut Context<'_>,
    ids: &Ids<3>,
    body: ChangePassword,
) -> Result<Reply<Nothing>, Failure> {
    let uuid = keyring(cx, &ids[0], &ids[1])?.to_owned();
    require_writes(cx)?;
    let role = &ids[2];
    check(cx, &uuid, role, body.old_password.expose())?;
    let new = Password::new(cx, body.new_password.expose(), false)?;
    let dual = cx.state.clusters.cluster.get().dual;
    let row = row_mut(cx, &uuid)?;
    if role == "so" || !dual {
        row.so = new.clone();
    }
    if (role == "co" || !dual) && row.co.is_some() {
        row.co = Some(new);
    }
    Ok(Reply::done())
}

/// The KRSO resets the KRCO's password, as on a partition. Assumed: the HSM policy that a partition
/// needs for it does not count, for the members' HSMs may differ in it.
fn reset_role(
    cx: &mut Context<'_>,
    ids: &Ids<4>,
    body: RoleAction,
) -> Result<Reply<Nothing>, Failure> {
    let uuid = keyring(cx, &ids[0], &ids[1])?.to_owned();
    require_writes(cx)?;
    let name = called(&ids[2])?;
    if &ids[3] != "reset" {
        return Err(Failure::new(404, roles::INVALID_ACTION, "The action does not exist.")
            .details(format!("A keyring's role has no action '{}'.", &ids[3])));
    }
    if &ids[2] == "so" {
        return Err(not_allowed(format!("Nobody can reset the password of the {name}.")));
    }
    require(cx, &uuid, "so")?;
    if !cx.state.clusters.cluster.get().dual {
        return Err(not_allowed(
            "In single-identity mode both roles have one password: the Keyring Security Officer \
             changes it.",
        ));
    }
    password(row(cx, &uuid)?, "co")?;
    let given = body.password.ok_or_else(|| Failure::bad_request("'password' is required."))?;
    let new = Password::new(cx, given.expose(), true)?;
    forget_failed(cx, &uuid, "co");
    row_mut(cx, &uuid)?.co = Some(new);
    Ok(Reply::done())
}

/// The unique identifier of a keyring's object. It follows from where the object is, so that it need not
/// be kept.
pub(crate) fn object_uid(uuid: &str, handle: u32) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("{uuid}/{handle}").as_bytes());
    hex(&digest.as_ref()[..12])
}

fn object_of(uuid: &str, object: KeyObject) -> Object {
    let KeyObject(handle, label, kind) = object;
    let (kind, size) = TYPES.get(usize::from(kind)).copied().unwrap_or(TYPES[0]);
    Object {
        id: handle.to_string(),
        label,
        kind: kind.to_owned(),
        uid: object_uid(uuid, handle),
        private: true,
        size,
    }
}

fn objects(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<ObjectList>, Failure> {
    let uuid = keyring(cx, &ids[0], &ids[1])?.to_owned();
    cx.peers.operations += 1;
    // As on a partition: who is not logged in sees no private objects.
    if cx.session().keyring_logins.get(&uuid).is_none_or(|role| role != "co") {
        return Ok(Reply::ok(ObjectList::default()));
    }
    require(cx, &uuid, "co")?;
    let all = cx.state.keyrings.objects_of(&uuid);
    Ok(Reply::ok(ObjectList { data: all.map(|object| object_of(&uuid, object)).collect() }))
}

fn object(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Object>, Failure> {
    let uuid = keyring(cx, &ids[0], &ids[1])?.to_owned();
    require(cx, &uuid, "co")?;
    cx.peers.operations += 1;
    let handle = ids[2].parse().ok();
    let found = handle.and_then(|handle| cx.state.keyrings.object(&uuid, handle));
    let found = found.ok_or_else(|| {
        Failure::new(404, roles::INVALID_OBJECT, "The object does not exist.")
            .details(format!("The keyring has no object with the handle {}.", &ids[2]))
    })?;
    Ok(Reply::ok(object_of(&uuid, found)))
}

fn add(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: NewObjects,
) -> Result<Reply<AddedObject>, Failure> {
    let uuid = keyring(cx, &ids[0], &ids[1])?.to_owned();
    require_writes(cx)?;
    require(cx, &uuid, "co")?;
    cx.peers.operations += 1;
    add_to(cx, &uuid, &body)
}

fn fill(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: NewObjects,
) -> Result<Reply<AddedObject>, Failure> {
    require_active(cx)?;
    let uuid = find(cx, &ids[0])?;
    add_to(cx, &uuid, &body)
}

fn add_to(
    cx: &mut Context<'_>,
    uuid: &str,
    body: &NewObjects,
) -> Result<Reply<AddedObject>, Failure> {
    let kind = TYPES.iter().zip(0_u8..).find(|((name, _), _)| *name == body.kind);
    let Some((_, kind)) = kind else {
        let types = TYPES.map(|(kind, _)| kind).join(", ");
        return Err(Failure::bad_request(format!("'type' must be one of: {types}.")));
    };
    if body.label.len() > 255 || body.label.contains(char::is_control) {
        return Err(Failure::bad_request("'label' takes at most 255 printable characters."));
    }
    let count = body.count.unwrap_or(1);
    if !(1..=MOST_AT_ONCE).contains(&count) {
        return Err(Failure::bad_request(format!("'count' must be 1 to {MOST_AT_ONCE}.")));
    }
    let there = row(cx, uuid)?.objects;
    if let Some(most) = most_objects(cx).filter(|most| there + count as usize > *most) {
        return Err(refuse(
            refusal::LIMIT,
            format!("A keyring holds at most {most} objects; there are {there}."),
        ));
    }
    let label = |number: u32| match body.count {
        None => body.label.clone(),
        Some(_) => format!("{}{number}", body.label),
    };
    let new = (1..=count).map(|number| (label(number), kind)).collect();
    let last = cx.state.keyrings.add(uuid, new);
    Ok(Reply::ok(AddedObject { id: last.to_string() }))
}

fn clear(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let uuid = keyring(cx, &ids[0], &ids[1])?.to_owned();
    require_writes(cx)?;
    require(cx, &uuid, "co")?;
    cx.peers.operations += 1;
    cx.state.keyrings.erase(&uuid);
    Ok(Reply::done())
}

#[cfg(test)]
mod tests;
