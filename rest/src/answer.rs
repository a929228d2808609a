//! The body of an answer: what counts as one of the shape that the call promises.
//!
//! Unknown fields from a newer appliance are no error, and missing ones from an older one take their
//! defaults; `{}` is a documented answer. But a body with nothing in it, or of fields that are all
//! unknown, says nothing: taken for an answer, it would print an empty list as if the appliance had
//! none.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::call::Method;
use crate::one_line::one_line;

/// Deserializes the body of an answer with a status of success.
///
/// # Errors
/// What is wrong with it; no part of the body is quoted, since it may hold a secret.
pub(crate) fn read<A: DeserializeOwned + Default>(
    method: Method,
    status: u16,
    body: &[u8],
) -> Result<A, String> {
    let body = one_line(body.trim_ascii());
    let body = body.as_ref();
    // `Nothing`, the type of answers without content, is the only one without a field.
    let promises_nothing = size_of::<A>() == 0;
    // Whether a change answers with content at all depends on the age of the appliance.
    let may_be_empty = promises_nothing || method.changes();
    if status == 204 || body.is_empty() {
        return if may_be_empty { Ok(A::default()) } else { Err("an empty answer".to_owned()) };
    }
    let wrong = |error: serde_json::Error| {
        let kind = match error.classify() {
            Category::Data => "JSON of another shape",
            _ => "not JSON",
        };
        format!("{kind} (line {}, column {})", error.line(), error.column())
    };
    if !body.starts_with(b"{") {
        // serde would take `[]` for a struct whose fields all have defaults.
        serde_json::from_slice::<IgnoredAny>(body).map_err(wrong)?;
        return Err("JSON of another shape (no object)".to_owned());
    }
    let mut unknown = 0;
    let mut json = serde_json::Deserializer::from_slice(body);
    let answer = serde_ignored::deserialize(&mut json, |path| {
        if let serde_ignored::Path::Map { parent: serde_ignored::Path::Root, .. } = path {
            unknown += 1;
        }
    })
    .map_err(wrong)?;
    json.end().map_err(wrong)?;
    if unknown > 0 && !promises_nothing {
        let fields: std::collections::BTreeMap<String, IgnoredAny> =
            serde_json::from_slice(body).map_err(wrong)?;
        if fields.len() <= unknown {
            return Err("JSON of another shape (no known field)".to_owned());
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::call::Nothing;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Clients {
        clients: Vec<String>,
    }

    fn clients(body: &str) -> Result<Clients, String> {
        read(Method::Get, 200, body.as_bytes())
    }

    #[test]
    fn an_answer_of_another_shape_is_a_fault() {
        for (body, told) in [
            ("", "an empty answer"),
            (" ", "an empty answer"),
            ("[]", "JSON of another shape (no object)"),
            ("null", "JSON of another shape (no object)"),
            ("\"done\"", "JSON of another shape (no object)"),
            ("<html>", "not JSON (line 1, column 1)"),
            (r#"{"error":"proxy"}"#, "JSON of another shape (no known field)"),
            (r#"{"clients":[]} x"#, "not JSON (line 1, column 16)"),
            (r#"{"clients":7}"#, "JSON of another shape (line 1, column 12)"),
        ] {
            assert_eq!(clients(body).unwrap_err(), told, "{body}");
        }
        assert!(read::<Clients>(Method::Get, 204, b"").is_err());
    }

    #[test]
    fn unknown_and_missing_fields_are_none() {
        let newer = r#"{"clients":["app"],"future":{"x":1}}"#;
        assert_eq!(clients(newer).unwrap().clients, ["app"]);
        assert_eq!(clients("{}"), Ok(Clients::default()));
        assert_eq!(read(Method::Post, 200, br#"{"note":"done"}"#), Ok(Nothing {}));
        assert_eq!(read(Method::Get, 200, b""), Ok(Nothing {}));
    }

    #[test]
    fn a_change_may_answer_without_content() {
        assert_eq!(read(Method::Post, 201, b""), Ok(Clients::default()));
    }
}
