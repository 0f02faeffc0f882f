//! How every part is, as a table.

use std::net::SocketAddr;
use std::time::Duration;

use comfy_table::{Table, presets};
use futures::future::join_all;
use serde_json::Value;
use stack::{Etcd, HaProxy, Member, Node, RedisServer, Sentinel, Standing};

use super::Shop;
use super::answer::answers;
use super::backup::{Seen, age};
use crate::house::Seat;

/// How long a part may take to say how it is.
const ASK: Duration = Duration::from_secs(1);

/// One part.
struct Row {
    name: String,
    role: String,
    address: String,
    lag: String,
    health: String,
}

/// Asks every part how it is.
pub(super) async fn table(shop: &Shop) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header(["part", "role", "address", "behind", "health"]);
    for row in rows(shop).await {
        table.add_row([row.name, row.role, row.address, row.lag, row.health]);
    }
    table.to_string()
}

async fn rows(shop: &Shop) -> Vec<Row> {
    let members = shop.cluster.members().await.unwrap_or_default();
    let mut rows: Vec<Row> = join_all(shop.cluster.etcd().iter().map(etcd)).await;
    rows.extend(
        shop.cluster
            .nodes()
            .iter()
            .map(|node| database(node, &members)),
    );
    let haproxies = shop.cluster.haproxies().iter().zip(shop.fronts);
    rows.extend(join_all(haproxies.map(|(one, front)| haproxy(one, front))).await);
    let behind = shop.redis.behind().await;
    let servers = shop.redis.servers().iter();
    rows.extend(join_all(servers.map(|server| redis(server, behind))).await);
    rows.extend(join_all(shop.redis.sentinels().iter().map(sentinel)).await);
    let seats = shop.house.all();
    rows.extend(join_all(seats.iter().map(|seat| service(seat))).await);
    rows.push(backups(shop, &shop.seen_of_backups().await));
    rows
}

impl Row {
    fn of(name: &str, role: &str, address: &impl ToString, health: &str) -> Self {
        Self {
            name: name.to_owned(),
            role: role.to_owned(),
            address: address.to_string(),
            lag: String::new(),
            health: health.to_owned(),
        }
    }
}

async fn etcd(member: &Etcd) -> Row {
    let health = match (member.process().alive(), member.healthy().await) {
        (false, _) => "dead",
        (true, false) => "does not answer",
        (true, true) => "well",
    };
    Row::of(member.name(), "agreement", &local(member.port()), health)
}

fn backups(shop: &Shop, seen: &Seen) -> Row {
    let folder = shop.backups().map(|backups| backups.folder().display());
    let folder = folder.map_or_else(|_| String::new(), |folder| folder.to_string());
    let health = match &seen.newest {
        _ if seen.lags() => "the archive falls behind".to_owned(),
        None => "none yet".to_owned(),
        Some(newest) => {
            let minutes = age(newest.ended).as_secs() / 60;
            format!("{}:{:02} h old", minutes / 60, minutes % 60)
        }
    };
    let mut row = Row::of("backups", "what is left of a loss", &folder, &health);
    let waiting = seen.archive.as_ref().map(|archive| archive.waiting);
    row.lag = waiting.map_or_else(|| "?".to_owned(), |waiting| format!("{waiting} files"));
    row
}

fn database(node: &Node, members: &[Member]) -> Row {
    let known = members.iter().find(|member| member.name == node.name());
    let role = known.map_or("unknown", |member| member.role.as_str());
    let health = match (node.process().alive(), node.postmaster(), known) {
        (false, None, _) => "dead",
        (false, Some(_), _) => "Patroni is dead",
        (true, None, _) => "Postgres is dead",
        (true, Some(_), None) => "left the cluster",
        (true, Some(_), Some(member)) => member.state.as_str(),
    };
    let mut row = Row::of(node.name(), role, &local(node.port()), health);
    let lag = known
        .filter(|member| !member.leads())
        .map(|member| member.lag);
    row.lag = lag.map_or_else(String::new, |lag| {
        lag.map_or_else(|| "?".to_owned(), |bytes| format!("{bytes} B"))
    });
    row
}

async fn haproxy(haproxy: &HaProxy, front: u16) -> Row {
    let health = match (
        haproxy.process().alive(),
        answers(local(haproxy.admin())).await,
    ) {
        (false, _) => "dead",
        (true, false) => "does not answer",
        (true, true) => "well",
    };
    let address = format!("{} (admin page: {})", local(front), haproxy.admin());
    Row::of(haproxy.name(), "front door", &address, health)
}

async fn redis(server: &RedisServer, behind: Option<u64>) -> Row {
    let (role, health) = match (server.process().alive(), server.standing().await) {
        (false, _) => ("cache", "dead"),
        (true, Standing::Silent) => ("cache", "does not answer"),
        (true, Standing::Primary) => ("cache, primary", "well"),
        (
            true,
            Standing::Replica {
                connected: true, ..
            },
        ) => ("cache, replica", "well"),
        (true, Standing::Replica { .. }) => ("cache, replica", "not connected to its primary"),
    };
    let mut row = Row::of(server.name(), role, &local(server.port()), health);
    if role == "cache, replica" {
        row.lag = behind.map_or_else(|| "?".to_owned(), |bytes| format!("{bytes} B"));
    }
    row
}

async fn sentinel(sentinel: &Sentinel) -> Row {
    let health = match (sentinel.process().alive(), sentinel.view().await) {
        (false, _) => "dead",
        (true, None) => "does not answer",
        (true, Some(view)) if view.missed => "misses the primary",
        (true, Some(_)) => "well",
    };
    Row::of(
        sentinel.name(),
        "names the cache's primary",
        &local(sentinel.port()),
        health,
    )
}

async fn service(seat: &Seat) -> Row {
    let alive = seat.process().is_some_and(|process| process.alive());
    let health = if alive {
        ready(seat.admin()).await
    } else {
        "dead".to_owned()
    };
    Row::of(seat.name(), seat.kind().name(), &seat.shown(), &health)
}

/// What an instance says of itself: ready, or what it waits for or does without.
async fn ready(admin: SocketAddr) -> String {
    let asked = async {
        let answer = reqwest::get(format!("http://{admin}/readyz")).await?;
        let ready = answer.status().is_success();
        Ok::<_, reqwest::Error>((ready, answer.json::<Value>().await.unwrap_or_default()))
    };
    let Ok(Ok((ready, said))) = tokio::time::timeout(ASK, asked).await else {
        return "does not answer".to_owned();
    };
    let names = |list: &Value| {
        let names = list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        names.collect::<Vec<_>>().join(", ")
    };
    let (waiting, without) = (names(&said["waiting_for"]), names(&said["degraded"]));
    match (ready, without.is_empty()) {
        (false, _) => format!("not ready: waits for {waiting}"),
        (true, false) => format!("ready, without {without}"),
        (true, true) => "ready".to_owned(),
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
