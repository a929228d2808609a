//! Backups of the cluster: `/api/clusters/{clusterid}/backup`, `/api/cluster/restore`.
//!
//! A backup is a file among admin's files: keyrings and objects as compressed JSON, sealed with
//! AES-256-GCM under a key that argon2id makes from the backup password. The schedule is shared;
//! whether it is followed, and the key, belong to the member that is primary.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use luna_rest::Nothing;
use luna_rest::clusters::{
    BACKUP, Backup, BackupState, RESTORE, RESTORE_STATE, Restore, RestoreState, refusal,
};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::core::clock;
use crate::core::message::{Failure, Reply};
use crate::core::password::derive;
use crate::core::random::Random;
use crate::core::text::{clock_text, date_text, is_name, time_text};
use crate::request::context::Context;
use crate::request::peers::Peers;
use crate::request::route::{ADMIN, Ids, MONITOR, Routes};
use crate::rules::account::files::SERVER;
use crate::rules::cluster::access::{refuse, require_active, require_cluster, require_member};
use crate::rules::cluster::keyrings::{MOST, next};
use crate::state::State;
use crate::state::clusters::{Phase, RestoreRow, Schedule};
use crate::state::keyrings::{KeyObject, KeyringRow, contents_key};
use crate::state::objects::ContentsRow;

const HEAD: &[u8] = b"LUNA-CLUSTER-BACKUP-1\n";
const SALT: usize = 16;
const NONCE: usize = 12;
/// Whose files the backups are.
const OWNER: &str = "admin";

/// What a backup holds.
#[derive(Default, Serialize, Deserialize)]
struct Content {
    cluster: String,
    smk: String,
    /// The identity mode; not told by older releases.
    #[serde(default)]
    dual: Option<bool>,
    keyrings: BTreeMap<String, KeyringRow>,
    objects: BTreeMap<String, Vec<KeyObject>>,
    /// What objects are made of; not told by older releases.
    #[serde(default)]
    contents: BTreeMap<String, BTreeMap<u32, ContentsRow>>,
}

/// A key made from a password.
struct Key {
    salt: [u8; SALT],
    key: [u8; 32],
}

impl Key {
    fn of(password: &str, salt: [u8; SALT]) -> Result<Key, Failure> {
        let key = derive(password, &salt);
        Ok(Key { salt, key: key.ok_or_else(|| Failure::internal("The password is too long."))? })
    }

    fn sealing(&self) -> Result<LessSafeKey, Failure> {
        UnboundKey::new(&AES_256_GCM, &self.key)
            .map(LessSafeKey::new)
            .map_err(|_| Failure::internal("The key cannot be used."))
    }

    /// The content as a backup file.
    fn seal(&self, content: &Content, nonce: [u8; NONCE]) -> Result<Vec<u8>, Failure> {
        let internal = |error: &dyn std::fmt::Display| Failure::internal(error.to_string());
        let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
        let json = serde_json::to_vec(content).map_err(|error| internal(&error))?;
        zip.write_all(&json).map_err(|error| internal(&error))?;
        let mut sealed = zip.finish().map_err(|error| internal(&error))?;
        self.sealing()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(HEAD),
                &mut sealed,
            )
            .map_err(|_| Failure::internal("The backup cannot be sealed."))?;
        Ok([HEAD, &self.salt, &nonce, &sealed].concat())
    }
}

fn unusable(details: &str) -> Failure {
    refuse(refusal::BACKUP, details)
}

/// Opens a backup file.
fn open(file: &[u8], password: &str) -> Result<Content, Failure> {
    let none = || unusable("The file is no backup of a cluster.");
    let rest = file.strip_prefix(HEAD).ok_or_else(none)?;
    let (salt, rest) = rest.split_first_chunk::<SALT>().ok_or_else(none)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or_else(none)?;
    let mut sealed = sealed.to_vec();
    let plain = Key::of(password, *salt)?
        .sealing()?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(HEAD), &mut sealed)
        .map_err(|_| unusable("The password is wrong, or the file is damaged."))?;
    let mut json = Vec::new();
    GzDecoder::new(&*plain).read_to_end(&mut json).map_err(|_| none())?;
    serde_json::from_slice(&json).map_err(|_| none())
}

pub(crate) fn routes(r: &mut Routes) {
    r.on(&BACKUP, ADMIN, backup);
    r.on(&RESTORE, ADMIN, restore);
    r.on(&RESTORE_STATE, MONITOR, restore_state);
}

fn require_primary(cx: &Context<'_>) -> Result<(), Failure> {
    require_active(cx)?;
    if cx.state.clusters.is_primary() {
        return Ok(());
    }
    Err(refuse(refusal::NOT_PRIMARY, "Backups are made and restored on the primary member."))
}

fn check_filename(name: &str) -> Result<(), Failure> {
    let allowed = |_, c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // Assumed: these two name a folder everywhere.
    if is_name(name, 64, allowed) && !matches!(name, "." | "..") {
        return Ok(());
    }
    Err(Failure::bad_request("'filename' takes 1 to 64 letters, digits and -._ ."))
}

/// Goes on when no file would be lost but a backup.
fn may_overwrite(cx: &Context<'_>, name: &str) -> Result<(), Failure> {
    let there = cx.state.files.get(OWNER, name);
    if name != SERVER && there.is_none_or(|file| file.content.starts_with(HEAD)) {
        return Ok(());
    }
    Err(unusable(&format!(
        "Among the files of the account {OWNER}, '{name}' is no backup of a cluster, and stays \
         what it is: choose another name."
    )))
}

fn check_password(password: Option<&luna_rest::Secret>) -> Result<&str, Failure> {
    // Assumed: the length of other passwords.
    match password.map(luna_rest::Secret::expose) {
        Some(password) if (8..=255).contains(&password.len()) => Ok(password),
        _ => Err(Failure::bad_request("'password' takes 8 to 255 characters.")),
    }
}

fn backup(cx: &mut Context<'_>, ids: &Ids<1>, body: Backup) -> Result<Reply<BackupState>, Failure> {
    require_cluster(cx, &ids[0])?;
    match body.action.as_str() {
        "show" => {}
        "run" => {
            // What a member that parted acknowledged may exist only there.
            if !cx.state.clusters.own.get().parted {
                require_primary(cx)?;
            }
            let name = body.filename.unwrap_or_default();
            check_filename(&name)?;
            may_overwrite(cx, &name)?;
            let key = Key::of(check_password(body.password.as_ref())?, cx.secret.bytes())?;
            write(cx.state, &name, &key, cx.secret.bytes(), cx.now)?;
            // The schedule removes its own files only.
            cx.state.clusters.own.get_mut().backup.files.retain(|file| *file != name);
        }
        "config" => configure(cx, body)?,
        "enable" => enable(cx, &body)?,
        // The guide has a new primary member disable and enable them, whatever they were there.
        "disable" => {
            let row = &mut cx.state.clusters.own.get_mut().backup;
            (row.enabled, row.key) = (false, None);
        }
        _ => {
            return Err(Failure::bad_request(
                "'action' must be run, config, enable, disable or show.",
            ));
        }
    }
    let schedule = &cx.state.clusters.cluster.get().schedule;
    let row = &cx.state.clusters.own.get().backup;
    Ok(Reply::ok(BackupState {
        // Only the primary member makes them.
        enabled: row.enabled && cx.state.clusters.is_primary(),
        filename: schedule.filename.clone(),
        total: schedule.total,
        time: match schedule.filename.is_empty() {
            true => String::new(),
            false => format!("{}:{:02}:{:02}", schedule.day, schedule.hour, schedule.minute),
        },
        last: row.files.last().cloned().unwrap_or_default(),
        missed: row.missed.as_ref().map(missed_text).unwrap_or_default(),
    }))
}

/// When a backup was missed, in the schedule's own time, and why.
fn missed_text((time, reason): &(i64, String)) -> String {
    let time = OffsetDateTime::from_unix_timestamp(*time).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!("{} {}: {reason}", date_text(time), &clock_text(time)[..5])
}

/// Makes a backup file of the keyrings there are, among the files of the account admin.
fn write(
    state: &mut State,
    name: &str,
    key: &Key,
    nonce: [u8; NONCE],
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let (keyrings, cluster) = (&state.keyrings, state.clusters.cluster.get());
    let mut content = Content {
        cluster: cluster.uuid.clone(),
        smk: cluster.smk.clone(),
        dual: Some(cluster.dual),
        ..Content::default()
    };
    for (uuid, row) in keyrings.keyrings.iter() {
        content.keyrings.insert(uuid.to_owned(), row.clone());
        let objects: Vec<KeyObject> = keyrings.objects_of(uuid).collect();
        if !objects.is_empty() {
            let contents = objects.iter().filter_map(|object| {
                Some((object.0, keyrings.contents_of(uuid, object.0)?.clone()))
            });
            content.contents.insert(uuid.to_owned(), contents.collect());
            content.objects.insert(uuid.to_owned(), objects);
        }
    }
    state.files.put(OWNER, name, key.seal(&content, nonce)?, now);
    Ok(())
}

/// `d:hh:mm`.
fn parse_time(time: &str) -> Result<(u8, u8, u8), Failure> {
    let bad = |details: &str| Failure::bad_request(format!("'time' {details}"));
    let parts: Vec<&str> = time.split(':').collect();
    let [day, hour, minute] = parts[..] else {
        return Err(bad("is d:hh:mm, such as 0:23:30 for Sundays at half past eleven."));
    };
    let number = |text: &str, digits: usize| {
        let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<u8>().ok()).flatten()
    };
    match (number(day, 1), number(hour, 2), number(minute, 2)) {
        (Some(day @ 0..=6), Some(hour @ 0..=23), Some(minute @ 0..=59)) => Ok((day, hour, minute)),
        (Some(7..), ..) => Err(bad(
            "has days from 0 (Sunday) to 6 (Saturday). The Cluster Administration Guide's example \
             7:09:30 has none of them: Sundays at that time are 0:09:30.",
        )),
        _ => Err(bad(
            "is d:hh:mm: a day from 0 to 6, 00 to 23, 00 to 59, with all digits, such as 1:09:03.",
        )),
    }
}

fn configure(cx: &mut Context<'_>, body: Backup) -> Result<(), Failure> {
    require_primary(cx)?;
    if cx.state.clusters.own.get().backup.enabled {
        return Err(refuse(refusal::NOT_ALLOWED, "Disable scheduled backups first."));
    }
    let filename = body.filename.unwrap_or_default();
    check_filename(&filename)?;
    let total = body.total.unwrap_or_default();
    if !(1..=15).contains(&total) {
        return Err(Failure::bad_request("'total' must be 1 to 15."));
    }
    let (day, hour, minute) = parse_time(&body.time.unwrap_or_default())?;
    cx.state.clusters.cluster.get_mut().schedule = Schedule { filename, total, day, hour, minute };
    Ok(())
}

fn enable(cx: &mut Context<'_>, body: &Backup) -> Result<(), Failure> {
    require_primary(cx)?;
    if cx.state.clusters.own.get().backup.enabled {
        return Err(refuse(refusal::NOT_ALLOWED, "Scheduled backups are enabled already."));
    }
    if cx.state.clusters.cluster.get().schedule.filename.is_empty() {
        return Err(refuse(refusal::NOT_ALLOWED, "Configure the schedule first."));
    }
    let key = Key::of(check_password(body.password.as_ref())?, cx.secret.bytes())?;
    let now = cx.now.unix_timestamp();
    let row = &mut cx.state.clusters.own.get_mut().backup;
    row.enabled = true;
    row.key = Some((STANDARD.encode(key.salt), STANDARD.encode(key.key)));
    row.followed = now;
    row.missed = None;
    Ok(())
}

impl Schedule {
    /// The last time before or at `now` that the schedule names, both in local time.
    fn last_before(&self, now: OffsetDateTime) -> OffsetDateTime {
        let days = i64::from(now.weekday().number_days_from_sunday()) - i64::from(self.day);
        let midnight = now - Duration::seconds(now.unix_timestamp().rem_euclid(86_400));
        let at = midnight - Duration::days(days.rem_euclid(7))
            + Duration::hours(self.hour.into())
            + Duration::minutes(self.minute.into());
        if at > now { at - Duration::days(7) } else { at }
    }
}

/// Makes the backup that is due, if one is. One that cannot be made at its time is missed: it is not
/// made later under the name of that time.
pub(crate) fn follow_schedule(
    state: &mut State,
    peers: &Peers,
    secret: &mut Random,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let row = &state.clusters.own.get().backup;
    let schedule = state.clusters.cluster.get().schedule.clone();
    let (true, Some((salt, key))) = (row.enabled, row.key.clone()) else { return Ok(()) };
    if row.followed > now.unix_timestamp() {
        // The clock was ahead: what is due from now on is made.
        state.clusters.own.get_mut().backup.followed = now.unix_timestamp();
        return Ok(());
    }
    let offset = Duration::seconds(row.offset);
    let due = schedule.last_before(clock::nearest(now.saturating_add(offset)));
    let due = due.saturating_sub(offset);
    if due.unix_timestamp() <= row.followed {
        return Ok(());
    }
    state.clusters.own.get_mut().backup.followed = due.unix_timestamp();
    if !state.clusters.is_primary() {
        // It is the business of another member now.
        return Ok(());
    }
    let local = due.saturating_add(offset);
    let reason = match state.cluster_phase(now) {
        Phase::Running if peers.active => None,
        Phase::Running => Some("the member was not authorized"),
        _ => Some("the cluster service did not run"),
    };
    if let Some(reason) = reason {
        let missed = (local.unix_timestamp(), reason.to_owned());
        tracing::warn!(missed = missed_text(&missed), "a scheduled backup was not made");
        state.clusters.own.get_mut().backup.missed = Some(missed);
        return Ok(());
    }
    let bytes = |text: &str| STANDARD.decode(text).ok();
    let key = bytes(&salt).zip(bytes(&key)).and_then(|(salt, key)| {
        Some(Key { salt: salt.try_into().ok()?, key: key.try_into().ok()? })
    });
    let key = key.ok_or_else(|| Failure::internal("The key of the schedule is damaged."))?;
    let time = clock_text(local).replace(':', "");
    let stem =
        format!("{}_{}_{}", schedule.filename, date_text(local).replace('-', ""), &time[..4]);
    // A time comes twice when the clock was set back; no file is overwritten.
    let is_free = |name: &String| state.files.get(OWNER, name).is_none();
    let mut others = (2_u64..).map(|number| format!("{stem}_{number}"));
    let name = Some(stem.clone()).filter(is_free).or_else(|| others.find(is_free)).unwrap_or(stem);
    write(state, &name, &key, secret.bytes(), now)?;
    let row = &mut state.clusters.own.get_mut().backup;
    row.missed = None;
    row.files.push(name);
    let extra = row.files.len().saturating_sub(schedule.total as usize);
    let old: Vec<String> = row.files.drain(..extra).collect();
    for file in old {
        // A user may have put another file in its place.
        if state.files.get(OWNER, &file).is_some_and(|row| row.content.starts_with(HEAD)) {
            state.files.remove(OWNER, &file);
        }
    }
    Ok(())
}

fn restore(cx: &mut Context<'_>, _: &Ids<0>, body: Restore) -> Result<Reply<Nothing>, Failure> {
    require_primary(cx)?;
    if body.kind != "keyring" {
        return Err(Failure::bad_request("'type' must be keyring."));
    }
    if !cx.peers.here.is_empty() {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "Stop the cluster service on all other members first.",
        ));
    }
    let file =
        cx.state.files.get(OWNER, &body.filename).ok_or_else(|| {
            unusable("There is no such file among the files of the account admin.")
        })?;
    let content = open(&file.content, body.password.expose())?;
    if content.smk != cx.state.clusters.cluster.get().smk {
        return Err(unusable(
            "The backup belongs to a cluster with another SKS master key; restore that key first.",
        ));
    }
    if content.dual.is_some_and(|dual| dual != cx.state.clusters.cluster.get().dual) {
        return Err(unusable(
            "The backup belongs to a cluster in another identity mode; only a factory reset of the \
             cluster service lets the mode be chosen anew.",
        ));
    }
    let keyrings = &cx.state.keyrings.keyrings;
    let new = content.keyrings.keys().filter(|uuid| !keyrings.contains(uuid)).count();
    if keyrings.len() + new > MOST {
        return Err(refuse(
            refusal::LIMIT,
            format!("A cluster holds at most {MOST} keyrings; {new} would be added."),
        ));
    }
    let restored = RestoreRow {
        filename: body.filename,
        time: cx.now.unix_timestamp(),
        keyrings: content.keyrings.len(),
        objects: content.objects.values().map(Vec::len).sum(),
    };
    let (mut objects, mut contents) = (content.objects, content.contents);
    let mut keyrings: Vec<(String, KeyringRow)> = content.keyrings.into_iter().collect();
    keyrings.sort_by_key(|(_, row)| row.made);
    for (uuid, mut row) in keyrings {
        if let Some(now) = cx.state.keyrings.keyrings.get(&uuid) {
            row.clients.clone_from(&now.clients);
            row.objects = now.objects;
            row.last_handle = row.last_handle.max(now.last_handle);
            row.made = now.made;
        } else {
            row.clients.clear();
            row.made = next(cx);
        }
        cx.state.keyrings.keyrings.insert(uuid.clone(), row);
        cx.state.keyrings.put(&uuid, objects.remove(&uuid).unwrap_or_default());
        for (handle, row) in contents.remove(&uuid).unwrap_or_default() {
            cx.state.keyrings.contents.insert(contents_key(&uuid, handle), row);
        }
    }
    let own = cx.state.clusters.own.get_mut();
    own.restored = restored;
    // The guide: the service has to be restarted afterwards (LUNA-31648).
    own.restart = true;
    Ok(Reply::done())
}

fn restore_state(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<RestoreState>, Failure> {
    require_member(cx)?;
    let row = cx.state.clusters.own.get().restored.clone();
    let time = OffsetDateTime::from_unix_timestamp(row.time).map(time_text).unwrap_or_default();
    let none = row.filename.is_empty();
    Ok(Reply::ok(RestoreState {
        state: if none { "none" } else { "complete" }.to_owned(),
        filename: row.filename,
        time: if none { String::new() } else { time },
        keyrings: row.keyrings,
        objects: row.objects,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn times_are_days_from_sunday_and_minutes() {
        assert_eq!(parse_time("0:09:30").unwrap(), (0, 9, 30));
        assert_eq!(parse_time("6:23:59").unwrap(), (6, 23, 59));
        for bad in [
            "7:09:30", "0:24:00", "0:09", "0:09:60", "a:09:30", "0:+9:30", "1:9:3", "1:09:3",
            "01:09:30", "",
        ] {
            assert!(parse_time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_last_time_of_a_schedule_is_at_most_a_week_ago() {
        let schedule = Schedule { day: 3, hour: 9, minute: 30, ..Schedule::default() };
        // The 7th of January 2026 was a Wednesday.
        let due = datetime!(2026-01-07 09:30:00 UTC);
        assert_eq!(schedule.last_before(due), due);
        assert_eq!(schedule.last_before(due - Duration::SECOND), due - Duration::days(7));
        assert_eq!(schedule.last_before(due + Duration::days(6)), due);
    }

    #[test]
    fn a_backup_opens_with_its_password_alone_and_whole() {
        let content = Content { smk: "smk".into(), ..Content::default() };
        let file = Key::of("a-password", [1; SALT]).unwrap().seal(&content, [2; NONCE]).unwrap();
        assert_eq!(open(&file, "a-password").unwrap().smk, "smk");
        assert!(open(&file, "b-password").is_err());
        for place in 0..file.len() {
            let mut damaged = file.clone();
            damaged[place] ^= 1;
            // Each guess costs a key derivation; a few places of the sealed part do for all.
            if place < HEAD.len() || place % 16 == 0 {
                assert!(open(&damaged, "a-password").is_err(), "{place}");
            }
        }
        assert!(open(&file[..file.len() - 1], "a-password").is_err());
    }
}
