//! What a load sees of an instance that dies, freezes, or answers with errors only.

use std::time::Duration;

use tonic::Status;

use crate::fake::{Fake, Manner, Wire};
use crate::load::{CALLERS, Steady, call, load};
use crate::{alone, calls_during, channel, three, until};

const TIME: Duration = Duration::from_millis(20);

/// Three instances, the first of them over a wire.
async fn three_with_a_wire() -> ([Fake; 3], Wire, discovery::Channel) {
    let fakes = three(TIME).await;
    let wire = Wire::to(fakes[0].addr).await;
    let channel = channel([wire.addr, fakes[1].addr, fakes[2].addr]);
    let everywhere = async || {
        let calls = calls_during(&fakes, load(&channel, 100)).await;
        calls.iter().all(|calls| *calls > 0)
    };
    until("all three are called", everywhere).await;
    (fakes, wire, channel)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_killed_and_still_listed_fails_less_than_one_call_in_a_hundred() {
    let _alone = alone().await;
    let (_fakes, wire, channel) = three_with_a_wire().await;

    let calling = tokio::spawn({
        let channel = channel.clone();
        async move { load(&channel, 2_000).await }
    });
    wire.cut();

    let ended = calling.await.unwrap();
    eprintln!(
        "one of three killed and still listed: {} of 2000 calls failed",
        ended.failed
    );
    assert!(ended.failed < 20, "{}", ended.failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_freezes_hardly_slows_the_others_and_is_called_again_when_it_is_back() {
    let _alone = alone().await;
    let (fakes, wire, channel) = three_with_a_wire().await;
    let steady = Steady::begin(&channel);
    let before = steady.rate().await;

    wire.freeze();
    let during = steady.rate().await;
    // Longer than it takes to notice that its connection is dead.
    let mut after = 0;
    for _ in 0..7 {
        after = steady.rate().await;
    }
    until("calls end at the rate of before", async || {
        after = steady.rate().await;
        after * 10 > before * 6
    })
    .await;
    wire.heal();
    let frozen = fakes[0].calls();
    let called = async || fakes[0].calls() > frozen + 100;
    let back = until("it is called again", called).await;

    let ended = steady.end().await;
    eprintln!(
        "one of three frozen: {before} calls/s before, {during} in the first half second, {after} then; {} of {} failed; back {back:?} after it thawed",
        ended.failed,
        ended.took.len()
    );
    // Those that were in flight when it froze, and one probe at a time.
    assert!(ended.failed <= 2 * CALLERS, "{}", ended.failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_answers_with_errors_is_ejected_and_one_good_probe_brings_it_back() {
    let _alone = alone().await;
    let fakes = three(TIME).await;
    let channel = channel(fakes.each_ref().map(|fake| fake.addr));
    load(&channel, 300).await;

    fakes[1].behave(Manner::Rude(Status::unavailable("broken inside")));
    let mut failed = 0;
    let ill = calls_during(&fakes, async {
        failed = load(&channel, 1_000).await.failed;
    })
    .await;
    fakes[1].behave(Manner::Slow(TIME));
    let back = until("it is called again", async || {
        let calls = calls_during(&fakes, load(&channel, 30)).await;
        calls[1] >= 5
    })
    .await;

    eprintln!(
        "one of three answers with errors only: {failed} of 1000 calls failed; back {back:?} after it was well"
    );
    // Five in a row, those that were in flight beside the fifth, and a probe now and then; a third of all without it.
    assert!(ill[1] >= 5 && ill[1] <= 2 * CALLERS, "{ill:?}");
    assert_eq!(failed, ill[1]);
}

#[tokio::test]
async fn when_all_fail_alike_none_is_ejected() {
    let _alone = alone().await;
    let fakes = three(Duration::ZERO).await;
    let channel = channel(fakes.each_ref().map(|fake| fake.addr));
    load(&channel, 300).await;

    for fake in &fakes {
        fake.behave(Manner::Rude(Status::unavailable("the database is gone")));
    }
    load(&channel, 500).await;
    let calls = calls_during(&fakes, load(&channel, 300)).await;

    assert!(calls.iter().all(|calls| *calls > 50), "{calls:?}");
    fakes[0].behave(Manner::Kind);
    until("a call is answered", async || call(&channel).await.is_ok()).await;
}
