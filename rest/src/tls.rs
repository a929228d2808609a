//! TLS: the ciphers that NTLS, the web server and the appliance as a whole can be told to use.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};

calls! {
    /// Shows the ciphers of the appliance as a whole. No resource of the product shows them.
    pub const SHOW: Call<Nothing, Tls> = Call::get("/emulator/lunash/sysconf/tls/ciphers");
    /// Sets them.
    pub const SET: Call<Tls, Nothing> = Call::put("/emulator/lunash/sysconf/tls/ciphers");
}

/// The TLS ciphers that the reference names, strongest first. Assumed: the default
/// list has them all.
pub const CIPHERS: &str = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:\
    TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
    DHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
    DHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:\
    DHE-RSA-AES256-SHA256:ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:\
    DHE-RSA-AES128-SHA256:AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA256:AES128-SHA256";

/// The ciphers of the appliance as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tls {
    /// Ciphers in order, joined by colons.
    pub cipher_list: String,
}
