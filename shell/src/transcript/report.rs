//! JUnit's XML, which CI systems read.

use std::fmt::Write;
use std::time::Duration;

/// One transcript: its name, how long it took, and what is wrong with it: the message and the details.
pub struct Case<'a> {
    /// Its file.
    pub name: &'a str,
    /// How long it was played.
    pub took: Duration,
    /// How it differs, if it does.
    pub failure: Option<&'a str>,
    /// Why it was not played, if it was not.
    pub error: Option<&'a str>,
}

/// The results of all transcripts.
pub fn junit(suite: &str, cases: &[Case<'_>]) -> String {
    let count = |wrong: fn(&Case<'_>) -> bool| cases.iter().filter(|case| wrong(case)).count();
    let (failures, errors) =
        (count(|case| case.failure.is_some()), count(|case| case.error.is_some()));
    let seconds = cases.iter().map(|case| case.took).sum::<Duration>().as_secs_f64();
    let (suite, tests) = (escaped(suite), cases.len());
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let totals = format!(
        "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.3}\""
    );
    let _ = writeln!(xml, "<testsuites name=\"{suite}\" {totals}>");
    let _ = writeln!(xml, "  <testsuite name=\"{suite}\" {totals}>");
    for case in cases {
        let (name, took) = (escaped(case.name), case.took.as_secs_f64());
        let _ =
            write!(xml, "    <testcase classname=\"{suite}\" name=\"{name}\" time=\"{took:.3}\"");
        let wrong = case.failure.map(|text| ("failure", "it shows something else", text));
        match wrong.or(case.error.map(|text| ("error", "it was not played to its end", text))) {
            Some((kind, message, text)) => {
                let text = escaped(text);
                let _ = write!(
                    xml,
                    ">\n      <{kind} message=\"{message}\">{text}</{kind}>\n    </testcase>\n"
                );
            }
            None => xml.push_str("/>\n"),
        }
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// Text for an element or an attribute. What XML cannot hold becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\n' | '\t' => xml.push(c),
            '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            c if c < ' ' => xml.push('\u{fffd}'),
            c => xml.push(c),
        }
    }
    xml
}
