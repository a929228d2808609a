//! A custom role with one command: its account can run exactly that command.

use std::collections::BTreeMap;

use luna_rest::{Call, Client, Method, Nothing, Resource, users};
use luna_shell::{CommandResult, Options, Role, Secrets, Status};
use luna_tests::{ScriptedTerminal, TestAppliance};
use lunash::SESSION_CALLS;

use crate::coverage::played_lines;

const NOT_UNDERSTOOD: u8 = Status::NotUnderstood as u8;
const PASSWORD: &str = "Only-1-command";

/// Runs lines in a LunaSH session of its own: the result of each.
fn run(appliance: &TestAppliance, user: Option<&str>, lines: &[String]) -> Vec<CommandResult> {
    let options = Options {
        user: user.map(str::to_owned),
        command: lines.to_vec(),
        output: luna_shell::Format::Json,
        ..Options::default()
    };
    let terminal = ScriptedTerminal::new(Vec::new(), false);
    let secrets = Secrets::only([("PASSWORD", PASSWORD)]);
    appliance.lunash(&terminal, options, secrets).unwrap();
    let screen = terminal.take_screen();
    let objects = screen.lines().filter(|line| line.starts_with('{'));
    let results: Vec<CommandResult> =
        objects.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(results.len(), lines.len(), "{screen}");
    results
}

/// Gives the account `jane` a role of its own, which has one command.
fn allow_only(appliance: &TestAppliance, client: &Client, role: &str, command: &str) {
    appliance.upload("role.txt", format!("{command}\n").as_bytes()).unwrap();
    let import = format!("user role import -file role.txt -role {role}");
    let made = run(appliance, None, &[import]);
    assert_eq!(made[0].status, 0, "{command}: {:?}", made[0].error);
    let role = Some(role.to_owned());
    let change = users::ChangeUser { role, ..users::ChangeUser::default() };
    client.call(&users::CHANGE, &["jane"], &change).unwrap();
}

/// Adds the account `jane`, with a password that is her own, and logs her in.
fn add_jane(appliance: &TestAppliance, client: &Client) -> Client {
    let temporary = "Temporary-1";
    let jane = users::NewUser {
        user_id: "jane".to_owned(),
        full_name: None,
        email: None,
        role: "monitor".to_owned(),
        password: temporary.into(),
    };
    client.call(&users::CREATE, &[], &jane).unwrap();
    let mut own = Client::connect(appliance.target().unwrap()).unwrap();
    own.login("jane", &temporary.into()).unwrap();
    let change = users::UserAction {
        password: Some(PASSWORD.into()),
        current_password: Some(temporary.into()),
    };
    own.call(&users::ACT, &["jane", "changePassword"], &change).unwrap();
    own
}

/// Sends a request to a resource, with a value in the place of each id: the identifier of its error.
fn error_of(client: &Client, resource: Resource) -> Option<String> {
    let filled =
        resource.template.split('/').map(|word| if word.starts_with('{') { "1" } else { word });
    let path: &'static str = filled.collect::<Vec<_>>().join("/").leak();
    let call: Call<Nothing, Nothing, 0> = match resource.method {
        Method::Get => Call::get(path),
        Method::Post => Call::post(path),
        Method::Put => Call::put(path),
        Method::Patch => Call::patch(path),
        Method::Delete => Call::delete(path),
    };
    let error = client.send(&call, &[], &Nothing {}).err()?;
    error.id().map(|id| id.to_string())
}

/// Commands that would take the appliance, its accounts or the session away: they are tried as far as
/// the question before.
const ASKED_ONLY: [&str; 5] = ["factoryReset", "zeroize", "reimage", "power", "reboot"];

#[test]
fn a_role_with_one_command_can_run_that_and_nothing_else() {
    let appliance = TestAppliance::with_network().unwrap();
    // The package that brings the last menus.
    appliance.cluster("prod").unwrap();
    let client = appliance.client().unwrap();
    let jane = add_jane(&appliance, &client);
    let mut lines: BTreeMap<usize, String> = BTreeMap::new();
    for played in played_lines().into_iter().filter(|played| played.shell == "lunash") {
        lines.entry(played.command).or_insert(played.line);
    }
    let commands = lunash::catalogue().commands;
    let may_be_allowed = |at: &usize| commands[*at].roles.contains(&Role::Admin);
    let tried: Vec<usize> = lines.keys().copied().filter(may_be_allowed).collect();
    let mut wrong = Vec::new();
    let mut succeeded = 0;
    for (at, neighbour) in tried.iter().zip(tried.iter().cycle().skip(1)) {
        let (command, other) = (commands[*at], commands[*neighbour]);
        let path = command.path();
        allow_only(&appliance, &client, &format!("only_{at}"), &path);
        let mut line = lines[at].clone();
        if ASKED_ONLY.iter().any(|word| path.contains(word)) {
            line = line.replace(" -force", "").replace(" -f", "");
        }
        let results = run(&appliance, Some("jane"), &[lines[neighbour].clone(), line.clone()]);
        let [refused, own] = &results[..] else { unreachable!("two lines, two results") };
        succeeded += usize::from(own.status == 0);
        let error = format!("{:?}", own.error);
        if own.status == NOT_UNDERSTOOD || error.contains("FRAMEWORK_NO_ACL_RULE") {
            wrong.push(format!("{path}: '{line}' is refused: {error}"));
        }
        if refused.status != NOT_UNDERSTOOD {
            wrong.push(format!("{path}: its role runs '{}'", lines[neighbour]));
        }
        let within = |call: &Resource| command.rest.contains(call) || SESSION_CALLS.contains(call);
        if let Some(call) = other.rest.iter().find(|call| !within(call))
            && error_of(&jane, *call).as_deref() != Some("FRAMEWORK_NO_ACL_RULE")
        {
            wrong.push(format!("{path}: its role may call {call}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The others fail for want of what their transcripts did before.
    assert!(succeeded > 150, "{succeeded} of {}", tried.len());
}
