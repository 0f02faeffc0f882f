//! Measures what things cost, each beside the least that there is for the same, or the same as one would write it first.
//!
//! All that is compared takes turns in one run: figures of two runs cannot be compared, ratios within one can.

mod asked;
pub mod baseline;
mod compare;
mod contest;
pub mod costs;
mod cpu;
mod figure;
mod groups;
mod growth;
mod limit;
mod load;
mod order;
mod report;
mod results;
pub mod scaling;
mod scene;
mod took;

pub use asked::Asked;
