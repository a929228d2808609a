//! The identifiers of the API's errors, each written once.
//!
//! The client matches on them (`error.id() == Some(ErrorId::NTLS_NO_CLIENT)`), the emulated
//! appliance answers with them. "Documented" is said where the vendor's reference has the
//! identifier, "assumed" where it was made in the reference's style, often after the CKR_ or
//! LUNA_RET_ code that the product's own programs show. What an appliance sends and is not listed
//! is an [`ErrorId`] too.

use std::borrow::Cow;
use std::fmt;

/// The identifier of an error answer, such as `FRAMEWORK_BAD_REQUEST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorId<'a>(&'a str);

impl<'a> ErrorId<'a> {
    /// The identifier as an appliance sent it.
    pub const fn new(id: &'a str) -> ErrorId<'a> {
        ErrorId(id)
    }

    /// The identifier as text.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for ErrorId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl From<ErrorId<'static>> for Cow<'static, str> {
    fn from(id: ErrorId<'static>) -> Cow<'static, str> {
        Cow::Borrowed(id.0)
    }
}

/// Declares the constants; the name of each is its text.
macro_rules! error_ids {
    ($($(#[$meta:meta])* $name:ident,)*) => {
        impl ErrorId<'static> {
            $(
                $(#[$meta])*
                pub const $name: ErrorId<'static> = ErrorId(stringify!($name));
            )*

            /// Every identifier above.
            pub const ALL: &'static [ErrorId<'static>] = &[$(ErrorId::$name),*];
        }
    };
}

/// Declares short names for identifiers, as text, within the area that they belong to.
macro_rules! short_names {
    ($($name:ident = $id:ident,)*) => {
        $(
            #[doc = concat!("The text of [`ErrorId::", stringify!($id), "`](crate::ErrorId).")]
            pub const $name: &str = $crate::ErrorId::$id.as_str();
        )*
    };
}
pub(crate) use short_names;

error_ids! {
    // The API as a whole.
    /// 400: the request, or a value in it, was not understood.
    FRAMEWORK_BAD_REQUEST,
    /// 400: the media type has not the form of the API's own.
    FRAMEWORK_HEADER_DOES_NOT_MATCH_MEDIA_TYPE_TEMPLATE,
    /// 401: the role of the account has no rule for this call.
    FRAMEWORK_NO_ACL_RULE,
    /// 404: no such resource.
    FRAMEWORK_NO_RESOURCE,
    /// 401: the session has ended, or there was none.
    FRAMEWORK_NO_SESSION_COOKIE,
    /// 403: a temporary password has to be changed before anything else. That nothing else works is
    /// documented, the identifier was not found.
    FRAMEWORK_PASSWORD_CHANGE_REQUIRED,
    /// 401: the call needs a session of its own.
    FRAMEWORK_SESSION_NOT_PRIVATE,
    /// 400: more than one file was uploaded at once.
    SERVER_FILE_UPLOAD_LIMIT_EXCEED,
    /// 500: the appliance failed.
    SERVER_INTERNAL_ERROR,
    /// 400: the body is not of the kind that the call takes.
    SERVER_REQUEST_NOT_APPROPRIATE,
    /// 403: the operation is forbidden for this object, such as a built-in account.
    OPERATION_RESTRICTED,

    // Accounts, roles and files.
    /// 404: no such file among the files of the account.
    SERVERPLUGIN_FILEID_DOES_NOT_EXIST,
    /// 400: a value has a pattern that is not allowed.
    SERVERPLUGIN_INVALID_PATTERN_DETECTED,
    /// 404: no such role.
    SERVERPLUGIN_INVALID_ROLEID,
    /// 404: no such account.
    SERVERPLUGIN_INVALID_USERID,
    /// 409: a role of this name exists.
    SERVERPLUGIN_ROLEID_ALREADY_EXISTS,
    /// 409: an account of this name exists.
    SERVERPLUGIN_USERID_ALREADY_EXISTS,
    /// 404: no such account, where its files or addresses are asked for.
    SERVERPLUGIN_USERID_DOES_NOT_EXIST,
    /// 401 or 403: wrong user name or password, or the account may not do this.
    SERVERPLUGIN_USERID_NOT_AUTHORIZED,
    /// 403: the name belongs to the system.
    SERVERPLUGIN_USERID_RESERVED_FOR_SYSTEM_USE,
    /// 409: the account has a public key of this name.
    LUNASH_PUBLIC_KEY_ALREADY_EXISTS,
    /// 404: the account has no public key of this name. Assumed.
    LUNASH_PUBLIC_KEY_DOES_NOT_EXIST,
    /// 400: the file or text is no usable public key.
    LUNASH_PUBLIC_KEY_INVALID,

    // The appliance: services, network, settings.
    /// 404: no such action.
    APPLIANCE_ACTION_DOES_NOT_EXIST,
    /// 400: a certificate whose time is over.
    APPLIANCE_EXPIRED_CERT,
    /// 400: bandwidth is not measured.
    APPLIANCE_FAILED_TO_GET_MEASUREMENT_STATS,
    /// 400: the duration of a measurement is missing.
    APPLIANCE_MEASUREMENT_DURATION_REQUIRED,
    /// 400: the interval of a measurement is missing.
    APPLIANCE_MEASUREMENT_INTERVAL_REQUIRED,
    /// 400: a route could not be added.
    APPLIANCE_FAILED_TO_ADD_ROUTE,
    /// 500: a bond could not be enabled.
    APPLIANCE_FAILED_TO_ENABLE_BOND_DEVICE,
    /// 500: a network device could not be configured.
    APPLIANCE_FAILED_TO_SET_INTERFACE,
    /// 400: a certificate of an authority whose time is over. Documented.
    APPLIANCE_EXPIRED_CERTIFICATE,
    /// 400: a file name that cannot be.
    APPLIANCE_FILENAME_NOT_VALID,
    /// 404: no such network device.
    APPLIANCE_INTERFACE_DOES_NOT_EXIST,
    /// 400: what was given for the certificate of an authority is none. Documented.
    APPLIANCE_INVALID_CERTIFICATE,
    /// 400: the network device is of the wrong kind.
    APPLIANCE_INVALID_DEVICE_TYPE,
    /// 400: a value that is not valid here.
    APPLIANCE_INVALID_VALUE_SPECIFIED,
    /// 400: the HSM SO must be logged in.
    APPLIANCE_REQUIRE_SO_LOGIN,
    /// 404: no such route.
    APPLIANCE_ROUTE_DOES_NOT_EXIST,
    /// 400: an action on a service failed.
    APPLIANCE_SERVICE_ACTION_FAILED,
    /// 400: no such action on this service.
    APPLIANCE_SERVICE_ACTION_INVALID,
    /// 404: no such service.
    APPLIANCE_SERVICE_DOES_NOT_EXIST,
    /// 400: the bond is disabled already.
    BOND_DEVICE_IS_ALREADY_DISABLED,
    /// 400: the bond is enabled already.
    BOND_DEVICE_IS_ALREADY_ENABLED,
    /// 400: the bond has no configuration.
    BOND_DEVICE_IS_NOT_CONFIGURED,

    // Configuration backups.
    /// 404: no such configuration backup. Assumed.
    SYSCONF_CONFIG_BACKUP_FILE_DOES_NOT_EXIST,
    /// 400: the name of the backup is taken where it should go. Assumed.
    SYSCONF_CONFIG_BACKUP_FILE_EXISTS,
    /// 400: no such backup HSM. Assumed.
    SYSCONF_CONFIG_DEVICE_NOT_FOUND,
    /// 409: the time cannot be synchronized or reset while NTP runs.
    SYSCONF_CONFIG_NTP_SERVICE_RUNNING,
    /// 400: no such service.
    SYSCONF_CONFIG_SERVICE_NAME_INVALID,

    // The clock's drift.
    /// 409: the drift is not measured, or not yet for long enough. Assumed.
    SYSCONF_DRIFT_OPERATION_NOT_ALLOWED,

    // Network time.
    /// 400: a key that does not exist or is not trusted.
    NTP_INVALID_AUTHENTICATION,
    /// 400: the server's list has this key already. Assumed.
    NTP_KEY_ALREADY_EXISTS,
    /// 404: no such key, or it is not trusted. Assumed.
    NTP_KEY_DOES_NOT_EXIST,
    /// 500: the operation failed.
    NTP_OPERATION_FAILED,
    /// 400: the server is in the list already. Assumed.
    NTP_SERVER_ALREADY_EXISTS,
    /// 404: the server is not in the list. Assumed.
    NTP_SERVER_DOES_NOT_EXIST,

    // Logs.
    /// 404: the logs have no such action. Assumed.
    SYSLOG_ACTION_INVALID,
    /// 400: another authority is trusted already. Assumed.
    SYSLOG_CA_ALREADY_EXISTS,
    /// 404: no authority is trusted. Assumed.
    SYSLOG_CA_DOES_NOT_EXIST,
    /// 404: the appliance has no certificate for its logs. Assumed.
    SYSLOG_CERTIFICATE_DOES_NOT_EXIST,
    /// 400: hosts that lines are sent to need this certificate. Assumed.
    SYSLOG_CERTIFICATE_IN_USE,
    /// 400: what was given for a certificate is none. Documented.
    SYSLOG_INVALID_CERTIFICATE,
    /// 404: no such log. Assumed.
    SYSLOG_LOG_DOES_NOT_EXIST,
    /// 400: lines are sent to this host and port already. Assumed.
    SYSLOG_REMOTE_HOST_ALREADY_EXISTS,
    /// 404: no lines are sent to this host and port. Assumed.
    SYSLOG_REMOTE_HOST_DOES_NOT_EXIST,

    // The audit log.
    /// 404: no such file of the audit log. Assumed.
    AUDIT_LOG_DOES_NOT_EXIST,
    /// 400: the audit log was changed, or is not whole. Assumed.
    AUDIT_LOG_NOT_VERIFIED,
    /// 400: the audit log has no room for what would have to be recorded. Assumed.
    AUDIT_LOG_FULL,
    /// 400: the file holds no log secret for this HSM's audit domain. Assumed.
    AUDIT_SECRET_UNUSABLE,
    /// 400: the Auditor must be logged in. Assumed.
    AUDIT_REQUIRE_LOGIN,
    /// 400: the HSM has no Auditor. Assumed.
    AUDIT_ROLE_NOT_INITIALIZED,
    /// 400: too many wrong passwords locked the Auditor. Assumed.
    AUDIT_ROLE_LOCKED,
    /// 400: records are sent to this host and port already. Assumed.
    AUDIT_REMOTE_HOST_ALREADY_EXISTS,
    /// 404: no records are sent to this host and port. Assumed.
    AUDIT_REMOTE_HOST_DOES_NOT_EXIST,

    // RADIUS.
    /// 400: the server is in the list already. Assumed.
    RADIUS_SERVER_ALREADY_EXISTS,
    /// 404: the server is not in the list. Assumed.
    RADIUS_SERVER_DOES_NOT_EXIST,

    // SNMP.
    /// 400: the user has this notification target already. Assumed.
    SNMP_NOTIFICATION_ALREADY_EXISTS,
    /// 404: the user has no such notification target. Assumed.
    SNMP_NOTIFICATION_DOES_NOT_EXIST,
    /// 404: no such action on traps. Documented.
    SNMP_TRAP_ACTION_INVALID,
    /// 400: there is a trap target of this address already. Assumed.
    SNMP_TRAP_ALREADY_EXISTS,
    /// 404: no trap target of this address. Documented.
    SNMP_TRAP_DOES_NOT_EXIST,
    /// 404: there is no trap target. Documented.
    SNMP_TRAP_NOT_CONFIGURED,
    /// 400: there is an SNMP user of this name already. Assumed.
    SNMP_USER_ALREADY_EXISTS,
    /// 404: no SNMP user of this name. Assumed.
    SNMP_USER_DOES_NOT_EXIST,

    // SSH.
    /// 400: no usable address. Assumed.
    SSH_CLIENT_ADDRESS_INVALID,
    /// 404: the address is not in the account's list. Assumed.
    SSH_CLIENT_DOES_NOT_EXIST,
    /// 400: ciphers that the server does not know.
    SSH_FAILED_TO_SET_CIPHERS,

    // Packages and upgrades.
    /// 400: a wrong authorization code. Assumed.
    PACKAGE_AUTHCODE_INVALID,
    /// 404: the package is not installed. Assumed.
    PACKAGE_DOES_NOT_EXIST,
    /// 404: no such package file. Assumed.
    PACKAGE_FILE_DOES_NOT_EXIST,
    /// 400: the file is no package. Assumed.
    PACKAGE_FILE_INVALID,
    /// 400: the package file was changed on its way. Assumed.
    PACKAGE_SIGNATURE_INVALID,
    /// 400: the package cannot be installed, such as one that is there already. Assumed.
    PACKAGE_UPDATE_FAILED,
    /// 400: the files of an upgrade are missing.
    UPGRADE_CONFIG_FILES_DO_NOT_EXIST,
    /// 400: the licence was applied before.
    UPGRADE_LICENSE_ALREADY_APPLIED,
    /// 400: the file is no licence for this HSM.
    UPGRADE_UPLOADED_LICENSE_INVALID,

    // NTLS and its clients.
    /// 400: the authority is trusted already. Assumed.
    NTLS_CA_ALREADY_EXISTS,
    /// 400: a client's certificate is signed by an authority that is not trusted. Assumed.
    NTLS_CA_DOES_NOT_EXIST,
    /// 400: the address or host name of a client is taken. Assumed.
    NTLS_CLIENT_ADDRESS_ALREADY_EXISTS,
    /// 400: the name of a client is taken. Assumed: the vendor's list of errors was not found.
    NTLS_CLIENT_ALREADY_EXISTS,
    /// 400: a distinguished name that cannot be.
    NTLS_CLIENT_INVALID_DISTINGUISHED_NAME,
    /// 404: the client has no certificate. Assumed.
    NTLS_CLIENT_NO_CERTIFICATE,
    /// 404: the client has no filter of distinguished names.
    NTLS_CLIENT_NO_DN_FILTER_CONFIGURED,
    /// 400: the client was registered by address, so that it has no host name to map. Assumed.
    NTLS_CLIENT_NO_HOSTNAME,
    /// 404: the host name of the client has no address. Assumed.
    NTLS_CLIENT_NO_HOST_ADDRESS,
    /// 400: a file name that cannot be.
    NTLS_FILENAME_NOT_VALID,
    /// 400: NTLS failed.
    NTLS_INTERNAL_ERROR,
    /// 400: a certificate that cannot be used.
    NTLS_INVALID_CERTIFICATE,
    /// 400: the client has the partition already. Assumed.
    NTLS_LINK_ALREADY_EXISTS,
    /// 404: no such client.
    NTLS_NO_CLIENT,
    /// 404: the client does not have the partition. Assumed.
    NTLS_NO_LINK,

    // The HSM.
    /// 400: a wrong password of an HSM role; one attempt is gone. The name is the product's.
    LUNA_RET_UM_PIN_INCORRECT,
    /// 400: the third wrong SO password in a row; the HSM has been zeroized. The name is the
    /// product's.
    LUNA_RET_SO_LOGIN_FAILURE_THRESHOLD,
    /// 400: the firmware cannot be rolled back.
    HSMPLUGIN_FIRMWARE_ROLLBACK_REFUSED,
    /// 400: a policy does not allow functionality modules.
    HSMPLUGIN_FM_NOT_ALLOWED,
    /// 400: this HSM does not have the function.
    HSMPLUGIN_FUNC_NOT_SUPPORTED,
    /// 400: the HSM is in Secure Transport Mode. Assumed.
    HSMPLUGIN_HSM_IN_SECURE_TRANSPORT_MODE,
    /// 400: the HSM is zeroized and has no SO. Assumed.
    HSMPLUGIN_HSM_NOT_INITIALIZED,
    /// 400: the HSM is not in Secure Transport Mode.
    HSMPLUGIN_HSM_NOT_IN_SECURE_TRANSPORT_MODE,
    /// 400: the HSM has detected a tamper.
    HSMPLUGIN_HSM_TAMPERED,
    /// 404: no such functionality module.
    HSMPLUGIN_INVALID_FM,
    /// 404: no HSM of this serial number. Documented.
    HSMPLUGIN_INVALID_HSM,
    /// 400: there is no newer firmware.
    HSMPLUGIN_NO_FIRMWARE_UPGRADE,
    /// 400: the policy cannot have this value.
    HSMPLUGIN_POLICY_CHANGE_REFUSED,

    // Partitions, their roles and objects.
    /// 404: no such action. Documented.
    HSMPLUGIN_INVALID_ACTION,
    /// 400: a file name that cannot be. Documented.
    HSMPLUGIN_INVALID_FILENAME,
    /// 404: no such object, or it is not visible. Documented.
    HSMPLUGIN_INVALID_OBJECT,
    /// 404: no partition of this serial number. Documented.
    HSMPLUGIN_INVALID_PARTITION,
    /// 404: no such policy. Assumed.
    HSMPLUGIN_INVALID_POLICY,
    /// 404: no such role. Assumed.
    HSMPLUGIN_INVALID_ROLE,
    /// 404: no such SKS master key. Documented.
    HSMPLUGIN_INVALID_SMKID,
    /// 409: not enough storage (CKR_DEVICE_MEMORY). Assumed.
    HSMPLUGIN_INSUFFICIENT_STORAGE,
    /// 409: the HSM has as many partitions as its licence allows (CKR_LICENSE_CAPACITY_EXCEEDED).
    /// Assumed.
    HSMPLUGIN_LICENSE_CAPACITY_EXCEEDED,
    /// 422: the state or a policy forbids it (CKR_OPERATION_NOT_ALLOWED). Documented.
    HSMPLUGIN_OPERATION_NOT_ALLOWED,
    /// 409: the name of a partition or template is taken. Assumed.
    HSMPLUGIN_PARTITION_ALREADY_EXISTS,
    /// 409: the partition is not initialized. Assumed.
    HSMPLUGIN_PARTITION_NOT_INITIALIZED,
    /// 401: the role that this needs is not logged in (CKR_USER_NOT_LOGGED_IN). Documented.
    HSMPLUGIN_PARTITION_USER_NOT_AUTHENTICATED,
    /// 400: the partition's version does not have this. Documented.
    HSMPLUGIN_PARTITION_VERSION_INVALID,
    /// 403: the password was set by somebody else and has to be changed first (CKR_PIN_EXPIRED).
    /// Assumed.
    HSMPLUGIN_PIN_EXPIRED,
    /// 401: a wrong password (CKR_PIN_INCORRECT); one attempt is gone. Assumed.
    HSMPLUGIN_PIN_INCORRECT,
    /// 403: the role is locked out (CKR_PIN_LOCKED). Assumed.
    HSMPLUGIN_PIN_LOCKED,
    /// 400: the value does not go with that of another policy (CKR_CONFIG_FAILS_DEPENDENCIES).
    /// Assumed.
    HSMPLUGIN_POLICY_FAILS_DEPENDENCIES,
    /// 400: the value is beyond the policy's capability (CKR_CONFIG_ILLEGAL). Assumed.
    HSMPLUGIN_POLICY_VALUE_NOT_ALLOWED,
    /// 409: the role is initialized already. Assumed.
    HSMPLUGIN_ROLE_ALREADY_INITIALIZED,
    /// 409: the role is not initialized (CKR_USER_PIN_NOT_INITIALIZED). Assumed.
    HSMPLUGIN_ROLE_NOT_INITIALIZED,
    /// 409: there is no SKS master key. Documented.
    HSMPLUGIN_SMK_NOT_INITIALIZED,
    /// 403: an SKS master key's rollover is going on. Documented.
    HSMPLUGIN_SMK_ROLLOVER_IN_PROGRESS,
    /// 409: a role is logged in already (CKR_USER_ALREADY_LOGGED_IN). Assumed.
    HSMPLUGIN_USER_ALREADY_LOGGED_IN,

    // Backup HSMs and other backup devices.
    /// 409: there is such a backup, and the request does not say whether to add to it or to replace
    /// it. Assumed.
    HSMPLUGIN_BACKUP_ALREADY_EXISTS,
    /// 404: no backup device is attached. Assumed.
    HSMPLUGIN_BACKUP_DEVICE_NOT_FOUND,
    /// 409: the Backup HSM is not initialized. Assumed.
    HSMPLUGIN_BACKUP_DEVICE_NOT_INITIALIZED,
    /// 401: the SO of the Backup HSM is not logged in (CKR_USER_NOT_LOGGED_IN). Assumed.
    HSMPLUGIN_BACKUP_DEVICE_USER_NOT_AUTHENTICATED,
    /// 404: no such Backup HSM is attached. Assumed.
    HSMPLUGIN_BACKUP_HSM_NOT_FOUND,
    /// 422: the cloning domains differ (CKR_CERTIFICATE_INVALID). Assumed.
    HSMPLUGIN_CERTIFICATE_INVALID,
    /// 404: no such backup. Assumed.
    HSMPLUGIN_INVALID_BACKUP,

    // Clusters and keyrings. All assumed: the REST pages of clusters are not public.
    /// The backup file, or its password, is wrong.
    CLUSTER_BACKUP_UNUSABLE,
    /// The connection broke while a change was under way; it may have been made.
    CLUSTER_CHANGE_UNCLEAR,
    /// A client of keyrings has this name already, and another key.
    CLUSTER_CLIENT_EXISTS,
    /// No such client.
    CLUSTER_CLIENT_NOT_FOUND,
    /// 401: a client of keyrings is not registered.
    CLUSTER_CLIENT_UNKNOWN,
    /// This appliance belongs to a cluster already.
    CLUSTER_EXISTS,
    /// The remote member does not let this appliance join.
    CLUSTER_JOIN_REFUSED,
    /// The keyring is disabled.
    CLUSTER_KEYRING_DISABLED,
    /// The keyring is locked.
    CLUSTER_KEYRING_LOCKED,
    /// No such keyring.
    CLUSTER_KEYRING_NOT_FOUND,
    /// A number has been reached that cannot be passed.
    CLUSTER_LIMIT_REACHED,
    /// The member has not been authorized.
    CLUSTER_MEMBER_NOT_AUTHORIZED,
    /// No such member.
    CLUSTER_MEMBER_NOT_FOUND,
    /// Only the primary member does this.
    CLUSTER_MEMBER_NOT_PRIMARY,
    /// This appliance is no member of its cluster any more.
    CLUSTER_MEMBER_PARTED,
    /// The member has no link to the primary member.
    CLUSTER_MEMBER_READ_ONLY,
    /// No such cluster here.
    CLUSTER_NOT_FOUND,
    /// The settings or the state of the cluster do not allow it.
    CLUSTER_OPERATION_NOT_ALLOWED,
    /// The package lnh_cluster is not installed.
    CLUSTER_PACKAGE_NOT_INSTALLED,
    /// The cluster service does not run, or is starting.
    CLUSTER_SERVICE_NOT_RUNNING,

    // Objects: PKCS#11's return codes by name. Emulated appliances only.
    /// The attribute cannot be changed.
    CKR_ATTRIBUTE_READ_ONLY,
    /// The attribute may not be read.
    CKR_ATTRIBUTE_SENSITIVE,
    /// The object has no such attribute.
    CKR_ATTRIBUTE_TYPE_INVALID,
    /// The attribute cannot have this value.
    CKR_ATTRIBUTE_VALUE_INVALID,
    /// The mechanism cannot take this data.
    CKR_DATA_INVALID,
    /// The mechanism cannot take data of this length.
    CKR_DATA_LEN_RANGE,
    /// The data was not encrypted with this key.
    CKR_ENCRYPTED_DATA_INVALID,
    /// The key may not be used for this.
    CKR_KEY_FUNCTION_NOT_PERMITTED,
    /// No such key.
    CKR_KEY_HANDLE_INVALID,
    /// The key has a size that the mechanism does not take.
    CKR_KEY_SIZE_RANGE,
    /// The key is of another type than the mechanism's.
    CKR_KEY_TYPE_INCONSISTENT,
    /// The key may not leave.
    CKR_KEY_UNEXTRACTABLE,
    /// No such mechanism for this use.
    CKR_MECHANISM_INVALID,
    /// The mechanism's parameters are wrong.
    CKR_MECHANISM_PARAM_INVALID,
    /// No such object.
    CKR_OBJECT_HANDLE_INVALID,
    /// The signature is not that of the data.
    CKR_SIGNATURE_INVALID,
    /// An attribute is missing.
    CKR_TEMPLATE_INCOMPLETE,
    /// The attributes contradict each other.
    CKR_TEMPLATE_INCONSISTENT,
    /// The wrapped key cannot be read.
    CKR_WRAPPED_KEY_INVALID,

    // Emulated appliances only.
    /// 409: a Backup HSM of this serial number is attached already.
    EMULATOR_BACKUP_HSM_ATTACHED,
    /// 409: an HSM that is in use does not become a Backup HSM.
    EMULATOR_HSM_IN_USE,
    /// 401: no client is registered with the certificate that was shown on a link.
    EMULATOR_LINK_UNKNOWN_CLIENT,
    /// 401: the client came from another address than the registered one.
    EMULATOR_LINK_WRONG_ADDRESS,
    /// 503: the member was taken away on purpose.
    EMULATOR_MEMBER_AWAY,
    /// 503: the web server was stopped; a real one would not even refuse.
    EMULATOR_WEB_SERVER_STOPPED,
    /// 401: the key of a local call is wrong.
    EMULATOR_WRONG_KEY,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_received_id_matches_its_constant() {
        let received = String::from("NTLS_NO_CLIENT");
        assert!(matches!(ErrorId::new(&received), ErrorId::NTLS_NO_CLIENT));
        assert_eq!(ErrorId::new("NEWER").as_str(), "NEWER");
    }

    /// Two constants of one text do not compile; here, that the text has the form of an id.
    #[test]
    fn ids_are_in_capitals() {
        let allowed = |c: char| c.is_ascii_uppercase() || c == '_';
        assert!(ErrorId::ALL.iter().all(|id| id.as_str().chars().all(allowed)));
    }
}
