//! A LunaSH session: the link to the appliance and what its commands share.

use std::cell::OnceCell;
use std::sync::Arc;

use luna_rest::partitions::Partition;
use luna_rest::{
    Client, Error, ErrorId, Resource, auth, clusters, hsm, keyrings, lunasa, network, ntls,
    packages, partitions, services, syslog, tasks, tokens, users,
};
use luna_shell::{
    Asked, Code, CompletionValues, Connection, Device, Failure, Kind, Older, Options, Page,
    Secrets, Ui, View,
};

use crate::commands::{PACKAGE, PACKAGED};
use crate::first_login;
use crate::refusals::not_in_list;
use crate::ssh::Wire;

/// The host name of an appliance that has not been given one.
const FACTORY_HOST_NAME: &str = "local_host";

/// What every session of this shell calls, whatever is typed: login, banner, the own account, prompt,
/// menus, the HSM's serial number, tasks, and what an emulated appliance has for LunaSH: the commands of
/// the role, and the line in the log.
pub const SESSION_CALLS: [Resource; 13] = [
    auth::LOGIN.resource(),
    auth::LOGOUT.resource(),
    lunasa::SHOW.resource(),
    users::SHOW.resource(),
    network::SHOW.resource(),
    packages::LIST.resource(),
    hsm::LIST.resource(),
    tasks::SHOW.resource(),
    tasks::RESPONSE.resource(),
    tasks::ACTIONS.resource(),
    tasks::ACT.resource(),
    users::OWN_COMMANDS.resource(),
    syslog::TELL.resource(),
];

/// What commands work with.
pub struct Session {
    pub(crate) ui: Ui,
    pub(crate) connection: Connection,
    pub(crate) hostname: String,
    hsm: OnceCell<String>,
    greeted: bool,
    /// Whether the package that brings clusters was there when the session began.
    clusters: bool,
    /// The commands that the file of the account's role lists, if it has such a role.
    listed: Option<Vec<String>>,
    /// The way to the appliance's own shell, if it may be taken.
    pub(crate) ssh: Option<Wire>,
    /// Whether a single command was given, of which only its own output is shown.
    pub(crate) one_shot: bool,
    /// Whether the shell was opened at least once.
    pub(crate) opened_before: bool,
    is_login_shell: bool,
}

/// What the shell says first.
pub(crate) fn banner(version: &str) -> String {
    format!(
        "Luna Network HSM Command Line Shell v{version}. Copyright (c) 2024 Thales Group. All rights \
         reserved.\n"
    )
}

impl Session {
    /// The session, whose greeting was shown before.
    pub(crate) fn greeted(self) -> Session {
        Session { greeted: true, ..self }
    }

    /// A session over an opened link.
    ///
    /// An account whose password is temporary chooses its own first.
    ///
    /// # Errors
    /// The appliance does not answer, or there is no new password; the device is given back.
    pub fn open(
        connection: Connection,
        device: Box<dyn Device>,
        secrets: Secrets,
        options: &Options,
    ) -> Result<Session, (Box<dyn Device>, Failure)> {
        Session::open_over(connection, None, device, secrets, options)
    }

    /// As [`Session::open`], with the appliance's own shell as another way, or as the only one.
    ///
    /// # Errors
    /// As there.
    pub fn open_over(
        connection: Connection,
        ssh: Option<Wire>,
        device: Box<dyn Device>,
        secrets: Secrets,
        options: &Options,
    ) -> Result<Session, (Box<dyn Device>, Failure)> {
        let ui = Ui::new(&connection, device, secrets, options);
        let mut session = Session {
            ui,
            connection,
            hostname: FACTORY_HOST_NAME.to_owned(),
            hsm: OnceCell::new(),
            greeted: false,
            clusters: true,
            listed: None,
            ssh,
            one_shot: options.one_shot(),
            opened_before: false,
            is_login_shell: options.login_shell.is_some(),
        };
        if session.client().is_absent() {
            if let Err(failure) = session.open_ssh() {
                return Err((session.ui.into_device(), failure));
            }
            session.opened_before = true;
            session.clusters = session.has_cluster_package();
            return Ok(session);
        }
        let network = session.client().get(&network::SHOW, &[]);
        if first_login::is_due(&network) {
            match first_login::run(&mut session, options) {
                Ok(()) => session.greeted = true,
                Err(failure) => return Err((session.ui.into_device(), failure)),
            }
            session.refresh_hostname();
        } else {
            session.take_hostname(network);
        }
        session.clusters = session.has_cluster_package();
        session.listed = session.listed_commands();
        session.tell(None, None);
        Ok(session)
    }

    /// What the product's LunaSH reads from the file of a custom role; only an emulated appliance
    /// shows it to an account that is no administrator.
    fn listed_commands(&self) -> Option<Vec<String>> {
        let emulated = self.client().is_emulated();
        let listed = emulated.then(|| self.client().get(&users::OWN_COMMANDS, &[]).ok())?;
        listed?.commands
    }

    /// Whether it is somebody's login over SSH, on a machine that is not his.
    pub(crate) fn is_login_shell(&self) -> bool {
        self.is_login_shell
    }

    /// Whether the cluster package is installed. Where the list may not be seen, the appliance will
    /// say so when it is asked.
    pub(crate) fn has_cluster_package(&self) -> bool {
        if self.client().is_absent() {
            let list = self.look_over_ssh("package list").unwrap_or_default();
            return list.is_empty() || PACKAGE.iter().any(|name| list.contains(name));
        }
        self.client().get(&packages::LIST, &[]).map_or(true, |list| {
            list.packages.iter().any(|one| PACKAGE.iter().any(|name| one.id.starts_with(name)))
        })
    }

    /// Ends the session, and gives its device back.
    pub(crate) fn into_device(self) -> Box<dyn Device> {
        self.ui.into_device()
    }

    /// The link to the appliance.
    pub fn client(&self) -> &Client {
        &self.connection.client
    }

    /// Output, notes and questions.
    pub fn ui(&mut self) -> &mut Ui {
        &mut self.ui
    }

    /// The session with the appliance, and the account that is logged in to it.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The HSM's serial number, which is its identifier in paths.
    ///
    /// # Errors
    /// The appliance does not answer.
    pub fn hsm(&self) -> Result<&str, Failure> {
        if let Some(serial) = self.hsm.get() {
            return Ok(serial);
        }
        let serial = hsm_of(self.client())?;
        Ok(self.hsm.get_or_init(|| serial))
    }

    /// Reads the host name again, after it was changed.
    pub fn refresh_hostname(&mut self) {
        self.take_hostname(self.client().get(&network::SHOW, &[]));
    }

    fn take_hostname(&mut self, network: Result<network::Network, Error>) {
        // Without an answer the prompt keeps the name it has.
        if let Ok(network) = network
            && !network.hostname.is_empty()
        {
            self.hostname = network.hostname;
        }
    }

    /// What the account has to know of a password that expires soon. Assumed: the words and the seven
    /// days of Linux.
    fn expiry(&self) -> Option<String> {
        // The owner of the data folder is never asked for one.
        if self.connection.password().is_none() && !self.is_login_shell {
            return None;
        }
        let shown = self.client().get(&users::SHOW, &[&self.connection.user]).ok()?;
        match shown.password_expiry_days_remaining? {
            days @ 2..=7 => Some(format!("Warning: your password will expire in {days} days.")),
            1 => Some("Warning: your password will expire in 1 day.".to_owned()),
            0 => Some("Warning: your password will expire today.".to_owned()),
            _ => None,
        }
    }

    /// The partitions in the appliance's order, each shown and with its serial number; asks the
    /// appliance for each when it is reached.
    ///
    /// # Errors
    /// The appliance refuses.
    pub(crate) fn partitions(
        &self,
    ) -> Result<impl Iterator<Item = Result<Partition, Failure>>, Failure> {
        let hsm = self.hsm()?;
        let list = self.get(&partitions::LIST, &[hsm])?.partitions;
        Ok(list.into_iter().map(move |entry| {
            let shown = self.get(&partitions::SHOW, &[hsm, &entry.id])?;
            Ok(Partition { id: entry.id, ..shown })
        }))
    }

    /// The first partition that is the wanted one.
    ///
    /// # Errors
    /// The appliance refuses.
    pub(crate) fn find_partition(
        &self,
        wanted: impl Fn(&Partition) -> bool,
    ) -> Result<Option<Partition>, Failure> {
        let is_wanted = |shown: &Result<Partition, Failure>| shown.as_ref().map_or(true, &wanted);
        self.partitions()?.find(is_wanted).transpose()
    }

    /// The partition called `name`.
    ///
    /// # Errors
    /// There is none; the message is the product's.
    pub(crate) fn partition(&self, name: &str) -> Result<Partition, Failure> {
        self.find_partition(|partition| partition.name == name)?.ok_or_else(|| {
            not_in_list(format!("The partition '{name}' does not exist."))
                .hint("'partition list' shows the partitions")
        })
    }
}

pub(crate) fn hsm_of(client: &Client) -> Result<String, Failure> {
    let hsms = client.get(&hsm::LIST, &[])?.hsms;
    hsms.into_iter()
        .next()
        .map(|hsm| hsm.id)
        .ok_or_else(|| Failure::command("The appliance reports no HSM."))
}

impl Session {
    /// Has an emulated appliance write into its log what the product's LunaSH writes there itself. That
    /// the line is lost is no failure of the command. False if the appliance knows no session any more.
    fn tell(&self, command: Option<&str>, failure: Option<&Failure>) -> bool {
        let reached = failure.is_none_or(|failure| failure.kind != Kind::Unreachable);
        if !self.client().is_emulated() || !reached {
            return true;
        }
        let (code, ..) = luna_shell::Session::result_line(self, failure);
        let command = command.map(ToOwned::to_owned);
        let told = self.client().call(&syslog::TELL, &[], &syslog::Told { command, code });
        told.err().is_none_or(|error| error.id() != Some(ErrorId::FRAMEWORK_NO_SESSION_COOKIE))
    }
}

impl luna_shell::Session for Session {
    const NAME: &'static str = "lunash";
    const RESULT_AFTER_WORDS: bool = false;

    fn ui(&mut self) -> &mut Ui {
        &mut self.ui
    }

    fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn own_arguments(&self) -> String {
        if self.greeted { " --greeted".to_owned() } else { String::new() }
    }

    fn prompt(&self) -> String {
        match &*self.hostname {
            "" => "lunash:>".to_owned(),
            name => format!("[{name}] lunash:>"),
        }
    }

    fn relay(
        &mut self,
        asked: &Asked<'_>,
        failed: Option<&Failure>,
    ) -> Option<Result<Box<dyn View>, Failure>> {
        self.relay_over_ssh(asked, failed)
    }

    fn way(&self) -> Option<&'static str> {
        self.way_taken()
    }

    fn greeting(&mut self) -> Result<String, Failure> {
        if let Some(greeting) = self.greeting_over_ssh() {
            return Ok(greeting);
        }
        let appliance = self.client().get(&lunasa::SHOW, &[])?;
        let mut text = String::new();
        if !self.greeted {
            text = banner(&appliance.version);
            if self.is_login_shell {
                text.insert(0, '\n');
            }
        }
        for added in [appliance.banner, self.expiry().into_iter().collect()] {
            let mut page = Page::new();
            if !added.is_empty() {
                page.blank();
            }
            added.iter().for_each(|line| page.field("", 0, line));
            text.push_str(&page.into_text());
        }
        Ok(text)
    }

    fn completion_values(&self) -> CompletionValues {
        if let Some(names) = self.names_over_ssh() {
            return names;
        }
        let client = Arc::clone(&self.connection.client);
        let user = self.connection.user.clone();
        // Completion reports no errors.
        Arc::new(move |placeholder| names(&client, &user, placeholder).unwrap_or_default())
    }

    fn ran(&mut self, command: &str, failure: Option<&Failure>) {
        let goes_on = self.tell(Some(command), failure);
        // As the product's ends with a restart.
        if !goes_on && self.is_login_shell {
            self.ui.leave();
        }
    }

    fn result_line(&self, failure: Option<&Failure>) -> (u32, String, String) {
        let (code, text) = match failure {
            None => (0, "Success"),
            Some(Failure { result: Some((code, text)), .. }) => (*code, text.as_str()),
            Some(failure) if failure.reported_as_success => (0, "Success"),
            Some(_) => (65535, "Luna Shell execution"),
        };
        (code, text.to_owned(), format!("Command Result : {code} ({text})"))
    }

    fn error_text(&self, path: &str, failure: &Failure) -> String {
        // The appliance's shell has said it already.
        if failure.result.is_some() && !self.one_shot {
            return String::new();
        }
        let message = failure.message.trim_end_matches('\n');
        if failure.verbatim {
            return format!("{message}\n");
        }
        let message = message.replace('\n', "\n        ").replace("\n        \n", "\n\n");
        if path.is_empty() {
            return format!("Error:  {message}\n");
        }
        let code = match &failure.code {
            Some(Code { number: Some(number), name }) => format!(" ({number:X} : {name})"),
            Some(Code { number: None, name }) => format!(" ({name})"),
            None => String::new(),
        };
        // Recorded at the login that zeroizes: one empty line more before that result line.
        let end = if failure.reported_as_success { "\n" } else { "" };
        format!("Error:  '{path}' failed.{code}\n\nError:  {message}\n{end}")
    }

    const OLDER: &'static [Older] = crate::commands::OLDER;

    fn hint_for_unknown(&self, words: &[&str]) -> Option<String> {
        if self.listed.is_some()
            && let Some(path) = crate::commands::path_of(words)
            && !self.has(&path)
        {
            let user = &self.connection.user;
            return Some(format!("the role of '{user}' does not have the command '{path}'"));
        }
        if self.clusters || !crate::commands::is_packaged(words) {
            return crate::commands::hint_for_unknown(words);
        }
        let hint = if self.has_cluster_package() {
            "the commands of clusters and keyrings are there in a new session"
        } else {
            "the commands of clusters and keyrings come with the package lnh_cluster, which \
             'package update' installs"
        };
        Some(hint.to_owned())
    }

    fn has(&self, path: &str) -> bool {
        let menu = path.split(' ').next().unwrap_or(path);
        let listed = |listed: &Vec<String>| listed.iter().any(|command| command == path);
        (self.clusters || !PACKAGED.contains(&menu)) && self.listed.as_ref().is_none_or(listed)
    }
}

/// Names within the cluster that the appliance belongs to.
fn of_cluster(
    client: &Client,
    names: fn(&Client, &str) -> Result<Vec<String>, luna_rest::Error>,
) -> Result<Vec<String>, luna_rest::Error> {
    match client.get(&clusters::LIST, &[])?.data.first() {
        Some(cluster) => names(client, &cluster.cluster_uuid),
        None => Ok(Vec::new()),
    }
}

/// The existing names that a placeholder can take, for completion.
fn names(client: &Client, user: &str, placeholder: &str) -> Result<Vec<String>, luna_rest::Error> {
    let names = match placeholder {
        "partition_name" => {
            let Ok(hsm) = hsm_of(client) else { return Ok(Vec::new()) };
            let list = client.get(&partitions::LIST, &[&hsm])?.partitions;
            let name = |id: &str| client.get(&partitions::SHOW, &[&hsm, id]).map(|p| p.name);
            list.iter().map(|entry| name(&entry.id)).collect::<Result<_, _>>()?
        }
        "cluster_id" => {
            let clusters = client.get(&clusters::LIST, &[])?.data;
            clusters.into_iter().map(|cluster| cluster.cluster_uuid).collect()
        }
        "member_id" => of_cluster(client, |client, cluster| {
            let members = client.get(&clusters::MEMBERS, &[cluster])?.data;
            Ok(members.into_iter().map(|member| member.member_uuid).collect())
        })?,
        "group" => of_cluster(client, |client, cluster| {
            let groups = client.get(&clusters::GROUPS, &[cluster])?.data;
            Ok(groups.into_iter().map(|group| group.group_name).collect())
        })?,
        "cluster_client" => of_cluster(client, |client, cluster| {
            let clients = client.get(&clusters::CLIENTS, &[cluster])?.data;
            Ok(clients.into_iter().map(|client| client.client_uuid).collect())
        })?,
        "keyring_id" => {
            let keyrings = client.get(&keyrings::LIST, &[])?.data;
            keyrings.into_iter().map(|keyring| keyring.key_ring_uuid).collect()
        }
        "keyring_label" => {
            let keyrings = client.get(&keyrings::LIST, &[])?.data;
            keyrings.into_iter().map(|keyring| keyring.key_ring_label).collect()
        }
        "client_name" => {
            let clients = client.get(&ntls::CLIENTS, &[])?.clients;
            clients.into_iter().map(|client| client.client_id).collect()
        }
        "username" => {
            let users = client.get(&users::LIST, &[])?.users;
            users.into_iter().map(|user| user.id).collect()
        }
        "filename" => {
            let files = client.get(&users::FILES, &[user])?.files;
            files.into_iter().map(|file| file.id).collect()
        }
        "package_file" => {
            let files = client.get(&packages::FILES, &[])?.package_files;
            files.into_iter().map(|file| file.id).collect()
        }
        "package_name" => {
            let packages = client.get(&packages::LIST, &[])?.packages;
            let added = packages.into_iter().filter(|package| package.kind == "software");
            added.map(|package| package.id).collect()
        }
        "public_key" => {
            let keys = client.get(&users::KEYS, &[user])?.public_keys;
            keys.into_iter().map(|key| key.name).collect()
        }
        "role_name" => {
            let roles = client.get(&users::ROLES, &[])?.roles;
            roles.into_iter().map(|role| role.id).collect()
        }
        "serial" | "serialnum" => {
            let tokens = client.get(&tokens::LIST, &[])?.tokens;
            tokens.into_iter().map(|token| token.serial).collect()
        }
        "service_name" => {
            let services = client.get(&services::LIST, &[])?.services;
            services.into_iter().map(|service| service.id).collect()
        }
        _ => Vec::new(),
    };
    Ok(names)
}
