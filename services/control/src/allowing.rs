//! Saying something else: each change together with its entry in the audit, or neither.

use db::{Tx, audit};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::allowance::{Allowance, OutOfRange, SERVICES};
use crate::error::Error;
use crate::store::said::{self, Adjustment, Resource};
use crate::tools::Tools;

/// The heaviest an instance may be.
const HEAVIEST: u32 = 1_000_000;
/// What one weighs of which nothing is said.
const WEIGHT: i32 = 100;

/// Whom something is said of, by whom, and from which version on.
#[derive(Clone, Debug)]
pub struct Target {
    /// Who acts.
    pub actor: Uuid,
    /// The name of the service, or of the instance.
    pub name: String,
    /// The version that the change was made from.
    pub version: i64,
}

/// What is to be said of an instance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Adjust {
    /// How many calls it gets.
    pub weight: Option<u32>,
    /// Whether it gets no new calls.
    pub drained: Option<bool>,
}

/// Says `allowance` of a service.
///
/// # Errors
/// [`Error::OutOfRange`] with every field that is, [`Error::NotFound`], [`Error::Stale`].
pub async fn allow(
    tools: &Tools,
    target: &Target,
    allowance: &Allowance,
) -> Result<Resource, Error> {
    if !SERVICES.contains(&&*target.name) {
        return Err(Error::NotFound("service"));
    }
    let wrong = allowance.wrong_for(&target.name);
    if !wrong.is_empty() {
        return Err(Error::OutOfRange(wrong));
    }
    let changed = tools.db.write("resources: allow", |tx| {
        Box::pin(allow_once(tx, target, allowance))
    });
    let changed = changed.await?;
    tools.said.look();
    Ok(changed)
}

/// Says something of an instance.
///
/// # Errors
/// [`Error::OutOfRange`], [`Error::Stale`].
pub async fn adjust(tools: &Tools, target: &Target, wanted: Adjust) -> Result<Adjustment, Error> {
    if wanted.weight.is_some_and(|weight| weight > HEAVIEST) {
        return Err(Error::OutOfRange(vec![OutOfRange {
            field: "weight".to_owned(),
            allowed: format!("from 0 to {HEAVIEST}"),
        }]));
    }
    let changed = tools.db.write("registry: adjust", |tx| {
        Box::pin(adjust_once(tx, target, wanted))
    });
    let changed = changed.await?;
    tools.said.look();
    Ok(changed)
}

async fn allow_once(
    tx: &mut Tx,
    target: &Target,
    allowance: &Allowance,
) -> Result<Resource, Error> {
    said::change(tx).await?;
    let before = said::resource(tx, &target.name).await?;
    let before = before.ok_or(Error::NotFound("service"))?;
    let after = said::allow(tx, &target.name, target.version, allowance).await?;
    let after = after.ok_or(Error::Stale)?;
    let json = |resource: &Resource| json!(resource.allowance.0);
    keep(tx, target, "resource.update", json(&before), json(&after)).await?;
    Ok(after)
}

async fn adjust_once(tx: &mut Tx, target: &Target, wanted: Adjust) -> Result<Adjustment, Error> {
    // From here on nobody else changes anything that is said: what is read now is what is changed.
    said::change(tx).await?;
    let before = said::adjustment(tx, &target.name).await?;
    let before = before.unwrap_or_else(|| unsaid(&target.name));
    let weight = wanted.weight.and_then(|weight| i32::try_from(weight).ok());
    let after = Adjustment {
        weight: weight.unwrap_or(before.weight),
        drained: wanted.drained.unwrap_or(before.drained),
        version: target.version,
        instance: before.instance.clone(),
    };
    let after = said::adjust(tx, &after).await?.ok_or(Error::Stale)?;
    let json = |one: &Adjustment| json!({ "weight": one.weight, "drained": one.drained });
    keep(tx, target, "instance.adjust", json(&before), json(&after)).await?;
    said::prune(tx).await?;
    Ok(after)
}

/// What is said of an instance of which nothing is.
pub(crate) fn unsaid(instance: &str) -> Adjustment {
    Adjustment {
        instance: instance.to_owned(),
        weight: WEIGHT,
        drained: false,
        version: 1,
    }
}

async fn keep(
    tx: &mut Tx,
    target: &Target,
    action: &'static str,
    before: Value,
    after: Value,
) -> Result<(), Error> {
    let act = audit::New {
        id: Uuid::now_v7(),
        actor: target.actor,
        action,
        subject: target.name.clone(),
        before: Some(before),
        after: Some(after),
    };
    Ok(audit::insert(tx, &[act]).await?)
}
