//! Typed lines and what they mean: real lines, failures by rank, help, arguments.

#[path = "../benches/commands/mod.rs"]
mod commands;

use commands::grammar;
use luna_grammar::{Declaration, Grammar, Menu, Outcome};
use serde::Deserialize;

/// The canonical line, or the name of another outcome with what is in it.
fn read(grammar: &Grammar, line: &str) -> String {
    match grammar.resolve(line) {
        Outcome::Empty => "empty".to_owned(),
        Outcome::Help(text) => format!("help: {}", text.lines().next().unwrap_or_default()),
        Outcome::Match(line) => line.canonical(),
        Outcome::Unclosed { at } => format!("unclosed {}", &line[at]),
        Outcome::Ambiguous { at, candidates } => {
            format!("ambiguous {}: {}", &line[at], candidates.join(", "))
        }
        Outcome::Unknown { at, parent, closest } => {
            format!("unknown {} after [{parent}]: {}", &line[at], closest.join(", "))
        }
        Outcome::Incomplete { command, missing, .. } => {
            format!("incomplete {command}: {}", missing.join(", "))
        }
        Outcome::BadValue { at, argument } => format!("bad {}: {argument}", &line[at]),
    }
}

#[track_caller]
fn check(grammar: &Grammar, lines: &[(&str, &str)]) {
    for (line, expected) in lines {
        assert_eq!(read(grammar, line), *expected, "{line}");
    }
}

fn small(syntax: &[&'static str]) -> Grammar {
    let declare = |syntax: &&'static str| Declaration { syntax, help: "Something", options: &[] };
    Grammar::new(&[], syntax.iter().map(declare).collect(), &[])
}

#[test]
fn lines_that_operators_type_are_resolved() {
    check(
        &grammar(),
        &[
            ("sysc ssh pu e", "sysconf ssh publickey enable"),
            ("sysc ssh pu a key -f key.pub", "sysconf ssh publickey add key -f key.pub"),
            ("sysconf re", "sysconf regenCert"),
            ("par cr -par app1", "partition create -partition app1"),
            ("c reg -c app -h app-cert", "client register -client app -hostname app-cert"),
            ("c a -c app -p app1", "client assignPartition -client app -partition app1"),
            ("hsm showP", "hsm showPolicies"),
            ("par list", "partition list"),
            ("sysconf ntp li", "sysconf ntp listservers"),
            ("client assign -c a -p b", "client assignPartition -client a -partition b"),
            ("cluster member authorize -partition p", "cluster member authorize -partition p"),
            ("sysconf -ssh show", "sysconf ssh show"),
            (
                "sysconf -ssh publickey add root@host -f id_rsa.pub",
                "sysconf ssh publickey add root@host -f id_rsa.pub",
            ),
            ("sysconf - ssh publickey list", "sysconf ssh publickey list"),
            ("hsm -init -l jpmonge", "hsm init -label jpmonge"),
            (
                "client assignpartition -client x.y -partition K",
                "client assignPartition -client x.y -partition K",
            ),
            (
                "hsm fm load -fmFile caesar.fm -certFile thales.cer",
                "hsm fm load -fmFile caesar.fm -certFile thales.cer",
            ),
            ("HSM CHANGEPOLICY -POLICY 12 -VALUE 0", "hsm changePolicy -policy 12 -value 0"),
            ("service status syslog", "service status syslog"),
            (
                "par cr - partition \u{2013}x",
                "bad \u{2013}x: -partition: needs a value; one that begins with a dash stands in quotes",
            ),
            ("par cr \u{2013}par \u{201c}my app\u{201d}", "partition create -partition \"my app\""),
        ],
    );
}

#[test]
fn the_most_specific_error_is_reported() {
    check(
        &grammar(),
        &[
            ("", "empty"),
            ("  # hsm zeroize", "empty"),
            (
                "client register -c x",
                "incomplete client register: {-hostname <host> | -ip <address>}",
            ),
            ("c reg -c x -h y -i z", "bad -i: -ip: cannot be given together with -hostname"),
            ("c reg -c x -c y -h z", "bad -c: -client: given twice"),
            ("c reg -c", "bad -c: -client: needs a value"),
            ("par cr -par -force", "bad -par: -partition: needs a value"),
            ("hsm fm recover -erase nothing", "bad nothing: -erase: must be one of fm, smfs, both"),
            ("hsm fm recover -e SMFS", "hsm fm recover -erase smfs"),
            (
                "sysconf ntp adds x -key 99999",
                "bad 99999: -key: must be a whole number from 1 to 65535",
            ),
            ("client regsiter -c x", "unknown regsiter after [client]: register"),
            ("qqq", "unknown qqq after []: "),
            ("hsm show now", "unknown now after [hsm show]: "),
            ("par cr -par x -sise 5", "unknown -sise after [partition create]: -size"),
            ("hsm ped timeout", "incomplete hsm ped timeout: set, show"),
            ("c l", "ambiguous c: client list, cluster leave, cluster list"),
            ("par cr -par x -size -5", "partition create -partition x -size -5"),
            ("par cr -par '-x'", "partition create -partition \"-x\""),
            ("par create -par=x", "unknown -par=x after [partition create]: -partition"),
        ],
    );
}

#[test]
fn an_ambiguous_line_never_resolves() {
    let grammar = small(&[
        "alpha show [-mofn] [-mval <m>]",
        "album show [-m]",
        "alpha route summary",
        "also -x",
    ]);
    check(
        &grammar,
        &[
            // An option of one candidate is ambiguous: the other must not run.
            ("al show -m", "ambiguous al: album show, alpha show"),
            ("alp show -m", "ambiguous -m: -mofn, -mval"),
            ("alp show -mv 5", "alpha show -mval 5"),
            ("al show", "ambiguous al: alpha show, album show"),
            ("al r s", "alpha route summary"),
            ("al", "incomplete also: -x"),
        ],
    );
    // An exact word closes the door on its longer siblings.
    let grammar = small(&["par show", "partition list"]);
    check(&grammar, &[("par list", "unknown list after [par]: "), ("part l", "partition list")]);
}

#[test]
fn a_word_can_be_both_a_command_and_a_menu() {
    let grammar = small(&[
        "partition init -label <label>",
        "partition init co -partition <name>",
        "audit import|m",
    ]);
    check(
        &grammar,
        &[
            ("par init -label x", "partition init -label x"),
            ("par init c -p x", "partition init co -partition x"),
            ("par init", "incomplete partition init: -label <label>"),
            ("audit m", "audit import"),
        ],
    );
    let exact = |line: &str| matches!(grammar.resolve(line), Outcome::Match(line) if line.exact());
    assert!(exact("audit m") && exact("AUDIT import") && exact("partition init -label x"));
    assert!(!exact("audit im") && !exact("partition init -lab x"));
}

#[test]
fn values_are_checked_against_the_declaration() {
    let grammar = small(&[
        "role login -name|-n <role>... [-password|-p <password>]",
        "network delete <eth0|eth1|all>",
        "user list [<name>...]",
        "ntls bind [<device:eth0|eth1>] <label> [-n <number:-5-5>]",
        "audit config -size <k>  {-ip <address> -netmask <mask> | -dhcp}",
    ]);
    check(
        &grammar,
        &[
            (
                "role login -n partition so -p 'a b'",
                "role login -name partition so -password ********",
            ),
            ("network delete ETH1", "network delete eth1"),
            ("network delete eth9", "bad eth9: <eth0|eth1|all>: must be one of eth0, eth1, all"),
            ("user list a 'b c' d", "user list a \"b c\" d"),
            ("ntls bind eth0 x", "ntls bind eth0 x"),
            ("ntls bind x -n -3", "ntls bind x -n -3"),
            ("audit config -s 1 -ip 1.2.3.4", "incomplete audit config: -netmask <mask>"),
            ("audit config -s 1 -dhcp", "audit config -size 1 -dhcp"),
        ],
    );
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Device {
    Eth0,
    Eth1,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Label(String);

#[derive(Debug, Deserialize, PartialEq)]
struct Arguments {
    auth_password: Option<String>,
    port: u16,
    address: std::net::IpAddr,
    device: Device,
    label: Label,
    force: bool,
    quiet: bool,
    names: Vec<String>,
}

#[test]
fn arguments_are_deserialized_into_a_struct() {
    let grammar = small(&[
        "add <names>... -authPassword|-ap <password> -port <port> -address <a> -device <eth0|eth1> -label <l> [-force] [-quiet]",
    ]);
    let line = "add n1 n2 -ap secret -p 22 -ad 10.0.0.1 -d ETH1 -l 'a b' -f n3";
    let Outcome::Match(found) = grammar.resolve(line) else { panic!("{}", read(&grammar, line)) };
    let expected = Arguments {
        auth_password: Some("secret".to_owned()),
        port: 22,
        address: [10, 0, 0, 1].into(),
        device: Device::Eth1,
        label: Label("a b".to_owned()),
        force: true,
        quiet: false,
        names: vec!["n1".to_owned(), "n2".to_owned(), "n3".to_owned()],
    };
    assert_eq!(found.arguments::<Arguments>(), Ok(expected));
    assert!(found.has("-force") && found.has("AUTH_PASSWORD") && !found.has("quiet"));
    assert_eq!(found.value("port").as_deref(), Some("22"));
    assert!(!format!("{found:?}").contains("secret"));

    let line = line.replace("22", "70000");
    let Outcome::Match(found) = grammar.resolve(&line) else { panic!("{line}") };
    let error = found.arguments::<Arguments>().unwrap_err();
    assert_eq!((error.option.as_str(), error.reason.contains("70000")), ("-port", true));
    assert_eq!(
        luna_grammar::fields_of::<Arguments>(),
        ["auth_password", "port", "address", "device", "label", "force", "quiet", "names"]
    );
}

#[test]
fn errors_do_not_quote_secrets() {
    use secrecy::{ExposeSecret, SecretString};

    #[derive(Deserialize)]
    struct Login {
        password: SecretString,
        old: Option<SecretString>,
    }
    #[derive(Debug, Deserialize)]
    struct Wrong {
        #[serde(rename = "password")]
        _password: u8,
    }
    let grammar = small(&["login -password <password> [-old <old_password>]"]);
    let Outcome::Match(found) = grammar.resolve("login -p s3cret") else { panic!() };
    let login: Login = found.arguments().expect("it fits");
    assert_eq!((login.password.expose_secret(), login.old.is_none()), ("s3cret", true));
    let error = found.arguments::<Wrong>().expect_err("not a number");
    assert_eq!(error.to_string(), "-password: does not fit");
}

/// `hsm init` as a 5.3 appliance showed it.
#[test]
fn help_on_a_command_has_the_layout_of_the_appliance() {
    let declaration = Declaration {
        syntax: "hsm init -label <hsmlabel> [-domain <hsmdomain>] [-alwaysaskmofn] [-force] [-mofn] [-mval <mvalue>] [-nval <nvalue>] [-sopw <hsmadminpassword>]",
        help: "Initialize the HSM",
        options: &[
            ("-domain", "Cloning domain"),
            ("-alwaysaskmofn", "Ask at every login"),
            ("-force", "No question"),
            ("-label", "HSM label"),
            ("-mofn", "Split secret"),
            ("-mval", "How many shares are needed"),
            ("-nval", "How many shares there are"),
            ("-sopw", "SO PIN"),
        ],
    };
    let grammar = Grammar::new(&[Menu { path: "hsm", help: "The HSM" }], vec![declaration], &[]);
    let Outcome::Help(text) = grammar.resolve("hsm init ?") else { panic!() };
    insta::assert_snapshot!(text, @r"
    Usage: hsm init -label <hsmlabel> [-domain <hsmdomain>] [-alwaysaskmofn] [-force] [-mofn] [-mval <mvalue>] [-nval <nvalue>] [-sopw <hsmadminpassword>]


    Name         (short)  Description
    -----------------------------------
    -domain         -d    Cloning domain
    -alwaysaskmofn  -a    Ask at every login
    -force          -f    No question
    -label          -l    HSM label
    -mofn           -mo   Split secret
    -mval           -mv   How many shares are needed
    -nval           -n    How many shares there are
    -sopw           -s    SO PIN
    ");
    assert_eq!(grammar.lint(), Vec::<String>::new());
}

/// The short forms of the user menu are those of the manual.
#[test]
fn help_on_a_menu_lists_its_commands() {
    let grammar = Grammar::new(
        &[Menu { path: "user", help: "Accounts" }, Menu { path: "user role", help: "Roles" }],
        [
            "user add",
            "user delete",
            "user list",
            "user enable",
            "user disable",
            "user password",
            "user radiusAdd",
            "user role list",
            "help [<command>]...",
        ]
        .map(|syntax| Declaration { syntax, help: "Something", options: &[("command", "Which")] })
        .to_vec(),
        &[],
    );
    insta::assert_snapshot!(grammar.help("user").unwrap(), @r"
    Name         (short)  Description
    -----------------------------------
    add             a     Something
    delete          de    Something
    list            l     Something
    enable          e     Something
    disable         di    Something
    password        p     Something
    radiusAdd       ra    Something
    role            ro    > Roles
    ");
    let table = "help: Name         (short)  Description";
    check(
        &grammar,
        &[
            ("?", table),
            ("help", table),
            ("he", table),
            ("help us", table),
            ("? user role", table),
            ("user ?", table),
            ("us help", table),
            ("us ro ?", table),
            ("user add ?", "help: Usage: user add"),
            ("he user add", "help: Usage: user add"),
            ("user add '?'", "unknown '?' after [user add]: "),
            ("help usr", "unknown usr after []: user"),
        ],
    );
    assert_eq!(grammar.help("nonsense"), None);
}

#[test]
fn a_removed_menu_frees_its_abbreviations() {
    let mut grammar = small(&["client list", "cluster list -copassword <password>", "help"]);
    grammar.retain(|path| !path.starts_with("cluster "));
    check(
        &grammar,
        &[
            ("c l", "client list"),
            ("cluster list", "unknown cluster after []: "),
            ("cluster ?", "unknown cluster after []: "),
        ],
    );
    assert!(!grammar.help("").is_some_and(|text| text.contains("cluster")));
    assert_eq!(grammar.complete("cl", 2).candidates.len(), 1);
    // What was typed in ignorance is a secret all the same.
    assert_eq!(grammar.masked("cluster list -copassword x"), "cluster list -copassword ********");
}

#[test]
fn a_removed_command_leaves_its_neighbours() {
    let mut grammar = small(&["user list", "user lock", "user role add", "user role list", "help"]);
    grammar.retain(|path| ["user lock", "help"].contains(&path));
    check(
        &grammar,
        &[
            ("u l", "user lock"),
            ("user list", "unknown list after [user]: "),
            ("user role add", "unknown role after [user]: "),
        ],
    );
    assert!(!grammar.help("user").is_some_and(|text| text.contains("role")));
    grammar.retain(|_| false);
    check(&grammar, &[("user lock", "unknown user after []: ")]);
}
