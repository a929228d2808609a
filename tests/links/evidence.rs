//! Evidence with a signature that a client makes over its link, as its applications do.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::client::{Client, address};
use crate::door::Door;
use crate::network::Network;

#[test]
fn a_signature_is_made_over_the_link_and_verifies_with_openssl() {
    let network = Network::claim().unwrap();
    let appliance = Door::with_clients(address(&network, 1), 1792);
    let client = Client::new();
    client.certify();
    client.prepare(&appliance, "par");
    client.link(&appliance, "");
    client.initialize(1);
    client.good("cmu --quiet gen -curvetype=3 -sign=1 -verify=1 -label=signer");
    client.good("cmu --quiet gen -curvetype=3 -sign=1 -verify=0 -label=unprovable");

    let data = appliance.data().display().to_string();
    let evidence = |key: &str| {
        let line =
            format!("--data {data} --output json --quiet evidence --client app --sign {key}");
        client.run("lunash", &line.split_whitespace().collect::<Vec<_>>(), "")
    };
    let json: Value = serde_json::from_str(&evidence("signer").good()).unwrap();
    let signing = &json["view"]["evidence"]["signing"];
    assert_eq!((&signing["over"], &signing["key"]), (&"NTLS".into(), &"signer".into()), "{json}");
    let text = |field: &str| signing[field].as_str().unwrap();
    assert!(text("data").starts_with("Evidence of client app, read at "), "{json}");
    client.write("text", text("data"));
    client.write("key.pem", text("public_key"));
    let signature = BASE64_STANDARD.decode(text("signature")).unwrap();
    std::fs::write(client.path().join("signature"), signature).unwrap();
    client.good("openssl dgst -sha256 -verify key.pem -signature signature text");

    // Nothing is shown as proved that is not.
    for (key, why) in [("nothing", "There is no such private key"), ("unprovable", "No public key")]
    {
        let ran = evidence(key);
        assert_eq!(ran.status, 1, "{ran:?}");
        assert!(ran.out.contains(why), "{ran:?}");
    }
}
