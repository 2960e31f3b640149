//! `POST /rooms/:id/join`.
