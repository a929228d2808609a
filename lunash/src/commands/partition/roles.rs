//! `partition init`, `init co`, `changePw`, `resetPw`, `createChallenge`, `activate`, `deactivate`.

use luna_rest::partitions::{
    self, ChangePassword, ImportTemplate, InitPartition, InitRole, RoleAction,
};
use luna_rest::users;

use super::{CO, CU, Officer, PSO, Target, close_questions};
use crate::prelude::*;
use crate::questions::{allowed, proceed_or};

pub(super) const INIT: Command = Command {
    syntax: "partition init -partition <partition_name> [-label <label>] [-password <password>] [-domain <domain>] [-applytemplate <template_name>] [-force]",
    help: "Initialize a partition and make its Partition SO",
    options: &[
        ("-label", "Label of the partition; its name without it"),
        ("-password", "First password of the Partition SO"),
        ("-domain", "Cloning domain of the partition"),
        ("-applytemplate", "Template of policies: one that was imported, or a file"),
    ],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        users::FILES.resource(),
        partitions::IMPORT_TEMPLATE.resource(),
        partitions::INIT.resource(),
    ],
    known: Known::Documented(
        "lunash/commands/partition/partition_init.htm; -applytemplate: Cluster Administration \
         Guide (7.8.5), which has the file's name and not the option's (assumed as hsm init's)",
    ),
    run: call::<Init>(),
};

pub(super) const INIT_CO: Command = Command {
    syntax: "partition init co -partition <partition_name> [-psopin <password>] [-copin|-c <password>] [-force]",
    help: "Initialize the Crypto Officer of a partition",
    options: &[("-copin", "First password of the Crypto Officer, to be changed before use")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::ROLE.resource(),
        partitions::LOGIN.resource(),
        partitions::LOGOUT.resource(),
        partitions::INIT_ROLE.resource(),
    ],
    known: Known::Documented("lunash/commands/partition/partition_init_co.htm"),
    run: call::<InitCo>(),
};

pub(super) const CHANGE_PW: Command = Command {
    syntax: "partition changePw -partition|-p <partition_name> [-cu|-c] [-oldpw|-o <old_password>] [-newpw|-n <new_password>] [-force|-f]",
    help: "Change the password of the Crypto Officer or the Crypto User",
    options: &[("-cu", "The Crypto User's instead of the Crypto Officer's")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::ROLE.resource(),
        partitions::CHANGE_ROLE.resource(),
    ],
    known: Known::Assumed("known by name only; the options are those of 5.x"),
    run: call::<ChangePw>(),
};

pub(super) const RESET_PW: Command = Command {
    syntax: "partition resetPw -partition|-pa <partition_name> [-cu|-c] [-psopin|-ps <password>] [-newpw|-n <new_password>] [-force|-f]",
    help: "Reset the password of the Crypto Officer or the Crypto User",
    options: &[("-cu", "The Crypto User's instead of the Crypto Officer's")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::ROLE.resource(),
        partitions::LOGIN.resource(),
        partitions::LOGOUT.resource(),
        partitions::ROLE_ACT.resource(),
    ],
    known: Known::Assumed("known by name only; in 7.x it is the Partition SO who resets"),
    run: call::<ResetPw>(),
};

pub(super) const CREATE_CHALLENGE: Command = Command {
    syntax: "partition createChallenge -partition|-pa <partition_name> [-psopin|-ps <password>] [-challenge|-c <challenge>] [-force|-f]",
    help: "Create the challenge of a multifactor Crypto Officer",
    options: &[("-challenge", "The challenge")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::ROLE.resource(),
        partitions::ROLE_ACT.resource(),
    ],
    known: Known::Assumed("known by name only"),
    run: call::<CreateChallenge>(),
};

pub(super) const ACTIVATE: Command = Command {
    syntax: "partition activate -partition|-par <partition_name>",
    help: "Cache the credential of a multifactor Crypto Officer",
    options: &[],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::ROLE.resource(),
        partitions::LOGIN.resource(),
    ],
    known: Known::Documented("administration/activate_a_partition.htm@5.3"),
    run: call::<Activate>(),
};

pub(super) const DEACTIVATE: Command = Command {
    syntax: "partition deactivate -partition|-par <partition_name>",
    help: "Forget the cached credential of a multifactor Crypto Officer",
    options: &[],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::ROLE.resource(),
        partitions::ROLE_ACT.resource(),
    ],
    known: Known::Documented("administration/activate_a_partition.htm@5.3"),
    run: call::<Deactivate>(),
};

/// A new password of a role, entered twice.
fn new_password(
    session: &mut Session,
    given: Option<Secret>,
    officer: &Officer,
    variable: &str,
    option: &str,
) -> Result<Secret, Failure> {
    let lead = session.lead();
    let text = format!("{lead}  Please enter a new password for the {}:\n  > ", officer.name);
    let again = Some("\n  Please re-enter password to confirm:\n  > ");
    let password = session.ui().secret(given, Question { text: &text, again, variable, option })?;
    allowed(naming::PASSWORD, password.expose())?;
    Ok(password)
}

#[derive(Deserialize)]
struct Init {
    partition: String,
    label: Option<String>,
    password: Option<Secret>,
    domain: Option<Secret>,
    applytemplate: Option<String>,
    force: bool,
}

impl Run<Session> for Init {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?;
        if target.shown.is_initialized() {
            let name = &self.partition;
            return Err(Failure::command(format!(
                "The partition '{name}' is initialized already."
            ))
            .hint("'partition init' in lunacm initializes it again, which erases it"));
        }
        let template = self.applytemplate;
        let file = template.as_deref().map(|name| session.look_for(name));
        let label = self.label.map(|label| session.label(naming::LABEL, label)).transpose()?;
        let password = new_password(session, self.password, &PSO, PSO.variable, "-password")?;
        let lead = session.lead();
        let domain = session.ui().secret(
            self.domain,
            Question {
                text: &format!("{lead}  Please enter a cloning domain for the partition:\n  > "),
                again: Some("\n  Please re-enter cloning domain to confirm:\n  > "),
                variable: "DOMAIN",
                option: "-domain",
            },
        )?;
        allowed(naming::DOMAIN, domain.expose())?;
        close_questions(session);
        session.confirm(self.force, &proceed_or("initialize the partition"))?;
        let init = InitPartition {
            label,
            password: Some(password),
            domain: Some(domain),
            default_domain: Some(false),
            ped: Some("0".to_owned()),
            template,
            ..InitPartition::default()
        };
        let place = target.place();
        match session.client().call(&partitions::INIT, &place, &init) {
            Ok(_) => {}
            // No template of this name was imported: a file of this name is.
            Err(error) if error.id() == Some(ErrorId::HSMPLUGIN_INVALID_FILENAME) => {
                let Some(Ok(file)) = file else { return Err(refused(error)) };
                let file = session.upload(file)?;
                let import = ImportTemplate { file: file.clone(), name: None, replace: false };
                session.call(&partitions::IMPORT_TEMPLATE, &[], &import)?;
                let init = InitPartition { template: Some(file), ..init };
                session.call(&partitions::INIT, &place, &init)?;
            }
            Err(error) => return Err(refused(error)),
        }
        Ok(Done { done: "partition init" })
    }
}

#[derive(Deserialize)]
struct InitCo {
    partition: String,
    psopin: Option<Secret>,
    copin: Option<Secret>,
    force: bool,
}

impl Run<Session> for InitCo {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        let place = target.place();
        let attempt = PSO.attempt(session, place)?;
        let so = PSO.password(session, self.psopin, "-psopin")?;
        let co = new_password(session, self.copin, &CO, CO.variable, "-copin")?;
        close_questions(session);
        session.confirm(self.force, &proceed_or("initialize the Crypto Officer"))?;
        PSO.during(session, place, (so, attempt), |session| {
            let init = InitRole { password: Some(co), ..InitRole::default() };
            let ids = [place[0], place[1], CO.id];
            session.call(&partitions::INIT_ROLE, &ids, &init)
        })?;
        Ok(Done { done: "partition init co" })
    }
}

#[derive(Deserialize)]
struct ChangePw {
    partition: String,
    cu: bool,
    oldpw: Option<Secret>,
    newpw: Option<Secret>,
    force: bool,
}

impl Run<Session> for ChangePw {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        let place = target.place();
        let officer = if self.cu { CU } else { CO };
        let attempt = officer.attempt(session, place)?;
        let old_password = officer.password(session, self.oldpw, "-oldpw")?;
        let new_password = new_password(session, self.newpw, &officer, "NEW_PASSWORD", "-newpw")?;
        close_questions(session);
        session.confirm(self.force, &proceed_or("change the password"))?;
        let change = ChangePassword { old_password, new_password, ..ChangePassword::default() };
        let ids = [place[0], place[1], officer.id];
        attempt.spend(session, |session| session.call(&partitions::CHANGE_ROLE, &ids, &change))?;
        Ok(Done { done: "partition changePw" })
    }
}

#[derive(Deserialize)]
struct ResetPw {
    partition: String,
    cu: bool,
    psopin: Option<Secret>,
    newpw: Option<Secret>,
    force: bool,
}

impl Run<Session> for ResetPw {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        let place = target.place();
        let officer = if self.cu { CU } else { CO };
        let attempt = PSO.attempt(session, place)?;
        let so = PSO.password(session, self.psopin, "-psopin")?;
        let password = new_password(session, self.newpw, &officer, "NEW_PASSWORD", "-newpw")?;
        close_questions(session);
        session.confirm(self.force, &proceed_or("reset the password"))?;
        PSO.during(session, place, (so, attempt), |session| {
            let action = RoleAction { password: Some(password), ..RoleAction::default() };
            let ids = [place[0], place[1], officer.id, "reset"];
            session.call(&partitions::ROLE_ACT, &ids, &action)
        })?;
        Ok(Done { done: "partition resetPw" })
    }
}

/// Goes on only where the Crypto Officer's first factor is a PED key.
fn require_multifactor(session: &Session, target: &Target) -> Result<(), Failure> {
    let ids = [&target.hsm, target.shown.id.as_str(), CO.id];
    let role = session.get(&partitions::ROLE, &ids)?;
    if role.primary_authentication.eq_ignore_ascii_case("PED") {
        return Ok(());
    }
    Err(Failure::command(
        "The command is for multifactor authentication; this HSM authenticates by password.",
    ))
}

#[derive(Deserialize)]
struct CreateChallenge {
    partition: String,
    psopin: Option<Secret>,
    challenge: Option<Secret>,
    force: bool,
}

impl Run<Session> for CreateChallenge {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        require_multifactor(session, &target)?;
        let place = target.place();
        let attempt = PSO.attempt(session, place)?;
        let so = PSO.password(session, self.psopin, "-psopin")?;
        close_questions(session);
        session.confirm(self.force, &proceed_or("create the challenge"))?;
        PSO.during(session, place, (so, attempt), |session| {
            // Without a challenge of one's own the HSM makes one up.
            let random = self.challenge.is_none().then_some(false);
            let action = RoleAction { password: self.challenge, default_challenge: random };
            let ids = [place[0], place[1], CO.id, "createChallenge"];
            session.call(&partitions::ROLE_ACT, &ids, &action)
        })?;
        Ok(Done { done: "partition createChallenge" })
    }
}

#[derive(Deserialize)]
struct Activate {
    partition: String,
}

impl Run<Session> for Activate {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        require_multifactor(session, &target)?;
        let login =
            partitions::Login { role: CO.id.to_owned(), password: None, ped: "1".to_owned() };
        let attempt = CO.attempt(session, target.place())?;
        attempt
            .spend(session, |session| session.call(&partitions::LOGIN, &target.place(), &login))?;
        session.call(&partitions::LOGOUT, &target.place(), &Nothing {})?;
        Ok(Done { done: "partition activate" })
    }
}

#[derive(Deserialize)]
struct Deactivate {
    partition: String,
}

impl Run<Session> for Deactivate {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        require_multifactor(session, &target)?;
        let ids = [&target.hsm, target.shown.id.as_str(), CO.id, "deactivate"];
        let action = RoleAction::default();
        session.call(&partitions::ROLE_ACT, &ids, &action)?;
        Ok(Done { done: "partition deactivate" })
    }
}
