//! A secret that is typed, wherever it stands in a line and however its option is spelt, is in no
//! history, transcript, error or JSON object; and what is no secret is shown.

use luna_grammar::{Grammar, Outcome};
use luna_shell::{Catalogue, Format, Options, Secrets, Session, Shell};
use luna_tests::{ScriptedTerminal, TestAppliance};

/// Numbers that are the same at every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// A password that no word of the language is like.
    fn secret(&mut self) -> String {
        let alphabets = [
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            "abcdefghijklmnopqrstuvwxyz0123456789!%+./@_-~^&*(){}|;,:?=",
            "qxzjkvwQXZJKVW",
        ];
        let alphabet: Vec<char> = alphabets[self.below(3)].chars().collect();
        let length = 9 + self.below(8);
        let rest = (0..length).map(|_| alphabet[self.below(alphabet.len())]).collect::<String>();
        format!("zq{rest}9")
    }
}

/// An option that gives a secret, with all its names, and those of the other options.
struct SecretOption {
    names: Vec<String>,
    others: Vec<String>,
}

/// Whether a placeholder stands for a secret, by what it is called.
pub(crate) fn is_secret(placeholder: &str) -> bool {
    let endings = ["password", "pin", "domain", "secret", "challenge", "authcode"];
    let name = placeholder.trim_start_matches('<').trim_end_matches(['.', '>']);
    placeholder.starts_with('<') && endings.iter().any(|ending| name.ends_with(ending))
}

/// The options of a syntax that give secrets, by what the notation says of placeholders.
fn secret_options(syntax: &str) -> Vec<SecretOption> {
    let bare = |word: &str| word.trim_matches(['[', ']', '{', '}']).to_owned();
    let words: Vec<String> = syntax.split_whitespace().map(bare).collect();
    let named: Vec<(Vec<String>, bool)> = words
        .iter()
        .enumerate()
        .filter(|(_, word)| word.starts_with('-'))
        .map(|(at, word)| {
            let secret = words.get(at + 1).is_some_and(|next| is_secret(next));
            (word.split('|').map(str::to_owned).collect(), secret)
        })
        .collect();
    let secret = named.iter().filter(|(_, secret)| *secret);
    let others = |names: &[String]| {
        let other = named.iter().flat_map(|(other, _)| other);
        other.filter(|other| !names.contains(other)).cloned().collect()
    };
    secret.map(|(names, _)| SecretOption { names: names.clone(), others: others(names) }).collect()
}

/// How people spell it: in full, shorter, wrong.
fn spellings(option: &SecretOption, files: &[&str]) -> Vec<String> {
    let mut all = option.names.clone();
    let full = option.names[0].clone();
    all.extend((3..full.len()).map(|end| full[..end].to_owned()));
    all.push(full.to_uppercase());
    all.push(format!("{full}s"));
    if full.len() > 6 {
        let mut swapped: Vec<char> = full.chars().collect();
        swapped.swap(3, 4);
        all.push(swapped.into_iter().collect());
        all.push(format!("{}{}", &full[..4], &full[5..]));
    }
    all.extend(["-pw", "-pwd", "-passwd", "-pin", "-secret"].map(str::to_owned));
    // In LunaCM it names a file.
    if !files.contains(&"-authcode") {
        all.push("-authcode".to_owned());
    }
    // Where it is the name of another option, its value is that one's.
    let of_another = |spelling: &String| {
        option.others.iter().any(|other| other.starts_with(&spelling.to_lowercase()))
    };
    all.retain(|spelling| !of_another(spelling));
    all
}

/// Lines in which the value stands for an option, or instead of one.
fn lines(path: &str, option: &SecretOption, secret: &str, files: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for name in &option.names {
        all.extend([
            format!("{path} {name} {secret} -force"),
            format!("{path} -x y {name} '{secret}'"),
            format!("{path} {name} \"{secret} {secret}\" -force"),
            format!("{path} {name} \"{secret} -force"),
            format!("{path} -label \"my hsm {name} {secret}"),
            format!("{path} {name}:{secret}"),
            format!("{path} {name} -{secret}"),
            format!("{path} {name} {secret} ?"),
            format!("{path}x {name} {secret}"),
            format!("x {path} {name} {secret}"),
            format!("lunash -c \"{path} {name} {secret}\""),
        ]);
    }
    for name in spellings(option, files) {
        all.extend([format!("{path} {name} {secret}"), format!("{path} {name}={secret}")]);
    }
    all.extend(option.names.iter().map(|name| format!("{path} {name}{secret}")));
    all.extend([
        format!("{path} {secret}"),
        format!("{path} -force {secret}"),
        format!("{path} -secret {secret}"),
        format!("LUNA_HSM_PASSWORD={secret} {path}"),
        format!("LUNA_HSM_PASSWORD='{secret}' lunash {path}"),
        format!("{path} # it is {secret}"),
        secret.to_owned(),
        format!("'{secret}'"),
    ]);
    all
}

fn check(grammar: &Grammar, line: &str, secret: &str, shown: &mut impl FnMut(&str) -> String) {
    let masked = grammar.masked(line);
    assert!(!masked.contains(secret), "masked: {line}\n{masked}");
    let kept = grammar.without_secrets(line);
    assert!(!kept.contains(secret) && !kept.contains("****"), "kept: {line}\n{kept}");
    match grammar.resolve(line) {
        Outcome::Match(found) => {
            let canonical = found.canonical();
            assert!(!canonical.contains(secret), "{line}\n{canonical}");
        }
        _ => {
            let screen = shown(line);
            assert!(!screen.contains(secret), "{line}\n{screen}");
        }
    }
}

fn never_shown<S: Session>(
    catalogue: &Catalogue<S>,
    mut shown: impl FnMut(&str) -> String,
    numbers: &mut Numbers,
    step: usize,
) {
    let mut count = 0;
    let words = catalogue.commands.iter().map(|command| command.syntax.split([' ', '[', ']']));
    let words: Vec<Vec<&str>> = words.map(Iterator::collect).collect();
    let pairs = words.iter().flat_map(|words| words.windows(2));
    let files: Vec<&str> = pairs.filter(|pair| pair[1] == "<file>").map(|pair| pair[0]).collect();
    for command in &catalogue.commands {
        let positional = command.syntax.split(" -").next().unwrap_or_default().contains('<');
        for option in secret_options(command.syntax) {
            let secret = numbers.secret();
            for line in lines(&command.path(), &option, &secret, &files) {
                // Without an option it may be what the command takes.
                if positional && (!line.contains(" -") || line.contains("-force ")) {
                    continue;
                }
                count += 1;
                if count % step == 0 {
                    check(&catalogue.grammar, &line, &secret, &mut shown);
                }
            }
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn a_secret_is_never_shown_wherever_it_stands_in_a_line() {
    let appliance = TestAppliance::new().unwrap();
    let mut numbers = Numbers(7);
    for (output, step) in [(Format::Luna, 1), (Format::Json, 5)] {
        let options = Options { output, ..Options::default() };
        let terminal = ScriptedTerminal::new(Vec::new(), false);
        let opened = appliance.open_lunash(Box::new(terminal.clone()), &options, Secrets::only([]));
        let session = opened.unwrap_or_else(|(_, failure)| panic!("{failure:?}"));
        let mut shell = Shell::new(session, lunash::catalogue(), options.clone());
        let shown = |line: &str| {
            shell.execute(line);
            terminal.take_screen()
        };
        never_shown(&lunash::catalogue(), shown, &mut numbers, step);

        let opened =
            appliance.open_lunacm(Box::new(terminal.clone()), &options, Secrets::only([]), None);
        let session = opened.unwrap_or_else(|(_, failure)| panic!("{failure:?}"));
        let mut shell = Shell::new(session, lunacm::catalogue(), options);
        let shown = |line: &str| {
            shell.execute(line);
            terminal.take_screen()
        };
        never_shown(&lunacm::catalogue(), shown, &mut numbers, step);
    }
}

#[test]
fn what_is_no_secret_is_shown() {
    let (lunash, lunacm) = (lunash::catalogue().grammar, lunacm::catalogue().grammar);
    for (grammar, line) in [
        (&lunacm, "role initialize -n cu"),
        (&lunacm, "role login -n 'crypto officer'"),
        (&lunacm, "partition create -partition app1"),
        (&lunacm, "hagroup list"),
        (&lunacm, "slot set -slot many"),
        (&lunash, "client regsiter -client production -hostname app1.example.com"),
        (&lunash, "client show -c production -c production"),
        (&lunash, "hsm initialize -label production"),
        (&lunash, "role login -name co"),
        (&lunash, "hsm update firmware"),
        (&lunash, "partition show -partition production -x"),
        (&lunash, "network dns add searchdomain example.com"),
        (&lunash, "network dns add searchdomian example.com"),
        (&lunash, "package update luna.spkg"),
        (&lunash, "sysconf timezone set Europe/Berlin"),
        (&lunash, "crate"),
        (&lunash, "status sysstatt show"),
    ] {
        assert_eq!(grammar.masked(line), line);
        assert_eq!(grammar.without_secrets(line), line);
    }
}

#[test]
fn a_recalled_line_asks_for_its_secrets() {
    let (lunash, lunacm) = (lunash::catalogue().grammar, lunacm::catalogue().grammar);
    for (grammar, line, kept) in [
        (&lunash, "hsm init -l h -p 53cr3t-1 -f", "hsm init -l h -f"),
        (&lunash, "hsm login -p '53cr3t 1' # it is 53cr3t", "hsm login"),
        (&lunash, "hsm lgin -p 53cr3t-1", "hsm lgin"),
        (&lunash, "hsm login 53cr3t-1", "hsm login"),
        (&lunash, "53cr3t-1", ""),
        (&lunash, "# a remark", ""),
        (&lunacm, "role login -n co -p 53cr3t-1", "role login -n co"),
        (&lunacm, "role changepw -n co -old 53cr3t-1 -new 53cr3t-2 -f", "role changepw -n co -f"),
    ] {
        assert_eq!(grammar.without_secrets(line), kept, "{line}");
    }
}
