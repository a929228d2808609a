//! Plans of made-up appliances.

use luna_rest::{hsm, ntls, partitions};

use super::*;
use crate::file::Runbook;
use crate::state::{Partition, Role};

const FILE: &str = r#"
hsm = { label = "myhsm", so_password = { file = "so" }, domain = { file = "d" }, policies = { 12 = 0 } }
ntls = { bind = "eth0" }
[partitions.app]
po_password = { file = "po" }
co_password = { file = "co" }
policies = { 0 = 0 }
[clients.app]
certificate = "app.pem"
partitions = ["app"]
"#;

fn file(text: &str) -> file::Appliance {
    toml::from_str(text).unwrap()
}

fn planned(text: &str, state: &Appliance) -> Plan {
    let mut local = LocalFiles::default();
    local.certificates.insert("app.pem".into(), "PEM".to_owned());
    local.at_hand.insert("app.pem".into());
    plan(&file(text), state, &local)
}

fn lines(plan: &Plan) -> Vec<&str> {
    assert_eq!(plan.refusals, [""; 0]);
    plan.steps.iter().map(|step| step.line.as_str()).collect()
}

fn factory() -> Appliance {
    let mut state = Appliance::default();
    state.hsm.serial = "1".to_owned();
    let policy = |value| hsm::Policy { value, destructive: true, ..hsm::Policy::default() };
    state.hsm.policies = [(12, policy(1)), (21, policy(1))].into();
    state.binding = Some(ntls::Binding { device: "all".to_owned(), ..Default::default() });
    state
}

/// What the file wants.
fn settled() -> Appliance {
    let mut state = factory();
    (state.hsm.initialized, state.hsm.label) = (true, "myhsm".to_owned());
    state.hsm.policies.get_mut(&12).unwrap().value = 0;
    state.binding.as_mut().unwrap().device = "eth0".to_owned();
    let erases = partitions::Policy { on_to_off_destructive: true, ..Default::default() };
    state.partitions.push(Partition {
        serial: "11".to_owned(),
        name: "app".to_owned(),
        label: "app".to_owned(),
        initialized: true,
        co: Role { initialized: true, to_be_changed: false },
        policies: [(0, erases)].into(),
        ..Partition::default()
    });
    let client = crate::state::Client {
        hostname: "app".to_owned(),
        partitions: ["11".to_owned()].into(),
        ..Default::default()
    };
    state.clients.insert("app".to_owned(), client);
    state
}

#[test]
fn an_appliance_in_factory_state_gets_everything_in_order() {
    let plan = planned(FILE, &factory());
    assert_eq!(
        lines(&plan),
        [
            "hsm init -label myhsm -force",
            "hsm login",
            "hsm changePolicy -policy 12 -value 0 -force",
            "partition create -partition app -force",
            "partition init -partition app -label app -force",
            "partition changePolicy -partition app -policy 0 -value 0 -force",
            "partition init co -partition app -force",
            "partition changePw -partition app -force",
            "ntls bind eth0",
            "service restart ntls -force",
            "client register -client app -hostname app",
            "client assignPartition -client app -partition app",
        ]
    );
}

#[test]
fn nothing_is_planned_where_nothing_differs() {
    assert_eq!(planned(FILE, &settled()), Plan::default());
}

#[test]
fn a_first_password_that_was_not_changed_yet_is_changed() {
    let mut state = settled();
    state.partitions[0].co.to_be_changed = true;
    let plan = planned(FILE, &state);
    assert_eq!(lines(&plan), ["partition changePw -partition app -force"]);
    let co = SecretSource::File("co".into());
    let secrets =
        [("CO_PASSWORD", Credential::FirstOf(co.clone())), ("NEW_PASSWORD", Credential::Of(co))];
    assert_eq!(plan.steps[0].secrets, secrets);
    // Where the HSM does not force a change, the role has its password from the beginning.
    let mut state = settled();
    state.hsm.policies.get_mut(&21).unwrap().value = 0;
    state.partitions[0].co.initialized = false;
    assert_eq!(lines(&planned(FILE, &state)), ["partition init co -partition app -force"]);
}

#[test]
fn what_erases_is_refused_and_nothing_beside_it_is_done() {
    let mut state = settled();
    state.hsm.policies.get_mut(&12).unwrap().value = 1;
    state.binding.as_mut().unwrap().device = "all".to_owned();
    let plan = planned(FILE, &state);
    assert!(plan.steps.is_empty() && plan.refusals[0].contains("may_erase = \"1\""), "{plan:?}");
    let allowed = FILE.replace("domain =", "may_erase = \"1\", domain =");
    let plan = planned(&allowed, &state);
    assert_eq!(lines(&plan)[..2], ["hsm login", "hsm changePolicy -policy 12 -value 0 -force"]);
    assert!(plan.steps[1].then_look);

    let mut state = settled();
    state.partitions[0].policies.get_mut(&0).unwrap().value = 1;
    let change = "partition changePolicy -partition app -policy 0 -value 0 -force";
    assert_eq!(lines(&planned(FILE, &state)), [change]);
    state.partitions[0].objects = 3;
    assert!(planned(FILE, &state).refusals[0].contains("may_erase = \"11\""));
    let allowed = FILE.replace("[partitions.app]", "[partitions.app]\nmay_erase = \"11\"");
    assert_eq!(lines(&planned(&allowed, &state)), [change]);
}

#[test]
fn names_with_blanks_are_quoted_and_slots_counted() {
    let text = r#"
[partitions."a b"]
po_password = { file = "po" }
domain = { file = "d" }
co_password = { file = "co" }
cu_password = { file = "cu" }
[hsm]
label = "myhsm"
so_password = { file = "so" }
"#;
    let plan = planned(text, &settled());
    assert_eq!(lines(&plan)[1], "partition create -partition \"a b\" -force");
    assert!(lines(&plan).contains(&"slot set -slot 1"));
}

#[test]
fn a_runbook_of_the_schema_is_one_that_is_read() {
    let schema: serde_json::Value = serde_json::from_str(&file::schema()).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    assert!(schema["properties"]["appliances"].is_object());
    assert_eq!(Runbook::default().text(file::Form::Toml), "");
}
