//! The generic tests: every step of any saga is repeated, fails, crashes, and is overtaken, and nothing is left over.
//!
//! A saga is tested by writing a [`Bench`] for it, and calling [`every_step_may_be_repeated`], [`any_step_may_fail`] and
//! [`a_runner_that_was_overtaken_changes_nothing`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{Act, Book, Ending, Lease, Probe, Runner, Saga, Spot, Taken, Work, store};

/// How long anything here may take before it counts as stuck.
const LIMIT: Duration = Duration::from_mins(1);

/// What a saga's own tests bring along.
pub trait Bench: Sync {
    /// The saga under test.
    type Saga: Saga;

    /// A runner of its own, as another process would have.
    fn runner(&self) -> Runner;

    /// What the steps are taken with.
    fn tools(&self) -> Arc<<Self::Saga as Saga>::Tools>;

    /// Begins a saga for a fresh subject, and does not start it.
    fn begin(&self, runner: &Runner) -> impl Future<Output = (Self::Saga, Work)> + Send;

    /// Asserts that the subject is as it should be after `ending`, and that nothing is left over or missing.
    fn assert_clean(&self, subject: Uuid, ending: &Ending) -> impl Future<Output = ()> + Send;
}

/// Takes every step twice, and where it may turn back, every undo twice.
///
/// # Panics
/// When a repetition shows.
pub async fn every_step_may_be_repeated<B: Bench>(bench: &B) {
    let twice = || Script::new(None, Upset::Nothing).repeating();
    assert_ends(bench, twice(), &Ending::Done).await;
    if let Some(last) = B::Saga::LAST_UNDOABLE {
        let refused = Script::new(Some(spot(last, false, true)), Upset::Refuse).repeating();
        assert_ends(bench, refused, &Ending::Undone).await;
    }
}

/// Fails before and after every step, in every way there is, and crashes before and after every step and undo.
///
/// # Panics
/// When something is left over.
pub async fn any_step_may_fail<B: Bench>(bench: &B) {
    for (step, undoable) in steps::<B::Saga>() {
        for after in [false, true] {
            let at = || Some(spot(step, false, after));
            assert_ends(bench, Script::new(at(), Upset::Forget), &Ending::Done).await;
            assert_ends(bench, Script::new(at(), Upset::Crash), &Ending::Done).await;
            if undoable {
                assert_ends(bench, Script::new(at(), Upset::Refuse), &Ending::Undone).await;
                let undo = Some(spot(step, true, after));
                let crash = Script::new(undo, Upset::Crash).refusing::<B::Saga>();
                assert_ends(bench, crash, &Ending::Undone).await;
            }
        }
    }
}

/// Pauses a runner before and after every step, lets another one go on to either end, and resumes the first.
///
/// # Panics
/// When the first one changes anything.
pub async fn a_runner_that_was_overtaken_changes_nothing<B: Bench>(bench: &B) {
    for (step, undoable) in steps::<B::Saga>() {
        for after in [false, true] {
            overtake(bench, spot(step, false, after), &Ending::Done).await;
            if undoable {
                overtake(bench, spot(step, false, after), &Ending::Undone).await;
            }
        }
    }
}

async fn overtake<B: Bench>(bench: &B, at: (String, bool), ending: &Ending) {
    let told = format!("paused {at:?}, overtaken: {ending:?}");
    let pause = Arc::new(Pause::default());
    let script = Script::new(Some(at), Upset::Pause(pause.clone()));
    let paused = bench.runner().watched_by(script);
    let (saga, work) = bench.begin(&paused).await;
    let (lease, subject) = (work.lease, work.subject);
    let running = paused.start(saga, work, bench.tools());
    within(&told, pause.reached.notified()).await;

    let other = match ending {
        Ending::Undone => bench
            .runner()
            .watched_by(Script::new(None, Upset::Nothing).refusing::<B::Saga>()),
        _ => bench.runner(),
    };
    let settled = within(&told, settle(bench, &other, lease)).await;
    assert_eq!(&settled, ending, "{told}");
    bench.assert_clean(subject, ending).await;

    pause.resumed.notify_one();
    let resumed = within(&told, running.ended()).await;
    // A runner that was paused after the last step has nothing more to do.
    assert!(
        resumed == Ending::Lost || (resumed == Ending::Done && *ending == Ending::Done),
        "{told}: {resumed:?}"
    );
    bench.assert_clean(subject, ending).await;
}

async fn assert_ends<B: Bench>(bench: &B, script: Script, ending: &Ending) {
    let told = format!("{script:?}");
    let runner = bench.runner().watched_by(script);
    let (saga, work) = bench.begin(&runner).await;
    let (lease, subject) = (work.lease, work.subject);
    let first = within(&told, runner.start(saga, work, bench.tools()).ended()).await;
    let other = bench.runner();
    let settled = within(&told, settle(bench, &other, lease)).await;
    assert_eq!(
        &settled, ending,
        "{told}, where the first runner ended {first:?}"
    );
    bench.assert_clean(subject, ending).await;
}

/// Lets `runner` recover until the saga has ended, and tells which way.
async fn settle<B: Bench>(bench: &B, runner: &Runner, lease: Lease) -> Ending {
    let book = Book::default().with::<B::Saga>();
    loop {
        let entry = look_up(runner, lease.saga).await;
        if entry.ended_at.is_some() {
            let undone = entry.direction == "undo";
            return if undone { Ending::Undone } else { Ending::Done };
        }
        if entry.epoch == lease.epoch {
            make_due(runner, lease.saga).await;
        }
        runner
            .recover(&book, &bench.tools())
            .await
            .expect("the database is there");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn look_up(runner: &Runner, saga: Uuid) -> store::Entry {
    let found = runner
        .db
        .read_primary("find saga", move |tx| Box::pin(store::find(tx, saga)));
    let found = found.await.expect("the database is there").value;
    found.expect("a saga is kept for days after its end")
}

async fn make_due(runner: &Runner, saga: Uuid) {
    let due = runner.db.write("make saga due", move |tx| {
        Box::pin(store::make_due(tx, saga))
    });
    due.await.expect("the database is there");
}

async fn within<T>(told: &str, work: impl Future<Output = T>) -> T {
    let Ok(done) = timeout(LIMIT, work).await else {
        panic!("stuck: {told}");
    };
    done
}

fn steps<S: Saga>() -> Vec<(S::Step, bool)> {
    let last = S::LAST_UNDOABLE;
    let last = last.and_then(|last| S::STEPS.iter().position(|step| *step == last));
    let steps = S::STEPS.iter().enumerate();
    steps
        .map(|(place, step)| (*step, last.is_some_and(|last| place <= last)))
        .collect()
}

/// The name of a step, or of its undo, and whether after it.
fn spot(step: impl std::fmt::Debug, undo: bool, after: bool) -> (String, bool) {
    let undo = if undo { "undo-" } else { "" };
    (format!("{undo}{step:?}"), after)
}

/// What goes wrong.
#[derive(Debug)]
enum Upset {
    Nothing,
    Refuse,
    Forget,
    Crash,
    Pause(Arc<Pause>),
}

#[derive(Debug, Default)]
struct Pause {
    reached: Notify,
    resumed: Notify,
}

/// What goes wrong, and where; once.
#[derive(Debug)]
struct Script {
    at: Option<(String, bool)>,
    upset: Upset,
    struck: AtomicBool,
    /// Refuse after this step, so that the saga turns back.
    refuse_after: Option<String>,
    reason: &'static str,
    repeats: bool,
    repeated: AtomicBool,
}

impl Script {
    fn new(at: Option<(String, bool)>, upset: Upset) -> Self {
        Self {
            at,
            upset,
            struck: AtomicBool::new(false),
            refuse_after: None,
            reason: "payment_unavailable",
            repeats: false,
            repeated: AtomicBool::new(false),
        }
    }

    fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }

    fn refusing<S: Saga>(mut self) -> Self {
        self.refuse_after = S::LAST_UNDOABLE.map(|last| format!("{last:?}"));
        self.reason = S::OVERDUE;
        self
    }

    fn strikes(&self, spot: &Spot) -> bool {
        let here = (spot.step.as_str(), spot.taken.is_some());
        let at = self.at.as_ref();
        at.is_some_and(|at| (at.0.as_str(), at.1) == here)
            && !self.struck.swap(true, Ordering::SeqCst)
    }

    fn repeats_now(&self, spot: &Spot) -> bool {
        // Every other time: the step, then once more, then on.
        self.repeats && spot.taken.is_some() && !self.repeated.fetch_not(Ordering::SeqCst)
    }

    async fn act(&self, spot: Spot) -> Act {
        if self.repeats_now(&spot) {
            return Act::Again;
        }
        if self.strikes(&spot) {
            return self.strike().await;
        }
        if spot.taken.is_some() && self.refuse_after.as_ref() == Some(&spot.step) {
            return Act::Pretend(Taken::Refused(self.reason.to_owned()));
        }
        Act::Go
    }

    async fn strike(&self) -> Act {
        match &self.upset {
            Upset::Nothing => Act::Go,
            Upset::Refuse => Act::Pretend(Taken::Refused(self.reason.to_owned())),
            Upset::Forget => Act::Pretend(Taken::Unknown),
            Upset::Crash => Act::Pretend(Taken::Lost),
            Upset::Pause(pause) => {
                pause.reached.notify_one();
                pause.resumed.notified().await;
                Act::Go
            }
        }
    }
}

impl Probe for Script {
    fn at(&self, spot: Spot) -> BoxFuture<'_, Act> {
        Box::pin(self.act(spot))
    }
}
