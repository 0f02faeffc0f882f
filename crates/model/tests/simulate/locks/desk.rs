//! The lock service: the real rule, over a database in memory that outlives its instances.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::time::OffsetDateTime;
use api::control::locks_server::{Locks, LocksServer};
use api::control::{
    AcquireRequest, AcquireResponse, ForceReleaseRequest, GetLockRequest, Grant, ListLocksRequest,
    ListLocksResponse, Lock as Shown, ReleaseRequest, ReleaseResponse, RenewRequest,
    WatchLockRequest,
};
use api::id::ACQUISITION;
use api::{error, time};
use control::domain::lock::{ALIVE, Asked, Claim, Lease, Lock, Mode, Moment, Name, Owner};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use crate::clock;
use crate::net::Host;
use crate::trace::Trace;
use crate::wire;

/// How often those who wait are looked after.
const LOOK: Duration = Duration::from_millis(50);
/// How far the clock of a new primary is ahead of the one before.
const AHEAD: Duration = Duration::from_millis(1_500);

/// A lease was not renewed in time.
pub(crate) const RAN_OUT: &str = "a lease runs out";

/// The lock service and its database. Clones share the database.
#[derive(Clone)]
pub(crate) struct Desk {
    trace: Trace,
    bug: &'static str,
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    lock: Lock,
    ended: BTreeSet<Uuid>,
    places: i64,
    tokens: i64,
    timeline: i32,
    ahead: Duration,
    /// When this timeline was first seen.
    began: Option<OffsetDateTime>,
}

impl Desk {
    pub(crate) fn new(trace: Trace, bug: &'static str) -> Self {
        let kept = Kept {
            lock: Lock::default(),
            ended: BTreeSet::new(),
            places: 0,
            tokens: 0,
            timeline: 1,
            ahead: Duration::ZERO,
            began: Some(OffsetDateTime::UNIX_EPOCH),
        };
        Self {
            trace,
            bug,
            kept: Arc::new(Mutex::new(kept)),
        }
    }

    /// Runs one life of an instance.
    pub(crate) async fn run(self, host: Host) {
        if self.bug == "tokens begin anew" {
            self.lock().tokens = 0;
        }
        wire::serve(host, Routes::new(LocksServer::new(self))).await;
    }

    /// A standby takes over, whose clock is ahead.
    pub(crate) fn promote(&self) {
        let mut kept = self.lock();
        kept.timeline += 1;
        kept.ahead += AHEAD;
        kept.began = None;
    }

    /// Whether `owner` has the lock by the database.
    pub(crate) fn stands(&self, owner: &str) -> bool {
        let kept = self.lock();
        let now = kept.now();
        let at = Moment {
            now,
            timeline: kept.timeline,
            began_at: kept.began.unwrap_or(now),
        };
        let of = |claim: &Claim| claim.lease.is_some_and(|it| it.ends(claim.ttl, &at) > now);
        kept.lock.of(owner).is_some_and(of)
    }

    /// One transaction: what is over is taken out, `job` is done, and the lock goes to whose turn it is.
    fn turn<T>(&self, job: impl FnOnce(&mut Kept, &Moment) -> T) -> T {
        let mut kept = self.lock();
        let now = kept.now();
        let at = Moment {
            now,
            timeline: kept.timeline,
            began_at: *kept.began.get_or_insert(now),
        };
        kept.lock.tidy(&at);
        let told = job(&mut kept, &at);
        kept.lock.pass_on(&at);
        let Kept {
            lock,
            places,
            tokens,
            ..
        } = &mut *kept;
        for claim in &mut lock.claims {
            if self.bug == "all who ask are granted it" {
                claim.lease.get_or_insert(Lease {
                    token: None,
                    granted_at: now,
                    expires_at: now + claim.ttl,
                    timeline: at.timeline,
                });
            }
            claim.place.get_or_insert_with(|| next(places));
            claim.changed = false;
            if let Some(lease) = claim.lease.as_mut().filter(|lease| lease.token.is_none()) {
                let token = *lease.token.insert(next(tokens));
                self.trace
                    .tell(format_args!("{} is granted {token}", name(&claim.owner)));
            }
        }
        lock.gone.clear();
        let ran_out = std::mem::take(&mut lock.expired);
        drop(kept);
        if ran_out > 0 {
            self.trace.tell("a lease runs out");
            self.trace.saw(RAN_OUT);
        }
        told
    }

    /// What `owner` was granted by this request.
    fn granted(&self, owner: &str, id: Uuid) -> Option<Grant> {
        self.turn(|kept, at| {
            let claims = kept.lock.claims.iter_mut();
            let claim = claims
                .into_iter()
                .find(|it| it.owner == owner && it.id == id)?;
            // It is waited for here.
            claim.alive_until = Some(at.now + ALIVE);
            let lease = claim.lease?;
            let shorter = self.bug == "leases end early";
            let ends = lease.expires_at + if shorter { claim.ttl } else { Duration::ZERO };
            Some(Grant {
                id: ACQUISITION.write(id),
                token: lease.token?,
                granted_at: time::write(lease.granted_at),
                expires_at: time::write(ends),
            })
        })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self, asked: &AcquireRequest) -> Result<Asked, Status> {
        let invalid = |what: String| Status::invalid_argument(what);
        let ttl = Duration::from_millis(asked.ttl_ms);
        let shorter = self.bug == "leases end early";
        Ok(Asked {
            name: Name::new(&asked.name).map_err(|bad| invalid(bad.to_string()))?,
            owner: Owner::new(&asked.owner).map_err(|bad| invalid(bad.to_string()))?,
            id: read(&asked.id)?,
            attempt: Uuid::now_v7(),
            instance: Uuid::nil(),
            mode: Mode::Exclusive,
            ttl: if shorter { ttl / 2 } else { ttl },
            wait: Duration::from_millis(asked.wait_ms),
            max_hold: None,
        })
    }
}

impl Kept {
    /// By the database's clock.
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + clock::now() + self.ahead
    }
}

#[tonic::async_trait]
impl Locks for Desk {
    type AcquireStream = BoxStream<'static, Result<AcquireResponse, Status>>;
    type WatchStream = BoxStream<'static, Result<Shown, Status>>;

    async fn acquire(
        &self,
        request: Request<AcquireRequest>,
    ) -> Result<Response<Self::AcquireStream>, Status> {
        let asked = self.asked(&request.into_inner())?;
        let placed = self.turn(|kept, at| {
            let ended = kept.ended.contains(&asked.id);
            let placed = !ended && kept.lock.ask(&asked, at).is_ok();
            placed.then_some(at.now)
        });
        let refused = |reason| error::status(Code::FailedPrecondition, reason, "it is not yours");
        let placed_at = time::write(placed.ok_or_else(|| refused("ENDED"))?);
        let (told, hears) = mpsc::channel(4);
        let desk = self.clone();
        tokio::spawn(async move {
            let answer = |grant| AcquireResponse {
                grant,
                placed_at: placed_at.clone(),
            };
            let mut grant = desk.granted(asked.owner.as_str(), asked.id);
            let _ = told.send(Ok(answer(grant.clone()))).await;
            let end = tokio::time::Instant::now() + asked.wait;
            while grant.is_none() && !told.is_closed() && tokio::time::Instant::now() < end {
                tokio::time::sleep(LOOK).await;
                grant = desk.granted(asked.owner.as_str(), asked.id);
                if grant.is_some() {
                    let _ = told.send(Ok(answer(grant.clone()))).await;
                }
            }
            if grant.is_none() {
                desk.turn(|kept, _| kept.lock.leave(asked.owner.as_str(), asked.attempt, false));
                let _ = told.send(Err(refused("HELD"))).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(hears).boxed()))
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<Grant>, Status> {
        let RenewRequest { owner, id, .. } = request.into_inner();
        let id = read(&id)?;
        let renewed = self.turn(|kept, at| kept.lock.renew(&owner, id, at));
        let grant = self.granted(&owner, id).filter(|_| renewed);
        let lost = || error::status(Code::FailedPrecondition, "LOST", "it is not held any more");
        grant.map(Response::new).ok_or_else(lost)
    }

    async fn release(
        &self,
        request: Request<ReleaseRequest>,
    ) -> Result<Response<ReleaseResponse>, Status> {
        let ReleaseRequest { owner, id, .. } = request.into_inner();
        let id = read(&id)?;
        if self.bug != "nobody lets go" {
            self.turn(|kept, _| {
                kept.ended.insert(id);
                kept.lock.release(&owner, id)
            });
        }
        Ok(Response::new(ReleaseResponse::default()))
    }

    async fn get(&self, _: Request<GetLockRequest>) -> Result<Response<Shown>, Status> {
        Err(nobody())
    }

    async fn list(
        &self,
        _: Request<ListLocksRequest>,
    ) -> Result<Response<ListLocksResponse>, Status> {
        Err(nobody())
    }

    async fn watch(
        &self,
        _: Request<WatchLockRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(nobody())
    }

    async fn force_release(
        &self,
        _: Request<ForceReleaseRequest>,
    ) -> Result<Response<Shown>, Status> {
        Err(nobody())
    }
}

fn nobody() -> Status {
    Status::unimplemented("nobody asks for it")
}

fn read(id: &str) -> Result<Uuid, Status> {
    let id = ACQUISITION.read(id);
    id.map_err(|bad| Status::invalid_argument(bad.to_string()))
}

fn next(of: &mut i64) -> i64 {
    *of += 1;
    *of
}

/// An owner's own part of its name.
fn name(owner: &str) -> &str {
    owner.split('/').next().unwrap_or(owner)
}
