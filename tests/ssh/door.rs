//! An appliance with its SSH door, and the programs that come to it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use luna_appliance::Appliance;
use luna_rest::{Client, Target, Trust, emulator, users};
use tempfile::TempDir;

/// The password of `admin`.
pub(crate) const PASSWORD: &str = "NEW-Password1";
/// How long a program may take.
const DEADLINE: &str = "60";

/// An appliance of a test; its `admin` has chosen his password.
pub(crate) struct Door {
    folder: TempDir,
    process: Child,
    /// Kept open: the appliance may still write there.
    _said: BufReader<ChildStdout>,
    /// Where it says that one logs in.
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    /// Where it says that clients of partitions link to.
    pub(crate) ntls: Option<SocketAddr>,
    places: Places,
    pub(crate) target: Target,
}

/// Where an appliance is to listen; its seed is the end of the first address.
#[derive(Clone, Copy)]
struct Places {
    web: Ipv4Addr,
    ssh: SocketAddr,
    ntls: Option<SocketAddr>,
}

impl Places {
    /// At the loopback address that others use too, without NTLS.
    fn shared(ssh: SocketAddr) -> Places {
        Places { web: Ipv4Addr::LOCALHOST, ssh, ntls: None }
    }
}

/// What a program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// What it wrote, if it ended well.
    pub(crate) fn good(self) -> String {
        assert_eq!(self.status, 0, "{self:?}");
        self.out
    }
}

/// A program that cargo has built beside the tests.
pub(crate) fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().parent().unwrap().join(name);
    assert!(program.exists(), "{} is built by 'cargo build --workspace'", program.display());
    program
}

impl Door {
    pub(crate) fn open() -> Door {
        Door::with(&[])
    }

    /// Opens a door with further options of `luna-appliance serve`.
    pub(crate) fn with(options: &[&str]) -> Door {
        Door::of_the_factory(options).with_password()
    }

    /// Opens a door at a free port of an address.
    pub(crate) fn at(address: IpAddr) -> Door {
        let folder = tempfile::tempdir().unwrap();
        Door::start(folder, Places::shared((address, 0).into()), &[]).with_password()
    }

    /// Opens a door at an address of the test's own, where clients of partitions come to this port.
    pub(crate) fn with_clients(address: Ipv4Addr, port: u16) -> Door {
        let folder = tempfile::tempdir().unwrap();
        let (ssh, ntls) = ((address, 0).into(), Some((address, port).into()));
        Door::start(folder, Places { web: address, ssh, ntls }, &[]).with_password()
    }

    fn with_password(self) -> Door {
        self.choose_password("admin", "PASSWORD");
        self
    }

    /// Changes the first password of an account.
    pub(crate) fn choose_password(&self, account: &str, first: &str) {
        let mut client = Client::connect(self.target.clone()).unwrap();
        client.login(account, &first.into()).unwrap();
        let change = users::UserAction {
            password: Some(PASSWORD.into()),
            current_password: Some(first.into()),
        };
        client.call(&users::ACT, &[account, "changePassword"], &change).unwrap();
    }

    /// A session of its owner.
    pub(crate) fn client(&self) -> Client {
        let key = Appliance::local_key(&self.data()).unwrap();
        let mut client = Client::connect(self.target.clone()).unwrap();
        client.login_locally(key.expose()).unwrap();
        client
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("appliance")
    }

    /// The same before anybody has chosen a password.
    pub(crate) fn of_the_factory(options: &[&str]) -> Door {
        let folder = tempfile::tempdir().unwrap();
        Door::start(folder, Places::shared(([127, 0, 0, 1], 0).into()), options)
    }

    fn start(folder: TempDir, places: Places, options: &[&str]) -> Door {
        let Places { web, ssh, ntls } = places;
        let links = match ntls {
            Some(ntls) => vec!["--ntls".to_owned(), ntls.to_string()],
            None => vec!["--no-ntls".to_owned()],
        };
        let [.., seed] = web.octets();
        let mut process = Command::new(program("luna-appliance"))
            .args(["serve", "--listen", &format!("{web}:0"), "--seed", &seed.to_string()])
            .args(["--ssh", &ssh.to_string()])
            .args(links)
            .args(options)
            .arg("--data")
            .arg(folder.path().join("appliance"))
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let (mut first, mut line) = (String::new(), String::new());
        said.read_line(&mut first).unwrap();
        while !line.trim_start().starts_with("ssh -p ") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "no SSH: {first}");
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let port = words[2].parse().unwrap();
        let address = words[3].trim_start_matches("admin@").parse().unwrap();
        let listening = first.trim().strip_prefix("listening on https://").unwrap();
        let (web, fingerprint) = listening.strip_suffix(')').unwrap().split_once(" (").unwrap();
        let web: SocketAddr = web.parse().unwrap();
        let target = Target {
            host: web.ip().to_string(),
            port: web.port(),
            trust: Trust::Pinned(fingerprint.parse().unwrap()),
            limit: None,
        };
        let ntls = places.ntls.map(|_| {
            while !line.starts_with("clients of partitions") {
                line.clear();
                assert!(said.read_line(&mut line).unwrap() > 0, "no NTLS: {first}");
            }
            line.clear();
            said.read_line(&mut line).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        });
        Door { folder, process, _said: said, address, port, ntls, places, target }
    }

    /// Ends the appliance in order and starts it again, the door at this address.
    pub(crate) fn restart(&mut self, ssh: SocketAddr) {
        self.stop().good();
        self.start_at(Places { ssh, ..self.places });
    }

    /// Starts an appliance that has ended, as it was started before.
    pub(crate) fn start_again(&mut self) {
        self.start_at(self.places);
    }

    fn start_at(&mut self, places: Places) {
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        *self = Door::start(folder, places, &[]);
    }

    /// Whether a password opens a session over REST.
    pub(crate) fn accepts_over_rest(&self, password: &str) -> bool {
        let mut client = Client::connect(self.target.clone()).unwrap();
        client.login("admin", &password.into()).is_ok()
    }

    /// How many sessions of people who came over SSH are open.
    pub(crate) fn sessions(&self) -> usize {
        let mut client = self.client();
        let listed = client.get(&emulator::SESSIONS, &[]).unwrap().data;
        client.logout();
        listed.iter().filter(|session| session.ssh.is_some()).count()
    }

    /// The folder of the client's files.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str, content: &[u8]) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    /// A program in the folder, with a deadline and the password of `admin` where `sshpass` finds it.
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        name: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new("timeout");
        command
            .arg(DEADLINE)
            .arg(name)
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path())
            .env("TERM", "xterm")
            .env("SSHPASS", PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(
        &self,
        name: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Ran {
        feed(self.command(name, arguments), "")
    }

    /// What OpenSSH's programs are told of this door; `port` is the letter of that option.
    pub(crate) fn options(&self, port: &str) -> Vec<String> {
        let known = format!("UserKnownHostsFile={}", self.path().join("known_hosts").display());
        let (address, port) = (self.port.to_string(), port.to_owned());
        let options = ["StrictHostKeyChecking=no", "LogLevel=ERROR", "NumberOfPasswordPrompts=1"];
        let mut words = vec![port, address, "-F".to_owned(), "/dev/null".to_owned()];
        for option in [known.as_str()].into_iter().chain(options) {
            words.extend(["-o".to_owned(), option.to_owned()]);
        }
        words
    }

    /// `sshpass ssh` with options before the host and words behind it.
    pub(crate) fn ssh_command(&self, options: &[&str], words: &[&str]) -> Command {
        let mut arguments = vec!["-e".to_owned(), "ssh".to_owned()];
        // The first of two values of an option holds.
        arguments.extend(options.iter().map(|word| (*word).to_owned()));
        arguments.extend(self.options("-p"));
        arguments.push("admin@127.0.0.1".to_owned());
        arguments.extend(words.iter().map(|word| (*word).to_owned()));
        self.command("sshpass", arguments)
    }

    pub(crate) fn ssh(&self, options: &[&str], words: &[&str]) -> Ran {
        feed(self.ssh_command(options, words), "")
    }

    /// Lines to a LunaSH on a pipe.
    pub(crate) fn lines(&self, options: &[&str], lines: &str) -> Ran {
        feed(self.ssh_command(options, &[]), lines)
    }

    /// `scp`; a word that begins with a colon is on the appliance.
    pub(crate) fn scp(&self, words: &[&str]) -> Ran {
        let mut arguments = vec!["-e".to_owned(), "scp".to_owned()];
        arguments.extend(self.options("-P"));
        arguments.extend(words.iter().map(|word| there(word)));
        self.run("sshpass", arguments)
    }

    /// `sftp` with a file of commands: what it says and how it ends.
    pub(crate) fn sftp(&self, lines: &str) -> Ran {
        let mut arguments = vec!["-e".to_owned(), "sftp".to_owned()];
        arguments.extend(self.options("-P"));
        arguments.push("admin@127.0.0.1".to_owned());
        feed(self.command("sshpass", arguments), lines)
    }

    /// The fingerprint of a host key of this algorithm, as a client sees it.
    pub(crate) fn host_key(&self, algorithm: &str) -> String {
        let known = format!("UserKnownHostsFile={}", self.path().join(algorithm).display());
        let algorithms = format!("HostKeyAlgorithms={algorithm}");
        self.ssh(&["-o", &known, "-o", &algorithms], &["status date"]).good();
        let listed = self.run("ssh-keygen", ["-l", "-f", algorithm]).good();
        std::fs::remove_file(self.path().join(algorithm)).unwrap();
        listed.split_whitespace().nth(1).unwrap().to_owned()
    }

    /// The certificate of a client.
    pub(crate) fn certificate(&self, name: &str) {
        let key = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        self.file(&format!("{name}.pem"), key.cert.pem().as_bytes());
    }

    /// The number of the appliance's process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends the appliance at once.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Ends the appliance in order: what `luna-appliance stop` came to.
    pub(crate) fn stop(&mut self) -> Ran {
        let mut command =
            self.command(program("luna-appliance").to_str().unwrap(), ["stop", "--data"]);
        command.arg(self.data());
        let ran = feed(command, "");
        self.process.wait().unwrap();
        ran
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn there(word: &str) -> String {
    match word.strip_prefix(':') {
        Some(path) => format!("admin@127.0.0.1:{path}"),
        None => word.to_owned(),
    }
}

/// Runs a program to its end, with this input.
pub(crate) fn feed(mut command: Command, input: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that has ended reads no more.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let status = output.status.code().unwrap_or(-1);
    assert_ne!(status, 124, "{command:?} did not end: {}", text(output.stdout));
    Ran { status, out: text(output.stdout), err: text(output.stderr) }
}
