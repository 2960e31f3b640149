//! `GET /rooms/:id/members`.
