//! What a partition holds: objects, backups of them, SKS master keys.
//!
//! Nothing here does cryptography: an object is its label, type and size, put there through
//! `/emulator` as an application would do it.

use luna_rest::Nothing;
use luna_rest::partitions::{
    ADD_OBJECT, AddedObject, CLEAR, CLEAR_SFF, CopiedObjects, CopyObjects, NewObject, OBJECT,
    OBJECT_ACT, OBJECTS, OBJECTS_OLD, Object, Objects, SFF, SMK, SMK_ACT, SMK_ACTIONS, Sff, Smk,
    refusal,
};
use luna_rest::tasks::{Actions, Link};

use crate::core::message::{Failure, Reply};
use crate::core::random::hex;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::partition::access::{
    not_allowed, partition, partition_mut, place, require_initialized, usable,
};
use crate::rules::partition::login::require_role;
use crate::state::objects::ContentsRow;
use crate::state::partitions::{ObjectRow, PartitionRow, object_key};

/// The types of objects and the bytes one usually takes: as recorded for two keys of each kind
/// (496 for two symmetric ones, 1660 for a pair), the rest assumed.
pub(crate) const TYPES: [(&str, u64); 5] = [
    ("Symmetric Key", 248),
    ("Private Key", 1_168),
    ("Public Key", 492),
    ("Certificate", 1_100),
    ("Data", 300),
];

/// The SKS master keys.
pub(crate) const SMKS: [&str; 2] = ["smk-fw7-primary", "smk-fw7-rollover"];

pub(crate) fn routes(r: &mut Routes) {
    r.on(&OBJECTS, MONITOR.private().linked(), list);
    r.on(&OBJECTS_OLD, MONITOR.private(), list);
    r.on(&OBJECT, MONITOR.private().linked(), show);
    r.on(&OBJECT_ACT, OPERATOR.private(), copy);
    r.on(&SFF, MONITOR, sff);
    r.on(&SMK, MONITOR.linked(), smk);
    r.on(&SMK_ACTIONS, MONITOR.linked(), smk_actions);
    r.on(&SMK_ACT, OPERATOR.private().linked(), smk_act);
    r.on(&ADD_OBJECT, OPERATOR, add);
    r.on(&CLEAR, OPERATOR.private().linked(), clear);
    r.on(&CLEAR_SFF, OPERATOR.private(), clear_sff);
}

/// Whether this session sees private objects: a role is logged in, its password its own.
fn sees_private(cx: &Context<'_>, serial: &str) -> Result<bool, Failure> {
    if !cx.session().partition_logins.contains_key(serial) {
        return Ok(false);
    }
    require_role(cx, serial, &["so", "co", "cu", "lco"])?;
    Ok(cx.session().partition_logins.get(serial).is_some_and(|role| role != "so"))
}

fn list(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Objects>, Failure> {
    let serial = usable(cx, &ids[0], &ids[1])?;
    let all = sees_private(cx, serial)?;
    let parent = OBJECTS.path(&[&ids[0], serial]);
    let objects = cx
        .state
        .partitions
        .objects_of(serial)
        .filter(|(_, row)| all || !row.private)
        .map(|(handle, _)| Link::below(&parent, &handle.to_string()))
        .collect();
    Ok(Reply::ok(Objects { objects }))
}

fn show(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Object>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    let found = ids[2].parse().ok();
    let found =
        found.and_then(|handle| cx.state.partitions.objects.get(&object_key(serial, handle)));
    let Some(row) = found else {
        return Err(Failure::new(404, refusal::INVALID_OBJECT, "The object does not exist.")
            .details(format!("The partition has no object with the handle {}.", &ids[2])));
    };
    if row.private && !sees_private(cx, serial)? {
        return Ok(Reply::done().status(200));
    }
    Ok(Reply::ok(Object {
        id: ids[2].to_owned(),
        label: row.label.clone(),
        kind: row.kind.clone(),
        uid: row.uid.clone(),
        private: row.private,
        size: row.size,
    }))
}

fn add(cx: &mut Context<'_>, ids: &Ids<1>, body: NewObject) -> Result<Reply<AddedObject>, Failure> {
    let serial = &ids[0];
    require_initialized(partition(cx, serial)?)?;
    let Some((kind, usual)) = TYPES.iter().find(|(kind, _)| *kind == body.kind) else {
        let types = TYPES.map(|(kind, _)| kind).join(", ");
        return Err(Failure::bad_request(format!("'type' must be one of: {types}.")));
    };
    if body.label.len() > 255 || body.label.contains(char::is_control) {
        return Err(Failure::bad_request("'label' takes at most 255 printable characters."));
    }
    let size = body.size.unwrap_or(*usual);
    let (_, used) = cx.state.partitions.contents(serial);
    let free = partition(cx, serial)?.size.saturating_sub(used);
    if size > free {
        return Err(Failure::new(409, refusal::NO_SPACE, "The partition is full.")
            .details(format!("{free} bytes are free in the partition.")));
    }
    let row = ObjectRow {
        label: body.label,
        kind: (*kind).to_owned(),
        uid: hex(&cx.random().bytes::<12>()),
        private: body.private.unwrap_or(true),
        size,
        contents: ContentsRow::default(),
    };
    let handle = put(cx, serial, row)?;
    Ok(Reply::ok(AddedObject { id: handle.to_string() }))
}

/// Puts an object into a partition, under a handle that it gives.
pub(crate) fn put(cx: &mut Context<'_>, serial: &str, row: ObjectRow) -> Result<u32, Failure> {
    let partition = partition_mut(cx, serial)?;
    partition.last_handle += 1;
    let handle = partition.last_handle;
    cx.state.partitions.objects.insert(object_key(serial, handle), row);
    Ok(handle)
}

fn clear(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    partition(cx, &ids[0])?;
    require_role(cx, &ids[0], &["co"])?;
    cx.state.partitions.erase_objects(&ids[0]);
    Ok(Reply::done())
}

fn no_device() -> Failure {
    Failure::new(400, refusal::NO_DEVICE, "There is no backup device.")
        .details("No small form factor backup device is attached to the appliance.")
}

fn copy(
    cx: &mut Context<'_>,
    ids: &Ids<3>,
    _: CopyObjects,
) -> Result<Reply<CopiedObjects>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    require_role(cx, serial, &["co"])?;
    match ids[2].as_str() {
        "backup" | "restore" => Err(no_device()),
        other => Err(Failure::new(404, refusal::INVALID_ACTION, "The action does not exist.")
            .details(format!("Objects have no action '{other}'."))),
    }
}

fn sff(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Sff>, Failure> {
    place(cx, &ids[0], &ids[1])?;
    Err(no_device())
}

fn clear_sff(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    partition(cx, &ids[0])?;
    Err(no_device())
}

/// Gives a version 1 partition the SKS master key that it has from the beginning (documented), if
/// it has none, and takes it from one of version 0.
pub(crate) fn make_smk(cx: &mut Context<'_>, serial: &str) -> Result<(), Failure> {
    let row = partition(cx, serial)?;
    if row.version == 1 && row.smk_id.is_empty() {
        partition_mut(cx, serial)?.smk_id = new_smk(cx);
    } else if row.version == 0 {
        let row = partition_mut(cx, serial)?;
        row.smk_id.clear();
        row.old_smk_id.clear();
    }
    Ok(())
}

fn new_smk(cx: &mut Context<'_>) -> String {
    hex(&cx.random().bytes::<16>())
}

/// The SKS master keys are those of a version 1 partition.
fn check_smk(row: &PartitionRow, id: &str) -> Result<(), Failure> {
    if !SMKS.contains(&id) {
        return Err(Failure::new(404, refusal::INVALID_SMK, "The SMK does not exist.")
            .details(format!("There is no SMK '{id}'; there are {}.", SMKS.join(" and "))));
    }
    if row.version == 0 {
        return Err(Failure::new(400, refusal::VERSION, "The partition has the wrong version.")
            .details("Only partitions of version 1 have SKS master keys."));
    }
    Ok(())
}

/// What the unique identifiers of things on an HSM end in: its serial number.
pub(crate) fn hsm_ouid(cx: &Context<'_>) -> String {
    hex(&u32::try_from(cx.state.hsm.hsm.get().serial).unwrap_or_default().to_le_bytes())
}

fn show_smk(cx: &Context<'_>, ids: [&str; 3]) -> Result<Smk, Failure> {
    let row = partition(cx, ids[1])?;
    let key = if ids[2] == SMKS[0] { &row.smk_id } else { &row.old_smk_id };
    let begin = key.get(..16);
    Ok(Smk {
        actions: SMK_ACTIONS.path(&ids),
        id: ids[2].to_owned(),
        state: if key.is_empty() { "Not Initialized" } else { "Initialized" }.to_owned(),
        ouid: begin.map_or_else(String::new, |begin| format!("{begin}{}", hsm_ouid(cx))),
    })
}

fn smk(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Smk>, Failure> {
    check_smk(partition(cx, place(cx, &ids[0], &ids[1])?)?, &ids[2])?;
    Ok(Reply::ok(show_smk(cx, [&ids[0], &ids[1], &ids[2]])?))
}

fn smk_actions(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    check_smk(partition(cx, place(cx, &ids[0], &ids[1])?)?, &ids[2])?;
    let parent = SMK_ACTIONS.path(&[&ids[0], &ids[1], &ids[2]]);
    let actions: &[&str] = if ids[2] == SMKS[1] { &["start", "end"] } else { &[] };
    Ok(Reply::ok(Actions { actions: actions.iter().map(|id| Link::below(&parent, id)).collect() }))
}

fn smk_act(cx: &mut Context<'_>, ids: &Ids<4>, _: Nothing) -> Result<Reply<Smk>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    check_smk(partition(cx, serial)?, &ids[2])?;
    let start = match (ids[2].as_str(), ids[3].as_str()) {
        ("smk-fw7-rollover", "start") => true,
        ("smk-fw7-rollover", "end") => false,
        (_, "start" | "end") => {
            return Err(not_allowed("Only smk-fw7-rollover can be started and ended."));
        }
        (_, other) => {
            return Err(Failure::new(404, refusal::INVALID_ACTION, "The action does not exist.")
                .details(format!("An SMK has no action '{other}'.")));
        }
    };
    require_role(cx, serial, &["co"])?;
    let row = partition(cx, serial)?;
    if row.smk_id.is_empty() {
        return Err(Failure::new(409, refusal::NO_SMK, "There is no SKS master key."));
    }
    // Documented: the old key moves to the place for rollovers while there are things under it.
    match (start, row.old_smk_id.is_empty()) {
        (true, true) => {
            let key = new_smk(cx);
            let row = partition_mut(cx, serial)?;
            row.old_smk_id = std::mem::replace(&mut row.smk_id, key);
        }
        (true, false) => {
            return Err(Failure::new(403, refusal::ROLLOVER, "A rollover is going on."));
        }
        (false, true) => return Err(not_allowed("No rollover is going on.")),
        (false, false) => partition_mut(cx, serial)?.old_smk_id.clear(),
    }
    Ok(Reply::ok(show_smk(cx, [&ids[0], &ids[1], &ids[2]])?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::rules::partition::lifecycle::tests::{CO, SO, bench, create, initialized};
    use crate::test_machine::TestMachine;
    use serde_json::{Value, json};

    fn serial(path: &str) -> &str {
        path.rsplit('/').next().unwrap()
    }

    pub(crate) fn login(bench: &mut TestMachine, path: &str, role: &str, password: &str) {
        bench.post(&format!("{path}/logout"), json!({}));
        let body = json!({"role": role, "password": password, "ped": "0"});
        bench.post(&format!("{path}/login"), body).created();
    }

    /// With the Crypto Officer logged in.
    pub(crate) fn partition(bench: &mut TestMachine, version: u8) -> String {
        let path = initialized(bench, version);
        login(bench, &path, "so", SO);
        let first = json!({"password": "first-password"});
        bench.put(&format!("{path}/roles/co"), first).created();
        let change = json!({"oldPassword": "first-password", "newPassword": CO});
        assert_eq!(bench.patch(&format!("{path}/roles/co"), change).status, 202);
        login(bench, &path, "co", CO);
        path
    }

    fn add(bench: &mut TestMachine, path: &str, body: Value) -> u16 {
        bench.post(&format!("/emulator/partitions/{}/objects", serial(path)), body).status
    }

    #[test]
    fn objects_are_counted_and_shown() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        assert_eq!(add(&mut bench, &path, json!({"label": "a", "type": "Symmetric Key"})), 200);
        assert_eq!(add(&mut bench, &path, json!({"label": "b", "type": "Symmetric Key"})), 200);
        assert_eq!(add(&mut bench, &path, json!({"label": "c", "type": "Nonsense"})), 400);
        bench.restart();
        let shown = bench.get(&path).json();
        assert_eq!((&shown["objectCount"], &shown["usedStorageSpace"]), (&json!(2), &json!(496)));
        login(&mut bench, &path, "co", CO);
        for list in ["object/objects", "objects"] {
            let listed = bench.get(&format!("{path}/{list}")).json();
            assert_eq!(listed["objects"][1]["url"], format!("{path}/object/objects/2"));
        }
        let object = bench.get(&format!("{path}/object/objects/2")).json();
        assert_eq!((&object["label"], &object["type"]), (&json!("b"), &json!("Symmetric Key")));
        assert_eq!(object["uid"].as_str().unwrap().len(), 24);
        let none = bench.get(&format!("{path}/object/objects/3"));
        assert_eq!(none.error(), (404, refusal::INVALID_OBJECT));
    }

    #[test]
    fn private_objects_are_for_officers_and_users() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        add(&mut bench, &path, json!({"label": "a", "type": "Private Key"}));
        add(&mut bench, &path, json!({"label": "b", "type": "Public Key", "private": false}));
        let visible = |bench: &mut TestMachine| {
            let listed = bench.get(&format!("{path}/object/objects")).json();
            listed["objects"].as_array().unwrap().len()
        };
        assert_eq!(visible(&mut bench), 2);
        bench.post(&format!("{path}/logout"), json!({}));
        assert_eq!(visible(&mut bench), 1);
        let hidden = bench.get(&format!("{path}/object/objects/1"));
        assert_eq!((hidden.status, hidden.text()), (200, String::new()));
    }

    #[test]
    fn a_partition_holds_no_more_than_its_size() {
        let mut bench = bench();
        let path = create(&mut bench, json!({"name": "small", "size": 500})).created();
        let data = json!({"label": "a", "type": "Data"});
        assert_eq!(add(&mut bench, &path, data.clone()), 409, "not initialized");
        bench.put(&path, json!({"password": SO, "domain": "d"})).created();
        assert_eq!(add(&mut bench, &path, data.clone()), 200);
        assert_eq!(add(&mut bench, &path, data), 409, "full");
        assert_eq!(add(&mut bench, &path, json!({"type": "Data", "size": 200})), 200);
    }

    #[test]
    fn the_officer_clears_the_partition() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        add(&mut bench, &path, json!({"label": "a", "type": "Data"}));
        let clear = format!("/emulator/partitions/{}/objects", serial(&path));
        login(&mut bench, &path, "so", SO);
        assert_eq!(bench.delete(&clear).error(), (401, refusal::NOT_LOGGED_IN));
        login(&mut bench, &path, "co", CO);
        assert_eq!(bench.delete(&clear).status, 204);
        assert_eq!(bench.get(&path).json()["objectCount"], 0);
    }

    #[test]
    fn handles_are_never_given_twice() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        let objects = format!("/emulator/partitions/{}/objects", serial(&path));
        let data = json!({"label": "a", "type": "Data"});
        assert_eq!(bench.post(&objects, data.clone()).json()["id"], "1");
        bench.delete(&objects);
        assert_eq!(bench.post(&objects, data).json()["id"], "2");
    }

    #[test]
    fn no_backup_device_is_attached() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        let none = (400, refusal::NO_DEVICE);
        assert_eq!(bench.get(&format!("{path}/sff")).error(), none);
        let backup = format!("{path}/object/actions/backup");
        assert_eq!(bench.post(&backup, json!({"ids": []})).error(), none);
    }

    /// The SKS master key, and the one before it while it rolls over.
    fn smks(bench: &TestMachine, path: &str) -> (String, String) {
        let row = bench.machine.state.partitions.partitions.get(serial(path)).unwrap();
        (row.smk_id.clone(), row.old_smk_id.clone())
    }

    #[test]
    fn a_version_1_partition_has_an_smk_of_its_own_from_initialization_on() {
        let mut bench = bench();
        let path = create(&mut bench, json!({"name": "v1", "version": 1})).created();
        assert_eq!(smks(&bench, &path).0, "");
        let init = json!({"password": SO, "domain": "d"});
        bench.put(&path, init.clone()).created();
        let (first, _) = smks(&bench, &path);
        assert_eq!(first.len(), 32);
        bench.restart();
        assert_eq!(smks(&bench, &path).0, first);
        bench.put(&path, init).created();
        let (second, _) = smks(&bench, &path);
        assert!(second.len() == 32 && second != first, "{first} {second}");
    }

    #[test]
    fn policy_41_gives_and_takes_the_smk() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        assert_eq!(smks(&bench, &path).0, "");
        login(&mut bench, &path, "so", SO);
        let policy = format!("{path}/policies/41");
        bench.put(&policy, json!({"value": 1})).created();
        assert_eq!(smks(&bench, &path).0.len(), 32);
        let task = bench.put(&policy, json!({"value": 0})).created();
        bench.post(&format!("{task}/actions/start"), json!({}));
        assert_eq!(smks(&bench, &path).0, "");
    }

    #[test]
    fn a_rollover_of_the_smk_is_started_and_ended() {
        let mut bench = bench();
        let path = partition(&mut bench, 1);
        let primary = bench.get(&format!("{path}/smk/smk-fw7-primary")).json();
        assert_eq!(primary["state"], "Initialized");
        assert_eq!(primary["ouid"].as_str().unwrap().len(), 24);
        let (before, _) = smks(&bench, &path);
        let act = |action| format!("{path}/smk/smk-fw7-rollover/actions/{action}");
        assert_eq!(bench.post(&act("end"), json!({})).error(), (422, refusal::NOT_ALLOWED));
        assert_eq!(bench.post(&act("start"), json!({})).json()["state"], "Initialized");
        assert_eq!(bench.post(&act("start"), json!({})).error(), (403, refusal::ROLLOVER));
        let (during, old) = smks(&bench, &path);
        assert!(old == before && during != before);
        assert_eq!(bench.post(&act("end"), json!({})).json()["state"], "Not Initialized");
        assert_eq!(smks(&bench, &path), (during, String::new()));
        let other = create(&mut bench, json!({"name": "v0"})).created();
        let smk = bench.get(&format!("{other}/smk/smk-fw7-primary"));
        assert_eq!(smk.error(), (400, refusal::VERSION));
    }
}
