//! What IMKit's bodies and headers ask for.

use std::time::Duration;

use serde_json::Value;

use super::consent::invite_policy;
use crate::auth::BoundToken;
use crate::client::{Said, Statement, TOKEN_LIFETIME};
use crate::error::Error;
use crate::id::{AppId, ClientId, ObjectId, RoomId};
use crate::json::Json;
use crate::lambda::Settings;
use crate::membership::{Adding, Entry, Mode, Notify};
use crate::request::{Fields, Request};
use crate::room::{DEFAULT_CAPACITY, MOST_ADMINS, Revision, Room, RoomFace, RoomKind};
use crate::standing::{LONGEST_PAGE, Role};
use crate::store::View;
use crate::time::Time;

pub use super::links::terms;

/// The shortest and longest life of an invitation, in seconds: a minute, 90 days (D17).
const LIFETIMES: std::ops::RangeInclusive<u64> = 60..=90 * 24 * 60 * 60;

/// The longest life of a token.
const LONGEST_LIFE: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// The longest name, key or tag; the longest URL; the longest free text; in bytes.
const NAME: usize = 256;
const URL: usize = 2_048;
const TEXT: usize = 4_096;
/// The longest text of a client that every room's reply repeats: a thousand members must fit into one reply of 6 MB.
const SHOWN: usize = 1_024;
/// The longest object of the operator's own, in bytes of JSON.
const OBJECT: usize = 16_384;
/// The most members a room can be made for.
const MOST_MEMBERS: u64 = 100_000;
/// What IMKit's own routes have in a room's place.
const ROUTES: [&str; 4] = ["createAndJoin", "ids", "invitations", "quitted"];
/// The most tags of a room.
const TAGS: usize = 50;

/// The part of the room that the reply is to show (D24).
pub fn view(request: &Request) -> View<'static> {
    if request.prefers_minimal() { View::Minimal } else { View::Members { after: None, limit: LONGEST_PAGE } }
}

/// How the body wants clients added or invited (D13, D15, D17, D19).
pub fn adding(fields: &Fields, settings: &Settings) -> Result<Adding, Error> {
    Ok(Adding {
        entry: match fields.flag("invitationRequired")? {
            Some(true) => Entry::ByInvitation,
            Some(false) => Entry::Directly,
            None => Entry::AsTheRoomSays,
        },
        notify: notify(fields)?,
        mode: if fields.flag("partial")? == Some(true) { Mode::Partial } else { Mode::AllOrNothing },
        lifetime: lifetime(fields, settings)?,
    })
}

pub(super) fn lifetime(fields: &Fields, settings: &Settings) -> Result<Duration, Error> {
    let asked = fields.number("expiresInSeconds", LIFETIMES)?.map(Duration::from_secs);
    Ok(asked.unwrap_or(settings.invitation_lifetime))
}

/// Whether the body wants the room told (D19).
pub fn notify(fields: &Fields) -> Result<Notify, Error> {
    Ok(if fields.flag("systemMessage")? == Some(true) { Notify::Room } else { Notify::Nobody })
}

/// What the body says a room looks like.
fn room_face(fields: &Fields) -> Result<RoomFace, Error> {
    Ok(RoomFace {
        name: fields.text("name", NAME)?,
        topic: fields.text("topic", NAME)?,
        color: None,
        cover: fields.text("cover", URL)?,
        description: fields.text("description", TEXT)?,
        webhook: fields.text("webhook", URL)?,
        ext_params: fields.text("extParams", TEXT)?,
        bot_state: fields.text("botState", NAME)?.unwrap_or_default(),
        bot_mode: fields.flag("botMode")?.unwrap_or(false),
        encrypted: fields.flag("encrypted")?.unwrap_or(false),
        room_tags: tags(fields)?.unwrap_or_default(),
        data: Json::of(&fields.object("data", OBJECT)?.unwrap_or_default()),
    })
}

/// What the body wants changed of a room.
pub fn revision(fields: &Fields) -> Result<Revision, Error> {
    let admins = fields.clients("managers")?;
    if admins.as_ref().is_some_and(|admins| admins.len() > MOST_ADMINS) {
        return Err(Error::invalid("managers", format!("must name at most {MOST_ADMINS} members")));
    }
    let on = |name: &str| Ok::<_, Error>(fields.number(name, 0..=1)?.map(|on| on == 0));
    let seats = fields.number("maxMembers", 1..=MOST_MEMBERS)?;
    Ok(Revision {
        name: said(fields, "name", NAME)?,
        topic: said(fields, "topic", NAME)?,
        cover: said(fields, "cover", URL)?,
        description: said(fields, "description", TEXT)?,
        webhook: said(fields, "webhook", URL)?,
        ext_params: said(fields, "extParams", TEXT)?,
        bot_mode: fields.flag("botMode")?,
        encrypted: fields.flag("encrypted")?,
        room_tags: tags(fields)?,
        data: match fields.raw("data") {
            Some(Value::Null) => Some(Json::default()),
            Some(_) | None => fields.object("data", OBJECT)?.map(|data| Json::of(&data)),
        },
        is_closed: on("opening")?,
        is_frozen: on("status")?,
        is_private: fields.flag("isPrivate")?,
        invitation_required: fields.flag("invitationRequired")?,
        max_members: seats.and_then(|seats| u32::try_from(seats).ok()),
        owner: fields.client("owner")?,
        admins,
    })
}

fn tags(fields: &Fields) -> Result<Option<Vec<String>>, Error> {
    let tags = fields.texts("roomTags", NAME)?;
    if tags.as_ref().is_some_and(|tags| tags.len() > TAGS) {
        return Err(Error::invalid("roomTags", format!("must be at most {TAGS} tags")));
    }
    Ok(tags)
}

/// A new room of many or of two, as the body describes it; `people` are the two of a direct one (D18, D31).
pub fn new_room(fields: &Fields, kind: RoomKind, pair: Option<[ClientId; 2]>, now: Time) -> Result<Room, Error> {
    let id = fields.text("_id", usize::MAX)?.map(|id| RoomId::parse("_id", &id)).transpose()?;
    if id.as_ref().is_some_and(|id| ROUTES.contains(&id.as_str())) {
        return Err(Error::invalid("_id", "is a route's own word"));
    }
    let seats = fields.number("maxMembers", 1..=MOST_MEMBERS)?.and_then(|seats| u32::try_from(seats).ok());
    let mut room = match pair {
        Some(pair) => {
            let id = id.map_or_else(|| Room::direct_id([&pair[0], &pair[1]]), Ok)?; // D18
            Room::direct(id, pair, now)
        }
        None => {
            let id = id.map_or_else(|| RoomId::parse("_id", ObjectId::at(now).as_str()), Ok)?;
            Room::of_many(id, kind, seats.unwrap_or(DEFAULT_CAPACITY), now)
        }
    };
    room.is_private = fields.flag("isPrivate")?.unwrap_or(false);
    room.is_closed = fields.number("opening", 0..=1)? == Some(0);
    room.face = room_face(fields)?;
    room.email = room.new_email();
    Ok(room)
}

/// The kind of a room that is to be made.
pub fn room_kind(fields: &Fields) -> Result<RoomKind, Error> {
    match fields.text("roomType", 16)?.as_deref() {
        None | Some("group") => Ok(RoomKind::Group),
        Some("direct") => Ok(RoomKind::Direct),
        Some("custom") => Ok(RoomKind::Custom),
        Some(_) => Err(Error::invalid("roomType", "must be `direct`, `group` or `custom`")),
    }
}

/// What is said of a member of a room.
#[derive(Clone, Debug)]
pub enum Setting {
    /// What it may do (D29).
    Role(Role),
    /// A property of its own in the room, or that it goes.
    Property(String, Value),
}

/// Names that a member's properties have already.
const RESERVED: [&str; 8] = ["client", "badge", "lastRead", "clientType", "via", "inviter", "link", "invitation"];

/// What the body says of a member (D29).
pub fn setting(fields: &Fields) -> Result<Setting, Error> {
    let name = fields.text("property", 64)?.ok_or(Error::MissingParameter { names: &["property"] })?;
    let value = fields.raw("value").ok_or(Error::MissingParameter { names: &["value"] })?;
    match (name.as_str(), value.as_str()) {
        ("role", Some("owner")) => Ok(Setting::Role(Role::Owner)),
        ("role", Some("admin")) => Ok(Setting::Role(Role::Admin)),
        ("role", Some("member")) => Ok(Setting::Role(Role::Member)),
        ("role", _) => Err(Error::invalid("value", "must be `owner`, `admin` or `member`")),
        (own, _) if RESERVED.contains(&own) || own.is_empty() || own.starts_with('_') => {
            Err(Error::invalid("property", "must not be empty, begin with `_`, or be a name that has a meaning here"))
        }
        _ => Ok(Setting::Property(name, value.clone())),
    }
}

/// The fields of a client that have a meaning here; any other is the operator's own.
const CLIENT_FIELDS: [&str; 23] = [
    "sender",
    "_id",
    "id",
    "nickname",
    "avatarUrl",
    "description",
    "userAgent",
    "isRobot",
    "email",
    "mobile",
    "invitePolicy",
    "token",
    "expirationDate",
    "expirationDateMS",
    "issueAccessToken",
    "claims",
    "appID",
    "__v",
    "clientType",
    "createdAt",
    "updatedAt",
    "lastLoginTime",
    "lastLoginTimeMS",
];

/// What the body says of a client.
pub fn statement(fields: &Fields) -> Result<Statement, Error> {
    Ok(Statement {
        nickname: said(fields, "nickname", NAME)?,
        avatar_url: said(fields, "avatarUrl", SHOWN)?,
        description: said(fields, "description", SHOWN)?,
        user_agent: said(fields, "userAgent", NAME)?,
        is_robot: fields.flag("isRobot")?,
        email: said(fields, "email", NAME)?,
        mobile: said(fields, "mobile", NAME)?,
        invite_policy: invite_policy(fields)?,
        custom: fields.others(&CLIENT_FIELDS),
        logs_in: false,
    })
}

/// What the body of a sign-in says of a client.
pub fn signing_in(fields: &Fields) -> Result<Statement, Error> {
    Ok(Statement {
        nickname: said(fields, "nickname", NAME)?,
        avatar_url: said(fields, "avatarUrl", SHOWN)?,
        logs_in: true,
        ..Statement::default()
    })
}

/// What only the operator's back end may ask for.
const TOKENS: [&str; 4] = ["token", "issueAccessToken", "expirationDate", "expirationDateMS"];

/// What the body says of the client who sends it.
pub fn own_statement(fields: &Fields) -> Result<Statement, Error> {
    match TOKENS.iter().find(|name| fields.raw(name).is_some_and(|value| !value.is_null())) {
        Some(name) => Err(Error::invalid(name, "can be stated by the operator's back end alone")),
        None => statement(fields),
    }
}

/// Whether the body is about this client, if it names one.
pub fn is_about(fields: &Fields, own: &ClientId) -> Result<(), Error> {
    for name in ["_id", "id"] {
        if fields.client(name)?.is_some_and(|named| named != *own) {
            return Err(Error::invalid(name, "must be your own id"));
        }
    }
    Ok(())
}

/// A token issued here, or one that the operator brings (D5).
pub fn token(fields: &Fields, app: &AppId, client: &ClientId) -> Result<Option<BoundToken>, Error> {
    let issue = fields.flag("issueAccessToken")?.unwrap_or(false);
    match brought_token(fields)? {
        Some(_) if issue => Err(Error::invalid("token", "cannot go with `issueAccessToken`")),
        Some(brought) => Ok(Some(brought)),
        None if issue => Ok(Some(BoundToken::issued(app, client, token_end(fields)?))),
        None => Ok(None),
    }
}

/// A token that the operator brings, with the life that it says (D5).
pub fn brought_token(fields: &Fields) -> Result<Option<BoundToken>, Error> {
    let secret = fields.text("token", TEXT)?;
    secret.map(|secret| BoundToken::brought(secret, token_end(fields)?)).transpose()
}

fn token_end(fields: &Fields) -> Result<Time, Error> {
    let now = Time::now();
    let stated = fields.text("expirationDate", 64)?.map(|date| Time::parse("expirationDate", &date)).transpose()?;
    let end = stated.unwrap_or_else(|| now.plus(TOKEN_LIFETIME));
    if end <= now || end > now.plus(LONGEST_LIFE) {
        return Err(Error::invalid("expirationDate", "must lie in the future, and at most 100 years ahead"));
    }
    Ok(end)
}

fn said(fields: &Fields, name: &str, longest: usize) -> Result<Said<String>, Error> {
    Ok(match (fields.text(name, longest)?, fields.raw(name)) {
        (Some(text), _) => Said::Is(text),
        (None, Some(_)) => Said::None,
        (None, None) => Said::Nothing,
    })
}
