//! What is checked when all is over, and the report of it.

use std::collections::HashSet;
use std::time::Duration;

use drill::{
    Checked, Figures, Findings, Goal, Heard, History, Operations, Report, Stored, Struck, Totals,
    check, check_locks, lock_writes, seconds, windows,
};
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

use super::form::Form;
use super::rounds::Went;
use super::scene::{SCARCE, Scene};
use super::{Drilled, facts};

/// How many seconds are measured together.
const WINDOW: usize = 5;
/// A time fails beyond so many times its goal.
const FAR: f64 = 3.0;

/// Checks all that was written down and stored, and reports.
pub(super) async fn report<F: Form>(scene: &Scene<F>, drilled: Drilled) -> anyhow::Result<Report> {
    let history = &drilled.history;
    history.written()?;
    let books = scene.form.books().await?;
    let wrong = books.balance(F::SETTLED).await?;
    let stored = Stored::of(&books.order, &history.customers()).await?;
    let (sendings, reads) = (history.sendings(), history.reads());
    let mut findings = check(&sendings, &reads, &stored);
    forgive(scene, history, &mut findings);
    let writes = lock_writes(&scene.resource).await?;
    let locks = check_locks(&drilled.locks.grants, &writes);
    let totals = Totals {
        came: history.errands().len(),
        acknowledged: history.acknowledged_keys(),
        lost: findings.lost.len(),
        doubled: findings.doubled.len(),
        oversold: wrong
            .iter()
            .filter(|wrong| wrong.contains("stock below zero"))
            .count(),
        stale: findings.stale.len() + findings.backwards.len(),
        own_reads: reads.len(),
        unknown: Figures::of(history, &findings, drilled.start, Instant::now()).unknown,
        replayed: drilled.replayed,
        faults: drilled.went.iter().map(|went| went.counted().0).sum(),
        closed: drilled.went.iter().map(|went| went.counted().1).sum(),
        grants: drilled.locks.grants.len(),
        fenced: drilled.locks.refused,
    };
    let rounds: Vec<Struck> = drilled
        .went
        .iter()
        .map(|went| struck(went, &drilled, &findings))
        .collect();
    let mut checks = checked(
        &totals,
        findings,
        wrong,
        locks,
        &rounds,
        (stored.len(), writes.len()),
    );
    let operations = Operations::of(history, &stored, drilled.start);
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

/// Takes out what was refused because there was no more of the product of which there is little.
fn forgive<F: Form>(scene: &Scene<F>, history: &History, findings: &mut Findings) {
    let scarce = scene.scarce().id;
    let sendings = history.sendings();
    let fine = sendings
        .iter()
        .filter(|one| one.wish.wants(scarce) && one.heard.is_sold_out());
    let fine: HashSet<&str> = fine.map(|one| one.wish.key.as_str()).collect();
    let key = |words: &String| words.split(':').next().unwrap_or_default().to_owned();
    findings
        .refused
        .retain(|words| !fine.contains(key(words).as_str()));
}

/// A round as the report has it.
fn struck(went: &Went, drilled: &Drilled, findings: &Findings) -> Struck {
    let figures = Figures::of(&drilled.history, findings, went.struck, went.over);
    let during = |at: &Instant| (went.struck..=went.over).contains(at);
    let sendings = drilled.history.sendings();
    let sent: HashSet<&str> = sendings
        .iter()
        .filter(|one| during(&one.began))
        .map(|one| one.wish.key.as_str())
        .collect();
    let of = |found: &[String]| {
        let keys = found
            .iter()
            .filter_map(|words| words.split([' ', ':']).next());
        keys.filter(|key| sent.contains(key)).count()
    };
    let unknown: HashSet<&str> = sendings
        .iter()
        .filter(|one| during(&one.began) && matches!(one.heard, Heard::Unknown(_)))
        .map(|one| one.wish.key.as_str())
        .collect();
    let goal = went.fallen.iter().map(|blow| blow.goal);
    let goal = goal
        .fold(Duration::ZERO, |sum, goal: Goal| sum + goal.writes)
        .as_secs_f64();
    let writes_out = figures.writes_out.as_secs_f64();
    let mut wrong = went.wrong.clone();
    if writes_out > goal * FAR {
        wrong.push(format!("no order was taken for {writes_out:.1} s, more than {FAR:.0} times the goal of {goal:.0} s"));
    }
    let (claimed, _) = went.counted();
    Struck {
        number: went.number,
        what: went.round.to_string(),
        parts: went.parts(),
        at: after(drilled.start, went.struck),
        healed: after(drilled.start, went.healed),
        recovered_after: Some((went.over - went.healed).as_secs_f64())
            .filter(|_| went.wrong.iter().all(|wrong| !wrong.contains("come back"))),
        claimed: claimed > 0,
        detected_after: went.detected_after(),
        ledger: went.ledger.iter().map(ToString::to_string).collect(),
        writes_out,
        writes_goal: goal,
        reads_out: figures.reads_out.as_secs_f64(),
        lost: of(&findings.lost),
        doubled: of(&findings.doubled),
        unknown: unknown.len(),
        wrong,
    }
}

fn after(start: Instant, moment: Instant) -> f64 {
    moment.saturating_duration_since(start).as_secs_f64()
}

/// What has to hold, what was looked at, and where it does not.
fn checked(
    totals: &Totals,
    findings: Findings,
    books: Vec<String>,
    locks: Vec<String>,
    rounds: &[Struck],
    (stored, writes): (usize, usize),
) -> Vec<Checked> {
    let Findings {
        lost,
        mut doubled,
        changed,
        refused,
        unresolved,
        unserved,
        stale,
        backwards,
    } = findings;
    let (acknowledged, reads) = (totals.acknowledged, totals.own_reads);
    let ledger = rounds.iter().flat_map(|round| {
        let wrong = round.wrong.iter().filter(|wrong| wrong.contains("ledger"));
        wrong.map(|wrong| format!("round {} at {:.0} s: {wrong}", round.number, round.at))
    });
    let is_key = |words: &String| words.contains("keys stand for");
    let (keys, books): (Vec<String>, Vec<String>) = books.into_iter().partition(is_key);
    doubled.extend(keys);
    let is_stock = |words: &String| {
        ["stock", "hold", "units"]
            .iter()
            .any(|word| words.contains(word))
    };
    let (stock, money): (Vec<String>, Vec<String>) = books.into_iter().partition(is_stock);
    let row = |what: &str, over: String, found: Vec<String>| Checked {
        what: what.to_owned(),
        over,
        found,
    };
    vec![
        row(
            "every acknowledged order is stored",
            format!("{acknowledged} acknowledged, {stored} stored"),
            lost,
        ),
        row(
            "no key has two orders, and no order is without a key",
            format!("{stored} stored orders"),
            doubled,
        ),
        row(
            "each order is stored as it was wished and told",
            format!("{acknowledged} orders"),
            changed,
        ),
        row(
            "money is conserved: wallets, transfers, payments and orders agree",
            "every row of both databases".to_owned(),
            money,
        ),
        row(
            "stock is conserved and never negative: shelf, movements, holds and orders agree",
            "every row".to_owned(),
            stock,
        ),
        row(
            "whoever ordered reads it, at another door",
            format!("{reads} own reads"),
            stale,
        ),
        row(
            "no own read goes back behind an earlier one",
            format!("{reads} own reads"),
            backwards,
        ),
        row(
            "every unknown outcome is resolved by sending its key again",
            format!(
                "{} unknown, {} of them replayed at the end",
                totals.unknown, totals.replayed
            ),
            unresolved,
        ),
        row(
            "nobody with money is refused what is there",
            format!("{acknowledged} orders"),
            refused,
        ),
        row(
            "every key is served in the end",
            format!("{acknowledged} orders"),
            unserved,
        ),
        row(
            "a lock is held by one at a time, its tokens grow, and no write with an older token is taken",
            format!(
                "{} grants, {writes} writes, {} late ones refused",
                totals.grants, totals.fenced
            ),
            locks,
        ),
        row(
            "every fault that is claimed to be seen is recorded and closed",
            format!("{} faults", totals.faults),
            ledger.collect(),
        ),
    ]
}
