//! Nothing in the database holds a key to be unique.

use drill::{Kind, Part};

use super::{Planted, rounds};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill ALL=1"]
async fn planted_keys_that_are_not_unique_are_found_as_doubled_orders() {
    let planted = Planted::new(&[("order", "alter table keys drop constraint keys_pkey")]);

    // Double clicks bring it out, whatever is broken meanwhile.
    let sentinel = [(Kind::Kill, Part::Sentinel(1))];
    let report = planted.visited_by(12).drilled(rounds(1, &sentinel)).await;

    report.has_against("no key has two orders", &["key drill-", "customer "]);
}
