//! What only LunaSH does with an HSM: functionality modules, restart, self test, clock, certificates,
//! PED time limits. A real appliance has no resource for any of it.

use luna_rest::Nothing;
use luna_rest::hsm::{
    CERTIFICATES, Certificates, DELETE_FM, Dak, FMS, Fm, Fms, HsmCertificate, HsmTime, LOAD_FM,
    LegacyDomain, LoadFm, MAKE_DAK, PED_TIMEOUTS, PedTimeouts, RECOVER_FMS, RESET_INFORMATION,
    RESTART, RecoverFms, SELF_TEST, SET_LEGACY_DOMAIN, SET_PED_TIMEOUT, SYNC_TIME, SelfTest,
    SetPedTimeout, TIME, UP_TIME, UpTime,
};
use ring::digest::{SHA256, digest};
use time::{Duration, OffsetDateTime};

use crate::core::checks::check_domain;
use crate::core::clock;
use crate::core::message::{Failure, Reply};
use crate::core::random::hex;
use crate::core::text::{clock_text, time_text};
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::hsm::access;
use crate::state::hsm::{CountersRow, FmRow, HsmRow, PedTimeoutsRow};
use crate::state::hsm_policies::{FUNCTIONALITY_MODULES, SMFS_AUTO_ACTIVATION};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&FMS, MONITOR, list);
    r.on(&LOAD_FM, OPERATOR.private(), load);
    r.on(&DELETE_FM, OPERATOR.private(), delete);
    r.on(&RECOVER_FMS, OPERATOR.private(), recover);
    r.on(&RESTART, OPERATOR.private(), restart);
    r.on(&RESET_INFORMATION, OPERATOR, reset_information);
    r.on(&UP_TIME, MONITOR, up_time);
    r.on(&SELF_TEST, MONITOR, self_test);
    r.on(&TIME, MONITOR, time);
    r.on(&SYNC_TIME, OPERATOR.private(), sync_time);
    r.on(&CERTIFICATES, MONITOR, certificates);
    r.on(&MAKE_DAK, OPERATOR.private(), make_dak);
    r.on(&SET_LEGACY_DOMAIN, OPERATOR.private(), set_legacy_domain);
    r.on(&PED_TIMEOUTS, MONITOR, ped_timeouts);
    r.on(&SET_PED_TIMEOUT, OPERATOR, set_ped_timeout);
}

/// The SO is logged in and the HSM works; the request is counted.
fn begin(cx: &mut Context<'_>) -> Result<(), Failure> {
    cx.require_no_transport()?;
    cx.require_so()?;
    cx.state.hsm.hsm.get_mut().counters.operation_requests += 1;
    Ok(())
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Fms>, Failure> {
    let hsm = &cx.state.hsm;
    let shown = |(id, row): (&str, &FmRow)| Fm {
        label: row.label.clone(),
        id: id.to_owned(),
        // What an emulated module would say about itself is not read from the file.
        version: "1.00".to_owned(),
        manufacturer: row.manufacturer.clone(),
        build_time: row.built.clone(),
        fingerprint: row.fingerprint.clone(),
        rom_size: row.size,
        enabled: row.enabled,
    };
    Ok(Reply::ok(Fms {
        fms: hsm.fms.iter().map(shown).collect(),
        smfs_activated: hsm.policy(SMFS_AUTO_ACTIVATION) == 1,
    }))
}

fn require_modules(cx: &Context<'_>) -> Result<(), Failure> {
    if cx.state.hsm.policy(FUNCTIONALITY_MODULES) == 1 {
        return Ok(());
    }
    let id = "HSMPLUGIN_FM_NOT_ALLOWED";
    Err(Failure::new(400, id, "Functionality modules are not allowed.")
        .details("Turn HSM policy 50 (Allow Functionality Modules) on first."))
}

/// Loads a module: any file does, its label is the file's name with a capital letter, its first
/// two bytes of the hash are its identifier. What runs inside a module is not emulated.
fn load(cx: &mut Context<'_>, _: &Ids<0>, body: LoadFm) -> Result<Reply<Nothing>, Failure> {
    begin(cx)?;
    require_modules(cx)?;
    let user = cx.session().user.clone();
    let file = |name: &str| {
        cx.state.files.get(&user, name).map(|row| row.content.clone()).ok_or_else(|| {
            Failure::new(404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST", "The file does not exist.")
                .details(format!("'{user}' has no file '{name}'."))
        })
    };
    let (module, certificate) = (file(&body.fm_file)?, file(&body.cert_file)?);
    if module.is_empty() || certificate.is_empty() {
        return Err(Failure::bad_request("The module or its certificate is empty."));
    }
    let stem = |name: &str| {
        let stem = name.split('.').next().unwrap_or_default();
        let mut letters = stem.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let hash = digest(&SHA256, &module);
    let bytes: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    let row = FmRow {
        label: stem(&body.fm_file),
        manufacturer: stem(&body.cert_file),
        built: build_time(cx.now),
        fingerprint: bytes[..10].join(" "),
        size: module.len() as u64,
        enabled: false,
    };
    cx.state.hsm.fms.insert(hex(&hash.as_ref()[..2]), row);
    Ok(Reply::done())
}

/// `Fri Feb 21 19:34:04 2025 - UTC`
fn build_time(time: OffsetDateTime) -> String {
    let day = &time.weekday().to_string()[..3];
    let month = &time.month().to_string()[..3];
    let (number, year) = (time.day(), time.year());
    format!("{day} {month} {number:>2} {} {year} - UTC", clock_text(time))
}

fn delete(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    begin(cx)?;
    let id = ids[0].to_ascii_lowercase();
    cx.state.hsm.fms.remove(&id).map(|_| Reply::done()).ok_or_else(|| {
        Failure::new(404, "HSMPLUGIN_INVALID_FM", "The functionality module does not exist.")
            .details(format!("There is no functionality module {id}."))
    })
}

fn recover(cx: &mut Context<'_>, _: &Ids<0>, body: RecoverFms) -> Result<Reply<Nothing>, Failure> {
    begin(cx)?;
    match &*body.erase {
        "fm" | "both" => cx.state.hsm.fms.retain(|_, _| false),
        // What modules keep in their file system is not emulated.
        "smfs" => {}
        _ => return Err(Failure::bad_request("'erase' is 'fm', 'smfs' or 'both'.")),
    }
    Ok(Reply::done())
}

/// Restarts the card: all logins end, loaded modules start (assumed: it needs the SO while there is
/// one, as the recorded session had it logged in).
fn restart(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    if cx.state.hsm.hsm.get().initialized && cx.require_no_transport().is_ok() {
        cx.require_so()?;
    }
    access::log_out_everywhere(cx);
    for session in cx.sessions.iter_mut() {
        session.partition_logins.clear();
    }
    let ids: Vec<String> = cx.state.hsm.fms.keys().map(str::to_owned).collect();
    for id in ids {
        if let Some(row) = cx.state.hsm.fms.get_mut(&id) {
            row.enabled = true;
        }
    }
    let row = cx.state.hsm.hsm.get_mut();
    row.started = cx.now.unix_timestamp();
    row.counters.noncritical_events += 1;
    Ok(Reply::done())
}

fn reset_information(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    cx.state.hsm.hsm.get_mut().counters = CountersRow::default();
    Ok(Reply::done())
}

fn up_time(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<UpTime>, Failure> {
    let started = cx.state.hsm.hsm.get().started;
    let seconds = cx.now.unix_timestamp().saturating_sub(started).max(0);
    Ok(Reply::ok(UpTime { started, seconds: seconds.unsigned_abs() }))
}

/// The tests of the emulated HSM: what it keeps can be read back, and its hash gives the known
/// answer for an empty text.
fn self_test(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<SelfTest>, Failure> {
    cx.require_no_transport()?;
    let row = cx.state.hsm.hsm.get_mut();
    row.counters.operation_requests += 1;
    let kept = serde_json::to_vec(row).is_ok_and(|bytes| {
        serde_json::from_slice::<HsmRow>(&bytes).is_ok_and(|read| read.serial == row.serial)
    });
    let known = hex(digest(&SHA256, b"").as_ref());
    let passed =
        kept && known == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    Ok(Reply::ok(SelfTest { passed }))
}

fn times(cx: &Context<'_>) -> HsmTime {
    let ahead = Duration::milliseconds(cx.state.hsm.hsm.get().clock_ahead);
    HsmTime {
        hsm: time_text(clock::nearest(cx.now.saturating_add(ahead))),
        appliance: time_text(cx.now),
    }
}

fn time(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<HsmTime>, Failure> {
    Ok(Reply::ok(times(cx)))
}

fn sync_time(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<HsmTime>, Failure> {
    begin(cx)?;
    cx.state.hsm.hsm.get_mut().clock_ahead = 0;
    Ok(Reply::ok(times(cx)))
}

/// A Luna HSM's own certificates; an emulated one signs nothing with them, so that all there is to
/// check is that the HSM has its serial number.
fn certificates(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Certificates>, Failure> {
    let valid = cx.state.hsm.hsm.get().serial != 0;
    let certificate = |(name, policies): (&str, &str)| HsmCertificate {
        name: name.to_owned(),
        valid,
        policies: policies.to_owned(),
    };
    let certificates = [
        ("MAC", "evaluated to FIPS 140-2 Level 3"),
        ("DAC", "meets requirements of FIPS 140-2 Level 3"),
    ];
    Ok(Reply::ok(Certificates { certificates: certificates.map(certificate).into() }))
}

const DAK_FILE: &str = "DAKCertRequest.bin";

/// There is no key behind it: the request holds the fingerprint alone.
fn make_dak(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Dak>, Failure> {
    begin(cx)?;
    let fingerprint = cx.random().token();
    let user = cx.session().user.clone();
    cx.state.files.put(&user, DAK_FILE, fingerprint.clone().into_bytes(), cx.now);
    Ok(Reply::ok(Dak { fingerprint }))
}

fn set_legacy_domain(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: LegacyDomain,
) -> Result<Reply<Nothing>, Failure> {
    begin(cx)?;
    check_domain(body.domain.expose())?;
    let domain = cx.hash(body.domain.expose());
    cx.state.hsm.hsm.get_mut().legacy_domain = Some(domain);
    Ok(Reply::done())
}

impl From<PedTimeoutsRow> for PedTimeouts {
    fn from(row: PedTimeoutsRow) -> PedTimeouts {
        PedTimeouts { rped: row.rped, pedk: row.pedk, pedo: row.pedo, wdel: row.wdel }
    }
}

fn ped_timeouts(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<PedTimeouts>, Failure> {
    Ok(Reply::ok(cx.state.hsm.hsm.get().ped_timeouts.into()))
}

fn set_ped_timeout(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: SetPedTimeout,
) -> Result<Reply<Nothing>, Failure> {
    let (seconds, standard) = (body.seconds, PedTimeoutsRow::default());
    let limits = &mut cx.state.hsm.hsm.get_mut().ped_timeouts;
    let fits = match ids[0].as_str() {
        "rped" => seconds <= 99_999,
        "pedk" => seconds == 0 || (200..=600).contains(&seconds),
        "pedo" => (920..=99_999).contains(&seconds),
        "wdel" => seconds <= 10_000,
        kind => return Err(Failure::no_resource(format!("There is no PED time limit '{kind}'."))),
    };
    if !fits {
        return Err(Failure::bad_request(
            "rped takes 1 to 99999 seconds, pedk 200 to 600, pedo 920 to 99999, wdel 0 to 10000 \
             microseconds; 0 is the default of rped and pedk.",
        ));
    }
    match ids[0].as_str() {
        "rped" => limits.rped = if seconds == 0 { standard.rped } else { seconds },
        "pedk" => limits.pedk = if seconds == 0 { standard.pedk } else { seconds },
        "pedo" => limits.pedo = seconds,
        _ => limits.wdel = Some(seconds),
    }
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hsm::lifecycle::tests::PASSWORD;
    use crate::test_machine::TestMachine;
    use serde_json::json;

    #[test]
    fn a_module_is_loaded_with_policy_50_and_runs_after_a_restart() {
        let mut bench = TestMachine::with_so();
        let body = json!({"fmFile": "caesar.bin", "certFile": "thales.pem"});
        assert_eq!(
            bench.post(LOAD_FM.template(), body.clone()).error().1,
            "HSMPLUGIN_FM_NOT_ALLOWED"
        );
        let task = bench.put(&bench.hsm_path("/policies/50"), json!({"value": 1}));
        bench.start(&task);
        bench.hsm_init();
        bench.so_login(PASSWORD);
        assert_eq!(bench.post(LOAD_FM.template(), body.clone()).error().0, 404);
        bench.upload("/users/admin/files", "caesar.bin", b"module");
        bench.upload("/users/admin/files", "thales.pem", b"certificate");
        assert_eq!(bench.post(LOAD_FM.template(), body).status, 204);
        let fm = bench.get(FMS.template()).json()["fms"][0].clone();
        assert_eq!((&fm["label"], &fm["enabled"]), (&json!("Caesar"), &json!(false)));
        assert_eq!(
            (&fm["romSize"], &fm["buildTime"]),
            (&json!(6), &json!("Thu Jan  2 03:04:05 2025 - UTC"))
        );
        assert_eq!(bench.post(RESTART.template(), json!({})).status, 204);
        assert_eq!(bench.hsm()["soLoggedIn"], false);
        assert_eq!(bench.get(FMS.template()).json()["fms"][0]["enabled"], true);
        bench.so_login(PASSWORD);
        let path = format!("{}/{}", FMS.template(), fm["id"].as_str().unwrap());
        assert_eq!(bench.delete(&path).status, 204);
        assert_eq!(bench.delete(&path).error().1, "HSMPLUGIN_INVALID_FM");
    }

    #[test]
    fn recovery_erases_modules() {
        let mut bench = TestMachine::with_so();
        bench.machine.state.hsm.fms.insert("a000", FmRow::default());
        bench.machine.keep();
        let recover = |bench: &mut TestMachine, what: &str| {
            bench.post(RECOVER_FMS.template(), json!({"erase": what})).status
        };
        assert_eq!(recover(&mut bench, "smfs"), 204);
        assert_eq!(bench.machine.state.hsm.fms.len(), 1);
        assert_eq!(recover(&mut bench, "all"), 400);
        assert_eq!(recover(&mut bench, "both"), 204);
        assert!(bench.machine.state.hsm.fms.is_empty());
    }

    #[test]
    fn ped_time_limits_have_bounds_and_defaults() {
        let mut bench = TestMachine::new();
        let mut set = |kind: &str, seconds: u32| {
            let path = format!("{}/{kind}", PED_TIMEOUTS.template());
            bench.put(&path, json!({"seconds": seconds})).status
        };
        assert_eq!((set("pedk", 300), set("pedk", 30), set("pedo", 900)), (204, 400, 400));
        assert_eq!((set("wdel", 10_001), set("other", 1)), (400, 404));
        assert_eq!(set("pedk", 0), 204);
        assert_eq!(bench.get(PED_TIMEOUTS.template()).json()["pedk"], 200);
    }

    #[test]
    fn the_rest_needs_the_so_where_it_changes_the_hsm() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.post(SELF_TEST.template(), json!({})).json(), json!({"passed": true}));
        bench.hsm_init();
        for path in [SYNC_TIME.template(), MAKE_DAK.template(), RESTART.template()] {
            assert_eq!(bench.post(path, json!({})).error().1, "APPLIANCE_REQUIRE_SO_LOGIN");
        }
        bench.so_login(PASSWORD);
        assert_eq!(
            bench.post(SYNC_TIME.template(), json!({})).json()["hsm"],
            "2025-01-02T03:04:05Z"
        );
        assert_eq!(bench.put(SET_LEGACY_DOMAIN.template(), json!({"domain": "old"})).status, 204);
        assert_ne!(
            bench.post(MAKE_DAK.template(), json!({})).json(),
            bench.post(MAKE_DAK.template(), json!({})).json()
        );
        assert!(bench.machine.state.files.get("admin", DAK_FILE).is_some());
        assert_eq!(bench.delete(RESET_INFORMATION.template()).status, 204);
        let counter = bench.get(&bench.hsm_path("/counter")).json();
        assert_eq!(counter["operationRequests"], 0);
    }
}
