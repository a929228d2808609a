//! An appliance whose texts are hostile: an emulated one, behind a relay that adds to every text of its answers.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use luna_appliance::{Appliance, Options, Running};
use luna_rest::{Target, Trust, hsm, partitions, users};
use reqwest::blocking::Client;
use serde_json::Value;

use crate::server::{Reply, Seen, Server};

/// Clears the screen, goes back in the line, changes colour and direction, and forges lines.
const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\r\u{8}\u{8}\u{7f}\u{202e}\u{2066}\u{200b}\nFORGED\r\nFORGED";
/// What must be seen of it.
pub(crate) const VISIBLE: &str = "\\x1b[2J";
/// The passwords of its admin and its HSM.
pub(crate) const PASSWORD: &str = "Admin-Passw0rd";
const SO_PASSWORD: &str = "so-Passw0rd";

/// The appliance.
pub(crate) struct Hostile {
    server: Server,
    _appliance: Running,
    folder: tempfile::TempDir,
}

impl Hostile {
    /// An appliance with a partition. Its texts are hostile where `chosen` says so of their field.
    pub(crate) fn start(chosen: impl Fn(&str) -> bool + Send + 'static) -> Hostile {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let appliance = Appliance::start(Options::new(folder.path().join("data"))).unwrap();
        prepare(&appliance);
        let address = appliance.address().to_string();
        let client = Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let server = Server::start(move |seen| relay(&client, &address, seen, &chosen));
        Hostile { server, _appliance: appliance, folder }
    }

    /// Its address, and its certificate's fingerprint.
    pub(crate) fn place(&self) -> (String, String) {
        (format!("127.0.0.1:{}", self.server.port), self.server.fingerprint.to_string())
    }

    /// What a shell says to these lines.
    fn plays(&self, shell: &str, format: &str, lines: &[String]) -> Output {
        let file = self.folder.path().join("script");
        fs::write(&file, lines.join("\n")).unwrap();
        let (host, fingerprint) = self.place();
        Command::new(shell)
            .args(["--host", &host, "--fingerprint", &fingerprint])
            .args(["--output", format, "-f", file.to_str().unwrap()])
            .env_clear()
            .env("HOME", self.folder.path())
            .env("ChrystokiConfigurationPath", self.folder.path())
            .env("LUNA_PASSWORD", PASSWORD)
            .env("LUNA_HSM_PASSWORD", SO_PASSWORD)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

fn prepare(appliance: &Running) {
    let address = appliance.address();
    let trust = Trust::Pinned(appliance.fingerprint());
    let target =
        Target { host: address.ip().to_string(), port: address.port(), trust, limit: None };
    let mut client = luna_rest::Client::connect(target).unwrap();
    client.login("admin", &"PASSWORD".into()).unwrap();
    let change = users::UserAction {
        password: Some(PASSWORD.into()),
        current_password: Some("PASSWORD".into()),
    };
    client.call(&users::ACT, &["admin", "changePassword"], &change).unwrap();
    let hsm = client.get(&hsm::LIST, &[]).unwrap().hsms.remove(0).id;
    let (password, domain) = (Some(SO_PASSWORD.into()), Some("domain-1".into()));
    let init = hsm::Init { label: "h".to_owned(), password, domain, ..Default::default() };
    client.call(&hsm::INIT, &[&hsm], &init).unwrap();
    let password = Some(SO_PASSWORD.into());
    let login = hsm::Login { role: "so".into(), password, ped: "0".into() };
    client.call(&hsm::LOGIN, &[&hsm], &login).unwrap();
    let name = "app1".to_owned();
    let new = partitions::NewPartition { name, has_pso: true, ..Default::default() };
    client.call(&partitions::CREATE, &[&hsm], &new).unwrap();
}

/// Plays lines with all fields hostile at once, and with each part of them while the others stay as they are: a
/// command that a changed field stops shows the others then. Fails if something commands the terminal, or is not
/// JSON where it should be.
pub(crate) fn try_all(shell: &str, lines: &[String]) {
    let checked = |format: &str, hostile: Hostile| {
        let output = hostile.plays(shell, format, lines);
        check("output", &output.stdout);
        check("remarks", &output.stderr);
        String::from_utf8(output.stdout).unwrap()
    };
    let all = checked("luna", Hostile::start(|_| true));
    assert!(all.contains(VISIBLE), "{all}");
    for part in 0..PARTS {
        let chosen =
            move |field: &str| field.bytes().map(usize::from).sum::<usize>() % PARTS == part;
        let text = checked("luna", Hostile::start(chosen));
        assert!(text.contains(VISIBLE), "{text}");
        for line in checked("json", Hostile::start(chosen)).lines() {
            serde_json::from_str::<Value>(line).unwrap();
        }
    }
}

const PARTS: usize = 3;

fn relay(client: &Client, address: &str, seen: &Seen, chosen: &dyn Fn(&str) -> bool) -> Reply {
    let (method, path) = seen.line.split_once(' ').unwrap();
    let mut request = client
        .request(method.parse().unwrap(), format!("https://{address}{}", harmless_path(path)))
        .body(harmless(&seen.body));
    for (name, value) in &seen.headers {
        if !matches!(name.as_str(), "host" | "content-length" | "connection" | "accept-encoding") {
            request = request.header(name, value);
        }
    }
    let response = request.send().unwrap();
    let status = response.status().as_u16();
    let mut headers = Vec::new();
    for name in ["set-cookie", "location", "content-type"] {
        for value in response.headers().get_all(name) {
            headers.push(format!("{name}: {}", value.to_str().unwrap()));
        }
    }
    let body = response.bytes().unwrap().to_vec();
    let body = match serde_json::from_slice::<Value>(&body) {
        Ok(mut json) => {
            make_hostile(&mut json, "", chosen);
            serde_json::to_vec(&json).unwrap()
        }
        Err(_) => body,
    };
    // The server of the tests of the wire takes lines that live as long as it.
    Reply::Answer(status, headers.join("\r\n").leak(), body)
}

fn make_hostile(json: &mut Value, field: &str, chosen: &dyn Fn(&str) -> bool) {
    match json {
        Value::String(text) if chosen(field) => text.push_str(HOSTILE),
        Value::Array(values) => values.iter_mut().for_each(|one| make_hostile(one, field, chosen)),
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(name, value)| make_hostile(value, name, chosen));
        }
        _ => {}
    }
}

/// The request as it would be without the hostile texts that were answered before.
fn harmless(body: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else { return body.to_vec() };
    let quoted = serde_json::to_string(HOSTILE).unwrap();
    let in_one_line = HOSTILE.replace('\r', "\\x0d").replace('\n', "\\x0a");
    let in_one_line = serde_json::to_string(&in_one_line).unwrap();
    text.replace(quoted.trim_matches('"'), "").replace(in_one_line.trim_matches('"'), "").into()
}

fn harmless_path(path: &str) -> String {
    match path.find("%1B").or_else(|| path.find("%1b")) {
        // The text ends with the letters of its last line.
        Some(begin) => {
            let end = path.rfind("FORGED").map_or(path.len(), |at| at + "FORGED".len());
            format!("{}{}", &path[..begin], harmless_path(&path[end..]))
        }
        None => path.to_owned(),
    }
}

/// Every line that is typed in a transcript in the shell called `shell`, once.
pub(crate) fn lines(shell: &str) -> Vec<String> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../transcripts"));
    let mut scripts: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    scripts.retain(|path| path.extension().is_some_and(|ending| ending == "in"));
    scripts.sort();
    let mut lines: Vec<String> = Vec::new();
    for script in scripts {
        let mut current = "";
        let text = fs::read_to_string(script).unwrap();
        for line in text.lines() {
            if let Some(directive) = line.strip_prefix('@') {
                let word = directive.split(' ').next().unwrap_or_default();
                current = match word {
                    "lunash" => "lunash",
                    "lunacm" => "lunacm",
                    _ => current,
                };
            } else if current == shell
                && !line.starts_with(['>', '#', ' '])
                && !lines.iter().any(|one| one == line)
            {
                lines.push(line.to_owned());
            }
        }
    }
    lines
}

/// Fails if something of this output commands a terminal, or is a line that was forged.
pub(crate) fn check(what: &str, output: &[u8]) {
    let text = std::str::from_utf8(output).unwrap();
    for line in text.split('\n') {
        let bad = |c: char| {
            c.is_control() && c != '\t'
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!line.contains(bad), "{what}: {line:?}");
        assert!(!line.starts_with("FORGED"), "{what}: a forged line in\n{text}");
    }
}
