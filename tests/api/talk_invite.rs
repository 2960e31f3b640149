//! `POST /v2/rooms/:_id/invite`.
