//! Backups of a cluster by pgBackRest: base backups, the archive of its log, and servers restored from both.

mod archive;
mod commits;
mod config;
mod info;
mod restored;
mod store;
mod tool;

pub use self::archive::Archive;
pub use self::config::PUSHED_AFTER;
pub use self::info::{Backup, Extent};
pub use self::restored::{Restored, Until};
pub(crate) use self::store::Store;
use crate::{Cluster, Error, Node};

/// The backups of a running cluster.
#[derive(Debug, Clone, Copy)]
pub struct Backups<'a> {
    cluster: &'a Cluster,
    store: &'a Store,
}

impl<'a> Backups<'a> {
    pub(crate) fn of(cluster: &'a Cluster, store: &'a Store) -> Self {
        Self { cluster, store }
    }

    /// Where they are kept.
    pub fn folder(&self) -> &'a std::path::Path {
        self.store.folder()
    }

    /// Makes the repository, where it is not there yet, and tells it of this cluster.
    ///
    /// # Errors
    /// When nobody leads, or it cannot be written.
    pub async fn prepare(&self) -> Result<(), Error> {
        let leader = self.cluster.leader().await?;
        let made = self.store.on(leader, &["stanza-create"]).await;
        let Err(error) = made else { return Ok(()) };
        // It was made for a cluster that was here before, or for an older Postgres.
        let upgraded = self.store.on(leader, &["stanza-upgrade"]).await;
        upgraded.map(drop).map_err(|_| error)
    }

    /// Takes a backup of the node that leads, and forgets those that are older than what is kept.
    ///
    /// # Errors
    /// When nobody leads, the repository cannot be written, or another backup is under way.
    pub async fn take(&self, extent: Extent) -> Result<Backup, Error> {
        self.prepare().await?;
        let leader = self.cluster.leader().await?;
        let wanted = format!("--type={}", extent.word());
        self.store.on(leader, &[&wanted, "backup"]).await?;
        let newest = self.list().await?.pop();
        newest.ok_or_else(|| Error::asked("pgBackRest", &"the backup is not in its list"))
    }

    /// The backups that are there, the newest last.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub async fn list(&self) -> Result<Vec<Backup>, Error> {
        Ok(info::backups(&self.info().await?))
    }

    /// The newest file of the log that is in the archive.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn newest_archived(&self) -> Result<Option<String>, Error> {
        Ok(info::newest_archived(&self.info().await?))
    }

    async fn info(&self) -> Result<serde_json::Value, Error> {
        // Any node's settings name the repository.
        let node = self.any()?;
        let told = self.store.on(node, &["info", "--output=json"]).await?;
        serde_json::from_str(&told).map_err(|error| Error::asked("pgBackRest", &error))
    }

    fn any(&self) -> Result<&'a Node, Error> {
        let first = self.cluster.nodes().first().map(|node| &**node);
        first.ok_or_else(|| Error::asked("pgBackRest", &"no node is known"))
    }
}
