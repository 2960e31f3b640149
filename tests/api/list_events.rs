//! `GET /rooms/:id/events`.
