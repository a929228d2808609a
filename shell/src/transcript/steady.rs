//! What a screen shows without what differs even on appliances of the same seed.

use crate::json::CommandResult;

/// The screen without the duration and the address in JSON objects, and without what comes from the
/// certificate of the web server, which each appliance makes anew; `fingerprint` is its own.
pub fn steady(screen: &str, fingerprint: Option<&str>) -> String {
    let screen = match fingerprint {
        Some(own) => screen.replace(own, "SHA256:(fingerprint of the web certificate)"),
        None => screen.to_owned(),
    };
    let mut web = false;
    let steady = |line: &str| {
        web =
            line.starts_with("REST API Server Certificate") || web && !line.starts_with("Command");
        if web { without_values(line) } else { steady_line(line) }
    };
    screen.split_inclusive('\n').map(steady).collect()
}

/// A line of the web certificate, which is made anew for each appliance: bytes and dates vary.
fn without_values(line: &str) -> String {
    const DATES: [&str; 2] = ["Not Before: ", "Not After : "];
    let bytes =
        |text: &str| text.contains(':') && text.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
    let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
    match DATES.iter().find(|label| rest.starts_with(**label)) {
        Some(label) => format!("{indent}{label}(of the web certificate)\n"),
        None if bytes(rest.trim_end()) => format!("{indent}(of the web certificate)\n"),
        None => line.to_owned(),
    }
}

/// A line, and a JSON object without what differs from run to run. One that is not of the shape that
/// programs rely on is marked.
fn steady_line(line: &str) -> String {
    match steady_object(line) {
        None => line.to_owned(),
        Some(Ok(object)) => format!("{object}\n"),
        Some(Err(error)) => format!("{} (not of the schema: {error})\n", line.trim_end()),
    }
}

/// A JSON object of a command without what differs from run to run; `None` if the line is none.
pub(crate) fn steady_object(line: &str) -> Option<serde_json::Result<String>> {
    if !line.starts_with("{\"line\":") {
        return None;
    }
    Some(serde_json::from_str::<CommandResult>(line).and_then(|mut object| {
        object.duration_ms = 0.0;
        if let Some(appliance) = &mut object.appliance {
            appliance.host = "appliance:8443".to_owned();
        }
        serde_json::to_string(&object)
    }))
}
