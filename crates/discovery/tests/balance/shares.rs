//! How calls are shared out among instances that are well, and one that is slow.

use std::time::Duration;

use discovery::overlay::Adjusted;
use discovery::{Fixed, Settings};
use tokio::sync::watch;

use crate::fake::{Manner, Wire};
use crate::load::{call, load};
use crate::{Zoned, alone, calls_during, channel, overlay, three, until};

/// Well above what a busy machine adds by itself.
const TIME: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_ten_times_slower_keeps_less_than_a_tenth_and_hardly_anybody_waits_for_it() {
    let _alone = alone().await;
    let fakes = three(TIME).await;
    let channel = channel(fakes.each_ref().map(|fake| fake.addr));
    load(&channel, 300).await;
    let well = load(&channel, 2_000).await;

    fakes[2].behave(Manner::Slow(10 * TIME));
    let noticed = calls_during(&fakes, load(&channel, 800)).await;
    let mut ill = None;
    let calls = calls_during(&fakes, async { ill = Some(load(&channel, 2_000).await) }).await;

    let ill = ill.unwrap();
    eprintln!(
        "one of three 10 times slower: it got {} of the first 800 calls and {} of the next 2000; p99 {:?}, was {:?}, at most twice that is the goal",
        noticed[2],
        calls[2],
        ill.p99(),
        well.p99()
    );
    assert!(noticed[2] + calls[2] < 280, "{noticed:?} {calls:?}");
    // The goal is twice, as the simulation shows it; a busy machine adds its own.
    assert!(ill.p99() < 3 * 2 * well.p99());
    assert_eq!(ill.failed, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_shared_as_the_weights_say() {
    let _alone = alone().await;
    let [ann, bob, _] = three(TIME / 2).await;
    let heavy = Adjusted {
        weight: 300,
        drained: false,
    };
    let (_said, overlays) = watch::channel(overlay([(bob.addr.to_string(), heavy)]));
    let settings = Settings {
        overlay: overlays,
        ..Settings::default()
    };
    let addrs = [&ann, &bob].map(|fake| fake.addr.to_string());
    let channel = discovery::channel("fake", &Fixed::new(addrs), &settings);
    // Both are connected.
    load(&channel, 200).await;

    let calls = calls_during(&[ann, bob], load(&channel, 2_000)).await;

    eprintln!("weights 1 to 3: {calls:?} of 2000 calls");
    assert!((350..=650).contains(&calls[0]), "{calls:?}");
}

#[tokio::test]
async fn a_drained_instance_gets_no_new_calls_until_it_is_back() {
    let _alone = alone().await;
    let fakes = three(Duration::ZERO).await;
    let (said, overlays) = watch::channel(overlay([]));
    let settings = Settings {
        overlay: overlays,
        ..Settings::default()
    };
    let addrs = fakes.each_ref().map(|fake| fake.addr.to_string());
    let channel = discovery::channel("fake", &Fixed::new(addrs.clone()), &settings);
    let everywhere = async || {
        let calls = calls_during(&fakes, load(&channel, 50)).await;
        calls.iter().all(|calls| *calls > 0)
    };
    until("all three are called", everywhere).await;

    let drained = Adjusted {
        drained: true,
        ..Adjusted::default()
    };
    said.send_replace(overlay([(addrs[1].clone(), drained)]));
    let calls = calls_during(&fakes, load(&channel, 300)).await;
    assert_eq!(calls[1], 0);

    // What said so is gone: it stays said.
    let again = said.subscribe();
    drop(again);
    said.send_replace(overlay([]));
    drop(said);
    until("all three are called again", everywhere).await;
}

#[tokio::test]
async fn the_callers_zone_comes_first_and_others_when_it_is_gone() {
    let _alone = alone().await;
    let fakes = three(Duration::ZERO).await;
    let near = Wire::to(fakes[0].addr).await;
    let far = [&fakes[1], &fakes[2]].map(|fake| (fake.addr, "east"));
    let directory = Zoned::new([(near.addr, "west"), far[0], far[1]]);
    let settings = Settings {
        zone: "west".to_owned(),
        ..Settings::default()
    };
    let channel = discovery::channel("fake", &directory, &settings);
    let at_home = async || {
        let before = fakes[0].calls();
        call(&channel).await.is_ok() && fakes[0].calls() > before
    };
    until("the near one is called", at_home).await;

    assert_eq!(calls_during(&fakes, load(&channel, 200)).await, [200, 0, 0]);
    near.cut();
    until("the far ones are called", async || {
        call(&channel).await.is_ok()
    })
    .await;
    let away = calls_during(&fakes, load(&channel, 200)).await;
    near.heal();
    let back = until("the near one is called again", at_home).await;

    eprintln!("zone back after {back:?}");
    assert!(away[0] == 0 && away[1] > 50 && away[2] > 50, "{away:?}");
}
