//! Software packages: `/api/lunasa/packages`, `/api/lunasa/packageFiles`.
//!
//! A package file is among a user's files; `crate::package` reads it. An update of the
//! appliance's own software (`lunasa_update`) takes effect with the next reboot.

use luna_rest::Nothing;
use luna_rest::packages::{
    DAMAGED, DELETE_FILE, ERASE, FILE, FILES, LIST, NO_FILE, NO_PACKAGE, NOT_A_PACKAGE, Package,
    PackageFiles, Packages as PackageList, SHOW, UPDATE, UPDATE_FAILED, UsePackage, Used,
    WRONG_AUTHCODE,
};
use luna_rest::tasks::Link;
use luna_rest::users::File;

use crate::core::message::{Failure, Reply};
use crate::core::text::later;
use crate::package::{self, Manifest, OpenError};
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::account::files;
use crate::rules::account::users::forbidden;
use crate::state::State;
use crate::state::clusters::PACKAGE;
use crate::state::packages::{FACTORY, PackageRow, listed_as};

/// The package that updates the appliance's own software.
const APPLIANCE_UPDATE: &str = "lunasa_update";

/// What a reboot does: an update of the appliance's software takes effect, and the firmware that
/// came with it can be installed.
pub fn reboot(state: &mut State) {
    let Some(version) = state.packages.pending.get_mut().take() else { return };
    let firmware = std::mem::take(state.packages.firmware.get_mut());
    if later(&firmware, &state.hsm.hsm.get().firmware).is_gt() {
        state.hsm.hsm.get_mut().upgrade = firmware;
    }
    let settings = state.lunasa.settings.get_mut();
    let former = std::mem::replace(&mut settings.version, version.clone());
    for (name, _) in FACTORY {
        if let Some(row) = state.packages.installed.get_mut(name)
            && row.version == former
        {
            row.version.clone_from(&version);
        }
    }
}

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LIST, MONITOR, list);
    r.on(&SHOW, MONITOR, show);
    r.on(&FILES, MONITOR, list_files);
    r.on(&FILE, MONITOR, file);
    // The REST page names admin alone, that of the LunaSH command operator too; here one session
    // serves both.
    r.on(&UPDATE, OPERATOR, update);
    r.on(&ERASE, OPERATOR, erase);
    r.on(&DELETE_FILE, OPERATOR, delete_file);
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<PackageList>, Failure> {
    let listed = cx.state.packages.listed().into_iter();
    Ok(Reply::ok(PackageList { packages: listed.map(|(id, row)| shown(id, row)).collect() }))
}

fn shown(id: String, row: &PackageRow) -> Package {
    let kind = if row.system { "system" } else { "software" }.to_owned();
    let url = SHOW.path(&[&id]);
    Package { id, kind, url }
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Package>, Failure> {
    let mut listed = cx.state.packages.listed().into_iter();
    let found = listed.find(|(id, _)| *id == ids[0]);
    found.map(|(id, row)| Reply::ok(shown(id, row))).ok_or_else(|| no_package(&ids[0]))
}

fn no_package(id: &str) -> Failure {
    Failure::new(404, NO_PACKAGE, "The package is not installed.")
        .details(format!("There is no package '{id}'."))
}

fn is_package(name: &str) -> bool {
    name.ends_with(".spkg")
}

fn no_file(name: &str) -> Failure {
    Failure::new(404, NO_FILE, "The package file does not exist.")
        .details(format!("There is no package file '{name}'."))
}

fn list_files(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<PackageFiles>, Failure> {
    let names = cx.state.files.names(&cx.session().user).filter(|name| is_package(name));
    let package_files = names.map(|name| Link::below(FILES.template(), name)).collect();
    Ok(Reply::ok(PackageFiles { package_files }))
}

fn file(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<File>, Failure> {
    let (user, name) = (&cx.session().user, &ids[0]);
    let found = cx.state.files.get(user, name).filter(|_| is_package(name));
    found.map(|row| Reply::ok(files::view(user, name, row))).ok_or_else(|| no_file(name))
}

fn delete_file(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let (user, name) = (cx.session().user.clone(), &ids[0]);
    if is_package(name) && cx.state.files.remove(&user, name) {
        Ok(Reply::done())
    } else {
        Err(no_file(name))
    }
}

/// The package's name or its name with the version.
fn erase(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let id = &ids[0];
    let fits = |name: &str, row: &PackageRow| {
        name == id
            || format!("{name}-{}", row.version) == *id
            || listed_as(name, &row.version) == *id
    };
    let installed = &mut cx.state.packages.installed;
    let Some((name, row)) = installed.iter().find(|(name, row)| fits(name, row)) else {
        return Err(no_package(id));
    };
    if row.system {
        return Err(forbidden(format!("'{id}' belongs to the appliance's own software.")));
    }
    if name == PACKAGE {
        // The guide: only the appliance's re-imaging takes it away.
        return Err(forbidden("The cluster package can only be replaced by a newer one."));
    }
    let name = name.to_owned();
    installed.remove(&name);
    Ok(Reply::done())
}

fn update(cx: &mut Context<'_>, _: &Ids<0>, body: UsePackage) -> Result<Reply<Used>, Failure> {
    let on = |flag: Option<bool>| flag.unwrap_or(false);
    let verify_only = cx.query("VerifyOnly").as_deref() == Some("true");
    let code = body.auth_code.expose();
    if !package::is_code(code) {
        return Err(Failure::bad_request("'authCode' takes 16 letters, digits and slashes."));
    }
    if on(body.use_des3) && on(body.use_evp) {
        return Err(Failure::bad_request("'useDes3' and 'useEvp' exclude each other."));
    }
    if !on(body.use_evp) {
        cx.require_so()?;
    }
    let user = &cx.session().user;
    let file = cx.state.files.get(user, &body.file).filter(|_| is_package(&body.file));
    let file = file.ok_or_else(|| no_file(&body.file))?;
    let manifest = package::Package::open(&file.content, code).map_err(refused)?.manifest;
    let used = Used { id: manifest.id(), reboot: manifest.name == APPLIANCE_UPDATE };
    if !verify_only {
        may_install(cx, &manifest)?;
        if manifest.name == APPLIANCE_UPDATE {
            cx.state.packages.pending.set(Some(manifest.version.clone()));
            cx.state.packages.firmware.set(manifest.firmware.clone());
        }
        cx.state.packages.install(&manifest.name, &manifest.version);
        if manifest.name == PACKAGE && cx.state.services.is_running("cluster") {
            // What runs is the release before, until it is restarted.
            cx.state.clusters.own.get_mut().restart = true;
        }
    }
    cx.finished_task(Reply::ok(used))
}

fn refused(error: OpenError) -> Failure {
    let (id, message) = match &error {
        OpenError::WrongCode => (WRONG_AUTHCODE, "The package cannot be decrypted."),
        OpenError::Damaged => (DAMAGED, "The signature of the package is wrong."),
        OpenError::NotAPackage(_) => (NOT_A_PACKAGE, "The file is not a secure package."),
    };
    Failure::new(400, id, message).details(error.to_string())
}

fn may_install(cx: &Context<'_>, manifest: &Manifest) -> Result<(), Failure> {
    let refuse = |why: String| {
        // The details are those words of the product that are known.
        let file = format!("RPM update for original filename ({}.x86_64.rpm)", manifest.id());
        Failure::new(400, UPDATE_FAILED, why).details(file)
    };
    let appliance = &cx.state.lunasa.settings.get().version;
    let version_of = |name: &str| match name {
        "appliance" => Some(appliance.as_str()),
        name => cx.state.packages.installed.get(name).map(|row| row.version.as_str()),
    };
    if FACTORY.iter().any(|(name, _)| *name == manifest.name) {
        return Err(refuse(format!("{} belongs to the appliance's own software.", manifest.name)));
    }
    if version_of(&manifest.name) == Some(&manifest.version) {
        return Err(refuse(format!("{} is installed already.", manifest.id())));
    }
    if let Some(there) = version_of(&manifest.name)
        && later(&manifest.version, there).is_lt()
    {
        let name = &manifest.name;
        return Err(refuse(format!("{name}-{there} is installed; a package cannot go back.")));
    }
    if manifest.name == APPLIANCE_UPDATE && later(&manifest.version, appliance).is_le() {
        return Err(refuse(format!(
            "The appliance's software is {appliance}; it cannot go back or stay the same."
        )));
    }
    for wanted in &manifest.requires {
        let (name, least) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let fits = version_of(name).is_some_and(|version| later(version, least).is_ge());
        if !fits {
            return Err(refuse(format!("{} needs {wanted}.", manifest.id())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::cluster::lifecycle::tests::cluster;
    use crate::test_machine::{Answer, TestMachine};
    use serde_json::{Value, json};

    const CODE: &str = "5/Rd79MAGd/G9EY5";

    fn put(bench: &mut TestMachine, name: &str, version: &str, requires: &[&str]) {
        let requires = requires.iter().map(ToString::to_string).collect();
        let manifest = Manifest {
            name: name.into(),
            version: version.into(),
            requires,
            firmware: "7.8.7".into(),
        };
        let package = package::Package { manifest, payload: Vec::new() };
        let file = package.seal(CODE, [0; 16]).unwrap();
        bench.upload("/users/admin/files", &format!("{name}.spkg"), &file);
    }

    fn send(bench: &mut TestMachine, query: &str, body: Value) -> Answer {
        bench.post(&format!("/api/lunasa/packageFiles{query}"), body)
    }

    fn install(bench: &mut TestMachine, name: &str) -> Answer {
        let file = format!("{name}.spkg");
        send(bench, "", json!({"authCode": CODE, "file": file, "useEvp": true}))
    }

    fn software(bench: &mut TestMachine) -> Vec<String> {
        let all = bench.get("/api/lunasa/packages").json();
        let all = all["packages"].as_array().unwrap().iter();
        let software = all.filter(|package| package["type"] == "software");
        software.map(|package| package["id"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_package_is_verified_installed_once_and_erased() {
        let mut bench = TestMachine::new();
        put(&mut bench, "lnh_cluster", "1.0.4-12", &["appliance 7.8.5"]);
        let body = json!({"authCode": CODE, "file": "lnh_cluster.spkg", "useEvp": true});
        let task = send(&mut bench, "?VerifyOnly=true", body).created();
        let answer = bench.get(&format!("{task}/response")).json();
        assert_eq!(answer, json!({"id": "lnh_cluster-1.0.4-12", "reboot": false}));
        assert!(software(&mut bench).is_empty(), "verifying installs nothing");

        install(&mut bench, "lnh_cluster").created();
        bench.restart();
        assert_eq!(software(&mut bench), ["cluster_service-1.0.4-12.x86_64"]);
        assert!(bench.machine.state.packages.is_installed("lnh_cluster"));
        assert_eq!(install(&mut bench, "lnh_cluster").error(), (400, UPDATE_FAILED));
        let cluster = bench.delete("/api/lunasa/packages/lnh_cluster-1.0.4-12");
        assert_eq!(cluster.error(), (403, "OPERATION_RESTRICTED"));
        put(&mut bench, "ctc_service", "1.0.0-3", &[]);
        install(&mut bench, "ctc_service").created();
        assert_eq!(bench.delete("/api/lunasa/packages/ctc_service-1.0.0-3").status, 204);
        let again = bench.delete("/api/lunasa/packages/ctc_service");
        assert_eq!(again.error(), (404, NO_PACKAGE));
        let system = bench.delete("/api/lunasa/packages/glibc");
        assert_eq!(system.error(), (403, "OPERATION_RESTRICTED"));
    }

    #[test]
    fn the_so_is_needed_unless_software_verifies() {
        let mut bench = TestMachine::new();
        put(&mut bench, "tools", "1", &[]);
        let body = json!({"authCode": CODE, "file": "tools.spkg"});
        assert_eq!(send(&mut bench, "", body.clone()).error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        for session in bench.machine.sessions.iter_mut() {
            session.hsm_logins.insert("so".into());
        }
        send(&mut bench, "", body).created();
    }

    #[test]
    fn codes_files_and_flags_are_judged() {
        let mut bench = TestMachine::new();
        put(&mut bench, "tools", "1", &[]);
        bench.upload("/users/admin/files", "other.spkg", b"text");
        let mut refused = |code: &str, file: &str, des3: bool| {
            let body = json!({"authCode": code, "file": file, "useEvp": true, "useDes3": des3});
            send(&mut bench, "", body).error()
        };
        assert_eq!(refused("short", "tools.spkg", false), (400, "FRAMEWORK_BAD_REQUEST"));
        assert_eq!(refused(CODE, "tools.spkg", true), (400, "FRAMEWORK_BAD_REQUEST"));
        assert_eq!(refused("AAAABBBBCCCCDDDD", "tools.spkg", false), (400, WRONG_AUTHCODE));
        assert_eq!(refused(CODE, "other.spkg", false), (400, NOT_A_PACKAGE));
        assert_eq!(refused(CODE, "missing.spkg", false), (404, NO_FILE));
    }

    #[test]
    fn an_older_package_is_refused_and_a_newer_one_asks_for_a_restart_of_the_service() {
        let (mut bench, path) = cluster("1.0.4-122");
        let restart = |bench: &mut TestMachine| {
            let members = bench.get(&format!("{path}/members")).json();
            members["data"][0]["restartService"].clone()
        };
        put(&mut bench, PACKAGE, "1.0.3-200", &[]);
        let refused = install(&mut bench, PACKAGE);
        assert_eq!(refused.error(), (400, UPDATE_FAILED));
        assert!(refused.text().contains("1.0.4-122 is installed"), "{}", refused.text());
        assert_eq!(restart(&mut bench), false);
        put(&mut bench, PACKAGE, "1.0.5-10", &[]);
        install(&mut bench, PACKAGE).created();
        assert_eq!(restart(&mut bench), true);
    }

    #[test]
    fn what_a_package_needs_must_be_there() {
        let mut bench = TestMachine::new();
        put(&mut bench, "late", "1", &["appliance 7.9.0"]);
        put(&mut bench, "follows", "1", &["first 2"]);
        put(&mut bench, "first", "2.0-1", &[]);
        assert_eq!(install(&mut bench, "late").error(), (400, UPDATE_FAILED));
        assert_eq!(install(&mut bench, "follows").error(), (400, UPDATE_FAILED));
        install(&mut bench, "first").created();
        install(&mut bench, "follows").created();
    }

    #[test]
    fn an_update_of_the_appliance_waits_for_the_reboot_and_never_goes_back() {
        let mut bench = TestMachine::new();
        put(&mut bench, APPLIANCE_UPDATE, "7.9.0-42", &[]);
        install(&mut bench, APPLIANCE_UPDATE).created();
        assert_eq!(bench.get("/api/lunasa").json()["version"], "7.8.5-20");
        let reboot = bench.post("/api/lunasa/actions/reboot", json!({})).created();
        assert_eq!(bench.post(&format!("{reboot}/actions/start"), json!({})).status, 204);
        bench.local_login();
        let list = bench.machine.state.packages.installed.get("lunacm").unwrap().version.clone();
        assert_eq!(list, "7.9.0-42");
        assert_eq!(bench.machine.state.lunasa.settings.get().version, "7.9.0-42");
        let hsm = bench.machine.state.hsm.hsm.get();
        assert_eq!((hsm.firmware.as_str(), hsm.upgrade.as_str()), ("7.8.4", "7.8.7"));
        put(&mut bench, APPLIANCE_UPDATE, "7.8.5-21", &[]);
        assert_eq!(install(&mut bench, APPLIANCE_UPDATE).error(), (400, UPDATE_FAILED));
    }

    #[test]
    fn package_files_are_listed_and_deleted() {
        let mut bench = TestMachine::new();
        put(&mut bench, "tools", "1", &[]);
        bench.upload("/users/admin/files", "note.txt", b"x");
        let listed = bench.get("/api/lunasa/packageFiles").json();
        let url = "/api/lunasa/packageFiles/tools.spkg";
        assert_eq!(listed, json!({"packageFiles": [{"id": "tools.spkg", "url": url}]}));
        assert_eq!(bench.delete("/api/lunasa/packageFiles/note.txt").error(), (404, NO_FILE));
        assert_eq!(bench.delete(url).status, 204);
        assert_eq!(bench.delete(url).error(), (404, NO_FILE));
    }
}
