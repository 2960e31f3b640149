//! `PUT /admin/webhooks/:webhook`: changes what is said of a webhook, disables it, enables it again (D41).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, listening};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::relay::Outlets;
use shared::request::Request;
use shared::webhook::{Webhook, Wishes};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let outlets = Outlets::from_environment();
    lambda::serve(|house, request| handle(house, request, outlets.clone()), imkit::respond).await
}

async fn handle(house: House, request: Request, outlets: Outlets) -> Result<Reply, Error> {
    let (target, fields) = (listening::webhook(&request)?, request.fields()?);
    let wishes = Wishes { switch: listening::switch(&fields)?, ..listening::wishes(&fields, outlets.loopback)? };
    let credentials = Credentials::platform(&request, None)?;
    let revise = |before: &Webhook, now| before.revised(wishes.clone(), now);
    Ok(Reply::webhook(&house.store.change_webhook(&credentials, &target, revise).await?))
}
