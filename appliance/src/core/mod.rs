//! What everything else is made of: messages, kept tables, randomness, passwords, text, time zones,
//! and the times that a clock can show.
//!
//! Nothing here knows an area of the appliance.

pub mod audit;
pub mod checks;
pub mod ciphers;
pub mod clock;
pub mod logs;
pub mod message;
pub mod ntls;
pub mod password;
pub mod random;
pub mod snmp;
pub mod ssh;
pub mod table;
pub mod text;
pub mod time_zones;
pub mod web;
pub mod work;
