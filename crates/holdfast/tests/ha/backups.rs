//! What was lost comes back: backups are taken, restored and compared while orders go on.

mod door;
mod dropped;
mod failing;
mod failover;
mod leader;
mod lost;
mod verified;
