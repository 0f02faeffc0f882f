//! The rules that every overlay keeps. Each says what is wrong, in sentences; `faults.rs` has a faulty manifest for each.

mod budgets;
mod keda;
mod links;
mod neighbours;
mod network;
mod pods;
mod rights;
mod scale;
mod strict;
mod syntax;

use super::object::Object;
use super::overlay::{OVERLAYS, rendered};

/// Something that every overlay keeps to.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    /// Says what is wrong.
    pub(crate) check: fn(&[Object]) -> Vec<String>,
}

const fn rule(name: &'static str, check: fn(&[Object]) -> Vec<String>) -> Rule {
    Rule { name, check }
}

pub(crate) const RULES: [Rule; 25] = [
    rule("only fields that exist", strict::fields),
    rule("values that fields may have", syntax::values),
    rule("quantities that are some", syntax::quantities),
    rule("times that come", syntax::schedules),
    rule("one namespace", links::namespace),
    rule("a selector selects its own pods", links::selectors),
    rule("a service finds pods and their ports", links::services),
    rule("what is referred to is there", links::references),
    rule("what is mounted is there", links::volumes),
    rule("confined pods", pods::confined),
    rule("pinned images", pods::pinned),
    rule("probes that mean different things", pods::probes),
    rule("time to end in order", pods::ending),
    rule("requests and limits", pods::resources),
    rule("jobs that end", pods::jobs),
    rule("two of everything, apart from each other", scale::spread),
    rule("autoscalers that can", scale::autoscalers),
    rule("budgets that let one go", budgets::budgets),
    rule("connections that the database takes", budgets::connections),
    rule("no way that is not needed", network::ways),
    rule("nobody without a policy", network::covered),
    rule("neighbours that are found one by one", neighbours::found),
    rule("no right that is not needed", rights::least),
    rule("control that KEDA finds", keda::asked),
    rule("KEDA that proves itself", keda::proven),
];

#[test]
#[ignore = "needs kubectl: make test-k8s"]
fn every_overlay_keeps_every_rule() {
    let told: Vec<String> = OVERLAYS
        .iter()
        .flat_map(|overlay| {
            let objects = rendered(overlay);
            RULES.iter().flat_map(move |rule| {
                let told = (rule.check)(objects);
                told.into_iter()
                    .map(move |fault| format!("{overlay}: {}: {fault}", rule.name))
            })
        })
        .collect();

    assert!(told.is_empty(), "\n{}\n", told.join("\n"));
}
