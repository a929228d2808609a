//! What is recorded: the calls that are operations of the HSM, by category. Names of categories and
//! operations are the vendor's (audit_config.htm and audit-log_categories_and_hsm_events.htm@7.2); those of
//! operations that it does not list are chosen after them (assumed).

use luna_rest::{Resource, audit, hsm, keyrings, ntls, objects, partitions, tokens};

use crate::core::message::{Body, Request};

/// What an operation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    /// Always recorded.
    Critical,
    /// Logins and logouts.
    Access,
    /// The HSM's and its partitions' own settings.
    Manage,
    /// Keys that are made, moved or destroyed.
    KeyManage,
    /// Keys of pairs that are used.
    Asymmetric,
    /// Secret keys that are used.
    Symmetric,
    /// What the appliance tells the HSM of its clients.
    External,
    /// The log itself.
    LogManage,
}

/// Every event that can be set: its name, and its short form.
pub(crate) const EVENTS: [(&str, &str); 12] = [
    ("failure", "f"),
    ("success", "s"),
    ("access", "a"),
    ("manage", "m"),
    ("keymanage", "k"),
    ("asymmetric", "c"),
    ("first", "r"),
    ("symmetric", "y"),
    ("symfirst", "i"),
    ("external", "x"),
    ("logmanage", "g"),
    ("all", "l"),
];

impl Category {
    /// The event that has it recorded; none for what always is.
    pub(crate) fn event(self) -> Option<&'static str> {
        match self {
            Category::Critical => None,
            Category::Access => Some("access"),
            Category::Manage => Some("manage"),
            Category::KeyManage => Some("keymanage"),
            Category::Asymmetric => Some("asymmetric"),
            Category::Symmetric => Some("symmetric"),
            Category::External => Some("external"),
            Category::LogManage => Some("logmanage"),
        }
    }
}

/// An operation: its call, the action at the end of the path where that matters, category and name.
type Event = (Resource, &'static str, Category, &'static str);

use Category::{Access, Asymmetric, Critical, External, KeyManage, LogManage, Manage, Symmetric};

const OPERATIONS: &[Event] = &[
    (hsm::INIT.resource(), "", Critical, "LUNA_INIT_TOKEN"),
    (hsm::LOGIN.resource(), "", Access, "LUNA_LOGIN"),
    (hsm::LOGOUT.resource(), "", Access, "LUNA_LOGOUT"),
    (hsm::CHANGE_PASSWORD.resource(), "", Manage, "LUNA_SET_PIN"),
    (hsm::INIT_ROLE.resource(), "", Manage, "LUNA_INIT_PIN"),
    (hsm::ROLE_ACT.resource(), "", Manage, "LUNA_ROLE_STATE"),
    (hsm::PUT_PASSWORD.resource(), "", Manage, "LUNA_SET_PIN"),
    (hsm::ACT.resource(), "zeroize", Critical, "LUNA_ZEROIZE"),
    (hsm::ACT.resource(), "factoryReset", Critical, "LUNA_ZEROIZE"),
    (hsm::ACT.resource(), "", Critical, "LUNA_SECURE_TRANSPORT"),
    (hsm::TAMPER_ACT.resource(), "", Critical, "LUNA_CLEAR_TAMPER"),
    (hsm::CAUSE_TAMPER.resource(), "", Critical, "LUNA_TAMPER"),
    (hsm::SET_POLICY.resource(), "", Manage, "LUNA_SET_HSM_POLICY"),
    (hsm::EXPORT_POLICIES.resource(), "", Manage, "LUNA_GET_HSM_POLICIES"),
    (hsm::FIRMWARE_ACT.resource(), "rollback", Manage, "LUNA_FW_ROLLBACK"),
    (hsm::FIRMWARE_ACT.resource(), "", Manage, "LUNA_FW_UPGRADE_FINAL"),
    (hsm::SUPPORT_INFO.resource(), "", Manage, "LUNA_GET_SUPPORT_INFO"),
    (hsm::UPGRADE.resource(), "", Manage, "LUNA_SET_CAPABILITY"),
    (hsm::PED_ACT.resource(), "", Manage, "LUNA_PED_CONNECTION"),
    (hsm::SET_PED_TIMEOUT.resource(), "", Manage, "LUNA_SET_PED_TIMEOUT"),
    (hsm::LOAD_FM.resource(), "", Access, "LUNA_LOAD_CUSTOM_MODULE"),
    (hsm::DELETE_FM.resource(), "", Access, "LUNA_UNLOAD_CUSTOM_MODULE"),
    (hsm::RECOVER_FMS.resource(), "", Critical, "LUNA_RECOVER_CUSTOM_MODULES"),
    (hsm::RESTART.resource(), "", Manage, "LUNA_RESET"),
    (hsm::RESET_INFORMATION.resource(), "", Manage, "LUNA_RESET_COUNTERS"),
    (hsm::SELF_TEST.resource(), "", Manage, "LUNA_SELF_TEST"),
    (hsm::SYNC_TIME.resource(), "", LogManage, "LUNA_LOG_SET_TIME"),
    (hsm::VERIFICATION.resource(), "", Manage, "LUNA_GET_TRANSPORT_STATE"),
    (hsm::MAKE_DAK.resource(), "", Critical, "LUNA_GENERATE_DAK"),
    (hsm::SET_LEGACY_DOMAIN.resource(), "", Manage, "LUNA_SET_LEGACY_DOMAIN"),
    (partitions::CREATE.resource(), "", Manage, "LUNA_CREATE_CONTAINER"),
    (partitions::INIT.resource(), "", Manage, "LUNA_INIT_TOKEN"),
    (partitions::CHANGE.resource(), "", Manage, "LUNA_SET_CONTAINER_SIZE"),
    (partitions::DELETE.resource(), "", Manage, "LUNA_DELETE_CONTAINER"),
    (partitions::LOGIN.resource(), "", Access, "LUNA_LOGIN"),
    (partitions::CHALLENGE.resource(), "", Access, "LUNA_GET_CHALLENGE"),
    (partitions::LOGOUT.resource(), "", Access, "LUNA_LOGOUT"),
    (partitions::INIT_ROLE.resource(), "", Manage, "LUNA_INIT_PIN"),
    (partitions::CHANGE_ROLE.resource(), "", Manage, "LUNA_SET_PIN"),
    (partitions::PUT_ROLE_PASSWORD.resource(), "", Manage, "LUNA_SET_PIN"),
    (partitions::ROLE_ACT.resource(), "", Manage, "LUNA_ROLE_STATE"),
    (partitions::SET_POLICY.resource(), "", Manage, "LUNA_SET_CONTAINER_POLICY"),
    (partitions::EXPORT_TEMPLATE.resource(), "", Manage, "LUNA_GET_CONTAINER_POLICIES"),
    (partitions::OBJECT_ACT.resource(), "restore", KeyManage, "LUNA_CLONE_AS_TARGET"),
    (partitions::OBJECT_ACT.resource(), "", KeyManage, "LUNA_CLONE_AS_SOURCE"),
    (partitions::SMK_ACT.resource(), "", KeyManage, "LUNA_SMK"),
    (partitions::ADD_OBJECT.resource(), "", KeyManage, "LUNA_CREATE_OBJECT"),
    (partitions::CLEAR.resource(), "", KeyManage, "LUNA_DESTROY_MULTIPLE_OBJECTS"),
    (partitions::ADD_DOMAIN.resource(), "", Manage, "LUNA_SET_DOMAIN"),
    (partitions::CHANGE_DOMAIN.resource(), "", Manage, "LUNA_SET_DOMAIN"),
    (partitions::DELETE_DOMAIN.resource(), "", Manage, "LUNA_SET_DOMAIN"),
    (partitions::SET_LEGACY_DOMAIN.resource(), "", Manage, "LUNA_SET_LEGACY_DOMAIN"),
    (partitions::CLEAR_SFF.resource(), "", Manage, "LUNA_CLEAR_SFF"),
    (keyrings::CREATE.resource(), "", Manage, "LUNA_CREATE_CONTAINER"),
    (keyrings::CHANGE.resource(), "", Manage, "LUNA_MODIFY_CONTAINER"),
    (keyrings::DELETE.resource(), "", Manage, "LUNA_DELETE_CONTAINER"),
    (keyrings::LOGIN.resource(), "", Access, "LUNA_LOGIN"),
    (keyrings::LOGOUT.resource(), "", Access, "LUNA_LOGOUT"),
    (keyrings::INIT_ROLE.resource(), "", Manage, "LUNA_INIT_PIN"),
    (keyrings::CHANGE_ROLE.resource(), "", Manage, "LUNA_SET_PIN"),
    (keyrings::RESET_ROLE.resource(), "", Manage, "LUNA_SET_PIN"),
    (keyrings::ADD_OBJECTS.resource(), "", KeyManage, "LUNA_CREATE_OBJECT"),
    (keyrings::CLEAR.resource(), "", KeyManage, "LUNA_DESTROY_MULTIPLE_OBJECTS"),
    (keyrings::FILL.resource(), "", KeyManage, "LUNA_CREATE_OBJECT"),
    (objects::CREATE.resource(), "", KeyManage, "LUNA_CREATE_OBJECT"),
    (objects::GENERATE.resource(), "", KeyManage, "LUNA_GENERATE_KEY"),
    (objects::CHANGE.resource(), "", KeyManage, "LUNA_MODIFY_OBJECT"),
    (objects::DESTROY.resource(), "", KeyManage, "LUNA_DESTROY_OBJECT"),
    (objects::USE.resource(), "sign", Asymmetric, "LUNA_SIGN"),
    (objects::USE.resource(), "verify", Asymmetric, "LUNA_VERIFY"),
    (objects::USE.resource(), "encrypt", Asymmetric, "LUNA_ENCRYPT"),
    (objects::USE.resource(), "decrypt", Asymmetric, "LUNA_DECRYPT"),
    (objects::USE.resource(), "wrap", KeyManage, "LUNA_WRAP_KEY"),
    (objects::USE.resource(), "unwrap", KeyManage, "LUNA_UNWRAP_KEY"),
    (objects::USE.resource(), "derive", KeyManage, "LUNA_DERIVE_KEY"),
    (objects::USE.resource(), "copy", KeyManage, "LUNA_COPY_OBJECT"),
    (objects::USE.resource(), "clone", KeyManage, "LUNA_CLONE_AS_SOURCE"),
    (objects::GIVE_SMK.resource(), "", KeyManage, "LUNA_CLONE_AS_SOURCE"),
    (objects::TAKE_SMK.resource(), "", KeyManage, "LUNA_CLONE_AS_TARGET"),
    (tokens::BACKUP.resource(), "", KeyManage, "LUNA_CLONE_AS_SOURCE"),
    (tokens::RESTORE.resource(), "", KeyManage, "LUNA_CLONE_AS_TARGET"),
    (ntls::REGISTER.resource(), "", External, "LUNA_LOG_EXTERNAL"),
    (ntls::CERTIFY.resource(), "", External, "LUNA_LOG_EXTERNAL"),
    (ntls::DEREGISTER.resource(), "", External, "LUNA_LOG_EXTERNAL"),
    (ntls::ASSIGN.resource(), "", External, "LUNA_LOG_EXTERNAL"),
    (ntls::REVOKE.resource(), "", External, "LUNA_LOG_EXTERNAL"),
    (audit::INIT.resource(), "", Critical, "LUNA_CREATE_AUDIT_CONTAINER"),
    (audit::CONFIGURE.resource(), "", LogManage, "LUNA_LOG_SET_CONFIG"),
    (audit::LOGIN.resource(), "", Access, "LUNA_LOGIN"),
    (audit::LOGOUT.resource(), "", Access, "LUNA_LOGOUT"),
    (audit::CHANGE_PASSWORD.resource(), "", LogManage, "LUNA_SET_PIN"),
    (audit::SET_DOMAIN.resource(), "", LogManage, "LUNA_SET_DOMAIN"),
    (audit::SYNC.resource(), "", LogManage, "LUNA_LOG_SET_TIME"),
    (audit::CLEAR.resource(), "", Critical, "LUNA_LOG_CLEAR"),
    (audit::VERIFY.resource(), "", LogManage, "LUNA_LOG_VERIFY"),
    (audit::EXPORT_SECRET.resource(), "", LogManage, "LUNA_LOG_EXPORT_SECRET"),
    (audit::IMPORT_SECRET.resource(), "", LogManage, "LUNA_LOG_IMPORT_SECRET"),
];

/// The category of a key's use by the mechanism that its request names.
pub(crate) fn of_use(category: Category, request: &Request) -> Category {
    let Body::Plain(body) = &request.body else { return category };
    // The name stands in the body once; what is around it does not matter.
    let secret = [&b"CKM_AES"[..], b"_HMAC\""];
    let names_one = secret.iter().any(|name| body.windows(name.len()).any(|part| part == *name));
    if category == Asymmetric && names_one { Symmetric } else { category }
}

/// The category and name of the operation that a call is, if it is one.
pub(crate) fn operation(call: Resource, path: &str) -> Option<(Category, &'static str)> {
    let action = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let is = |event: &&Event| event.0 == call && (event.1.is_empty() || event.1 == action);
    OPERATIONS.iter().find(is).map(|(_, _, category, name)| (*category, *name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn every_change_of_the_hsm_and_its_partitions_is_an_operation() {
        let of_hsm = ["/api/lunasa/hsms/", "/emulator/lunash/hsm/", "/api/keyrings"];
        let missing: Vec<String> = rules::routes()
            .all()
            .into_iter()
            .filter(|call| call.method.changes())
            .filter(|call| of_hsm.iter().any(|start| call.template.starts_with(start)))
            // That is how the appliance and its clients talk, not what the HSM does.
            .filter(|call| !call.template.contains("/stc"))
            .filter(|call| operation(*call, "").is_none())
            .map(|call| call.to_string())
            .collect();
        assert_eq!(missing, [""; 0], "give each a line in OPERATIONS");
    }

    #[test]
    fn an_action_of_the_path_is_told_apart() {
        let name = |path| operation(hsm::ACT.resource(), path).unwrap().1;
        assert_eq!(name("/api/lunasa/hsms/1/actions/zeroize"), "LUNA_ZEROIZE");
        assert_eq!(name("/api/lunasa/hsms/1/actions/stmTransport"), "LUNA_SECURE_TRANSPORT");
        assert_eq!(operation(hsm::SHOW.resource(), "/api/lunasa/hsms/1"), None);
    }
}
