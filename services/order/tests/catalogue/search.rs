//! Finding products by words, in the catalogue that a new shop begins with.

use api::order::{ListProductsRequest, ProductSort};

use crate::shop::{Shop, as_one, names, page};

async fn found(shop: &Shop, query: &str) -> Vec<String> {
    let wanted = ListProductsRequest {
        page: Some(page(100, "")),
        query: query.to_owned(),
        ..ListProductsRequest::default()
    };
    let page = shop.list(wanted).await;
    names(&page).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_search_finds_what_a_person_expects() {
    let shop = Shop::open().await;
    as_one(async {
        order::seed::run(&shop.database.db()).await.unwrap();

        let first = async |query| {
            found(&shop, query)
                .await
                .into_iter()
                .next()
                .unwrap_or_default()
        };
        assert_eq!(first("enamel mug").await, "Enamel Camp Mug");
        assert!(first("candles").await.contains("Candle"));
        assert_eq!(first("KIT-PAN-IRON26").await, "Cast Iron Skillet 26 cm");
        assert_eq!(first("umbrella -folding").await, "Walking Umbrella");
        assert_eq!(found(&shop, "\"cast iron skillet\"").await.len(), 1);
        assert!(found(&shop, "kettle or teapot").await.len() >= 2);
        assert!(found(&shop, "flux capacitor").await.is_empty());
        // A word in the name counts more than one in the description.
        let coffee = found(&shop, "coffee").await;
        assert!(coffee[0].contains("Coffee"), "{coffee:?}");
    })
    .await;
}

#[tokio::test]
async fn no_text_breaks_a_search() {
    let shop = Shop::open().await;
    shop.shelve("Mug", 100).await;

    for query in [
        "'",
        "\"",
        "a & | ! b",
        "-",
        "<->",
        ":*",
        "the",
        "%",
        "\\",
        "🦀",
        "or or or",
    ] {
        let wanted = ListProductsRequest {
            query: query.to_owned(),
            sort: ProductSort::PriceAsc.into(),
            ..ListProductsRequest::default()
        };
        let answer = shop.catalog.clone().list_products(wanted).await;
        assert!(answer.is_ok(), "{query}: {answer:?}");
    }
}
