//! The HSM: `/api/lunasa/hsms`. What it shows, and how it is initialized.

use luna_rest::Nothing;
use luna_rest::hsm::{
    ACTIONS, BACKUP_MODEL, CAPABILITIES, CERTIFICATE, COUNTER, Environment, FIRMWARE, Hsm as Shown,
    Hsms, INIT, Init, LICENSES, LIST, METRICS, PED, POLICIES, ROLES, SHOW, STORAGE, TAMPER,
    UTILIZATION,
};
use luna_rest::partitions;
use luna_rest::tasks::Link;

use crate::core::checks::check_domain;
use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, MONITOR, OPERATOR, Routes};
use crate::rules::hsm::access::{begin, check_id, check_password, zeroize};
use crate::rules::hsm::login::SO_ATTEMPTS;
use crate::rules::hsm::policies as hsm_policies;
use crate::state::hsm::HsmRow;

const MODEL: &str = "Luna K7";

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LIST, EVERYONE, list);
    r.on(&SHOW, MONITOR.linked(), show);
    r.on(&INIT, OPERATOR.private(), init);
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Hsms>, Failure> {
    let serial = cx.state.hsm.hsm.get().serial.to_string();
    Ok(Reply::ok(Hsms { hsms: vec![Link::below(LIST.template(), &serial)] }))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Shown>, Failure> {
    check_id(cx, &ids[0])?;
    let ids = [ids[0].as_str()];
    let (hsm, row) = (&cx.state.hsm, cx.state.hsm.hsm.get());
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Reply::ok(Shown {
        label: row.label.clone(),
        serial_number: row.serial.to_string(),
        firmware: row.firmware.clone(),
        model: if row.backup { BACKUP_MODEL } else { MODEL }.to_owned(),
        part_number: "808-000066-001".to_owned(),
        authentication_method: "Password".to_owned(),
        zeroized: !row.initialized,
        so_logins_left: Some(match row.initialized {
            true => SO_ATTEMPTS.saturating_sub(row.so_failures),
            false => 0,
        }),
        so_logged_in: Some(cx.session().is_so()),
        // PEDs are not emulated.
        rpv_initialized: false,
        audit_role_initialized: cx.state.audit.auditor.get().initialized,
        remote_login_initialized: false,
        manually_zeroized: row.manually_zeroized,
        secure_transport_mode: row.transport.is_some(),
        tampered: !row.tampers.is_empty(),
        fips_mode: hsm.fips(),
        partitions_allowed: number(hsm.max_partitions()),
        partitions_created: number(cx.state.partitions.count()),
        // As recorded from a real one at rest.
        environment: Environment {
            battery_voltage: 3.093,
            battery_warning_voltage: 2.75,
            temperature: 35,
            temperature_warning: 75,
        },
        actions: ACTIONS.path(&ids),
        capabilities: CAPABILITIES.path(&ids),
        certificate: CERTIFICATE.path(&ids),
        counter: COUNTER.path(&ids),
        firmware_url: FIRMWARE.path(&ids),
        licenses: LICENSES.path(&ids),
        metrics: METRICS.path(&ids),
        partitions: partitions::LIST.path(&ids),
        ped: PED.path(&[ids[0], "0"]),
        policies: POLICIES.path(&ids),
        roles: ROLES.path(&ids),
        storage_space: STORAGE.path(&ids),
        tamper: TAMPER.path(&ids),
        utilization: UTILIZATION.path(&ids),
    }))
}

fn init(cx: &mut Context<'_>, ids: &Ids<1>, body: Init) -> Result<Reply<Nothing>, Failure> {
    let initialized = begin(cx, &ids[0])?.initialized;
    cx.require_no_transport()?;
    if initialized {
        cx.require_so()?;
    }
    let allowed = |_, c: char| c.is_ascii_alphanumeric() || c == '_';
    if !is_name(&body.label, 32, allowed) {
        return Err(Failure::bad_request("'label' takes 1 to 32 letters, digits and underscores."));
    }
    let Some(password) = body.password else {
        return Err(Failure::bad_request("missing field `password`"));
    };
    check_password(password.expose())?;
    let domain = match (&body.domain, body.default_domain) {
        (Some(domain), false) if !domain.is_empty() => {
            check_domain(domain.expose())?;
            Some(cx.hash(domain.expose()))
        }
        (None, true) => None,
        (Some(domain), true) if domain.is_empty() => None,
        (Some(_), true) => {
            return Err(Failure::bad_request("'domain' and 'defaultDomain' exclude each other."));
        }
        _ => return Err(Failure::bad_request("missing field `domain`")),
    };
    let template = body.policy_template.as_deref();
    let policies = template.map(|file| hsm_policies::read_template(cx, file)).transpose()?;

    zeroize(cx);
    if let Some(policies) = policies {
        hsm_policies::apply_template(cx, policies);
    }
    let so = cx.hash(password.expose());
    let row = cx.state.hsm.hsm.get_mut();
    *row = HsmRow {
        label: body.label,
        initialized: true,
        so,
        domain,
        auth_time_config: body.auth_time_config.unwrap_or_default(),
        manually_zeroized: false,
        ..row.clone()
    };
    Ok(Reply::created(SHOW.path(&[&ids[0]])))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_machine::{Answer, TestMachine};
    use serde_json::{Value, json};

    pub(crate) const PASSWORD: &str = "hsm-so-password";

    impl TestMachine {
        /// A path below the HSM.
        pub(crate) fn hsm_path(&self, below: &str) -> String {
            let serial = self.machine.state.hsm.hsm.get().serial;
            format!("/api/lunasa/hsms/{serial}{below}")
        }

        /// Initializes the HSM with [`PASSWORD`].
        pub(crate) fn hsm_init(&mut self) -> Answer {
            let (label, domain) = ("myhsm", "mydomain");
            let body = json!({"label": label, "password": PASSWORD, "domain": domain});
            self.put(&self.hsm_path(""), body)
        }

        /// Logs the SO in.
        pub(crate) fn so_login(&mut self, password: &str) -> Answer {
            let body = json!({"ped": "0", "role": "so", "password": password});
            self.post(&self.hsm_path("/login"), body)
        }

        /// A bench with an initialized HSM and its SO logged in.
        pub(crate) fn with_so() -> TestMachine {
            let mut bench = TestMachine::new();
            bench.hsm_init().created();
            assert_eq!(bench.so_login(PASSWORD).status, 204);
            bench
        }

        /// What the HSM shows.
        pub(crate) fn hsm(&mut self) -> Value {
            self.get(&self.hsm_path("")).json()
        }

        /// Starts the waiting task of an answer; the answer of its work.
        pub(crate) fn start(&mut self, answer: &Answer) -> Answer {
            let task = answer.created();
            assert_eq!(self.get(&task).json()["state"], "Waiting");
            assert_eq!(self.post(&format!("{task}/actions/start"), json!({})).status, 204);
            self.get(&format!("{task}/response"))
        }
    }

    #[test]
    fn there_is_one_hsm_and_its_serial_number_stays() {
        let mut bench = TestMachine::new();
        let hsms = bench.call(&LIST, &[], &Nothing {}).hsms;
        assert_eq!((hsms.len(), hsms[0].id.len()), (1, 7));
        assert_eq!(hsms[0].url, format!("/api/lunasa/hsms/{}", hsms[0].id));
        bench.restart();
        assert_eq!(bench.call(&LIST, &[], &Nothing {}).hsms, hsms);
        assert_eq!(bench.get("/api/lunasa/hsms/1").error(), (404, "HSMPLUGIN_INVALID_HSM"));
    }

    #[test]
    fn from_the_factory_it_is_zeroized_and_initialization_gives_it_an_so() {
        let mut bench = TestMachine::new();
        let hsm = bench.hsm();
        assert_eq!((&hsm["zeroized"], &hsm["label"]), (&json!(true), &json!("")));
        assert_eq!(hsm["firmware"], "7.8.4");
        assert_eq!(bench.hsm_init().created(), bench.hsm_path(""));
        let hsm = bench.hsm();
        assert_eq!((&hsm["zeroized"], &hsm["label"]), (&json!(false), &json!("myhsm")));
        assert_eq!((&hsm["soLoginsLeft"], &hsm["soLoggedIn"]), (&json!(3), &json!(false)));
        bench.restart();
        assert_eq!(bench.so_login(PASSWORD).status, 204);
        assert_eq!(bench.hsm()["soLoggedIn"], true);
    }

    #[test]
    fn only_its_so_initializes_it_again() {
        let mut bench = TestMachine::new();
        bench.hsm_init().created();
        assert_eq!(bench.hsm_init().error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        bench.so_login(PASSWORD);
        bench.hsm_init().created();
        assert_eq!(bench.hsm()["soLoggedIn"], false, "every login ends");
    }

    #[test]
    fn whatever_erases_partitions_erases_all_of_them() {
        let mut bench = TestMachine::with_so();
        let erasing: [(&str, &str, Value); 4] = [
            ("PUT", "/policies/12", json!({"value": 0})),
            ("POST", "/actions/zeroize", json!({})),
            ("PUT", "", json!({"label": "h", "password": PASSWORD, "domain": "d"})),
            ("POST", "/actions/factoryReset", json!({})),
        ];
        for (method, below, body) in erasing {
            if bench.hsm()["zeroized"] == true {
                bench.hsm_init().created();
            }
            bench.so_login(PASSWORD);
            let path = bench.hsm_path("/partitions");
            for name in ["one", "two"] {
                bench.post(&path, json!({"name": name, "hasPso": true, "size": 325_896})).created();
            }
            assert_eq!(bench.hsm()["partitionsCreated"], 2);
            let path = bench.hsm_path(below);
            let answer =
                if method == "PUT" { bench.put(&path, body) } else { bench.post(&path, body) };
            if answer.created().starts_with("/tasks/") {
                assert_eq!(bench.hsm()["partitionsCreated"], 2, "{below} waits");
                bench.start(&answer);
            }
            assert_eq!(bench.hsm()["partitionsCreated"], 0, "{below}");
        }
    }

    #[test]
    fn after_a_tamper_partitions_wait_for_the_so() {
        let mut bench = TestMachine::with_so();
        bench.post("/emulator/hsm/tamper", json!({"tamper": "Chassis_open"}));
        assert_eq!(bench.so_login(PASSWORD).status, 204);
        let path = bench.hsm_path("/partitions");
        let body = json!({"name": "one", "hasPso": true, "size": 325_896});
        assert_eq!(bench.post(&path, body.clone()).error(), (400, "HSMPLUGIN_HSM_TAMPERED"));
        bench.post(&bench.hsm_path("/tamper/actions/clear"), json!({})).created();
        bench.post(&path, body).created();
    }

    #[test]
    fn the_so_may_be_needed_to_change_the_time() {
        let mut bench = TestMachine::new();
        let body = json!({
            "label": "h", "password": PASSWORD, "domain": "d", "authTimeConfig": true,
        });
        bench.put(&bench.hsm_path(""), body).created();
        let zone = json!({"timeZone": "UTC"});
        let refused = bench.patch("/api/lunasa/time", zone.clone());
        assert_eq!(refused.error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        bench.so_login(PASSWORD);
        assert_eq!(bench.patch("/api/lunasa/time", zone).status, 204);
    }

    #[test]
    fn labels_passwords_and_domains_follow_their_patterns() {
        let mut bench = TestMachine::new();
        let path = bench.hsm_path("");
        for (label, password, domain) in [
            ("", PASSWORD, "d"),
            ("with blank", PASSWORD, "d"),
            (&*"x".repeat(33), PASSWORD, "d"),
            ("hsm", "short12", "d"),
            ("hsm", "back`tick", "d"),
            ("hsm", PASSWORD, ""),
            ("hsm", PASSWORD, "a;b"),
        ] {
            let body = json!({"label": label, "password": password, "domain": domain});
            let answer = bench.put(&path, body);
            assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"), "{label} {password}");
            assert!(!answer.text().contains("back`"), "{}", answer.text());
        }
        let body = json!({"label": "hsm", "password": PASSWORD, "defaultDomain": true});
        bench.put(&path, body).created();
    }
}
