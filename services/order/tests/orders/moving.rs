//! Shipping, delivering, reading and listing.

use api::common::Page;
use api::order::{GetOrderRequest, ListOrdersRequest, MoveOrderRequest};
use uuid::Uuid;

use crate::house::{House, LIMIT, reason};
use crate::wish::Wish;

fn request(order: &str) -> MoveOrderRequest {
    MoveOrderRequest {
        actor_id: api::id::ACCOUNT.write(Uuid::from_u128(7)),
        id: order.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_shipped_then_delivered_and_no_other_way_round() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let order = house.order(&Wish::of(&[(mug, 1)])).await;
    let mut orders = house.orders.clone();

    let early = house.refused(orders.deliver(request(&order.id))).await;
    let shipped = house.told(orders.ship(request(&order.id))).await;
    let twice = house.refused(orders.ship(request(&order.id))).await;
    let delivered = house.told(orders.deliver(request(&order.id))).await;
    let late = house.cancel(&order.id, "stop").await.unwrap_err();
    let nowhere = request(&api::id::ORDER.write(Uuid::now_v7()));
    let missing = house.refused(orders.ship(nowhere)).await;

    for refused in [early, twice, late] {
        assert_eq!(reason(&refused), "ILLEGAL_MOVE");
    }
    assert_eq!(reason(&missing), "NOT_FOUND");
    assert_eq!((shipped.status.as_str(), shipped.version), ("shipped", 3));
    assert_eq!(
        (delivered.status.as_str(), delivered.version),
        ("delivered", 4)
    );
    let audit = house
        .told(
            house
                .sagas
                .clone()
                .list_audit(api::common::ListAuditRequest::default()),
        )
        .await;
    let acts: Vec<String> = audit.entries.into_iter().map(|act| act.action).collect();
    assert_eq!(acts, ["order.deliver", "order.ship"]);
    let told = async {
        while house.user.heard(&order.id).len() < 3 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, told).await.unwrap();
    assert_eq!(
        house.user.heard(&order.id),
        ["order.confirmed", "order.delivered", "order.shipped"]
    );
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_lists_and_finds_only_what_is_theirs() {
    let house = House::start().await;
    let mug = house.shelve("mug", 50).await;
    let ann = Uuid::now_v7();
    let mut theirs = Vec::new();
    for _ in 0..5 {
        theirs.push(house.order(&Wish::of(&[(mug, 1)]).by(ann)).await);
        house.order(&Wish::of(&[(mug, 1)])).await;
    }
    theirs.reverse();
    let customer_id = api::id::ACCOUNT.write(ann);
    let mut orders = house.orders.clone();
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = Some(Page { limit: 2, cursor });
        let request = ListOrdersRequest {
            customer_id: customer_id.clone(),
            page,
            ..ListOrdersRequest::default()
        };
        let answer = house.told(orders.list(request)).await;
        listed.extend(answer.orders);
        cursor = answer.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }
    let stranger = GetOrderRequest {
        customer_id: api::id::ACCOUNT.write(Uuid::now_v7()),
        id: theirs[0].id.clone(),
    };

    let hidden = house.refused(orders.get(stranger)).await;

    assert_eq!(listed, theirs);
    assert_eq!(reason(&hidden), "NOT_FOUND");
    let shipped = ListOrdersRequest {
        status: "shipped".to_owned(),
        ..ListOrdersRequest::default()
    };
    assert!(house.told(orders.list(shipped)).await.orders.is_empty());
    let all = house.told(orders.list(ListOrdersRequest::default())).await;
    assert_eq!(all.orders.len(), 10);
}
