//! Taking a lock away from those who hold it, together with its entry in the audit, or neither.

use api::time;
use db::{Tx, audit};
use serde_json::{Value, json};
use uuid::Uuid;

use super::job::{Job, Woken};
use super::{Desk, Error, turn};
use crate::domain::lock::{Claim, Name};

impl Desk {
    /// Takes the lock called `name` away from all who hold it, and passes it on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nobody holds it.
    pub async fn force(&self, actor: Uuid, name: &Name) -> Result<(), Error> {
        let (act, job) = (Uuid::now_v7(), Job::Look(name.clone()));
        let forced = self.db.write("locks: force", |tx| {
            let job = job.clone();
            Box::pin(async move { force_once(tx, act, actor, &job).await })
        });
        let woken = forced.await?;
        self.wake(woken);
        Ok(())
    }
}

async fn force_once(tx: &mut Tx, act: Uuid, actor: Uuid, job: &Job) -> Result<Vec<Woken>, Error> {
    let (held, woken) = turn::clear(tx, job).await?;
    if held.is_empty() {
        return Err(Error::NotFound);
    }
    let act = audit::New {
        id: act,
        actor,
        action: "lock.release",
        subject: job.name().as_str().to_owned(),
        before: Some(held.iter().map(snapshot).collect()),
        after: None,
    };
    audit::insert(tx, &[act]).await?;
    Ok(woken)
}

/// A holder as the audit shows it.
fn snapshot(claim: &Claim) -> Value {
    json!({
        "owner": claim.owner,
        "token": claim.lease.and_then(|lease| lease.token),
        "granted_at": claim.lease.map(|lease| time::write(lease.granted_at)),
    })
}
