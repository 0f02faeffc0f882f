//! Every kind of directory, held to the same tests; etcd's are in `tests/ha`.
#![cfg(test)]

mod cluster;
mod dns;
mod pods;
mod same;

use self::cluster::Cluster;
use self::dns::NameServer;
use self::same::Knows;

/// A list that was written down.
#[derive(Default)]
struct List(String);

impl Knows for List {
    async fn start() -> Self {
        Self::default()
    }

    fn source(&self) -> String {
        self.0.clone()
    }

    async fn says(&mut self, addrs: &[&str]) {
        self.0 = addrs.join(", ");
    }

    async fn goes(&mut self) {}
    async fn returns(&mut self) {}
    async fn forgets(&mut self) {}
}

/// Runs these tests for one kind of directory.
macro_rules! same {
    ($name:ident, $kind:ident: $($test:ident)*) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $test() {
                    crate::same::$test::<super::$kind>().await;
                }
            )*
        }
    };
}

// It never changes.
same!(a_list, List: it_tells_who_is_there no_address_is_handed_out_twice);

same!(a_name, NameServer:
    it_tells_who_is_there
    no_address_is_handed_out_twice
    who_comes_and_goes_is_followed
    the_last_list_stays_while_nobody_answers
    who_was_forgotten_and_said_no_goodbye_stays
);

same!(kubernetes, Cluster:
    it_tells_who_is_there
    no_address_is_handed_out_twice
    who_comes_and_goes_is_followed
    the_last_list_stays_while_nobody_answers
    who_was_forgotten_and_said_no_goodbye_stays
);
