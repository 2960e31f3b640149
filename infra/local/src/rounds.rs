//! Counting round trips: requests that go out together are held and let go together, so that sequence depth is exact.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// So long must an instance be silent before what it has sent counts as one round.
const SILENCE: Duration = Duration::from_millis(100);

/// Holds one instance's requests.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    arrivals: usize,
    rounds: usize,
    waiting: Vec<oneshot::Sender<usize>>,
}

impl Gate {
    /// A new invocation begins: its first round is 1.
    pub(crate) fn restart(&self) {
        self.lock().rounds = 0;
    }

    /// Waits until the round of this request is let go, and gives its number.
    pub(crate) async fn pass(self: &Arc<Self>) -> usize {
        let turn = {
            let mut held = self.lock();
            let (sender, turn) = oneshot::channel();
            held.arrivals += 1;
            held.waiting.push(sender);
            if held.waiting.len() == 1 {
                tokio::spawn(Arc::clone(self).open_when_silent(held.arrivals));
            }
            turn
        };
        turn.await.unwrap_or_default()
    }

    async fn open_when_silent(self: Arc<Self>, mut seen: usize) {
        loop {
            tokio::time::sleep(SILENCE).await;
            let mut held = self.lock();
            if held.arrivals == seen {
                held.rounds += 1;
                let round = held.rounds;
                for turn in held.waiting.drain(..) {
                    let _ = turn.send(round);
                }
                return;
            }
            seen = held.arrivals;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_sent_together_are_one_round_and_one_after_is_the_next() {
        let gate = Arc::new(Gate::default());
        let (one, two) = tokio::join!(gate.pass(), gate.pass());
        assert_eq!((one, two, gate.pass().await), (1, 1, 2));
        gate.restart();
        assert_eq!(gate.pass().await, 1);
    }
}
