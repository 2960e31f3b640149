//! `$connect`: who may open a socket.

use local::Fault;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::json;

use crate::actors::{Actor, World};

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// What an actor sends in headers, as a query.
fn in_query(actor: &Actor) -> String {
    let pairs: Vec<String> = actor.headers().iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    format!("?{}", pairs.join("&"))
}

async fn status(world: &World, actor: &Actor) -> Option<u16> {
    let by_header = world.knocks("", actor.headers()).await.err();
    let by_query = world.knocks(&in_query(actor), &[]).await.err();
    assert_eq!(by_header, by_query, "headers and query are the same");
    by_header
}

#[tokio::test]
async fn a_client_opens_a_socket_with_headers_or_with_the_query() {
    let world = World::new().await;
    // An id that must be encoded in its token, and the token once more in the query.
    let client = world.client("張 三").await;
    assert_eq!(status(&world, &client).await, None);
    let bare = world.stranger().with("client-key", world.client_key()).with("AUTHORIZATION", &client.token);
    assert_eq!(status(&world, &bare).await, None, "older names, in any case");
    let mixed = format!("?im-client-key={}", encoded(world.client_key()));
    let token = [("IM-Authorization".to_owned(), format!("Bearer {}", client.token))];
    assert!(world.knocks(&mixed, &token).await.is_ok(), "one here, one there");
    let mut watcher = world.knocks(&in_query(&client), &[]).await.unwrap();
    assert_eq!(watcher.subscribes(json!({})).await, json!({ "type": "subscribed", "client": "張 三" }));
}

#[tokio::test]
async fn a_token_of_the_operators_making_opens_a_socket() {
    let world = World::new().await;
    world.client("aaa").await;
    let body = json!({ "token": "a-token-of-ours" });
    world.platform().call(Method::PUT, "/admin/clients/aaa/token").body(body).send().await.good();
    let actor = world.bearer("aaa", "a-token-of-ours");
    assert_eq!(status(&world, &actor).await, None);
    let mut watcher = world.opens(&actor).await;
    assert_eq!(watcher.subscribes(json!({})).await["client"], "aaa");
}

#[tokio::test]
async fn the_platform_opens_a_socket_by_its_key_alone_or_for_a_client() {
    let world = World::new().await;
    world.client("aaa").await;
    assert_eq!(status(&world, &world.platform()).await, None);
    let for_aaa = world.platform().with("IM-CLIENT-ID", "aaa");
    assert_eq!(status(&world, &for_aaa).await, None);
    assert_eq!(status(&world, &world.platform().with("IM-CLIENT-ID", "nobody")).await, Some(401));
}

#[tokio::test]
async fn who_proves_nothing_is_answered_401() {
    let world = World::new().await;
    let [aaa, bbb, ccc] = world.clients(["aaa", "bbb", "ccc"]).await;
    let other = world.other_app("Other").await;
    let stranger = other.client("aaa").await;
    world.platform().call(Method::DELETE, "/admin/clients/bbb/token").send().await.good();
    let hash = shared::auth::Hash::of(&ccc.token);
    world.expires(&format!("SampleApp#TOKEN#{}", hash.as_str()), "TOKEN").await;
    let wrong = [
        ("nothing", world.stranger()),
        ("no token", world.stranger().with("IM-CLIENT-KEY", world.client_key())),
        ("no client key", world.stranger().with("IM-Authorization", &aaa.token)),
        ("an unknown client key", aaa.clone().with("IM-CLIENT-KEY", "SampleApp.nonsense")),
        ("a key without an app", aaa.clone().with("IM-CLIENT-KEY", "nonsense")),
        ("an unknown token", world.bearer("aaa", "SampleApp.aaa.nonsense")),
        ("another app's token", world.bearer("aaa", &stranger.token)),
        ("another app's key", stranger.clone().with("IM-Authorization", &aaa.token)),
        ("a revoked token", bbb),
        ("an expired token", ccc),
        ("an unknown API key", world.stranger().with("IM-API-KEY", "SampleApp.nonsense")),
        ("a client key as API key", world.stranger().with("IM-API-KEY", world.client_key())),
    ];
    for (what, actor) in wrong {
        assert_eq!(status(&world, &actor).await, Some(401), "{what}");
    }
    assert_eq!(world.stack.sockets(), 0);
    assert_eq!(status(&world, &aaa).await, None);
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_nobodys_fault_but_ours() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    world.stack.faults().always("BatchGetItem", Fault::Throttle);
    assert_eq!(world.knocks("", aaa.headers()).await.err(), Some(500));
    world.stack.faults().clear();
    assert!(world.knocks("", aaa.headers()).await.is_ok());
}

#[tokio::test]
async fn what_was_presented_is_neither_logged_nor_stored_nor_handed_on() {
    let world = World::new().await;
    let [aaa] = world.clients(["aaa"]).await;
    let room = world.group(&[&aaa]).await;
    let mut watcher = world.knocks(&in_query(&aaa), &[]).await.unwrap();
    watcher.subscribes(json!({ "room": room })).await;
    watcher.subscribes(json!({})).await;
    watcher.asks("nonsense").await;
    let secret = aaa.token.rsplit_once('.').unwrap().1;
    let (items, logs) = (world.items().await, world.stack.logs());
    assert!(logs.iter().any(|line| line.contains("$connect")), "{logs:#?}");
    assert!(!logs.iter().any(|line| line.contains(secret) || line.contains(world.client_key())), "{logs:#?}");
    assert!(!json!(items).to_string().contains(secret));
    let hash = shared::auth::Hash::of(&aaa.token);
    assert!(!logs.iter().any(|line| line.contains(hash.as_str())), "nor its hash");
}
