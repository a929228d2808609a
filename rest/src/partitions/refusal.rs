//! Identifiers of refusals. Those marked documented stand in the reference; the others are assumed
//! in its style, for the CKR_ or LUNA_RET_ code that the product's own programs show.

/// 404: no HSM of this serial number. Documented.
pub const INVALID_HSM: &str = "HSMPLUGIN_INVALID_HSM";
/// 404: no partition of this serial number. Documented.
pub const INVALID_PARTITION: &str = "HSMPLUGIN_INVALID_PARTITION";
/// 404: no such object, or it is not visible. Documented.
pub const INVALID_OBJECT: &str = "HSMPLUGIN_INVALID_OBJECT";
/// 404: no such role.
pub const INVALID_ROLE: &str = "HSMPLUGIN_INVALID_ROLE";
/// 404: no such policy.
pub const INVALID_POLICY: &str = "HSMPLUGIN_INVALID_POLICY";
/// 404: no such action. Documented.
pub const INVALID_ACTION: &str = "HSMPLUGIN_INVALID_ACTION";
/// 404: no such SKS master key. Documented.
pub const INVALID_SMK: &str = "HSMPLUGIN_INVALID_SMKID";
/// 400: a file name that cannot be. Documented.
pub const INVALID_FILE_NAME: &str = "HSMPLUGIN_INVALID_FILENAME";
/// 400: the partition's version does not have this. Documented.
pub const VERSION: &str = "HSMPLUGIN_PARTITION_VERSION_INVALID";
/// 401: the role that this needs is not logged in (CKR_USER_NOT_LOGGED_IN). Documented.
pub const NOT_LOGGED_IN: &str = "HSMPLUGIN_PARTITION_USER_NOT_AUTHENTICATED";
/// 422: the state or a policy forbids it (CKR_OPERATION_NOT_ALLOWED). Documented.
pub const NOT_ALLOWED: &str = "HSMPLUGIN_OPERATION_NOT_ALLOWED";
/// 403: an SKS master key's rollover is going on. Documented.
pub const ROLLOVER: &str = "HSMPLUGIN_SMK_ROLLOVER_IN_PROGRESS";
/// 409: there is no SKS master key. Documented.
pub const NO_SMK: &str = "HSMPLUGIN_SMK_NOT_INITIALIZED";
/// 409: the name is taken.
pub const NAME_TAKEN: &str = "HSMPLUGIN_PARTITION_ALREADY_EXISTS";
/// 409: the HSM has as many partitions as its licence allows (CKR_LICENSE_CAPACITY_EXCEEDED).
pub const NO_LICENCE: &str = "HSMPLUGIN_LICENSE_CAPACITY_EXCEEDED";
/// 409: not enough storage (CKR_DEVICE_MEMORY).
pub const NO_SPACE: &str = "HSMPLUGIN_INSUFFICIENT_STORAGE";
/// 409: the partition is not initialized.
pub const NOT_INITIALIZED: &str = "HSMPLUGIN_PARTITION_NOT_INITIALIZED";
/// 409: the role is not initialized (CKR_USER_PIN_NOT_INITIALIZED).
pub const ROLE_NOT_INITIALIZED: &str = "HSMPLUGIN_ROLE_NOT_INITIALIZED";
/// 409: the role is initialized already.
pub const ROLE_INITIALIZED: &str = "HSMPLUGIN_ROLE_ALREADY_INITIALIZED";
/// 409: a role is logged in already (CKR_USER_ALREADY_LOGGED_IN).
pub const ALREADY_LOGGED_IN: &str = "HSMPLUGIN_USER_ALREADY_LOGGED_IN";
/// 401: a wrong password (CKR_PIN_INCORRECT); one attempt less is left.
pub const WRONG_PASSWORD: &str = "HSMPLUGIN_PIN_INCORRECT";
/// 403: the role is locked out (CKR_PIN_LOCKED).
pub const LOCKED: &str = "HSMPLUGIN_PIN_LOCKED";
/// 403: the password was set by somebody else and has to be changed first (CKR_PIN_EXPIRED).
pub const PASSWORD_EXPIRED: &str = "HSMPLUGIN_PIN_EXPIRED";
/// 400: the value is beyond the policy's capability (CKR_CONFIG_ILLEGAL).
pub const POLICY_VALUE: &str = "HSMPLUGIN_POLICY_VALUE_NOT_ALLOWED";
/// 400: the value does not go with that of another policy (CKR_CONFIG_FAILS_DEPENDENCIES).
pub const POLICY_DEPENDENCIES: &str = "HSMPLUGIN_POLICY_FAILS_DEPENDENCIES";
/// 404: no backup device is attached.
pub const NO_DEVICE: &str = "HSMPLUGIN_BACKUP_DEVICE_NOT_FOUND";
