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
mod ban_client;
mod create_app;
mod create_client;
mod create_room;
mod default_route;
mod delete_room;
mod get_room;
mod join_room;
mod list_bans;
mod list_events;
mod list_members;
mod remove_member;
mod remove_members;
mod set_member_property;
mod talk_invite;
mod unban_client;
mod update_room;

mod bad_input;
mod cost;
mod credentials;
mod races;
mod seeds;
