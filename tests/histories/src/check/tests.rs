//! Every judge can fail: a run in which all is well, and that run with one thing wrong for each promise.

use shared::door::Circumstance;

use super::*;
use crate::ending::{Ending, Entry, Letter, Link, Room};
use crate::history::{Answer, Done, History, Try};
use crate::script::{Dialect, Operation, Sending, Step};

const ROOM: &str = "r0";
/// Made long ago: the first eight digits are the seconds.
const LINK: &str = "00000000aaaaaaaaaaaaaaaa";
const INVITATION: &str = "6b00dcb803749962939d542c";

/// A run that is made up.
struct Play {
    history: History,
    ending: Ending,
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn room() -> String {
    text(ROOM)
}

impl Play {
    /// The next request: the n-th is under way from 100 n to 100 n + 50 milliseconds.
    fn asks(&mut self, actor: Option<&str>, operation: Operation, status: u16, code: &str) -> &mut Answer {
        let number = self.history.done.len() as u64;
        let answer = Answer { status, code: text(code), ..Answer::default() };
        let (start, end) = (number * 100_000, number * 100_000 + 50_000);
        let tries = vec![Try { start, end, answer: Some(answer) }];
        let actor = actor.map(text);
        let step = Step { number: number as u32, app: App::Alpha, actor, operation, sending: Sending::Once };
        self.history.done.push(Done { step, tries });
        self.answer(number as usize)
    }

    fn answer(&mut self, by: usize) -> &mut Answer {
        self.history.done[by].tries[0].answer.get_or_insert_default()
    }

    fn room(&mut self) -> &mut Room {
        self.ending.rooms.entry((App::Alpha, room())).or_default()
    }

    fn entry(&mut self, seq: u64) -> &mut Entry {
        &mut self.room().log[seq as usize - 1]
    }

    /// What the last request has left in the log, and the letter that tells of it.
    fn logs(&mut self, kind: &str, clients: &[&str], member_count: u64) {
        let last = self.history.done.last().map(|done| (done.start() / 1_000 + 10, done.step.actor.clone()));
        let (at, actor) = last.unwrap_or_default();
        let room = self.room();
        room.seq += 1;
        room.member_count = member_count;
        let (seq, clients) = (room.seq, clients.iter().map(|client| text(client)).collect());
        room.stored.push(seq);
        let at = at + seq;
        room.log.push(Entry { seq, kind: text(kind), at, actor, clients, member_count, ..Entry::default() });
        let id = format!("msg_{seq}");
        self.ending.letters.push(Letter { id, app: text(App::Alpha.id()), room: text(ROOM), seq });
    }

    fn stands(&mut self, client: &str, place: Circumstance) {
        self.room().standings.insert(text(client), place);
    }

    /// What one judge says.
    fn breaks(&self, promise: Promise) -> Vec<Violation> {
        let case = Case::of(&self.history, &self.ending);
        let judge = JUDGES.iter().find(|(own, _)| *own == promise).map(|(_, judge)| judge);
        judge.map(|judge| judge(&case)).unwrap_or_default()
    }
}

/// Somebody makes a room, invites, is answered, speaks, bans, is refused; an address is invited and signs up.
fn play() -> Play {
    let mut play = Play { history: History::default(), ending: Ending::default() };
    play.room().seats = 4;
    let members = vec![text("c0"), text("c1")];
    play.asks(None, Operation::CreateRoom { room: room(), seats: 4, members, invitation_required: false }, 200, "");
    play.logs("room.created", &[], 0);
    play.logs("member.joined", &["c0", "c1"], 2);
    let invite = Operation::AddOne { room: room(), invitee: text("c2"), invites: true };
    play.asks(Some("c0"), invite, 200, "").outcomes = vec![(text("c2"), text("invited"))];
    play.logs("member.invited", &["c2"], 2);
    play.asks(Some("c2"), Operation::Join { room: room(), dialect: Dialect::Imkit }, 200, "");
    play.logs("member.joined", &["c2"], 3);
    play.asks(Some("c0"), Operation::Say { room: room() }, 200, "");
    play.logs("message.created", &[], 3);
    play.entry(5).words = Some(text("Alpha-says-3"));
    play.asks(None, Operation::Ban { room: room(), blockee: text("c2") }, 200, "");
    play.logs("member.banned", &["c2"], 2);
    play.asks(Some("c2"), Operation::Join { room: room(), dialect: Dialect::Imkit }, 403, "BANNED");
    let address = Operation::TalkInviteAddress { room: room(), address: text("e0") };
    let answer = play.asks(Some("c1"), address, 200, "");
    (answer.id, answer.is_invitation) = (text(INVITATION), true);
    play.logs("member.invited", &[], 2);
    play.entry(7).invitations = vec![text(INVITATION)];
    play.asks(None, Operation::SignUp { address: text("e0") }, 200, "").outcomes = vec![(room(), text("joined"))];
    play.logs("member.joined", &["pe0"], 3);
    play.entry(8).invitations = vec![text(INVITATION)];
    play.ending.owners.insert((App::Alpha, text("e0@example.com")), text("pe0"));
    for (client, place) in [
        ("c0", Circumstance::Member),
        ("c1", Circumstance::Member),
        ("c2", Circumstance::Banned),
        ("pe0", Circumstance::Member),
    ] {
        play.stands(client, place);
    }
    play
}

#[test]
fn nobody_finds_fault_with_a_run_in_which_all_is_well() {
    let play = play();
    assert_eq!(judged(&Case::of(&play.history, &play.ending)), []);
}

#[test]
fn a_wrong_count_and_a_crowded_room_break_i1() {
    let mut wrong = play();
    wrong.entry(4).member_count = 2;
    assert_eq!(wrong.breaks(Promise::I1)[0].seq, Some(4));
    let mut crowded = play();
    crowded.room().seats = 2;
    assert_eq!(crowded.breaks(Promise::I1)[0].seq, Some(4));
    let mut stored = play();
    stored.room().member_count = 9;
    assert_eq!(stored.breaks(Promise::I1).len(), 1);
}

#[test]
fn a_banned_client_who_comes_in_breaks_i2() {
    let mut play = play();
    play.asks(Some("c2"), Operation::Join { room: room(), dialect: Dialect::Talk }, 200, "");
    play.logs("member.joined", &["c2"], 4);
    assert_eq!(play.breaks(Promise::I2)[0].seq, Some(9));
}

#[test]
fn an_answer_that_lets_a_banned_client_in_breaks_i2_whatever_the_log_says() {
    let mut play = play();
    let add = Operation::AddOne { room: room(), invitee: text("c2"), invites: false };
    play.asks(Some("c0"), add, 200, "").outcomes = vec![(text("c2"), text("added"))];
    assert_eq!(play.breaks(Promise::I2)[0].step, Some(8));
    let mut two_ways = super::tests::play();
    two_ways.room().torn.push(text("c2"));
    assert_eq!(two_ways.breaks(Promise::I2).len(), 1);
}

#[test]
fn a_second_invitation_and_a_second_end_of_one_break_i3() {
    let mut twice = play();
    let invite = Operation::AddOne { room: room(), invitee: text("c4"), invites: true };
    for _ in 0..2 {
        twice.asks(Some("c0"), invite.clone(), 200, "").outcomes = vec![(text("c4"), text("invited"))];
        twice.logs("member.invited", &["c4"], 3);
    }
    assert_eq!(twice.breaks(Promise::I3)[0].seq, Some(10));
    let mut ended = play();
    ended.asks(Some("c2"), Operation::Decline { room: room() }, 200, "");
    ended.logs("member.declined", &["c0"], 3);
    assert_eq!(ended.breaks(Promise::I3)[0].seq, Some(9));
}

#[test]
fn two_winners_and_an_untrue_refusal_break_i4() {
    let mut winners = play();
    let cancel = Operation::CancelOne { room: room(), invitee: text("c2") };
    winners.asks(Some("c1"), cancel, 200, "");
    assert_eq!(winners.breaks(Promise::I4)[0].step, Some(8));
    let mut untrue = play();
    untrue.answer(5).code = text("ROOM_FULL");
    assert_eq!(untrue.breaks(Promise::I4)[0].step, Some(5));
    let mut bare = play();
    bare.answer(5).code = String::new();
    assert_eq!(bare.breaks(Promise::I4)[0].step, Some(5));
    let mut never = play();
    never.history.done[1].tries[0].answer.get_or_insert_default().outcomes = vec![(text("c2"), text("already_member"))];
    assert_eq!(never.breaks(Promise::I4)[0].step, Some(1));
}

/// A link of two uses that `c0` has made, and what the room says of it.
fn link(play: &mut Play, uses: u64) {
    let link = text("r0-l0");
    play.asks(Some("c0"), Operation::CreateLink { room: room(), link, max_uses: 2 }, 200, "").id = text(LINK);
    play.room().links.insert(text(LINK), Link { uses, max_uses: 2 });
}

/// A client who comes by it.
fn comes(play: &mut Play, client: &str, member_count: u64) {
    let redeem = Operation::Redeem { room: room(), link: text("r0-l0") };
    play.asks(Some(client), redeem, 200, "").outcomes = vec![(text(client), text("joined"))];
    play.logs("member.joined", &[client], member_count);
    if let Some(last) = play.room().log.last_mut() {
        last.link = Some(text(LINK));
    }
}

#[test]
fn a_use_too_many_a_use_uncounted_and_a_use_after_the_end_break_i5() {
    let mut well = play();
    link(&mut well, 1);
    comes(&mut well, "c5", 4);
    assert_eq!(well.breaks(Promise::I5), []);
    let mut uncounted = play();
    link(&mut uncounted, 0);
    comes(&mut uncounted, "c5", 4);
    assert_eq!(uncounted.breaks(Promise::I5).len(), 1);
    let mut many = play();
    link(&mut many, 2);
    (5..8).zip(4..).for_each(|(at, count)| comes(&mut many, &format!("c{at}"), count));
    assert_eq!(many.breaks(Promise::I5)[0].seq, Some(11));
    let mut twice = play();
    link(&mut twice, 2);
    comes(&mut twice, "c5", 4);
    comes(&mut twice, "c5", 4);
    assert_eq!(twice.breaks(Promise::I5)[0].seq, Some(10));
    let mut deleted = play();
    link(&mut deleted, 1);
    let delete = Operation::DeleteLink { room: room(), link: text("r0-l0") };
    deleted.asks(Some("c0"), delete, 200, "").id = text(LINK);
    comes(&mut deleted, "c5", 4);
    assert_eq!(deleted.breaks(Promise::I5)[0].step, Some(10));
    let mut banned = play();
    link(&mut banned, 1);
    banned.asks(None, Operation::Ban { room: room(), blockee: text("c0") }, 200, "");
    banned.logs("member.banned", &["c0"], 2);
    banned.entry(9).at = 2_000; // in a later second than the link
    comes(&mut banned, "c5", 3);
    assert_eq!(banned.breaks(Promise::I5)[0].seq, Some(10));
}

#[test]
fn a_second_effect_and_a_second_answer_break_i6() {
    let mut twice = play();
    twice.logs("message.created", &[], 3);
    let at = twice.entry(5).at + 1;
    let said = twice.entry(9);
    (said.words, said.actor, said.at) = (Some(text("Alpha-says-3")), Some(text("c0")), at);
    let broken = twice.breaks(Promise::I6);
    assert_eq!((broken[0].seq.is_some(), broken[0].step), (true, Some(3)));
    let mut answers = play();
    let mut second = answers.history.done[3].tries[0].clone();
    second.answer.get_or_insert_default().digest = 7;
    answers.history.done[3].tries.push(second);
    assert_eq!(answers.breaks(Promise::I6)[0].step, Some(3));
}

#[test]
fn a_gap_a_lost_entry_and_a_lost_member_break_i7() {
    let mut gap = play();
    gap.entry(5).seq = 6;
    assert_eq!(gap.breaks(Promise::I7)[0].seq, Some(6));
    let mut lost = play();
    lost.room().stored.remove(3);
    assert_eq!(lost.breaks(Promise::I7).len(), 1);
    let mut member = play();
    member.room().standings.remove("c1");
    assert_eq!(member.breaks(Promise::I7).len(), 1);
    let mut silent = play();
    silent.asks(Some("c0"), Operation::Say { room: room() }, 200, "");
    assert_eq!(silent.breaks(Promise::I7)[0].step, Some(8));
    let mut joined = play();
    joined.logs("member.joined", &["c0"], 3);
    assert_eq!(joined.breaks(Promise::I7)[0].seq, Some(9));
}

#[test]
fn what_is_acknowledged_too_early_breaks_i7() {
    let mut play = play();
    // The ban was answered before what stands ahead of it in the log had been asked for.
    let early = &mut play.history.done[4].tries[0];
    (early.start, early.end) = (230_000, 290_000);
    play.entry(6).at = 240;
    assert!(play.breaks(Promise::I7)[0].seq.is_some());
}

#[test]
fn a_second_room_of_a_pair_and_a_third_in_it_break_i8() {
    let mut play = play();
    let pair = [text("c0"), text("c1")];
    play.room().pair = Some(pair.clone());
    assert_eq!(play.breaks(Promise::I8)[0].seq, Some(4), "`c2` is in it");
    let other = Room { pair: Some([text("c1"), text("c0")]), ..Room::default() };
    play.ending.rooms.insert((App::Alpha, text("r9")), other);
    assert_eq!(play.breaks(Promise::I8).len(), 2);
    let mut shown = super::tests::play();
    shown.asks(Some("c0"), Operation::OpenDirect { peer: text("c1") }, 200, "").id = text("r7");
    assert_eq!(shown.breaks(Promise::I8)[0].step, Some(8));
}

#[test]
fn what_crosses_over_breaks_i9() {
    let mut shown = play();
    shown.answer(2).foreign = Some(text("Beta-c0"));
    assert_eq!(shown.breaks(Promise::I9)[0].step, Some(2));
    let mut done = play();
    done.history.done[3].step.app = App::Beta;
    let said = done.entry(5);
    said.words = Some(text("Beta-says-3"));
    assert_eq!(done.breaks(Promise::I9)[0].seq, Some(5));
    let mut told = play();
    told.ending.letters[0].app = text("Beta");
    assert_eq!(told.breaks(Promise::I9).len(), 1);
}

#[test]
fn what_is_refused_and_done_breaks_i10_and_so_does_what_nobody_asked_for() {
    let mut refused = play();
    let answer = refused.answer(3);
    (answer.status, answer.code) = (503, text("BUSY"));
    let broken = refused.breaks(Promise::I10);
    assert_eq!((broken[0].seq, broken[0].step), (Some(5), Some(3)));
    let mut nobody = play();
    nobody.logs("member.left", &["c1"], 2);
    assert_eq!(nobody.breaks(Promise::I10)[0].seq, Some(9));
    let mut dry = play();
    dry.history.done[3].step.sending = Sending::Dry;
    assert_eq!(dry.breaks(Promise::I10)[0].step, Some(3));
}

#[test]
fn an_invitation_that_is_lost_kept_or_used_twice_breaks_i11() {
    let mut kept = play();
    kept.room().invitations.insert(text(INVITATION), text("e0@example.com"));
    assert_eq!(kept.breaks(Promise::I11).len(), 1);
    let mut twice = play();
    twice.entry(4).invitations = vec![text(INVITATION)];
    assert_eq!(twice.breaks(Promise::I11).len(), 1);
    let mut lost = play();
    lost.entry(8).invitations = Vec::new();
    assert_eq!(lost.breaks(Promise::I11).len(), 1);
    let mut behind = play();
    behind.ending.invited.push((App::Alpha, text("e0@example.com"), text("r5")));
    assert_eq!(behind.breaks(Promise::I11)[0].step, Some(7));
    let mut nobody = play();
    nobody.ending.owners.clear();
    assert_eq!(nobody.breaks(Promise::I11)[0].step, Some(7));
}

#[test]
fn an_entry_that_no_letter_tells_of_and_an_id_of_two_break_i12() {
    let mut silent = play();
    silent.ending.letters.remove(4);
    assert_eq!(silent.breaks(Promise::I12)[0].seq, Some(5));
    let mut shared = play();
    shared.ending.letters[1].id = text("msg_1");
    assert_eq!(shared.breaks(Promise::I12).len(), 1);
    let mut renamed = play();
    let again = Letter { id: text("msg_x"), ..renamed.ending.letters[2].clone() };
    renamed.ending.letters.push(again);
    assert_eq!(renamed.breaks(Promise::I12)[0].seq, Some(3));
}

#[test]
fn who_is_brought_in_by_somebody_whom_he_has_blocked_did_not_consent() {
    let mut play = play();
    play.asks(Some("c5"), Operation::Block { blockee: text("c0") }, 200, "");
    let invite = Operation::AddOne { room: room(), invitee: text("c5"), invites: true };
    play.asks(Some("c0"), invite.clone(), 200, "").outcomes = vec![(text("c5"), text("blocked"))];
    assert_eq!(play.breaks(Promise::Consent), []);
    play.asks(Some("c0"), invite, 200, "").outcomes = vec![(text("c5"), text("invited"))];
    assert_eq!(play.breaks(Promise::Consent)[0].step, Some(10));
    play.asks(Some("c5"), Operation::Unblock { blockee: text("c0") }, 200, "");
    play.history.done[11].tries[0].start = 950_000;
    assert_eq!(play.breaks(Promise::Consent), []);
}
