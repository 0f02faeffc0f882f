//! Metrics that somebody shows, and what is read in vain.

use std::collections::{BTreeMap, BTreeSet};

use super::content::{Said, rules};
use super::promql::reads;

/// The labels that Prometheus puts on whatever it reads.
const TARGET: [&str; 4] = ["job", "instance", "pod", "namespace"];

/// Metrics with their labels.
#[derive(Debug, Default)]
pub(crate) struct Shown(BTreeMap<String, BTreeSet<String>>);

impl Shown {
    /// Those in `text`, as Prometheus reads it.
    pub(crate) fn in_text(text: &str) -> Self {
        let mut shown = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let series = line.rsplit_once(' ').map_or(line, |(series, _)| series);
            for (metric, labels) in reads(series).metrics {
                shown.0.entry(metric).or_default().extend(labels);
            }
        }
        shown
    }

    /// The same with `metric`, which has `labels`.
    pub(crate) fn with(mut self, metric: &str, labels: &[&str]) -> Self {
        let known = self.0.entry(metric.to_owned()).or_default();
        known.extend(labels.iter().map(|label| (*label).to_owned()));
        self
    }

    /// The same with what rules record.
    pub(crate) fn recorded(mut self) -> Self {
        for rule in rules() {
            if let (Some(name), Some(expr)) = (rule["record"].as_str(), rule["expr"].as_str()) {
                let labels = self.0.entry(name.to_owned()).or_default();
                labels.extend(reads(expr).grouped);
            }
        }
        self
    }

    /// Whether `metric` is among them.
    pub(crate) fn has(&self, metric: &str) -> bool {
        self.0.contains_key(metric)
    }

    /// What of `all` nobody shows, be it a metric or one of its labels. Only metrics that are `meant` are looked at.
    pub(crate) fn missing(&self, all: &[Said], meant: impl Fn(&str) -> bool) -> Vec<String> {
        let none = BTreeSet::new();
        let mut missing = Vec::new();
        for Said { place, expr } in all {
            let (read, mut known) = (reads(expr), BTreeSet::new());
            for (metric, chosen) in read.metrics.iter().filter(|(metric, _)| meant(metric)) {
                if !self.has(metric) {
                    missing.push(format!("{place}: nobody shows {metric}"));
                    continue;
                }
                let labels = self.0.get(metric).unwrap_or(&none);
                known.extend(labels.iter().cloned());
                let lost = chosen.iter().filter(|label| !is_worn(label, labels));
                missing.extend(lost.map(|label| format!("{place}: {metric} has no {label}")));
            }
            if read
                .metrics
                .keys()
                .all(|metric| meant(metric) && self.has(metric))
            {
                let lost = read.grouped.iter().filter(|label| !is_worn(label, &known));
                missing.extend(lost.map(|label| format!("{place}: nothing has {label}")));
            }
        }
        missing
    }
}

/// Whether `label` is among `shown`, or is put on by Prometheus, which renames what is shown by the name of its own.
fn is_worn(label: &str, shown: &BTreeSet<String>) -> bool {
    let renamed = label.strip_prefix("exported_");
    let bare = renamed.unwrap_or(label);
    shown.contains(bare) || (renamed.is_none() && TARGET.contains(&label))
}

#[test]
fn what_nobody_shows_is_found() {
    let shown = Shown::in_text("# HELP a_total x\na_total{b=\"c d\",e=\"f\"} 1\ng 2 1700000000\n");
    let said = |expr: &str| Said {
        place: "here".to_owned(),
        expr: expr.to_owned(),
    };
    let missing = |expr: &str| shown.missing(&[said(expr)], |_| true);

    assert_eq!(
        missing("sum by (b, pod) (a_total{e=\"x\"}) / g{job=\"y\"}"),
        [""; 0]
    );
    assert_eq!(
        missing("planted_total"),
        ["here: nobody shows planted_total"]
    );
    assert_eq!(missing("g{b=\"x\"}"), ["here: g has no b"]);
    assert_eq!(missing("sum by (h) (a_total)"), ["here: nothing has h"]);
}
