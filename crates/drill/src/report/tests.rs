//! A report says what it is made of, and is written as it should be read.

use super::*;

fn round(number: usize, wrong: &[&str]) -> Struck {
    Struck {
        number,
        what: "kill: order-1".to_owned(),
        parts: vec!["order-1".to_owned()],
        at: 10.0,
        healed: 20.0,
        recovered_after: Some(1.5),
        claimed: true,
        detected_after: Some(1.2),
        writes_goal: 5.0,
        wrong: wrong.iter().map(|wrong| (*wrong).to_owned()).collect(),
        ..Struck::default()
    }
}

fn report(found: &[&str], wrong: &[&str]) -> Report {
    let check = Checked {
        what: "every acknowledged order is stored once".to_owned(),
        over: "7 orders".to_owned(),
        found: found.iter().map(|found| (*found).to_owned()).collect(),
    };
    let share = Share {
        at_once: 3,
        late: 1,
        failed: 0,
    };
    let second = Second {
        writes: share,
        reads: share,
    };
    let window = Window {
        at: 0.0,
        writes: Some([0.01, 0.5]),
        reads: None,
    };
    let mut report = Report {
        command: "make drill SEED=7 & more".to_owned(),
        totals: Totals {
            acknowledged: 7,
            ..Totals::default()
        },
        rounds: vec![round(1, wrong)],
        checks: vec![check],
        not_run: vec![("dns-gone".to_owned(), "no names".to_owned())],
        seconds: vec![second; 30],
        windows: vec![window; 6],
        ..Report::default()
    };
    report.judge();
    report
}

#[test]
fn a_report_passes_where_nothing_speaks_against_it() {
    let report = report(&[], &[]);

    assert!(report.passed(), "{:?}", report.against);
    assert!(report.summary().starts_with("# Drill: PASS"));
}

#[test]
fn what_a_checker_found_or_a_round_got_wrong_fails_it_and_is_named() {
    for report in [
        report(&["key-3 is lost"], &[]),
        report(&[], &["key-3 is lost"]),
    ] {
        assert!(!report.passed());
        assert!(
            report.against[0].ends_with("key-3 is lost"),
            "{:?}",
            report.against
        );
        assert!(report.summary().starts_with("# Drill: FAIL"));
        let page = html::page(&report);
        assert!(page.contains(">FAIL<") && page.contains("key-3 is lost"));
    }
}

#[test]
fn a_drill_that_did_nothing_does_not_pass() {
    let mut nothing = Report::default();

    nothing.judge();

    assert_eq!(nothing.against.len(), 2);
}

#[test]
fn the_page_needs_nothing_else_and_closes_what_it_opens() {
    let page = html::page(&report(&[], &[]));

    for outside in ["src=", "href=", "<script", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("SEED=7 &amp; more"));
    for tag in [
        "table", "svg", "figure", "main", "section", "ol", "ul", "dl", "header",
    ] {
        let (opened, closed) = (
            page.matches(&format!("<{tag}")).count(),
            page.matches(&format!("</{tag}>")).count(),
        );
        // `<header` begins like nothing else here, `<section` and `<svg` likewise.
        assert_eq!(opened, closed, "{tag}");
    }
}

#[test]
fn it_is_written_as_a_page_as_data_and_as_a_summary() {
    let folder = tempfile::tempdir().unwrap();

    report(&[], &[]).write(folder.path()).unwrap();

    let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let data: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(data["totals"]["acknowledged"], 7);
    assert_eq!(data["rounds"][0]["what"], "kill: order-1");
    assert!(read("index.html").starts_with("<!doctype html>"));
    assert!(read("summary.md").contains("| 1 | kill: order-1 |"));
}
