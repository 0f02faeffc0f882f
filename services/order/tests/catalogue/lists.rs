//! Lists of products, page by page.

use api::order::{ListCategoriesRequest, ListProductsRequest, Product, ProductSort};
use tonic::Code;

use crate::shop::{Shop, as_one, page, product, refusal};

/// Few, so that many products share a place in a list by name.
const NAMES: [&str; 4] = ["thing one", "Thing One", "a thing", "Zebra thing"];

const SORTS: [ProductSort; 5] = [
    ProductSort::Unspecified,
    ProductSort::Newest,
    ProductSort::Name,
    ProductSort::PriceAsc,
    ProductSort::PriceDesc,
];

fn wanted(sort: ProductSort, query: &str, limit: u32, cursor: &str) -> ListProductsRequest {
    ListProductsRequest {
        page: Some(page(limit, cursor)),
        query: query.to_owned(),
        sort: sort.into(),
        ..ListProductsRequest::default()
    }
}

/// All pages of a list, joined; between the first few of them another product is added.
async fn joined(shop: &Shop, sort: ProductSort, query: &str, limit: u32) -> Vec<Product> {
    let (mut products, mut cursor) = (Vec::new(), String::new());
    for pages in 1.. {
        let page = shop.list(wanted(sort, query, limit, &cursor)).await;
        assert!(page.products.len() <= limit as usize);
        products.extend(page.products);
        if page.next_cursor.is_empty() {
            break;
        }
        cursor = page.next_cursor;
        if pages <= 2 {
            shop.shelve("Meanwhile a thing", 100).await;
        }
    }
    products.retain(|product| !product.name.starts_with("Meanwhile"));
    products
}

/// The names as a list in this order shows them; no two share a name or a price.
fn sorted(mut products: Vec<Product>, sort: ProductSort) -> Vec<Product> {
    let price = |product: &Product| product.price.clone().unwrap().amount;
    match sort {
        ProductSort::Name => products.sort_by_key(|product| product.name.to_lowercase()),
        ProductSort::PriceAsc => products.sort_by_key(price),
        ProductSort::PriceDesc => products.sort_by_key(|product| -price(product)),
        ProductSort::Newest | ProductSort::Unspecified => products.reverse(),
    }
    products
}

#[tokio::test]
async fn pages_of_any_size_joined_are_the_whole_list_while_products_are_added() {
    let shop = Shop::open().await;
    as_one(async {
        for number in 0..13_i64 {
            let name = NAMES[usize::try_from(number).unwrap() % 4];
            shop.shelve(name, number % 3 * 100).await;
        }

        for (sort, limit) in SORTS.into_iter().zip([4, 1, 2, 3, 5]) {
            for query in ["", "thing"] {
                let found = joined(&shop, sort, query, limit).await;
                let whole = joined(&shop, sort, query, 100).await;
                assert_eq!(whole.len(), 13);
                assert_eq!(found, whole, "{sort:?} `{query}` in pages of {limit}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn each_sort_shows_what_it_says_first() {
    let shop = Shop::open().await;
    as_one(async {
        let mut all = Vec::new();
        for (name, price) in [("mug", 300), ("Bowl", 100), ("apron", 200), ("Zest", 400)] {
            all.push(shop.shelve(name, price).await);
        }

        for sort in SORTS {
            let found = shop.list(wanted(sort, "", 10, "")).await.products;
            assert_eq!(found, sorted(all.clone(), sort), "{sort:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_category_lists_its_own_and_says_how_many() {
    let shop = Shop::open().await;
    as_one(async {
        for (name, category) in [("Mug", "kitchen"), ("Rake", "garden"), ("Pan", "kitchen")] {
            let mut new = product(name, 100);
            new.category = category.to_owned();
            shop.add(new).await.unwrap();
        }
        let kitchen = ListProductsRequest {
            category: "kitchen".to_owned(),
            ..ListProductsRequest::default()
        };

        let listed = shop.list(kitchen).await;
        let categories = shop
            .catalog
            .clone()
            .list_categories(ListCategoriesRequest {})
            .await;

        assert_eq!(crate::shop::names(&listed), ["Pan", "Mug"]);
        let categories = categories.unwrap().into_inner().categories;
        let counts: Vec<_> = categories
            .iter()
            .map(|one| (one.name.as_str(), one.products))
            .collect();
        assert_eq!(counts, [("garden", 1), ("kitchen", 2)]);
    })
    .await;
}

#[tokio::test]
async fn a_cursor_of_another_list_and_a_page_too_large_are_refused() {
    let shop = Shop::open().await;
    as_one(async {
        for number in 0..3 {
            shop.shelve(&format!("Thing {number}"), 100).await;
        }
        let first = shop.list(wanted(ProductSort::Name, "", 1, "")).await;
        let cursor = first.next_cursor.as_str();
        let mut retired = wanted(ProductSort::Name, "", 1, cursor);
        retired.include_inactive = true;
        let bad = [
            wanted(ProductSort::PriceAsc, "", 1, cursor),
            wanted(ProductSort::Name, "thing", 1, cursor),
            wanted(ProductSort::Name, "", 1, "made up"),
            wanted(ProductSort::Name, "", 101, ""),
            wanted(ProductSort::Name, &"q".repeat(201), 1, ""),
            retired,
        ];

        for request in bad {
            let answer = shop.catalog.clone().list_products(request).await;
            assert_eq!(refusal(answer).0, Code::InvalidArgument);
        }
    })
    .await;
}
