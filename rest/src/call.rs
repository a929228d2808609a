//! A call of the API: what is sent where, and what comes back.

use std::fmt;
use std::marker::PhantomData;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// HTTP methods the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// Reads; never changes the appliance.
    Get,
    /// Creates, or runs an action.
    Post,
    /// Replaces or initialises.
    Put,
    /// Changes some fields.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The method as a request line spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// Whether a request with this method may change the appliance.
    pub const fn changes(self) -> bool {
        !matches!(self, Method::Get)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A method and a path template: what a role's access rules name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    /// The HTTP method.
    pub method: Method,
    /// The path template, as the vendor's reference writes it.
    pub template: &'static str,
}

impl Resource {
    /// Whether only an emulated appliance has it.
    pub fn is_emulated(&self) -> bool {
        self.template.starts_with("/emulator/")
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}

/// One call of the API: `Q` is the body that is sent, `A` the body of the answer, `IDS` the number
/// of placeholders in the path. Declared within `calls! { … }`.
///
/// The path is a template such as `/api/lunasa/ntls/clients/{clientid}`; [`Call::path`] fills it.
pub struct Call<Q, A, const IDS: usize> {
    resource: Resource,
    /// What follows the path, with its `?`; not part of the resource.
    query: &'static str,
    types: PhantomData<fn(Q) -> A>,
}

/// The empty JSON object, as the body of calls without parameters and of answers without content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

/// Declares the calls of an area, and `ALL`, the list of their resources:
///
/// ```ignore
/// calls! {
///     /// Shows a client.
///     pub const CLIENT: Call<Nothing, Client> = Call::get("/api/lunasa/ntls/clients/{clientid}");
/// }
/// ```
///
/// The number of placeholders in a template becomes part of the call's type, so that a call with
/// one id too few or too many does not compile.
macro_rules! calls {
    ($(
        $(#[$meta:meta])*
        pub const $name:ident: Call<$question:ty, $answer:ty> = Call::$method:ident($template:literal $(,)?);
    )*) => {
        $(
            $(#[$meta])*
            pub const $name: $crate::call::Call<
                $question,
                $answer,
                { $crate::call::placeholders($template) },
            > = $crate::call::Call::$method($template);
        )*

        /// The resource of every call above. [`crate::resources`] must list it, or it is dead code.
        pub(crate) const ALL: &[$crate::Resource] = &[$($name.resource()),*];
    };
}
pub(crate) use calls;

/// How many placeholders a path template has.
pub(crate) const fn placeholders(template: &str) -> usize {
    let (bytes, mut at, mut count) = (template.as_bytes(), 0, 0);
    while at < bytes.len() {
        if bytes[at] == b'{' {
            count += 1;
        }
        at += 1;
    }
    count
}

/// The index of the query in a template, or its length if it has none.
const fn query_start(template: &str) -> usize {
    let (bytes, mut at) = (template.as_bytes(), 0);
    while at < bytes.len() && bytes[at] != b'?' {
        at += 1;
    }
    at
}

/// Characters to be percent-encoded in a path: all but the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl<Q, A, const IDS: usize> Call<Q, A, IDS> {
    const fn new(method: Method, template: &'static str) -> Self {
        assert!(placeholders(template) == IDS, "the template has another number of placeholders");
        let (template, query) = template.split_at(query_start(template));
        Call { resource: Resource { method, template }, query, types: PhantomData }
    }

    /// Declares a `POST`.
    pub const fn post(template: &'static str) -> Self {
        Self::new(Method::Post, template)
    }

    /// Declares a `PUT`.
    pub const fn put(template: &'static str) -> Self {
        Self::new(Method::Put, template)
    }

    /// Declares a `PATCH`.
    pub const fn patch(template: &'static str) -> Self {
        Self::new(Method::Patch, template)
    }

    /// Declares a `DELETE`; some of them carry a body.
    pub const fn delete(template: &'static str) -> Self {
        Self::new(Method::Delete, template)
    }

    /// Method and path template.
    pub const fn resource(&self) -> Resource {
        self.resource
    }

    /// The HTTP method.
    pub const fn method(&self) -> Method {
        self.resource.method
    }

    /// The path template.
    pub const fn template(&self) -> &'static str {
        self.resource.template
    }

    /// The path with its placeholders filled from `ids` in their order, each percent-encoded.
    pub fn path(&self, ids: &[&str; IDS]) -> String {
        let mut ids = ids.iter();
        let filled = self.template().split('/').map(|segment| match segment.starts_with('{') {
            true => ids.next().map_or_else(String::new, |id| encode(id)),
            false => segment.to_owned(),
        });
        filled.collect::<Vec<_>>().join("/") + self.query
    }
}

impl<A, const IDS: usize> Call<Nothing, A, IDS> {
    /// Declares a `GET`.
    pub const fn get(template: &'static str) -> Self {
        Self::new(Method::Get, template)
    }
}

/// Percent-encodes an id for a path.
pub(crate) fn encode(id: &str) -> String {
    utf8_percent_encode(id, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: Call<Nothing, Nothing, 2> = Call::delete("/ntls/clients/{clientid}/links/{linkid}");

    #[test]
    fn placeholders_are_filled_in_order_and_encoded() {
        assert_eq!(LINK.path(&["my client", "42"]), "/ntls/clients/my%20client/links/42");
        assert_eq!(LINK.path(&["../x", "1"]), "/ntls/clients/..%2Fx/links/1");
        assert_eq!(LINK.path(&["a-b_c.d~e", "\u{e9}"]), "/ntls/clients/a-b_c.d~e/links/%C3%A9");
    }

    #[test]
    fn a_query_is_sent_and_is_no_part_of_the_resource() {
        const VERIFY: Call<Nothing, Nothing, 1> = Call::post("/files/{fileid}?VerifyOnly=true");
        assert_eq!(VERIFY.path(&["a?b"]), "/files/a%3Fb?VerifyOnly=true");
        assert_eq!(VERIFY.resource().to_string(), "POST /files/{fileid}");
    }

    #[test]
    fn a_resource_prints_as_the_reference_writes_it() {
        let text = "DELETE /ntls/clients/{clientid}/links/{linkid}";
        assert_eq!(LINK.resource().to_string(), text);
    }
}
