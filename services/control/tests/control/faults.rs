//! Faults are found, written down once, and closed.

mod alarms;
mod causes;
mod chores;
mod found;
mod ledger;
mod overdue;
mod processes;
mod reports;
mod shown;
mod spooled;
