//! Black-box tests: the real binaries behind the real template, on a real engine, over real HTTP. One module a route, and
//! one each for what concerns all routes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod actors;

mod add_member;
mod add_members;
mod bind_token;
mod create_app;
mod create_client;
mod create_room;
mod default_route;
mod delete_client;
mod expire_invitations;
mod export_client;
mod get_me;
mod get_room;
mod join_room;
mod list_clients;
mod list_events;
mod list_members;
mod refresh_profiles;
mod revoke_tokens;
mod rotate_key;
mod sign_in;
mod talk_invite;
mod update_me;

mod bad_input;
mod claim_story;
mod cost;
mod credentials;
mod races;
mod seeds;
