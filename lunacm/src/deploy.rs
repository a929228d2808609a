//! The work of `clientconfig deploy`: certificate, registration, assignment, configuration.
//!
//! Every step looks first and does only what is missing, so that it can be repeated.

use std::path::{Path, PathBuf};

use luna_rest::{Client, ErrorId, network, ntls, partitions};
use luna_shell::{Failure, check_replaceable, first_certificate, replace_file};
use serde::Serialize;

use crate::certificate::{Subject, VALIDITY};
use crate::chrystoki::Chrystoki;
use crate::link::{AUTHORITIES, PRIVATE_KEY};
use crate::owner::{CERTIFICATE, SECTION, common_name};
use crate::session::Session;
use crate::{certificate, codes, servers};

/// The steps that make the client's key and certificate.
pub(crate) const CLIENT_KEY: &str = "Client key";
pub(crate) const CLIENT_CERTIFICATE: &str = "Client certificate";

/// The step that lets the client trust the appliance.
pub(crate) const SERVER_CERTIFICATE: &str = "Server certificate";

/// What is to be deployed.
pub(crate) struct Request<'r> {
    /// The appliance, as the client will name it.
    pub(crate) server: &'r str,
    /// The client: its host name or address.
    pub(crate) client: &'r str,
    /// The name of the partition.
    pub(crate) partition: &'r str,
    /// Makes a new certificate, even where there is one.
    pub(crate) new_certificate: bool,
}

/// One step, and whether anything was left to do.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    /// What it is about.
    pub(crate) what: &'static str,
    /// False where it stood already.
    pub(crate) changed: bool,
    /// The file it is about.
    pub(crate) file: Option<PathBuf>,
}

/// The host name or address at the other end of a session.
pub(crate) fn host_of(client: &Client) -> &str {
    let address = client.address();
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_matches(['[', ']'])
}

/// Goes on where this session is one with the server: the real tool logs in to it by SSH, this one
/// works over the session that is there.
pub(crate) fn check_server(client: &Client, server: &str) -> Result<(), Failure> {
    let host = host_of(client);
    if server.eq_ignore_ascii_case(host)
        || client.get(&network::SHOW, &[])?.hostname.eq_ignore_ascii_case(server)
    {
        return Ok(());
    }
    Err(codes::failure(
        codes::ARGUMENTS_BAD,
        format!("This session is one with {host}, not with '{server}'."),
    )
    .hint(format!("start 'lunacm --host {server} …', or name the server as {host}")))
}

/// Does what is missing at the appliance and among the client's files; `file` gets its entries.
///
/// # Errors
/// The first step that does not succeed; those before it stand, and a repetition goes on from there.
pub(crate) fn on_appliance_and_client(
    session: &Session,
    file: &mut Chrystoki,
    request: &Request<'_>,
) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    let client = session.client();
    let hsm = &session.appliance()?.hsm;
    // An answer without it is no reason to stop: it can be added by hand.
    let server = client.get(&ntls::CERTIFICATE, &[])?.certificate;
    let partition = partition(client, hsm, request.partition)?;
    let known = match client.get(&ntls::CLIENT, &[request.client]) {
        Ok(known) => Some(known),
        Err(error) if error.id() == Some(ErrorId::NTLS_NO_CLIENT) => None,
        Err(error) => return Err(error.into()),
    };
    // A client that is there already keeps its address: the certificate has to name it.
    let address = known.as_ref().map(|known| match known.hostname.is_empty() {
        true => known.ip.clone(),
        false => known.hostname.clone(),
    });
    let address = address.unwrap_or_else(|| request.client.to_owned());

    let folder = folder(file, &session.side().configuration);
    let authorities = folder.join("server").join("CAFile.pem");
    // Before the appliance is told anything.
    check_replaceable(&authorities).map_err(|error| at(&authorities, &error))?;
    let own = own_certificate(file, &folder, &address, request.new_certificate)?;
    let made = |what, path: &PathBuf| Step { what, changed: own.new, file: Some(path.clone()) };
    steps.push(made(CLIENT_KEY, &own.key));
    steps.push(made(CLIENT_CERTIFICATE, &own.path));
    let content = std::fs::read(&own.path).map_err(|error| at(&own.path, &error))?;
    let pem = first_certificate(&own.path.display().to_string(), &content)?;
    let changed = register(client, request.client, known.is_some(), &address, &pem, own.new)?;
    steps.push(Step { what: "Client registration", changed, file: None });

    let links = client.get(&ntls::LINKS, &[request.client])?.links;
    let changed = !links.iter().any(|link| link.id == partition);
    if changed {
        let url = partitions::SHOW.path(&[hsm, &partition]);
        client.call(&ntls::ASSIGN, &[request.client], &ntls::NewLink { url })?;
    }
    steps.push(Step { what: "Partition assignment", changed, file: None });

    let changed = trust(&server, &authorities, request.server)?;
    steps.push(Step { what: SERVER_CERTIFICATE, changed, file: Some(authorities.clone()) });

    let entry = |key: &str, path: &Path| (key.to_owned(), path.display().to_string());
    for (key, value) in [
        entry(CERTIFICATE, &own.path),
        entry(PRIVATE_KEY, &own.key),
        entry(AUTHORITIES, &authorities),
    ] {
        set(session, file, |file| file.set(SECTION, &key, &value))?;
    }
    set(session, file, |file| servers::add(file, request.server, servers::PORT).map(|_| ()))?;
    Ok(steps)
}

fn set(
    session: &Session,
    file: &mut Chrystoki,
    change: impl FnOnce(&mut Chrystoki) -> Result<(), crate::chrystoki::Malformed>,
) -> Result<(), Failure> {
    change(file).map_err(|error| at(&session.side().configuration, &error))
}

fn at(path: &Path, reason: &dyn std::fmt::Display) -> Failure {
    Failure::command(format!("{}: {reason}.", path.display()))
}

/// The serial number of the partition of this name.
fn partition(client: &Client, hsm: &str, name: &str) -> Result<String, Failure> {
    for entry in client.get(&partitions::LIST, &[hsm])?.partitions {
        if client.get(&partitions::SHOW, &[hsm, &entry.id])?.name == name {
            return Ok(entry.id);
        }
    }
    Err(codes::failure(codes::ARGUMENTS_BAD, format!("The partition '{name}' does not exist."))
        .hint("'partition list' in lunash shows the partitions; 'partition create' makes one"))
}

/// The folder of certificates: next to the tools of an installed client, else next to the
/// configuration file.
fn folder(file: &Chrystoki, configuration: &Path) -> PathBuf {
    let root = installed(file).or(configuration.parent());
    root.unwrap_or(Path::new("")).join("cert")
}

/// Where the client is installed: the parent of the folder of its tools.
pub(crate) fn installed(file: &Chrystoki) -> Option<&Path> {
    Path::new(file.get("Misc", "ToolsDir")?.trim_end_matches('/')).parent()
}

/// A file beside another one, whose name it has with this ending.
pub(crate) fn sibling(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

struct Own {
    path: PathBuf,
    key: PathBuf,
    new: bool,
}

/// The client's certificate and key: those of the configuration if they name this client, or
/// those in the folder, or new ones; new ones in any case if `anew`.
fn own_certificate(
    file: &Chrystoki,
    folder: &Path,
    name: &str,
    anew: bool,
) -> Result<Own, Failure> {
    let configured = |key| file.get(SECTION, key).map(PathBuf::from).filter(|_| !anew);
    if let (Some(path), Some(key)) = (configured(CERTIFICATE), configured(PRIVATE_KEY))
        && key.exists()
        && common_name(&path).is_ok_and(|found| found == name)
    {
        return Ok(Own { path, key, new: false });
    }
    let folder = folder.join("client");
    let path = folder.join(format!("{name}.pem"));
    let key = folder.join(format!("{name}Key.pem"));
    if !anew && path.exists() && key.exists() {
        let found = common_name(&path).map_err(|error| Failure::command(format!("{error}.")))?;
        if found == name {
            return Ok(Own { path, key, new: false });
        }
        return Err(at(&path, &format!("is the certificate of '{found}', not of '{name}'"))
            .hint("move it and its key away, then deploy again"));
    }
    if !anew && key.exists() {
        return Err(at(&key, &"is a key without a certificate beside it")
            .hint(format!("put its certificate there as {name}.pem, or move the key away")));
    }
    std::fs::create_dir_all(&folder).map_err(|error| at(&folder, &error))?;
    let made = certificate::make_rsa(name, &Subject::default(), VALIDITY);
    let made = made.map_err(|error| at(&path, &error))?;
    // The key comes to its place last: wherever this ends, a key that is there has its certificate.
    let new_key = sibling(&key, ".new");
    for old in [&new_key, &key] {
        match std::fs::remove_file(old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(at(old, &error));
            }
            _ => {}
        }
    }
    certificate::write_key(&new_key, &made.key).map_err(|error| at(&new_key, &error))?;
    replace_file(&path, made.certificate.as_bytes()).map_err(|error| at(&path, &error))?;
    std::fs::rename(&new_key, &key).map_err(|error| at(&key, &error))?;
    Ok(Own { path, key, new: true })
}

/// Registers the client, or gives the registered one its certificate; whether that was needed.
fn register(
    client: &Client,
    name: &str,
    known: bool,
    address: &str,
    pem: &str,
    new: bool,
) -> Result<bool, Failure> {
    if !known {
        let by_address = address.parse::<std::net::IpAddr>().is_ok();
        let body = ntls::NewClient {
            client_name: name.to_owned(),
            ip: by_address.then(|| address.to_owned()),
            hostname: (!by_address).then(|| address.to_owned()),
            certificate: Some(pem.to_owned()),
        };
        client.call(&ntls::REGISTER, &[], &body)?;
        return Ok(true);
    }
    // Only an emulated appliance shows the certificate it has.
    let same = match client.get(&ntls::CLIENT_CERTIFICATE, &[name]) {
        Ok(shown) => lines(&shown.certificate) == lines(pem),
        Err(_) => !new,
    };
    if !same {
        let body = ntls::NewCertificate { certificate: Some(pem.to_owned()), file: None };
        client.call(&ntls::CERTIFY, &[name], &body)?;
    }
    Ok(!same)
}

pub(crate) fn lines(pem: &str) -> Vec<&str> {
    pem.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Adds the appliance's certificate to the file of those the client trusts; whether it was not
/// among them.
pub(crate) fn trust(pem: &str, authorities: &Path, server: &str) -> Result<bool, Failure> {
    let known = match std::fs::read_to_string(authorities) {
        Ok(known) => known,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(at(authorities, &error)),
    };
    let wanted = lines(pem);
    if wanted.is_empty() || lines(&known).windows(wanted.len()).any(|lines| lines == wanted) {
        return Ok(false);
    }
    let folder = authorities.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    let own = folder.join(format!("{server}Cert.pem"));
    let pem = format!("{}\n", wanted.join("\n"));
    replace_file(&own, pem.as_bytes()).map_err(|error| at(&own, &error))?;
    let gap = if known.is_empty() || known.ends_with('\n') { "" } else { "\n" };
    replace_file(authorities, format!("{known}{gap}{pem}").as_bytes())
        .map_err(|error| at(authorities, &error))?;
    Ok(true)
}
