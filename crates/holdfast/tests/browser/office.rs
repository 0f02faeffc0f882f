//! The back office in a browser: what administrators see and do there, and what others do not.

mod house;
mod roles;
mod shown;
mod stale;
mod traffic;

use std::path::PathBuf;

use holdfast::house::{Kind, Place};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::open::Shop;
use crate::people::{PASSWORD, Person};

/// A shop with `orders` instances of the order service and one of each other.
async fn shop(orders: usize, place: Place) -> Shop {
    filled(Shop::empty(false, &[], place).await, orders).await
}

/// The same in a shop that was empty.
async fn filled(shop: Shop, orders: usize) -> Shop {
    for kind in Kind::ALL {
        let count = if kind == Kind::Order { orders } else { 1 };
        for _ in 0..count {
            shop.house.add(kind, &[]).await.unwrap();
        }
    }
    shop.house.ready().await.unwrap();
    shop
}

/// The same with each instance as a process of its own, which can be killed, and where they log to.
async fn apart(orders: usize) -> (Shop, TempDir) {
    let (shop, folder) = empty_apart().await;
    (filled(shop, orders).await, folder)
}

/// An empty shop for such instances.
async fn empty_apart() -> (Shop, TempDir) {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_holdfast"));
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().to_owned();
    let shop = Shop::empty(false, &[], Place::Apart { program, logs }).await;
    (shop, folder)
}

/// Signs `person` in at the door, and goes to `path`.
async fn signed_in(browser: &Browser, person: &Person, path: &str) {
    browser.go(&format!("/sign-in?next={path}")).await;
    browser.fill("#login", &person.email).await;
    browser.fill("#password", PASSWORD).await;
    browser.press("main form button").await;
    let there = format!("return location.pathname === {path:?}");
    browser.until(&there).await;
}
