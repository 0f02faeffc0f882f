//! What rides along with one request within a process: what its caller has seen, and where what it is shown was read.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;

use super::{Given, ReadAt, Token};

/// What rides along with one request.
struct Caller {
    given: Cell<Given>,
    read: Cell<Option<ReadAt>>,
}

tokio::task_local! {
    static CALLER: Caller;
}

/// Runs `work` as part of a request that came with `given`, and answers with what it has seen by its end.
pub fn scope<F: Future>(given: Given, work: F) -> Scoped<F> {
    let caller = Caller {
        given: Cell::new(given),
        read: Cell::new(None),
    };
    Scoped {
        work: CALLER.scope(caller, work),
    }
}

pin_project! {
    /// Work that is part of a request. No `async fn`, which would hold its work twice.
    #[must_use = "nothing is done before it is awaited"]
    pub struct Scoped<F> {
        #[pin]
        work: TaskLocalFuture<Caller, F>,
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = (F::Output, Given);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut work = self.project().work;
        let output = ready!(work.as_mut().poll(context));
        let caller = work.take_value();
        let given = caller.map(|caller| caller.given.get());
        Poll::Ready((output, given.unwrap_or_default()))
    }
}

/// What a read within this request must satisfy. Outside of any request: nothing.
pub fn given() -> Given {
    CALLER
        .try_with(|caller| caller.given.get())
        .unwrap_or_default()
}

/// Notes that the caller will have seen `token` when it gets its answer.
pub fn saw(token: Token) {
    // Outside of a request nobody is waiting to be told.
    let _ = CALLER.try_with(|caller| caller.given.set(caller.given.get().raised(token)));
}

/// Notes that the answer shows something that was read there.
pub fn shows(read: ReadAt) {
    // Outside of a request nobody is waiting to be told.
    let _ = CALLER.try_with(|caller| {
        let both = caller.read.get().map_or(read, |before| before.with(read));
        caller.read.set(Some(both));
    });
}

/// Where what this request's answer shows was read, if it was noted.
pub fn shown() -> Option<ReadAt> {
    CALLER.try_with(|caller| caller.read.get()).ok().flatten()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Position, Seen};
    use super::*;

    #[tokio::test]
    async fn a_request_answers_with_the_furthest_it_saw() {
        let near = Token::at(
            7,
            Position {
                timeline: 1,
                lsn: 10,
            },
        );
        let far = Token::at(
            7,
            Position {
                timeline: 1,
                lsn: 20,
            },
        );

        let ((), seen) = scope(Given::Token(near), async {
            saw(far);
            saw(near);
        })
        .await;

        assert_eq!(seen, Given::Token(far));
    }

    #[tokio::test]
    async fn of_two_things_that_an_answer_shows_the_lesser_counts() {
        let read = |lsn, seconds, primary| {
            let position = Position { timeline: 1, lsn };
            let (value, cluster) = ((), 7);
            let seen = Seen {
                value,
                cluster,
                position,
                primary,
            };
            ReadAt::of(&seen, Duration::from_secs(seconds))
        };

        let (both, _) = scope(Given::Nothing, async {
            shows(read(20, 10, false));
            shows(read(30, 5, true));
            let both = shown();
            shows(read(10, 20, true));
            (both, shown())
        })
        .await;

        assert_eq!(both.0, Some(read(20, 5, false)));
        assert_eq!(both.1, Some(read(9, 5, false)));
    }
}
