//! The Auditor: how it is made, logs in and out, and changes its password.

use luna_rest::Nothing;
use luna_rest::Secret;
use luna_rest::audit::{
    CHANGE_PASSWORD, ChangePassword, INIT, Init, LOCKED, LOGIN, LOGIN_NEEDED, LOGOUT, Login,
    NO_AUDITOR, SET_DOMAIN, SetDomain,
};
use luna_rest::hsm::WRONG_PASSWORD;

use crate::core::checks::check_domain;
use crate::core::message::{Failure, Reply};
use crate::core::password::PasswordHash;
use crate::core::text::time_text;
use crate::request::context::Context;
use crate::request::route::{AUDIT, Ids, Routes};
use crate::rules::hsm::access::check_password;
use crate::state::audit::{ATTEMPTS, AuditorRow, LOCK};
use time::OffsetDateTime;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&INIT, AUDIT.private(), init);
    r.on(&LOGIN, AUDIT.private(), login);
    r.on(&LOGOUT, AUDIT.private(), logout);
    r.on(&CHANGE_PASSWORD, AUDIT.private(), change_password);
    r.on(&SET_DOMAIN, AUDIT.private(), set_domain);
}

/// What takes the place of a domain where the default one is chosen; nobody can type it.
const DEFAULT_DOMAIN: &str = "";

/// Goes on only with the Auditor logged in.
pub(crate) fn require_auditor(cx: &Context<'_>) -> Result<(), Failure> {
    if !cx.state.audit.auditor.get().initialized {
        return Err(no_auditor());
    }
    match cx.session().hsm_logins.contains("audit") {
        true => Ok(()),
        false => Err(Failure::new(400, LOGIN_NEEDED, "The Auditor must be logged in.")),
    }
}

fn no_auditor() -> Failure {
    Failure::new(400, NO_AUDITOR, "The HSM has no Auditor.").details("Initialize the role first.")
}

fn init(cx: &mut Context<'_>, _: &Ids<0>, body: Init) -> Result<Reply<Nothing>, Failure> {
    check_password(body.password.expose())?;
    let domain = match (&body.domain, body.default_domain) {
        (Some(domain), false) => {
            check_domain(domain.expose())?;
            domain.expose()
        }
        (None, true) => DEFAULT_DOMAIN,
        (Some(_), true) => {
            return Err(Failure::bad_request("'domain' and 'defaultDomain' exclude each other."));
        }
        (None, false) => return Err(Failure::bad_request("missing field `domain`")),
    };
    let (domain, password) = (PasswordHash::of_domain(domain), cx.hash(body.password.expose()));
    for session in cx.sessions.iter_mut() {
        session.hsm_logins.remove("audit");
    }
    let serial = cx.state.hsm.hsm.get().serial;
    let audit = &mut *cx.state;
    audit.audit.close(serial, cx.now);
    audit.audit.remove_auditor();
    let row = AuditorRow { initialized: true, password, domain, ..AuditorRow::default() };
    audit.audit.auditor.set(row);
    audit.audit.renew_secret(cx.secret);
    Ok(Reply::done())
}

/// Checks the Auditor's password. Three wrong ones in a row lock the role for ten minutes; the attempt
/// is gone even though the request fails.
fn check(cx: &mut Context<'_>, password: &Secret) -> Result<(), Failure> {
    let now = cx.now;
    let row = cx.state.audit.auditor.get();
    if !row.initialized {
        return Err(no_auditor());
    }
    if let (_, Some(until)) = row.attempts(now) {
        return Err(locked(until));
    }
    let right = row.password.matches(password.expose());
    let row = cx.state.audit.auditor.get_mut();
    row.failures = if right { 0 } else { row.failures + 1 };
    if right {
        return Ok(());
    }
    if row.failures >= ATTEMPTS {
        (row.failures, row.locked_until) = (0, now.unix_timestamp().saturating_add(LOCK));
    }
    let failure = match row.attempts(now) {
        (_, Some(until)) => locked(until),
        (left, None) => Failure::new(400, WRONG_PASSWORD, "The password is not correct.")
            .details(format!("Attempts left before the Auditor is locked: {left}.")),
    };
    Err(failure.keeping_changes())
}

fn locked(until: OffsetDateTime) -> Failure {
    let until = time_text(until);
    Failure::new(400, LOCKED, "The Auditor is locked out.")
        .details(format!("Too many wrong passwords; the role is locked until {until}."))
}

fn login(cx: &mut Context<'_>, _: &Ids<0>, body: Login) -> Result<Reply<Nothing>, Failure> {
    cx.session_mut().hsm_logins.remove("audit");
    check(cx, &body.password)?;
    cx.session_mut().hsm_logins.insert("audit".to_owned());
    Ok(Reply::done())
}

fn logout(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.session_mut().hsm_logins.remove("audit");
    Ok(Reply::done())
}

/// As for the HSM SO, a wrong old password counts as a failed login.
fn change_password(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: ChangePassword,
) -> Result<Reply<Nothing>, Failure> {
    check_password(body.new_password.expose())?;
    check(cx, &body.old_password)?;
    let password = cx.hash(body.new_password.expose());
    cx.state.audit.auditor.get_mut().password = password;
    Ok(Reply::done())
}

/// The log secret stays: it is encrypted under the new domain from now on when it leaves the HSM, and comes
/// from HSMs of that domain alone.
fn set_domain(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: SetDomain,
) -> Result<Reply<Nothing>, Failure> {
    require_auditor(cx)?;
    check_domain(body.domain.expose())?;
    cx.state.audit.auditor.get_mut().domain = PasswordHash::of_domain(body.domain.expose());
    Ok(Reply::done())
}
