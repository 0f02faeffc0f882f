//! How a load goes, as it happens: rate, times, errors by code, how many wait.

use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use drill::{Errors, Gauge, Shown};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use crate::say;

/// How often it is drawn anew, and how often a line is said where nothing is drawn.
const TICK: Duration = Duration::from_secs(1);
const LINE: Duration = Duration::from_mins(1);

/// A view of a load; quiet, where nobody looks.
pub(super) struct View {
    bar: Option<ProgressBar>,
    _task: AbortOnDropHandle<()>,
}

/// Shows what `gauge` shows: drawn at a terminal, and as lines elsewhere.
pub(super) fn begin(gauge: Arc<Gauge>, quiet: bool) -> View {
    let bar = (!quiet && io::stdout().is_terminal()).then(bar);
    let shown = bar.clone();
    let task = tokio::spawn(async move {
        let period = shown.as_ref().map_or(LINE, |_| TICK);
        loop {
            sleep(period).await;
            show(shown.as_ref(), &gauge.look());
        }
    });
    View {
        bar,
        _task: AbortOnDropHandle::new(task),
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar
}

fn show(bar: Option<&ProgressBar>, shown: &Shown) {
    match bar {
        Some(bar) => {
            bar.set_message(drawn(shown));
            bar.tick();
        }
        None => say::line(told(shown)),
    }
}

impl View {
    /// Says a line, above what is drawn.
    pub(super) fn line(&self, words: impl Display) {
        match &self.bar {
            Some(bar) => bar.println(words.to_string()),
            None => say::line(words),
        }
    }

    /// Draws no more, and leaves the last words.
    pub(super) fn end(self, gauge: &Gauge) {
        match self.bar {
            Some(bar) => {
                bar.finish_and_clear();
                say::line(drawn(&gauge.look()));
            }
            None => say::line(told(&gauge.look())),
        }
    }
}

/// As a small table.
fn drawn(shown: &Shown) -> String {
    let mut text = format!(
        "{:>7} came, {:>5} served in the last second, {:>5} wait",
        shown.came, shown.served, shown.waiting
    );
    if let Some(times) = shown.recent {
        put(&mut text, format_args!(", {}", percentiles(times)));
    }
    for (act, served, failed, times) in &shown.acts {
        put(
            &mut text,
            format_args!(
                "\n  {:8} {served:>8} served {failed:>6} not   {}",
                act.name(),
                percentiles(*times)
            ),
        );
    }
    if !shown.errors.is_empty() {
        put(
            &mut text,
            format_args!("\n  {:32} {:>10} {:>8}", "", "in the end", "retried"),
        );
    }
    for (error, Errors { ended, retried }) in &shown.errors {
        put(
            &mut text,
            format_args!("\n  {error:32} {ended:>10} {retried:>8}"),
        );
    }
    if shown.left_out > 0 {
        put(
            &mut text,
            format_args!(
                "\n  {} were left out: more wait than this machine bears",
                shown.left_out
            ),
        );
    }
    text
}

/// As a line.
fn told(shown: &Shown) -> String {
    let mut text = format!("{} came, {} wait", shown.came, shown.waiting);
    for (act, served, failed, times) in &shown.acts {
        put(
            &mut text,
            format_args!(
                "; {}: {served} served ({}), {failed} not",
                act.name(),
                percentiles(*times)
            ),
        );
    }
    for (error, Errors { ended, retried }) in &shown.errors {
        put(
            &mut text,
            format_args!("; {error}: {ended} in the end, {retried} retried"),
        );
    }
    text
}

fn percentiles(times: [Duration; 4]) -> String {
    let [p50, p90, p99, p999] = times.map(|time| time.as_secs_f64() * 1_000.0);
    format!("p50 {p50:.1}, p90 {p90:.1}, p99 {p99:.1}, p99.9 {p999:.1} ms")
}

fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Into memory.
    let _ = text.write_fmt(words);
}

#[cfg(test)]
mod tests {
    use drill::{Act, Errand};
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn it_shows_rate_times_errors_and_who_waits() {
        let (gauge, now) = (Gauge::default(), Instant::now());
        gauge.came();
        gauge.came();
        gauge.retried("503 overloaded");
        gauge.retried("503 overloaded");
        gauge.ended("no answer");
        gauge.done(&Errand {
            act: Act::Order,
            came: now,
            ended: now + Duration::from_millis(12),
            sent: 2,
            served: true,
        });

        let shown = gauge.look();

        let (drawn, told) = (drawn(&shown), told(&shown));
        for text in [&drawn, &told] {
            assert!(text.contains("2 came") && text.contains("1 wait"), "{text}");
            assert!(
                text.contains("order") && text.contains("p99 12.0"),
                "{text}"
            );
        }
        let row = |name| drawn.lines().find(|line| line.contains(name)).unwrap();
        let columns = |name| {
            row(name)
                .split_whitespace()
                .rev()
                .take(2)
                .collect::<Vec<_>>()
        };
        assert_eq!(columns("503 overloaded"), ["2", "0"], "{drawn}");
        assert_eq!(columns("no answer"), ["0", "1"], "{drawn}");
        assert!(
            told.contains("503 overloaded: 0 in the end, 2 retried"),
            "{told}"
        );
        assert!(drawn.contains("1 served in the last second"), "{drawn}");
    }
}
