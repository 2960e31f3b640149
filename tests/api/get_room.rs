//! `GET /rooms/:id`.
