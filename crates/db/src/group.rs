//! Many callers, one transaction: a bounded queue, a few writers, nobody waits for more to come.

mod turns;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::token::{self, Token};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use metrics::{counter, histogram};
use retry::Deadline;
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::{Instrument as _, Span, info_span};

use self::turns::Turns;
use crate::fault::{Fault, Kind};
use crate::transaction::{self, Call};
use crate::{Db, Error, Tx, Why};

/// The function of a group: an exact outcome for each job, in the order of the jobs, or an error for all of them.
/// It is run again whenever nobody knows what became of it, so it begins by writing the keys.
pub type Run<J, O> = for<'t> fn(&'t mut Tx, &'t [J]) -> BoxFuture<'t, Result<Vec<O>, Error>>;

/// How much a group takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many transactions run at once, at most: one while it is quick and less than a group waits.
    pub writers: usize,
    /// How many jobs share a transaction at most.
    pub most: usize,
    /// How many jobs wait at most; the next one is not taken.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            writers: 4,
            most: 128,
            waiting: 1024,
        }
    }
}

/// Carries out the jobs of many callers, all that wait at a time, in one transaction. Cheap to clone.
pub struct Group<J, O> {
    name: &'static str,
    most: usize,
    queue: mpsc::Sender<Waiting<J, O>>,
    turns: Arc<Turns>,
}

/// A job in the queue, with all that belongs to its caller.
struct Waiting<J, O> {
    job: J,
    caller: Caller<O>,
}

/// Whoever waits for the outcome of a job.
struct Caller<O> {
    deadline: Deadline,
    /// Set by whoever comes first: the writer that takes the job, or the caller that gives up on it.
    claimed: Arc<AtomicBool>,
    span: Span,
    answer: oneshot::Sender<Answer<O>>,
}

type Answer<O> = Result<(O, Token), Error>;

impl<J: Clone + Send + Sync + 'static, O: Send + 'static> Group<J, O> {
    /// Starts the writers that carry out jobs by `run`, within the usual limits. They end with the last clone.
    pub fn start(db: &Db, name: &'static str, run: Run<J, O>) -> Self {
        Self::with_limits(db, name, Limits::default(), run)
    }

    /// Starts the writers that carry out jobs by `run`, within `limits`.
    pub fn with_limits(db: &Db, name: &'static str, limits: Limits, run: Run<J, O>) -> Self {
        let (queue, waiting) = mpsc::channel(limits.waiting.max(1));
        let waiting = Arc::new(Mutex::new(waiting));
        let (turns, most) = (Arc::new(Turns::new()), limits.most.max(1));
        for _ in 0..limits.writers.max(1) {
            let writer = Writer {
                db: db.clone(),
                name,
                most,
                run,
                waiting: waiting.clone(),
                turns: turns.clone(),
            };
            tokio::spawn(writer.write());
        }
        Self {
            name,
            most,
            queue,
            turns,
        }
    }

    /// Carries out `job`, together with whatever else waits, and raises the caller's token.
    ///
    /// # Errors
    /// [`Error::NotTaken`] when the queue is full or the deadline passed in it, else as [`Db::keyed`].
    pub async fn submit(&self, job: J) -> Result<O, Error> {
        let deadline = Deadline::current();
        let claimed = Arc::new(AtomicBool::new(false));
        let (answer, answered) = oneshot::channel();
        let caller = Caller {
            deadline,
            claimed: claimed.clone(),
            span: Span::current(),
            answer,
        };
        if self.queue.try_send(Waiting { job, caller }).is_err() {
            counter!("db_group_full_total", "name" => self.name).increment(1);
            return Err(Error::NotTaken(Why::Full));
        }
        if self.queue.max_capacity() - self.queue.capacity() >= self.most {
            self.turns.crowded();
        }
        let (outcome, token) = match deadline.limit(answered).await {
            Ok(Ok(answer)) => answer?,
            Err(_) if !claimed.swap(true, Ordering::AcqRel) => {
                return Err(Error::NotTaken(Why::Late));
            }
            Ok(Err(_)) | Err(_) => return Err(Error::Unknown(Why::Late)),
        };
        token::saw(token);
        Ok(outcome)
    }
}

impl<J, O> Clone for Group<J, O> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            most: self.most,
            queue: self.queue.clone(),
            turns: self.turns.clone(),
        }
    }
}

impl<J, O> fmt::Debug for Group<J, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Takes what waits and carries it out, over and over.
struct Writer<J, O> {
    db: Db,
    name: &'static str,
    most: usize,
    run: Run<J, O>,
    waiting: Arc<Mutex<mpsc::Receiver<Waiting<J, O>>>>,
    turns: Arc<Turns>,
}

impl<J: Send + Sync + 'static, O: Send + 'static> Writer<J, O> {
    async fn write(self) {
        loop {
            let turn = self.turns.next().await;
            let mut batch = Vec::new();
            {
                let mut waiting = self.waiting.lock().await;
                if turn.is_extra() && waiting.len() < self.most {
                    continue; // Somebody was quicker.
                }
                if waiting.recv_many(&mut batch, self.most).await == 0 {
                    return;
                }
            }
            turn.spend(self.carry_out(batch)).await;
        }
    }

    async fn carry_out(&self, batch: Vec<Waiting<J, O>>) {
        let (jobs, callers): (Vec<J>, Vec<Caller<O>>) = batch
            .into_iter()
            .filter_map(|waiting| Some((waiting.job, waiting.caller.claim()?)))
            .unzip();
        let Some(latest) = callers.iter().map(|caller| caller.deadline).max() else {
            return;
        };
        let count = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
        histogram!("db_group_jobs", "name" => self.name).record(f64::from(count));
        let span = span(self.name, &callers);
        let outcomes = self.together(&jobs, latest).instrument(span).await;
        match outcomes {
            Ok((outcomes, token)) => {
                for (caller, outcome) in callers.into_iter().zip(outcomes) {
                    caller.tell(Ok((outcome, token)));
                }
            }
            Err(error) if jobs.len() > 1 && poisoned(&error) => self.apart(jobs, callers).await,
            Err(error) => {
                for caller in callers {
                    caller.tell(Err(error.clone()));
                }
            }
        }
    }

    /// Carries out `jobs` in one transaction.
    async fn together(&self, jobs: &[J], deadline: Deadline) -> Result<(Vec<O>, Token), Error> {
        let call = Call {
            name: self.name,
            keyed: true,
            // A little less, so that whoever waits hears the outcome and not the silence.
            deadline: Deadline::after(deadline.onward()),
        };
        let work = transaction::run(&self.db.pool, call, |tx| self.guarded(tx, jobs).boxed());
        call.deadline.scope(work).await
    }

    /// Carries out each of `jobs` in a transaction of its own: one of them spoils it for all.
    async fn apart(&self, jobs: Vec<J>, callers: Vec<Caller<O>>) {
        counter!("db_group_poisoned_total", "name" => self.name).increment(1);
        for (job, caller) in jobs.iter().zip(callers) {
            let alone = self.together(std::slice::from_ref(job), caller.deadline);
            let outcome = alone.instrument(caller.span.clone()).await;
            caller.tell(outcome.map(|(mut outcomes, token)| {
                let outcome = outcomes.pop().expect("as many outcomes as jobs");
                (outcome, token)
            }));
        }
    }

    /// Runs the group's function, and bears its panics: the writer goes on to the next jobs.
    async fn guarded(&self, tx: &mut Tx, jobs: &[J]) -> Result<Vec<O>, Error> {
        let run = async { (self.run)(&mut *tx, jobs).await };
        let Ok(ran) = AssertUnwindSafe(run).catch_unwind().await else {
            tx.fault = Some(Fault {
                kind: Kind::Refused,
                text: "a panic".to_owned(),
            });
            return Err(Error::Panicked(self.name));
        };
        let outcomes = ran?;
        if outcomes.len() != jobs.len() {
            let (jobs, outcomes) = (jobs.len(), outcomes.len());
            let said = format!("{jobs} jobs of `{}` got {outcomes} outcomes", self.name);
            return Err(sqlx::Error::Protocol(said).into());
        }
        Ok(outcomes)
    }
}

impl<O> Caller<O> {
    /// Takes the job, unless its caller has gone or its time is over.
    fn claim(self) -> Option<Self> {
        if self.claimed.swap(true, Ordering::AcqRel) || self.answer.is_closed() {
            return None;
        }
        if self.deadline.passed() {
            self.tell(Err(Error::NotTaken(Why::Late)));
            return None;
        }
        Some(self)
    }

    fn tell(self, answer: Answer<O>) {
        drop(self.span);
        // A caller that has left hears it by its key.
        let _ = self.answer.send(answer);
    }
}

/// Whether one job may have spoiled the transaction for all.
fn poisoned(error: &Error) -> bool {
    matches!(
        error,
        Error::Statement(_) | Error::Swallowed(_) | Error::Panicked(_)
    )
}

/// A span within the first caller's trace, which the others' lead to.
fn span<O>(name: &'static str, callers: &[Caller<O>]) -> Span {
    let first = callers.first().and_then(|caller| caller.span.id());
    let jobs = callers.len();
    let span = info_span!(parent: first, "db.group", otel.name = name, jobs);
    for caller in callers.iter().skip(1) {
        span.follows_from(caller.span.id());
    }
    span
}
