//! The parts of Talk's replies: users, rooms, invitations, messages.

use serde_json::{Value, json};

use super::view::Addresses;
use crate::address::Address;
use crate::client::{Client, Face};
use crate::id::{ObjectId, RoomId};
use crate::invitation::Invitation;
use crate::message::{Content, Message, Notice};
use crate::pinyin::Spelling;
use crate::room::Room;
use crate::standing::{Membership, Standing};

/// Spellings of a name in a list of users: a thousand of them must fit into one reply of 6 MB.
const SPELLINGS: usize = 4;

/// A user with everything that is known of it.
pub(super) fn user(client: &Client, addresses: Addresses) -> Value {
    let face = client.face();
    let mut result = person(&face);
    result["isRobot"] = json!(client.profile.is_robot);
    result["createdAt"] = json!(client.created_at.iso());
    result["updatedAt"] = json!(client.updated_at.iso());
    spell(&mut result, face.name(), usize::MAX);
    let email = client.email.as_deref().filter(|_| addresses == Addresses::Shown);
    if let Some(Ok(Address::Email(email))) = email.map(Address::email) {
        let login = client.email.as_deref().unwrap_or_default().trim().to_lowercase();
        result["emailForLogin"] = json!(login);
        result["emailDomain"] = json!(email.domain());
    }
    result
}

/// A user among the members of a room, as far as the room knows it: without addresses.
pub(super) fn member(standing: &Standing) -> Option<Value> {
    let mut result = speaker(&standing.face());
    result["isRobot"] = json!(standing.profile.is_robot);
    result["role"] = json!(standing.membership()?.role.as_str());
    Some(result)
}

/// A user in short: of a member, of a message.
fn speaker(face: &Face) -> Value {
    let mut result = person(face);
    spell(&mut result, face.name(), SPELLINGS);
    result
}

fn person(face: &Face) -> Value {
    json!({
        "_id": face.id,
        "id": face.id,
        "__v": 0,
        "name": face.name(),
        "avatarUrl": face.avatar_url.as_deref().unwrap_or_default(),
        "from": "register",
        "isGuest": false,
    })
}

/// A pending invitation of an address. Where the address is not shown, neither is what is made of it.
pub(super) fn invitation(invitation: &Invitation, team: &ObjectId, addresses: Addresses) -> Value {
    let mut result = json!({
        "_id": invitation.id,
        "id": invitation.id,
        "__v": 0,
        "team": team,
        "_teamId": team,
        "role": "member",
        "isInvite": true,
        "createdAt": invitation.created_at.iso(),
        "updatedAt": invitation.created_at.iso(),
    });
    if addresses == Addresses::Hidden {
        return result;
    }
    if let Some(email) = &invitation.email {
        let local_part = email.trim().split('@').next().unwrap_or_default();
        (result["key"], result["name"]) = (json!(format!("email_{email}")), json!(local_part));
        result["email"] = json!(email);
    }
    if let Some(mobile) = &invitation.mobile {
        (result["key"], result["name"]) = (json!(format!("mobile_{mobile}")), json!(mobile));
        result["mobile"] = json!(mobile);
    }
    result
}

/// A room, which Talk's people call a topic. It has no guest link until it has one (D37).
pub(super) fn topic(room: &Room, team: &ObjectId) -> Value {
    let mut result = json!({
        "_id": room.id,
        "id": room.id,
        "__v": 0,
        "email": room.email,
        "team": team,
        "_teamId": team,
        "topic": room.topic(),
        "creator": room.creator,
        "_creatorId": room.creator,
        "color": room.face.color.as_deref().unwrap_or("blue"),
        "memberCount": room.member_count,
        "popRate": u64::from(room.member_count) * 3, // D34
        "isGuestVisible": false,
        "isPrivate": room.is_private,
        "isArchived": room.is_frozen,
        "isGeneral": false,
        "createdAt": room.created_at.iso(),
        "updatedAt": room.updated_at.iso(),
    });
    if let Some(purpose) = &room.face.description {
        result["purpose"] = json!(purpose);
    }
    spell(&mut result, room.topic(), usize::MAX);
    result
}

/// A message. What the system says stands there as a key that Talk's clients put into words (talk.md 12).
pub(super) fn message(message: &Message, room: &RoomId, team: &ObjectId) -> Value {
    let Message { id, at, sender, content, edited_at } = message;
    let mut result = json!({
        "_id": id,
        "id": id,
        "__v": 0,
        "creator": sender.as_ref().map(speaker),
        "_creatorId": sender.as_ref().map(|sender| &sender.id),
        "team": team,
        "_teamId": team,
        "room": room,
        "_roomId": room,
        "_targetId": room,
        "type": "room",
        "displayType": "text",
        "attachments": [],
        "createdAt": at.iso(),
        "updatedAt": edited_at.unwrap_or(*at).iso(),
    });
    let (body, icon) = match content {
        Content::Notice(notice) => told(notice),
        Content::Post(_) => (message.text(), None),
    };
    result["body"] = json!(body);
    result["isSystem"] = json!(icon.is_some());
    if let Some(icon) = icon {
        result["icon"] = json!(icon);
    }
    result
}

/// The text and the picture of what the system says. Talk has no words for invitations that are taken back and for new
/// admins: these are told by their names alone.
fn told(notice: &Notice) -> (String, Option<&'static str>) {
    let (key, icon) = match notice {
        Notice::AddMembers(_) => ("info-invite-members", "join-room"),
        Notice::JoinRoom(_) => return ("{{__info-join-room}}".to_owned(), Some("join-room")),
        Notice::LeaveRoom(_) => return ("{{__info-leave-room}}".to_owned(), Some("leave-room")),
        Notice::DeleteMember(_) => ("info-remove-members", "leave-room"),
        Notice::CancelInvitations(_) | Notice::AssignAdmin(_) => return (notice.text(), Some("update-room")),
    };
    (format!("{{{{__{key}}}}} {}", notice.text()), Some(icon))
}

/// What the caller has not read of a room (D23).
pub(super) fn unread(room: &Room, own: Option<&Membership>) -> u64 {
    own.map_or(0, |own| room.messages.saturating_sub(own.read_messages))
}

/// The name in Latin letters (D37), in at most so many spellings of each kind.
fn spell(result: &mut Value, name: &str, most: usize) {
    let Spelling { pinyin, mut pinyins, py, mut pys } = Spelling::of(name);
    pinyins.truncate(most);
    pys.truncate(most);
    result["pinyin"] = json!(pinyin);
    result["pinyins"] = json!(pinyins);
    result["py"] = json!(py);
    result["pys"] = json!(pys);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Said, Statement};
    use crate::id::ClientId;
    use crate::json::Json;
    use crate::message::Post;
    use crate::time::Time;

    fn client(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn face(id: &str) -> Face {
        Face { id: client(id), nickname: Some(id.to_uppercase()), avatar_url: None }
    }

    fn person(email: Option<&str>) -> Client {
        let said = Statement {
            email: email.map_or(Said::Nothing, |email| Said::Is(email.to_owned())),
            mobile: Said::Is("13100000000".to_owned()),
            ..Default::default()
        };
        said.applied(&client("bbb"), None, &Default::default(), Time::from_millis(0)).unwrap()
    }

    #[test]
    fn a_persons_email_is_shown_as_a_login_where_addresses_are_shown_at_all() {
        let shown = user(&person(Some(" Ann@BÜCHER.example")), Addresses::Shown);
        assert_eq!(shown["emailForLogin"], "ann@bücher.example");
        assert_eq!(shown["emailDomain"], "xn--bcher-kva.example");
        for hidden in [user(&person(Some("ann@x.io")), Addresses::Hidden), user(&person(None), Addresses::Shown)] {
            assert!(hidden.get("emailForLogin").is_none() && hidden.get("emailDomain").is_none(), "{hidden}");
            assert!(!hidden.to_string().contains("3100000000"), "a mobile is never shown: {hidden}");
        }
    }

    #[test]
    fn a_person_without_a_nickname_is_named_by_the_id() {
        let nameless = user(&person(None), Addresses::Shown);
        assert_eq!((&nameless["name"], &nameless["avatarUrl"]), (&json!("bbb"), &json!("")));
    }

    fn said(content: Content) -> Value {
        let id = ObjectId::of_entry(Time::from_millis(1_000), 3);
        let (at, edited_at) = (Time::from_millis(1_000), Some(Time::from_millis(2_000)));
        let sent = Message { id, at, sender: Some(face("aaa")), content, edited_at };
        message(&sent, &RoomId::parse("id", "r1").unwrap(), &ObjectId::at(at))
    }

    #[test]
    fn what_the_system_says_is_a_key_and_a_picture() {
        let both = || vec![face("bbb"), face("ccc")];
        for (notice, body, icon) in [
            (Notice::AddMembers(both()), "{{__info-invite-members}} BBB, CCC", "join-room"),
            (Notice::JoinRoom(face("aaa")), "{{__info-join-room}}", "join-room"),
            (Notice::LeaveRoom(face("aaa")), "{{__info-leave-room}}", "leave-room"),
            (Notice::DeleteMember(both()), "{{__info-remove-members}} BBB, CCC", "leave-room"),
            (Notice::CancelInvitations(both()), "BBB, CCC", "update-room"),
            (Notice::AssignAdmin(vec![face("bbb")]), "BBB", "update-room"),
        ] {
            let told = said(Content::Notice(notice));
            assert_eq!((&told["body"], &told["icon"], &told["isSystem"]), (&json!(body), &json!(icon), &json!(true)));
        }
    }

    #[test]
    fn what_somebody_says_stands_there_as_it_was_said() {
        let fields = Json::of(json!({ "message": "hello" }).as_object().unwrap());
        let told = said(Content::Post(Post { message_type: "text".into(), fields, reply: None }));
        assert_eq!((&told["body"], &told["isSystem"], &told["type"]), (&json!("hello"), &json!(false), &json!("room")));
        assert!(told.get("icon").is_none(), "{told}");
        assert_eq!((&told["creator"]["_id"], &told["_creatorId"]), (&json!("aaa"), &json!("aaa")));
        assert_eq!(told["createdAt"], "1970-01-01T00:00:01.000Z");
        assert_eq!(told["updatedAt"], "1970-01-01T00:00:02.000Z");
    }
}
