//! Software packages: `/api/lunasa/packages`, `/api/lunasa/packageFiles`.
//!
//! Known are the paths, `authCode`, `useDes3` and `VerifyOnly`; all other names are assumed, made
//! like their neighbours.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::secret::Secret;
use crate::tasks::Link;
use crate::users::File;

calls! {
    /// Lists the installed packages.
    pub const LIST: Call<Nothing, Packages> = Call::get("/api/lunasa/packages");
    /// Shows a package; assumed, the page was not found.
    pub const SHOW: Call<Nothing, Package> = Call::get("/api/lunasa/packages/{packageid}");
    /// Removes a package; assumed, the page was not found.
    pub const ERASE: Call<Nothing, Nothing> = Call::delete("/api/lunasa/packages/{packageid}");
    /// Lists the package files among the files of the account that asks.
    pub const FILES: Call<Nothing, PackageFiles> = Call::get("/api/lunasa/packageFiles");
    /// Installs a package; becomes a task.
    pub const UPDATE: Call<UsePackage, Used> = Call::post("/api/lunasa/packageFiles");
    /// Looks whether a package file could be installed; the same resource as [`UPDATE`].
    pub const VERIFY: Call<UsePackage, Used> = Call::post("/api/lunasa/packageFiles?VerifyOnly=true");
    /// Shows date and size of a package file, and where its content is; assumed, the page was not
    /// found.
    pub const FILE: Call<Nothing, File> = Call::get("/api/lunasa/packageFiles/{fileid}");
    /// Removes a package file; assumed, the page was not found.
    pub const DELETE_FILE: Call<Nothing, Nothing> = Call::delete("/api/lunasa/packageFiles/{fileid}");
}

short_names! {
    WRONG_AUTHCODE = PACKAGE_AUTHCODE_INVALID,
    DAMAGED = PACKAGE_SIGNATURE_INVALID,
    NOT_A_PACKAGE = PACKAGE_FILE_INVALID,
    UPDATE_FAILED = PACKAGE_UPDATE_FAILED,
    NO_FILE = PACKAGE_FILE_DOES_NOT_EXIST,
    NO_PACKAGE = PACKAGE_DOES_NOT_EXIST,
}

/// The installed packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Packages {
    /// Those of the system before those added to it.
    pub packages: Vec<Package>,
}

/// An installed package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Package {
    /// Name and version, `lunacm-10.7.2-16`.
    pub id: String,
    /// `system` or `software`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its path.
    pub url: String,
}

/// The package files of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PackageFiles {
    /// By name.
    pub package_files: Vec<Link>,
}

/// What verifies or installs a package.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsePackage {
    /// The authorization code that came with the package: 16 letters, digits and slashes.
    pub auth_code: Secret,
    /// The package file, among the files of the account that asks.
    #[serde(default)]
    pub file: String,
    /// Uses the DES3 cipher of older packages; excludes `useEvp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_des3: Option<bool>,
    /// Verifies in software, without the HSM SO; excludes `useDes3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_evp: Option<bool>,
}

/// What was verified or installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Used {
    /// Name and version of the package.
    pub id: String,
    /// Whether it takes effect only after a reboot.
    pub reboot: bool,
}
