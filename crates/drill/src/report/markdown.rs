//! The report as a page of Markdown, for a pull request or a document.

use std::fmt::Write as _;

use super::Report;
use super::html::clock;

/// Writes the page.
pub(super) fn page(report: &Report) -> String {
    let verdict = if report.passed() { "PASS" } else { "FAIL" };
    let mut text = format!(
        "# Drill: {verdict}\n\n{}, {} rounds in {}, seed {}. Again: `{}`\n\n",
        report.began,
        report.rounds.len(),
        clock(report.took),
        report.seed,
        report.command
    );
    let tiles = report.tiles();
    let tiles: Vec<String> = tiles
        .iter()
        .map(|(number, what, _)| format!("{number} {what}"))
        .collect();
    put(&mut text, format_args!("{}.", tiles.join(", ")));
    for against in &report.against {
        put(&mut text, format_args!("- against it: {against}"));
    }
    text += "\n| # | what | on | detected after | writes out (goal) | reads out | lost | doubled | unknown, resolved | recovered after |\n|---|---|---|---|---|---|---|---|---|---|\n";
    for round in &report.rounds {
        let seconds = |time: Option<f64>, none: &str| {
            time.map_or_else(|| none.to_owned(), |time| format!("{time:.1} s"))
        };
        put(
            &mut text,
            format_args!(
                "| {} | {} | {} | {} | {:.1} s ({:.0}) | {} | {} | {} | {} | {} |",
                round.number,
                round.what,
                round.parts.join(", "),
                seconds(
                    round.detected_after,
                    if round.claimed { "not" } else { "not claimed" }
                ),
                round.writes_out,
                round.writes_goal,
                round.reads(),
                round.lost,
                round.doubled,
                round.unknown,
                seconds(round.recovered_after, "never"),
            ),
        );
    }
    text += "\n| what has to hold | looked at | found |\n|---|---|---|\n";
    for check in &report.checks {
        let found = match check.found.len() {
            0 => "holds".to_owned(),
            count => format!("broken in {count} places: {}", check.found[0]),
        };
        put(
            &mut text,
            format_args!("| {} | {} | {found} |", check.what, check.over),
        );
    }
    for (what, why) in &report.not_run {
        put(&mut text, format_args!("\nNot run: {what}, because {why}."));
    }
    text.push('\n');
    for (name, value) in report.machine.iter().chain(&report.versions) {
        put(&mut text, format_args!("- {name}: {value}"));
    }
    text
}

fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Into memory.
    let _ = writeln!(text, "{words}");
}
