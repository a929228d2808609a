//! A call of the API: what is sent where, and what comes back.

use std::fmt;
use std::marker::PhantomData;

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
    /// The method as it stands in a request line.
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

/// One call of the API: `Q` is the body that is sent, `A` the body of the answer.
///
/// The path is a template such as `/api/lunasa/ntls/clients/{clientid}`; [`Call::path`] fills it.
pub struct Call<Q, A> {
    /// The HTTP method.
    pub method: Method,
    /// The path template, as the vendor's reference writes it.
    pub template: &'static str,
    types: PhantomData<fn(Q) -> A>,
}

/// Values for the places of a path template, in their order.
pub type Ids<'a> = &'a [&'a str];

/// An empty JSON object: the body of calls that say nothing, and of answers without content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

impl<Q, A> Call<Q, A> {
    const fn new(method: Method, template: &'static str) -> Self {
        Call { method, template, types: PhantomData }
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

    /// Method and template: what a role's access rules and the coverage page name.
    pub const fn resource(&self) -> (Method, &'static str) {
        (self.method, self.template)
    }

    /// The path with its places filled from `ids`, each percent-encoded.
    ///
    /// A place without a value keeps its braces, which no appliance answers: a fault of the
    /// caller that the tests of each area catch.
    pub fn path(&self, ids: Ids<'_>) -> String {
        let mut ids = ids.iter();
        let filled = self.template.split('/').map(|segment| {
            if segment.starts_with('{')
                && let Some(id) = ids.next()
            {
                encode(id)
            } else {
                segment.to_owned()
            }
        });
        filled.collect::<Vec<_>>().join("/")
    }
}

impl<A> Call<Nothing, A> {
    /// Declares a `GET`.
    pub const fn get(template: &'static str) -> Self {
        Self::new(Method::Get, template)
    }
}

impl<Q, A> fmt::Display for Call<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn encode(id: &str) -> String {
    let mut encoded = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: Call<Nothing, Nothing> = Call::delete("/ntls/clients/{clientid}/links/{linkid}");

    #[test]
    fn places_are_filled_in_order_and_encoded() {
        assert_eq!(LINK.path(&["my client", "42"]), "/ntls/clients/my%20client/links/42");
        assert_eq!(LINK.path(&["../x", "1"]), "/ntls/clients/..%2Fx/links/1");
    }

    #[test]
    fn a_call_prints_as_the_reference_writes_it() {
        assert_eq!(LINK.to_string(), "DELETE /ntls/clients/{clientid}/links/{linkid}");
    }
}
