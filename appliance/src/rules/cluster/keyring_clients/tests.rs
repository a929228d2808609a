use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SigningKey};
use serde_json::{Value, json};

use super::*;
use crate::rules::cluster::lifecycle::tests::cluster;
use crate::test_machine::{Answer, TestMachine};

/// A client's key, and a certificate for it.
struct Client {
    name: String,
    key: KeyPair,
    certificate: String,
}

impl Client {
    fn new(name: &str) -> Client {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.self_signed(&key).unwrap().pem();
        Client { name: name.to_owned(), key, certificate }
    }

    fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.key.sign(text.as_bytes()).unwrap())
    }

    /// Registers; `former` vouches with its key.
    fn register(&self, bench: &mut TestMachine, path: &str, former: Option<&Client>) -> Answer {
        let uuid = path.rsplit('/').next().unwrap();
        let text = NewClient::text(uuid, "", &fingerprint(&self.certificate));
        let proof = former.map(|former| former.sign(&text));
        let body = json!({"certificate": self.certificate, "proof": proof});
        bench.post(&format!("/emulator{}/clients", &path[4..]), body)
    }

    fn enters(&self, bench: &mut TestMachine, path: &str) -> bool {
        let uuid = path.rsplit('/').next().unwrap();
        let signature = self.sign(&ClientSession::text(uuid, ""));
        let body = json!({"commonName": self.name, "signature": signature});
        let status = bench.post(&format!("/emulator{}/session", &path[4..]), body).status;
        bench.local_login();
        status < 300
    }
}

fn clients(bench: &mut TestMachine, path: &str) -> Vec<Value> {
    bench.get(&format!("{path}/clients")).json()["data"].as_array().unwrap().clone()
}

#[test]
fn a_thief_does_not_get_the_identity_of_a_client_by_its_name() {
    let (mut bench, path) = cluster("1.0.4-122");
    let (app, thief) = (Client::new("app"), Client::new("app"));
    assert_eq!(app.register(&mut bench, &path, None).status, 200);
    let before = clients(&mut bench, &path);
    // Without a proof, with that of his own key, and with one that was made for another key.
    let refused = (409, "CLUSTER_CLIENT_EXISTS");
    assert_eq!(thief.register(&mut bench, &path, None).error(), refused);
    assert_eq!(thief.register(&mut bench, &path, Some(&thief)).error(), refused);
    let uuid = path.rsplit('/').next().unwrap();
    let text = NewClient::text(uuid, "", &fingerprint(&app.certificate));
    let body = json!({"certificate": thief.certificate, "proof": app.sign(&text)});
    assert_eq!(bench.post(&format!("/emulator{}/clients", &path[4..]), body).error(), refused);
    assert_eq!(clients(&mut bench, &path), before);
    assert!(app.enters(&mut bench, &path) && !thief.enters(&mut bench, &path));

    // The client itself takes a new key, and what its old one signed is worth nothing more.
    let renewed = Client::new("app");
    let text = NewClient::text(uuid, "", &fingerprint(&thief.certificate));
    let stale = json!({"certificate": thief.certificate, "proof": app.sign(&text)});
    assert_eq!(renewed.register(&mut bench, &path, Some(&app)).status, 200);
    assert_eq!(clients(&mut bench, &path)[0]["clientUUID"], before[0]["clientUUID"]);
    assert_eq!(bench.post(&format!("/emulator{}/clients", &path[4..]), stale).error(), refused);
    assert!(renewed.enters(&mut bench, &path) && !app.enters(&mut bench, &path));

    // With its name deleted it is another client.
    assert_eq!(bench.delete(&format!("{path}/clients/app")).status, 204);
    assert_eq!(thief.register(&mut bench, &path, None).status, 200);
    assert_ne!(clients(&mut bench, &path)[0]["clientUUID"], before[0]["clientUUID"]);
}

#[test]
fn a_client_with_the_uuid_of_another_for_its_name_is_not_taken_for_it() {
    let (mut bench, path) = cluster("1.0.4-122");
    let app = Client::new("app");
    assert_eq!(app.register(&mut bench, &path, None).status, 200);
    let uuid = clients(&mut bench, &path)[0]["clientUUID"].as_str().unwrap().to_owned();
    let thief = Client::new(&uuid);
    assert_eq!(thief.register(&mut bench, &path, None).status, 200);
    assert!(app.enters(&mut bench, &path) && thief.enters(&mut bench, &path));
    let of_thief = |bench: &mut TestMachine| {
        let known = clients(bench, &path);
        let thief = known.iter().find(|client| client["commonName"] == uuid.as_str());
        thief.unwrap()["clientUUID"].as_str().unwrap().to_owned()
    };
    let own = of_thief(&mut bench);
    assert_ne!(own, uuid);
    // The UUID is the client that has it, not the one that is called so.
    assert_eq!(bench.delete(&format!("{path}/clients/{uuid}")).status, 204);
    assert!(!app.enters(&mut bench, &path) && thief.enters(&mut bench, &path));
    assert_eq!(of_thief(&mut bench), own);
    assert_eq!(bench.delete(&format!("{path}/clients/{own}")).status, 204);
    assert!(clients(&mut bench, &path).is_empty() && !thief.enters(&mut bench, &path));
}

#[test]
fn registrations_are_limited_in_a_minute_and_in_number() {
    let (mut bench, path) = cluster("1.0.4-122");
    let app = Client::new("app");
    for _ in 0..MOST_IN_A_MINUTE {
        app.register(&mut bench, &path, None);
    }
    let other = Client::new("other");
    let refused = (409, "CLUSTER_LIMIT_REACHED");
    assert_eq!(other.register(&mut bench, &path, None).error(), refused);
    bench.advance(60);
    assert_eq!(other.register(&mut bench, &path, None).status, 200);
    for number in clients(&mut bench, &path).len()..MOST_CLIENTS {
        let row = ClientRow { name: format!("client-{number}"), ..ClientRow::default() };
        bench.machine.state.clusters.clients.insert(number.to_string(), row);
    }
    bench.store();
    assert_eq!(Client::new("last").register(&mut bench, &path, None).error(), refused);
    assert_eq!(app.register(&mut bench, &path, Some(&app)).status, 200, "it is there already");
}
