//! Locks: who asks is queued, who has one is told, whoever waits is woken.
//!
//! All that is asked at a time is decided in one transaction ([`turn`]). Whose turn has come is told by the instance that
//! decided it: in this process through [`waiting`], in another one by a hint through the database. A hint may be lost, so each
//! instance looks once a second ([`tend`]).

pub mod acquire;
pub mod error;
pub mod force;
mod hint;
pub mod job;
pub mod show;
pub mod tend;
mod turn;
mod waiting;

use std::sync::Arc;

use db::{Db, Group, Mouth, Why};
use metrics::counter;
use retry::Deadline;
use time::OffsetDateTime;
use tokio::sync::OnceCell;
use tracing::Instrument as _;
use uuid::Uuid;

pub use error::Error;

use crate::domain::lock::ALIVE;
use crate::store::tending;
use job::{Job, Outcome, Told, Woken};
use waiting::{News, Waiting};

/// The channel of hints.
const CHANNEL: &str = "locks";

/// Where locks are asked for. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    db: Db,
    /// This instance, in this life of it.
    pub instance: Uuid,
    group: Group<Job, Outcome>,
    waiting: Arc<Waiting>,
    mouth: Mouth,
    lives: Arc<OnceCell<()>>,
}

impl Desk {
    /// Opens a desk for the locks in `db`.
    pub fn open(db: &Db) -> Self {
        let (mouth, ear) = db.channel(CHANNEL);
        let waiting = Arc::new(Waiting::default());
        let instance = Uuid::now_v7();
        tokio::spawn(hint::hear(ear, instance, waiting.clone()));
        Self {
            group: Group::start(db, "locks", |tx, jobs| Box::pin(turn::carry_out(tx, jobs))),
            db: db.clone(),
            lives: Arc::default(),
            instance,
            waiting,
            mouth,
        }
    }

    /// Carries out `job`, also when whoever asked for it is gone: others may have their turn by it, and are to hear so.
    ///
    /// # Errors
    /// When the database did not answer.
    pub async fn carry_out(&self, job: Job) -> Result<Told, Error> {
        Ok(self.carry_out_at(job).await?.0)
    }

    /// The same, with the database's clock at which it was decided.
    async fn carry_out_at(&self, job: Job) -> Result<(Told, OffsetDateTime), Error> {
        let desk = self.clone();
        let deadline = Deadline::current();
        let work = async move {
            let outcome = deadline.scope(desk.group.submit(job)).await?;
            note(&outcome);
            desk.wake(outcome.woken);
            Ok((outcome.told, outcome.at))
        };
        let work = tokio::spawn(work.in_current_span()).await;
        work.unwrap_or(Err(Error::Data(db::Error::Unknown(Why::Late))))
    }

    /// Tells those whose turn has come, wherever they wait.
    fn wake(&self, woken: Vec<Woken>) {
        counter!("lock_handovers_total").increment(woken.len() as u64);
        for woken in woken {
            if woken.instance == self.instance {
                self.waiting.tell(woken.attempt, News::Grant(woken.grant));
            } else {
                self.mouth.say(hint::write(&woken));
            }
        }
    }

    /// Sees to it that this instance counts as alive before anybody waits here; later `tend` does.
    async fn live(&self) -> Result<(), db::Error> {
        let instance = self.instance;
        let live = || {
            self.db.write("locks: live", move |tx| {
                Box::pin(tending::live(tx, instance, ALIVE))
            })
        };
        self.lives.get_or_try_init(live).await?;
        Ok(())
    }
}

/// Counts what came of a job.
fn note(outcome: &Outcome) {
    counter!("lock_expiries_total").increment(outcome.expired);
    match outcome.told {
        Told::Refused(why) => {
            counter!("lock_refusals_total", "reason" => error::reason(why)).increment(1);
        }
        Told::Others => counter!("lock_refusals_total", "reason" => "OTHERS").increment(1),
        _ => {}
    }
}
