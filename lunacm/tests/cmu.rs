//! What `cmu` makes of keys in a slot, as openssl sees it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

mod common;

/// An emulated appliance of the test's own with a partition, and a folder for files.
struct Slot {
    folder: tempfile::TempDir,
}

impl Drop for Slot {
    fn drop(&mut self) {
        luna_appliance::Appliance::stop(&self.path("data")).unwrap();
    }
}

const SECRETS: [(&str, &str); 3] = [
    ("LUNA_DOMAIN", "domain-1"),
    ("LUNA_PO_PASSWORD", "po-Passw0rd"),
    ("LUNA_CO_PASSWORD", "co-Passw0rd"),
];

impl Slot {
    fn new() -> Slot {
        let slot = Slot { folder: tempfile::tempdir().unwrap() };
        // The first program starts the appliance.
        slot.lunacm(&["slot list"]);
        common::make_partition(&common::client(&slot.path("data")), "p");
        slot.lunacm(&[
            "partition init -label p",
            "role login -name po",
            "role init -name co -password co-first-pw",
            "role logout",
            "role login -name co -password co-first-pw",
            "role changepw -name co -oldpw co-first-pw -newpw co-Passw0rd",
        ]);
        slot
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("LUNA_DATA", self.path("data"))
            .env("ChrystokiConfigurationPath", self.folder.path())
            .envs(SECRETS)
            .stdin(Stdio::null());
        command
    }

    fn lunacm(&self, lines: &[&str]) {
        let mut command = self.program(env!("CARGO_BIN_EXE_lunacm"));
        command.args(["--quiet", "--yes", "--fail-fast"]);
        command.args(lines.iter().flat_map(|line| ["-c", line]));
        done(command);
    }

    /// Runs a function: what it wrote.
    fn cmu(&self, words: &[&str]) -> String {
        let mut command = self.program(env!("CARGO_BIN_EXE_cmu"));
        command.arg("--quiet").args(words);
        done(command)
    }

    fn openssl(&self, words: &[&str]) -> String {
        let mut command = Command::new("openssl");
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        done(command)
    }
}

/// Runs a command that has to succeed: what it wrote, errors behind the rest.
fn done(mut command: Command) -> String {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

#[test]
fn openssl_believes_what_keys_of_a_slot_sign() {
    let slot = Slot::new();
    std::fs::write(slot.path("text"), "to be signed").unwrap();
    let rsa = ["gen", "-keyType=RSA", "-modulusBits=2048", "-keygenmech=1"];
    let uses = ["-sign=1", "-verify=1", "-id=a0", "-label=rsa"];
    slot.cmu(&[&rsa[..], &uses[..]].concat());
    for (curve, label) in [("3", "p256"), ("4", "p384"), ("5", "p521"), ("secp256k1", "k256")] {
        let curve = format!("-curvetype={curve}");
        let label = format!("-label={label}");
        slot.cmu(&["gen", &curve, &label, "-sign=T", "-verify=T", "-id=a1"]);
    }
    slot.cmu(&["gen", "-keyType=ED25519", "-label=ed", "-sign=1", "-verify=1"]);
    for label in ["rsa", "p256", "p384", "p521", "k256", "ed"] {
        let (public, request) = (format!("{label}.pub"), format!("{label}.csr"));
        slot.cmu(&["export", "-key", "-label", label, "-outputFile", &public]);
        slot.cmu(&["sign", "-label", label, "-inputFile=text", "-outputFile=text.sig"]);
        match label {
            // Ed25519 signs the text itself, not its digest.
            "ed" => slot.openssl(&[
                "pkeyutl", "-verify", "-pubin", "-inkey", &public, "-rawin", "-in", "text",
                "-sigfile", "text.sig",
            ]),
            _ => slot.openssl(&[
                "dgst",
                "-sha256",
                "-verify",
                &public,
                "-signature",
                "text.sig",
                "text",
            ]),
        };
        slot.cmu(&["verify", "-label", label, "-inputFile=text", "-signature=text.sig"]);
        let list = slot.cmu(&["--output", "json", "list", "-label", label]);
        let handle = |class: &str| {
            let json: serde_json::Value =
                serde_json::from_str(list.lines().next().unwrap()).unwrap();
            let objects = json["view"]["objects"].as_array().unwrap().clone();
            let found = objects.iter().find(|object| object["class"] == class).unwrap();
            found["handle"].to_string()
        };
        let (private, public) = (handle("privateKey"), handle("publicKey"));
        let mut words =
            vec!["requestcertificate", "-privatehandle", &private, "-publichandle", &public];
        words.extend(["-C=US", "-O=Example, Inc.", "-CN=app.example.com", "-outputFile", &request]);
        if label == "rsa" {
            words.push("-sha256withrsa");
        }
        slot.cmu(&words);
        let told = slot.openssl(&["req", "-verify", "-noout", "-subject", "-in", &request]);
        assert!(told.contains("OK") && told.contains("CN = app.example.com"), "{label}: {told}");
    }
}

#[test]
fn openssl_reads_certificates_and_confirmations() {
    let slot = Slot::new();
    slot.cmu(&["gen", "-curvetype=3", "-label=ca", "-sign=1", "-verify=1", "-id=a0"]);
    let days = ["-startDate=20250101", "-endDate=20991231"];
    let own =
        ["selfsign", "-CN=ca", "-serialNumber=1", "-keyusage=keycertsign,crlsign", "-private=F"];
    slot.cmu(&[&own[..], &days[..], &["-publichandle=1", "-privatehandle=2"]].concat());
    slot.cmu(&["export", "-label=ca", "-outputFile=ca.pem"]);
    slot.openssl(&[
        "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=app", "-keyout", "app.key", "-out",
        "app.csr",
    ]);
    let certify = ["certify", "-parentlabel=ca", "-inputFile=app.csr", "-outputFile=app.pem"];
    slot.cmu(&[&certify[..], &days[..], &["-keyusage=digitalsignature"]].concat());
    slot.openssl(&["verify", "-no-CApath", "-partial_chain", "-trusted", "ca.pem", "app.pem"]);
    let text = slot.openssl(&["x509", "-in", "ca.pem", "-noout", "-text"]);
    assert!(text.contains("Certificate Sign, CRL Sign") && text.contains("Dec 31"), "{text}");

    // A key that openssl made is imported, and signs as before.
    std::fs::write(slot.path("text"), "to be signed").unwrap();
    slot.openssl(&["rsa", "-in", "app.key", "-traditional", "-out", "app.pkcs1"]);
    let told = slot.cmu(&["importkey", "-in", "app.pkcs1", "-keyalg", "RSA"]);
    assert!(
        told.contains("...The key was sucessfully unwrapped onto the token -> Handle("),
        "{told}"
    );
    let label = "CMU Unwrapped RSA Private Key";
    slot.cmu(&["sign", "-label", label, "-inputFile=text", "-outputFile=text.sig"]);
    slot.openssl(&["rsa", "-in", "app.key", "-pubout", "-out", "app.pub"]);
    slot.openssl(&["dgst", "-sha256", "-verify", "app.pub", "-signature", "text.sig", "text"]);

    slot.cmu(&["getpkc", "-handle=2", "-outputfile=ca.pkc", "-verify=1"]);
    let chain = slot.openssl(&["pkcs7", "-inform", "DER", "-in", "ca.pkc", "-print_certs"]);
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 3, "{chain}");
    let mut parts = chain.split_inclusive("-----END CERTIFICATE-----\n");
    for name in ["key", "hsm", "root"] {
        std::fs::write(slot.path(name), parts.next().unwrap()).unwrap();
    }
    slot.openssl(&["verify", "-no-CApath", "-CAfile", "root", "-untrusted", "hsm", "key"]);
    // What was confirmed is the key itself.
    slot.cmu(&["export", "-handle=1", "-outputFile=ca.pub"]);
    let confirmed = slot.openssl(&["x509", "-in", "key", "-noout", "-pubkey"]);
    assert_eq!(confirmed, std::fs::read_to_string(slot.path("ca.pub")).unwrap());
}
