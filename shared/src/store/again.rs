//! Writes that may be done twice: tried until one is done, or patience ends.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::ConsumedCapacity;

use super::read::read_failed;
use super::write::Setback;
use super::{Store, pause};
use crate::error::Error;

impl Store {
    /// Reads, decides and writes by `once`, again when a race was lost. An unknown end is tried again like a lost race:
    /// `once` must make no difference the second time.
    pub(super) async fn until_written<T>(&self, once: impl AsyncFn() -> Result<T, Setback>) -> Result<T, Error> {
        let mut unknown = None;
        for tries in 0.. {
            // Boxed: the types of futures within futures grow past what the compiler follows.
            match Box::pin(once()).await {
                Ok(done) => return Ok(done),
                Err(Setback::Failed(answered @ Error::Answered { .. })) => return Err(answered),
                // A refusal says that nothing has changed; while the end of a write is unknown, nobody can say so.
                Err(Setback::Failed(error)) => return Err(unknown.unwrap_or(error)),
                Err(Setback::Unknown(cause)) => unknown = Some(cause),
                Err(Setback::Lost(_) | Setback::Crowded) => {}
            }
            let pause = pause(tries);
            if !self.deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(unknown.unwrap_or(Error::Busy)) // `BUSY` says that nothing has changed
    }
}

impl Store {
    /// What a conditional write of one item came to: its reply, or none when the condition does not hold, which is an answer.
    /// What DynamoDB had no room for is the caller's to repeat.
    pub(super) fn unless_refused<T, E>(
        &self,
        sent: Result<T, SdkError<E>>,
        cost: impl Fn(&T) -> &Option<ConsumedCapacity>,
    ) -> Result<Option<T>, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.spent(sent.as_ref().ok().and_then(|reply| cost(reply).as_ref()));
        match sent {
            Ok(reply) => Ok(Some(reply)),
            Err(failure) => match failure.as_service_error().and_then(ProvideErrorMetadata::code) {
                Some("ConditionalCheckFailedException") => Ok(None),
                Some("TransactionConflictException") => Err(Error::Busy),
                _ => Err(read_failed(failure)),
            },
        }
    }
}

/// What cannot be read or decided cannot be written.
impl From<Error> for Setback {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
