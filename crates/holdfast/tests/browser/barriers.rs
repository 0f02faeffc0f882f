//! What keeps people out of a page: what axe-core finds serious or critical of WCAG 2.2 AA, and what it does not judge.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;

use crate::browser::Browser;

/// What axe leaves out: see the file.
const BESIDES: &str = include_str!("barriers.js");
/// Judges the page by all rules of WCAG up to 2.2 AA; the size of targets is one that axe does not judge by unless told.
const JUDGE: &str = r"
    const answer = arguments[arguments.length - 1];
    const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    const rules = { 'target-size': { enabled: true } };
    axe.run({ runOnly: { type: 'tag', values }, rules, resultTypes: ['violations'] }).then(({ violations }) => answer(
      violations.filter((one) => ['serious', 'critical'].includes(one.impact)).flatMap((one) =>
        one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 120)} ${node.failureSummary}`))
    ), (error) => answer([`axe: ${error}`]));
";

/// The source of axe-core.
static AXE: LazyLock<String> = LazyLock::new(|| {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join("target/axe/axe.min.js"))
        .expect("deploy/setup.sh browser fetches axe-core")
});

/// All barriers in the page as it is shown, as sentences.
pub(crate) async fn barriers(browser: &Browser) -> Vec<String> {
    if browser.run("return typeof axe === 'undefined'").await == true {
        // As a command of the driver's, which the page's policy does not concern.
        browser.run(&AXE).await;
    }
    let judged = browser.run_to_its_answer(JUDGE).await;
    let besides = browser.run(BESIDES).await;
    [judged, besides].iter().flat_map(sentences).collect()
}

fn sentences(of: &Value) -> Vec<String> {
    let all = of.as_array().unwrap_or_else(|| panic!("{of}")).iter();
    all.map(|one| one.as_str().unwrap_or_default().to_owned())
        .collect()
}
