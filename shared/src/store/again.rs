//! Writes that may be done twice: tried until one is done, or patience ends.

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
                // A refusal says that nothing has changed; while the end of a write is unknown, nobody can say so.
                Err(Setback::Failed(error)) => return Err(unknown.unwrap_or(error)),
                Err(Setback::Unknown(cause)) => unknown = Some(cause),
                Err(Setback::Lost | Setback::Crowded) => {}
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

/// What cannot be read or decided cannot be written.
impl From<Error> for Setback {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
