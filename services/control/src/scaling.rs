//! How services are scaled, for those who look on and for those who follow.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_stream::try_stream;
use futures::Stream;
use time::OffsetDateTime;

use crate::domain::decided::Stands;
use crate::domain::fit::Used;
use crate::domain::forecast::Score;
use crate::domain::history::{DAY, STEP, WEEK, step_of};
use crate::domain::load::Load;
use crate::domain::presence::Presence;
use crate::error::Error;
use crate::store::scaling::{self as store, Kept, Logged, Outlook, Step};
use crate::tools::Tools;

/// How often somebody who follows is told.
const LOOK: Duration = Duration::from_millis(500);

/// How a service is scaled.
#[derive(Clone, Debug)]
pub struct View {
    /// How many are wanted, where anything was decided.
    pub wanted: Option<Wanted>,
    /// What is kept of it.
    pub kept: Kept,
    /// How many there may be, at least and at most.
    pub bounds: [u32; 2],
    /// Whether operators say what an instance answers.
    pub is_said: bool,
    /// What is asked of it.
    pub load: Load,
    /// Its instances.
    pub instances: Vec<Presence>,
    /// What they used in a week.
    pub used: Used,
    /// The last decisions, the last one first.
    pub last: Vec<Logged>,
}

/// How many are wanted of a service.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// How many, now.
    pub stands: Stands,
    /// What is kept of it, of which it follows.
    pub kept: Kept,
}

/// What is expected of a service.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What came in the last day.
    pub steps: Vec<Step>,
    /// What is expected.
    pub outlook: Option<Outlook>,
    /// How good that was, in the last day.
    pub score: Score,
}

/// How all services are scaled, by their names.
///
/// # Errors
/// When the database did not answer.
pub async fn list(tools: &Tools) -> Result<Vec<View>, Error> {
    let first = back(WEEK);
    let read = tools.db.read("scaling: list", |tx| {
        Box::pin(async move {
            let kept = store::all(tx).await?;
            let names: Vec<String> = kept.iter().map(|one| one.service.clone()).collect();
            let used = store::used(tx, &names, first).await?;
            Ok((kept, used, store::last_decisions(tx).await?))
        })
    });
    let (kept, used, last) = read.await?.own();
    let heard = tools.roll().all(Instant::now());
    let views = kept.into_iter().map(|kept| {
        let of = |one: &&Presence| one.report.service == kept.service;
        let used = used.iter().find(|(service, _)| *service == kept.service);
        let last = last.iter().filter(|one| one.service == kept.service);
        let allowance = tools.said.now().of(&kept.service).cloned();
        let allowance = allowance.unwrap_or_default();
        let bounds = allowance.instances();
        View {
            wanted: wanted(tools, &kept),
            bounds: [*bounds.start(), *bounds.end()],
            is_said: allowance.requests_per_instance.is_some(),
            load: Load::of(&kept.service, &heard),
            instances: heard.iter().filter(of).cloned().collect(),
            used: used.map(|(_, used)| *used).unwrap_or_default(),
            last: last.cloned().collect(),
            kept,
        }
    });
    Ok(views.collect())
}

/// How many are wanted of `kept`'s service, where anything was decided.
fn wanted(tools: &Tools, kept: &Kept) -> Option<Wanted> {
    let allowance = tools.said.now().of(&kept.service).cloned();
    let bounds = allowance.unwrap_or_default().instances();
    let stands = kept.decided?.stands(OffsetDateTime::now_utc(), &bounds);
    Some(Wanted {
        stands,
        kept: kept.clone(),
    })
}

/// How many are wanted of each service on which anything was decided, or only of `service`. Read on the primary: a replica may be
/// behind what was told already.
///
/// # Errors
/// When the database did not answer.
pub async fn all_wanted(tools: &Tools, service: &str) -> Result<Vec<Wanted>, Error> {
    let read = tools
        .db
        .read_primary("scaling: wanted", |tx| Box::pin(store::all(tx)));
    let all = read.await?.value.into_iter();
    let all = all.filter(|kept| service.is_empty() || kept.service == service);
    Ok(all.filter_map(|kept| wanted(tools, &kept)).collect())
}

/// Streams how many are wanted of each service, or of `service`: at once, and whenever that has changed.
pub fn watch(
    tools: Tools,
    service: String,
) -> impl Stream<Item = Result<Wanted, Error>> + Send + use<> {
    try_stream! {
        let mut told: HashMap<String, (i64, Stands)> = HashMap::new();
        let mut said = tools.said.changes();
        loop {
            for wanted in all_wanted(&tools, &service).await? {
                let now = (wanted.kept.version, wanted.stands);
                if told.insert(wanted.kept.service.clone(), now) != Some(now) {
                    yield wanted;
                }
            }
            tokio::select! {
                // Bounds are kept to at once.
                _ = said.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}

/// Lists `rows` decisions on `service` before the one with the number `before`, the last one first.
///
/// # Errors
/// When the database did not answer.
pub async fn decisions(
    tools: &Tools,
    service: &str,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<Logged>, Error> {
    let read = tools.db.read("scaling: decisions", |tx| {
        Box::pin(store::decisions(tx, service, before, rows))
    });
    Ok(read.await?.own())
}

/// What is expected of `service`, beside what came in the last day.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn expected(tools: &Tools, service: &str) -> Result<Expected, Error> {
    let first = back(DAY);
    let read = tools.db.read("scaling: forecast", |tx| {
        Box::pin(async move {
            let kept = store::all(tx).await?;
            let steps = store::steps(tx, &[service.to_owned()], first).await?;
            Ok((kept, steps))
        })
    });
    let (kept, steps) = read.await?.own();
    let kept = kept.into_iter().find(|kept| kept.service == service);
    let kept = kept.ok_or(Error::NotFound("service"))?;
    let now = step_of(OffsetDateTime::now_utc());
    let pairs = steps.iter().filter(|step| step.step < now);
    let score = Score::of(pairs.filter_map(|step| Some((step.foreseen?, step.mean()?))));
    Ok(Expected {
        steps: steps.into_iter().filter(|step| step.step <= now).collect(),
        outlook: kept.outlook,
        score,
    })
}

/// The step that is so many before the present one.
fn back(steps: usize) -> i64 {
    let length = STEP * u32::try_from(steps).unwrap_or(u32::MAX);
    step_of(OffsetDateTime::now_utc() - length)
}
