//! What customers mean to buy.

use api::order::{Cart, CreateCartRequest, GetCartRequest, Product, SetCartItemRequest};
use api::order::{UpdateProductRequest, carts_client::CartsClient};
use discovery::Channel;
use futures::future::join_all;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::shop::{Shop, account, as_one, change, money, refusal, refused};

fn carts(shop: &Shop) -> CartsClient<Channel> {
    shop.carts.clone()
}

fn customer() -> String {
    account(2)
}

async fn cart(shop: &Shop) -> Cart {
    let customer_id = customer();
    let mut carts = carts(shop);
    let made = carts.create_cart(CreateCartRequest { customer_id }).await;
    made.unwrap().into_inner()
}

async fn get(shop: &Shop, cart: &Cart, customer_id: String) -> Result<Cart, Status> {
    let id = cart.id.clone();
    let mut carts = carts(shop);
    let found = carts.get_cart(GetCartRequest { customer_id, id }).await?;
    Ok(found.into_inner())
}

fn item(cart: &Cart, product: &Product, quantity: i32) -> SetCartItemRequest {
    SetCartItemRequest {
        customer_id: customer(),
        id: cart.id.clone(),
        product_id: product.id.clone(),
        quantity,
        version: 0,
        add: false,
    }
}

async fn set(shop: &Shop, item: SetCartItemRequest) -> Result<Cart, Status> {
    Ok(carts(shop).set_cart_item(item).await?.into_inner())
}

fn quantities(cart: &Cart) -> Vec<i32> {
    cart.items.iter().map(|item| item.quantity).collect()
}

#[tokio::test]
async fn items_are_put_in_added_replaced_and_taken_out() {
    let shop = Shop::open().await;
    as_one(async {
        let (mug, cup) = (shop.shelve("Mug", 100).await, shop.shelve("Cup", 90).await);
        let cart = cart(&shop).await;
        assert_eq!((cart.version, cart.status.as_str()), (1, "open"));

        set(&shop, item(&cart, &mug, 2)).await.unwrap();
        set(&shop, item(&cart, &cup, 1)).await.unwrap();
        let more = SetCartItemRequest {
            add: true,
            ..item(&cart, &mug, 3)
        };
        let filled = set(&shop, more).await.unwrap();
        assert_eq!(quantities(&filled), [5, 1]);
        assert_eq!(filled.total, Some(money(590)));
        assert_eq!(filled.version, 4);
        let replaced = set(&shop, item(&cart, &mug, 1)).await.unwrap();
        assert_eq!(quantities(&replaced), [1, 1]);
        let emptied = set(&shop, item(&cart, &mug, 0)).await.unwrap();

        assert_eq!(quantities(&emptied), [1]);
        assert_eq!(get(&shop, &cart, customer()).await.unwrap(), emptied);
    })
    .await;
}

#[tokio::test]
async fn a_cart_costs_what_its_products_cost_at_this_moment() {
    let shop = Shop::open().await;
    as_one(async {
        let mug = shop.shelve("Mug", 100).await;
        let cart = cart(&shop).await;
        set(&shop, item(&cart, &mug, 3)).await.unwrap();

        let dearer = UpdateProductRequest {
            price: Some(money(150)),
            ..change(&mug)
        };
        shop.update(dearer).await.unwrap();

        let cart = get(&shop, &cart, customer()).await.unwrap();
        assert_eq!(cart.total, Some(money(450)));
        assert_eq!(cart.items[0].unit_price, Some(money(150)));
    })
    .await;
}

#[tokio::test]
async fn the_cart_of_another_customer_is_not_there() {
    let shop = Shop::open().await;
    as_one(async {
        let mug = shop.shelve("Mug", 100).await;
        let cart = cart(&shop).await;
        let missing = refused(Code::NotFound, "NOT_FOUND");

        assert_eq!(refusal(get(&shop, &cart, account(3)).await), missing);
        let theirs = SetCartItemRequest {
            customer_id: account(3),
            ..item(&cart, &mug, 1)
        };
        assert_eq!(refusal(set(&shop, theirs).await), missing);

        assert!(
            get(&shop, &cart, customer())
                .await
                .unwrap()
                .items
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn a_cart_takes_fifty_lines_and_a_thousand_of_each() {
    let shop = Shop::open().await;
    as_one(async {
        let cart = cart(&shop).await;
        let mut products = Vec::new();
        for number in 0..51 {
            products.push(shop.shelve(&format!("Thing {number}"), 1).await);
        }
        for product in &products[..50] {
            set(&shop, item(&cart, product, 1_000)).await.unwrap();
        }

        let full = set(&shop, item(&cart, &products[50], 1)).await;
        let one_more = SetCartItemRequest {
            add: true,
            ..item(&cart, &products[0], 1)
        };
        let too_many = set(&shop, one_more).await;

        assert_eq!(
            refusal(full),
            refused(Code::FailedPrecondition, "CART_FULL")
        );
        assert_eq!(refusal(too_many), refused(Code::InvalidArgument, "INVALID"));
        for quantity in [-1, 1_001, i32::MAX] {
            let answer = set(&shop, item(&cart, &products[0], quantity)).await;
            assert_eq!(refusal(answer).0, Code::InvalidArgument);
        }
        let cart = get(&shop, &cart, customer()).await.unwrap();
        assert_eq!((cart.items.len(), cart.version), (50, 51));
        assert_eq!(cart.total, Some(money(50_000)));
    })
    .await;
}

#[tokio::test]
async fn only_what_is_for_sale_goes_into_a_cart() {
    let shop = Shop::open().await;
    as_one(async {
        let retired = shop.shelve("Mug", 100).await;
        shop.retire(&retired).await;
        let mut nothing = retired.clone();
        nothing.id = api::id::PRODUCT.write(Uuid::now_v7());
        let cart = cart(&shop).await;

        for product in [retired, nothing] {
            let answer = set(&shop, item(&cart, &product, 1)).await;
            assert_eq!(
                refusal(answer),
                refused(Code::NotFound, "PRODUCT_NOT_FOUND")
            );
        }

        assert_eq!(get(&shop, &cart, customer()).await.unwrap(), cart);
    })
    .await;
}

#[tokio::test]
async fn of_two_changes_from_one_version_one_wins() {
    let shop = Shop::open().await;
    as_one(async {
        let (mug, cup) = (shop.shelve("Mug", 100).await, shop.shelve("Cup", 90).await);
        let mut cart = cart(&shop).await;
        for _ in 0..10 {
            let versioned = |product, quantity| SetCartItemRequest {
                version: cart.version,
                ..item(&cart, product, quantity)
            };

            let (a, b) = (versioned(&mug, 1), versioned(&cup, 1));
            let (a, b) = tokio::join!(Box::pin(set(&shop, a)), Box::pin(set(&shop, b)));

            let (won, lost) = if a.is_ok() { (a, b) } else { (b, a) };
            assert_eq!(refusal(lost), refused(Code::FailedPrecondition, "STALE"));
            cart = won.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn units_added_at_once_all_arrive() {
    let shop = Shop::open().await;
    as_one(async {
        let mug = shop.shelve("Mug", 100).await;
        let cart = cart(&shop).await;

        let more = || SetCartItemRequest {
            add: true,
            ..item(&cart, &mug, 1)
        };
        for answer in join_all((0..30).map(|_| set(&shop, more()))).await {
            answer.unwrap();
        }

        let cart = get(&shop, &cart, customer()).await.unwrap();
        assert_eq!((quantities(&cart), cart.version), (vec![30], 31));
    })
    .await;
}

#[tokio::test]
async fn a_cart_that_was_ordered_changes_no_more() {
    let shop = Shop::open().await;
    as_one(async {
        let mug = shop.shelve("Mug", 100).await;
        let cart = cart(&shop).await;
        let order = "update carts set status = 'ordered', order_id = gen_random_uuid()";
        sqlx::query(order)
            .execute(shop.database.pool())
            .await
            .unwrap();

        let answer = set(&shop, item(&cart, &mug, 1)).await;

        assert_eq!(
            refusal(answer),
            refused(Code::FailedPrecondition, "CART_ORDERED")
        );
    })
    .await;
}
