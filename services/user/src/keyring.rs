//! The keys that this instance signs with, and those it publishes.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use auth::{Signer, jwks};
use db::{Db, Tx};
use time::OffsetDateTime;

use crate::domain::rotation::{self, Times};
use crate::error::{Error, Result};
use crate::store::signing_keys::{self, Row};
use crate::vault::Vault;

/// How often each instance looks for keys that another one made, or makes the next itself.
pub const EVERY: Duration = Duration::from_secs(30);

/// The keys that this instance signs with, and those it publishes.
pub struct Keyring {
    db: Db,
    vault: Arc<Vault>,
    /// How long a key signs.
    life: Duration,
    held: ArcSwap<Vec<Key>>,
}

struct Key {
    active_from: OffsetDateTime,
    signer: Arc<Signer>,
}

impl Keyring {
    /// Holds no keys yet: they are fetched, or made, when first needed.
    pub fn new(db: Db, vault: Arc<Vault>, life: Duration) -> Self {
        Self {
            db,
            vault,
            life,
            held: ArcSwap::default(),
        }
    }

    /// Whether there is a key to sign with.
    pub fn is_ready(&self) -> bool {
        !self.held.load().is_empty()
    }

    /// The key that signs now.
    ///
    /// # Errors
    /// When there is none here yet and the database does not answer.
    pub async fn signer(&self) -> Result<Arc<Signer>> {
        if !self.is_ready() {
            self.refresh().await?;
        }
        let held = self.held.load();
        let now = OffsetDateTime::now_utc();
        // The first key of all signs at once; a clock that is slow by a second must not find it too young.
        let key = rotation::signs(&held, now, |key| key.active_from).or(held.first());
        let key = key.ok_or_else(|| Error::broken("a refresh left no signing key"))?;
        Ok(Arc::clone(&key.signer))
    }

    /// The public halves of all keys that may have signed a token that still holds, or will soon sign.
    ///
    /// # Errors
    /// As [`Self::signer`].
    pub async fn jwks(&self) -> Result<String> {
        if !self.is_ready() {
            self.refresh().await?;
        }
        Ok(jwks(self.held.load().iter().map(|key| &*key.signer)))
    }

    /// Fetches what other instances made; makes the next key when its time has come, and drops those that are spent.
    ///
    /// # Errors
    /// When the database does not answer, or a key does not open under this master key; the keys before stay.
    pub async fn refresh(&self) -> Result<()> {
        let (rows, now) = self.look().await?;
        let life = self.life;
        let rows = if is_settled(&rows, now, life) {
            rows
        } else {
            self.rotate().await?
        };
        let keys: Result<Vec<Key>> = rows.iter().map(|row| self.open(row)).collect();
        self.held.store(Arc::new(keys?));
        Ok(())
    }

    async fn look(&self) -> Result<(Vec<Row>, OffsetDateTime)> {
        let found = self.db.read_primary("signing keys: look", |tx| {
            Box::pin(
                async move { Ok((signing_keys::list(tx).await?, signing_keys::now(tx).await?)) },
            )
        });
        Ok(found.await?.value)
    }

    async fn rotate(&self) -> Result<Vec<Row>> {
        let life = self.life;
        let rotated = self.db.write("signing keys: rotate", move |tx| {
            let vault = Arc::clone(&self.vault);
            Box::pin(async move { Ok::<_, Error>(rotate(tx, &vault, life).await?) })
        });
        rotated.await
    }

    fn open(&self, row: &Row) -> Result<Key> {
        let pkcs8 = self.vault.sealer().open(&row.sealed, &place(&row.kid))?;
        let signer = Signer::from_pkcs8(&pkcs8).map_err(Error::broken)?;
        Ok(Key {
            active_from: row.active_from,
            signer: Arc::new(signer),
        })
    }
}

/// Whether there is nothing to make and nothing to drop.
fn is_settled(rows: &[Row], now: OffsetDateTime, life: Duration) -> bool {
    let newest = rows.iter().map(|row| row.active_from).max();
    let spent = rows
        .iter()
        .skip(1)
        .any(|row| row.active_from + rotation::TRAIL <= now);
    rotation::next(Times { now, newest }, life).is_none() && !spent
}

async fn rotate(tx: &mut Tx, vault: &Vault, life: Duration) -> Result<Vec<Row>, db::Error> {
    signing_keys::lock(tx).await?;
    signing_keys::prune(tx, rotation::TRAIL).await?;
    let mut rows = signing_keys::list(tx).await?;
    let now = signing_keys::now(tx).await?;
    let newest = rows.iter().map(|row| row.active_from).max();
    if let Some(active_from) = rotation::next(Times { now, newest }, life) {
        let key = make(vault, active_from);
        signing_keys::insert(tx, &key).await?;
        tracing::info!(key.id = key.kid, %active_from, "made a signing key");
        rows.push(key);
    }
    Ok(rows)
}

fn make(vault: &Vault, active_from: OffsetDateTime) -> Row {
    let (signer, pkcs8) = Signer::generate();
    Row {
        kid: signer.kid().to_owned(),
        sealed: vault.sealer().seal(&pkcs8, &place(signer.kid())),
        active_from,
    }
}

fn place(kid: &str) -> Vec<u8> {
    format!("signing key {kid}").into_bytes()
}
