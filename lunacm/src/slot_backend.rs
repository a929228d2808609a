//! The resource behind a slot: a partition of the appliance, a keyring of a cluster, or the partition that
//! administers a Backup HSM. Each kind has calls of its own for the same.

use std::sync::Arc;

use luna_rest::partitions::{
    ChangePassword, InitRole, Login, Object, Role, RoleAction, RoleRef, Roles,
};
use luna_rest::{Client, Error, Nothing, Secret, audit, hsm, keyrings, objects, partitions};
use luna_shell::Failure;
use serde::Serialize;

use crate::group_token;
use crate::token::{Single, Token};

/// The id of the Auditor.
const AUDITOR: &str = "audit";

/// What is behind a slot, and the session to call it in.
#[derive(Clone)]
pub(crate) struct SlotBackend {
    client: Arc<Client>,
    /// HSM and partition, cluster and keyring, or the HSM twice.
    ids: [String; 2],
    calls: &'static Calls,
    /// The other members of an HA group, whose roles log in and out together.
    others: Vec<SlotBackend>,
    /// The objects of the group.
    group: Option<Arc<group_token::Group>>,
}

/// The state of a partition or a keyring.
pub(crate) struct SlotState {
    /// The label.
    pub(crate) label: String,
    /// Whether it can be used.
    pub(crate) initialized: bool,
    /// 0 or 1; `None` for a keyring.
    pub(crate) version: Option<u8>,
    /// `None` for a keyring: the keyrings of a cluster share their storage.
    pub(crate) space: Option<Space>,
    /// The number of all objects, visible or not.
    pub(crate) objects: u64,
    /// Bytes that a partition itself takes, where it is told.
    pub(crate) overhead: Option<u64>,
    /// The unique identifier; empty for a keyring, and where it is not told.
    pub(crate) ouid: String,
}

/// Storage in bytes.
#[derive(Serialize)]
pub(crate) struct Space {
    /// All of them.
    pub(crate) total: u64,
    /// Those that objects take.
    pub(crate) used: u64,
    /// Those that are left.
    pub(crate) free: u64,
}

/// What differs between the kinds.
struct Calls {
    show: fn(&SlotBackend) -> Result<SlotState, Error>,
    log_in: fn(&SlotBackend, &Login) -> Result<Nothing, Error>,
    log_out: fn(&SlotBackend) -> Result<Nothing, Error>,
    roles: fn(&SlotBackend) -> Result<Roles, Error>,
    role: fn(&SlotBackend, &str) -> Result<Role, Error>,
    init_role: fn(&SlotBackend, &str, &InitRole) -> Result<Nothing, Error>,
    change_role: fn(&SlotBackend, &str, &ChangePassword) -> Result<Nothing, Error>,
    reset_role: fn(&SlotBackend, &str, &RoleAction) -> Result<Nothing, Error>,
    objects: fn(&SlotBackend) -> Result<Vec<Object>, Error>,
    clear: fn(&SlotBackend) -> Result<Nothing, Error>,
}

static PARTITION: Calls = Calls {
    show: |backend| {
        let partition = backend.client.get(&partitions::SHOW, &backend.ids())?;
        Ok(SlotState {
            initialized: partition.is_initialized(),
            label: partition.label,
            version: Some(partition.version),
            space: Some(Space {
                total: partition.total_storage_space,
                used: partition.used_storage_space,
                free: partition.free_storage_space,
            }),
            objects: partition.object_count,
            overhead: Some(partition.overhead).filter(|overhead| *overhead > 0),
            ouid: partition.ouid,
        })
    },
    log_in: |backend, login| backend.client.call(&partitions::LOGIN, &backend.ids(), login),
    log_out: |backend| backend.client.call(&partitions::LOGOUT, &backend.ids(), &Nothing {}),
    roles: |backend| backend.client.get(&partitions::ROLES, &backend.ids()),
    role: |backend, role| backend.client.get(&partitions::ROLE, &backend.with(role)),
    init_role: |backend, role, body| {
        backend.client.call(&partitions::INIT_ROLE, &backend.with(role), body)
    },
    change_role: |backend, role, body| {
        backend.client.call(&partitions::CHANGE_ROLE, &backend.with(role), body)
    },
    reset_role: |backend, role, body| {
        let [hsm, partition] = backend.ids();
        backend.client.call(&partitions::ROLE_ACT, &[hsm, partition, role, "reset"], body)
    },
    objects: |backend| {
        let [hsm, partition] = backend.ids();
        let listed = backend.client.get(&partitions::OBJECTS, &[hsm, partition])?.objects;
        let show = |id: String| {
            let object = backend.client.get(&partitions::OBJECT, &[hsm, partition, &id])?;
            Ok(Object { id, ..object })
        };
        listed.into_iter().map(|entry| show(entry.id)).collect()
    },
    clear: |backend| backend.client.call(&partitions::CLEAR, &[&backend.ids[1]], &Nothing {}),
};

static KEYRING: Calls = Calls {
    show: |backend| {
        let keyring = backend.client.get(&keyrings::SLOT, &backend.ids())?;
        Ok(SlotState {
            label: keyring.label,
            initialized: true,
            version: None,
            space: None,
            objects: u64::try_from(keyring.objects).unwrap_or(u64::MAX),
            overhead: None,
            ouid: String::new(),
        })
    },
    log_in: |backend, login| backend.client.call(&keyrings::LOGIN, &backend.ids(), login),
    log_out: |backend| backend.client.call(&keyrings::LOGOUT, &backend.ids(), &Nothing {}),
    roles: |backend| backend.client.get(&keyrings::ROLES, &backend.ids()),
    role: |backend, role| backend.client.get(&keyrings::ROLE, &backend.with(role)),
    init_role: |backend, role, body| {
        backend.client.call(&keyrings::INIT_ROLE, &backend.with(role), body)
    },
    change_role: |backend, role, body| {
        backend.client.call(&keyrings::CHANGE_ROLE, &backend.with(role), body)
    },
    reset_role: |backend, role, body| {
        let [cluster, keyring] = backend.ids();
        backend.client.call(&keyrings::RESET_ROLE, &[cluster, keyring, role, "reset"], body)
    },
    objects: |backend| Ok(backend.client.get(&keyrings::OBJECTS, &backend.ids())?.data),
    clear: |backend| backend.client.call(&keyrings::CLEAR, &backend.ids(), &Nothing {}),
};

/// The Auditor has calls of his own.
static ADMINISTRATIVE: Calls = Calls {
    show: |backend| {
        let hsm = backend.client.get(&hsm::SHOW, &[backend.ids()[0]])?;
        Ok(SlotState {
            initialized: !hsm.zeroized,
            label: hsm.label,
            version: None,
            space: None,
            objects: 0,
            overhead: None,
            ouid: String::new(),
        })
    },
    log_in: |backend, login| {
        let password = login.password.clone();
        if login.role == AUDITOR {
            let login = audit::Login { password: password.unwrap_or_default() };
            return backend.client.call(&audit::LOGIN, &[], &login);
        }
        let login = hsm::Login { role: login.role.clone(), password, ped: login.ped.clone() };
        backend.client.call(&hsm::LOGIN, &[backend.ids()[0]], &login)
    },
    log_out: |backend| backend.client.call(&hsm::LOGOUT, &[backend.ids()[0]], &Nothing {}),
    roles: |backend| {
        let listed = backend.client.get(&hsm::ROLES, &[backend.ids()[0]])?.roles;
        let role = |role: hsm::RoleLink| RoleRef { id: role.id, name: role.name, url: role.url };
        Ok(Roles { roles: listed.into_iter().map(role).collect() })
    },
    role: |backend, role| {
        let role = backend.client.get(&hsm::ROLE, &[backend.ids()[0], role])?;
        let left = match &*role.id {
            AUDITOR => Some(role.login_attempts_left),
            _ => backend.client.get(&hsm::SHOW, &[backend.ids()[0]])?.attempts_left(),
        };
        Ok(Role {
            activated: role.activated,
            challenge_to_be_changed: role.challenge_to_be_changed,
            id: role.id,
            initialized: role.initialized,
            locked_out: role.locked_out,
            login_attempts_left: left,
            name: role.name,
            pin_to_be_changed: role.pin_to_be_changed,
            primary_authentication: role.primary_authentication,
            secondary_authentication: role.secondary_authentication,
        })
    },
    init_role: |backend, role, body| {
        if role != AUDITOR {
            return backend.client.call(&hsm::INIT_ROLE, &[backend.ids()[0], role], body);
        }
        // 'role setdomain' gives the Auditor another domain.
        let password = body.password.clone().unwrap_or_default();
        let init = audit::Init { password, domain: None, default_domain: true };
        backend.client.call(&audit::INIT, &[], &init)
    },
    change_role: |backend, role, body| {
        let (old_password, new_password) = (body.old_password.clone(), body.new_password.clone());
        if role == AUDITOR {
            let change = audit::ChangePassword { old_password, new_password };
            return backend.client.call(&audit::CHANGE_PASSWORD, &[], &change);
        }
        let change = hsm::ChangePassword { old_password, new_password, ped: None };
        backend.client.call(&hsm::CHANGE_PASSWORD, &[backend.ids()[0], role], &change)
    },
    reset_role: |backend, role, body| {
        backend.client.call(&hsm::ROLE_ACT, &[backend.ids()[0], role, "reset"], body)
    },
    objects: |_| Ok(Vec::new()),
    // It has none.
    clear: |_| Ok(Nothing {}),
};

impl SlotBackend {
    /// A partition, by the serial numbers of the HSM and its own.
    pub(crate) fn partition(client: Arc<Client>, hsm: &str, serial: &str) -> SlotBackend {
        SlotBackend {
            client,
            ids: [hsm.to_owned(), serial.to_owned()],
            calls: &PARTITION,
            others: Vec::new(),
            group: None,
        }
    }

    /// The administrative partition of an HSM, by the HSM's serial number.
    pub(crate) fn administrative(client: Arc<Client>, hsm: &str) -> SlotBackend {
        SlotBackend {
            client,
            ids: [hsm.to_owned(), hsm.to_owned()],
            calls: &ADMINISTRATIVE,
            others: Vec::new(),
            group: None,
        }
    }

    /// A keyring, by the UUIDs of the cluster and its own.
    pub(crate) fn keyring(client: Arc<Client>, cluster: &str, keyring: &str) -> SlotBackend {
        SlotBackend {
            client,
            ids: [cluster.to_owned(), keyring.to_owned()],
            calls: &KEYRING,
            others: Vec::new(),
            group: None,
        }
    }

    /// An HA group of these members: the first one answers, all of them log in and out, and objects are those
    /// of `group`. None without any.
    pub(crate) fn group(
        members: Vec<SlotBackend>,
        group: Arc<group_token::Group>,
    ) -> Option<SlotBackend> {
        let mut members = members.into_iter();
        let first = members.next()?;
        Some(SlotBackend { others: members.collect(), group: Some(group), ..first })
    }

    /// The objects of the partition or keyring itself.
    pub(crate) fn single(&self) -> Single {
        Single::new(Arc::clone(&self.client), self.ids.clone())
    }

    /// The first two ids of a path.
    fn ids(&self) -> [&str; 2] {
        let [outer, inner] = &self.ids;
        [outer, inner]
    }

    fn with<'a>(&'a self, id: &'a str) -> [&'a str; 3] {
        let [outer, inner] = self.ids();
        [outer, inner, id]
    }

    /// Its objects.
    pub(crate) fn token(&self) -> Token {
        match &self.group {
            Some(group) => Token::Group(Arc::clone(group)),
            None => Token::One(self.single()),
        }
    }

    /// A role as every session of this machine calls it.
    pub(crate) fn role_id(&self, role: &str) -> String {
        format!("partition {}", self.with(role).join(" "))
    }

    /// Label, state and storage.
    pub(crate) fn show(&self) -> Result<SlotState, Error> {
        (self.calls.show)(self)
    }

    /// Logs a role in; to an HA group at every member, or at none.
    ///
    /// # Errors
    /// A member refuses it, or has one attempt left, which is not spent on the way.
    pub(crate) fn log_in(&self, login: &Login) -> Result<(), Failure> {
        (self.calls.log_in)(self, login)?;
        for (done, other) in self.others.iter().enumerate() {
            let logged_in = other.role(&login.role).map_err(Failure::from).and_then(|role| {
                if role.attempts_left().is_some_and(|left| left <= 1) {
                    let text = format!("Member {} has one login attempt left.", other.ids[1]);
                    return Err(Failure::refused(text).hint("log in to that member alone first"));
                }
                other.log_in(login)
            });
            if let Err(failure) = logged_in {
                self.others[..done].iter().for_each(|other| drop(other.log_out()));
                drop((self.calls.log_out)(self));
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Logs the role out that is logged in.
    pub(crate) fn log_out(&self) -> Result<(), Error> {
        self.others.iter().try_for_each(SlotBackend::log_out)?;
        (self.calls.log_out)(self).map(drop)
    }

    /// The roles there are.
    pub(crate) fn roles(&self) -> Result<Roles, Error> {
        (self.calls.roles)(self)
    }

    /// The state of a role.
    pub(crate) fn role(&self, role: &str) -> Result<Role, Error> {
        (self.calls.role)(self, role)
    }

    /// Gives a role its first password.
    pub(crate) fn init_role(&self, role: &str, body: &InitRole) -> Result<(), Error> {
        (self.calls.init_role)(self, role, body).map(drop)
    }

    /// Changes a role's password.
    pub(crate) fn change_role(&self, role: &str, body: &ChangePassword) -> Result<(), Error> {
        (self.calls.change_role)(self, role, body).map(drop)
    }

    /// Gives another role a new password.
    pub(crate) fn reset_role(&self, role: &str, body: &RoleAction) -> Result<(), Error> {
        (self.calls.reset_role)(self, role, body).map(drop)
    }

    /// Gives the SKS master key out, for another slot of the cloning domain.
    pub(crate) fn give_smk(&self) -> Result<Secret, Error> {
        Ok(self.client.call(&objects::GIVE_SMK, &self.ids(), &Nothing {})?.data)
    }

    /// Takes the SKS master key that another slot gave out.
    pub(crate) fn take_smk(&self, clone: Secret) -> Result<(), Error> {
        self.client.call(&objects::TAKE_SMK, &self.ids(), &objects::SmkClone { clone }).map(drop)
    }

    /// The objects that the session sees.
    pub(crate) fn objects(&self) -> Result<Vec<Object>, Error> {
        (self.calls.objects)(self)
    }

    /// Deletes all objects.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        (self.calls.clear)(self).map(drop)
    }
}
