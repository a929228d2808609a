//! Application partitions: `/api/lunasa/hsms/{hsmid}/partitions`. How they are created, initialized,
//! renamed, resized and deleted.

use luna_rest::Nothing;
use luna_rest::partitions::{
    CAPABILITIES, CHANGE, CREATE, ChangePartition, DELETE, INIT, InitPartition, LIST, NewPartition,
    OBJECTS, POLICIES, Partition, Partitions as PartitionList, ROLES, SFF, SHOW, SMK, refusal,
};
use luna_rest::stc;
use luna_rest::tasks::Link;

use crate::core::checks::{check_domain, check_label};
use crate::core::message::{Failure, Reply};
use crate::core::password::PasswordHash;
use crate::core::random::hex;
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::partition::access::{
    check_hsm, not_allowed, partition, partition_mut, place, remove, usable, zeroize,
};
use crate::rules::partition::login::{check_new_password, check_password, require_role};
use crate::rules::partition::objects::{SMKS, hsm_ouid, make_smk};
use crate::rules::partition::policies::template;
use crate::state::clusters::PACKAGE;
use crate::state::hsm::STORAGE;
use crate::state::partitions::{DomainRow, OVERHEAD, PartitionRow, RoleRow};

/// Bytes that the HSM has for partitions.
pub const TOTAL_STORAGE: u64 = STORAGE;
/// The size of a partition of which none was asked for, as a 7.8.5 appliance gave it.
pub const DEFAULT_SIZE: u64 = 648_381;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LIST, MONITOR, list);
    r.on(&CREATE, OPERATOR.private(), create);
    r.on(&SHOW, MONITOR.linked(), show);
    r.on(&INIT, OPERATOR.linked(), init);
    r.on(&CHANGE, OPERATOR.private().linked(), change);
    r.on(&DELETE, OPERATOR.private(), delete);
}

fn check_name(cx: &Context<'_>, name: &str, own: Option<&str>) -> Result<(), Failure> {
    let allowed = |_, c: char| c.is_ascii_alphanumeric() || " !@#$%^*()-_=+{}[]:,./~".contains(c);
    if !is_name(name, 32, allowed) {
        return Err(Failure::bad_request(
            "'name' takes 1 to 32 letters, digits, blanks and !@#$%^*()-_=+{}[]:,./~ .",
        ));
    }
    let taken = |(serial, row): (&str, &PartitionRow)| Some(serial) != own && row.name == name;
    if cx.state.partitions.partitions.iter().any(taken) {
        return Err(Failure::new(409, refusal::NAME_TAKEN, "The partition name is taken.")
            .details(format!("There is a partition '{name}' already.")));
    }
    Ok(())
}

fn no_space(free: u64) -> Failure {
    Failure::new(409, refusal::NO_SPACE, "The HSM has not enough free storage.").details(format!(
        "{free} bytes are free for a partition, beside the {OVERHEAD} bytes that each takes."
    ))
}

/// The size that was asked for, if it fits into `free` bytes.
fn size_within(free: u64, size: Option<u64>, all: Option<bool>) -> Result<u64, Failure> {
    let size = if all == Some(true) { free } else { size.unwrap_or(DEFAULT_SIZE) };
    if size == 0 || size > free { Err(no_space(free)) } else { Ok(size) }
}

fn list(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<PartitionList>, Failure> {
    check_hsm(cx, &ids[0])?;
    let parent = LIST.path(&[&ids[0]]);
    let serials = cx.state.partitions.serials();
    let partitions = serials.into_iter().map(|serial| Link::below(&parent, serial)).collect();
    Ok(Reply::ok(PartitionList { partitions }))
}

fn create(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: NewPartition,
) -> Result<Reply<Nothing>, Failure> {
    check_hsm(cx, &ids[0])?;
    cx.require_so()?;
    cx.require_operable()?;
    check_name(cx, &body.name, None)?;
    if !body.has_pso {
        // Assumed: firmware 7 has no other partitions.
        return Err(Failure::bad_request("'hasPso' must be true: every partition has its SO."));
    }
    let version = body.version.unwrap_or_default();
    if version > 1 {
        return Err(Failure::bad_request("'version' must be 0 or 1."));
    }
    let clusters = cx.state.packages.is_installed(PACKAGE);
    if clusters
        && version == 1
        && cx.state.partitions.partitions.values().any(|row| row.version == 1)
    {
        return Err(not_allowed(
            "With the cluster package there is one V1 partition, the cluster partition.",
        ));
    }
    let most = cx.state.hsm.max_partitions();
    if cx.state.partitions.count() >= most {
        return Err(Failure::new(
            409,
            refusal::NO_LICENCE,
            "The licence allows no more partitions.",
        )
        .details(format!("The HSM has its {most} partitions already.")));
    }
    let free = cx.state.partitions.free_storage().saturating_sub(OVERHEAD);
    let size = size_within(free, body.size, body.all_storage_space)?;
    let made_by = cx.state.hsm.hsm.get().serial;
    let serial = loop {
        let serial = (made_by * 1_000_000 + cx.random().number(100_000, 999_999)).to_string();
        if !cx.state.partitions.partitions.contains(&serial) {
            break serial;
        }
    };
    let made = cx.state.partitions.partitions.values().map(|row| row.made).max().unwrap_or(0) + 1;
    let row = PartitionRow { made, name: body.name, size, version, ..PartitionRow::default() };
    let location = SHOW.path(&[&ids[0], &serial]);
    cx.state.partitions.partitions.insert(serial, row);
    Ok(Reply::created(location))
}

fn show(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Partition>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    let (object_count, used) = cx.state.partitions.contents(serial);
    let row = partition(cx, serial)?;
    let ids = [&ids[0], serial];
    Ok(Reply::ok(Partition {
        id: serial.to_owned(),
        name: row.name.clone(),
        label: row.label.clone(),
        state: if row.initialized { "initialized" } else { "zeroized" }.to_owned(),
        version: row.version,
        has_pso: true,
        total_storage_space: row.size,
        used_storage_space: used,
        free_storage_space: row.size.saturating_sub(used),
        object_count,
        legacy_domain_set: row.legacy_domain.is_some(),
        overhead: OVERHEAD,
        ouid: ouid(cx, serial),
        capabilities: CAPABILITIES.path(&ids),
        objects: OBJECTS.path(&ids),
        policies: POLICIES.path(&ids),
        roles: ROLES.path(&ids),
        sff: SFF.path(&ids),
        smk: SMKS.map(|smk| SMK.path(&[ids[0], ids[1], smk])).to_vec(),
        stc: stc::SHOW.path(&ids),
        stc_clients: stc::CLIENTS.path(&ids),
    }))
}

/// The identifier of a partition: a number, what it is, and the HSM's serial number, as recorded on
/// two HSMs. Assumed: the number is the partition's own part of its serial number.
fn ouid(cx: &Context<'_>, serial: &str) -> String {
    let number = serial.parse::<u64>().unwrap_or_default() % 1_000_000;
    let number = u32::try_from(number).unwrap_or_default();
    format!("{}09000006{}", hex(&number.to_le_bytes()), hsm_ouid(cx))
}

fn init(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: InitPartition,
) -> Result<Reply<Nothing>, Failure> {
    let serial = usable(cx, &ids[0], &ids[1])?;
    cx.require_operable()?;
    let row = partition(cx, serial)?.clone();
    let label = match &body.label {
        Some(label) => check_label("label", label, 32)?.to_owned(),
        None => row.name.clone(),
    };
    let password = body.password.ok_or_else(|| {
        Failure::bad_request("'password' is required: this HSM authenticates by password.")
    })?;
    let template = match &body.template {
        Some(name) => Some(template(cx, name, row.version)?),
        None => None,
    };
    let (so, domains) = if row.initialized {
        // What there is of an SO and a domain stays; the SO proves that it is he.
        check_password(cx, serial, "so", password.expose())?;
        (partition(cx, serial)?.roles.get("so").cloned(), row.domains)
    } else {
        check_new_password(&row, "so", password.expose())?;
        let domain = match (&body.domain, body.default_domain) {
            (Some(domain), _) if !domain.is_empty() => domain.expose(),
            (_, Some(true)) => "default",
            _ => {
                return Err(Failure::bad_request(
                    "'domain' is required: this HSM authenticates by password.",
                ));
            }
        };
        check_domain(domain)?;
        let domain_label = body.domain_label.unwrap_or_default();
        let domain =
            DomainRow { number: 0, label: domain_label, hash: PasswordHash::of_domain(domain) };
        let so = RoleRow { hash: cx.hash(password.expose()), ..RoleRow::default() };
        (Some(so), vec![domain])
    };
    zeroize(cx, serial);
    let row = partition_mut(cx, serial)?;
    row.initialized = true;
    row.label = label;
    row.roles.extend(so.map(|so| ("so".to_owned(), so)));
    row.domains = domains;
    if let Some(template) = template {
        row.policies = template.policies;
        row.destructive = template.destructive;
    }
    make_smk(cx, serial)?;
    Ok(Reply::created(SHOW.path(&[&ids[0], serial])))
}

fn change(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: ChangePartition,
) -> Result<Reply<Nothing>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    if body.name.is_some() || body.size.is_some() || body.all_storage_space.is_some() {
        cx.require_so()?;
    }
    if let Some(label) = &body.label {
        require_role(cx, serial, &["so"])?;
        partition_mut(cx, serial)?.label = check_label("label", label, 32)?.to_owned();
    }
    if let Some(name) = body.name {
        check_name(cx, &name, Some(serial))?;
        partition_mut(cx, serial)?.name = name;
    }
    if body.size.is_some() || body.all_storage_space == Some(true) {
        let (_, used) = cx.state.partitions.contents(serial);
        let free = cx.state.partitions.free_storage() + partition(cx, serial)?.size;
        let size = size_within(free, body.size, body.all_storage_space)?;
        if size < used {
            return Err(Failure::new(409, refusal::NO_SPACE, "The size is too small.")
                .details(format!("The objects in the partition take {used} bytes.")));
        }
        partition_mut(cx, serial)?.size = size;
    }
    Ok(Reply::created(SHOW.path(&[&ids[0], serial])))
}

fn delete(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    cx.require_so()?;
    remove(cx, serial);
    Ok(Reply::done())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_machine::{Answer, TestMachine};
    use serde_json::{Value, json};

    pub(crate) const SO: &str = "so-password";
    pub(crate) const CO: &str = "co-password";
    pub(crate) const DOMAIN: &str = "domain";

    /// An appliance whose HSM SO is logged in.
    pub(crate) fn bench() -> TestMachine {
        let mut bench = TestMachine::new();
        so_login(&mut bench);
        bench
    }

    pub(crate) fn so_login(bench: &mut TestMachine) {
        for session in bench.machine.sessions.iter_mut() {
            session.hsm_logins.insert("so".into());
        }
    }

    fn parent(bench: &TestMachine) -> String {
        let serial = bench.machine.state.hsm.hsm.get().serial;
        format!("/api/lunasa/hsms/{serial}/partitions")
    }

    /// Creates a partition and returns its path.
    pub(crate) fn create(bench: &mut TestMachine, body: Value) -> Answer {
        let mut all = json!({"hasPso": true});
        all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let parent = parent(bench);
        bench.post(&parent, all)
    }

    /// An initialized partition.
    pub(crate) fn initialized(bench: &mut TestMachine, version: u8) -> String {
        let made = create(bench, json!({"name": "app", "version": version})).created();
        let body = json!({"password": SO, "domain": DOMAIN});
        assert_eq!(bench.put(&made, body).created(), made);
        made
    }

    fn serial(path: &str) -> &str {
        path.rsplit('/').next().unwrap()
    }

    #[test]
    fn a_partition_lives_from_creation_to_deletion() {
        let mut bench = bench();
        let first = create(&mut bench, json!({"name": "app one", "size": 1000})).created();
        let second = create(&mut bench, json!({"name": "second", "version": 1})).created();
        let hsm = bench.machine.state.hsm.hsm.get().serial.to_string();
        assert!(serial(&first).len() == 13 && serial(&first).starts_with(&hsm), "{first}");
        bench.restart();
        so_login(&mut bench);
        let path = parent(&bench);
        let listed = bench.get(&path).json();
        assert_eq!(listed["partitions"][0], json!({"id": serial(&first), "url": first}));
        assert_eq!(listed["partitions"][1]["url"], second, "in the order of creation");
        let shown = bench.get(&second).json();
        assert_eq!((&shown["state"], &shown["version"]), (&json!("zeroized"), &json!(1)));
        assert_eq!(shown["totalStorageSpace"], DEFAULT_SIZE);
        assert_eq!(bench.put(&second, json!({"password": SO, "domain": "d"})).status, 204);
        let shown = bench.get(&second).json();
        assert_eq!((&shown["state"], &shown["label"]), (&json!("initialized"), &json!("second")));
        assert_eq!(bench.delete(&first).status, 204);
        assert_eq!(bench.get(&first).error(), (404, refusal::INVALID_PARTITION));
        assert_eq!(bench.machine.state.partitions.count(), 1);
    }

    #[test]
    fn an_identifier_ends_in_the_serial_number_of_the_hsm() {
        let mut bench = bench();
        let first = create(&mut bench, json!({"name": "a"})).created();
        let second = create(&mut bench, json!({"name": "b"})).created();
        let mut ouid = |path: &str| bench.get(path).json()["ouid"].as_str().unwrap().to_owned();
        let (first, second) = (ouid(&first), ouid(&second));
        assert!(first.len() == 24 && first[8..] == second[8..] && first != second, "{first}");
        let hsm = u32::try_from(bench.machine.state.hsm.hsm.get().serial).unwrap();
        assert_eq!(first[16..], hex(&hsm.to_le_bytes()));
    }

    #[test]
    fn a_deleted_partition_takes_its_assignments_along() {
        let mut bench = bench();
        let path = create(&mut bench, json!({"name": "app"})).created();
        let id = serial(&path).to_owned();
        let row = crate::state::ntls::ClientRow { links: vec![id], ..Default::default() };
        bench.machine.state.ntls.clients.insert("client", row);
        bench.machine.keep();
        assert_eq!(bench.delete(&path).status, 204);
        assert!(bench.machine.state.ntls.clients.get("client").unwrap().links.is_empty());
    }

    #[test]
    fn the_hsm_so_creates_changes_and_deletes() {
        let mut bench = bench();
        let made = create(&mut bench, json!({"name": "app"})).created();
        for session in bench.machine.sessions.iter_mut() {
            session.hsm_logins.clear();
        }
        let refused = (400, "APPLIANCE_REQUIRE_SO_LOGIN");
        assert_eq!(create(&mut bench, json!({"name": "other"})).error(), refused);
        assert_eq!(bench.patch(&made, json!({"size": 1})).error(), refused);
        assert_eq!(bench.patch(&made, json!({"name": "x"})).error(), refused);
        assert_eq!(bench.delete(&made).error(), refused);
        assert_eq!(bench.get(&made).status, 200);
        assert_eq!(bench.get("/api/lunasa/hsms/1/partitions").error(), (404, refusal::INVALID_HSM));
    }

    #[test]
    fn names_are_unique_and_of_allowed_characters() {
        let mut bench = bench();
        create(&mut bench, json!({"name": "app"})).created();
        let mut name = |name: &str| create(&mut bench, json!({"name": name})).status;
        assert_eq!(name("app"), 409);
        for good in ["App", "9 !@#$%^*()-_=+{}[]:,./~", &"a".repeat(32)] {
            assert_eq!(name(good), 204, "{good}");
        }
        for bad in ["", "a'b", "a\"b", "a<b", "a&b", "é", &"a".repeat(33)] {
            assert_eq!(name(bad), 400, "{bad}");
        }
    }

    #[test]
    fn storage_is_shared_and_never_exceeded() {
        let mut bench = bench();
        let refused = (409, refusal::NO_SPACE);
        let most = STORAGE - OVERHEAD;
        let too_much = create(&mut bench, json!({"name": "a", "size": most + 1}));
        assert_eq!(too_much.error(), refused);
        let a = create(&mut bench, json!({"name": "a", "size": 1_000_000})).created();
        let b = create(&mut bench, json!({"name": "b", "allStorageSpace": true})).created();
        let rest = most - 1_000_000 - OVERHEAD;
        assert_eq!(bench.get(&b).json()["totalStorageSpace"], rest);
        assert_eq!(create(&mut bench, json!({"name": "c"})).error(), refused);
        assert_eq!(bench.machine.state.partitions.free_storage(), 0);
        assert_eq!(bench.patch(&a, json!({"size": 1_000_001})).error(), refused);
        assert_eq!(bench.patch(&b, json!({"size": 1})).status, 204);
        assert_eq!(bench.patch(&a, json!({"allStorageSpace": true})).status, 204);
        assert_eq!(bench.get(&a).json()["totalStorageSpace"], most - 1 - OVERHEAD);
    }

    #[test]
    fn a_partition_is_not_made_smaller_than_its_objects() {
        let mut bench = bench();
        let path = initialized(&mut bench, 0);
        let objects = format!("/emulator/partitions/{}/objects", serial(&path));
        bench.post(&objects, json!({"label": "k", "type": "Symmetric Key"}));
        assert_eq!(bench.patch(&path, json!({"size": 247})).error(), (409, refusal::NO_SPACE));
        assert_eq!(bench.patch(&path, json!({"size": 248})).status, 204);
        assert_eq!(bench.get(&path).json()["freeStorageSpace"], 0);
    }

    #[test]
    fn the_licence_allows_ten_partitions() {
        let mut bench = bench();
        for number in 1..=10 {
            create(&mut bench, json!({"name": format!("p{number}")})).created();
        }
        let eleventh = create(&mut bench, json!({"name": "p11"}));
        assert_eq!(eleventh.error(), (409, refusal::NO_LICENCE));
    }

    #[test]
    fn initialization_needs_a_password_and_a_domain() {
        let mut bench = bench();
        let path = create(&mut bench, json!({"name": "app"})).created();
        let mut init = |body: Value| bench.put(&path, body).status;
        assert_eq!(init(json!({"domain": "d"})), 400);
        assert_eq!(init(json!({"password": SO})), 400);
        assert_eq!(init(json!({"password": "seven77", "domain": "d"})), 400);
        assert_eq!(init(json!({"password": SO, "domain": "d&d"})), 400);
        assert_eq!(init(json!({"password": SO, "domain": "d", "label": "l;l"})), 400);
        assert_eq!(init(json!({"password": SO, "defaultDomain": true, "label": " l's "})), 204);
        assert_eq!(bench.get(&path).json()["label"], "l's", "outer blanks are dropped");
    }

    #[test]
    fn initializing_again_keeps_the_so_and_erases_the_rest() {
        let mut bench = bench();
        let path = initialized(&mut bench, 0);
        let objects = format!("/emulator/partitions/{}/objects", serial(&path));
        bench.post(&objects, json!({"label": "k", "type": "Symmetric Key"}));
        let wrong = bench.put(&path, json!({"password": "wrong-password", "label": "new"}));
        assert_eq!(wrong.error(), (401, refusal::WRONG_PASSWORD));
        assert_eq!(bench.get(&path).json()["objectCount"], 1);
        assert_eq!(bench.put(&path, json!({"password": SO, "label": "new"})).status, 204);
        let shown = bench.get(&path).json();
        assert_eq!((&shown["objectCount"], &shown["label"]), (&json!(0), &json!("new")));
        let login = json!({"role": "so", "password": SO, "ped": "0"});
        assert_eq!(bench.post(&format!("{path}/login"), login).status, 204);
    }
}
