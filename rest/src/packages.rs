//! Software packages: `/api/lunasa/packages`, `/api/lunasa/packageFiles`.
