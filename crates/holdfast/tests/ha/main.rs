//! The whole highly available shop, under a load of orders, while its parts fail: part of `make test-ha`.
#![cfg(test)]

#[allow(dead_code, reason = "not every check of the promises is made here")]
#[path = "../promises/books.rs"]
mod books;
mod faults;
mod load;
mod open;
