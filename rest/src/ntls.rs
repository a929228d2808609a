//! Clients and their links: `/api/lunasa/ntls`.
