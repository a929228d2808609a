//! Texts of one line stay on it: a name with a line end in it would forge lines of a page.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// The fields that hold several lines.
const SEVERAL_LINES: &[&str] = &["certificate", "ca", "pem"];

/// The JSON of an answer with the line ends visible, as `\x0a`, in texts that are not of several lines.
pub(crate) fn one_line(body: &[u8]) -> Cow<'_, [u8]> {
    let may_have_line_ends = body.windows(2).any(|two| matches!(two, b"\\n" | b"\\r" | b"\\u"));
    if !may_have_line_ends {
        return Cow::Borrowed(body);
    }
    // What is not JSON is told by who reads it.
    let Ok(mut value) = serde_json::from_slice(body) else { return Cow::Borrowed(body) };
    shorten(&mut value);
    serde_json::to_vec(&value).map_or(Cow::Borrowed(body), Cow::Owned)
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => *text = visible(text),
        Value::Array(values) => values.iter_mut().for_each(shorten),
        Value::Object(fields) => {
            let shortened = |(name, mut value): (String, Value)| {
                if !SEVERAL_LINES.contains(&name.as_str()) {
                    shorten(&mut value);
                }
                (visible(&name), value)
            };
            *fields = std::mem::take(fields).into_iter().map(shortened).collect::<Map<_, _>>();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn visible(text: &str) -> String {
    text.replace('\r', "\\x0d").replace('\n', "\\x0a")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_several_lines_have_line_ends() {
        let body =
            r#"{"name":"a\nb\u000d","list":[{"k\n":"\u000A"}],"certificate":"c\nd","number":1}"#;
        let read: Value = serde_json::from_slice(&one_line(body.as_bytes())).unwrap();
        let expected = r#"{"name":"a\\x0ab\\x0d","list":[{"k\\x0a":"\\x0a"}],"certificate":"c\nd","number":1}"#;
        assert_eq!(read, serde_json::from_str::<Value>(expected).unwrap());
    }
}
