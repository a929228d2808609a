//! Which secret a question of the appliance asks for: the variables are those of the same commands
//! over REST.

/// The variable, without `LUNA_`, of the secret that `question` of the command `path` asks for; the
/// path is empty at the login. `None` where only a person can know.
pub(crate) fn variable(path: &str, question: &str) -> Option<&'static str> {
    let words = last_paragraph(question).to_lowercase();
    let asks = |word: &str| words.contains(word);
    let new = ["new password", "re-enter", "retype", "re-type"].iter().any(|word| asks(word));
    let menu = path.split(' ').next().unwrap_or_default();
    Some(match menu {
        "" | "my" if new => "NEW_PASSWORD",
        "" | "my" if asks("password") => "PASSWORD",
        "user" => "USER_PASSWORD",
        "package" => "AUTHCODE",
        _ if asks("crypto user") => "CU_PASSWORD",
        _ if asks("crypto officer") => "CO_PASSWORD",
        _ if asks("partition so") || asks("partition security officer") => "PO_PASSWORD",
        "hsm" if path == "hsm setLegacyDomain" => "LEGACY_DOMAIN",
        "hsm" if asks("domain") => "DOMAIN",
        "hsm" if asks("token") => "BACKUP_SO_PASSWORD",
        "hsm" if path == "hsm changePw" && new => "NEW_HSM_PASSWORD",
        "hsm" if asks("password") => "HSM_PASSWORD",
        "partition" if path == "partition setLegacyDomain" => "LEGACY_DOMAIN",
        "partition" if asks("domain") => "DOMAIN",
        "partition" if asks("token") => "BACKUP_SO_PASSWORD",
        "partition" if asks("backup") => "BACKUP_PASSWORD",
        "partition" if path == "partition init" => "PO_PASSWORD",
        "partition" if new => "NEW_PASSWORD",
        "partition" => "CO_PASSWORD",
        "audit" if asks("domain") => "AUDIT_DOMAIN",
        "audit" if path == "audit changePwd" && new => "NEW_AUDIT_PASSWORD",
        "audit" if asks("password") => "AUDIT_PASSWORD",
        "token" if asks("domain") => "DOMAIN",
        "token" if path.starts_with("token backup partition") => "BACKUP_PASSWORD",
        "token" => "BACKUP_SO_PASSWORD",
        "cluster" if path.contains("backup") || path.contains("restore") => "BACKUP_PASSWORD",
        "cluster" if path == "cluster create" => "HSM_PASSWORD",
        "cluster" if path == "cluster join" => "REMOTE_PASSWORD",
        "cluster" => "CO_PASSWORD",
        "keyring" => "KEYRING_PASSWORD",
        "sysconf" if path.starts_with("sysconf ntp symmetricAuth") => "NTP_KEY",
        "sysconf" if path.starts_with("sysconf ntp") => "NTP_PASSWORD",
        "sysconf" if path.starts_with("sysconf radius") => "RADIUS_SECRET",
        "sysconf" if path.starts_with("sysconf snmp") && asks("priv") => "SNMP_PRIV_PASSWORD",
        "sysconf" if path.starts_with("sysconf snmp") && asks("auth") => "SNMP_AUTH_PASSWORD",
        _ => return None,
    })
}

/// The words of a question, without the sign behind which the answer is typed.
pub(crate) fn last_paragraph(question: &str) -> &str {
    let words = question.trim_end_matches(|c: char| c.is_whitespace() || c == '>');
    words.rsplit("\n\n").next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The questions are those of the recorded sessions, and of the vendor's pages.
    #[test]
    fn a_question_asks_for_the_secret_that_rest_would_take() {
        for (path, question, expected) in [
            ("", "New password:", "NEW_PASSWORD"),
            ("", "Retype new password:", "NEW_PASSWORD"),
            ("", "(current) UNIX password:", "PASSWORD"),
            ("hsm login", "  Please enter the HSM Administrators' password:\n  > ", "HSM_PASSWORD"),
            ("hsm init", "Please enter a password for the HSM Administrator:\n> ", "HSM_PASSWORD"),
            ("hsm init", "\n\nPlease re-enter password to confirm:\n> ", "HSM_PASSWORD"),
            (
                "hsm init",
                "Please enter a cloning domain to use for initializing this HSM:\n> ",
                "DOMAIN",
            ),
            ("hsm init", "Please re-enter cloning domain to confirm:\n> ", "DOMAIN"),
            (
                "hsm changePw",
                "Please enter the HSM Administrators' current password:\n> ",
                "HSM_PASSWORD",
            ),
            (
                "hsm changePw",
                "Please enter a new password for the HSM Administrator:\n> ",
                "NEW_HSM_PASSWORD",
            ),
            (
                "partition changePw",
                "  Please enter the Crypto User's password:\n  > ",
                "CU_PASSWORD",
            ),
            ("my password set", "New password:", "NEW_PASSWORD"),
            ("user password", "Retype new password:", "USER_PASSWORD"),
            ("audit login", "  Please enter the audit user's password:\n  > ", "AUDIT_PASSWORD"),
            (
                "token backup login",
                "  Please enter Token Administrator's password:\n  > ",
                "BACKUP_SO_PASSWORD",
            ),
        ] {
            assert_eq!(variable(path, question), Some(expected), "{path}: {question}");
        }
        assert_eq!(variable("network ping", "What is the secret:"), None);
    }
}
