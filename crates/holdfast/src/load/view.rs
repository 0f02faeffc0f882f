//! How a load goes, as it happens: rate, times, errors by code, how many wait.

use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use drill::{Gauge, Shown};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;
use tokio::time::interval;

use crate::say;

/// How often it is drawn anew.
const TICK: Duration = Duration::from_secs(1);

/// A view of a load; quiet, where nobody looks.
pub(super) struct View {
    live: Option<(ProgressBar, JoinHandle<()>)>,
}

/// Shows what `gauge` shows, at a terminal.
pub(super) fn begin(gauge: Arc<Gauge>, quiet: bool) -> View {
    if quiet || !io::stdout().is_terminal() {
        return View { live: None };
    }
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let shown = bar.clone();
    let task = tokio::spawn(async move {
        let mut ticks = interval(TICK);
        loop {
            ticks.tick().await;
            shown.set_message(drawn(&gauge.look()));
            shown.tick();
        }
    });
    View {
        live: Some((bar, task)),
    }
}

impl View {
    /// Says a line, above what is drawn.
    pub(super) fn line(&self, words: impl Display) {
        match &self.live {
            Some((bar, _)) => bar.println(words.to_string()),
            None => say::line(words),
        }
    }

    /// Says how it went so far, where nothing is drawn.
    pub(super) fn round(&self, gauge: &Gauge) {
        if self.live.is_none() {
            say::line(told(&gauge.look()));
        }
    }

    /// Draws no more, and leaves the last words.
    pub(super) fn end(self, gauge: &Gauge) {
        if let Some((bar, task)) = self.live {
            task.abort();
            bar.finish_and_clear();
            say::line(drawn(&gauge.look()));
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
    for (error, count) in &shown.errors {
        put(&mut text, format_args!("\n  {error:24} {count:>8}"));
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
    for (error, count) in &shown.errors {
        put(&mut text, format_args!("; {error}: {count}"));
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
        gauge.heard("503");
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
            assert!(text.contains("503"), "{text}");
        }
        assert!(drawn.contains("1 served in the last second"), "{drawn}");
    }
}
