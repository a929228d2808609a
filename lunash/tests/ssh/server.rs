//! OpenSSH's server on a free port, behind which the appliance's shell is `lunash` on an emulated
//! appliance, or a script of the test.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use luna_appliance::Appliance;

/// The server, with keys and folders of its own.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

/// What a run of the program came to.
pub(crate) struct Seen {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
}

pub(crate) fn seen(output: Output) -> Seen {
    Seen {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap(),
    }
}

fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What sshd runs for everybody: the shell, its commands, or a copy of files.
fn entry(folder: &Path) -> String {
    let (program, here) = (env!("CARGO_BIN_EXE_lunash"), folder.display());
    format!(
        "#!/bin/sh\n\
         export HOME={here}/far\n\
         lunash() {{ exec {program} -q --data {here}/far/data \"$@\" 2>/dev/null; }}\n\
         [ -x {here}/shell ] && [ -z \"$SSH_ORIGINAL_COMMAND\" ] && exec {here}/shell\n\
         case \"$SSH_ORIGINAL_COMMAND\" in\n\
         'scp '*) mkdir -p {here}/files && cd {here}/files && exec $SSH_ORIGINAL_COMMAND;;\n\
         '') lunash;;\n\
         *) lunash \"$SSH_ORIGINAL_COMMAND\";;\n\
         esac\n"
    )
}

impl Server {
    /// Starts it, and waits until it listens. Its host key is known to the client.
    pub(crate) fn start() -> Server {
        // Where the tests run as root, sshd wants a folder that only a system's start makes.
        let _ = fs::create_dir_all("/run/sshd");
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        for key in ["host", "id"] {
            Server::make_key(&here.join(key));
        }
        fs::create_dir_all(here.join("far")).unwrap();
        fs::create_dir_all(here.join("home")).unwrap();
        executable(&here.join("entry"), &entry(here));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = here.display();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {place}/host\nPidFile none\n\
             AuthorizedKeysFile {place}/id.pub\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             ForceCommand {place}/entry\n"
        );
        fs::write(here.join("sshd_config"), settings).unwrap();
        let log = fs::File::create(here.join("log")).unwrap();
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(here.join("sshd_config"))
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("sshd is needed: package openssh-server");
        let server = Server { folder, port, child };
        server.listens();
        server.knows(&server.key("host"));
        server
    }

    fn listens(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = fs::read_to_string(self.path("log")).unwrap();
            let failed = log.contains("fatal") || log.contains("Cannot bind");
            assert!(Instant::now() < deadline && !failed, "sshd does not listen: {log}");
            std::thread::yield_now();
        }
    }

    fn make_key(path: &Path) {
        succeeds(
            Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path),
        );
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The public half of a key.
    pub(crate) fn key(&self, name: &str) -> String {
        let text = fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap();
        text.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// Another key, which is not the server's.
    pub(crate) fn another_key(&self) -> String {
        Server::make_key(&self.path("other"));
        self.key("other")
    }

    /// Makes this the key of the server that the client knows; empty: none.
    pub(crate) fn knows(&self, key: &str) {
        let line = match key {
            "" => String::new(),
            key => format!("[127.0.0.1]:{} {key}\n", self.port),
        };
        fs::write(self.path("known_hosts"), line).unwrap();
    }

    /// Puts a script in place of the appliance's shell.
    pub(crate) fn shell(&self, script: &str) {
        executable(&self.path("shell"), &format!("#!/bin/sh\n{script}"));
    }

    /// The arguments that name the server, and nothing of whoever runs the test.
    pub(crate) fn arguments(&self, host: &str) -> Vec<String> {
        let user = succeeds(Command::new("id").arg("-un"));
        let mut arguments: Vec<String> =
            ["--host", host, "--user", user.trim(), "--ssh-port", &self.port.to_string()]
                .map(str::to_owned)
                .to_vec();
        for (option, value) in [
            ("IdentityFile", self.path("id")),
            ("UserKnownHostsFile", self.path("known_hosts")),
            ("GlobalKnownHostsFile", "/dev/null".into()),
            ("IdentityAgent", "none".into()),
            ("IdentitiesOnly", "yes".into()),
        ] {
            arguments.push(format!("--ssh-option={option}={}", value.display()));
        }
        arguments
    }

    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        self.program_for("127.0.0.1", arguments)
    }

    /// The program for a host whose REST is elsewhere.
    pub(crate) fn program_for(&self, host: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lunash"));
        command
            .args(self.arguments(host))
            .args(arguments)
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", "/usr/bin:/bin")
            .current_dir(self.path("home"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it over SSH.
    pub(crate) fn run(&self, arguments: &[&str]) -> Seen {
        seen(self.program(&[&["--via", "ssh"], arguments].concat()).output().unwrap())
    }

    /// Runs what the other end runs, without SSH.
    pub(crate) fn run_there(&self, arguments: &[&str]) -> Seen {
        let data = self.path("far/data");
        let mut command = Command::new(env!("CARGO_BIN_EXE_lunash"));
        command.args(["-q", "--data"]).arg(data).args(arguments).env_clear();
        command.env("HOME", self.path("far")).stdin(Stdio::null());
        seen(command.output().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = Appliance::stop(&self.path("far/data"));
    }
}
