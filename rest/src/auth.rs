//! Sessions: `/auth`.
