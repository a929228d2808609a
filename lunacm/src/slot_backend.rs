//! The resource behind a slot: a partition of the appliance or a keyring of a cluster.
//!
//! Both have the same calls with the same types; their paths start with two ids.

use std::sync::Arc;

use luna_rest::partitions::{ChangePassword, InitRole, Login, Object, Role, RoleAction, Roles};
use luna_rest::{Call, Client, Error, Nothing, keyrings, partitions};
use luna_shell::Failure;
use serde::Serialize;

use crate::group_token;
use crate::token::{Single, Token};

/// A partition or a keyring, and the session to call it in.
#[derive(Clone)]
pub(crate) struct SlotBackend {
    client: Arc<Client>,
    /// HSM and partition, or cluster and keyring.
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

/// The calls of one kind.
struct Calls {
    show: fn(&SlotBackend) -> Result<SlotState, Error>,
    log_in: &'static Call<Login, Nothing, 2>,
    log_out: &'static Call<Nothing, Nothing, 2>,
    roles: &'static Call<Nothing, Roles, 2>,
    role: &'static Call<Nothing, Role, 3>,
    init_role: &'static Call<InitRole, Nothing, 3>,
    change_role: &'static Call<ChangePassword, Nothing, 3>,
    act_on_role: &'static Call<RoleAction, Nothing, 4>,
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
    log_in: &partitions::LOGIN,
    log_out: &partitions::LOGOUT,
    roles: &partitions::ROLES,
    role: &partitions::ROLE,
    init_role: &partitions::INIT_ROLE,
    change_role: &partitions::CHANGE_ROLE,
    act_on_role: &partitions::ROLE_ACT,
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
    log_in: &keyrings::LOGIN,
    log_out: &keyrings::LOGOUT,
    roles: &keyrings::ROLES,
    role: &keyrings::ROLE,
    init_role: &keyrings::INIT_ROLE,
    change_role: &keyrings::CHANGE_ROLE,
    act_on_role: &keyrings::RESET_ROLE,
    objects: |backend| Ok(backend.client.get(&keyrings::OBJECTS, &backend.ids())?.data),
    clear: |backend| backend.client.call(&keyrings::CLEAR, &backend.ids(), &Nothing {}),
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
        self.client.call(self.calls.log_in, &self.ids(), login)?;
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
                drop(self.client.call(self.calls.log_out, &self.ids(), &Nothing {}));
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Logs the role out that is logged in.
    pub(crate) fn log_out(&self) -> Result<(), Error> {
        self.others.iter().try_for_each(SlotBackend::log_out)?;
        self.client.call(self.calls.log_out, &self.ids(), &Nothing {}).map(drop)
    }

    /// The roles there are.
    pub(crate) fn roles(&self) -> Result<Roles, Error> {
        self.client.get(self.calls.roles, &self.ids())
    }

    /// The state of a role.
    pub(crate) fn role(&self, role: &str) -> Result<Role, Error> {
        self.client.get(self.calls.role, &self.with(role))
    }

    /// Gives a role its first password.
    pub(crate) fn init_role(&self, role: &str, body: &InitRole) -> Result<(), Error> {
        self.client.call(self.calls.init_role, &self.with(role), body).map(drop)
    }

    /// Changes a role's password.
    pub(crate) fn change_role(&self, role: &str, body: &ChangePassword) -> Result<(), Error> {
        self.client.call(self.calls.change_role, &self.with(role), body).map(drop)
    }

    /// Gives another role a new password.
    pub(crate) fn reset_role(&self, role: &str, body: &RoleAction) -> Result<(), Error> {
        let [outer, inner] = self.ids();
        self.client.call(self.calls.act_on_role, &[outer, inner, role, "reset"], body).map(drop)
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
