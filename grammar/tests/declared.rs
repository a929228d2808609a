//! Declarations: notation, lint, the table of abbreviations, completion.

#[path = "../benches/commands/mod.rs"]
mod commands;

use luna_grammar::{Completion, Declaration, Grammar, Menu};

fn declare(syntax: &[&'static str]) -> Vec<Declaration> {
    syntax.iter().map(|syntax| Declaration { syntax, help: "Something", options: &[] }).collect()
}

fn usage(syntax: &'static str) -> String {
    let grammar = Grammar::new(&[], declare(&[syntax]), &[]);
    let path: Vec<&str> =
        syntax.split(' ').take_while(|w| !w.starts_with(['-', '<', '[', '{'])).collect();
    let help = grammar.help(&path.join(" ")).expect("the command is there");
    help.lines().next().expect("a usage line").to_owned()
}

/// Syntax lines from the manuals of both shells.
#[test]
fn usage_lines_equal_those_of_the_manuals() {
    for syntax in [
        "audit changepwd [-serial <serialnum>] [-oldpw <password>] [-newpw <password>]",
        "audit config -parameter <parameter> -value <value> [-serial <serialnum>]",
        "audit log list",
        "client register -client <client_name> {-hostname <client_hostname> | -ip <client_IP>}",
        "cluster member authorize -partition <name> [-copassword <password>] [-memberid <string>]",
        "hsm changePw [-oldpw <password> -newpw <password>]",
        "hsm changePolicy -policy <policy#> -value <value>",
        "hsm fm recover -erase <fm|smfs|both>",
        "keyring unlock {-keyringid <string> | -label <name>} [-copassword <password>]",
        "network hostname <hostname>",
        "network ping <hostname/IP>",
        "network route add network <destination> -dev <device> -netmask <netmask> -gateway <gateway> [-f]",
        "package update <filename> -authcode <authcode> [-des3 | -useevp] [-force]",
        "sysconf drift startmeasure -currentprecisetime <hh:mm:ss>",
        "sysconf ntp addserver <NTPserver> [-autokey] [-key <keyID>]",
        "sysconf ssh client add -userId <username> -host <multipleipaddresses> -force",
        "sysconf ssh publickey add <key_label> -f <filename>",
        "syslog tail -logname <logname> -entries <#_of_entries> [-search <string>]",
        "help [<command>]",
        "hagroup addmember {-serialnumber <serialnum> | -slot <slotnumber>} -group <label> -password <password>",
        "hagroup haonly {-enable | -disable | -show}",
        "partition archive backup -slot <backup_slot> -partition <backup_partition> [-sopassword <password>] [-append | -replace]",
        "partition init -label <string> [-password <string>] [-applytemplate <filepath/filename>] [-auth] [-force]",
        "role resetpw -name <role> [-password <password>] [-slot <slotnumber>] [-logoutOther]",
        "hsm smkrollover {[-start] | [-end]}",
        "partition showpolicies [-slot <slot>] [-verbose] [-exporttemplate <filepath/filename>]",
    ] {
        assert_eq!(usage(syntax), format!("Usage: {syntax}"));
    }
}

#[test]
fn usage_omits_short_forms_ranges_and_odd_spacing() {
    for (syntax, shown) in [
        ("a -applytemplate|-at <file> [-force|-f]", "a -applytemplate <file> [-force]"),
        ("a <seconds:10-10000> [-n <value:-5-5>]", "a <seconds> [-n <value>]"),
        ("a <device:eth0|eth1>", "a <eth0|eth1>"),
        ("a [<name>]...", "a [<name>...]"),
        ("a -mode {activeBasic | activeEnhanced}", "a -mode <activeBasic|activeEnhanced>"),
        ("a [-filename<file-name>] [ server ]", "a [-filename <file-name>] [server]"),
        ("role login -name|-n <role>...", "role login -name <role>"),
    ] {
        assert_eq!(usage(syntax), format!("Usage: {shown}"));
    }
}

#[test]
fn help_on_a_choice_is_found_by_its_name() {
    let commands = vec![Declaration {
        syntax: "bind <netdevice:eth0|eth1> <kind:host|network>",
        help: "Something",
        options: &[("kind", "What it is")],
    }];
    let grammar = Grammar::new(&[], commands, &[("netdevice", "Network device")]);
    assert_eq!(grammar.lint(), Vec::<String>::new());
    let help = grammar.help("bind").expect("the command is there");
    assert!(help.contains("Network device") && help.contains("What it is"), "{help}");
}

#[test]
fn lint_reports_every_kind_of_problem() {
    let faulty = Declaration { syntax: "alpha beta", help: "", options: &[] };
    let mut commands = declare(&[
        "par one",
        "par one -x",
        "par two [-a",
        "par three -force|-f <x> [-file|-f]",
        "audit import|m",
        "audit m",
        "par four <a> {-b",
        "par five -x <y> ... ]",
    ]);
    commands.push(faulty);
    let menus = &[Menu { path: "par", help: "Partitions" }, Menu { path: "idle", help: "Nothing" }];
    let problems = Grammar::new(menus, commands, &[("-force", "No question")]).lint().join("\n");
    for problem in [
        "par one: declared twice",
        "par two: not understood: [-a",
        "par three: -f is declared twice",
        "par three: no help for -file",
        "par four: not understood: {-b",
        "par five: not understood: ]",
        "audit: no help",
        "audit: m is both import and m",
        "alpha beta: no help",
        "idle: a menu without commands",
    ] {
        assert!(problems.contains(problem), "{problem}\n{problems}");
    }
    assert!(!problems.contains("par three: no help for -force"), "{problems}");
}

/// And each of them resolves to its command.
#[test]
fn abbreviations_are_as_short_as_can_be() {
    let syntax = &[
        "client register -client|-c <name> {-hostname|-h <host> | -ip|-i <address>} [-force|-f]",
        "client list",
        "cluster list",
        "sysconf regenCert",
        "sysconf reimage start",
        "partition init -label <label>",
        "partition init co -partition <name>",
        "audit import|m -size <bytes:5-9>",
        "hsm show",
        "help [<command>]...",
    ];
    let grammar = Grammar::new(&[], declare(syntax), &[]);
    let lines = "\
c r -c <name> -h <host>\tclient register -client <name> -hostname <host>
cli l\tclient list
clu l\tcluster list
s r\tsysconf regenCert
s r s\tsysconf reimage start
p i -l <label>\tpartition init -label <label>
p i c -p <name>\tpartition init co -partition <name>
a i -s <bytes>\taudit import -size <bytes>
h sh\thsm show
h\thelp
";
    assert_eq!(grammar.abbreviations(), lines);
    let all = commands::grammar().abbreviations();
    assert_eq!(all.lines().count(), commands::SYNTAX.len());
}

/// `|` is the cursor; candidates, then `<placeholder>=typed`.
fn complete(grammar: &Grammar, line: &str) -> String {
    let cursor = line.find('|').expect("a cursor");
    let Completion { start, candidates, value } = grammar.complete(&line.replace('|', ""), cursor);
    let mut found: Vec<String> = candidates.into_iter().map(|candidate| candidate.text).collect();
    found.extend(value.map(|(placeholder, typed)| format!("<{placeholder}>={typed}")));
    format!("{start} {}", found.join(" "))
}

#[test]
fn completion_offers_what_can_follow() {
    let grammar = Grammar::new(
        &[Menu { path: "client", help: "Clients" }],
        declare(&[
            "client register -client|-c <client_name> {-hostname|-h <host> | -ip|-i <address>} [-force|-f]",
            "client list",
            "cluster list",
            "partition init -label <label>",
            "partition init co -partition <name>",
            "role login -name|-n <role>... [-password|-p <password>]",
            "network delete <eth0|eth1|all> [-force]",
            "ntls bind <netdevice> [-x]",
        ]),
        &[("-force", "No question")],
    );
    for (line, expected) in [
        ("|", "0 client cluster partition role network ntls"),
        ("c|", "0 client cluster"),
        ("c |", "2 register list"),
        ("c r|", "2 register"),
        ("cli r |", "6 -client -hostname -ip -force"),
        ("cli r -h x |", "11 -client -force"),
        ("cli r -|", "6 -client -hostname -ip -force"),
        ("cli r -c |", "9 <client_name>="),
        ("cli r -c ap|", "9 <client_name>=ap"),
        ("cli r -c 'my ap|", "9 <client_name>=my ap"),
        ("cli r -c ap|p -f", "9 <client_name>=ap"),
        ("par init |", "9 co -label"),
        ("role login -n partition |", "24 -password <role>="),
        ("net del e|", "8 eth0 eth1"),
        ("ntls bind |", "10 -x <netdevice>="),
        ("ntls bind eth0 |", "15 -x"),
        ("help cl|", "5 client cluster"),
        ("? client |", "9 register list"),
        ("client list # x|", "15 "),
        ("zzz |", "4 "),
    ] {
        assert_eq!(complete(&grammar, line), expected, "{line}");
    }
    let force = grammar.complete("client register -f", 18).candidates;
    assert_eq!((force[0].text.as_str(), force[0].help.as_str()), ("-force", "No question"));
    assert_eq!(grammar.complete("cl", 2).candidates[0].help, "Clients");
}
