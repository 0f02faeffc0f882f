//! Looks into the books of a test's shop.

use drill::Books;

use crate::open::{SETTLED, Shop};

fn of(shop: &Shop) -> Books {
    Books {
        order: shop.order.pool().clone(),
        user: shop.user.pool().clone(),
    }
}

/// Waits until no saga is under way, then checks that the books of both services balance, each and against the other.
pub(crate) async fn balance(shop: &Shop) {
    let wrong = of(shop).balance(SETTLED).await.unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// How many orders there are in each state.
pub(crate) async fn count(shop: &Shop, status: &str) -> i64 {
    of(shop).count(status).await.unwrap()
}
