//! The roles of a slot, as LunaCM names them. A keyring's KRSO is its Partition SO here, its
//! KRCO its Crypto Officer.

use std::fmt;

use serde::Serialize;

/// A role that can log in to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PartitionRole {
    /// Partition SO.
    Po,
    /// Crypto Officer.
    Co,
    /// Limited Crypto Officer.
    Lco,
    /// Crypto User.
    Cu,
    /// The SO of an HSM, on its administrative slot.
    So,
    /// The Auditor of an HSM, on its administrative slot.
    Au,
}

impl PartitionRole {
    /// Those of a partition, in the order in which one makes the next.
    pub(crate) const ALL: [PartitionRole; 4] =
        [PartitionRole::Po, PartitionRole::Co, PartitionRole::Lco, PartitionRole::Cu];
    /// Those of an administrative slot.
    pub(crate) const ADMINISTRATIVE: [PartitionRole; 2] = [PartitionRole::So, PartitionRole::Au];

    /// The role of a partition with this name: short or long, in any letter case.
    pub(crate) fn named(name: &str) -> Option<PartitionRole> {
        PartitionRole::among(&Self::ALL, name)
    }

    /// One of these roles, by its name: short or long, in any letter case.
    pub(crate) fn among(roles: &[PartitionRole], name: &str) -> Option<PartitionRole> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        let mut roles = roles.iter().copied();
        roles.find(|role| name == role.short() || name == role.to_string().to_ascii_lowercase())
    }

    /// The role of a keyring that is meant: by the names of the cluster guide, or as a partition's.
    pub(crate) fn named_of_keyring(name: &str) -> Option<PartitionRole> {
        let of_keyring = |role: &PartitionRole| {
            let [short, long] = role.names_of_keyring()?;
            (name.trim().eq_ignore_ascii_case(short) || name.trim().eq_ignore_ascii_case(long))
                .then_some(*role)
        };
        Self::ALL.iter().find_map(of_keyring).or_else(|| Self::named(name))
    }

    /// What a keyring's roles are called, short and long.
    fn names_of_keyring(self) -> Option<[&'static str; 2]> {
        match self {
            PartitionRole::Po => Some(["krso", "Keyring SO"]),
            PartitionRole::Co => Some(["krco", "Keyring CO"]),
            _ => None,
        }
    }

    /// The short name and the long one on a slot of this kind.
    pub(crate) fn names(self, keyring: bool) -> (&'static str, String) {
        match self.names_of_keyring() {
            Some([short, long]) if keyring => (short, long.to_owned()),
            _ => (self.short(), self.to_string()),
        }
    }

    /// Whether a keyring has it.
    pub(crate) fn is_of_keyrings(self) -> bool {
        matches!(self, PartitionRole::Po | PartitionRole::Co)
    }

    /// The name in paths of the REST API.
    pub(crate) fn id(self) -> &'static str {
        match self {
            PartitionRole::Po => "so",
            PartitionRole::Au => "audit",
            other => other.short(),
        }
    }

    /// The short name people type.
    pub(crate) fn short(self) -> &'static str {
        match self {
            PartitionRole::Po => "po",
            PartitionRole::Co => "co",
            PartitionRole::Lco => "lco",
            PartitionRole::Cu => "cu",
            PartitionRole::So => "so",
            PartitionRole::Au => "au",
        }
    }

    /// The variable that gives its password in advance, without `LUNA_`. The Limited Crypto
    /// Officer has none of its own.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            PartitionRole::Po => "PO_PASSWORD",
            PartitionRole::Co | PartitionRole::Lco => "CO_PASSWORD",
            PartitionRole::Cu => "CU_PASSWORD",
            PartitionRole::So => "HSM_PASSWORD",
            PartitionRole::Au => "AUDIT_PASSWORD",
        }
    }
}

impl fmt::Display for PartitionRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PartitionRole::Po => "Partition SO",
            PartitionRole::Co => "Crypto Officer",
            PartitionRole::Lco => "Limited Crypto Officer",
            PartitionRole::Cu => "Crypto User",
            PartitionRole::So => "SO",
            PartitionRole::Au => "Auditor",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyrings_roles_answer_to_their_own_names_too() {
        let named = PartitionRole::named_of_keyring;
        assert_eq!(
            (named("KRSO"), named("po")),
            (Some(PartitionRole::Po), Some(PartitionRole::Po))
        );
        assert_eq!(named("krco"), Some(PartitionRole::Co));
        assert_eq!(named("Keyring CO"), Some(PartitionRole::Co));
        assert_eq!(PartitionRole::Co.names(true), ("krco", "Keyring CO".to_owned()));
        assert_eq!(PartitionRole::Co.names(false), ("co", "Crypto Officer".to_owned()));
    }

    #[test]
    fn names_are_short_or_long_in_any_case() {
        assert_eq!(PartitionRole::named("PO"), Some(PartitionRole::Po));
        assert_eq!(PartitionRole::named("partition  so"), Some(PartitionRole::Po));
        assert_eq!(PartitionRole::named("Limited crypto Officer"), Some(PartitionRole::Lco));
        assert_eq!(PartitionRole::named("so"), None);
        assert_eq!(PartitionRole::named("krso"), None);
        assert_eq!(PartitionRole::named(""), None);
    }
}
