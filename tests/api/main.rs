//! Black-box tests: the real binaries behind the real template, on a real engine, over real HTTP. One module a route, and
//! one each for what concerns all routes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod actors;
mod contract;
#[path = "../description/mod.rs"]
mod description;
mod ledger;
mod listeners;
mod receiver;
mod talkers;
mod watchers;

mod add_member;
mod add_members;
mod authorize_socket;
mod ban_client;
mod bind_token;
mod block_client;
mod cancel_invitation;
mod cancel_invitations;
mod create_and_join;
mod create_app;
mod create_client;
mod create_link;
mod create_room;
mod create_webhook;
mod decline_invitation;
mod default_route;
mod delete_client;
mod delete_link;
mod delete_room;
mod delete_webhook;
mod disconnect_socket;
mod expire_invitations;
mod export_client;
mod get_badge;
mod get_me;
mod get_room;
mod get_webhook;
mod join_room;
mod list_bans;
mod list_clients;
mod list_deliveries;
mod list_events;
mod list_links;
mod list_members;
mod list_messages;
mod list_messages_by_id;
mod list_my_blocks;
mod list_my_invitations;
mod list_quitted_rooms;
mod list_room_ids;
mod list_room_invitations;
mod list_rooms;
mod list_webhooks;
mod mark_read;
mod ping_webhook;
mod push_events;
mod redeem_link;
mod refresh_profiles;
mod refuse_frame;
mod relay_events;
mod remove_member;
mod remove_members;
mod replay_delivery;
mod replay_events;
mod retry_deliveries;
mod revoke_tokens;
mod room_exists;
mod rotate_key;
mod rotate_webhook_secret;
mod send_invitations;
mod send_message;
mod send_platform_message;
mod send_webhooks;
mod set_member_property;
mod sign_in;
mod subscribe;
mod talk_batch_invite;
mod talk_create_room;
mod talk_delete_invitation;
mod talk_get_room;
mod talk_invite;
mod talk_join;
mod talk_leave;
mod talk_list_invitations;
mod talk_remove_member;
mod unban_client;
mod unblock_client;
mod unsubscribe;
mod update_me;
mod update_room;
mod update_webhook;

mod access;
mod bad_input;
mod browser;
mod budgets;
mod claim_story;
mod cost;
mod credentials;
mod dry_run;
mod event_storm;
mod event_styles;
mod flutter_client;
mod idempotency;
mod js_client;
mod races;
mod refusals;
mod seeds;
mod talk_behaviours;
mod talk_refusals;
mod vue_client;
