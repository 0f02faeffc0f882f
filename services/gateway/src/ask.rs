//! Asking the services: what may be asked again, and what the caller hears when no answer came.

use retry::Deadline;
use tonic::{Request, Response, Status};

use crate::key::Once;
use crate::problem::Problem;
use crate::refusal::{self, Asked};

/// Asks for what changes nothing, and asks again while that may help.
///
/// # Errors
/// The service's refusal; `unavailable` when no answer came.
pub(crate) async fn read<C, Q, R>(
    client: &C,
    request: Q,
    call: impl AsyncFn(&mut C, Request<Q>) -> Result<Response<R>, Status>,
) -> Result<R, Problem>
where
    C: Clone,
{
    let answer = once(client.clone(), retry::reads(request), &call).await;
    answer
        .map(Response::into_inner)
        .map_err(|refused| refusal::problem(Asked::Read, &refused))
}

/// As [`read`], not longer than until `deadline`, with the status itself in place of its meaning.
///
/// # Errors
/// The last attempt's status.
pub(crate) async fn read_until<C, Q, R>(
    deadline: Deadline,
    client: &C,
    request: Q,
    call: impl AsyncFn(&mut C, Request<Q>) -> Result<Response<R>, Status>,
) -> Result<Response<R>, Status>
where
    C: Clone,
{
    let asked = once(client.clone(), retry::reads(request), &call);
    // A channel waits for the beginning of an answer only; its end may never come.
    let answer = deadline.limit(deadline.scope(asked)).await;
    answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("the answer did not end in time")))
}

/// Asks for what counts once per key, and asks again until the outcome is known. One unknown attempt makes the whole call
/// unknown until an attempt with its key has ended.
///
/// # Errors
/// The service's refusal; `outcome_unknown` when nobody can tell.
pub(crate) async fn keyed<C, Q, R>(
    client: &C,
    request: Q,
    call: impl AsyncFn(&mut C, Request<Q>) -> Result<Response<R>, Status>,
) -> Result<R, Problem>
where
    C: Clone,
{
    Ok(keyed_once(client, request, call).await?.answer)
}

/// As [`keyed`], where the answer itself does not tell whether its key had been sent before.
///
/// # Errors
/// As [`keyed`].
pub(crate) async fn keyed_once<C, Q, R>(
    client: &C,
    request: Q,
    call: impl AsyncFn(&mut C, Request<Q>) -> Result<Response<R>, Status>,
) -> Result<Once<R>, Problem>
where
    C: Clone,
{
    let answer = once(client.clone(), retry::keyed(request), &call).await;
    let answer = answer.map_err(|refused| refusal::problem(Asked::Keyed, &refused))?;
    Ok(Once {
        replayed: refusal::replayed(answer.metadata()),
        answer: answer.into_inner(),
    })
}

/// Asks once for what has no key: nobody could tell whether a second attempt were the first.
///
/// # Errors
/// The service's refusal; `outcome_unknown` when no answer came.
pub(crate) async fn write<C, Q, R>(
    client: &C,
    request: Q,
    call: impl AsyncFn(&mut C, Request<Q>) -> Result<Response<R>, Status>,
) -> Result<R, Problem>
where
    C: Clone,
{
    let answer = once(client.clone(), Request::new(request), &call).await;
    answer
        .map(Response::into_inner)
        .map_err(|refused| refusal::problem(Asked::Write, &refused))
}

async fn once<C, Q, R>(
    mut client: C,
    request: Request<Q>,
    call: &impl AsyncFn(&mut C, Request<Q>) -> Result<Response<R>, Status>,
) -> Result<Response<R>, Status> {
    // Over there it is their limit that counts.
    chassis::apart(call(&mut client, request)).await
}
