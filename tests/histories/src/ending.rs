//! What is there in the end: each room as it is stored, its log as it is stored and as the API replays it, and the letters
//! that came.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::door::Circumstance;

pub use crate::receiver::Letter;
use crate::script::App;
use crate::stage::{Mishap, Stage};

/// How long the functions have to come to an end with what is under way.
const SETTLED: Duration = Duration::from_secs(120);

/// Everything that is there in the end.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// By app and id.
    pub rooms: BTreeMap<(App, String), Room>,
    /// Who owns an address: `(app, address)` to client.
    pub owners: BTreeMap<(App, String), String>,
    /// Where addresses are still invited: app, address, room.
    pub invited: Vec<(App, String, String)>,
    /// What the webhook of [`App::Alpha`] received.
    pub letters: Vec<Letter>,
    /// Keys of items that belong to neither app.
    pub stray: Vec<String>,
}

/// A room in the end.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// The number of the last entry, as the room says.
    pub seq: u64,
    /// Its members, as the room says.
    pub member_count: u64,
    /// Its capacity.
    pub seats: u64,
    /// The two of a direct room.
    pub pair: Option<[String; 2]>,
    /// How clients stand to it.
    pub standings: BTreeMap<String, Circumstance>,
    /// Who is in two states at once, or in none.
    pub torn: Vec<String>,
    /// Pending invitations of addresses: id and address.
    pub invitations: BTreeMap<String, String>,
    /// Links, by id.
    pub links: BTreeMap<String, Link>,
    /// The log as the API replays it.
    pub log: Vec<Entry>,
    /// The numbers of the entries that are stored, in the order of their keys.
    pub stored: Vec<u64>,
}

/// A link in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// How many it has let in, as it says.
    pub uses: u64,
    /// How many it may let in.
    pub max_uses: u64,
}

/// An entry of a log, as the API shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// What happened.
    pub kind: String,
    /// When, in milliseconds.
    pub at: u64,
    /// Who did it; none for the platform.
    pub actor: Option<String>,
    /// Whom it befell.
    pub clients: Vec<String>,
    /// The members that it counts.
    pub member_count: u64,
    /// How members came in.
    pub via: String,
    /// Who added or invited them.
    pub inviter: Option<String>,
    /// The link that let members in.
    pub link: Option<String>,
    /// The invitations of addresses that it is about.
    pub invitations: Vec<String>,
    /// Whether it tells until when invitations live.
    pub has_expiry: bool,
    /// What a client said.
    pub words: Option<String>,
}

impl Ending {
    /// Waits until everything is carried, and reads all of it.
    pub async fn of(stage: &Stage) -> Result<Self, Mishap> {
        settle(stage).await?;
        let mut ending = Self { letters: stage.receiver.letters(), ..Self::default() };
        for item in stage.items().await? {
            ending.place(&item);
        }
        for ((app, id), room) in &mut ending.rooms {
            room.log = log(stage, *app, id).await?;
        }
        Ok(ending)
    }

    fn place(&mut self, item: &Value) {
        let (pk, sk) = (text(&item["PK"]), text(&item["SK"]));
        let (name, rest) = pk.split_once('#').unwrap_or((&pk, ""));
        let Some(app) = App::ALL.into_iter().find(|app| app.id() == name) else {
            return self.stray.push(format!("{pk} {sk}"));
        };
        // What is kept under a key is sealed, and may spell any name by chance.
        let mut legible = item.as_object().into_iter().flatten().filter(|(name, _)| *name != "kept");
        if legible.any(|(_, value)| value.to_string().contains(app.other().id())) {
            self.stray.push(format!("{pk} {sk}"));
        }
        if let Some(room) = rest.strip_prefix("ROOM#") {
            self.rooms.entry((app, room.to_owned())).or_default().place(&sk, item);
        } else if let Some(address) = rest.strip_prefix("ADDRESS#") {
            match sk.strip_prefix("INVITED#").and_then(|sk| sk.split_once('#')) {
                Some((room, _)) => self.invited.push((app, address.to_owned(), room.to_owned())),
                None => drop(self.owners.insert((app, address.to_owned()), text(&item["client"]))),
            }
        }
    }
}

impl Room {
    fn place(&mut self, sk: &str, item: &Value) {
        if sk == "#ROOM" {
            self.seq = number(&item["seq"]);
            self.member_count = number(&item["memberCount"]);
            self.seats = number(&item["maxMembers"]);
            let pair = item["pair"]["L"].as_array().map(|pair| pair.iter().map(text).collect::<Vec<_>>());
            self.pair = pair.and_then(|pair| pair.try_into().ok());
        } else if let Some(client) = sk.strip_prefix("#STANDING#") {
            let states = item["state"]["M"].as_object();
            if states.is_none_or(|states| states.len() != 1) {
                self.torn.push(client.to_owned());
            }
            let place = match states.and_then(|states| states.keys().next()).map(String::as_str) {
                Some("member") => Circumstance::Member,
                Some("invited") => Circumstance::Invited,
                _ => Circumstance::Banned,
            };
            self.standings.insert(client.to_owned(), place);
        } else if let Some(address) = sk.strip_prefix("#INVITATION#") {
            self.invitations.insert(text(&item["id"]), address.to_owned());
        } else if let Some(link) = sk.strip_prefix("#LINK#") {
            let (uses, max_uses) = (number(&item["uses"]), number(&item["maxUses"]));
            self.links.insert(link.to_owned(), Link { uses, max_uses });
        } else if sk.starts_with("LOG#") {
            self.stored.push(number(&item["seq"]));
        }
    }
}

/// Time passes until nothing waits to be told any more.
async fn settle(stage: &Stage) -> Result<(), Mishap> {
    let mut passed = Duration::from_secs(70);
    stage.stack.settled_within(SETTLED).await?;
    while passed < Duration::from_secs(200 * 3_600) {
        let waits = |item: &Value| !item["GSI3PK"].is_null();
        if !stage.items().await?.iter().any(waits) {
            return Ok(());
        }
        let now = shared::time::Time::now().plus(passed);
        let _ = stage.stack.invoke("RetryDeliveries", json!({ "now": now.iso() })).await;
        stage.stack.settled_within(SETTLED).await?;
        passed += Duration::from_secs(5 * 3_600);
    }
    Ok(()) // the judge of I12 will say what never came
}

async fn log(stage: &Stage, app: App, room: &str) -> Result<Vec<Entry>, Mishap> {
    let (mut log, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/rooms/{room}/events?after={after}&limit=1000");
        let page = stage.sent(app, None, Method::GET, &path, None).await?;
        let result = &page["result"];
        log.extend(result["data"].as_array().into_iter().flatten().map(entry));
        match result["nextAfter"].as_u64() {
            Some(next) => after = next,
            None => return Ok(log),
        }
    }
}

fn entry(shown: &Value) -> Entry {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let words = |value: &Value| value.as_array().into_iter().flatten().filter_map(word).collect::<Vec<_>>();
    let mut invitations = words(&shown["invitations"]);
    invitations.extend(word(&shown["invitation"]));
    let kind = word(&shown["type"]).unwrap_or_default();
    let said = kind == "message.created";
    Entry {
        seq: shown["seq"].as_u64().unwrap_or_default(),
        at: shown["atMS"].as_u64().unwrap_or_default(),
        actor: word(&shown["actor"]),
        clients: words(&shown["clients"]),
        member_count: shown["memberCount"].as_u64().unwrap_or_default(),
        via: word(&shown["via"]).unwrap_or_default(),
        inviter: word(&shown["inviter"]),
        link: word(&shown["link"]),
        invitations,
        has_expiry: !shown["expiresAt"].is_null(),
        words: word(&shown["message"]["message"]).filter(|_| said),
        kind,
    }
}

fn text(attribute: &Value) -> String {
    attribute["S"].as_str().unwrap_or_default().to_owned()
}

fn number(attribute: &Value) -> u64 {
    attribute["N"].as_str().and_then(|number| number.parse().ok()).unwrap_or_default()
}
