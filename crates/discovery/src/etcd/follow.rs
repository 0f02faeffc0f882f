//! Follows who is registered, through every absence of etcd.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use api::etcd::event::EventType;
use api::etcd::watch_request::RequestUnion;
use api::etcd::{Event, KeyValue, RangeRequest, WatchCreateRequest, WatchRequest, WatchResponse};
use retry::Backoff;
use tokio::time::Instant;
use tokio_stream::{StreamExt as _, once, pending};
use tonic::metadata::MetadataValue;
use tonic::{Request, Status, Streaming};
use tracing::debug;

use super::entry::Entry;
use super::members::{Members, ask};
use super::roll::Roll;
use crate::followed::Lists;

/// Each attempt asks another member; with all of them gone it is two attempts a second, by everybody who calls.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));
/// How often time alone may change a list: when those who are missed have been missed for long enough.
const LOOK: Duration = Duration::from_secs(1);

/// Follows who is registered below one folder.
pub(super) struct Follower {
    members: Members,
    folder: String,
    lists: Lists,
    roll: Roll,
    /// The first revision that was not seen yet; none before the first list.
    next: Option<i64>,
    failures: u32,
}

impl Follower {
    pub(super) fn new(members: Members, folder: String, lists: Lists) -> Self {
        Self {
            members,
            folder,
            lists,
            roll: Roll::default(),
            next: None,
            failures: 0,
        }
    }

    /// Follows for ever. While etcd is gone nobody is told of anything, so the last list stays.
    pub(super) async fn run(mut self) {
        loop {
            let Err(error) = self.follow().await;
            self.lists.lost(self.failures, &error.message());
            self.members.skip();
            tokio::time::sleep(AGAIN.draw(self.failures)).await;
            self.failures = self.failures.saturating_add(1);
        }
    }

    /// Follows by one member, until that breaks off.
    async fn follow(&mut self) -> Result<Infallible, Status> {
        let next = self.list().await?;
        let mut events = self.watch(next).await?;
        self.failures = 0;
        loop {
            tokio::select! {
                heard = events.message() => {
                    let ended = || Status::unavailable("etcd ended the watch");
                    self.hear(heard?.ok_or_else(ended)?)?;
                }
                () = tokio::time::sleep(LOOK) => {}
            }
            self.lists.tell(self.roll.list(Instant::now()));
        }
    }

    /// Reads the whole folder; answers from which revision on to watch it.
    ///
    /// Where some key stands as we know it, this is the etcd that we know: the watch goes on where it broke off and
    /// tells what has happened since, deregistrations too. Otherwise etcd was made anew, or we know nobody: what it
    /// has now is all there is, and its revisions may have begun again at 1.
    async fn list(&mut self) -> Result<i64, Status> {
        let range = RangeRequest {
            key: self.folder.clone().into_bytes(),
            range_end: after(&self.folder),
        };
        let mut keys = self.members.keys();
        let answer = ask(keys.range(range)).await?.into_inner();
        let revision = answer.header.unwrap_or_default().revision;
        let found = entries(&answer.kvs);
        let now = Instant::now();
        self.roll.resume(now);
        match self.next {
            Some(next) if next <= revision + 1 && self.roll.knows_any(&found) => Ok(next),
            _ => {
                self.roll.replace(found, now);
                self.lists.tell(self.roll.list(now));
                self.next = Some(revision + 1);
                Ok(revision + 1)
            }
        }
    }

    async fn watch(&self, next: i64) -> Result<Streaming<WatchResponse>, Status> {
        let create = WatchRequest {
            request_union: Some(RequestUnion::CreateRequest(WatchCreateRequest {
                key: self.folder.clone().into_bytes(),
                range_end: after(&self.folder),
                start_revision: next,
            })),
        };
        // A stream that stays open: etcd ends the watch with its end.
        let requests = once(create).chain(pending());
        let mut request = Request::new(requests);
        // A member that is cut off from the others says so instead of telling of nothing for ever.
        let yes = MetadataValue::from_static("true");
        request.metadata_mut().insert("hasleader", yes);
        let mut watches = self.members.watches();
        Ok(ask(watches.watch(request)).await?.into_inner())
    }

    fn hear(&mut self, said: WatchResponse) -> Result<(), Status> {
        if said.canceled {
            if said.compact_revision > 0 {
                debug!(
                    folder = self.folder,
                    "what happened meanwhile is forgotten there: listing anew"
                );
                self.next = None;
            }
            return Err(Status::aborted(format!(
                "etcd ended the watch: {}",
                said.cancel_reason
            )));
        }
        let now = Instant::now();
        for event in said.events {
            self.take(event, now);
        }
        Ok(())
    }

    fn take(&mut self, event: Event, now: Instant) {
        let kind = event.r#type();
        let Some(kv) = event.kv else { return };
        self.next = Some(kv.mod_revision + 1);
        match (kind, Entry::read(&kv)) {
            (EventType::Put, Some(entry)) => self.roll.came(kv.key, entry),
            _ => self.roll.went(&kv.key, now),
        }
    }
}

fn entries(found: &[KeyValue]) -> BTreeMap<Vec<u8>, Entry> {
    let read = |kv: &KeyValue| Some((kv.key.clone(), Entry::read(kv)?));
    found.iter().filter_map(read).collect()
}

/// The first key after all that begin with `folder`, which ends with a slash.
fn after(folder: &str) -> Vec<u8> {
    let mut end = folder.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}
