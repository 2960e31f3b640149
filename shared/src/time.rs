//! The only clock, and moments in milliseconds.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A moment, in milliseconds since 1970 (UTC). On the wire: a number in fields that end in `MS`, ISO 8601 elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

impl Time {
    /// Now.
    #[allow(clippy::disallowed_methods)] // this is the clock
    pub fn now() -> Self {
        Self(Timestamp::now().as_millisecond())
    }

    /// The moment so many milliseconds after 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, as DynamoDB's TTL wants them.
    pub const fn seconds(self) -> i64 {
        self.0 / 1000
    }

    /// ISO 8601 in UTC with milliseconds: `2017-02-14T10:31:56.006Z`.
    pub fn iso(self) -> String {
        Timestamp::from_millisecond(self.0).map_or_else(|_| String::new(), |moment| format!("{moment:.3}"))
    }

    /// Parses ISO 8601 with a zone; `name` is the field that a refusal names.
    pub fn parse(name: &str, value: &str) -> Result<Self, Error> {
        match value.parse::<Timestamp>() {
            Ok(moment) => Ok(Self(moment.as_millisecond())),
            Err(_) => Err(Error::invalid(name, "must be a moment such as `2027-02-14T10:31:56.006Z`")),
        }
    }

    /// Parses a moment as HTTP headers have it: `Wed, 21 Oct 2015 07:28:00 GMT`.
    pub fn parse_http(value: &str) -> Option<Self> {
        jiff::fmt::rfc2822::parse(value).ok().map(|moment| Self(moment.timestamp().as_millisecond()))
    }

    /// The moment so much later.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// A point on the machine's steady clock by which something must be done.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(tokio::time::Instant);

impl Deadline {
    /// So long from now.
    pub fn after(span: Duration) -> Self {
        Self(tokio::time::Instant::now() + span)
    }

    /// Whether a pause of that length still ends before it.
    pub fn allows(self, pause: Duration) -> bool {
        tokio::time::Instant::now() + pause < self.0
    }
}

/// What a function that runs for a while takes for now: the clock, or one that began elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Option<Time>,
    running: Stopwatch,
}

impl Clock {
    /// One that begins at a moment; at the present one, when none is given.
    pub fn at(began: Option<Time>) -> Self {
        Self { began, running: Stopwatch::start() }
    }

    /// The moment that it shows.
    pub fn now(&self) -> Time {
        let passed = Duration::from_millis(self.running.millis() as u64);
        self.began.map_or_else(Time::now, |began| began.plus(passed))
    }

    /// The moment that it was set to begin at.
    pub fn began(&self) -> Option<Time> {
        self.began
    }

    /// How long it has been running.
    pub fn elapsed(&self) -> Duration {
        Duration::from_millis(self.running.millis() as u64)
    }
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(tokio::time::Instant);

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    /// Milliseconds since the start.
    pub fn millis(self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_the_documents_write_it() {
        assert_eq!(Time::from_millis(1_487_068_316_006).iso(), "2017-02-14T10:31:56.006Z"); // seed 000
        assert_eq!(Time::parse("at", "2017-02-14T10:31:56.006Z").unwrap().millis(), 1_487_068_316_006);
        assert_eq!(Time::parse("at", "2017-02-14T18:31:56.006+08:00").unwrap().millis(), 1_487_068_316_006);
    }

    #[test]
    fn what_is_no_moment_is_refused_by_name() {
        for bad in ["", "tomorrow", "2017-02-14", "2017-13-14T00:00:00Z"] {
            assert!(
                Time::parse("expirationDate", bad).unwrap_err().to_string().contains("`expirationDate`"),
                "{bad:?}"
            );
        }
    }
}
