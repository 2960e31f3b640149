//! `GET /admin/clients?q=&skip=&limit=`: the app's clients in the order of their ids, or those that a query finds.

use shared::auth::Credentials;
use shared::client::Client;
use shared::dialect::imkit::{self, Reply};
use shared::error::Error;
use shared::filter::Filter;
use shared::id::ClientId;
use shared::lambda::{self, Ended, House};
use shared::request::Request;
use shared::store::Wanted;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let limit = request.query_number("limit", 1..=1_000, 20)? as usize;
    let skip = request.query_number("skip", 0..=u64::from(u32::MAX), 0)? as usize;
    let filter = request.query("q").map(|query| Filter::parse("q", query)).transpose()?;
    let credentials = Credentials::platform(&request, None)?;
    let app = &credentials.app;
    // What cannot be an id is nobody's.
    let ids = filter.as_ref().and_then(Filter::ids);
    let among = ids.map(|ids| ids.into_iter().filter_map(|id| ClientId::parse("q", id).ok()).collect());
    let matches = |client: &Client| filter.as_ref().is_none_or(|filter| filter.matches(&imkit::client(app, client)));
    let listed = house.store.clients(&Wanted { credentials: &credentials, among, skip, limit }, matches).await?;
    Reply::clients(app, &listed)
}
