//! What a rule gets when it answers a request, and what lets the request come to it.

pub(crate) mod audit_log;
pub mod auth;
pub(crate) mod challenge;
pub mod context;
pub(crate) mod link;
pub mod logs;
pub mod options;
pub mod peers;
pub mod route;
pub mod session;
pub mod task;
pub mod tokens;
