//! This machine as a client of appliances, and its HA groups.

use luna_shell::Status;

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
