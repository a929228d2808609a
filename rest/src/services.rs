//! Services: `/api/lunasa/services`.

use crate::call::Method;

/// Every resource of this area.
pub const ALL: &[(Method, &str)] = &[];
