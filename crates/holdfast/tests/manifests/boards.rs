//! Grafana's dashboards: each panel says what a bad figure means, in which unit it is, and what to open then.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::object::text;
use super::overlay::{k8s, rendered};
use super::watched::content::{boards, deploy, files, items};

/// What is wrong with a panel.
fn faults(panel: &Value) -> Vec<String> {
    let (description, defaults) = (
        text(&panel["description"]),
        &panel["fieldConfig"]["defaults"],
    );
    let targets = items(&panel["targets"]);
    let lines = text(&panel["type"]) == "timeseries";
    let mut faults = Vec::new();
    let mut check = |fine: bool, what: &str| {
        if !fine {
            faults.push(format!("{}: {what}", panel["title"]));
        }
    };
    check(!text(&panel["title"]).is_empty(), "no title");
    check(
        description.len() > 40,
        "does not say what a bad figure means",
    );
    check(!text(&defaults["unit"]).is_empty(), "no unit");
    check(
        !items(&defaults["thresholds"]["steps"]).is_empty(),
        "no thresholds",
    );
    check(
        text(&panel["datasource"]["uid"]) == "${datasource}",
        "a data source of its own",
    );
    check(!targets.is_empty(), "asks nothing");
    let legends = targets
        .iter()
        .all(|target| !text(&target["legendFormat"]).is_empty());
    check(legends || !lines, "lines without a legend");
    let told: Vec<&str> = description
        .split(' ')
        .filter(|word| word.starts_with("docs/"))
        .collect();
    check(!told.is_empty(), "names no runbook");
    for page in told {
        check(
            is_there(page.trim_end_matches(['.', ','])),
            &format!("{page} is not there"),
        );
    }
    faults
}

/// Whether a chapter of a runbook is there: `docs/runbooks/PAGE.md#chapter`.
fn is_there(link: &str) -> bool {
    let (page, chapter) = link.split_once('#').unwrap_or((link, ""));
    let page = fs::read_to_string(k8s().join("..").join(page)).unwrap_or_default();
    let titles = page.lines().filter_map(|line| line.strip_prefix("## "));
    titles.map(str::to_lowercase).any(|title| title == chapter)
}

#[test]
fn every_panel_says_what_a_bad_figure_means_and_what_to_open() {
    let (mut wrong, mut uids) = (Vec::new(), BTreeSet::new());
    for (name, board) in boards() {
        let panels = items(&board["panels"]);
        let ids: BTreeSet<u64> = panels
            .iter()
            .filter_map(|panel| panel["id"].as_u64())
            .collect();
        let variables = items(&board["templating"]["list"]);
        let fine = uids.insert(text(&board["uid"]).to_owned())
            && ids.len() == panels.len()
            && !text(&board["title"]).is_empty()
            && variables
                .iter()
                .any(|one| one["name"] == "datasource" && one["type"] == "datasource");
        if !fine {
            wrong.push(format!(
                "{name}: uid or ids are there twice, or no data source to choose"
            ));
        }
        let faults = panels.iter().flat_map(faults);
        wrong.extend(faults.map(|fault| format!("{name}: {fault}")));
        wrong.extend(overlaps(&panels).map(|fault| format!("{name}: {fault}")));
    }

    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert_eq!(uids.len(), 6);
}

/// Panels that stand upon another one, or beyond the 24 columns.
fn overlaps(panels: &[Value]) -> impl Iterator<Item = String> {
    let place = |panel: &Value, key: &str| panel["gridPos"][key].as_u64().unwrap_or(u64::MAX / 2);
    let mut taken = BTreeSet::new();
    let upon = panels.iter().filter(move |panel| {
        let at = |key: &str| place(panel, key);
        let beyond = at("x") + at("w") > 24;
        let cells = (at("x")..at("x") + at("w"))
            .flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y)));
        beyond || cells.filter(|cell| !taken.insert(*cell)).count() > 0
    });
    upon.map(|panel| format!("{} stands upon another", panel["title"]))
        .collect::<Vec<_>>()
        .into_iter()
}

#[test]
fn a_panel_that_says_too_little_is_found() {
    let (_, board) = boards().remove(0);
    let good = items(&board["panels"]).remove(0);
    assert_eq!(faults(&good), [""; 0]);

    for (at, other) in [
        (
            "/description",
            "A description of some length that names no runbook at all.",
        ),
        (
            "/description",
            "A description of some length. Open docs/runbooks/edge.md#nothing.",
        ),
        ("/fieldConfig/defaults/unit", ""),
        ("/datasource/uid", "prometheus"),
        ("/title", ""),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(at).unwrap() = other.into();
        assert_eq!(faults(&bad).len(), 1, "{at}: {other}");
    }
    assert_eq!(overlaps(&[good.clone(), good]).count(), 1);
}

#[test]
#[ignore = "needs kubectl: make test-k8s"]
fn the_cluster_is_given_every_dashboard() {
    let maps = rendered("ha").iter().filter(|one| {
        one.kind() == "ConfigMap" && one.0["metadata"]["labels"]["grafana_dashboard"] == "1"
    });
    let given: Vec<&String> = maps
        .flat_map(|map| map.0["data"].as_object().unwrap().keys())
        .collect();
    let there = files(&deploy().join("grafana/dashboards"), "json");

    assert_eq!(given.len(), there.len());
    assert!(
        there
            .iter()
            .all(|path| given.iter().any(|name| path.ends_with(name)))
    );
}
