//! How many instances are wanted: who decides, by what, for how long; and how it is told.

mod crowd;
mod decided;
mod fenced;
mod foreseen;
mod guest;
mod keda;
mod told;
