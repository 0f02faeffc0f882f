//! The whole shop over HTTP: what must hold while everything works, and while something does not.
#![cfg(test)]

mod access;
mod answers;
mod audited;
mod bad_input;
mod books;
mod caches;
mod crash;
mod declined;
mod edge;
mod fallbacks;
mod keys;
mod leaders;
mod open;
mod operators;
mod other_peoples_pages;
mod outage;
mod own_reads;
mod peers;
mod people;
mod revoked;
mod sale;
mod sentinels;
mod served;
mod starts;
mod trace;
mod two_tabs;
mod visitor;
