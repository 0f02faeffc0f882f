//! What customers have in their wallets before they come, as the shop tells them.

use anyhow::Context as _;
use drill::Buyer;
use reqwest::Method;
use uuid::Uuid;

/// What each of `buyers` is told to have.
///
/// # Errors
/// When somebody is not told.
pub(super) async fn of(buyers: &[Buyer]) -> anyhow::Result<Vec<(Uuid, i64)>> {
    let mut wallets = Vec::new();
    for buyer in buyers {
        let mut customer = buyer.customer.clone();
        let asked = customer.send(Method::GET, "/v1/me/wallet", None, None);
        let told = asked.await?.good()?;
        let balance = told["balance"]["amount"].as_i64();
        wallets.push((buyer.account, balance.context("a balance")?));
    }
    Ok(wallets)
}
