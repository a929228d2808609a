//! This machine as a client of appliances, and its HA groups.

use luna_shell::Status;
use luna_tests::TestAppliance;

use super::{Bench, PARTITION};

/// Two appliances with a partition each, and this machine as their client with both in one group.
pub(super) fn pair() -> String {
    let [one, two] = ["hsm1", "hsm2"].map(|name| PARTITION.replace("hsm1", name));
    format!(
        "{one}{two}\n[client]\nname = \"web1\"\nconfiguration = \"client/Chrystoki.conf\"\n\
         partitions = {{ hsm1 = [\"app1\"], hsm2 = [\"app1\"] }}\n\
         [client.groups.ha1]\npartition = \"app1\"\nappliances = [\"hsm1\", \"hsm2\"]\n"
    )
}

#[test]
fn a_client_is_linked_with_two_appliances_and_has_an_ha_group() {
    let bench = Bench::several(2);
    bench.write(&pair());
    let (status, screen) = bench.apply();
    assert_eq!(status, Status::Success, "{screen}");
    assert!(
        screen.contains("hagroup creategroup -serialnumber <serial number of app1 on hsm1>"),
        "{screen}"
    );
    let file =
        std::fs::read_to_string(bench.appliance.client_folder().join("Chrystoki.conf")).unwrap();
    assert!(file.contains("VirtualToken00Label = ha1;"), "{file}");
    let members = file.lines().find(|line| line.contains("VirtualToken00Members")).unwrap();
    assert_eq!(members.matches(',').count(), 1, "{file}");
    let (status, screen) = bench.apply();
    let nothing = "Nothing to do: 2 appliances are as the file says.\n";
    assert_eq!((status, screen.as_str()), (Status::Success, nothing));
}

#[test]
fn members_of_an_ha_group_that_differ_are_refused_before_anything_is_done() {
    let bench = Bench::several(2);
    let (before, after) = pair()
        .split_once("[appliances.hsm2.hsm]")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    for (same, other, told) in [
        ("co_password = { file = \"co\" }", "co_password = { file = \"cu\" }", "Crypto Officer"),
        ("domain = { file = \"domain\" }", "domain = { file = \"first\" }", "cloning domain"),
    ] {
        let after = after.replacen(same, other, 1);
        bench.write(&format!("{before}[appliances.hsm2.hsm]{after}"));
        // The passwords of the accounts are changed first, or nothing can be seen.
        let (status, screen) = bench.apply();
        assert_eq!(status, Status::Refused, "{screen}");
        assert!(
            screen.contains("the members must have the same") && screen.contains(told),
            "{screen}"
        );
        assert!(bench.hsm().zeroized);
    }
}

/// The serial numbers of the partitions, and what the client's file says of who stands by.
fn standby(bench: &Bench) -> (Vec<String>, Option<String>) {
    let serials = bench.serials();
    let file = bench.chrystoki();
    let line = file.lines().find_map(|line| line.trim().strip_prefix("ha1StandbyMembers = "));
    (serials, line.map(|line| line.trim_end_matches(';').to_owned()))
}

impl Bench {
    pub(super) fn chrystoki(&self) -> String {
        std::fs::read_to_string(self.appliance.client_folder().join("Chrystoki.conf")).unwrap()
    }

    /// The serial number of each appliance's first partition.
    fn serials(&self) -> Vec<String> {
        use luna_rest::{hsm, partitions};
        let serial = |one: &TestAppliance| {
            let client = one.client().unwrap();
            let hsm = &client.get(&hsm::LIST, &[]).unwrap().hsms[0].id;
            client.get(&partitions::LIST, &[hsm]).unwrap().partitions[0].id.clone()
        };
        [&self.appliance].into_iter().chain(&self.others).map(serial).collect()
    }

    fn settles_as(&self, text: &str) -> String {
        self.write(text);
        let (status, screen) = self.apply();
        assert_eq!(status, Status::Success, "{screen}");
        assert_eq!(
            self.apply().1,
            "Nothing to do: 2 appliances are as the file says.\n",
            "{screen}"
        );
        screen
    }
}

#[test]
fn members_of_an_ha_group_stand_by_and_take_part_as_the_file_says() {
    let bench = Bench::several(2);
    let with = |line: &str| format!("{}{line}\n", pair());
    let screen = bench.settles_as(&with("standby = [\"hsm2\"]"));
    let line = "hagroup addstandby -serialnumber <serial number of app1 on hsm2> -group ha1";
    assert!(screen.contains(line), "{screen}");
    let (serials, by) = standby(&bench);
    assert_eq!(by.as_ref(), Some(&serials[1]));
    // The other one, although one has to take part at any time.
    bench.settles_as(&with("standby = [\"hsm1\"]"));
    assert_eq!(standby(&bench).1.as_ref(), Some(&serials[0]));
    // What the file does not say stays.
    bench.settles_as(&pair());
    assert_eq!(standby(&bench).1.as_ref(), Some(&serials[0]));
    for (standby, told) in [
        ("[\"hsm1\", \"hsm2\"]", "one at least has to take part"),
        ("[\"hsm3\"]", "'hsm3' is to stand by, and is none of its 'appliances'"),
    ] {
        bench.write(&with(&format!("standby = {standby}")));
        let (status, screen) = bench.apply();
        assert!(status == Status::Refused && screen.contains(told), "{screen}");
    }
    bench.settles_as(&with("standby = []"));
    assert_eq!(standby(&bench).1, None);

    let settings =
        "[client.ha]\nrecovery_mode = \"activeEnhanced\"\ninterval = 120\nretry = -1\nonly = true";
    let screen = bench.settles_as(&with(settings));
    assert!(screen.contains("4 lines: "), "{screen}");
    let file = bench.chrystoki();
    for line in [
        "VirtualTokenActiveRecovery = activeEnhanced;",
        "AutoReconnectInterval = 120;",
        "reconnAtt = -1;",
        "HAOnly = 1;",
    ] {
        assert!(file.contains(line), "{file}");
    }
    bench.settles_as(&with(&settings.replace("true", "false")));
    assert!(bench.chrystoki().contains("HAOnly = 0;"));
}
