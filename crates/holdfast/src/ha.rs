//! The highly available shop on one machine: every part of it at least twice, as processes that can be broken one by one.

mod act;
mod answer;
mod asking;
pub mod backup;
mod control;
mod doctor;
pub mod drill;
mod follow;
mod ledger;
mod open;
mod parts;
mod scale;
mod scratch;
mod shop;
mod status;
mod watched;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::interval;

pub use act::Deed;
pub use backup::Errand;
pub use control::{Control, ask, ask_and_wait, listen};
pub use doctor::without_a_shop;
pub use follow::follow;
pub use ledger::Row as FaultRow;
pub use open::Wanted;
pub use parts::{SETTLED, until};
pub use scratch::{Given, RATES, Scratch, TOKEN};
pub use shop::Shop;

use crate::home::Home;
use crate::say::{during, line};
use crate::signals::Signals;
use crate::{certs, demo, up};

/// How often the table is drawn anew.
const ROUND: Duration = Duration::from_secs(1);

/// Opens the shop of `home` on `port` and the one after it, an HAProxy each, and keeps it open until Ctrl-C or SIGTERM. Its
/// backups are kept in `backups`, or in its folder; there are as many of each service as control wants, where that is to be
/// followed.
///
/// # Errors
/// When something that it needs is missing, a port is taken, or the shop is open already.
pub async fn run(
    home: &Home,
    port: u16,
    backups: Option<&Path>,
    follows_scaling: bool,
) -> anyhow::Result<()> {
    let url = format!("https://localhost:{port}");
    let tenancy = home.move_in(&url)?;
    up::free(port)?;
    up::free(port + 1)?;
    line("Opening the shop, highly available");
    let shop = Arc::new(open::whole(home, port, backups).await?);
    let door = home.door(&url)?;
    let _ = during("demo customer", demo::customer(&door, up::CURRENCY)).await?;
    let control = control::listen(home, shop.clone())?;
    let backups = backup::keep(shop.clone());
    let scaling = follows_scaling.then(|| follow(shop.clone()));
    let signals = Signals::listen()?;
    line(welcome(home, &url, port + 1));
    stay_open(signals, &shop).await?;
    line("Closing the shop");
    backups.abort();
    if let Some(scaling) = scaling {
        scaling.abort();
    }
    control.end();
    shop.close().await;
    line("Closed; the data stays");
    drop(tenancy);
    Ok(())
}

/// Stays open until it is asked to end; meanwhile shows how every part is.
async fn stay_open(mut signals: Signals, shop: &Shop) -> anyhow::Result<()> {
    let mut rounds = interval(ROUND);
    let table = ProgressBar::new_spinner();
    table.set_style(ProgressStyle::with_template("{msg}")?);
    loop {
        tokio::select! {
            () = signals.heard() => break,
            _ = rounds.tick() => {
                shop.renew_certs().await;
                table.set_message(status::table(shop).await);
                table.tick();
            }
        }
    }
    table.finish_and_clear();
    Ok(())
}

fn welcome(home: &Home, url: &str, second: u16) -> String {
    format!(
        "
The shop is open: {url} and https://localhost:{second}, through an HAProxy each.
Clients need the authority behind its certificate: curl --cacert {authority}

From another terminal:

  holdfast status                     how every part is
  holdfast kill pg-1                  kill a part, which is started again (--stay: it stays dead until `resume`)
  holdfast pause order-1              freeze it; `holdfast resume order-1` lets it go on
  holdfast kill redis-1               the cache goes on with redis-2; sentinel-1 to 3 see to that
  holdfast cut pg-2                   nobody reaches it, and it reaches nobody
  holdfast slow user-1 --by 500ms     every answer comes later
  holdfast switchover                 another database node leads
  holdfast scale order 3              three of a service; 1 to 8
  holdfast doctor                     what is wrong, and what to do
  holdfast backup verify              restore the newest backup, and compare it
  holdfast restore --to-time T        all as it was at T, in a server beside the shop

`pg-1.postgres` and `pg-1.patroni` are the halves of pg-1. `cargo run --bin holdfast --` stands for `holdfast` here.
",
        authority = certs::authority_of(&home.certs()).display(),
    )
}
