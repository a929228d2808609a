//! Which call is answered by what: the routes, who may use them, and the ids in a path.
//!
//! A route is declared with the very [`Call`] that the client sends, so that path and types cannot
//! drift apart.

use std::collections::BTreeMap;

use luna_rest::{Call, Method, Resource};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::message::{Body, Failure, Reply, Request, Response};
use crate::request::context::Context;

/// The largest body of somebody who has not logged in, bytes.
pub(crate) const SMALL_BODY: usize = 64 << 10;
/// The largest body otherwise.
pub(crate) const JSON_BODY: usize = 1 << 20;
/// The largest form with a file, and the largest message of a member.
pub(crate) const FILE_BODY: usize = 64 << 20;

/// Who may use a resource, as the reference names the roles.
///
/// A custom role may use what its own rules list, whatever this says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    roles: &'static [&'static str],
    pub(crate) open: bool,
    pub(crate) private: bool,
    pub(crate) client: bool,
    pub(crate) linked: bool,
}

/// No login is needed.
pub const OPEN: Access = Access { open: true, ..Access::of(&[]) };
/// A registered client of the cluster.
pub const CLIENT: Access = Access { client: true, ..Access::of(&[]) };
/// A registered client of partitions, over its link.
pub const LINKED: Access = Access::of(&[]).linked();
/// A client, or an account that may change what is on the HSM.
pub const SLOT: Access =
    Access { client: true, ..Access::of(&["admin", "operator"]).private().linked() };
/// Every account with a role.
pub const EVERYONE: Access = Access::of(&["admin", "operator", "monitor", "audit"]);
/// Roles admin, operator and monitor.
pub const MONITOR: Access = Access::of(&["admin", "operator", "monitor"]);
/// Roles admin and operator.
pub const OPERATOR: Access = Access::of(&["admin", "operator"]);
/// Role admin.
pub const ADMIN: Access = Access::of(&["admin"]);
/// Role audit.
pub const AUDIT: Access = Access::of(&["audit"]);

impl Access {
    /// Exactly these roles.
    pub const fn of(roles: &'static [&'static str]) -> Access {
        Access { roles, open: false, private: false, client: false, linked: false }
    }

    /// The same roles, with a private session only.
    pub const fn private(self) -> Access {
        Access { private: true, ..self }
    }

    /// The same, and a registered client of partitions over its link.
    pub const fn linked(self) -> Access {
        Access { linked: true, ..self }
    }

    pub(crate) fn roles(self) -> &'static [&'static str] {
        self.roles
    }

    pub(crate) fn allows(self, role: &str) -> bool {
        self.roles.contains(&role)
    }
}

/// The decoded values of a path's placeholders, in their order: as many as its template has.
pub type Ids<const N: usize> = [String; N];

/// A file that came as the body of a request, or as the one part of a multipart form.
#[derive(Debug)]
pub struct Upload<'a> {
    /// Its name; empty when the body itself is the file.
    pub name: &'a str,
    /// Its bytes.
    pub content: &'a [u8],
}

type Run =
    Box<dyn Fn(&mut Context<'_>, &[String], &Request) -> Result<Response, Failure> + Send + Sync>;

/// A declared route.
pub(crate) struct Route {
    pub(crate) resource: Resource,
    pub(crate) access: Access,
    /// How large the body may be, in bytes.
    pub(crate) limit: usize,
    pub(crate) run: Run,
}

/// All routes: a tree by path segments.
#[derive(Default)]
pub struct Routes {
    root: Node,
}

#[derive(Default)]
struct Node {
    fixed: BTreeMap<&'static str, Node>,
    place: Option<Box<Node>>,
    routes: Vec<Route>,
}

impl Routes {
    /// Declares what answers a call with a JSON body (or none).
    pub fn on<Q, A, const N: usize>(
        &mut self,
        call: &Call<Q, A, N>,
        access: Access,
        handler: fn(&mut Context<'_>, &Ids<N>, Q) -> Result<Reply<A>, Failure>,
    ) where
        Q: DeserializeOwned + 'static,
        A: Serialize + 'static,
    {
        let run = move |cx: &mut Context<'_>, ids: &[String], request: &Request| {
            let ids = exactly(ids)?;
            let body = json_body(request)?;
            handler(cx, ids, body)?.into_response_to(request)
        };
        self.add(call, access, Box::new(run));
    }

    /// Declares what answers a call whose body is a file: multipart, or octet-stream.
    pub fn on_file<Q: 'static, A: Serialize + 'static, const N: usize>(
        &mut self,
        call: &Call<Q, A, N>,
        access: Access,
        kind: FileKind,
        handler: fn(&mut Context<'_>, &Ids<N>, Upload<'_>) -> Result<Reply<A>, Failure>,
    ) {
        let run = move |cx: &mut Context<'_>, ids: &[String], request: &Request| {
            let ids = exactly(ids)?;
            let upload = file_body(request, kind)?;
            handler(cx, ids, upload)?.into_response_to(request)
        };
        let limit = match kind {
            FileKind::Multipart => FILE_BODY,
            FileKind::OctetStream => JSON_BODY,
        };
        self.add_with(call, access, limit, Box::new(run));
    }

    /// Declares what answers a call whose body is JSON, or the file itself as octet-stream.
    pub fn on_either<Q, A, const N: usize>(
        &mut self,
        call: &Call<Q, A, N>,
        access: Access,
        json: fn(&mut Context<'_>, &Ids<N>, Q) -> Result<Reply<A>, Failure>,
        file: fn(&mut Context<'_>, &Ids<N>, Upload<'_>) -> Result<Reply<A>, Failure>,
    ) where
        Q: DeserializeOwned + 'static,
        A: Serialize + 'static,
    {
        let run = move |cx: &mut Context<'_>, ids: &[String], request: &Request| {
            let ids = exactly(ids)?;
            if media_type(&request.content_type) == MediaType::OctetStream {
                let upload = file_body(request, FileKind::OctetStream)?;
                return file(cx, ids, upload)?.into_response_to(request);
            }
            json(cx, ids, json_body(request)?)?.into_response_to(request)
        };
        self.add(call, access, Box::new(run));
    }

    /// Declares what answers a call with a response that is ready already: a task's result.
    pub(crate) fn on_response<Q, A, const N: usize>(
        &mut self,
        call: &Call<Q, A, N>,
        access: Access,
        handler: fn(&mut Context<'_>, &Ids<N>, Q) -> Result<Response, Failure>,
    ) where
        Q: DeserializeOwned + 'static,
    {
        let run = move |cx: &mut Context<'_>, ids: &[String], request: &Request| {
            let ids = exactly(ids)?;
            let body = json_body(request)?;
            handler(cx, ids, body)
        };
        self.add(call, access, Box::new(run));
    }

    fn add<Q, A, const N: usize>(&mut self, call: &Call<Q, A, N>, access: Access, run: Run) {
        let limit = if access.open { SMALL_BODY } else { JSON_BODY };
        self.add_with(call, access, limit, run);
    }

    fn add_with<Q, A, const N: usize>(
        &mut self,
        call: &Call<Q, A, N>,
        access: Access,
        limit: usize,
        run: Run,
    ) {
        let resource = call.resource();
        let mut node = &mut self.root;
        for segment in segments(resource.template) {
            node = match segment.starts_with('{') {
                true => node.place.get_or_insert_default(),
                false => node.fixed.entry(segment).or_default(),
            };
        }
        assert!(
            node.routes.iter().all(|route| route.resource.method != resource.method),
            "two routes answer {resource}"
        );
        node.routes.push(Route { resource, access, limit, run });
    }

    /// The route of a request and the ids in its path.
    pub(crate) fn find(
        &self,
        method: Method,
        path: &str,
    ) -> Result<(&Route, Vec<String>), Failure> {
        let path: Vec<&str> = segments(path).collect();
        let mut ids = Vec::new();
        let Some(route) = find(&self.root, method, &path, &mut ids) else {
            let others: Vec<&str> = METHODS
                .into_iter()
                .filter(|other| find(&self.root, *other, &path, &mut Vec::new()).is_some())
                .map(Method::name)
                .collect();
            let path = path.join("/");
            return Err(match &others[..] {
                [] => Failure::no_resource(format!("{method} /{path} is not a resource.")),
                others => Failure::wrong_method(format!(
                    "/{path} knows {}, not {method}.",
                    others.join(", ")
                )),
            });
        };
        let ids = ids.into_iter().map(decode).collect::<Result<_, _>>()?;
        Ok((route, ids))
    }

    /// Every declared route, for tests and lists.
    pub fn all(&self) -> Vec<Resource> {
        fn collect(node: &Node, found: &mut Vec<Resource>) {
            found.extend(node.routes.iter().map(|route| route.resource));
            node.fixed.values().for_each(|node| collect(node, found));
            node.place.iter().for_each(|node| collect(node, found));
        }
        let mut found = Vec::new();
        collect(&self.root, &mut found);
        found
    }
}

const METHODS: [Method; 5] =
    [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];

/// The ids of a path as a handler takes them; their number is that of the route's own template.
fn exactly<const N: usize>(ids: &[String]) -> Result<&Ids<N>, Failure> {
    ids.try_into().map_err(|_| Failure::internal("The path has another number of ids."))
}

/// A fixed segment goes before a place; a trailing slash says nothing.
fn find<'a, 'p>(
    node: &'a Node,
    method: Method,
    path: &[&'p str],
    ids: &mut Vec<&'p str>,
) -> Option<&'a Route> {
    let Some((segment, rest)) = path.split_first() else {
        return node.routes.iter().find(|route| route.resource.method == method);
    };
    let fixed = node.fixed.get(*segment).and_then(|node| find(node, method, rest, ids));
    if fixed.is_some() {
        return fixed;
    }
    ids.push(segment);
    let placed = node.place.as_ref().and_then(|node| find(node, method, rest, ids));
    if placed.is_none() {
        ids.pop();
    }
    placed
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Decodes an id; what could leave a folder, or is not printable ASCII, is refused.
fn decode(segment: &str) -> Result<String, Failure> {
    let refuse = || Failure::bad_request(format!("'{segment}' is not a usable identifier."));
    // The decoder leaves a broken escape as it is.
    let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let id = percent_decode_str(segment).decode_utf8().map_err(|_| refuse())?;
    let is_usable = segment.split('%').skip(1).all(is_escape)
        && id.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'/' && byte != b'\\')
        && !matches!(&*id, "" | "." | "..");
    if is_usable { Ok(id.into_owned()) } else { Err(refuse()) }
}

/// What a request says its body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MediaType {
    Absent,
    Foreign,
    Json,
    OctetStream,
    Multipart,
}

/// Reads `application/vnd.safenetinc.lunasa+TYPE;version=N`.
fn media_type(header: &str) -> MediaType {
    if header.is_empty() {
        return MediaType::Absent;
    }
    let essence = header.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("multipart/form-data") {
        return MediaType::Multipart;
    }
    match essence.strip_prefix("application/vnd.safenetinc.lunasa+") {
        Some("octet-stream") => MediaType::OctetStream,
        Some("multipart") => MediaType::Multipart,
        // The resource's own name is sent here too: `+hsm` was recorded.
        Some(kind) if !kind.is_empty() => MediaType::Json,
        _ => MediaType::Foreign,
    }
}

fn media_failure(details: &str) -> Failure {
    let id = "FRAMEWORK_HEADER_DOES_NOT_MATCH_MEDIA_TYPE_TEMPLATE";
    Failure::new(400, id, "The header does not match the template of the media type.")
        .details(details)
}

fn json_body<Q: DeserializeOwned>(request: &Request) -> Result<Q, Failure> {
    let Body::Plain(body) = &request.body else {
        return Err(Failure::bad_request("A multipart form came where JSON was expected."));
    };
    // A GET has no body, and DELETE has one on few resources only.
    let body = if request.method.changes() { body.trim_ascii() } else { b"" };
    match media_type(&request.content_type) {
        MediaType::Json => {}
        MediaType::Absent | MediaType::Foreign if body.is_empty() || body == b"{}" => {}
        MediaType::Absent | MediaType::Foreign => {
            return Err(media_failure(
                "Content-Type must be application/vnd.safenetinc.lunasa+json;version=N.",
            ));
        }
        _ if !request.method.changes() => {}
        _ => return Err(Failure::bad_request("The resource takes a JSON body.")),
    }
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Failure::bad_request(describe(&error)))
}

/// What is wrong with a body, without repeating a value of it: it may be a secret.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") {
        return text;
    }
    let what = if error.is_data() { "A value has the wrong type" } else { "The body is not JSON" };
    format!("{what} (line {}, column {}).", error.line(), error.column())
}

/// How a resource takes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The body is the file; the header must say octet-stream, on a GET too.
    OctetStream,
    /// One part of a multipart form.
    Multipart,
}

fn file_body(request: &Request, kind: FileKind) -> Result<Upload<'_>, Failure> {
    let inappropriate =
        || Failure::new(400, "SERVER_REQUEST_NOT_APPROPRIATE", "The request does not fit.");
    match (kind, &request.body) {
        (FileKind::OctetStream, Body::Plain(content)) => match media_type(&request.content_type) {
            MediaType::OctetStream => Ok(Upload { name: "", content }),
            _ => Err(media_failure(
                "Content-Type must be application/vnd.safenetinc.lunasa+octet-stream;version=N.",
            )),
        },
        (FileKind::OctetStream, Body::Files(_)) => Err(inappropriate()
            .details("Send the file itself as the body, with the octet-stream type.")),
        (FileKind::Multipart, Body::Plain(_)) => {
            Err(inappropriate().details("Send the file as one part of a multipart form."))
        }
        (FileKind::Multipart, Body::Files(files)) => match files.as_slice() {
            [(name, content)] => Ok(Upload { name, content }),
            [] => Err(Failure::bad_request("The form has no file.")),
            _ => Err(Failure::new(400, "SERVER_FILE_UPLOAD_LIMIT_EXCEED", "One file at a time.")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_rest::Nothing;

    fn routes() -> Routes {
        fn nothing<const N: usize>(
            _: &mut Context<'_>,
            _: &Ids<N>,
            _: Nothing,
        ) -> Result<Reply<Nothing>, Failure> {
            Ok(Reply::done())
        }
        let mut routes = Routes::default();
        routes.on(&Call::<_, _, 0>::get("/"), EVERYONE, nothing);
        routes.on(&Call::<_, _, 1>::get("/a/{x}"), EVERYONE, nothing);
        routes.on(&Call::<_, _, 0>::get("/a/b"), EVERYONE, nothing);
        routes.on(&Call::<_, _, 2>::get("/a/{x}/c/{y}"), EVERYONE, nothing);
        routes
    }

    fn found(path: &str) -> Option<(&'static str, Vec<String>)> {
        let routes = routes();
        let (route, ids) = routes.find(Method::Get, path).ok()?;
        Some((route.resource.template, ids))
    }

    #[test]
    fn fixed_segments_go_before_places() {
        assert_eq!(found("/"), Some(("/", vec![])));
        assert_eq!(found("/a/b"), Some(("/a/b", vec![])));
        assert_eq!(found("/a/b/"), Some(("/a/b", vec![])));
        assert_eq!(found("/a/bb"), Some(("/a/{x}", vec!["bb".into()])));
        assert_eq!(found("/a/b/c/1"), Some(("/a/{x}/c/{y}", vec!["b".into(), "1".into()])));
        assert_eq!(found("/a"), None);
        assert_eq!(found("/a/b/c"), None);
    }

    #[test]
    fn a_wrong_method_is_told_from_a_path_that_is_no_resource() {
        let refused = |path: &str| match routes().find(Method::Put, path) {
            Err(failure) => failure.into_response().status,
            Ok(_) => 0,
        };
        assert_eq!((refused("/a/b"), refused("/a/x"), refused("/b")), (405, 405, 404));
    }

    #[test]
    fn ids_are_decoded_and_cannot_leave_their_place() {
        assert_eq!(found("/a/my%20client"), Some(("/a/{x}", vec!["my client".into()])));
        for id in ["..", "%2e%2E", "..%2Fx", "a%5Cb", "%", "%4", "%zz", "%00", "%c3%a9", "\u{e9}"] {
            assert_eq!(found(&format!("/a/{id}")), None, "{id}");
        }
    }

    #[test]
    fn media_types_follow_the_template() {
        let lunasa = |kind: &str| media_type(&format!("application/vnd.safenetinc.lunasa{kind}"));
        assert_eq!(lunasa("+json;version=17"), MediaType::Json);
        assert_eq!(lunasa("+json;version="), MediaType::Json);
        assert_eq!(lunasa("+hsm;version=14"), MediaType::Json);
        assert_eq!(lunasa("+octet-stream;version=12"), MediaType::OctetStream);
        assert_eq!(lunasa("+multipart;version="), MediaType::Multipart);
        assert_eq!(lunasa(""), MediaType::Foreign);
        assert_eq!(media_type("application/json"), MediaType::Foreign);
    }
}
