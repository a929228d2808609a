//! `lnhclientregistration`: registers this client with a cluster, lists and removes registrations.
//!
//! Key, certificate and the members' certificates are written first, the configuration file last
//! and in one step, so that a crash leaves nothing half-registered. Everything of a cluster is in
//! folders of its own: keys of other clusters and of NTLS are not touched. The product's messages
//! are not known; these are ours.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueHint};
use luna_rest::keyrings::{self, NewClient, Registered};
use luna_rest::{Client, ErrorId, Fingerprint};
use luna_shell::{
    Device, Failure, Folders, Input, Kind, Page, Table, Text, TimeLimit, View, Watch,
    all_certificates, check_replaceable, connect_without_login, replace_file,
};
use serde::Serialize;

use crate::chrystoki::Chrystoki;
use crate::cluster_connection::{ClusterConnection, sign};
use crate::clusters::{self, PLACES, Registration};
use crate::deploy::sibling;
use crate::owner::{ClientSide, common_name};
use crate::{certificate, deploy};

/// Where the product's client is installed.
const INSTALLED: &str = "/usr/safenet/lunaclient";
/// The port for administration of a cluster member.
const ADMIN_PORT: u16 = 50_070;

/// What is asked for.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Common name of the client's certificate, usually the client's address
    #[arg(short = 'n', long, value_name = "COMMON_NAME", required_unless_present_any = ["list", "remove"])]
    pub name: Option<String>,

    /// Address of an authorized member: the client's entry to the cluster
    #[arg(short = 'i', long, value_name = "ADDRESS", required_unless_present_any = ["list", "remove"])]
    pub ip: Option<IpAddr>,

    /// UUID of the cluster ('cluster list' in lunash shows it)
    #[arg(short = 'c', long, value_name = "UUID", required_unless_present_any = ["list", "remove"])]
    pub cluster: Option<String>,

    /// A label for the client
    #[arg(short = 'l', long)]
    pub label: Option<String>,

    /// An appliance account with the role monitor to associate with the client
    #[arg(short = 'u', long, value_name = "NAME")]
    pub user: Option<String>,

    /// Add the cluster at the next free index instead of index 00
    #[arg(short = 'm', long)]
    pub multiple: bool,

    /// The member's port for administration
    #[arg(long, value_name = "PORT", default_value_t = ADMIN_PORT)]
    pub admin_port: u16,

    /// List the clusters this client is registered with
    #[arg(long, conflicts_with_all = ["name", "ip", "cluster", "label", "user", "multiple", "remove"])]
    pub list: bool,

    /// Remove a cluster from this client: its index or its UUID
    #[arg(long, value_name = "INDEX|UUID", conflicts_with_all = ["name", "ip", "cluster", "label", "user", "multiple"])]
    pub remove: Option<String>,

    /// The client's configuration file; without it Chrystoki.conf in the folder that
    /// ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// Where the client is installed; without it the parent of the configuration's ToolsDir, or
    /// /usr/safenet/lunaclient if it is there, or the folder of the configuration file
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub install_dir: Option<PathBuf>,

    /// The SHA-256 fingerprint the member's certificate must have
    #[arg(long, value_name = "SHA256:…")]
    pub fingerprint: Option<String>,

    /// The time limit of the registration.
    #[command(flatten)]
    pub timeout: TimeLimit,

    /// Answer every 'proceed' question with proceed
    #[arg(long)]
    pub yes: bool,
}

/// Does what was asked for.
///
/// # Errors
/// Nothing of this client's configuration was changed.
pub fn run(
    arguments: &Arguments,
    folders: &Folders,
    device: &mut dyn Device,
) -> Result<Box<dyn View>, Failure> {
    let configuration = match &arguments.config {
        Some(file) => file.clone(),
        None => ClientSide::of_machine(None, folders).configuration,
    };
    let old = Chrystoki::read(&configuration).map_err(|error| failure(&error))?;
    if arguments.list {
        return Ok(Box::new(List { clusters: list(&old) }));
    }
    if let Some(which) = &arguments.remove {
        return Ok(Box::new(remove(which, &configuration, &old, arguments.yes, device)?));
    }
    let request = Request::of(arguments, &old, &configuration)?;
    Ok(Box::new(request.register(&configuration, &old, folders, device)?))
}

/// A refusal of the member.
fn refused(error: luna_rest::Error) -> Failure {
    let taken = error.id() == Some(ErrorId::CLUSTER_CLIENT_EXISTS);
    let failure = Failure::from(error);
    match taken {
        true => {
            failure.hint("'cluster client delete' in lunash takes a client's registration back")
        }
        false => failure,
    }
}

/// A failure of a file on this machine.
fn failure(error: &io::Error) -> Failure {
    let failure = Failure::command(format!("{error}."));
    match error.kind() {
        io::ErrorKind::PermissionDenied => failure.hint(
            "name files and folders of your own with --config and --install-dir, or run this as \
             root",
        ),
        _ => failure,
    }
}

fn at(path: &Path, error: &dyn std::fmt::Display, kind: io::ErrorKind) -> Failure {
    failure(&io::Error::new(kind, format!("{}: {error}", path.display())))
}

/// Asks for `proceed`; anything but that and `quit` is asked again, and refused from a script.
fn confirm(device: &mut dyn Device, caution: &str, what: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let question = format!(
        "CAUTION:  {caution}\n\n          Type 'proceed' to {what}, or 'quit'\n          to quit \
         now.\n          > "
    );
    loop {
        match device.answer(&question) {
            Input::Line(line) if line.trim().eq_ignore_ascii_case("proceed") => return Ok(()),
            Input::Line(line) if line.trim().eq_ignore_ascii_case("quit") => {
                return Err(Failure::command("The command was cancelled."));
            }
            Input::Line(_) if device.attended() => {}
            Input::Cancelled => return Err(Failure::command("The command was cancelled.")),
            Input::Line(_) | Input::NotText | Input::End => {
                return Err(Failure::refused(format!("Not confirmed: {what}."))
                    .hint("--yes would have answered the question"));
            }
        }
    }
}

/// What is to be registered, checked.
struct Request<'a> {
    name: &'a str,
    entry: IpAddr,
    admin_port: u16,
    cluster: String,
    label: Option<String>,
    user: Option<String>,
    multiple: bool,
    fingerprint: Option<String>,
    limit: Duration,
    yes: bool,
    /// `cert` of the installation.
    certificates: PathBuf,
}

/// The files of a registration.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    authorities: PathBuf,
}

impl Request<'_> {
    fn of<'a>(
        arguments: &'a Arguments,
        file: &Chrystoki,
        configuration: &Path,
    ) -> Result<Request<'a>, Failure> {
        let wrong = |text| Failure::new(Kind::NotUnderstood, text);
        let missing = || wrong("The options -n, -i and -c are needed.".to_owned());
        let name = arguments.name.as_deref().ok_or_else(missing)?;
        let cluster = arguments.cluster.as_deref().ok_or_else(missing)?;
        // It becomes the name of a file, and is written into the configuration.
        let fits = |c: char| !c.is_control() && !"/\\;{}".contains(c);
        if name.trim() != name || matches!(name, "" | "." | "..") || !name.chars().all(fits) {
            return Err(wrong(format!("'{name}' cannot be the common name of a client.")));
        }
        if name.chars().count() > 64 {
            return Err(wrong("A common name has at most 64 characters.".to_owned()));
        }
        if !is_uuid(cluster) {
            return Err(wrong(format!("'{cluster}' is not the UUID of a cluster."))
                .hint("'cluster list' in lunash shows it"));
        }
        let installed = Path::new(INSTALLED);
        let install = match (&arguments.install_dir, deploy::installed(file)) {
            (Some(folder), _) => folder.clone(),
            (None, Some(folder)) => folder.to_owned(),
            (None, None) if installed.exists() => installed.to_owned(),
            // Nothing is made for all users that none of them has installed.
            (None, None) => configuration.parent().unwrap_or(Path::new("")).to_owned(),
        };
        let install =
            std::path::absolute(&install).map_err(|error| at(&install, &error, error.kind()))?;
        Ok(Request {
            name,
            entry: arguments.ip.ok_or_else(missing)?,
            admin_port: arguments.admin_port,
            cluster: cluster.to_ascii_lowercase(),
            label: arguments.label.clone(),
            user: arguments.user.clone(),
            multiple: arguments.multiple,
            fingerprint: arguments.fingerprint.clone(),
            limit: arguments.timeout.get(),
            yes: arguments.yes,
            certificates: install.join("cert"),
        })
    }

    fn files(&self) -> Files {
        let own = self.certificates.join("client").join(&self.cluster);
        Files {
            certificate: own.join(format!("{}.pem", self.name)),
            key: own.join(format!("{}Key.pem", self.name)),
            authorities: self.certificates.join("server").join(&self.cluster).join("lnh_ca.pem"),
        }
    }

    /// The index to write to, once it is clear that it may be written to, and the other cluster
    /// that it is taken from.
    fn index(
        &self,
        file: &Chrystoki,
        device: &mut dyn Device,
    ) -> Result<(usize, Option<Registration>), Failure> {
        let known = clusters::registrations(file);
        let index = if self.multiple {
            clusters::free(file).ok_or_else(|| {
                Failure::command(format!("All {PLACES} places for clusters are taken."))
                    .hint("remove a cluster first: lnhclientregistration --remove INDEX")
            })?
        } else {
            0
        };
        if let Some(same) = known.iter().find(|one| one.cluster() == self.cluster)
            && same.index != index
        {
            let place = same.index;
            return Err(Failure::command(format!(
                "This client is registered with cluster {} already, at index {place:02}.",
                self.cluster
            ))
            .hint(format!("remove it first: lnhclientregistration --remove {place:02}")));
        }
        let holder = known.into_iter().find(|one| one.index == index);
        let other = holder.filter(|one| one.cluster() != self.cluster);
        if let Some(other) = &other {
            let caution = format!(
                "Index {index:02} belongs to cluster {} ({}).\n          Registering without -m \
                 takes that cluster away from this client's\n          applications; -m adds the \
                 new one beside it.",
                other.cluster(),
                other.server
            );
            confirm(device, &caution, "overwrite it", self.yes)?;
        }
        Ok((index, other))
    }

    fn register(
        &self,
        configuration: &Path,
        old: &Chrystoki,
        folders: &Folders,
        device: &mut dyn Device,
    ) -> Result<Done, Failure> {
        let (index, other) = self.index(old, device)?;
        let files = self.files();
        // Before the member is asked, so that a registration does not fail at the last step.
        Chrystoki::check_writable(configuration).map_err(|error| failure(&error))?;
        for path in [&files.certificate, &files.authorities] {
            check_replaceable(path).map_err(|error| at(path, &error, error.kind()))?;
        }
        let mut prepared = Prepared::make(self.name, &files)?;
        let host = self.entry.to_string();
        let watch = Watch::new(device.attended(), self.limit);
        let client = connect_without_login(
            &host,
            self.admin_port,
            self.fingerprint.clone(),
            &watch,
            folders,
            device,
        )?;
        let registered = prepared.register(&client, self)?;
        check(&registered)?;
        let backup = prepared.settle()?;
        replace_file(&files.authorities, registered.ca.as_bytes())
            .map_err(|error| at(&files.authorities, &error, error.kind()))?;

        let registration = Registration {
            index,
            server: SocketAddr::new(self.entry, registered.crypto_port).to_string(),
            certificate: files.certificate,
            key: files.key,
            authorities: files.authorities,
        };
        // The first session lists the other members.
        let trial = ClusterConnection::open(registration.clone(), watch);
        let mut new = old.clone();
        clusters::set(&mut new, &registration)
            .map_err(|error| at(configuration, &error, io::ErrorKind::InvalidData))?;
        new.write_with_backup(old, configuration).map_err(|error| failure(&error))?;
        if let Some(other) = other {
            device
                .note(&format!("note: {} and the files beside it were left", other.key.display()));
        }
        if let Err(failure) = trial {
            device.note(&format!(
                "note: the cluster does not take this client yet: {}",
                failure.message
            ));
        }
        Ok(Done::new(self, &registration, registered, backup, configuration))
    }
}

/// Refuses what a member answered to a registration if it cannot be used, before any of it is written.
fn check(registered: &Registered) -> Result<(), Failure> {
    let certificates = all_certificates("", registered.ca.as_bytes());
    let wrong = match (registered.crypto_port, registered.client_uuid.as_str()) {
        (0, _) => "no port for cryptographic traffic",
        (_, "") => "no UUID of the client",
        _ if certificates.is_err() => "no certificate of a member",
        _ => return Ok(()),
    };
    Err(Failure::new(
        Kind::Unclear,
        format!(
            "The member answered the registration with {wrong}; the configuration is as it was."
        ),
    )
    .hint("the cluster may know this client now: 'cluster client list' in lunash shows it"))
}

/// Whether it is written as a UUID.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A new key and its certificate, written next to their final places.
struct Prepared<'f> {
    files: &'f Files,
    certificate: String,
    /// Whether they are from a registration that ended unclear: the cluster may know them.
    left: bool,
    /// Whether they stay where they are.
    kept: bool,
}

/// What new files are called beside their final places.
const NEW: &str = ".new";

impl<'f> Prepared<'f> {
    fn make(name: &str, files: &'f Files) -> Result<Prepared<'f>, Failure> {
        for path in [&files.key, &files.authorities] {
            let folder = path.parent().unwrap_or(Path::new(""));
            std::fs::create_dir_all(folder).map_err(|error| at(folder, &error, error.kind()))?;
        }
        let (key, path) = (sibling(&files.key, NEW), sibling(&files.certificate, NEW));
        if sign(&key, "").is_ok() && common_name(&path).is_ok_and(|found| found == name) {
            let certificate = std::fs::read_to_string(&path);
            let certificate = certificate.map_err(|error| at(&path, &error, error.kind()))?;
            return Ok(Prepared { files, certificate, left: true, kept: false });
        }
        let made = certificate::make(name).map_err(|error| failure(&error))?;
        let certificate = made.certificate;
        let prepared = Prepared { files, certificate, left: false, kept: false };
        // Half of them is of no use.
        prepared.discard();
        certificate::write_key(&key, &made.key).map_err(|error| at(&key, &error, error.kind()))?;
        replace_file(&path, prepared.certificate.as_bytes())
            .map_err(|error| at(&path, &error, error.kind()))?;
        Ok(prepared)
    }

    /// Registers the certificate. Who is registered already says so with a key that the cluster knows: the
    /// one of a registration that ended unclear, or the present one.
    fn register(&mut self, client: &Client, request: &Request<'_>) -> Result<Registered, Failure> {
        let new = Fingerprint::of_pem(&self.certificate).map(|new| new.to_string());
        let shown = client.fingerprint().to_string();
        let text = NewClient::text(&request.cluster, &shown, &new.unwrap_or_default());
        let left = Some(sibling(&self.files.key, NEW)).filter(|_| self.left);
        let keys = left.into_iter().chain([self.files.key.clone()]);
        // A key that cannot sign proves nothing; the member refuses where it has to.
        let mut proofs = keys.filter_map(|key| sign(&key, &text).ok()).peekable();
        loop {
            let body = NewClient {
                certificate: self.certificate.clone(),
                label: request.label.clone(),
                user: request.user.clone(),
                proof: proofs.next(),
            };
            let answer = client.call(&keyrings::REGISTER, &[&request.cluster], &body);
            match answer {
                Ok(registered) => {
                    // Whatever comes now, the cluster knows them.
                    self.kept = true;
                    return Ok(registered);
                }
                Err(error)
                    if error.id() == Some(ErrorId::CLUSTER_CLIENT_EXISTS)
                        && proofs.peek().is_some() => {}
                Err(error) => {
                    let failure = refused(error);
                    self.kept = self.left || failure.kind == Kind::Unclear;
                    return Err(failure);
                }
            }
        }
    }

    /// Moves both to their final places. A key that is already there is kept, with its certificate, under
    /// another name: the key's new one.
    fn settle(self) -> Result<Option<PathBuf>, Failure> {
        let Files { certificate, key, .. } = self.files;
        let mut kept = None;
        if key.exists() {
            let free = (1..).map(|number| format!(".old{number}")).find(|ending| {
                !sibling(key, ending).exists() && !sibling(certificate, ending).exists()
            });
            let ending = free.unwrap_or_default();
            let (old_key, old_certificate) = (sibling(key, &ending), sibling(certificate, &ending));
            // A link, not a move: at no moment is there no key.
            std::fs::hard_link(key, &old_key).map_err(|error| at(key, &error, error.kind()))?;
            if certificate.exists() {
                std::fs::rename(certificate, &old_certificate)
                    .map_err(|error| at(certificate, &error, error.kind()))?;
            }
            kept = Some(old_key);
        }
        std::fs::rename(sibling(key, NEW), key).map_err(|error| at(key, &error, error.kind()))?;
        std::fs::rename(sibling(certificate, NEW), certificate)
            .map_err(|error| at(certificate, &error, error.kind()))?;
        Ok(kept)
    }

    fn discard(&self) {
        for path in [&self.files.key, &self.files.certificate] {
            // It may not be there, which is as good.
            let _ = std::fs::remove_file(sibling(path, NEW));
        }
    }
}

/// Removes the folders of a cluster's files where they are empty.
fn remove_folders(files: [&Path; 2]) {
    for folder in files.into_iter().filter_map(Path::parent) {
        // One that holds more, such as former keys, stays.
        let _ = std::fs::remove_dir(folder);
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.discard();
            remove_folders([&self.files.key, &self.files.authorities]);
        }
    }
}

/// What was registered.
#[derive(Serialize)]
struct Done {
    index: usize,
    cluster: String,
    cluster_label: String,
    client: String,
    client_uuid: String,
    server: String,
    certificate: PathBuf,
    key: PathBuf,
    authorities: PathBuf,
    configuration: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_key: Option<PathBuf>,
}

impl Done {
    fn new(
        request: &Request<'_>,
        registration: &Registration,
        registered: Registered,
        old_key: Option<PathBuf>,
        configuration: &Path,
    ) -> Done {
        Done {
            index: registration.index,
            cluster: request.cluster.clone(),
            cluster_label: registered.cluster_label,
            client: request.name.to_owned(),
            client_uuid: registered.client_uuid,
            server: registration.server.clone(),
            certificate: registration.certificate.clone(),
            key: registration.key.clone(),
            authorities: registration.authorities.clone(),
            configuration: configuration.to_owned(),
            old_key,
        }
    }
}

impl Text for Done {
    fn write(&self, page: &mut Page) {
        if let Some(old) = &self.old_key {
            page.line(format!("The former private key was kept as: {}", old.display()));
        }
        page.line(format!("Private Key created and written to: {}", self.key.display()));
        page.line(format!("Certificate created and written to: {}", self.certificate.display()));
        page.line(format!("Cluster certificates written to: {}", self.authorities.display()));
        page.blank();
        page.line(format!(
            "Client '{}' is registered with cluster '{}' ({})\nat index {:02}. Its entry is {}.",
            self.client, self.cluster_label, self.cluster, self.index, self.server
        ));
    }
}

/// The clusters of this client.
#[derive(Serialize)]
struct List {
    clusters: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    index: usize,
    server: String,
    cluster: String,
    client: String,
}

fn list(file: &Chrystoki) -> Vec<Line> {
    let line = |one: Registration| Line {
        index: one.index,
        cluster: one.cluster().to_owned(),
        // A file that cannot be read is lunacm's to complain about.
        client: common_name(&one.certificate).unwrap_or_default(),
        server: one.server,
    };
    clusters::registrations(file).into_iter().map(line).collect()
}

impl Text for List {
    fn write(&self, page: &mut Page) {
        if self.clusters.is_empty() {
            page.line("This client is not registered with any cluster.");
            return;
        }
        let mut table = Table::new(0, 2, &[(5, false), (21, false), (36, false), (11, false)]);
        table.row(["Index", "Server", "Cluster ID", "Common Name"]);
        table.row(["=====", &"=".repeat(21), &"=".repeat(36), "==========="]);
        for line in &self.clusters {
            let index = format!("{:02}", line.index);
            table.row([index.as_str(), &line.server, &line.cluster, &line.client]);
        }
        page.table(&table);
    }
}

/// What was removed.
#[derive(Serialize)]
struct Removed {
    index: usize,
    cluster: String,
    removed: Vec<PathBuf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left: Vec<PathBuf>,
}

fn remove(
    which: &str,
    configuration: &Path,
    old: &Chrystoki,
    yes: bool,
    device: &mut dyn Device,
) -> Result<Removed, Failure> {
    let is_it = |one: &Registration| {
        which.parse() == Ok(one.index) || which.eq_ignore_ascii_case(one.cluster())
    };
    let one = clusters::registrations(old).into_iter().find(is_it).ok_or_else(|| {
        Failure::command(format!("This client is not registered with a cluster '{which}'."))
            .hint("lnhclientregistration --list shows the clusters")
    })?;
    let cluster = one.cluster().to_owned();
    let caution = format!(
        "Cluster {cluster} ({}) will be taken\n          away from this client, and the private \
         key deleted. Stop the applications\n          that use it first.",
        one.server
    );
    confirm(device, &caution, "remove it", yes)?;
    let mut new = old.clone();
    clusters::remove(&mut new, one.index)
        .map_err(|error| at(configuration, &error, io::ErrorKind::InvalidData))?;
    new.write_with_backup(old, configuration).map_err(|error| failure(&error))?;

    let members = one.authorities.with_file_name("members.json");
    let (mut removed, mut left) = (Vec::new(), Vec::new());
    for path in [&one.key, &one.certificate, &one.authorities, &members] {
        // A file elsewhere was put into the configuration by hand, and may have other uses.
        let folder = path.parent().and_then(Path::file_name);
        let own = is_uuid(&cluster) && folder.is_some_and(|folder| *folder == *cluster);
        if own && std::fs::remove_file(path).is_ok() {
            removed.push(path.clone());
        } else if path.exists() {
            left.push(path.clone());
        }
    }
    remove_folders([&one.key, &one.authorities]);
    for path in &left {
        device.note(&format!("note: {} was left", path.display()));
    }
    device.note(
        "note: the cluster still knows this client; its administrator can end that, and has to before \
         the name is registered again",
    );
    Ok(Removed { index: one.index, cluster, removed, left })
}

impl Text for Removed {
    fn write(&self, page: &mut Page) {
        for path in &self.removed {
            page.line(format!("Deleted: {}", path.display()));
        }
        page.blank();
        page.line(format!("Cluster {} was removed from index {:02}.", self.cluster, self.index));
    }
}

#[cfg(test)]
mod tests;
