//! Ids, and the names of targets and styles.

use proptest::prelude::*;
use shared::address::Region;
use shared::auth::Hash;
use shared::delivery::{DeliveryId, State};
use shared::event::Style;
use shared::id::{AppId, ClientId, ObjectId, RoomId};
use shared::socket::ConnectionId;
use shared::time::Time;
use shared::webhook::Target;

use crate::given::{cases, has_a_place, room, text};

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn an_id_is_taken_to_the_letter_or_refused_by_name(text in text()) {
        let (client, room) = (ClientId::parse("invitee", &text), RoomId::parse("id", &text));
        prop_assert_eq!(client.is_ok(), has_a_place(&text));
        prop_assert_eq!(room.is_ok(), has_a_place(&text));
        match (client, room) {
            (Ok(client), Ok(room)) => prop_assert!(client.as_str() == text && room.as_str() == text),
            (Err(client), Err(room)) => {
                prop_assert!(client.to_string().contains("`invitee`") && room.to_string().contains("`id`"));
            }
            _ => prop_assert!(false, "clients and rooms differ"),
        }
    }

    #[test]
    fn an_app_is_a_word_without_a_dot(text in prop_oneof![text(), "[A-Za-z0-9_.-]{0,70}"]) {
        let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        let taken = AppId::parse("app", &text);
        prop_assert_eq!(taken.is_ok(), is_word && (1..=64).contains(&text.len()));
        if let Ok(app) = taken {
            prop_assert_eq!(app.as_str(), text);
        }
    }

    #[test]
    fn what_is_generated_elsewhere_is_24_digits(text in prop_oneof![text(), "[0-9a-fA-F]{22,26}"]) {
        prop_assert_eq!(ObjectId::parse("id", &text).is_ok(), is_hex(&text, 24));
        if let Ok(id) = ObjectId::parse("id", &text) {
            prop_assert_eq!((id.as_str(), id.entry()), (text.as_str(), u64::from_str_radix(&text[11..19], 16).unwrap()));
        }
    }

    #[test]
    fn an_entrys_id_tells_its_number_whenever_it_was_made(millis in 0_i64..=4_294_967_295_999, seq in 1..=u64::from(u32::MAX)) {
        let id = ObjectId::of_entry(Time::from_millis(millis), seq);
        prop_assert_eq!(id.entry(), seq);
        prop_assert_eq!(&ObjectId::parse("id", id.as_str()).unwrap(), &id);
        let own = ObjectId::at(Time::from_millis(millis));
        prop_assert_eq!(&ObjectId::parse("id", own.as_str()).unwrap(), &own);
    }

    #[test]
    fn ids_sort_by_time(early in 0_i64..4_294_967_295_999, later in 1_i64..1_000_000, seqs in any::<[u32; 2]>()) {
        let late = (early + later).min(4_294_967_295_999);
        let at = |millis, seq: u32| ObjectId::of_entry(Time::from_millis(millis), u64::from(seq));
        prop_assert!(at(early, seqs[0]) < at(late, seqs[1]));
        prop_assert!(ObjectId::at(Time::from_millis(early)) < ObjectId::at(Time::from_millis(late)));
    }

    #[test]
    fn a_delivery_is_known_by_an_id_that_can_be_asked_for(room in room(), seq in 1_u64..1_000, number in 0_usize..256) {
        let entry = ObjectId::of_entry(Time::from_millis(1_600_000_000_000), seq);
        let id = DeliveryId::of(&room, &entry, number);
        prop_assert_eq!(&DeliveryId::parse("delivery", id.as_str()).unwrap(), &id);
        prop_assert!(id.is_of(&entry) && id == DeliveryId::of(&room, &entry, number));
        prop_assert!(!id.is_of(&ObjectId::of_entry(Time::from_millis(1_600_000_000_000), seq + 1)));
    }

    #[test]
    fn no_other_text_is_a_delivery_a_target_a_state_or_a_style(text in prop_oneof![text(), "(msg_)?[0-9a-g]{36,40}"]) {
        let is_delivery = text.strip_prefix("msg_").is_some_and(|digits| is_hex(digits, 38));
        prop_assert_eq!(DeliveryId::parse("delivery", &text).is_ok(), is_delivery);
        let is_target = ["room", "mail", "mobile"].contains(&text.as_str()) || is_hex(&text, 24);
        let target = Target::parse("webhook", &text);
        prop_assert_eq!(target.is_ok(), is_target);
        prop_assert!(target.ok().is_none_or(|target| target.as_str() == text));
        prop_assert!(State::parse(&text).is_none_or(|state| state.as_str() == text));
        match Style::parse("style", &text) {
            Ok(style) => prop_assert_eq!(style.as_str(), text),
            Err(refusal) => prop_assert!(refusal.to_string().starts_with("`style` ")),
        }
    }

    #[test]
    fn a_connection_has_a_place_in_a_key(text in text()) {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        prop_assert_eq!(ConnectionId::parse(&text).is_some(), fits);
    }

    #[test]
    fn a_region_is_two_letters_in_either_case(text in prop_oneof![text(), "[A-Za-z]{2}"]) {
        if let Ok(region) = Region::parse(&text) {
            prop_assert_eq!(region.to_string(), text.to_ascii_uppercase());
            prop_assert_eq!(text.len(), 2);
        }
    }

    #[test]
    fn a_secret_is_known_by_64_digits(one in text(), other in text()) {
        prop_assert!(is_hex(Hash::of(&one).as_str(), 64));
        prop_assert_eq!(Hash::of(&one) == Hash::of(&other), one == other);
    }
}
