//! `GET /admin/webhooks/:webhook/deliveries?state=&limit=&cursor=`: what became of deliveries, the newest first (D41).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, listening};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let (target, page) = (listening::target(&request)?, listening::page(&request)?);
    let credentials = Credentials::platform(&request, None)?;
    let app = &credentials.app;
    let deliveries = house.store.list_deliveries(app, &target, page.state, page.behind.as_ref(), page.limit);
    let (_, (found, next)) = tokio::try_join!(house.store.target(&credentials, &target), deliveries)?;
    Ok(Reply::deliveries(&found, next.as_ref()))
}
