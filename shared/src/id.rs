//! Ids: those that the operator chooses (apps, clients, rooms) and those that are made here.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::time::Time;

/// The longest client or room id, in bytes (D2).
pub const LONGEST_ID: usize = 128;

/// The id of an app, the tenant: 1 to 64 of `A-Z a-z 0-9 _ -`. It has no dot, so that keys and tokens can begin with it (D5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppId(String);

impl AppId {
    /// Parses an app id; `name` is the field or header that a refusal names.
    pub fn parse(name: &str, value: &str) -> Result<Self, Error> {
        let fits = (1..=64).contains(&value.len());
        if fits && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            return Ok(Self(value.to_owned()));
        }
        Err(Error::invalid(name, "must be 1 to 64 letters, digits, `_` or `-`"))
    }
}

/// Why a client or room id cannot be one, if so (D2): 1 to 128 bytes, no control character, no `/`, no `#`.
fn flaw(value: &str) -> Option<&'static str> {
    match value {
        "" => Some("must not be empty"),
        long if long.len() > LONGEST_ID => Some("must be at most 128 bytes long"),
        odd if odd.contains(['/', '#']) || odd.chars().any(char::is_control) => {
            Some("must not contain `/`, `#` or control characters")
        }
        _ => None,
    }
}

macro_rules! operators_id {
    ($name:ident, $what:literal) => {
        #[doc = concat!("The id of a ", $what, ": the operator's own string of 1 to 128 bytes, without control characters, `/` or `#` (D2).")]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Parses a ", $what, " id; `name` is the field or path parameter that a refusal names.")]
            pub fn parse(name: &str, value: &str) -> Result<Self, Error> {
                match flaw(value) {
                    None => Ok(Self(value.to_owned())),
                    Some(reason) => Err(Error::invalid(name, reason)),
                }
            }
        }

        text!($name);
    };
}

macro_rules! text {
    ($name:ident) => {
        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

operators_id!(ClientId, "client");
operators_id!(RoomId, "room");
text!(AppId);
text!(ObjectId);

/// A generated id: 24 hex digits that sort by the time they were made, as the documents show (D2). The first eight are the
/// seconds, the next four the milliseconds, the rest 48 random bits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(String);

impl ObjectId {
    /// A new id of the given moment.
    pub fn at(time: Time) -> Self {
        let millis = time.millis();
        Self(format!("{:08x}{:04x}{}", millis / 1000, millis % 1000, random_hex::<6>()))
    }

    /// A new id of a log entry, and of its message: it tells the entry's number, so that a message is found by its id in
    /// one read. Eight digits are the seconds, three the milliseconds, eight the number, the rest 20 random bits.
    pub fn of_entry(time: Time, seq: u64) -> Self {
        let (millis, random) = (time.millis(), &random_hex::<3>()[1..]);
        Self(format!("{:08x}{:03x}{:08x}{random}", millis / 1000, millis % 1000, seq & 0xffff_ffff))
    }

    /// The number of the log entry whose id this would be. The entry there has this very id, or there is none of it.
    pub fn entry(&self) -> u64 {
        self.0.get(11..19).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0)
    }

    /// Parses 24 lower-case hex digits; `name` is the field that a refusal names.
    pub fn parse(name: &str, value: &str) -> Result<Self, Error> {
        if value.len() == 24 && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(Self(value.to_owned()));
        }
        Err(Error::invalid(name, "must be 24 lower-case hexadecimal digits"))
    }
}

/// `N` random bytes as `2 N` hex digits.
pub fn random_hex<const N: usize>() -> String {
    hex(&random_bytes::<N>())
}

/// `N` random bytes.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    // A machine without randomness can neither make keys nor ids: better no answer than a guessable one.
    #[allow(clippy::expect_used)]
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_operators_own_string() {
        for good in ["aaa", "1485250743313", "samsung-358436073080420", "張三", "a b", "@me", "50%", "a.b"] {
            assert_eq!(ClientId::parse("invitee", good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn an_id_without_a_place_in_a_key_is_refused_by_name() {
        for bad in ["", "a/b", "a#b", "a\nb", "a\u{0}", "\u{7f}", &"x".repeat(129)] {
            let refusal = RoomId::parse("id", bad).unwrap_err();
            assert!(refusal.to_string().contains("`id`"), "{bad:?}: {refusal}");
        }
    }

    #[test]
    fn generated_ids_sort_by_time() {
        let (early, late) =
            (ObjectId::at(Time::from_millis(1_583_057_129_059)), ObjectId::at(Time::from_millis(1_583_057_129_060)));
        assert!(early < late);
        assert!(early.as_str().starts_with("5e5b88e9"), "the first eight digits are the seconds: {early}");
        assert_eq!(ObjectId::parse("id", early.as_str()).unwrap(), early);
    }

    #[test]
    fn the_id_of_an_entry_tells_its_number_and_sorts_by_time() {
        let early = ObjectId::of_entry(Time::from_millis(1_583_057_129_059), 9);
        let late = ObjectId::of_entry(Time::from_millis(1_583_057_129_060), 8);
        assert!(early < late && early.as_str().starts_with("5e5b88e9"), "{early} {late}");
        assert_eq!((early.entry(), late.entry()), (9, 8));
        assert_eq!(ObjectId::parse("id", late.as_str()).unwrap(), late);
        assert_ne!(late, ObjectId::of_entry(Time::from_millis(1_583_057_129_060), 8), "rivals for one number differ");
    }

    #[test]
    fn an_app_id_has_no_dot() {
        assert!(AppId::parse("app", "SampleApp").is_ok());
        for bad in ["", "a.b", "a#b", "a b", &"x".repeat(65)] {
            assert!(AppId::parse("app", bad).is_err(), "{bad:?}");
        }
    }
}
