//! Accounts, roles and files: `/users`, `/roles`.
