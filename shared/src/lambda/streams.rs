//! Functions that the table's stream wakes.

use std::future::Future;

use lambda_runtime::{LambdaEvent, service_fn};

use super::{Ended, House, Line, open_cold_house, start_log};
use crate::error::Error;
use crate::request::Request;
use crate::stream::{Batch, Changed, Handled};
use crate::time::Stopwatch;

/// Serves the table's stream: each item that changed, one after the other. The first that fails is reported, so that Lambda
/// comes again with it and with what is behind it.
pub async fn serve_stream<F, H>(handle: H) -> Ended
where
    H: Fn(House, Changed) -> F,
    F: Future<Output = Result<(), Error>>,
{
    start_log();
    let house = &open_cold_house().await?; // nobody waits for it
    let handle = &handle;
    let serve_one = |event: LambdaEvent<Batch>| async move {
        let (watch, nothing) = (Stopwatch::start(), Request::default());
        let place = House { store: house.store.begin(), ..*house };
        let mut failed = None;
        for (number, item) in event.payload.changed() {
            if let Err(error) = handle(place.clone(), item).await {
                failed = Some((number, error));
                break;
            }
        }
        let error = failed.as_ref().map(|(_, error)| error);
        Line::of(&nothing, &event.context.request_id, error, house.store.take_meter()).write(None, watch);
        Ok::<_, lambda_runtime::Error>(Handled::up_to(failed.map(|(number, _)| number)))
    };
    lambda_runtime::run(service_fn(serve_one)).await
}

/// The same, a batch at a time: each item that changed, once. What `handle` gives back has failed; Lambda comes again with the
/// first of them and with what is behind it.
pub async fn serve_batches<F, H>(handle: H) -> Ended
where
    H: Fn(House, Vec<Changed>) -> F,
    F: Future<Output = Vec<(Changed, Error)>>,
{
    start_log();
    let house = &open_cold_house().await?; // nobody waits for it
    let handle = &handle;
    let serve_one = |event: LambdaEvent<Batch>| async move {
        let (watch, nothing) = (Stopwatch::start(), Request::default());
        let changed = event.payload.changed();
        let items = changed.iter().map(|(_, item)| item.clone()).collect();
        let failures = Box::pin(handle(House { store: house.store.begin(), ..*house }, items)).await;
        let place = |item: &Changed| changed.iter().position(|(_, known)| known == item);
        let first = failures.iter().filter_map(|(item, _)| place(item)).min();
        let error = failures.first().map(|(_, error)| error);
        Line::of(&nothing, &event.context.request_id, error, house.store.take_meter()).write(None, watch);
        Ok::<_, lambda_runtime::Error>(Handled::up_to(first.map(|at| changed[at].0.clone())))
    };
    lambda_runtime::run(service_fn(serve_one)).await
}
