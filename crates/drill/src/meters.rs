//! What instances count, read from their metrics and summed.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;

/// How long an instance may take to say it.
const LIMIT: Duration = Duration::from_secs(5);

/// What instances have counted.
#[derive(Debug, Clone, Default)]
pub struct Meters(Vec<(String, f64)>);

impl Meters {
    /// Reads what those at `admins` have counted so far.
    ///
    /// # Errors
    /// When one does not answer.
    pub async fn read(admins: impl IntoIterator<Item = SocketAddr>) -> anyhow::Result<Self> {
        let mut all = Vec::new();
        for admin in admins {
            let url = format!("http://{admin}/metrics");
            let page = reqwest::Client::new().get(&url).timeout(LIMIT).send().await;
            let page = page.with_context(|| url.clone())?.text().await?;
            all.extend(page.lines().filter_map(line));
        }
        Ok(Self(all))
    }

    /// The sum of what is called `name` and has each of `labels`.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""))
            .collect();
        let wanted = |series: &str| {
            let (found, rest) = series.split_once('{').unwrap_or((series, ""));
            found == name && labels.iter().all(|label| rest.contains(label))
        };
        let found = self.0.iter().filter(|(series, _)| wanted(series));
        found.map(|(_, value)| value).sum()
    }
}

/// A line of a page: a series and its value.
fn line(text: &str) -> Option<(String, f64)> {
    if text.starts_with('#') {
        return None;
    }
    let (series, value) = text.rsplit_once(' ')?;
    Some((series.to_owned(), value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_name_and_the_labels_is_summed() {
        let page = "# HELP calls\ncalls{to=\"a\",by=\"x\"} 2\ncalls{to=\"a\",by=\"y\"} 3\ncalls{to=\"b\"} 7\ncalls_more{to=\"a\"} 9\nlone 1.5";
        let meters = Meters(page.lines().filter_map(line).collect());

        let within = |count: f64, wanted: f64| (count - wanted).abs() < 1e-9;
        assert!(within(meters.sum("calls", &[("to", "a")]), 5.0));
        assert!(within(meters.sum("calls", &[]), 12.0));
        assert!(within(meters.sum("lone", &[]), 1.5));
        assert!(within(meters.sum("none", &[]), 0.0));
    }
}
