//! What etcd keeps: keys under leases, and all that ever happened to them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::etcd::compare::TargetUnion;
use api::etcd::event::EventType;
use api::etcd::request_op;
use api::etcd::response_op;
use api::etcd::{
    Compare, Event, KeyValue, PutRequest, PutResponse, RangeRequest, RangeResponse, RequestOp,
    ResponseHeader, ResponseOp, TxnRequest, TxnResponse,
};
use tokio::sync::watch;
use tonic::Status;

use crate::clock::now;

/// What etcd keeps. Clones are the same.
#[derive(Clone)]
pub(crate) struct Store {
    kept: Arc<Mutex<Kept>>,
    news: watch::Sender<News>,
}

/// Where it stands.
#[derive(Clone, Copy, Default)]
pub(crate) struct News {
    /// How often it was made anew.
    pub(crate) era: u32,
    revision: i64,
}

struct Kept {
    revision: i64,
    keys: BTreeMap<Vec<u8>, KeyValue>,
    leases: BTreeMap<i64, Granted>,
    drawn: i64,
    log: Vec<Event>,
    /// The most keys that were there at once.
    most: usize,
    /// Whether most of them were gone since.
    scarce: bool,
}

struct Granted {
    ttl: i64,
    ends: Duration,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            kept: Arc::new(Mutex::new(Kept::anew(0))),
            news: watch::channel(News::default()).0,
        }
    }
}

impl Kept {
    fn anew(drawn: i64) -> Self {
        Self {
            revision: 1,
            keys: BTreeMap::new(),
            leases: BTreeMap::new(),
            drawn,
            log: Vec::new(),
            most: 0,
            scarce: false,
        }
    }

    fn read(&self, range: &RangeRequest) -> RangeResponse {
        let within = |key: &[u8]| {
            let one = range.range_end.is_empty() && key == range.key;
            one || key >= &range.key[..] && key < &range.range_end[..]
        };
        let found = self.keys.iter().filter(|(key, _)| within(key));
        RangeResponse {
            header: Some(self.header()),
            kvs: found.map(|(_, kv)| kv.clone()).collect(),
        }
    }

    fn put(&mut self, put: PutRequest) -> Result<(), Status> {
        if !self.leases.contains_key(&put.lease) {
            return Err(Status::not_found("requested lease not found"));
        }
        self.revision += 1;
        let known = self.keys.get(&put.key);
        let kv = KeyValue {
            create_revision: known.map_or(self.revision, |known| known.create_revision),
            mod_revision: self.revision,
            version: known.map_or(1, |known| known.version + 1),
            key: put.key,
            value: put.value,
            lease: put.lease,
        };
        self.keys.insert(kv.key.clone(), kv.clone());
        self.most = self.most.max(self.keys.len());
        self.log.push(event(EventType::Put, kv));
        Ok(())
    }

    fn revoke(&mut self, lease: i64) {
        self.leases.remove(&lease);
        let of = self.keys.values().filter(|kv| kv.lease == lease);
        let keys: Vec<Vec<u8>> = of.map(|kv| kv.key.clone()).collect();
        for key in keys {
            self.keys.remove(&key);
            self.scarce |= self.keys.len() * 2 < self.most;
            self.revision += 1;
            let gone = KeyValue {
                key,
                mod_revision: self.revision,
                ..KeyValue::default()
            };
            self.log.push(event(EventType::Delete, gone));
        }
    }

    fn holds(&self, compare: &Compare) -> bool {
        let known = self.keys.get(&compare.key);
        match compare.target_union {
            Some(TargetUnion::CreateRevision(wanted)) => {
                known.map_or(0, |kv| kv.create_revision) == wanted
            }
            Some(TargetUnion::Lease(wanted)) => known.map_or(0, |kv| kv.lease) == wanted,
            None => false,
        }
    }

    fn carry_out(&mut self, ops: Vec<RequestOp>) -> Result<Vec<ResponseOp>, Status> {
        let mut answers = Vec::new();
        for op in ops {
            let response = match op.request {
                Some(request_op::Request::RequestPut(put)) => {
                    self.put(put)?;
                    let header = Some(self.header());
                    response_op::Response::ResponsePut(PutResponse { header })
                }
                Some(request_op::Request::RequestRange(range)) => {
                    response_op::Response::ResponseRange(self.read(&range))
                }
                None => continue,
            };
            let response = Some(response);
            answers.push(ResponseOp { response });
        }
        Ok(answers)
    }

    fn header(&self) -> ResponseHeader {
        ResponseHeader {
            revision: self.revision,
            ..ResponseHeader::default()
        }
    }
}

impl Store {
    /// The keys in a range.
    pub(crate) fn read(&self, range: &RangeRequest) -> RangeResponse {
        self.lock().read(range)
    }

    /// Carries out a transaction.
    pub(crate) fn commit(&self, asked: TxnRequest) -> Result<TxnResponse, Status> {
        self.change(|kept| {
            let succeeded = asked.compare.iter().all(|compare| kept.holds(compare));
            let ops = if succeeded {
                asked.success
            } else {
                asked.failure
            };
            let responses = kept.carry_out(ops)?;
            Ok(TxnResponse {
                header: Some(kept.header()),
                succeeded,
                responses,
            })
        })
    }

    /// Grants a lease of so many seconds.
    pub(crate) fn grant(&self, ttl: i64) -> i64 {
        let mut kept = self.lock();
        kept.drawn += 1;
        let id = kept.drawn;
        let ends = now() + seconds(ttl);
        kept.leases.insert(id, Granted { ttl, ends });
        id
    }

    /// Begins a lease's time anew; zero where there is none.
    pub(crate) fn renew(&self, id: i64) -> i64 {
        let mut kept = self.lock();
        kept.leases.get_mut(&id).map_or(0, |lease| {
            lease.ends = now() + seconds(lease.ttl);
            lease.ttl
        })
    }

    /// Ends a lease, and what was written under it.
    pub(crate) fn revoke(&self, id: i64) {
        self.change(|kept| kept.revoke(id));
    }

    /// Ends leases whose time is over.
    pub(crate) fn expire(&self) {
        let now = now();
        let over: Vec<i64> = {
            let kept = self.lock();
            let over = kept.leases.iter().filter(|(_, lease)| lease.ends <= now);
            over.map(|(id, _)| *id).collect()
        };
        for id in over {
            self.revoke(id);
        }
    }

    /// It is there again: nobody could renew meanwhile, so every lease begins anew.
    pub(crate) fn resume(&self) {
        let now = now();
        for lease in self.lock().leases.values_mut() {
            lease.ends = now + seconds(lease.ttl);
        }
    }

    /// Forgets everything: it is made anew.
    pub(crate) fn clear(&self) {
        let mut kept = self.lock();
        // Ids of leases are drawn by chance over there; here none comes twice.
        *kept = Kept {
            scarce: true,
            ..Kept::anew(kept.drawn)
        };
        drop(kept);
        self.news.send_modify(|news| news.era += 1);
    }

    /// Whether most of its keys were missing at some time.
    pub(crate) fn was_scarce(&self) -> bool {
        self.lock().scarce
    }

    /// What happened below `folder` from a revision on.
    pub(crate) fn since(&self, folder: &[u8], revision: i64) -> Vec<Event> {
        let kept = self.lock();
        let wanted = |event: &&Event| {
            let kv = event.kv.as_ref();
            kv.is_some_and(|kv| kv.mod_revision >= revision && kv.key.starts_with(folder))
        };
        kept.log.iter().filter(wanted).cloned().collect()
    }

    /// Tells when there is something new.
    pub(crate) fn news(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = self.lock();
        let done = change(&mut kept);
        let revision = kept.revision;
        drop(kept);
        self.news.send_if_modified(|news| {
            let new = news.revision != revision;
            news.revision = revision;
            new
        });
        done
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn event(kind: EventType, kv: KeyValue) -> Event {
    Event {
        r#type: kind.into(),
        kv: Some(kv),
    }
}

fn seconds(ttl: i64) -> Duration {
    Duration::from_secs(ttl.unsigned_abs())
}
