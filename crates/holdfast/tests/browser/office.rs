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
    let shop = Shop::empty(false, &[], place).await;
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
    let program = PathBuf::from(env!("CARGO_BIN_EXE_holdfast"));
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().to_owned();
    (shop(orders, Place::Apart { program, logs }).await, folder)
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
