//! Money and notifications, against a real database.
#![cfg(test)]

mod bank;
mod faults;
mod meeting;
mod notifications;
mod plans;
mod rpc;
mod service;
