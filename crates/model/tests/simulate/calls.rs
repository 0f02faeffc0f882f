//! The world of calls: clients call a service of three instances that they find through etcd.
//!
//! Real: `discovery`'s channel, balancer, ejection, etcd directory and registration; `retry`'s policies, deadlines and budget.
//! Of the simulation: the service, which counts what it does, and etcd.

mod book;
mod client;
mod etcd;
mod shop;

use std::time::Duration;

use rand::Rng as _;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;

use self::book::Book;
use self::client::Client;
use self::etcd::Store;
use crate::clock;
use crate::course::{Course, Fault, HEALED, Illness};
use crate::history::{Begin, World};
use crate::net::{ANYBODY, Host, Power};
use crate::trace::Trace;
use crate::worker;

const INSTANCES: [Host; 3] = ["order-1", "order-2", "order-3"];
const CLIENTS: [Host; 2] = ["client-1", "client-2"];
const ETCD: Host = "etcd";
/// How long the dead stay registered.
const LEASE: Duration = Duration::from_secs(5);
/// How long after the last fault every call succeeds: a silent connection is found after 2 s, and made anew within another.
const WELL_AGAIN: Duration = Duration::from_secs(5);
/// How long all is watched while it is well.
const WATCHED: Duration = Duration::from_secs(2);
/// How long after the last fault nobody is ejected any more: the longest that 8 s of faults can bring about lasts 20 s.
const ALL_BACK: Duration = Duration::from_secs(21);
/// How long after its lease who is gone may still be listed: etcd, and who lists, look about once in a second.
const LOOKED: Duration = Duration::from_secs(2);
/// How much longer, where most of all were missed at some time.
const DOUBT: Duration = Duration::from_secs(31);

const ALL_COME_BACK: &str = "an ejected instance comes back";
/// As `discovery` promises.
const UNLISTED: &str = "who is gone leaves the lists in time";
const LEFT: &str = "who is gone for good has left the lists";

/// What is planted here, each with the invariant that it breaks.
pub(crate) const BUGS: [(&str, &str); 12] = [
    ("keys are forgotten", book::ONCE),
    ("every call is repeated", book::ALONE),
    ("no budget", book::BUDGET),
    ("it says yes to what it has not done", book::KEPT),
    ("what is broken counts as never sent", book::NOTHING),
    ("deadlines are twice as long", client::IN_TIME),
    ("the directory is believed", client::NEVER_EMPTY),
    ("a first list is kept", client::UNCALLED),
    ("no lease ends", UNLISTED),
    ("an instance stays broken", ALL_COME_BACK),
    ("a cut is not healed", client::WELL),
    ("an instance panics", worker::DIED),
];

/// What must have been seen in some of many histories.
pub(crate) const SEEN: [&str; 8] = [
    client::EJECTED,
    client::BACK,
    book::REPEATED,
    book::FOUND_AGAIN,
    client::UNKNOWN,
    client::NOTHING_SENT,
    client::ALONE,
    LEFT,
];

struct Calls {
    trace: Trace,
    book: Book,
    clients: Vec<Client>,
    store: Store,
    /// Who is gone for good, and since when.
    gone: Option<(Host, Duration)>,
}

/// Sets up a world.
pub(crate) fn begin(begin: Begin<'_>) -> (Box<dyn World>, Course) {
    let bug = BUGS.iter().find(|(name, _)| *name == begin.bug);
    let bug = bug.map_or("", |(name, _)| *name);
    let book = Book::new(begin.trace.clone());
    let clients = CLIENTS.map(|name| Client::new(name, book.clone(), &begin, bug));
    let Begin {
        hosts,
        chance,
        trace,
        ills,
        ..
    } = begin;
    let store = Store::default();
    hosts.add(ETCD, {
        let (store, ills) = (store.clone(), ills.clone());
        move || etcd::run(store.clone(), ills.clone(), bug != "no lease ends")
    });
    for name in INSTANCES {
        let shop = shop::Shop {
            name,
            book: book.clone(),
            ills: ills.clone(),
            bug,
        };
        hosts.add(name, move || shop::run(shop.clone()));
    }
    for client in &clients {
        let client = client.clone();
        hosts.add(client.name, move || client.clone().run());
    }
    let (course, gone) = course(chance, bug);
    let world = Calls {
        trace,
        book,
        clients: clients.to_vec(),
        store,
        gone,
    };
    (Box::new(world), course)
}

/// Draws the faults. Now and then an instance dies for good.
fn course(chance: &mut SmallRng, bug: &str) -> (Course, Option<(Host, Duration)>) {
    let mut course = Course::draw(chance, draw);
    let early = Duration::from_secs(2);
    match bug {
        "an instance stays broken" => {
            course.stays(Fault::Ill(INSTANCES[0], Illness::Broken), early);
        }
        "a cut is not healed" => {
            for name in INSTANCES {
                course.stays(Fault::Cut(name, CLIENTS[0]), early);
            }
        }
        _ if chance.random_bool(0.3) => {
            let host = *INSTANCES.choose(chance).expect("there are three");
            let since = Duration::from_millis(chance.random_range(1_000..7_000));
            course.stays(Fault::Gone(host, left(chance)), since);
            return (course, Some((host, since)));
        }
        _ => {}
    }
    (course, None)
}

fn draw(chance: &mut SmallRng) -> Fault {
    let mut one = |of: &[Host]| *of.choose(chance).expect("there is one");
    let (instance, client) = (one(&INSTANCES), one(&CLIENTS));
    let anybody = one(&[&[ETCD], &INSTANCES[..], &CLIENTS[..]].concat());
    match chance.random_range(0..13) {
        0 | 1 => Fault::Crash(anybody, left(chance)),
        2 => Fault::Cut(instance, client),
        3 => Fault::CutOneWay(instance, client),
        4 => Fault::CutOneWay(client, instance),
        5 => Fault::Pause(anybody),
        6 => Fault::Ill(instance, Illness::Slow),
        7 => Fault::Ill(instance, Illness::Broken),
        8 => Fault::Ill("everywhere", Illness::Refusing),
        9 => Fault::Ill(ETCD, Illness::Emptied),
        10 if anybody != ETCD => Fault::Cut(ETCD, anybody),
        10 => Fault::Cut(ETCD, client),
        11 => Fault::Cut(client, ANYBODY),
        _ => Fault::Lossy,
    }
}

fn left(chance: &mut SmallRng) -> Power {
    let both = [Power::Dead, Power::Off];
    *both.choose(chance).expect("there are two")
}

impl Calls {
    /// Whether nobody lists any more who is gone, and nobody has for a while.
    fn is_unlisted(&self) -> bool {
        let Some((gone, since)) = self.gone else {
            return true;
        };
        let lists = self.clients.iter().filter(|it| it.lists(gone));
        let lists: Vec<&str> = lists.map(|client| client.name).collect();
        let doubted = if self.store.was_scarce() {
            DOUBT
        } else {
            Duration::ZERO
        };
        let until = since.max(HEALED + WELL_AGAIN) + LEASE + LOOKED + doubted;
        self.trace.check(
            UNLISTED,
            lists.is_empty() || clock::now() < until,
            format_args!("{gone} is listed by {}", lists.join(", ")),
        );
        let left = self.clients.iter().all(|it| it.has_left(gone));
        if left {
            self.trace.saw(LEFT);
        }
        left
    }
}

impl World for Calls {
    fn look(&mut self) {
        self.clients.iter().for_each(Client::look);
    }

    fn is_over(&mut self) -> bool {
        let since = clock::now().saturating_sub(HEALED);
        if since < WELL_AGAIN + WATCHED {
            return false;
        }
        let (unlisted, gone) = (self.is_unlisted(), self.gone.map(|(gone, _)| gone));
        let out = self.clients.iter().flat_map(|it| it.ejected(gone));
        let out: Vec<String> = out.collect();
        if out.is_empty() && unlisted {
            self.book.close();
            return true;
        }
        self.trace.check(
            ALL_COME_BACK,
            out.is_empty() || since < ALL_BACK,
            out.join(", "),
        );
        false
    }
}
