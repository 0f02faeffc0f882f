//! One primary, some replicas: routing, read-your-writes, named transactions, grouped writes, failover-proof pools.
//!
//! [`Db`] is where to begin. A read goes to whoever has got to the caller's token (`route`), a transaction to the primary
//! (`transaction`), its COMMIT in a message of its own that tells what became of it (`commit`). [`Group`] puts the jobs
//! of many callers into one transaction. Nothing here needs a restart after a failover.

mod address;
pub mod audit;
mod commit;
mod ear;
mod error;
mod fault;
pub mod fence;
mod group;
mod meters;
mod migrate;
mod notice;
mod pool;
mod provide;
mod read;
mod route;
mod settings;
mod transaction;
mod tx;

use std::sync::Arc;

use api::token::{self, Seen};
use futures::future::BoxFuture;
use retry::Deadline;
use sqlx::migrate::Migrator;

pub use ear::{Ear, Mouth};
pub use error::{Error, Why};
pub use group::{Group, Limits, Run};
pub use provide::{prepare, provide};
pub use route::{Place, serves};
pub use settings::{BadSettings, Settings};
pub use tx::{Lent, Tx};

use crate::pool::Pool;
use crate::read::From as ReadFrom;
use crate::transaction::Call;

/// One database of ours, with the copies of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pool: Arc<Pool>,
}

impl Db {
    /// Stands ready for the database of `settings`, without asking whether it is there. An address that cannot be read
    /// is never reached; [`Settings::check`] tells of it.
    pub fn connect(settings: Settings) -> Self {
        Self {
            pool: Arc::new(Pool::new(settings)),
        }
    }

    /// Whether this instance has connected once. Asks for a connection if not.
    pub async fn ready(&self) -> bool {
        for address in self.pool.readers() {
            if self.pool.known() {
                break;
            }
            let soon = address.soon(Deadline::current());
            if let Ok(connection) = address.acquire(soon).await {
                connection.put_back();
            }
        }
        self.pool.known()
    }

    /// Allows `most` connections to each address from now on, or as many as [`Settings::connections`] says. None in use is
    /// ended.
    pub fn allow(&self, most: Option<u32>) {
        self.pool.allow(most);
    }

    /// Brings the schema up to date. Several instances may do so at once.
    ///
    /// # Errors
    /// When no primary was reached within `deadline`, or a migration failed.
    pub async fn migrate(&self, migrator: &Migrator, deadline: Deadline) -> Result<(), Error> {
        migrate::run(&self.pool, migrator, deadline).await
    }

    /// Reads from whoever has got to the caller's token: a replica, or else the primary.
    ///
    /// # Errors
    /// [`Error::NotYetConsistent`] when nobody got there within the deadline, and what a statement of `work` met.
    pub async fn read<'env, T, F>(&self, name: &'static str, work: F) -> Result<Seen<T>, Error>
    where
        T: Send,
        F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, Error>> + Send + Sync,
    {
        Box::pin(read::run(&self.pool, name, ReadFrom::Anybody, work)).await
    }

    /// Reads from the primary.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_primary<'env, T, F>(
        &self,
        name: &'static str,
        work: F,
    ) -> Result<Seen<T>, Error>
    where
        T: Send,
        F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, Error>> + Send + Sync,
    {
        Box::pin(read::run(&self.pool, name, ReadFrom::Primary, work)).await
    }

    /// Runs `work` in one transaction: all of it is kept, or none. Its answer follows a commit, and raises the
    /// caller's token. An `Err` of `work` takes everything back.
    ///
    /// # Errors
    /// What `work` answers; [`Error::Unknown`] when COMMIT was sent and no clean answer came.
    pub async fn write<'env, T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        T: Send,
        E: From<Error> + Send,
        F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, E>> + Send + Sync,
    {
        self.transact(name, false, work).await
    }

    /// The same for work that begins by writing its key: also run again after an unknown commit. Its answer follows a
    /// commit that waited for the standby, also when it found the key and wrote nothing.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn keyed<'env, T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        T: Send,
        E: From<Error> + Send,
        F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, E>> + Send + Sync,
    {
        self.transact(name, true, work).await
    }

    /// Opens a channel of hints, on one connection of its own: all instances that open it hear what any of them says.
    /// Hints may be lost. Must be called within a runtime.
    pub fn channel(&self, name: &'static str) -> (Mouth, Ear) {
        ear::open(self.pool.clone(), name)
    }

    async fn transact<'env, T, E, F>(
        &self,
        name: &'static str,
        keyed: bool,
        work: F,
    ) -> Result<T, E>
    where
        T: Send,
        E: From<Error> + Send,
        F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, E>> + Send + Sync,
    {
        let call = Call {
            name,
            keyed,
            deadline: Deadline::current(),
        };
        // Boxed here and in the reads, to keep small what every handler of every service is made of.
        let ran = Box::pin(transaction::run(&self.pool, call, work));
        let (value, seen) = ran.await?;
        token::saw(seen);
        Ok(value)
    }
}
