//! What an order costs beside those that are stored already.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::said;
use crate::bench::contest::Turns;
use crate::bench::figure::{Figure, Measured, Unit, spread};
use crate::bench::order::turn;
use crate::bench::report::Round;
use crate::bench::scene::{Scene, Side};

/// How many are written at once.
const PIECE: u64 = 100_000;
/// How long the replica may take to have all of them.
const FOLLOWS: Duration = Duration::from_mins(10);

/// The orders of this piece, the same in both databases: ids of some years ago, in the order of time; some of everybody's.
const PIECE_OF: &str = "create temp table piece on commit drop as
    select (lpad(to_hex(1704067200000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
            || substr(md5(n::text), 4, 15))::uuid as id,
        md5((n % 100000)::text)::uuid as customer, n, timestamptz '2024-01-01' as at
    from generate_series($$FROM$$, $$TO$$) as n;";

/// An order as it is when all is over, in the database of orders: key, order, line, movement.
const ORDERS: &str = "insert into orders (id, customer_id, status, total, currency, version, created_at, settled_as, settled_version, settled_at)
        select id, customer, 'confirmed', 1, 'USD', 2, at, 'confirmed', 2, at from piece;
    insert into keys (account_id, route, key, hash, order_id, created_at)
        select customer, 'POST /v1/orders', id::text, decode(md5(n::text) || md5(n::text), 'hex'), id, at from piece;
    create temp table goods on commit drop as
        select row_number() over (order by id) - 1 as place, id, name from products order by id limit 200;
    insert into order_lines (order_id, product_id, name, quantity, unit_price)
        select piece.id, goods.id, name, 1, 1 from piece join goods on place = n % 200;
    insert into movements (id, product_id, order_id, kind, quantity, moved_at)
        select piece.id, goods.id, piece.id, 'hold', -1, at from piece join goods on place = n % 200;";

/// And in that of money: payment, transfer.
const MONEY: &str = "insert into payments (order_id, account_id, amount, state, created_at)
        select id, customer, 1, 'charged', at from piece;
    insert into transfers (id, kind, debit, credit, amount, order_id, created_at)
        select id, 'charge', customer, '00000000-0000-0000-0000-000000000000', 1, id, at from piece;";

/// What an order cost beside the fewest, and its p99, round by round, under their name.
type Few = (String, [Vec<f64>; 2]);

pub(super) async fn measure(
    scene: &mut Scene,
    turns: Turns,
    sizes: &[u64],
) -> anyhow::Result<Measured> {
    let (mut told, mut figures) = (Vec::new(), Vec::new());
    let (mut there, mut few) = (0, None::<Few>);
    for size in sizes {
        let began = Instant::now();
        fill(scene, there, *size).await?;
        let filled = began.elapsed().as_secs_f64();
        there = there.max(*size);
        let products = scene.products.len();
        turn(scene, Side::Ours, turns.turn / 4, products).await?;
        let mut rounds = Vec::new();
        for _ in 0..turns.rounds {
            rounds.push(turn(scene, Side::Ours, turns.turn, products).await?);
        }
        let cost: Vec<f64> = rounds.iter().map(Round::total).collect();
        let p99: Vec<f64> = rounds.iter().map(|round| round.p99).collect();
        let name = format!("beside {} stored", said(*size));
        told.push(format!(
            "an order {name}: {} us of CPU, {} a second, p99 {} ms (made in {filled:.0} s)",
            spread(cost.clone()),
            spread(rounds.iter().map(|round| round.rate)),
            spread(p99.clone()),
        ));
        let both = [
            Figure::of(format!("an order {name}"), Unit::Cpu, cost.clone()),
            Figure::of(format!("an order {name}, p99"), Unit::Time, p99.clone()),
        ];
        match &few {
            Some((peer, few)) => {
                let beside = both.into_iter().zip(few);
                figures.extend(beside.map(|(figure, few)| figure.beside(peer, few.clone())));
            }
            None => figures.extend(both),
        }
        few.get_or_insert((name, [cost, p99]));
    }
    let table = told.join("\n");
    Ok(Measured { table, figures })
}

/// Stores orders until there are `to`, and waits until the replica has them and nothing is left to be tidied up.
async fn fill(scene: &Scene, from: u64, to: u64) -> anyhow::Result<()> {
    let primary = scene.postgres.primary();
    for (database, rows) in [("order", ORDERS), ("user", MONEY)] {
        let mut next = from;
        while next < to {
            let last = (next + PIECE).min(to);
            let piece = PIECE_OF
                .replace("$$FROM$$", &next.to_string())
                .replace("$$TO$$", &(last - 1).to_string());
            let sql = format!("begin; {piece} {rows} commit;");
            primary.run(database, &sql).await?;
            next = last;
        }
        primary.run(database, "vacuum analyze").await?;
    }
    primary.run("postgres", "checkpoint").await?;
    let behind = "select coalesce(max(pg_current_wal_lsn() - replay_lsn), 1e9) < 1000000 from pg_stat_replication";
    let end = Instant::now() + FOLLOWS;
    while primary.run("postgres", behind).await? != "t" {
        anyhow::ensure!(Instant::now() < end, "the replica does not follow");
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
