//! After every test, for every room that it touched: the log has no gap, its counts are right at each entry, and folding it
//! gives exactly what is stored: members, invited and banned (D39, D40).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::actors::{World, text};

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return; // the test has failed already, and says why
        }
        let (engine, table) = (self.stack.engine_url().to_owned(), self.stack.table().to_owned());
        // A runtime of its own: the test's may be the one that this runs on.
        let check = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { rooms(items(&engine, &table).await).values().for_each(Room::holds_together) });
        });
        if let Err(flaw) = check.join() {
            std::panic::resume_unwind(flaw);
        }
    }
}

/// A room as the table has it.
#[derive(Default)]
struct Room {
    itself: Option<Value>,
    standings: Vec<Value>,
    entries: Vec<Value>,
    links: Vec<Value>,
}

/// Every item of the table.
async fn items(engine: &str, table: &str) -> Vec<Value> {
    let http = reqwest::Client::new();
    let (mut items, mut from) = (Vec::new(), Value::Null);
    loop {
        let mut scan = json!({ "TableName": table, "ConsistentRead": true });
        if !from.is_null() {
            scan["ExclusiveStartKey"] = from;
        }
        let request = http.post(engine).header("x-amz-target", "DynamoDB_20120810.Scan");
        let request =
            request.header("content-type", "application/x-amz-json-1.0").header("x-amz-date", "20260101T000000Z");
        let signed =
            "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x";
        let page = request.header("authorization", signed).body(scan.to_string()).send().await.unwrap();
        let page: Value = page.json().await.unwrap();
        items.extend(page["Items"].as_array().unwrap_or_else(|| panic!("{page}")).clone());
        from = page["LastEvaluatedKey"].clone();
        if from.is_null() {
            return items;
        }
    }
}

fn rooms(items: Vec<Value>) -> BTreeMap<String, Room> {
    let mut rooms: BTreeMap<String, Room> = BTreeMap::new();
    for item in items {
        let (pk, sk) = (text(&item["PK"]["S"]), text(&item["SK"]["S"]));
        if !pk.contains("#ROOM#") {
            continue;
        }
        let room = rooms.entry(pk).or_default();
        match sk.as_str() {
            "#ROOM" => room.itself = Some(item),
            sk if sk.starts_with("#STANDING#") => room.standings.push(item),
            sk if sk.starts_with("#LINK#") => room.links.push(item),
            sk if sk.starts_with("LOG#") => room.entries.push(item),
            _ => {}
        }
    }
    rooms.values_mut().for_each(|room| room.entries.sort_by_key(|entry| number(&entry["seq"])));
    rooms
}

fn number(value: &Value) -> u64 {
    text(&value["N"]).parse().unwrap()
}

/// The members that entries make, in the shape of the API and the order of their numbers.
pub fn members(entries: &[Value]) -> BTreeSet<String> {
    let mut members = BTreeSet::new();
    for entry in entries {
        for client in entry["clients"].as_array().unwrap().iter().map(text) {
            match entry["type"].as_str().unwrap() {
                "member.joined" => assert!(members.insert(client), "nobody joins twice: {entry}"),
                "member.left" | "member.removed" | "member.banned" => drop(members.remove(&client)),
                _ => {}
            }
        }
        assert_eq!(entry["memberCount"], json!(members.len()), "{entry}");
    }
    members
}

impl Room {
    fn holds_together(&self) {
        // A room that is being deleted holds what is not swept away yet.
        let Some(itself) = self.itself.as_ref().filter(|room| room.get("isDeleted").is_none()) else { return };
        let (mut members, mut invited, mut banned) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut messages = 0;
        for (at, entry) in self.entries.iter().enumerate() {
            assert_eq!(number(&entry["seq"]), at as u64 + 1, "the log is gap-free: {entry}");
            for client in entry["clients"]["L"].as_array().into_iter().flatten().map(|client| text(&client["S"])) {
                match entry["kind"]["S"].as_str().unwrap() {
                    "member.joined" => {
                        assert!(!banned.contains(&client), "nobody who is banned comes in: {entry}");
                        invited.remove(&client);
                        assert!(members.insert(client), "nobody joins twice: {entry}");
                    }
                    // Again, where the one before has lapsed and nobody has swept it away yet.
                    "member.invited" => drop(invited.insert(client)),
                    "member.declined" | "invitation.cancelled" | "invitation.expired" => {
                        assert!(invited.remove(&client), "only what is pending ends: {entry}");
                    }
                    "member.left" | "member.removed" => assert!(members.remove(&client), "only members leave: {entry}"),
                    "member.banned" => {
                        members.remove(&client);
                        invited.remove(&client);
                        assert!(banned.insert(client), "nobody is banned twice: {entry}");
                    }
                    "member.unbanned" => assert!(banned.remove(&client), "only the banned are unbanned: {entry}"),
                    _ => {}
                }
            }
            messages += u64::from(entry.get("message").is_some());
            assert_eq!(number(&entry["memberCount"]), members.len() as u64, "{entry}");
            assert_eq!(number(&entry["messages"]), messages, "{entry}");
        }
        let counts = [&itself["seq"], &itself["memberCount"], &itself["messages"]].map(number);
        assert_eq!(counts, [self.entries.len() as u64, members.len() as u64, messages], "{itself}");
        assert!(members.len() as u64 <= number(&itself["maxMembers"]), "{itself}");
        for link in &self.links {
            let came = self.entries.iter().filter(|entry| entry.get("link") == link.get("id")).count() as u64;
            assert_eq!(number(&link["uses"]), came, "a link is used as often as somebody came by it: {link}");
            assert!(link.get("maxUses").is_none_or(|most| came <= number(most)), "{link}");
        }
        for (state, folded) in [("member", members), ("invited", invited), ("banned", banned)] {
            let stored = self.standings.iter().filter(|standing| standing["state"]["M"].get(state).is_some());
            let stored: BTreeSet<String> = stored.map(|standing| text(&standing["client"]["S"])).collect();
            assert_eq!(folded, stored, "the log folds to who is {state}: {itself}");
        }
    }
}
