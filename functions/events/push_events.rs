//! Invoked: shows new entries of a room's log to the open sockets that watch (D41).

use serde::Deserialize;
use shared::crier::{self, Cried, Crier};
use shared::dialect::talk::Addresses;
use shared::error::Error;
use shared::id::{AppId, RoomId};
use shared::lambda::{self, Ended, House};
use shared::outside::Aws;

/// How many entries are read at once.
const PAGE: u64 = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let aws = Aws::from_environment()?;
    lambda::serve_operator(|house, news| handle(house, news, aws.clone())).await
}

/// The event: a room, and the numbers of its new entries, the last one included.
#[derive(Deserialize)]
struct News {
    app: String,
    room: String,
    first: u64,
    last: u64,
}

async fn handle(house: House, news: News, aws: Aws) -> Result<Cried, Error> {
    let (app, room) = (AppId::parse("app", &news.app)?, RoomId::parse("room", &news.room)?);
    let crier = Crier { store: &house.store, aws: &aws, app: &app };
    let (mut cried, mut after) = (Cried::default(), news.first.saturating_sub(1));
    while after < news.last {
        let page = usize::try_from(PAGE.min(news.last - after)).map_err(Error::internal)?;
        let scenes = match house.store.story(&app, &room, after, page).await {
            Ok(story) => story.scenes,
            Err(Error::RoomNotFound { .. }) => break, // deleted meanwhile, and its log with it
            Err(error) => return Err(error),
        };
        let Some((last, _)) = scenes.last() else { break };
        after = last.entry.seq;
        let named = scenes.iter().flat_map(|(scene, _)| scene.entry.clients.clone()).collect();
        let watchers = house.store.audience(&app, &room, &named).await?;
        cried += crier.cry(crier::frames(&scenes, &watchers, Addresses::of(&house.settings))).await;
    }
    Ok(cried)
}
