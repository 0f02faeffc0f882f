//! The report as one page that needs nothing else: verdict, charts, tables, and what repeats it.

use std::fmt::Write as _;

use super::{Report, Struck, chart};

const STYLE: &str = include_str!("style.css");

/// Writes the page.
pub(super) fn page(report: &Report) -> String {
    let verdict = if report.passed() { "pass" } else { "fail" };
    let sections = [
        head(report, verdict),
        charts(report),
        rounds(report),
        checks(report),
        not_run(report),
        facts(report),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
        <meta name=\"color-scheme\" content=\"light dark\">\n<title>Holdfast drill: {verdict}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
        sections.concat()
    )
}

fn head(report: &Report, verdict: &str) -> String {
    let mut text = format!(
        "<header class=\"{verdict}\">\n<p class=\"verdict\">{}</p>\n<div>\n<h1>Holdfast drill</h1>\n<p>{} &middot; {} rounds in {} &middot; seed {}</p>\n</div>\n</header>\n",
        verdict.to_uppercase(),
        escaped(&report.began),
        report.rounds.len(),
        clock(report.took),
        report.seed,
    );
    text += "<ul class=\"tiles\">\n";
    for (number, what, fine) in report.tiles() {
        let class = if fine { "fine" } else { "bad" };
        put(
            &mut text,
            format_args!("<li class=\"{class}\"><b>{number}</b> {what}</li>"),
        );
    }
    text += "</ul>\n";
    if !report.passed() {
        text += "<h2>What speaks against it</h2>\n<ol class=\"against\">\n";
        for against in &report.against {
            put(&mut text, format_args!("<li>{}</li>", escaped(against)));
        }
        text += "</ol>\n";
    }
    text
}

fn charts(report: &Report) -> String {
    format!(
        "<h2>Who was served, second by second</h2>\n\
        <p class=\"note\">Of those who came in each second. Customers come whether the shop keeps up or not. <i class=\"key once\"></i> served within a second, at the first attempt \
        <i class=\"key late\"></i> served later, or by sending the same key again <i class=\"key failed\"></i> not served \
        <i class=\"key struck\"></i> a fault, numbered as below <i class=\"key mending\"></i> healed, until all was as before</p>\n<figure>{}</figure>\n\
        <h2>How long it took</h2>\n\
        <p class=\"note\">From when they came to when they had it, every repetition included; over {} s each, on a scale of tens. \
        <i class=\"key p50\"></i> half of them took at most this <i class=\"key p99\"></i> 99 of 100</p>\n<figure>{}</figure>\n",
        chart::availability(report),
        report.windows.get(1).map_or(5.0, |window| window.at),
        chart::latency(report),
    )
}

fn rounds(report: &Report) -> String {
    let mut text = "<h2>Fault by fault</h2>\n\
        <p class=\"note\">Out: the longest time without a single order, or in which somebody waited for a look and none was answered, between the blow and its end. Orders stand beside their goal and are marked beyond it; that of looks is a second for each fault of a round. \
        Beyond three times its goal either fails the drill. Failed: looks that no door answered in time. Detected: from the last moment at which all was well to the row in the ledger of faults. Recovered: from the healing until every part was as before and in step.</p>\n\
        <table>\n<thead><tr><th>#</th><th>at</th><th>what</th><th>on</th><th class=\"n\">detected<br>after</th><th class=\"n\">writes<br>out for</th><th class=\"n\">goal</th>\
        <th class=\"n\">reads<br>out for</th><th class=\"n\">lost</th><th class=\"n\">doubled</th><th class=\"n\">unknown,<br>resolved</th><th class=\"n\">recovered<br>after</th></tr></thead>\n<tbody>\n"
        .to_owned();
    for round in &report.rounds {
        row(&mut text, round);
    }
    text + "</tbody>\n</table>\n"
}

fn row(text: &mut String, round: &Struck) {
    let seconds = |time: Option<f64>, none: &str| {
        time.map_or_else(|| none.to_owned(), |time| format!("{time:.1} s"))
    };
    let detected = seconds(
        round.detected_after,
        if round.claimed { "not" } else { "not claimed" },
    );
    let late = if round.writes_out > round.writes_goal {
        " late"
    } else {
        ""
    };
    let zero = |count: usize| if count == 0 { "" } else { " wrong" };
    let class = if round.wrong.is_empty() {
        ""
    } else {
        " class=\"wrong\""
    };
    put(
        text,
        format_args!(
            "<tr{class}><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{detected}</td><td class=\"n{late}\">{:.1} s</td><td class=\"n dim\">{:.0} s</td>\
            <td class=\"n\">{}</td><td class=\"n{}\">{}</td><td class=\"n{}\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            round.number,
            clock(round.at),
            escaped(&round.what),
            escaped(&round.parts.join(", ")),
            round.writes_out,
            round.writes_goal,
            round.reads(),
            zero(round.lost),
            round.lost,
            zero(round.doubled),
            round.doubled,
            round.unknown,
            seconds(round.recovered_after, "never"),
        ),
    );
    let ledger = (!round.ledger.is_empty()).then(|| format!("ledger: {}", round.ledger.join("; ")));
    for words in round.wrong.iter().chain(&ledger) {
        put(
            text,
            format_args!(
                "<tr class=\"more\"><td></td><td colspan=\"11\">{}</td></tr>",
                escaped(words)
            ),
        );
    }
}

fn checks(report: &Report) -> String {
    let mut text = "<h2>What was checked</h2>\n<p class=\"note\">Over the written history of all that customers sent and were told (<code>history.jsonl</code>) and the databases at the end.</p>\n\
        <table>\n<thead><tr><th>what has to hold</th><th>looked at</th><th>found</th></tr></thead>\n<tbody>\n"
        .to_owned();
    for check in &report.checks {
        let (class, found) = match check.found.len() {
            0 => ("fine", "holds".to_owned()),
            count => ("wrong", format!("broken in {count} places")),
        };
        put(
            &mut text,
            format_args!(
                "<tr><td>{}</td><td>{}</td><td class=\"{class}\">{found}</td></tr>",
                escaped(&check.what),
                escaped(&check.over)
            ),
        );
        for found in check.found.iter().take(20) {
            put(
                &mut text,
                format_args!(
                    "<tr class=\"more\"><td colspan=\"3\">{}</td></tr>",
                    escaped(found)
                ),
            );
        }
    }
    text + "</tbody>\n</table>\n"
}

fn not_run(report: &Report) -> String {
    if report.not_run.is_empty() {
        return String::new();
    }
    let mut text = "<h2>What was not done, or not reached</h2>\n<table>\n<tbody>\n".to_owned();
    for (what, why) in &report.not_run {
        put(
            &mut text,
            format_args!(
                "<tr><td>{}</td><td>{}</td></tr>",
                escaped(what),
                escaped(why)
            ),
        );
    }
    text + "</tbody>\n</table>\n"
}

fn facts(report: &Report) -> String {
    let mut text = format!(
        "<h2>Again</h2>\n<pre>{}</pre>\n<div class=\"facts\">\n",
        escaped(&report.command)
    );
    for (title, facts) in [
        ("Machine", &report.machine),
        ("Versions", &report.versions),
        ("Configuration", &report.configuration),
    ] {
        put(&mut text, format_args!("<section><h2>{title}</h2>\n<dl>"));
        for (name, value) in facts {
            put(
                &mut text,
                format_args!("<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value)),
            );
        }
        text += "</dl></section>\n";
    }
    text + "</div>\n"
}

fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Into memory.
    let _ = writeln!(text, "{words}");
}

/// Minutes and seconds.
pub(super) fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0).floor();
    format!("{:.0}:{:02.0}", (whole / 60.0).floor(), whole % 60.0)
}

/// What may stand between two tags.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
