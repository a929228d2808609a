//! Servers of a client that are not as usual, and what support asks for.

use luna_rest::ntls::{CertificateFile, INSTALL};

use crate::client::{Client, address};
use crate::door::Door;
use crate::network::Network;

/// An authority in the folder of a client: its certificate is `ca.pem`.
fn make_authority(client: &Client) {
    client.good(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=authority -days 30 \
         -keyout ca.key -out ca.pem",
    );
}

/// Has the authority sign a request.
fn sign(client: &Client, request: &str, certificate: &str) {
    client.write("extensions", "basicConstraints = CA:FALSE\n");
    client.good(&format!(
        "openssl x509 -req -in {request} -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile extensions \
         -out {certificate}"
    ));
}

#[test]
fn a_server_may_have_another_port_than_that_of_the_product() {
    let network = Network::claim().unwrap();
    let appliance = Door::with_clients(address(&network, 1), 0);
    let port = appliance.ntls.unwrap().port();
    assert_ne!(port, 1792);
    let client = Client::new();
    client.certify();
    client.prepare(&appliance, "par");
    client.link(&appliance, &format!("-port {port}"));
    assert_eq!(client.serials().len(), 1);
    client.initialize(1);
    assert!(client.good("vtl listSlots").contains("Net Token Slot       par0"));
}

#[test]
fn an_authority_may_vouch_for_both_ends_of_a_link() {
    let network = Network::claim().unwrap();
    let appliance = Door::with_clients(address(&network, 1), 1792);
    let client = Client::new();
    make_authority(&client);
    // The client's end: certificate and key come from elsewhere than 'vtl createCert'.
    client.good("openssl req -newkey rsa:2048 -nodes -subj /CN=app -keyout app.key -out app.csr");
    client.good("openssl rsa -traditional -in app.key -out appKey.pem");
    sign(&client, "app.csr", "app.pem");
    let folder = client.path().display();
    client.write(
        "Chrystoki.conf",
        &format!(
            "LunaSA Client = {{\n   ClientCertFile = {folder}/app.pem;\n   ClientPrivKeyFile = \
             {folder}/appKey.pem;\n}}\n"
        ),
    );
    client.file(&appliance, "put ca.pem");
    client.lunash(&appliance, &["client addCA -filename ca.pem"]);
    client.prepare(&appliance, "par");
    // The appliance's end.
    client.lunash(&appliance, &["sysconf regenCert -csr -force"]);
    client.file(&appliance, "get serverCSR.pem");
    sign(&client, "serverCSR.pem", "signed.pem");
    client.file(&appliance, "put signed.pem");
    let file = "signed.pem".to_owned();
    appliance.client().call(&INSTALL, &[], &CertificateFile { file }).unwrap();
    client.lunash(&appliance, &["service restart ntls"]);
    // The authority is all that the client trusts.
    client.good(&format!("vtl addServer -n {} -c ca.pem", appliance.address));
    assert_eq!(client.serials().len(), 1);
    client.initialize(1);
}

#[test]
fn an_appliance_that_the_shells_start_tells_a_client_why_it_takes_none() {
    let client = Client::new();
    client.certify();
    client.good("lunash --quiet get server.pem");
    // Nobody has that port.
    client.good("vtl addServer -n 127.0.0.1 -c server.pem -port 1");
    let refused = client.run("vtl", &["verify"], "");
    assert_eq!(refused.status, 3, "{refused:?}");
    let why = "connection refused: an appliance that the shells have started takes no clients, one of \
               'luna-appliance serve' does";
    assert!(refused.err.contains(&format!("note: server 127.0.0.1: {why}")), "{refused:?}");
}

#[test]
fn support_gets_what_it_asks_for_and_no_secret() {
    let network = Network::claim().unwrap();
    let client = Client::new();
    client.write(
        "Chrystoki.conf",
        "Misc = {\n   ToolsDir = /usr/safenet/lunaclient/bin/;\n}\nREST = {\n   AuthTokenClientSecret = \
         S3cr3t;\n}\n",
    );
    let folder = client.path().to_str().unwrap().to_owned();
    let appliance = Door::with_clients(address(&network, 1), 0);
    let (port, address) = (appliance.ntls.unwrap().port(), appliance.address);
    let vtl = format!("vtl --install-dir {folder}");
    client.good(&format!("{vtl} createCert -n app"));
    client.file(&appliance, "get server.pem");
    client.good(&format!("{vtl} addServer -n {address} -c server.pem -port {port}"));
    let said = client.good(&format!("{vtl} supportInfo"));
    assert!(said.contains("\nFile \"c_supportInfo.txt\" created.\n"), "{said}");
    let text = client.read("c_supportInfo.txt");
    let print = client.good(&format!("{vtl} fingerprint"));
    let print = print.split_whitespace().last().unwrap();
    for part in [
        "   AuthTokenClientSecret = ***;\n",
        &format!("\nServers:\n{address} port {port}\n"),
        &format!("{folder}/cert/client/app.pem"),
        &format!("{folder}/cert/client/appKey.pem\n"),
        &format!("{folder}/cert/server/{address}Cert.pem  SHA256:"),
        print,
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for secret in ["S3cr3t", "PRIVATE KEY"] {
        assert!(!text.contains(secret), "{text}");
    }
}
