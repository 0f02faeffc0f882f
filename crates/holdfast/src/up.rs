//! The whole shop in one process: its own Postgres pair and Redis, every service, one address.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use anyhow::Context as _;
use stack::{Options, Postgres, Redis};
use tokio::time::interval;

use crate::demo;
use crate::home::Home;
use crate::house::{Ground, House, Keeper, Kind, Place};
use crate::say::{during, line};
use crate::signals::Signals;

/// The shop's one currency.
pub const CURRENCY: &str = "USD";
/// How often we look whether Postgres or Redis has ended.
const ROUND: Duration = Duration::from_secs(1);

/// Opens the shop of `home` on `port` and keeps it open until Ctrl-C or SIGTERM.
///
/// # Errors
/// When something that it needs is missing, the port is taken, or the shop is open already.
pub async fn run(home: &Home, port: u16) -> anyhow::Result<()> {
    let url = format!("http://localhost:{port}");
    let tenancy = home.move_in(&url)?;
    free(port)?;
    line("Opening the shop");
    let (postgres, redis) = during(
        "Postgres (primary, synchronous replica) and Redis",
        neighbours(home),
    )
    .await?;
    let ground = ground(home, &postgres, &redis)?.with("LOG", "warn");
    during("schema and catalogue", ground.migrate()).await?;
    let house = during("services", open(ground, port)).await?;
    let _ = during(
        "demo customer",
        demo::customer(&url.as_str().into(), CURRENCY),
    )
    .await?;
    let signals = Signals::listen()?;
    line(welcome(&url));
    stay_open(signals, &postgres, &redis).await?;
    line("Closing the shop");
    house.stop().await;
    redis.stop().await;
    postgres.stop().await;
    line(format_args!(
        "Closed; the data stays in {}",
        home.data()?.path().display()
    ));
    drop(tenancy);
    Ok(())
}

/// Sees to it that nobody else listens on `port`.
pub(crate) fn free(port: u16) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    listener.map(drop).with_context(|| {
        format!(
            "port {port} is taken; choose another: `PORT={} make up`",
            port + 1
        )
    })
}

/// Starts what the services lean on.
async fn neighbours(home: &Home) -> anyhow::Result<(Postgres, Redis)> {
    let folder = home.data()?;
    if !folder.path().starts_with(home.path().canonicalize()?) {
        line(format_args!(
            "  The account `postgres` cannot get to {}, so the data is in {}",
            home.path().display(),
            folder.path().display()
        ));
    }
    let postgres = Postgres::start(Options::kept(folder)).await?;
    for name in Ground::KEEPERS {
        postgres.provide(name).await?;
    }
    Ok((postgres, Redis::start().await?))
}

fn ground(home: &Home, postgres: &Postgres, redis: &Redis) -> anyhow::Result<Ground> {
    let keepers = Ground::KEEPERS.map(|name| Keeper {
        name,
        primary: postgres.primary().url(name, name),
        replica: postgres.replica().url(name, name),
    });
    let ground = Ground {
        keepers: keepers.to_vec(),
        redis: redis.url(),
        settings: Vec::new(),
    };
    Ok(ground
        .with("CURRENCY", CURRENCY)
        .with("MASTER_KEY", home.secret("master-key")?)
        .with("SERVICE_TOKEN", home.secret("service-token")?))
}

/// Starts one of each service, the front door on `port`.
async fn open(ground: Ground, port: u16) -> anyhow::Result<House> {
    let house = House::empty(ground, Place::Here).expecting_control(1)?;
    for kind in Kind::ALL {
        let listen = format!("127.0.0.1:{port}");
        let own = [("LISTEN", listen.as_str())];
        house
            .add(kind, if kind == Kind::Gateway { &own } else { &[] })
            .await?;
    }
    house.ready().await?;
    Ok(house)
}

/// Stays open until it is asked to end; meanwhile starts again what has ended by itself.
async fn stay_open(mut signals: Signals, postgres: &Postgres, redis: &Redis) -> anyhow::Result<()> {
    let mut rounds = interval(ROUND);
    loop {
        tokio::select! {
            () = signals.heard() => return Ok(()),
            _ = rounds.tick() => {
                postgres.revive().await?;
                if !redis.alive() {
                    redis.restart().await?;
                }
            }
        }
    }
}

/// What to do now, in lines that can be pasted.
fn welcome(url: &str) -> String {
    let [admin, ..] = user::seed::DEMO;
    let (email, password) = (demo::CUSTOMER.email, demo::CUSTOMER.password);
    format!(
        r#"
The shop is open: {url}   (the reader of its interface: {url}/docs)
Demo customer: {email}, password `{password}` (administrator: {}, password `{}`)

Place an order:

  TOKEN=$(curl -s {url}/v1/auth/login -H 'Content-Type: application/json' \
    -d '{{"email": "{email}", "password": "{password}"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  PRODUCT=$(curl -s '{url}/v1/products?limit=1' | sed 's/.*"id":"\(prd_[^"]*\)".*/\1/')
  curl -i {url}/v1/orders -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    -H 'Idempotency-Key: my-first-order' -d "{{\"items\": [{{\"product_id\": \"$PRODUCT\", \"quantity\": 1}}]}}"

or `make order`. Ctrl-C closes the shop, and so does `make down`; the data stays. `make clean` removes it.
"#,
        admin.email, admin.password
    )
}
