//! `Content-Type` of requests, without the number of the version: then the newest is meant.

/// A JSON body, or none.
pub const JSON: &str = "application/vnd.safenetinc.lunasa+json;version=";
/// A file that is the body.
pub const OCTETS: &str = "application/vnd.safenetinc.lunasa+octet-stream;version=";
/// A form with a file; the boundary follows.
pub const MULTIPART: &str = "application/vnd.safenetinc.lunasa+multipart;version=";
