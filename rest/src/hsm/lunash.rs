//! LunaSH commands of the HSM that have no REST resource on a real appliance. The emulated one
//! offers them under `/emulator/lunash/hsm`; a real one answers 404.

use serde::{Deserialize, Serialize};

use super::{Action, Transport};
use crate::call::{Nothing, calls};
use crate::secret::Secret;

calls! {
    /// Lists the functionality modules.
    pub const FMS: Call<Nothing, Fms> = Call::get("/emulator/lunash/hsm/fms");
    /// Loads a functionality module.
    pub const LOAD_FM: Call<LoadFm, Nothing> = Call::post("/emulator/lunash/hsm/fms");
    /// Removes a functionality module.
    pub const DELETE_FM: Call<Nothing, Nothing> = Call::delete("/emulator/lunash/hsm/fms/{fmid}");
    /// Erases `fm`, `smfs` or `both`.
    pub const RECOVER_FMS: Call<RecoverFms, Nothing> = Call::post("/emulator/lunash/hsm/fms/recover");
    /// Restarts the HSM: every login ends, loaded modules start.
    pub const RESTART: Call<Nothing, Nothing> = Call::post("/emulator/lunash/hsm/restart");
    /// Sets the counters of [`COUNTER`](super::COUNTER) to zero.
    pub const RESET_INFORMATION: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/hsm/information");
    /// Shows how long the HSM has been up.
    pub const UP_TIME: Call<Nothing, UpTime> = Call::get("/emulator/lunash/hsm/upTime");
    /// Runs the self test.
    pub const SELF_TEST: Call<Nothing, SelfTest> = Call::post("/emulator/lunash/hsm/selfTest");
    /// Shows the HSM's clock.
    pub const TIME: Call<Nothing, HsmTime> = Call::get("/emulator/lunash/hsm/time");
    /// Sets it to the appliance's clock; needs the SO.
    pub const SYNC_TIME: Call<Nothing, HsmTime> = Call::post("/emulator/lunash/hsm/time/sync");
    /// Checks the chain of the HSM's own certificates.
    pub const CERTIFICATES: Call<Nothing, Certificates> =
        Call::get("/emulator/lunash/hsm/certificates");
    /// Makes the device authentication key anew, and a request for its certificate among the user's
    /// files; needs the SO.
    pub const MAKE_DAK: Call<Nothing, Dak> = Call::post("/emulator/lunash/hsm/dak");
    /// Remembers the domain of older HSMs, to take keys from them; needs the SO.
    pub const SET_LEGACY_DOMAIN: Call<LegacyDomain, Nothing> =
        Call::put("/emulator/lunash/hsm/legacyDomain");
    /// Shows the verification string of Secure Transport Mode for a random user string, and leaves the
    /// mode on.
    pub const VERIFICATION: Call<Action, Transport> =
        Call::post("/emulator/lunash/hsm/verification");
    /// Makes the HSM detect a tamper, for tests.
    pub const CAUSE_TAMPER: Call<CauseTamper, Nothing> = Call::post("/emulator/hsm/tamper");
}

/// The functionality modules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Fms {
    /// By identifier.
    pub fms: Vec<Fm>,
    /// Whether the secure memory file system is activated.
    pub smfs_activated: bool,
}

/// A functionality module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Fm {
    /// What it is called.
    pub label: String,
    /// Four hexadecimal digits.
    pub id: String,
    /// Such as `1.00`.
    pub version: String,
    /// Who made it.
    pub manufacturer: String,
    /// When it was made, as the module says.
    pub build_time: String,
    /// Ten bytes in hexadecimal, blanks between.
    pub fingerprint: String,
    /// Bytes.
    pub rom_size: u64,
    /// Whether it runs; one that was loaded since the last restart does not.
    pub enabled: bool,
}

/// A functionality module to load: files among the user's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadFm {
    /// The signed module.
    pub fm_file: String,
    /// The certificate of who signed it.
    pub cert_file: String,
}

/// What to erase.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoverFms {
    /// `fm`, `smfs` or `both`.
    pub erase: String,
}

/// How long the HSM has been up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UpTime {
    /// When it was started, seconds since 1970.
    pub started: i64,
    /// Seconds since then.
    pub seconds: u64,
}

/// The result of a self test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SelfTest {
    /// Whether all tests passed.
    pub passed: bool,
}

/// The HSM's clock compared with the appliance's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HsmTime {
    /// UTC, RFC 3339.
    pub hsm: String,
    /// UTC, RFC 3339.
    pub appliance: String,
}

/// The HSM's own certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Certificates {
    /// From the root down.
    pub certificates: Vec<HsmCertificate>,
}

/// One of the HSM's own certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HsmCertificate {
    /// `MAC` (manufacturer's authentication), `DAC` (device authentication).
    pub name: String,
    /// Whether it is there and its issuer signed it.
    pub valid: bool,
    /// What its policies say of the HSM.
    pub policies: String,
}

/// A device authentication key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Dak {
    /// SHA-256 of the new public key, hexadecimal.
    pub fingerprint: String,
}

/// The domain of older HSMs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyDomain {
    /// The domain.
    pub domain: Secret,
}

/// A tamper to detect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CauseTamper {
    /// Such as `Chassis_open`.
    pub tamper: String,
}
