//! What is true of the house, whoever asks: no I/O, no clock, no chance.

pub mod allowance;
pub mod lock;
pub mod presence;
