//! `POST /admin/webhooks/:webhook/replay`: tells a webhook a range of a room's log again, under the same ids (D41).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, listening};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::outside::Hands;
use shared::relay::Outlets;
use shared::request::Request;
use shared::store::Visit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let (hands, outlets) = (Hands::from_environment()?, Outlets::from_environment());
    lambda::serve(|house, request| handle(house, request, hands.clone(), outlets.clone()), imkit::respond).await
}

async fn handle(house: House, request: Request, hands: Hands, outlets: Outlets) -> Result<Reply, Error> {
    let target = listening::webhook(&request)?;
    let (room, span) = listening::replay(&request.fields()?)?;
    let (credentials, store) = (Credentials::platform(&request, None)?, &house.store);
    let visit = Visit::to(&room, &credentials);
    let (webhook, door) = tokio::try_join!(store.webhook(&credentials, &target), store.open(&visit))?;
    let (webhook, room) = (webhook.told()?, door.room_from_inside()?);
    if webhook.is_of_rooms() && outlets.url_of(room).is_none() {
        return Err(Error::invalid("room", "names no webhook of its own"));
    }
    store.in_earnest()?;
    let parcel = store.retell(&door.app, webhook, &room.id, span.of_log(room.seq)?).await?;
    hands.carry(&parcel, None).await?;
    Ok(Reply::replayed(parcel.deliveries.len()))
}
