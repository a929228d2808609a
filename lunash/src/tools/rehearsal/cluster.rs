//! A cluster of emulated appliances, made through REST, and its clients.

use clap::Parser;
use luna_rest::clusters::{self, Authentication};
use luna_rest::{Client, Nothing, emulator, hsm, keyrings, packages, partitions, services, users};
use luna_shell::transcript::ScriptedTerminal;
use luna_shell::{Device, Failure, Status};
use lunacm::registration::{self, Arguments};

use super::{Rehearsal, wrong};

/// The passwords of the HSM SO, the Partition SO and the Crypto Officer of the cluster partition.
const PASSWORDS: [&str; 3] = ["so-Passw0rd", "po-Passw0rd", "co-Passw0rd"];
/// The password of admin in factory state.
const FACTORY: &str = "PASSWORD";
/// The password of admin at the first member of a cluster, as scripts choose it too.
pub const ADMIN: &str = "Iamtheadmin1";
/// The label of the cluster partition.
const PARTITION: &str = "clusterpar";
/// The package's authorization code.
const CODE: &str = "abcdEFGH01234567";
/// How long the service takes to start.
const START: u32 = 30;

#[derive(Parser)]
#[command(no_binary_name = true)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

/// What an appliance should have answered.
fn missing(what: &str) -> Failure {
    Failure::command(format!("The appliance has {what}."))
}

impl Rehearsal {
    /// Makes this appliance the first member of a cluster; the cluster's UUID.
    ///
    /// # Errors
    /// The appliance refuses a step.
    pub fn cluster(&self, label: &str) -> Result<String, Failure> {
        let [so, _, co] = PASSWORDS;
        let client = self.prepare()?;
        let new = clusters::NewCluster {
            authentication: Authentication::so(so.into()),
            cluster_label: label.to_owned(),
        };
        client.call(&clusters::CREATE, &[], &new)?;
        let cluster = self.cluster_id()?;
        let members = client.get(&clusters::MEMBERS, &[&cluster])?.data;
        let authorize = clusters::ChangeMember {
            action: "authorize".to_owned(),
            authentication: Authentication::co(co.into(), Some(PARTITION.to_owned())),
            ..Default::default()
        };
        let member = &members.first().ok_or_else(|| missing("no member"))?.member_uuid;
        client.call(&clusters::CHANGE_MEMBER, &[&cluster, member], &authorize)?;
        // With a factory password nobody joins.
        let own = users::UserAction {
            password: Some(ADMIN.into()),
            current_password: Some(FACTORY.into()),
        };
        client.call(&users::ACT, &["admin", "changePassword"], &own)?;
        Ok(cluster)
    }

    /// Makes this appliance a further member of the cluster of `first`, in an affinity group.
    ///
    /// # Errors
    /// One of the two refuses a step.
    pub fn join(&self, first: &Rehearsal, group: &str) -> Result<(), Failure> {
        let client = self.prepare()?;
        let cluster = first.cluster_id()?;
        let join = clusters::ChangeCluster {
            action: "join".to_owned(),
            authentication: Authentication::co(PASSWORDS[2].into(), Some(PARTITION.to_owned())),
            remote_cluster_ip_address: Some(first.running()?.address().ip().to_string()),
            remote_admin_password: Some(ADMIN.into()),
            ..Default::default()
        };
        client.call(&clusters::CHANGE, &[&cluster], &join)?;
        client.call(&emulator::SETTLE, &[], &Nothing {})?;
        let members = client.get(&clusters::MEMBERS, &[&cluster])?.data;
        let own = members
            .iter()
            .find(|member| member.local)
            .ok_or_else(|| missing("not joined the cluster"))?;
        let config = clusters::ChangeMember {
            action: "config".to_owned(),
            group: Some(group.to_owned()),
            ..Default::default()
        };
        client.call(&clusters::CHANGE_MEMBER, &[&cluster, &own.member_uuid], &config)?;
        first.client()?.call(&emulator::SETTLE, &[], &Nothing {})?;
        Ok(())
    }

    /// Makes this appliance ready to create a cluster or to join one.
    fn prepare(&self) -> Result<Client, Failure> {
        let [so, po, co] = PASSWORDS;
        let client = self.client()?;
        let hsm =
            client.get(&hsm::LIST, &[])?.hsms.first().ok_or_else(|| missing("no HSM"))?.id.clone();
        let init = hsm::Init {
            label: "luna1".to_owned(),
            password: Some(so.into()),
            domain: Some("domain-1".into()),
            ..Default::default()
        };
        client.call(&hsm::INIT, &[&hsm], &init)?;
        let login = hsm::Login { role: "so".into(), password: Some(so.into()), ped: "0".into() };
        client.call(&hsm::LOGIN, &[&hsm], &login)?;

        let name = PARTITION.to_owned();
        let new = partitions::NewPartition {
            name,
            has_pso: true,
            version: Some(1),
            ..Default::default()
        };
        client.call(&partitions::CREATE, &[&hsm], &new)?;
        let listed = client.get(&partitions::LIST, &[&hsm])?.partitions;
        let partition = listed.last().ok_or_else(|| missing("no partition"))?.id.clone();
        let place = [hsm.as_str(), &partition];
        let init = partitions::InitPartition {
            label: Some(PARTITION.to_owned()),
            password: Some(po.into()),
            domain: Some("domain-1".into()),
            ..Default::default()
        };
        client.call(&partitions::INIT, &place, &init)?;
        client.call(&partitions::LOGIN, &place, &partitions::Login::new("so", po.into()))?;
        let off = partitions::SetPolicy { value: 0 };
        client.call(&partitions::SET_POLICY, &[&hsm, &partition, "40"], &off)?;
        let first =
            partitions::InitRole { password: Some("first-Passw0rd".into()), ..Default::default() };
        client.call(&partitions::INIT_ROLE, &[&hsm, &partition, "co"], &first)?;
        client.call(&partitions::LOGOUT, &place, &Nothing {})?;
        let change = partitions::ChangePassword {
            old_password: "first-Passw0rd".into(),
            new_password: co.into(),
            ..Default::default()
        };
        client.call(&partitions::CHANGE_ROLE, &[&hsm, &partition, "co"], &change)?;

        self.package("lnh_cluster", "1.0.4-122", CODE, false)?;
        let files = client.get(&packages::FILES, &[])?.package_files;
        let file = files.first().ok_or_else(|| missing("no package file"))?.id.clone();
        let install = packages::UsePackage {
            auth_code: CODE.into(),
            file,
            use_des3: None,
            use_evp: Some(true),
        };
        client.call(&packages::UPDATE, &[], &install)?;
        let core = clusters::Configure {
            service: "core".to_owned(),
            ip_address: Some(self.running()?.address().ip().to_string()),
            ..Default::default()
        };
        client.call(&clusters::CONFIGURE, &[], &core)?;
        client.call(&services::ACT, &["cluster", "start"], &services::ServiceAction::default())?;
        self.advance(START)?;
        Ok(client)
    }

    /// The UUID of the cluster.
    ///
    /// # Errors
    /// There is none.
    pub fn cluster_id(&self) -> Result<String, Failure> {
        let clusters = self.client()?.get(&clusters::LIST, &[])?.data;
        Ok(clusters.first().ok_or_else(|| missing("no cluster"))?.cluster_uuid.clone())
    }

    /// Makes a keyring whose KRSO has this password.
    ///
    /// # Errors
    /// The appliance refuses it.
    pub fn keyring(&self, label: &str, password: &str) -> Result<(), Failure> {
        let new = keyrings::NewKeyrings {
            authentication: Authentication::co(PASSWORDS[2].into(), Some(PARTITION.to_owned())),
            key_ring_label: label.to_owned(),
            key_ring_password: password.into(),
            total: None,
            index: None,
        };
        self.client()?.call(&keyrings::CREATE, &[], &new)?;
        Ok(())
    }

    /// Runs `lnhclientregistration` with this client's files. The member's certificate is known.
    ///
    /// # Errors
    /// The arguments are not understood.
    pub fn lnhclientregistration(
        &self,
        terminal: &ScriptedTerminal,
        line: &str,
    ) -> Result<Status, Failure> {
        let mut arguments = Line::try_parse_from(line.split_whitespace())
            .map_err(|error| wrong(error.to_string().trim_end()))?
            .arguments;
        arguments.config = Some(self.configuration());
        arguments.install_dir = Some(self.client_folder());
        arguments.fingerprint = Some(self.running()?.fingerprint().to_string());
        let mut terminal = terminal.clone();
        Ok(match registration::run(&arguments, &self.folders(), &mut terminal) {
            Ok(view) => {
                terminal.print(&view.text());
                Status::Success
            }
            Err(failure) => {
                terminal.note(&format!("lnhclientregistration: {}", failure.message));
                for hint in &failure.hints {
                    terminal.note(&format!("hint: {hint}"));
                }
                failure.status()
            }
        })
    }
}
