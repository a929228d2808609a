//! Lines as older releases took them, which live scripts still send: read in the spelling of today.

use luna_grammar::{Grammar, Outcome, Token, tokenize};

use crate::elsewhere::abbreviates;

/// A command in the spelling of an older release.
#[derive(Clone, Copy, Debug)]
pub struct Older {
    /// Its words then: `network interface`.
    pub words: &'static str,
    /// Its words today.
    pub today: &'static str,
    /// What followed the words then and is otherwise today.
    pub arguments: &'static [(&'static str, Now)],
}

/// What has become of an option, or of a bare word, of an older release.
#[derive(Clone, Copy, Debug)]
pub enum Now {
    /// It is called otherwise.
    Is(&'static str),
    /// It is left out.
    Nothing,
    /// It is left out with its value.
    NothingWithValue,
    /// It cannot be given any more; the text says what does it today.
    Elsewhere(&'static str),
}

/// The line in the spelling of today, if it is none of today's and was one of an older release.
pub(crate) fn in_todays_spelling(forms: &[Older], grammar: &Grammar, line: &str) -> Option<String> {
    if forms.is_empty() || matches!(grammar.resolve(line), Outcome::Match(_) | Outcome::Help(_)) {
        return None;
    }
    let (tokens, _) = tokenize(line);
    let today = forms.iter().filter_map(|form| rewritten(form, line, &tokens));
    today.into_iter().find(|today| matches!(grammar.resolve(today), Outcome::Match(_)))
}

fn rewritten(form: &Older, line: &str, tokens: &[Token<'_>]) -> Option<String> {
    let count = form.words.split(' ').count();
    let words: Vec<&str> = tokens.iter().take(count).map(|token| bare(&token.text)).collect();
    if !abbreviates(&words, form.words) {
        return None;
    }
    let mut today = form.today.to_owned();
    let mut skip = false;
    for token in &tokens[count..] {
        if std::mem::take(&mut skip) {
            continue;
        }
        let typed = &line[token.span.clone()];
        let now = form.arguments.iter().find(|(then, _)| !token.quoted && is(then, &token.text));
        match now.map(|(_, now)| *now) {
            None => {
                today.push(' ');
                today.push_str(typed);
            }
            Some(Now::Is(name)) => {
                today.push(' ');
                today.push_str(name);
            }
            Some(Now::Nothing) => {}
            Some(Now::NothingWithValue) => skip = true,
            Some(Now::Elsewhere(_)) => return None,
        }
    }
    Some(today)
}

/// What does today what an option of an older release did, for an option that `command` does not have.
pub(crate) fn elsewhere(forms: &[Older], command: &str, option: &str) -> Option<&'static str> {
    let of = forms.iter().filter(|form| form.words == command).flat_map(|form| form.arguments);
    of.filter(|(then, _)| option.len() > 2 && is(then, option)).find_map(|(_, now)| match now {
        Now::Elsewhere(told) => Some(*told),
        _ => None,
    })
}

/// Older releases took a dash before a word of the path.
fn bare(word: &str) -> &str {
    word.strip_prefix('-').unwrap_or(word)
}

/// Whether `typed` is the name, or the beginning of it if that is an option.
fn is(name: &str, typed: &str) -> bool {
    let begins = name.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed));
    begins && (name.len() == typed.len() || name.starts_with('-') && typed.len() > 1)
}

#[cfg(test)]
mod tests {
    use luna_grammar::Declaration;

    use super::*;

    const FORMS: &[Older] = &[
        Older { words: "ntls bind", today: "ntls bind", arguments: &[("-force", Now::Nothing)] },
        Older { words: "network interface", today: "network interface static", arguments: &[] },
        Older {
            words: "client hostip unmap",
            today: "client hostip unmap",
            arguments: &[("-ip", Now::NothingWithValue)],
        },
        Older { words: "slot set", today: "slot set", arguments: &[("slot", Now::Is("-slot"))] },
        Older {
            words: "partition create",
            today: "partition create",
            arguments: &[("-password", Now::Elsewhere("'partition init' does"))],
        },
    ];

    fn grammar() -> Grammar {
        let declared = [
            "ntls bind <device>",
            "network interface static -device|-d <device> -ip <ip> [-force|-f]",
            "client hostip unmap -client <client>",
            "slot set -slot <slot:0-9>",
            "partition create -partition <name>",
        ];
        let declaration = |syntax| Declaration { syntax, help: "", options: &[] };
        Grammar::new(&[], declared.map(declaration).to_vec(), &[])
    }

    fn today(line: &str) -> Option<String> {
        in_todays_spelling(FORMS, &grammar(), line)
    }

    #[test]
    fn lines_of_older_releases_are_read_in_the_spelling_of_today() {
        assert_eq!(today("ntls bind eth0 -force").unwrap(), "ntls bind eth0");
        assert_eq!(today("ntls -bind eth0 -f").unwrap(), "ntls bind eth0");
        assert_eq!(
            today("net inter -dev eth1 -ip \"1.2.3.4\" -f").unwrap(),
            "network interface static -dev eth1 -ip \"1.2.3.4\" -f"
        );
        assert_eq!(
            today("client hostip unmap -client c -ip 1.2.3.4").unwrap(),
            "client hostip unmap -client c"
        );
        assert_eq!(today("slot set slot 3").unwrap(), "slot set -slot 3");
    }

    #[test]
    fn todays_lines_and_others_are_left_alone() {
        for line in ["ntls bind eth0", "slot set -slot 3", "slot set slot", "ntls bind", "slot x"] {
            assert_eq!(today(line), None, "{line}");
        }
        assert_eq!(today("partition create -partition p -password x"), None);
    }

    #[test]
    fn an_option_that_went_elsewhere_is_told() {
        let told = |option| elsewhere(FORMS, "partition create", option);
        assert_eq!(told("-password"), Some("'partition init' does"));
        assert_eq!(told("-pass"), Some("'partition init' does"));
        assert_eq!(told("-p"), None);
        assert_eq!(told("-size"), None);
    }
}
