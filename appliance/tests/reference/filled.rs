//! An appliance that has something of everything, so that there is much to follow and to compare.

use luna_rest::{Call, Client, Error, Nothing};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::cluster::{CO, Member, SO, new_keyrings};
use crate::common::network::Network;

const USER_CERTIFICATE: &str = include_str!("../data/user.pem");

/// The appliance, and a client with its HSM SO and the Crypto Officer of a partition logged in.
pub(crate) struct Filled {
    pub(crate) client: Client,
    hsm: String,
    partition: String,
    _member: Member,
    _network: Network,
    _folder: TempDir,
}

/// Reads a path.
pub(crate) fn get(client: &Client, path: &str) -> Result<Value, Error> {
    client.get(&Call::<Nothing, Value, 0>::get(leak(path)), &[])
}

/// Calls are constants elsewhere; a test may keep its paths for as long as it runs.
fn leak(path: &str) -> &'static str {
    Box::leak(path.to_owned().into_boxed_str())
}

fn post(client: &Client, path: &str, body: Value) -> Value {
    let call = Call::<Value, Value, 0>::post(leak(path));
    client.call(&call, &[], &body).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn put(client: &Client, path: &str, body: Value) {
    let call = Call::<Value, Value, 0>::put(leak(path));
    client.call(&call, &[], &body).unwrap_or_else(|error| panic!("{path}: {error}"));
}

impl Filled {
    pub(crate) fn start() -> Filled {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::claim().unwrap();
        let member = Member::new(folder.path(), &network, 1, "1.0.4-122");
        member.found();
        let client = member.client();
        let id = |path: &str, list: &str| {
            get(&client, path).unwrap()[list][0]["id"].as_str().unwrap().to_owned()
        };
        let hsm = id("/api/lunasa/hsms", "hsms");
        let partition = id(&format!("/api/lunasa/hsms/{hsm}/partitions"), "partitions");
        client.call(&luna_rest::keyrings::CREATE, &[], &new_keyrings(2, 0)).unwrap();
        let filled =
            Filled { client, hsm, partition, _member: member, _network: network, _folder: folder };
        filled.fill_hsm();
        filled.fill_appliance();
        filled.fill_accounts();
        filled
    }

    /// The path of the partition.
    fn partition(&self) -> String {
        format!("/api/lunasa/hsms/{}/partitions/{}", self.hsm, self.partition)
    }

    fn fill_hsm(&self) {
        let (client, hsm) = (&self.client, format!("/api/lunasa/hsms/{}", self.hsm));
        let partition = self.partition();
        post(client, "/emulator/hsm/tamper", json!({"tamper": "Chassis_open"}));
        post(client, &format!("{hsm}/login"), json!({"role": "so", "password": SO, "ped": "0"}));
        // Usage counters are on, and a tamper keeps nobody from his partition.
        for (policy, value) in [(49, 1), (48, 0)] {
            put(client, &format!("{hsm}/policies/{policy}"), json!({"value": value}));
        }
        let co = json!({"role": "co", "password": CO, "ped": "0"});
        post(client, &format!("{partition}/login"), co);
        let identity = "U2FmZU5ldFN0Y0NsaWVudElkZW50aXR5UHVi";
        let identity = json!({"label": "client1", "identity": identity});
        post(client, &format!("{partition}/stc/clients"), identity);
        let object = json!({"label": "key", "type": "Symmetric Key"});
        let objects = format!("/emulator/partitions/{}/objects", self.partition);
        post(client, &objects, object);
    }

    fn fill_appliance(&self) {
        let client = &self.client;
        let below = |path: &str| format!("/api/lunasa/{path}");
        let certificate = rcgen::generate_simple_self_signed([String::new()]);
        let registered = json!({"clientName": "app1", "ip": "192.0.2.20",
            "certificate": certificate.unwrap().cert.pem()});
        post(client, &below("ntls/clients"), registered);
        let link = json!({"type": "hsm/partition", "url": self.partition()});
        post(client, &below("ntls/clients/app1/links"), link);
        post(client, &below("syslog/remoteHosts"), json!({"address": "192.0.2.30"}));
        let passwords = json!({"authenticationPassword": "password-1", "authenticationProtocol": "SHA",
            "privacyPassword": "password-2", "privacyProtocol": "AES", "securityName": "watch",
            "address": "192.0.2.31", "port": 162, "type": "trap", "engineId": "1234567890",
            "securityLevel": "authPriv", "trapType": "trap"});
        for path in ["snmp/users", "snmp/users/watch/notifications", "snmp/traps"] {
            post(client, &below(path), passwords.clone());
        }
        post(client, &below("ntp/servers"), json!({"address": "ntp.example.com"}));
        let route = json!({"routeType": "network", "destination": "198.51.100.0"});
        post(client, &below("network/devices/eth0/routes"), route);
        let class = json!({"minBandwidth": 120});
        put(client, &below("network/devices/eth0/classes/gold"), class);
        post(client, &below("network/measurement/actions/enable"), json!({"interval": 99}));
        post(client, &below("config/backups"), json!({"description": "before"}));
        client.upload("admin", "more.lic", b"EMULATED-0100 More of everything\n".to_vec()).unwrap();
        post(client, &below("upgrades"), json!({"file": "more.lic"}));
    }

    fn fill_accounts(&self) {
        let client = &self.client;
        let certificate = json!({"certificate": USER_CERTIFICATE});
        post(client, "/users/admin/certificates", certificate);
        post(client, "/roles", json!({"roleId": "watch"}));
        let toggle = json!({"settingsToToggle": ["expiryDays"]});
        post(client, "/api/lunasa/user/config/password/actions/enable", toggle);
        // A task that waits.
        let reboot = Call::<Value, Value, 0>::post("/api/lunasa/actions/reboot");
        client.send(&reboot, &[], &json!({})).unwrap();
    }

    /// What is asked with a query: no link can lead there.
    pub(crate) fn asked(&self, template: &str) -> Option<Value> {
        let devices = template.strip_suffix("/{deviceid}/measurementStats")?;
        get(&self.client, &format!("{devices}/eth0/measurementStats?duration=60")).ok()
    }
}
