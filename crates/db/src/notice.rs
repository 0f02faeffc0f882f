//! Hears the warnings that a server sends while a future runs. The driver only logs them, so this listens to its log.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::LazyLock;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Dispatch, Event, Level, Metadata, dispatcher};

/// Where the driver logs what a server sends beside its answers.
const TARGET: &str = "sqlx::postgres::notice";

static LISTENER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Listener));

thread_local! {
    static WARNED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`, and tells whether a server sent a warning meanwhile.
///
/// The listener stands in for the process's own subscriber only while `work` is polled, on this thread: no other
/// connection's notice can reach it, and it needs no subscriber to be there.
pub(crate) async fn listening<F: Future>(work: F) -> (F::Output, bool) {
    let mut work = pin!(work);
    let mut warned = false;
    let output = poll_fn(|context| {
        let polled = dispatcher::with_default(&LISTENER, || work.as_mut().poll(context));
        warned |= WARNED.take();
        polled
    });
    let output = output.await;
    (output, warned)
}

struct Listener;

impl Subscriber for Listener {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // Anything less would take the short cut for enabled call sites from the process's own subscriber.
        Interest::always()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET && *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        if self.enabled(event.metadata()) {
            WARNED.set(true);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_warning_of_the_driver_counts() {
        let quiet = listening(async {
            tracing::warn!("of our own");
            tracing::info!(target: "sqlx::postgres::notice", "by the way");
        });
        let warned =
            listening(async { tracing::warn!(target: "sqlx::postgres::notice", "beware") });

        assert!(!quiet.await.1);
        assert!(warned.await.1);
    }

    #[tokio::test]
    async fn a_warning_of_another_task_is_not_heard() {
        let (sent, received) = tokio::sync::oneshot::channel::<()>();
        let commit = listening(received);
        let neighbour = async {
            tracing::warn!(target: "sqlx::postgres::notice", "of another connection");
            sent.send(()).unwrap();
        };

        let ((_, warned), ()) = tokio::join!(commit, neighbour);

        assert!(!warned);
    }
}
