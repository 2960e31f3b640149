//! What is kept under a request's `Idempotency-Key`: read with everything else, written with what is done (D42).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::key::Key;
use super::read::Items;
use super::write::Setback;
use super::{Store, item, pause};
use crate::auth::{Caller, Credentials};
use crate::error::Error;
use crate::id::random_hex;
use crate::once::{Answer, Asked, Finding, Kept, Record};
use crate::time::Time;

/// How often an answer is tried to be kept at least, however little patience the work has left.
const LEAST_TRIES: u32 = 2;

/// One try of a request that came with a key. Clones of its store share it.
#[derive(Clone)]
pub(super) struct Try(Arc<Mutex<State>>);

struct State {
    asked: Asked,
    /// What tells this try from another of the same request.
    writer: String,
    /// Where the record is; none until the caller is proven.
    key: Option<Key>,
    /// The record as it was last read or written.
    seen: Option<Record>,
    kept: Kept,
    /// What is being written.
    sent: Option<(Record, Kept)>,
}

impl Try {
    pub(super) fn of(asked: Asked) -> Self {
        let (writer, kept) = (random_hex::<8>(), Kept::default());
        Self(Arc::new(Mutex::new(State { asked, writer, key: None, seen: None, kept, sent: None })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Whether the request came with a key, under which its answer is kept.
    pub(super) fn is_once(&self) -> bool {
        self.once.is_some()
    }

    /// Where the record of this request is, as far as the request itself tells.
    pub(super) fn once_key(&self, credentials: &Credentials) -> Option<Key> {
        let (state, caller) = (self.once.as_ref()?.lock(), credentials.expected()?);
        Some(Key::once(&credentials.app, &state.asked.scope(&caller)))
    }

    /// Looks the request up under its key, now that the caller is proven. Refused when it is another request's key, or
    /// another try is under way; ended when it was answered before.
    pub(super) async fn recall(&self, credentials: &Credentials, caller: &Caller, read: &Items) -> Result<(), Error> {
        let Some(once) = &self.once else { return Ok(()) };
        let key = Key::once(&credentials.app, &once.lock().asked.scope(caller));
        let record: Option<Record> = match self.once_key(credentials).as_ref() == Some(&key) {
            true => read.get(&key)?,
            false => self.batch([key.clone()].into()).await?.get(&key)?, // the token does not say whose it is
        };
        let mut state = once.lock();
        let finding = match &record {
            Some(record) => record.found(&state.asked, &state.writer, Time::now())?,
            None => Finding::New,
        };
        // What this try wrote last it knows, and what it has noted since.
        let version = |record: &Option<Record>| record.as_ref().map(|record| record.version);
        if let Finding::Begun(kept) = finding
            && version(&record) != version(&state.seen)
        {
            state.kept = kept;
        }
        (state.key, state.seen) = (Some(key), record);
        Ok(())
    }

    /// A handle for one of several steps of a request's work. What a step comes to is kept by its name: whoever goes on with the
    /// request does not take it again.
    pub fn step(&self, name: impl ToString) -> Self {
        Self { step: name.to_string(), ..self.clone() }
    }

    /// What this step came to, if this or an earlier try of the request has taken it.
    pub(super) fn taken<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        let Some(once) = &self.once else { return Ok(None) };
        once.lock().kept.step(&self.step)
    }

    /// Notes what a step comes to that writes nothing: the next one's transaction carries it.
    pub(super) fn note<T: Serialize>(&self, step: &T) -> Result<(), Error> {
        let Some(once) = &self.once else { return Ok(()) };
        once.lock().kept.take(&self.step, step)
    }

    /// Sends a transaction with what this step comes to.
    pub(super) async fn transact_step<T: Serialize>(
        &self,
        items: Vec<TransactWriteItem>,
        token: Option<String>,
        step: &T,
    ) -> Result<(), Setback> {
        self.transact_kept(items, token, |kept| kept.take(&self.step, step)).await
    }

    /// Sends a transaction with the answer to the request, for which there is no more to do.
    pub(super) async fn transact_answer(
        &self,
        items: Vec<TransactWriteItem>,
        token: Option<String>,
        answer: &impl Answer,
    ) -> Result<(), Setback> {
        let answer = |kept: &mut Kept| {
            *kept = Kept::answered(answer);
            Ok(())
        };
        self.transact_kept(items, token, answer).await
    }

    async fn transact_kept(
        &self,
        mut items: Vec<TransactWriteItem>,
        token: Option<String>,
        add: impl FnOnce(&mut Kept) -> Result<(), Error>,
    ) -> Result<(), Setback> {
        items.extend(self.keep(add)?);
        self.transact(items, token).await?;
        if let Some(once) = &self.once {
            let mut state = once.lock();
            if let Some((record, kept)) = state.sent.take() {
                (state.seen, state.kept) = (Some(record), kept);
            }
        }
        Ok(())
    }

    /// The record as it will be: if it is still what was read, or its time is over.
    fn keep(&self, add: impl FnOnce(&mut Kept) -> Result<(), Error>) -> Result<Option<TransactWriteItem>, Error> {
        let Some(once) = &self.once else { return Ok(None) };
        let mut state = once.lock();
        let Some(key) = state.key.clone() else { return Ok(None) };
        let now = Time::now();
        let before = state.seen.as_ref().filter(|seen| seen.expires_at > now);
        let mut kept = state.kept.clone();
        add(&mut kept)?;
        let record = Record::of(&state.asked, &state.writer, before, &kept, now)?;
        let put = Put::builder().table_name(&self.table).set_item(Some(item::write(&key, &record)?));
        let put = match &before {
            Some(before) => put
                .condition_expression("version = :seen")
                .expression_attribute_values(":seen", item::number(before.version)),
            None => put
                .condition_expression("attribute_not_exists(PK) OR expiresAt <= :now")
                .expression_attribute_values(":now", item::value(&now)?),
        };
        state.sent = Some((record, kept));
        Ok(Some(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build()))
    }

    /// Keeps the answer of a request whose work took more than one transaction, or none. Nobody is told what is not kept: the
    /// request would be told something else when it is repeated. But for what is too long to be ever kept, which is rendered
    /// again from its steps.
    ///
    /// Where another try was quicker, its answer counts: what this one found to be so already was that one's doing.
    pub async fn keep_answer(&self, answer: &impl Answer) -> Result<(), Error> {
        let Some(once) = &self.once else { return Ok(()) };
        let key = match &*once.lock() {
            State { kept: Kept { answer: None, .. }, key: Some(key), .. } => key.clone(),
            _ => return Ok(()),
        };
        for tries in 0.. {
            match self.transact_answer(Vec::new(), None, answer).await {
                Ok(()) | Err(Setback::Failed(_)) => return Ok(()),
                Err(Setback::Lost(_)) => {
                    let record: Option<Record> =
                        self.batch([key.clone()].into()).await.map_err(Error::after_a_change)?.get(&key)?;
                    let state = once.lock();
                    return record
                        .map_or(Ok(()), |record| record.found(&state.asked, &state.writer, Time::now()).map(drop));
                }
                Err(Setback::Crowded | Setback::Unknown(_)) => {}
            }
            let pause = pause(tries);
            if tries >= LEAST_TRIES && !self.deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(Error::Busy.after_a_change())
    }
}
