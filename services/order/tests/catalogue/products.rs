//! What happens to products.

use api::common::Money;
use api::order::{CreateProductRequest, ListCategoriesRequest, UpdateProductRequest};
use tonic::Code;
use uuid::Uuid;

use crate::shop::{Shop, as_one, change, money, product, refusal, refused};

#[tokio::test]
async fn a_new_product_is_found_as_it_was_given_with_nothing_in_stock() {
    let shop = Shop::open().await;
    as_one(async {
        let given = product("Enamel mug", 1_400);

        let added = shop.add(given.clone()).await.unwrap();

        assert_eq!((&added.sku, &added.name), (&given.sku, &given.name));
        assert_eq!(added.price, given.price);
        assert_eq!((added.available, added.version, added.active), (0, 1, true));
        assert_eq!(shop.find(&added.id).await.unwrap(), added);
    })
    .await;
}

#[tokio::test]
async fn a_sku_belongs_to_one_product() {
    let shop = Shop::open().await;
    as_one(async {
        let given = product("Mug", 1_400);
        shop.add(given.clone()).await.unwrap();
        let other = shop.shelve("Cup", 900).await;
        let taken = refused(Code::AlreadyExists, "SKU_TAKEN");

        assert_eq!(refusal(shop.add(given.clone()).await), taken);
        let renamed = UpdateProductRequest {
            sku: Some(given.sku),
            ..change(&other)
        };
        assert_eq!(refusal(shop.update(renamed).await), taken);
    })
    .await;
}

#[tokio::test]
async fn of_two_administrators_at_once_one_wins_and_the_other_hears_so() {
    let shop = Shop::open().await;
    let mut product = shop.shelve("Mug", 100).await;
    for round in 1..=20 {
        let priced = |price| UpdateProductRequest {
            price: Some(money(price)),
            ..change(&product)
        };

        let (ann, bob) = tokio::join!(
            shop.update(priced(round * 10)),
            shop.update(priced(round * 10 + 1))
        );

        let (won, lost) = if ann.is_ok() { (ann, bob) } else { (bob, ann) };
        assert_eq!(refusal(lost), refused(Code::FailedPrecondition, "STALE"));
        product = won.unwrap();
        assert_eq!(product.version, round + 1);
    }
    // Each act that was done is kept, and none that was refused.
    assert_eq!(shop.count("audit").await, 21);
}

#[tokio::test]
async fn a_change_leaves_alone_what_it_does_not_speak_of() {
    let shop = Shop::open().await;
    let before = shop.shelve("Mug", 100).await;
    let priced = UpdateProductRequest {
        price: Some(money(90)),
        ..change(&before)
    };

    let after = shop.update(priced).await.unwrap();

    assert_eq!(after.price, Some(money(90)));
    assert_eq!(after.version, 2);
    assert_eq!((after.name, after.sku), (before.name, before.sku));
}

#[tokio::test]
async fn a_retired_product_is_found_but_no_longer_listed_or_counted() {
    let shop = Shop::open().await;
    as_one(async {
        let (mug, _cup) = (shop.shelve("Mug", 100).await, shop.shelve("Cup", 90).await);

        shop.retire(&mug).await;

        assert!(!shop.find(&mug.id).await.unwrap().active);
        let listed = shop.list(api::order::ListProductsRequest::default()).await;
        assert_eq!(crate::shop::names(&listed), ["Cup"]);
        let all = api::order::ListProductsRequest {
            include_inactive: true,
            ..Default::default()
        };
        assert_eq!(shop.list(all).await.products.len(), 2);
        let mut catalog = shop.catalog.clone();
        let categories = catalog.list_categories(ListCategoriesRequest {}).await;
        assert_eq!(categories.unwrap().into_inner().categories[0].products, 1);
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_and_writes_nothing() {
    let shop = Shop::open().await;
    let good = product("Mug", 100);
    let priced = |amount, currency: &str| {
        let currency = currency.to_owned();
        let price = Some(Money { amount, currency });
        CreateProductRequest {
            price,
            ..good.clone()
        }
    };
    let bad = [
        CreateProductRequest {
            sku: "mug 1".to_owned(),
            ..good.clone()
        },
        CreateProductRequest {
            name: " ".to_owned(),
            ..good.clone()
        },
        CreateProductRequest {
            name: "n".repeat(121),
            ..good.clone()
        },
        CreateProductRequest {
            description: "d".repeat(4_001),
            ..good.clone()
        },
        CreateProductRequest {
            category: String::new(),
            ..good.clone()
        },
        CreateProductRequest {
            price: None,
            ..good.clone()
        },
        CreateProductRequest {
            actor_id: "root".to_owned(),
            ..good.clone()
        },
        priced(-1, "USD"),
        priced(100_000_001, "USD"),
        priced(i64::MAX, "USD"),
        priced(100, "EUR"),
        priced(100, ""),
    ];

    for request in bad {
        let answer = shop.add(request.clone()).await;
        assert_eq!(
            refusal(answer),
            refused(Code::InvalidArgument, "INVALID"),
            "{request:?}"
        );
    }

    assert_eq!(shop.count("products").await, 0);
    assert_eq!(shop.count("audit").await, 0);
}

#[tokio::test]
async fn a_product_that_is_none_is_not_found_and_an_id_that_is_none_is_invalid() {
    let shop = Shop::open().await;
    let nothing = api::id::PRODUCT.write(Uuid::now_v7());

    assert_eq!(
        refusal(shop.find(&nothing).await),
        refused(Code::NotFound, "NOT_FOUND")
    );
    assert_eq!(refusal(shop.find("7").await).0, Code::InvalidArgument);
    let change = UpdateProductRequest {
        actor_id: crate::shop::admin(),
        id: nothing,
        version: 1,
        ..UpdateProductRequest::default()
    };
    assert_eq!(refusal(shop.update(change).await).0, Code::NotFound);
}
