//! What this shell says when the appliance refuses a call: one table from the identifier of an
//! error to the product's words and to a hint what to do next.
//!
//! [`Session::call`] and [`Session::get`] use it, so that the same refusal has the same hint in
//! every command. A command that has words of its own for one refusal calls
//! `session.client()`, matches on that one identifier, and leaves the others to [`refused`].

use std::borrow::Cow;

use luna_rest::{ApiError, Call, Error, ErrorId, Nothing};
use luna_shell::{Code, Failure, Kind};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::session::Session;

impl Session {
    /// Makes a call; a refusal comes back in the words of this shell.
    ///
    /// # Errors
    /// As [`refused`] words them.
    pub(crate) fn call<Q: Serialize, A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        call: &Call<Q, A, IDS>,
        ids: &[&str; IDS],
        body: &Q,
    ) -> Result<A, Failure> {
        self.client().call(call, ids, body).map_err(refused)
    }

    /// Sends a call that makes something and returns its id, if the appliance names it; a refusal comes
    /// back in the words of this shell.
    ///
    /// # Errors
    /// As [`refused`] words them.
    pub(crate) fn create<Q: Serialize, A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        call: &Call<Q, A, IDS>,
        ids: &[&str; IDS],
        body: &Q,
    ) -> Result<Option<String>, Failure> {
        self.client().create(call, ids, body).map(|(_, id)| id).map_err(refused)
    }

    /// Reads a resource; a refusal comes back in the words of this shell.
    ///
    /// # Errors
    /// As [`refused`] words them.
    pub(crate) fn get<A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        call: &Call<Nothing, A, IDS>,
        ids: &[&str; IDS],
    ) -> Result<A, Failure> {
        self.client().get(call, ids).map_err(refused)
    }
}

/// A refusal with text, code and hint from the table; other errors as both shells report them.
pub(crate) fn refused(error: Error) -> Failure {
    worded(error, text)
}

/// As [`refused`], but a value that the appliance did not accept is reported by the details alone,
/// without the sentence that the request could not be parsed and without a code.
pub(crate) fn refused_value(error: Error) -> Failure {
    worded(error, |answer, failure| match ErrorId::new(&answer.id) {
        ErrorId::FRAMEWORK_BAD_REQUEST => details(answer, failure),
        _ => text(answer, failure),
    })
}

/// As [`refused`], but every refusal that has details is reported by them alone, without a code:
/// the way of the `sysconf` menus.
pub(crate) fn refused_in_detail(error: Error) -> Failure {
    worded(error, |answer, failure| match ErrorId::new(&answer.id) {
        ErrorId::APPLIANCE_REQUIRE_SO_LOGIN | ErrorId::HSMPLUGIN_HSM_NOT_INITIALIZED => failure,
        ErrorId::FRAMEWORK_BAD_REQUEST => details(answer, failure),
        // The shell itself has to recognize these, such as a session that has ended.
        id if id.as_str().starts_with("FRAMEWORK_") => failure,
        _ => details(answer, failure),
    })
}

/// Words the refusal: `text` gets the appliance's answer and what both shells make of it.
fn worded(error: Error, text: impl FnOnce(&ApiError, Failure) -> Failure) -> Failure {
    let Error::Answered { answer, .. } = &error else { return error.into() };
    let answer = answer.clone();
    let failure = text(&answer, error.into());
    match hint(ErrorId::new(&answer.id)) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The appliance's longer text alone, if there is one.
fn details(answer: &ApiError, failure: Failure) -> Failure {
    if answer.details.is_empty() { failure } else { Failure::command(answer.details.clone()) }
}

/// The product's own text and code, where they are not the appliance's message and identifier.
fn text(answer: &ApiError, failure: Failure) -> Failure {
    match ErrorId::new(&answer.id) {
        ErrorId::NTLS_NO_CLIENT => not_in_list("Specified client does not exist."),
        ErrorId::NTLS_LINK_ALREADY_EXISTS => {
            Failure::command("Specified client already has access to partition.")
        }
        ErrorId::NTLS_CLIENT_NO_HOSTNAME => {
            Failure::command("The client was registered by IP address, not hostname.")
        }
        ErrorId::NTLS_CLIENT_NO_HOST_ADDRESS => {
            Failure::command("The client's hostname is not mapped to an IP address.")
        }
        ErrorId::APPLIANCE_SERVICE_DOES_NOT_EXIST
        | ErrorId::LUNASH_PUBLIC_KEY_DOES_NOT_EXIST
        | ErrorId::NTLS_CLIENT_ALREADY_EXISTS
        | ErrorId::SERVERPLUGIN_FILEID_DOES_NOT_EXIST => details(answer, failure),
        ErrorId::SERVERPLUGIN_USERID_RESERVED_FOR_SYSTEM_USE => {
            Failure::command(answer.message.clone()).verbatim()
        }
        ErrorId::SERVERPLUGIN_INVALID_USERID => not_in_list(answer.details.clone()),
        ErrorId::HSMPLUGIN_PIN_INCORRECT => failure.code(0x00A0_0000, "LUNA_RET_UM_PIN_INCORRECT"),
        // The name is documented, the number the client library's.
        ErrorId::HSMPLUGIN_POLICY_FAILS_DEPENDENCIES => {
            failure.code(0x8000_007D, "CKR_CONFIG_FAILS_DEPENDENCIES")
        }
        ErrorId::CLUSTER_CHANGE_UNCLEAR => Failure { kind: Kind::Unclear, ..failure },
        _ => failure,
    }
}

/// A name that does not exist, with the product's code for it.
pub(crate) fn not_in_list(message: impl Into<String>) -> Failure {
    Failure::command(message).code(0xC000_040A, "RC_OBJECT_NOT_IN_LIST")
}

/// What to do next.
fn hint(id: ErrorId<'_>) -> Option<Cow<'static, str>> {
    let running = id.as_str().strip_prefix("SYSCONF_CONFIG_");
    if let Some(service) = running.and_then(|id| id.strip_suffix("_SERVICE_RUNNING")) {
        return Some(format!("'service stop {}' stops it", service.to_lowercase()).into());
    }
    let hint = match id {
        ErrorId::APPLIANCE_REQUIRE_SO_LOGIN => SO_LOGIN,
        ErrorId::HSMPLUGIN_HSM_NOT_INITIALIZED => {
            "'hsm init -label LABEL' gives it a label and an HSM SO"
        }
        ErrorId::HSMPLUGIN_HSM_IN_SECURE_TRANSPORT_MODE => {
            "'hsm stm recover' ends Secure Transport Mode"
        }
        ErrorId::HSMPLUGIN_INVALID_POLICY => {
            "'hsm showPolicies' or 'partition showPolicies' lists them in its column Code"
        }
        ErrorId::HSMPLUGIN_PIN_EXPIRED => {
            "'partition changePw' changes the password, or 'role changepw' in lunacm"
        }

        ErrorId::HSMPLUGIN_BACKUP_HSM_NOT_FOUND => {
            "'token backup list' shows the attached ones; 'luna-appliance attach-backup-hsm' \
             attaches one to an emulated appliance"
        }
        ErrorId::HSMPLUGIN_BACKUP_DEVICE_NOT_INITIALIZED => "'token backup init' initializes it",
        ErrorId::HSMPLUGIN_BACKUP_DEVICE_USER_NOT_AUTHENTICATED => {
            "'token backup login' logs it in"
        }
        ErrorId::HSMPLUGIN_INVALID_BACKUP => "'token backup partition list' shows the backups",

        ErrorId::NTLS_NO_CLIENT => "'client list' shows the clients",
        ErrorId::NTLS_CLIENT_ALREADY_EXISTS => {
            "'client register … -force' gives it a new certificate"
        }
        ErrorId::NTLS_CLIENT_NO_HOST_ADDRESS => "'client hostip show' shows those that are",

        ErrorId::SERVERPLUGIN_FILEID_DOES_NOT_EXIST => "'my file list' shows your files",
        ErrorId::SERVERPLUGIN_INVALID_USERID
        | ErrorId::SERVERPLUGIN_USERID_ALREADY_EXISTS
        | ErrorId::SERVERPLUGIN_USERID_DOES_NOT_EXIST => "'user list' shows the accounts",
        ErrorId::LUNASH_PUBLIC_KEY_DOES_NOT_EXIST => "'my public-key list' shows your keys",

        ErrorId::APPLIANCE_SERVICE_DOES_NOT_EXIST => "'service list' shows the services",
        ErrorId::NTP_INVALID_AUTHENTICATION => {
            "'sysconf ntp symmetricAuth trustedkeys list' shows the trusted keys, 'sysconf ntp \
             autokeyAuth generate' makes the key of AutoKey"
        }
        ErrorId::NTP_KEY_ALREADY_EXISTS | ErrorId::NTP_KEY_DOES_NOT_EXIST => {
            "'sysconf ntp symmetricAuth key list' shows the keys"
        }
        ErrorId::NTP_SERVER_DOES_NOT_EXIST => "'sysconf ntp listservers' shows the servers",
        ErrorId::RADIUS_SERVER_ALREADY_EXISTS | ErrorId::RADIUS_SERVER_DOES_NOT_EXIST => {
            "'sysconf radius show' shows the servers"
        }
        ErrorId::SNMP_USER_ALREADY_EXISTS | ErrorId::SNMP_USER_DOES_NOT_EXIST => {
            "'sysconf snmp user list' shows the users"
        }
        ErrorId::SNMP_NOTIFICATION_ALREADY_EXISTS => {
            "'sysconf snmp notification list' shows the targets"
        }
        ErrorId::SNMP_TRAP_NOT_CONFIGURED => "'sysconf snmp trap set' sets a trap target",
        ErrorId::SYSLOG_REMOTE_HOST_ALREADY_EXISTS | ErrorId::SYSLOG_REMOTE_HOST_DOES_NOT_EXIST => {
            "'syslog remotehost list' shows the hosts"
        }
        ErrorId::AUDIT_LOG_DOES_NOT_EXIST => "'audit log list' shows the files of the audit log",
        ErrorId::AUDIT_LOG_FULL => {
            "'audit log tarlogs' packs the log, 'audit log clear' makes room"
        }
        ErrorId::AUDIT_LOG_NOT_VERIFIED => {
            "'audit log verify' with -start and -end verifies what is around it"
        }
        ErrorId::AUDIT_SECRET_UNUSABLE => {
            "'audit secret export' of the HSM that wrote the log, then 'audit secret import' here, \
             with the same domain of both Auditors"
        }
        ErrorId::AUDIT_REQUIRE_LOGIN => "'audit login' logs the Auditor in",
        ErrorId::AUDIT_ROLE_NOT_INITIALIZED => "'audit init' makes the Auditor",
        ErrorId::AUDIT_ROLE_LOCKED => "'audit show' tells until when",
        ErrorId::AUDIT_REMOTE_HOST_ALREADY_EXISTS | ErrorId::AUDIT_REMOTE_HOST_DOES_NOT_EXIST => {
            "'audit remotehost list' shows the hosts"
        }
        ErrorId::SSH_CLIENT_DOES_NOT_EXIST => "'sysconf ssh client list' shows the addresses",
        ErrorId::SSH_FAILED_TO_SET_CIPHERS => "'sysconf ssh ciphers show' shows the available ones",
        ErrorId::SYSCONF_DRIFT_OPERATION_NOT_ALLOWED => {
            "'sysconf drift status' shows the measurement"
        }
        ErrorId::SYSCONF_CONFIG_BACKUP_FILE_DOES_NOT_EXIST => {
            "'sysconf config list' shows the backups"
        }

        ErrorId::PACKAGE_AUTHCODE_INVALID => {
            "the authorization code belongs to another package, or was mistyped"
        }
        ErrorId::PACKAGE_FILE_INVALID => "the file is not a secure package",
        ErrorId::PACKAGE_SIGNATURE_INVALID => "the file was damaged on its way: copy it again",
        ErrorId::PACKAGE_FILE_DOES_NOT_EXIST => "'package listfile' shows the package files",
        ErrorId::PACKAGE_DOES_NOT_EXIST => "'package list' shows the packages",

        ErrorId::CLUSTER_PACKAGE_NOT_INSTALLED => "'package update' installs lnh_cluster",
        ErrorId::CLUSTER_SERVICE_NOT_RUNNING => {
            "'cluster status' shows the service, 'service start cluster' starts it"
        }
        ErrorId::CLUSTER_EXISTS => "'cluster list' shows it, 'cluster leave' leaves it",
        ErrorId::CLUSTER_NOT_FOUND => "'cluster list' shows the cluster of this appliance",
        ErrorId::CLUSTER_MEMBER_NOT_FOUND => "'cluster member list' shows the members",
        ErrorId::CLUSTER_CLIENT_NOT_FOUND => "'cluster client list' shows the clients",
        ErrorId::CLUSTER_KEYRING_NOT_FOUND => "'keyring list' shows the keyrings",
        ErrorId::CLUSTER_MEMBER_NOT_AUTHORIZED => "'cluster member authorize' authorizes a member",
        ErrorId::CLUSTER_MEMBER_READ_ONLY => {
            "'cluster member list' shows whether the primary is reached"
        }
        ErrorId::CLUSTER_MEMBER_NOT_PRIMARY => {
            "'cluster member list' marks the primary member with P"
        }
        ErrorId::CLUSTER_MEMBER_PARTED => {
            "'cluster backup run' saves its keyrings, 'cluster leave' and 'cluster join' bring it back"
        }
        ErrorId::CLUSTER_BACKUP_UNUSABLE => "'my file list' shows the files",
        ErrorId::CLUSTER_KEYRING_DISABLED => "'keyring enable' enables a keyring",
        ErrorId::CLUSTER_KEYRING_LOCKED => "'keyring unlock' unlocks a keyring",
        ErrorId::CLUSTER_CHANGE_UNCLEAR => {
            "the change may have happened: look before it is sent again"
        }
        _ => return None,
    };
    Some(hint.into())
}

const SO_LOGIN: &str = "'hsm login' logs the HSM SO in";

/// The refusal for want of the HSM SO, as the appliance would word it: for commands that foresee
/// it.
pub(crate) fn so_login() -> Failure {
    let name = ErrorId::APPLIANCE_REQUIRE_SO_LOGIN.as_str().into();
    let code = Some(Code { number: None, name });
    Failure { code, ..Failure::command("The HSM SO must be logged in.") }.hint(SO_LOGIN)
}

#[cfg(test)]
mod tests {
    use luna_rest::Method;
    use luna_shell::Status;

    use super::*;

    fn answered(id: ErrorId<'_>, details: &str) -> Error {
        let answer = ApiError {
            id: id.as_str().into(),
            message: "No.".into(),
            details: details.into(),
            ..ApiError::default()
        };
        Error::Answered { method: Method::Put, path: "/api/x".into(), status: 400, answer }
    }

    #[test]
    fn the_same_refusal_has_the_same_hint_in_every_way_to_word_it() {
        for id in ErrorId::ALL {
            let hints = [refused, refused_value, refused_in_detail]
                .map(|worded| worded(answered(*id, "Why.")).hints);
            assert!(hints.iter().all(|hints| *hints == hints_of(*id)), "{id}: {hints:?}");
        }
    }

    fn hints_of(id: ErrorId<'_>) -> Vec<String> {
        hint(id).map(Cow::into_owned).into_iter().collect()
    }

    #[test]
    fn the_commands_that_hints_name_exist() {
        let paths: Vec<String> =
            crate::catalogue().commands.iter().map(|command| command.path()).collect();
        let elsewhere = ["luna-appliance attach-backup-hsm", "role changepw"];
        for hint in ErrorId::ALL.iter().filter_map(|id| hint(*id)) {
            let quoted = hint.split('\'').skip(1).step_by(2).filter(|name| *name != "s");
            for command in quoted.filter(|command| !elsewhere.contains(command)) {
                let named = |path: &String| command.starts_with(path.as_str());
                assert!(paths.iter().any(named), "{hint}");
            }
        }
    }

    #[test]
    fn details_alone_replace_message_and_code() {
        let failure = refused_in_detail(answered(ErrorId::NTP_KEY_ALREADY_EXISTS, "Key 7."));
        assert_eq!((failure.message.as_str(), failure.code), ("Key 7.", None));
        let failure = refused_value(answered(ErrorId::FRAMEWORK_BAD_REQUEST, "Too long."));
        assert_eq!((failure.message.as_str(), failure.code), ("Too long.", None));
    }

    #[test]
    fn a_session_that_ended_is_recognized_in_every_wording() {
        for worded in [refused, refused_value, refused_in_detail] {
            let ended = answered(ErrorId::FRAMEWORK_NO_SESSION_COOKIE, "Log in.");
            assert!(worded(ended).session_ended());
        }
    }

    #[test]
    fn a_service_that_runs_is_named_in_the_hint() {
        let id = ErrorId::new("SYSCONF_CONFIG_SNMP_SERVICE_RUNNING");
        assert_eq!(hints_of(id), ["'service stop snmp' stops it"]);
    }

    #[test]
    fn an_unclear_change_is_reported_as_unclear() {
        let failure = refused(answered(ErrorId::CLUSTER_CHANGE_UNCLEAR, ""));
        assert_eq!(failure.status(), Status::Unclear);
    }
}
