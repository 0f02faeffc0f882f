//! What pgbench is to write, made beforehand: a row for each batch, fetched by one look.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, query, raw_sql};
use uuid::Uuid;

/// How many orders a batch is: as many as share a transaction at most.
pub(super) const BATCH: i32 = 128;
/// What no bench uses up.
const PLENTY: i64 = 1_000_000_000_000;

/// Ids as the services make them: in the order of time, the rest by chance.
const IDS: &str =
    "create function pg_temp.id(place bigint) returns uuid language sql volatile as $$
    select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint + place), 12, '0')
        || '7' || substr(chance, 1, 3) || '8' || substr(chance, 4, 15))::uuid
    from (select md5(random()::text) as chance) as drawn $$";

const ORDERS: &str = "create unlogged table deck as
    with goods as (
        select id, name, row_number() over (order by id) as place from products order by id limit 200
    ), drawn as materialized (
        select n, i, 1 + floor(random() * (select count(*) from goods))::int as place,
            pg_temp.id(n * $$BATCH$$ + i) as id, pg_temp.id(n * $$BATCH$$ + i) as key,
            pg_temp.id(n * $$BATCH$$ + i) as movement, pg_temp.id(n * $$BATCH$$ + i) as notice
        from generate_series(0, $$COUNT$$) as n, generate_series(1, $$BATCH$$) as i
    ), units as (
        select drawn.*, goods.id as product, name from drawn join goods using (place)
    ), sums as (
        select n, array_agg(product order by product)::text as each, array_agg(units order by product)::text as sums
        from (select n, product, count(*) as units from units group by n, product) as summed group by n
    ), lists as (
        select n, array_agg(id order by i)::text as orders,
            array_agg(key::text order by i)::text as keys,
            array_agg(decode(md5(key::text) || md5(id::text), 'hex') order by i)::text as hashes,
            array_agg(now() order by i)::text as created,
            array_agg(product order by i)::text as products,
            array_agg(name order by i)::text as names,
            array_agg(movement order by i)::text as movements,
            array_agg(notice order by i)::text as notices
        from units group by n
    )
    select * from lists join sums using (n)";

const TRANSFERS: &str = "create unlogged table deck as
    select n, array_agg(pg_temp.id(n * $$BATCH$$ + i) order by i)::text as orders,
        array_agg(pg_temp.id(n * $$BATCH$$ + i) order by i)::text as transfers
    from generate_series(0, $$COUNT$$) as n, generate_series(1, $$BATCH$$) as i group by n";

/// What is in the row of a batch, in the database of orders and in that of money.
pub(super) const OF_ORDERS: &str =
    "orders, keys, hashes, created, products, names, movements, notices, each, sums";
pub(super) const OF_MONEY: &str = "orders, transfers";

/// Makes `count` batches in either database, and wallets for `customers`.
pub(super) async fn make(
    orders: &str,
    money: &str,
    count: usize,
    customers: &[Uuid],
) -> anyhow::Result<()> {
    for (database, deck) in [(orders, ORDERS), (money, TRANSFERS)] {
        let mut connection = PgConnection::connect(database).await?;
        let deck = deck
            .replace("$$BATCH$$", &BATCH.to_string())
            .replace("$$COUNT$$", &count.to_string());
        raw_sql(IDS).execute(&mut connection).await?;
        raw_sql(AssertSqlSafe(deck))
            .execute(&mut connection)
            .await?;
        let ready = raw_sql("alter table deck add primary key (n)");
        ready.execute(&mut connection).await?;
        connection.close().await?;
    }
    let mut wallets = PgConnection::connect(money).await?;
    query("insert into wallets (account_id, balance) select *, $2 from unnest($1::uuid[])")
        .bind(customers)
        .bind(PLENTY)
        .execute(&mut wallets)
        .await?;
    wallets.close().await?;
    Ok(())
}

/// What is the same for every batch, by the name of the variable.
pub(super) fn constants(customers: &[Uuid]) -> Vec<(&'static str, String)> {
    let list = |value: &str| {
        let all = vec![value; customers.len()];
        format!("{{{}}}", all.join(","))
    };
    let customers: Vec<String> = customers.iter().map(Uuid::to_string).collect();
    vec![
        ("customers", format!("{{{}}}", customers.join(","))),
        ("routes", list("POST /v1/orders")),
        ("nulls", list("NULL")),
        ("pending", list("pending")),
        ("empty", list("\"\"")),
        ("ones", list("1")),
        ("currencies", list("USD")),
        ("sagas", list("place-order")),
        ("owners", list("bench")),
        ("leases", list("10")),
        ("limits", list("900")),
        ("kind", "order.confirmed".to_owned()),
        ("charges", list("charge")),
        ("shop", list(&Uuid::nil().to_string())),
        ("balances", list(&PLENTY.to_string())),
    ]
}
