//! Places orders through a gateway for a while, each buyer one at a time.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::took::Took;

/// Everybody's.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Who buys, and with what right.
#[derive(Clone)]
pub(crate) struct Buyer {
    /// An access token.
    pub(crate) token: String,
}

/// What a round of buying came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// How long it took until orders were confirmed.
    pub(crate) orders: Took,
    /// Anything else that was answered.
    pub(crate) others: u64,
    /// How long it took until the last of them was answered.
    pub(crate) time: Duration,
}

impl Tally {
    /// How many orders a second: those that were begun in time and ended a little later count, and so does that time.
    #[allow(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
    pub(crate) fn rate(&self) -> f64 {
        self.orders.count() as f64 / self.time.as_secs_f64()
    }
}

/// Buys one unit of one of `products` per order, with every buyer at once, for `time`.
pub(crate) async fn buy(
    gateway: &str,
    buyers: &[Buyer],
    products: &[String],
    time: Duration,
) -> Result<Tally> {
    let begun = Instant::now();
    let until = begun + time;
    let mut tasks = JoinSet::new();
    for (seed, buyer) in buyers.iter().cloned().enumerate() {
        let (gateway, products) = (gateway.to_owned(), products.to_vec());
        tasks.spawn(async move { one(&gateway, &buyer, &products, seed, until).await });
    }
    let all: Vec<Tally> = tasks.join_all().await.into_iter().collect::<Result<_>>()?;
    let others = all.iter().map(|tally| tally.others).sum();
    let orders = all.into_iter().map(|tally| tally.orders).sum();
    let time = begun.elapsed();
    Ok(Tally {
        orders,
        others,
        time,
    })
}

async fn one(
    gateway: &str,
    buyer: &Buyer,
    products: &[String],
    seed: usize,
    until: Instant,
) -> Result<Tally> {
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(1)
        .build()?;
    let mut tally = Tally::default();
    let (mut turn, mut begun) = (seed, Instant::now());
    while begun < until {
        turn = turn.wrapping_add(7919);
        let product = &products[turn % products.len()];
        if order(&client, gateway, buyer, product).await? == 201 {
            begun = tally.orders.since(begun);
        } else {
            tally.others += 1;
            begun = Instant::now();
        }
    }
    Ok(tally)
}

/// Orders one unit of `product`; answers the status.
pub(crate) async fn order(
    client: &reqwest::Client,
    gateway: &str,
    buyer: &Buyer,
    product: &str,
) -> Result<u16> {
    let body = json!({"items": [{"product_id": product, "quantity": 1}]});
    let answer = client
        .post(format!("{gateway}/v1/orders"))
        .bearer_auth(&buyer.token)
        .header("idempotency-key", uuid::Uuid::now_v7().to_string())
        .json(&body)
        .send()
        .await?;
    let status = answer.status().as_u16();
    answer.bytes().await?;
    Ok(status)
}

/// Makes an account; answers by which email it signs in, and its id.
pub(crate) async fn register(
    client: &reqwest::Client,
    gateway: &str,
    number: usize,
) -> Result<(String, String)> {
    let email = format!(
        "buyer-{number}-{}@example.com",
        uuid::Uuid::now_v7().simple()
    );
    let body = json!({"email": email, "password": PASSWORD, "name": format!("Buyer {number}")});
    let account = post(client, &format!("{gateway}/v1/auth/register"), None, &body).await?;
    let id = account["id"].as_str().context("an account id")?.to_owned();
    Ok((email, id))
}

/// Makes an account with money in its wallet, and signs it in.
pub(crate) async fn enrol(
    client: &reqwest::Client,
    gateway: &str,
    number: usize,
) -> Result<(Buyer, String)> {
    let (email, id) = register(client, gateway, number).await?;
    let body = json!({"email": email, "password": PASSWORD});
    let tokens = post(client, &format!("{gateway}/v1/auth/login"), None, &body).await?;
    let token = tokens["access_token"]
        .as_str()
        .context("an access token")?
        .to_owned();
    for _ in 0..5 {
        let body = json!({"amount": {"amount": 1_000_000, "currency": "USD"}});
        post(
            client,
            &format!("{gateway}/v1/me/wallet/topups"),
            Some(&token),
            &body,
        )
        .await?;
    }
    Ok((Buyer { token }, id))
}

async fn post(
    client: &reqwest::Client,
    url: &str,
    token: Option<&str>,
    body: &Value,
) -> Result<Value> {
    let mut request = client
        .post(url)
        .json(body)
        .header("idempotency-key", uuid::Uuid::now_v7().to_string());
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        bail!("{url} answered {status}: {text}");
    }
    Ok(serde_json::from_str(&text)?)
}
