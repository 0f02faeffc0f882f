//! What is true of every directory, whoever knows who is there.

use std::sync::Arc;
use std::time::Duration;

use discovery::kubernetes::Access;
use discovery::{Directory, Instance, Source};
use tokio::sync::watch;
use tokio::time::timeout;

/// How long anything may take to be noticed.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
/// For how long it is looked whether a list stays: every directory looks again within this time.
const STAYS: Duration = Duration::from_secs(4);

/// Somebody who knows who is there, in a test's hand.
pub(crate) trait Knows {
    async fn start() -> Self;

    /// Where it is, as a setting says it.
    fn source(&self) -> String;

    /// Where Kubernetes is.
    fn access(&self) -> Access {
        Access::default()
    }

    /// Has these there and no others.
    async fn says(&mut self, addrs: &[&str]);

    /// Is gone, and comes back.
    async fn goes(&mut self);
    async fn returns(&mut self);

    /// Has lost all that it knew, and nobody has said goodbye.
    async fn forgets(&mut self);
}

/// The lists that somebody gives out.
pub(crate) struct Seen(watch::Receiver<Arc<[Instance]>>);

impl Seen {
    pub(crate) fn of(knows: &impl Knows) -> Self {
        Self::over(&knows.source(), &knows.access())
    }

    pub(crate) fn over(source: &str, access: &Access) -> Self {
        let source: Source = source.parse().unwrap();
        Self(source.open("order", access).watch())
    }

    /// Waits for a list that is `so`.
    pub(crate) async fn until(&mut self, so: impl Fn(&[Instance]) -> bool) -> Vec<Instance> {
        let seen = timeout(LIMIT, self.0.wait_for(|list| so(list))).await;
        match seen.map(|list| list.unwrap().to_vec()) {
            Ok(list) => list,
            Err(late) => panic!("{late} of {LIMIT:?}; now it is {:?}", self.0.borrow()),
        }
    }

    /// Waits for a list that is `so`, which should never come.
    #[allow(
        dead_code,
        reason = "only one kind of directory is looked at for so long"
    )]
    pub(crate) async fn ever(&mut self, so: impl Fn(&[Instance]) -> bool) -> Vec<Instance> {
        let list = self.0.wait_for(|list| so(list)).await;
        list.unwrap().to_vec()
    }

    /// Waits until these are there and no others.
    pub(crate) async fn until_at(&mut self, addrs: &[&str]) -> Vec<Instance> {
        self.until(|list| at(list) == addrs).await
    }

    /// Looks for a while whether the list stays as it is.
    pub(crate) async fn stays(&mut self) {
        self.0.mark_unchanged();
        let changed = timeout(STAYS, self.0.changed()).await;
        assert!(changed.is_err(), "now it is {:?}", self.0.borrow());
    }
}

/// The addresses of those that are ready, in order.
pub(crate) fn at(list: &[Instance]) -> Vec<&str> {
    let ready = list.iter().filter(|one| one.ready);
    let mut addrs: Vec<&str> = ready.map(|one| one.addr.as_str()).collect();
    addrs.sort_unstable();
    addrs
}

pub(crate) const ANN: &str = "127.0.0.1:7000";
pub(crate) const BOB: &str = "127.0.0.2:7000";
pub(crate) const CYD: &str = "127.0.0.3:7000";

pub(crate) async fn it_tells_who_is_there<K: Knows>() {
    let mut knows = K::start().await;
    knows.says(&[ANN, BOB]).await;

    let list = Seen::of(&knows).until_at(&[ANN, BOB]).await;

    let ids: Vec<&str> = list.iter().map(|one| one.id.as_str()).collect();
    assert!(ids[0] != ids[1] && ids.iter().all(|id| !id.is_empty()));
}

pub(crate) async fn no_address_is_handed_out_twice<K: Knows>() {
    let mut knows = K::start().await;
    knows.says(&[ANN, BOB, ANN]).await;

    let list = Seen::of(&knows).until(|list| list.len() > 1).await;

    assert_eq!(at(&list), [ANN, BOB]);
}

pub(crate) async fn who_comes_and_goes_is_followed<K: Knows>() {
    let mut knows = K::start().await;
    knows.says(&[ANN, BOB]).await;
    let mut seen = Seen::of(&knows);
    seen.until_at(&[ANN, BOB]).await;

    knows.says(&[ANN, BOB, CYD]).await;
    seen.until_at(&[ANN, BOB, CYD]).await;
    knows.says(&[CYD]).await;

    seen.until_at(&[CYD]).await;
}

pub(crate) async fn the_last_list_stays_while_nobody_answers<K: Knows>() {
    let mut knows = K::start().await;
    knows.says(&[ANN, BOB]).await;
    let mut seen = Seen::of(&knows);
    seen.until_at(&[ANN, BOB]).await;

    knows.goes().await;
    seen.stays().await;
    knows.returns().await;
    knows.says(&[ANN, BOB, CYD]).await;

    seen.until_at(&[ANN, BOB, CYD]).await;
}

pub(crate) async fn who_was_forgotten_and_said_no_goodbye_stays<K: Knows>() {
    let mut knows = K::start().await;
    knows.says(&[ANN, BOB, CYD]).await;
    let mut seen = Seen::of(&knows);
    seen.until_at(&[ANN, BOB, CYD]).await;

    knows.forgets().await;
    seen.stays().await;
    knows.says(&[ANN, BOB, CYD, "127.0.0.4:7000"]).await;

    seen.until_at(&[ANN, BOB, CYD, "127.0.0.4:7000"]).await;
}
