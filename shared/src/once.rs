//! Requests that may be sent again: the `Idempotency-Key`, and what is kept under it (D42). Pure: no table, no clock.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use miniz_oxide::{deflate, inflate};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::auth::{self, Caller, Hash};
use crate::error::Error;
use crate::id::random_bytes;
use crate::request::Request;
use crate::time::Time;

/// The header, as refusals name it.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long whoever has begun has to himself: as long as a function lives. Then another try may go on where he ended.
pub const TURN: Duration = Duration::from_secs(29);

/// The longest key, in bytes.
const LONGEST_KEY: usize = 255;

/// How much of an item what is kept may take, in bytes: DynamoDB's 400 KB, but for the rest of the record.
const LONGEST: usize = 390_000;

/// The highest level of compression whose time nobody notices.
const LEVEL: u8 = 6;

/// What a handler answers a request with.
pub trait Answer {
    /// The whole body of the reply.
    fn body(&self) -> Value;
}

/// No answer yet.
impl Answer for () {
    fn body(&self) -> Value {
        Value::Null
    }
}

impl Answer for Value {
    fn body(&self) -> Value {
        self.clone()
    }
}

/// A request that came with a key.
#[derive(Clone, Debug)]
pub struct Asked {
    key: String,
    place: String,
    content: Hash,
    seal: Seal,
}

impl Asked {
    /// What a request asks for under its key, if it came with one and changes anything.
    pub fn of(request: &Request) -> Result<Option<Self>, Error> {
        let Some(key) = request.header(IDEMPOTENCY_KEY).filter(|_| request.may_change()) else { return Ok(None) };
        if key.len() > LONGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid(IDEMPOTENCY_KEY, "must be 1 to 255 visible ASCII characters"));
        }
        let path = request.path_without_slash().unwrap_or(request.raw_path());
        let mut content = request.raw_query().as_bytes().to_vec();
        content.push(b'\n');
        content.extend(request.bytes()?);
        Ok(Some(Self {
            key: key.to_owned(),
            place: format!("{} {path}", request.method()),
            content: Hash::of_bytes(&content),
            seal: Seal::of(key, auth::api_key(request)),
        }))
    }

    /// What the record is found under: a caller's own, for the same method and path (D42).
    pub fn scope(&self, caller: &Caller) -> Hash {
        let who = match caller {
            Caller::Client(client) => format!("client {client}"),
            Caller::Platform(None) => "platform".to_owned(),
            Caller::Platform(Some(client)) => format!("platform for {client}"),
        };
        Hash::of(&format!("{who}\n{}\n{}", self.place, self.key))
    }
}

/// What is kept under a key: in the table by its [scope](Asked::scope), written in one transaction with what was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Query and body that came with the key.
    content: Hash,
    /// The try that wrote it.
    writer: String,
    /// Counts what was written: the condition of the next write.
    pub version: u64,
    /// Until then the writer is not disturbed.
    turn_ends: Time,
    /// From then on it is as if absent.
    pub expires_at: Time,
    /// When the table may forget it.
    ttl: i64,
    /// [`Kept`], compressed and sealed.
    kept: String,
}

/// What was done under a key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// What each step of the work came to, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<String, Value>,
    /// The body of the reply; none as long as there is more to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

impl Kept {
    /// An answer, behind which no step matters any more.
    pub fn answered(answer: &impl Answer) -> Self {
        Self { answer: Some(answer.body().to_string()), ..Self::default() }
    }

    /// What a step came to, if it was taken.
    pub fn step<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        self.steps.get(name).cloned().map(serde_json::from_value).transpose().map_err(Error::internal)
    }

    /// Keeps what a step comes to.
    pub fn take<T: Serialize>(&mut self, name: &str, step: &T) -> Result<(), Error> {
        self.steps.insert(name.to_owned(), serde_json::to_value(step).map_err(Error::internal)?);
        Ok(())
    }
}

/// What a stored record means for a try.
#[derive(Clone, Debug)]
pub enum Finding {
    /// Nothing was kept, or its time is over.
    New,
    /// Somebody, or this very try, has begun: it goes on behind these steps.
    Begun(Kept),
}

impl Record {
    /// The record as a try writes it, behind the one that it has read.
    pub fn of(asked: &Asked, writer: &str, before: Option<&Self>, kept: &Kept, now: Time) -> Result<Self, Error> {
        let expires_at = before.map_or_else(|| now.plus(KEPT), |before| before.expires_at);
        Ok(Self {
            content: asked.content.clone(),
            writer: writer.to_owned(),
            version: before.map_or(1, |before| before.version + 1),
            turn_ends: now.plus(TURN),
            expires_at,
            ttl: expires_at.seconds(),
            kept: pack(kept, &asked.seal)?,
        })
    }

    /// What it means for a try, named `writer`. Refused: another body (422), somebody else's turn (409). An answer that was
    /// given is no refusal, and ends the try all the same.
    pub fn found(&self, asked: &Asked, writer: &str, now: Time) -> Result<Finding, Error> {
        if self.expires_at <= now {
            return Ok(Finding::New);
        }
        if self.content != asked.content {
            return Err(Error::IdempotencyMismatch { key: asked.key.clone() });
        }
        let is_own = self.writer == writer;
        let kept = unpack(&self.kept, asked)?;
        match kept.answer {
            Some(body) => Err(Error::Answered { body, is_replayed: !is_own }),
            None if !is_own && now < self.turn_ends => Err(Error::IdempotencyInProgress { key: asked.key.clone() }),
            None => Ok(Finding::Begun(kept)),
        }
    }
}

fn pack(kept: &Kept, seal: &Seal) -> Result<String, Error> {
    let text = serde_json::to_vec(kept).map_err(Error::internal)?;
    let packed = BASE64.encode(seal.shut(deflate::compress_to_vec(&text, LEVEL))?);
    if packed.len() > LONGEST {
        let reason = "cannot be used for so long an answer: ask for a shorter one by `Prefer: return=minimal`";
        return Err(Error::invalid(IDEMPOTENCY_KEY, reason));
    }
    Ok(packed)
}

fn unpack(packed: &str, asked: &Asked) -> Result<Kept, Error> {
    let bytes = BASE64.decode(packed).map_err(Error::internal)?;
    let bytes = asked.seal.open(bytes).ok_or_else(|| Error::IdempotencyMismatch { key: asked.key.clone() })?;
    let text = inflate::decompress_to_vec(&bytes).map_err(|flaw| Error::internal(flaw.to_string()))?;
    serde_json::from_slice(&text).map_err(Error::internal)
}

/// An answer can hold a secret: the token of a link, or of a client. It is sealed by what the caller alone has and the table holds
/// only a hash of: his `Idempotency-Key`, and the platform's API key, for the platform is told the most.
#[derive(Clone)]
struct Seal([u8; 32]);

impl Seal {
    fn of(key: &str, api_key: Option<&str>) -> Self {
        let secret = Sha256::new().chain_update("what is kept of answers\n").chain_update(api_key.unwrap_or_default());
        Self(secret.chain_update("\n").chain_update(key).finalize().into())
    }

    fn shut(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_LEN] = random_bytes();
        let key = self.key().ok_or_else(|| Error::internal("no key of this length"))?;
        let sealed = key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes);
        sealed.map_err(|_| Error::internal("an answer cannot be sealed"))?;
        Ok([nonce.as_slice(), &bytes].concat())
    }

    /// None when it was sealed under another key.
    fn open(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let opened = self.key()?.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut sealed);
        opened.ok().map(|text| text.to_vec())
    }

    fn key(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&CHACHA20_POLY1305, &self.0).ok().map(LessSafeKey::new)
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::ClientId;

    const NOW: Time = Time::from_millis(1_000_000);

    fn request(headers: Value, body: &str) -> Request {
        let context = json!({ "http": { "method": "POST" } });
        let event =
            json!({ "rawPath": "/rooms/r/members", "headers": headers, "requestContext": context, "body": body });
        serde_json::from_value(event).unwrap()
    }

    fn asked(headers: Value, body: &str) -> Asked {
        Asked::of(&request(headers, body)).unwrap().unwrap()
    }

    fn by_client() -> Asked {
        asked(json!({ "idempotency-key": "k1" }), "{}")
    }

    fn by_platform(key: &str) -> Asked {
        asked(json!({ "idempotency-key": "k1", "im-api-key": key }), "{}")
    }

    fn done(body: &str) -> Kept {
        Kept { answer: Some(body.to_owned()), ..Kept::default() }
    }

    fn record(asked: &Asked, kept: &Kept) -> Record {
        Record::of(asked, "first", None, kept, NOW).unwrap()
    }

    #[test]
    fn a_key_is_1_to_255_visible_characters() {
        for key in ["a b", "schlüssel", &"k".repeat(256)] {
            let refusal = Asked::of(&request(json!({ "idempotency-key": key }), "{}")).unwrap_err();
            assert!(refusal.to_string().contains("`Idempotency-Key`"), "{refusal}");
        }
        assert!(Asked::of(&request(json!({ "Idempotency-Key": "k".repeat(255) }), "{}")).unwrap().is_some());
        assert!(Asked::of(&request(json!({}), "{}")).unwrap().is_none());
    }

    #[test]
    fn each_caller_has_keys_of_his_own() {
        let client = |id| Caller::Client(ClientId::parse("id", id).unwrap());
        let platform = |id| Caller::Platform(Some(ClientId::parse("id", id).unwrap()));
        let callers = [client("a"), client("b"), platform("a"), Caller::Platform(None)];
        let scopes: std::collections::BTreeSet<_> = callers.iter().map(|caller| by_client().scope(caller)).collect();
        assert_eq!(scopes.len(), callers.len());
    }

    #[test]
    fn a_given_answer_is_given_again() {
        let record = record(&by_client(), &done("body"));
        for (writer, replayed) in [("first", false), ("second", true)] {
            match record.found(&by_client(), writer, NOW) {
                Err(Error::Answered { body, is_replayed }) => assert_eq!((&*body, is_replayed), ("body", replayed)),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn after_a_day_the_key_is_free() {
        let record = record(&by_client(), &done("body"));
        assert!(matches!(record.found(&by_client(), "second", NOW.plus(KEPT)), Ok(Finding::New)));
    }

    #[test]
    fn another_body_is_another_request() {
        let record = record(&by_client(), &done("body"));
        let other = asked(json!({ "idempotency-key": "k1" }), r#"{"a":1}"#);
        assert!(matches!(record.found(&other, "second", NOW), Err(Error::IdempotencyMismatch { .. })));
    }

    #[test]
    fn who_has_begun_is_not_disturbed_until_his_turn_ends() {
        let begun = BTreeMap::from([("1".to_owned(), json!(1))]);
        let record = record(&by_client(), &Kept { steps: begun.clone(), answer: None });
        let found = |writer, now| record.found(&by_client(), writer, now);
        assert!(matches!(found("second", NOW), Err(Error::IdempotencyInProgress { .. })));
        assert!(matches!(found("first", NOW), Ok(Finding::Begun(Kept { steps, .. })) if steps == begun));
        assert!(matches!(found("second", NOW.plus(TURN)), Ok(Finding::Begun(_))));
    }

    #[test]
    fn what_is_kept_is_read_with_the_keys_that_came_with_it_alone() {
        let secret = "App.0123456789abcdef";
        let record = record(&by_platform(secret), &done("the token is 4711"));
        assert!(!BASE64.decode(&record.kept).unwrap().windows(4).any(|part| part == b"4711"));
        let again = record.found(&by_platform(secret), "second", NOW);
        assert!(matches!(again, Err(Error::Answered { body, .. }) if body == "the token is 4711"));
        let other = record.found(&by_platform("App.fedcba9876543210"), "second", NOW);
        assert!(matches!(other, Err(Error::IdempotencyMismatch { .. })));
    }

    #[test]
    fn an_answer_is_kept_compressed_and_no_longer_than_an_item_holds() {
        let long = record(&by_client(), &done(&"member ".repeat(100_000)));
        assert!(long.kept.len() < 4_000, "{}", long.kept.len());
        let noise: String = (0..200_000).map(|_| crate::id::random_hex::<2>()).collect();
        let refusal = Record::of(&by_client(), "first", None, &done(&noise), NOW).unwrap_err();
        assert!(refusal.to_string().contains("return=minimal"), "{refusal}");
    }
}
