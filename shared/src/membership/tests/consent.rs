//! Who does not agree to be added or invited.

use super::*;
use crate::consent::{Block, InvitePolicy};

impl Door {
    /// With a client of the door who lets itself be added and invited by these only.
    fn admitting(mut self, who: &str, policy: InvitePolicy) -> Self {
        self.people.get_mut(&id(who)).unwrap().client.as_mut().unwrap().invite_policy = policy;
        self
    }

    /// With a client of the door who blocks `aaa`.
    fn blocking(mut self, who: &str) -> Self {
        let block = Block { client: id("aaa"), created_at: NOW, updated_at: NOW };
        self.people.get_mut(&id(who)).unwrap().client.as_mut().unwrap().blocks.push(block);
        self
    }

    /// With a client who shares another room with `aaa`.
    fn acquainted(mut self, who: &str) -> Self {
        self.acquaintances.insert(id(who));
        self
    }
}

/// `aaa` in the room; `bbb` blocks him, `ccc` wants nobody, `ddd` those whom she meets elsewhere, `eee` anybody.
fn reserved() -> Door {
    let door = door().with("bbb", None).with("ccc", None).with("ddd", None).with("eee", None);
    door.blocking("bbb").admitting("ccc", InvitePolicy::Nobody).admitting("ddd", InvitePolicy::SharedRoom)
}

fn blocked(refusal: Result<impl std::fmt::Debug, Error>) -> Vec<ClientId> {
    match refusal.unwrap_err() {
        Error::Blocked { clients, .. } => clients,
        other => panic!("{other}"),
    }
}

#[test]
fn add_those_who_agree_and_nobody_else() {
    let all = ids(&["eee", "ddd", "ccc", "bbb"]);
    for how in [DIRECTLY, BY_INVITATION] {
        assert_eq!(blocked(add(&reserved(), &all, how)), ids(&["ddd", "ccc", "bbb"]));
        let plan = add(&reserved(), &all, partial(how)).unwrap();
        assert_eq!(outcomes_of(&plan)[1..], [Outcome::Blocked; 3]);
        assert_eq!(plan.changes.iter().flat_map(Change::clients).collect::<Vec<_>>(), ids(&["eee"]));
        let met = add(&reserved().acquainted("ddd").acquainted("ccc").acquainted("bbb"), &all, partial(how)).unwrap();
        assert_eq!(met.outcomes[1].1, met.outcomes[0].1, "who meets her elsewhere may add her");
        assert_eq!(outcomes_of(&met)[2..], [Outcome::Blocked; 2], "that makes no difference to the others");
    }
}

#[test]
fn add_by_the_platform_without_asking() {
    for caller in [Caller::Platform(None), Caller::Platform(Some(id("aaa")))] {
        let plan = add(&reserved().by(caller), &ids(&["bbb", "ccc", "ddd"]), DIRECTLY).unwrap();
        assert_eq!(outcomes_of(&plan), [Outcome::Added; 3]);
    }
}

#[test]
fn add_whom_a_block_stops_in_the_order_of_obstacles() {
    let door = reserved().with("fff", Some(banned())).changed(|room| room.max_members = 1).blocking("fff");
    let refuses = |invitees: &[&str]| add(&door, &ids(invitees), DIRECTLY).unwrap_err();
    assert!(matches!(refuses(&["eee", "bbb", "fff", "nobody"]), Error::ClientsNotFound { .. }));
    assert!(matches!(refuses(&["eee", "bbb", "fff"]), Error::Banned { .. }));
    assert!(matches!(refuses(&["eee", "bbb"]), Error::Blocked { .. }));
    assert!(matches!(refuses(&["eee"]), Error::RoomFull { .. }));
    let plan = add(&door, &ids(&["fff", "bbb", "eee"]), partial(DIRECTLY)).unwrap();
    assert_eq!(outcomes_of(&plan), [Outcome::Banned, Outcome::Blocked, Outcome::RoomFull]);
    // Whoever does not agree takes no seat from those who do.
    let one_seat = reserved().changed(|room| room.max_members = 2);
    let plan = add(&one_seat, &ids(&["bbb", "eee"]), partial(DIRECTLY)).unwrap();
    assert_eq!(outcomes_of(&plan), [Outcome::Blocked, Outcome::Added]);
}

#[test]
fn add_a_member_who_blocks_or_renew_the_invitation_of_one() {
    let member = door().with("bbb", Some(member())).blocking("bbb").admitting("bbb", InvitePolicy::Nobody);
    for how in [DIRECTLY, BY_INVITATION] {
        assert_eq!(outcomes_of(&add(&member, &ids(&["bbb"]), how).unwrap()), [Outcome::AlreadyMember]);
        let invited = || door().with("bbb", Some(invited(later())));
        assert_eq!(blocked(add(&invited().blocking("bbb"), &ids(&["bbb"]), how)), ids(&["bbb"]));
        assert_eq!(blocked(add(&invited().admitting("bbb", InvitePolicy::Nobody), &ids(&["bbb"]), how)), ids(&["bbb"]));
    }
}

#[test]
fn talk_invites_nobody_who_does_not_agree() {
    let invites = |door: Door, who: &str| {
        let door = Door { invitee: Some(Invitee::Client(id(who))), ..door };
        invite(&door, &Written::default(), Duration::from_secs(60))
    };
    for who in ["bbb", "ccc", "ddd"] {
        assert_eq!(blocked(invites(reserved(), who)), ids(&[who]));
        assert!(invites(reserved().by(Caller::Platform(Some(id("aaa")))), who).is_ok());
        // Into a public room anybody brings himself.
        assert!(invites(reserved().by(Caller::Client(id(who))), who).is_ok());
    }
    assert!(invites(reserved().acquainted("ddd"), "ddd").is_ok());
    assert_eq!(blocked(invites(reserved().changed(|room| room.max_members = 1), "bbb")), ids(&["bbb"]));
    let member = reserved().with("bbb", Some(member())).blocking("bbb");
    assert!(matches!(invites(member, "bbb"), Err(Error::MemberExists { .. })));
}

#[test]
fn a_room_is_not_made_around_those_who_do_not_agree() {
    let new = Room::of_many(RoomId::parse("id", "new").unwrap(), RoomKind::Group, 1, NOW);
    let nowhere = || Door { room: None, ..reserved() };
    let all = ids(&["aaa", "eee", "ddd", "bbb"]);
    assert_eq!(blocked(found(&nowhere(), &new, &all, Notify::Nobody)), ids(&["ddd", "bbb"]));
    let missing = found(&nowhere(), &new, &ids(&["bbb", "nobody"]), Notify::Nobody);
    assert!(matches!(missing, Err(Error::ClientsNotFound { .. })));
    for how in [DIRECTLY, BY_INVITATION, partial(DIRECTLY)] {
        assert_eq!(blocked(found_and_join(&nowhere(), &new, &all[1..], how)), ids(&["ddd", "bbb"]));
    }
    let roomy = Room { max_members: 9, ..new };
    assert!(found(&nowhere().by(Caller::Platform(Some(id("aaa")))), &roomy, &all, Notify::Nobody).is_ok());
    assert!(found(&nowhere().acquainted("ddd"), &roomy, &all[..3], Notify::Nobody).is_ok());
    // Nobody needs his own consent.
    let own = nowhere().admitting("aaa", InvitePolicy::Nobody);
    assert!(found(&own, &roomy, &ids(&["aaa", "eee"]), Notify::Nobody).is_ok());
    assert!(found_and_join(&own, &roomy, &ids(&["aaa", "eee"]), DIRECTLY).is_ok());
}

#[test]
fn a_direct_room_brings_nobody_back_who_does_not_agree() {
    let pair = [id("aaa"), id("bbb")];
    let new = Room::direct(RoomId::parse("id", "room").unwrap(), pair.clone(), NOW);
    let direct = |own: Option<State>, peer: Option<State>| {
        let door = Door { people: BTreeMap::new(), ..door() }.changed(|room| room.member_count = 0);
        let door = door.changed(|room| (room.kind, room.pair) = (RoomKind::Direct, Some(pair.clone())));
        door.with("aaa", own).with("bbb", peer).blocking("bbb")
    };
    let opens = |door: Door| found_and_join(&door, &new, &ids(&["bbb"]), DIRECTLY);
    assert_eq!(blocked(opens(Door { room: None, ..direct(None, None) })), ids(&["bbb"]));
    assert_eq!(blocked(opens(direct(Some(member()), None))), ids(&["bbb"]));
    assert_eq!(blocked(opens(direct(None, None))), ids(&["bbb"]));
    // Who is in it stays in it, and the other one may come back to him.
    assert!(opens(direct(Some(member()), Some(member()))).unwrap().0.changes.is_empty());
    assert_eq!(told(&opens(direct(None, Some(member()))).unwrap().0), ["joined Join aaa, joinRoom: AAA"]);
}

#[test]
fn claiming_and_joining_ask_for_nobodys_consent() {
    let (at, expires_at) = (NOW, later());
    let invitation = Invitation {
        id: ObjectId::at(at),
        addresses: vec!["bbb@x.io".into()],
        email: None,
        mobile: None,
        inviter: Some(id("aaa")),
        seq: 1,
        created_at: at,
        expires_at,
    };
    let door = Door { invitation: Some(invitation), ..reserved().by(Caller::Platform(None)) };
    assert!(matches!(claim(&door, &id("bbb")), Some((Claim::Joined, _))));
    let accepting = door.with("bbb", Some(invited(later()))).blocking("bbb").by(Caller::Client(id("bbb")));
    assert!(join(&accepting, Notify::Nobody).is_ok());
}

#[test]
fn declining_and_blocking_is_one_plan() {
    let blocks = |plan: &Plan| {
        plan.record.as_ref().map(|record| record.blocks.iter().map(|block| block.client.clone()).collect::<Vec<_>>())
    };
    let invited_by_zoe = || joiner(Some(invited(later())));
    let politely = decline(&invited_by_zoe(), Declining::Politely).unwrap();
    assert_eq!((politely.changes.len(), blocks(&politely)), (1, None));
    let blocking = decline(&invited_by_zoe(), Declining::AndBlocking).unwrap();
    assert_eq!((blocking.changes.len(), blocks(&blocking)), (1, Some(ids(&["zoe"]))));
    assert_eq!(blocking.record.map(|record| record.version), Some(2));

    let inviter = None;
    let pending = Pending { inviter, created_at: NOW, updated_at: NOW, expires_at: later() };
    let by_the_platform = decline(&joiner(Some(State::Invited(pending))), Declining::AndBlocking).unwrap();
    assert_eq!((by_the_platform.changes.len(), blocks(&by_the_platform)), (1, None));
    for state in [None, Some(invited(NOW)), Some(member()), Some(banned())] {
        let nothing = decline(&joiner(state), Declining::AndBlocking).unwrap();
        assert_eq!((nothing.changes.len(), blocks(&nothing)), (0, None));
    }
}

#[test]
fn whoever_is_in_or_out_already_is_not_asked_whom_he_meets() {
    let shy = |state| door().with("bbb", state).admitting("bbb", InvitePolicy::SharedRoom);
    for (state, hesitant) in [
        (None, vec!["bbb"]),
        (Some(invited(NOW)), vec!["bbb"]),
        (Some(invited(later())), vec!["bbb"]),
        (Some(member()), vec![]),
        (Some(banned()), vec![]),
    ] {
        assert_eq!(shy(state).hesitant(), ids(&hesitant));
    }
    assert!(shy(None).blocking("bbb").hesitant().is_empty(), "his answer is known");
    assert!(shy(None).by(Caller::Platform(Some(id("aaa")))).hesitant().is_empty(), "his answer does not count");
    assert!(door().with("bbb", None).admitting("aaa", InvitePolicy::SharedRoom).hesitant().is_empty());
}
