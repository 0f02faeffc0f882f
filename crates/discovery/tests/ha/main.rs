//! A real etcd of three members as a directory: part of `make test-ha`, since it needs more packages than other tests do.
#![cfg(test)]

mod faults;
mod registry;
#[path = "../directories/same.rs"]
mod same;

macro_rules! same {
    ($($test:ident)*) => {
        mod etcd {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                #[ignore = "needs etcd: make test-ha"]
                async fn $test() {
                    crate::same::$test::<crate::registry::Registry>().await;
                }
            )*
        }
    };
}

same!(
    it_tells_who_is_there
    no_address_is_handed_out_twice
    who_comes_and_goes_is_followed
    the_last_list_stays_while_nobody_answers
    who_was_forgotten_and_said_no_goodbye_stays
);
