//! A history as a file: one line of JSON for each thing that was sent, in the order in which it ended.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::History;
use crate::Heard;

impl History {
    /// Writes all of it to `path`; times are seconds after `start`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path, start: Instant) -> anyhow::Result<()> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        let mut file = BufWriter::new(file);
        for (_, line) in self.lines(start) {
            writeln!(file, "{line}")?;
        }
        file.flush().with_context(|| path.display().to_string())
    }

    fn lines(&self, start: Instant) -> Vec<(Instant, Value)> {
        let at = |moment: Instant| {
            let seconds = moment.saturating_duration_since(start).as_secs_f64();
            (seconds * 1e6).round() / 1e6
        };
        let sendings = self.sendings().into_iter().map(|one| {
            let wish = &one.wish;
            let line = json!({"act": "send", "customer": wish.customer, "key": wish.key, "product": wish.product,
                "quantity": wish.quantity, "cart": wish.cart, "sent": at(one.began), "ended": at(one.ended),
                "heard": heard(&one.heard)});
            (one.ended, line)
        });
        let looks = self.looks().into_iter().map(|look| {
            let line = json!({"act": "look", "sent": at(look.began), "ended": at(look.ended), "answered": look.answered});
            (look.ended, line)
        });
        let errands = self.errands().into_iter().map(|errand| {
            let line = json!({"act": errand.act.name(), "came": at(errand.came), "ended": at(errand.ended),
                "times_sent": errand.sent, "served": errand.served});
            (errand.ended, line)
        });
        let reads = self.reads().into_iter().map(|read| {
            let line = json!({"act": "own read", "order": read.id, "ended": at(read.at), "told": read.told,
                "found": read.found, "again": read.again});
            (read.at, line)
        });
        let mut lines: Vec<(Instant, Value)> =
            sendings.chain(looks).chain(errands).chain(reads).collect();
        lines.sort_by_key(|(ended, _)| *ended);
        lines
    }
}

fn heard(heard: &Heard) -> Value {
    match heard {
        Heard::Taken { id, status, total } => {
            json!({"order": id, "status": status, "total": total})
        }
        Heard::Refused(said) => json!({"refused": said}),
        Heard::NotTaken(status) => json!({"not_taken": status}),
        Heard::Unknown(said) => json!({"unknown": said}),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Act, Errand, Look};

    #[test]
    fn each_thing_is_a_line_with_its_time() {
        let (history, start) = (History::default(), Instant::now());
        let ended = start + Duration::from_millis(1_500);
        history.done(Errand {
            act: Act::Order,
            came: start,
            ended,
            sent: 2,
            served: true,
        });
        history.looked(Look {
            began: start,
            ended: start + Duration::from_secs(2),
            answered: true,
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");

        history.write(&path, start).unwrap();

        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["ended"], 1.5);
        assert_eq!(lines[0]["times_sent"], 2);
    }
}
