//! Money that is taken for an order that is not bought, and an order that is bought for no money.

use drill::{Kind, Part, Service};

use super::{Planted, rounds};

/// An order is given up while its charge is still on its way, over a wire that holds it up for longer than an attempt lasts.
const IMPATIENT: [(&str, &str); 2] = [("SAGA_ATTEMPT", "300ms"), ("SETTLE_BY", "100ms")];
const CHARGE_ON_ITS_WAY: [(Kind, Part); 1] = [(Kind::Delay, Part::Instance(Service::User, 1))];

/// Whoever takes up the orders of an instance that is dead gives up on some of them: no charge is answered in time.
const OVERTAKING: [(&str, &str); 3] = [
    ("SAGA_LEASE", "3s"),
    ("SAGA_ATTEMPT", "900ms"),
    ("SETTLE_BY", "1500ms"),
];
const OVERTAKEN: [(Kind, Part); 2] = [
    (Kind::SlowDependency, Part::Every(Service::User)),
    (Kind::Kill, Part::Instance(Service::Order, 1)),
];

/// Who gives up on an order refuses it, so these are expected with so little patience.
const GIVEN_UP: &str = "nobody with money is refused what is there";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_charges_that_ignore_a_void_payment_are_found_as_money_taken_for_nothing() {
    let planted = Planted::new(&[
        // Or it would hold on to the void payment.
        (
            "user",
            "alter table refunds drop constraint refunds_order_id_fkey",
        ),
        (
            "user",
            "create function ignore_void() returns trigger language plpgsql as $$ begin
                 delete from payments where order_id = new.order_id and state = 'void'; return new; end $$",
        ),
        (
            "user",
            "create trigger ignore_void before insert on payments for each row when (new.state = 'charged')
             execute function ignore_void()",
        ),
    ]);

    let found = planted
        .set_to(&IMPATIENT)
        .drilled(rounds(3, &CHARGE_ON_ITS_WAY))
        .await;

    found.has_against(
        "money is conserved",
        &["which costs 0", "drill-", "customer ", "sent at "],
    );
}

/// What a runner writes that was overtaken is to change nothing: its write says by which claim it has the order. The
/// trigger writes in its place, at the worst moment, and without that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_writes_without_an_epoch_are_found_as_orders_that_nobody_paid() {
    let planted = Planted::new(&[
        (
            "order",
            "create function confirm_all_the_same() returns trigger language plpgsql as $$ begin
                 update orders set status = 'confirmed', version = version + 1, settled_as = 'confirmed',
                     settled_version = version + 1, settled_at = now()
                     where id = new.subject and status = 'pending';
                 delete from holds where order_id = new.subject;
                 new.ended_at := clock_timestamp();
                 return new; end $$",
        ),
        (
            "order",
            "create trigger confirm_all_the_same before update on sagas for each row
             when (new.epoch > 1 and old.direction = 'forward' and new.direction = 'undo')
             execute function confirm_all_the_same()",
        ),
    ]);

    let found = planted
        .set_to(&OVERTAKING)
        .drilled(rounds(2, &OVERTAKEN))
        .await;

    found.has_against(
        "money is conserved",
        &[
            "0 was paid for the order",
            "drill-",
            "customer ",
            "sent at ",
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_nothing_into_impatient_shops_is_found_as_orders_that_were_given_up() {
    let right = Planted::new(&[]).set_to(&IMPATIENT);
    let found = right.drilled(rounds(3, &CHARGE_ON_ITS_WAY)).await;
    found.has_nothing_against_but(&[GIVEN_UP]);

    let right = Planted::new(&[]).set_to(&OVERTAKING);
    let found = right.drilled(rounds(2, &OVERTAKEN)).await;
    found.has_nothing_against_but(&[GIVEN_UP]);
}
