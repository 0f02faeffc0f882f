//! Placing: who gets what, and what it costs.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::books::tally;
use crate::house::{House, LIMIT, reason};
use crate::user::{Fault, PURSE};
use crate::wish::Wish;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_confirmed_paid_and_told_of() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 2)]);

    let order = house.order(&ann).await;

    assert_eq!((order.status.as_str(), order.version), ("confirmed", 2));
    assert_eq!(order.total.as_ref().unwrap().amount, 1_400);
    assert_eq!(order.items[0].name, "mug");
    assert_eq!(house.free(mug).await, 3);
    assert_eq!(house.user.purse(&ann.account()), PURSE - 1_400);
    let told = async {
        while house.user.heard(&order.id) != ["order.confirmed"] {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LIMIT, told).await.unwrap();
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_mug_goes_to_one_of_two_buyers() {
    let house = House::start().await;
    let mug = house.shelve("mug", 1).await;
    let (ann, bob) = (Wish::of(&[(mug, 1)]), Wish::of(&[(mug, 1)]));

    let (ann, bob) = tokio::join!(house.order(&ann), house.order(&bob));

    let mut both = [(ann.status, ann.reason), (bob.status, bob.reason)];
    both.sort();
    let both = both
        .each_ref()
        .map(|(status, reason)| (status.as_str(), reason.as_str()));
    assert_eq!(
        both,
        [("confirmed", ""), ("rejected", "insufficient_stock")]
    );
    assert_eq!(house.free(mug).await, 0);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_buyers_share_a_hundred_units() {
    let house = House::with(2, &[]).await;
    let mug = house.shelve("mug", 100).await;
    let wishes: Vec<Wish> = (0..200).map(|_| Wish::of(&[(mug, 1)])).collect();

    let orders = join_all(wishes.iter().map(|wish| house.order(wish))).await;

    let count = |status: &str, reason: &str| {
        let like = |order: &&api::order::Order| order.status == status && order.reason == reason;
        orders.iter().filter(like).count()
    };
    assert_eq!(count("confirmed", ""), 100);
    assert_eq!(count("rejected", "insufficient_stock"), 100);
    assert_eq!(house.free(mug).await, 0);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_short_of_one_product_takes_none_of_the_others() {
    let house = House::start().await;
    let (mug, pot) = (house.shelve("mug", 5).await, house.shelve("pot", 1).await);

    let order = house.order(&Wish::of(&[(mug, 2), (pot, 2)])).await;

    assert_eq!((order.status.as_str(), order.version), ("rejected", 1));
    assert_eq!(order.items.len(), 2);
    assert_eq!((house.free(mug).await, house.free(pot).await), (5, 1));
    assert_eq!(house.user.charges(), 0);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_before_it_is_an_order_says_why() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let customer = Uuid::now_v7();
    let empty = house.cart(customer, &[]).await;
    let full = house.cart(customer, &[(mug, 1)]).await;
    house.order(&Wish::cart(customer, full)).await;
    let cases = [
        (Wish::of(&[(Uuid::now_v7(), 1)]), "PRODUCT_NOT_FOUND"),
        (Wish::of(&[(mug, 1)]).expecting(699), "PRICE_CHANGED"),
        (Wish::cart(customer, Uuid::now_v7()), "CART_NOT_FOUND"),
        (Wish::cart(Uuid::now_v7(), full), "CART_NOT_FOUND"),
        (Wish::cart(customer, empty), "CART_EMPTY"),
        (Wish::cart(customer, full), "CART_ORDERED"),
        (Wish::of(&[(mug, 0)]), "INVALID"),
        (Wish::of(&[(mug, 1), (mug, 1)]), "INVALID"),
        (Wish::of(&[]), "INVALID"),
    ];

    for (wish, expected) in cases {
        let refused = house.place(&wish).await.unwrap_err();

        assert_eq!(reason(&refused), expected, "{wish:?}");
    }
    assert_eq!(house.free(mug).await, 4);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_cart_can_be_ordered_again_after_a_top_up() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let customer = Uuid::now_v7();
    let cart = house.cart(customer, &[(mug, 2)]).await;
    let (first, second) = (Wish::cart(customer, cart), Wish::cart(customer, cart));
    house.user.give(&first.account(), 1_399);
    let declined = house.order(&first).await;
    house.user.give(&first.account(), 1_400);

    let bought = house.order(&second).await;

    assert_eq!(declined.reason, "payment_declined");
    assert_eq!(bought.status, "confirmed");
    assert_eq!(house.user.purse(&first.account()), 0);
    assert_eq!(house.free(mug).await, 3);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_cart_becomes_one_order() {
    let house = House::with(2, &[]).await;
    let mug = house.shelve("mug", 50).await;
    let customer = Uuid::now_v7();
    let cart = house.cart(customer, &[(mug, 1)]).await;
    let wishes: Vec<Wish> = (0..20).map(|_| Wish::cart(customer, cart)).collect();

    let answers = join_all(wishes.iter().map(|wish| house.place(wish))).await;

    let (placed, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(placed.len(), 1);
    for refused in refused {
        assert_eq!(reason(&refused.unwrap_err()), "CART_ORDERED");
    }
    assert_eq!(house.free(mug).await, 49);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_carts_in_parallel_never_wait_on_each_other() {
    let house = House::with(2, &[]).await;
    let mut products = Vec::new();
    for name in 0..12 {
        products.push(house.shelve(&format!("thing {name}"), 60).await);
    }
    let wishes: Vec<Wish> = (0_u64..300).map(|seed| random(&products, seed)).collect();

    join_all(wishes.iter().map(|wish| house.order(wish))).await;

    let tally = tally(&house.database).await;
    assert_eq!(tally.values().sum::<i64>(), 300);
    house.assert_conserved().await;
    assert_eq!(house.close().await.deadlocks().await, 0);
}

/// Some of the products, in an order of chance.
fn random(products: &[Uuid], seed: u64) -> Wish {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut items: Vec<(Uuid, i32)> = Vec::new();
    for product in products {
        if draw(3) == 0 {
            items.push((*product, i32::try_from(draw(3)).unwrap() + 1));
        }
    }
    if items.is_empty() {
        items.push((products[0], 1));
    }
    if draw(2) == 0 {
        items.reverse();
    }
    Wish::of(&items)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_waits_for_a_wallet_that_is_down_and_is_confirmed_when_it_comes_back() {
    let house = House::with(1, &[("SAGA_LEASE", "2s"), ("SAGA_ATTEMPT", "1s")]).await;
    let mug = house.shelve("mug", 1).await;
    house.user.fault(Fault::Down);

    let order = house.pending(&Wish::of(&[(mug, 1)])).await;
    house.user.fault(Fault::None);

    house.until(&order.id, "confirmed").await;
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_that_is_two_seconds_slow_is_waited_for_within_the_deadline() {
    let house = House::start().await;
    let mug = house.shelve("mug", 1).await;
    house.user.fault(Fault::Slow(Duration::from_secs(2)));

    let order = house.order(&Wish::of(&[(mug, 1)])).await;

    assert_eq!(order.status, "confirmed");
    house.user.fault(Fault::None);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_whose_answer_is_lost_is_asked_for_again_and_paid_once() {
    let house = House::with(1, &[("SAGA_LEASE", "2s"), ("SAGA_ATTEMPT", "1s")]).await;
    let mug = house.shelve("mug", 1).await;
    let ann = Wish::of(&[(mug, 1)]);
    house.user.fault(Fault::AnswerLost);

    let order = house.pending(&ann).await;
    let asked_again = async {
        while house.user.charges() < 2 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LIMIT, asked_again).await.unwrap();
    house.user.fault(Fault::None);

    house.until(&order.id, "confirmed").await;
    assert_eq!(house.user.purse(&ann.account()), PURSE - 700);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_cannot_be_paid_in_time_is_given_up_and_its_stock_is_back() {
    let settings = [
        ("SETTLE_BY", "1s"),
        ("SAGA_LEASE", "2s"),
        ("SAGA_ATTEMPT", "1s"),
    ];
    let house = House::with(1, &settings).await;
    let mug = house.shelve("mug", 1).await;
    let ann = Wish::of(&[(mug, 1)]);
    house.user.fault(Fault::AnswerLost);
    let order = house.pending(&ann).await;
    let turned = async {
        // The undo is decided while the wallet is away; it ends when the wallet is back.
        let undone = "select count(*) from sagas where direction = 'undo'";
        while sqlx::query_scalar::<_, i64>(undone)
            .fetch_one(house.database.pool())
            .await
            .unwrap()
            == 0
        {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LIMIT, turned).await.unwrap();
    assert_eq!(house.get(&order.id).await.status, "pending");
    house.user.fault(Fault::None);

    let rejected = house.until(&order.id, "rejected").await;

    assert_eq!(rejected.reason, "payment_unavailable");
    assert_eq!(house.free(mug).await, 1);
    assert_eq!(house.user.purse(&ann.account()), PURSE);
    assert_eq!(house.order(&ann).await, rejected);
    house.assert_conserved().await;
}
