//! What Rollcall's functions share. Every request takes the same six moments, in this order:
//! authenticate (what the request says) → read → load (what it proves) → decide → save → reply.

pub mod forward;
pub mod lambda;
pub mod outside;
pub mod request;
pub mod stream;

pub mod auth;
pub mod error;
pub mod id;
pub mod json;
pub mod time;

pub mod address;
pub mod filter;
pub mod pinyin;

pub mod app;
pub mod client;
pub mod consent;
pub mod invitation;
pub mod link;
pub mod message;
pub mod room;
pub mod standing;

pub mod door;

pub mod budget;
pub mod change;
pub mod membership;

pub mod act;
pub mod log;
pub mod once;

pub mod pseudonym;

pub mod delivery;
pub mod event;
pub mod relay;
pub mod socket;
pub mod webhook;

pub mod store;

pub mod dialect;

pub mod courier;
pub mod crier;
pub mod mail;
