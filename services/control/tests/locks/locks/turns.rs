//! Whose turn it is, and what asking again does.

use crate::house::{House, look, refusal, until, wish};

#[tokio::test]
async fn who_comes_first_is_served_first_and_every_token_is_greater() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let first = wish("door", "a");
    let mut last = first.have(locks).await.unwrap();
    let wishes = ["b", "c", "d", "e"].map(|owner| wish("door", owner));
    let mut queue = Vec::new();
    for wish in &wishes {
        let queued = wish.queue(locks).await.unwrap();
        assert_eq!(queued.granted, None);
        queue.push(queued);
    }

    let mut before = &first;
    for (wish, queued) in wishes.iter().zip(&mut queue) {
        before.release(locks).await.unwrap();
        let grant = queued.turn().await.unwrap();

        assert!(grant.token > last.token);
        assert!(grant.granted_at > last.granted_at);
        let now = look(locks, "door").await;
        assert_eq!(now.holders[0].owner, wish.0.owner);
        (before, last) = (wish, grant);
    }
}

#[tokio::test]
async fn those_who_share_do_not_pass_one_who_waits_to_be_alone() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let sharing = ["a", "b"].map(|owner| wish("room", owner).shared());
    for wish in &sharing {
        wish.have(locks).await.unwrap();
    }
    let (alone, late) = (wish("room", "c"), wish("room", "d").shared());
    let mut alone_queued = alone.queue(locks).await.unwrap();
    let mut late_queued = late.queue(locks).await.unwrap();
    assert_eq!(late_queued.granted, None);

    for wish in &sharing {
        wish.release(locks).await.unwrap();
    }
    alone_queued.turn().await.unwrap();
    assert_eq!(look(locks, "room").await.waiters[0].owner, "d");
    alone.release(locks).await.unwrap();

    late_queued.turn().await.unwrap();
}

#[tokio::test]
async fn what_is_sent_again_counts_once() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let wish_a = wish("once", "a");
    let first = wish_a.have(locks).await.unwrap();

    let again = wish_a.have(locks).await.unwrap();
    let by_another_request = wish("once", "a").have(locks).await.unwrap();
    let gone = wish_a.release(locks).await.unwrap();
    let gone_again = wish_a.release(locks).await.unwrap();
    let late = wish_a.have(locks).await;

    assert_eq!((&again, &by_another_request), (&first, &first));
    assert!(!gone.released_at.is_empty());
    assert!(gone_again.released_at.is_empty());
    assert_eq!(refusal(late), "ENDED");
    assert_eq!(look(locks, "once").await.holders, []);
}

#[tokio::test]
async fn a_request_that_is_overtaken_by_its_own_release_gets_nothing() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let overtaken = wish("fast", "a");

    overtaken.release(locks).await.unwrap();

    assert_eq!(refusal(overtaken.have(locks).await), "ENDED");
}

#[tokio::test]
async fn nobody_else_releases_or_renews_what_one_holds() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let held = wish("mine", "a");
    let grant = held.have(locks).await.unwrap();
    let mut by_its_id = wish("mine", "b");
    by_its_id.0.id.clone_from(&held.0.id);

    assert_eq!(refusal(wish("mine", "b").release(locks).await), "OTHERS");
    assert_eq!(refusal(by_its_id.release(locks).await), "OTHERS");
    assert_eq!(refusal(by_its_id.renew(locks).await), "LOST");

    let renewed = held.renew(locks).await.unwrap();
    assert_eq!(renewed.token, grant.token);
    assert!(renewed.expires_at > grant.expires_at);
}

#[tokio::test]
async fn a_circle_of_waits_is_broken_by_who_would_close_it() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let names = ["x", "y", "z"];
    let owners = ["a", "b", "c"];
    let mut held = Vec::new();
    for (name, owner) in names.iter().zip(owners) {
        let wish = wish(name, owner);
        wish.have(locks).await.unwrap();
        held.push(wish);
    }
    let mut waits_y = wish("y", "a").queue(locks).await.unwrap();
    let _waits_z = wish("z", "b").queue(locks).await.unwrap();

    let closing = wish("x", "c").have(locks).await;

    assert_eq!(refusal(closing), "DEADLOCK");
    held[1].release(locks).await.unwrap();
    waits_y.turn().await.unwrap();
    assert_eq!(look(locks, "x").await.waiters, []);
}

#[tokio::test]
async fn of_two_waits_that_close_a_circle_at_the_same_moment_one_is_refused() {
    let house = House::open().await;
    let other = house.another().await;
    let (one, other) = (&house.one.locks, &other.locks);
    for round in 0..10 {
        let [x, y] = ["x", "y"].map(|name| format!("{name}{round}"));
        let [a, b] = ["a", "b"].map(|owner| format!("{owner}{round}"));
        let (ax, by) = (wish(&x, &a), wish(&y, &b));
        tokio::try_join!(ax.have(one), by.have(other)).unwrap();

        let (ay, bx) = (wish(&y, &a), wish(&x, &b));
        let a_goes_on = async {
            let had = ay.have(one).await;
            ax.release(one).await.unwrap();
            had
        };
        let b_goes_on = async {
            let had = bx.have(other).await;
            by.release(other).await.unwrap();
            had
        };
        let (a, b) = tokio::join!(a_goes_on, b_goes_on);

        assert_eq!(u8::from(a.is_err()) + u8::from(b.is_err()), 1);
        let refused = if a.is_err() { a } else { b };
        assert_eq!(refusal(refused), "DEADLOCK");
    }
}

#[tokio::test]
async fn many_locks_at_once_draw_tokens_that_are_all_different() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let all = (0..60).map(|number| {
        let wish = wish(&format!("lock-{}", number % 6), &format!("owner-{number}"));
        async move {
            let grant = wish.have(locks).await.unwrap();
            let released = wish.release(locks).await.unwrap();
            (number % 6, grant, released.released_at)
        }
    });

    let mut grants = futures::future::join_all(all).await;

    grants.sort_by_key(|(_, grant, _)| grant.token);
    assert!(
        grants
            .windows(2)
            .all(|pair| pair[0].1.token < pair[1].1.token)
    );
    for lock in 0..6 {
        let of_one: Vec<_> = grants.iter().filter(|(name, ..)| *name == lock).collect();
        let apart =
            |pair: &[&(i32, api::control::Grant, String)]| pair[0].2 <= pair[1].1.granted_at;
        assert!(of_one.windows(2).all(apart), "two held it at a time");
    }
    until("nobody is left", async || {
        look(locks, "lock-0").await.holders.is_empty()
    })
    .await;
}
