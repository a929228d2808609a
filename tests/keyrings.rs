//! Keyrings of a cluster as slots of LunaCM, over an emulated appliance that is its only member.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use luna_rest::{clusters, emulator};
use luna_shell::{Failure, Format, Options, Secrets, Shell, Status};
use luna_tests::{ScriptedTerminal, TestAppliance};
use lunacm::ClientSide;

/// The port for clients' operations.
const CRYPTO: u16 = 50_052;

/// A cluster of one member with two keyrings, and this machine as its client.
fn prepared() -> (TestAppliance, String) {
    let appliance = TestAppliance::with_network().unwrap();
    let cluster = appliance.cluster("prod").unwrap();
    for label in ["kr1", "kr2"] {
        appliance.keyring(label, "first-Passw0rd").unwrap();
    }
    let own = address(&appliance, 1);
    register(&appliance, &format!("-n app -i {own} -c {cluster}"));
    (appliance, cluster)
}

/// The address with this number in the appliance's network; its own is 1.
fn address(appliance: &TestAppliance, number: u8) -> String {
    appliance.address(number).to_string()
}

fn register(appliance: &TestAppliance, line: &str) -> String {
    let terminal = ScriptedTerminal::new(Vec::new(), true);
    let status = appliance.lnhclientregistration(&terminal, line).unwrap();
    let screen = terminal.take_screen();
    assert_eq!(status, Status::Success, "{screen}");
    screen
}

/// Changes the client's configuration file.
fn edit(appliance: &TestAppliance, from: &str, to: &str) {
    let path = appliance.folder().join("client/Chrystoki.conf");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(&path, text.replace(from, to)).unwrap();
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What LunaCM shows where these lines are typed.
fn typed(appliance: &TestAppliance, lines: &[&str]) -> (String, Status) {
    let terminal = ScriptedTerminal::new(lines.iter().map(|line| (*line).to_owned()), true);
    let status = appliance.lunacm(&terminal, Options::default(), Secrets::only([]), None).unwrap();
    let screen = terminal.take_screen();
    assert_eq!(terminal.left(), Vec::<String>::new(), "{screen}");
    (screen, status)
}

/// The keyrings' first password, and the one it is changed to.
fn secrets() -> Secrets {
    Secrets::only([
        ("PO_PASSWORD", "first-Passw0rd"),
        ("CO_PASSWORD", "new-Passw0rd"),
        ("NEW_PASSWORD", "new-Passw0rd"),
    ])
}

/// A batch's session, whose lines are given one by one.
struct Batch {
    terminal: ScriptedTerminal,
    shell: Shell<lunacm::Session>,
}

impl Batch {
    fn on(appliance: &TestAppliance) -> Batch {
        let terminal = ScriptedTerminal::new(Vec::new(), false);
        let options = Options { output: Format::Json, ..Options::default() };
        let session = appliance.open_lunacm(Box::new(terminal.clone()), &options, secrets(), None);
        let session = session.unwrap_or_else(|(_, failure)| panic!("{failure:?}"));
        let shell = Shell::new(session, lunacm::catalogue(), options);
        Batch { terminal, shell }
    }

    /// A session without an appliance.
    fn of_clusters(configuration: PathBuf) -> Result<Batch, Failure> {
        let options = Options { output: Format::Json, ..Options::default() };
        let terminal = ScriptedTerminal::new(Vec::new(), false);
        let home = configuration.parent().unwrap().to_owned();
        let side = ClientSide { name: None, configuration };
        let device = Box::new(terminal.clone());
        let session = lunacm::Session::open(None, device, secrets(), &options, side);
        let mut session = session.map_err(|(_, failure)| failure)?;
        session.ui().keep_state_in(&home);
        Ok(Batch { terminal, shell: Shell::new(session, lunacm::catalogue(), options) })
    }

    /// The JSON object of a line, with what was on standard error before it.
    fn run(&mut self, line: &str) -> (String, serde_json::Value) {
        self.shell.execute(line);
        let screen = self.terminal.take_screen();
        let at = screen.find("{\"line\"").unwrap_or_else(|| panic!("{screen}"));
        let object = screen[at..].lines().next().unwrap();
        (screen.replace(object, ""), serde_json::from_str(object).unwrap())
    }
}

#[test]
fn keyrings_are_slots_after_the_partitions() {
    let (appliance, cluster) = prepared();
    let (_, listed) = Batch::on(&appliance).run("slot list");
    let slots = listed["view"]["slots"].as_array().unwrap();
    let seen: Vec<_> = slots.iter().map(|slot| (&slot["kind"], &slot["label"])).collect();
    let (partition, keyring) = ("partition".into(), "keyring".into());
    let labels = ["clusterpar".into(), "kr1".into(), "kr2".into()];
    assert_eq!(seen, [(&partition, &labels[0]), (&keyring, &labels[1]), (&keyring, &labels[2])]);
    assert_eq!(slots[1]["cluster"], "prod");
    // Every slot has a serial number of its own.
    assert_ne!(slots[1]["serial"], slots[2]["serial"]);
    let known = appliance.folder().join(format!("client/cert/server/{cluster}/members.json"));
    let own = format!("\"address\": \"{}\"", address(&appliance, 1));
    assert!(std::fs::read_to_string(known).unwrap().contains(&own));
}

#[test]
fn the_roles_of_a_keyring_are_used_like_those_of_a_partition() {
    let (appliance, _) = prepared();
    let mut batch = Batch::on(&appliance);
    let mut code = |line: &str| {
        let (_, object) = batch.run(line);
        assert!(!object.to_string().contains("Passw0rd"), "{object}");
        (object["result"]["code"].as_u64().unwrap(), object)
    };
    assert_eq!(code("slot set -slot 1").0, 0);
    assert_eq!(code("role init -name co").0, 0x101);
    assert_eq!(code("role login -name po").0, 0);
    assert_eq!(code("role init -name co").0, 0xa3, "the first password has to be changed");
    assert_eq!(code("role changepw -name po -force").0, 0);
    assert_eq!(code("role init -name co").0, 0);
    assert_eq!(code("role logout").0, 0);
    assert_eq!(code("role login -name co").0, 0);
    let (_, roles) = code("role list");
    let roles = roles["view"]["roles"].as_array().unwrap().clone();
    assert_eq!(roles.len(), 2);
    assert_eq!((&roles[1]["short"], &roles[1]["logged_in"]), (&"krco".into(), &true.into()));
    assert_eq!(code("partition contents").1["view"]["objects"], serde_json::json!([]));
    assert_eq!(code("partition clear -force").0, 0);
    let (_, shown) = code("partition showinfo");
    assert_eq!(shown["view"]["session_state"], "CKS_RW_USER_FUNCTIONS");
    assert_eq!(shown["view"]["storage"], serde_json::json!({"objects": 0}));
    assert_eq!(code("partition show").1["view"]["label"], "kr1");
}

#[test]
fn commands_that_keyrings_do_not_have_are_refused_before_any_question() {
    let (appliance, _) = prepared();
    let mut batch = Batch::on(&appliance);
    batch.run("slot set -slot 2");
    for line in [
        "partition init -label x",
        "partition changelabel -label x",
        "partition showpolicies",
        "partition showpolicies -slot 1",
        "partition changepolicy -policy 22 -value 1",
        "partition domainlist",
        "partition domainadd",
        "partition setlegacydomain",
        "partition smkrollover -start",
        "partition activate",
        "partition createchallenge -slot 1",
        "role createchallenge -name co",
        "role deactivate -name co",
    ] {
        let (_, object) = batch.run(line);
        assert_eq!(object["result"]["text"], "CKR_FUNCTION_NOT_SUPPORTED", "{object}");
        assert!(object["messages"][0].as_str().unwrap().contains("is a keyring"), "{object}");
    }
    for line in ["role login -name cu", "role init -name lco", "role show -name cu"] {
        let (_, object) = batch.run(line);
        assert_eq!(object["result"]["text"], "CKR_USER_TYPE_INVALID", "{object}");
    }
    // The partition's slot still has it all.
    assert_eq!(batch.run("partition showpolicies -slot 0").1["status"], 0);
}

#[test]
fn a_cluster_that_does_not_answer_is_noted_and_the_rest_shows() {
    let (appliance, cluster) = prepared();
    let (own, away) = (address(&appliance, 1), address(&appliance, 9));
    let other = "3fed78e8-58ad-4aec-be5f-4a12a04ff073";
    let path = appliance.folder().join("client/Chrystoki.conf");
    let text = std::fs::read_to_string(&path).unwrap();
    // The same entries once more at index 01, of a cluster whose member is away.
    let twin = text
        .lines()
        .filter(|line| line.contains("LNHServer"))
        .map(|line| line.replace("00 = ", "01 = ").replace(&cluster, other).replace(&own, &away));
    let twin = twin.collect::<Vec<_>>().join("\n");
    std::fs::write(&path, text.replace("\n}", &format!("\n{twin}\n}}"))).unwrap();
    let client = appliance.folder().join("client/cert");
    for side in ["client", "server"] {
        let folder = client.join(side);
        copy(&folder.join(&cluster), &folder.join(other));
    }
    std::fs::remove_file(client.join(format!("server/{other}/members.json"))).unwrap();
    let (screen, status) = typed(&appliance, &["exit"]);
    assert_eq!(status, Status::Success);
    let note = format!(
        "note: cluster 01 ({away}:50052): Cluster {other} cannot be reached ({away}: connection \
         refused)."
    );
    assert!(screen.contains(&note), "{screen}");
    assert_eq!(screen.matches("Keyring of Cluster prod").count(), 2, "{screen}");
}

#[test]
fn a_member_with_an_unknown_certificate_is_not_trusted() {
    let (appliance, cluster) = prepared();
    let authorities = appliance.folder().join(format!("client/cert/server/{cluster}/lnh_ca.pem"));
    let stranger = luna_tests::client_certificate("lnh.thalesgroup.com").unwrap();
    std::fs::write(authorities, stranger).unwrap();
    let known = appliance.folder().join(format!("client/cert/server/{cluster}/members.json"));
    std::fs::remove_file(known).unwrap();
    let (screen, _) = typed(&appliance, &["exit"]);
    assert!(screen.contains("is none of those in the file of LNHServerCAFile"), "{screen}");
    assert!(!screen.contains("Keyring of Cluster"), "{screen}");
}

#[test]
fn a_client_whose_registration_is_gone_is_refused_by_name() {
    let (appliance, cluster) = prepared();
    let client = appliance.client().unwrap();
    let clients = client.get(&luna_rest::clusters::CLIENTS, &[&cluster]).unwrap().data;
    let id = &clients[0].client_uuid;
    let nothing = luna_rest::Nothing {};
    client.call(&luna_rest::clusters::DELETE_CLIENT, &[&cluster, id], &nothing).unwrap();
    let (screen, status) = typed(&appliance, &["slot list", "exit"]);
    assert_eq!(status, Status::Success, "{screen}");
    assert!(screen.contains("The appliance refused the login of 'app'."), "{screen}");
}

#[test]
fn a_client_cannot_register_under_a_name_that_commands_a_terminal() {
    let appliance = TestAppliance::new().unwrap();
    let cluster = appliance.cluster("prod").unwrap();
    let client = appliance.client().unwrap();
    for name in ["app\u{1b}[2J", "app\u{202e}", "app\nlunash:>", "", &"a".repeat(65)] {
        let certificate = luna_tests::client_certificate(name).unwrap();
        let new = luna_rest::keyrings::NewClient { certificate, ..Default::default() };
        let error = client.call(&luna_rest::keyrings::REGISTER, &[&cluster], &new).unwrap_err();
        let message = Failure::from(error).message;
        assert!(message.contains("common name"), "{name:?}: {message}");
    }
}

#[test]
fn another_member_serves_where_the_entry_member_is_away() {
    let (appliance, _) = prepared();
    let (own, away) = (address(&appliance, 1), address(&appliance, 9));
    edit(&appliance, &format!("{own}:50052"), &format!("{away}:50052"));
    let (screen, _) = typed(&appliance, &["exit"]);
    let note = format!(
        "note: cluster 'prod': member {away} cannot be reached (connection refused); member {own} \
         serves instead"
    );
    assert!(screen.contains(&note), "{screen}");
    assert_eq!(screen.matches("Keyring of Cluster prod").count(), 2, "{screen}");
}

#[test]
fn a_member_that_goes_away_is_replaced_and_its_logins_are_gone() {
    let (appliance, _) = prepared();
    let relay = Relay::to(&appliance);
    let mut batch = Batch::on(&appliance);
    batch.run("slot set -slot 1");
    assert_eq!(batch.run("role login -name po").1["status"], 0);
    let relay_address = relay.from.ip();
    drop(relay);
    let (notes, shown) = batch.run("role show -name po");
    assert_eq!(shown["status"], 0, "{shown}");
    assert!(notes.contains(&format!("member {relay_address} cannot be reached")), "{notes}");
    assert!(notes.contains("logins to its keyrings are gone"), "{notes}");
    assert_eq!(batch.run("role changepw -name po -force").1["status"], 1);
    assert_eq!(batch.run("role login -name po").1["status"], 0);
}

#[test]
fn members_of_the_group_come_before_those_of_others() {
    let (appliance, _) = prepared();
    let [remote, near] = [(4, "remote"), (5, "local")].map(|(number, group)| {
        let member = appliance.another(number).unwrap();
        member.join(&appliance, group).unwrap();
        member
    });
    let [entry, remote_address, near_address] = [1, 4, 5].map(|number| address(&appliance, number));
    // The client's files outlive the entry member.
    let home = tempfile::tempdir().unwrap();
    let (from, to) = (appliance.folder().join("client"), home.path().join("client"));
    copy(&from, &to);
    let configuration = to.join("Chrystoki.conf");
    let text = std::fs::read_to_string(&configuration).unwrap();
    let text = text.replace(from.to_str().unwrap(), to.to_str().unwrap());
    std::fs::write(&configuration, text).unwrap();

    let mut batch = Batch::of_clusters(configuration).unwrap();
    assert_eq!(batch.run("role login -name po").1["status"], 0);
    drop(appliance);
    let (notes, object) = batch.run("role list");
    assert_eq!(object["status"], 0, "{object}");
    let note = format!(
        "member {entry} cannot be reached (connection refused); member {near_address} \
         serves instead"
    );
    assert!(notes.contains(&note), "{notes}");
    assert_eq!(batch.run("role login -name po").1["status"], 0);
    drop(near);
    let (notes, object) = batch.run("role list");
    assert_eq!(object["status"], 0, "{object}");
    assert!(
        notes.contains(&format!("{remote_address} of the group 'remote' serves instead")),
        "{notes}"
    );
    // Without the primary member the others only read.
    assert_eq!(batch.run("role login -name po").1["status"], 0);
    let (_, object) = batch.run("role changepw -name po -force");
    assert_eq!(object["result"]["text"], "CKR_TOKEN_WRITE_PROTECTED", "{object}");
    drop(remote);
    let (_, object) = batch.run("role list");
    assert_eq!(object["result"]["text"], "CKR_DEVICE_ERROR", "{object}");
    assert_eq!(object["status"], Status::Unreachable as u8);
}

#[test]
fn a_member_apart_from_the_others_says_that_it_may_be_old_and_refuses_writes() {
    let (appliance, cluster) = prepared();
    let other = appliance.another(4).unwrap();
    other.join(&appliance, "local").unwrap();
    // This client enters the cluster at the first member alone, which is apart from now on.
    let link = |action: &str| emulator::ChangeLink {
        peer: Some(address(&appliance, 4)),
        action: action.to_owned(),
        direction: None,
    };
    let promote = clusters::ChangeMember {
        action: "config".to_owned(),
        primary: Some(true),
        ..Default::default()
    };
    let client = appliance.client().unwrap();
    let members = client.get(&clusters::MEMBERS, &[&cluster]).unwrap().data;
    let [own, others] = [true, false].map(|local| {
        members.iter().find(|member| member.local == local).unwrap().member_uuid.clone()
    });
    client.call(&clusters::CHANGE_MEMBER, &[&cluster, &others], &promote).unwrap();
    let mut batch = Batch::on(&appliance);
    batch.run("slot set -slot 1");
    assert_eq!(batch.run("role login -name po").1["status"], 0);
    assert_eq!(batch.run("role list").1["messages"], serde_json::json!([]));
    client.call(&emulator::CHANGE_LINK, &[], &link("cut")).unwrap();

    let (_, object) = batch.run("role changepw -name po -force");
    assert_eq!(object["result"]["text"], "CKR_TOKEN_WRITE_PROTECTED", "{object}");
    assert!(object["messages"].to_string().contains("The member is read-only."), "{object}");
    let (notes, object) = batch.run("role list");
    assert_eq!(object["status"], 0, "{object}");
    let note = "cluster 'prod': this member has no link to the primary member";
    assert!(notes.contains(note) && notes.contains("may be old"), "{notes}");
    assert!(object["messages"].to_string().contains(note), "{object}");

    // The others go on without it.
    let delete = clusters::DeleteMember {
        authentication: clusters::Authentication::co("co-Passw0rd".into(), None),
        force: Some(true),
    };
    let there = other.client().unwrap();
    there.call(&clusters::DELETE_MEMBER, &[&cluster, &own], &delete).unwrap();
    client.call(&emulator::CHANGE_LINK, &[], &link("heal")).unwrap();
    for client in [&client, &there] {
        client.call(&emulator::SETTLE, &[], &luna_rest::Nothing {}).unwrap();
    }
    for line in ["role list", "role changepw -name po -force"] {
        assert_eq!(batch.run(line).1["result"]["text"], "CKR_DEVICE_ERROR");
    }
    let (_, object) = batch.run("partition show");
    let reason = object["error"]["message"].as_str().unwrap();
    assert!(reason.contains("no member of its cluster any more"), "{object}");
    let (notes, _) = batch.run("clientconfig restart -force");
    let note = format!("member {} serves instead", address(&appliance, 4));
    assert!(
        notes.contains("no member of its cluster any more") && notes.contains(&note),
        "{notes}"
    );
}

#[test]
fn a_cluster_that_went_away_is_noted_and_the_rest_verified() {
    let (appliance, cluster) = prepared();
    let relay = Relay::to(&appliance);
    let mut batch = Batch::on(&appliance);
    let known = format!("client/cert/server/{cluster}/members.json");
    std::fs::remove_file(appliance.folder().join(known)).unwrap();
    drop(relay);
    let (notes, verified) = batch.run("clientconfig verify");
    assert_eq!(verified["view"]["partitions"].as_array().unwrap().len(), 1, "{verified}");
    assert!(notes.contains("note: cluster 'prod': Cannot reach"), "{notes}");
}

#[test]
fn a_change_whose_outcome_is_unclear_is_not_sent_again() {
    let (appliance, _) = prepared();
    let relay = Relay::to(&appliance);
    let mut batch = Batch::on(&appliance);
    batch.run("slot set -slot 1");
    assert_eq!(batch.run("role login -name po").1["status"], 0);
    let before = relay.lose_answers();
    let (_, object) = batch.run("role logout");
    assert_eq!(object["status"], Status::Unclear as u8, "{object}");
    assert_eq!(relay.connections(), before, "nothing was sent anew");
}

#[test]
fn a_session_that_has_timed_out_is_opened_again() {
    let (appliance, _) = prepared();
    let mut batch = Batch::on(&appliance);
    batch.run("slot set -slot 1");
    assert_eq!(batch.run("role login -name po").1["status"], 0);
    appliance.advance(24 * 60 * 60).unwrap();
    let (notes, object) = batch.run("role list");
    assert_eq!(object["status"], 0, "{object}");
    assert!(notes.contains("was opened again"), "{notes}");
    assert_eq!(object["view"]["roles"][0]["logged_in"], false);
}

#[test]
fn a_restart_reads_the_clusters_again() {
    let (appliance, cluster) = prepared();
    let mut batch = Batch::on(&appliance);
    batch.run("slot set -slot 1");
    batch.run("role login -name po");
    appliance.keyring("kr3", "first-Passw0rd").unwrap();
    assert_eq!(batch.run("slot list").1["view"]["slots"].as_array().unwrap().len(), 3);
    let (_, verified) = batch.run("clientconfig verify");
    assert_eq!(verified["view"]["partitions"][3]["label"], "kr3");
    let (_, restarted) = batch.run("clientconfig restart -force");
    let slots = restarted["view"]["slots"].as_array().unwrap();
    assert_eq!((slots.len(), &slots[1]["role"]), (4, &serde_json::Value::Null));
    let terminal = ScriptedTerminal::new(Vec::new(), true);
    appliance.lnhclientregistration(&terminal, &format!("--remove {cluster} --yes")).unwrap();
    let (_, restarted) = batch.run("clientconfig restart -force");
    assert_eq!(restarted["view"]["slots"].as_array().unwrap().len(), 1);
}

#[test]
fn a_renewed_registration_has_a_new_key_and_the_old_one_is_kept() {
    let (appliance, cluster) = prepared();
    let own = address(&appliance, 1);
    let again = register(&appliance, &format!("-n app -i {own} -c {cluster} -l laptop"));
    assert!(again.contains("The former private key was kept as:"), "{again}");
    let (screen, _) = typed(&appliance, &["exit"]);
    assert_eq!(screen.matches("Keyring of Cluster prod").count(), 2, "{screen}");
    let terminal = ScriptedTerminal::new(Vec::new(), true);
    let line = format!("-n app -i {own} -c {cluster} -u nobody");
    assert_eq!(appliance.lnhclientregistration(&terminal, &line).unwrap(), Status::Failed);
    assert!(terminal.take_screen().contains("no account 'nobody'"));
    // What was refused has changed nothing.
    let (screen, _) = typed(&appliance, &["exit"]);
    assert_eq!(screen.matches("Keyring of Cluster prod").count(), 2, "{screen}");
}

#[test]
fn clusters_are_enough_for_a_session() {
    let (appliance, _) = prepared();
    let configuration = appliance.folder().join("client/Chrystoki.conf");
    let mut batch = Batch::of_clusters(configuration.clone()).unwrap();
    let (notes, listed) = batch.run("slot list");
    assert_eq!(notes.trim(), "");
    assert_eq!(listed["view"]["slots"].as_array().unwrap().len(), 2);
    assert_eq!(batch.run("role login -name po -password first-Passw0rd").1["status"], 0);
    let deploy = "clientconfig deploy -server x -client app -partition par0";
    let (_, refused) = batch.run(deploy);
    assert_eq!(refused["result"]["text"], "CKR_FUNCTION_NOT_SUPPORTED", "{refused}");
    appliance.advance(24 * 60 * 60).unwrap();
    assert_eq!(batch.run("role list").1["status"], 0, "the session is opened again");

    edit(&appliance, &address(&appliance, 1), &address(&appliance, 9));
    let members =
        appliance.folder().join("client/cert/server").join(appliance.cluster_id().unwrap());
    std::fs::remove_file(members.join("members.json")).unwrap();
    let failure = Batch::of_clusters(configuration).err().unwrap();
    assert_eq!(failure.status(), Status::Unreachable, "{failure:?}");
}

/// A TCP relay to a member that can be broken while it is in use.
struct Relay {
    from: SocketAddr,
    accepting: Option<JoinHandle<()>>,
    traffic: Arc<Mutex<Traffic>>,
}

#[derive(Default)]
struct Traffic {
    /// Both ends of every connection there was.
    ends: Vec<TcpStream>,
    loses_answers: bool,
    closed: bool,
}

impl Relay {
    /// A relay to this member, in the place of the member in the client's configuration.
    fn to(member: &TestAppliance) -> Relay {
        let [to, from] = [1, 3].map(|number| member.address(number));
        edit(member, &format!("{to}:{CRYPTO}"), &format!("{from}:{CRYPTO}"));
        let from = SocketAddr::new(from, CRYPTO);
        let listener = TcpListener::bind(from).unwrap();
        let traffic = Arc::<Mutex<Traffic>>::default();
        let shared = Arc::clone(&traffic);
        let accepting = std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let mut traffic = shared.lock().unwrap();
                if traffic.closed {
                    return;
                }
                let member = TcpStream::connect((to, CRYPTO)).unwrap();
                let [mut ask, mut answer] = [&client, &member].map(|end| end.try_clone().unwrap());
                let [mut asked, mut answered] =
                    [&member, &client].map(|end| end.try_clone().unwrap());
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut ask, &mut asked);
                    let _ = asked.shutdown(Shutdown::Write);
                });
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    let mut bytes = [0; 4096];
                    while let Ok(count @ 1..) = answer.read(&mut bytes) {
                        if shared.lock().unwrap().loses_answers {
                            break;
                        }
                        if answered.write_all(&bytes[..count]).is_err() {
                            break;
                        }
                    }
                    let _ = answered.shutdown(Shutdown::Both);
                });
                traffic.ends.extend([client, member]);
            }
        });
        Relay { from, accepting: Some(accepting), traffic }
    }

    /// From now on what a member answers is lost, and the connection with it; how many
    /// connections there were.
    fn lose_answers(&self) -> usize {
        let mut traffic = self.traffic.lock().unwrap();
        traffic.loses_answers = true;
        traffic.ends.len() / 2
    }

    fn connections(&self) -> usize {
        self.traffic.lock().unwrap().ends.len() / 2
    }
}

impl Drop for Relay {
    /// Breaks every connection, and refuses new ones once this is over.
    fn drop(&mut self) {
        let mut traffic = self.traffic.lock().unwrap();
        traffic.closed = true;
        for end in traffic.ends.drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
        drop(traffic);
        // A last connection wakes the thread, which sees that it is over and drops the listener.
        let _ = TcpStream::connect(self.from);
        let _ = self.accepting.take().map(JoinHandle::join);
    }
}
