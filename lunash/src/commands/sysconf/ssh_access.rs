//! `sysconf ssh client`, `sysconf ssh publickey`: who may use the SSH server.

use luna_rest::ssh::{
    ADD_CLIENTS, CLEAR_CLIENTS, CLIENTS, ChangeSsh, Hosts, REJECTED, REMOVE_CLIENTS,
};
use luna_rest::{ssh, users};

use super::ssh::{Authentication, Framed, change};
use crate::commands::my::Keys;
use crate::commands::my::public_key;
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "sysconf ssh client", help: "Addresses that accounts may log in from" },
    Menu { path: "sysconf ssh publickey", help: "Authentication by public key" },
];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf ssh client add|a -userId|-u <username> -host|-h <multipleipaddresses> [-force|-f]",
        help: "Let an account log in from further addresses",
        options: &[("-userId", "Name of an account"), HOST],
        roles: Role::OPERATOR,
        rest: &[ssh::ADD_CLIENTS.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_client_add.htm"),
        run: call::<Add>(),
    },
    Command {
        syntax: "sysconf ssh client clear|c [-force|-f]",
        help: "Let every account log in from everywhere",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::CLEAR_CLIENTS.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_client.htm"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "sysconf ssh client delete -userid|-u <username> -host|-h <multipleaddresses> [-force|-f]",
        help: "Take addresses from an account",
        options: &[("-userid", "Name of an account"), HOST],
        roles: Role::OPERATOR,
        rest: &[ssh::REMOVE_CLIENTS.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_client_delete.htm"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "sysconf ssh client list",
        help: "Show from where each account may log in",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ssh::CLIENTS.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_client_delete.htm"),
        run: call::<List>(),
    },
    Command {
        syntax: "sysconf ssh client showRejectedClients",
        help: "Show logins that were refused for their address",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ssh::REJECTED.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_client.htm"),
        run: call::<Rejected>(),
    },
    Command {
        syntax: "sysconf ssh publickey add [<key_label>] -filename|-f <filename>",
        help: "Add a public key to your account",
        options: &[("key_label", "Name of the key; the comment in its file when left out")],
        roles: Role::ANY,
        rest: &[users::FILES.resource(), users::ADD_KEY.resource()],
        known: Known::Seen("lunash-ssh-publickey-list-add"),
        run: call::<KeyAdd>(),
    },
    Command {
        syntax: "sysconf ssh publickey clear [-force|-f]",
        help: "Delete all public keys of your account",
        options: &[],
        roles: Role::ANY,
        rest: &[users::CLEAR_KEYS.resource()],
        known: Known::Assumed("known by name only; as 'my public-key clear'"),
        run: call::<KeyClear>(),
    },
    Command {
        syntax: "sysconf ssh publickey delete <key_label>",
        help: "Delete a public key of your account",
        options: &[("key_label", "Name of the key, as 'sysconf ssh publickey list' shows it")],
        roles: Role::ANY,
        rest: &[users::DELETE_KEY.resource()],
        known: Known::Assumed("known by name only; the words of 'publickey add'"),
        run: call::<KeyDelete>(),
    },
    Command {
        syntax: "sysconf ssh publickey disable",
        help: "Do not accept public keys",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::CHANGE.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_publickey_disable.htm@7.2"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "sysconf ssh publickey enable",
        help: "Accept public keys",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::CHANGE.resource()],
        known: Known::Seen("sysconf-ssh-publickey-enable-5"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "sysconf ssh publickey list",
        help: "List the public keys of your account",
        options: &[],
        roles: Role::ANY,
        rest: &[users::KEYS.resource()],
        known: Known::Seen("lunash-ssh-publickey-list-add"),
        run: call::<KeyList>(),
    },
];

const HOST: (&str, &str) =
    ("-host", "An IP address, or several in quotation marks, separated by commas");

/// `10.1.1.1, 10.1.1.2`: blanks do not count.
fn hosts(text: &str) -> Hosts {
    let hosts = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|host| !host.is_empty());
    Hosts { hosts: hosts.map(str::to_owned).collect() }
}

#[derive(Deserialize)]
struct Add {
    userid: String,
    host: String,
    force: bool,
}

impl Run<Session> for Add {
    type View = Updated;

    fn run(self, session: &mut Session) -> Result<Updated, Failure> {
        session.confirm_lockout(
            self.force,
            &format!(
                "{} will forfeit ssh access from any hosts not
\
                 configured with this Luna Network HSM.",
                self.userid
            ),
        )?;
        let hosts = hosts(&self.host);
        session.client().call(&ADD_CLIENTS, &[&self.userid], &hosts).map_err(refused_in_detail)?;
        Ok(Updated { ssh_clients: "updated" })
    }
}

/// The lists have changed.
#[derive(Serialize)]
struct Updated {
    ssh_clients: &'static str,
}

impl Text for Updated {
    fn write(&self, page: &mut Page) {
        page.line(
            "INFO: Restarting sshd service is recommended to apply updated\n\
             ssh access configuration.",
        );
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Updated;

    fn run(self, session: &mut Session) -> Result<Updated, Failure> {
        session.confirm_warning(
            self.force,
            "This command will allow ssh access from any host to all users.",
        )?;
        session.call(&CLEAR_CLIENTS, &[], &Nothing {})?;
        Ok(Updated { ssh_clients: "updated" })
    }
}

#[derive(Deserialize)]
struct Delete {
    userid: String,
    host: String,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Updated;

    fn run(self, session: &mut Session) -> Result<Updated, Failure> {
        session.confirm_warning(
            self.force,
            &format!("{} will forfeit ssh access from these hosts.", self.userid),
        )?;
        let hosts = hosts(&self.host);
        session
            .client()
            .call(&REMOVE_CLIENTS, &[&self.userid], &hosts)
            .map_err(refused_in_detail)?;
        Ok(Updated { ssh_clients: "updated" })
    }
}

#[derive(Deserialize)]
struct List {}

/// From where the accounts may log in.
#[derive(Serialize)]
struct Clients {
    users: Vec<Client>,
}

/// From where an account may log in.
#[derive(Serialize)]
struct Client {
    user: String,
    /// None: from everywhere.
    hosts: Vec<String>,
}

impl Run<Session> for List {
    type View = Clients;

    fn run(self, session: &mut Session) -> Result<Clients, Failure> {
        let clients = session.get(&CLIENTS, &[])?.clients;
        let client =
            |client: luna_rest::ssh::Client| Client { user: client.user_id, hosts: client.hosts };
        Ok(Clients { users: clients.into_iter().map(client).collect() })
    }
}

/// This table keeps the blanks at the ends of its lines.
impl Text for Clients {
    fn write(&self, page: &mut Page) {
        let row = |user: &str, hosts: &str| format!("{user:<21}{hosts:<64}");
        page.line(row("User ID", "Client Access status"));
        page.line("-".repeat(45));
        for Client { user, hosts } in &self.users {
            let hosts = if hosts.is_empty() { "All clients".to_owned() } else { hosts.join(" ") };
            page.line(row(user, &hosts));
        }
    }
}

#[derive(Deserialize)]
struct Rejected {}

/// Logins that were refused.
#[derive(Serialize)]
struct Refusals {
    rejected: Vec<Refusal>,
}

/// A login that was refused.
#[derive(Serialize)]
struct Refusal {
    user: String,
    host: String,
    time: String,
}

impl Run<Session> for Rejected {
    type View = Refusals;

    fn run(self, session: &mut Session) -> Result<Refusals, Failure> {
        let rejected = session.get(&REJECTED, &[])?.clients;
        let refusal = |client: luna_rest::ssh::RejectedClient| Refusal {
            user: client.user_id,
            host: client.host,
            time: client.time,
        };
        Ok(Refusals { rejected: rejected.into_iter().map(refusal).collect() })
    }
}

impl Text for Refusals {
    fn write(&self, page: &mut Page) {
        if self.rejected.is_empty() {
            page.line("There are no rejected clients.");
        }
        for Refusal { user, host, time } in &self.rejected {
            page.line(format!("{time}  {user:<21}{host}"));
        }
    }
}

#[derive(Deserialize)]
struct KeyAdd {
    key_label: Option<String>,
    filename: String,
}

/// A key was added.
#[derive(Serialize)]
struct KeyAdded {
    name: String,
    fingerprint: String,
}

impl Run<Session> for KeyAdd {
    type View = KeyAdded;

    fn run(self, session: &mut Session) -> Result<KeyAdded, Failure> {
        let user = session.connection().user.clone();
        let (key, file) = public_key(session, self.filename)?;
        let new = users::NewPublicKey { name: self.key_label, key, file };
        let key =
            session.client().call(&users::ADD_KEY, &[&user], &new).map_err(refused_in_detail)?;
        Ok(KeyAdded { name: key.name, fingerprint: key.fingerprint })
    }
}

impl Text for KeyAdded {
    fn write(&self, page: &mut Page) {
        page.line("Public key added");
    }
}

#[derive(Deserialize)]
struct KeyClear {
    force: bool,
}

impl Run<Session> for KeyClear {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let user = session.connection().user.clone();
        session.confirm_warning(
            self.force,
            &format!("This command will delete all public keys of user '{user}'."),
        )?;
        session.call(&users::CLEAR_KEYS, &[&user], &Nothing {})?;
        Ok(Message::new("Public keys deleted"))
    }
}

#[derive(Deserialize)]
struct KeyDelete {
    key_label: String,
}

impl Run<Session> for KeyDelete {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let user = session.connection().user.clone();
        let ids = &[user.as_str(), self.key_label.as_str()];
        session.call(&users::DELETE_KEY, ids, &Nothing {})?;
        Ok(Message::new("Public key deleted"))
    }
}

#[derive(Deserialize)]
struct Disable {}

impl Run<Session> for Disable {
    type View = Framed;

    fn run(self, session: &mut Session) -> Result<Framed, Failure> {
        accept_keys(session, false).map(Framed)
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Authentication;

    fn run(self, session: &mut Session) -> Result<Authentication, Failure> {
        accept_keys(session, true)
    }
}

fn accept_keys(session: &Session, enabled: bool) -> Result<Authentication, Failure> {
    let is_key_authentication_enabled = Some(enabled);
    change(session, &ChangeSsh { is_key_authentication_enabled, ..ChangeSsh::default() })?;
    Ok(Authentication { authentication: "Public key", enabled })
}

#[derive(Deserialize)]
struct KeyList {}

impl Run<Session> for KeyList {
    type View = Keys;

    fn run(self, session: &mut Session) -> Result<Keys, Failure> {
        Keys::of_session(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of `sysconf ssh client delete`.
    #[test]
    fn the_list_keeps_its_trailing_blanks() {
        let client = |user: &str, hosts: &[&str]| Client {
            user: user.to_owned(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        };
        let many = [
            "10.124.79.145",
            "10.124.145.18",
            "10.124.145.19",
            "10.124.145.20",
            "10.124.145.21",
            "10.124.145.22",
            "10.124.145.23",
        ];
        let clients = Clients { users: vec![client("audit", &[]), client("Alice", &many)] };
        assert_eq!(
            clients.text(),
            "User ID              Client Access status                                            \n\
             ---------------------------------------------\n\
             audit                All clients                                                     \n\
             Alice                10.124.79.145 10.124.145.18 10.124.145.19 10.124.145.20 \
             10.124.145.21 10.124.145.22 10.124.145.23\n"
        );
    }

    #[test]
    fn blanks_between_addresses_do_not_count() {
        assert_eq!(
            hosts("10.1.1.1, 10.1.1.2 ,,10.1.1.3").hosts,
            ["10.1.1.1", "10.1.1.2", "10.1.1.3"]
        );
    }
}
