//! Capabilities and policies of the HSM: the tables, changes, templates.
//!
//! Numbers 6, 7, 12, 15, 16, 40, 46, 48, 50 and 51 and the names of 6 to 29 are from the vendor's
//! pages and recorded sessions; so are the effects of 6, 12, 15, 22 and 50 to 53. The rest of both
//! tables is assumed from what is generally known of Luna 7, since no complete output was found.

use std::collections::BTreeMap;

use luna_rest::Nothing;
use luna_rest::hsm::{
    CAPABILITIES, Capabilities, Capability as ShownCapability, EXPORT_POLICIES, ExportPolicies,
    POLICIES, POLICY, Policies, Policy as ShownPolicy, SET_POLICY, SetPolicy,
};
use luna_rest::users::FILE;

use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::hsm::access;
use crate::rules::partition::access::erase_all;
use crate::state::hsm_policies::{
    Erases, FACTORY_PARTITIONS, FUNCTIONALITY_MODULES, MAX_PARTITIONS, POLICY_TABLE, Policy,
    Values, find,
};

/// A capability: number, name, value, and whether it is a number.
type Capability = (u32, &'static str, u32, bool);

/// The capabilities. 50 and 51 stand for a licence that is there, so that modules can be tried.
const CAPABILITY_TABLE: &[Capability] = &[
    (0, "Enable PIN-based authentication", 1, false),
    (1, "Enable PED-based authentication", 0, false),
    (2, "Performance level", 15, true),
    (4, "Enable domestic mechanisms & key sizes", 1, false),
    (6, "Enable masking", 1, false),
    (7, "Enable cloning", 1, false),
    (9, "Enable full (non-backup) functionality", 1, false),
    (12, "Enable non-FIPS algorithms", 1, false),
    (15, "Enable SO reset of partition PIN", 1, false),
    (16, "Enable network replication", 1, false),
    (17, "Enable Korean Algorithms", 0, false),
    (18, "FIPS evaluated", 0, false),
    (19, "Manufacturing Token", 0, false),
    (21, "Enable forcing user PIN change", 1, false),
    (22, "Enable offboard storage", 1, false),
    (23, "Enable partition groups", 0, false),
    (25, "Enable Remote PED usage", 0, false),
    (27, "HSM non-volatile storage space", 33_554_432, true),
    (30, "Enable unmasking", 1, false),
    (MAX_PARTITIONS, "Maximum number of partitions", FACTORY_PARTITIONS, true),
    (35, "Enable Single Domain", 0, false),
    (36, "Enable Unified PED Key", 0, false),
    (37, "Enable MofN", 0, false),
    (38, "Enable small form factor backup/restore", 0, false),
    (40, "Enable decommission on tamper", 1, false),
    (42, "Enable partition re-initialize", 0, false),
    (43, "Enable low level math acceleration", 1, false),
    (46, "Allow Disabling Decommission", 1, false),
    (48, "Enable Controlled Tamper Recovery", 1, false),
    (49, "Enable Partition Utilization Metrics", 1, false),
    (50, "Enable Functionality Modules", 1, false),
    (51, "Enable SMFS Auto Activation", 1, false),
    (52, "Enable Restricting FM Privilege Level", 1, false),
    (53, "Enable encrypting of keys from FM to HSM", 1, false),
    (55, "Enable Restricted Restore", 1, false),
    (57, "Enable sync with host time", 1, false),
];

pub(crate) fn routes(r: &mut Routes) {
    r.on(&POLICIES, MONITOR, list);
    r.on(&POLICY, MONITOR, show);
    r.on(&SET_POLICY, OPERATOR.private(), set);
    r.on(&EXPORT_POLICIES, MONITOR, export);
    r.on(&CAPABILITIES, MONITOR, capabilities);
}

fn known(id: &str) -> Result<&'static Policy, Failure> {
    id.parse().ok().and_then(find).ok_or_else(|| {
        Failure::new(404, "HSMPLUGIN_INVALID_POLICY", "The policy does not exist.")
            .details(format!("There is no HSM policy {id}."))
    })
}

fn shown(cx: &Context<'_>, policy: &Policy) -> ShownPolicy {
    let (id, serial) = (policy.number.to_string(), cx.state.hsm.hsm.get().serial.to_string());
    ShownPolicy {
        changeable: true,
        destructive: policy.erases != Erases::Nothing,
        name: policy.name.to_owned(),
        kind: if policy.values == Values::Flag { "flag" } else { "number" }.to_owned(),
        url: POLICY.path(&[&serial, &id]),
        id,
        value: cx.state.hsm.policy(policy.number),
        zeroizes: policy.erases == Erases::Hsm,
    }
}

fn list(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Policies>, Failure> {
    access::check_id(cx, &ids[0])?;
    let policies = POLICY_TABLE.iter().map(|policy| shown(cx, policy)).collect();
    Ok(Reply::ok(Policies { policies }))
}

fn show(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<ShownPolicy>, Failure> {
    access::check_id(cx, &ids[0])?;
    Ok(Reply::ok(shown(cx, known(&ids[1])?)))
}

fn capabilities(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<Capabilities>, Failure> {
    access::check_id(cx, &ids[0])?;
    let one = |&(number, name, value, is_number): &Capability| ShownCapability {
        id: number.to_string(),
        name: name.to_owned(),
        kind: if is_number { "number" } else { "flag" }.to_owned(),
        value: if number == MAX_PARTITIONS { cx.state.hsm.licensed_partitions() } else { value },
    };
    Ok(Reply::ok(Capabilities { capabilities: CAPABILITY_TABLE.iter().map(one).collect() }))
}

fn set(cx: &mut Context<'_>, ids: &Ids<2>, body: SetPolicy) -> Result<Reply<Nothing>, Failure> {
    access::begin(cx, &ids[0])?;
    let policy = known(&ids[1])?;
    check(cx, policy, body.value)?;
    if policy.erases == Erases::Nothing || cx.state.hsm.policy(policy.number) == body.value {
        apply(cx, policy, body.value);
        return Ok(Reply::created(POLICY.path(&[&ids[0], &ids[1]])));
    }
    Ok(cx.waiting_task(move |cx| {
        check(cx, policy, body.value)?;
        match policy.erases {
            Erases::Nothing => {}
            Erases::Partitions => erase_all(cx),
            Erases::Hsm => access::zeroize(cx),
        }
        apply(cx, policy, body.value);
        Ok(Reply::<Nothing>::done())
    }))
}

fn refused(policy: &Policy, details: impl std::fmt::Display) -> Failure {
    Failure::new(400, "HSMPLUGIN_POLICY_CHANGE_REFUSED", "The policy cannot have this value.")
        .details(format!("Policy {} ({}) {details}.", policy.number, policy.name))
}

/// Whether the SO of this session may give the policy this value now.
fn check(cx: &Context<'_>, policy: &Policy, value: u32) -> Result<(), Failure> {
    cx.require_no_transport()?;
    cx.require_so()?;
    check_value(cx, policy, value)?;
    if let Some((other, wanted)) = needs(policy, value, &|number| cx.state.hsm.policy(number)) {
        return Err(refused(policy, format!("needs policy {other} with the value {wanted}")));
    }
    Ok(())
}

fn check_value(cx: &Context<'_>, policy: &Policy, value: u32) -> Result<(), Failure> {
    check_bound(cx, policy, value)?;
    if policy.values == Values::Licensed && (value as usize) < cx.state.partitions.count() {
        return Err(refused(policy, "cannot be less than the number of partitions there are"));
    }
    Ok(())
}

/// Whether a policy of this HSM can have the value at all.
fn check_bound(cx: &Context<'_>, policy: &Policy, value: u32) -> Result<(), Failure> {
    let licensed = cx.state.hsm.licensed_partitions();
    match policy.values {
        Values::Flag if value > 1 => Err(refused(policy, "is either 0 or 1")),
        Values::Licensed if value > licensed => {
            Err(refused(policy, format!("is at most {licensed}")))
        }
        _ => Ok(()),
    }
}

/// What a value of a policy needs and does not have: another policy's number and value.
fn needs(policy: &Policy, value: u32, of: &dyn Fn(u32) -> u32) -> Option<(u32, u32)> {
    let (other, wanted) = policy.needs?;
    (value == 1 && of(other) != wanted).then_some((other, wanted))
}

/// Sets the value; switching one off takes those that depend on it along.
fn apply(cx: &mut Context<'_>, policy: &Policy, value: u32) {
    store(cx, policy, value);
    if policy.number == FUNCTIONALITY_MODULES && value == 1 {
        cx.state.hsm.hsm.get_mut().fms_ever_allowed = true;
    }
    for other in POLICY_TABLE {
        let now = cx.state.hsm.policy(other.number);
        if needs(other, now, &|number| cx.state.hsm.policy(number)).is_some() {
            store(cx, other, 0);
        }
    }
}

fn store(cx: &mut Context<'_>, policy: &Policy, value: u32) {
    let unchanged = cx.state.hsm.unchanged(policy.number);
    let values = cx.state.hsm.policies.get_mut();
    if value == unchanged {
        values.remove(&policy.number);
    } else {
        values.insert(policy.number, value);
    }
}

/// Whether a name is one of a template: `.txt` or `.ppt`, or without an extension.
fn check_file(name: &str) -> Result<(), Failure> {
    let allowed = |_, c: char| c.is_ascii_alphanumeric() || "_. -".contains(c);
    if is_name(name, 64, allowed) && !name.starts_with(['.', ' ']) && !name.ends_with(' ') {
        return Ok(());
    }
    Err(Failure::new(400, "HSMPLUGIN_INVALID_FILENAME", "The file name is not allowed.")
        .details("A name has up to 64 letters, digits, blanks, dots, dashes and underscores."))
}

/// Writes a template, in the form that the vendor's manuals print: number, name and value between
/// colons.
fn export(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: ExportPolicies,
) -> Result<Reply<Nothing>, Failure> {
    access::begin(cx, &ids[0])?;
    check_file(&body.file)?;
    let mut text = format!(
        "# Policy template FW Version {}\n# Field format - Policy ID:Policy Description:Policy Value\n",
        cx.state.hsm.hsm.get().firmware
    );
    for policy in POLICY_TABLE {
        let value = cx.state.hsm.policy(policy.number);
        text.push_str(&format!("{}:\"{}\":{value}\n", policy.number, policy.name));
    }
    let user = cx.session().user.clone();
    cx.state.files.put(&user, &body.file, text.into_bytes(), cx.now);
    Ok(Reply::created(FILE.path(&[&user, &body.file])).status(201))
}

/// Reads a template of the user's files and checks it as a whole.
///
/// # Errors
/// There is no such file, or a line of it cannot be followed.
pub(crate) fn read_template(cx: &Context<'_>, file: &str) -> Result<BTreeMap<u32, u32>, Failure> {
    let invalid = |details: String| {
        Failure::new(400, "HSMPLUGIN_INVALID_FILENAME", "The policy template cannot be used.")
            .details(details)
    };
    let user = &cx.session().user;
    let row = cx.state.files.get(user, file);
    let row = row.ok_or_else(|| invalid(format!("'{user}' has no file '{file}'.")))?;
    let text = String::from_utf8_lossy(&row.content);
    let mut values = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = || invalid(format!("Line {number} of '{file}' is no 'number:name:value'."));
        let (id, rest) = line.split_once(':').ok_or_else(wrong)?;
        let (_, value) = rest.rsplit_once(':').ok_or_else(wrong)?;
        let policy = id.trim().parse().ok().and_then(find).ok_or_else(wrong)?;
        let value = value.trim().parse().map_err(|_| wrong())?;
        check_bound(cx, policy, value)?;
        values.insert(policy.number, value);
    }
    let of = |number| values.get(&number).copied().unwrap_or_else(|| cx.state.hsm.policy(number));
    for (number, value) in &values {
        if let Some(policy) = find(*number)
            && let Some((other, wanted)) = needs(policy, *value, &of)
        {
            return Err(refused(policy, format!("needs policy {other} with the value {wanted}")));
        }
    }
    Ok(values)
}

/// Gives the policies the values of a template.
pub(crate) fn apply_template(cx: &mut Context<'_>, values: BTreeMap<u32, u32>) {
    for (number, value) in values {
        if let Some(policy) = find(number) {
            store(cx, policy, value);
        }
    }
    let hsm = &mut cx.state.hsm;
    if hsm.policy(FUNCTIONALITY_MODULES) == 1 {
        hsm.hsm.get_mut().fms_ever_allowed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hsm::lifecycle::tests::PASSWORD;
    use crate::test_machine::{Answer, TestMachine};
    use serde_json::json;

    impl TestMachine {
        fn set_policy(&mut self, number: u32, value: u32) -> Answer {
            let path = self.hsm_path(&format!("/policies/{number}"));
            self.put(&path, json!({"value": value}))
        }

        fn policy(&mut self, number: u32) -> u64 {
            let path = self.hsm_path(&format!("/policies/{number}"));
            self.get(&path).json()["value"].as_u64().unwrap()
        }
    }

    #[test]
    fn every_policy_has_a_capability_that_allows_it() {
        for policy in POLICY_TABLE {
            let capability = CAPABILITY_TABLE.iter().find(|(number, ..)| *number == policy.number);
            assert!(capability.is_some_and(|(_, _, value, _)| *value > 0), "{policy:?}");
        }
        assert!(POLICY_TABLE.is_sorted_by_key(|policy| policy.number));
        assert!(CAPABILITY_TABLE.is_sorted_by_key(|(number, ..)| *number));
    }

    #[test]
    fn policies_are_changed_by_the_so_alone() {
        let mut bench = TestMachine::new();
        bench.hsm_init().created();
        assert_eq!(bench.set_policy(16, 0).error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        bench.so_login(PASSWORD);
        assert_eq!(bench.set_policy(16, 0).status, 204);
        assert_eq!(bench.policy(16), 0);
        bench.restart();
        assert_eq!(bench.policy(16), 0);
        assert_eq!(bench.set_policy(99, 0).error(), (404, "HSMPLUGIN_INVALID_POLICY"));
    }

    #[test]
    fn values_stay_within_their_bounds() {
        let mut bench = TestMachine::with_so();
        for (number, value) in [(16, 2), (33, 11)] {
            assert_eq!(
                bench.set_policy(number, value).error(),
                (400, "HSMPLUGIN_POLICY_CHANGE_REFUSED")
            );
        }
        assert_eq!(bench.set_policy(33, 5).status, 204);
        assert_eq!(bench.hsm()["partitionsAllowed"], 5);
    }

    #[test]
    fn a_destructive_change_waits_to_be_started() {
        let mut bench = TestMachine::with_so();
        let answer = bench.set_policy(12, 0);
        assert_eq!(bench.policy(12), 1, "nothing happens before the start");
        assert_eq!(bench.start(&answer).status, 204);
        assert_eq!((bench.policy(12), &bench.hsm()["fipsMode"]), (0, &json!(true)));
        assert_eq!(bench.hsm()["soLoggedIn"], true, "the SO and the domain stay");
        let answer = bench.set_policy(12, 0);
        assert!(answer.created().ends_with("/policies/12"), "no change erases nothing");
    }

    #[test]
    fn functionality_modules_cost_the_whole_hsm() {
        let mut bench = TestMachine::with_so();
        assert_eq!(bench.set_policy(51, 1).error(), (400, "HSMPLUGIN_POLICY_CHANGE_REFUSED"));
        let answer = bench.set_policy(50, 1);
        bench.start(&answer);
        assert_eq!((bench.policy(50), &bench.hsm()["zeroized"]), (1, &json!(true)));
        bench.hsm_init();
        bench.so_login(PASSWORD);
        let answer = bench.set_policy(51, 1);
        bench.start(&answer);
        assert_eq!(bench.policy(51), 1);
        let answer = bench.set_policy(50, 0);
        bench.start(&answer);
        assert_eq!(bench.policy(51), 0, "it cannot be on without 50");
    }

    #[test]
    fn a_task_started_without_the_so_changes_nothing() {
        let mut bench = TestMachine::with_so();
        let answer = bench.set_policy(12, 0);
        bench.post(&bench.hsm_path("/logout"), json!({}));
        assert_eq!(bench.start(&answer).error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        assert_eq!(bench.policy(12), 1);
    }

    #[test]
    fn a_template_carries_policies_to_the_next_initialization() {
        let mut bench = TestMachine::with_so();
        bench.set_policy(16, 0);
        let path = bench.hsm_path("/policies");
        let exported = bench.post(&path, json!({"file": "policies.txt"}));
        assert_eq!(exported.status, 201, "{}", exported.text());
        assert_eq!(bench.post(&path, json!({"file": "../x"})).error().0, 400);
        bench.set_policy(16, 1);
        let body = |file: &str| json!({"label": "h", "password": PASSWORD, "domain": "d", "policyTemplate": file});
        let path = bench.hsm_path("");
        let answer = bench.put(&path, body("missing.txt"));
        assert_eq!(answer.error(), (400, "HSMPLUGIN_INVALID_FILENAME"));
        bench.put(&path, body("policies.txt")).created();
        assert_eq!(bench.policy(16), 0);
        bench.so_login(PASSWORD);
        bench.upload("/users/admin/files", "bad.txt", b"51:\"SMFS\":1\n");
        assert_eq!(
            bench.put(&path, body("bad.txt")).error(),
            (400, "HSMPLUGIN_POLICY_CHANGE_REFUSED")
        );
    }

    #[test]
    fn capabilities_are_shown() {
        let mut bench = TestMachine::new();
        let shown = bench.get(&bench.hsm_path("/capabilities")).json();
        assert_eq!(shown["capabilities"][2]["value"], 15);
    }
}
