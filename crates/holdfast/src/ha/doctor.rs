//! Looks at every setting, connection, replica, backup and clock, and says what to do.

mod backups;
mod cache;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chassis::Env;
use db::{Db, Settings};
use futures::FutureExt as _;
use nix::sys::statvfs::statvfs;
use retry::Deadline;
use stack::Node;

use super::Shop;
use super::answer::answers;
use crate::house::{Ground, Seat};

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(2);
/// How far behind a replica is let be, in bytes, and how far off a clock, in seconds.
const BEHIND: u64 = 16 * 1024 * 1024;
const OFF: f64 = 1.0;
/// How long ago a backup may have been restored and compared: each that is taken by itself is, so the last one is missed.
const VERIFIED: Duration = Duration::from_hours(50);
/// How much room the disk should have, in GiB.
const ROOM: u64 = 2;

/// What was found at one look.
struct Finding {
    what: String,
    /// What to do about it, if it is not well.
    advice: Option<String>,
}

impl Finding {
    fn of(what: impl Into<String>, well: bool, advice: &str) -> Self {
        Self {
            what: what.into(),
            advice: (!well).then(|| advice.to_owned()),
        }
    }
}

/// Examines the running shop.
pub(super) async fn examine(shop: &Shop) -> String {
    let mut found = settings(shop);
    found.extend(agreement(shop).await);
    found.extend(doors(shop).await);
    found.extend(replicas(shop).await);
    found.extend(cache::examine(shop.redis()).await);
    found.extend(clocks(shop).await);
    found.push(disk(shop));
    found.extend(backups::examine(shop).await);
    report(&found)
}

/// What can be told when no shop is open.
pub fn without_a_shop() -> String {
    let mut found: Vec<Finding> = stack::installed()
        .into_iter()
        .map(|(name, there)| {
            Finding::of(
                format!("{name} is installed"),
                there,
                "deploy/setup.sh ha installs it",
            )
        })
        .collect();
    found.push(Finding::of(
        "a highly available shop is open",
        false,
        "make ha opens one",
    ));
    report(&found)
}

fn report(found: &[Finding]) -> String {
    let line = |finding: &Finding| match &finding.advice {
        None => format!("  ok     {}\n", finding.what),
        Some(advice) => format!("  WRONG  {}\n         {advice}\n", finding.what),
    };
    let wrong = found
        .iter()
        .filter(|finding| finding.advice.is_some())
        .count();
    let lines: String = found.iter().map(line).collect();
    format!(
        "{lines}{} looked at, {wrong} not as they should be",
        found.len()
    )
}

/// Reads each service's settings again, as its start does.
fn settings(shop: &Shop) -> Vec<Finding> {
    let one = |seat: &Seat| {
        let env = Env::of(seat.env().iter().cloned()).knowing(seat.kind().settings());
        let read = seat.kind().check(&env);
        let advice = read.as_ref().map_err(ToString::to_string).err();
        Finding {
            what: format!("settings of {}", seat.name()),
            advice,
        }
    };
    let seats = shop.house.all();
    seats.iter().map(|seat| one(seat)).collect()
}

async fn agreement(shop: &Shop) -> Vec<Finding> {
    let mut found = Vec::new();
    for member in shop.cluster.etcd() {
        let advice = format!(
            "`holdfast resume {}`; two of three have to answer",
            member.name()
        );
        found.push(Finding::of(
            format!("{} answers", member.name()),
            member.healthy().await,
            &advice,
        ));
    }
    found
}

/// Both ports of each HAProxy, with each service's own login; and the fronts.
async fn doors(shop: &Shop) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in Ground::KEEPERS {
        let cluster = &shop.cluster;
        for (urls, role) in [
            (cluster.primary_urls(name, name), "writes"),
            (cluster.replica_urls(name, name), "reads"),
        ] {
            for (url, haproxy) in urls.iter().zip(cluster.haproxies()) {
                let what = format!("{role} of {name} through {}", haproxy.name());
                let advice = format!(
                    "`holdfast status`: does {} run, does a node lead?",
                    haproxy.name()
                );
                found.push(Finding::of(what, selects(url).await, &advice));
            }
        }
    }
    for (haproxy, port) in shop.cluster.haproxies().iter().zip(shop.fronts) {
        let open = answers(([127, 0, 0, 1], port).into()).await;
        let advice = format!(
            "`holdfast resume {}`; customers come through the other one",
            haproxy.name()
        );
        found.push(Finding::of(format!("front door {port}"), open, &advice));
    }
    found
}

async fn selects(url: &str) -> bool {
    let db = Db::connect(Settings {
        replicas: vec![url.to_owned()],
        ..Settings::default()
    });
    let asked = db.read("doctor", |_| async { Ok(()) }.boxed());
    Deadline::after(LOOK).scope(asked).await.is_ok()
}

async fn replicas(shop: &Shop) -> Vec<Finding> {
    let members = match shop.cluster.members().await {
        Ok(members) => members,
        Err(error) => return vec![Finding::of("Patroni answers", false, &error.to_string())],
    };
    let synchronous = members.iter().any(stack::Member::is_synchronous);
    let mut found = vec![
        Finding::of(
            "a node leads",
            members.iter().any(stack::Member::leads),
            "`holdfast status`: two nodes and two of etcd have to be well",
        ),
        Finding::of(
            "a synchronous standby is there",
            synchronous,
            "without one nothing is acknowledged; start a second node: `holdfast resume`",
        ),
    ];
    for node in shop.cluster.nodes() {
        let member = members.iter().find(|member| member.name == node.name());
        let close = member
            .is_some_and(|member| member.leads() || member.lag.is_some_and(|lag| lag < BEHIND));
        let advice = format!("look into {}", node.process().log().display());
        found.push(Finding::of(
            format!("{} is in step", node.name()),
            close,
            &advice,
        ));
    }
    found
}

async fn clocks(shop: &Shop) -> Vec<Finding> {
    let mut found = Vec::new();
    for node in shop.cluster.nodes() {
        let off = off(node).await;
        let what = match off {
            Some(off) => format!("clock of {}: {off:+.3} s", node.name()),
            None => format!("clock of {}: not known", node.name()),
        };
        let well = off.is_some_and(|off| off.abs() < OFF);
        found.push(Finding::of(
            what,
            well,
            "leases and tokens are counted by clocks: run an NTP client",
        ));
    }
    found
}

/// By how many seconds its clock differs from ours.
async fn off(node: &Node) -> Option<f64> {
    let ask = node.run("postgres", "select extract(epoch from clock_timestamp())");
    let theirs: f64 = tokio::time::timeout(LOOK, ask)
        .await
        .ok()?
        .ok()?
        .parse()
        .ok()?;
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(theirs - ours.as_secs_f64())
}

fn disk(shop: &Shop) -> Finding {
    let folder = shop.cluster.folder();
    let free = statvfs(folder).map_or(0, |disk| disk.blocks_available() * disk.fragment_size());
    let free = free >> 30;
    let what = format!(
        "{free} GiB are free where the data is ({})",
        folder.display()
    );
    Finding::of(
        what,
        free >= ROOM,
        "make room: Postgres stops when the disk is full",
    )
}
