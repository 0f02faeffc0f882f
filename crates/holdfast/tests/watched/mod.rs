//! What rules and dashboards read, held against what is really shown.
#![cfg(test)]

pub(crate) mod content;
pub(crate) mod known;
mod promql;
pub(crate) mod shown;
