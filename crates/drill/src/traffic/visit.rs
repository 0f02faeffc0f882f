//! Who comes: when, what for, to which door, and what they want; all of it drawn from the seed.

use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use tokio::time::Instant;

use super::Traffic;
use crate::{Act, Line, Mix};

/// Pages that somebody looks at; the last one for words that nobody has searched for, so that no cache answers.
const PAGES: [&str; 4] = [
    "/v1/products?limit=5",
    "/v1/news?limit=5",
    "/v1/categories",
    "/v1/products?limit=1&q=mug",
];
/// One visit in so many clicks twice.
const CLICKS_TWICE: u32 = 10;
/// One in so many orders two products.
const TWO_LINES: u32 = 3;
/// How many of a product somebody orders at most.
const MOST: i32 = 3;

/// Somebody who has come.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) number: u64,
    pub(super) came: Instant,
    pub(super) act: Act,
    /// Which of the buyers it is.
    pub(super) buyer: usize,
    /// The door that they come to first.
    pub(super) door: usize,
    /// Whether they click twice when they order.
    pub(super) clicks_twice: bool,
    /// What they want, if they order.
    pub(super) lines: Vec<Line>,
    page: usize,
}

impl Visit {
    /// The page that they look at; what is searched for begins with `name`.
    pub(super) fn page(&self, name: &str) -> String {
        let page = PAGES[self.page];
        let is_search = self.page + 1 == PAGES.len();
        let word = is_search.then(|| format!("{name}{}", self.number));
        format!("{page}{}", word.unwrap_or_default())
    }
}

impl Traffic {
    /// How long after the last one the next one comes: they know nothing of each other.
    pub(super) fn pause(&self, over: Duration, chance: &mut StdRng) -> Duration {
        let rate: f64 = self.crowds(over).map(|(_, rate)| rate).sum();
        let lot: f64 = chance.random_range(f64::EPSILON..1.0);
        Duration::from_secs_f64((-lot.ln() / rate.max(0.01)).min(60.0))
    }

    /// The one who comes as the `number`th, `over` after the beginning.
    pub(super) fn visit(
        &self,
        number: u64,
        over: Duration,
        came: Instant,
        chance: &mut StdRng,
    ) -> Visit {
        let mix = self.one_of(over, chance);
        Visit {
            number,
            came,
            act: mix.act(chance.random_range(0..100)),
            buyer: chance.random_range(0..self.buyers.len().max(1)),
            door: chance.random_range(0..self.doors.len().max(1)),
            page: chance.random_range(0..PAGES.len()),
            clicks_twice: chance.random_ratio(1, CLICKS_TWICE),
            lines: self.lines(mix, chance),
        }
    }

    /// How many come each second of each part when so much of the time is over.
    fn crowds(&self, over: Duration) -> impl Iterator<Item = (Mix, f64)> {
        let whole = self.time.as_secs_f64().max(f64::MIN_POSITIVE);
        let share = over.as_secs_f64() / whole;
        let parts = self.parts.iter();
        parts.map(move |(mix, rate)| (*mix, rate * mix.crowd(share)))
    }

    /// The part that somebody belongs to who comes then.
    fn one_of(&self, over: Duration, chance: &mut StdRng) -> Mix {
        let all: f64 = self.crowds(over).map(|(_, rate)| rate).sum();
        let mut lot = chance.random_range(0.0..1.0) * all;
        let found = self.crowds(over).find(|(_, rate)| {
            lot -= rate;
            lot < 0.0
        });
        // What sums up to a little less than all of it is the last one's.
        let last = self.parts.last().map_or(Mix::Browse, |(mix, _)| *mix);
        found.map_or(last, |(mix, _)| mix)
    }

    fn lines(&self, mix: Mix, chance: &mut StdRng) -> Vec<Line> {
        let (count, one) = (self.products.len(), mix.is_of_one_product());
        let first = chance.random_range(0..count.max(1));
        let first = if one { 0 } else { first };
        let other = first + chance.random_range(1..count.max(2));
        let two = chance.random_ratio(1, TWO_LINES) && count > 1 && !one;
        let mut places = vec![first];
        places.extend(two.then_some(other % count.max(1)));
        let line = |place: usize| self.products[place].times(chance.random_range(1..=MOST));
        places.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng as _;
    use uuid::Uuid;

    use super::*;
    use crate::{Door, Product};

    fn traffic(parts: &[(Mix, f64)]) -> Traffic {
        let product = |price| Product {
            id: Uuid::from_u128(price),
            price: i64::try_from(price).unwrap(),
        };
        Traffic {
            doors: vec![Door::from("http://one"), Door::from("http://two")],
            products: (1..=4).map(product).collect(),
            buyers: Vec::new(),
            parts: parts.to_vec(),
            time: Duration::from_secs(90),
            patience: Duration::ZERO,
            limit: Duration::ZERO,
            seed: 0,
            name: "test".to_owned(),
        }
    }

    /// The first thousand who come, of a seed.
    fn visits(traffic: &Traffic, seed: u64) -> Vec<Visit> {
        let (came, mut chance) = (Instant::now(), StdRng::seed_from_u64(seed));
        let one = |number| traffic.visit(number, Duration::ZERO, came, &mut chance);
        (0..1_000).map(one).collect()
    }

    #[test]
    fn every_page_and_every_first_click_of_two_is_at_either_door() {
        let visits = visits(&traffic(&[(Mix::All, 10.0)]), 1);

        let pages: BTreeSet<_> = visits.iter().map(|one| (one.page, one.door)).collect();
        let twice = visits.iter().filter(|one| one.clicks_twice);
        let twice: Vec<usize> = twice.map(|one| one.door).collect();
        assert_eq!(pages.len(), 2 * PAGES.len(), "{pages:?}");
        assert!((70..130).contains(&twice.len()), "{}", twice.len());
        let second = twice.iter().sum::<usize>();
        assert!((25..75).contains(&second), "{second} of {}", twice.len());
    }

    #[test]
    fn orders_are_of_one_product_or_two_one_to_three_of_each_and_the_same_seed_wants_the_same() {
        let traffic = traffic(&[(Mix::Orders, 10.0)]);
        let wanted = |seed| -> Vec<Vec<Line>> {
            let visits = visits(&traffic, seed).into_iter();
            visits.map(|one| one.lines).collect()
        };

        let all = wanted(7);

        let two = all.iter().filter(|lines| lines.len() == 2).count();
        let quantities: BTreeSet<i32> = all.iter().flatten().map(|line| line.quantity).collect();
        let products: BTreeSet<Uuid> = all.iter().flatten().map(|line| line.product).collect();
        assert!((250..420).contains(&two), "{two}");
        assert_eq!((quantities.len(), products.len()), (3, 4));
        let pairs = all.iter().filter(|lines| lines.len() > 1);
        let differ = |lines: &Vec<Line>| lines[0].product != lines[1].product;
        assert!(pairs.clone().all(differ));
        assert_eq!(all, wanted(7));
        assert_ne!(all, wanted(8));
    }

    #[test]
    fn of_two_parts_as_many_come_for_each_as_it_says_and_for_a_sale_all_want_one_product() {
        let both = traffic(&[(Mix::Orders, 5.0), (Mix::Browse, 20.0)]);
        let sale = traffic(&[(Mix::Flash, 5.0)]);

        let orders = visits(&both, 1);
        let orders = orders.iter().filter(|one| one.act == Act::Order).count();
        let wanted = visits(&sale, 1);

        assert!((150..250).contains(&orders), "{orders}");
        let first = both.products[0].id;
        let is_first = |one: &Visit| matches!(one.lines[..], [line] if line.product == first);
        assert!(wanted.iter().all(is_first));
        let mut chance = StdRng::seed_from_u64(1);
        let mut spent = |over| -> Duration {
            let pauses = (0..1_000).map(|_| sale.pause(over, &mut chance));
            pauses.sum()
        };
        let (calm, crowd) = (spent(Duration::ZERO), spent(Duration::from_secs(45)));
        assert!(calm > crowd * 4 && calm < crowd * 6, "{calm:?}, {crowd:?}");
    }
}
