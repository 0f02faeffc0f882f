//! Stock: added once for each key, and every change of it on record.

use api::order::{GetStockRequest, ListMovementsRequest, Stock};
use futures::future::join_all;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::shop::{Shop, as_one, page, refusal, refused, restock};

async fn stock(shop: &Shop, product: &str) -> Result<Stock, Status> {
    let product_id = product.to_owned();
    let mut inventory = shop.inventory.clone();
    Ok(inventory
        .get_stock(GetStockRequest { product_id })
        .await?
        .into_inner())
}

#[tokio::test]
async fn a_restock_sent_a_hundred_times_with_one_key_counts_once() {
    let shop = Shop::open().await;
    as_one(async {
        let mug = shop.shelve("Mug", 100).await;

        let answers =
            join_all((0..100).map(|_| shop.restock(restock(&mug, 7, "delivery 1")))).await;

        for answer in answers {
            assert_eq!(answer.unwrap().free, 7);
        }
        assert_eq!(stock(&shop, &mug.id).await.unwrap().free, 7);
        assert_eq!(shop.count("movements").await, 1);
        assert_eq!(shop.count("audit where action = 'stock.restock'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn restocks_with_keys_of_their_own_all_count_however_they_meet() {
    let shop = Shop::open().await;
    as_one(async {
        let (mug, cup) = (shop.shelve("Mug", 100).await, shop.shelve("Cup", 90).await);
        let keys: Vec<_> = (0..60).map(|number| format!("delivery {number}")).collect();

        let restocks = keys.iter().enumerate().map(|(number, key)| {
            let product = if number % 2 == 0 { &mug } else { &cup };
            shop.restock(restock(product, 5, key))
        });
        for answer in join_all(restocks).await {
            answer.unwrap();
        }

        for product in [&mug, &cup] {
            assert_eq!(stock(&shop, &product.id).await.unwrap().free, 150);
        }
        let sum = "select sum(quantity)::bigint from movements";
        let sum = sqlx::query_scalar::<_, i64>(sum).fetch_one(shop.database.pool());
        assert_eq!(sum.await.unwrap(), 300);
    })
    .await;
}

#[tokio::test]
async fn a_replayed_restock_tells_the_stock_of_then_and_says_so() {
    let shop = Shop::open().await;
    let mug = shop.shelve("Mug", 100).await;
    shop.restock(restock(&mug, 7, "first")).await.unwrap();
    shop.restock(restock(&mug, 3, "second")).await.unwrap();

    let mut inventory = shop.inventory.clone();
    let again = inventory.restock(restock(&mug, 7, "first")).await.unwrap();

    assert_eq!(
        again.metadata().get("idempotency-replayed").unwrap(),
        "true"
    );
    assert_eq!(again.into_inner().free, 7);
}

#[tokio::test]
async fn a_key_sent_with_another_request_is_refused() {
    let shop = Shop::open().await;
    let mug = shop.shelve("Mug", 100).await;
    shop.restock(restock(&mug, 7, "delivery")).await.unwrap();

    let other = shop.restock(restock(&mug, 8, "delivery")).await;

    assert_eq!(
        refusal(other),
        refused(Code::FailedPrecondition, "KEY_REUSED")
    );
    assert_eq!(shop.count("movements").await, 1);
}

#[tokio::test]
async fn nothing_is_added_to_what_is_no_product_or_in_quantities_that_are_none() {
    let shop = Shop::open().await;
    let mug = shop.shelve("Mug", 100).await;
    let mut nothing = mug.clone();
    nothing.id = api::id::PRODUCT.write(Uuid::now_v7());
    let missing = refused(Code::NotFound, "NOT_FOUND");

    assert_eq!(
        refusal(shop.restock(restock(&nothing, 7, "a")).await),
        missing
    );
    assert_eq!(
        refusal(shop.restock(restock(&nothing, 7, "a")).await),
        missing
    );
    assert_eq!(refusal(stock(&shop, &nothing.id).await), missing);
    for quantity in [0, 1_000_001] {
        let answer = shop.restock(restock(&mug, quantity, "b")).await;
        assert_eq!(refusal(answer).0, Code::InvalidArgument);
    }
    let mut keyless = restock(&mug, 7, "c");
    keyless.idempotency = None;
    assert_eq!(
        refusal(shop.restock(keyless).await).0,
        Code::InvalidArgument
    );
    assert_eq!(shop.count("movements").await, 0);
}

#[tokio::test]
async fn the_movements_of_a_product_add_up_to_its_stock_page_by_page() {
    let shop = Shop::open().await;
    as_one(async {
        let (mug, cup) = (shop.shelve("Mug", 100).await, shop.shelve("Cup", 90).await);
        for number in 1..=7 {
            shop.restock(restock(&mug, number, &format!("{number}")))
                .await
                .unwrap();
        }
        shop.restock(restock(&cup, 99, "cup")).await.unwrap();

        let (mut quantities, mut cursor) = (Vec::new(), String::new());
        loop {
            let request = ListMovementsRequest {
                product_id: mug.id.clone(),
                page: Some(page(3, &cursor)),
            };
            let list = shop.inventory.clone().list_movements(request).await;
            let list = list.unwrap().into_inner();
            assert!(
                list.movements
                    .iter()
                    .all(|movement| movement.kind == "restock")
            );
            quantities.extend(list.movements.iter().map(|movement| movement.quantity));
            cursor = list.next_cursor;
            if cursor.is_empty() {
                break;
            }
        }

        assert_eq!(quantities, [7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(stock(&shop, &mug.id).await.unwrap().free, 28);
    })
    .await;
}
