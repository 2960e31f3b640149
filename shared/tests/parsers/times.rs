//! Moments, as bodies, queries and receivers' headers write them.

use std::time::Duration;

use proptest::prelude::*;
use shared::time::Time;

use crate::given::{cases, text};

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn a_moment_is_read_as_it_was_written(millis in prop_oneof![0_i64..253_402_300_799_999, any::<i64>()]) {
        let written = Time::from_millis(millis).iso();
        if written.is_empty() {
            return Ok(()); // no calendar holds it
        }
        prop_assert_eq!(Time::parse("at", &written).unwrap().millis(), millis);
        prop_assert!(written.ends_with('Z') && written.contains('T'));
    }

    #[test]
    fn what_is_no_moment_is_refused_by_name(text in prop_oneof![text(), "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{5,12}(Z|[+-][0-9]{2}:?[0-9]{2})?"]) {
        match Time::parse("expirationDate", &text) {
            Ok(time) => prop_assert_eq!(Time::parse("expirationDate", &time.iso()).unwrap(), time),
            Err(refusal) => prop_assert!(refusal.to_string().starts_with("`expirationDate` ")),
        }
    }

    #[test]
    fn a_receivers_header_is_a_moment_or_none(text in prop_oneof![text(), "(Mon|Wed|Sun), [0-9]{1,2} (Oct|Feb|Foo) [0-9]{2,4} [0-9:]{5,8} (GMT|[+-][0-9]{4})"]) {
        if let Some(time) = Time::parse_http(&text) {
            prop_assert!(!time.iso().is_empty());
        }
    }

    #[test]
    fn time_never_runs_back(millis in any::<i64>(), span in any::<u64>()) {
        let time = Time::from_millis(millis);
        prop_assert!(time.plus(Duration::from_millis(span)) >= time && time.plus(Duration::MAX) >= time);
        prop_assert_eq!(time.plus(Duration::ZERO), time);
    }
}
