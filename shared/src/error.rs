//! Everything that can go wrong, said once, free of HTTP; each dialect gives it a status and a code.

mod link;
mod words;

use std::error::Error as Cause;

use crate::id::{ClientId, RoomId};

pub use link::LinkRefusal;
use words::{alternatives, are, article, of, quoted};

/// Why a request was not carried out. Its text is a sentence that the caller can act on, and names the offender.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is no JSON object.
    #[error("the body must be a JSON object: {reason}")]
    InvalidBody {
        /// What the reader stumbled over.
        reason: String,
    },
    /// The body is longer than allowed (D9).
    #[error("the body must be at most {limit} bytes long")]
    BodyTooLarge {
        /// Bytes.
        limit: usize,
    },
    /// A required parameter, or one of several, is absent.
    #[error("{} must be given", alternatives(.names))]
    MissingParameter {
        /// The parameter, or those of which one is needed.
        names: &'static [&'static str],
    },
    /// A parameter has a wrong type or value.
    #[error("`{name}` {reason}")]
    InvalidParameter {
        /// The field, path parameter, query parameter or header.
        name: String,
        /// What it must be.
        reason: String,
    },

    /// The client key is missing, malformed, unknown or another kind of key.
    #[error("`IM-CLIENT-KEY` must carry a client key of an app")]
    InvalidClientKey,
    /// The API key is missing, malformed, unknown or another kind of key.
    #[error("`IM-API-KEY` must carry an API key of an app")]
    InvalidApiKey,
    /// No token came with the request.
    #[error("`IM-Authorization` must carry a client token")]
    MissingToken,
    /// The token is unknown, revoked, or of another app than the client key (D6).
    #[error("the token in `IM-Authorization` is not a token of this app")]
    UnknownToken,
    /// The token was good until a while ago.
    #[error("the token in `IM-Authorization` has expired: ask your back end for a new one")]
    ExpiredToken,

    /// No such room, or the caller may not know of it (D10).
    #[error("room `{room}` does not exist")]
    RoomNotFound {
        /// As asked for.
        room: RoomId,
    },
    /// Some of the clients named do not exist.
    #[error("no client has the id {}", quoted(.missing))]
    ClientsNotFound {
        /// Every unknown id.
        missing: Vec<ClientId>,
    },
    /// Only a present member may do this.
    #[error("you are not a member of room `{room}`")]
    NotRoomMember {
        /// The room.
        room: RoomId,
    },
    /// Who may do this has an office in the room, or stands above it.
    #[error("you may not do this in room `{room}`")]
    InsufficientPermissions {
        /// The room.
        room: RoomId,
    },
    /// Some of those named are not in the room.
    #[error("{} not in room `{room}`", are(.missing))]
    MembersNotFound {
        /// The room.
        room: RoomId,
        /// Everybody named who is not in it.
        missing: Vec<ClientId>,
    },
    /// Some of those named have no pending invitation.
    #[error("{} not invited to room `{room}`", are(.missing))]
    InvitationNotFound {
        /// The room.
        room: RoomId,
        /// Everybody named who has none.
        missing: Vec<ClientId>,
    },
    /// There is no such invitation of an address.
    #[error("there is no pending invitation `{id}`")]
    AddressInvitationNotFound {
        /// As asked for.
        id: String,
    },
    /// What stands against a link (D43).
    #[error(transparent)]
    Link(#[from] LinkRefusal),
    /// There is no such message in the room.
    #[error("there is no message `{id}` in the room")]
    MessageNotFound {
        /// As asked for.
        id: String,
    },
    /// The client is banned already (D30).
    #[error("{} banned from room `{room}` already", are(.clients))]
    AlreadyBanned {
        /// The room.
        room: RoomId,
        /// Who.
        clients: Vec<ClientId>,
    },
    /// The client is not banned.
    #[error("{} not banned from room `{room}`", are(.clients))]
    BanNotFound {
        /// The room.
        room: RoomId,
        /// Who.
        clients: Vec<ClientId>,
    },
    /// Nothing is said and nobody comes in while the room is frozen.
    #[error("room `{room}` is frozen: nobody can write, join or be invited")]
    RoomFrozen {
        /// The room.
        room: RoomId,
    },
    /// The room is closed for joining and inviting.
    #[error("room `{room}` is closed: nobody can join or be invited")]
    RoomClosed {
        /// The room.
        room: RoomId,
    },
    /// These clients are banned from the room (D30).
    #[error("{} banned from room `{room}`", are(.clients))]
    Banned {
        /// The room.
        room: RoomId,
        /// Every banned one of those named.
        clients: Vec<ClientId>,
    },
    /// These clients do not agree to be added or invited by the caller (D44): it is not said whether that is meant for him.
    #[error("{} not to be added or invited by you", are(.clients))]
    Blocked {
        /// The room.
        room: RoomId,
        /// Every one of those named.
        clients: Vec<ClientId>,
    },
    /// The caller does not block this client.
    #[error("you do not block `{client}`")]
    BlockNotFound {
        /// Who.
        client: ClientId,
    },
    /// A client blocks no more than so many.
    #[error("you can block at most {limit} clients: unblock one first")]
    TooManyBlocks {
        /// How many.
        limit: usize,
    },
    /// The room cannot hold those who would come in (D31).
    #[error("room `{room}` is full: it holds at most {max_members} members")]
    RoomFull {
        /// The room.
        room: RoomId,
        /// Its capacity.
        max_members: u32,
    },
    /// A direct room holds its two clients and nobody else (D18).
    #[error("room `{room}` is a direct room: nobody but its two clients can be in it")]
    DirectRoom {
        /// The room.
        room: RoomId,
    },
    /// The room is entered on invitation only (D25).
    #[error("room `{room}` is entered on invitation only, and you have no pending invitation")]
    InvitationRequired {
        /// The room.
        room: RoomId,
    },
    /// Talk refuses an invitation of somebody who is a member (D34).
    #[error("client `{client}` is a member of the room already")]
    MemberExists {
        /// The member.
        client: ClientId,
    },
    /// Talk refuses a second invitation of one address to one room (D34).
    #[error("this address has a pending invitation to the room already")]
    InvitationExists,
    /// Talk's team is not the caller's app (D1).
    #[error("you are not a member of the team")]
    NotTeamMember,
    /// Talk takes no more than so many in one call (D38).
    #[error("at most {limit} people can be named in one call")]
    TooManyFields {
        /// How many.
        limit: usize,
    },
    /// An app of that id exists.
    #[error("app `{app}` exists already")]
    AppExists {
        /// The app's id.
        app: String,
    },
    /// No app has this id.
    #[error("app `{app}` does not exist")]
    AppNotFound {
        /// The app's id.
        app: String,
    },
    /// There is no such webhook.
    #[error("there is no webhook `{id}`")]
    WebhookNotFound {
        /// As asked for.
        id: String,
    },
    /// There is no such delivery.
    #[error("there is no delivery `{id}`")]
    DeliveryNotFound {
        /// As asked for.
        id: String,
    },
    /// An app has no more than so many.
    #[error("an app can have at most {limit} webhooks: delete one first")]
    TooManyWebhooks {
        /// How many.
        limit: usize,
    },
    /// A socket watches no more rooms than so many.
    #[error("a socket can watch at most {limit} rooms: unsubscribe from one first, or open another socket")]
    TooManySubscriptions {
        /// How many.
        limit: usize,
    },
    /// The deployment has no key from which the secrets of webhooks could follow.
    #[error("this deployment has no webhooks: its operator must set the parameter `WebhookKey`")]
    WebhooksOff,
    /// No route has this method and path.
    #[error("there is no such route")]
    RouteNotFound,

    /// Too many people were added or invited in too short a time; nothing has changed.
    #[error("the budget `{budget}`{} is used up: at most {limit} people in {} {window}", of(.client), article(.window))]
    RateLimited {
        /// Which ([`crate::budget::Budget`]).
        budget: &'static str,
        /// Whose, where it is a client's.
        client: Option<ClientId>,
        /// How many people it holds.
        limit: u32,
        /// `hour` or `day`.
        window: &'static str,
        /// Seconds until it is full again.
        retry_after: u64,
    },
    /// The request has another body or query than the one that first came with its key (D42).
    #[error("`Idempotency-Key` `{key}` was used for another request: take a new key")]
    IdempotencyMismatch {
        /// As sent.
        key: String,
    },
    /// Another try of the request is under way (D42).
    #[error("the request with `Idempotency-Key` `{key}` is being carried out: ask again in a moment")]
    IdempotencyInProgress {
        /// As sent.
        key: String,
    },
    /// No failure: the request was answered before, and that answer stands (D42). No dialect renders it.
    #[error("the request was answered before")]
    Answered {
        /// The whole body of the reply.
        body: String,
        /// Whether another try was given it first.
        is_replayed: bool,
    },

    /// Too many races were lost within the time allowed; nothing has changed.
    #[error("the room is being changed by many callers at once and nothing was done: try again")]
    Busy,
    /// Something that the caller cannot mend. The cause is for the log, never for the reply.
    #[error("something went wrong on our side")]
    Internal(#[source] Box<dyn Cause + Send + Sync>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_every_offender() {
        let client = |id| ClientId::parse("invitees", id).unwrap();
        let missing = vec![client("bbb"), client("ccc")];
        assert_eq!(Error::ClientsNotFound { missing }.to_string(), "no client has the id `bbb`, `ccc`");
        let room = RoomId::parse("id", "demo-room").unwrap();
        let banned = Error::Banned { room, clients: vec![client("bbb")] };
        assert_eq!(banned.to_string(), "`bbb` is banned from room `demo-room`");
        let missing = Error::MissingParameter { names: &["email", "mobile"] };
        assert_eq!(missing.to_string(), "`email` or `mobile` must be given");
    }

    #[test]
    fn an_internal_cause_stays_out_of_the_text() {
        let error = Error::internal("table `secret` is gone");
        assert!(!error.to_string().contains("secret"));
        assert!(Cause::source(&error).unwrap().to_string().contains("secret"));
    }
}
