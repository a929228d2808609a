//! Holds the stored form of every row: a data folder of any release has to be read by the next one.
//!
//! A row of each kind, filled in with values that are not its defaults, is compared with the file
//! `rows-of-schema-N.json`, N being [`SCHEMA`]. When that fails, a row is stored in another form than
//! releases before did: take the change back, or raise the schema, migrate the rows of the schema
//! before, and add a file for the new one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use luna_rest::Secret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::State;
use super::audit::{AuditHostRow, AuditSettingsRow, AuditorRow, ChainRow, ImportedRow, RecordRow};
use super::clusters::{
    BackupRow as ScheduleRow, ClientRow as ClusterClientRow, ClusterRow, Era, MemberRow, Own,
    PositionRow, RestoreRow, Schedule, Traffic,
};
use super::emulator::Cuts;
use super::hsm::{AttestationRow, CountersRow, FmRow, HsmRow, PedTimeoutsRow};
use super::keyrings::{FailedRow, KeyringRow, Password};
use super::lunasa::Settings;
use super::network::{ClassRow, DeviceRow, Ip4Row, Ip6Row, RouteRow};
use super::ntls::{
    AuthorityRow, ClientRow, KeepaliveRow, MonitorRow, ServerRow, SettingsRow, ThreadsRow,
};
use super::objects::{AttributeRow, ContentsRow};
use super::packages::PackageRow;
use super::partitions::{
    DomainRow, ObjectRow, PartitionRow, RoleRow, StcClientRow, StcRow, TemplateRow,
};
use super::roles::RoleRow as AccountRoleRow;
use super::services::ServiceRow;
use super::snmp::{NotificationRow, SecurityRow, SnmpUserRow, TrapRow};
use super::sysconf::{
    BackupRow as ConfigBackupRow, BlocklistRow, DriftRow, FurtherKeyRow, HostKeyRow, LastLoginRow,
    NtpKeyRow, NtpRow, NtpServer, NtpServerRow, RejectedRow, SchemeRow, SshRow, System, TlsRow,
    WebServerRow,
};
use super::syslog::{CertificatesRow, HostTlsRow, RemoteHostRow, SyslogRow};
use super::tokens::{BackupRow as TokenBackupRow, TokenRow};
use super::users::{
    CertificateRow, FailedLoginsRow, LoginSettings, PasswordSettings, PublicKeyRow,
    RadiusServerRow, UserRow,
};
use crate::core::password::PasswordHash;
use crate::core::random::Random;
use crate::core::table::{Cell, Row, Rows, Table};
use crate::store::{SCHEMA, Store};

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn hash(number: u8) -> PasswordHash {
    serde_json::from_value(json!({"salt": vec![number; 16], "hash": vec![number; 32]})).unwrap()
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// Fails for a value that a row has without being filled in: another one would not be seen to
/// change.
fn differs(what: &str, value: &Value, default: &Value) {
    match (value, default) {
        (Value::Object(value), Value::Object(default)) => {
            for (name, default) in default {
                let field = value.get(name).unwrap_or_else(|| panic!("{what}.{name} is not there"));
                differs(&format!("{what}.{name}"), field, default);
            }
        }
        _ => assert_ne!(value, default, "{what} has its default"),
    }
}

fn check<T: Serialize + Default>(row: &T) {
    let value = serde_json::to_value(row).unwrap();
    differs(std::any::type_name::<T>(), &value, &serde_json::to_value(T::default()).unwrap());
}

fn insert<T: Row + Default>(table: &mut Table<T>, key: &str, row: T) {
    check(&row);
    table.insert(key, row);
}

fn set<T: Row + Default>(cell: &mut Cell<T>, row: T) {
    check(&row);
    cell.set(row);
}

/// A state with a row in every field.
pub(crate) fn filled() -> State {
    let mut state = State::default();
    fill_hsm(&mut state);
    fill_partitions(&mut state);
    fill_clusters(&mut state);
    fill_network(&mut state);
    fill_sysconf(&mut state);
    fill_snmp(&mut state);
    fill_accounts(&mut state);
    fill_audit(&mut state);

    let State { emulator, lunasa, packages, services, status, .. } = &mut state;
    set(&mut emulator.clock, 60_000);
    let random = json!({"seed": vec![7; 32], "drawn": 21});
    set(&mut emulator.random, serde_json::from_value::<Random>(random).unwrap());
    let (to, from) = (BTreeSet::from([text("member-2")]), BTreeSet::from([text("member-3")]));
    set(&mut emulator.cuts, Cuts { to, from });
    let (hostname, version) = (text("luna7"), text("7.8.5-20"));
    set(&mut lunasa.settings, Settings { hostname, version, force_so_login: true });
    let row = PackageRow { version: text("1.0.5-10"), place: 15, system: true };
    insert(&mut packages.installed, "lnh_cluster", row);
    set(&mut packages.pending, Some(text("7.9.0-1")));
    set(&mut packages.firmware, text("7.8.7"));
    insert(&mut services.services, "ntp", ServiceRow { running: true, on_boot: true });
    set(&mut status.booted, 1_700_000_000);
    state
}

fn fill_hsm(state: &mut State) {
    set(
        &mut state.hsm.hsm,
        HsmRow {
            serial: 4_223_070,
            label: text("myhsm"),
            initialized: true,
            so: hash(1),
            so_failures: 2,
            domain: Some(hash(2)),
            legacy_domain: Some(hash(3)),
            auth_time_config: true,
            manually_zeroized: true,
            transport: Some(text("transport-secret")),
            tampers: vec![text("Chassis open")],
            tampered_at: 1_700_000_001,
            firmware: text("7.8.4"),
            rollback: text("7.8.2"),
            upgrade: text("7.8.7"),
            backup: true,
            fms_ever_allowed: true,
            counters: CountersRow {
                critical_events: 1,
                crypto_errors: 2,
                crypto_requests: 3,
                noncritical_events: 4,
                operation_errors: 5,
                operation_requests: 6,
            },
            clock_ahead: 250,
            started: 1_700_000_002,
            ped_timeouts: PedTimeoutsRow { rped: 100, pedk: 300, pedo: 1000, wdel: Some(50) },
        },
    );
    set(&mut state.hsm.policies, BTreeMap::from([(40, 1)]));
    insert(
        &mut state.hsm.fms,
        "0a1b",
        FmRow {
            label: text("Module"),
            manufacturer: text("Maker"),
            built: text("Fri Feb 21 19:34:04 2025 - UTC"),
            fingerprint: text("0A 1B"),
            size: 4096,
            enabled: true,
        },
    );
    set(
        &mut state.hsm.attestation,
        AttestationRow { key: Secret::from("key"), certificates: vec![text("Y2VydA==")] },
    );
    insert(&mut state.hsm.upgrades, "EMULATED-0100", text("Maximum 20 partitions"));
}

fn contents() -> ContentsRow {
    let attributes = [
        ("CKA_CLASS", AttributeRow::Text(text("CKO_SECRET_KEY"))),
        ("CKA_SIGN", AttributeRow::Flag(true)),
        ("CKA_VALUE_LEN", AttributeRow::Number(32)),
    ];
    ContentsRow {
        attributes: attributes.into_iter().map(|(name, row)| (text(name), row)).collect(),
        sealed: text("c2VhbGVk"),
    }
}

fn object() -> ObjectRow {
    ObjectRow {
        label: text("key-1"),
        kind: text("Symmetric Key"),
        uid: text("0102030405060708090a0b0c"),
        private: true,
        size: 248,
        contents: contents(),
    }
}

fn fill_partitions(state: &mut State) {
    let domain = DomainRow { number: 1, label: text("first"), hash: hash(4) };
    let role = RoleRow { hash: hash(5), failed: 3, to_be_changed: true };
    check(&domain);
    check(&role);
    let stc = StcRow {
        activation_timeout: 60,
        rekey_threshold: 500,
        replay_window: 100,
        no_ciphers: [1, 2].into(),
        no_hmacs: [0].into(),
    };
    insert(&mut state.partitions.stc, "4223070123456", stc);
    let (label, fingerprint) = (text("app one"), text("91ee10ff31325b74fcc2c630332be4618a28442d"));
    let client = StcClientRow { label, fingerprint };
    insert(&mut state.partitions.stc_clients, "4223070123456/0000000003", client);
    insert(
        &mut state.partitions.partitions,
        "4223070123456",
        PartitionRow {
            made: 1,
            name: text("par1"),
            label: text("label1"),
            size: 648_381,
            version: 1,
            initialized: true,
            roles: BTreeMap::from([(text("co"), role)]),
            domains: vec![domain],
            legacy_domain: Some(hash(6)),
            policies: BTreeMap::from([(20, 8)]),
            destructive: BTreeMap::from([(9, (true, false))]),
            last_handle: 12,
            smk_id: text("00112233445566778899aabbccddeeff"),
            old_smk_id: text("ffeeddccbbaa99887766554433221100"),
            key: Secret::from("a2V5"),
        },
    );
    insert(&mut state.partitions.objects, "4223070123456/0000000012", object());
    let policies = BTreeMap::from([(22, 0)]);
    let destructive = BTreeMap::from([(22, (false, true))]);
    let template = TemplateRow { policies, destructive };
    insert(&mut state.partitions.templates, "strict.ppt", template);
    let backup = TokenBackupRow {
        made: 1,
        name: text("bck"),
        version: 1,
        co: hash(7),
        failed: 2,
        domain: hash(8),
        objects: vec![object()],
        smk_id: text("00112233445566778899aabbccddeeff"),
    };
    check(&backup);
    insert(
        &mut state.tokens.tokens,
        "475290",
        TokenRow {
            label: text("backups"),
            initialized: true,
            so: hash(9),
            so_failures: 1,
            domain: hash(10),
            backups: BTreeMap::from([(text("475290123456"), backup)]),
            upgrades: BTreeMap::from([(text("EMULATED-0100"), text("More backups"))]),
        },
    );
}

fn fill_clusters(state: &mut State) {
    let clusters = &mut state.clusters;
    set(
        &mut clusters.own,
        Own {
            core: text("10.1.0.5"),
            admin: Traffic { interface: text("eth0"), port: 50_075 },
            crypto: Traffic { interface: text("eth1"), port: 50_055 },
            certificate: Some((1_700_000_003, 2_000_000_000)),
            started: 1_700_000_004,
            restart: true,
            member: text("member-1"),
            partition: text("4223070123456"),
            at: PositionRow { era: 2, change: 17 },
            copying: true,
            joining: true,
            parted: true,
            backup: ScheduleRow {
                enabled: true,
                key: Some((text("c2FsdA=="), text("a2V5"))),
                followed: 1_700_000_005,
                offset: -18_000,
                files: vec![text("nightly_20260101_0030")],
                missed: Some((1_700_000_010, text("the member is not authorized"))),
            },
            restored: RestoreRow {
                filename: text("nightly_20260101_0030"),
                time: 1_700_000_006,
                keyrings: 4,
                objects: 9,
            },
            failed: BTreeMap::from([(text("keyring-1"), FailedRow { failed: 3, so_failed: 4 })]),
            bound: Some((
                Traffic { interface: text("eth2"), port: 50_076 },
                Traffic { interface: text("eth3"), port: 50_056 },
            )),
        },
    );
    set(
        &mut clusters.cluster,
        ClusterRow {
            uuid: text("cluster-1"),
            label: text("production"),
            secret: "secret-of-the-cluster".into(),
            smk: text("00112233445566778899aabbccddeeff"),
            domain: text("0d0e"),
            primary: text("member-1"),
            eras: vec![Era { era: 2, began: 11, id: 7_000_000_001, members: 3 }],
            dual: true,
            manual: true,
            schedule: Schedule {
                filename: text("nightly"),
                total: 3,
                day: 6,
                hour: 23,
                minute: 30,
            },
            made: 12,
        },
    );
    insert(
        &mut clusters.members,
        "member-1",
        MemberRow {
            name: text("LNH-4223070"),
            joined: 1,
            since: 4,
            address: text("10.1.0.5"),
            crypto_port: 50_052,
            certificate: text("-----BEGIN CERTIFICATE-----"),
            group: text("local"),
        },
    );
    insert(
        &mut clusters.clients,
        "client-1",
        ClusterClientRow {
            name: text("app1.example.com"),
            label: text("app one"),
            user: text("monitor"),
            certificate: text("-----BEGIN CERTIFICATE-----"),
            fingerprint: text("SHA256:AA:BB"),
        },
    );
    insert(
        &mut state.keyrings.keyrings,
        "keyring-1",
        KeyringRow {
            label: text("payments"),
            serial: text("1234567890123"),
            so: Password { hash: hash(11), long: true, to_be_changed: true },
            co: Some(Password { hash: hash(12), long: true, to_be_changed: true }),
            failed: 4,
            so_failed: 6,
            objects: 1,
            last_handle: 5,
            clients: BTreeSet::from([text("client-1")]),
            made: 12,
            disabled: true,
            key: Secret::from("a2V5"),
        },
    );
    state.keyrings.add("keyring-1", vec![(text("card-1"), 2)]);
    insert(&mut state.keyrings.contents, "keyring-1/0000000006", contents());
}

fn fill_network(state: &mut State) {
    let (ip, gateway) = ([10, 1, 0, 5].into(), [10, 1, 0, 1].into());
    insert(
        &mut state.network.devices,
        "bond0",
        DeviceRow {
            ip4: Some(Ip4Row { ip, mask: 24, gateway }),
            dhcp: true,
            ip6: Some(Ip6Row {
                ip: "2001:db8::5".parse().unwrap(),
                mask: 64,
                gateway: Some("2001:db8::1".parse().unwrap()),
            }),
            dhcp6: true,
            slaac: true,
            mode: text("active-backup"),
            enabled: true,
            name_servers: vec![[10, 1, 0, 53].into()],
            search_domains: vec![text("example.com")],
            since: 1_700_000_007,
        },
    );
    insert(&mut state.network.classes, "eth0 gold", ClassRow { min: 120, max: 2024 });
    set(&mut state.network.measurement, 99);
    // It has no default: every value is one that was given.
    state.network.routes.insert(
        "bond0 10.9.0.0_24",
        RouteRow {
            device: text("bond0"),
            destination: [10, 9, 0, 0].into(),
            mask: 24,
            gateway: Some([10, 1, 0, 1].into()),
            metric: 3,
        },
    );
    insert(
        &mut state.ntls.clients,
        "app1",
        ClientRow {
            number: 1,
            ip: Some([10, 1, 0, 77].into()),
            hostname: Some(text("app1.example.com")),
            certificate: Some(text("-----BEGIN CERTIFICATE-----")),
            filter: Some(text("CN=app1")),
            host_address: Some([10, 1, 0, 78].into()),
            links: vec![text("4223070123456")],
        },
    );
    set(
        &mut state.ntls.settings,
        SettingsRow {
            receive_timeout: 30,
            ip_check: false,
            ciphers: text("TLS_AES_256_GCM_SHA384"),
            groups: text("secp384r1"),
            device: text("eth1"),
            active_device: text("eth0"),
            keepalive: KeepaliveRow { idle: 20, interval: 30, probes: 4 },
            threads: ThreadsRow { datapath: 7, cmdprocessor: 40 },
            monitor: MonitorRow { enabled: true, days: 9, interval: 24 },
            connections: (8, 1),
            restart_needed: true,
        },
    );
    let (key, certificate) = ("cHJpdmF0ZSBrZXk=".into(), text("-----BEGIN CERTIFICATE-----"));
    let authority = AuthorityRow { certificate: text("authority") };
    insert(&mut state.ntls.authorities, "AB:CD", authority);
    set(&mut state.ntls.server, ServerRow { key, certificate, made: 1_700_000_008 });
}

fn fill_sysconf(state: &mut State) {
    let sysconf = &mut state.sysconf;
    let time_zone = text("Canada/Eastern");
    set(&mut sysconf.system, System { time_zone, reboot_on_panic: true });
    set(
        &mut sysconf.ntp,
        NtpRow {
            started: 1_700_000_009,
            autokey: Some(1_700_000_010),
            schemes: vec![SchemeRow { scheme: text("IFF"), file: text("iff.key") }],
            log: vec![text(" 2 Jan 03:04:05 ntpd[2001]: synchronized to LOCAL(0), stratum 10")],
            process: 2,
            next: 3,
        },
    );
    let server = NtpServer {
        address: text("ntp.example.com"),
        is_burst_enabled: true,
        is_initial_burst_enabled: true,
        key_id: Some(12),
        nts: true,
        is_autokey_enabled: true,
        is_preferred_server: true,
        protocol_version: Some(4),
        port: Some(4460),
    };
    insert(&mut sysconf.ntp_servers, "ntp.example.com", NtpServerRow { order: 1, server });
    let (kind, value) = (text("SHA256"), "ntp-key".into());
    insert(&mut sysconf.ntp_keys, "00012", NtpKeyRow { kind, value, trusted: true });
    set(
        &mut sysconf.ssh,
        SshRow {
            ciphers: vec![text("aes256-ctr")],
            macs: vec![text("hmac-sha2-256")],
            password: false,
            public_key: false,
            port: 2022,
            devices: vec![text("eth1")],
            ip: Some(text("10.1.0.5")),
        },
    );
    set(&mut sysconf.banner, text("Authorized use only"));
    set(
        &mut sysconf.drift,
        DriftRow {
            started: Some(1_700_000_020),
            stopped: Some(1_700_400_020),
            booted: 1_699_999_900,
            milliseconds_per_day: Some(-1500),
            correcting: true,
        },
    );
    set(&mut sysconf.ssh_host_key, HostKeyRow { seed: "0102".into() });
    let (pem, fingerprint) = ("ssh-key".into(), text("SHA256:c3No"));
    insert(
        &mut sysconf.ssh_further_keys,
        "ssh-rsa",
        FurtherKeyRow { pem, bits: 2048, fingerprint },
    );
    insert(&mut sysconf.ssh_clients, "admin", vec![text("10.1.0.7")]);
    let (user, host) = (text("admin"), text("10.1.0.8"));
    set(&mut sysconf.ssh_rejected, vec![RejectedRow { user, host, time: 1_700_000_030 }]);
    let last = LastLoginRow { time: 1_700_000_040, address: text("10.1.0.7") };
    insert(&mut sysconf.ssh_last_logins, "admin", last);
    set(&mut sysconf.tls, TlsRow { ciphers: text("TLS_AES_128_GCM_SHA256") });
    set(&mut sysconf.web_port, 9443);
    set(
        &mut sysconf.web_server,
        WebServerRow {
            cipher_list: text("TLS_AES_256_GCM_SHA384"),
            max_file_size: 1024,
            net_device: text("eth1"),
            port: 9443,
        },
    );
    set(
        &mut sysconf.blocklist,
        BlocklistRow { max_infraction_count: 4, timeout_start: 8, timeout_multiplier: 1.8 },
    );
    let rows = Rows::from([(String::new(), json!({"time_zone": "UTC"}))]);
    let backup = ConfigBackupRow {
        description: text("before the upgrade"),
        hostname: text("luna7"),
        version: text("7.8.5-20"),
        made: 1_700_000_011,
        content: BTreeMap::from([(text("sysconf/system"), rows)]),
    };
    insert(&mut sysconf.exported, "luna7_Config_20260102_030405.tar.gz", backup.clone());
    insert(&mut sysconf.backups, "luna7_Config_20260102_030405.tar.gz", backup);
}

fn fill_snmp(state: &mut State) {
    let snmp = &mut state.snmp;
    let security = SecurityRow {
        authentication_protocol: text("SHA"),
        authentication_password: "authentication".into(),
        privacy_protocol: text("AES"),
        privacy_password: "privacy".into(),
    };
    set(&mut snmp.traps_enabled, true);
    insert(&mut snmp.users, "monitorhsm", SnmpUserRow { security: security.clone() });
    insert(
        &mut snmp.notifications,
        "monitorhsm/10.1.0.9:162",
        NotificationRow {
            address: text("10.1.0.9"),
            port: 162,
            security: security.clone(),
            kind: text("trap"),
            engine_id: Some(text("1234567890")),
        },
    );
    let (user, engine_id, kind) = (text("monitorhsm"), text("1234567890"), text("inform"));
    insert(&mut snmp.traps, "10.1.0.10", TrapRow { user, security, engine_id, kind });
}

fn fill_accounts(state: &mut State) {
    insert(
        &mut state.users.users,
        "ada",
        UserRow {
            full_name: text("Ada L"),
            email: text("ada@example.com"),
            role: text("auditors"),
            enabled: true,
            built_in: true,
            hash: hash(13),
            temporary: true,
            changed: 1_700_000_012,
            former: vec![hash(14)],
            radius: true,
            public_keys: vec![PublicKeyRow {
                name: text("ada@laptop"),
                kind: text("ssh-ed25519"),
                bits: 256,
                fingerprint: text("SHA256:abc"),
            }],
        },
    );
    set(
        &mut state.users.password_rules,
        PasswordSettings {
            expires: true,
            expiry_days: 120,
            remembers: true,
            history: 5,
            minimum_length: 9,
        },
    );
    set(
        &mut state.users.login_rules,
        LoginSettings {
            detection_window_seconds: 800,
            lockout_duration_seconds: 700,
            max_failed_attempts: 4,
        },
    );
    let failed = FailedLoginsRow {
        times: vec![1_700_000_014],
        locked: Some((1_700_000_015, 1_700_000_615)),
    };
    insert(&mut state.users.failed, "ada", failed);
    let severities = [(text("lunalogs"), text("debug"))].into();
    let (period, rotated) = (text("daily"), 1_700_000_016);
    set(&mut state.syslog.settings, SyslogRow { rotations: 5, period, rotated, severities });
    let (address, protocol) = (text("loghost.example.com"), text("tcp"));
    let host = RemoteHostRow { order: 1, address, port: 6514, protocol, tls: None };
    insert(&mut state.syslog.hosts, "loghost.example.com:6514", host.clone());
    let tls = Some(HostTlsRow { mutual: true, name: Some(text("loghost")) });
    let host = RemoteHostRow { order: 2, port: 6515, tls, ..host };
    insert(&mut state.syslog.hosts, "loghost.example.com:6515", host);
    let (authority, certificate) = (text("authority"), text("certificate"));
    let key = "key".into();
    let row = CertificatesRow { authority, certificate, key, restart_needed: true };
    set(&mut state.syslog.certificates, row);
    set(&mut state.users.radius, true);
    let server = RadiusServerRow { order: 1, port: 1812, timeout: 5, secret: "shared".into() };
    insert(&mut state.users.radius_servers, "radius.example.com", server);
    insert(&mut state.users.certificates, "ada", CertificateRow { pem: text("certificate") });
    let (full_name, file) = (text("Auditors"), text("auditors.txt"));
    let (rules, commands) = (vec![text("GET:/users/{userid}")], vec![text("user list")]);
    let role = AccountRoleRow { full_name, file, commands, rules };
    insert(&mut state.roles.roles, "auditors", role);
    let now = time::OffsetDateTime::from_unix_timestamp(1_700_000_013).unwrap();
    state.files.put("admin", "app1.pem", b"certificate".to_vec(), now);
}

fn fill_audit(state: &mut State) {
    let audit = &mut state.audit;
    let imported = Some(ImportedRow { serial: 153_593, secret: "imported".into() });
    set(
        &mut audit.auditor,
        AuditorRow {
            initialized: true,
            password: hash(31),
            failures: 2,
            locked_until: 1_700_000_014,
            domain: hash(32),
            secret: "log secret".into(),
            imported,
        },
    );
    let (events, rotation) = (vec![text("success"), text("access")], text("hourly"));
    let (file_limit, path) = (65_536, text("/var/audit"));
    set(&mut audit.settings, AuditSettingsRow { events, rotation, file_limit, path });
    let (mac, begun) = (text("mac"), 1_700_000_015);
    let chain = ChainRow { number: 9, mac, file: 3, at: 612, begun, oldest: 2, bytes: 1_612 };
    set(&mut audit.chain, chain);
    let record = RecordRow { file: 3, at: 306, time: 1_700_000_016, lines: text("9,a\nmacs\n") };
    insert(&mut audit.tail, "00000000000000000009", record);
    let host = AuditHostRow { order: 1, address: text("loghost"), port: 1660, tcp: true };
    insert(&mut audit.hosts, "loghost:1660", host);
}

/// Every row of a state in its stored form, by field and key.
pub(crate) fn stored(state: &mut State) -> BTreeMap<String, Rows> {
    let mut all = BTreeMap::new();
    state.fields(&mut |name, field| {
        all.insert(name.to_owned(), field.rows().unwrap());
    });
    all
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_row_is_stored_in_the_form_of_its_schema() {
    let found = stored(&mut filled());
    let empty: Vec<_> = found.iter().filter(|(_, rows)| rows.is_empty()).collect();
    assert!(empty.is_empty(), "no row of {empty:?}");
    let path = folder().join(format!("src/state/rows-of-schema-{SCHEMA}.json"));
    let known: BTreeMap<String, Rows> = read(&path);
    for (field, rows) in &found {
        assert_eq!(Some(rows), known.get(field), "{field} is stored in another form");
    }
    assert_eq!(found.len(), known.len(), "a field is no longer stored");
}

/// The store of a data folder that version 0.1.0 wrote, copied to where it may be changed.
fn store_of_schema_1(folder: &Path) -> Store {
    let packed = self::folder().join("tests/data/schema-1.redb.gz");
    let packed = std::fs::File::open(packed).unwrap();
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    let path = folder.join("state.redb");
    std::fs::write(&path, bytes).unwrap();
    Store::open(&path).unwrap()
}

#[test]
fn a_data_folder_of_schema_1_is_read_and_nothing_of_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let rows = store_of_schema_1(folder.path()).rows().unwrap();
    let mut state = State::default();
    for (field, key, row) in &rows {
        assert!(state.load(field, key, row).unwrap(), "{field} is no field");
    }
    let found = stored(&mut state);
    for (field, key, row) in &rows {
        let row: Value = serde_json::from_slice(row).unwrap();
        assert_eq!(found[field].get(key), Some(&row), "{field} '{key}'");
    }
    let count: usize = found.values().map(BTreeMap::len).sum();
    assert!(rows.len() > 60 && rows.len() <= count, "{} of {count}", rows.len());
}
