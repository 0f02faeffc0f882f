//! The wire: every RPC reads, carries out, writes. Nothing is decided here.

pub mod audit;
pub mod backups;
pub mod faults;
pub mod keda;
pub mod locks;
pub mod registry;
pub mod resources;
pub mod scaling;

use api::{error, id};
use tonic::Status;
use uuid::Uuid;

fn read_actor(text: &str) -> Result<Uuid, Status> {
    id::ACCOUNT
        .read(text)
        .map_err(|bad| error::invalid("actor_id", bad.to_string()))
}
