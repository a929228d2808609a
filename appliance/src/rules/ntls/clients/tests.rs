use serde_json::{Value, json};

use crate::rules::ntls::certificates::tests::pem;
use crate::rules::ntls::clients::*;
use crate::state::partitions::PartitionRow;
use crate::test_machine::{Answer, TestMachine};

const NTLS: &str = "/api/lunasa/ntls/clients";

fn names(bench: &mut TestMachine) -> Vec<String> {
    let clients = bench.call(&CLIENTS, &[], &Nothing {}).clients;
    clients.into_iter().map(|client| client.client_id).collect()
}

fn add(bench: &mut TestMachine, name: &str, address: &str) -> Answer {
    let key = if address.parse::<IpAddr>().is_ok() { "ip" } else { "hostname" };
    bench.post(NTLS, json!({"clientName": name, key: address}))
}

#[test]
fn a_client_is_registered_shown_and_removed_in_the_form_of_the_reference() {
    let mut bench = TestMachine::new();
    let pem = pem("1.2.3.4");
    let body = json!({"ip": "1.2.3.4", "certificate": pem, "clientName": "testClient"});
    let made = bench.post(NTLS, body);
    assert_eq!((made.status, made.json()), (200, json!({"client": "testClient"})));
    bench.restart();
    let listed = json!({"clients": [
        {"clientID": "testClient", "url": "/api/lunasa/ntls/clients/testClient"},
    ]});
    assert_eq!(bench.get(NTLS).json(), listed);
    let shown = json!({
        "actions": "/api/lunasa/ntls/clients/testClient/actions",
        "clientID": "testClient", "hostname": "", "htlRequired": false, "ip": "1.2.3.4",
        "links": "/api/lunasa/ntls/clients/testClient/links", "ottExpiry": 0,
    });
    assert_eq!(bench.get(&format!("{NTLS}/testClient")).json(), shown);
    assert_eq!(bench.delete(&format!("{NTLS}/testClient")).status, 204);
    assert_eq!(bench.get(&format!("{NTLS}/testClient")).error(), (404, "NTLS_NO_CLIENT"));
    assert_eq!(bench.delete(&format!("{NTLS}/testClient")).error(), (404, "NTLS_NO_CLIENT"));
}

#[test]
fn clients_are_listed_as_they_were_registered() {
    let mut bench = TestMachine::new();
    for name in ["zeta", "alpha", "mid"] {
        assert_eq!(add(&mut bench, name, &format!("{name}.example.com")).status, 200);
    }
    assert_eq!(bench.delete(&format!("{NTLS}/alpha")).status, 204);
    add(&mut bench, "alpha", "alpha.example.com");
    assert_eq!(names(&mut bench), ["zeta", "mid", "alpha"]);
}

#[test]
fn names_and_addresses_follow_their_patterns() {
    let mut bench = TestMachine::new();
    let longest = "n".repeat(128);
    for name in ["a", "a_b.c:d-e", "Server", &longest] {
        assert_eq!(add(&mut bench, name, &format!("{}.x", name.len())).status, 200, "{name}");
    }
    let host = "h".repeat(61);
    let too_long = "n".repeat(129);
    for (name, more) in [
        ("server", json!({"ip": "10.0.0.9"})),
        ("", json!({"ip": "10.0.0.9"})),
        ("with blank", json!({"ip": "10.0.0.9"})),
        ("a/b", json!({"ip": "10.0.0.9"})),
        (&too_long, json!({"ip": "10.0.0.9"})),
        ("ok", json!({"ip": "10.0.0.300"})),
        ("ok", json!({"ip": "10.0.0.9", "hostname": "host"})),
        ("ok", json!({})),
        ("ok", json!({"hostname": "ho st"})),
        ("ok", json!({"hostname": ""})),
        ("ok", json!({"hostname": host})),
        ("ok", json!({"ip": "10.0.0.9", "certificate": "short"})),
        ("ok", json!({"ip": "10.0.0.9", "certificate": "x".repeat(8193)})),
    ] {
        let mut body = more;
        body["clientName"] = json!(name);
        assert_eq!(
            bench.post(NTLS, body.clone()).error(),
            (400, "FRAMEWORK_BAD_REQUEST"),
            "{body}"
        );
    }
    assert_eq!(names(&mut bench).len(), 4);
}

#[test]
fn a_name_or_an_address_is_registered_once() {
    let mut bench = TestMachine::new();
    add(&mut bench, "one", "10.0.0.1");
    add(&mut bench, "two", "two.example.com");
    add(&mut bench, "six", "fe80::1");
    assert_eq!(add(&mut bench, "one", "10.0.0.2").error(), (400, NAME_TAKEN));
    let taken = add(&mut bench, "other", "10.0.0.1");
    assert_eq!(taken.error(), (400, ADDRESS_TAKEN));
    assert_eq!(
        taken.json()["details"],
        "client with the same IP address has already been registered: one"
    );
    assert_eq!(add(&mut bench, "other", "TWO.example.com").error(), (400, ADDRESS_TAKEN));
    assert_eq!(add(&mut bench, "other", "FE80:0::0001").error(), (400, ADDRESS_TAKEN));
    // Letter case tells names apart.
    assert_eq!(add(&mut bench, "One", "10.0.0.2").status, 200);
}

fn fingerprint(bench: &mut TestMachine, name: &str) -> Value {
    bench.get(&CLIENT_CERTIFICATE.path(&[name])).json()["fingerprint"].clone()
}

#[test]
fn a_certificate_comes_in_the_body_from_a_file_or_later() {
    let mut bench = TestMachine::new();
    let (one, two) = (pem("app.example.com"), pem("later"));
    bench.upload("/users/admin/files", "app.example.com.pem", one.as_bytes());
    add(&mut bench, "app", "app.example.com");
    let shown = bench.call(&CLIENT_CERTIFICATE, &["app"], &Nothing {});
    assert_eq!(shown.subject, "CN=app.example.com");
    assert_eq!(
        (&*shown.not_before, &*shown.not_after),
        ("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
    );
    assert_eq!(Certificate::read(one.as_bytes()).unwrap().fingerprint, shown.fingerprint);

    add(&mut bench, "late", "10.0.0.1");
    let path = CLIENT_CERTIFICATE.path(&["late"]);
    assert_eq!(bench.get(&path).error(), (404, NO_CERTIFICATE));
    let client = format!("{NTLS}/late");
    assert_eq!(bench.put(&client, json!({"certificate": two})).status, 204);
    let second = fingerprint(&mut bench, "late");
    assert_eq!(bench.put(&client, json!({"file": "app.example.com.pem"})).status, 204);
    assert_eq!(fingerprint(&mut bench, "late"), shown.fingerprint);
    assert_eq!(bench.put_text(&client, &two).status, 204);
    assert_eq!(fingerprint(&mut bench, "late"), second);
    bench.restart();
    assert_eq!(fingerprint(&mut bench, "late"), second);
}

#[test]
fn a_bad_certificate_changes_nothing() {
    let mut bench = TestMachine::new();
    let body = json!({"ip": "10.0.0.1", "clientName": "app", "certificate": "no certificate"});
    assert_eq!(bench.post(NTLS, body).error(), (400, "NTLS_INVALID_CERTIFICATE"));
    bench.upload("/users/admin/files", "10.0.0.1.pem", b"garbage");
    assert_eq!(add(&mut bench, "app", "10.0.0.1").error(), (400, "NTLS_INVALID_CERTIFICATE"));
    assert!(names(&mut bench).is_empty());

    bench.upload("/users/admin/files", "10.0.0.1.pem", pem("app").as_bytes());
    add(&mut bench, "app", "10.0.0.1");
    let before = fingerprint(&mut bench, "app");
    let client = format!("{NTLS}/app");
    for (body, error) in [
        (json!({}), (400, "FRAMEWORK_BAD_REQUEST")),
        (json!({"file": "a.pem", "certificate": "x"}), (400, "FRAMEWORK_BAD_REQUEST")),
        (json!({"file": "none.pem"}), (404, "SERVERPLUGIN_FILEID_DOES_NOT_EXIST")),
        (json!({"file": "../x.pem"}), (400, "NTLS_FILENAME_NOT_VALID")),
        (json!({"file": "x.txt"}), (400, "NTLS_FILENAME_NOT_VALID")),
        (json!({"certificate": "garbage!"}), (400, "NTLS_INVALID_CERTIFICATE")),
    ] {
        assert_eq!(bench.put(&client, body.clone()).error(), error, "{body}");
    }
    // Ten years later the certificate has expired.
    bench.advance(10 * 366 * 86_400);
    bench.local_login();
    let late = bench.put(&client, json!({"file": "10.0.0.1.pem"}));
    assert_eq!(late.error(), (400, "APPLIANCE_EXPIRED_CERT"));
    assert_eq!(fingerprint(&mut bench, "app"), before);
    assert_eq!(bench.put(&format!("{NTLS}/none"), json!({})).error(), (404, "NTLS_NO_CLIENT"));
}

#[test]
fn a_users_files_are_his_own() {
    let mut bench = TestMachine::new();
    bench.upload("/users/admin/files", "10.0.0.1.pem", b"garbage");
    bench.user("olga", "Wolf1234", "operator");
    bench.login("olga", "Wolf1234");
    assert_eq!(add(&mut bench, "app", "10.0.0.1").status, 200);
}

/// Puts a partition on this HSM and returns its path.
fn partition(bench: &mut TestMachine, id: &str) -> String {
    bench.machine.state.partitions.partitions.insert(id, PartitionRow::default());
    bench.store();
    let hsm = bench.machine.state.hsm.hsm.get().serial.to_string();
    partitions::SHOW.path(&[&hsm, id])
}

fn link_ids(bench: &mut TestMachine, name: &str) -> Vec<String> {
    bench.call(&LINKS, &[name], &Nothing {}).links.into_iter().map(|link| link.id).collect()
}

#[test]
fn partitions_are_assigned_and_revoked() {
    let mut bench = TestMachine::new();
    add(&mut bench, "app", "10.0.0.1");
    let links = format!("{NTLS}/app/links");
    let (first, second) = (partition(&mut bench, "2000"), partition(&mut bench, "1000"));
    let made = bench.post(&links, json!({"url": first}));
    assert_eq!(made.created(), format!("{links}/2000"));
    assert_eq!(bench.post(&links, json!({"url": second})).status, 204);
    bench.restart();
    assert_eq!(link_ids(&mut bench, "app"), ["2000", "1000"]);
    let shown = json!({"type": "hsm/partition", "url": first});
    assert_eq!(bench.get(&format!("{links}/2000")).json(), shown);

    let again = bench.post(&links, json!({"url": first}));
    assert_eq!(again.error(), (400, LINK_EXISTS));
    assert_eq!(again.json()["details"], "client already has access");
    assert_eq!(bench.delete(&format!("{links}/2000")).status, 204);
    assert_eq!(bench.delete(&format!("{links}/2000")).error(), (404, NO_LINK));
    assert_eq!(bench.get(&format!("{links}/2000")).error(), (404, NO_LINK));
    assert_eq!(link_ids(&mut bench, "app"), ["1000"]);
}

#[test]
fn only_what_is_there_is_assigned() {
    let mut bench = TestMachine::new();
    add(&mut bench, "app", "10.0.0.1");
    let links = format!("{NTLS}/app/links");
    let url = partition(&mut bench, "1000");
    for none in ["/api/lunasa/hsms/1/partitions/1000", &url.replace("/1000", "/1001")] {
        let answer = bench.post(&links, json!({"url": none}));
        assert_eq!(answer.error(), (404, "HSMPLUGIN_INVALID_PARTITION"), "{none}");
    }
    for url in ["", "1000", "/api/lunasa/hsms/1/partitions", "/x/lunasa/hsms/1/partitions/2"] {
        let answer = bench.post(&links, json!({"url": url}));
        assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"), "{url}");
    }
    let answer = bench.post(&format!("{NTLS}/none/links"), json!({"url": url}));
    assert_eq!(answer.error(), (404, "NTLS_NO_CLIENT"));
    assert_eq!(bench.get(&format!("{NTLS}/none/links")).error(), (404, "NTLS_NO_CLIENT"));
}

#[test]
fn a_deleted_partition_is_taken_from_every_client() {
    let mut bench = TestMachine::new();
    let url = partition(&mut bench, "1000");
    for (name, address) in [("one", "10.0.0.1"), ("two", "10.0.0.2")] {
        add(&mut bench, name, address);
        bench.post(&format!("{NTLS}/{name}/links"), json!({"url": url})).created();
    }
    for session in bench.machine.sessions.iter_mut() {
        session.hsm_logins.insert("so".into());
    }
    assert_eq!(bench.delete(&url).status, 204);
    assert!(link_ids(&mut bench, "one").is_empty() && link_ids(&mut bench, "two").is_empty());
}

#[test]
fn changes_need_the_so_when_that_is_forced() {
    let mut bench = TestMachine::new();
    add(&mut bench, "app", "10.0.0.1");
    let url = partition(&mut bench, "1000");
    let client = format!("{NTLS}/app");
    bench.post(&format!("{client}/links"), json!({"url": url})).created();
    bench.machine.state.lunasa.settings.get_mut().force_so_login = true;
    bench.machine.keep();
    let refused = (400, "APPLIANCE_REQUIRE_SO_LOGIN");
    assert_eq!(add(&mut bench, "other", "10.0.0.2").error(), refused);
    assert_eq!(bench.delete(&client).error(), refused);
    assert_eq!(bench.put(&client, json!({"certificate": pem("x")})).error(), refused);
    assert_eq!(bench.post(&format!("{client}/links"), json!({"url": url})).error(), refused);
    assert_eq!(bench.delete(&format!("{client}/links/1000")).error(), refused);
    assert_eq!(link_ids(&mut bench, "app"), ["1000"]);
}

#[test]
fn a_monitor_looks_and_never_touches() {
    let mut bench = TestMachine::new();
    bench.user("mona", "Wolf1234", "monitor");
    bench.login("mona", "Wolf1234");
    assert_eq!(bench.get(NTLS).status, 200);
    assert_eq!(add(&mut bench, "app", "10.0.0.1").error(), (401, "FRAMEWORK_NO_ACL_RULE"));
}

#[test]
fn a_client_has_at_most_one_filter_of_names() {
    let mut bench = TestMachine::new();
    add(&mut bench, "app", "10.0.0.1");
    let path = format!("{NTLS}/app/dn");
    let none = (404, "NTLS_CLIENT_NO_DN_FILTER_CONFIGURED");
    assert_eq!(bench.delete(&path).error(), none);
    let dn = "C=CA/ST=Ontario/L=Ottawa/O=My company/DC=thales/DC=com";
    assert_eq!(bench.put(&path, json!({"dn": dn})).status, 204);
    for dn in ["", "CN", "CN=", "=x", "CN= x", "CN=a//CN=b", "C1=x", "CN=a,b"] {
        let answer = bench.put(&path, json!({"dn": dn}));
        assert_eq!(answer.error(), (422, "NTLS_CLIENT_INVALID_DISTINGUISHED_NAME"), "{dn}");
    }
    assert_eq!(bench.delete(&path).status, 204);
    assert_eq!(bench.delete(&path).error(), none);
    assert_eq!(bench.delete(&format!("{NTLS}/none/dn")).error(), (404, "NTLS_NO_CLIENT"));
}

#[test]
fn a_host_name_gets_an_address_until_its_client_goes() {
    let mut bench = TestMachine::new();
    add(&mut bench, "app", "app.example.com");
    add(&mut bench, "other", "10.0.0.1");
    let map = |bench: &mut TestMachine, name: &str, ip: &str| {
        bench.put(&MAP_HOST.path(&[name]), json!({"ip": ip}))
    };
    assert_eq!(map(&mut bench, "app", "10.0.0.7").status, 204);
    assert_eq!(map(&mut bench, "app", "fe80::7").status, 204);
    assert_eq!(map(&mut bench, "app", "10").error(), (400, "FRAMEWORK_BAD_REQUEST"));
    assert_eq!(map(&mut bench, "other", "10.0.0.7").error(), (400, NO_HOSTNAME));
    assert_eq!(map(&mut bench, "none", "10.0.0.7").error(), (404, "NTLS_NO_CLIENT"));
    let listed = bench.get(HOST_ADDRESSES.template()).json();
    let entry = json!({"clientID": "app", "hostname": "app.example.com", "ip": "fe80::7"});
    assert_eq!(listed, json!({"hostAddresses": [entry]}));
    assert_eq!(bench.delete(&UNMAP_HOST.path(&["app"])).status, 204);
    assert_eq!(bench.delete(&UNMAP_HOST.path(&["app"])).error(), (404, NO_HOST_ADDRESS));
    map(&mut bench, "app", "10.0.0.7");
    bench.delete(&format!("{NTLS}/app"));
    assert_eq!(bench.get(HOST_ADDRESSES.template()).json(), json!({"hostAddresses": []}));
}

#[test]
fn a_certificate_that_an_authority_has_signed_needs_that_authority() {
    let mut bench = TestMachine::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let named = |name: &str| {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params
    };
    let mut params = named("Clients-CA");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = rcgen::Issuer::new(params, key);
    let own = rcgen::KeyPair::generate().unwrap();
    let signed = named("app1").signed_by(&own, &issuer).unwrap().pem();
    let client = json!({"clientName": "app1", "hostname": "app1", "certificate": signed});
    assert_eq!(bench.post(NTLS, client.clone()).error(), (400, NO_AUTHORITY));
    let path = ADD_AUTHORITY.template();
    let no_authority = bench.post(path, json!({"certificate": signed}));
    assert_eq!(no_authority.error(), (400, "NTLS_INVALID_CERTIFICATE"));
    assert_eq!(bench.post(path, json!({"certificate": authority})).status, 204);
    let second = bench.post(path, json!({"certificate": authority}));
    assert_eq!(second.error(), (400, AUTHORITY_EXISTS));
    bench.restart();
    assert_eq!(bench.post(NTLS, client).status, 200);
}
