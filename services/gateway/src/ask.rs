//! Asking the services: what may be asked again, and what the caller hears when no answer came.

use retry::{Deadline, Retryable};
use tonic::{Code as Grpc, Response, Status};

use crate::key::Once;
use crate::problem::Problem;
use crate::refusal::{self, Asked};

/// A status, as the retry policies see it.
struct Refused(Status);

impl Retryable for Refused {
    fn retryable(&self) -> bool {
        // Once the deadline has passed over there, it has passed here.
        let late = self.0.code() == Grpc::DeadlineExceeded;
        !late && (refusal::unknown(&self.0) || refusal::not_taken(&self.0))
    }

    fn nothing_kept(&self) -> bool {
        refusal::not_taken(&self.0)
    }
}

/// Asks for what changes nothing, and asks again while that may help.
///
/// # Errors
/// The service's refusal; `unavailable` when no answer came.
pub(crate) async fn read<C, Q, R>(
    client: &C,
    request: Q,
    call: impl AsyncFn(&mut C, Q) -> Result<Response<R>, Status>,
) -> Result<R, Problem>
where
    C: Clone,
    Q: Clone,
{
    let attempt = || once(client.clone(), request.clone(), &call);
    let answer = retry::reads(Deadline::current(), attempt).await;
    answer
        .map(Response::into_inner)
        .map_err(|refused| refusal::problem(Asked::Read, &refused.0))
}

/// Asks for what counts once per key, and asks again until the outcome is known. One unknown attempt makes the whole call
/// unknown until an attempt with its key has ended.
///
/// # Errors
/// The service's refusal; `outcome_unknown` when nobody can tell.
pub(crate) async fn keyed<C, Q, R>(
    client: &C,
    request: Q,
    call: impl AsyncFn(&mut C, Q) -> Result<Response<R>, Status>,
) -> Result<R, Problem>
where
    C: Clone,
    Q: Clone,
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
    call: impl AsyncFn(&mut C, Q) -> Result<Response<R>, Status>,
) -> Result<Once<R>, Problem>
where
    C: Clone,
    Q: Clone,
{
    let attempt = || once(client.clone(), request.clone(), &call);
    let answer = retry::keyed(Deadline::current(), attempt).await;
    let answer = answer.map_err(|refused| refusal::problem(Asked::Keyed, &refused.0))?;
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
    call: impl AsyncFn(&mut C, Q) -> Result<Response<R>, Status>,
) -> Result<R, Problem>
where
    C: Clone,
{
    let answer = once(client.clone(), request, &call).await;
    answer
        .map(Response::into_inner)
        .map_err(|refused| refusal::problem(Asked::Write, &refused.0))
}

async fn once<C, Q, R>(
    mut client: C,
    request: Q,
    call: &impl AsyncFn(&mut C, Q) -> Result<Response<R>, Status>,
) -> Result<Response<R>, Refused> {
    // Over there it is their limit that counts.
    let answer = chassis::apart(call(&mut client, request)).await;
    answer.map_err(Refused)
}
