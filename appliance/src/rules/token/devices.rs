//! Backup HSMs at the USB ports: attached and detached below `/emulator`, and what LunaSH's
//! `token backup` does with them. It comes out of Secure Transport Mode: the product ends that at a
//! client.

use luna_rest::hsm::License;
use luna_rest::tasks::Link;
use luna_rest::tokens::{
    ATTACH, ATTACHED, Attached, BackupHsm, CONTENTS, DETACH, INIT, InitToken, LIST, LOGIN, LOGOUT,
    RESET, SHOW, Token, TokenLogin, TokenUpgrade, Tokens as TokenList, UPDATE_FIRMWARE, UPGRADE,
    refusal,
};
use luna_rest::{Nothing, Secret, partitions};

use crate::core::checks::{check_domain, check_label};
use crate::core::message::{Failure, Reply};
use crate::core::password::PasswordHash;
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, MONITOR, OPERATOR, Routes};
use crate::rules::hsm::login::SO_ATTEMPTS;
use crate::rules::hsm::parts as hsm_parts;
use crate::rules::partition::login::check_new_password;
use crate::state::partitions::PartitionRow;
use crate::state::tokens::TokenRow;

/// What a Backup HSM 7 v2 comes with.
pub(crate) const FIRMWARE: &str = "7.7.2";
const MODEL: &str = "Luna Backup HSM 7";
/// Assumed: as much as the HSM inside the appliance.
pub(crate) const STORAGE: u64 = crate::state::hsm::STORAGE;
/// Assumed.
pub(crate) const MAX_BACKUPS: u32 = 100;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&ATTACHED, ADMIN, attached);
    r.on(&ATTACH, ADMIN, attach);
    r.on(&CONTENTS, ADMIN, contents);
    r.on(&DETACH, ADMIN, detach);
    r.on(&LIST, MONITOR, list);
    r.on(&SHOW, MONITOR, show);
    r.on(&INIT, OPERATOR.private(), init);
    r.on(&LOGIN, OPERATOR.private(), login);
    r.on(&LOGOUT, OPERATOR.private(), logout);
    r.on(&RESET, OPERATOR.private(), reset);
    r.on(&UPGRADE, OPERATOR.private(), upgrade);
    r.on(&UPDATE_FIRMWARE, OPERATOR.private(), update_firmware);
}

fn not_attached(serial: &str) -> Failure {
    Failure::new(404, refusal::NOT_ATTACHED, "There is no such backup HSM.")
        .details(format!("No backup HSM {serial} is connected to the appliance."))
}

/// An attached Backup HSM.
pub(crate) fn token<'c>(cx: &'c Context<'_>, serial: &str) -> Result<&'c TokenRow, Failure> {
    cx.state.tokens.tokens.get(serial).ok_or_else(|| not_attached(serial))
}

/// The same, to change it.
pub(crate) fn token_mut<'c>(
    cx: &'c mut Context<'_>,
    serial: &str,
) -> Result<&'c mut TokenRow, Failure> {
    cx.state.tokens.tokens.get_mut(serial).ok_or_else(|| not_attached(serial))
}

/// An attached Backup HSM that is initialized.
pub(crate) fn initialized<'c>(cx: &'c Context<'_>, serial: &str) -> Result<&'c TokenRow, Failure> {
    let row = token(cx, serial)?;
    if row.initialized {
        return Ok(row);
    }
    Err(Failure::new(409, refusal::NOT_INITIALIZED, "The backup HSM is not initialized.")
        .details("Initialize it first; that makes its SO."))
}

/// Goes on only with the SO of the Backup HSM logged in.
pub(crate) fn require_so(cx: &Context<'_>, serial: &str) -> Result<(), Failure> {
    initialized(cx, serial)?;
    if cx.session().token_logins.contains(serial) {
        return Ok(());
    }
    Err(Failure::new(401, refusal::NOT_LOGGED_IN, "The SO of the backup HSM must be logged in."))
}

/// Judges the password of the Backup HSM's SO; the third wrong one in a row zeroizes it.
pub(crate) fn check_so(
    cx: &mut Context<'_>,
    serial: &str,
    password: &Secret,
) -> Result<(), Failure> {
    let good = initialized(cx, serial)?.so.matches(password.expose());
    let row = token_mut(cx, serial)?;
    if good {
        row.so_failures = 0;
        return Ok(());
    }
    row.so_failures += 1;
    let left = SO_ATTEMPTS.saturating_sub(row.so_failures);
    let details = match left {
        0 => "It was the last attempt: the backup HSM has been zeroized.".to_owned(),
        left => format!("Attempts left before the backup HSM is zeroized: {left}."),
    };
    if left == 0 {
        row.zeroize();
        log_out_everywhere(cx, serial);
    }
    let id = partitions::refusal::WRONG_PASSWORD;
    Err(Failure::new(401, id, "The password of the backup HSM's SO is wrong.")
        .details(details)
        .keeping_changes())
}

fn log_out_everywhere(cx: &mut Context<'_>, serial: &str) {
    for session in cx.sessions.iter_mut() {
        session.token_logins.remove(serial);
    }
}

fn attached(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Attached>, Failure> {
    let serials = cx.state.tokens.tokens.keys();
    let backup_hsms = serials.map(|serial| Link::below(ATTACHED.template(), serial)).collect();
    Ok(Reply::ok(Attached { backup_hsms }))
}

fn attach(cx: &mut Context<'_>, _: &Ids<0>, body: BackupHsm) -> Result<Reply<Nothing>, Failure> {
    let serial = if body.serial.is_empty() {
        loop {
            // Six digits, as in the reference.
            let serial = cx.random().number(100_000, 999_999).to_string();
            if !cx.state.tokens.tokens.contains(&serial) {
                break serial;
            }
        }
    } else {
        body.serial
    };
    if serial.len() < 6 || !is_name(&serial, 12, |_, c| c.is_ascii_digit()) {
        return Err(Failure::bad_request("'serial' takes 6 to 12 digits."));
    }
    if cx.state.tokens.tokens.contains(&serial) {
        return Err(Failure::new(409, refusal::ATTACHED, "The backup HSM is attached already.")
            .details(format!("There is a backup HSM {serial} at the appliance.")));
    }
    let row = if body.contents.is_null() {
        TokenRow::default()
    } else {
        serde_json::from_value(body.contents)
            .map_err(|_| Failure::bad_request("'contents' is not what a backup HSM holds."))?
    };
    let location = CONTENTS.path(&[&serial]);
    cx.state.tokens.tokens.insert(serial, row);
    Ok(Reply::created(location))
}

fn contents(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<BackupHsm>, Failure> {
    let contents = serde_json::to_value(token(cx, &ids[0])?)
        .map_err(|error| Failure::internal(error.to_string()))?;
    Ok(Reply::ok(BackupHsm { serial: ids[0].to_owned(), contents }))
}

fn detach(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    token(cx, &ids[0])?;
    cx.state.tokens.tokens.remove(&ids[0]);
    log_out_everywhere(cx, &ids[0]);
    Ok(Reply::done())
}

fn shown(cx: &Context<'_>, serial: &str, row: &TokenRow) -> Token {
    let left = if row.initialized { SO_ATTEMPTS.saturating_sub(row.so_failures) } else { 0 };
    Token {
        serial: serial.to_owned(),
        label: row.label.clone(),
        firmware: FIRMWARE.to_owned(),
        model: MODEL.to_owned(),
        initialized: row.initialized,
        so_logged_in: cx.session().token_logins.contains(serial),
        so_logins_left: Some(left),
        partitions_allowed: MAX_BACKUPS,
        partitions: row.backups.len() as u64,
        storage_total: STORAGE,
        storage_used: row.used_storage(),
        upgrades: row.upgrades.keys().cloned().collect(),
        licenses: row.upgrades.iter().map(license).collect(),
    }
}

fn license((id, description): (&String, &String)) -> License {
    License { id: id.clone(), description: description.clone() }
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<TokenList>, Failure> {
    let tokens = cx.state.tokens.tokens.iter();
    let tokens = tokens.map(|(serial, row)| shown(cx, serial, row)).collect();
    Ok(Reply::ok(TokenList { tokens }))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Token>, Failure> {
    Ok(Reply::ok(shown(cx, &ids[0], token(cx, &ids[0])?)))
}

/// As the HSM inside: once there is an SO, only he initializes it again.
fn init(cx: &mut Context<'_>, ids: &Ids<1>, body: InitToken) -> Result<Reply<Nothing>, Failure> {
    let serial = &ids[0];
    if token(cx, serial)?.initialized {
        require_so(cx, serial)?;
    }
    let label = check_label("label", &body.label, 32)?.to_owned();
    check_new_password(&PartitionRow::default(), "so", body.password.expose())?;
    check_domain(body.domain.expose())?;
    let so = cx.hash(body.password.expose());
    let row = token_mut(cx, serial)?;
    row.zeroize();
    let domain = PasswordHash::of_domain(body.domain.expose());
    (row.label, row.initialized, row.so, row.domain) = (label, true, so, domain);
    log_out_everywhere(cx, serial);
    Ok(Reply::created(SHOW.path(&[serial])))
}

fn login(cx: &mut Context<'_>, ids: &Ids<1>, body: TokenLogin) -> Result<Reply<Nothing>, Failure> {
    check_so(cx, &ids[0], &body.password)?;
    cx.session_mut().token_logins.insert(ids[0].to_owned());
    Ok(Reply::done())
}

fn logout(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    token(cx, &ids[0])?;
    cx.session_mut().token_logins.remove(&ids[0]);
    Ok(Reply::done())
}

/// The product does this at its serial console only, without a login; there is none here.
fn reset(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    *token_mut(cx, &ids[0])? = TokenRow::default();
    log_out_everywhere(cx, &ids[0]);
    Ok(Reply::done())
}

fn upgrade(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: TokenUpgrade,
) -> Result<Reply<Nothing>, Failure> {
    require_so(cx, &ids[0])?;
    let (id, description) = hsm_parts::license_in(cx, &body.file)?;
    let row = token_mut(cx, &ids[0])?;
    if row.upgrades.contains_key(&id) {
        return Err(hsm_parts::applied_before(id));
    }
    row.upgrades.insert(id, description);
    Ok(Reply::done())
}

/// No package brings a newer one.
fn update_firmware(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    require_so(cx, &ids[0])?;
    Err(Failure::new(400, "HSMPLUGIN_NO_FIRMWARE_UPGRADE", "There is no newer firmware.")
        .details(format!("The backup HSM has {FIRMWARE} already.")))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::rules::partition::lifecycle::tests::DOMAIN;
    use crate::test_machine::TestMachine;
    use luna_rest::partitions::refusal::WRONG_PASSWORD;
    use serde_json::json;

    pub(crate) const SERIAL: &str = "475290";
    pub(crate) const TOKEN_SO: &str = "token-password";

    /// An initialized Backup HSM; returns its path.
    pub(crate) fn plugged(bench: &mut TestMachine) -> String {
        bench.post(ATTACH.template(), json!({"serial": SERIAL})).created();
        let path = SHOW.path(&[SERIAL]);
        let init = json!({"label": "backups", "password": TOKEN_SO, "domain": DOMAIN});
        assert_eq!(bench.put(&path, init).created(), path);
        path
    }

    #[test]
    fn a_backup_hsm_is_plugged_in_and_pulled_out() {
        let mut bench = TestMachine::new();
        let first = bench.post(ATTACH.template(), json!({})).created();
        let made = first.rsplit('/').next().unwrap().to_owned();
        assert_eq!(made.len(), 6, "{first}");
        bench.post(ATTACH.template(), json!({"serial": SERIAL})).created();
        let again = bench.post(ATTACH.template(), json!({"serial": SERIAL}));
        assert_eq!(again.error(), (409, refusal::ATTACHED));
        assert_eq!(bench.post(ATTACH.template(), json!({"serial": "4711a1"})).status, 400);
        let broken = json!({"serial": "471100", "contents": {"backups": 1}});
        assert_eq!(bench.post(ATTACH.template(), broken).status, 400);
        bench.restart();
        assert_eq!(
            bench.get(ATTACHED.template()).json()["backupHsms"].as_array().unwrap().len(),
            2
        );
        assert_eq!(bench.delete(&first).status, 204);
        assert_eq!(bench.get(&SHOW.path(&[&made])).error(), (404, refusal::NOT_ATTACHED));
        let listed = bench.get(LIST.template()).json();
        assert_eq!(listed["tokens"][0]["serial"], SERIAL);
        assert_eq!(listed["tokens"][0]["firmware"], FIRMWARE);
    }

    #[test]
    fn what_is_on_it_goes_with_it() {
        let mut bench = TestMachine::new();
        plugged(&mut bench);
        let carried = bench.get(&CONTENTS.path(&[SERIAL])).json();
        assert!(!carried.to_string().contains(TOKEN_SO));
        let mut other = TestMachine::new();
        other.post(ATTACH.template(), carried).created();
        let path = SHOW.path(&[SERIAL]);
        assert_eq!(other.get(&path).json()["label"], "backups");
        let login = LOGIN.path(&[SERIAL]);
        assert_eq!(other.post(&login, json!({"password": TOKEN_SO})).status, 204);
        assert_eq!(other.get(&path).json()["soLoggedIn"], true);
        // After it is plugged in again no role is logged in.
        let carried = other.get(&CONTENTS.path(&[SERIAL])).json();
        assert_eq!(other.delete(&DETACH.path(&[SERIAL])).status, 204);
        other.post(ATTACH.template(), carried).created();
        assert_eq!(other.get(&path).json()["soLoggedIn"], false);
    }

    #[test]
    fn only_its_so_initializes_it_again() {
        let mut bench = TestMachine::new();
        let path = plugged(&mut bench);
        let init = json!({"label": "again", "password": TOKEN_SO, "domain": "other"});
        assert_eq!(bench.put(&path, init.clone()).error(), (401, refusal::NOT_LOGGED_IN));
        bench.post(&LOGIN.path(&[SERIAL]), json!({"password": TOKEN_SO}));
        bench.put(&path, init.clone()).created();
        assert_eq!(bench.get(&path).json()["label"], "again");
        assert_eq!(bench.put(&path, init.clone()).error(), (401, refusal::NOT_LOGGED_IN));
        assert_eq!(bench.post(&RESET.path(&[SERIAL]), json!({})).status, 204);
        assert_eq!(bench.get(&path).json()["initialized"], false);
        let mut short = init;
        short["password"] = json!("seven77");
        assert_eq!(bench.put(&path, short).status, 400);
    }

    #[test]
    fn three_wrong_passwords_zeroize_it() {
        let mut bench = TestMachine::new();
        let path = plugged(&mut bench);
        let wrong = |bench: &mut TestMachine| {
            let answer = bench.post(&LOGIN.path(&[SERIAL]), json!({"password": "wrong-password"}));
            assert_eq!(answer.error(), (401, WRONG_PASSWORD));
        };
        wrong(&mut bench);
        assert_eq!(bench.get(&path).json()["soLoginsLeft"], 2);
        bench.post(&LOGIN.path(&[SERIAL]), json!({"password": TOKEN_SO}));
        assert_eq!(bench.get(&path).json()["soLoginsLeft"], 3);
        for _ in 0..3 {
            wrong(&mut bench);
        }
        bench.restart();
        assert_eq!(bench.get(&path).json()["initialized"], false);
        let login = bench.post(&LOGIN.path(&[SERIAL]), json!({"password": TOKEN_SO}));
        assert_eq!(login.error(), (409, refusal::NOT_INITIALIZED));
    }

    #[test]
    fn licences_are_applied_once_and_firmware_is_current() {
        let mut bench = TestMachine::new();
        let path = plugged(&mut bench);
        let upgrades = UPGRADE.path(&[SERIAL]);
        let apply = json!({"file": "more.lic"});
        assert_eq!(bench.post(&upgrades, apply.clone()).error(), (401, refusal::NOT_LOGGED_IN));
        bench.post(&LOGIN.path(&[SERIAL]), json!({"password": TOKEN_SO}));
        let now = time::OffsetDateTime::UNIX_EPOCH;
        bench.machine.state.files.put("admin", "more.lic", b"EMU-1 More\n".to_vec(), now);
        bench.store();
        assert_eq!(bench.post(&upgrades, apply.clone()).status, 204);
        assert_eq!(bench.post(&upgrades, apply).error(), (400, "UPGRADE_LICENSE_ALREADY_APPLIED"));
        assert_eq!(bench.get(&path).json()["upgrades"], json!(["EMU-1"]));
        let firmware = bench.post(&UPDATE_FIRMWARE.path(&[SERIAL]), json!({}));
        assert_eq!(firmware.error(), (400, "HSMPLUGIN_NO_FIRMWARE_UPGRADE"));
    }
}
