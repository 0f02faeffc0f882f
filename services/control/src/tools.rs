//! What this service works with.

use db::Db;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Tools {
    /// Where all of it is kept.
    pub db: Db,
}
