//! Client of the lock service: guard, keep-alive, fencing token.
//!
//! [`Locks`] makes an [`Owner`], an owner acquires a [`Guard`], and a guard carries a [`Fence`]. The guard renews its lease by
//! itself, says at once when it has lost the lock, and releases it when it is dropped.
//!
//! No guard keeps a paused process from writing after its lease is over; the resource does, by the fence: whoever gets a
//! lock shows its token there before it reads, and no write with an earlier token is taken after that. `db::fence` has the
//! statements.
//!
//! ```no_run
//! # async fn example(channel: discovery::Channel) -> Result<(), Box<dyn std::error::Error>> {
//! let locks = lock::Locks::over(channel);
//! let guard = locks.owner("scaler").acquire("scaler.leader", lock::Terms::default()).await?;
//! let token = guard.fence().token();
//! guard.run(async move { /* show the token to the resource, read it, write with the token */ }).await?;
//! # let _ = token;
//! # Ok(())
//! # }
//! ```

mod acquire;
mod error;
mod guard;
mod keep;
mod lease;
mod locks;
mod terms;

pub use error::{Error, Lost};
pub use guard::{Fence, Guard};
pub use locks::{Locks, Owner};
pub use terms::{Mode, Terms};
