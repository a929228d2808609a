//! The record of a request: whether there is one, and what it says.

use luna_rest::audit::FULL;
use luna_rest::hsm::{WRONG_PASSWORD, ZEROIZED_BY_FAILURES};
use luna_rest::{Method, partitions};

use crate::core::message::Failure;
use crate::request::audit_log::told;
use crate::request::context::{Act, Context};
use crate::request::route::Routes;
use crate::rules::audit::events::{Category, of_use, operation};
use crate::state::audit::Audit;

/// What an operation returned that was not refused.
pub(crate) const OK: &str = "RC_OK(0x00000000)";

/// The operation that a request is.
fn operation_of(
    routes: &Routes,
    (method, path): (Method, &str),
) -> Option<(Category, &'static str)> {
    let (route, _) = method.changes().then(|| routes.find(method, path).ok()).flatten()?;
    operation(route.resource, path)
}

/// Whether the Auditor wants to have it recorded.
fn is_wanted(audit: &Audit, category: Category, refused: bool) -> bool {
    let Some(event) = category.event() else { return true };
    let set = |event: &str| audit.settings.get().events.iter().any(|set| set == event);
    let result = if refused { "failure" } else { "success" };
    set("all") || set(result) && (set(event) || !audit.settings.get().has_category())
}

/// Refuses what could not be recorded. As the vendor documents, a log that is full stops most of what
/// the HSM does, while logins and logouts go on unrecorded; and the Auditor can make room.
pub(crate) fn require_room(cx: &Context<'_>, routes: &Routes) -> Result<(), Failure> {
    if !cx.state.audit.is_full() {
        return Ok(());
    }
    let call = (cx.request.method, cx.request.path.as_str());
    let of_auditor = cx.session().role == "audit";
    match operation_of(routes, call) {
        Some((category, _)) if category != Category::Access && !of_auditor => {
            let recorded =
                [false, true].map(|refused| is_wanted(&cx.state.audit, category, refused));
            if recorded == [false, false] {
                return Ok(());
            }
            Err(Failure::new(400, FULL, "The audit log is full.").details(
                "What it records is refused until an account of the role audit has packed the log \
                 and cleared it.",
            ))
        }
        _ => Ok(()),
    }
}

/// The name and number of a result.
fn result(refused: Option<&str>) -> String {
    match refused {
        None => OK.to_owned(),
        Some(WRONG_PASSWORD | partitions::refusal::WRONG_PASSWORD) => {
            "LUNA_RET_UM_PIN_INCORRECT(0x00a00000)".to_owned()
        }
        Some(ZEROIZED_BY_FAILURES) => "LUNA_RET_SO_LOGIN_FAILURE_THRESHOLD(0x0030000f)".to_owned(),
        // Assumed: the HSM's own number of other refusals is not known here.
        Some(id) => id.to_owned(),
    }
}

/// Records what a request did, where that is wanted; `refused` is the identifier of its refusal.
pub(crate) fn record(cx: &mut Context<'_>, routes: &Routes, refused: Option<&str>) {
    let act = std::mem::take(&mut cx.act);
    let (method, path, refused) = match (&act, refused) {
        (Act::Later, None) => return,
        (Act::Of(method, path, failed), None) => (*method, path.as_str(), failed.as_deref()),
        _ => (cx.request.method, cx.request.path.as_str(), refused),
    };
    if cx.state.audit.auditor.get().secret.is_empty() {
        return;
    }
    let Some((category, name)) = operation_of(routes, (method, path)) else { return };
    let category = of_use(category, cx.request);
    let full = cx.state.audit.is_full() && cx.session().role != "audit";
    if full || !is_wanted(&cx.state.audit, category, refused.is_some()) {
        return;
    }
    write(cx, name, &result(refused), (method, path));
    if refused == Some(ZEROIZED_BY_FAILURES) {
        write(cx, "LUNA_ZEROIZE", OK, (method, path));
    }
}

/// Writes a record.
pub(crate) fn write(cx: &mut Context<'_>, name: &str, result: &str, call: (Method, &str)) {
    let what = told(cx, name, result, call);
    let serial = cx.state.hsm.hsm.get().serial;
    cx.audit_log.settle(&mut cx.state.audit);
    cx.state.audit.append(serial, cx.now, &what);
}
