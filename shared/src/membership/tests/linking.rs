//! Links: who makes and deletes them, whom they let in.

use super::leaving::{by, governed};
use super::*;
use crate::error::LinkRefusal;
use crate::link::{Link, LinkToken, MOST_LINKS, MOST_OWN_LINKS, Presented, Terms};

const TERMS: Terms = Terms { max_uses: Some(2), lifetime: Duration::from_secs(60) };

fn token() -> LinkToken {
    LinkToken::new(&AppId::parse("app", "App").unwrap(), &RoomId::parse("id", "room").unwrap(), NOW)
}

/// A link that this token opens, made by `inviter`, used so many times of two.
fn made(token: &LinkToken, inviter: Option<&str>, uses: u32) -> Link {
    let inviter = inviter.map(|inviter| client(&id(inviter)).face());
    let (id, hash, max_uses) = (token.link.clone(), token.hash(), TERMS.max_uses);
    Link { id, hash, max_uses, uses, inviter, created_at: NOW, expires_at: later(), ttl: 0 }
}

impl Door {
    /// Where the request names this link.
    fn shown(self, link: Link, is_redeemed: bool) -> Self {
        Self { link: Some(Presented { link, is_redeemed }), ..self }
    }

    /// With so many links, made by `inviter`.
    fn linked(mut self, inviter: Option<&str>, number: usize, expires_at: Time) -> Self {
        let link = |_| Link { expires_at, ..made(&token(), inviter, 0) };
        self.everybody.links.extend((0..number).map(link));
        self
    }
}

#[test]
fn link_is_made_as_it_was_asked_for() {
    let token = token();
    let made = link(&door(), &token, TERMS).unwrap();
    assert!(token.opens(&made));
    assert_eq!((made.max_uses, made.uses, made.inviter.map(|face| face.id)), (Some(2), 0, Some(id("aaa"))));
    assert_eq!((made.created_at, made.expires_at), (NOW, NOW.plus(TERMS.lifetime)));
    assert_eq!(made.ttl, made.expires_at.seconds());
    assert!(link(&door().by(Caller::Platform(None)), &token, TERMS).unwrap().inviter.is_none());
}

#[test]
fn link_is_one_of_at_most_a_hundred_and_of_fifty_by_one_client() {
    let too_many = |door: Door| match link(&door, &token(), TERMS) {
        Err(Error::Link(LinkRefusal::TooMany { limit, own, .. })) => Some((limit, own)),
        other => {
            assert!(other.is_ok(), "{other:?}");
            None
        }
    };
    assert_eq!(too_many(door().linked(Some("aaa"), MOST_OWN_LINKS - 1, later())), None);
    assert_eq!(too_many(door().linked(Some("aaa"), MOST_OWN_LINKS, later())), Some((50, true)));
    assert_eq!(too_many(door().linked(None, MOST_LINKS - 1, later())), None);
    assert_eq!(too_many(door().linked(None, MOST_LINKS, later())), Some((100, false)));
    assert_eq!(too_many(door().linked(Some("aaa"), 200, NOW)), None, "what is over does not count");
    assert_eq!(too_many(door().linked(None, 60, later()).by(Caller::Platform(None))), None, "nobody is not somebody");
}

#[test]
fn redeem_lets_in_whoever_is_not_in_or_kept_out() {
    let token = token();
    let redeems = |state| redeem(&joiner(state).shown(made(&token, Some("aaa"), 0), false), &token, Notify::Nobody);
    for state in [None, Some(invited(NOW)), Some(invited(later()))] {
        let plan = redeems(state).unwrap();
        assert_eq!(outcomes(&plan), [("bbb", Outcome::Joined)]);
        assert!(matches!(&plan.changes[..], [Change::JoinedByLink { notice: None, .. }]), "{plan:?}");
    }
    let plan = redeems(Some(member())).unwrap();
    assert_eq!((outcomes(&plan), plan.changes.len()), (vec![("bbb", Outcome::AlreadyMember)], 0));
    assert!(matches!(redeems(Some(banned())), Err(Error::Banned { .. })));
}

#[test]
fn redeem_by_a_link_that_is_spent_over_or_anothers() {
    let token = token();
    let redeems = |link: Link, is_redeemed| redeem(&joiner(None).shown(link, is_redeemed), &token, Notify::Room);
    assert!(redeems(made(&token, None, 1), false).is_ok());
    assert!(matches!(redeems(made(&token, None, 2), false), Err(Error::Link(LinkRefusal::UsedUp { uses: 2, .. }))));
    assert!(matches!(redeems(made(&token, None, 1), true), Err(Error::Link(LinkRefusal::Redeemed { .. }))));
    assert!(matches!(redeems(made(&token, None, 2), true), Err(Error::Link(LinkRefusal::Redeemed { .. }))));
    let over = Link { expires_at: NOW, ..made(&token, None, 0) };
    assert!(matches!(redeems(over, false), Err(Error::Link(LinkRefusal::NotFound { .. }))));
    assert!(matches!(redeems(made(&self::token(), None, 0), false), Err(Error::Link(LinkRefusal::NotFound { .. }))));
    let forged = Link { id: token.link.clone(), ..made(&self::token(), None, 0) };
    assert!(matches!(redeems(forged, false), Err(Error::Link(LinkRefusal::NotFound { .. }))));
    assert!(matches!(redeem(&joiner(None), &token, Notify::Room), Err(Error::Link(LinkRefusal::NotFound { .. }))));
    let gone = Door { room: None, ..joiner(None).shown(made(&token, None, 0), false) };
    assert!(matches!(redeem(&gone, &token, Notify::Room), Err(Error::Link(LinkRefusal::NotFound { .. }))));
}

#[test]
fn a_link_is_deleted_by_its_maker_and_by_who_governs() {
    let token = token();
    let may =
        |door: Door, inviter| may_delete_link(&door.shown(made(&token, inviter, 0), false), &token.link).map(drop);
    for (caller, allowed) in [(by("own"), true), (by("adm"), true), (by("aaa"), false), (Caller::Platform(None), true)]
    {
        assert_eq!(may(governed().by(caller.clone()), Some("bbb")).is_ok(), allowed, "{caller:?}");
        assert_eq!(may(governed().by(caller.clone()), None).is_ok(), allowed, "{caller:?}");
    }
    assert!(may(governed().by(by("aaa")), Some("aaa")).is_ok());
    assert!(may(door(), None).is_ok(), "where nobody owns the room, a member");
    let away = || door().with("bbb", None).by(by("bbb"));
    assert!(may(away(), Some("bbb")).is_ok(), "he has left");
    assert!(matches!(may(away(), Some("aaa")), Err(Error::NotRoomMember { .. })));
    let gone = Door { room: None, ..away() };
    assert!(matches!(may(gone, Some("bbb")), Err(Error::RoomNotFound { .. })));
}

#[test]
fn ban_closes_the_links_that_he_made() {
    let door = governed().linked(Some("bbb"), 2, later()).linked(Some("aaa"), 3, later()).linked(None, 4, later());
    let plan = ban(&door.linked(Some("bbb"), 1, NOW).by(by("own")), &id("bbb")).unwrap();
    let [Change::MemberBanned { links, .. }] = &plan.changes[..] else { panic!("{plan:?}") };
    assert_eq!(links.len(), 2);
}
