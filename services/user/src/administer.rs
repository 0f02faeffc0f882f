//! Giving roles, disabling and enabling: the acts of administrators, each with its audit row.

use api::id;
use auth::Role;
use db::Tx;
use db::audit::{self, New};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::{Account, Email, Grant, RegistrationNumber};
use crate::error::{Error, Result};
use crate::store::accounts::{self, Row};
use crate::{Tools, profile, sign_out};

/// What an administrator decides of an account; what is missing stays.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    /// Who decides.
    pub actor: Uuid,
    /// Of whom.
    pub id: Uuid,
    /// The version that the decision was made from.
    pub version: i64,
    /// What the account may do from now on.
    pub role: Option<Role>,
    /// Whether it may sign in no longer.
    pub disabled: Option<bool>,
}

/// Carries out a decision, and voids the account's access tokens, which still name its former role.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::LastAdmin`]; [`Error::NotAllowed`] when the actor administers no more.
pub async fn run(tools: &Tools, decision: Decision) -> Result<Account> {
    let act = Uuid::now_v7();
    let decided = tools.db.write("administer an account", move |tx| {
        Box::pin(async move { decide(tx, act, decision).await })
    });
    let decided = decided.await?;
    profile::forget(tools, decision.id).await;
    tools.vault.open(&decided)
}

/// Which accounts are wanted.
#[derive(Clone)]
pub struct Wanted {
    /// Those with this role.
    pub role: Option<Role>,
    /// The one with this email.
    pub email: Option<Email>,
    /// The one with this registration number.
    pub number: Option<RegistrationNumber>,
    /// Those behind this one.
    pub after: Option<Uuid>,
    /// How many.
    pub rows: i64,
}

/// Lists the accounts that are wanted, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tools: &Tools, wanted: Wanted) -> Result<Vec<Account>> {
    let hash = wanted
        .email
        .as_ref()
        .map(|email| tools.vault.email_hash(email));
    let found = tools.db.read("accounts: list", move |tx| {
        let wanted = wanted.clone();
        Box::pin(async move {
            let known = match (&hash, wanted.number) {
                (Some(hash), _) => accounts::by_email(tx, hash).await?,
                (None, Some(number)) => accounts::by_number(tx, &number.digits()).await?,
                (None, None) => {
                    let role = wanted.role.map(Role::as_str);
                    return accounts::list(tx, role, wanted.after, wanted.rows).await;
                }
            };
            Ok(known.into_iter().filter(|row| wanted.fits(row)).collect())
        })
    });
    let found: Vec<Row> = found.await?.own();
    found.iter().map(|row| tools.vault.open(row)).collect()
}

impl Wanted {
    /// Whether an account that was found by one thing is all else that is wanted.
    fn fits(&self, row: &Row) -> bool {
        self.role.is_none_or(|role| row.role == role.as_str())
            && self
                .number
                .is_none_or(|number| row.registration_number == number.digits())
            && self.after.is_none_or(|after| row.id < after)
    }
}

async fn decide(tx: &mut Tx, act: Uuid, decision: Decision) -> Result<Row> {
    // All of them, before anything else: of two who take each other's role at once, the second finds it gone.
    let admins = accounts::lock_admins(tx).await?;
    if !admins.contains(&decision.actor) {
        return Err(Error::NotAllowed);
    }
    let row = accounts::lock(tx, decision.id).await?;
    let row = row.ok_or(Error::NotFound("account"))?;
    if row.version != decision.version {
        return Err(Error::Stale);
    }
    let (before, after) = grants(&row, decision)?;
    if admins == [decision.id] && !after.administers() {
        return Err(Error::LastAdmin);
    }
    accounts::grant(tx, row.id, after.role.as_str(), after.disabled).await?;
    if after.disabled {
        sign_out::revoke(tx, row.id).await?;
    } else {
        sign_out::raise(tx, row.id).await?;
    }
    audit::insert(tx, &[kept(act, decision, before, after)]).await?;
    let after = accounts::find(tx, row.id).await?;
    after.ok_or(Error::NotFound("account"))
}

fn grants(row: &Row, decision: Decision) -> Result<(Grant, Grant)> {
    let before = Grant {
        role: row.role.parse().map_err(Error::broken)?,
        disabled: row.disabled,
    };
    let after = Grant {
        role: decision.role.unwrap_or(before.role),
        disabled: decision.disabled.unwrap_or(before.disabled),
    };
    Ok((before, after))
}

/// The act as it is kept: nothing personal, since it is kept for ever.
fn kept(act: Uuid, decision: Decision, before: Grant, after: Grant) -> New {
    let show = |grant: Grant| -> Value {
        json!({ "role": grant.role.as_str(), "disabled": grant.disabled })
    };
    New {
        id: act,
        actor: decision.actor,
        action: "account.administer",
        subject: id::ACCOUNT.write(decision.id),
        before: Some(show(before)),
        after: Some(show(after)),
    }
}
