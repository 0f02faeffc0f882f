//! What every service gets from its chassis, shown on the smallest service there is.
#![cfg(test)]

mod authority;
mod drain;
mod health;
mod peers;
mod renewal;
mod requests;
mod settings;
mod tiny;
mod trace;
