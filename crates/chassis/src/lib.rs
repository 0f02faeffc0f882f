//! What every service needs before its first request: settings, TLS, layers, health, drain.
//!
//! A service is a type with [`Service`] on it; its `main.rs` is [`main()`] and its tests are [`start()`]. Settings stand in a
//! table ([`Setting`]) and come out of an [`Env`]. The smallest service there is stands in this crate's `tests/tiny`.

mod admin;
mod allowance;
mod answer;
mod attend;
mod caller;
mod capacity;
mod config;
mod door;
mod env;
mod guest;
mod health;
mod healthcheck;
mod identity;
mod instance;
mod migrate;
mod neighbour;
mod page;
mod program;
mod register;
mod request;
pub mod room;
mod run;
mod running;
mod serve;
mod setting;
mod spelling;
mod stream;
pub mod tls;
mod usage;
mod value;

pub use admin::READY;
pub use allowance::Allowance;
pub use attend::hostname;
pub use config::SETTINGS;
pub use door::Door;
pub use env::{Env, Wrong};
pub use guest::Guest;
pub use instance::Instance;
pub use migrate::{MIGRATE_SETTINGS, Migration, NotMigrated, run as migrate};
pub use page::settings_page;
pub use program::main;
pub use room::{Room, apart};
pub use run::run;
pub use running::{NotStarted, Running, start};
pub use serve::serve;
pub use setting::Setting;
pub use value::Value;

use std::future::Future;
use std::io;

use tonic::service::Routes;

/// A service: what it is set by, what it answers, and what it does beside that.
pub trait Service: Send + Sync + Sized + 'static {
    /// Its settings, beside those that all services share.
    const SETTINGS: &'static [Setting];

    /// The services that call this one. Where services prove themselves by certificates, no other is let in.
    const CALLERS: &'static [&'static str] = &[];

    /// Who is let in beside them, to one thing each. Where nobody proves anything by a certificate there are none.
    const GUESTS: &'static [Guest] = &[];

    /// Called once before the first request: says what the instance needs, and starts what runs beside the requests.
    fn begin(&self, instance: &Instance) {
        let _ = instance;
    }

    /// The room that its requests are let into, where it makes one itself.
    fn room(&self) -> Option<Room> {
        None
    }

    /// What it answers over gRPC. Health and reflection are added to it.
    fn routes(&self) -> Routes {
        Routes::default()
    }

    /// Brings its database up to date, as `asked`, within the deadline around it. A service that keeps no data leaves this
    /// as it is.
    ///
    /// # Errors
    /// When a setting is wrong, or it could not be done.
    fn migrate(
        env: &Env,
        asked: &Migration,
    ) -> impl Future<Output = Result<(), NotMigrated>> + Send {
        let _ = (env, asked);
        std::future::ready(Err(NotMigrated::KeepsNothing))
    }

    /// Answers at `door` until it closes, and then until all is answered. A service that speaks gRPC leaves this as it is.
    ///
    /// # Errors
    /// When the socket breaks.
    fn serve(&self, door: Door) -> impl Future<Output = io::Result<()>> + Send {
        serve(door, self.routes())
    }
}
