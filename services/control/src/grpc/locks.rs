//! The wire of locks.

use std::pin::Pin;
use std::time::Duration;

use api::cursor::Page;
use api::id::{ACCOUNT, ACQUISITION};
use api::{control as wire, error, time};
use async_stream::try_stream;
use futures::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::domain::lock::{Asked, Invalid, Mode, Name, Owner};
use crate::locks::job::{Grant, Job, Told, Whose};
use crate::locks::show::Shown;
use crate::locks::{Desk, Error, acquire};

/// Answers `holdfast.control.v1.Locks`.
#[derive(Clone)]
pub struct Locks {
    desk: Desk,
}

impl Locks {
    /// Answers at `desk`.
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

/// Answers that come one after the other.
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl wire::locks_server::Locks for Locks {
    type AcquireStream = Answers<wire::AcquireResponse>;
    type WatchStream = Answers<wire::Lock>;

    async fn acquire(
        &self,
        request: Request<wire::AcquireRequest>,
    ) -> Result<Response<Self::AcquireStream>, Status> {
        let asked = read_asked(&request.into_inner(), self.desk.instance)?;
        let mut acquiring = acquire::begin(&self.desk, asked).await?;
        let answers = try_stream! {
            let (at_once, placed_at) = (acquiring.at_once(), time::write(acquiring.placed_at));
            let grant = at_once.map(write_grant);
            yield wire::AcquireResponse { grant, placed_at: placed_at.clone() };
            if at_once.is_none() {
                let grant = Some(write_grant(acquiring.turn().await?));
                yield wire::AcquireResponse { grant, placed_at };
            }
        };
        Ok(Response::new(Box::pin(answers)))
    }

    async fn renew(
        &self,
        request: Request<wire::RenewRequest>,
    ) -> Result<Response<wire::Grant>, Status> {
        let wire::RenewRequest { name, owner, id } = request.into_inner();
        let renew = Job::Renew(read_whose(&name, &owner, &id)?);
        match self.desk.carry_out(renew).await? {
            Told::Granted(grant) => Ok(Response::new(write_grant(grant))),
            _ => Err(Error::Lost.into()),
        }
    }

    async fn release(
        &self,
        request: Request<wire::ReleaseRequest>,
    ) -> Result<Response<wire::ReleaseResponse>, Status> {
        let wire::ReleaseRequest { name, owner, id } = request.into_inner();
        let release = Job::Release(read_whose(&name, &owner, &id)?);
        let released_at = match self.desk.carry_out(release).await? {
            Told::Released(at) => time::write(at),
            Told::Others => return Err(Error::Others.into()),
            _ => String::new(),
        };
        Ok(Response::new(wire::ReleaseResponse { released_at }))
    }

    async fn get(
        &self,
        request: Request<wire::GetLockRequest>,
    ) -> Result<Response<wire::Lock>, Status> {
        let name = read_name(&request.into_inner().name)?;
        let found = self.desk.find(&name).await?;
        Ok(Response::new(write(found)))
    }

    async fn list(
        &self,
        request: Request<wire::ListLocksRequest>,
    ) -> Result<Response<wire::ListLocksResponse>, Status> {
        let request = request.into_inner();
        let prefix = read_prefix(&request.prefix)?;
        let page = Page::<String>::read(format!("locks {prefix}"), request.page)?;
        let after = page.after().map(String::as_str);
        let found = self.desk.list(prefix, after, page.rows()).await?;
        let (found, next_cursor) = page.cut(found, |lock| lock.name.clone());
        let locks = found.into_iter().map(write).collect();
        Ok(Response::new(wire::ListLocksResponse {
            locks,
            next_cursor,
        }))
    }

    async fn watch(
        &self,
        request: Request<wire::WatchLockRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let name = read_name(&request.into_inner().name)?;
        let shown = self.desk.clone().watch(name);
        let shown = shown.map(|shown| shown.map(write).map_err(Status::from));
        Ok(Response::new(Box::pin(shown)))
    }

    async fn force_release(
        &self,
        request: Request<wire::ForceReleaseRequest>,
    ) -> Result<Response<wire::Lock>, Status> {
        let request = request.into_inner();
        let name = read_name(&request.name)?;
        let actor = ACCOUNT.read(&request.actor_id);
        let actor = actor.map_err(|bad| error::invalid("actor_id", bad.to_string()))?;
        self.desk.force(actor, &name).await?;
        Ok(Response::new(write(self.desk.one(&name).await?)))
    }
}

fn read_name(text: &str) -> Result<Name, Error> {
    Ok(Name::new(text)?)
}

/// The beginning of a name, or nothing.
fn read_prefix(text: &str) -> Result<&str, Error> {
    if !text.is_empty() {
        read_name(text)?;
    }
    Ok(text)
}

fn read_id(text: &str) -> Result<Uuid, Status> {
    let id = ACQUISITION.read(text);
    id.map_err(|bad| error::invalid("id", bad.to_string()))
}

fn read_whose(name: &str, owner: &str, id: &str) -> Result<Whose, Status> {
    let owner = Owner::new(owner).map_err(Error::from)?;
    Ok(Whose {
        name: read_name(name)?,
        owner: owner.as_str().to_owned(),
        id: read_id(id)?,
    })
}

fn read_asked(request: &wire::AcquireRequest, instance: Uuid) -> Result<Asked, Status> {
    let mode = match request.mode() {
        wire::LockMode::Exclusive => Mode::Exclusive,
        wire::LockMode::Shared => Mode::Shared,
        wire::LockMode::Unspecified => return Err(error::invalid("mode", "exclusive or shared")),
    };
    let max_hold = Duration::from_millis(request.max_hold_ms);
    let asked = Asked {
        name: read_name(&request.name)?,
        owner: Owner::new(&request.owner).map_err(Error::from)?,
        id: read_id(&request.id)?,
        attempt: Uuid::now_v7(),
        instance,
        mode,
        ttl: Duration::from_millis(request.ttl_ms),
        wait: Duration::from_millis(request.wait_ms),
        max_hold: (!max_hold.is_zero()).then_some(max_hold),
    };
    let asked = asked.checked().map_err(|bad: Invalid| Error::from(bad))?;
    Ok(asked)
}

fn write_grant(grant: Grant) -> wire::Grant {
    wire::Grant {
        id: ACQUISITION.write(grant.id),
        token: grant.token,
        granted_at: time::write(grant.granted_at),
        expires_at: time::write(grant.expires_at),
    }
}

fn write_mode(mode: Mode) -> i32 {
    match mode {
        Mode::Exclusive => wire::LockMode::Exclusive.into(),
        Mode::Shared => wire::LockMode::Shared.into(),
    }
}

fn write(lock: Shown) -> wire::Lock {
    let (mut holders, mut waiters) = (Vec::new(), Vec::new());
    for (claim, overdue) in lock.claims.into_iter().zip(lock.overdue) {
        let (id, mode) = (ACQUISITION.write(claim.id), write_mode(claim.mode));
        match claim.lease {
            Some(lease) => holders.push(wire::LockHolder {
                owner: claim.owner,
                id,
                mode,
                token: lease.token.unwrap_or_default(),
                granted_at: time::write(lease.granted_at),
                expires_at: time::write(lease.expires_at),
                overdue,
            }),
            None => waiters.push(wire::LockWaiter {
                owner: claim.owner,
                id,
                mode,
                waits_until: time::write(claim.waits_until),
            }),
        }
    }
    wire::Lock {
        name: lock.name,
        holders,
        waiters,
    }
}
