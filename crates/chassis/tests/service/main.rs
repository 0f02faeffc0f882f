//! What every service gets from its chassis, shown on the smallest service there is.
#![cfg(test)]

mod drain;
mod health;
mod requests;
mod settings;
mod tiny;
mod trace;
