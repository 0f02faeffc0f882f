//! What a session is given: an access token, and the refresh token that continues it.

use auth::{Claims, RefreshToken, Role};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Tools;
use crate::error::{Error, Result};

/// What a session is given.
pub struct Tokens {
    /// The account it speaks for.
    pub account: Uuid,
    /// Signed, and good for [`auth::ACCESS_LIFE`].
    pub access: String,
    /// Good for one trade.
    pub refresh: RefreshToken,
}

/// For whom tokens are issued.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The account.
    pub account: Uuid,
    /// What it may do.
    pub role: String,
    /// Its epoch.
    pub epoch: i64,
}

/// Issues tokens for the session that `refresh` continues.
///
/// # Errors
/// When there is no key to sign with.
pub async fn issue(tools: &Tools, holder: Holder, refresh: RefreshToken) -> Result<Tokens> {
    let Holder {
        account,
        role,
        epoch,
    } = holder;
    let role: Role = role.parse().map_err(Error::broken)?;
    let claims = Claims::new(
        account,
        role,
        refresh.session(),
        epoch,
        OffsetDateTime::now_utc(),
    );
    let access = tools.keyring.signer().await?.sign(&claims);
    Ok(Tokens {
        account,
        access,
        refresh,
    })
}
