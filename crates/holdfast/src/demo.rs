//! The demo customer, and an order of theirs from the terminal.

use std::time::Duration;

use anyhow::{Context as _, bail};
use comfy_table::{Table, presets};
use drill::{Customer, Door, Refusal};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::say;

/// The demo customer; the shop that knows the password is on this machine only.
pub const CUSTOMER: user::seed::Demo = user::seed::DEMO[2];
/// What the demo customer's wallet is filled with, once: 10,000.00.
const FUNDS: i64 = 1_000_000;
/// How long we wait for a pending order to settle.
const SETTLED: Duration = Duration::from_mins(1);

/// How long we wait before we send something again.
const PAUSE: Duration = Duration::from_millis(200);

/// Signs in as the demo customer, and fills the wallet if it was not yet.
///
/// # Errors
/// When the shop refuses.
pub async fn customer(door: &Door, currency: &str) -> anyhow::Result<Customer> {
    let mut customer = Customer::of(door);
    customer.sign_in(CUSTOMER.email, CUSTOMER.password).await?;
    customer.top_up("demo-funds", FUNDS, currency).await?;
    Ok(customer)
}

/// Places an order as the demo customer at one of `doors` and shows it. As a good client does, it sends the same again, under
/// the same key and at the next of them, for as long as nobody answers or the shop says that this may help.
///
/// # Errors
/// When the shop refuses it, does not settle it within a minute, or is at none of them.
pub async fn order(doors: &[Door], currency: &str) -> anyhow::Result<()> {
    let (start, key) = (Instant::now(), Uuid::now_v7());
    let mut turns = doors.iter().cycle();
    let order = loop {
        let door = turns.next().context("the shop is nowhere")?;
        match place(door, currency, key).await {
            Err(error) if passing(&error, doors.len()) && start.elapsed() < SETTLED => {
                say::line(format_args!("Sending it again, with the same key: {error}"));
                sleep(PAUSE).await;
            }
            placed => break placed?,
        }
    };
    let took = start.elapsed().as_millis();
    say::line(format_args!("Placed in {took} ms:\n{}", table(&order)));
    Ok(())
}

/// Whether the same may be sent again: the shop says so, or nobody answered at one of several `doors`.
fn passing(error: &anyhow::Error, doors: usize) -> bool {
    let refusal = error.downcast_ref::<Refusal>();
    let unheard = || doors > 1 && error.downcast_ref::<reqwest::Error>().is_some();
    refusal.is_some_and(Refusal::is_passing) || unheard()
}

/// Places one of each of the first two products, and waits until the order has settled.
async fn place(door: &Door, currency: &str, key: Uuid) -> anyhow::Result<Value> {
    let mut customer = customer(door, currency).await?;
    let products = customer.browse(2).await?;
    let items: Vec<(&str, u32)> = products
        .iter()
        .filter_map(|found| Some((found["id"].as_str()?, 1)))
        .collect();
    if items.is_empty() {
        bail!("the catalogue is empty");
    }
    let placed = customer.order(key, &items).await?.good()?;
    let id = placed["id"].as_str().context("an order without an id")?;
    settled(&mut customer, id).await
}

/// Reads the order `id` until it is pending no more, for at most a minute.
///
/// # Errors
/// When the shop refuses.
pub async fn settled(customer: &mut Customer, id: &str) -> anyhow::Result<Value> {
    let end = Instant::now() + SETTLED;
    loop {
        let order = customer.find(id).await?;
        if order["status"] != "pending" || Instant::now() > end {
            return Ok(order);
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Shows an order as a table.
fn table(order: &Value) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header([text(&order["id"]), text(&order["status"]), String::new()]);
    for item in order["items"].as_array().into_iter().flatten() {
        table.add_row([
            text(&item["name"]),
            text(&item["quantity"]),
            money(&item["unit_price"]),
        ]);
    }
    table.add_row(["total".to_owned(), String::new(), money(&order["total"])]);
    table
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Shows money with two decimals.
fn money(value: &Value) -> String {
    let amount = value["amount"].as_i64().unwrap_or_default();
    format!(
        "{}.{:02} {}",
        amount / 100,
        (amount % 100).abs(),
        text(&value["currency"])
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_is_shown_with_its_lines_and_its_total() {
        let price = json!({"amount": 1999, "currency": "USD"});
        let items = json!([{"name": "Mug", "quantity": 2, "unit_price": price}]);
        let order = json!({"id": "ord_1", "status": "confirmed", "items": items,
            "total": {"amount": 3998, "currency": "USD"}});

        let shown = table(&order).to_string();

        for words in ["ord_1", "confirmed", "Mug", "19.99 USD", "39.98 USD"] {
            assert!(shown.contains(words), "{words} is not in\n{shown}");
        }
    }
}
