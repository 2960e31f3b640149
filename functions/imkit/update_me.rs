//! `POST /me`: the client who asks changes what is said of it, but for what the operator vouches for.

use shared::auth::Credentials;
use shared::client::Client;
use shared::dialect::imkit::{self, Reply, asked};
use shared::error::Error;
use shared::lambda::{self, Ended, House};
use shared::request::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let fields = request.fields()?;
    let said = asked::own_statement(&fields)?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let change = |own: &Client, now| {
        asked::is_about(&fields, &own.id)?;
        said.clone().by_itself(own)?.applied_to(own.clone(), now)
    };
    let client = house.store.update_self(&credentials, change).await?;
    Ok(Reply::client(&credentials.app, &client))
}
