//! `POST /rooms/:id/members`
fn main() {}
