//! Deliveries: that one target is to be told one event, how often that was tried, and when it is tried again.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::event::{About, Event, Style};
use crate::id::{ObjectId, RoomId, hex, random_hex};
use crate::log::Entry;
use crate::time::Time;

/// The pauses between attempts (Standard Webhooks): ten attempts within about 75 hours. Each varies by a tenth, so that what
/// failed together does not come back together.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
    Duration::from_secs(10 * 60 * 60),
    Duration::from_secs(14 * 60 * 60),
    Duration::from_secs(20 * 60 * 60),
    Duration::from_secs(24 * 60 * 60),
];

/// How often a delivery is tried.
pub const ATTEMPTS: u32 = PAUSES.len() as u32 + 1;

/// The longest pause that a receiver may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long whoever has claimed a delivery may take; afterwards another may claim it.
pub const LEASE: Duration = Duration::from_secs(60);

/// How long a delivery that came to an end is remembered: one that arrived, and one that did not.
const REMEMBERED: [Duration; 2] = [Duration::from_secs(7 * 24 * 60 * 60), Duration::from_secs(30 * 24 * 60 * 60)];

/// A delivery's id, which its target sees as `webhook-id`: it follows from the room, the entry and the event, so that one event
/// has one id however often it is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// Of the event of this number among those of the entry.
    pub fn of(room: &RoomId, entry: &ObjectId, number: usize) -> Self {
        let room = hex(&Sha256::digest(room.as_str().as_bytes())[..6]);
        Self(format!("msg_{}{room}{number:02x}", entry.as_str()))
    }

    /// Of a test event, which stands in no log.
    pub fn of_ping(now: Time) -> Self {
        Self(format!("msg_{}{}00", ObjectId::at(now), random_hex::<6>()))
    }

    /// Reads an id; `name` is the parameter that a refusal names.
    pub fn parse(name: &str, value: &str) -> Result<Self, Error> {
        let digits = value.strip_prefix("msg_").unwrap_or_default();
        if digits.len() == 38 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(Self(value.to_owned()));
        }
        Err(Error::invalid(name, "must be the id of a delivery: `msg_` and 38 hexadecimal digits"))
    }

    /// Whether it is one of this entry's.
    pub fn is_of(&self, entry: &ObjectId) -> bool {
        self.0.get(4..28) == Some(entry.as_str())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A delivery as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// What the target knows it by.
    pub id: DeliveryId,
    /// Where it happened.
    pub room: RoomId,
    /// The number of the entry.
    pub seq: u64,
    /// How it is told.
    pub style: Style,
    /// The event's name.
    pub event: String,
    /// What of the entry is told.
    pub about: About,
    /// Whether it waits, has arrived, or has been given up.
    pub state: State,
    /// Attempts that were begun.
    pub attempts: u32,
    /// When the next attempt may begin.
    pub due: Time,
    /// Who tries it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
    /// Until when nobody else may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leased_until: Option<Time>,
    /// The HTTP status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was recorded.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// When the table may forget it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
}

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is tried, or will be.
    Pending,
    /// It has arrived.
    Delivered,
    /// It was given up.
    Failed,
}

impl State {
    /// Reads a state's name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "pending" => Self::Pending,
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            _ => return None,
        })
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has arrived.
    Delivered {
        /// The HTTP status.
        status: u16,
    },
    /// It has not; it is tried again.
    Failed {
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// What went wrong, in words.
        reason: String,
        /// When the receiver wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// It never will.
    Hopeless {
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// Why.
        reason: String,
    },
}

impl Verdict {
    /// There was no answer, and there will be none.
    pub fn hopeless(reason: &str) -> Self {
        Self::Hopeless { status: None, reason: reason.to_owned() }
    }
}

impl Delivery {
    /// A new one, due at once. `number` tells the events of one entry apart.
    pub fn new(room: &RoomId, entry: &Entry, number: usize, style: Style, event: Event, now: Time) -> Self {
        Self {
            id: DeliveryId::of(room, &entry.id, number),
            room: room.clone(),
            seq: entry.seq,
            style,
            event: event.name,
            about: event.about,
            state: State::Pending,
            attempts: 0,
            due: now,
            lease: None,
            leased_until: None,
            status: None,
            error: None,
            created_at: now,
            updated_at: now,
            ttl: None,
        }
    }

    /// The same as if it had never been tried.
    pub fn again(&self, now: Time) -> Self {
        Self {
            state: State::Pending,
            attempts: 0,
            due: now,
            lease: None,
            leased_until: None,
            status: None,
            error: None,
            updated_at: now,
            ttl: None,
            ..self.clone()
        }
    }

    /// What an attempt makes of it.
    pub fn after(&self, verdict: &Verdict, now: Time) -> Self {
        let next = Self { lease: None, leased_until: None, updated_at: now, ..self.clone() };
        let ended = |state, forgotten: Duration| (state, Some(now.plus(forgotten).seconds()));
        let [arrived, given_up] = REMEMBERED;
        match verdict {
            Verdict::Delivered { status } => {
                let (state, ttl) = ended(State::Delivered, arrived);
                Self { state, ttl, status: Some(*status), error: None, ..next }
            }
            Verdict::Failed { status, reason, retry_after } => {
                let (status, error) = (*status, Some(reason.clone()));
                match pause(self.attempts, *retry_after) {
                    Some(pause) => Self { due: now.plus(pause), status, error, ..next },
                    None => {
                        let (state, ttl) = ended(State::Failed, given_up);
                        Self { state, ttl, status, error, ..next }
                    }
                }
            }
            Verdict::Hopeless { status, reason } => {
                let (state, ttl) = ended(State::Failed, given_up);
                Self { state, ttl, status: *status, error: Some(reason.clone()), ..next }
            }
        }
    }
}

/// How long after so many failed attempts the next one waits; none when there is no next.
fn pause(attempts: u32, retry_after: Option<Duration>) -> Option<Duration> {
    let planned = *PAUSES.get(attempts.checked_sub(1)? as usize)?;
    let random = u32::from_str_radix(&random_hex::<2>(), 16).unwrap_or(0);
    let varied = planned.mul_f64(0.9 + 0.2 * f64::from(random) / f64::from(u16::MAX));
    Some(varied.max(retry_after.unwrap_or_default().min(LONGEST_PAUSE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            id: DeliveryId::of(&room("r1"), &ObjectId::of_entry(Time::default(), 3), 0),
            room: room("r1"),
            seq: 3,
            style: Style::Rollcall,
            event: "member.joined".into(),
            about: About::Entry,
            state: State::Pending,
            attempts: 0,
            due: Time::default(),
            lease: Some("mine".into()),
            leased_until: Some(Time::from_millis(60_000)),
            status: None,
            error: None,
            created_at: Time::default(),
            updated_at: Time::default(),
            ttl: None,
        }
    }

    fn room(id: &str) -> RoomId {
        RoomId::parse("id", id).unwrap()
    }

    fn failed(retry_after: Option<u64>) -> Verdict {
        let retry_after = retry_after.map(Duration::from_secs);
        Verdict::Failed { status: Some(500), reason: "the answer was 500".into(), retry_after }
    }

    #[test]
    fn an_event_has_one_id_and_no_other_has_it() {
        let entry = ObjectId::of_entry(Time::default(), 3);
        let ids = [
            DeliveryId::of(&room("r1"), &entry, 0),
            DeliveryId::of(&room("r1"), &entry, 1),
            DeliveryId::of(&room("r2"), &entry, 0),
            DeliveryId::of(&room("r1"), &ObjectId::of_entry(Time::default(), 4), 0),
        ];
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), 4);
        assert_eq!(ids[0], DeliveryId::of(&room("r1"), &entry, 0));
        assert_eq!(DeliveryId::parse("id", ids[0].as_str()).unwrap(), ids[0]);
        assert!(ids[0].is_of(&entry) && ids[1].is_of(&entry) && !ids[3].is_of(&entry));
        for bad in ["", "msg_", "msg_12", &format!("{}0", ids[0].as_str()), &ids[0].as_str().to_uppercase()] {
            assert!(DeliveryId::parse("delivery", bad).unwrap_err().to_string().contains("`delivery`"), "{bad}");
        }
    }

    #[test]
    fn ten_attempts_take_about_75_hours() {
        let (mut now, mut next) = (Time::default(), delivery());
        let mut pauses = Vec::new();
        for attempt in 1..=ATTEMPTS {
            next.attempts = attempt;
            next = next.after(&failed(None), now);
            if next.state == State::Failed {
                assert_eq!(attempt, ATTEMPTS);
                break;
            }
            pauses.push((next.due.millis() - now.millis()) / 1_000);
            now = next.due;
        }
        assert_eq!(next.state, State::Failed);
        let planned = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        for (pause, planned) in pauses.iter().zip(planned) {
            assert!((*pause as f64 - planned as f64).abs() <= planned as f64 * 0.1 + 1.0, "{pause} is not {planned}");
        }
        let hours = now.millis() / 3_600_000;
        assert!((68..=83).contains(&hours), "{hours} hours");
    }

    #[test]
    fn pauses_vary() {
        let pauses: std::collections::BTreeSet<_> = (0..50).filter_map(|_| pause(9, None)).collect();
        assert!(pauses.len() > 40);
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_pause_but_not_for_a_shorter_one_nor_for_ever() {
        assert_eq!(pause(1, Some(Duration::from_secs(120))), Some(Duration::from_secs(120)));
        assert!(pause(2, Some(Duration::from_secs(1))) >= Some(Duration::from_secs(270)));
        assert_eq!(pause(1, Some(Duration::from_secs(1 << 30))), Some(LONGEST_PAUSE));
        assert_eq!(pause(ATTEMPTS, Some(Duration::from_secs(1))), None);
    }

    #[test]
    fn what_has_come_to_an_end_is_forgotten_one_day_and_what_waits_never() {
        let now = Time::from_millis(1_000);
        let tried = Delivery { attempts: 1, ..delivery() };
        let arrived = tried.after(&Verdict::Delivered { status: 204 }, now);
        assert_eq!((arrived.state, arrived.status, arrived.error.as_deref()), (State::Delivered, Some(204), None));
        assert_eq!(arrived.ttl, Some(1 + 7 * 86_400));
        let gone = tried.after(&Verdict::Hopeless { status: Some(410), reason: "gone".into() }, now);
        assert_eq!((gone.state, gone.status, gone.ttl), (State::Failed, Some(410), Some(1 + 30 * 86_400)));
        let waits = tried.after(&failed(None), now);
        assert_eq!((waits.state, waits.ttl, waits.lease.as_deref()), (State::Pending, None, None));
        assert_eq!(gone.again(now), tried.again(now));
        assert_eq!((gone.again(now).state, gone.again(now).attempts), (State::Pending, 0));
    }
}
