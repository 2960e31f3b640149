//! `POST /rooms`.
