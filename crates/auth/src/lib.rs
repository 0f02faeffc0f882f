//! Who is calling, proven: tokens, keys, roles, the caller extractors.
//!
//! The user service signs access tokens with a [`Signer`] and seals what is secret or personal with a [`Sealer`]. Gateways
//! hold a [`Verifier`], keep it supplied with keys and revocations, and put it into the extensions of every request; a
//! handler that takes a [`Caller`] then runs only for an account whose token has been checked.

mod caller;
mod claims;
mod compare;
mod followed;
mod master;
mod refresh;
mod refusal;
mod role;
mod sealer;
mod signer;
mod verifier;

use std::time::Duration;

pub use caller::{Admin, Caller, Support};
pub use claims::Claims;
pub use compare::same;
pub use master::{BadMasterKey, Index, MasterKey};
pub use refresh::RefreshToken;
pub use refusal::Refusal;
pub use role::{BadRole, Role};
pub use sealer::{Sealer, Unsealable};
pub use signer::{BadKey, Signer, jwks};
pub use verifier::{BadKeys, Verifier};

/// How long an access token holds.
pub const ACCESS_LIFE: Duration = Duration::from_mins(15);
/// How far two of our clocks may be apart.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5);
/// How often a gateway asks for the public keys. A new key is published for longer than this before it signs.
pub const KEYS_EVERY: Duration = Duration::from_mins(1);
/// How often a gateway asks for revocations.
pub const REVOCATIONS_EVERY: Duration = Duration::from_secs(1);
/// How old the last answer about revocations may be when something needs support or admin.
pub const REVOCATIONS_FRESH: Duration = Duration::from_secs(5);
