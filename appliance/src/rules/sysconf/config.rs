//! Backups of the configuration: `/api/lunasa/config/backups`, and going back to factory settings.
//!
//! A backup holds the rows of the fields that belong to a service (see `belongs`), so that a new
//! field of an area is backed up without a word here. HSM and partitions are never in it.

use std::collections::BTreeSet;

use luna_rest::Nothing;
use luna_rest::config::{
    BACK_UP, BACKUP, BACKUP_ACTIONS, BACKUP_EXISTS, BACKUPS, BAD_SERVICE, BackedUp, Backup,
    Backups, CLEAR, Config, DELETE, EXPORT, EXPORTED, Elsewhere, FACTORY_RESET, IMPORT, NO_BACKUP,
    NO_DEVICE, NewBackup, OfService, RESTORE, SERVICES, SHOW,
};
use luna_rest::tasks::{Actions, Link};
use time::OffsetDateTime;

use crate::core::message::{Failure, Reply};
use crate::core::random::Random;
use crate::core::table::{Field, Table};
use crate::core::text::{clock_text, date_text, time_text};
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, Routes};
use crate::rules::cluster::access::require_package;
use crate::rules::sysconf::ntp::service_changes;
use crate::state::State;
use crate::state::services::ServiceRow;
use crate::state::sysconf::{BackupRow, Snapshot};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, ADMIN, show);
    r.on(&BACKUPS, ADMIN, list);
    r.on(&BACK_UP, ADMIN, back_up);
    r.on(&CLEAR, ADMIN, clear);
    r.on(&BACKUP, ADMIN, show_backup);
    r.on(&DELETE, ADMIN, delete);
    r.on(&BACKUP_ACTIONS, ADMIN, actions);
    r.on(&RESTORE, ADMIN, restore);
    r.on(&FACTORY_RESET, ADMIN, factory_reset);
    r.on(&EXPORT, ADMIN, export);
    r.on(&IMPORT, ADMIN, import);
    r.on(&EXPORTED, ADMIN, exported);
}

/// Whether a field is part of a service's configuration.
fn belongs(field: &str, service: &str) -> bool {
    let area = match service {
        "ssh" => "sysconf/ssh",
        "ntp" => "sysconf/ntp",
        "webserver" => "sysconf/webserver",
        "system" => {
            return matches!(field, "lunasa" | "sysconf/banner" | "sysconf/system" | "sysconf/tls");
        }
        // What members share is no setting of one of them that a file brings back.
        "cluster" => return false,
        "users" if field == "roles" || field.starts_with("roles/") => return true,
        other => other,
    };
    field.strip_prefix(area).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The services in a request for one or all.
fn chosen(service: &str) -> Result<Vec<&'static str>, Failure> {
    let single = SERVICES.iter().copied().filter(|name| *name != "all");
    let chosen: Vec<_> = single.filter(|name| service == "all" || *name == service).collect();
    if chosen.is_empty() {
        return Err(Failure::new(400, BAD_SERVICE, "The service name is not valid.")
            .details(format!("'{service}' is none of {}.", SERVICES.join(", "))));
    }
    Ok(chosen)
}

fn fault(error: serde_json::Error) -> Failure {
    Failure::internal(error.to_string())
}

/// The rows of all fields that belong to one of the services, and of the services themselves.
fn snapshot(state: &mut State, services: &[&str]) -> Result<Snapshot, Failure> {
    let mut taken = Ok(Snapshot::new());
    state.fields(&mut |name, field| {
        if (name == "services" || services.iter().any(|service| belongs(name, service)))
            && let Ok(snapshot) = &mut taken
        {
            match field.rows() {
                Ok(rows) => {
                    snapshot.insert(name.to_owned(), rows);
                }
                Err(error) => taken = Err(error),
            }
        }
    });
    taken.map_err(fault)
}

/// Puts the rows of those services in place of what is there.
fn put(cx: &mut Context<'_>, services: &[&str], content: &Snapshot) -> Result<(), Failure> {
    // Software and the SO's decision are no settings that a file brings back.
    let present = cx.state.lunasa.settings.get().clone();
    let accounts: Vec<String> = cx.state.users.users.keys().map(str::to_owned).collect();
    let mut done = Ok(());
    cx.state.fields(&mut |name, field| {
        if let Some(rows) = content.get(name)
            && done.is_ok()
            && services.iter().any(|service| belongs(name, service))
        {
            done = field.replace(rows);
        }
    });
    done.map_err(fault)?;
    if services.contains(&"system") {
        let settings = cx.state.lunasa.settings.get_mut();
        settings.version = present.version;
        settings.force_so_login = present.force_so_login;
    }
    put_on_boot(cx, services, content)?;
    if services.contains(&"ntp") && cx.state.services.is_running("ntp") {
        service_changes(cx, true);
    }
    if services.contains(&"ntls") {
        // Partitions that were deleted since are no longer assigned.
        let links = cx.state.ntls.clients.values().flat_map(|row| row.links.clone());
        let gone: BTreeSet<String> =
            links.filter(|id| !cx.state.partitions.partitions.contains(id)).collect();
        gone.iter().for_each(|id| cx.state.ntls.forget_partition(id));
    }
    if services.contains(&"users") {
        // Files go with their account.
        for user in accounts.iter().filter(|user| !cx.state.users.users.contains(user)) {
            cx.state.files.clear(user);
        }
        // Who is no longer there, or has another password, has to log in anew.
        let me = cx.session().user.clone();
        cx.sessions.retain(|session| session.local || session.user == me);
    }
    Ok(())
}

/// Whether the services start with the appliance; whether they run stays as it is until then.
fn put_on_boot(cx: &mut Context<'_>, services: &[&str], content: &Snapshot) -> Result<(), Failure> {
    let Some(rows) = content.get("services") else { return Ok(()) };
    let mut former = Table::default();
    Field::replace(&mut former, rows).map_err(fault)?;
    let kept: &Table<ServiceRow> = &former;
    for (name, row) in kept.iter().filter(|(name, _)| services.contains(name)) {
        if let Some(service) = cx.state.services.services.get_mut(name) {
            service.on_boot = row.on_boot;
        }
    }
    Ok(())
}

fn show(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Config>, Failure> {
    Ok(Reply::ok(Config { backups: BACKUPS.template().to_owned() }))
}

fn links(backups: &Table<BackupRow>) -> Backups {
    let link = |name: &str| Link { id: name.to_owned(), url: BACKUP.path(&[name]) };
    Backups { backups: backups.keys().map(link).collect() }
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Backups>, Failure> {
    Ok(Reply::ok(links(&cx.state.sysconf.backups)))
}

/// Makes a backup of everything and returns its name.
fn make(cx: &mut Context<'_>, description: &str) -> Result<String, Failure> {
    let content = snapshot(cx.state, &SERVICES)?;
    let settings = cx.state.lunasa.settings.get();
    let (hostname, version) = (settings.hostname.clone(), settings.version.clone());
    let digits = |text: String| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (date, time) = (digits(date_text(cx.now)), digits(clock_text(cx.now)));
    let stem = format!("{hostname}_Config_{date}_{time}");
    let mut name = format!("{stem}.tar.gz");
    let mut number = 1;
    while cx.state.sysconf.backups.contains(&name) {
        number += 1;
        name = format!("{stem}_{number}.tar.gz");
    }
    let (description, made) = (description.to_owned(), cx.now.unix_timestamp());
    let row = BackupRow { description, hostname, version, made, content };
    cx.state.sysconf.backups.insert(name.as_str(), row);
    Ok(name)
}

/// Longest description; assumed.
const DESCRIPTION: usize = 128;

fn back_up(cx: &mut Context<'_>, _: &Ids<0>, body: NewBackup) -> Result<Reply<BackedUp>, Failure> {
    let description = body.description.unwrap_or_default();
    let printable = |c| (' '..='~').contains(&c);
    if description.len() > DESCRIPTION || !description.chars().all(printable) {
        return Err(Failure::bad_request(format!(
            "'description' has up to {DESCRIPTION} printable ASCII characters."
        )));
    }
    let id = make(cx, &description)?;
    Ok(Reply::ok(BackedUp { id }))
}

fn clear(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.state.sysconf.backups.retain(|_, _| false);
    Ok(Reply::done())
}

fn no_backup(name: &str) -> Failure {
    Failure::new(404, NO_BACKUP, "The backup does not exist.")
        .details(format!("There is no backup '{name}'."))
}

fn find(backups: &Table<BackupRow>, name: &str) -> Result<BackupRow, Failure> {
    backups.get(name).cloned().ok_or_else(|| no_backup(name))
}

fn show_backup(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Backup>, Failure> {
    let row = find(&cx.state.sysconf.backups, &ids[0])?;
    let single = SERVICES.iter().filter(|name| **name != "all");
    let held = single.filter(|name| row.content.keys().any(|field| belongs(field, name)));
    Ok(Reply::ok(Backup {
        actions: BACKUP_ACTIONS.path(&[&ids[0]]),
        size: row.size() as u64,
        time: OffsetDateTime::from_unix_timestamp(row.made).map(time_text).unwrap_or_default(),
        services: held.map(|name| (*name).to_owned()).collect(),
        description: row.description,
        hostname: row.hostname,
        version: row.version,
    }))
}

fn delete(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let gone = cx.state.sysconf.backups.remove(&ids[0]);
    gone.map(|_| Reply::done()).ok_or_else(|| no_backup(&ids[0]))
}

fn actions(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    find(&cx.state.sysconf.backups, &ids[0])?;
    let restore = Link::below(&BACKUP_ACTIONS.path(&[&ids[0]]), "restore");
    Ok(Reply::ok(Actions { actions: vec![restore] }))
}

/// Services that can be stopped, and have to be before they are restored; assumed to be these.
const STOPPED: [&str; 2] = ["ntp", "snmp"];

fn restore(cx: &mut Context<'_>, ids: &Ids<1>, body: OfService) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let row = find(&cx.state.sysconf.backups, &ids[0])?;
    let services = chosen(&body.service)?;
    let running =
        services.iter().find(|name| STOPPED.contains(name) && cx.state.services.is_running(name));
    if let Some(name) = running {
        // The identifier is that of NTP; the others are made like it.
        let id = format!("SYSCONF_CONFIG_{}_SERVICE_RUNNING", name.to_ascii_uppercase());
        return Err(Failure::new(409, id, "The service is running.")
            .details(format!("Stop the service {name} first.")));
    }
    make(cx, &format!("Automatic Backup Before Restoring: {}", body.service))?;
    put(cx, &services, &row.content)?;
    Ok(Reply::done())
}

fn factory_reset(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: OfService,
) -> Result<Reply<Nothing>, Failure> {
    cx.require_so_if_forced()?;
    let services = chosen(&body.service)?;
    if services == ["cluster"] {
        require_package(cx)?;
    }
    if services.contains(&"cluster") {
        crate::rules::cluster::service::factory_reset(cx);
    }
    let random = Random::from_seed(cx.random().block());
    let mut fresh = State::default();
    fresh.factory(&cx.options.hostname, cx.now, random);
    let content = snapshot(&mut fresh, &services)?;
    put(cx, &services, &content)?;
    if body.service == "all" {
        cx.state.lunasa.settings.get_mut().force_so_login = false;
    }
    Ok(Reply::done())
}

/// The emulated appliance has no backup HSM; its own HSM takes backups from the SO.
fn check_device(cx: &Context<'_>, device: &Elsewhere) -> Result<(), Failure> {
    match device.device_type.as_str() {
        "hsm" => cx.require_so(),
        "token" => Err(Failure::new(400, NO_DEVICE, "The device was not found.").details(format!(
            "No backup HSM with serial number '{}' is connected.",
            device.serial_number.as_deref().unwrap_or_default()
        ))),
        other => Err(Failure::bad_request(format!("'{other}' is neither hsm nor token."))),
    }
}

fn export(cx: &mut Context<'_>, _: &Ids<0>, body: Elsewhere) -> Result<Reply<Nothing>, Failure> {
    check_device(cx, &body)?;
    let row = find(&cx.state.sysconf.backups, &body.file)?;
    if cx.state.sysconf.exported.contains(&body.file) {
        return Err(Failure::new(400, BACKUP_EXISTS, "The backup exists already.")
            .details(format!("There is a backup '{}' already.", body.file)));
    }
    cx.state.sysconf.exported.insert(body.file.as_str(), row);
    Ok(Reply::done())
}

/// Replaces a backup of that name, as the page of `sysconf config import` says.
fn import(cx: &mut Context<'_>, _: &Ids<0>, body: Elsewhere) -> Result<Reply<Nothing>, Failure> {
    check_device(cx, &body)?;
    let row = find(&cx.state.sysconf.exported, &body.file)?;
    cx.state.sysconf.backups.insert(body.file.as_str(), row);
    Ok(Reply::done())
}

fn exported(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Backups>, Failure> {
    Ok(Reply::ok(links(&cx.state.sysconf.exported)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sysconf::tests::so;
    use crate::state::ntls::ClientRow;
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const BACKUPS: &str = "/api/lunasa/config/backups";
    const RESET: &str = "/emulator/lunash/config/factoryReset";

    fn backup(bench: &mut TestMachine) -> String {
        let made = bench.post(BACKUPS, json!({"description": "before"})).json();
        format!("{BACKUPS}/{}", made["id"].as_str().unwrap())
    }

    #[test]
    fn one_service_comes_back_and_the_others_stay() {
        let mut bench = TestMachine::new();
        bench.patch("/api/lunasa/ssh", json!({"port": 2222}));
        bench.post("/api/lunasa/ntp/servers", json!({"address": "10.0.0.1"})).created();
        let path = backup(&mut bench);
        bench.patch("/api/lunasa/ssh", json!({"port": 3333}));
        bench.delete("/api/lunasa/ntp/servers/10.0.0.1");
        bench.restart();
        let restored = bench.post(&format!("{path}/actions/restore"), json!({"service": "ssh"}));
        assert_eq!(restored.status, 204, "{}", restored.text());
        bench.restart();
        assert_eq!(bench.get("/api/lunasa/ssh").json()["port"], 2222);
        assert_eq!(bench.get("/api/lunasa/ntp/servers").json()["servers"], json!([]));
        let backups = bench.get(BACKUPS).json();
        assert_eq!(backups["backups"].as_array().unwrap().len(), 2, "one was made before it");
        bench.post(&format!("{path}/actions/restore"), json!({"service": "all"}));
        assert_eq!(bench.get("/api/lunasa/ntp/servers").json()["servers"][0]["id"], "10.0.0.1");
    }

    #[test]
    fn a_backup_says_what_it_is_and_shows_no_content() {
        let mut bench = TestMachine::new();
        let path = backup(&mut bench);
        assert_eq!(path, format!("{BACKUPS}/local_host_Config_20250102_030405.tar.gz"));
        let shown = bench.get(&path).json();
        assert_eq!(shown["description"], "before");
        assert_eq!(shown["time"], "2025-01-02T03:04:05Z");
        assert_eq!(shown["version"], "7.8.5-20");
        assert!(shown["size"].as_u64().unwrap() > 100);
        let services = shown["services"].as_array().unwrap();
        assert!(services.contains(&json!("users")) && services.contains(&json!("ntp")));
        let row = bench.machine.state.sysconf.backups.values().next().unwrap();
        assert!(!format!("{row:?}").contains("argon2"));
        assert_eq!(bench.delete(&path).status, 204);
        assert_eq!(bench.get(&path).error(), (404, NO_BACKUP));
        assert_eq!(bench.delete(&path).error(), (404, NO_BACKUP));
        let long = json!({"description": "x".repeat(129)});
        assert_eq!(bench.post(BACKUPS, long).error(), (400, "FRAMEWORK_BAD_REQUEST"));
    }

    #[test]
    fn a_running_service_is_not_restored() {
        let mut bench = TestMachine::new();
        let path = format!("{}/actions/restore", backup(&mut bench));
        bench.post("/api/lunasa/services/ntp/actions/start", json!({})).created();
        for service in ["ntp", "all"] {
            let refused = bench.post(&path, json!({"service": service}));
            assert_eq!(refused.error(), (409, "SYSCONF_CONFIG_NTP_SERVICE_RUNNING"));
        }
        let unknown = bench.post(&path, json!({"service": "coffee"}));
        assert_eq!(unknown.error(), (400, "SYSCONF_CONFIG_SERVICE_NAME_INVALID"));
        assert_eq!(bench.get(BACKUPS).json()["backups"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn users_are_restored_with_their_passwords() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "operator");
        let path = backup(&mut bench);
        bench.delete("/users/jane");
        let restored = bench.post(&format!("{path}/actions/restore"), json!({"service": "users"}));
        assert_eq!(restored.status, 204, "{}", restored.text());
        assert_eq!(bench.login("jane", "Abcdef12").status, 204);
    }

    #[test]
    fn clients_come_back_without_partitions_that_are_gone() {
        let mut bench = TestMachine::new();
        let row = ClientRow { links: vec!["1234567890".to_owned()], ..ClientRow::default() };
        bench.machine.state.ntls.clients.insert("app", row);
        bench.store();
        let path = backup(&mut bench);
        bench.delete("/api/lunasa/ntls/clients/app");
        assert_eq!(bench.get("/api/lunasa/ntls/clients/app").status, 404);
        bench.post(&format!("{path}/actions/restore"), json!({"service": "ntls"}));
        let links = bench.get("/api/lunasa/ntls/clients/app/links").json();
        assert_eq!(links, json!({"links": []}));
    }

    #[test]
    fn factory_settings_come_back_service_by_service() {
        let mut bench = TestMachine::new();
        bench.patch("/api/lunasa/ssh", json!({"port": 2222}));
        bench.patch("/api/lunasa/time", json!({"timeZone": "CET"}));
        bench.patch("/api/lunasa/services/ntp", json!({"onBoot": true}));
        bench.user("jane", "Abcdef12", "operator");
        bench.machine.state.lunasa.settings.get_mut().force_so_login = true;
        bench.machine.keep();
        let refused = bench.post(RESET, json!({"service": "ssh"}));
        assert_eq!(refused.error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        so(&mut bench);
        assert_eq!(bench.post(RESET, json!({"service": "ssh"})).status, 204);
        assert_eq!(bench.get("/api/lunasa/ssh").json()["port"], 22);
        assert_eq!(bench.get("/users/jane").status, 200);
        assert_eq!(bench.post(RESET, json!({"service": "system"})).status, 204);
        assert_eq!(bench.get("/api/lunasa").json()["forceSoLogin"], true);
        assert_eq!(bench.get("/api/lunasa/time").json()["timeZone"], "UTC");
        assert_eq!(bench.post(RESET, json!({"service": "all"})).status, 204);
        assert_eq!(bench.get("/users/jane").status, 404);
        assert_eq!(bench.get("/api/lunasa").json()["forceSoLogin"], false);
        assert_eq!(bench.get("/api/lunasa/services/ntp").json()["onBoot"], false);
    }

    #[test]
    fn the_so_keeps_a_backup_on_the_hsm() {
        let mut bench = TestMachine::new();
        let path = backup(&mut bench);
        let file = path.rsplit('/').next().unwrap();
        let body = json!({"file": file, "deviceType": "hsm"});
        let (export, import) = ("/emulator/lunash/config/export", "/emulator/lunash/config/import");
        assert_eq!(bench.post(export, body.clone()).error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        so(&mut bench);
        assert_eq!(bench.post(export, body.clone()).status, 204);
        assert_eq!(bench.post(export, body.clone()).error(), (400, BACKUP_EXISTS));
        assert_eq!(bench.post(import, body.clone()).status, 204);
        assert_eq!(bench.delete(BACKUPS).status, 204);
        assert_eq!(bench.post(import, body).status, 204);
        assert_eq!(bench.get(&path).status, 200);
        let token = json!({"file": file, "deviceType": "token", "serialNumber": "1"});
        assert_eq!(bench.post(export, token).error(), (400, NO_DEVICE));
    }
}
