//! A real receiver of syslog, rsyslogd of Debian's packages, and certificates made by openssl.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver as Channel, channel};
use std::time::{Duration, Instant};

/// How long anything may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// TLS of a receiver: its certificate and key, and whose certificates of senders it takes.
pub(crate) struct Tls<'a> {
    pub(crate) authority: &'a Path,
    pub(crate) certificate: &'a Path,
    pub(crate) key: &'a Path,
    /// The name that a sender's certificate must have; none is asked for without it.
    pub(crate) sender: Option<&'a str>,
}

/// An rsyslogd on a free port of this machine, and what it has received.
pub(crate) struct Receiver {
    folder: tempfile::TempDir,
    child: Option<Child>,
    lines: Channel<String>,
    pub(crate) port: u16,
}

impl Receiver {
    /// One that listens to TCP and UDP, or to TLS alone.
    pub(crate) fn start(tls: Option<&Tls<'_>>) -> Receiver {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let pipe = path("lines");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        std::fs::write(path("conf"), configuration(folder.path(), &pipe, port, tls)).unwrap();
        // Opened for writing as well, so that it has no end while rsyslogd does not run.
        let read = File::options().read(true).write(true).open(&pipe).unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(read).lines();
            lines.map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut receiver = Receiver { folder, child: None, lines, port };
        receiver.run();
        receiver
    }

    /// Starts it again where it was.
    pub(crate) fn run(&mut self) {
        let mut rsyslogd = Command::new("/usr/sbin/rsyslogd");
        rsyslogd.args(["-n", "-i", "NONE", "-f"]).arg(self.folder.path().join("conf"));
        let child =
            rsyslogd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.child =
            Some(child.expect("rsyslogd, of Debian's packages rsyslog and rsyslog-gnutls"));
    }

    /// Ends it without notice.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The first line that it receives, while `again` has another sent for as long as none comes.
    pub(crate) fn first(&self, mut again: impl FnMut()) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            again();
            match self.lines.recv_timeout(Duration::from_millis(200)) {
                Ok(line) => return line,
                Err(_) if Instant::now() < deadline => {}
                Err(_) => panic!("nothing comes"),
            }
        }
    }

    /// What it receives until a line that holds this text comes, that line as well.
    pub(crate) fn until(&self, text: &str) -> Vec<String> {
        let deadline = Instant::now() + DEADLINE;
        let mut found = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => found.push(line),
                Err(_) => panic!("no line with {text:?}, but {found:#?}"),
            }
            if found.last().is_some_and(|line| line.contains(text)) {
                return found;
            }
        }
    }

    /// The next line, if one comes soon.
    pub(crate) fn next(&self, wait: Duration) -> Option<String> {
        self.lines.recv_timeout(wait).ok()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

fn configuration(folder: &Path, pipe: &Path, port: u16, tls: Option<&Tls<'_>>) -> String {
    let (folder, pipe) = (folder.display(), pipe.display());
    let mut text = format!("global(workDirectory=\"{folder}\" maxMessageSize=\"16k\")\n");
    match tls {
        None => {
            text += "module(load=\"imtcp\")\nmodule(load=\"imudp\")\n";
            text += &format!("input(type=\"imudp\" port=\"{port}\" address=\"127.0.0.1\")\n");
        }
        Some(Tls { authority, certificate, key, sender }) => {
            text += &format!(
                "global(defaultNetstreamDriver=\"gtls\" defaultNetstreamDriverCAFile=\"{}\" \
                 defaultNetstreamDriverCertFile=\"{}\" defaultNetstreamDriverKeyFile=\"{}\")\n",
                authority.display(),
                certificate.display(),
                key.display()
            );
            let senders = match sender {
                Some(name) => {
                    format!("streamDriver.authMode=\"x509/name\" permittedPeer=[\"{name}\"]")
                }
                None => "streamDriver.authMode=\"anon\"".to_owned(),
            };
            text += &format!(
                "module(load=\"imtcp\" streamDriver.name=\"gtls\" streamDriver.mode=\"1\" {senders})\n"
            );
        }
    }
    text += &format!("input(type=\"imtcp\" port=\"{port}\" address=\"127.0.0.1\")\n");
    // As it came, and nothing of rsyslogd's own.
    text += "template(name=\"raw\" type=\"string\" string=\"%rawmsg%\\n\")\n";
    text += &format!(
        "if $inputname == \"imtcp\" or $inputname == \"imudp\" then {{\n  \
         action(type=\"ompipe\" pipe=\"{pipe}\" template=\"raw\")\n}}\n"
    );
    text
}

/// An authority of openssl's.
pub(crate) struct Authority {
    folder: tempfile::TempDir,
}

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

const EC: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

impl Authority {
    pub(crate) fn new(name: &str) -> Authority {
        let folder = tempfile::tempdir().unwrap();
        let made = format!("req -x509 {EC} -keyout ca.key -out ca.pem -days 30 -subj /CN={name}");
        openssl(folder.path(), &made);
        Authority { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// Its key.
    pub(crate) fn key(&self) -> PathBuf {
        self.path("ca.key")
    }

    /// A key and a certificate of this name.
    pub(crate) fn host(&self, name: &str) -> (PathBuf, PathBuf) {
        let made = format!("req {EC} -keyout {name}.key -out {name}.csr -subj /CN={name}");
        openssl(self.folder.path(), &made);
        std::fs::write(self.path("names"), format!("subjectAltName=DNS:{name}\n")).unwrap();
        self.sign_file(name, "-extfile names");
        (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")))
    }

    fn sign_file(&self, name: &str, more: &str) {
        let sign = format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out {name}.pem"
        );
        openssl(self.folder.path(), format!("{sign} {more}").trim_end());
    }

    /// What it makes of a request.
    pub(crate) fn sign(&self, request: &[u8]) -> Vec<u8> {
        std::fs::write(self.path("asked.csr"), request).unwrap();
        self.sign_file("asked", "");
        std::fs::read(self.path("asked.pem")).unwrap()
    }
}
