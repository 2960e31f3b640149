//! Headers, keys and tokens.

use proptest::prelude::*;
use shared::auth::{BoundToken, Caller, Credentials, Found, Hash, KeyKind, Proof, Token, prove};
use shared::error::Error;
use shared::id::{AppId, ClientId};
use shared::request::Request;
use shared::time::Time;

use crate::given::{app, cases, client, has_a_place, pairs, text, with_headers};

const HEADERS: &[&str] = &[
    "IM-CLIENT-KEY",
    "client_key",
    "client-key",
    "IM-API-KEY",
    "api_key",
    "IM-Authorization",
    "Authorization",
    "IM-CLIENT-ID",
];

/// What a request presents, in each of the three ways to read it.
fn read(request: &Request, parameter: Option<&str>) -> [Result<Credentials, Error>; 3] {
    [
        Credentials::imkit(request, None),
        Credentials::platform(request, None),
        Credentials::talk(request, parameter, None),
    ]
}

/// Headers with secrets in them that are nearly right.
fn headers() -> impl Strategy<Value = serde_json::Map<String, serde_json::Value>> {
    let secret = "(Bearer |aid |bearer  )?[A-Za-z#]{0,4}\\.?[a-z%2F/]{0,6}\\.?[a-f0-9]{0,6} ?";
    let near = prop::collection::btree_map(prop::sample::select(HEADERS).prop_map(str::to_owned), secret, 0..5);
    let near = near.prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name, value.into())).collect());
    prop_oneof![pairs(HEADERS), near]
}

fn flipped(name: &str, flips: &[bool]) -> String {
    let flip =
        |(at, c): (usize, char)| if flips[at % flips.len()] { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
    name.chars().enumerate().map(flip).collect()
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn no_header_makes_a_reader_panic_and_whom_it_names_has_a_place(headers in headers(), parameter in prop::option::of(text())) {
        let request: Request = serde_json::from_value(serde_json::json!({ "headers": headers })).unwrap();
        for read in read(&request, parameter.as_deref()) {
            match read {
                Ok(credentials) => {
                    prop_assert!(AppId::parse("app", credentials.app.as_str()).is_ok());
                    prop_assert!(credentials.hint().is_none_or(|client| has_a_place(client.as_str())));
                }
                Err(Error::InvalidClientKey | Error::InvalidApiKey | Error::MissingToken | Error::UnknownToken) => {}
                Err(Error::InvalidParameter { name, .. }) => prop_assert_eq!(name, "IM-CLIENT-ID"),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }

    #[test]
    fn who_shows_an_api_key_is_judged_by_it_alone(headers in headers()) {
        let request: Request = serde_json::from_value(serde_json::json!({ "headers": headers })).unwrap();
        let shows = ["im-api-key", "api_key", "api-key"].iter().any(|name| request.header(name).is_some());
        for credentials in read(&request, None).into_iter().flatten() {
            prop_assert_eq!(matches!(credentials.proof, Proof::ApiKey { .. }), shows);
        }
    }

    #[test]
    fn an_issued_token_names_the_app_and_the_client_that_it_is_for(
        app in app(), client in client(), scheme in "(Bearer |bearer |aid |AID )?", flips in prop::collection::vec(any::<bool>(), 1..9),
    ) {
        let token = BoundToken::issued(&app, &client, Time::from_millis(9)).secret;
        prop_assert!(token.bytes().all(|byte| byte.is_ascii_graphic()), "{}", token);
        let (key, shown) = (format!("{app}.k"), format!("{scheme}{token}"));
        let (key_name, token_name) = (flipped("IM-CLIENT-KEY", &flips), flipped("IM-Authorization", &flips));
        let request = with_headers(&[(&key_name, &key), (&token_name, &shown)]);
        let alone = with_headers(&[(&token_name, &shown)]);
        let none = with_headers(&[]);
        for read in [
            Credentials::imkit(&request, None),
            Credentials::talk(&request, None, None),
            Credentials::talk(&alone, None, None),
            Credentials::talk(&none, Some(&token), None),
        ] {
            let read = read.unwrap();
            prop_assert_eq!((&read.app, read.hint()), (&app, Some(&client)));
            let Proof::Token { token: hash, .. } = read.proof else { panic!("a token") };
            prop_assert_eq!(hash, Hash::of(&token));
        }
    }

    #[test]
    fn under_another_apps_key_a_token_names_nobody_of_it(one in app(), other in app(), client in client()) {
        prop_assume!(one != other);
        let token = BoundToken::issued(&one, &client, Time::from_millis(9)).secret;
        let key = format!("{other}.k");
        let request = with_headers(&[("im-client-key", &key), ("im-authorization", &token)]);
        for read in [Credentials::imkit(&request, None), Credentials::talk(&request, None, None)] {
            let read = read.unwrap();
            prop_assert_eq!((&read.app, read.hint()), (&other, None));
        }
    }

    #[test]
    fn two_tokens_are_never_the_same(app in app(), client in client()) {
        let issue = || BoundToken::issued(&app, &client, Time::from_millis(9)).secret;
        prop_assert_ne!(issue(), issue());
    }

    #[test]
    fn a_token_of_the_operators_is_visible_and_not_short(text in prop_oneof![text(), "[!-~]{0,20}"]) {
        let fits = text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_graphic());
        let brought = BoundToken::brought(text.clone(), Time::from_millis(9));
        prop_assert_eq!(brought.is_ok(), fits);
        if let Ok(brought) = brought {
            // What is presented is what was brought, whatever it begins with.
            let request = with_headers(&[("client-key", "App.k"), ("authorization", &text)]);
            let Proof::Token { token, .. } = Credentials::imkit(&request, None).unwrap().proof else { panic!("a token") };
            prop_assert_eq!(token, Hash::of(&brought.secret));
        }
    }

    #[test]
    fn nobody_is_proven_but_by_what_is_stored(
        api in any::<bool>(), keyed in any::<bool>(), kind in prop::option::of(any::<bool>()), stored in prop::option::of(-2_i64..3),
        hint in client(), own in client(),
    ) {
        let headers: &[(&str, &str)] = match (api, keyed) {
            (true, _) => &[("api-key", "App.k")],
            (false, true) => &[("client-key", "App.k"), ("authorization", "App.somebody.s")],
            (false, false) => &[("authorization", "App.somebody.s")],
        };
        let credentials = Credentials::talk(&with_headers(headers), None, Some(hint.clone())).unwrap();
        let kind = kind.map(|is_api| if is_api { KeyKind::Api } else { KeyKind::Client });
        let token = |end: i64| Token { client: own.clone(), created_at: Time::from_millis(-9), expires_at: Time::from_millis(end), ttl: 0 };
        let found = Found { key: kind, token: stored.map(token) };
        let caller = prove(&credentials, &found, Time::from_millis(0)).ok();
        let expected = if api {
            (kind == Some(KeyKind::Api)).then_some(Caller::Platform(Some(hint)))
        } else {
            let key_is_good = !keyed || kind == Some(KeyKind::Client);
            (key_is_good && stored.is_some_and(|end| end > 0)).then_some(Caller::Client(own))
        };
        prop_assert_eq!(caller, expected);
    }

    #[test]
    fn what_is_revoked_stays_so(created in any::<i64>(), revoked in any::<i64>(), later in 0_i64..1_000) {
        let client = ClientId::parse("id", "aaa").unwrap();
        let created_at = Time::from_millis(created);
        let token = Token { client, created_at, expires_at: Time::from_millis(i64::MAX), ttl: 0 };
        let is_revoked = |at: i64| token.is_revoked(Some(Time::from_millis(at)));
        prop_assert_eq!(is_revoked(revoked), created <= revoked);
        prop_assert!(!is_revoked(revoked) || is_revoked(revoked.saturating_add(later)));
        prop_assert!(!token.is_revoked(None));
    }
}
