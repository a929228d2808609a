//! Texts of one line stay on it: a name with a line end in it would forge lines of a page.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The fields that hold several lines.
const SEVERAL_LINES: &[&str] = &["certificate", "ca", "pem"];

/// Reads an answer; line ends in other texts than those of several lines become visible, as `\x0a`.
///
/// # Errors
/// It is not JSON, or of another shape.
pub(crate) fn read<A: DeserializeOwned>(body: &[u8]) -> Result<A, serde_json::Error> {
    let may_have_line_ends = body.windows(2).any(|two| matches!(two, b"\\n" | b"\\r" | b"\\u"));
    if !may_have_line_ends {
        return serde_json::from_slice(body);
    }
    let mut value: Value = serde_json::from_slice(body)?;
    shorten(&mut value);
    serde_json::from_value(value)
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => *text = one_line(text),
        Value::Array(values) => values.iter_mut().for_each(shorten),
        Value::Object(fields) => {
            let shortened = |(name, mut value): (String, Value)| {
                if !SEVERAL_LINES.contains(&name.as_str()) {
                    shorten(&mut value);
                }
                (one_line(&name), value)
            };
            *fields = std::mem::take(fields).into_iter().map(shortened).collect::<Map<_, _>>();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn one_line(text: &str) -> String {
    text.replace('\r', "\\x0d").replace('\n', "\\x0a")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_several_lines_have_line_ends() {
        let body =
            r#"{"name":"a\nb\u000d","list":[{"k\n":"\u000A"}],"certificate":"c\nd","number":1}"#;
        let read: Value = read(body.as_bytes()).unwrap();
        let expected = r#"{"name":"a\\x0ab\\x0d","list":[{"k\\x0a":"\\x0a"}],"certificate":"c\nd","number":1}"#;
        assert_eq!(read, serde_json::from_str::<Value>(expected).unwrap());
    }
}
