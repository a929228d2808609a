//! Software packages: `/api/lunasa/packages`, `/api/lunasa/packageFiles`.

use crate::call::Method;

/// Every resource of this area.
pub const ALL: &[(Method, &str)] = &[];
