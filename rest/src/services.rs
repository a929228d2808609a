//! Services: `/api/lunasa/services`.
