//! One transaction for all who call at a time: guards the locks, reads them, decides each job, keeps what has become of them.

use std::collections::BTreeSet;

use db::{Error, Tx};
use uuid::Uuid;

use super::job::{Call, Grant, Job, Outcome, Told, Whose, Woken};
use crate::domain::lock::{Asked, CLAIMS, Claim, Lock, Refusal};
use crate::store::circles;
use crate::store::claims::{self, Locks, View};

/// Carries out `jobs`, in their order.
///
/// # Errors
/// Only what concerns all of them.
pub(super) async fn carry_out(tx: &mut Tx, jobs: &[Job]) -> Result<Vec<Outcome>, Error> {
    let mut turn = Turn::begin(tx, jobs).await?;
    let mut decided: Vec<Option<Told>> = jobs.iter().map(|job| turn.decide(job)).collect();
    turn.pass_on();
    turn.send_away(jobs, &mut decided);
    let mut woken = turn.keep(tx).await?;
    if turn.break_circles(tx, jobs, &mut decided).await? {
        turn.pass_on();
        woken.extend(turn.keep(tx).await?);
    }
    Ok(turn.tell(jobs, &decided, woken))
}

/// Takes the lock called `name` away from all who have it. Answers who had it, and those whose turn has come.
///
/// # Errors
/// What the database met.
pub(super) async fn clear(tx: &mut Tx, job: &Job) -> Result<(Vec<Claim>, Vec<Woken>), Error> {
    let mut turn = Turn::begin(tx, std::slice::from_ref(job)).await?;
    let lock = turn.lock(job.name().as_str());
    let held = lock.claims.iter().filter(|claim| claim.lease.is_some());
    let held = held.cloned().collect();
    lock.clear();
    turn.pass_on();
    let woken = turn.keep(tx).await?;
    Ok((held, woken))
}

struct Turn {
    locks: Locks,
    view: View,
    /// Requests that are released now.
    ended: Vec<Uuid>,
}

impl Turn {
    async fn begin(tx: &mut Tx, jobs: &[Job]) -> Result<Self, Error> {
        let names: BTreeSet<&str> = jobs.iter().map(|job| job.name().as_str()).collect();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let ids: Vec<Uuid> = jobs.iter().filter_map(Job::id).collect();
        claims::guard(tx, &names).await?;
        let mut locks = claims::load(tx, &names).await?;
        let view = claims::view(tx, &ids).await?;
        for lock in locks.values_mut() {
            lock.tidy(&view.at);
        }
        Ok(Self {
            locks,
            view,
            ended: Vec::new(),
        })
    }

    fn lock(&mut self, name: &str) -> &mut Lock {
        self.locks.entry(name.to_owned()).or_default()
    }

    /// Decides `job`. What the end of the turn will show is left open.
    fn decide(&mut self, job: &Job) -> Option<Told> {
        let at = self.view.at;
        let lock = self
            .locks
            .entry(job.name().as_str().to_owned())
            .or_default();
        match job {
            Job::Acquire(asked) => self.ask(asked),
            Job::Renew(whose) => {
                let renewed = lock.renew(&whose.owner, whose.id, &at);
                (!renewed).then_some(Told::Nothing)
            }
            Job::Release(whose) => Some(self.release(whose)),
            Job::GiveUp(call) => {
                let left = lock.leave(&call.owner, call.attempt, false);
                left.map(|_| Told::Refused(Refusal::Held))
            }
            Job::Withdraw(call) => {
                lock.leave(&call.owner, call.attempt, true);
                Some(Told::Nothing)
            }
            Job::Recheck(_) => None,
            Job::Look(_) => Some(Told::Nothing),
        }
    }

    fn ask(&mut self, asked: &Asked) -> Option<Told> {
        if self.view.ended.contains(&asked.id) {
            return Some(Told::Refused(Refusal::Ended));
        }
        let (at, claims) = (self.view.at, self.view.claims);
        let lock = self.lock(asked.name.as_str());
        let new = lock.of(asked.owner.as_str()).is_none();
        if new && claims >= CLAIMS {
            return Some(Told::Refused(Refusal::Full));
        }
        let refused = lock.ask(asked, &at).err();
        self.view.claims += usize::from(new);
        refused.map(Told::Refused)
    }

    fn release(&mut self, whose: &Whose) -> Told {
        let now = self.view.at.now;
        let lock = self.lock(whose.name.as_str());
        let claim = lock.release(&whose.owner, whose.id);
        let others = lock.claims.iter().any(|claim| claim.lease.is_some());
        if lock.claims.iter().any(|claim| claim.id == whose.id) {
            return Told::Others;
        }
        let known = !self.view.ended.insert(whose.id);
        self.ended.push(whose.id);
        match claim {
            Some(claim) if claim.lease.is_some() => Told::Released(now),
            None if others && !known => Told::Others,
            _ => Told::Nothing,
        }
    }

    fn pass_on(&mut self) {
        for lock in self.locks.values_mut() {
            lock.pass_on(&self.view.at);
        }
    }

    /// Sends away those who do not want to wait.
    fn send_away(&mut self, jobs: &[Job], decided: &mut [Option<Told>]) {
        for (job, told) in jobs.iter().zip(decided) {
            let Job::Acquire(asked) = job else { continue };
            if told.is_none() && asked.wait.is_zero() {
                let lock = self.lock(asked.name.as_str());
                let left = lock.leave(asked.owner.as_str(), asked.attempt, false);
                *told = left.map(|_| Told::Refused(Refusal::Held));
            }
        }
        self.pass_on();
    }

    /// Those who had been waiting and have no token yet.
    fn granted(&self) -> Vec<(String, String)> {
        let all = self.locks.iter();
        let all = all.flat_map(|(name, lock)| lock.claims.iter().map(move |claim| (name, claim)));
        let new = all.filter(|(_, claim)| {
            claim.place.is_some() && claim.lease.is_some_and(|lease| lease.token.is_none())
        });
        new.map(|(name, claim)| (name.clone(), claim.owner.clone()))
            .collect()
    }

    /// Keeps all of it. Answers those who had been waiting and have it now.
    async fn keep(&mut self, tx: &mut Tx) -> Result<Vec<Woken>, Error> {
        let granted: Vec<(String, String)> = self.granted();
        claims::write(tx, &mut self.locks).await?;
        claims::end(tx, &std::mem::take(&mut self.ended)).await?;
        let woken = granted.into_iter().filter_map(|(name, owner)| {
            let claim = self.locks.get(&name)?.of(&owner)?;
            Some(Woken {
                instance: claim.instance,
                attempt: claim.attempt,
                grant: Grant::of(claim)?,
            })
        });
        Ok(woken.collect())
    }

    /// Refuses those whose wait closes a circle, and takes them out again. Answers whether there were any.
    async fn break_circles(
        &mut self,
        tx: &mut Tx,
        jobs: &[Job],
        decided: &mut [Option<Told>],
    ) -> Result<bool, Error> {
        let waiting: Vec<(usize, Call)> = (0..)
            .zip(jobs)
            .filter_map(|(at, job)| Some((at, self.waits(job)?)))
            .collect();
        if waiting.is_empty() {
            return Ok(false);
        }
        let owners: Vec<String> = waiting.iter().map(|(_, call)| call.owner.clone()).collect();
        let crowded = claims::crowded(tx, &owners).await?;
        let suspects = waiting
            .into_iter()
            .filter(|(_, call)| crowded.contains(&call.owner));
        let (mut guarded, mut broken) = (false, false);
        for (at, call) in suspects {
            if !guarded {
                circles::guard(tx).await?;
                guarded = true;
            }
            if circles::closes(tx, call.name.as_str(), &call.owner).await? {
                decided[at] = Some(Told::Refused(Refusal::Deadlock));
                let lock = self.lock(call.name.as_str());
                lock.leave(&call.owner, call.attempt, false);
                // The next one is looked at without it.
                claims::write(tx, &mut self.locks).await?;
                broken = true;
            }
        }
        Ok(broken)
    }

    /// The call of `job`, where it waits now.
    fn waits(&self, job: &Job) -> Option<Call> {
        let call = match job {
            Job::Acquire(asked) => asked.call(),
            Job::Recheck(call) => call.clone(),
            _ => return None,
        };
        let claim = self.locks.get(call.name.as_str())?.of(&call.owner)?;
        (claim.attempt == call.attempt && claim.lease.is_none()).then_some(call)
    }

    fn tell(&self, jobs: &[Job], decided: &[Option<Told>], mut woken: Vec<Woken>) -> Vec<Outcome> {
        let mut expired = self.locks.values().map(|lock| lock.expired).sum();
        let outcomes = jobs.iter().zip(decided).map(|(job, told)| Outcome {
            told: told.unwrap_or_else(|| self.shows(job)),
            at: self.view.at.now,
            // They are all of the turn, and told once.
            woken: std::mem::take(&mut woken),
            expired: std::mem::take(&mut expired),
        });
        outcomes.collect()
    }

    /// What `job` is told by how its lock is now.
    fn shows(&self, job: &Job) -> Told {
        let claim = |owner: &str| self.locks.get(job.name().as_str())?.of(owner);
        let stands = |claim: &Claim| Grant::of(claim).map_or(Told::Waits, Told::Granted);
        let found = match job {
            Job::Acquire(asked) => claim(asked.owner.as_str()),
            Job::Renew(whose) => claim(&whose.owner).filter(|claim| claim.id == whose.id),
            Job::GiveUp(call) | Job::Recheck(call) => {
                claim(&call.owner).filter(|claim| claim.attempt == call.attempt)
            }
            Job::Release(_) | Job::Withdraw(_) | Job::Look(_) => None,
        };
        match job {
            Job::Acquire(_) => found.map_or(Told::Refused(Refusal::Ended), stands),
            _ => found.map_or(Told::Nothing, stands),
        }
    }
}

impl Grant {
    /// The grant of `claim`, where it has its lock.
    pub fn of(claim: &Claim) -> Option<Self> {
        let lease = claim.lease?;
        Some(Self {
            id: claim.id,
            token: lease.token?,
            granted_at: lease.granted_at,
            expires_at: lease.expires_at,
        })
    }
}

impl Asked {
    /// This very call.
    pub(super) fn call(&self) -> Call {
        Call {
            name: self.name.clone(),
            owner: self.owner.as_str().to_owned(),
            attempt: self.attempt,
        }
    }
}
