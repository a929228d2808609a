//! Long-running work: `/tasks`.
