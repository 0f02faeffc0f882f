//! The data floor while its parts fail, under a load of writes: `make test-ha` runs it, for it needs more packages than the
//! other tests do.
#![cfg(test)]

mod faults;
mod left_behind;
mod load;
mod scene;
mod tls;
