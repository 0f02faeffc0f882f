//! A replay that does not wait for the standby, and tells of what no standby has.

use std::time::Duration;

use drill::{Kind, Part, Round};

use super::{ANEW, LOST, Planted, rounds};

/// What a commit writes that would write nothing else is written by nobody.
const WRITES_NOTHING: [(&str, &str); 5] = [
    ("order", "create schema planted"),
    ("order", "grant usage on schema planted to \"order\""),
    (
        "order",
        "create function planted.pg_logical_emit_message(boolean, text, text) returns pg_lsn language sql volatile
         as $$ select '0/0'::pg_lsn $$",
    ),
    (
        "postgres",
        "alter role \"order\" set search_path = planted, pg_catalog, public",
    ),
    ANEW,
];

/// What the leader commits gets to no follower, no commit waits for that any longer, and the leader is lost for good. All of it
/// within the 3 s after which a follower misses its leader: it would leave, and Patroni would let none of them lead.
fn seen_by_the_leader_alone() -> Vec<Round> {
    let blows = [Kind::HoldBack, Kind::CutShort, Kind::Kill];
    let mut rounds = rounds(1, &blows.map(|kind| (kind, Part::Leader)));
    rounds[0].apart = Duration::from_millis(800);
    rounds
}

/// So many come that some of them order in each second.
const RATE: u32 = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_replays_that_do_not_wait_are_found_as_lost_orders() {
    let planted = Planted::new(&WRITES_NOTHING).visited_by(RATE);

    let found = planted.drilled(seen_by_the_leader_alone()).await;

    found.has_against("every acknowledged order is stored", &LOST);
}

/// Without which the other proves nothing: a replay waits until its order is somewhere else too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_nothing_is_found_as_nothing_where_orders_are_seen_by_the_leader_alone() {
    let right = Planted::new(&[ANEW]).visited_by(RATE);

    let found = right.drilled(seen_by_the_leader_alone()).await;

    found.has_nothing_against_but(&[]);
}
