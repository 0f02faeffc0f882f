//! What an access token says.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{ACCESS_LIFE, Role};

/// Who signs our tokens, as `iss` says it.
pub(crate) const ISSUER: &str = "holdfast";
/// Whom our tokens are for, as `aud` says it.
pub(crate) const AUDIENCE: &str = "holdfast";
/// The `typ` of our access tokens (RFC 9068), so that nothing else we may sign one day passes for one.
pub(crate) const TYPE: &str = "at+jwt";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The account it speaks for.
    #[serde(rename = "sub")]
    pub account: Uuid,
    /// What the account may do.
    pub role: Role,
    /// The session it belongs to.
    #[serde(rename = "sid")]
    pub session: Uuid,
    /// The account's session epoch when it was signed; void once that has risen.
    pub epoch: i64,
    /// Who signed it.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// When it was signed, in seconds since 1970.
    pub iat: i64,
    /// Not valid before, in seconds since 1970.
    pub nbf: i64,
    /// Not valid after, in seconds since 1970.
    pub exp: i64,
}

impl Claims {
    /// Says that `account` is `role` from `now` on, for as long as an access token holds.
    pub fn new(account: Uuid, role: Role, session: Uuid, epoch: i64, now: OffsetDateTime) -> Self {
        let now = now.unix_timestamp();
        Self {
            account,
            role,
            session,
            epoch,
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now,
            nbf: now,
            exp: now + ACCESS_LIFE.as_secs().cast_signed(),
        }
    }
}
