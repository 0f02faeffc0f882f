//! How often one caller may ask: counted over all gateways while Redis is there, by each gateway alone while it is not.

mod alone;
mod lease;
mod shared;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue};
use cache::Redis;
use chassis::Allowance;
use moka::future::Cache;
use uuid::Uuid;

use alone::Alone;
use lease::Lease;
use shared::Shared;

use crate::client::Client;

/// How many callers are kept in mind at once; the least active are forgotten, and asked of Redis again.
const CALLERS: u64 = 100_000;
/// After how long a caller that does not ask is forgotten.
const IDLE: Duration = Duration::from_mins(1);

/// All classes, in the order in which their counts stand.
const CLASSES: [Class; 3] = [Class::Address, Class::Account, Class::SignIn];

/// Who is counted, and against which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    /// Callers without an account, by their address.
    Address,
    /// Accounts, wherever they call from.
    Account,
    /// Tries at a password, by address.
    SignIn,
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// Whoever calls from there.
    Client(Client),
    /// The account of this id.
    Account(Uuid),
}

/// How many requests are allowed in a span of time; all of them may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    /// How many.
    pub(crate) requests: NonZeroU32,
    /// In which span.
    pub(crate) per: Duration,
}

/// The limits of each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quotas {
    /// See [`Class::Address`].
    pub(crate) address: Quota,
    /// See [`Class::Account`].
    pub(crate) account: Quota,
    /// See [`Class::SignIn`].
    pub(crate) sign_in: Quota,
}

/// Counts callers.
pub(crate) struct Limits {
    quotas: RwLock<Quotas>,
    shared: Option<Shared>,
    leases: Cache<(Class, Who), Arc<Lease>>,
    alone: [Alone; 3],
}

/// Whether one request is let through, and what the caller is told of its limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    quota: Quota,
    class: Class,
    tally: Tally,
}

/// What a counter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How many requests are granted.
    granted: u32,
    /// How many more would be, right now.
    remaining: u32,
    /// How long until another one is granted, where none was; else until all are there again.
    wait: Duration,
}

impl Class {
    fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Account => "account",
            Self::SignIn => "sign-in",
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(client) => client.fmt(f),
            Self::Account(account) => account.fmt(f),
        }
    }
}

impl Quota {
    /// How much time one request costs.
    fn interval(self) -> Duration {
        self.per / self.requests.get()
    }

    /// How many requests are fetched at once: a tenth of what a second allows, so that what goes to waste is little.
    fn batch(self) -> u32 {
        let a_second = Duration::from_secs(1).as_nanos() / self.interval().as_nanos().max(1);
        u32::try_from(a_second / 10)
            .unwrap_or(u32::MAX)
            .clamp(1, 100)
    }
}

impl Limits {
    /// Counts by `quotas`, together with all who use the same Redis.
    pub(crate) fn new(quotas: Quotas, redis: Option<&Redis>) -> Self {
        Self {
            quotas: RwLock::new(quotas),
            shared: redis.map(|redis| Shared::new(redis.clone())),
            leases: Cache::builder()
                .max_capacity(CALLERS)
                .time_to_idle(IDLE)
                .build(),
            alone: CLASSES.map(|class| Alone::new(quotas.of(class))),
        }
    }

    /// Counts by `quotas` from now on. What was granted ahead of time is void.
    pub(crate) fn change(&self, quotas: Quotas) {
        let mut now = self.quotas.write().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *now, quotas) == quotas {
            return;
        }
        for class in CLASSES {
            self.alone[class as usize].change(quotas.of(class));
        }
        self.leases.invalidate_all();
    }

    fn quota(&self, class: Class) -> Quota {
        let quotas = self.quotas.read().unwrap_or_else(PoisonError::into_inner);
        quotas.of(class)
    }

    /// Counts one request of `who`.
    pub(crate) async fn check(&self, class: Class, who: Who) -> Verdict {
        let quota = self.quota(class);
        let lease = self
            .leases
            .get_with((class, who), async { Arc::default() })
            .await;
        let tally = match lease.draw(Instant::now()) {
            Some(tally) => tally,
            None => self.fetch(class, who, &lease).await,
        };
        if tally.granted == 0 {
            metrics::counter!("gateway_rate_limited_total", "class" => class.name()).increment(1);
        }
        Verdict {
            quota,
            class,
            tally,
        }
    }

    /// Fetches some more requests, of which one is used at once.
    async fn fetch(&self, class: Class, who: Who, lease: &Lease) -> Tally {
        let (quota, who) = (self.quota(class), who.to_string());
        if let Some(shared) = &self.shared
            && let Ok(tally) = shared.take(class, &who, quota, quota.batch()).await
        {
            return lease.fill(tally, Instant::now());
        }
        self.alone[class as usize].take(&who)
    }

    /// Forgets the local counts of callers that were not seen for long. To be called now and then.
    pub(crate) fn sweep(&self) {
        for alone in &self.alone {
            alone.sweep();
        }
    }
}

impl Quotas {
    /// These, where operators say nothing else.
    pub(crate) fn or_said(self, said: &Allowance) -> Self {
        let minutely = |own: Quota, requests: Option<u32>| {
            let requests = requests.and_then(NonZeroU32::new);
            let per = Duration::from_mins(1);
            requests.map_or(own, |requests| Quota { requests, per })
        };
        Self {
            address: minutely(self.address, said.rate_address),
            account: minutely(self.account, said.rate_account),
            sign_in: minutely(self.sign_in, said.rate_sign_in),
        }
    }

    fn of(&self, class: Class) -> Quota {
        match class {
            Class::Address => self.address,
            Class::Account => self.account,
            Class::SignIn => self.sign_in,
        }
    }
}

impl Verdict {
    /// Whether the request is let through.
    pub(crate) fn allowed(&self) -> bool {
        self.tally.granted > 0
    }

    /// How long to wait before the next try.
    pub(crate) fn wait(&self) -> Duration {
        self.tally.wait
    }

    /// Tells the caller, in the words of draft-ietf-httpapi-ratelimit-headers.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let (name, quota) = (self.class.name(), self.quota);
        let policy = format!(
            "\"{name}\";q={};w={}",
            quota.requests,
            quota.per.as_secs().max(1)
        );
        let left = format!(
            "\"{name}\";r={};t={}",
            self.tally.remaining,
            self.tally.wait.as_millis().div_ceil(1000)
        );
        for (header, text) in [("ratelimit-policy", policy), ("ratelimit", left)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(header, value);
            }
        }
    }
}
