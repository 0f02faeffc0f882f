//! Callers as handlers ask for them.

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use uuid::Uuid;

use crate::{Refusal, Role, Verifier};

/// An account whose token has been checked. A handler that takes none is open to the public.
///
/// A role above a customer's that may have been taken away counts for nothing: its caller is a customer meanwhile.
/// The [`Verifier`] is found among the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: Uuid,
    /// What it may do.
    pub role: Role,
    /// The session it signed in to.
    pub session: Uuid,
}

/// A caller who may do what support may, as surely as we can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support(pub Caller);

/// A caller who may do what an admin may, as surely as we can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admin(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let verifier = verifier(parts)?;
        let caller = verifier.verify(bearer(parts)?).await?;
        let sure = verifier.follows_revocations();
        let role = if sure { caller.role } else { Role::Customer };
        Ok(Self { role, ..caller })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Support {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        trusted(parts, Role::is_support).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        trusted(parts, Role::is_admin).await.map(Self)
    }
}

/// A caller whose role `reaches` far enough, known not to have been taken away.
async fn trusted(parts: &Parts, reaches: fn(Role) -> bool) -> Result<Caller, Refusal> {
    let verifier = verifier(parts)?;
    let caller = verifier.verify(bearer(parts)?).await?;
    if !reaches(caller.role) {
        return Err(Refusal::NotAllowed);
    }
    if !verifier.follows_revocations() {
        return Err(Refusal::RoleUnsure);
    }
    Ok(caller)
}

fn verifier(parts: &Parts) -> Result<&Verifier, Refusal> {
    parts.extensions.get().ok_or(Refusal::NoKeys)
}

/// The token of `Authorization: Bearer ...`.
fn bearer(parts: &Parts) -> Result<&str, Refusal> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::NoToken)?;
    if values.next().is_some() {
        return Err(Refusal::BadToken);
    }
    let value = value.to_str().map_err(|_| Refusal::BadToken)?;
    let (scheme, token) = value.split_once(' ').ok_or(Refusal::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NoToken);
    }
    Ok(token.trim())
}
