//! The drill: a shop of its own is loaded, broken in every way that it claims to survive, checked, and told of.

mod apart;
mod checks;
mod clock;
mod containers;
mod disk;
mod facts;
mod fallen;
mod form;
mod processes;
mod rounds;
mod scene;
mod strike;
mod wallets;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, ensure};
use drill::{Clients, Gauge, History, Kind, Report, Round, Wanted, Wanting, course};
use futures::FutureExt as _;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::containers::Containers;
use self::form::{Facts, Form};
use self::processes::Processes;
use self::rounds::Went;
use self::scene::Scene;
use super::{Shop, until};
use crate::say;
use crate::signals::Signals;

/// How many orders show that all goes well, before anything is done to it.
const SOME: usize = 10;
/// How long those who watch need to get to know everybody.
const ACQUAINTED: Duration = Duration::from_secs(8);
/// What a shell calls the end by Ctrl-C.
const INTERRUPTED: u8 = 130;
/// Who wants the lock meanwhile.
const WANTING: Wanting = Wanting {
    clients: 6,
    pause: Duration::from_millis(500),
    overstays: Some(20),
};

/// The forms of the shop that can be drilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Against {
    /// Processes, as `make ha` has them.
    Ha,
    /// Containers, as `docker-compose.yml` has them.
    Compose,
}

/// What drill is wanted.
#[derive(Debug, Clone, clap::Args)]
pub struct Asked {
    /// For how many minutes it is broken. Each kind of fault that can be dealt here is dealt once, however short the time.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_440))]
    pub minutes: u64,
    /// Decides what is done to what, and when; by chance, when not said.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Only these kinds of faults, commas between.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<Kind>,
    /// Where the report is written to.
    #[arg(long, default_value = ".holdfast/drill")]
    pub report: PathBuf,
    /// How many customers come each second.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub rate: u32,
    /// Against which form of the shop.
    #[arg(long, value_enum, default_value_t = Against::Ha)]
    pub against: Against,
    /// Print the course, and do nothing.
    #[arg(long)]
    pub plan: bool,
    /// Mounts of this process are its own already.
    #[arg(long, hide = true)]
    pub apart: bool,
    /// The program `holdfast`; the one that runs, where it is none.
    #[arg(skip)]
    pub program: Option<PathBuf>,
    /// Settings of every service, beside those of each drill.
    #[arg(skip)]
    pub settings: Vec<(String, String)>,
}

impl Asked {
    /// The rounds of it.
    ///
    /// # Errors
    /// When none of the kinds that are wanted can be dealt to this form.
    pub fn course(&self) -> anyhow::Result<Vec<Round>> {
        let only: Vec<Kind> = self
            .kinds()
            .into_iter()
            .filter(|kind| self.refuses(*kind).is_none())
            .collect();
        let refused = self.refused().into_iter();
        let refused: Vec<String> = refused
            .map(|(kind, why)| format!("{kind}: {why}"))
            .collect();
        ensure!(
            !only.is_empty(),
            "none of it can be done: {}",
            refused.join("; ")
        );
        Ok(course(&Wanted {
            seed: self.seed(),
            time: Duration::from_secs(self.minutes * 60),
            only,
        }))
    }

    /// The kinds of faults that are wanted.
    fn kinds(&self) -> Vec<Kind> {
        if self.only.is_empty() {
            Kind::ALL.into()
        } else {
            self.only.clone()
        }
    }

    /// Why blows of this kind cannot be dealt to this form; nothing, where they can.
    fn refuses(&self, kind: Kind) -> Option<&'static str> {
        match self.against {
            Against::Ha => Processes::refuses(kind),
            Against::Compose => Containers::refuses(kind),
        }
    }

    /// The kinds that are wanted and cannot be dealt, each with why.
    fn refused(&self) -> Facts {
        let kinds = self.kinds().into_iter();
        kinds
            .filter_map(|kind| Some((kind.word().to_owned(), self.refuses(kind)?.to_owned())))
            .collect()
    }

    fn seed(&self) -> u64 {
        self.seed.unwrap_or_default()
    }
}

/// All that was done and seen.
struct Drilled {
    asked: Asked,
    start: Instant,
    began: time::OffsetDateTime,
    history: Arc<History>,
    /// What customers had in their wallets before they came.
    wallets: Vec<(Uuid, i64)>,
    /// What was to be done.
    course: Vec<Round>,
    went: Vec<Went>,
    not_run: Vec<(String, String)>,
    replayed: usize,
    locks: drill::LockHistory,
}

/// Drills as `asked`, and says whether it was passed. Whatever ends it, each fault is healed and each process ended first.
///
/// # Errors
/// When the shop cannot be opened, or the report not written.
pub async fn run(mut asked: Asked) -> anyhow::Result<ExitCode> {
    let seed = asked.seed.unwrap_or_else(|| rand::random::<u32>().into());
    asked.seed = Some(seed);
    let rounds = asked.course()?;
    if asked.plan {
        for round in &rounds {
            say::line(round);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !asked.apart && asked.against == Against::Ha {
        apart::begin_anew(seed)?;
    }
    let stop = asked_to_stop()?;
    say::line(format_args!(
        "Opening a shop to be broken; seed {seed}, {} rounds",
        rounds.len()
    ));
    let report = match asked.against {
        Against::Ha => Box::pin(judged(&asked, rounds, stop, async |_| Ok(()))).await?,
        Against::Compose => {
            Box::pin(broken::<Containers>(&asked, rounds, stop, async |_| Ok(()))).await?
        }
    };
    match report {
        None => Ok(interrupted()),
        Some(report) => told_of(&report, &asked),
    }
}

/// Opens a shop of processes, has `before` done to it, drills it by `rounds`, and judges it; nothing, when it is asked to `stop`.
/// Whatever ends it, each fault is healed and each process ended.
///
/// # Errors
/// When the shop cannot be opened, or what became of it cannot be found out.
pub async fn judged(
    asked: &Asked,
    rounds: Vec<Round>,
    stop: CancellationToken,
    before: impl AsyncFnOnce(&Shop) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Report>> {
    let before = async |form: &Processes| before(&form.shop.running).await;
    Box::pin(broken(asked, rounds, stop, before)).await
}

/// The same with any form of it.
async fn broken<F: Form>(
    asked: &Asked,
    rounds: Vec<Round>,
    stop: CancellationToken,
    before: impl AsyncFnOnce(&F) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Report>> {
    let opening = stop.run_until_cancelled(Box::pin(Scene::<F>::open(asked)));
    let Some(opened) = opening.await else {
        return Ok(None);
    };
    let scene = opened?;
    let work = async {
        before(&scene.form).await?;
        let drilled = drilled(&scene, asked, rounds).await?;
        say::line("Checking all that was told and stored");
        checks::report(&scene, drilled).await
    };
    // Whatever ends it, a panic in it too, all that it could have left half done is healed.
    let ended = AssertUnwindSafe(stop.run_until_cancelled(work));
    let ended = ended.catch_unwind().await;
    scene.form.heal().await;
    say::line("Closing the shop");
    scene.form.close().await;
    match ended {
        Ok(report) => report.transpose(),
        Err(_) => bail!("the drill itself broke off"),
    }
}

fn interrupted() -> ExitCode {
    say::line("Interrupted: all is healed and ended, and nothing is judged");
    ExitCode::from(INTERRUPTED)
}

/// Says how it went.
fn told_of(report: &Report, asked: &Asked) -> anyhow::Result<ExitCode> {
    report.write(&asked.report)?;
    say::line(format_args!("\n{}", report.summary()));
    say::line(format_args!(
        "{}/index.html tells of it",
        asked.report.display()
    ));
    Ok(if report.passed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Loads the shop of `scene`, does the rounds, and lets all come to rest.
async fn drilled<F: Form>(
    scene: &Scene<F>,
    asked: &Asked,
    course: Vec<Round>,
) -> anyhow::Result<Drilled> {
    let began = time::OffsetDateTime::now_utc();
    let traffic = scene.traffic(asked.rate.into(), asked.seed()).await?;
    let wallets = wallets::of(&traffic.buyers).await?;
    let start = Instant::now();
    let history = Arc::new(written(asked, start)?);
    let flow = traffic.begin(history.clone(), Arc::<Gauge>::default());
    let locks = Clients::begin(&scene.channel, &scene.resource, WANTING);
    until("orders are taken", async || history.acknowledged() >= SOME).await?;
    sleep(ACQUAINTED).await;
    let limit =
        Duration::from_secs(asked.minutes * 60).max(course.iter().map(Round::takes).sum()) * 2;
    let (mut went, mut not_run) = (Vec::new(), asked.refused());
    not_run.extend(scene.form.not_reached());
    for (number, round) in (1..).zip(&course) {
        if start.elapsed() > limit {
            not_run.push((round.to_string(), "time was over".to_owned()));
            continue;
        }
        let done = rounds::one(&scene.form, number, round).await;
        say::line(&done);
        went.push(done);
    }
    let replayed = flow.settle().await?;
    Ok(Drilled {
        asked: asked.clone(),
        start,
        began,
        history,
        wallets,
        course,
        went,
        not_run,
        replayed,
        locks: locks.end().await,
    })
}

/// A history that is written down beside the report from `start` on.
fn written(asked: &Asked, start: Instant) -> anyhow::Result<History> {
    std::fs::create_dir_all(&asked.report)?;
    History::default().written_to(&asked.report.join("history.jsonl"), start)
}

/// Cancelled by Ctrl-C and SIGTERM.
fn asked_to_stop() -> anyhow::Result<CancellationToken> {
    let mut signals = Signals::listen()?;
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        signals.heard().await;
        say::line("Stopping: healing what was done, and ending all of it");
        stopping.cancel();
    });
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_dealt_here_is_no_part_of_the_course_and_is_told() {
        let asked = facts::tests::asked(Vec::new());

        let (course, refused) = (asked.course().unwrap(), asked.refused());

        assert!(refused.iter().any(|(kind, _)| kind == "dns-gone"));
        for (kind, why) in refused {
            let mut blows = course.iter().flat_map(|round| &round.blows);
            assert!(blows.all(|blow| blow.kind.word() != kind), "{kind}: {why}");
        }
    }
}
