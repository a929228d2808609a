//! Lines as operators really typed them, and the command each means.
//!
//! They come from the sessions in `transcripts/recorded` and from what people write about their
//! work. Lines that mean nothing here are told where they would.

use luna_grammar::{Grammar, Outcome};
use luna_shell::{Options, Secrets, Status};
use luna_tests::{Seat, Stage};

/// Typed in LunaSH: the line, and the command's path.
const LUNASH: &[(&str, &str)] = &[
    ("c a -c app -p app1", "client assignPartition"),
    ("c reg -c app -h app-cert", "client register"),
    (
        "client assign -client vciphertrust-i.daenerys.home -partition sp_sehsm4",
        "client assignPartition",
    ),
    (
        "client assignpartition -client cloudflare-vm.softlayer.com -partition KeylessSSL",
        "client assignPartition",
    ),
    ("client delete -c app", "client delete"),
    ("client fingerprint -c client1", "client fingerprint"),
    ("client list", "client list"),
    ("client register -c NS-IBMADC690867-s6dr -ip 10.121.229.224", "client register"),
    (
        "client register -client vciphertrust-i.daenerys.home -hostname vciphertrust-i.daenerys.home",
        "client register",
    ),
    ("client revokePartition -c app -p app1", "client revokePartition"),
    ("client show -c client1", "client show"),
    ("client show -client vciphertrust-i.daenerys.home", "client show"),
    ("cluster member authorize -p clusterpar", "cluster member authorize"),
    ("hsm changePw", "hsm changePw"),
    ("hsm changepolicy -policy 12 -value 0", "hsm changePolicy"),
    ("hsm fm load -fmFile caesar.fm -certFile thales.cer", "hsm fm load"),
    ("hsm fm status", "hsm fm status"),
    ("hsm init -l jpmonge", "hsm init"),
    ("hsm login", "hsm login"),
    ("hsm ped connect -ip 192.20.11.67 -port 1503", "hsm ped connect"),
    ("hsm ped timeout set -type pedk -seconds 30", "hsm ped timeout set"),
    ("hsm restart", "hsm restart"),
    ("hsm show", "hsm show"),
    ("hsm showP", "hsm showPolicies"),
    ("hsm showPolicies", "hsm showPolicies"),
    ("hsm showpolicies", "hsm showPolicies"),
    ("hsm stc enable", "hsm stc enable"),
    ("hsm stm transport", "hsm stm transport"),
    ("network hostname hsm-2-1-2-6", "network hostname"),
    ("network route show", "network route show"),
    ("ntls bind eth0", "ntls bind"),
    ("ntls ipcheck disable", "ntls ipcheck disable"),
    ("ntls ipcheck show", "ntls ipcheck show"),
    ("ntls tcp_keepalive set -idle 200 -interval 150 -probes 15", "ntls tcp_keepalive set"),
    ("package list", "package list"),
    ("package update lunasa_update-7.1.0.spkg -authcode 5/Rd79MAGd/G9EY5", "package update"),
    ("par cr -par app1", "partition create"),
    ("par list", "partition list"),
    ("par showContents -partition sp_sehsm3", "partition showContents"),
    ("partition create -partition KeylessSSL", "partition create"),
    ("partition list", "partition list"),
    ("partition sh -p example", "partition show"),
    ("partition show -p partition6", "partition show"),
    ("partition stcidentity export -partition app_par1", "partition stcIdentity export"),
    ("service status syslog", "service status"),
    ("status interface", "status interface"),
    ("sysc ssh pu a -f key.pub", "sysconf ssh publickey add"),
    ("sysc ssh pu e", "sysconf ssh publickey enable"),
    ("sysconf -ssh publickey add root@host -f id_rsa.pub", "sysconf ssh publickey add"),
    ("sysconf -ssh publickey list", "sysconf ssh publickey list"),
    ("sysconf -ssh show", "sysconf ssh show"),
    ("sysconf - ssh publickey list", "sysconf ssh publickey list"),
    ("sysconf appliance reboot -force", "sysconf appliance reboot"),
    ("sysconf ntp li", "sysconf ntp listservers"),
    ("sysconf ntp addserver 12.3.4.5", "sysconf ntp addserver"),
    ("sysconf ntp status", "sysconf ntp status"),
    ("sysconf re", "sysconf regenCert"),
    ("sysconf ssh client add -userId Alice -h 10.124.79.145", "sysconf ssh client add"),
    ("sysconf ssh client list", "sysconf ssh client list"),
    ("user add -username james", "user add"),
    ("user disable -username monitor", "user disable"),
    ("user enable -userName audit", "user enable"),
    ("user list", "user list"),
    ("user role add -username james -role admin", "user role add"),
    ("user role import -file rolefile1 -role indigo", "user role import"),
    // Dashes as a word processor or a web page leaves them.
    ("client register –client app –hostname app", "client register"),
    ("c a —c app —p app1", "client assignPartition"),
];

/// Typed in LunaCM.
const LUNACM: &[(&str, &str)] = &[
    ("exit", "exit"),
    ("par changepo -p 22 -v 1", "partition changepolicy"),
    ("par con", "partition contents"),
    ("par showpolicies", "partition showpolicies"),
    ("partition changepolicy -p 22 -v 1", "partition changepolicy"),
    ("partition changepolicy -policy 33,37 -value 0,1", "partition changepolicy"),
    ("partition init -label KeylessSSL -domain cloudflare", "partition init"),
    ("role changePW -name Administrator -prompt", "role changepw"),
    ("role changepw -name co -oldpw PASSWORD -newpw userpin", "role changepw"),
    ("role createchallenge -name co", "role createchallenge"),
    ("role init -name co", "role init"),
    ("role logi -n partition so", "role login"),
    ("role login -name SO", "role login"),
    ("role resetpw -name co", "role resetpw"),
    ("slot list", "slot list"),
];

#[test]
fn lines_that_people_typed_are_understood() {
    let mut faults = Vec::new();
    faults.extend(misread("lunash", &lunash::catalogue().grammar, LUNASH));
    faults.extend(misread("lunacm", &lunacm::catalogue().grammar, LUNACM));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn misread(shell: &str, grammar: &Grammar, lines: &[(&str, &str)]) -> Vec<String> {
    let fault = |(line, path): &(&str, &str)| match grammar.resolve(line) {
        Outcome::Match(found) if found.path() == *path => None,
        Outcome::Match(found) => {
            Some(format!("{shell}: '{line}' means '{path}', not '{}'", found.path()))
        }
        other => Some(format!("{shell}: '{line}' means '{path}': {other:?}")),
    };
    lines.iter().filter_map(fault).collect()
}

/// Every line of the recorded sessions, whatever table it is forgotten in.
#[test]
fn recorded_lines_are_understood() {
    let (lunash, lunacm) = (lunash::catalogue(), lunacm::catalogue());
    let mut faults = Vec::new();
    for (recording, shell, line) in luna_tests::recorded_lines().unwrap() {
        let grammar = if shell == "lunacm" { &lunacm.grammar } else { &lunash.grammar };
        match grammar.resolve(&line) {
            Outcome::Match(_) => {}
            other => faults.push(format!("{recording}: {shell}: '{line}': {other:?}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What a shell says to a line.
fn said(shell: &str, line: &str) -> (String, Status) {
    let stage = Stage::new().unwrap();
    let seat = Seat::new([line.to_owned()], true);
    let secrets = Secrets::only([]);
    let status = match shell {
        "lunash" => stage.lunash(&seat, Options::default(), secrets),
        _ => stage.lunacm(&seat, Options::default(), secrets, None),
    };
    let status = status.unwrap();
    (seat.take_screen(), status)
}

#[test]
fn a_line_of_the_other_shell_is_told_so() {
    for (shell, line, told) in [
        ("lunacm", "partition create", "'partition create' is a command of lunash"),
        ("lunacm", "par cr -par app1", "'partition create' is a command of lunash"),
        ("lunash", "role login -name co", "'role login' is a command of lunacm"),
        ("lunash", "slot list", "'slot list' is a command of lunacm"),
        ("lunacm", "partition login", "role login"),
    ] {
        let (screen, status) = said(shell, line);
        assert!(screen.contains(told), "{shell}: {line}:\n{screen}");
        assert_eq!(status, Status::NotUnderstood, "{shell}: {line}");
    }
}

#[test]
fn a_dash_of_a_word_processor_is_taken_and_told_of() {
    let (screen, _) = said("lunash", "client show –client nobody");
    assert!(screen.contains("'client show' failed."), "{screen}");
    assert!(screen.contains('–'), "the remark names the character:\n{screen}");
}
