//! Certificates for hosts that the logs are sent to over TLS: the authority that theirs are signed by,
//! and the appliance's own, which it shows where both ends show one.

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::ntls::{CertificateFile, NewCertificate, NewKey, NewRequest};

short_names! {
    INVALID = SYSLOG_INVALID_CERTIFICATE,
    NO_CERTIFICATE = SYSLOG_CERTIFICATE_DOES_NOT_EXIST,
    IN_USE = SYSLOG_CERTIFICATE_IN_USE,
    AUTHORITY_EXISTS = SYSLOG_CA_ALREADY_EXISTS,
    NO_AUTHORITY = SYSLOG_CA_DOES_NOT_EXIST,
}

calls! {
    /// Makes a new key and a certificate that it signs itself. The key's name for further names is
    /// assumed, as that of the answer.
    pub const GENERATE: Call<NewKey, Nothing> =
        Call::patch("/api/lunasa/syslog/remoteHosts/certificate");
    /// Makes a certificate request for the key, `syslogCSR.pem` among the user's files (assumed).
    pub const REQUEST: Call<NewRequest, Nothing> =
        Call::post("/api/lunasa/syslog/remoteHosts/csr");
    /// Installs a certificate that an authority signed for the key.
    pub const INSTALL: Call<CertificateFile, Nothing> =
        Call::put("/api/lunasa/syslog/remoteHosts/certificate");
    /// Removes key and certificate. Assumed after LunaSH's command.
    pub const DELETE: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/syslog/remoteHosts/certificate");
    /// Trusts an authority; there is one at a time.
    pub const ADD_AUTHORITY: Call<NewCertificate, Nothing> =
        Call::post("/api/lunasa/syslog/remoteHosts/ca");
    /// Trusts it no more. Assumed after LunaSH's command.
    pub const DELETE_AUTHORITY: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/syslog/remoteHosts/ca");
}
