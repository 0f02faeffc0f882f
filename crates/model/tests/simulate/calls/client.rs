//! A client of the service: it calls all the time, and notes what it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::order::inventory_client::InventoryClient;
use api::order::{GetStockRequest, RestockRequest};
use discovery::kubernetes::Access;
use discovery::{Channel, Directory, Fixed, Opinions, Settings, Source, channel};
use retry::Deadline;
use tonic::{Code, Status};

use super::book::{Book, Call, Kind};
use super::etcd::Believer;
use super::{ETCD, INSTANCES, WELL_AGAIN, shop};
use crate::course::{HEALED, Illness, Ills};
use crate::history::Begin;
use crate::net::Host;
use crate::trace::Trace;
use crate::{clock, wire};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// What rounding to milliseconds adds.
const GRAIN: Duration = Duration::from_millis(3);
/// How long after it has left the list an instance may be connected to by calls that were under way.
const UNDER_WAY: Duration = Duration::from_secs(2);

/// After the network is healed, and a while, every call succeeds.
pub(crate) const WELL: &str = "calls succeed again";
/// A list that has named somebody always names somebody.
pub(crate) const NEVER_EMPTY: &str = "the directory's loss does not empty the list";
/// It is not called by those who know that it is gone.
pub(crate) const UNCALLED: &str = "who has left the list is not called";
pub(crate) const IN_TIME: &str = "no call outlasts its deadline";

pub(crate) const EJECTED: &str = "an instance is ejected";
pub(crate) const BACK: &str = "an ejected instance is back";
pub(crate) const UNKNOWN: &str = "a plain call's outcome is unknown";
pub(crate) const NOTHING_SENT: &str = "a call was never sent";
pub(crate) const ALONE: &str = "calls succeed while etcd does not answer";

/// A client.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: Host,
    book: Book,
    trace: Trace,
    ills: Ills,
    bug: &'static str,
    lives: Arc<AtomicU32>,
    opinions: Arc<Mutex<Opinions>>,
    out: Arc<Mutex<BTreeSet<String>>>,
    list: Arc<Mutex<List>>,
}

/// Who is listed in this life, and who was.
#[derive(Default)]
struct List {
    listed: BTreeSet<String>,
    left: BTreeMap<String, Duration>,
}

impl Client {
    pub(crate) fn new(name: Host, book: Book, begin: &Begin<'_>, bug: &'static str) -> Self {
        Self {
            name,
            book,
            trace: begin.trace.clone(),
            ills: begin.ills.clone(),
            bug,
            lives: Arc::default(),
            opinions: Arc::default(),
            out: Arc::default(),
            list: Arc::default(),
        }
    }

    /// Lives once.
    pub(crate) async fn run(self) {
        let life = self.lives.fetch_add(1, Ordering::Relaxed);
        let life = format!("{}.{life}", self.name);
        *self.list() = List::default();
        let directory: Box<dyn Directory> = match self.bug {
            "the directory is believed" => Box::new(Believer::follow(self.name)),
            _ => Source::Etcd(shop::registry(self.name)).open("order", &Access::default()),
        };
        let caller = self.clone();
        let settings = Settings {
            quiet: true,
            network: wire::network(self.name, &INSTANCES, move |to| caller.calls(to)),
            ..Settings::default()
        };
        *self.opinions.lock().unwrap_or_else(PoisonError::into_inner) = settings.opinions.clone();
        let channel = if self.bug == "a first list is kept" {
            channel("order", &Fixed::new(INSTANCES.map(wire::addr)), &settings)
        } else {
            channel("order", &directory, &settings)
        };
        tokio::spawn(self.clone().read(directory));
        for number in 0.. {
            let kind = match rand::random_range(0..10) {
                0..4 => Kind::Read,
                4..8 => Kind::Keyed,
                _ => Kind::Plain,
            };
            let life = life.clone();
            let call = Call { life, number, kind };
            tokio::spawn(self.clone().call(channel.clone(), call));
            tokio::time::sleep(Duration::from_millis(rand::random_range(100..300))).await;
        }
    }

    /// Reads the list whenever it changes.
    async fn read(self, directory: Box<dyn Directory>) {
        let mut lists = directory.watch();
        let mut known = false;
        while lists.changed().await.is_ok() {
            let list = lists.borrow_and_update().clone();
            let ids: Vec<&str> = list.iter().map(|one| one.id.as_str()).collect();
            self.trace.tell(format_args!("{} lists {ids:?}", self.name));
            known |= !list.is_empty();
            self.trace
                .check(NEVER_EMPTY, !known || !list.is_empty(), self.name);
            self.list().read(ids);
        }
    }

    /// It connects to an instance.
    fn calls(&self, to: Host) {
        let left = self.list().left.get(to).copied();
        // Who stood still goes on with what was under way.
        let since = left.map(|left| left.max(self.ills.resumed(self.name)));
        let late = since.is_some_and(|since| clock::now() > since + UNDER_WAY);
        let how = format_args!("{} connects to {to}, which left at {left:?}", self.name);
        self.trace.check(UNCALLED, !late, how);
    }

    /// Whether it lists `host`.
    pub(crate) fn lists(&self, host: Host) -> bool {
        self.list().listed.contains(host)
    }

    /// Whether it does not, and has not for longer than any call takes.
    pub(crate) fn has_left(&self, host: Host) -> bool {
        let list = self.list();
        let left = list.left.get(host).copied().unwrap_or(HEALED);
        !list.listed.contains(host) && clock::now() > left + 2 * UNDER_WAY
    }

    async fn call(self, channel: Channel, call: Call) {
        let begun = clock::now();
        self.book.begun(&call);
        let longer = u32::from(self.bug == "deadlines are twice as long");
        let deadline = Deadline::after(PATIENCE * (1 + longer));
        let asked = deadline.scope(self.asked(channel, &call));
        let answer = asked.await;
        let took = clock::now().saturating_sub(begun);
        let id = call.id();
        // Who stood still hears nothing meanwhile.
        let due = (begun + PATIENCE).max(self.ills.resumed(self.name)) + GRAIN;
        let how = format_args!("{id} took {took:?}");
        self.trace.check(IN_TIME, clock::now() <= due, how);
        match answer {
            Ok(()) => {
                self.book.succeeded(&call);
                if self.ills.of(ETCD) == Some(Illness::Down) {
                    self.trace.saw(ALONE);
                }
            }
            Err(status) => {
                let message = status.message();
                self.trace.tell(format_args!(
                    "{id}: {:?}, {message}, after {took:?}",
                    status.code()
                ));
                let counts = self.bug == "what is broken counts as never sent"
                    && status.code() == Code::Unavailable;
                if counts || !retry::sent(&status) {
                    self.trace.saw(NOTHING_SENT);
                    self.book.unsent(&call);
                } else if call.kind == Kind::Plain && status.code() != Code::Unavailable {
                    self.trace.saw(UNKNOWN);
                }
                self.trace.check(WELL, begun < HEALED + WELL_AGAIN, id);
            }
        }
    }

    async fn asked(&self, channel: Channel, call: &Call) -> Result<(), Status> {
        if self.bug != "no budget" {
            return self.once(channel, call).await;
        }
        let mut answer = self.once(channel.clone(), call).await;
        for _ in 0..4 {
            let failed = answer
                .as_ref()
                .is_err_and(|it| it.code() == Code::Unavailable);
            if !failed || call.kind == Kind::Plain {
                break;
            }
            answer = self.once(channel.clone(), call).await;
        }
        answer
    }

    async fn once(&self, channel: Channel, call: &Call) -> Result<(), Status> {
        let mut client = InventoryClient::new(channel);
        let read = GetStockRequest {
            product_id: call.id(),
        };
        let write = RestockRequest {
            product_id: call.id(),
            ..RestockRequest::default()
        };
        let repeats = self.bug == "every call is repeated";
        let answer = match call.kind {
            Kind::Read => client.get_stock(retry::reads(read)).await,
            Kind::Plain if !repeats => client.restock(write).await,
            Kind::Keyed | Kind::Plain => client.restock(retry::keyed(write)).await,
        };
        answer.map(drop)
    }

    /// The instances that it gives no calls now, but for who is gone.
    pub(crate) fn ejected(&self, gone: Option<Host>) -> Vec<String> {
        let out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = gone.map(wire::addr);
        let out = out.iter().filter(|addr| Some(*addr) != gone.as_ref());
        out.map(|addr| format!("{addr} at {}", self.name)).collect()
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks who is ejected, and who is back.
    pub(crate) fn look(&self) {
        let opinions = self
            .opinions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let (out_now, answer): (Vec<_>, Vec<_>) = opinions
            .now()
            .into_iter()
            .partition(|it| it.ejected.is_some());
        let now: BTreeSet<String> = out_now.into_iter().map(|it| it.addr).collect();
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        for addr in now.difference(&out) {
            self.trace.tell(format_args!("{} ejects {addr}", self.name));
            self.trace.saw(EJECTED);
        }
        for addr in out.difference(&now) {
            // Not where the client itself is gone, and all that it knew.
            if answer.iter().any(|it| it.addr == *addr) {
                self.trace
                    .tell(format_args!("{} calls {addr} again", self.name));
                self.trace.saw(BACK);
            }
        }
        *out = now;
    }
}

impl List {
    fn read(&mut self, ids: Vec<&str>) {
        let now: BTreeSet<String> = ids.into_iter().map(str::to_owned).collect();
        for left in self.listed.difference(&now) {
            self.left.insert(left.clone(), clock::now());
        }
        self.left.retain(|id, _| !now.contains(id));
        self.listed = now;
    }
}
