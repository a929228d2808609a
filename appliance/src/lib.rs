//! An emulated Luna Network HSM appliance: one process, one data folder, one appliance.
//!
//! `model` is a pure state machine and knows all the rules; `store` keeps its state; `http` speaks
//! REST over TLS; `run` puts the three together.

pub mod model;
