//! The products that a new shop begins with.

use db::Db;
use serde::Deserialize;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::{Builder, Uuid};

use crate::domain::product::Product;
use crate::store::products;

/// Written by hand, a line each; read when asked for.
const PRODUCTS: &str = include_str!("../seed/products.json");
/// When the first of them was added; the others follow day by day.
const BEGINNING: OffsetDateTime = datetime!(2025-01-01 8:00 UTC);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: String,
    category: String,
    name: String,
    price: i64,
    stock: i64,
    description: String,
}

/// Plants the products that are not there yet, with their stock. Run again, it changes nothing, neither what was sold
/// nor what was changed since.
///
/// # Errors
/// When the database did not answer.
pub async fn run(db: &Db) -> Result<(), db::Error> {
    let products = products();
    let planted = db.keyed("products: seed", |tx| {
        Box::pin(products::plant(tx, &products))
    });
    planted.await
}

fn products() -> Vec<Product> {
    let lines: Vec<Line> = serde_json::from_str(PRODUCTS).expect("a test reads this file");
    let mut added = BEGINNING;
    let mut product = |line| {
        added += Duration::DAY;
        product(line, added)
    };
    lines.into_iter().map(&mut product).collect()
}

fn product(line: Line, added: OffsetDateTime) -> Product {
    Product {
        id: id(added, &line.sku),
        sku: line.sku,
        name: line.name,
        description: line.description,
        category: line.category,
        price: line.price,
        active: true,
        version: 1,
        created_at: added,
        updated_at: added,
        available: line.stock,
    }
}

/// The same id for the same product on every machine, sorted by time as all ids are.
fn id(added: OffsetDateTime, sku: &str) -> Uuid {
    let millis = u64::try_from(added.unix_timestamp() * 1_000).unwrap_or_default();
    let mut chance = [0; 10];
    let name = Uuid::new_v5(&Uuid::NAMESPACE_OID, sku.as_bytes());
    chance.copy_from_slice(&name.as_bytes()[..10]);
    Builder::from_unix_timestamp_millis(millis, &chance).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::product::Facts;

    fn distinct<T: Ord>(part: impl Fn(Product) -> T) -> usize {
        let parts: BTreeSet<T> = products().into_iter().map(part).collect();
        parts.len()
    }

    #[test]
    fn every_seeded_product_keeps_the_rules_of_products() {
        for product in products() {
            let facts = Facts::new().sku(product.sku.clone()).unwrap();
            let facts = facts.name(&product.name).unwrap();
            let facts = facts.description(product.description.clone()).unwrap();
            let facts = facts.category(&product.category).unwrap();
            let facts = facts.price(product.price).unwrap();

            assert_eq!(facts.applied_to(product.clone()), product);
            assert!(product.available >= 0, "{}", product.sku);
        }
    }

    #[test]
    fn a_new_shop_has_more_than_two_hundred_products_in_a_dozen_categories() {
        assert!(products().len() > 200);
        assert_eq!(distinct(|product| product.category), 12);
    }

    #[test]
    fn no_two_seeded_products_share_an_id_a_sku_or_a_name() {
        let all = products().len();

        assert_eq!(distinct(|product| product.id), all);
        assert_eq!(distinct(|product| product.sku), all);
        assert_eq!(distinct(|product| product.name), all);
    }
}
