//! Parts of the HSM: firmware, storage, licences and upgrades, usage, support information, PEDs.

use std::fmt::Write;

use luna_rest::Nothing;
use luna_rest::hsm::{
    APPLIED, Bin, BinCounter, COUNTER, Counter, FIRMWARE, FIRMWARE_ACT, FIRMWARE_ACTIONS, Firmware,
    LICENSES, License, Licenses, METRICS, Metrics, PED, PED_ACT, PartitionMetrics, Ped, PedAction,
    STORAGE, SUPPORT_INFO, Storage, UPGRADE, UPGRADES, UTILIZATION, UTILIZATION_BINS, Upgrade,
    Upgrades, Utilization, UtilizationBins,
};
use luna_rest::tasks::{Actions, Link};
use luna_rest::users::FILE;

use crate::core::message::{Failure, Reply};
use crate::core::text::{is_name, time_text};
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, MONITOR, OPERATOR, Routes};
use crate::rules::hsm::access;
use crate::rules::hsm::actions::no_action;
use crate::state::hsm::CountersRow;
use crate::state::hsm_policies::METRICS as METRICS_POLICY;
use crate::state::partitions::PartitionRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&FIRMWARE, MONITOR, firmware);
    r.on(&FIRMWARE_ACTIONS, MONITOR, firmware_actions);
    r.on(&FIRMWARE_ACT, OPERATOR.private(), firmware_act);
    r.on(&STORAGE, MONITOR, storage);
    r.on(&LICENSES, MONITOR, licenses);
    r.on(&UPGRADES, MONITOR, upgrades);
    r.on(&APPLIED, MONITOR, applied);
    r.on(&UPGRADE, ADMIN.private(), upgrade);
    r.on(&METRICS, MONITOR, metrics);
    r.on(&COUNTER, MONITOR, counter);
    r.on(&UTILIZATION, MONITOR, utilization);
    r.on(&UTILIZATION_BINS, MONITOR, utilization_bins);
    r.on(&SUPPORT_INFO, MONITOR, support_info);
    r.on(&PED, MONITOR, ped);
    r.on(&PED_ACT, OPERATOR.private(), ped_act);
}

fn firmware(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Firmware>, Failure> {
    access::check_id(cx, &ids[0])?;
    let row = cx.state.hsm.hsm.get();
    Ok(Reply::ok(Firmware {
        actions: FIRMWARE_ACTIONS.path(&[&ids[0]]),
        rollback_version: row.rollback.clone(),
        upgrade_version: row.upgrade.clone(),
        version: row.firmware.clone(),
    }))
}

fn firmware_actions(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<Actions>, Failure> {
    access::check_id(cx, &ids[0])?;
    let parent = FIRMWARE_ACTIONS.path(&[&ids[0]]);
    let actions = ["upgrade", "rollback"].map(|id| Link::below(&parent, id));
    Ok(Reply::ok(Actions { actions: actions.into() }))
}

fn firmware_act(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    access::begin(cx, &ids[0])?;
    match ids[1].as_str() {
        "upgrade" => {
            may_change_firmware(cx)?;
            let now = cx.now.unix_timestamp();
            let row = cx.state.hsm.hsm.get_mut();
            if row.upgrade.is_empty() {
                let id = "HSMPLUGIN_NO_FIRMWARE_UPGRADE";
                return Err(Failure::new(400, id, "There is no newer firmware.").details(format!(
                    "The HSM has {} already; a software package brings the next one.",
                    row.firmware
                )));
            }
            row.rollback = std::mem::replace(&mut row.firmware, std::mem::take(&mut row.upgrade));
            row.started = now;
            access::log_out_everywhere(cx);
            cx.finished_task(Reply::<Nothing>::done())
        }
        "rollback" => {
            may_roll_back(cx)?;
            Ok(cx.waiting_task(|cx| {
                may_roll_back(cx)?;
                access::zeroize(cx);
                let now = cx.now.unix_timestamp();
                let row = cx.state.hsm.hsm.get_mut();
                row.upgrade =
                    std::mem::replace(&mut row.firmware, std::mem::take(&mut row.rollback));
                row.started = now;
                Ok(Reply::<Nothing>::done())
            }))
        }
        action => Err(no_action("Firmware", action)),
    }
}

fn may_change_firmware(cx: &Context<'_>) -> Result<(), Failure> {
    cx.require_no_transport()?;
    cx.require_so()
}

/// There is one version to go back to, and none once functionality modules were allowed.
fn may_roll_back(cx: &Context<'_>) -> Result<(), Failure> {
    may_change_firmware(cx)?;
    let row = cx.state.hsm.hsm.get();
    let refused = |details: &str| {
        let id = "HSMPLUGIN_FIRMWARE_ROLLBACK_REFUSED";
        Err(Failure::new(400, id, "The firmware cannot be rolled back.").details(details))
    };
    if row.fms_ever_allowed {
        return refused("HSM policy 50 (Allow Functionality Modules) has been on.");
    }
    if row.rollback.is_empty() {
        return refused("There is no former firmware.");
    }
    Ok(())
}

fn storage(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Storage>, Failure> {
    access::check_id(cx, &ids[0])?;
    let (total, used) = (crate::state::hsm::STORAGE, cx.state.partitions.used_storage());
    Ok(Reply::ok(Storage { free: total.saturating_sub(used), total, used }))
}

/// What an emulated HSM comes with; it has no part numbers of the vendor.
pub(crate) const FACTORY_LICENSES: [(&str, &str); 3] = [
    ("EMULATED-0001", "Luna K7 base configuration"),
    ("EMULATED-0002", "Maximum 10 partitions"),
    ("EMULATED-0003", "Functionality modules"),
];

fn licenses(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Licenses>, Failure> {
    access::check_id(cx, &ids[0])?;
    let license = |(id, description): (&str, &str)| License {
        id: id.to_owned(),
        description: description.to_owned(),
    };
    let applied = cx.state.hsm.upgrades.iter().map(|(id, text)| license((id, text)));
    let licenses = FACTORY_LICENSES.into_iter().map(license).chain(applied).collect();
    Ok(Reply::ok(Licenses { licenses }))
}

fn upgrades(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Upgrades>, Failure> {
    let upgrades = cx.state.hsm.upgrades.keys();
    let upgrades = upgrades.map(|id| Link::below(UPGRADES.template(), id)).collect();
    Ok(Reply::ok(Upgrades { upgrades }))
}

fn applied(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<License>, Failure> {
    let id = &ids[0];
    let Some(description) = cx.state.hsm.upgrades.get(id) else {
        return Err(Failure::no_resource(format!("There is no upgrade '{id}'.")));
    };
    Ok(Reply::ok(License { id: id.to_owned(), description: description.to_owned() }))
}

/// Applies a licence file. It is listed; `Maximum N partitions` allows so many, any other
/// description changes no capability.
fn upgrade(cx: &mut Context<'_>, _: &Ids<0>, body: Upgrade) -> Result<Reply<Nothing>, Failure> {
    cx.require_no_transport()?;
    cx.require_so()?;
    let (id, description) = license_in(cx, &body.file)?;
    if cx.state.hsm.upgrades.contains(&id) {
        return Err(applied_before(id));
    }
    let location = format!("{}/{id}", UPGRADES.template());
    cx.state.hsm.upgrades.insert(id, description);
    Ok(Reply::created(location))
}

/// What a licence file of the user allows: identifier and description. A vendor's file is signed for
/// one HSM; an emulated one is a text whose first line is `identifier description`.
pub(crate) fn license_in(cx: &Context<'_>, file: &str) -> Result<(String, String), Failure> {
    let refused = |id, message| Failure::new(400, id, message);
    let allowed = |_, c: char| c.is_ascii_alphanumeric() || "_. -".contains(c);
    if !is_name(file, 64, allowed) || !file.ends_with(".lic") {
        return Err(refused("APPLIANCE_FILENAME_NOT_VALID", "The file name is not valid.")
            .details("A license is a file whose name ends in '.lic'."));
    }
    let user = &cx.session().user;
    let Some(row) = cx.state.files.get(user, file) else {
        let id = "UPGRADE_CONFIG_FILES_DO_NOT_EXIST";
        return Err(refused(id, "The license file does not exist.")
            .details(format!("'{user}' has no file '{file}'.")));
    };
    let text = String::from_utf8_lossy(&row.content);
    let line = text.lines().next().unwrap_or_default();
    let found = line
        .split_once(' ')
        .filter(|(id, _)| is_name(id, 32, |_, c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
    let Some((id, description)) = found else {
        let id = "UPGRADE_UPLOADED_LICENSE_INVALID";
        return Err(refused(id, "The license is not valid.").details(
            "The first line of a license for an emulated HSM is 'identifier description'.",
        ));
    };
    Ok((id.to_owned(), description.trim().to_owned()))
}

pub(crate) fn applied_before(id: String) -> Failure {
    Failure::new(400, "UPGRADE_LICENSE_ALREADY_APPLIED", "The license was applied before.")
        .details(id)
}

/// What a kind of operation is called in usage counters.
const BINS: [&str; 6] =
    ["ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "KEY_GENERATION", "KEY_DERIVATION"];

/// All kinds of operation at zero: the emulated HSM has no applications that would use keys.
fn idle_bins() -> Vec<Bin> {
    let counter = BinCounter { count: 0, counter_id: "REQUESTS".to_owned() };
    let bin = |id: &str| Bin { bin_id: id.to_owned(), counters: vec![counter.clone()] };
    BINS.iter().map(|id| bin(id)).collect()
}

/// Policy 49 allows usage counters; without it 501, as a client expects when the feature is off.
fn require_metrics(cx: &Context<'_>) -> Result<(), Failure> {
    if cx.state.hsm.policy(METRICS_POLICY) == 1 {
        return Ok(());
    }
    let id = "HSMPLUGIN_FUNC_NOT_SUPPORTED";
    Err(Failure::new(501, id, "Usage counters are off.").details(format!(
        "Turn HSM policy {METRICS_POLICY} (Allow Partition Utilization Metrics) on first."
    )))
}

fn metrics(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Metrics>, Failure> {
    access::check_id(cx, &ids[0])?;
    require_metrics(cx)?;
    cx.require_so()?;
    let partition = |(serial, row): (&str, &PartitionRow)| PartitionMetrics {
        bins: idle_bins(),
        label: row.label.clone(),
        partition_id: serial.to_owned(),
    };
    let metrics = cx.state.partitions.partitions.iter().map(partition).collect();
    Ok(Reply::ok(Metrics { metrics, reset_time: started(cx) }))
}

fn started(cx: &Context<'_>) -> String {
    let started = cx.state.hsm.hsm.get().started;
    time::OffsetDateTime::from_unix_timestamp(started).map(time_text).unwrap_or_default()
}

impl From<CountersRow> for Counter {
    fn from(row: CountersRow) -> Counter {
        Counter {
            critical_events: row.critical_events,
            crypto_errors: row.crypto_errors,
            crypto_requests: row.crypto_requests,
            noncritical_events: row.noncritical_events,
            operation_errors: row.operation_errors,
            operation_requests: row.operation_requests,
        }
    }
}

fn counter(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Counter>, Failure> {
    access::check_id(cx, &ids[0])?;
    Ok(Reply::ok(cx.state.hsm.hsm.get().counters.into()))
}

fn utilization(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<Utilization>, Failure> {
    access::check_id(cx, &ids[0])?;
    let bins = UTILIZATION_BINS.path(&[&ids[0]]);
    Ok(Reply::ok(Utilization { bins, utilization: 0 }))
}

fn utilization_bins(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<UtilizationBins>, Failure> {
    access::check_id(cx, &ids[0])?;
    require_metrics(cx)?;
    Ok(Reply::ok(UtilizationBins { bins: idle_bins() }))
}

const SUPPORT_FILE: &str = "supportInfo.txt";

/// Writes what somebody would need to understand a problem, and nothing secret.
fn support_info(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    access::begin(cx, &ids[0])?;
    let (row, settings) = (cx.state.hsm.hsm.get(), cx.state.lunasa.settings.get());
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{name:<24}{value}");
    };
    line("Written:", &time_text(cx.now));
    line("Host name:", &settings.hostname);
    line("Software version:", &settings.version);
    line("HSM serial number:", &row.serial);
    line("HSM label:", &row.label);
    line("HSM firmware:", &row.firmware);
    line("HSM initialized:", &row.initialized);
    line("SO login attempts used:", &row.so_failures);
    line("Secure transport mode:", &row.transport.is_some());
    line("Tampers:", &row.tampers.join(", "));
    line("Partitions:", &cx.state.partitions.count());
    line("Storage used:", &cx.state.partitions.used_storage());
    for (number, value) in cx.state.hsm.policies.get() {
        line(&format!("HSM policy {number}:"), value);
    }
    for (package, _) in cx.state.packages.listed() {
        line("Package:", &package);
    }
    let user = cx.session().user.clone();
    cx.state.files.put(&user, SUPPORT_FILE, text.into_bytes(), cx.now);
    Ok(Reply::created(FILE.path(&[&user, SUPPORT_FILE])))
}

/// A password-authenticated HSM has no PED: the answer is empty, as the reference says.
fn ped(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Ped>, Failure> {
    access::check_id(cx, &ids[0])?;
    Ok(Reply::ok(Ped::default()))
}

fn ped_act(cx: &mut Context<'_>, ids: &Ids<3>, _: PedAction) -> Result<Reply<Nothing>, Failure> {
    access::check_id(cx, &ids[0])?;
    let known = ["connect", "disconnect", "vectorInitialize", "vectorErase"];
    if !known.contains(&ids[2].as_str()) {
        return Err(no_action("A PED", &ids[2]));
    }
    let id = "HSMPLUGIN_FUNC_NOT_SUPPORTED";
    Err(Failure::new(400, id, "The HSM is password-authenticated.")
        .details("It takes passwords instead of PED keys."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hsm::lifecycle::tests::PASSWORD;
    use crate::test_machine::TestMachine;
    use serde_json::json;

    #[test]
    fn a_rollback_zeroizes_and_an_upgrade_brings_the_version_back() {
        let mut bench = TestMachine::with_so();
        let action = |bench: &TestMachine, id| bench.hsm_path(&format!("/firmware/actions/{id}"));
        let upgrade = action(&bench, "upgrade");
        assert_eq!(bench.post(&upgrade, json!({})).error().1, "HSMPLUGIN_NO_FIRMWARE_UPGRADE");
        let rollback = action(&bench, "rollback");
        let task = bench.post(&rollback, json!({}));
        bench.start(&task);
        let hsm = bench.hsm();
        assert_eq!((&hsm["firmware"], &hsm["zeroized"]), (&json!("7.8.2"), &json!(true)));
        bench.hsm_init().created();
        assert_eq!(bench.post(&upgrade, json!({})).error().1, "APPLIANCE_REQUIRE_SO_LOGIN");
        bench.so_login(PASSWORD);
        bench.post(&upgrade, json!({})).created();
        let hsm = bench.hsm();
        assert_eq!((&hsm["firmware"], &hsm["zeroized"]), (&json!("7.8.4"), &json!(false)));
        let shown = bench.get(&bench.hsm_path("/firmware")).json();
        assert_eq!(
            (&shown["rollbackVersion"], &shown["upgradeVersion"]),
            (&json!("7.8.2"), &json!(""))
        );
    }

    #[test]
    fn there_is_no_rollback_once_modules_were_allowed() {
        let mut bench = TestMachine::with_so();
        for value in [1, 0] {
            let task = bench.put(&bench.hsm_path("/policies/50"), json!({"value": value}));
            bench.start(&task);
            bench.hsm_init();
            bench.so_login(PASSWORD);
        }
        let path = bench.hsm_path("/firmware/actions/rollback");
        assert_eq!(bench.post(&path, json!({})).error().1, "HSMPLUGIN_FIRMWARE_ROLLBACK_REFUSED");
    }

    #[test]
    fn storage_is_as_the_model_has_it() {
        let mut bench = TestMachine::new();
        let storage = bench.get(&bench.hsm_path("/storageSpace")).json();
        assert_eq!(storage, json!({"free": 33_554_432, "total": 33_554_432, "used": 0}));
    }

    #[test]
    fn a_license_is_applied_once_by_the_so() {
        let mut bench = TestMachine::new();
        let apply = |bench: &mut TestMachine, file: &str| {
            bench.post(UPGRADE.template(), json!({"file": file}))
        };
        bench.upload("/users/admin/files", "more.lic", b"EMULATED-0100 More of everything\n");
        bench.upload("/users/admin/files", "bad.lic", b"nonsense");
        assert_eq!(apply(&mut bench, "more.lic").error().1, "APPLIANCE_REQUIRE_SO_LOGIN");
        bench.hsm_init();
        bench.so_login(PASSWORD);
        assert_eq!(apply(&mut bench, "x.txt").error().1, "APPLIANCE_FILENAME_NOT_VALID");
        assert_eq!(apply(&mut bench, "no.lic").error().1, "UPGRADE_CONFIG_FILES_DO_NOT_EXIST");
        assert_eq!(apply(&mut bench, "bad.lic").error().1, "UPGRADE_UPLOADED_LICENSE_INVALID");
        assert_eq!(apply(&mut bench, "more.lic").created(), "/api/lunasa/upgrades/EMULATED-0100");
        assert_eq!(apply(&mut bench, "more.lic").error().1, "UPGRADE_LICENSE_ALREADY_APPLIED");
        let licenses = bench.get(&bench.hsm_path("/licenses")).json();
        assert_eq!(licenses["licenses"][3]["description"], "More of everything");
        assert_eq!(bench.get(UPGRADES.template()).json()["upgrades"][0]["id"], "EMULATED-0100");
        let shown = bench.get(&APPLIED.path(&["EMULATED-0100"])).json();
        assert_eq!(shown, json!({"id": "EMULATED-0100", "description": "More of everything"}));
        assert_eq!(bench.get(&APPLIED.path(&["EMULATED-0101"])).status, 404);
    }

    #[test]
    fn a_license_for_more_partitions_allows_them() {
        let mut bench = TestMachine::with_so();
        let policy = bench.hsm_path("/policies/33");
        let allowed = |bench: &mut TestMachine| {
            let shown = bench.get(&bench.hsm_path("")).json()["partitionsAllowed"].clone();
            assert_eq!(bench.get(&policy).json()["value"], shown);
            shown
        };
        assert_eq!(allowed(&mut bench), 10);
        assert_eq!(bench.put(&policy, json!({"value": 12})).status, 400);
        bench.upload("/users/admin/files", "20.lic", b"EMULATED-0020 Maximum 20 partitions\n");
        bench.post(UPGRADE.template(), json!({"file": "20.lic"})).created();
        assert_eq!(allowed(&mut bench), 20);
        bench.put(&policy, json!({"value": 10})).created();
        assert_eq!(allowed(&mut bench), 10);
        bench.put(&policy, json!({"value": 20})).created();
        assert_eq!(bench.put(&policy, json!({"value": 21})).status, 400);
        assert_eq!(allowed(&mut bench), 20);
    }

    #[test]
    fn support_information_lies_among_the_files_of_who_asked() {
        let mut bench = TestMachine::with_so();
        let path = bench.hsm_path("/supportInfo");
        assert_eq!(bench.post(&path, json!({})).created(), "/users/admin/files/supportInfo.txt");
        let file = bench.machine.state.files.get("admin", "supportInfo.txt").unwrap();
        let text = String::from_utf8_lossy(&file.content);
        assert!(text.contains("HSM label:              myhsm\n"), "{text}");
        assert!(text.contains("Package:                lunacm-7.8.5-20\n"), "{text}");
        assert!(!text.contains(PASSWORD));
    }

    #[test]
    fn counters_count_and_usage_counters_need_policy_49() {
        let mut bench = TestMachine::new();
        bench.hsm_init().created();
        bench.so_login("wrong");
        let counter = bench.get(&bench.hsm_path("/counter")).json();
        assert_eq!(
            (&counter["operationRequests"], &counter["operationErrors"]),
            (&json!(2), &json!(1))
        );
        let metrics = bench.hsm_path("/metrics");
        assert_eq!(bench.get(&metrics).error(), (501, "HSMPLUGIN_FUNC_NOT_SUPPORTED"));
        bench.so_login(PASSWORD);
        bench.put(&bench.hsm_path("/policies/49"), json!({"value": 1}));
        assert_eq!(bench.get(&metrics).json()["resetTime"], "2025-01-02T03:04:05Z");
    }

    #[test]
    fn a_password_hsm_has_no_ped() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.get(&bench.hsm_path("/ped/peds/0")).json(), json!({}));
        let connect = bench.hsm_path("/ped/peds/1/actions/connect");
        assert_eq!(bench.post(&connect, json!({})).error(), (400, "HSMPLUGIN_FUNC_NOT_SUPPORTED"));
    }
}
