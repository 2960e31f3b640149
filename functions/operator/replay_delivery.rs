//! `POST /admin/webhooks/:webhook/deliveries/:delivery/replay`: makes one delivery again, under the same id (D41).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, listening};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::outside::Hands;
use shared::request::Request;
use shared::store::Parcel;
use shared::time::Time;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let hands = Hands::from_environment()?;
    lambda::serve(|house, request| handle(house, request, hands.clone()), imkit::respond).await
}

async fn handle(house: House, request: Request, hands: Hands) -> Result<Reply, Error> {
    let (target, id) = (listening::target(&request)?, listening::delivery(&request)?);
    let (credentials, store) = (Credentials::platform(&request, None)?, &house.store);
    let parcel = Parcel { app: credentials.app.clone(), target, deliveries: vec![id.clone()] };
    let (webhook, found) = tokio::try_join!(store.target(&credentials, &parcel.target), store.deliveries(&parcel))?;
    webhook.iter().try_for_each(|webhook| webhook.told().map(drop))?;
    let before = found.into_iter().next().ok_or_else(|| Error::DeliveryNotFound { id: id.as_str().to_owned() })?;
    store.in_earnest()?;
    let now = Time::now();
    let again = before.again(now);
    if !store.redeliver(&parcel.app, &parcel.target, &again, now).await? {
        return Ok(Reply::delivery(&before)); // somebody is trying it just now
    }
    hands.carry(&parcel, None).await?;
    Ok(Reply::delivery(&again))
}
