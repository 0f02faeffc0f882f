//! What is checked when all is over, and the report of it.

mod claims;
mod round;

use std::collections::BTreeSet;

use drill::{
    Figures, Findings, Imbalance, Kind, Operations, Report, Round, Stored, Struck, Totals, check,
    check_locks, lock_writes, seconds, windows,
};
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

use self::claims::{Seen, unreadable};
use super::form::Form;
use super::rounds::{Went, answered};
use super::scene::{SCARCE, Scene};
use super::{Drilled, facts};

/// How many seconds are measured together.
const WINDOW: usize = 5;

/// What is stored when all is over.
#[derive(Default)]
struct Kept {
    books: Imbalance,
    stored: Vec<Stored>,
    /// How many are left of the product of which there is little.
    left: i64,
    /// The tokens of the writes that the lock's resource took.
    writes: Vec<i64>,
}

/// Checks all that was written down and stored, and reports; that it cannot be read, where that is so.
pub(super) async fn report<F: Form>(scene: &Scene<F>, drilled: Drilled) -> anyhow::Result<Report> {
    let history = &drilled.history;
    history.written()?;
    let kept = answered(F::SETTLED, async || kept(scene, &drilled).await).await;
    let unread = kept.as_ref().err().map(|error| format!("{error:#}"));
    let kept = kept.unwrap_or_default();
    let (sendings, reads) = (history.sendings(), history.reads());
    let mut findings = Findings::default();
    if unread.is_none() {
        findings = check(&sendings, &reads, &kept.stored);
        findings.forgive(&sendings, scene.scarce().id, kept.left);
        findings.add_refused(&history.refused_reads());
    }
    let totals = totals(&drilled, &findings, &kept);
    let rounds: Vec<Struck> = drilled
        .went
        .iter()
        .map(|went| round::struck(went, history, &findings, drilled.start))
        .collect();
    let mut checks = match unread {
        Some(why) => vec![unreadable(why)],
        None => claims::checked(Seen {
            totals: &totals,
            findings,
            books: kept.books,
            locks: check_locks(&drilled.locks.grants, &kept.writes),
            unrecorded: unrecorded(&drilled.went, drilled.start),
            planned: kinds(&drilled.course).len(),
            never: never(&drilled.course, &drilled.went),
            faults_planned: any_is_claimed::<F>(&drilled.course),
            stored: kept.stored.len(),
            writes: kept.writes.len(),
        }),
    };
    let operations = Operations::of(history, &kept.stored, drilled.start);
    for found in checks.iter_mut().flat_map(|check| &mut check.found) {
        *found = operations.named(std::mem::take(found));
    }
    let errands = history.errands();
    let told = scene.form.told().await;
    let mut report = Report {
        began: drilled.began.replace_nanosecond(0)?.format(&Rfc3339)?,
        took: drilled.start.elapsed().as_secs_f64(),
        seed: drilled.asked.seed(),
        command: facts::command(&drilled.asked),
        machine: facts::machine(),
        configuration: facts::configuration(&drilled.asked, &told, SCARCE),
        versions: told.versions,
        totals,
        rounds,
        checks,
        not_run: drilled.not_run,
        seconds: seconds(&errands, drilled.start),
        windows: windows(&errands, drilled.start, WINDOW),
        ..Report::default()
    };
    report.judge();
    Ok(report)
}

async fn kept<F: Form>(scene: &Scene<F>, drilled: &Drilled) -> anyhow::Result<Kept> {
    let books = scene.form.books().await?;
    let mut imbalance = books.imbalance(F::SETTLED).await?;
    let stored = Stored::of(&books.order, &drilled.history.customers()).await?;
    let wallets = books.wallets(&drilled.wallets, &stored).await?;
    imbalance.money.extend(wallets);
    Ok(Kept {
        books: imbalance,
        left: books.left(scene.scarce().id).await?,
        writes: lock_writes(&scene.resource).await?,
        stored,
    })
}

fn totals(drilled: &Drilled, findings: &Findings, kept: &Kept) -> Totals {
    let history = &drilled.history;
    let all = Figures::of(history, findings, drilled.start, Instant::now());
    Totals {
        came: history.errands().len(),
        acknowledged: history.acknowledged_keys(),
        lost: findings.lost.len(),
        doubled: findings.doubled.len(),
        oversold: kept.books.oversold.len(),
        stale: findings.stale.len() + findings.backwards.len(),
        own_reads: history.reads().len(),
        unknown: all.unknown,
        replayed: drilled.replayed,
        faults: drilled.went.iter().map(|went| went.counted().0).sum(),
        closed: drilled.went.iter().map(|went| went.counted().1).sum(),
        grants: drilled.locks.grants.len(),
        fenced: drilled.locks.refused,
    }
}

/// What the ledger has not, round by round.
fn unrecorded(went: &[Went], start: Instant) -> Vec<String> {
    let found = went.iter().flat_map(|went| {
        let at = round::after(start, went.struck);
        let name = format!("round {} at {at:.0} s", went.number);
        let missing = went.unrecorded.iter();
        missing.map(move |words| format!("{name}: {words}"))
    });
    found.collect()
}

fn kinds(course: &[Round]) -> BTreeSet<Kind> {
    let blows = course.iter().flat_map(|round| &round.blows);
    blows.map(|blow| blow.kind).collect()
}

/// The kinds of `course` of which not one blow fell.
fn never(course: &[Round], went: &[Went]) -> Vec<String> {
    let fell = went.iter().flat_map(|went| &went.fallen);
    let fell: BTreeSet<Kind> = fell.map(|fallen| fallen.blow.kind).collect();
    let never = kinds(course).into_iter();
    let never = never.filter(|kind| !fell.contains(kind));
    never
        .map(|kind| format!("{} was never dealt", kind.word()))
        .collect()
}

/// Whether the ledger is claimed to have any blow of `course`.
fn any_is_claimed<F: Form>(course: &[Round]) -> bool {
    let mut blows = course.iter().flat_map(|round| &round.blows);
    blows.any(|blow| F::claims(*blow))
}

#[cfg(test)]
mod tests {
    use drill::{Wanted, course};

    use super::super::rounds::tests::went;
    use super::*;

    #[test]
    fn a_planted_kind_that_was_planned_and_never_dealt_is_told() {
        let only = vec![Kind::SlowDependency, Kind::Pause];
        let planned = course(&Wanted {
            seed: 7,
            time: std::time::Duration::ZERO,
            only,
        });

        let never = never(&planned, &[went(&[])]);

        assert_eq!(never, ["pause was never dealt"]);
    }

    #[test]
    fn a_planted_gap_in_the_ledger_is_told_with_its_round() {
        let mut gap = went(&[]);
        gap.unrecorded
            .push("the ledger has nothing of it".to_owned());

        let told = unrecorded(&[gap], Instant::now());

        assert_eq!(told, ["round 1 at 0 s: the ledger has nothing of it"]);
    }
}
