//! Restocks: units that are added to a shelf, once for each key.

use std::collections::{BTreeSet, HashMap};

use api::id::PRODUCT;
use db::{Error, Tx, audit};
use futures::future::BoxFuture;
use serde_json::json;
use sqlx::query;
use uuid::Uuid;

use super::keys::{self, Claim};
use crate::domain::restocking::{Outcome, Restocking, Shelf};
use crate::domain::stock::Restock;

/// Adds what each of `restocks` says, or finds that its key did so before. A lone one is a slice of one.
pub fn add<'t>(
    tx: &'t mut Tx,
    restocks: &'t [Restock],
) -> BoxFuture<'t, Result<Vec<Outcome>, Error>> {
    Box::pin(add_all(tx, restocks))
}

async fn add_all(tx: &mut Tx, restocks: &[Restock]) -> Result<Vec<Outcome>, Error> {
    let claims: Vec<_> = restocks.iter().map(claim).collect();
    let claimed = keys::claim(tx, &claims).await?;
    let shelves = lock(tx, restocks).await?;
    // Begun after the locks were got: whoever held a key or a shelf before us has committed by now.
    let names: Vec<_> = restocks.iter().map(|restock| &restock.key).collect();
    let known = keys::find(tx, &names).await?;
    let mut restocking = Restocking::of(shelves);
    let rows = restocks.iter().zip(claimed).zip(known);
    let outcomes = rows
        .map(|((restock, claimed), known)| match (claimed, known) {
            (None, Some(known)) => restocking.again(restock, &known.hash, known.answer.as_ref()),
            _ => restocking.first(restock),
        })
        .collect();
    write(tx, &restocking).await?;
    Ok(outcomes)
}

fn claim(restock: &Restock) -> Claim<'_> {
    Claim {
        key: &restock.key,
        order: None,
        lasting: false,
    }
}

/// Locks the shelves of all products in one order, so that two groups never wait on each other, and then counts what
/// is held of each.
async fn lock(tx: &mut Tx, restocks: &[Restock]) -> Result<HashMap<Uuid, Shelf>, Error> {
    let products: BTreeSet<Uuid> = restocks.iter().map(|restock| restock.product).collect();
    let products: Vec<Uuid> = products.into_iter().collect();
    let locked = query!(
        "select product_id, free from stock where product_id = any($1) order by product_id for no key update",
        &products
    );
    let locked = locked.fetch_all(&mut *tx).await?;
    let held = query!(
        r#"select product_id, sum(quantity) as "held!" from holds where product_id = any($1) group by product_id"#,
        &products
    );
    let held = held.fetch_all(&mut *tx).await?;
    let held: HashMap<Uuid, i64> = held
        .into_iter()
        .map(|row| (row.product_id, row.held))
        .collect();
    let shelf = |free, product| Shelf {
        free,
        held: held.get(&product).copied().unwrap_or_default(),
    };
    let shelves = locked
        .into_iter()
        .map(|row| (row.product_id, shelf(row.free, row.product_id)));
    Ok(shelves.collect())
}

async fn write(tx: &mut Tx, restocking: &Restocking<'_>) -> Result<(), Error> {
    let (mut ids, mut products, mut quantities) = (Vec::new(), Vec::new(), Vec::new());
    for (restock, _) in restocking.added() {
        ids.push(restock.id);
        products.push(restock.product);
        quantities.push(restock.quantity());
    }
    let moved = query!(
        "insert into movements (id, product_id, kind, quantity)
        select id, product_id, 'restock', quantity
        from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as added (id, product_id, quantity)",
        &ids,
        &products,
        &quantities
    );
    moved.execute(&mut *tx).await?;
    let shelved = query!(
        "update stock set free = free + added.quantity
        from (
            select product_id, sum(quantity)::bigint as quantity
            from unnest($1::uuid[], $2::bigint[]) as each (product_id, quantity)
            group by product_id
        ) added
        where stock.product_id = added.product_id",
        &products,
        &quantities
    );
    shelved.execute(&mut *tx).await?;
    let acts: Vec<_> = restocking.added().map(act).collect();
    audit::insert(tx, &acts).await?;
    keys::answer(tx, &restocking.answers()).await
}

fn act((restock, free): (&Restock, i64)) -> audit::New {
    audit::New {
        id: restock.id,
        actor: restock.actor,
        action: "stock.restock",
        subject: PRODUCT.write(restock.product),
        before: Some(json!({ "free": free - restock.quantity() })),
        after: Some(json!({ "free": free })),
    }
}
