//! A service by name becomes a balanced channel.
//!
//! A [`Directory`] says who is there; [`channel()`] gives tonic's clients something to call. A request goes to the next
//! instance that is connected; where nothing could be sent it moves on within the same call. What was sent is sent
//! again only through [`Channel::retrying`].

mod attempt;
mod broken;
mod channel;
mod connect;
mod directory;
mod headers;
mod link;
mod links;

pub use channel::{Channel, Settings, channel};
pub use directory::{Directory, Fixed, Instance};
pub use retry::sent;
