//! What every piece of work in this service has at hand.

use std::sync::Arc;
use std::time::Duration;

use cache::{Bounds, Cache, Redis};
use db::{Db, Group};

use crate::domain::wallet::{Charge, Charged, NoRefund, Refund, Refunded, TopUp, ToppedUp};
use crate::keyring::Keyring;
use crate::passwords::Passwords;
use crate::store::accounts::Row;
use crate::vault::Vault;
use crate::{Config, charge, refund, top_up};

/// How many profiles one instance remembers.
const PROFILES: u64 = 10_000;

/// What every piece of work in this service has at hand.
pub struct Tools {
    /// The user database.
    pub db: Db,
    /// Accounts, sealed as they are kept.
    pub profiles: Cache<Row>,
    /// What seals and opens personal columns.
    pub vault: Arc<Vault>,
    /// What hashes passwords.
    pub passwords: Passwords,
    /// What signs access tokens.
    pub keyring: Keyring,
    /// How long a session lasts without being renewed.
    pub session_life: Duration,
    /// Takes the money of orders.
    pub charges: Group<Charge, Charged>,
    /// Gives money back.
    pub refunds: Group<Refund, Result<Refunded, NoRefund>>,
    /// Puts money into wallets.
    pub top_ups: Group<TopUp, ToppedUp>,
    /// The shop's one currency, ISO 4217.
    pub currency: String,
}

impl Tools {
    /// Lays everything out. Nothing is asked of the database yet.
    pub fn new(config: Config, redis: &Redis) -> Self {
        let db = Db::connect(config.database);
        let vault = Arc::new(Vault::new(&config.master_key));
        Self {
            profiles: Cache::new(redis, "profiles", Bounds::entries(PROFILES)),
            passwords: Passwords::new(config.password_checks, config.password_queue),
            keyring: Keyring::new(db.clone(), Arc::clone(&vault), config.signing_key_life),
            vault,
            session_life: config.session_life,
            charges: Group::start(&db, "charge", charge::together),
            refunds: Group::start(&db, "refund", refund::together),
            top_ups: Group::start(&db, "top_up", top_up::together),
            db,
            currency: config.currency,
        }
    }
}
