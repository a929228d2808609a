//! `cluster`: appliances that share keyrings. The appliance needs the package lnh_cluster for it.
//!
//! Names and options are those of the vendor's Cluster Administration Guide. It shows no output but
//! the word `Success` of `cluster member authorize`, and names of fields; layouts are assumed.
//!
//! This file has creating, joining and leaving a cluster, its service, and what the menus share.
//! Each of them has its own file.

pub(super) mod backup;
pub(super) mod client;
pub(super) mod config;
pub(super) mod group;
pub(super) mod member;
pub(super) mod restore;

use luna_rest::clusters::{self, Authentication};
use luna_rest::hsm;
use luna_rest::services::{self, ServiceAction};

use super::hsm::access::so_attempt;
use super::partition::{CO, close_questions};
use luna_rest::partitions;

use crate::prelude::*;
use crate::questions::{caution, proceed};
use crate::refusals;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "cluster", help: "Clusters of appliances that share keyrings" }];

/// Where the facts of most commands come from.
pub(super) const GUIDE: Known = Known::Documented(
    "Cluster Administration Guide (7.8.5); its output is assumed: Success, as of cluster member \
     authorize",
);
/// As [`GUIDE`], of commands that ask before something is lost.
pub(super) const GUIDE_ASKS: Known = Known::Documented(
    "Cluster Administration Guide (7.8.5); assumed: that it asks when other members are not \
     reached, and -force",
);
/// As [`GUIDE`], of commands that show something.
pub(super) const GUIDE_SHOWN: Known =
    Known::Documented("Cluster Administration Guide (7.8.5); its layout is assumed");

/// The name of the service.
const SERVICE: &str = "cluster";
const CLUSTER: (&str, &str) =
    ("-clusterid", "UUID of the cluster; the one this appliance belongs to when left out");
const MEMBER: (&str, &str) = ("-memberid", "UUID of the member");
const PARTITION: (&str, &str) = ("-partition", "Label of this appliance's cluster partition");
const CO_PASSWORD: (&str, &str) =
    ("-copassword", "Password of the Crypto Officer of the cluster partition");

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "cluster create -label|-l <cluster_label> [-password|-p <hsm_admin_password>]",
        help: "Create a cluster with this appliance as its primary member",
        options: &[("-label", "Label of the cluster"), ("-password", "Password of the HSM SO")],
        roles: Role::ADMIN,
        rest: &[hsm::SHOW.resource(), clusters::CREATE.resource()],
        known: GUIDE,
        run: call::<Create>(),
    },
    Command {
        syntax: "cluster delete [-force|-f]",
        help: "Erase the cluster service of this appliance: its cluster, keyrings and settings",
        options: &[],
        roles: Role::ADMIN,
        rest: &[clusters::LIST.resource(), services::ACT.resource()],
        known: Known::Assumed(
            "the page was not found: what 'sysconf config factoryReset -service cluster' does",
        ),
        run: call::<Delete>(),
    },
    Command {
        syntax: "cluster disable",
        help: "Do not start the cluster service with the appliance",
        options: &[],
        roles: Role::ADMIN,
        rest: &[services::ACT.resource()],
        known: GUIDE,
        run: call::<Disable>(),
    },
    Command {
        syntax: "cluster enable",
        help: "Start the cluster service, now and with the appliance",
        options: &[],
        roles: Role::ADMIN,
        rest: &[services::ACT.resource()],
        known: GUIDE,
        run: call::<Enable>(),
    },
    Command {
        syntax: "cluster join -clusterid|-clusteri <cluster_id> -clusteripaddress|-clusterip <address> [-remotepassword|-r <admin_password>] -partition|-p <partition_name> [-copassword|-co <co_password>] [-force|-f]",
        help: "Join the cluster of another appliance",
        options: &[
            ("-clusterid", "UUID of the cluster to join; 'cluster list' on a member shows it"),
            ("-clusteripaddress", "Core address of a member, best of the primary one"),
            ("-remotepassword", "Password of the account admin on that member"),
            PARTITION,
            CO_PASSWORD,
            ("-force", "Do not ask for confirmation"),
        ],
        roles: Role::ADMIN,
        rest: &[
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            clusters::CHANGE.resource(),
        ],
        known: GUIDE,
        run: call::<Join>(),
    },
    Command {
        syntax: "cluster leave -memberid|-m <member_id> -partition|-p <partition_name> [-copassword|-c <co_password>] [-force|-f]",
        help: "Take this appliance out of the cluster",
        options: &[
            ("-memberid", "UUID of this member"),
            PARTITION,
            CO_PASSWORD,
            ("-force", "Do not ask for confirmation"),
        ],
        roles: Role::ADMIN,
        rest: &[
            clusters::LIST.resource(),
            clusters::MEMBERS.resource(),
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            clusters::LEAVE.resource(),
        ],
        known: GUIDE_ASKS,
        run: call::<Leave>(),
    },
    Command {
        syntax: "cluster list",
        help: "Show the cluster this appliance belongs to",
        options: &[],
        roles: Role::MONITOR,
        rest: &[clusters::LIST.resource()],
        known: GUIDE_SHOWN,
        run: call::<List>(),
    },
    Command {
        syntax: "cluster status",
        help: "Show whether the cluster service is enabled and runs",
        options: &[],
        roles: Role::MONITOR,
        rest: &[services::SHOW.resource()],
        known: GUIDE_SHOWN,
        run: call::<Status>(),
    },
];

/// The cluster that is meant: the one given, or the only one.
pub(super) fn cluster(session: &Session, given: Option<String>) -> Result<String, Failure> {
    match given {
        Some(id) => Ok(id),
        None => Ok(own_cluster(session)?.cluster_uuid),
    }
}

/// The cluster that this appliance belongs to.
fn own_cluster(session: &Session) -> Result<clusters::ClusterEntry, Failure> {
    let clusters = session.client().get(&clusters::LIST, &[]).map_err(refused)?.data;
    clusters.into_iter().next().ok_or_else(no_cluster)
}

fn no_cluster() -> Failure {
    Failure::command("This appliance belongs to no cluster.")
        .hint("'cluster create' creates one, 'cluster join' joins that of another appliance")
}

/// The password of the Crypto Officer of the cluster partition: the partition of that label, or the
/// only V1 partition there is; and the attempt that it takes.
pub(super) fn crypto_officer(
    session: &mut Session,
    given: Option<Secret>,
    label: Option<&str>,
) -> Result<(Vec<Authentication>, Attempt<Session>), Failure> {
    let hsm = session.hsm()?.to_owned();
    let partition = session.find_partition(|partition| match label {
        Some(label) => partition.label == label || partition.name == label,
        None => partition.version == 1,
    })?;
    // Whether there has to be one is for the appliance to say.
    let attempt = match partition {
        Some(partition) => CO.attempt(session, [&hsm, &partition.id])?,
        None => Attempt::uncounted(),
    };
    let by_ped = session.get(&hsm::SHOW, &[&hsm])?.authentication_method == "PED";
    let password = match given {
        None if by_ped => ped(session),
        given => CO.password(session, given, "-copassword")?,
    };
    close_questions(session);
    Ok((Authentication::co(password, label.map(ToOwned::to_owned)), attempt))
}

/// With multifactor authentication the key is presented at the PED, and the password is empty.
fn ped(session: &mut Session) -> Secret {
    session.ui().show("Please attend to the PED...\n");
    Secret::from("")
}

/// As the table has it, but of refusals of clusters and of values the details alone are shown, with
/// options in place of fields.
pub(super) fn refused(error: Error) -> Failure {
    let details = match &error {
        Error::Answered { answer, .. } => match ErrorId::new(&answer.id) {
            ErrorId::FRAMEWORK_BAD_REQUEST | ErrorId::APPLIANCE_SERVICE_ACTION_FAILED => {
                in_options(&answer.details)
            }
            id if id.as_str().starts_with("CLUSTER_") => answer.details.clone(),
            _ => String::new(),
        },
        _ => String::new(),
    };
    let failure = refusals::refused(error);
    if details.is_empty() { failure } else { Failure { message: details, ..failure } }
}

/// The fields that the appliance names, as the options that gave them.
fn in_options(details: &str) -> String {
    const FIELDS: [(&str, &str); 6] = [
        ("'clusterLabel'", "-label"),
        ("'keyRingLabel'", "-label"),
        ("'filename'", "-filename"),
        ("'group'", "-group"),
        ("'password'", "The password"),
        ("'time'", "-time"),
    ];
    let replace = |text: String, (field, option): &(&str, &str)| text.replace(field, option);
    FIELDS.iter().fold(details.to_owned(), replace)
}

#[derive(Deserialize)]
struct Create {
    label: String,
    password: Option<Secret>,
}

impl Run<Session> for Create {
    type View = Made<Success>;

    fn run(self, session: &mut Session) -> Result<Made<Success>, Failure> {
        let (hsm, attempt) = so_attempt(session)?;
        let password = match self.password {
            None if hsm.authentication_method == "PED" => ped(session),
            given => {
                let first = session.lead();
                let text = format!("{first}  Please enter the HSM Administrators' password:\n  > ");
                let question = Question {
                    text: &text,
                    again: None,
                    variable: "HSM_PASSWORD",
                    option: "-password",
                };
                session.ui().secret(given, question)?
            }
        };
        close_questions(session);
        let body = clusters::NewCluster {
            authentication: Authentication::so(password),
            cluster_label: self.label,
        };
        let id = attempt.spend(session, |session| session.create(&clusters::CREATE, &[], &body))?;
        Ok(Made { done: Success { done: "cluster create" }, id })
    }
}

#[derive(Deserialize)]
struct Delete {
    force: bool,
}

impl Run<Session> for Delete {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let named = match session.client().get(&clusters::LIST, &[]) {
            Ok(list) => match list.data.into_iter().next() {
                Some(cluster) => format!("the cluster '{}'", cluster.cluster_label),
                None => return Err(no_cluster()),
            },
            // A service that does not run can be erased all the same.
            Err(error) if error.id() == Some(ErrorId::CLUSTER_SERVICE_NOT_RUNNING) => {
                "its cluster".to_owned()
            }
            Err(error) => return Err(refused(error)),
        };
        let lines = format!(
            "This appliance will forget {named} with all keyrings and\n\
             settings of the cluster service. Other members keep the cluster; where there\n\
             are some, 'cluster leave' takes this one out first."
        );
        session.confirm(self.force, &caution(&lines, &proceed("delete the cluster")))?;
        act(session, "factoryReset")?;
        Ok(Success { done: "cluster delete" })
    }
}

#[derive(Deserialize)]
struct Disable {}

impl Run<Session> for Disable {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        act(session, "disable")?;
        Ok(Success { done: "cluster disable" })
    }
}

fn act(session: &Session, action: &str) -> Result<(), Failure> {
    let body = ServiceAction::default();
    session.client().call(&services::ACT, &[SERVICE, action], &body).map_err(refused)?;
    Ok(())
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        act(session, "enable")?;
        Ok(Success { done: "cluster enable" })
    }
}

#[derive(Deserialize)]
struct Join {
    clusterid: String,
    clusteripaddress: String,
    remotepassword: Option<Secret>,
    partition: String,
    copassword: Option<Secret>,
    force: bool,
}

impl Run<Session> for Join {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let remote = session.ui().secret(
            self.remotepassword,
            Question {
                text: "  Please enter the password of admin on the remote appliance:\n  > ",
                again: None,
                variable: "REMOTE_PASSWORD",
                option: "-remotepassword",
            },
        )?;
        let (authentication, attempt) =
            crypto_officer(session, self.copassword, Some(&self.partition))?;
        if !self.force {
            // Assumed. That the accounts are replaced is documented.
            session.confirm(
                false,
                &caution(
                    "The accounts and roles of the cluster will replace those of this\n\
                 appliance. Let no other appliance join at the same time.",
                    &proceed("join the cluster"),
                ),
            )?;
        }
        let body = clusters::ChangeCluster {
            action: "join".to_owned(),
            authentication,
            remote_cluster_ip_address: Some(self.clusteripaddress),
            remote_admin_password: Some(remote),
            ..clusters::ChangeCluster::default()
        };
        attempt.spend(session, |session| {
            session.client().call(&clusters::CHANGE, &[&self.clusterid], &body).map_err(refused)
        })?;
        Ok(Success { done: "cluster join" })
    }
}

#[derive(Deserialize)]
struct Leave {
    memberid: String,
    partition: String,
    copassword: Option<Secret>,
    force: bool,
}

impl Run<Session> for Leave {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let clusters::ClusterEntry { cluster_uuid: cluster, parted, .. } = own_cluster(session)?;
        let (authentication, attempt) =
            crypto_officer(session, self.copassword, Some(&self.partition))?;
        let members = member::members(session, &cluster)?;
        if parted && !self.force {
            session.confirm(
                false,
                &caution(
                    "The cluster goes on without this appliance. Keyrings that it acknowledged\n\
                     may exist only here and will be erased; 'cluster backup run' saves them.",
                    &proceed("leave the cluster"),
                ),
            )?;
        }
        let is_last = matches!(
            &members[..],
            [only] if only.member_uuid.eq_ignore_ascii_case(&self.memberid)
        );
        if is_last && !parted && !self.force {
            // Assumed: what no member has is lost.
            session.confirm(
                false,
                &caution(
                    "This is the only member. The cluster and its keyrings will be erased.",
                    &proceed("leave the cluster"),
                ),
            )?;
        }
        if !parted {
            member::warn_of_absent(session, &members, &self.memberid, self.force)?;
        }
        let body = clusters::Leave { action: "leave".to_owned(), authentication };
        let ids = [cluster.as_str(), &self.memberid];
        attempt.spend(session, |session| {
            session.client().call(&clusters::LEAVE, &ids, &body).map_err(refused)
        })?;
        Ok(Success { done: "cluster leave" })
    }
}

#[derive(Deserialize)]
struct List {}

/// The clusters of this appliance: none or one.
#[derive(Serialize)]
struct Clusters {
    clusters: Vec<Listed>,
}

/// A cluster.
#[derive(Serialize)]
struct Listed {
    label: String,
    id: String,
}

impl Run<Session> for List {
    type View = Clusters;

    fn run(self, session: &mut Session) -> Result<Clusters, Failure> {
        let list = session.client().get(&clusters::LIST, &[]).map_err(refused)?.data;
        let listed =
            |one: clusters::ClusterEntry| Listed { label: one.cluster_label, id: one.cluster_uuid };
        Ok(Clusters { clusters: list.into_iter().map(listed).collect() })
    }
}

impl Text for Clusters {
    fn write(&self, page: &mut Page) {
        if self.clusters.is_empty() {
            return page.line("There are no clusters.");
        }
        let rows = self.clusters.iter().map(|one| [one.id.as_str(), &one.label]);
        page.table(&table([("Cluster ID", UUID), ("Cluster Label", 32)], rows));
    }
}

/// As wide as a UUID.
pub(super) const UUID: u16 = 36;

/// A table with a head and a rule, as wide as its widest cells.
pub(super) fn table<'a, const N: usize>(
    columns: [(&str, u16); N],
    rows: impl Iterator<Item = [&'a str; N]>,
) -> Table {
    let mut table = Table::new(0, 2, &columns.map(|(_, width)| (width, false)));
    table.row(columns.map(|(head, _)| head));
    table.row(columns.map(|(_, width)| "=".repeat(usize::from(width))));
    rows.for_each(|row| table.row(row));
    table
}

#[derive(Deserialize)]
struct Status {}

/// Whether the service starts with the appliance, and whether it runs.
#[derive(Serialize)]
struct Shown {
    enabled: bool,
    state: &'static str,
}

impl Run<Session> for Status {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        let service = session.client().get(&services::SHOW, &[SERVICE]).map_err(refused)?;
        Ok(Shown { enabled: service.on_boot, state: service.phase() })
    }
}

impl Text for Shown {
    fn write(&self, page: &mut Page) {
        page.line(format!("   cluster is {}", if self.enabled { "enabled" } else { "disabled" }));
        page.line(format!("   cluster is {}", self.state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    #[test]
    fn a_cluster_is_listed_with_its_id() {
        let id = "528b9b72-c305-4dd1-bebc-a4ca24f8c28b".to_owned();
        let text = Clusters { clusters: vec![Listed { label: "myCluster".into(), id }] }.text();
        assert_eq!(
            text,
            "Cluster ID                            Cluster Label\n\
             ====================================  ================================\n\
             528b9b72-c305-4dd1-bebc-a4ca24f8c28b  myCluster\n"
        );
        assert_eq!(Clusters { clusters: Vec::new() }.text(), "There are no clusters.\n");
    }

    #[test]
    fn a_service_that_starts_says_so() {
        let text = Shown { enabled: true, state: "starting" }.text();
        assert_eq!(text, "   cluster is enabled\n   cluster is starting\n");
    }
}
