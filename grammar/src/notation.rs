//! The syntax notation of Luna's manuals, parsed with nom.
//!
//! `client register -client|-c <name> {-hostname|-h <host> | -ip|-i <address>} [-force|-f]`
//!
//! - Words of the path come first, each with official short forms: `audit import|m`.
//! - `-name`, with other names attached by `|` without blanks: `-applytemplate|-at`; then its value,
//!   if it takes one. A positional is a value without an option name.
//! - Values: `<name>`; one of several `<fm|smfs|both>`, which may be named `<device:eth0|eth1>`; a
//!   whole number in a range `<seconds:10-10000>`. `...` after a value: all tokens up to the next
//!   option (of an option: joined by one blank; of a positional: a list).
//! - `[A]` may be left out, with all that is in it; `[A | B]` at most one of them; `{A | B}`
//!   exactly one. A bare word in brackets is a positional that can only be that word.
//! - A value is a secret when its placeholder ends in `password`, `pin`, `domain`, `secret`,
//!   `challenge` or `authcode`; `netdomain` is a domain of names.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, multispace0};
use nom::combinator::{map, opt, recognize, verify};
use nom::multi::{many0, separated_list1};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

/// The deepest nesting of brackets, so that no input overflows the stack.
const DEPTH: u8 = 6;
/// The most options and positionals of a command: they are bits of a `u64`.
const SLOTS: usize = 64;
const SECRETS: [&str; 6] = ["password", "pin", "domain", "secret", "challenge", "authcode"];
/// Ends as a secret, and is none.
const NO_SECRET: &str = "netdomain";

/// A word of a path and its official short forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) full: &'static str,
    pub(crate) shorts: Vec<&'static str>,
}

/// The value that an option or positional takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// Text between the angle brackets, without range or choices; empty for choices without a name.
    pub(crate) placeholder: &'static str,
    pub(crate) kind: Kind,
    /// `...`
    pub(crate) many: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Free,
    OneOf(Vec<&'static str>),
    Within(i64, i64),
    /// A positional that can only be this word.
    Literal(&'static str),
}

/// An option or a positional of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// With dashes, the full one first; empty for a positional.
    pub(crate) names: Vec<&'static str>,
    /// `None`: a flag.
    pub(crate) value: Option<Value>,
    /// Its value must not be shown.
    pub(crate) secret: bool,
    /// Not required.
    pub(crate) optional: bool,
}

/// Which options and positionals are required or exclude each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Slot(u8),
    Group { required: bool, alternatives: Vec<Alternative> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alternative {
    /// Bit mask of all slots in it.
    pub(crate) mask: u64,
    pub(crate) parts: Vec<Part>,
}

/// The options and positionals of a command, parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) slots: Vec<Slot>,
    pub(crate) parts: Vec<Part>,
    /// Indexes of the positionals, in their order.
    pub(crate) positionals: Vec<u8>,
}

impl Slot {
    pub(crate) fn is_flag(&self) -> bool {
        self.value.is_none()
    }

    pub(crate) fn is_positional(&self) -> bool {
        self.names.is_empty()
    }

    /// As declared: `-ip`, `<NTPserver>`, `server`.
    pub(crate) fn shown(&self) -> String {
        match (self.names.first(), &self.value) {
            (Some(name), _) => (*name).to_owned(),
            (None, Some(value)) => value.shown(),
            (None, None) => String::new(),
        }
    }

    /// The name of its field in the arguments struct, but for letter case and dashes.
    pub(crate) fn field(&self) -> &'static str {
        match (self.names.first(), &self.value) {
            (Some(name), _) => name.trim_start_matches('-'),
            (None, Some(Value { placeholder: "", .. })) => "choice",
            (None, Some(value)) => value.placeholder,
            (None, None) => "",
        }
    }

    /// As a usage line shows it: `-ip <address>`, `-force`.
    pub(crate) fn usage(&self) -> String {
        match (self.names.first(), &self.value) {
            (Some(name), Some(value)) => format!("{name} {}", value.shown()),
            _ => self.shown(),
        }
    }
}

impl Value {
    fn shown(&self) -> String {
        match &self.kind {
            Kind::OneOf(choices) => format!("<{}>", choices.join("|")),
            Kind::Literal(word) => (*word).to_owned(),
            Kind::Free | Kind::Within(..) => format!("<{}>", self.placeholder),
        }
    }
}

impl Spec {
    /// Options and positionals as a usage line shows them, without other names and ranges.
    pub(crate) fn usage(&self) -> String {
        self.render(&self.parts)
    }

    fn render(&self, parts: &[Part]) -> String {
        let rendered: Vec<String> = parts.iter().map(|part| self.render_part(part)).collect();
        rendered.join(" ")
    }

    pub(crate) fn render_part(&self, part: &Part) -> String {
        match part {
            Part::Slot(slot) => {
                let slot = &self.slots[usize::from(*slot)];
                let many = slot.value.as_ref().is_some_and(|v| v.many);
                // Usage lines show the dots of lists only: `role login -name <role>`.
                if many && slot.is_positional() {
                    format!("{}...", slot.usage())
                } else {
                    slot.usage()
                }
            }
            Part::Group { required, alternatives } => {
                let inner: Vec<String> =
                    alternatives.iter().map(|a| self.render(&a.parts)).collect();
                let inner = inner.join(" | ");
                if *required { format!("{{{inner}}}") } else { format!("[{inner}]") }
            }
        }
    }
}

/// Splits a syntax into the words of its path and the rest.
pub(crate) fn path(syntax: &'static str) -> (Vec<Word>, &'static str) {
    let mut words = Vec::with_capacity(4);
    let mut rest = syntax.trim_start();
    while let Some(first) = rest.bytes().next() {
        if matches!(first, b'-' | b'<' | b'[' | b'{') {
            break;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let mut names = rest[..end].split('|').filter(|name| !name.is_empty());
        if let Some(full) = names.next() {
            words.push(Word { full, shorts: names.collect() });
        }
        rest = rest[end..].trim_start();
    }
    (words, rest)
}

/// Parses what follows the path. The error quotes the text from the place that cannot be parsed.
pub(crate) fn spec(text: &'static str) -> Result<Spec, String> {
    let (rest, raw) = sequence(text, DEPTH).map_err(|_| format!("not understood: {text}"))?;
    let rest = rest.trim();
    if !rest.is_empty() {
        return Err(format!("not understood: {rest}"));
    }
    let mut spec = Spec::default();
    spec.parts = resolve_slots(raw, &mut spec, false)?.1;
    Ok(spec)
}

enum Raw {
    Option { names: Vec<&'static str>, value: Option<Value> },
    Positional(Value),
    Group { required: bool, alternatives: Vec<Vec<Raw>> },
}

type Parsed<T> = IResult<&'static str, T>;

fn sequence(input: &'static str, depth: u8) -> Parsed<Vec<Raw>> {
    many0(preceded(multispace0, move |input| item(input, depth))).parse(input)
}

fn item(input: &'static str, depth: u8) -> Parsed<Raw> {
    alt((move |input| group(input, depth), option, map(positional, Raw::Positional))).parse(input)
}

fn group(input: &'static str, depth: u8) -> Parsed<Raw> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(nom::Err::Error(nom::error::Error::new(
            input,
            nom::error::ErrorKind::TooLarge,
        )));
    };
    let alternatives = |input| {
        let one = verify(move |input| sequence(input, depth), |items: &Vec<Raw>| !items.is_empty());
        separated_list1(preceded(multispace0, char('|')), one).parse(input)
    };
    let required = delimited(char('{'), alternatives, preceded(multispace0, char('}')));
    let optional = delimited(char('['), alternatives, preceded(multispace0, char(']')));
    let word = delimited(pair(char('['), multispace0), bare, pair(multispace0, char(']')));
    alt((
        map(required, |alternatives| Raw::Group { required: true, alternatives }),
        map(pair(optional, opt(tag("..."))), |(mut alternatives, dots)| {
            if dots.is_some() {
                alternatives.iter_mut().flatten().for_each(set_many);
            }
            Raw::Group { required: false, alternatives }
        }),
        map(word, |word| {
            let value = Value { placeholder: word, kind: Kind::Literal(word), many: false };
            Raw::Group { required: false, alternatives: vec![vec![Raw::Positional(value)]] }
        }),
    ))
    .parse(input)
}

/// `[<command>]...` says the same as `[<command>...]`.
fn set_many(raw: &mut Raw) {
    if let Raw::Positional(value) | Raw::Option { value: Some(value), .. } = raw {
        value.many = true;
    }
}

fn option(input: &'static str) -> Parsed<Raw> {
    let names = separated_list1(char('|'), name);
    let value = opt(preceded(multispace0, alt((positional, braced))));
    map(pair(names, value), |(names, value)| Raw::Option { names, value }).parse(input)
}

fn name(input: &'static str) -> Parsed<&'static str> {
    recognize(pair(char('-'), bare)).parse(input)
}

fn bare(input: &'static str) -> Parsed<&'static str> {
    take_while1(|c: char| c.is_alphanumeric() || c == '_' || c == '-').parse(input)
}

/// `{tcp | udp}` after an option name, as some pages write a choice.
fn braced(input: &'static str) -> Parsed<Value> {
    let word = verify(bare, |word: &str| !word.starts_with('-'));
    let words = separated_list1(delimited(multispace0, char('|'), multispace0), word);
    let inner = delimited(multispace0, words, multispace0);
    map(delimited(char('{'), inner, char('}')), |choices| Value {
        placeholder: "",
        kind: Kind::OneOf(choices),
        many: false,
    })
    .parse(input)
}

fn positional(input: &'static str) -> Parsed<Value> {
    let text = delimited(char('<'), take_while1(|c| c != '<' && c != '>'), char('>'));
    map(pair(terminated(text, multispace0_before_dots), opt(tag("..."))), |(text, dots)| {
        let mut value = value(text);
        value.many = dots.is_some();
        value
    })
    .parse(input)
}

/// The manuals write both `<a>...` and `<a> ...`.
fn multispace0_before_dots(input: &'static str) -> Parsed<()> {
    match multispace0::<_, nom::error::Error<_>>(input) {
        Ok((rest, _)) if rest.starts_with("...") => Ok((rest, ())),
        _ => Ok((input, ())),
    }
}

fn value(text: &'static str) -> Value {
    let choices = |text: &'static str| Kind::OneOf(text.split('|').map(str::trim).collect());
    if let Some((name, rest)) = text.split_once(':') {
        if let Some((low, high)) = range(rest) {
            return Value { placeholder: name, kind: Kind::Within(low, high), many: false };
        }
        if rest.contains('|') {
            return Value { placeholder: name, kind: choices(rest), many: false };
        }
    } else if text.contains('|') {
        return Value { placeholder: "", kind: choices(text), many: false };
    }
    Value { placeholder: text, kind: Kind::Free, many: false }
}

/// `10-10000`, `-5-5`.
fn range(text: &str) -> Option<(i64, i64)> {
    let dash = text.get(1..)?.find('-')? + 1;
    Some((text[..dash].trim().parse().ok()?, text[dash + 1..].trim().parse().ok()?))
}

fn resolve_slots(
    raw: Vec<Raw>,
    spec: &mut Spec,
    optional: bool,
) -> Result<(u64, Vec<Part>), String> {
    let mut mask = 0;
    let mut parts = Vec::with_capacity(raw.len());
    for raw in raw {
        match raw {
            Raw::Option { names, value } => {
                let slot = slot(spec, names, value, optional)?;
                mask |= 1 << slot;
                parts.push(Part::Slot(slot));
            }
            Raw::Positional(value) => {
                let slot = slot(spec, Vec::new(), Some(value), optional)?;
                mask |= 1 << slot;
                parts.push(Part::Slot(slot));
            }
            Raw::Group { required, alternatives } => {
                let optional = optional || !required || alternatives.len() > 1;
                let mut resolved = Vec::with_capacity(alternatives.len());
                for alternative in alternatives {
                    let (below, parts) = resolve_slots(alternative, spec, optional)?;
                    mask |= below;
                    resolved.push(Alternative { mask: below, parts });
                }
                parts.push(Part::Group { required, alternatives: resolved });
            }
        }
    }
    Ok((mask, parts))
}

/// A new slot, or the one that another alternative has declared with the same words.
fn slot(
    spec: &mut Spec,
    names: Vec<&'static str>,
    value: Option<Value>,
    optional: bool,
) -> Result<u8, String> {
    let ends = |placeholder: &str, ending: &str| {
        let start = placeholder.len().checked_sub(ending.len());
        start.and_then(|s| placeholder.get(s..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    let secret = value.as_ref().is_some_and(|value| {
        let secret = value.kind == Kind::Free && value.placeholder != NO_SECRET;
        secret && SECRETS.iter().any(|ending| ends(value.placeholder, ending))
    });
    let slot = Slot { names, value, secret, optional };
    if optional && let Some(same) = spec.slots.iter().position(|s| *s == slot) {
        return Ok(same as u8);
    }
    if spec.slots.len() == SLOTS {
        return Err(format!("more than {SLOTS} options"));
    }
    let index = spec.slots.len() as u8;
    if slot.is_positional() {
        spec.positionals.push(index);
    }
    spec.slots.push(slot);
    Ok(index)
}
