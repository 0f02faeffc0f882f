//! The course of a drill: which blows fall, in which order, and on which of several. From the seed alone, so that it can be had again.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::{Blow, Kind, Part};

/// A pair in so many rounds, once each kind has been done alone.
const PAIRED: usize = 3;
/// Whatever time is asked for, there are never more rounds.
const MOST: usize = 1_000;

/// What a course is made of.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Decides all that is left to chance.
    pub seed: u64,
    /// How long the blows may take together.
    pub time: Duration,
    /// Which kinds; none stands for all.
    pub only: Vec<Kind>,
}

/// One or two blows that fall together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// What falls.
    pub blows: Vec<Blow>,
    /// How long one falls after the other.
    pub apart: Duration,
    /// For how long it is left so, at least.
    pub hold: Duration,
}

/// Lays out a course: first each kind once, of a part by chance and in an order by chance; then all other blows, and a pair
/// in every third round, within what is claimed; until the time is over. Every kind is done once, however short the time.
pub fn course(wanted: &Wanted) -> Vec<Round> {
    let mut chance = StdRng::seed_from_u64(wanted.seed);
    let kinds: BTreeSet<Kind> = if wanted.only.is_empty() {
        Kind::ALL.into()
    } else {
        wanted.only.iter().copied().collect()
    };
    let (first, mut rest) = deal(&kinds, &mut chance);
    let mut rounds: Vec<Round> = first.iter().map(|blow| alone(*blow, &mut chance)).collect();
    let all: Vec<Blow> = first.iter().chain(&rest).copied().collect();
    let mut left = wanted
        .time
        .saturating_sub(rounds.iter().map(Round::takes).sum());
    while rounds.len() < MOST {
        let pair = rounds
            .len()
            .is_multiple_of(PAIRED)
            .then(|| pair(&all, &mut chance));
        let next = pair.flatten().or_else(|| {
            if rest.is_empty() {
                rest.clone_from(&all);
                rest.shuffle(&mut chance);
            }
            Some(alone(rest.pop()?, &mut chance))
        });
        let Some(next) = next else { break };
        match left.checked_sub(next.takes()) {
            Some(less) => left = less,
            None => break,
        }
        rounds.push(next);
    }
    rounds
}

/// One blow of each kind, and all others, both shuffled.
fn deal(kinds: &BTreeSet<Kind>, chance: &mut StdRng) -> (Vec<Blow>, Vec<Blow>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for kind in kinds {
        let mut parts = kind.parts();
        parts.shuffle(chance);
        let mut blows = parts.into_iter().map(|part| Blow { kind: *kind, part });
        first.extend(blows.next());
        rest.extend(blows);
    }
    first.shuffle(chance);
    rest.shuffle(chance);
    (first, rest)
}

fn alone(blow: Blow, chance: &mut StdRng) -> Round {
    Round {
        blows: vec![blow.to_one_of_them(chance)],
        apart: Duration::ZERO,
        hold: Duration::from_secs(chance.random_range(8..=12)),
    }
}

/// Two that go together; nothing, where by chance none were found.
fn pair(all: &[Blow], chance: &mut StdRng) -> Option<Round> {
    let mut draw = || all.get(chance.random_range(0..all.len().max(1))).copied();
    let found =
        (0..32).find_map(|_| Some((draw()?, draw()?)).filter(|(one, two)| one.goes_with(*two)));
    let (one, two) = found?;
    let (one, two) = (one.to_one_of_them(chance), two.to_one_of_them(chance));
    let hold = Duration::from_secs(chance.random_range(8..=12));
    Some(Round {
        blows: vec![one, two],
        apart: Duration::ZERO,
        hold,
    })
}

impl Round {
    /// How long it will take, roughly: until it is noticed, and until all is as before.
    pub fn takes(&self) -> Duration {
        let mends = |blow: &Blow| match (blow.kind, blow.part) {
            (Kind::DiskFull, _) => 40,
            (_, Part::Leader) => 30,
            (_, Part::Standby | Part::Registry) => 20,
            _ => 12,
        };
        let mends = self.blows.iter().map(mends).max().unwrap_or_default();
        self.hold + Duration::from_secs(mends)
    }
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let blows: Vec<String> = self.blows.iter().map(Blow::to_string).collect();
        f.write_str(&blows.join(" + "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;

    fn wanted(seed: u64, minutes: u64) -> Wanted {
        Wanted {
            seed,
            time: Duration::from_mins(minutes),
            only: Vec::new(),
        }
    }

    #[test]
    fn the_same_seed_is_the_same_course_and_another_is_another() {
        assert_eq!(course(&wanted(7, 60)), course(&wanted(7, 60)));
        assert_ne!(course(&wanted(7, 60)), course(&wanted(8, 60)));
    }

    #[test]
    fn a_longer_course_begins_like_a_short_one() {
        let (short, long) = (course(&wanted(7, 10)), course(&wanted(7, 60)));

        assert!(short.len() < long.len());
        assert_eq!(short[..], long[..short.len()]);
    }

    #[test]
    fn every_kind_is_done_once_however_short_the_time() {
        for seed in 0..20 {
            let rounds = course(&wanted(seed, 1));

            let done: BTreeSet<Kind> = rounds.iter().map(|round| round.blows[0].kind).collect();
            assert_eq!(done, Kind::ALL.into());
            assert_eq!(rounds.len(), Kind::ALL.len());
        }
    }

    #[test]
    fn an_hour_does_every_blow_alone_or_in_a_pair_and_all_pairs_are_claimed() {
        let rounds = course(&wanted(3, 60));

        let pairs = rounds.iter().filter(|round| round.blows.len() == 2);
        let pairs: Vec<&Round> = pairs.collect();
        assert!(pairs.len() >= 10, "{}", pairs.len());
        assert!(
            pairs
                .iter()
                .all(|round| round.blows[0].goes_with(round.blows[1]))
        );
        let done = rounds.iter().flat_map(|round| &round.blows);
        let done: BTreeSet<Blow> = done.map(|blow| of_the_first(*blow)).collect();
        let all = Kind::ALL.into_iter();
        let all: BTreeSet<Blow> = all
            .flat_map(|kind| {
                kind.parts()
                    .into_iter()
                    .map(move |part| Blow { kind, part })
            })
            .collect();
        assert!(done.is_superset(&all), "{:?}", all.difference(&done));
    }

    /// The same blow, to the part that stands for all of them.
    fn of_the_first(blow: Blow) -> Blow {
        let part = match blow.part {
            _ if blow.kind == Kind::ClockJump => blow.part,
            Part::Sentinel(_) => Part::Sentinel(1),
            Part::Etcd(_) => Part::Etcd(1),
            Part::HaProxy(_) => Part::HaProxy(1),
            Part::Instance(service, _) => Part::Instance(service, 1),
            only => only,
        };
        Blow { part, ..blow }
    }

    #[test]
    fn which_of_several_is_struck_is_left_to_chance_but_for_the_clock_that_can_jump() {
        let rounds = course(&wanted(3, 240));

        let struck = |part| {
            let blows = rounds.iter().flat_map(|round| &round.blows);
            let mut blows = blows.filter(|blow| blow.kind != Kind::ClockJump);
            blows.any(|blow| blow.part == part)
        };
        for number in 1..=3 {
            assert!(struck(Part::Etcd(number)), "etcd-{number}");
            assert!(struck(Part::Sentinel(number)), "sentinel-{number}");
        }
        for number in 1..=2 {
            assert!(struck(Part::HaProxy(number)), "haproxy-{number}");
            for service in Service::ALL {
                assert!(struck(Part::Instance(service, number)), "{service:?}");
            }
        }
        let blows = rounds.iter().flat_map(|round| &round.blows);
        let clocks: BTreeSet<Part> = blows
            .filter(|blow| blow.kind == Kind::ClockJump)
            .map(|blow| blow.part)
            .collect();
        assert_eq!(clocks, [Part::Instance(Service::Order, 2)].into());
    }

    #[test]
    fn only_the_kinds_that_are_wanted_are_done() {
        let only = Wanted {
            only: vec![Kind::Cut],
            ..wanted(1, 5)
        };

        let rounds = course(&only);

        assert!(rounds.len() > 5);
        assert!(
            rounds
                .iter()
                .flat_map(|round| &round.blows)
                .all(|blow| blow.kind == Kind::Cut)
        );
    }
}
