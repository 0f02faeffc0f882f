//! Loads the shop, checks what became of it, and reports.
//!
//! A [`Load`] is customers who order and look, and a [`History`] of all that they did and were told. When it is over, the
//! history is held against what is [`Stored`], and the [`Books`] of both services against themselves and each other. What is
//! wrong is said in words; what was seen is in [`Figures`], which are held against a [`Goal`].

mod answer;
mod blow;
mod books;
mod buyer;
mod check;
mod client;
mod course;
mod customer;
mod door;
mod events;
mod figures;
mod flood;
mod gauge;
mod goal;
mod history;
mod load;
mod locks;
mod meters;
mod mix;
mod operations;
mod report;
mod stored;
mod times;
mod traffic;
mod wish;

pub use answer::{Answer, Refusal};
pub use blow::{Blow, Kind, Part, Service};
pub use books::{Books, Imbalance};
pub use buyer::{Buyer, Product};
pub use check::{Findings, check};
pub use course::{Round, Wanted, course};
pub use customer::Customer;
pub use door::Door;
pub use events::{Seen, watch};
pub use figures::Figures;
pub use flood::{Flood, Tally};
pub use gauge::{Errors, Gauge, Shown};
pub use goal::Goal;
pub use history::{Act, Errand, History, Look, Operation, OwnRead, RefusedRead, Sending};
pub use load::{Load, Plan};
pub use locks::{Clients, Granted, LOCK_TABLES, LockHistory, Wanting, check_locks, lock_writes};
pub use meters::Meters;
pub use mix::Mix;
pub use operations::Operations;
pub use report::{
    Checked, Report, Second, Share, Struck, Totals, Window, seconds, waited, windows,
};
pub use stored::Stored;
pub use traffic::{Flow, Traffic};
pub use wish::{Heard, Line, Wish};
