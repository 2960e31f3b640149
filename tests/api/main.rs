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
mod expire_invitations;
mod get_badge;
mod get_me;
mod get_room;
mod join_room;
mod list_clients;
mod list_events;
mod list_members;
mod list_messages;
mod list_messages_by_id;
mod mark_read;
mod refresh_profiles;
mod revoke_tokens;
mod rotate_key;
mod send_message;
mod send_platform_message;
mod sign_in;
mod talk_invite;
mod update_me;

mod bad_input;
mod cost;
mod credentials;
mod flutter_client;
mod js_client;
mod races;
mod refusals;
mod seeds;
mod vue_client;
