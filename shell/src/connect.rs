//! Opens the session with an appliance: profile, trust, login.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use luna_rest::emulator::{MOVE_CLOCK, MoveClock};
use luna_rest::{Client, Error, Fingerprint, Secret, Target, Trust};
use secrecy::{ExposeSecret, SecretString};

use crate::config::{Config, Folders, Profile};
use crate::device::{Device, Input};
use crate::failure::{Failure, Kind};
use crate::options::{DEFAULT_TIME_LIMIT, Options};
use crate::pins::Pins;
use crate::secrets::{Secrets, accepted};
use crate::ui::not_text;
use crate::watch::Watch;

/// How often a user is asked for the account's password.
const ATTEMPTS: u32 = 3;

/// The default port of the REST API.
const PORT: u16 = 8443;

/// A session with an appliance, and what is needed to open it again.
pub struct Connection {
    /// The session.
    pub client: Arc<Client>,
    /// The account that is logged in.
    pub user: String,
    /// The profile of the configuration that was used, or an empty one.
    pub profile: Profile,
    watch: Arc<Watch>,
    origin: Origin,
    _keep: Option<Box<dyn std::any::Any>>,
}

/// How a session was opened.
enum Origin {
    /// With the password of an account.
    Password(Target, SecretString),
    /// With the key of an emulated appliance on this machine.
    Key(Target, Secret),
    /// By the caller, who also reopens it.
    External,
}

impl Connection {
    /// A connection that the caller has opened and reopens itself.
    pub fn external(client: Arc<Client>, watch: Arc<Watch>) -> Connection {
        let user = client.user().unwrap_or_default().to_owned();
        let profile = Profile::default();
        Connection { client, user, profile, watch, origin: Origin::External, _keep: None }
    }

    /// A session that somebody else has opened, whose cookie was handed on.
    ///
    /// # Errors
    /// The appliance cannot be reached.
    pub fn handed(
        target: Target,
        user: &str,
        cookie: &Secret,
        watch: Arc<Watch>,
    ) -> Result<Connection, Failure> {
        let mut client = Client::connect(target)?;
        watch.attach(&mut client);
        client.use_session(user, cookie);
        Ok(Connection::external(Arc::new(client), watch))
    }

    /// A connection without the REST API: the appliance's own shell answers.
    pub fn absent(named: &Named, watch: Arc<Watch>) -> Connection {
        let client = Arc::new(Client::absent(&named.host));
        let user = named.user.clone();
        let profile = named.profile.clone();
        Connection { client, user, profile, watch, origin: Origin::External, _keep: None }
    }

    /// The watch over the calls of this session.
    pub fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Opens a session with an emulated appliance on this machine.
    ///
    /// # Errors
    /// It cannot be reached or does not accept the key.
    pub fn local(local: LocalAppliance) -> Result<Connection, Failure> {
        Connection::local_under(local, Watch::new(false, DEFAULT_TIME_LIMIT))
    }

    /// The same for an appliance whose clock stands: where a command waits, the clock is moved on.
    ///
    /// # Errors
    /// As [`Connection::local`].
    pub fn rehearsal(local: LocalAppliance) -> Result<Connection, Failure> {
        let (target, key) = (local.target.clone(), local.key.clone());
        let mut connection = Connection::local(local)?;
        if let Some(client) = Arc::get_mut(&mut connection.client) {
            client.set_time_passes(Arc::new(move |time| {
                // On a thread of its own, so that it does not count as a call of the command. If it does not
                // succeed, the command finds out that nothing has changed.
                thread::scope(|scope| {
                    let _ = scope.spawn(|| move_clock(target.clone(), &key, time)).join();
                });
            }));
        }
        Ok(connection)
    }

    /// As [`Connection::local`], its calls under a watch that there is already.
    ///
    /// # Errors
    /// As for [`Connection::local`].
    pub fn local_under(local: LocalAppliance, watch: Arc<Watch>) -> Result<Connection, Failure> {
        let origin = Origin::Key(local.target, local.key);
        let user = "admin".to_owned();
        let client = open(&origin, &user, &watch)?;
        let profile = Profile::default();
        Ok(Connection { client, user, profile, watch, origin, _keep: local.keep })
    }

    /// Logs in again after the appliance has ended the session; false if that fails too.
    pub(crate) fn reopen(&mut self) -> bool {
        let client = open(&self.origin, &self.user, &self.watch);
        client.map(|client| self.client = client).is_ok()
    }

    /// Whether this session is one of the appliance's web server, not of a shell on the appliance.
    pub fn needs_web_server(&self) -> bool {
        matches!(self.origin, Origin::Password(..))
    }

    /// The password of the login; `None` for an emulated appliance on this machine.
    pub fn password(&self) -> Option<Secret> {
        match &self.origin {
            Origin::Password(_, password) => Some(password.into()),
            Origin::Key(..) | Origin::External => None,
        }
    }

    /// Stores the account's new password, for the next time it is opened.
    pub fn password_changed(&mut self, password: SecretString) {
        if let Origin::Password(_, old) = &mut self.origin {
            *old = password;
        }
    }
}

/// Moves the clock of an emulated appliance on.
fn move_clock(target: Target, key: &Secret, time: Duration) -> Result<(), Error> {
    let mut client = Client::connect(target)?;
    client.login_locally(key.expose())?;
    let advance = Some(u32::try_from(time.as_secs()).unwrap_or(u32::MAX));
    client.call(&MOVE_CLOCK, &[], &MoveClock { advance, ..Default::default() })?;
    Ok(())
}

fn open(origin: &Origin, user: &str, watch: &Arc<Watch>) -> Result<Arc<Client>, Error> {
    let target = match origin {
        Origin::Password(target, _) | Origin::Key(target, _) => target,
        Origin::External => {
            let (address, reason) = ("this session".into(), "there is no appliance".into());
            return Err(Error::Unreachable { address, reason });
        }
    };
    let mut client = Client::connect(target.clone())?;
    watch.attach(&mut client);
    match origin {
        Origin::Password(_, password) => client.login(user, password)?,
        Origin::Key(_, key) => client.login_locally(key.expose())?,
        Origin::External => {}
    }
    Ok(Arc::new(client))
}

/// An emulated appliance on this machine.
pub struct LocalAppliance {
    /// Its address and certificate.
    pub target: Target,
    /// The key for a login without a password, from its data folder.
    pub key: Secret,
    /// A note for the user that the appliance is emulated.
    pub notice: String,
    /// Keeps it running.
    pub keep: Option<Box<dyn std::any::Any>>,
}

impl LocalAppliance {
    /// The failure for a folder that cannot be used.
    pub fn unusable(why: impl std::fmt::Display) -> Failure {
        Failure::new(Kind::Unreachable, format!("{why}."))
    }
}

/// Opens a session with the host or profile that `options` name, or else with the appliance that
/// `local` returns for a data folder.
///
/// # Errors
/// Not reached, not trusted, or the login was refused.
pub fn connect(
    options: &Options,
    folders: &Folders,
    device: &mut dyn Device,
    secrets: &mut Secrets,
    local: impl FnOnce(&std::path::Path) -> Result<LocalAppliance, Failure>,
) -> Result<Connection, Failure> {
    let Chosen { host, profile, require_host } = choose(options, folders)?;
    let watch = Watch::new(device.attended(), options.timeout.get());
    let limit = Some(watch.limit());
    if host.is_empty() {
        if require_host {
            return Err(Failure::refused(
                "No appliance is named, and an emulated one is not wanted.",
            )
            .hint("name it with --host, LUNA_HOST, --profile or LUNA_PROFILE"));
        }
        let mut local = local(options.data.as_deref().unwrap_or(&folders.appliance))?;
        // Who has forgotten to name the host must see it, whatever else is silenced.
        match options.data {
            Some(_) => device.note(&local.notice),
            None => device.report(&local.notice),
        }
        local.target.limit = limit;
        return Connection::local_under(local, watch)
            .map(|connection| Connection { profile, ..connection });
    }
    let named = Named::read(&host, profile, options)?;
    // The certificate is checked before the password is asked for.
    let target = check_certificate(named.target(options, folders, limit)?, folders, device)?;
    let address = address(&target.host, target.port);
    let Named { user, profile, .. } = named;
    let (client, origin) = match secrets.find("PASSWORD")? {
        Some(password) => {
            let origin = Origin::Password(target, password);
            (open(&origin, &user, &watch)?, origin)
        }
        None => log_in(&target, &user, &address, &watch, device)?,
    };
    Ok(Connection { client, user, profile, watch, origin, _keep: None })
}

/// Whether the arguments or the configuration name an appliance.
///
/// # Errors
/// The configuration cannot be read, or has no such profile.
pub fn names_appliance(options: &Options, folders: &Folders) -> Result<bool, Failure> {
    Ok(!choose(options, folders)?.host.is_empty())
}

/// The appliance that the arguments or the configuration name, and who logs in to it.
pub struct Named {
    /// Host name or address.
    pub host: String,
    /// The port behind it.
    pub port: Option<u16>,
    /// The account.
    pub user: String,
    /// The profile that was used, or an empty one.
    pub profile: Profile,
}

impl Named {
    /// The named appliance; `None` for an emulated one of one's own.
    ///
    /// # Errors
    /// The configuration cannot be read or has no such profile, or what it names is no host.
    pub fn find(options: &Options, folders: &Folders) -> Result<Option<Named>, Failure> {
        let Chosen { host, profile, .. } = choose(options, folders)?;
        if host.is_empty() {
            return Ok(None);
        }
        Named::read(&host, profile, options).map(Some)
    }

    fn read(text: &str, profile: Profile, options: &Options) -> Result<Named, Failure> {
        let (of_host, address) = match text.rsplit_once('@') {
            Some((user, address)) if !user.is_empty() => (Some(user.to_owned()), address),
            _ => (None, text),
        };
        let (host, port) = parse_host(address)?;
        let user = options.user.clone().or(of_host).or_else(|| profile.user.clone());
        Ok(Named { host, port, user: user.unwrap_or("admin".into()), profile })
    }

    /// `host:port` of its web server.
    pub fn address(&self) -> String {
        address(&self.host, self.port.unwrap_or(PORT))
    }

    /// A connection without a login, if its certificate is trusted already.
    ///
    /// # Errors
    /// Not reached, or not trusted.
    pub fn greet(&self, options: &Options, folders: &Folders) -> Result<Client, Failure> {
        let target = self.target(options, folders, Some(options.timeout.get()))?;
        Ok(Client::connect(target)?)
    }

    /// Whether its web server answers, trusted or not.
    ///
    /// # Errors
    /// What is said of its certificate cannot be read.
    pub fn answers(&self, options: &Options, folders: &Folders) -> Result<bool, Failure> {
        let target = self.target(options, folders, Some(options.timeout.get()))?;
        Ok(!matches!(Client::connect(target), Err(Error::Unreachable { .. })))
    }

    fn target(
        &self,
        options: &Options,
        folders: &Folders,
        limit: Option<Duration>,
    ) -> Result<Target, Failure> {
        let (host, port) = (self.host.clone(), self.port.unwrap_or(PORT));
        let trust = trust(options, &self.profile, folders, &address(&host, port))?;
        Ok(Target { host, port, trust, limit })
    }
}

/// Which appliance is meant.
struct Chosen {
    /// Empty for an emulated appliance on this machine.
    host: String,
    profile: Profile,
    /// Whether no emulated one may be used instead.
    require_host: bool,
}

fn choose(options: &Options, folders: &Folders) -> Result<Chosen, Failure> {
    let config = Config::read(&folders.config.join("config.toml"))?;
    // A host on the command line is not combined with the default profile.
    let profile = match (&options.host, &options.profile) {
        (Some(_), None) => Profile::default(),
        (_, name) => config.profile(name.as_deref())?.cloned().unwrap_or_default(),
    };
    let host = options.host.clone().unwrap_or_else(|| profile.host.clone());
    // Who names the folder of an emulated appliance means it.
    let require_host = options.real || config.require_host && options.data.is_none();
    Ok(Chosen { host, profile, require_host })
}

/// Connects, without a login, to an appliance whose certificate has the given fingerprint, is pinned,
/// or is accepted by the user now.
///
/// # Errors
/// Not reached, or not trusted.
pub fn connect_without_login(
    host: &str,
    port: u16,
    fingerprint: Option<String>,
    watch: &Arc<Watch>,
    folders: &Folders,
    device: &mut dyn Device,
) -> Result<Client, Failure> {
    let options = Options { fingerprint, ..Options::default() };
    let trust = trust(&options, &Profile::default(), folders, &address(host, port))?;
    let target = Target { host: host.to_owned(), port, trust, limit: Some(watch.limit()) };
    let mut client = Client::connect(check_certificate(target, folders, device)?)?;
    watch.attach(&mut client);
    Ok(client)
}

/// Checks the certificate, and asks the user about an unknown one.
fn check_certificate(
    mut target: Target,
    folders: &Folders,
    device: &mut dyn Device,
) -> Result<Target, Failure> {
    match Client::connect(target.clone()) {
        Err(Error::Unknown { address, seen }) => {
            ask_to_trust(&address, seen, folders, device)?;
            target.trust = Trust::Pinned(seen);
        }
        other => drop(other?),
    }
    Ok(target)
}

fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Parses `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address.
fn parse_host(text: &str) -> Result<(String, Option<u16>), Failure> {
    let wrong =
        || Failure::new(Kind::NotUnderstood, format!("'{text}' is not a host or host:port."));
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or_else(wrong)?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().map_err(|_| wrong())?),
            None if rest.is_empty() => None,
            None => return Err(wrong()),
        };
        return Ok((host.to_owned(), port));
    }
    match text.split_once(':') {
        None => Ok((text.to_owned(), None)),
        Some((_, rest)) if rest.contains(':') => Ok((text.to_owned(), None)),
        Some((host, port)) => Ok((host.to_owned(), Some(port.parse().map_err(|_| wrong())?))),
    }
}

fn trust(
    options: &Options,
    profile: &Profile,
    folders: &Folders,
    address: &str,
) -> Result<Trust, Failure> {
    if let Some(text) = options.fingerprint.as_deref().or(profile.fingerprint.as_deref()) {
        let pinned: Fingerprint = text.parse().map_err(|error| {
            Failure::new(Kind::NotUnderstood, format!("'{text}' is not a fingerprint: {error}"))
        })?;
        return Ok(Trust::Pinned(pinned));
    }
    if let Some(file) = options.ca.as_ref().or(profile.ca.as_ref()) {
        return Ok(Trust::Authority(file.clone()));
    }
    let pins = folders.pins();
    let pinned = Pins::at(pins.clone()).find(address).map_err(|error| {
        Failure::new(Kind::Unreachable, format!("{}: {error}.", pins.display()))
    })?;
    Ok(pinned.map_or(Trust::FirstContact, Trust::Pinned))
}

/// Asks whether an unknown certificate is right, as ssh does, and pins it.
fn ask_to_trust(
    address: &str,
    seen: Fingerprint,
    folders: &Folders,
    device: &mut dyn Device,
) -> Result<(), Failure> {
    let unknown = || Failure::from(Error::Unknown { address: address.to_owned(), seen });
    if !device.attended() {
        return Err(unknown());
    }
    let mut question = format!(
        "The authenticity of appliance '{address}' can't be established.\n\
         Its certificate has the fingerprint {seen}.\n\
         Are you sure you want to continue connecting (yes/no)? "
    );
    loop {
        match device.answer(&question) {
            Input::Line(answer) if answer.trim().eq_ignore_ascii_case("yes") => break,
            Input::Line(answer) if answer.trim().eq_ignore_ascii_case("no") => {
                return Err(unknown());
            }
            Input::Line(_) => question = "Please type 'yes' or 'no': ".into(),
            Input::NotText | Input::Cancelled | Input::End => return Err(unknown()),
        }
    }
    let pins = folders.pins();
    Pins::at(pins.clone()).pin(address, seen).map_err(|error| {
        Failure::new(Kind::Unreachable, format!("cannot write {}: {error}.", pins.display()))
    })?;
    device.note(&format!("note: trusting {address} from now on ({})", pins.display()));
    Ok(())
}

/// Asks for the password of the account until the appliance takes one.
fn log_in(
    target: &Target,
    user: &str,
    address: &str,
    watch: &Arc<Watch>,
    device: &mut dyn Device,
) -> Result<(Arc<Client>, Origin), Failure> {
    // Standard input may hold commands, which must not be taken for a password.
    if !device.attended() {
        return Err(no_password(user, address)
            .hint("give it in LUNA_PASSWORD, LUNA_PASSWORD_FILE or LUNA_PASSWORD_FD"));
    }
    let mut question = format!("{user}@{address}'s password: ");
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        device.about_secret("PASSWORD", None);
        let refusal = match device.secret(&question) {
            Input::Line(password) => {
                let password = SecretString::from(password);
                match accepted(password.expose_secret(), "The answer") {
                    Err(refusal) => refusal,
                    Ok(()) => {
                        let origin = Origin::Password(target.clone(), password);
                        match open(&origin, user, watch) {
                            Err(error @ Error::LoginRefused { .. }) => Failure::from(error),
                            opened => return Ok((opened?, origin)),
                        }
                    }
                }
            }
            Input::NotText => not_text(),
            Input::Cancelled | Input::End => return Err(no_password(user, address)),
        };
        if left == 0 {
            return Err(refusal);
        }
        question = format!("{}\n{user}@{address}'s password: ", refusal.message);
    }
}

fn no_password(user: &str, address: &str) -> Failure {
    Failure::refused(format!("No password for '{user}' at {address}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_parsed_with_and_without_ports() {
        assert_eq!(parse_host("hsm1").unwrap(), ("hsm1".into(), None));
        assert_eq!(parse_host("hsm1:443").unwrap(), ("hsm1".into(), Some(443)));
        assert_eq!(parse_host("::1").unwrap(), ("::1".into(), None));
        assert_eq!(parse_host("[::1]:9").unwrap(), ("::1".into(), Some(9)));
        assert!(parse_host("hsm1:x").is_err());
        assert!(parse_host("[::1").is_err());
    }
}
