//! How many jobs shared a transaction, by the services' own metrics.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Context as _;

/// Jobs and transactions so far, by the name of the group.
pub(crate) type Groups = BTreeMap<String, (f64, f64)>;

/// Asks the instance whose metrics are at `admin`.
pub(crate) async fn ask(admin: SocketAddr) -> anyhow::Result<Groups> {
    let page = reqwest::get(format!("http://{admin}/metrics")).await?;
    Ok(read(&page.text().await?))
}

fn read(page: &str) -> Groups {
    let mut groups = Groups::new();
    for line in page.lines() {
        if let Ok((name, what, value)) = sample(line) {
            let (jobs, transactions) = groups.entry(name.to_owned()).or_default();
            match what {
                "sum" => *jobs = value,
                "count" => *transactions = value,
                _ => {}
            }
        }
    }
    groups
}

/// The name of the group, which of its samples a line is, and its value.
fn sample(line: &str) -> anyhow::Result<(&str, &str, f64)> {
    let rest = line.strip_prefix("db_group_jobs_").context("another")?;
    let (what, rest) = rest.split_once("{name=\"").context("no name")?;
    let (name, rest) = rest.split_once('"').context("no end")?;
    let value = rest.rsplit(' ').next().context("no value")?;
    Ok((name, what, value.parse()?))
}

/// Jobs in a transaction between the two, by group; those that did nothing are left out.
pub(crate) fn between(before: &Groups, after: &Groups) -> Vec<(String, f64)> {
    let sizes = after.iter().filter_map(|(name, (jobs, transactions))| {
        let (jobs_before, before) = before.get(name).copied().unwrap_or_default();
        let transactions = transactions - before;
        (transactions > 0.0).then(|| (name.clone(), (jobs - jobs_before) / transactions))
    });
    sizes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_group_is_what_it_carried_in_between() {
        let page = |jobs, count| {
            format!(
                "# TYPE db_group_jobs histogram\n\
                db_group_jobs_bucket{{name=\"place\",le=\"1\"}} 3\n\
                db_group_jobs_sum{{name=\"place\"}} {jobs}\n\
                db_group_jobs_count{{name=\"place\"}} {count}\n"
            )
        };

        let sizes = between(&read(&page(10, 10)), &read(&page(50, 20)));

        assert_eq!(sizes, [("place".to_owned(), 4.0)]);
    }
}
