//! Balancing in a small world with a clock of its own: the same figures on every machine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::Instant;

use crate::choice::{self, Look};
use crate::load::Load;
use crate::standing::Verdict;

/// An instance of the small world.
struct Server {
    load: Load,
    credit: i64,
    weight: u32,
    /// What an answer takes on average.
    takes: Duration,
    calls: usize,
}

struct World {
    now: Instant,
    servers: Vec<Server>,
    chance: SmallRng,
    took: Vec<Duration>,
}

impl World {
    /// A world of servers, each with its weight and what it takes.
    fn of(servers: &[(u32, u64)]) -> Self {
        let now = Instant::now();
        let servers = servers.iter().map(|(weight, millis)| Server {
            load: Load::new(now),
            credit: 0,
            weight: *weight,
            takes: Duration::from_millis(*millis),
            calls: 0,
        });
        Self {
            now,
            servers: servers.collect(),
            chance: SmallRng::seed_from_u64(7),
            took: Vec::new(),
        }
    }

    fn look(&self, at: usize) -> Look {
        let server = &self.servers[at];
        let weights: u32 = self.servers.iter().map(|server| server.weight).sum();
        #[allow(clippy::cast_precision_loss, reason = "there are few")]
        let average = f64::from(weights) / self.servers.len() as f64;
        Look {
            latency: server.load.latency(self.now),
            silence: server.load.silence(self.now),
            pending: f64::from(server.load.pending()),
            share: f64::from(server.weight) / average,
        }
    }

    fn choose(&mut self) -> usize {
        let seats = self.servers.iter_mut();
        let turn = choice::turn(seats.map(|server| (&mut server.credit, server.weight))).unwrap();
        let count = self.servers.len();
        let other = (turn + self.chance.random_range(1..count)) % count;
        let moved = choice::clearly_better(self.look(other), self.look(turn));
        if moved { other } else { turn }
    }

    /// What an answer takes: half of the average and some more by chance; one in 500 takes twenty times as long.
    fn time(&mut self, at: usize) -> Duration {
        let takes = self.servers[at].takes;
        let more: f64 = -self.chance.random::<f64>().max(1e-9).ln();
        let usual = takes / 2 + (takes / 2).mul_f64(more);
        if self.chance.random_ratio(1, 500) {
            20 * takes
        } else {
            usual
        }
    }

    /// Makes `calls` calls, `callers` at a time.
    fn run(&mut self, callers: usize, calls: usize) -> &mut Self {
        self.took.clear();
        self.servers.iter_mut().for_each(|server| server.calls = 0);
        let mut ends = BinaryHeap::new();
        for call in 0..calls {
            if call >= callers {
                self.end(&mut ends);
            }
            let at = self.choose();
            let took = self.time(at);
            self.servers[at].load.begin(self.now);
            self.servers[at].calls += 1;
            ends.push(Reverse((self.now + took, at, took)));
        }
        while !ends.is_empty() {
            self.end(&mut ends);
        }
        self
    }

    fn end(&mut self, ends: &mut BinaryHeap<Reverse<(Instant, usize, Duration)>>) {
        let Reverse((when, at, took)) = ends.pop().unwrap();
        self.now = when;
        let load = &mut self.servers[at].load;
        load.end(when, took, Some(Verdict::Answered), false);
        self.took.push(took);
    }

    fn part(&self, at: usize) -> f64 {
        let all: usize = self.servers.iter().map(|server| server.calls).sum();
        #[allow(clippy::cast_precision_loss, reason = "there are few")]
        let part = self.servers[at].calls as f64 / all as f64;
        part
    }

    fn p99(&mut self) -> Duration {
        self.took.sort_unstable();
        self.took[self.took.len() * 99 / 100]
    }
}

#[test]
fn weights_hold_within_three_points_however_busy_and_however_noisy() {
    for callers in [1, 2, 4, 8, 16, 64] {
        for millis in [1, 5, 50] {
            let mut world = World::of(&[(100, millis), (300, millis)]);

            let part = world.run(callers, 20_000).part(0);

            let off = (part - 0.25).abs();
            assert!(off < 0.03, "{callers} callers, {millis} ms: {part}");
        }
    }
}

#[test]
fn one_of_three_ten_times_slower_gets_less_than_a_tenth_and_p99_is_less_than_doubled() {
    for callers in [2, 4, 8, 16, 64] {
        for millis in [1, 5, 50] {
            let well = World::of(&[(100, millis); 3]).run(callers, 20_000).p99();

            let slow = [(100, millis), (100, millis), (100, 10 * millis)];
            let mut ill = World::of(&slow);
            let part = ill.run(callers, 20_000).part(2);

            let what = format!("{callers} callers, {millis} ms");
            assert!(part < 0.1, "{what}: {part}");
            assert!(ill.p99() < 2 * well, "{what}: {:?}, {well:?}", ill.p99());
        }
    }
}

#[test]
fn one_that_was_slow_gets_its_part_again() {
    let mut world = World::of(&[(100, 5), (100, 5), (100, 50)]);
    world.run(16, 10_000);

    world.servers[2].takes = Duration::from_millis(5);
    // More than the time that a slow answer is remembered.
    world.run(16, 40_000);
    let part = world.run(16, 10_000).part(2);

    assert!((part - 0.33).abs() < 0.05, "{part}");
}
