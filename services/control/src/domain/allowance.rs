//! What operators may say of a service.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The services of which operators say something.
pub const SERVICES: [&str; 5] = ["control", "gateway", "news", "order", "user"];
/// What can be switched off, at the gateway.
const FLAGS: [&str; 3] = ["registration", "checkout", "search"];
/// How many instances there are where nobody says otherwise.
const INSTANCES: RangeInclusive<u32> = 1..=8;

/// What operators say of a service. What is left out stays as each instance's own settings have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Allowance {
    /// How many instances there are at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_instances: Option<u32>,
    /// How many instances there are at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_instances: Option<u32>,
    /// How many requests a second one instance can answer as it should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_instance: Option<u32>,
    /// How many requests are worked on at once however slow they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_in_flight: Option<u32>,
    /// How many requests are in an instance at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_in_flight: Option<u32>,
    /// How many connections there are at most to each address of its database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_connections: Option<u32>,
    /// How long cached entries are served at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_seconds: Option<u32>,
    /// How many requests without an account one address may send in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_address: Option<u32>,
    /// How many requests one account may send in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_account: Option<u32>,
    /// How many times one address may register or sign in within a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_sign_in: Option<u32>,
    /// What is switched on and off.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, bool>,
}

/// A field whose value is not allowed, and what is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// `max_instances`, or `flags.checkout`.
    pub field: String,
    /// A sentence for people.
    pub allowed: String,
}

impl Allowance {
    /// The number of instances that there may be.
    pub fn instances(&self) -> RangeInclusive<u32> {
        let least = self.min_instances.unwrap_or(*INSTANCES.start());
        let most = self.max_instances.unwrap_or(*INSTANCES.end());
        least..=most.max(least)
    }

    /// Tells every field that must not be said of `service`.
    pub fn wrong_for(&self, service: &str) -> Vec<OutOfRange> {
        let (edge, keeps) = (service == "gateway", service != "gateway");
        let caches = service != "control";
        let fields = [
            ("min_instances", self.min_instances, 1..=100, true),
            ("max_instances", self.max_instances, 1..=100, true),
            (
                "requests_per_instance",
                self.requests_per_instance,
                1..=1_000_000,
                true,
            ),
            ("min_in_flight", self.min_in_flight, 1..=100_000, true),
            ("max_in_flight", self.max_in_flight, 1..=100_000, true),
            (
                "database_connections",
                self.database_connections,
                1..=200,
                keeps,
            ),
            ("cache_seconds", self.cache_seconds, 1..=300, caches),
            ("rate_address", self.rate_address, 1..=1_000_000, edge),
            ("rate_account", self.rate_account, 1..=1_000_000, edge),
            ("rate_sign_in", self.rate_sign_in, 1..=1_000_000, edge),
        ];
        let wrong = fields
            .into_iter()
            .filter_map(|(field, value, range, there)| unfit(service, field, value?, range, there));
        let flags = self.flags.keys().filter_map(|flag| unknown(edge, flag));
        wrong.chain(flags).chain(self.crossed()).collect()
    }

    /// Tells of bounds that cross.
    fn crossed(&self) -> impl Iterator<Item = OutOfRange> {
        let pairs = [
            (
                "max_instances",
                self.min_instances,
                self.max_instances,
                "min_instances",
            ),
            (
                "max_in_flight",
                self.min_in_flight,
                self.max_in_flight,
                "min_in_flight",
            ),
        ];
        pairs.into_iter().filter_map(|(field, least, most, other)| {
            let least = least?;
            (most? < least).then(|| OutOfRange {
                field: field.to_owned(),
                allowed: format!("not below `{other}`, which is {least}"),
            })
        })
    }
}

fn unfit(
    service: &str,
    field: &str,
    value: u32,
    range: RangeInclusive<u32>,
    there: bool,
) -> Option<OutOfRange> {
    let allowed = if there {
        format!("from {} to {}", range.start(), range.end())
    } else {
        format!("nothing: {service} has none")
    };
    let fits = there && range.contains(&value);
    (!fits).then(|| OutOfRange {
        field: field.to_owned(),
        allowed,
    })
}

fn unknown(edge: bool, flag: &str) -> Option<OutOfRange> {
    let known = edge && FLAGS.contains(&flag);
    (!known).then(|| OutOfRange {
        field: format!("flags.{flag}"),
        allowed: format!("at the gateway {}, elsewhere nothing", FLAGS.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(service: &str, said: &Allowance) -> Vec<String> {
        let wrong = said.wrong_for(service);
        wrong.into_iter().map(|one| one.field).collect()
    }

    #[test]
    fn every_field_out_of_its_range_is_named() {
        let said = Allowance {
            max_instances: Some(101),
            database_connections: Some(0),
            rate_account: Some(5),
            ..Allowance::default()
        };

        let named = wrong("order", &said);

        assert_eq!(
            named,
            ["max_instances", "database_connections", "rate_account"]
        );
    }

    #[test]
    fn bounds_do_not_cross() {
        let said = Allowance {
            min_instances: Some(3),
            max_instances: Some(2),
            ..Allowance::default()
        };

        assert_eq!(wrong("user", &said), ["max_instances"]);
        assert_eq!(said.instances(), 3..=3);
    }

    #[test]
    fn only_known_flags_are_switched_and_only_where_they_are() {
        let said = |flag: &str| Allowance {
            flags: BTreeMap::from([(flag.to_owned(), false)]),
            ..Allowance::default()
        };

        assert!(wrong("gateway", &said("checkout")).is_empty());
        assert_eq!(wrong("gateway", &said("chekout")), ["flags.chekout"]);
        assert_eq!(wrong("order", &said("checkout")), ["flags.checkout"]);
    }
}
