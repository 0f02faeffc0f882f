//! Checking access tokens.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::Expiry;
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::claims::{AUDIENCE, ISSUER, TYPE};
use crate::followed::Followed;
use crate::{CLOCK_SKEW, Caller, Claims, Refusal};

/// The longest token that is looked at; ours have about 500 bytes.
const LONGEST: usize = 2_048;
/// How many verified tokens are remembered; the least used give way.
const REMEMBERED: u64 = 100_000;

/// Checks access tokens against the published keys and the revocations it was told of.
///
/// A token that was found good is remembered by its hash until it expires, since checking a signature costs more than all
/// else that a gateway does. Clones share everything.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    rules: Validation,
    keys: ArcSwap<Keys>,
    remembered: Cache<[u8; 32], Remembered>,
    followed: Followed,
}

#[derive(Default)]
struct Keys {
    /// Rises when a key is taken away, so that nothing it signed is remembered past that.
    generation: u64,
    by_kid: HashMap<String, DecodingKey>,
}

#[derive(Clone, Copy)]
struct Remembered {
    caller: Caller,
    epoch: i64,
    exp: i64,
    generation: u64,
}

/// Says that a text is no key set, or holds no key of ours.
#[derive(Debug, thiserror::Error)]
#[error("not a key set with Ed25519 keys")]
pub struct BadKeys(#[source] Option<serde_json::Error>);

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// Knows no keys yet, and so lets nobody through.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            rules: rules(),
            keys: ArcSwap::default(),
            remembered: Cache::builder()
                .max_capacity(REMEMBERED)
                .expire_after(UntilExpired)
                .build(),
            followed: Followed::default(),
        }))
    }

    /// Takes a JSON Web Key Set in place of the one before.
    ///
    /// # Errors
    /// When `jwks` is none, or holds no Ed25519 key; the keys before stay.
    pub fn replace_keys(&self, jwks: &str) -> Result<(), BadKeys> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(|error| BadKeys(Some(error)))?;
        let by_kid: HashMap<_, _> = set.keys.iter().filter_map(ours).collect();
        if by_kid.is_empty() {
            return Err(BadKeys(None));
        }
        self.0.keys.rcu(|before| Keys {
            generation: before.generation + u64::from(before.loses_to(&by_kid)),
            by_kid: by_kid.clone(),
        });
        Ok(())
    }

    /// Whether it has keys at all.
    pub fn has_keys(&self) -> bool {
        !self.0.keys.load().by_kid.is_empty()
    }

    /// Voids the tokens of `account` that were signed below `epoch`. Harmless to repeat, in any order.
    pub fn revoke(&self, account: Uuid, epoch: i64) {
        self.0.followed.revoke(account, epoch);
    }

    /// Says whether revocations are followed: `true` after each answer about them, `false` when they cannot be. Without
    /// another `true` it turns false by itself after [`crate::REVOCATIONS_FRESH`].
    pub fn trusts_revocations(&self, trusts: bool) {
        self.0.followed.heard(trusts.then(Instant::now));
    }

    /// Says that everything revoked before `moment` is known here: the moment at which the question was sent.
    pub fn followed_until(&self, moment: Instant) {
        self.0.followed.heard(Some(moment));
    }

    /// Whether revocations are known freshly enough to trust a role.
    pub fn follows_revocations(&self) -> bool {
        self.0.followed.is_fresh()
    }

    /// Tells whose `token` it is.
    ///
    /// # Errors
    /// When it is not ours, has expired, is not valid yet, was revoked, or no keys have arrived yet.
    pub async fn verify(&self, token: &str) -> Result<Caller, Refusal> {
        if token.len() > LONGEST {
            return Err(Refusal::BadToken);
        }
        let hash = Sha256::digest(token).into();
        let found = match self.remembered(&hash).await {
            Some(found) => found,
            None => self.check_and_remember(hash, token).await?,
        };
        // Both are asked of remembered tokens too: they may have ended a moment ago.
        if found.has_expired() {
            return Err(Refusal::Expired);
        }
        if self.0.followed.is_void(found.caller.account, found.epoch) {
            return Err(Refusal::Revoked);
        }
        Ok(found.caller)
    }

    async fn remembered(&self, hash: &[u8; 32]) -> Option<Remembered> {
        let found = self.0.remembered.get(hash).await?;
        (found.generation == self.0.keys.load().generation).then_some(found)
    }

    async fn check_and_remember(&self, hash: [u8; 32], token: &str) -> Result<Remembered, Refusal> {
        let found = self.check(token)?;
        self.0.remembered.insert(hash, found).await;
        Ok(found)
    }

    fn check(&self, token: &str) -> Result<Remembered, Refusal> {
        let keys = self.0.keys.load();
        if keys.by_kid.is_empty() {
            return Err(Refusal::NoKeys);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::BadToken)?;
        let key = header.kid.and_then(|kid| keys.by_kid.get(&kid));
        let (Some(key), Some(TYPE)) = (key, header.typ.as_deref()) else {
            return Err(Refusal::BadToken);
        };
        let claims: Claims = jsonwebtoken::decode(token, key, &self.0.rules)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => Refusal::Expired,
                _ => Refusal::BadToken,
            })?
            .claims;
        Ok(Remembered::of(&claims, keys.generation))
    }
}

impl Keys {
    /// Whether one of these keys is missing or another in `after`.
    fn loses_to(&self, after: &HashMap<String, DecodingKey>) -> bool {
        let kept = |(kid, key): (&String, &DecodingKey)| {
            let other = after.get(kid).and_then(|key| key.try_get_as_bytes().ok());
            other.is_some() && other == key.try_get_as_bytes().ok()
        };
        !self.by_kid.iter().all(kept)
    }
}

impl Remembered {
    fn of(claims: &Claims, generation: u64) -> Self {
        Self {
            caller: Caller {
                account: claims.account,
                role: claims.role,
                session: claims.session,
            },
            epoch: claims.epoch,
            exp: claims.exp,
            generation,
        }
    }

    fn ends_in(&self) -> Duration {
        let until = self.exp - OffsetDateTime::now_utc().unix_timestamp();
        Duration::from_secs(until.max(0).cast_unsigned()) + CLOCK_SKEW
    }

    fn has_expired(&self) -> bool {
        let skew = CLOCK_SKEW.as_secs().cast_signed();
        self.exp + skew < OffsetDateTime::now_utc().unix_timestamp()
    }
}

struct UntilExpired;

impl Expiry<[u8; 32], Remembered> for UntilExpired {
    fn expire_after_create(
        &self,
        _: &[u8; 32],
        found: &Remembered,
        _: Instant,
    ) -> Option<Duration> {
        Some(found.ends_in())
    }
}

/// Only what we sign ourselves: one algorithm, one issuer, one audience, and every date present.
fn rules() -> Validation {
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.leeway = CLOCK_SKEW.as_secs();
    rules.validate_nbf = true;
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    rules
}

/// The name and key of `jwk`, when it is one of ours. Others are passed over: a set may hold what a later version reads.
fn ours(jwk: &Jwk) -> Option<(String, DecodingKey)> {
    let AlgorithmParameters::OctetKeyPair(pair) = &jwk.algorithm else {
        return None;
    };
    let key = DecodingKey::from_jwk(jwk).ok()?;
    let fits = pair.curve == EllipticCurve::Ed25519 && key.try_get_as_bytes().ok()?.len() == 32;
    fits.then_some((jwk.common.key_id.clone()?, key))
}
