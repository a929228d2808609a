//! Settings of the appliance that have no area of their own: restart and power, re-imaging, forceSoLogin,
//! fingerprints, the banner. See also `time.rs`, `drift.rs`, `ntp.rs`, `ssh.rs`, `config.rs`, `web_server.rs`.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::tasks::Actions;

calls! {
    /// Lists the appliance's actions.
    pub const ACTIONS: Call<Nothing, Actions> = Call::get("/api/lunasa/actions");
    /// Restarts the appliance. Becomes a waiting task; once it is started all sessions end, so nobody
    /// can fetch its result.
    pub const REBOOT: Call<Nothing, Nothing> = Call::post("/api/lunasa/actions/reboot");
    /// Switches the appliance off; a waiting task like [`REBOOT`] (assumed by analogy with it).
    pub const POWER_OFF: Call<Nothing, Nothing> = Call::post("/api/lunasa/actions/powerOff");

    /// Restarts the appliance without shutting its services down. Emulated appliances only, as all
    /// that follows here: the product has no such resource.
    pub const HARD_REBOOT: Call<Nothing, Nothing> = Call::post("/emulator/lunash/hardReboot");
    /// Shows whether the appliance restarts after its kernel failed.
    pub const REBOOT_ON_PANIC: Call<Nothing, Toggle> = Call::get("/emulator/lunash/rebootOnPanic");
    /// Sets it.
    pub const SET_REBOOT_ON_PANIC: Call<Toggle, Nothing> = Call::put("/emulator/lunash/rebootOnPanic");
    /// Sets whether changes need the HSM SO logged in; `GET /api/lunasa` shows it.
    pub const SET_FORCE_SO_LOGIN: Call<Toggle, Nothing> = Call::put("/emulator/lunash/forceSoLogin");
    /// Shows the fingerprint that license files are made for.
    pub const LICENSE_FINGERPRINT: Call<Nothing, LicenseFingerprint> =
        Call::get("/emulator/lunash/fingerprints/license");
    /// Erases the appliance and its HSM and brings them up at their baseline, with the HSM SO logged in
    /// where there is one. All sessions end.
    pub const REIMAGE: Call<Nothing, Nothing> = Call::post("/emulator/lunash/reimage");
    /// Sets the text that is shown at every login; `GET /api/lunasa` has it.
    pub const SET_BANNER: Call<NewBanner, Nothing> = Call::put("/emulator/lunash/banner");
    /// Takes that text away.
    pub const CLEAR_BANNER: Call<Nothing, Nothing> = Call::delete("/emulator/lunash/banner");
}

short_names! {
    HSM_NOT_INITIALIZED = HSMPLUGIN_HSM_NOT_INITIALIZED,
}

/// Something that is on or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toggle {
    /// Whether it is on.
    pub enabled: bool,
}

/// Where the text is that is shown at every login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewBanner {
    /// A file of the account that asks.
    pub file: String,
}

/// What license files are made for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LicenseFingerprint {
    /// Groups of hexadecimal digits.
    pub fingerprint: String,
}
