//! `POST /admin/clients`.
