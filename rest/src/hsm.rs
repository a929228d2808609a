//! The HSM: `/api/lunasa/hsms`.
