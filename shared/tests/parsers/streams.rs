//! Batches of the table's stream.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::stream::{Batch, Changed};

use crate::given::{app, cases, object, room, text, value};

const PARTS: &[&str] = &["Records", "dynamodb", "Keys", "SequenceNumber", "PK", "SK", "S", "eventName", "NewImage"];

fn record(pk: &str, sk: &str, number: &str) -> Value {
    let keys = json!({ "PK": { "S": pk }, "SK": { "S": sk } });
    json!({ "eventName": "MODIFY", "dynamodb": { "Keys": keys, "SequenceNumber": number, "StreamViewType": "KEYS_ONLY" } })
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn no_json_makes_the_reader_of_batches_panic(any in value(), parts in object(PARTS)) {
        for event in [any.clone(), Value::Object(parts), json!({ "Records": [any] })] {
            if let Ok(batch) = serde_json::from_value::<Batch>(event) {
                batch.changed().iter().for_each(|(_, item)| drop(item.place()));
            }
        }
    }

    #[test]
    fn each_item_is_told_once_by_its_last_record(items in prop::collection::vec(("[ab]#ROOM#[xy]", "[#A-B]{1,2}"), 0..20)) {
        let records: Vec<Value> = items.iter().enumerate().map(|(at, (pk, sk))| record(pk, sk, &at.to_string())).collect();
        let changed = serde_json::from_value::<Batch>(json!({ "Records": records })).unwrap().changed();
        let last: BTreeMap<_, _> = items.iter().enumerate().map(|(at, item)| (item, at)).collect();
        let mut expected: Vec<_> = last.into_iter().map(|((pk, sk), at)| (at, pk.clone(), sk.clone())).collect();
        expected.sort();
        let told: Vec<_> = changed.into_iter().map(|(number, item)| (number.parse().unwrap(), item.pk, item.sk)).collect();
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn an_item_of_a_room_tells_which_and_no_other_item_does(app in app(), room in room(), [pk, sk] in [text(), text()]) {
        let changed = Changed { pk: format!("{app}#ROOM#{room}"), sk: sk.clone() };
        prop_assert_eq!(changed.place(), Some((app.clone(), room.clone())));
        for pk in [pk, format!("{app}#CLIENT#{room}"), format!("{app}#ADDRESS#a#room#{room}@x.io"), format!("{app}#ROOM#{room}#ROOM#x")] {
            let place = Changed { pk: pk.clone(), sk: sk.clone() }.place();
            let whole = place.map(|(app, room)| format!("{app}#ROOM#{room}"));
            prop_assert!(whole.is_none_or(|whole| whole == pk));
        }
    }
}
