//! Backups of partitions on a Backup HSM: made, restored, listed, deleted.
//!
//! Of a version 0 partition its objects are copied, of a version 1 partition its SKS master key
//! (documented). Nothing is copied between different cloning domains.

use luna_rest::tokens::{
    BACKUP, BACKUPS, Backup, BackupLogin, BackupObject, BackupObjects, BackupPartition, Backups,
    Cloned, Copied, DELETE_BACKUP, OBJECTS, RESTORE, Restore, refusal,
};
use luna_rest::{Nothing, partitions};

use crate::core::checks::check_domain;
use crate::core::message::{Failure, Reply};
use crate::core::password::PasswordHash;
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::partition::access::{not_allowed, partition, partition_mut, require_initialized};
use crate::rules::partition::contents::{give_out, take_in};
use crate::rules::partition::login::{check_new_password, require_role};
use crate::rules::partition::objects;
use crate::rules::token::devices as tokens;
use crate::rules::token::devices::{MAX_BACKUPS, STORAGE, token, token_mut};
use crate::state::partition_policies::{PRIVATE_KEY_CLONING, SECRET_KEY_CLONING, policy};
use crate::state::partitions::{OVERHEAD, ObjectRow, PartitionRow};
use crate::state::tokens::{BackupRow, TokenRow};

/// Wrong passwords in a row that lock a backup; assumed, as a partition's by default.
const ATTEMPTS: u32 = 10;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&BACKUPS, MONITOR, list);
    r.on(&OBJECTS, MONITOR.private(), show_objects);
    r.on(&DELETE_BACKUP, OPERATOR.private(), delete);
    r.on(&BACKUP, OPERATOR.private(), backup);
    r.on(&RESTORE, OPERATOR.private(), restore);
}

/// Whether the SKS master key of this partition encrypts a cluster of this appliance, so that
/// another one must not take its place.
fn encrypts_a_cluster(cx: &Context<'_>, serial: &str) -> bool {
    let clusters = &cx.state.clusters;
    clusters.is_member() && clusters.own.get().partition == serial
}

fn list(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Backups>, Failure> {
    let mut found: Vec<_> = token(cx, &ids[0])?.backups.iter().collect();
    found.sort_unstable_by_key(|(_, row)| row.made);
    let shown = |(id, row): (&String, &BackupRow)| BackupPartition {
        id: id.clone(),
        name: row.name.clone(),
        version: row.version,
        object_count: row.objects.len() as u64,
        smk: !row.smk_id.is_empty(),
        total_storage_space: row.size(),
        used_storage_space: row.size() - OVERHEAD,
        login_attempts_left: Some(ATTEMPTS.saturating_sub(row.failed)),
    };
    Ok(Reply::ok(Backups { partitions: found.into_iter().map(shown).collect() }))
}

/// An object's handle on a Backup HSM is its place in the backup.
fn handles(row: &BackupRow) -> impl Iterator<Item = (u32, &ObjectRow)> {
    (1..).zip(&row.objects)
}

fn show_objects(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: BackupLogin,
) -> Result<Reply<BackupObjects>, Failure> {
    check_co(cx, &ids[0], &ids[1], body.password.expose())?;
    let object = |(handle, row): (u32, &ObjectRow)| BackupObject {
        handle,
        label: row.label.clone(),
        kind: row.kind.clone(),
    };
    let objects = handles(of(cx, &ids[0], &ids[1])?).map(object).collect();
    Ok(Reply::ok(BackupObjects { objects }))
}

fn no_backup(name: &str) -> Failure {
    Failure::new(404, refusal::INVALID_BACKUP, "The backup does not exist.")
        .details(format!("There is no backup '{name}' on the backup HSM."))
}

fn delete(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    tokens::require_so(cx, &ids[0])?;
    if token_mut(cx, &ids[0])?.backups.remove(&ids[1]).is_none() {
        return Err(no_backup(&ids[1]));
    }
    Ok(Reply::done())
}

/// The serial number of a backup.
fn named(row: &TokenRow, name: &str) -> Option<String> {
    row.backups.iter().find(|(_, row)| row.name == name).map(|(id, _)| id.clone())
}

fn of<'c>(cx: &'c Context<'_>, serial: &str, id: &str) -> Result<&'c BackupRow, Failure> {
    token(cx, serial)?.backups.get(id).ok_or_else(|| no_backup(id))
}

fn of_mut<'c>(
    cx: &'c mut Context<'_>,
    serial: &str,
    id: &str,
) -> Result<&'c mut BackupRow, Failure> {
    token_mut(cx, serial)?.backups.get_mut(id).ok_or_else(|| no_backup(id))
}

/// Judges the password of a backup's CO; a wrong one is counted, and may lock the backup.
fn check_co(cx: &mut Context<'_>, serial: &str, id: &str, password: &str) -> Result<(), Failure> {
    let row = of(cx, serial, id)?;
    if row.failed >= ATTEMPTS {
        return Err(Failure::new(403, partitions::refusal::LOCKED, "The role is locked out.")
            .details("Too many logins of the backup's Crypto Officer failed."));
    }
    let good = row.co.matches(password);
    let row = of_mut(cx, serial, id)?;
    if good {
        row.failed = 0;
        return Ok(());
    }
    row.failed += 1;
    let left = ATTEMPTS.saturating_sub(row.failed);
    let id = partitions::refusal::WRONG_PASSWORD;
    Err(Failure::new(401, id, "The password of the backup is wrong.")
        .details(format!("Attempts left before the backup is locked: {left}."))
        .keeping_changes())
}

/// What the partition must be, whichever way things are copied.
fn begin<'c>(cx: &'c Context<'_>, serial: &str) -> Result<&'c PartitionRow, Failure> {
    cx.require_operable()?;
    require_initialized(partition(cx, serial)?)?;
    require_role(cx, serial, &["co"])?;
    if !cx.state.hsm.cloning_allowed() {
        return Err(not_allowed("HSM policy 7 (Allow cloning) is off."));
    }
    partition(cx, serial)
}

fn other_domain() -> Failure {
    Failure::new(422, refusal::DOMAIN, "The cloning domains differ.")
        .details("The backup has a cloning domain that the partition does not have.")
}

fn shares(row: &PartitionRow, domain: &PasswordHash) -> bool {
    row.domains.iter().any(|own| own.hash.is_domain(domain))
}

fn same_version(row: &PartitionRow, backup: &BackupRow) -> Result<(), Failure> {
    if row.version == backup.version {
        return Ok(());
    }
    let id = partitions::refusal::VERSION;
    Err(Failure::new(400, id, "The partition has the wrong version.").details(format!(
        "The backup '{}' is that of a version {} partition.",
        backup.name, backup.version
    )))
}

fn no_smk(whose: &str) -> Failure {
    let id = partitions::refusal::NO_SMK;
    Failure::new(409, id, "There is no SKS master key.").details(format!("{whose} has none."))
}

/// As documented, the first object that may not be copied ends it.
fn may_be_cloned(row: &PartitionRow, object: &ObjectRow) -> Result<(), Failure> {
    let needed = match object.kind.as_str() {
        "Private Key" => PRIVATE_KEY_CLONING,
        "Symmetric Key" => SECRET_KEY_CLONING,
        _ => return Ok(()),
    };
    if policy(row, needed) == 1 {
        return Ok(());
    }
    Err(not_allowed(format!(
        "'{}' may not be cloned: partition policy {needed} is off.",
        object.label
    )))
}

/// Makes an empty backup and returns its serial number. That of a version 0 partition stays when its
/// domain turns out to be another one than the partition's, or a key in the partition may not be
/// copied (documented); of an SKS master key nothing stays.
fn make(cx: &mut Context<'_>, name: &str, version: u8, body: &Backup) -> Result<String, Failure> {
    let allowed = |_, c: char| c.is_ascii_alphanumeric() || " !@#$%^*()-_=+{}[]:,./~".contains(c);
    if !is_name(name, 64, allowed) {
        return Err(Failure::bad_request(
            "'name' takes 1 to 64 letters, digits, blanks and !@#$%^*()-_=+{}[]:,./~ .",
        ));
    }
    let domain = body.domain.as_ref().filter(|domain| !domain.is_empty());
    let domain = domain.ok_or_else(|| Failure::bad_request("A new backup needs 'domain'."))?;
    check_domain(domain.expose())?;
    check_new_password(&PartitionRow::default(), "co", body.password.expose())?;
    let row = token(cx, &body.serial)?;
    if row.backups.len() >= MAX_BACKUPS as usize {
        return Err(no_space("It holds as many backups as it may."));
    }
    room(row, OVERHEAD)?;
    let made = row.backups.values().map(|row| row.made).max().unwrap_or(0) + 1;
    let id = loop {
        let id = format!("{}{}", body.serial, cx.random().number(100_000, 999_999));
        if !token(cx, &body.serial)?.backups.contains_key(&id) {
            break id;
        }
    };
    let co = cx.hash(body.password.expose());
    let domain = PasswordHash::of_domain(domain.expose());
    let backup =
        BackupRow { made, name: name.to_owned(), version, co, domain, ..BackupRow::default() };
    token_mut(cx, &body.serial)?.backups.insert(id.clone(), backup);
    Ok(id)
}

fn no_space(details: impl Into<String>) -> Failure {
    let id = partitions::refusal::NO_SPACE;
    Failure::new(409, id, "The backup HSM is full.").details(details)
}

fn room(row: &TokenRow, bytes: u64) -> Result<(), Failure> {
    let free = STORAGE.saturating_sub(row.used_storage());
    if bytes > free { Err(no_space(format!("{free} bytes are free on it."))) } else { Ok(()) }
}

fn backup(cx: &mut Context<'_>, ids: &Ids<1>, body: Backup) -> Result<Reply<Copied>, Failure> {
    let row = begin(cx, &ids[0])?.clone();
    let serial = &body.serial;
    tokens::initialized(cx, serial)?;
    if row.version == 1 && row.smk_id.is_empty() {
        return Err(no_smk("The partition"));
    }
    match &body.so_password {
        Some(password) => tokens::check_so(cx, serial, password)?,
        None => tokens::require_so(cx, serial)?,
    }
    let name = body.name.trim();
    let id = match named(token(cx, serial)?, name) {
        Some(id) => {
            check_co(cx, serial, &id, body.password.expose())?;
            // Documented: not needed for an SKS master key.
            if row.version == 0 && body.replace.is_none() {
                let id = refusal::BACKUP_EXISTS;
                return Err(Failure::new(409, id, "There is such a backup already.")
                    .details(format!("Say whether to add to '{name}' or to replace it.")));
            }
            id
        }
        None => make(cx, name, row.version, &body)?,
    };
    let there = of(cx, serial, &id)?;
    same_version(&row, there)?;
    if !shares(&row, &there.domain) {
        let failure = other_domain();
        return Err(if row.version == 1 { failure } else { failure.keeping_changes() });
    }
    if row.version == 1 {
        of_mut(cx, serial, &id)?.smk_id = row.smk_id;
        return Ok(Reply::ok(Copied { smk: true, ..Copied::default() }));
    }
    let domain = there.domain.clone();
    let mut kept = of(cx, serial, &id)?.objects.clone();
    if body.replace == Some(true) {
        kept.clear();
    }
    let is_new = |object: &&ObjectRow| !kept.iter().any(|known| known.uid == object.uid);
    let of_partition = cx.state.partitions.objects_of(&ids[0]);
    let new = of_partition.filter(|(_, object)| is_new(object));
    let (sources, copied): (Vec<u32>, Vec<ObjectRow>) =
        new.map(|(handle, object)| (handle, object.clone())).unzip();
    let judged = copied.iter().try_for_each(|object| may_be_cloned(&row, object));
    judged.map_err(Failure::keeping_changes)?;
    let before = kept.len();
    of_mut(cx, serial, &id)?.objects = kept;
    room(token(cx, serial)?, copied.iter().map(|object| object.size).sum())?;
    for object in copied {
        let object = give_out(cx, &ids[0], &domain, object)?;
        of_mut(cx, serial, &id)?.objects.push(object);
    }
    let there = handles(of(cx, serial, &id)?).skip(before);
    let cloned: Vec<Cloned> = sources.into_iter().zip(there).map(one_cloned).collect();
    Ok(Reply::ok(Copied { objects: cloned.len() as u64, smk: false, cloned }))
}

fn one_cloned((source, (target, object)): (u32, (u32, &ObjectRow))) -> Cloned {
    Cloned { label: object.label.clone(), source, target }
}

fn restore(cx: &mut Context<'_>, ids: &Ids<1>, body: Restore) -> Result<Reply<Copied>, Failure> {
    let row = begin(cx, &ids[0])?.clone();
    let (serial, name) = (&body.serial, body.name.trim());
    let id = named(tokens::initialized(cx, serial)?, name).ok_or_else(|| no_backup(name))?;
    check_co(cx, serial, &id, body.password.expose())?;
    let backup = of(cx, serial, &id)?.clone();
    same_version(&row, &backup)?;
    if !shares(&row, &backup.domain) {
        return Err(other_domain());
    }
    if row.version == 1 {
        if backup.smk_id.is_empty() {
            return Err(no_smk("The backup"));
        }
        if encrypts_a_cluster(cx, &ids[0]) {
            return Err(not_allowed(
                "The partition's SKS master key encrypts a cluster, which would be lost.",
            ));
        }
        partition_mut(cx, &ids[0])?.smk_id = backup.smk_id;
        return Ok(Reply::ok(Copied { smk: true, ..Copied::default() }));
    }
    if body.replace {
        cx.state.partitions.erase_objects(&ids[0]);
    }
    let there = |object: &ObjectRow| {
        cx.state.partitions.objects_of(&ids[0]).any(|(_, known)| known.uid == object.uid)
    };
    let copied: Vec<_> = handles(&backup).filter(|(_, object)| !there(object)).collect();
    copied.iter().try_for_each(|(_, object)| may_be_cloned(&row, object))?;
    let free = row.size.saturating_sub(cx.state.partitions.contents(&ids[0]).1);
    if copied.iter().map(|(_, object)| object.size).sum::<u64>() > free {
        let id = partitions::refusal::NO_SPACE;
        return Err(Failure::new(409, id, "The partition is full.")
            .details(format!("{free} bytes are free in the partition.")));
    }
    let mut cloned = Vec::new();
    for (source, object) in copied {
        let taken = take_in(cx, &ids[0], &backup.domain, object.clone())?;
        let target = objects::put(cx, &ids[0], taken)?;
        cloned.push(one_cloned((source, (target, object))));
    }
    Ok(Reply::ok(Copied { objects: cloned.len() as u64, smk: false, cloned }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::partition::lifecycle::tests::{CO, DOMAIN, SO, bench};
    use crate::rules::partition::objects::tests::{login, partition as with_co};
    use crate::rules::token::devices::tests::{SERIAL, TOKEN_SO, plugged};
    use crate::test_machine::{Answer, TestMachine};
    use luna_rest::tokens::{ATTACH, CONTENTS, LOGIN};
    use serde_json::{Value, json};

    const BACKUP_CO: &str = "backup-password";

    fn serial(path: &str) -> &str {
        path.rsplit('/').next().unwrap()
    }

    /// An appliance with a Backup HSM, and a partition whose CO is logged in.
    fn ready(version: u8) -> (TestMachine, String) {
        let mut bench = bench();
        plugged(&mut bench);
        let path = with_co(&mut bench, version);
        (bench, path)
    }

    fn object(bench: &mut TestMachine, path: &str, label: &str, kind: &str) {
        let objects = format!("/emulator/partitions/{}/objects", serial(path));
        assert_eq!(bench.post(&objects, json!({"label": label, "type": kind})).status, 200);
    }

    /// Runs `call` with the usual body and these changes to it.
    fn back_up(bench: &mut TestMachine, path: &str, changes: Value) -> Answer {
        let mut body = json!({
            "serial": SERIAL, "name": "bck", "soPassword": TOKEN_SO, "password": BACKUP_CO,
            "domain": DOMAIN
        });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        bench.post(&BACKUP.path(&[serial(path)]), body)
    }

    fn restore(bench: &mut TestMachine, path: &str, replace: bool) -> Answer {
        let body =
            json!({"serial": SERIAL, "name": "bck", "password": BACKUP_CO, "replace": replace});
        bench.post(&RESTORE.path(&[serial(path)]), body)
    }

    fn smk(bench: &TestMachine, path: &str) -> String {
        bench.machine.state.partitions.partitions.get(serial(path)).unwrap().smk_id.clone()
    }

    fn labels(bench: &TestMachine, path: &str) -> Vec<String> {
        let objects = bench.machine.state.partitions.objects_of(serial(path));
        objects.map(|(_, object)| object.label.clone()).collect()
    }

    fn backups(bench: &mut TestMachine) -> Value {
        bench.get(&BACKUPS.path(&[SERIAL])).json()["partitions"].clone()
    }

    /// Pulls the Backup HSM out of one appliance and plugs it into another.
    fn carry(from: &mut TestMachine, to: &mut TestMachine) {
        let device = from.get(&CONTENTS.path(&[SERIAL])).json();
        assert_eq!(from.delete(&CONTENTS.path(&[SERIAL])).status, 204);
        to.post(ATTACH.template(), device).created();
    }

    #[test]
    fn an_smk_is_carried_to_another_appliance() {
        let (mut first, path) = ready(1);
        object(&mut first, &path, "key", "Symmetric Key");
        let copied = back_up(&mut first, &path, json!({})).json();
        assert_eq!(copied, json!({"objects": 0, "smk": true}));
        let wanted = smk(&first, &path);

        let mut second = bench();
        let other = with_co(&mut second, 1);
        // The same seed made the same key.
        let row = second.machine.state.partitions.partitions.get_mut(serial(&other)).unwrap();
        row.smk_id = "0".repeat(32);
        second.store();
        carry(&mut first, &mut second);
        assert_eq!(restore(&mut second, &other, false).json(), copied);
        second.restart();
        assert_eq!(smk(&second, &other), wanted);
        assert_eq!(labels(&second, &other), [""; 0], "keys stay where they are");
    }

    #[test]
    fn a_second_backup_of_an_smk_takes_the_place_of_the_first() {
        let (mut bench, path) = ready(1);
        back_up(&mut bench, &path, json!({}));
        let rollover = format!("{path}/smk/smk-fw7-rollover/actions/start");
        let before = smk(&bench, &path);
        assert_eq!(bench.post(&rollover, json!({})).status, 200);
        let now = smk(&bench, &path);
        assert_ne!(now, before);
        assert_eq!(restore(&mut bench, &path, false).status, 200);
        assert_eq!(smk(&bench, &path), before);
        bench.machine.state.partitions.partitions.get_mut(serial(&path)).unwrap().smk_id =
            now.clone();
        bench.store();
        assert_eq!(back_up(&mut bench, &path, json!({})).status, 200, "neither add nor replace");
        assert_eq!(backups(&mut bench).as_array().unwrap().len(), 1);
        restore(&mut bench, &path, false);
        assert_eq!(smk(&bench, &path), now);
    }

    #[test]
    fn objects_are_added_or_replaced() {
        let (mut bench, path) = ready(0);
        object(&mut bench, &path, "a", "Symmetric Key");
        assert_eq!(back_up(&mut bench, &path, json!({})).json()["objects"], 1);
        object(&mut bench, &path, "b", "Data");
        let neither = back_up(&mut bench, &path, json!({}));
        assert_eq!(neither.error(), (409, refusal::BACKUP_EXISTS));
        let added = back_up(&mut bench, &path, json!({"replace": false})).json();
        assert_eq!(added["objects"], 1, "only what is new");
        assert_eq!(added["cloned"], json!([{"label": "b", "source": 2, "target": 2}]));
        let shown = |bench: &mut TestMachine, password: &str| {
            let id = backups(bench)[0]["id"].as_str().unwrap().to_owned();
            bench.post(&OBJECTS.path(&[SERIAL, &id]), json!({"password": password}))
        };
        assert_eq!(shown(&mut bench, "wrong").status, 401);
        let listed = shown(&mut bench, BACKUP_CO).json();
        assert_eq!(listed["objects"][1], json!({"handle": 2, "label": "b", "type": "Data"}));
        let replaced = back_up(&mut bench, &path, json!({"replace": true})).json();
        assert_eq!(replaced["objects"], 2);
        let listed = backups(&mut bench);
        assert_eq!(listed[0]["objectCount"], 2);
        assert_eq!(listed[0]["usedStorageSpace"], 248 + 300);
        assert_eq!(listed[0]["totalStorageSpace"], OVERHEAD + 248 + 300);

        bench.delete(&format!("/emulator/partitions/{}/objects", serial(&path)));
        object(&mut bench, &path, "c", "Data");
        assert_eq!(restore(&mut bench, &path, false).json()["objects"], 2);
        assert_eq!(labels(&bench, &path), ["c", "a", "b"]);
        assert_eq!(restore(&mut bench, &path, false).json()["objects"], 0, "they are there");
        assert_eq!(restore(&mut bench, &path, true).json()["objects"], 2);
        assert_eq!(labels(&bench, &path), ["a", "b"]);
    }

    #[test]
    fn a_failed_backup_of_an_smk_leaves_nothing() {
        let (mut bench, path) = ready(1);
        let wrong = back_up(&mut bench, &path, json!({"domain": "other"}));
        assert_eq!(wrong.error(), (422, refusal::DOMAIN));
        assert_eq!(backups(&mut bench), json!([]));
        assert_eq!(back_up(&mut bench, &path, json!({})).status, 200);
        let before = backups(&mut bench);
        let wrong = back_up(&mut bench, &path, json!({"name": "new", "domain": "other"}));
        assert_eq!(wrong.error(), (422, refusal::DOMAIN));
        assert_eq!(backups(&mut bench), before);
    }

    #[test]
    fn nothing_crosses_cloning_domains() {
        let (mut bench, path) = ready(0);
        let wrong = back_up(&mut bench, &path, json!({"domain": "other"}));
        assert_eq!(wrong.error(), (422, refusal::DOMAIN));
        let left = backups(&mut bench);
        assert_eq!((&left[0]["name"], &left[0]["objectCount"]), (&json!("bck"), &json!(0)));
        // The empty backup keeps its own domain until it is deleted.
        let again = back_up(&mut bench, &path, json!({"replace": false}));
        assert_eq!(again.error(), (422, refusal::DOMAIN));
        assert_eq!(restore(&mut bench, &path, false).error(), (422, refusal::DOMAIN));
        let delete = DELETE_BACKUP.path(&[SERIAL, left[0]["id"].as_str().unwrap()]);
        assert_eq!(bench.delete(&delete).error(), (401, refusal::NOT_LOGGED_IN));
        bench.post(&LOGIN.path(&[SERIAL]), json!({"password": TOKEN_SO}));
        assert_eq!(bench.delete(&delete).status, 204);
        assert_eq!(bench.delete(&delete).error(), (404, refusal::INVALID_BACKUP));
        assert_eq!(back_up(&mut bench, &path, json!({"soPassword": null})).status, 200);

        let mut second = crate::rules::partition::lifecycle::tests::bench();
        let other = with_co(&mut second, 0);
        let row = second.machine.state.partitions.partitions.get_mut(serial(&other)).unwrap();
        row.domains[0].hash = PasswordHash::of_domain("other");
        second.store();
        carry(&mut bench, &mut second);
        assert_eq!(restore(&mut second, &other, false).error(), (422, refusal::DOMAIN));
    }

    #[test]
    fn both_officers_and_the_so_are_asked() {
        let (mut bench, path) = ready(1);
        let wrong_so = back_up(&mut bench, &path, json!({"soPassword": "wrong-password"}));
        assert_eq!(wrong_so.error(), (401, partitions::refusal::WRONG_PASSWORD));
        let nobody = back_up(&mut bench, &path, json!({"soPassword": null}));
        assert_eq!(nobody.error(), (401, refusal::NOT_LOGGED_IN));
        assert_eq!(back_up(&mut bench, &path, json!({"password": "seven77"})).status, 400);
        assert_eq!(back_up(&mut bench, &path, json!({"domain": null})).status, 400);
        assert_eq!(back_up(&mut bench, &path, json!({"name": "a\"b"})).status, 400);
        back_up(&mut bench, &path, json!({}));
        let body = json!({"serial": SERIAL, "name": "bck", "password": "wrong-password"});
        let act = RESTORE.path(&[serial(&path)]);
        for _ in 0..ATTEMPTS {
            let wrong = bench.post(&act, body.clone());
            assert_eq!(wrong.error(), (401, partitions::refusal::WRONG_PASSWORD));
        }
        let locked = restore(&mut bench, &path, false);
        assert_eq!(locked.error(), (403, partitions::refusal::LOCKED));
        login(&mut bench, &path, "so", SO);
        let so = back_up(&mut bench, &path, json!({"name": "new"}));
        assert_eq!(so.error(), (401, partitions::refusal::NOT_LOGGED_IN));
    }

    #[test]
    fn versions_do_not_mix() {
        let (mut bench, path) = ready(0);
        back_up(&mut bench, &path, json!({}));
        login(&mut bench, &path, "so", SO);
        bench.put(&format!("{path}/policies/41"), json!({"value": 1})).created();
        login(&mut bench, &path, "co", CO);
        let refused = (400, partitions::refusal::VERSION);
        assert_eq!(restore(&mut bench, &path, false).error(), refused);
        assert_eq!(back_up(&mut bench, &path, json!({})).error(), refused);
    }

    #[test]
    fn a_key_that_may_not_be_cloned_leaves_an_empty_backup() {
        let (mut bench, path) = ready(0);
        object(&mut bench, &path, "data", "Data");
        object(&mut bench, &path, "key", "Private Key");
        login(&mut bench, &path, "so", SO);
        bench.put(&format!("{path}/policies/0"), json!({"value": 0})).created();
        login(&mut bench, &path, "co", CO);
        let refused = back_up(&mut bench, &path, json!({}));
        assert_eq!(refused.error(), (422, partitions::refusal::NOT_ALLOWED));
        assert_eq!(backups(&mut bench)[0]["objectCount"], 0);
    }

    #[test]
    fn a_backup_needs_its_room() {
        let (mut bench, path) = ready(0);
        object(&mut bench, &path, "key", "Symmetric Key");
        back_up(&mut bench, &path, json!({}));
        bench.delete(&format!("/emulator/partitions/{}/objects", serial(&path)));
        bench.patch(&path, json!({"size": 247}));
        let full = (409, partitions::refusal::NO_SPACE);
        assert_eq!(restore(&mut bench, &path, false).error(), full);
        assert_eq!(labels(&bench, &path), [""; 0]);
        let row = bench.machine.state.tokens.tokens.get_mut(SERIAL).unwrap();
        let (_, backup) = row.backups.iter_mut().next().unwrap();
        backup.objects[0].size = STORAGE - 2 * OVERHEAD + 1;
        bench.store();
        assert_eq!(back_up(&mut bench, &path, json!({"name": "second"})).error(), full);
    }
}
