//! Faults are found, written down once, and closed.

mod alarms;
mod found;
mod ledger;
mod overdue;
mod processes;
mod reports;
mod shown;
mod spooled;
