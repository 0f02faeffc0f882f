//! An order that is bought for no money.

use drill::{Kind, Part, Service};

use super::{Planted, rounds};

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
