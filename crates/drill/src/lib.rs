//! Loads the shop, checks what became of it, and reports.
//!
//! A [`Load`] is customers who order and look, and a [`History`] of all that they did and were told. When it is over, the
//! history is held against what is [`Stored`], and the [`Books`] of both services against themselves and each other. What is
//! wrong is said in words; what was seen is in [`Figures`], which are held against a [`Goal`].

mod answer;
mod books;
mod buyer;
mod check;
mod customer;
mod door;
mod events;
mod figures;
mod flood;
mod goal;
mod history;
mod load;
mod meters;
mod stored;
mod times;

pub use answer::{Answer, Refusal};
pub use books::Books;
pub use buyer::{Buyer, Product};
pub use check::{Findings, check};
pub use customer::Customer;
pub use door::Door;
pub use events::{Seen, watch};
pub use figures::Figures;
pub use flood::{Flood, Tally};
pub use goal::Goal;
pub use history::{Heard, History, Look, OwnRead, Sending, Wish};
pub use load::{Load, Plan};
pub use meters::Meters;
pub use stored::Stored;
