//! Hints for lines that are no command here: of an older release, of the other shell, of the tools
//! beside them, or commands of the product that this program does not have yet.

/// The product's commands by name, whether or not the shells here have them.
pub const NAMES: &str = include_str!("names.txt");

/// What stands for commands of vtl here.
const FOR_VTL: &[(&str, &str)] = &[
    ("addServer", "clientconfig deploy"),
    ("createCert", "clientconfig deploy"),
    ("deleteServer", "clientconfig deleteserver"),
    ("listServers", "clientconfig listservers"),
    ("listSlots", "slot list"),
    ("replaceServer", "clientconfig deploy"),
    ("verify", "clientconfig verify"),
];

/// What a colleague would say to lines that people type and that never were commands.
const ADVICE: &[(&str, &str)] = &[
    (
        "login",
        "'hsm login' of lunash logs the HSM SO in, 'role login -name ROLE' of lunacm a role of a \
         partition",
    ),
    ("logout", "'hsm logout' of lunash logs the HSM SO out, 'role logout' of lunacm a role"),
    ("partitionlogin", "'role login -name co' of lunacm logs in to a partition today"),
    ("hainfo", "HA groups are the client's: 'hagroup listgroups' of LunaCM shows them"),
    ("createhagroup", "HA groups are the client's: 'hagroup creategroup' of LunaCM makes them"),
    (
        "key generate",
        "keys are made by applications, or by 'cmu generatekeypair' of the Luna client",
    ),
    (
        "key list",
        "'partition contents' of lunacm and 'partition showContents' of lunash list objects",
    ),
    ("key", "keys are made by applications, or by cmu of the Luna client"),
    ("quit", "'exit' leaves the shell"),
    ("bye", "'exit' leaves the shell"),
    ("logoff", "'exit' leaves the shell"),
    ("version", "the shell's greeting has the version; 'hsm show' of lunash has the firmware's"),
    ("info", "'hsm show' of lunash shows the HSM, 'partition showinfo' of lunacm a partition"),
];

/// One of the two shells, as hints see it.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The program: `lunash`.
    pub program: &'static str,
    /// The product's name for it: `LunaSH`.
    pub name: &'static str,
    /// The table of its abbreviations: what it has here.
    pub table: &'static str,
}

/// LunaSH.
pub const LUNASH: Place = Place {
    program: "lunash",
    name: "LunaSH",
    table: include_str!("../../completions/lunash.abbreviations"),
};

/// LunaCM.
pub const LUNACM: Place = Place {
    program: "lunacm",
    name: "LunaCM",
    table: include_str!("../../completions/lunacm.abbreviations"),
};

/// A hint for `words`, the words of a line before its options that mean no command in `here`: the new
/// name of a retired command, or where the name belongs.
pub fn hint(words: &[&str], here: Place, other: Place, retired: &[(&str, &str)]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    if let Some((old, new)) = retired.iter().find(|(old, _)| abbreviates(words, old)) {
        let elsewhere = !has(here, new) && has(other, new);
        let place = if elsewhere { format!(" of {}", other.program) } else { String::new() };
        return Some(format!("'{old}' is '{new}'{place} today"));
    }
    if first.eq_ignore_ascii_case(here.program) {
        return Some(format!(
            "leave out '{}': its commands are typed here by themselves",
            here.program
        ));
    }
    if first.eq_ignore_ascii_case(other.program) {
        let what = match find(other.program, rest) {
            Some(found) => format!("'{}' is a command of", found.text()),
            None => "that is".to_owned(),
        };
        return Some(format!("{what} {}, a program of its own", other.program));
    }
    for tool in ["vtl", "cmu"] {
        if first.eq_ignore_ascii_case(tool) {
            return Some(of_tool(tool, find(tool, rest)));
        }
    }
    let typed = words.join(" ").to_ascii_lowercase();
    let advice = ADVICE.iter().find(|(line, _)| {
        let rest = typed.strip_prefix(line);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    });
    let own = find(here.program, words).filter(|found| !has(here, found.text()));
    let theirs = find(other.program, words);
    // A whole command of the other shell says more than a menu that is missing here.
    let told = match (own, theirs) {
        (Some(own @ Found::Command(_)), _) => Some(own.missing(here)),
        (_, Some(theirs @ Found::Command(_))) => Some(theirs.of(other)),
        (Some(own), _) => Some(own.missing(here)),
        (None, theirs) => theirs.map(|theirs| theirs.of(other)),
    };
    if told.is_some() {
        return told;
    }
    if let Some((_, advice)) = advice {
        return Some((*advice).to_owned());
    }
    // Too short to be meant for a program that was not named.
    let tool = ["vtl", "cmu"].into_iter().find_map(|tool| {
        let found = find(tool, words).filter(|found| first.len() * 2 > found.text().len());
        found.map(|found| of_tool(tool, Some(found)))
    });
    tool.filter(|_| first.len() > 4)
}

fn of_tool(tool: &str, found: Option<Found>) -> String {
    let Some(found) = found else {
        return format!("{tool} is a program of its own, of the Luna client");
    };
    let path = found.text();
    let today = FOR_VTL.iter().find(|(command, _)| tool == "vtl" && *command == path);
    let today = today.map_or_else(String::new, |(_, today)| {
        format!("; '{today}' of lunacm does what it is for")
    });
    format!("'{path}' is a command of {tool}, a program of the Luna client{today}")
}

/// What words mean.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Command(String),
    /// Several commands below it, or no word behind it.
    Menu(String),
}

impl Found {
    fn text(&self) -> &str {
        match self {
            Found::Command(path) | Found::Menu(path) => path,
        }
    }

    fn kind(&self) -> &'static str {
        if matches!(self, Found::Command(_)) { "command" } else { "menu" }
    }

    /// That the shell here lacks it.
    fn missing(&self, here: Place) -> String {
        format!(
            "'{}' is a {} {} that this program does not have yet",
            self.text(),
            here.name,
            self.kind()
        )
    }

    /// That it belongs to the other shell.
    fn of(&self, other: Place) -> String {
        let (path, kind, Place { name, program, .. }) = (self.text(), self.kind(), other);
        match has(other, path) {
            true => format!("'{path}' is a {kind} of {program}"),
            false => format!("'{path}' is a {name} {kind}, which {program} does not have yet"),
        }
    }
}

/// Whether a shell has a command, or a menu, of this path.
fn has(place: Place, path: &str) -> bool {
    place.table.lines().filter_map(|line| Some(line.split_once('\t')?.1)).any(|full| {
        let begins = full.get(..path.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(path));
        begins && full.get(path.len()..).is_none_or(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}

/// The full paths of a program's commands, each word with its short form, if it has one.
fn paths(program: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let mut section = "";
    NAMES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(move |line| {
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']');
                return None;
            }
            line.split_once(':').map(|(menu, words)| (section, menu, words))
        })
        .filter(move |(section, ..)| *section == program)
        .flat_map(|(_, menu, words)| {
            words.split_whitespace().map(move |word| {
                menu.split_whitespace().chain(std::iter::once(word)).collect::<Vec<&str>>()
            })
        })
}

/// The command or the menu that words mean in a program, in full or abbreviated.
fn find(program: &str, words: &[&str]) -> Option<Found> {
    // A single letter alone fits too much.
    if words.first().is_none_or(|first| words.len() < 2 && first.len() < 2) {
        return None;
    }
    let mut best: Vec<(Vec<&str>, bool)> = Vec::new();
    let mut depth = 0;
    for path in paths(program) {
        let mut exact = true;
        let mut matched = 0;
        for (word, typed) in path.iter().zip(words) {
            match fits(word, typed) {
                None => break,
                Some(whole) => exact &= whole,
            }
            matched += 1;
        }
        // All words of the line have to fit, or all of the path.
        if matched == 0 || matched < path.len().min(words.len()) || matched < depth {
            continue;
        }
        if matched > depth {
            (depth, best) = (matched, Vec::new());
        }
        best.push((path, exact));
    }
    if best.iter().any(|(_, exact)| *exact) {
        best.retain(|(_, exact)| *exact);
    }
    let full = |path: &[&'static str]| -> String {
        path.iter().map(|word| word.split('|').next().unwrap_or(word)).collect::<Vec<_>>().join(" ")
    };
    let (first, _) = best.first()?;
    if best.len() == 1 && first.len() == depth {
        return (depth > 1 || first.len() == words.len()).then(|| Found::Command(full(first)));
    }
    // Of several the one that the others only begin with: `create` and `createChallenge`.
    let shortest = best.iter().min_by_key(|(path, _)| full(path).len());
    if let Some((path, exact)) = shortest
        && path.len() == depth
        && depth > 1
    {
        let text = full(path);
        let begins = |(other, _): &(Vec<&'static str>, bool)| {
            full(other).get(..text.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(&text))
        };
        if *exact || best.iter().all(begins) {
            return Some(Found::Command(text));
        }
    }
    // The words that all have in common.
    let shared = (0..depth).take_while(|at| best.iter().all(|(path, _)| path[*at] == first[*at]));
    let shared = shared.count();
    let named = words.first().is_some_and(|word| word.len() > 2);
    (shared > 0 && named).then(|| Found::Menu(full(&first[..shared])))
}

/// Whether a typed word can mean a word of a path; true inside if it is the whole word.
fn fits(word: &str, typed: &str) -> Option<bool> {
    let mut result = None;
    for name in word.split('|') {
        if name.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed)) {
            if name.len() == typed.len() {
                return Some(true);
            }
            result = Some(false);
        }
    }
    result
}

/// Whether `words` are the path of `full`, abbreviated or not; false for a path of one word, which is
/// too ambiguous.
pub fn abbreviates(words: &[&str], full: &str) -> bool {
    let path: Vec<&str> =
        full.split(' ').take_while(|word| !word.starts_with(['-', '<'])).collect();
    path.len() > 1
        && words.len() >= path.len()
        && path.iter().zip(words).all(|(word, typed)| fits(word, typed).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETIRED: &[(&str, &str)] =
        &[("partition login", "role login"), ("hsm update firmware", "hsm firmware upgrade")];

    fn in_lunash(line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        hint(&words, LUNASH, LUNACM, RETIRED).unwrap_or_default()
    }

    fn in_lunacm(line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        hint(&words, LUNACM, LUNASH, RETIRED).unwrap_or_default()
    }

    #[test]
    fn a_command_of_the_other_shell_is_found() {
        assert_eq!(in_lunash("role login"), "'role login' is a command of lunacm");
        assert_eq!(in_lunash("role"), "'role' is a menu of lunacm");
        assert_eq!(in_lunash("rule login"), "");
        assert_eq!(in_lunash("r"), "");
        assert_eq!(in_lunacm("client reg"), "'client register' is a command of lunash");
        assert_eq!(in_lunacm("c reg"), "'client register' is a command of lunash");
        assert_eq!(in_lunacm("par cr"), "'partition create' is a command of lunash");
        assert_eq!(in_lunacm("crate"), "");
    }

    #[test]
    fn a_retired_command_has_a_new_name() {
        assert_eq!(in_lunash("par login"), "'partition login' is 'role login' of lunacm today");
        assert_eq!(in_lunacm("par login"), "'partition login' is 'role login' today");
        assert_eq!(
            in_lunash("hsm u firm"),
            "'hsm update firmware' is 'hsm firmware upgrade' today"
        );
    }

    #[test]
    fn every_name_of_the_product_is_known_before_it_is_declared() {
        for (place, other) in [(LUNASH, LUNACM), (LUNACM, LUNASH)] {
            for path in paths(place.program) {
                let words: Vec<&str> =
                    path.iter().map(|word| word.split('|').next().unwrap()).collect();
                if has(place, &words.join(" ")) {
                    continue;
                }
                let told = hint(&words, place, other, &[]).unwrap();
                let expected = format!("'{}' is a {} command", words.join(" "), place.name);
                assert!(told.starts_with(&expected), "{told}");
                // Where it is an abbreviation of the other shell's, that comes first.
                let told = hint(&words, other, place, &[]).unwrap();
                let theirs = find(other.program, &words).is_some();
                assert!(told.contains(&words.join(" ")) || theirs, "{words:?}: {told}");
            }
        }
    }

    #[test]
    fn a_command_that_is_missing_here_is_told_as_such() {
        let without = Place { table: "", ..LUNACM };
        let told = |line: &str, here, other| {
            hint(&line.split(' ').collect::<Vec<_>>(), here, other, &[]).unwrap()
        };
        assert_eq!(
            told("stcconfig", without, LUNASH),
            "'stcconfig' is a LunaCM menu that this program does not have yet"
        );
        assert_eq!(
            told("stcc rwsh", without, LUNASH),
            "'stcconfig replaywindowshow' is a LunaCM command that this program does not have yet"
        );
        assert_eq!(
            told("stcconfig clientlist", LUNASH, without),
            "'stcconfig clientlist' is a LunaCM command, which lunacm does not have yet"
        );
    }

    #[test]
    fn tools_beside_the_shells_are_known() {
        assert_eq!(
            in_lunash("vtl verify"),
            "'verify' is a command of vtl, a program of the Luna client; 'clientconfig verify' of \
             lunacm does what it is for"
        );
        assert!(in_lunacm("createcert").starts_with("'createCert' is a command of vtl"));
        assert!(in_lunash("cmu gen").starts_with("'generatekeypair' is a command of cmu"));
        assert!(in_lunash("vtl frobnicate").starts_with("vtl is a program of its own"));
        assert!(in_lunash("lunacm slot list").starts_with("'slot list' is a command of lunacm"));
        assert!(in_lunash("lunash hsm show").starts_with("leave out 'lunash'"));
    }

    #[test]
    fn lines_that_never_were_commands_get_advice() {
        assert!(in_lunash("login").contains("'hsm login'"));
        assert!(in_lunacm("partitionLogin").contains("'role login -name co'"));
        assert!(in_lunash("haInfo").contains("hagroup listgroups"));
        assert!(in_lunash("key generate").contains("cmu generatekeypair"));
        assert!(in_lunacm("quit").contains("'exit'"));
    }
}
