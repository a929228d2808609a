//! `role`: who may do what on the current slot.

use luna_rest::partitions as rest;

use super::Done;
use luna_rest::{audit, hsm, keyrings, partitions};

use crate::prelude::*;
use crate::slot::Slot;

pub(super) const MENUS: &[Menu] = &[Menu { path: "role", help: "Roles of the current slot" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "role changepw -name|-n <role>... [-oldpw|-old <old_password> -newpw|-new <new_password>] [-prompt|-p] [-logoutOther|-l] [-force|-f]",
        help: "Change the password of the role that is logged in",
        options: &[("-prompt", "Ask for the challenges (multifactor partitions)")],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            keyrings::ROLE.resource(),
            partitions::CHANGE_ROLE.resource(),
            keyrings::CHANGE_ROLE.resource(),
            hsm::SHOW.resource(),
            hsm::ROLE.resource(),
            hsm::CHANGE_PASSWORD.resource(),
            audit::CHANGE_PASSWORD.resource(),
        ],
        known: Known::Documented("lunacm/commands/role/role_changepw.htm"),
        run: call::<ChangePassword>(),
    },
    Command {
        syntax: "role createchallenge -name|-n <role>... [-challengesecret|-c <challengesecret>]",
        help: "Create a challenge secret for a role (multifactor partitions)",
        options: &[("-challengesecret", "The challenge secret")],
        roles: Role::OPERATOR,
        rest: &[partitions::ROLE.resource()],
        known: Known::Documented("lunacm/commands/role/role_createchallenge.htm"),
        run: call::<CreateChallenge>(),
    },
    Command {
        syntax: "role deactivate -name|-n <role>...",
        help: "Forget the cached credential of a role (multifactor partitions)",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[partitions::ROLE_ACT.resource()],
        known: Known::Documented("lunacm/commands/role/role_login.htm"),
        run: call::<Deactivate>(),
    },
    Command {
        syntax: "role init -name|-n <role>... [-password|-p <password>]",
        help: "Initialize a role with its first password",
        options: &[("-password", "First password; the role changes it at its first login")],
        roles: Role::OPERATOR,
        rest: &[
            partitions::INIT_ROLE.resource(),
            keyrings::INIT_ROLE.resource(),
            audit::INIT.resource(),
        ],
        known: Known::Documented("lunacm/commands/role/role_init.htm"),
        run: call::<Init>(),
    },
    Command {
        syntax: "role list",
        help: "List the roles of the current slot",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            partitions::ROLES.resource(),
            partitions::ROLE.resource(),
            keyrings::ROLES.resource(),
            keyrings::ROLE.resource(),
            hsm::SHOW.resource(),
            hsm::ROLES.resource(),
            hsm::ROLE.resource(),
        ],
        known: Known::Documented("lunacm/commands/role/role_list.htm@7.2"),
        run: call::<List>(),
    },
    Command {
        syntax: "role login|logi -name|-n <role>... [-password|-p <password>]",
        help: "Log a role in to the current slot",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            keyrings::ROLE.resource(),
            partitions::LOGIN.resource(),
            keyrings::LOGIN.resource(),
            hsm::SHOW.resource(),
            hsm::ROLE.resource(),
            hsm::LOGIN.resource(),
            audit::LOGIN.resource(),
        ],
        known: Known::Documented("lunacm/commands/role/role_login.htm"),
        run: call::<Login>(),
    },
    Command {
        syntax: "role logout|logo",
        help: "Log out of the current slot",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[partitions::LOGOUT.resource(), keyrings::LOGOUT.resource(), hsm::LOGOUT.resource()],
        known: Known::Documented("lunacm/commands/role/role_logout.htm@7.2"),
        run: call::<Logout>(),
    },
    Command {
        syntax: "role recoveryinit [-plabel|-pl <label>] [-rlabel|-rl <label>] [-keyhandle|-kh <handle>] [-force|-f]",
        help: "Prepare a role for recovery by key (not on network slots)",
        options: &[
            ("-plabel", "Label of the public key"),
            ("-rlabel", "Label of the private key"),
            ("-keyhandle", "Handle of the private key"),
        ],
        roles: Role::OPERATOR,
        rest: &[],
        known: Known::Documented(
            "lunacm/commands/role/role_recoveryinit.htm@7.2; the words of its refusal are assumed",
        ),
        run: call::<RecoveryInit>(),
    },
    Command {
        syntax: "role recoverylogin -user <username> -slot|-s <slotnum> -keyhandle|-kh <handle>",
        help: "Log a role in by its recovery key (not on network slots)",
        options: &[("-user", "Name of the role"), ("-keyhandle", "Handle of the private key")],
        roles: Role::OPERATOR,
        rest: &[],
        known: Known::Documented(
            "lunacm/commands/role/role_recoverylogin.htm@7.2; the words of its refusal are assumed",
        ),
        run: call::<RecoveryLogin>(),
    },
    Command {
        syntax: "role resetpw -name|-n <role>... [-password|-p <password>] [-slot|-s <slotnum>] [-logoutOther|-l]",
        help: "Reset the password of another role",
        options: &[("-password", "The role's password until it changes it")],
        roles: Role::OPERATOR,
        rest: &[partitions::ROLE_ACT.resource(), keyrings::RESET_ROLE.resource()],
        known: Known::Documented("lunacm/commands/role/role_resetpw.htm"),
        run: call::<ResetPassword>(),
    },
    Command {
        syntax: "role setdomain [-domain|-d <domain>]",
        help: "Set the cloning domain of the Auditor (administrative slots)",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[audit::SET_DOMAIN.resource()],
        known: Known::Documented(
            "lunacm/commands/audit/audit.htm, which names it; its questions are those of 'partition init'",
        ),
        run: call::<SetDomain>(),
    },
    Command {
        syntax: "role show -name|-n <role>...",
        help: "Show the state of a role",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            partitions::ROLE.resource(),
            keyrings::ROLE.resource(),
            hsm::SHOW.resource(),
            hsm::ROLE.resource(),
        ],
        known: Known::Seen("lunacm-role-show-7"),
        run: call::<Show>(),
    },
];

/// The role of a name as typed.
fn named(session: &Session, name: &str) -> Result<PartitionRole, Failure> {
    if session.slot().is_ok_and(Slot::is_keyring) {
        let role = PartitionRole::named_of_keyring(name);
        return role.filter(|role| role.is_of_keyrings()).ok_or_else(|| {
            codes::failure(codes::USER_TYPE_INVALID, format!("A keyring has no role '{name}'."))
                .hint("its roles are: Keyring SO (krso, or po) and Keyring CO (krco, or co)")
        });
    }
    if session.slot().is_ok_and(Slot::is_administrative) {
        return PartitionRole::among(&PartitionRole::ADMINISTRATIVE, name).ok_or_else(|| {
            codes::failure(
                codes::ARGUMENTS_BAD,
                format!("An administrative slot has no role '{name}'."),
            )
            .hint("its roles are: SO (so) and Auditor (au)")
        });
    }
    PartitionRole::named(name).ok_or_else(|| {
        codes::failure(codes::ARGUMENTS_BAD, format!("An application slot has no role '{name}'."))
            .hint("the roles are: Partition SO (po), Crypto Officer (co), Limited Crypto Officer (lco), Crypto User (cu)")
    })
}

/// Roles are shown with the names that LunaCM gives them.
fn state(session: &Session, role: PartitionRole) -> Result<rest::Role, Failure> {
    Ok(session.backend()?.role(role.id())?)
}

fn no_logout_of_others(session: &mut Session, asked: bool) {
    if asked {
        session.ui().note(
            "note: -logoutOther was not done: the appliance logs roles out of their own session \
             only",
        );
    }
}

#[derive(Deserialize)]
struct ChangePassword {
    name: String,
    oldpw: Option<Secret>,
    newpw: Option<Secret>,
    prompt: bool,
    logout_other: bool,
    force: bool,
}

impl Run<Session> for ChangePassword {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let role = named(session, &self.name)?;
        match session.slot()?.role {
            None => return Err(codes::cancelled("A role must be logged in to change password.")),
            Some(other) if other != role => {
                return Err(codes::failure(
                    codes::NOT_LOGGED_IN,
                    format!("The {other} is logged in; a role changes its own password."),
                ));
            }
            Some(_) => {}
        }
        let mut warning = "";
        if self.prompt {
            warning = "        Warning: this role has no secondary credentials.\n                \
                       -prompt parameter will be ignored.";
        }
        if !self.force {
            session.confirm_spaced(warning, "-force")?;
        }
        change_password(session, role, self.oldpw, self.newpw)?;
        no_logout_of_others(session, self.logout_other);
        Ok(Done::new("role changepw"))
    }
}

/// Changes the password of the role that is logged in. A wrong present one counts as a failed login.
pub(super) fn change_password(
    session: &mut Session,
    role: PartitionRole,
    old: Option<Secret>,
    new: Option<Secret>,
) -> Result<(), Failure> {
    let left = state(session, role)?.attempts_left();
    let attempt = session.attempt(left, role)?;
    let origin = (role.variable(), "-oldpw");
    let old_password = session.secret(old, "enter existing password", None, origin)?;
    let new_password = session.new_password(new, ("NEW_PASSWORD", "-newpw"))?;
    let body = rest::ChangePassword { old_password, new_password, ..Default::default() };
    attempt.spend(session, |session| Ok(session.backend()?.change_role(role.id(), &body)?))
}

/// What others do with a role is done with those of partitions alone.
fn require_partition_role(session: &Session, role: PartitionRole) -> Result<(), Failure> {
    if !session.slot()?.is_administrative() {
        return Ok(());
    }
    let why = match role {
        PartitionRole::So => "nobody stands above the SO; 'hsm init' makes another one",
        _ => "nobody stands above the Auditor; 'audit init' makes another one",
    };
    let text = format!("The {role} has its own password alone, on an HSM without PED.");
    Err(codes::failure(codes::NOT_ALLOWED, text).hint(why))
}

/// Challenges and cached credentials belong to multifactor authentication.
fn require_multifactor(session: &Session, role: PartitionRole) -> Result<(), Failure> {
    if state(session, role)?.primary_authentication == "PIN" {
        return Err(codes::failure(
            codes::NOT_ALLOWED,
            "Challenges and activation belong to multifactor authentication; this partition \
             authenticates by password.",
        ));
    }
    Ok(())
}

/// Runs an action on a role of the current slot.
pub(super) fn act(
    session: &Session,
    role: PartitionRole,
    action: &str,
    password: Option<Secret>,
) -> Result<(), Failure> {
    let [hsm, partition] = session.partition(None)?;
    let body = rest::RoleAction { password, ..Default::default() };
    session.client().call(&rest::ROLE_ACT, &[&hsm, &partition, role.id(), action], &body)?;
    Ok(())
}

#[derive(Deserialize)]
struct CreateChallenge {
    name: String,
    challengesecret: Option<Secret>,
}

impl Run<Session> for CreateChallenge {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let role = named(session, &self.name)?;
        require_partition_role(session, role)?;
        create_challenge(session, role, self.challengesecret)?;
        Ok(Done::new("role createchallenge"))
    }
}

/// Asks for a challenge secret and gives it to a role.
fn create_challenge(
    session: &mut Session,
    role: PartitionRole,
    given: Option<Secret>,
) -> Result<(), Failure> {
    session.partition(None)?;
    require_multifactor(session, role)?;
    let challenge = session.secret(
        given,
        "enter new challenge secret",
        Some("re-enter new challenge secret"),
        ("NEW_PASSWORD", "-challengesecret"),
    )?;
    act(session, role, "createChallenge", Some(challenge))
}

#[derive(Deserialize)]
struct Deactivate {
    name: String,
}

impl Run<Session> for Deactivate {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let role = named(session, &self.name)?;
        require_partition_role(session, role)?;
        act(session, role, "deactivate", None)?;
        Ok(Done::new("role deactivate"))
    }
}

#[derive(Deserialize)]
struct Init {
    name: String,
    password: Option<Secret>,
}

impl Run<Session> for Init {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let role = named(session, &self.name)?;
        match role {
            PartitionRole::Po if session.slot()?.is_keyring() => {
                return Err(codes::failure(
                    codes::NOT_ALLOWED,
                    "The Keyring SO is made with the keyring.",
                ));
            }
            PartitionRole::Po => {
                return Err(codes::failure(
                    codes::NOT_ALLOWED,
                    "The Partition SO is made when the partition is initialized.",
                )
                .hint("'partition init' does that"));
            }
            PartitionRole::Co => session.require(&[PartitionRole::Po])?,
            PartitionRole::Lco | PartitionRole::Cu => session.require(&[PartitionRole::Co])?,
            PartitionRole::So => {
                return Err(codes::failure(
                    codes::NOT_ALLOWED,
                    "The SO is made when the HSM is initialized.",
                )
                .hint("'hsm init' does that"));
            }
            PartitionRole::Au => no_so(session)?,
        }
        let password = session.new_password(self.password, (role.variable(), "-password"))?;
        let body = rest::InitRole { password: Some(password), ..Default::default() };
        session.backend()?.init_role(role.id(), &body)?;
        Ok(Done::new("role init"))
    }
}

/// The Auditor is made by nobody else. Documented: the SO logs out first.
pub(super) fn no_so(session: &Session) -> Result<(), Failure> {
    match session.slot()?.role {
        Some(PartitionRole::So) => {
            Err(codes::failure(codes::NOT_ALLOWED, "The Auditor is not made by the SO.")
                .hint("log out first: role logout"))
        }
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
struct List {}

/// The roles of a slot.
#[derive(Serialize)]
struct Roles {
    roles: Vec<RoleLine>,
}

#[derive(Serialize)]
struct RoleLine {
    name: String,
    short: &'static str,
    initialized: bool,
    logged_in: bool,
}

impl Run<Session> for List {
    type View = Roles;

    fn run(self, session: &mut Session) -> Result<Roles, Failure> {
        let listed = session.backend()?.roles()?.roles;
        let (current, keyring) = (session.slot()?.role, session.slot()?.is_keyring());
        let mut roles = Vec::new();
        for role in session.roles() {
            // An older appliance does not have all of them.
            if listed.iter().any(|entry| entry.id == role.id()) {
                let (short, name) = role.names(keyring);
                roles.push(RoleLine {
                    name,
                    short,
                    initialized: state(session, role)?.initialized,
                    logged_in: current == Some(role),
                });
            }
        }
        Ok(Roles { roles })
    }
}

impl Text for Roles {
    fn write(&self, page: &mut Page) {
        page.line("        Roles             (short)");
        page.line("        =========================");
        for role in &self.roles {
            page.line(format!("        {:<19} {}", role.name, role.short));
        }
    }
}

#[derive(Deserialize)]
struct Login {
    name: String,
    password: Option<Secret>,
}

impl Run<Session> for Login {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        log_in(session, named(session, &self.name)?, self.password)?;
        Ok(Done::new("role login"))
    }
}

/// Logs a role in to the current slot; the attempts that are left are looked at first.
pub(super) fn log_in(
    session: &mut Session,
    role: PartitionRole,
    password: Option<Secret>,
) -> Result<(), Failure> {
    log_in_asking(session, role, password, |session, given| {
        session.secret(given, "enter password", None, (role.variable(), "-password"))
    })
}

/// The same with a question of one's own.
pub(crate) fn log_in_asking(
    session: &mut Session,
    role: PartitionRole,
    password: Option<Secret>,
    ask: impl FnOnce(&mut Session, Option<Secret>) -> Result<Secret, Failure>,
) -> Result<(), Failure> {
    let state = state(session, role)?;
    let attempt = session.attempt(state.attempts_left(), role)?;
    let mut password = password;
    // What cannot succeed is answered by the appliance, without a question and a password.
    if state.initialized && !state.locked_out && session.slot()?.role.is_none() {
        password = Some(ask(session, password)?);
    }
    let login = rest::Login { role: role.id().to_owned(), password, ped: "0".to_owned() };
    attempt.spend(session, |session| session.backend()?.log_in(&login))?;
    session.logged_in(Some(role));
    session.remember_login(login);
    if state.pin_to_be_changed {
        let (short, _) = role.names(session.slot()?.is_keyring());
        session.ui().note(format!(
            "note: the password must be changed before anything else: role changepw -name {short}"
        ));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Logout {}

impl Run<Session> for Logout {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        log_out(session)?;
        Ok(Done::new("role logout"))
    }
}

/// Logs the role out that is logged in to the current slot.
pub(super) fn log_out(session: &mut Session) -> Result<(), Failure> {
    if session.slot()?.role.is_none() {
        return Err(codes::failure(codes::NOT_LOGGED_IN, "No role is logged in."));
    }
    session.backend()?.log_out()?;
    session.logged_in(None);
    Ok(())
}

#[derive(Deserialize)]
struct RecoveryInit {
    #[serde(rename = "plabel")]
    _plabel: Option<String>,
    #[serde(rename = "rlabel")]
    _rlabel: Option<String>,
    #[serde(rename = "keyhandle")]
    _keyhandle: Option<u32>,
    #[serde(rename = "force")]
    _force: bool,
}

/// Recovery by key is a matter of HSMs inside a computer or at its USB port.
fn no_recovery(session: &Session, slot: Option<usize>) -> Failure {
    match session.slot_or_current(slot) {
        Err(failure) => failure,
        Ok(_) => codes::failure(
            codes::NOT_SUPPORTED,
            "Recovery of a role by key does not apply to the partitions of a network HSM.",
        ),
    }
}

impl Run<Session> for RecoveryInit {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        Err(no_recovery(session, None))
    }
}

#[derive(Deserialize)]
struct RecoveryLogin {
    #[serde(rename = "user")]
    _user: String,
    slot: usize,
    #[serde(rename = "keyhandle")]
    _keyhandle: u32,
}

impl Run<Session> for RecoveryLogin {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        Err(no_recovery(session, Some(self.slot)))
    }
}

#[derive(Deserialize)]
struct ResetPassword {
    name: String,
    password: Option<Secret>,
    slot: Option<usize>,
    logout_other: bool,
}

impl Run<Session> for ResetPassword {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let role = named(session, &self.name)?;
        require_partition_role(session, role)?;
        let current = session.slot()?.slot;
        if session.slot_or_current(self.slot)?.slot != current {
            return Err(codes::failure(
                codes::NOT_ALLOWED,
                "Only an administrative slot resets passwords of other slots.",
            )
            .hint("make it the current slot first: slot set -slot N"));
        }
        session.require(&[PartitionRole::Po, PartitionRole::Co])?;
        let password = session.new_password(self.password, ("NEW_PASSWORD", "-password"))?;
        let body = rest::RoleAction { password: Some(password), ..Default::default() };
        session.backend()?.reset_role(role.id(), &body)?;
        no_logout_of_others(session, self.logout_other);
        Ok(Done::new("role resetpw"))
    }
}

#[derive(Deserialize)]
struct SetDomain {
    domain: Option<Secret>,
}

impl Run<Session> for SetDomain {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        if !session.slot()?.is_administrative() {
            return Err(codes::failure(
                codes::NOT_ALLOWED,
                "The Auditor is a role of administrative slots; clients of a Network HSM have none.",
            ));
        }
        session.require(&[PartitionRole::Au])?;
        let domain = session.new_domain(self.domain, ("AUDIT_DOMAIN", "-domain"))?;
        let (client, _) = session.backup_hsm()?;
        client.call(&audit::SET_DOMAIN, &[], &audit::SetDomain { domain })?;
        Ok(Done::new("role setdomain"))
    }
}

#[derive(Deserialize)]
struct Show {
    name: String,
}

/// The state of a role. A wrong present password counts as a failed login, so that both have one
/// number; a real appliance, whose REST API tells the logins only, may count them apart (assumed).
#[derive(Serialize)]
struct RoleState {
    name: String,
    initialized: bool,
    primary_authentication: String,
    secondary_authentication: String,
    login_attempts_left: Option<u32>,
    change_password_attempts_left: Option<u32>,
    activated: bool,
    locked_out: bool,
    password_to_be_changed: bool,
}

impl Run<Session> for Show {
    type View = RoleState;

    fn run(self, session: &mut Session) -> Result<RoleState, Failure> {
        let role = named(session, &self.name)?;
        let state = state(session, role)?;
        let (_, name) = role.names(session.slot()?.is_keyring());
        Ok(RoleState {
            name,
            initialized: state.initialized,
            primary_authentication: state.primary_authentication,
            secondary_authentication: state.secondary_authentication,
            login_attempts_left: state.login_attempts_left,
            change_password_attempts_left: state.login_attempts_left,
            activated: state.activated,
            locked_out: state.locked_out,
            password_to_be_changed: state.pin_to_be_changed,
        })
    }
}

impl Text for RoleState {
    fn write(&self, page: &mut Page) {
        page.line(format!("        State of role '{}':", self.name));
        page.blank();
        let mut line = |text: String| page.line(format!("                {text}"));
        if !self.initialized {
            return line("Not initialized.".into());
        }
        line(format!("Primary authentication type: {}", self.primary_authentication));
        line(format!("Secondary authentication type: {}", self.secondary_authentication));
        // The word for an unknown number is assumed.
        let number = |left: Option<u32>| left.map_or("Unknown".to_owned(), |left| left.to_string());
        let left = number(self.login_attempts_left);
        line(format!("Failed login attempts before lockout: {left}"));
        let left = number(self.change_password_attempts_left);
        line(format!("Failed change password attempts before lockout: {left}"));
        if self.activated {
            line("Activated.".into());
        }
        if self.locked_out {
            line("Locked out".into());
        }
        if self.password_to_be_changed {
            line("Password must be changed".into());
        }
    }
}
