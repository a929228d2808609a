//! Names for Tab where the appliance's own shell is the only way: read from what it lists.

use std::sync::Mutex;
use std::time::Duration;

use luna_shell::Failure;
use zeroize::Zeroizing;

use super::link::{Asker, Link, Order};
use super::lock;
use super::reader::Question;

/// How the names stand in a list.
type Names = fn(&str) -> Vec<String>;

/// Placeholders, each with the command that lists what it can be.
const LISTED: &[(&str, &str, Names)] = &[
    ("client_name", "client list", clients),
    ("partition_name", "partition list", second_column),
    ("username", "user list", below_dashes),
    ("role_name", "user role list", below_dashes),
    ("service_name", "service list", services),
    ("cluster_id", "cluster list", ids),
    ("member_id", "cluster member list", ids),
    ("cluster_client", "cluster client list", ids),
    ("keyring_id", "keyring list", ids),
    ("keyring_label", "keyring list", second_column),
];

/// Length of a UUID.
const ID: usize = 36;

/// The names that a placeholder can take. A list that was late is there at the next Tab; while nothing is open,
/// there are none.
pub(super) fn of(link: &Mutex<Link>, placeholder: &str, limit: Duration) -> Vec<String> {
    let listed = LISTED.iter().find(|(listed, ..)| *listed == placeholder);
    let Some((_, command, names)) = listed else { return Vec::new() };
    let mut link = lock(link);
    if let Some((_, text)) = link.listed.as_ref().filter(|(listed, _)| listed == command) {
        return names(text);
    }
    let order = Order { command: (*command).to_owned(), ..Order::default() };
    let asked = link.is_open().then(|| link.ask(command, &order, &mut Quiet(limit)));
    let Some(Ok(answer)) = asked else { return Vec::new() };
    let done = answer.result.is_some_and(|(code, _)| code == 0);
    let text = if done { answer.text } else { String::new() };
    let found = names(&text);
    link.listed = Some((command, text));
    found
}

/// Nobody, who waits so long.
struct Quiet(Duration);

impl Asker for Quiet {
    fn limit(&self) -> Duration {
        self.0
    }

    fn interrupted(&self) -> bool {
        false
    }

    fn waiting(&self) {}

    fn answer(&mut self, _: &Question) -> Result<Zeroizing<String>, Failure> {
        Err(Failure::refused("A question had no answer."))
    }

    fn ssh(&mut self, _: &str, _: bool) -> Result<Option<Zeroizing<String>>, Failure> {
        Err(Failure::refused("A question had no answer."))
    }

    fn hear(&mut self, _: &str) {}
}

fn clients(text: &str) -> Vec<String> {
    let numbered = text.lines().filter_map(|line| line.strip_prefix("registered client "));
    numbered.filter_map(|line| Some(line.split_once(": ")?.1.to_owned())).collect()
}

fn services(text: &str) -> Vec<String> {
    let described = text.lines().filter_map(|line| line.split_once(" - "));
    described.map(|(name, _)| name.trim().to_owned()).collect()
}

fn ids(text: &str) -> Vec<String> {
    let is_id = |word: &&str| {
        word.len() == ID
            && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
            && word.matches('-').count() == 4
    };
    text.lines().filter_map(|line| line.split_whitespace().find(is_id)).map(str::to_owned).collect()
}

/// The rows of a table below the line that is drawn with `sign`, and that line.
fn rows(text: &str, sign: char) -> Option<(&str, impl Iterator<Item = &str>)> {
    let mut lines = text.lines();
    let drawn = |line: &&str| {
        !line.trim().is_empty() && line.chars().all(|c| c == sign || c.is_whitespace())
    };
    let rule = lines.find(drawn)?;
    Some((rule, lines.take_while(|line| !line.trim().is_empty())))
}

/// The first word of each row.
fn below_dashes(text: &str) -> Vec<String> {
    let rows = rows(text, '-').into_iter().flat_map(|(_, rows)| rows);
    rows.filter_map(|row| row.split_whitespace().next()).map(str::to_owned).collect()
}

/// What stands below the second of the lines that are drawn; the second word where there is one line for all, as
/// in 5.x.
fn second_column(text: &str) -> Vec<String> {
    let Some((rule, rows)) = rows(text, '=') else { return Vec::new() };
    let column = || {
        let first = rule.find('=')?;
        let gap = first + rule[first..].find(' ')?;
        let start = gap + rule[gap..].find('=')?;
        let length = rule[start..].find(' ').unwrap_or(rule.len() - start);
        Some((start, start + length))
    };
    let column = column();
    let name = |row: &str| match column {
        Some((start, end)) => Some(row.get(start..end.min(row.len()))?.trim().to_owned()),
        None => row.split_whitespace().nth(1).map(str::to_owned),
    };
    rows.filter_map(name).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(placeholder: &str, text: &str) -> Vec<String> {
        let (.., names) = LISTED.iter().find(|(listed, ..)| *listed == placeholder).unwrap();
        names(text)
    }

    #[test]
    fn every_list_is_a_command_and_every_placeholder_is_declared() {
        let catalogue = crate::catalogue();
        for (placeholder, list, _) in LISTED {
            assert!(catalogue.commands.iter().any(|command| command.path() == *list), "{list}");
            let placeholder = format!("<{placeholder}>");
            let mut declared = catalogue.commands.iter().map(|command| command.syntax);
            assert!(declared.any(|syntax| syntax.contains(&placeholder)), "{placeholder}");
        }
    }

    #[test]
    fn names_are_read_from_the_lists_of_both_layouts() {
        let clients = "\nregistered client 1: app1\nregistered client 2: web 2\n\n";
        assert_eq!(of("client_name", clients), ["app1", "web 2"]);
        assert_eq!(of("client_name", "\nNo clients are registered.\n"), [""; 0]);
        let newer = "
                                                       Partition    Storage
Partition            Name                              Version      Objects
===================  ================================  ===========  =======
9949110273082        app1                              0                  0
9949110822857        second app                        1                  0

";
        assert_eq!(of("partition_name", newer), ["app1", "second app"]);
        let older = "
 Partition    Name                     Objects     Total      Used      Free
 ===========================================================================
 157826004    testPar1                       0    102701         0    102701
 157826011    testPar2                       2    102701         0    102701

";
        assert_eq!(of("partition_name", older), ["testPar1", "testPar2"]);
        assert_eq!(of("partition_name", "\n   There are no partitions.\n"), [""; 0]);
        let users = "
               Users       Roles      Status      RADIUS
--------------------    --------    --------    --------
               admin       admin     enabled          no
                 bob                 enabled          no

";
        assert_eq!(of("username", users), ["admin", "bob"]);
        let services = "\n   The following are valid service names:\n      ntls      - Links\n";
        assert_eq!(of("service_name", services), ["ntls"]);
        let keyrings = "
Keyring ID                            Keyring Label
====================================  ================================
2219b805-88df-4ec2-bc37-73f1a21c128f  web
38f5d1cc-46cc-493a-903a-4945ba35c90d  my app

";
        assert_eq!(of("keyring_label", keyrings), ["web", "my app"]);
        assert_eq!(of("keyring_id", keyrings).len(), 2);
        assert_eq!(
            of("member_id", "P*    fcfa4bea-2ff6-45b0-9e6a-bd446c76fc77  LNH-9949110\n"),
            ["fcfa4bea-2ff6-45b0-9e6a-bd446c76fc77"]
        );
    }
}
