//! What is repeated, how often, and what the caller hears in the end.
#![cfg(test)]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use retry::{Backoff, Budget, Deadline, NeverSent, Policy, Retryable as _};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

const QUICK: Policy = Policy {
    name: "test",
    attempts: 4,
    shared: false,
    backoff: Backoff::new(Duration::from_micros(10), Duration::from_micros(100)),
};

fn with_reason(code: Code, reason: &str) -> Status {
    let details = ErrorDetails::with_error_info(reason, "holdfast", []);
    Status::with_error_details(code, reason, details)
}

fn not_taken() -> Status {
    with_reason(Code::Unavailable, "NOT_TAKEN")
}

fn never_sent() -> Status {
    let mut status = Status::unavailable("nobody is there");
    status.set_source(Arc::new(NeverSent));
    status
}

fn broken() -> Status {
    Status::unavailable("the connection broke")
}

/// Lets attempts end one after the other as `script` says, and tells what the caller hears and how many there were.
async fn play(script: Vec<Result<(), Status>>) -> (Result<(), Status>, usize) {
    let mut left = script;
    left.reverse();
    let (left, mut attempts) = (RefCell::new(left), 0);
    let deadline = Deadline::after(Duration::from_secs(5));
    let heard = QUICK
        .run(&Budget::new(), deadline, || {
            attempts += 1;
            let next = left.borrow_mut().pop();
            async { next.expect("no more attempts than the script has") }
        })
        .await;
    (heard, attempts)
}

#[tokio::test]
async fn what_may_succeed_later_is_attempted_again() {
    let (heard, attempts) = play(vec![Err(broken()), Err(not_taken()), Ok(())]).await;

    assert!(heard.is_ok());
    assert_eq!(attempts, 3);
}

#[tokio::test]
async fn what_was_decided_is_not_attempted_again() {
    let (heard, attempts) = play(vec![Err(Status::not_found("gone"))]).await;

    assert_eq!(heard.unwrap_err().code(), Code::NotFound);
    assert_eq!(attempts, 1);
}

#[tokio::test]
async fn one_unknown_attempt_is_what_the_caller_hears_whatever_later_attempts_say() {
    let later = [not_taken(), never_sent(), not_taken()].map(Err);
    let script = [Err(broken())].into_iter().chain(later).collect();

    let (heard, attempts) = play(script).await;

    let heard = heard.unwrap_err();
    assert!(!heard.nothing_kept());
    assert_eq!(heard.message(), "the connection broke");
    assert_eq!(attempts, 4);
}

#[tokio::test]
async fn a_decision_after_an_unknown_attempt_is_heard() {
    let (heard, _) = play(vec![
        Err(broken()),
        Err(Status::failed_precondition("sold out")),
    ])
    .await;

    assert_eq!(heard.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn an_answer_too_late_to_be_sent_does_not_hide_an_unknown_attempt() {
    let mut too_late = Status::deadline_exceeded("too late");
    too_late.set_source(Arc::new(NeverSent));

    let (heard, _) = play(vec![Err(broken()), Err(too_late)]).await;

    assert!(!heard.unwrap_err().nothing_kept());
}

#[tokio::test]
async fn an_unknown_outcome_is_asked_for_again_and_a_stale_version_is_not() {
    assert!(with_reason(Code::Aborted, "OUTCOME_UNKNOWN").retryable());
    assert!(!with_reason(Code::Aborted, "STALE").retryable());
}

#[tokio::test]
async fn what_nobody_took_is_asked_for_again_whatever_code_it_came_with() {
    for (code, reason) in [
        (Code::ResourceExhausted, "BUSY"),
        (Code::Unavailable, "NOT_YET_CONSISTENT"),
    ] {
        let refused = with_reason(code, reason);

        assert!(refused.retryable() && refused.nothing_kept(), "{reason}");
    }
    assert!(!with_reason(Code::ResourceExhausted, "LOCKED_OUT").retryable());
}

#[test]
fn a_status_without_a_reason_leaves_open_what_happened() {
    for code in [Code::Unknown, Code::Internal, Code::Unavailable] {
        let broken = Status::new(code, "broken pipe");

        assert!(broken.retryable() && !broken.nothing_kept(), "{code:?}");
    }
}

#[test]
fn only_the_mark_tells_that_nothing_was_sent() {
    assert!(!retry::sent(&never_sent()));
    assert!(retry::sent(&broken()));
    assert!(retry::sent(&not_taken()));
}

#[tokio::test]
async fn an_empty_budget_allows_no_repeats() {
    let budget = Budget::new();
    while budget.spend() {}
    let mut attempts = 0;

    let deadline = Deadline::after(Duration::from_secs(5));
    let heard: Result<(), Status> = QUICK
        .run(&budget, deadline, || {
            attempts += 1;
            async { Err(broken()) }
        })
        .await;

    assert!(heard.is_err());
    assert_eq!(attempts, 1);
}

#[tokio::test]
async fn work_in_the_background_is_repeated_until_it_is_done() {
    let mut failures = 2;

    let done = retry::forever("test", || {
        failures -= 1;
        let done = failures == 0;
        async move { if done { Ok("done") } else { Err("not yet") } }
    })
    .await;

    assert_eq!(done, "done");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn nobody_waits_past_the_deadline(limit in 0_u64..30, first in 10_u64..50, attempts in 10_u32..20) {
        let policy = Policy {
            name: "test",
            attempts,
            shared: false,
            backoff: Backoff::new(Duration::from_millis(first), Duration::from_secs(10)),
        };
        let limit = Duration::from_millis(limit);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let begun = Instant::now();

        let heard: Result<(), Status> = runtime.block_on(async {
            let failing = || async { Err(broken()) };
            policy.run(&Budget::new(), Deadline::after(limit), failing).await
        });

        prop_assert!(heard.is_err());
        // What is not waited for takes no time worth speaking of: the rest is the machine's. The waits themselves would come to
        // many seconds.
        prop_assert!(begun.elapsed() < limit + Duration::from_secs(2));
    }
}
