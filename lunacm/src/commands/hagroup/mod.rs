//! `hagroup`: HA groups, which are this client's own. Here the groups and their members; `settings.rs` has what
//! holds for all groups, `shown.rs` how a group is shown, `synchronize.rs` how members get the same objects.
//!
//! Whatever could keep a group from working is looked at before anything is written: each member has a
//! Crypto Officer with the same password, and the same cloning domain.

pub(crate) mod settings;
pub(crate) mod shown;
pub(crate) mod synchronize;

use luna_rest::{link, partitions};

use super::clientconfig;
use super::role::log_in;
use crate::chrystoki::Chrystoki;
use crate::ha::{self, Group, groups};
use crate::prelude::*;
use crate::slot::Behind;
use shown::{Layout, Shown};

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "hagroup", help: "HA groups of partitions, which this client alone knows" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hagroup|ha addmember|am {-serialnumber|-se <serialnum> | -slot|-sl <slotnum>} -group|-g <label> [-password|-p <password>]",
        help: "Add a partition to an HA group",
        options: &[("-password", "Password of the Crypto Officer, the same at all members")],
        roles: Role::ANY,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            partitions::LOGOUT.resource(),
            partitions::SHOW.resource(),
            link::PROVE_DOMAIN.resource(),
            partitions::CLEAR.resource(),
            luna_rest::objects::FIND.resource(),
        ],
        known: Known::Documented("lunacm/commands/hagroup/hagroup_addmember.htm@7.2"),
        run: call::<AddMember>(),
    },
    Command {
        syntax: "hagroup|ha addstandby|as -serialnumber|-s <serialnum> -group|-g <label>",
        help: "Let a member stand by",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/hagroup/hagroup_addstandby.htm@7.2"),
        run: call::<AddStandby>(),
    },
    Command {
        syntax: "hagroup|ha creategroup|c {-serialnumber|-se <serialnum> | -slot|-sl <slotnum>} -label|-l <label> [-password|-p <password>]",
        help: "Make an HA group of a first partition",
        options: &[("-password", "Password of the Crypto Officer, the same at all members")],
        roles: Role::ANY,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            partitions::LOGOUT.resource(),
            partitions::SHOW.resource(),
            link::PROVE_DOMAIN.resource(),
            partitions::CLEAR.resource(),
        ],
        known: Known::Documented("lunacm/commands/hagroup/hagroup_creategroup.htm@7.2"),
        run: call::<CreateGroup>(),
    },
    Command {
        syntax: "hagroup|ha deletegroup|d -label|-l <label>",
        help: "Forget an HA group; its members keep their objects",
        options: &[("-label", "Label or number of the HA group")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/hagroup/hagroup_deletegroup.htm@7.2"),
        run: call::<DeleteGroup>(),
    },
    Command {
        syntax: "hagroup|ha listgroups|l [-group|-g <label>] [-password|-p <password>]",
        help: "List the HA groups with their members",
        options: &[(
            "-password",
            "Password of the Crypto Officer, to compare the members; \"\" compares nothing",
        )],
        roles: Role::ANY,
        rest: &[
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            partitions::LOGOUT.resource(),
            luna_rest::objects::FIND.resource(),
        ],
        known: Known::Documented(
            "lunacm/commands/hagroup/hagroup_listgroups.htm@7.2; -group and -password are those of scripts",
        ),
        run: call::<ListGroups>(),
    },
    Command {
        syntax: "hagroup|ha removemember|rm {-serialnumber|-se <serialnum> | -slot|-sl <slotnum>} -group|-g <label>",
        help: "Take a member out of an HA group",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/hagroup/hagroup_removemember.htm@7.2"),
        run: call::<RemoveMember>(),
    },
    Command {
        syntax: "hagroup|ha removestandby|rs -serialnumber|-se <serialnum> -group|-g <label>",
        help: "Let a member that stands by take part again",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/hagroup/hagroup_removestandby.htm@7.2"),
        run: call::<RemoveStandby>(),
    },
];

/// The group of a label or a number.
fn find(file: &Chrystoki, name: &str) -> Result<Group, Failure> {
    groups(file).into_iter().find(|group| group.is(name)).ok_or_else(|| {
        codes::failure(codes::ARGUMENTS_BAD, format!("There is no HA group '{name}'."))
            .hint("'hagroup listgroups' shows the groups")
    })
}

/// A refusal whose words are looked for in the output.
fn in_words(text: String) -> Failure {
    let failure = codes::failure(codes::ARGUMENTS_BAD, String::new());
    Failure { message: format!("        {text}"), verbatim: true, hints: Vec::new(), ..failure }
}

/// Changes the configuration, and reads the groups again.
fn change(
    session: &mut Session,
    old: &Chrystoki,
    change: impl FnOnce(&mut Chrystoki) -> Result<(), crate::chrystoki::Malformed>,
) -> Result<(), Failure> {
    let mut new = old.clone();
    change(&mut new).map_err(|error| {
        Failure::command(format!("{}: {error}.", session.side().configuration.display()))
    })?;
    clientconfig::write(session, old, &new)?;
    session.read_groups()
}

/// The slot of a partition, by its serial number or its slot's.
fn slot_of(
    session: &Session,
    serial: Option<&str>,
    slot: Option<usize>,
) -> Result<(usize, String), Failure> {
    let slot = match serial {
        Some(serial) => session.slot_of(serial).ok_or_else(|| {
            codes::failure(codes::ARGUMENTS_BAD, format!("No slot has the serial number {serial}."))
                .hint("'slot list' shows the slots")
        })?,
        None => session.slot_or_current(slot)?,
    };
    match slot.behind {
        Behind::Partition { .. } => Ok((slot.slot, slot.serial.clone())),
        _ => Err(codes::failure(
            codes::ARGUMENTS_BAD,
            format!("Slot {} is no partition, of which groups are made.", slot.slot),
        )),
    }
}

fn password(session: &mut Session, given: Option<Secret>) -> Result<Secret, Failure> {
    let origin = (PartitionRole::Co.variable(), "-password");
    session.secret(given, "Enter the password", None, origin)
}

/// Does something with the Crypto Officer logged in to a slot; another role is logged out there first.
fn as_officer<T>(
    session: &mut Session,
    slot: usize,
    password: &Secret,
    work: impl FnOnce(&mut Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (before, role) = (session.current(), session.slot_or_current(Some(slot))?.role);
    session.select(slot);
    let done = while_officer(session, role, password, work);
    if let Some(before) = before {
        session.select(before);
    }
    done
}

fn while_officer<T>(
    session: &mut Session,
    role: Option<PartitionRole>,
    password: &Secret,
    work: impl FnOnce(&mut Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if role.is_some() {
        session.backend()?.log_out()?;
        session.logged_in(None);
    }
    let serial = session.slot()?.serial.clone();
    log_in(session, PartitionRole::Co, Some(password.clone()))
        .map_err(|failure| failure.hint(format!("that is what partition {serial} answered")))?;
    let done = work(session);
    if role != Some(PartitionRole::Co) {
        session.backend()?.log_out()?;
        session.logged_in(None);
    }
    done
}

/// What proves the cloning domain of the current slot, for one challenge.
fn prove_domain(session: &Session, challenge: &str) -> Result<String, Failure> {
    let [_, partition] = session.partition(None)?;
    let challenge = link::DomainChallenge { challenge: challenge.to_owned() };
    let proved = session.client().call(&link::PROVE_DOMAIN, &[&partition], &challenge)?;
    Ok(proved.proof)
}

/// What is to become of the objects that a new member has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Objects {
    Copy,
    Remove,
}

const OBJECTS: &str = "\
Warning:  There are objects currently on the new member.
          Do you wish to propagate these objects within the HA
          group, or remove them?

          Type 'copy' to keep and propagate the existing
          objects, 'remove' to remove them before continuing,
          or 'quit' to stop adding this new group member.
          >  ";

fn ask_of_objects(session: &mut Session) -> Result<Objects, Failure> {
    loop {
        let text = session.question(OBJECTS);
        let answer = session.ui().ask(&text, "'copy' or 'remove' on standard input")?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "copy" => return Ok(Objects::Copy),
            "remove" => return Ok(Objects::Remove),
            "quit" => {
                return Err(codes::failure(codes::CANCELLED, "The command was cancelled."));
            }
            _ if session.ui().attended() => {}
            _ => {
                let text = "The answer was none of 'copy', 'remove' and 'quit'.";
                return Err(Failure::refused(text));
            }
        }
    }
}

/// Checks a partition that is to become a member: its Crypto Officer, its domain, and what is to become
/// of its objects.
fn check_member(
    session: &mut Session,
    slot: usize,
    password: &Secret,
    challenge: &str,
) -> Result<String, Failure> {
    as_officer(session, slot, password, |session| {
        let proof = prove_domain(session, challenge)?;
        if session.backend()?.show()?.objects > 0 && ask_of_objects(session)? == Objects::Remove {
            session.backend()?.clear()?;
        }
        Ok(proof)
    })
}

/// Refuses a partition that is a member of a group already.
fn require_free(file: &Chrystoki, serial: &str) -> Result<(), Failure> {
    let taken =
        groups(file).into_iter().find(|group| group.members.iter().any(|one| one == serial));
    match taken {
        None => Ok(()),
        // The words of the product, as far as scripts look for them.
        Some(group) => Err(in_words(format!(
            "The member you specified is already part of an HA group: {}.",
            group.label
        ))),
    }
}

#[derive(Deserialize)]
pub(crate) struct CreateGroup {
    serialnumber: Option<String>,
    slot: Option<usize>,
    label: String,
    password: Option<Secret>,
}

impl CreateGroup {
    /// The same as `vtl` asks for it.
    pub(crate) fn new(serial: &str, label: &str, password: Option<Secret>) -> CreateGroup {
        let serialnumber = Some(serial.to_owned());
        CreateGroup { serialnumber, slot: None, label: label.to_owned(), password }
    }
}

impl Run<Session> for CreateGroup {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        let (slot, serial) = slot_of(session, self.serialnumber.as_deref(), self.slot)?;
        let label = session.label(self.label)?;
        if !ha::fits(&label) {
            let text = "The label of a group cannot have any of ; { } = # [ ]";
            return Err(codes::failure(codes::ARGUMENTS_BAD, text));
        }
        let file = clientconfig::read(session)?;
        if groups(&file).iter().any(|group| group.is(&label)) {
            // The words of the product, as far as scripts look for them.
            let text = format!("The label {label} for the new group has already been used.");
            return Err(in_words(text));
        }
        require_free(&file, &serial)?;
        let password = password(session, self.password)?;
        check_member(session, slot, &password, &serial)?;
        let group = Group::new(&file, &label, &serial);
        change(session, &file, |file| group.write(file))?;
        Ok(Shown::of(session, &group, Some(false), Layout::Created))
    }
}

#[derive(Deserialize)]
pub(crate) struct AddMember {
    serialnumber: Option<String>,
    slot: Option<usize>,
    group: String,
    password: Option<Secret>,
}

impl AddMember {
    /// The same as `vtl` asks for it.
    pub(crate) fn new(serial: &str, group: &str, password: Option<Secret>) -> AddMember {
        let serialnumber = Some(serial.to_owned());
        AddMember { serialnumber, slot: None, group: group.to_owned(), password }
    }
}

impl Run<Session> for AddMember {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        let file = clientconfig::read(session)?;
        let mut group = find(&file, &self.group)?;
        let (slot, serial) = slot_of(session, self.serialnumber.as_deref(), self.slot)?;
        require_free(&file, &serial)?;
        let password = password(session, self.password)?;
        let present = group.members.iter().find_map(|member| session.slot_of(member));
        let present = present.map(|slot| (slot.slot, slot.serial.clone()));
        let proof = check_member(session, slot, &password, group.number())?;
        match present {
            None => session.ui().note(
                "note: no member of the group is reached: password and domain were not compared",
            ),
            Some((slot, member)) => {
                let theirs = as_officer(session, slot, &password, |session| {
                    prove_domain(session, group.number())
                });
                let theirs = theirs.map_err(|failure| {
                    failure.hint(format!(
                        "{member} is in the group: all members have the same password of the Crypto \
                         Officer"
                    ))
                })?;
                if theirs != proof {
                    return Err(codes::failure(
                        codes::NOT_ALLOWED,
                        format!(
                            "Partition {serial} has another cloning domain than member {member}."
                        ),
                    )
                    .hint("all members of a group have the same domain"));
                }
            }
        }
        group.members.push(serial.clone());
        change(session, &file, |file| group.write(file))?;
        let needs = shown::needs_sync(session, &group, &password)?;
        Ok(Shown::of(session, &group, needs, Layout::Added { member: serial }))
    }
}

#[derive(Deserialize)]
pub(crate) struct RemoveMember {
    serialnumber: Option<String>,
    slot: Option<usize>,
    group: String,
}

/// What was done to a group, or to one of its members.
#[derive(Serialize)]
pub(crate) struct Told {
    done: &'static str,
    group: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    gap: bool,
}

impl Text for Told {
    fn write(&self, page: &mut Page) {
        page.line(format!("        {}", self.text));
        if self.gap {
            page.blank();
        }
    }
}

fn member_of(group: &Group, serial: &str) -> Result<(), Failure> {
    if group.members.iter().any(|member| member == serial) {
        return Ok(());
    }
    Err(codes::failure(
        codes::ARGUMENTS_BAD,
        format!("{serial} is no member of the HA group {}.", group.label),
    ))
}

impl RemoveMember {
    /// The same as `vtl` asks for it.
    pub(crate) fn new(serial: &str, group: &str) -> RemoveMember {
        RemoveMember { serialnumber: Some(serial.to_owned()), slot: None, group: group.to_owned() }
    }
}

impl Run<Session> for RemoveMember {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let file = clientconfig::read(session)?;
        let mut group = find(&file, &self.group)?;
        let serial = match self.serialnumber {
            // One that is down has no slot.
            Some(serial) => serial,
            None => slot_of(session, None, self.slot)?.1,
        };
        member_of(&group, &serial)?;
        if group.members.len() == 1 {
            return Err(codes::failure(
                codes::NOT_ALLOWED,
                format!("{serial} is the last member of the HA group {}.", group.label),
            )
            .hint("'hagroup deletegroup' deletes the group"));
        }
        group.remove(&serial);
        change(session, &file, |file| group.write(file))?;
        let text = format!("Member {serial} successfully removed from group {}.", group.label);
        let (done, member) = ("hagroup removemember", Some(serial));
        Ok(Told { done, group: group.label, member, text, gap: true })
    }
}

#[derive(Deserialize)]
pub(crate) struct DeleteGroup {
    pub(crate) label: String,
}

impl Run<Session> for DeleteGroup {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let file = clientconfig::read(session)?;
        let group = find(&file, &self.label)?;
        change(session, &file, |file| group.delete(file))?;
        let text = format!("The HA group {} was successfully deleted.", group.label);
        Ok(Told { done: "hagroup deletegroup", group: group.label, member: None, text, gap: false })
    }
}

#[derive(Deserialize)]
struct AddStandby {
    serialnumber: String,
    group: String,
}

impl Run<Session> for AddStandby {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        stand_by(session, &self.group, self.serialnumber, true)
    }
}

#[derive(Deserialize)]
struct RemoveStandby {
    serialnumber: String,
    group: String,
}

impl Run<Session> for RemoveStandby {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        stand_by(session, &self.group, self.serialnumber, false)
    }
}

fn stand_by(
    session: &mut Session,
    name: &str,
    serial: String,
    stands_by: bool,
) -> Result<Told, Failure> {
    let file = clientconfig::read(session)?;
    let mut group = find(&file, name)?;
    member_of(&group, &serial)?;
    let active = group.members.iter().filter(|member| !group.standby.contains(member));
    if stands_by && active.count() == 1 && !group.standby.contains(&serial) {
        return Err(codes::failure(
            codes::NOT_ALLOWED,
            format!("{serial} is the last active member of the HA group {}.", group.label),
        ));
    }
    group.standby.retain(|member| *member != serial);
    if stands_by {
        group.standby.push(serial.clone());
    }
    change(session, &file, |file| group.write(file))?;
    let (done, how) = match stands_by {
        true => ("hagroup addstandby", "added to"),
        false => ("hagroup removestandby", "removed from"),
    };
    let text = format!(
        "The member {serial} was successfully {how} the standby list for the HA Group {}.",
        group.label
    );
    Ok(Told { done, group: group.label, member: Some(serial), text, gap: true })
}

#[derive(Deserialize)]
struct ListGroups {
    group: Option<String>,
    password: Option<Secret>,
}

impl Run<Session> for ListGroups {
    type View = shown::Groups;

    fn run(self, session: &mut Session) -> Result<shown::Groups, Failure> {
        let file = clientconfig::read(session)?;
        let settings = ha::Settings::of(&file);
        let listed = match &self.group {
            Some(name) => vec![find(&file, name)?],
            None => groups(&file),
        };
        let mut shown = Vec::new();
        for group in listed {
            let needs = match shown::password_of(session, &group, self.password.clone())? {
                Some(password) => shown::needs_sync(session, &group, &password)?,
                None => None,
            };
            shown.push(Shown::of(session, &group, needs, Layout::Listed { only: settings.only }));
        }
        Ok(shown::Groups { settings, groups: shown })
    }
}
