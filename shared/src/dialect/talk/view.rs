//! What Talk's replies hold: users, rooms, invitations.

use serde_json::{Value, json};

use crate::address::Address;
use crate::client::Client;
use crate::door::Invitee;
use crate::id::ObjectId;
use crate::invitation::Invitation;
use crate::pinyin::Spelling;
use crate::room::Room;
use crate::store::Done;

/// Whether a reply shows a client's own addresses (D37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// To whoever invites the client.
    Shown,
    /// To nobody.
    Hidden,
}

/// The reply of `room.invite`: the user who joined, or the pending invitation (seed 003).
pub fn invited(done: &Done, addresses: Addresses) -> Option<Value> {
    let door = &done.door;
    let (room, team) = (door.room.as_ref()?, &door.record.as_ref()?.team);
    let mut reply = match (door.invitee.as_ref()?, &done.invitation) {
        (Invitee::Client(client), _) => user(door.client(client)?, addresses),
        (Invitee::Stranger { addresses }, Some(own)) => invitation(own, addresses, team),
        (Invitee::Stranger { .. }, None) => return None,
    };
    reply["room"] = topic(room, team);
    reply["_roomId"] = json!(room.id);
    reply["_teamId"] = json!(team);
    reply["role"] = json!("member");
    Some(reply)
}

fn user(client: &Client, addresses: Addresses) -> Value {
    let face = client.face();
    let name = face.name();
    let mut result = json!({
        "_id": client.id,
        "id": client.id,
        "__v": 0,
        "name": name,
        "avatarUrl": client.profile.avatar_url.as_deref().unwrap_or_default(),
        "from": "register",
        "isGuest": false,
        "isRobot": client.profile.is_robot,
        "createdAt": client.created_at.iso(),
        "updatedAt": client.updated_at.iso(),
    });
    spell(&mut result, name);
    let email = client.email.as_deref().filter(|_| addresses == Addresses::Shown);
    if let Some(Ok(Address::Email(email))) = email.map(Address::email) {
        let login = client.email.as_deref().unwrap_or_default().trim().to_lowercase();
        result["emailForLogin"] = json!(login);
        result["emailDomain"] = json!(email.domain());
    }
    result
}

fn invitation(invitation: &Invitation, addresses: &[Address], team: &ObjectId) -> Value {
    let (kind, name) = match addresses.first() {
        Some(Address::Email(email)) => ("email", email.local_part()),
        Some(Address::Mobile(_)) | None => ("mobile", invitation.mobile.as_deref().unwrap_or_default()),
    };
    let written = addresses.first().map(Address::written).unwrap_or_default();
    let mut result = json!({
        "_id": invitation.id,
        "id": invitation.id,
        "__v": 0,
        "key": format!("{kind}_{written}"),
        "name": name,
        "team": team,
        "isInvite": true,
        "createdAt": invitation.created_at.iso(),
        "updatedAt": invitation.created_at.iso(),
    });
    if let Some(email) = &invitation.email {
        result["email"] = json!(email);
    }
    if let Some(mobile) = &invitation.mobile {
        result["mobile"] = json!(mobile);
    }
    result
}

/// A room, which Talk's people call a topic. It has no guest link until it has one (D37).
fn topic(room: &Room, team: &ObjectId) -> Value {
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
        "color": "blue",
        "memberCount": room.member_count,
        "popRate": u64::from(room.member_count) * 3, // D34
        "isGuestVisible": false,
        "isPrivate": room.is_private,
        "isArchived": false,
        "isGeneral": false,
        "createdAt": room.created_at.iso(),
        "updatedAt": room.updated_at.iso(),
    });
    spell(&mut result, room.topic());
    result
}

/// The name in Latin letters (D37).
fn spell(result: &mut Value, name: &str) {
    let Spelling { pinyin, pinyins, py, pys } = Spelling::of(name);
    result["pinyin"] = json!(pinyin);
    result["pinyins"] = json!(pinyins);
    result["py"] = json!(py);
    result["pys"] = json!(pys);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ClientId;

    fn client(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn person(email: Option<&str>) -> Client {
        let now = crate::time::Time::from_millis(0);
        let said = crate::client::Statement {
            email: email.map_or(crate::client::Said::Nothing, |email| crate::client::Said::Is(email.to_owned())),
            mobile: crate::client::Said::Is("13100000000".to_owned()),
            ..Default::default()
        };
        said.applied(&client("bbb"), None, &Default::default(), now).unwrap()
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
}
