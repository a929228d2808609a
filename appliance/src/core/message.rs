//! Requests and responses, and what a rule answers with: a `Reply` or a `Failure`.

use std::borrow::Cow;
use std::net::SocketAddr;

use luna_rest::peers::Operation;
use luna_rest::{ApiError, ErrorId, Fingerprint, Method, Secret};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroize;

use crate::core::logs::Entry;
use crate::core::work::Work;

/// A request, as the web server hands it over.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, still percent-encoded, without the query.
    pub path: String,
    /// The query after `?`, still percent-encoded.
    pub query: String,
    /// The `Content-Type`, or the `Accept-Type` where there is none.
    pub content_type: String,
    /// User and password of `Authorization: Basic`.
    pub basic: Option<(String, Secret)>,
    /// The token of `Authorization: Bearer`.
    pub bearer: Option<Secret>,
    /// The value of the session cookie.
    pub cookie: Option<String>,
    /// The key of the data folder (see [`luna_rest::emulator`]).
    pub local_key: Option<Secret>,
    /// The certificate that the sender has proved to own, on the port of members.
    pub certificate: Option<Fingerprint>,
    /// The certificate, DER, that the sender has proved to own, on the port of NTLS.
    pub link: Option<Vec<u8>>,
    /// The address that it came from; none within the program.
    pub from: Option<SocketAddr>,
    /// An operation of a client that another member passed on.
    pub operation: Option<Operation>,
    /// The body.
    pub body: Body,
    /// What is computed for it while other requests are answered.
    pub(crate) work: Work,
}

/// The body of a request.
#[derive(Debug)]
pub enum Body {
    /// Anything but a multipart form.
    Plain(Vec<u8>),
    /// The files of a multipart form: name and content.
    Files(Vec<(String, Vec<u8>)>),
}

impl Body {
    /// Overwrites a body that may have held a secret.
    pub fn wipe(&mut self) {
        if let Body::Plain(bytes) = self {
            bytes.zeroize();
        }
    }
}

impl Request {
    /// A request without query, header or body.
    pub fn new(method: Method, path: impl Into<String>) -> Request {
        Request {
            method,
            path: path.into(),
            query: String::new(),
            content_type: String::new(),
            basic: None,
            bearer: None,
            cookie: None,
            local_key: None,
            certificate: None,
            link: None,
            from: None,
            operation: None,
            body: Body::Plain(Vec::new()),
            work: Work::default(),
        }
    }

    /// A value of the query, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut pairs = self.query.split('&');
        let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        Some(percent_decode_str(value).decode_utf8_lossy())
    }

    /// The part of a list that is asked for, if not all of it.
    fn page(&self) -> Option<Page<'_>> {
        let number = |name| self.query(name).and_then(|value| value.parse().ok());
        let (limit, offset) = (number("limit"), number("offset"));
        let asked = self.method == Method::Get && (limit.is_some() || offset.is_some());
        asked.then(|| Page { path: &self.path, limit, offset: offset.unwrap_or(0) })
    }
}

/// `?limit=N&offset=M`: it acts on the first list of an answer.
struct Page<'r> {
    path: &'r str,
    limit: Option<usize>,
    offset: usize,
}

impl Page<'_> {
    /// Cuts the list down to the page; the `Link` to the next one, if there is more.
    fn cut(&self, body: &mut Value) -> Option<String> {
        let list = body.as_object_mut()?.values_mut().find_map(Value::as_array_mut)?;
        let offset = self.offset.min(list.len());
        list.drain(..offset);
        let limit = self.limit.filter(|limit| list.len() > *limit)?;
        list.truncate(limit);
        let next = offset.saturating_add(limit);
        Some(format!("<{}?limit={limit}&offset={next}>; rel=\"next\"", self.path))
    }
}

/// A response, as the web server sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    /// The `Link` header.
    pub link: Option<String>,
    /// The session cookie to set; an empty one takes it away.
    pub cookie: Option<String>,
    /// What the asker should know besides the answer: the text of the `Warning` header.
    pub warning: Option<&'static str>,
    /// The line for the appliance's log, if the call belongs there.
    pub log: Option<Entry>,
    /// The `Content-Type` of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// `Content-Type` of JSON.
pub const JSON: &str = "application/json";
/// `Content-Type` of anything else.
pub const OCTETS: &str = "application/octet-stream";

/// A successful answer with a body of type `A`.
#[derive(Debug)]
pub struct Reply<A> {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) cookie: Option<String>,
    pub(crate) body: Content<A>,
}

/// The body of a reply.
#[derive(Debug)]
pub(crate) enum Content<A> {
    None,
    Json(A),
    Octets(Vec<u8>),
}

impl<A> Reply<A> {
    fn new(status: u16, location: Option<String>, body: Content<A>) -> Reply<A> {
        Reply { status, location, cookie: None, body }
    }

    /// 200 with a body.
    pub fn ok(body: A) -> Reply<A> {
        Reply::new(200, None, Content::Json(body))
    }

    /// 200 with bytes that are not JSON.
    pub fn octets(bytes: Vec<u8>) -> Reply<A> {
        Reply::new(200, None, Content::Octets(bytes))
    }

    /// 204: done, nothing to say.
    pub fn done() -> Reply<A> {
        Reply::new(204, None, Content::None)
    }

    /// 204 with the path of what was made.
    pub fn created(location: impl Into<String>) -> Reply<A> {
        Reply::new(204, Some(location.into()), Content::None)
    }

    /// 202: done, in the way of those resources that the reference gives a 202.
    pub fn accepted(location: impl Into<String>) -> Reply<A> {
        Reply::new(202, Some(location.into()), Content::None)
    }

    /// 202 without a location.
    pub fn accepted_quietly() -> Reply<A> {
        Reply::new(202, None, Content::None)
    }

    /// Another status with the same content, such as 201 or 303.
    pub fn status(mut self, status: u16) -> Reply<A> {
        self.status = status;
        self
    }

    /// The same with status 200 and a body.
    pub(crate) fn with(self, body: A) -> Reply<A> {
        Reply { status: 200, body: Content::Json(body), ..self }
    }

    /// Sets the session cookie; an empty one takes it away.
    pub(crate) fn cookie(mut self, cookie: String) -> Reply<A> {
        self.cookie = Some(cookie);
        self
    }
}

impl<A: Serialize> Reply<A> {
    /// The response, its body in JSON.
    pub(crate) fn into_response(self) -> Result<Response, Failure> {
        self.into_page(None)
    }

    /// The response to a request, which may ask for a part of a list.
    pub(crate) fn into_response_to(self, request: &Request) -> Result<Response, Failure> {
        self.into_page(request.page())
    }

    fn into_page(self, page: Option<Page<'_>>) -> Result<Response, Failure> {
        let internal = |error: serde_json::Error| Failure::internal(error.to_string());
        let mut link = None;
        let (content_type, body) = match self.body {
            Content::None => (JSON, Vec::new()),
            Content::Json(body) => {
                let bytes = match page.filter(|_| self.status == 200) {
                    Some(page) => {
                        let mut body = serde_json::to_value(&body).map_err(internal)?;
                        link = page.cut(&mut body);
                        serde_json::to_vec(&body)
                    }
                    None => serde_json::to_vec(&body),
                };
                (JSON, bytes.map_err(internal)?)
            }
            Content::Octets(bytes) => (OCTETS, bytes),
        };
        let (status, location, cookie) = (self.status, self.location, self.cookie);
        Ok(Response {
            status,
            location,
            link,
            cookie,
            warning: None,
            log: None,
            content_type,
            body,
        })
    }
}

/// A refusal, with everything the error body says.
///
/// Whatever the handler changed before is taken back, unless [`Failure::keeping_changes`] says
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    status: u16,
    id: Cow<'static, str>,
    message: Cow<'static, str>,
    details: String,
    keeps: bool,
}

impl Failure {
    /// A refusal with its identifier from the reference and a title for people.
    pub fn new(
        status: u16,
        id: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Failure {
        let (id, message) = (id.into(), message.into());
        Failure { status, id, message, details: String::new(), keeps: false }
    }

    /// 400 `FRAMEWORK_BAD_REQUEST`: the request breaks the rules of its resource.
    pub fn bad_request(details: impl Into<String>) -> Failure {
        Failure::new(400, "FRAMEWORK_BAD_REQUEST", "We failed to parse your request.")
            .details(details)
    }

    /// 404 `FRAMEWORK_NO_RESOURCE`: nothing there.
    pub fn no_resource(details: impl Into<String>) -> Failure {
        Failure::new(404, "FRAMEWORK_NO_RESOURCE", "The resource does not exist.").details(details)
    }

    /// 405: the path is a resource, but not with this method. The identifier is assumed.
    pub fn wrong_method(details: impl Into<String>) -> Failure {
        Failure::new(405, "FRAMEWORK_METHOD_NOT_ALLOWED", "The resource does not know the method.")
            .details(details)
    }

    /// 400 `APPLIANCE_REQUIRE_SO_LOGIN`: the HSM SO has to log in first.
    pub fn so_login() -> Failure {
        Failure::new(400, "APPLIANCE_REQUIRE_SO_LOGIN", "The HSM SO must be logged in.")
    }

    /// 500: a fault of the emulator itself.
    pub fn internal(details: impl Into<String>) -> Failure {
        Failure::new(500, "SERVER_INTERNAL_ERROR", "The appliance failed.").details(details)
    }

    /// Adds the longer text.
    pub fn details(mut self, details: impl Into<String>) -> Failure {
        self.details = details.into();
        self
    }

    /// What the handler changed stays although it failed: a wrong password uses up an attempt.
    pub fn keeping_changes(mut self) -> Failure {
        self.keeps = true;
        self
    }

    /// The same refusal under the identifier that this resource has for `id`.
    pub(crate) fn renamed(mut self, id: ErrorId<'static>, here: ErrorId<'static>) -> Failure {
        if self.id == id.as_str() {
            self.id = here.into();
        }
        self
    }

    pub(crate) fn keeps(&self) -> bool {
        self.keeps
    }

    /// The identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The response with the error body of the reference.
    pub fn into_response(self) -> Response {
        let kind = match self.id.split('_').next().unwrap_or_default() {
            "FRAMEWORK" => "FRAMEWORK",
            "SERVER" => "SERVER",
            prefix if prefix.ends_with("PLUGIN") => "PLUGIN",
            _ => "API",
        };
        let error = ApiError {
            details: self.details,
            id: self.id.into_owned(),
            message: self.message.into_owned(),
            return_code: self.status,
            status: "ERROR".to_owned(),
            kind: kind.to_owned(),
        };
        let body = serde_json::to_vec(&error).unwrap_or_else(|error| error.to_string().into());
        Response { status: self.status, content_type: JSON, body, ..Response::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_the_body_of_the_reference() {
        let failure = Failure::new(404, "SERVERPLUGIN_INVALID_USERID", "No such user.");
        let body = String::from_utf8(failure.details("x").into_response().body).unwrap();
        assert_eq!(
            body,
            r#"{"details":"x","id":"SERVERPLUGIN_INVALID_USERID","message":"No such user.","returnCode":404,"status":"ERROR","type":"PLUGIN"}"#
        );
    }
}
