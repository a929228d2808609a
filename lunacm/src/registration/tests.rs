//! What happens on this machine; the tests with an appliance are in the crate `tests`.

use std::collections::VecDeque;
use std::os::unix::fs::PermissionsExt;
use std::rc::Rc;

use clap::Parser;
use luna_shell::{Kind, LineAssistant};

use super::*;

const ONE: &str = "c2c94c40-6491-409e-bd3d-16e236544b7f";
const TWO: &str = "3fed78e8-58ad-4aec-be5f-4a12a04ff073";

#[derive(Parser)]
#[command(no_binary_name = true)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

/// A client's folder, and what is said at it.
struct TestClient {
    folder: tempfile::TempDir,
    answers: VecDeque<&'static str>,
    shown: String,
}

impl Device for TestClient {
    fn command(&mut self, _: &str, _: &Rc<dyn LineAssistant>) -> Input {
        Input::End
    }

    fn answer(&mut self, question: &str) -> Input {
        self.shown.push_str(question);
        self.answers.pop_front().map_or(Input::End, |answer| Input::Line(answer.to_owned()))
    }

    fn secret(&mut self, _: &str) -> Input {
        Input::End
    }

    fn print(&mut self, text: &str) {
        self.shown.push_str(text);
    }

    fn note(&mut self, text: &str) {
        self.shown.push_str(text);
    }

    fn flush(&mut self) {}

    fn attended(&self) -> bool {
        false
    }
}

impl TestClient {
    fn new(configuration: &str) -> TestClient {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Chrystoki.conf"), configuration).unwrap();
        TestClient { folder, answers: VecDeque::new(), shown: String::new() }
    }

    /// A configuration with these clusters at these indexes, their files in place.
    fn with(clusters: &[(usize, &str)]) -> TestClient {
        let client = TestClient::new("# ours\nLunaSA Client = {\n   NetClient = 1;\n}\n");
        let mut file = client.configuration();
        for (index, cluster) in clusters {
            let own = client.path(&format!("cert/client/{cluster}"));
            let authorities = client.path(&format!("cert/server/{cluster}"));
            let registration = Registration {
                index: *index,
                server: "1.2.3.4:50052".into(),
                certificate: own.join("app.pem"),
                key: own.join("appKey.pem"),
                authorities: authorities.join("lnh_ca.pem"),
            };
            std::fs::create_dir_all(own).unwrap();
            std::fs::create_dir_all(&authorities).unwrap();
            let certificate = certificate::make("app").unwrap().certificate;
            std::fs::write(&registration.certificate, certificate).unwrap();
            std::fs::write(&registration.key, "key").unwrap();
            std::fs::write(&registration.authorities, "ca").unwrap();
            std::fs::write(authorities.join("members.json"), "{}").unwrap();
            clusters::set(&mut file, &registration).unwrap();
        }
        std::fs::write(client.path("Chrystoki.conf"), file.text()).unwrap();
        client
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn configuration(&self) -> Chrystoki {
        Chrystoki::read(&self.path("Chrystoki.conf")).unwrap()
    }

    fn arguments(&self, line: &str) -> Arguments {
        let mut arguments = Line::try_parse_from(line.split_whitespace()).unwrap().arguments;
        arguments.config = Some(self.path("Chrystoki.conf"));
        arguments.install_dir = Some(self.folder.path().to_owned());
        arguments
    }

    fn run(&mut self, line: &str) -> Result<Box<dyn View>, Failure> {
        let arguments = self.arguments(line);
        let folder = |name: &str| self.folder.path().join(name);
        let folders = Folders {
            config: folder("config"),
            appliance: folder("appliance"),
            state: folder("state"),
        };
        run(&arguments, &folders, self)
    }

    /// The index that a registration would take.
    fn index(&mut self, line: &str) -> Result<usize, Failure> {
        let arguments = self.arguments(line);
        let file = self.configuration();
        let found = Request::of(&arguments, &file, &self.path("Chrystoki.conf"))
            .unwrap()
            .index(&file, self);
        found.map(|(index, _)| index)
    }
}

#[test]
fn without_m_it_is_index_00_and_another_cluster_there_is_asked_about() {
    let add = format!("-n app -i 1.2.3.4 -c {TWO}");
    assert_eq!(TestClient::with(&[]).index(&add).unwrap(), 0);
    assert_eq!(TestClient::with(&[(0, TWO)]).index(&add).unwrap(), 0, "the same one is renewed");

    let mut client = TestClient::with(&[(0, ONE)]);
    assert_eq!(client.index(&add).unwrap_err().kind, Kind::Refused);
    assert!(
        client.shown.contains(&format!("Index 00 belongs to cluster {ONE}")),
        "{}",
        client.shown
    );
    client.answers.push_back("quit");
    assert_eq!(client.index(&add).unwrap_err().kind, Kind::Command);
    client.answers.push_back("proceed");
    assert_eq!(client.index(&add).unwrap(), 0);
    assert_eq!(client.index(&format!("{add} --yes")).unwrap(), 0);

    let failure = TestClient::with(&[(3, TWO)]).index(&add).unwrap_err();
    assert!(failure.message.contains("already, at index 03"), "{}", failure.message);
}

#[test]
fn with_m_it_is_the_next_free_index_until_all_are_taken() {
    let add = format!("-n app -i 1.2.3.4 -c {TWO} -m");
    assert_eq!(TestClient::with(&[]).index(&add).unwrap(), 0);
    assert_eq!(TestClient::with(&[(0, ONE), (2, ONE)]).index(&add).unwrap(), 1);
    let failure = TestClient::with(&[(0, ONE), (1, TWO)]).index(&add).unwrap_err();
    assert!(failure.message.contains("already, at index 01"), "{}", failure.message);
    let all: Vec<_> = (0..PLACES).map(|index| (index, ONE)).collect();
    let failure = TestClient::with(&all).index(&add).unwrap_err();
    assert_eq!(failure.message, "All 10 places for clusters are taken.");
}

#[test]
fn a_name_is_a_file_name_and_a_cluster_a_uuid() {
    let client = TestClient::with(&[]);
    let file = client.configuration();
    let kind = |line: &str| {
        Request::of(&client.arguments(line), &file, Path::new("")).err().map(|one| one.kind)
    };
    assert_eq!(kind(&format!("-n 2.3.4.5 -i 1.2.3.4 -c {ONE}")), None);
    for name in ["..", "a/b", "a;b", "a{"] {
        let line = format!("-n {name} -i 1.2.3.4 -c {ONE}");
        assert_eq!(kind(&line), Some(Kind::NotUnderstood), "{name}");
    }
    assert_eq!(kind("-n app -i 1.2.3.4 -c ../../etc"), Some(Kind::NotUnderstood));
    assert!(Line::try_parse_from(["-n", "app", "-i", "host", "-c", ONE]).is_err());
    assert!(Line::try_parse_from(["-n", "app"]).is_err());
}

#[test]
fn a_key_that_is_there_is_kept_and_one_elsewhere_not_touched() {
    let client = TestClient::with(&[(0, ONE)]);
    let elsewhere = ["cert/client/appKey.pem", "data/client_identities/appKey.pem"];
    for path in elsewhere {
        let path = client.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "ntls").unwrap();
    }
    let own = client.path(&format!("cert/client/{ONE}"));
    let arguments = client.arguments(&format!("-n app -i 1.2.3.4 -c {ONE}"));
    let file = client.configuration();
    let files = Request::of(&arguments, &file, Path::new("")).unwrap().files();
    let former = std::fs::read(&files.certificate).unwrap();

    // A registration that fails leaves all as it was.
    drop(Prepared::make("app", &files).unwrap());
    assert_eq!(std::fs::read_to_string(&files.key).unwrap(), "key");
    assert_eq!(std::fs::read_dir(&own).unwrap().count(), 2);

    let kept = Prepared::make("app", &files).unwrap().settle().unwrap().unwrap();
    assert_eq!(kept, own.join("appKey.pem.old1"));
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "key");
    assert_eq!(std::fs::read(own.join("app.pem.old1")).unwrap(), former);
    assert_eq!(common_name(&files.certificate).unwrap(), "app");
    let mode = std::fs::metadata(&files.key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = Prepared::make("app", &files).unwrap().settle().unwrap().unwrap();
    assert_eq!(kept, own.join("appKey.pem.old2"));
    for path in elsewhere {
        assert_eq!(std::fs::read_to_string(client.path(path)).unwrap(), "ntls");
    }
}

#[test]
fn a_member_that_cannot_be_reached_leaves_no_trace() {
    let mut client = TestClient::new("# ours\n");
    let add = format!("-n app -i 127.0.0.1 -c {ONE} --admin-port 1");
    assert_eq!(client.run(&add).err().unwrap().kind, Kind::Unreachable);
    assert_eq!(client.configuration().text(), "# ours\n");
    assert!(!client.path(&format!("cert/client/{ONE}")).exists());
    assert!(!client.path(&format!("cert/server/{ONE}")).exists());
    assert!(!client.path("Chrystoki.conf.new").exists());
}

#[test]
fn a_list_shows_the_clusters() {
    let text = TestClient::with(&[(0, ONE), (4, TWO)]).run("--list").unwrap().text();
    assert_eq!(
        text,
        "Index  Server                 Cluster ID                            Common Name\n\
         =====  =====================  ====================================  ===========\n\
         00     1.2.3.4:50052          c2c94c40-6491-409e-bd3d-16e236544b7f  app\n\
         04     1.2.3.4:50052          3fed78e8-58ad-4aec-be5f-4a12a04ff073  app\n"
    );
    let text = TestClient::new("").run("--list").unwrap().text();
    assert_eq!(text, "This client is not registered with any cluster.\n");
}

#[test]
fn a_removal_takes_entries_and_files_and_leaves_the_rest() {
    let mut client = TestClient::with(&[(0, ONE), (1, TWO)]);
    let former = client.path(&format!("cert/client/{TWO}/appKey.pem.old1"));
    std::fs::write(&former, "old").unwrap();
    assert_eq!(client.run("--remove 1").err().unwrap().kind, Kind::Refused);
    assert_eq!(clusters::registrations(&client.configuration()).len(), 2);
    client.run("--remove 01 --yes").unwrap();
    assert!(former.exists());
    assert!(!client.path(&format!("cert/server/{TWO}")).exists());
    assert!(client.path(&format!("cert/client/{ONE}/appKey.pem")).exists());

    client.answers.push_back("proceed");
    client.run(&format!("--remove {ONE}")).unwrap();
    assert!(!client.path(&format!("cert/client/{ONE}")).exists());
    let before = "# ours\nLunaSA Client = {\n   NetClient = 1;\n}\n";
    assert_eq!(client.configuration().text(), before);
    let failure = client.run("--remove 0").err().unwrap();
    assert!(failure.message.contains("not registered with a cluster '0'"), "{}", failure.message);
}

#[test]
fn files_that_were_put_elsewhere_by_hand_are_left() {
    let mut client = TestClient::with(&[(0, ONE)]);
    let shared = client.path("cert/client/shared.pem");
    std::fs::write(&shared, "ntls").unwrap();
    let mut file = client.configuration();
    let mut one = clusters::registrations(&file).remove(0);
    one.key.clone_from(&shared);
    clusters::set(&mut file, &one).unwrap();
    std::fs::write(client.path("Chrystoki.conf"), file.text()).unwrap();
    client.run("--remove 0 --yes").unwrap();
    assert!(shared.exists());
    assert!(client.shown.contains("shared.pem was left"), "{}", client.shown);
}
