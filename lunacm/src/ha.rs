//! HA groups in the configuration file: the one place where they exist.
//!
//! A group NN has `VirtualTokenNNLabel`, `VirtualTokenNNSN` and `VirtualTokenNNMembers`; whether it is kept
//! in step stands in `HASynchronize`, what holds for all groups in `HAConfiguration`. A group's number is a
//! 1 before the serial number of its first member.

use serde::Serialize;

use crate::chrystoki::{Chrystoki, Malformed};

const GROUPS: &str = "VirtualToken";
const SYNCHRONIZE: &str = "HASynchronize";
const SETTINGS: &str = "HAConfiguration";
/// The key of the recovery mode, which stands among the groups.
const RECOVERY: &str = "VirtualTokenActiveRecovery";
/// The section with a number for each group, which a program reads when it starts (beginning of a remark in
/// admin_partition/ha/logging.htm). Assumed: one that sees it grow takes that for a request to look for
/// members.
const REQUESTS: &str = "HARecovery";

/// The least length of the log file in bytes, which is the default.
pub(crate) const LOG_LENGTH: u32 = 262_144;
/// Seconds between two attempts to recover a member, if nothing else is said.
pub(crate) const INTERVAL: u32 = 60;
/// The name of the log file in its folder.
const LOG_FILE: &str = "haErrorLog.txt";

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Its place in the file, as it stands there.
    digits: String,
    pub(crate) label: String,
    /// Serial numbers, the first one's that of the primary member.
    pub(crate) members: Vec<String>,
    /// Those of them that stand by.
    pub(crate) standby: Vec<String>,
    /// Whether objects are kept in step.
    pub(crate) synchronized: bool,
    number: String,
}

impl Group {
    /// A group of one member, at the first free place of a file.
    pub(crate) fn new(file: &Chrystoki, label: &str, member: &str) -> Group {
        let taken: Vec<String> = groups(file).into_iter().map(|group| group.digits).collect();
        let digits = (0..100).map(|place| format!("{place:02}"));
        let digits = digits.into_iter().find(|digits| !taken.contains(digits));
        Group {
            digits: digits.unwrap_or_else(|| taken.len().to_string()),
            label: label.to_owned(),
            members: vec![member.to_owned()],
            standby: Vec::new(),
            synchronized: true,
            number: format!("1{member}"),
        }
    }

    /// Its number, by which it is known like a partition by its serial number.
    pub(crate) fn number(&self) -> &str {
        &self.number
    }

    /// Whether it is called so: by its label or its number.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.label == name || self.number == name
    }

    /// Takes a member out; the first of the others gives the group its number.
    pub(crate) fn remove(&mut self, serial: &str) {
        self.members.retain(|member| member != serial);
        self.standby.retain(|member| member != serial);
        if let Some(first) = self.members.first() {
            self.number = format!("1{first}");
        }
    }

    /// Writes it in its place.
    ///
    /// # Errors
    /// The label cannot stand in the file.
    pub(crate) fn write(&self, file: &mut Chrystoki) -> Result<(), Malformed> {
        let key = |end: &str| format!("{GROUPS}{}{end}", self.digits);
        file.set(GROUPS, &key("Label"), &self.label)?;
        file.set(GROUPS, &key("SN"), &self.number)?;
        file.set(GROUPS, &key("Members"), &self.members.join(","))?;
        file.set(SYNCHRONIZE, &self.label, if self.synchronized { "1" } else { "0" })?;
        let standby = format!("{}StandbyMembers", self.label);
        match self.standby.is_empty() {
            true => file.remove(SETTINGS, &standby),
            false => file.set(SETTINGS, &standby, &self.standby.join(",")),
        }
    }

    /// How often `hagroup recover` has asked for it.
    pub(crate) fn requests(&self, file: &Chrystoki) -> u64 {
        file.get(REQUESTS, &self.label).and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// Asks the programs that use it to look for its members now.
    ///
    /// # Errors
    /// The label cannot stand in the file.
    pub(crate) fn request_recovery(&self, file: &mut Chrystoki) -> Result<(), Malformed> {
        let number = self.requests(file).wrapping_add(1);
        file.set(REQUESTS, &self.label, &number.to_string())
    }

    /// Takes it out of the file.
    ///
    /// # Errors
    /// The rest cannot be parsed any more.
    pub(crate) fn delete(&self, file: &mut Chrystoki) -> Result<(), Malformed> {
        for end in ["Label", "SN", "Members"] {
            file.remove(GROUPS, &format!("{GROUPS}{}{end}", self.digits))?;
        }
        file.remove(SYNCHRONIZE, &self.label)?;
        file.remove(REQUESTS, &self.label)?;
        file.remove(SETTINGS, &format!("{}StandbyMembers", self.label))
    }
}

/// Serial numbers with commas between them.
fn serials(list: &str) -> Vec<String> {
    let serials = list.split(',').map(str::trim).filter(|serial| !serial.is_empty());
    serials.map(str::to_owned).collect()
}

/// The groups of a file, in the order of their places.
pub(crate) fn groups(file: &Chrystoki) -> Vec<Group> {
    let labels = file.entries(GROUPS).filter_map(|(key, label)| {
        let digits = key.strip_prefix(GROUPS)?.strip_suffix("Label")?;
        digits.chars().all(|c| c.is_ascii_digit()).then(|| (digits.to_owned(), label.to_owned()))
    });
    let mut groups: Vec<Group> = labels
        .map(|(digits, label)| {
            let value = |end: &str| file.get(GROUPS, &format!("{GROUPS}{digits}{end}"));
            let members = serials(value("Members").unwrap_or_default());
            let first = members.first().map(|first| format!("1{first}"));
            Group {
                number: value("SN").map(str::to_owned).or(first).unwrap_or_default(),
                standby: serials(
                    file.get(SETTINGS, &format!("{label}StandbyMembers")).unwrap_or_default(),
                ),
                synchronized: file.get(SYNCHRONIZE, &label) != Some("0"),
                members,
                label,
                digits,
            }
        })
        .collect();
    groups.sort_by(|a, b| a.digits.cmp(&b.digits));
    groups
}

/// How a returning member is taken up again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Recovery {
    /// Its sessions are not restored.
    #[default]
    ActiveBasic,
    /// They are, with their logins.
    ActiveEnhanced,
}

impl Recovery {
    /// As it is typed and shown.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Recovery::ActiveBasic => "activeBasic",
            Recovery::ActiveEnhanced => "activeEnhanced",
        }
    }
}

/// What holds for all groups of this client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Settings {
    /// Attempts to recover a member: 0 for none, -1 without limit.
    pub(crate) retry: i32,
    /// Seconds between two of them.
    pub(crate) interval: u32,
    pub(crate) recovery: Recovery,
    /// Whether applications see the groups alone.
    pub(crate) only: bool,
    /// Whether there is a log.
    pub(crate) log: bool,
    /// The log's folder.
    pub(crate) log_path: Option<String>,
    /// The most bytes of the log file.
    pub(crate) log_length: u32,
}

impl Settings {
    pub(crate) fn of(file: &Chrystoki) -> Settings {
        let value = |key: &str| file.get(SETTINGS, key);
        fn number<T: std::str::FromStr>(value: Option<&str>) -> Option<T> {
            value.and_then(|value| value.parse().ok())
        }
        let mode = file.get(GROUPS, RECOVERY);
        let enhanced = mode.is_some_and(|mode| mode.eq_ignore_ascii_case("activeEnhanced"));
        Settings {
            retry: number(value("reconnAtt")).unwrap_or(0),
            interval: number(value("AutoReconnectInterval")).unwrap_or(INTERVAL),
            recovery: if enhanced { Recovery::ActiveEnhanced } else { Recovery::ActiveBasic },
            only: value("HAOnly") == Some("1"),
            log: value("haLogStatus") == Some("enabled"),
            log_path: value("haLogPath").map(str::to_owned),
            log_length: number(value("logLen")).unwrap_or(LOG_LENGTH),
        }
    }

    /// The log file; none while no folder is set.
    pub(crate) fn log_file(&self) -> Option<String> {
        self.log_path.as_ref().map(|path| format!("{}/{LOG_FILE}", path.trim_end_matches('/')))
    }
}

/// One setting, changed in a file.
pub(crate) enum Change<'a> {
    Retry(i32),
    Interval(u32),
    Recovery(Recovery),
    Only(bool),
    Log(bool),
    LogPath(&'a str),
    LogLength(u32),
}

impl Change<'_> {
    /// # Errors
    /// The value cannot stand in the file.
    pub(crate) fn write(&self, file: &mut Chrystoki) -> Result<(), Malformed> {
        match *self {
            Change::Retry(count) => {
                file.set(SETTINGS, "reconnAtt", &count.to_string())?;
                // Documented: either setting populates the section.
                let interval = Settings::of(file).interval;
                file.set(SETTINGS, "AutoReconnectInterval", &interval.to_string())
            }
            Change::Interval(seconds) => {
                let retry = Settings::of(file).retry;
                file.set(SETTINGS, "reconnAtt", &retry.to_string())?;
                file.set(SETTINGS, "AutoReconnectInterval", &seconds.to_string())
            }
            Change::Recovery(mode) => file.set(GROUPS, RECOVERY, mode.name()),
            Change::Only(on) => file.set(SETTINGS, "HAOnly", if on { "1" } else { "0" }),
            Change::Log(on) => {
                file.set(SETTINGS, "haLogStatus", if on { "enabled" } else { "disabled" })
            }
            Change::LogPath(path) => file.set(SETTINGS, "haLogPath", path),
            Change::LogLength(bytes) => file.set(SETTINGS, "logLen", &bytes.to_string()),
        }
    }
}

/// Whether a label can be a key of the configuration file.
pub(crate) fn fits(label: &str) -> bool {
    !label.contains([';', '{', '}', '=', '#', '[', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published file of two groups, `crystoki.ini.ha.txt`.
    const PUBLISHED: &str = "[Misc]\nPE1746Enabled=0\n[HASynchronize]\npar1=1\npar2=1\n\
        [HAConfiguration]\nHAOnly=1\nreconnAtt=-1\nAutoReconnectInterval=60\n[VirtualToken]\n\
        VirtualToken00Label=par1\nVirtualToken00SN=1888800001\n\
        VirtualToken00Members=888800001,888800002\nVirtualToken01Label=par2\n\
        VirtualToken01SN=1888800003\nVirtualToken01Members=888800003";

    #[test]
    fn a_published_file_is_read() {
        let file = Chrystoki::parse(PUBLISHED).unwrap();
        let groups = groups(&file);
        assert_eq!(groups[0].members, ["888800001", "888800002"]);
        assert!(groups[0].is("par1") && groups[0].is("1888800001") && groups[0].synchronized);
        assert_eq!(groups[1].number(), "1888800003");
        let settings = Settings::of(&file);
        assert!(settings.only && !settings.log);
        assert_eq!((settings.retry, settings.interval), (-1, 60));
    }

    #[test]
    fn groups_come_and_go_without_a_trace() {
        let text = "Misc = {\n   x = 1;\n}\nVirtualToken = {\n}\nHASynchronize = {\n}\nHAConfiguration = {\n   \
                    HAOnly = 0;\n}\n";
        let mut file = Chrystoki::parse(text).unwrap();
        let mut group = Group::new(&file, "myHA", "154438865288");
        group.write(&mut file).unwrap();
        assert!(file.text().contains(
            "VirtualToken = {\n   VirtualToken00Label = myHA;\n   VirtualToken00SN = 1154438865288;\n   \
             VirtualToken00Members = 154438865288;\n}\nHASynchronize = {\n   myHA = 1;\n}"
        ));
        group.members.push("1238700701515".to_owned());
        group.standby.push("1238700701515".to_owned());
        group.write(&mut file).unwrap();
        assert_eq!(groups(&file), [group.clone()]);
        assert!(file.text().contains("myHAStandbyMembers = 1238700701515;"));
        let other = Group::new(&file, "other", "7");
        other.write(&mut file).unwrap();
        assert!(file.text().contains("VirtualToken01Label = other;"));
        group.remove("154438865288");
        assert_eq!(group.number(), "11238700701515");
        group.delete(&mut file).unwrap();
        other.delete(&mut file).unwrap();
        assert_eq!(file.text(), text);
    }

    #[test]
    fn a_request_for_recovery_is_a_number_that_grows() {
        let mut file = Chrystoki::parse("").unwrap();
        let [one, other] = ["one", "other"].map(|label| Group::new(&file, label, "7"));
        one.request_recovery(&mut file).unwrap();
        one.request_recovery(&mut file).unwrap();
        assert_eq!((one.requests(&file), other.requests(&file)), (2, 0));
        assert!(file.text().contains("HARecovery = {\n   one = 2;\n}"), "{}", file.text());
        one.delete(&mut file).unwrap();
        assert_eq!(one.requests(&file), 0);
    }

    #[test]
    fn a_setting_changes_itself_alone() {
        let mut file = Chrystoki::parse("# ours\n").unwrap();
        for change in [
            Change::Retry(-1),
            Change::Interval(120),
            Change::Recovery(Recovery::ActiveEnhanced),
            Change::Only(true),
            Change::Log(true),
            Change::LogPath("/var/log"),
            Change::LogLength(500_000),
        ] {
            change.write(&mut file).unwrap();
        }
        let set = Settings::of(&file);
        assert_eq!((set.retry, set.interval, set.log_length), (-1, 120, 500_000));
        assert!(set.only && set.log && set.recovery == Recovery::ActiveEnhanced);
        assert_eq!(set.log_file().as_deref(), Some("/var/log/haErrorLog.txt"));
        assert!(file.text().starts_with("# ours\nHAConfiguration = {\n   reconnAtt = -1;\n"));
    }
}
