//! Locks, as the wire has them.

mod ends;
mod instances;
mod seen;
mod turns;
