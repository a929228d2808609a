//! The network: `/api/lunasa/network`.
