//! What every service gets from its chassis, shown on the smallest service there is.
#![cfg(test)]

mod capacity;
mod drain;
mod health;
mod load;
mod overload;
mod requests;
mod settings;
mod tiny;
mod trace;
