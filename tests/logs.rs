//! What the programs and the appliance log of a session at the level trace, which holds no secret.

use std::fs::File;
use std::process::Command;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use luna_grammar::Outcome;
use luna_rest::hsm;
use luna_shell::{Catalogue, Options, Secrets, Session, after_help};
use luna_tests::{ScriptedTerminal, TestAppliance};

use crate::lunacm::assign;
use crate::secrets::is_secret;

/// The variable that tells the test that it has the process for itself.
const ALONE: &str = "LUNA_TEST_ALONE";
/// Every secret; what is percent-encoded in a path differs from it.
const SECRET: &str = "zqM4rked%Secret-1";
/// What stands for every other value: a name, a label, a serial number.
const VALUE: &str = "496771";

/// What the others need, and commands whose secrets have no option.
const BEFORE: [&str; 4] = [
    "hsm login",
    "partition create -partition 496771 -force",
    "user add -username app1 -role operator",
    "user password app1",
];

/// A value for a placeholder: the first of those that it lists, the lowest of a range.
fn value_of(placeholder: &str) -> &str {
    let allowed = placeholder.trim_matches(['<', '>']).split_once(':').map(|(_, allowed)| allowed);
    allowed.and_then(|allowed| allowed.split(['|', '-']).next()).unwrap_or(VALUE)
}

/// A command with what it needs, and all its secrets.
fn line(syntax: &str) -> String {
    let mut line = Vec::new();
    let (mut depth, mut skipped) = (0, false);
    let words: Vec<&str> = syntax.split_whitespace().collect();
    for (at, word) in words.iter().enumerate() {
        depth += word.matches('[').count();
        let optional = depth > 0;
        depth -= word.matches(']').count();
        let bare = word.trim_matches(['[', ']', '{', '}']);
        let value = words.get(at + 1).map_or("", |next| next.trim_matches(['[', ']', '{', '}']));
        match bare {
            "|" => skipped = true,
            // Of an alternative that is an option, its value too.
            _ if skipped => skipped = bare.starts_with('-') && value.starts_with('<'),
            _ if bare.starts_with('-') && optional && !is_secret(value) => {
                skipped = value.starts_with('<') || value.contains(',');
            }
            _ if bare.starts_with('<') => {
                line.push(if is_secret(bare) { SECRET } else { value_of(bare) });
            }
            _ => line.push(bare.split('|').next().unwrap_or_default()),
        }
    }
    line.join(" ")
}

/// The lines of all commands with a secret, those that are understood.
fn lines<S: Session>(catalogue: &Catalogue<S>) -> Vec<String> {
    let with_secrets = catalogue.commands.iter().filter(|command| {
        command
            .syntax
            .split_whitespace()
            .any(|word| is_secret(word.trim_matches(['[', ']', '{', '}'])))
    });
    let all: Vec<String> = with_secrets.map(|command| line(command.syntax)).collect();
    let is_understood =
        |line: &&String| matches!(catalogue.grammar.resolve(line), Outcome::Match(_));
    let understood: Vec<String> = all.iter().filter(is_understood).cloned().collect();
    let rest: Vec<&String> = all.iter().filter(|line| !is_understood(line)).collect();
    assert!(understood.len() * 10 >= all.len() * 9, "not played: {rest:#?}");
    understood
}

/// The secrets of the environment, all with the same value.
fn secrets() -> Secrets {
    let help = after_help();
    let names = help.lines().filter_map(|line| line.trim().strip_prefix("LUNA_"));
    let names = names.filter_map(|line| line.split_once("  ")).map(|(name, _)| name);
    Secrets::only(names.map(|name| (name, SECRET)))
}

fn options(command: Vec<String>) -> Options {
    Options { command, yes: true, ..Options::default() }
}

fn play() {
    let appliance = TestAppliance::new().unwrap();
    let terminal = ScriptedTerminal::new(Vec::new(), false);
    appliance.backup_hsm(VALUE).unwrap();
    appliance.upload(VALUE, b"no package").unwrap();
    let (of_cluster, mut commands): (Vec<String>, _) = lines(&lunash::catalogue())
        .into_iter()
        .partition(|line| line.starts_with("cluster ") || line.starts_with("keyring "));
    // First of all, since it takes the partitions away.
    commands.sort_by_key(|line| !line.starts_with("hsm init"));
    commands.splice(1..1, BEFORE.map(str::to_owned));
    appliance.lunash(&terminal, options(commands), secrets()).unwrap();
    let screen = terminal.take_screen();
    assert!(screen.matches("Command Result : 0 (Success)").count() > 7, "{screen}");

    // Wrong ones are sent like right ones.
    let member = TestAppliance::with_network().unwrap();
    member.cluster("prod").unwrap();
    member.lunash(&terminal, options(of_cluster.clone()), secrets()).unwrap();
    let screen = terminal.take_screen();
    assert_eq!(screen.matches("Command Result").count(), of_cluster.len(), "{screen}");
    assert!(of_cluster.len() > 8 && !screen.contains("There is no command"), "{screen}");

    let client = appliance.client().unwrap();
    let hsm = client.get(&hsm::LIST, &[]).unwrap().hsms.remove(0).id;
    assign(&client, &hsm, VALUE, "app.example.com", &[0]);
    let roles = lines(&lunacm::catalogue()).into_iter().map(|line| {
        let line = line.replace("-name 496771", "-name co").replace("-slot 496771", "-slot 0");
        line.replace("-server 496771", "-server 127.0.0.1")
    });
    let first = [
        "partition init -label 496771 -force",
        "role login -name po",
        "role changepw -name po -force",
        "role init -name co",
    ];
    let commands = first.map(str::to_owned).into_iter().chain(roles).collect();
    appliance.lunacm(&terminal, options(commands), secrets(), Some(VALUE.into())).unwrap();
    let screen = terminal.take_screen();
    assert!(screen.matches("No Error").count() > 5, "{screen}");

    let mut client = luna_rest::Client::connect(appliance.target().unwrap()).unwrap();
    client.login("admin", &SECRET.to_owned().into()).unwrap_err();
}

#[test]
fn no_secret_is_in_a_log() {
    if std::env::var_os(ALONE).is_none() {
        // The subscriber is one for a whole process.
        let mut alone = Command::new(std::env::current_exe().unwrap());
        alone.args(["--exact", "logs::no_secret_is_in_a_log"]).env(ALONE, "");
        let output = alone.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let failed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.contains("1 passed"), "{said}{failed}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    tracing_subscriber::fmt()
        .with_env_filter("trace")
        .with_writer(Mutex::new(File::create(&path).unwrap()))
        .with_ansi(false)
        .init();
    play();
    let log = std::fs::read_to_string(path).unwrap();
    for logged in ["/users/admin", "hyper", "resource=PUT /api/lunasa/hsms", "hsm login"] {
        assert!(log.contains(logged), "no {logged} in {} bytes", log.len());
    }
    let encoded = ["", "admin:"].map(|user| STANDARD.encode(format!("{user}{SECRET}")));
    let percent = SECRET.replace('%', "%25");
    let bytes = format!("{:?}", SECRET.as_bytes());
    for form in [SECRET, &percent, &bytes, "zqM4rked", &encoded[0], &encoded[1]] {
        let found = log.lines().find(|line| line.contains(form.trim_matches(['[', ']', '='])));
        assert_eq!(found, None, "{form}");
    }
}
