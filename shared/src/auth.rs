//! Header names, key and token forms; headers → [`Credentials`], and with what the table says of them → [`Caller`].

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::id::{AppId, ClientId, hex, random_hex};
use crate::request::Request;
use crate::time::Time;

/// Spellings of the client key's header, in order of precedence (D3).
const CLIENT_KEY: [&str; 3] = ["im-client-key", "client_key", "client-key"];
/// Spellings of the API key's header (D3).
const API_KEY: [&str; 3] = ["im-api-key", "api_key", "api-key"];
/// Spellings of the token's header (D3).
const TOKEN: [&str; 2] = ["im-authorization", "authorization"];
/// Names the client on whose behalf the platform acts (D4).
const SENDER: &str = "im-client-id";

/// What must be encoded in a client id so that a token is one visible word.
const NOT_IN_TOKEN: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'"').add(b',').add(b';');

/// The SHA-256 of a key or token, in hex: all that is ever stored or looked up of it (D5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

impl Hash {
    /// The hash of a secret.
    pub fn of(secret: &str) -> Self {
        Self::of_bytes(secret.as_bytes())
    }

    /// The hash of anything.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }

    /// Whether it is that of this secret. How long the answer takes tells nothing of where they differ.
    pub fn is_of(&self, secret: &str) -> bool {
        let other = Self::of(secret);
        let differing =
            self.0.bytes().zip(other.0.bytes()).fold(0, |differing, (own, other)| differing | (own ^ other));
        differing == 0 && self.0.len() == other.0.len()
    }

    /// 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whom a request says it comes from, before anything is proven.
pub struct Credentials {
    /// The app that every proof must belong to.
    pub app: AppId,
    /// What was presented.
    pub proof: Proof,
}

/// What a caller presents.
pub enum Proof {
    /// The operator's own key: it may call every route (D4).
    ApiKey {
        /// Of the key.
        key: Hash,
        /// The client that the platform acts for, if it names one.
        sender: Option<ClientId>,
    },
    /// Nothing: the deployment itself acts, by a schedule or at its operator's hand. No request can say so.
    Deployment,
    /// A client's token, with the app's client key where the dialect wants it.
    Token {
        /// Of the client key.
        key: Option<Hash>,
        /// Of the token.
        token: Hash,
        /// The client whom an issued token names (D5): a hint for the first reads, proven by the stored token alone.
        hint: Option<ClientId>,
    },
}

/// A proven caller. Only [`prove`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A client of the app.
    Client(ClientId),
    /// The operator's back end, acting for a client or for nobody (D4).
    Platform(Option<ClientId>),
}

impl Caller {
    /// The client who acts, if one does.
    pub fn client(&self) -> Option<&ClientId> {
        match self {
            Self::Client(client) => Some(client),
            Self::Platform(sender) => sender.as_ref(),
        }
    }

    /// Whether it is the operator's back end.
    pub fn is_platform(&self) -> bool {
        matches!(self, Self::Platform(_))
    }
}

/// What a stored key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// Shipped in the operator's app; needs a token beside it.
    Client,
    /// Kept in the operator's back end.
    Api,
}

/// A token as it is stored, under its hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Whose it is.
    pub client: ClientId,
    /// When it was issued or last stated; that of a token which was stored without is before all others.
    #[serde(default)]
    pub created_at: Time,
    /// From then on it is refused.
    pub expires_at: Time,
    /// When the table may forget it.
    pub ttl: i64,
}

impl Token {
    /// Whether it was made no later than all tokens of its client were revoked (D5).
    pub fn is_revoked(&self, revoked_at: Option<Time>) -> bool {
        revoked_at.is_some_and(|revoked_at| self.created_at <= revoked_at)
    }
}

/// A token to be stored, with its lifetime.
#[derive(Clone, Serialize, Deserialize)]
pub struct BoundToken {
    /// In clear: shown to the operator, and stored only as a part of a kept answer that is sealed ([`crate::once`]).
    pub secret: String,
    /// From then on it is refused.
    pub expires_at: Time,
}

impl BoundToken {
    /// A token of the operator's own making.
    pub fn brought(secret: String, expires_at: Time) -> Result<Self, Error> {
        if secret.len() < 8 || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid("token", "must be at least 8 visible ASCII characters without spaces"));
        }
        Ok(Self { secret, expires_at })
    }

    /// A token of a client that is made here.
    pub fn issued(app: &AppId, client: &ClientId, expires_at: Time) -> Self {
        Self { secret: new_token(app, client), expires_at }
    }
}

/// What the table holds under the hashes that were presented.
#[derive(Default)]
pub struct Found {
    /// Under the key's hash.
    pub key: Option<KeyKind>,
    /// Under the token's hash.
    pub token: Option<Token>,
}

impl Credentials {
    /// An IMKit request: an API key, or a client key and a token (D3, D4).
    pub fn imkit(request: &Request, sender: Option<ClientId>) -> Result<Self, Error> {
        if first(request, &API_KEY).is_some() {
            return Self::platform(request, sender);
        }
        let key = first(request, &CLIENT_KEY).ok_or(Error::InvalidClientKey)?;
        let app = app_of(key).ok_or(Error::InvalidClientKey)?;
        let token = bearer(first(request, &TOKEN).ok_or(Error::MissingToken)?);
        Ok(Self {
            proof: Proof::Token { key: Some(Hash::of(key)), token: Hash::of(token), hint: owner(&app, token) },
            app,
        })
    }

    /// A request of the operator's back end: an API key (D4).
    pub fn platform(request: &Request, sender: Option<ClientId>) -> Result<Self, Error> {
        let key = first(request, &API_KEY).ok_or(Error::InvalidApiKey)?;
        let app = app_of(key).ok_or(Error::InvalidApiKey)?;
        let header = request.header(SENDER).map(|id| ClientId::parse("IM-CLIENT-ID", id)).transpose()?;
        Ok(Self { app, proof: Proof::ApiKey { key: Hash::of(key), sender: sender.or(header) } })
    }

    /// A Talk request: an API key, or a token alone (D32). A token bound by the operator does not name its app, so it
    /// needs the client key beside it (D5). `parameter` is the token given as `accountToken` or `aid`.
    pub fn talk(request: &Request, parameter: Option<&str>, sender: Option<ClientId>) -> Result<Self, Error> {
        if first(request, &API_KEY).is_some() {
            return Self::platform(request, sender); // D4
        }
        let token = first(request, &TOKEN).map(bearer).or(parameter).ok_or(Error::MissingToken)?;
        let key = first(request, &CLIENT_KEY);
        let app = match key {
            Some(key) => app_of(key).ok_or(Error::InvalidClientKey)?,
            None => app_of(token).ok_or(Error::UnknownToken)?,
        };
        Ok(Self {
            proof: Proof::Token { key: key.map(Hash::of), token: Hash::of(token), hint: owner(&app, token) },
            app,
        })
    }

    /// Those of the deployment itself, which acts as the platform for nobody.
    pub fn of_deployment(app: AppId) -> Self {
        Self { app, proof: Proof::Deployment }
    }

    /// The caller, if the credentials prove true and say who he is.
    pub fn expected(&self) -> Option<Caller> {
        match &self.proof {
            Proof::Deployment => None,
            Proof::ApiKey { sender, .. } => Some(Caller::Platform(sender.clone())),
            Proof::Token { hint, .. } => hint.clone().map(Caller::Client),
        }
    }

    /// The client who acts, as far as the request itself tells.
    pub fn hint(&self) -> Option<&ClientId> {
        match &self.proof {
            Proof::Deployment => None,
            Proof::ApiKey { sender, .. } => sender.as_ref(),
            Proof::Token { hint, .. } => hint.as_ref(),
        }
    }
}

/// Holds the credentials against what the table says of them. Expiry is checked here, never left to the table (D5).
pub fn prove(credentials: &Credentials, found: &Found, now: Time) -> Result<Caller, Error> {
    match &credentials.proof {
        Proof::Deployment => Ok(Caller::Platform(None)),
        Proof::ApiKey { sender, .. } => match found.key {
            Some(KeyKind::Api) => Ok(Caller::Platform(sender.clone())),
            Some(KeyKind::Client) | None => Err(Error::InvalidApiKey),
        },
        Proof::Token { key, .. } => {
            if key.is_some() && found.key != Some(KeyKind::Client) {
                return Err(Error::InvalidClientKey);
            }
            match &found.token {
                None => Err(Error::UnknownToken),
                Some(token) if token.expires_at <= now => Err(Error::ExpiredToken),
                Some(token) => Ok(Caller::Client(token.client.clone())),
            }
        }
    }
}

/// The API key that a request presents, in clear.
pub fn api_key(request: &Request) -> Option<&str> {
    first(request, &API_KEY)
}

/// A new key of an app: `<app>.<128 random bits>` (D5).
pub fn new_key(app: &AppId) -> String {
    format!("{app}.{}", random_hex::<16>())
}

/// A new token of a client: `<app>.<client id, percent-encoded>.<128 random bits>` (D5).
fn new_token(app: &AppId, client: &ClientId) -> String {
    format!("{app}.{}.{}", utf8_percent_encode(client.as_str(), NOT_IN_TOKEN), random_hex::<16>())
}

fn first<'a>(request: &'a Request, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| request.header(name))
}

/// Tokens come raw, after `Bearer `, or after `aid ` (D3).
fn bearer(value: &str) -> &str {
    match value.split_once(' ') {
        Some((scheme, token)) if ["bearer", "aid"].contains(&scheme.to_ascii_lowercase().as_str()) => token.trim(),
        _ => value,
    }
}

/// The app that a key or token begins with.
fn app_of(secret: &str) -> Option<AppId> {
    let (app, _) = secret.split_once('.')?;
    AppId::parse("key", app).ok()
}

/// The client whom a token of the issued form names.
fn owner(app: &AppId, token: &str) -> Option<ClientId> {
    let rest = token.strip_prefix(app.as_str())?.strip_prefix('.')?;
    let (client, _) = rest.rsplit_once('.')?;
    let client = percent_decode_str(client).decode_utf8().ok()?;
    ClientId::parse("token", &client).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let headers: serde_json::Map<_, _> =
            headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        serde_json::from_value(serde_json::json!({ "headers": headers })).unwrap()
    }

    fn named(headers: &[(&str, &str)]) -> Option<String> {
        Credentials::imkit(&request(headers), None).unwrap().hint().map(ClientId::to_string)
    }

    #[test]
    fn both_header_generations_mean_the_same() {
        for key in ["IM-CLIENT-KEY", "CLIENT_KEY", "client-key", "Im-Client-Key"] {
            for token in ["IM-Authorization", "Authorization", "authorization"] {
                assert_eq!(named(&[(key, "App.k"), (token, "App.aaa.s")]).as_deref(), Some("aaa"));
            }
        }
        assert_eq!(named(&[("client_key", "App.k"), ("authorization", "Bearer App.aaa.s")]).as_deref(), Some("aaa"));
    }

    #[test]
    fn the_modern_header_wins_over_the_legacy_one() {
        let both = [("client-key", "App.k"), ("authorization", "App.old.s"), ("im-authorization", "App.new.s")];
        assert_eq!(named(&both).as_deref(), Some("new"));
    }

    #[test]
    fn a_token_names_any_client_id() {
        let app = AppId::parse("app", "App").unwrap();
        for id in ["aaa", "a.b", "張三", "50%", "a b", "a;b"] {
            let client = ClientId::parse("id", id).unwrap();
            let token = new_token(&app, &client);
            assert!(token.chars().all(|c| c.is_ascii_graphic()), "{token}");
            assert_eq!(owner(&app, &token), Some(client));
        }
    }

    #[test]
    fn a_token_of_another_app_names_nobody() {
        assert_eq!(named(&[("client-key", "App.k"), ("authorization", "Other.aaa.s")]), None);
        assert_eq!(named(&[("client-key", "App.k"), ("authorization", "eyJhbGciOi.eyJzdWIi.c2ln")]), None);
    }

    #[test]
    fn missing_credentials_are_named() {
        assert!(matches!(Credentials::imkit(&request(&[]), None), Err(Error::InvalidClientKey)));
        assert!(matches!(Credentials::imkit(&request(&[("client-key", "nodot")]), None), Err(Error::InvalidClientKey)));
        assert!(matches!(Credentials::imkit(&request(&[("client-key", "App.k")]), None), Err(Error::MissingToken)));
        assert!(matches!(Credentials::platform(&request(&[]), None), Err(Error::InvalidApiKey)));
        assert!(matches!(Credentials::talk(&request(&[]), None, None), Err(Error::MissingToken)));
        assert!(matches!(
            Credentials::talk(&request(&[("authorization", "aid opaque")]), None, None),
            Err(Error::UnknownToken)
        ));
    }

    fn token(expires_at: i64) -> Token {
        let (client, created_at) = (ClientId::parse("id", "aaa").unwrap(), Time::from_millis(1));
        Token { client, created_at, expires_at: Time::from_millis(expires_at), ttl: 0 }
    }

    #[test]
    fn a_token_is_revoked_by_what_comes_with_it_or_later() {
        let revoked = |at| token(9).is_revoked(Some(Time::from_millis(at)));
        assert_eq!((revoked(0), revoked(1), revoked(2)), (false, true, true));
        assert!(!token(9).is_revoked(None));
    }

    #[test]
    fn a_caller_is_who_the_stored_token_says() {
        let headers = [("client-key", "App.k"), ("authorization", "App.bbb.s")];
        let credentials = Credentials::imkit(&request(&headers), None).unwrap();
        let found = Found { key: Some(KeyKind::Client), token: Some(token(2)) };
        let caller = prove(&credentials, &found, Time::from_millis(1)).unwrap();
        assert_eq!(caller, Caller::Client(ClientId::parse("id", "aaa").unwrap()));
    }

    #[test]
    fn what_is_unknown_expired_or_of_another_kind_proves_nothing() {
        let headers = [("client-key", "App.k"), ("authorization", "App.aaa.s")];
        let credentials = Credentials::imkit(&request(&headers), None).unwrap();
        let now = Time::from_millis(2);
        let proof = |key, token| prove(&credentials, &Found { key, token }, now);
        assert!(matches!(proof(None, Some(token(9))), Err(Error::InvalidClientKey)));
        assert!(matches!(proof(Some(KeyKind::Api), Some(token(9))), Err(Error::InvalidClientKey)));
        assert!(matches!(proof(Some(KeyKind::Client), None), Err(Error::UnknownToken)));
        assert!(matches!(proof(Some(KeyKind::Client), Some(token(2))), Err(Error::ExpiredToken)));
        let platform = Credentials::platform(&request(&[("api-key", "App.k")]), None).unwrap();
        let found = Found { key: Some(KeyKind::Client), token: None };
        assert!(matches!(prove(&platform, &found, now), Err(Error::InvalidApiKey)));
    }
}
