//! Policies and capabilities of a partition, and templates of them. A policy can never go beyond its
//! capability; the table of policies is in the state.

use luna_rest::Nothing;
use luna_rest::partitions::{
    CAPABILITIES, Capabilities, Capability, EXPORT_TEMPLATE, ExportTemplate, IMPORT_TEMPLATE,
    ImportTemplate, POLICIES, POLICY, Policies, Policy, SET_POLICY, SetPolicy, refusal,
};

use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::partition::access::{partition, partition_mut, place};
use crate::rules::partition::login::require_role;
use crate::rules::partition::objects::make_smk;
use crate::state::State;
use crate::state::partition_policies::{
    KNOWN, Known, MAX_FAILED_LOGINS, MAX_PIN, MIN_PIN_INVERTED, VERSION, known, policy,
};
use crate::state::partitions::{PartitionRow, TemplateRow};

/// An HSM policy without which a partition policy cannot be on.
const NEEDS_HSM_POLICY: &[(u32, u32)] =
    &[(0, 7), (3, 6), (4, 7), (7, 6), (31, 30), (32, 30), (43, 12)];

pub(crate) fn routes(r: &mut Routes) {
    r.on(&POLICIES, MONITOR.linked(), list);
    r.on(&POLICY, MONITOR.linked(), show);
    r.on(&SET_POLICY, OPERATOR.private().linked(), set);
    r.on(&EXPORT_TEMPLATE, MONITOR, export);
    r.on(&IMPORT_TEMPLATE, OPERATOR, import);
    r.on(&CAPABILITIES, MONITOR.linked(), capabilities);
}

/// The capability behind a policy: what the firmware has, and the HSM's policies leave of it.
fn capability(state: &State, row: &PartitionRow, known: &Known) -> u32 {
    let needs = NEEDS_HSM_POLICY.iter().find(|(policy, _)| *policy == known.number);
    match needs {
        Some((_, needed)) if state.hsm.policy(*needed) == 0 => 0,
        _ => known.of_version(row.version).0,
    }
}

/// The value of a policy. What the HSM no longer allows is off, whatever was set before.
pub(crate) fn value_of(state: &State, row: &PartitionRow, known: &Known) -> u32 {
    let value = policy(row, known.number);
    if known.is_flag() { value.min(capability(state, row, known)) } else { value }
}

fn entry(
    cx: &Context<'_>,
    row: &PartitionRow,
    known: &Known,
    [hsm, partition]: [&str; 2],
) -> Policy {
    let id = known.number.to_string();
    let (off_to_on_destructive, on_to_off_destructive) = known.destructive(row);
    let value = value_of(cx.state, row, known);
    Policy {
        url: POLICY.path(&[hsm, partition, &id]),
        id,
        name: known.policy.to_owned(),
        value,
        off_to_on_destructive,
        on_to_off_destructive,
    }
}

fn list(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Policies>, Failure> {
    let row = partition(cx, place(cx, &ids[0], &ids[1])?)?;
    let policies = KNOWN.iter().map(|known| entry(cx, row, known, [&ids[0], &ids[1]])).collect();
    Ok(Reply::ok(Policies { policies }))
}

fn capabilities(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    _: Nothing,
) -> Result<Reply<Capabilities>, Failure> {
    let row = partition(cx, place(cx, &ids[0], &ids[1])?)?;
    let entry = |known: &Known| Capability {
        id: known.number.to_string(),
        name: known.capability.to_owned(),
        value: capability(cx.state, row, known),
    };
    Ok(Reply::ok(Capabilities { capabilities: KNOWN.iter().map(entry).collect() }))
}

fn find(id: &str) -> Result<&'static Known, Failure> {
    id.parse().ok().and_then(known).ok_or_else(|| {
        Failure::new(404, refusal::INVALID_POLICY, "The policy does not exist.")
            .details(format!("A partition has no policy {id}."))
    })
}

fn show(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Policy>, Failure> {
    let row = partition(cx, place(cx, &ids[0], &ids[1])?)?;
    Ok(Reply::ok(entry(cx, row, find(&ids[2])?, [&ids[0], &ids[1]])))
}

/// Whether a policy can have this value together with the others.
fn check(cx: &Context<'_>, row: &PartitionRow, known: &Known, value: u32) -> Result<(), Failure> {
    let refuse = |details: String| {
        Err(Failure::new(400, refusal::POLICY_VALUE, "The policy cannot have this value.")
            .details(details))
    };
    let conflict = |details: &str| {
        let told = "The policy cannot have this value beside another one.";
        Err(Failure::new(400, refusal::POLICY_DEPENDENCIES, told).details(details.to_owned()))
    };
    let number = known.number;
    let capability = capability(cx.state, row, known);
    if value > capability {
        let more = if known.is_flag() { "on" } else { "higher" };
        return refuse(format!(
            "Capability {number} is {capability}: the policy cannot be {more}."
        ));
    }
    match number {
        MAX_FAILED_LOGINS if value == 0 => {
            refuse("At least 1 login must be allowed to fail.".into())
        }
        MIN_PIN_INVERTED if 255 - value > policy(row, MAX_PIN) => {
            conflict("The shortest password would be longer than the longest one.")
        }
        MAX_PIN if value < 255 - policy(row, MIN_PIN_INVERTED) => {
            conflict("The longest password would be shorter than the shortest one.")
        }
        0 | 1 if value == 1 && policy(row, 1 - number) == 1 => {
            conflict("Policies 0 and 1 cannot both be on.")
        }
        _ => Ok(()),
    }
}

fn set(cx: &mut Context<'_>, ids: &Ids<3>, body: SetPolicy) -> Result<Reply<Nothing>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    let known = find(&ids[2])?;
    require_role(cx, serial, &["so"])?;
    let row = partition(cx, serial)?;
    check(cx, row, known, body.value)?;
    let destroys = destroys(row, known, body.value);
    let serial = serial.to_owned();
    if !destroys {
        apply(cx, &serial, known, body.value)?;
        return Ok(Reply::created(POLICY.path(&[&ids[0], &serial, &ids[2]])));
    }
    Ok(cx.waiting_task(move |cx| {
        require_role(cx, &serial, &["so"])?;
        check(cx, partition(cx, &serial)?, known, body.value)?;
        apply(cx, &serial, known, body.value)?;
        Ok(Reply::<Nothing>::done())
    }))
}

fn destroys(row: &PartitionRow, known: &Known, value: u32) -> bool {
    let (off_to_on, on_to_off) = known.destructive(row);
    match (policy(row, known.number), value) {
        (0, 1..) => off_to_on,
        (1.., 0) => on_to_off,
        _ => false,
    }
}

fn apply(cx: &mut Context<'_>, serial: &str, known: &Known, value: u32) -> Result<(), Failure> {
    if destroys(partition(cx, serial)?, known, value) {
        cx.state.partitions.erase_objects(serial);
    }
    let row = partition_mut(cx, serial)?;
    match known.number {
        VERSION => {
            row.version = u8::from(value == 1);
            make_smk(cx, serial)?;
        }
        number => _ = row.policies.insert(number, value),
    }
    Ok(())
}

/// Whether a name can be a template's file.
fn check_file(name: &str) -> Result<(), Failure> {
    let allowed = |_, c: char| c.is_ascii_alphanumeric() || "_. -".contains(c);
    if is_name(name, 64, allowed) && name != "." && name != ".." {
        return Ok(());
    }
    Err(Failure::new(400, refusal::INVALID_FILE_NAME, "The file name is not allowed.")
        .details("It takes 1 to 64 letters, digits, blanks, underscores, dots and dashes."))
}

/// Writes the policies in the form of the product's template files (assumed).
fn export(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: ExportTemplate,
) -> Result<Reply<Nothing>, Failure> {
    check_file(&body.file)?;
    let row = partition(cx, place(cx, &ids[0], &ids[1])?)?;
    let mut text = String::from(
        "# Field format - Policy ID:Policy Description:Policy Value:OFF to ON destructive:ON to \
         OFF destructive\n",
    );
    for known in KNOWN {
        let Policy { id, name, value, .. } = entry(cx, row, known, [&ids[0], &ids[1]]);
        let (on, off) = known.destructive(row);
        let (on, off) = (u8::from(on), u8::from(off));
        text.push_str(&format!("{id}:\"{name}\":{value}:{on}:{off}\n"));
    }
    let user = cx.session().user.clone();
    cx.state.files.put(&user, &body.file, text.into_bytes(), cx.now);
    Ok(Reply::created(luna_rest::users::FILE.path(&[&user, &body.file])).status(201))
}

fn import(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: ImportTemplate,
) -> Result<Reply<Nothing>, Failure> {
    let user = cx.session().user.clone();
    let file = cx.state.files.get(&user, &body.file).ok_or_else(|| {
        Failure::new(404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST", "The file does not exist.")
            .details(format!("'{}' is not among the files of '{user}'.", body.file))
    })?;
    let text = String::from_utf8_lossy(&file.content).into_owned();
    let template = read_template(&text).map_err(Failure::bad_request)?;
    let name = body.name.unwrap_or(body.file);
    check_file(&name)?;
    if !body.replace && cx.state.partitions.templates.contains(&name) {
        return Err(Failure::new(409, refusal::NAME_TAKEN, "The template name is taken.")
            .details(format!("There is a template '{name}' already.")));
    }
    cx.state.partitions.templates.insert(name, template);
    Ok(Reply::done())
}

/// Reads `ID:"Description":Value:OffToOn:OnToOff` lines; `#` begins a comment.
fn read_template(text: &str) -> Result<TemplateRow, String> {
    let mut template = TemplateRow::default();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let fields = || {
            let (id, rest) = text.split_once(':')?;
            // A description may have colons of its own.
            let (_, rest) = match rest.trim_start().strip_prefix('"') {
                Some(quoted) => quoted.split_once("\":")?,
                None => rest.split_once(':')?,
            };
            let mut values = rest.split(':').map(number);
            let value = values.next()??;
            let flags = match (values.next(), values.next()) {
                (Some(on), Some(off)) => Some((on? == 1, off? == 1)),
                (None, None) => None,
                _ => return None,
            };
            Some((number(id).filter(|id| known(*id).is_some())?, value, flags))
        };
        let (id, value, flags) = fields().ok_or_else(|| {
            format!("Line {line} of the template is not of the form ID:\"Description\":Value:0:0.")
        })?;
        template.policies.insert(id, value);
        template.destructive.extend(flags.map(|flags| (id, flags)));
    }
    if template.policies.is_empty() {
        return Err("The template has no policies.".to_owned());
    }
    Ok(template)
}

/// A template from the store, if it fits a partition of this version.
pub(crate) fn template(cx: &Context<'_>, name: &str, version: u8) -> Result<TemplateRow, Failure> {
    let Some(template) = cx.state.partitions.templates.get(name) else {
        return Err(Failure::new(404, refusal::INVALID_FILE_NAME, "The template does not exist.")
            .details(format!("There is no partition policy template '{name}'.")));
    };
    let row = PartitionRow { version, policies: template.policies.clone(), ..Default::default() };
    for (number, value) in &template.policies {
        match known(*number) {
            // The version is the partition's own.
            Some(known) if known.number == VERSION => {}
            Some(known) => check(cx, &row, known, *value)?,
            None => {}
        }
    }
    Ok(template.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::partition::lifecycle::tests::{SO, bench, create, initialized};
    use crate::test_machine::TestMachine;
    use serde_json::json;

    /// With the Partition SO logged in and one object inside.
    fn partition(bench: &mut TestMachine, version: u8) -> String {
        let path = initialized(bench, version);
        let login = json!({"role": "so", "password": SO, "ped": "0"});
        bench.post(&format!("{path}/login"), login).created();
        let serial = path.rsplit('/').next().unwrap();
        let object = json!({"label": "k", "type": "Data"});
        bench.post(&format!("/emulator/partitions/{serial}/objects"), object);
        path
    }

    fn value(bench: &mut TestMachine, path: &str, number: u32) -> u32 {
        let shown = bench.get(&format!("{path}/policies/{number}")).json();
        shown["value"].as_u64().unwrap().try_into().unwrap()
    }

    #[test]
    fn every_policy_is_within_its_capability() {
        for known in KNOWN {
            assert!(known.values.iter().all(|(capability, policy)| policy <= capability));
        }
        assert!(KNOWN.is_sorted_by_key(|known| known.number));
    }

    #[test]
    fn policies_are_listed_whole() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        let listed = bench.get(&format!("{path}/policies")).json();
        assert_eq!(listed["policies"].as_array().unwrap().len(), KNOWN.len());
        assert_eq!(
            listed["policies"][0],
            json!({
                "id": "0", "url": format!("{path}/policies/0"), "value": 1,
                "name": "Allow private key cloning",
                "offToOnDestructive": true, "onToOffDestructive": false,
            })
        );
        let capabilities = bench.get(&format!("{path}/capabilities")).json();
        let activation = &capabilities["capabilities"][17];
        assert_eq!(activation, &json!({"id": "22", "name": "Enable activation", "value": 0}));
    }

    #[test]
    fn a_policy_is_changed_by_the_partition_so() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        let policy = format!("{path}/policies/21");
        assert_eq!(bench.put(&policy, json!({"value": 0})).created(), policy);
        assert_eq!(value(&mut bench, &path, 21), 0);
        bench.post(&format!("{path}/logout"), json!({}));
        let refused = bench.put(&policy, json!({"value": 1}));
        assert_eq!(refused.error(), (401, refusal::NOT_LOGGED_IN));
        let unknown = bench.put(&format!("{path}/policies/8"), json!({"value": 1}));
        assert_eq!(unknown.error(), (404, refusal::INVALID_POLICY));
    }

    #[test]
    fn a_destructive_change_waits_to_be_started() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        // Turning cloning off is harmless, on again it is not.
        let policy = format!("{path}/policies/0");
        assert_eq!(bench.put(&policy, json!({"value": 0})).created(), policy);
        assert_eq!(bench.get(&path).json()["objectCount"], 1);
        let task = bench.put(&policy, json!({"value": 1})).created();
        assert_eq!(bench.get(&task).json()["state"], "Waiting");
        assert_eq!(value(&mut bench, &path, 0), 0);
        bench.post(&format!("{task}/actions/start"), json!({}));
        assert_eq!(bench.get(&format!("{task}/response")).status, 204);
        assert_eq!(value(&mut bench, &path, 0), 1);
        assert_eq!(bench.get(&path).json()["objectCount"], 0);
    }

    #[test]
    fn a_waiting_change_still_needs_its_login() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        bench.put(&format!("{path}/policies/0"), json!({"value": 0})).created();
        let task = bench.put(&format!("{path}/policies/0"), json!({"value": 1})).created();
        bench.post(&format!("{path}/logout"), json!({}));
        bench.post(&format!("{task}/actions/start"), json!({}));
        let response = bench.get(&format!("{task}/response"));
        assert_eq!(response.error(), (401, refusal::NOT_LOGGED_IN));
        assert_eq!(bench.get(&path).json()["objectCount"], 1);
    }

    #[test]
    fn capabilities_and_other_policies_set_limits() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        let mut set = |number: u32, value: u32| {
            let answer = bench.put(&format!("{path}/policies/{number}"), json!({"value": value}));
            bench.post("/tasks/0/actions/start", json!({}));
            answer.status
        };
        assert_eq!(set(22, 1), 400, "no capability");
        assert_eq!(set(20, 11), 400, "more attempts than the capability");
        assert_eq!(set(20, 0), 400);
        assert_eq!(set(20, 3), 204);
        assert_eq!(set(1, 1), 400, "not beside policy 0");
        assert_eq!(set(0, 0), 204);
        assert_eq!(set(1, 1), 204);
        assert_eq!(set(0, 1), 400, "not beside policy 1");
        assert_eq!(set(26, 20), 204);
        assert_eq!(set(25, 234), 400, "21 characters at least, 20 at most");
        assert_eq!(set(25, 235), 204);
        assert_eq!(set(25, 248), 400, "shorter than the capability");
    }

    #[test]
    fn cloning_and_wrapping_exclude_each_other() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        let both = bench.put(&format!("{path}/policies/1"), json!({"value": 1}));
        assert_eq!(both.error(), (400, refusal::POLICY_DEPENDENCIES));
        assert_eq!((value(&mut bench, &path, 0), value(&mut bench, &path, 1)), (1, 0));
    }

    #[test]
    fn what_the_hsm_forbids_is_off_and_stays_off() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        bench.machine.state.hsm.policies.get_mut().insert(12, 0);
        bench.machine.keep();
        assert_eq!(value(&mut bench, &path, 43), 0);
        let refused = bench.put(&format!("{path}/policies/43"), json!({"value": 1}));
        assert_eq!(refused.error(), (400, refusal::POLICY_VALUE));
    }

    #[test]
    fn a_version_1_partition_asks_for_per_key_authorization() {
        let mut bench = bench();
        let path = partition(&mut bench, 1);
        assert_eq!(value(&mut bench, &path, 40), 1);
        assert_eq!(value(&mut bench, &path, 41), 1);
        let task = bench.put(&format!("{path}/policies/40"), json!({"value": 0})).created();
        bench.post(&format!("{task}/actions/start"), json!({}));
        assert_eq!(value(&mut bench, &path, 40), 0);
        let task = bench.put(&format!("{path}/policies/41"), json!({"value": 0})).created();
        bench.post(&format!("{task}/actions/start"), json!({}));
        assert_eq!(bench.get(&path).json()["version"], 0);
        assert_eq!(value(&mut bench, &path, 3), 0);
    }

    #[test]
    fn a_template_makes_the_same_policies_elsewhere() {
        let mut bench = bench();
        let path = partition(&mut bench, 0);
        bench.put(&format!("{path}/policies/20"), json!({"value": 4})).created();
        let exported = bench.post(&format!("{path}/policies"), json!({"file": "t.ppt"}));
        assert_eq!(exported.status, 201, "{}", exported.text());
        let import = "/emulator/lunash/partitionPolicyTemplates";
        let body = json!({"file": "t.ppt", "name": "four"});
        assert_eq!(bench.post(import, body.clone()).status, 204);
        assert_eq!(bench.post(import, body).error(), (409, refusal::NAME_TAKEN));
        assert_eq!(bench.post(import, json!({"file": "none"})).status, 404);
        let second = create(&mut bench, json!({"name": "second"})).created();
        let init = json!({"password": SO, "domain": "d", "template": "four"});
        assert_eq!(bench.put(&second, init).status, 204);
        assert_eq!(value(&mut bench, &second, 20), 4);
        let bad = json!({"file": "a/b"});
        assert_eq!(
            bench.post(&format!("{path}/policies"), bad).error(),
            (400, refusal::INVALID_FILE_NAME)
        );
    }

    #[test]
    fn templates_are_read_with_and_without_destructiveness() {
        let template = read_template("# x\n20:\"Max: failed\":3\n0:\"a\":1:0:1\n").unwrap();
        assert_eq!(template.policies, [(0, 1), (20, 3)].into());
        assert_eq!(template.destructive, [(0, (false, true))].into());
        for bad in ["", "# nothing\n", "20", "20:x", "8:\"none\":1", "0:\"a\":1:0", "0:\"a\":x"] {
            assert!(read_template(bad).is_err(), "{bad}");
        }
    }
}
