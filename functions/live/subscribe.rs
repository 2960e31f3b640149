//! `subscribe` of the WebSocket API, `{"action":"subscribe","room":…,"after":…,"style":…}`: have a socket watch a room, or oneself.

use serde_json::Value;
use shared::crier;
use shared::dialect::frames::{self, CaughtUp};
use shared::dialect::talk::Addresses;
use shared::error::Error;
use shared::event::Style;
use shared::id::{AppId, RoomId};
use shared::lambda::{self, Ended, House};
use shared::socket::{Ear, Frame, Watch};

/// How many entries one reply brings at most.
const MOST_ENTRIES: usize = 100;

/// How much one reply holds, in bytes: API Gateway takes messages of 128 KB.
const LONGEST_REPLY: usize = 100 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve_socket(handle).await
}

async fn handle(house: House, frame: Frame) -> Result<Value, Error> {
    let (socket, room, after, style) = (frame.socket()?, frame.room()?, frame.after()?, frame.style()?);
    let (app, badge) = (socket.badge.app.clone(), socket.badge.clone());
    let watch = Watch { badge, style };
    let Some(room) = room else {
        house.store.watch_oneself(&socket, &watch).await?;
        return Ok(frames::subscribed_to_oneself(&socket.badge));
    };
    // First it watches, then it reads: what comes in between comes twice, under one `seq`, and is not missed.
    house.store.watch_room(&socket, &room, &watch).await?;
    caught_up(&house, &app, &room, after, style).await
}

/// What the caller has missed, as much as fits.
async fn caught_up(
    house: &House,
    app: &AppId,
    room: &RoomId,
    after: Option<u64>,
    style: Style,
) -> Result<Value, Error> {
    let Some(after) = after else {
        let seq = house.store.last_seq(app, room).await?;
        return Ok(frames::subscribed(room, seq, None));
    };
    let story = house.store.story(app, room, after, MOST_ENTRIES + 1).await?;
    let (mut events, mut seq, mut size) = (Vec::new(), after.min(story.seq), 0);
    for (number, (scene, before)) in story.scenes.iter().enumerate() {
        let told = crier::events(scene, *before, style, &Ear::Room, Addresses::of(&house.settings));
        let told = if length(&told) > LONGEST_REPLY { vec![frames::skipped(room, scene.entry.seq)] } else { told };
        size += length(&told);
        if number == MOST_ENTRIES || size > LONGEST_REPLY {
            break;
        }
        events.extend(told);
        seq = scene.entry.seq;
    }
    Ok(frames::subscribed(room, seq, Some(CaughtUp { events, more: seq < story.seq })))
}

fn length(events: &[Value]) -> usize {
    events.iter().map(|event| event.to_string().len() + 1).sum()
}
