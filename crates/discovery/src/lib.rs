//! A service by name becomes a balanced channel.
//!
//! A [`Directory`] says who is there: a list, DNS, etcd or Kubernetes ([`Source`]). [`channel()`] gives tonic's clients something to call. A request goes to the instance
//! whose turn it is, or to one that is clearly less busy (`choice`); where nothing could be sent it moves on within the
//! same call. One that fails where others do not is ejected, and comes back by one good call (`standing`). What was sent
//! is sent again only where the request itself says how often it may be (`retry::reads`, `retry::keyed`).

mod attempt;
mod broken;
mod channel;
mod choice;
mod connect;
mod directory;
mod dns;
mod endpoint;
mod endpoints;
pub mod etcd;
mod flight;
mod followed;
mod headers;
pub mod kubernetes;
mod line;
mod load;
mod meters;
mod network;
mod opinions;
pub mod overlay;
pub mod pulse;
mod round;
mod settings;
#[cfg(test)]
mod simulation;
mod source;
mod standing;
mod tally;
pub mod tls;

pub use channel::{Channel, channel};
pub use directory::{Directory, Fixed, Instance};
pub use etcd::Etcd;
pub use network::{Network, Stream};
pub use opinions::{Opinion, Opinions};
pub use retry::sent;
pub use settings::{Balance, Settings};
pub use source::{Bad, Source};
