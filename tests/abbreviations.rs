//! Lines as operators really typed them, and the command each means.
//!
//! They come from the sessions in `transcripts/recorded` and from what people write about their
//! work. A line of the other shell is answered with that shell's name.

use luna_grammar::{Grammar, Outcome};
use luna_shell::{Options, Secrets, Status};
use luna_tests::{ScriptedTerminal, TestAppliance};

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

/// The LunaSH lines of the Cluster Administration Guide, values put for its placeholders, and how
/// they might be abbreviated.
const GUIDE: &[(&str, &str)] = &[
    ("package listfile", "package listfile"),
    ("package verify lnh_cluster-1.0.4-122.spkg -authcode 5/Rd79MAGd/G9EY5", "package verify"),
    ("package update lnh_cluster-1.0.4-122.spkg -authcode 5/Rd79MAGd/G9EY5", "package update"),
    ("cluster config -service core -ipaddress 192.168.0.10", "cluster config"),
    ("cluster enable", "cluster enable"),
    ("service start cluster", "service start"),
    ("cluster status", "cluster status"),
    ("cluster config -service admin -interface eth0 -port 50075", "cluster config"),
    ("cluster config -service crypto -interface eth0 -port 50055", "cluster config"),
    ("cluster config show", "cluster config show"),
    ("cluster create -label myCluster", "cluster create"),
    ("cluster create -label myCluster -password IamtheHSMSO", "cluster create"),
    ("cluster member list -clusterid 528b9b72-c305-4dd1-bebc-a4ca24f8c28b", "cluster member list"),
    (
        "cluster member authorize -partition clusterpar -memberid ecb8f151 -copassword IamtheCO",
        "cluster member authorize",
    ),
    ("cluster list", "cluster list"),
    (
        "cluster join -clusterid 528b9b72 -clusteripaddress 192.168.0.10 -remotepassword \
         Iamtheadmin -partition clusterpar -copassword IamtheCO -force",
        "cluster join",
    ),
    ("cluster member config -memberid ecb8f151 -group newgroup", "cluster member config"),
    ("cluster group list", "cluster group list"),
    ("cluster member show -memberid ecb8f151", "cluster member show"),
    ("cluster member show", "cluster member show"),
    ("cluster member config -memberid ecb8f151 -primary", "cluster member config"),
    ("cluster backup disable", "cluster backup disable"),
    ("cluster backup enable -backuppassword backuppassword", "cluster backup enable"),
    (
        "cluster leave -memberid ecb8f151 -partition clusterpar -copassword IamtheCO",
        "cluster leave",
    ),
    ("cluster member delete -memberid ecb8f151 -copassword IamtheCO", "cluster member delete"),
    ("sysconf config factoryreset -service cluster", "sysconf config factoryReset"),
    (
        "keyring create -label myKeyring -password keyringpassword -partition clusterpar -total 10 \
         -index 100 -copassword IamtheCO",
        "keyring create",
    ),
    ("keyring list", "keyring list"),
    ("keyring show -keyringid 528b9b72", "keyring show"),
    ("keyring unlock -keyringid 528b9b72 -copassword IamtheCO", "keyring unlock"),
    ("keyring unlock -label myKeyring", "keyring unlock"),
    ("keyring delete -label myKeyring -copassword IamtheCO", "keyring delete"),
    ("keyring delete -keyringid 528b9b72", "keyring delete"),
    (
        "cluster backup run -clusterid 528b9b72 -filename myClusterBackup -backuppassword secret",
        "cluster backup run",
    ),
    (
        "cluster backup config -clusterid 528b9b72 -filename myClusterBackup -number 5 -time 0:09:30",
        "cluster backup config",
    ),
    ("cluster backup show", "cluster backup show"),
    ("my file list", "my file list"),
    ("service stop cluster", "service stop"),
    (
        "cluster restore run -filename myClusterBackup -type keyring -restorepassword secret",
        "cluster restore run",
    ),
    ("cluster restore show", "cluster restore show"),
    ("service restart cluster", "service restart"),
    ("cluster disable", "cluster disable"),
    ("hsm supportInfo", "hsm supportInfo"),
    ("package list", "package list"),
    ("cl m a -p clusterpar", "cluster member authorize"),
    ("cl co -s core -ip 192.168.0.10", "cluster config"),
    ("cl j -clusterid x -clusterip 192.168.0.10 -p clusterpar", "cluster join"),
    ("cl b r -f myClusterBackup", "cluster backup run"),
    ("cl r r -f myClusterBackup -t keyring", "cluster restore run"),
    ("key cr -l myKeyring -pas keyringpassword -par clusterpar -t 10 -i 100", "keyring create"),
    ("k unl -l myKeyring", "keyring unlock"),
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
    faults.extend(misread("lunash", &lunash::catalogue().grammar, GUIDE));
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
    let cmu = lunacm::cmu::catalogue();
    let mut faults = Vec::new();
    for (recording, shell, line) in luna_tests::recorded_lines().unwrap() {
        let grammar = match shell {
            "lunacm" => &lunacm.grammar,
            "cmu" => &cmu.grammar,
            _ => &lunash.grammar,
        };
        match grammar.resolve(&line) {
            Outcome::Match(_) => {}
            other => faults.push(format!("{recording}: {shell}: '{line}': {other:?}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What a shell says to a line.
fn said(shell: &str, line: &str) -> (String, Status) {
    let appliance = TestAppliance::new().unwrap();
    let terminal = ScriptedTerminal::new([], true);
    let options = Options { command: vec![line.to_owned()], ..Options::default() };
    let secrets = Secrets::only([]);
    let status = match shell {
        "lunash" => appliance.lunash(&terminal, options, secrets),
        _ => appliance.lunacm(&terminal, options, secrets, None),
    };
    let status = status.unwrap();
    (terminal.take_screen(), status)
}

#[test]
fn a_line_of_the_other_shell_is_answered_with_that_shells_name() {
    for (shell, line, hint) in [
        ("lunacm", "partition create", "'partition create' is a command of lunash"),
        ("lunacm", "par cr -par app1", "'partition create' is a command of lunash"),
        ("lunash", "role login -name co", "'role login' is a command of lunacm"),
        ("lunash", "slot list", "'slot list' is a command of lunacm"),
        ("lunacm", "partition login", "'partition login' is 'role login' today"),
        ("lunash", "par login", "'partition login' is 'role login' of lunacm today"),
    ] {
        let (screen, status) = said(shell, line);
        assert!(screen.contains(hint), "{shell}: {line}:\n{screen}");
        assert_eq!(status, Status::NotUnderstood, "{shell}: {line}");
    }
}

#[test]
fn a_dash_of_a_word_processor_is_accepted_with_a_remark() {
    let (screen, _) = said("lunash", "client show –client nobody");
    assert!(screen.contains("'client show' failed."), "{screen}");
    assert!(screen.contains('–'), "the remark names the character:\n{screen}");
}
