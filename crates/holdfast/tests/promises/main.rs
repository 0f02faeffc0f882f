//! The whole shop over HTTP: what must hold while everything works, and while something does not.
#![cfg(test)]

mod books;
mod crash;
mod keys;
mod open;
mod outage;
mod own_reads;
mod sale;
mod trace;
