//! What an appliance has, read from the screens of its own shell: for appliances that are reached over SSH alone.
//!
//! Lines are found by their labels, and columns by the line of `=` or `-` under their heads, as those differ in width from
//! release to release. A screen that does not have what is looked for is an error: nothing is planned on a guess.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use luna_rest::{hsm, ntls, partitions, syslog};
use luna_shell::{Failure, quoted};

use crate::state::{Appliance, Client, Hsm, OnOff, Partition, Parts, Role};

/// Types a line of LunaSH: what its screen shows.
pub type Ask<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<String>, Failure>;

impl Appliance {
    /// Reads these parts, and the HSM with its partitions. What no screen tells stays unknown: certificates of clients, and
    /// clusters.
    ///
    /// # Errors
    /// A line fails, or its screen is one that is not known.
    pub fn read_screens(ask: Ask<'_>, parts: Parts) -> Result<Appliance, Failure> {
        let hsm = hsm(&ask("hsm show")?)?;
        let mut read = Appliance { hsm, of_screens: true, ..Appliance::default() };
        read.hsm.policies =
            policies(&ask("hsm showPolicies")?).map(|row| (row.code, row.of_hsm())).collect();
        for name in names_of_partitions(&ask("partition list")?)? {
            let shown = ask(&format!("partition show -partition {}", quoted(&name)))?;
            let mut partition = partition(&shown)?;
            let shown = ask(&format!("partition showPolicies -partition {}", quoted(&name)))?;
            partition.policies =
                policies(&shown).map(|row| (row.code, row.of_partition())).collect();
            read.partitions.push(partition);
        }
        if parts.clients {
            for name in names_of_clients(&ask("client list")?) {
                let shown = ask(&format!("client show -client {}", quoted(&name)))?;
                let client = client(&shown, &read.partitions)?;
                read.clients.insert(name, client);
            }
        }
        if parts.ntls {
            read.binding = Some(binding(&ask("ntls show")?)?);
            let shown = ask("ntls ipcheck show")?;
            let value = value(&shown, "NTLS client source IP validation")?;
            read.ip_check = Some(value.starts_with("Enable"));
        }
        if parts.ntp {
            let shown = ask("sysconf ntp listservers")?;
            let server = |line: &String| Some(line.strip_prefix("server ")?.trim().to_owned());
            let servers = shown.iter().filter_map(server);
            // The appliance's own clock, which nobody has added.
            read.ntp_servers = servers.filter(|one| !one.starts_with("127.127.")).collect();
            read.ntp = Some(on_off(&ask("sysconf ntp status")?, "NTP")?);
        }
        if parts.syslog {
            read.syslog = ask("syslog remotehost list")?.iter().filter_map(|it| host(it)).collect();
        }
        if parts.snmp {
            let shown = ask("sysconf snmp user list")?;
            read.snmp_users = below_rule(&shown).map(|line| line.trim().to_owned()).collect();
            read.snmp = Some(on_off(&ask("sysconf snmp show")?, "SNMP")?);
        }
        if parts.users {
            read.users = users(&ask("user list")?)?;
        }
        if parts.ssh_keys {
            read.ssh_keys = Some(fingerprints(&ask("my public-key list")?));
        }
        Ok(read)
    }
}

fn unknown(what: &str) -> Failure {
    Failure::command(format!("The appliance's shell does not show {what} in a form that is known."))
        .hint("--via rest reads over its REST API")
}

/// What stands behind a label and its colon.
fn value<'s>(shown: &'s [String], label: &str) -> Result<&'s str, Failure> {
    let found = shown.iter().find_map(|line| {
        let rest = line.trim_start().strip_prefix(label)?.trim_start().strip_prefix(':')?;
        Some(rest.trim())
    });
    found.ok_or_else(|| unknown(label))
}

/// Whether a text is a rule under the heads of columns, or under a title.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() > 2 && line.chars().all(|c| matches!(c, '=' | '-' | ' '))
}

/// The lines below the last rule that are not empty.
fn below_rule(shown: &[String]) -> impl Iterator<Item = &String> {
    let rule = shown.iter().rposition(|line| is_rule(line));
    let lines = rule.map_or(&[][..], |rule| &shown[rule + 1..]);
    lines.iter().filter(|line| !line.trim().is_empty())
}

fn hsm(shown: &[String]) -> Result<Hsm, Failure> {
    let left = value(shown, "HSM Admin login attempts left")?;
    Ok(Hsm {
        serial: value(shown, "Serial #")?.to_owned(),
        label: value(shown, "HSM Label")?.to_owned(),
        initialized: !left.contains("ZEROIZED"),
        multifactor: value(shown, "Authentication Method")?.starts_with("PED"),
        policies: BTreeMap::new(),
    })
}

/// A row of a table of policies.
struct Row {
    name: String,
    value: u32,
    code: u32,
    /// `No`, `Yes`, or the direction in which a change erases.
    destructive: String,
}

impl Row {
    /// On an HSM all that is destructive zeroizes, as the screen says.
    fn of_hsm(self) -> hsm::Policy {
        let destructive = self.destructive != "No";
        hsm::Policy {
            id: self.code.to_string(),
            name: self.name,
            value: self.value,
            changeable: true,
            destructive,
            zeroizes: destructive,
            ..hsm::Policy::default()
        }
    }

    fn of_partition(self) -> partitions::Policy {
        let (on_to_off, off_to_on) = match self.destructive.as_str() {
            "No" => (false, false),
            "On-to-Off" => (true, false),
            "Off-to-On" => (false, true),
            _ => (true, true),
        };
        partitions::Policy {
            id: self.code.to_string(),
            name: self.name,
            value: self.value,
            on_to_off_destructive: on_to_off,
            off_to_on_destructive: off_to_on,
            ..partitions::Policy::default()
        }
    }
}

/// The policies that may be changed: the rows that end with value, code and whether a change erases.
fn policies(shown: &[String]) -> impl Iterator<Item = Row> {
    shown.iter().filter_map(|line| {
        let mut words = line.split_whitespace().rev();
        let destructive = words.next()?.to_owned();
        let code = words.next()?.parse().ok()?;
        let value = match words.next()? {
            "On" => 1,
            "Off" => 0,
            number => number.parse().ok()?,
        };
        let mut name: Vec<&str> = words.collect();
        name.reverse();
        Some(Row { name: name.join(" "), value, code, destructive })
    })
}

/// Where the columns are that a rule underlines.
fn columns(rule: &str) -> Vec<Range<usize>> {
    let mut columns: Vec<Range<usize>> = Vec::new();
    for (place, _) in rule.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        match columns.last_mut() {
            Some(last) if last.end == place => last.end += 1,
            _ => columns.push(place..place + 1),
        }
    }
    columns
}

/// The second column; a name may hold blanks.
fn names_of_partitions(shown: &[String]) -> Result<Vec<String>, Failure> {
    let Some(rule) = shown.iter().rfind(|line| line.trim_start().starts_with("===")) else {
        // Without a partition there is no table.
        let none = shown.iter().any(|line| line.contains("no partition"));
        return if none || shown.is_empty() { Ok(Vec::new()) } else { Err(unknown("partitions")) };
    };
    let [_, names, ..] = &columns(rule)[..] else { return Err(unknown("partitions")) };
    let rows = below_rule(shown)
        .filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit()));
    let name = |line: &String| line.get(names.clone()).map(|name| name.trim().to_owned());
    rows.map(|line| name(line).ok_or_else(|| unknown("partitions"))).collect()
}

fn partition(shown: &[String]) -> Result<Partition, Failure> {
    let without = |role: &str| {
        let text = format!("{role} is not initialized.");
        shown.iter().any(|line| line.trim() == text)
    };
    let about = |role: &str, what: &str| {
        shown.iter().find_map(|line| {
            let rest = line.trim().strip_prefix(role)?.trim_start().strip_prefix(what)?;
            Some(rest.trim_start_matches(':').trim().to_owned())
        })
    };
    // Before release 7 a partition has one owner.
    let initialized = match (without("Partition SO"), about("Partition SO", "Login Attempts Left"))
    {
        (true, _) => false,
        (false, Some(_)) => true,
        (false, None) => return Err(unknown("the Partition SO")),
    };
    let role = |name: &str| Role {
        initialized: !without(name) && about(name, "Login Attempts Left").is_some(),
        to_be_changed: about(name, "PIN To Be Changed").is_some_and(|due| due == "yes"),
    };
    let storage = value(shown, "Partition Storage Information (Bytes)")?;
    let total = storage.split(',').find_map(|part| part.trim().strip_prefix("Total="));
    let number = |text: Option<&str>| {
        text.and_then(|text| text.parse().ok()).ok_or_else(|| unknown("the storage of a partition"))
    };
    Ok(Partition {
        serial: value(shown, "Partition SN")?.to_owned(),
        name: value(shown, "Partition Name")?.to_owned(),
        label: value(shown, "Partition Label")?.to_owned(),
        // Releases that have no versions have the first one.
        version: value(shown, "Partition Version").ok().and_then(|it| it.parse().ok()).unwrap_or(0),
        size: number(total)?,
        objects: number(value(shown, "Partition Object Count").ok())?,
        initialized,
        co: role("Crypto Officer"),
        cu: role("Crypto User"),
        policies: BTreeMap::new(),
    })
}

fn names_of_clients(shown: &[String]) -> Vec<String> {
    let name = |line: &String| {
        let rest = line.trim().strip_prefix("registered client ")?;
        Some(rest.split_once(':')?.1.trim().to_owned())
    };
    shown.iter().filter_map(name).collect()
}

/// A client, whose partitions are shown by name.
fn client(shown: &[String], partitions: &[Partition]) -> Result<Client, Failure> {
    let mut serials = BTreeSet::new();
    // Names with commas in them stand in quotation marks as all do.
    for name in value(shown, "Partitions")?.split('"').skip(1).step_by(2) {
        let found = partitions.iter().find(|partition| partition.name == name);
        serials.insert(found.ok_or_else(|| unknown("the partitions of a client"))?.serial.clone());
    }
    let address = |label: &str| value(shown, label).map(str::to_owned).unwrap_or_default();
    let (hostname, ip) = (address("Hostname"), address("IPAddress"));
    if hostname.is_empty() && ip.is_empty() {
        return Err(unknown("the address of a client"));
    }
    Ok(Client { hostname, ip, certificate: None, partitions: serials })
}

fn binding(shown: &[String]) -> Result<ntls::Binding, Failure> {
    let current =
        shown.iter().find_map(|line| line.trim().strip_prefix("NTLS is currently bound to "));
    let active = current.and_then(|line| line.rsplit_once('(')?.1.strip_suffix(')'));
    let active = active.ok_or_else(|| unknown("what NTLS is bound to"))?.to_owned();
    let due = shown.iter().find_map(|line| {
        let rest = line.trim().strip_prefix("NTLS is configured to bind to ")?;
        rest.split([',', ' ']).next().map(str::to_owned)
    });
    let restart_needed = due.is_some();
    Ok(ntls::Binding { device: due.unwrap_or_else(|| active.clone()), active, restart_needed })
}

/// A service whose screen says `X is running` or `X is not running`, and `X is enabled` or `X is disabled`.
fn on_off(shown: &[String], name: &str) -> Result<OnOff, Failure> {
    let says = |what: &str| {
        let text = format!("{name} is {what}");
        shown.iter().any(|line| line.trim() == text)
    };
    let is = |yes: &str, no: &str| match (says(yes), says(no)) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(unknown(&format!("whether {name} is {yes}"))),
    };
    Ok(OnOff { running: is("running", "not running")?, on_boot: is("enabled", "disabled")? })
}

/// A row of the remote hosts, `ADDRESS:PORT, PROTOCOL`.
fn host(line: &str) -> Option<syslog::RemoteHost> {
    let (address, protocol) = line.trim().split_once(", ")?;
    let (address, port) = address.rsplit_once(':')?;
    Some(syslog::RemoteHost {
        address: address.to_owned(),
        port: port.parse().ok()?,
        protocol: protocol.split(',').next()?.trim().to_owned(),
        ..syslog::RemoteHost::default()
    })
}

/// Accounts with their roles, each at the right of its column; an account may have no role yet.
fn users(shown: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let rule = shown.iter().rfind(|line| is_rule(line)).ok_or_else(|| unknown("accounts"))?;
    let [users, roles, ..] = &columns(rule)[..] else { return Err(unknown("accounts")) };
    let row = |line: &String| {
        let cell = |at: Range<usize>| line.get(at).map(|cell| cell.trim().to_owned());
        Some((cell(0..users.end)?, cell(users.end..roles.end.min(line.len()))?))
    };
    below_rule(shown).map(|line| row(line).ok_or_else(|| unknown("accounts"))).collect()
}

fn fingerprints(shown: &[String]) -> BTreeSet<String> {
    let words = shown.iter().flat_map(|line| line.split_whitespace());
    words.filter(|word| word.starts_with("SHA256:")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Screens of 7.8, by the lines that show them.
    const SCREENS: &[(&str, &str)] = &[
        (
            "hsm show",
            "   HSM Details:\n   ============\n   HSM Label:                          pay\n   Serial #:                           \
             9170042\n   Authentication Method:              Password\n   HSM Admin login attempts left:      3 before \
             HSM zeroization!\n   Partition:        9170042402762, Name: p1",
        ),
        (
            "hsm showPolicies",
            "   Description                              Value\n   Performance level                        15\n   \
             PIN-based authentication                 True\n   Description                              Value        \
             Code      Destructive\n   ===========                              =====        ====      ===========\n   \
             Allow masking                            On           6         Yes\n   Force user PIN change after \
             set/reset    On           21        No\n   Current maximum number of partitions     10           33        No",
        ),
        (
            "partition list",
            "                                                                              Storage (bytes)\n            \
             \x20                                          Partition    ----------------------------------\n\
             Partition            Name                              Version      Objects  Total     Used     Free\n\
             ===================  ================================  ===========  =======  =======  =======  =======\n\
             9170042402762        p 1                               0                  0   648381        0   648381\n\
             9170042306983        p2                                0                  0   648381        0   648381",
        ),
        (
            "partition show -partition \"p 1\"",
            "   Partition Name:                            p 1\n   Partition SN:                              9170042402762\n   \
             Partition Label:                           one\n   Partition Version:                         1\n   Partition SO  \
             \x20  PIN To Be Changed:        no\n   Partition SO     Login Attempts Left:      10\n   Crypto Officer   PIN To Be \
             Changed:        yes\n   Crypto Officer   Login Attempts Left:      10\n   Crypto User is not initialized.\n   \
             Partition Storage Information (Bytes):     Total=648381, Used=0, Free=648381\n   Partition Object Count:          \
             \x20         7",
        ),
        (
            "partition showPolicies -partition \"p 1\"",
            "   Max failed user logins allowed           10\n   Max failed user logins allowed           10           20        No\n   \
             Allow DigestKey                          Off          9         Off-to-On\n   Partition Version                        \
             0            41        On-to-Off",
        ),
        (
            "partition show -partition p2",
            "   Partition Name:                            p2\n   Partition SN:                              9170042306983\n   \
             Partition Label:\n   Partition SO is not initialized.\n   Crypto Officer is not initialized.\n   Crypto User is not \
             initialized.\n   Partition Storage Information (Bytes):     Total=648381, Used=0, Free=648381\n   Partition \
             Object Count:                    0",
        ),
        ("partition showPolicies -partition p2", ""),
        ("client list", "registered client 1: app1\nregistered client 2: app2"),
        (
            "client show -client app1",
            "ClientID:     app1\nHostname:     app1.example.com\nPartitions:   \"p 1\", \"p2\"",
        ),
        (
            "client show -client app2",
            "ClientID:     app2\nIPAddress:    192.0.2.7\nPartitions:   <none>",
        ),
        (
            "ntls show",
            "NTLS is configured to bind to eth0, but it is not active at this time.\nNTLS will bind to eth0 if it's \
             active and has a valid IP address when NTLS restarts.\nNTLS is currently bound to IP Address: \"0.0.0.0\" (all)",
        ),
        ("ntls ipcheck show", "NTLS client source IP validation : Enable"),
        (
            "sysconf ntp listservers",
            "=====\nNTP Servers:\nserver 127.127.1.0\nserver ntp1.example.com\n=====",
        ),
        ("sysconf ntp status", "NTP is running\nNTP is enabled\nPeers:\n====="),
        (
            "syslog remotehost list",
            "Remote logging server(s):\n=========================\n\n  log.example.com:514, tcp",
        ),
        ("sysconf snmp user list", "SNMP Users:\n-----------\nmonitor"),
        ("sysconf snmp show", "SNMP is not running\n\nSNMP is disabled"),
        (
            "user list",
            "               Users       Roles      Status      RADIUS\n--------------------    --------    --------    --------\n\
             \x20              admin       admin     enabled          no\n                 bob                 enabled          no",
        ),
        (
            "my public-key list",
            "SSH Public Keys for user 'admin':\nName        Type     Bits    Fingerprint\n-----\nroot@vm     ssh-ed25519 \
             256     SHA256:scaNrbNffk6W",
        ),
    ];

    fn read(screens: &[(&str, &str)]) -> Result<Appliance, Failure> {
        let mut ask = |line: &str| {
            let found = screens.iter().find(|(typed, _)| *typed == line);
            let (_, screen) = found.unwrap_or_else(|| panic!("'{line}' is not known"));
            Ok(screen.lines().map(str::to_owned).collect())
        };
        Appliance::read_screens(&mut ask, Parts::ALL)
    }

    #[test]
    fn each_screen_is_read() {
        let read = read(SCREENS).unwrap();
        assert_eq!((read.hsm.serial.as_str(), read.hsm.label.as_str()), ("9170042", "pay"));
        assert!(read.hsm.initialized && !read.hsm.multifactor);
        let values: Vec<_> =
            read.hsm.policies.iter().map(|(code, it)| (*code, it.value, it.zeroizes)).collect();
        assert_eq!(values, [(6, 1, true), (21, 1, false), (33, 10, false)]);
        let [one, two] = &read.partitions[..] else { panic!("{:?}", read.partitions) };
        assert_eq!((one.name.as_str(), one.label.as_str(), one.version), ("p 1", "one", 1));
        assert_eq!((one.size, one.objects, one.initialized), (648_381, 7, true));
        assert_eq!(one.co, Role { initialized: true, to_be_changed: true });
        assert_eq!(one.cu, Role::default());
        assert_eq!(one.policies[&20].value, 10);
        assert!(one.policies[&9].off_to_on_destructive && one.policies[&41].on_to_off_destructive);
        assert!(!two.initialized && !two.co.initialized && two.policies.is_empty());
        let clients = &read.clients;
        assert_eq!(clients["app1"].hostname, "app1.example.com");
        assert_eq!(clients["app1"].partitions.len(), 2);
        assert_eq!(
            (clients["app2"].ip.as_str(), clients["app2"].partitions.len()),
            ("192.0.2.7", 0)
        );
        let binding = read.binding.unwrap();
        assert_eq!((binding.device.as_str(), binding.active.as_str()), ("eth0", "all"));
        assert!(binding.restart_needed && read.ip_check == Some(true));
        assert_eq!(read.ntp_servers, ["ntp1.example.com"]);
        assert_eq!(read.ntp, Some(OnOff { on_boot: true, running: true }));
        assert_eq!(read.snmp, Some(OnOff { on_boot: false, running: false }));
        let host = &read.syslog[0];
        assert_eq!(
            (host.address.as_str(), host.port, host.protocol.as_str()),
            ("log.example.com", 514, "tcp")
        );
        assert_eq!(read.snmp_users, BTreeSet::from(["monitor".to_owned()]));
        let users: Vec<_> =
            read.users.iter().map(|(name, role)| (name.as_str(), role.as_str())).collect();
        assert_eq!(users, [("admin", "admin"), ("bob", "")]);
        assert_eq!(read.ssh_keys.unwrap().len(), 1);
    }

    /// Nothing is planned on a guess: whatever line of a screen is missing, it is an error or the rest is as it was.
    #[test]
    fn a_screen_that_is_not_known_is_an_error() {
        for (line, label) in [
            ("hsm show", "Serial #"),
            ("hsm show", "HSM Admin login attempts left"),
            ("partition show -partition p2", "Partition SO is"),
            ("partition show -partition p2", "Partition SN"),
            ("client show -client app2", "IPAddress"),
            ("ntls show", "NTLS is currently"),
            ("sysconf ntp status", "NTP is enabled"),
        ] {
            let mut screens = SCREENS.to_vec();
            let screen = screens.iter_mut().find(|(typed, _)| *typed == line).unwrap();
            let kept: Vec<&str> = screen.1.lines().filter(|one| !one.contains(label)).collect();
            let kept = kept.join("\n");
            screen.1 = &kept;
            let failure = read(&screens).unwrap_err();
            assert!(
                failure.message.contains("in a form that is known"),
                "{line}: {}",
                failure.message
            );
        }
    }
}
