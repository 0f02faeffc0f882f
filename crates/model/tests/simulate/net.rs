//! The simulated network: bytes take a while from host to host, in order; what is cut off waits, as TCP has it.

mod stream;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;

pub(crate) use self::stream::{Listener, Stream, connect};
use crate::clock;

/// What a message takes at most while nothing fails, in ms.
const SLOWEST: u64 = 20;
/// How long it takes until what was lost is sent again, in ms.
const SENT_AGAIN: std::ops::Range<u64> = 200..1_500;

/// A host by its name.
pub(crate) type Host = &'static str;
/// Every host, where somebody is cut off from all.
pub(crate) const ANYBODY: Host = "anybody";

/// What is left of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    /// It runs.
    On,
    /// Its process is dead; its kernel says so.
    Dead,
    /// It says nothing.
    Off,
}

/// All connections, and what is under way on them.
#[derive(Default)]
struct Net {
    power: BTreeMap<Host, Power>,
    listeners: BTreeMap<Host, Backlog>,
    connections: Vec<[End; 2]>,
    under_way: BTreeMap<(Duration, u64), Parcel>,
    /// Those that came to where it is cut.
    held: BTreeMap<(Duration, u64), Parcel>,
    /// From whom to whom; as often as it is cut.
    cuts: Vec<(Host, Host)>,
    lossy: bool,
    sent: u64,
    /// Of all that ever arrived, and when.
    digest: DefaultHasher,
}

/// Who wants to be heard where somebody listens.
#[derive(Default)]
struct Backlog {
    connections: VecDeque<usize>,
    waker: Option<Waker>,
}

/// One end of a connection.
struct End {
    host: Host,
    inbox: VecDeque<Bytes>,
    state: State,
    waker: Option<Waker>,
    /// Whether nobody has it any more.
    dropped: bool,
    /// Whether it has said that nothing more comes from here.
    finished: bool,
    /// When the last of what was sent to it arrives.
    last: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Opening,
    Open,
    Finished,
    Reset,
}

/// What is under way, to one end of a connection.
struct Parcel {
    connection: usize,
    to: usize,
    what: What,
}

#[derive(Hash)]
enum What {
    Open,
    Opened,
    Bytes(Bytes),
    Finish,
    Reset,
}

thread_local! {
    static NET: RefCell<Net> = RefCell::default();
}

fn with<T>(work: impl FnOnce(&mut Net) -> T) -> T {
    NET.with_borrow_mut(work)
}

/// Says what is left of `host`.
pub(crate) fn power(host: Host, power: Power) {
    with(|net| net.power.insert(host, power));
}

/// Nothing gets from one host to another.
pub(crate) fn cut(from: Host, to: Host) {
    with(|net| net.cuts.push((from, to)));
}

/// Ends one [`cut`]; what was held by it arrives.
pub(crate) fn heal(from: Host, to: Host) {
    with(|net| {
        if let Some(at) = net.cuts.iter().position(|cut| *cut == (from, to)) {
            net.cuts.swap_remove(at);
        }
        let held = std::mem::take(&mut net.held);
        net.under_way.extend(held);
    });
}

/// Whether messages get lost, and connections with them.
pub(crate) fn lossy(lossy: bool) {
    with(|net| net.lossy = lossy);
}

/// When something arrives next.
pub(crate) fn next() -> Option<Duration> {
    with(|net| net.under_way.keys().next().map(|(when, _)| *when))
}

/// Delivers what arrives by now; answers to whom.
pub(crate) fn deliver() -> Vec<Host> {
    let mut hosts = Vec::new();
    while let Some((host, waker)) = with(Net::deliver_one) {
        // Not before the network is let go of: a task that is freed may have connections.
        if let Some(waker) = waker {
            waker.wake();
        }
        hosts.push(host);
    }
    hosts
}

/// What tells whether all that was ever sent is the same, byte by byte and at the same times.
pub(crate) fn digest() -> impl fmt::Display {
    let (sent, digest) = with(|net| (net.sent, net.digest.finish()));
    fmt::from_fn(move |f| write!(f, "{sent} messages, digest {digest:016x}"))
}

impl Net {
    fn is_cut(&self, from: Host, to: Host) -> bool {
        let is = |(one, other): &(Host, Host)| {
            (*one == from || *one == ANYBODY) && (*other == to || *other == ANYBODY)
        };
        self.cuts.iter().any(is)
    }

    fn post(&mut self, connection: usize, to: usize, what: What) {
        let mut wait = rand::random_range(1..=SLOWEST);
        if self.lossy && matches!(what, What::Bytes(_)) {
            if rand::random_bool(0.003) {
                return [0, 1]
                    .into_iter()
                    .for_each(|to| self.push(connection, to, 1, What::Reset));
            }
            if rand::random_bool(0.02) {
                wait += rand::random_range(SENT_AGAIN);
            }
        }
        self.push(connection, to, wait, what);
    }

    fn push(&mut self, connection: usize, to: usize, wait: u64, what: What) {
        let end = &mut self.connections[connection][to];
        // In order.
        end.last = end.last.max(clock::now() + Duration::from_millis(wait));
        self.sent += 1;
        let parcel = Parcel {
            connection,
            to,
            what,
        };
        self.under_way.insert((end.last, self.sent), parcel);
    }

    fn deliver_one(&mut self) -> Option<(Host, Option<Waker>)> {
        let first = self.under_way.first_entry()?;
        let due = first.key().0 <= clock::now();
        let (when, parcel) = due.then(|| first.remove_entry())?;
        let ends = &self.connections[parcel.connection];
        let (from, to) = (ends[1 - parcel.to].host, ends[parcel.to].host);
        if self.is_cut(from, to) {
            self.held.insert(when, parcel);
            return Some((to, None));
        }
        (clock::now(), parcel.connection, parcel.to, &parcel.what).hash(&mut self.digest);
        Some((to, self.take(to, parcel)))
    }

    /// A parcel arrives; answers whom to wake.
    fn take(&mut self, host: Host, parcel: Parcel) -> Option<Waker> {
        let Parcel {
            connection,
            to,
            what,
        } = parcel;
        if self.power.get(host) == Some(&Power::Off) {
            return None;
        }
        if matches!(what, What::Open) {
            return self.open(host, connection);
        }
        let end = &mut self.connections[connection][to];
        if end.dropped {
            if matches!(what, What::Opened | What::Bytes(_)) {
                self.post(connection, 1 - to, What::Reset);
            }
            return None;
        }
        match what {
            What::Open | What::Opened => end.state = State::Open,
            What::Bytes(bytes) => end.inbox.push_back(bytes),
            What::Finish => end.state = State::Finished,
            What::Reset => end.state = State::Reset,
        }
        end.waker.take()
    }

    /// The kernel answers whoever connects, be the process awake or not.
    fn open(&mut self, host: Host, connection: usize) -> Option<Waker> {
        let Some(backlog) = self.listeners.get_mut(host) else {
            self.post(connection, 0, What::Reset);
            return None;
        };
        backlog.connections.push_back(connection);
        let waker = backlog.waker.take();
        let end = &mut self.connections[connection][1];
        (end.state, end.dropped) = (State::Open, false);
        self.post(connection, 0, What::Opened);
        waker
    }
}
