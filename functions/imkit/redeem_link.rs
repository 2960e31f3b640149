//! `POST /links/:token/redeem`: comes into a room by a link, wherever it leads (D43).

use shared::auth::Credentials;
use shared::dialect::imkit::{self, Reply, asked};
use shared::door::Door;
use shared::error::{Error, LinkRefusal};
use shared::lambda::{self, Ended, House};
use shared::link::LinkToken;
use shared::membership;
use shared::request::Request;
use shared::store::Visit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    lambda::serve(handle, imkit::respond).await
}

async fn handle(house: House, request: Request) -> Result<Reply, Error> {
    let fields = request.fields()?;
    let notify = asked::notify(&fields)?;
    let credentials = Credentials::imkit(&request, fields.client("sender")?)?;
    let token = LinkToken::parse(request.path("token")).filter(|token| token.app == credentials.app);
    let Some(token) = token else {
        house.store.visitor(&credentials).await?; // whoever is nobody learns nothing of tokens
        return Err(Error::Link(LinkRefusal::NotFound { link: None }));
    };
    let (view, link) = (asked::view(&request), Some(&token.link));
    let visit = Visit { view, link, ..Visit::to(&token.room, &credentials) };
    let decide = |door: &Door| membership::redeem(door, &token, notify);
    house.store.answer(&visit, decide, |done| Ok(Reply::redeemed(done))).await
}
