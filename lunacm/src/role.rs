//! The roles of a partition, as LunaCM names them. A keyring's KRSO is its Partition SO here, its
//! KRCO its Crypto Officer.

use std::fmt;

use serde::Serialize;

/// A role that can log in to an application slot.
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
}

impl PartitionRole {
    /// All of them, in the order in which one makes the next.
    pub(crate) const ALL: [PartitionRole; 4] =
        [PartitionRole::Po, PartitionRole::Co, PartitionRole::Lco, PartitionRole::Cu];

    /// The role of a name: short or long, in any letter case.
    pub(crate) fn named(name: &str) -> Option<PartitionRole> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|role| name == role.short() || name == role.to_string().to_ascii_lowercase())
    }

    /// Whether a keyring has it.
    pub(crate) fn is_of_keyrings(self) -> bool {
        matches!(self, PartitionRole::Po | PartitionRole::Co)
    }

    /// The name in paths of the REST API.
    pub(crate) fn id(self) -> &'static str {
        if self == PartitionRole::Po { "so" } else { self.short() }
    }

    /// The short name people type.
    pub(crate) fn short(self) -> &'static str {
        match self {
            PartitionRole::Po => "po",
            PartitionRole::Co => "co",
            PartitionRole::Lco => "lco",
            PartitionRole::Cu => "cu",
        }
    }

    /// The variable that gives its password in advance, without `LUNA_`. The Limited Crypto
    /// Officer has none of its own.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            PartitionRole::Po => "PO_PASSWORD",
            PartitionRole::Co | PartitionRole::Lco => "CO_PASSWORD",
            PartitionRole::Cu => "CU_PASSWORD",
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
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_or_long_in_any_case() {
        assert_eq!(PartitionRole::named("PO"), Some(PartitionRole::Po));
        assert_eq!(PartitionRole::named("partition  so"), Some(PartitionRole::Po));
        assert_eq!(PartitionRole::named("Limited crypto Officer"), Some(PartitionRole::Lco));
        assert_eq!(PartitionRole::named("so"), None);
        assert_eq!(PartitionRole::named(""), None);
    }
}
