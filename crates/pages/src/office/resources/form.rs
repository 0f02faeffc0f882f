//! What is allowed of a service, as a form has it.

use serde_json::{Map, Value};

use crate::api::Problem;
use crate::form::Typed;
use crate::look::Frame;
use crate::office::seen::Resource;
use crate::trouble::Trouble;

/// Whether something is said of the service of this name.
type Said = fn(&str) -> bool;

/// The numbers, and of which services they are not said.
const NUMBERS: [(&str, Said); 10] = [
    ("min_instances", |_| true),
    ("max_instances", |_| true),
    ("requests_per_instance", |_| true),
    ("min_in_flight", |_| true),
    ("max_in_flight", |_| true),
    ("database_connections", |service| service != "gateway"),
    ("cache_seconds", |service| service != "control"),
    ("rate_address", |service| service == "gateway"),
    ("rate_account", |service| service == "gateway"),
    ("rate_sign_in", |service| service == "gateway"),
];
const FLAGS: [&str; 3] = ["registration", "checkout", "search"];

/// The numbers that are said of `service`.
pub(super) fn numbers_of(service: &str) -> impl Iterator<Item = &'static str> {
    let said = NUMBERS.iter().filter(move |(_, of)| of(service));
    said.map(|(name, _)| *name)
}

/// What of `service` is switched on and off.
pub(super) fn flags_of(service: &str) -> &'static [&'static str] {
    if service == "gateway" { &FLAGS } else { &[] }
}

/// What is there, as somebody would type it.
pub(super) fn typed_of(one: &Resource) -> Typed {
    let wanted = Wanted::of(one);
    let numbers = wanted.numbers.iter().map(|(name, number)| {
        let text = number.map_or(String::new(), |number| number.to_string());
        (*name, text)
    });
    let flags = wanted
        .flags
        .iter()
        .map(|(flag, on)| (*flag, word(*on).to_owned()));
    let all: Vec<_> = numbers.chain(flags).collect();
    Typed::of(all.iter().map(|(name, value)| (*name, &**value)))
}

fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// What is to be allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    numbers: Vec<(&'static str, Option<i64>)>,
    flags: Vec<(&'static str, bool)>,
}

impl Wanted {
    /// What is allowed now.
    pub(super) fn of(one: &Resource) -> Self {
        let flags = flags_of(&one.service).iter();
        Self {
            numbers: numbers_of(&one.service)
                .map(|name| (name, one.number(name)))
                .collect(),
            flags: flags.map(|flag| (*flag, one.is_on(flag))).collect(),
        }
    }

    /// What was typed. What is empty is no longer said.
    ///
    /// # Errors
    /// When something is no number.
    pub(super) fn read(service: &str, typed: &Typed) -> Result<Self, Trouble> {
        let number = |name: &'static str| match typed.some(name) {
            None => Ok((name, None)),
            Some(text) => match text.parse::<u32>() {
                Ok(number) => Ok((name, Some(i64::from(number)))),
                Err(_) => Err(Trouble::from(Problem::new(400, "invalid").at(name))),
            },
        };
        let flags = flags_of(service).iter();
        Ok(Self {
            numbers: numbers_of(service).map(number).collect::<Result<_, _>>()?,
            flags: flags
                .map(|flag| (*flag, typed.get(flag) != "off"))
                .collect(),
        })
    }

    /// What the API is to be told, coming from `before`.
    pub(super) fn body(&self, before: &Self) -> Value {
        let numbers = self.numbers.iter().zip(&before.numbers);
        let numbers = numbers.filter(|(is, was)| is != was);
        let mut body: Map<String, Value> = numbers
            .map(|((name, number), _)| ((*name).to_owned(), (*number).into()))
            .collect();
        let flags = self.flags.iter().zip(&before.flags);
        let flags: Map<String, Value> = flags
            .filter(|(is, was)| is != was)
            .map(|((flag, on), _)| ((*flag).to_owned(), (*on).into()))
            .collect();
        if !flags.is_empty() {
            body.insert("flags".to_owned(), flags.into());
        }
        body.into()
    }

    /// All of it, in words.
    pub(super) fn said(&self, frame: &Frame) -> Vec<(String, String)> {
        let label = |name| frame.t.field(name).unwrap_or(name).to_owned();
        let numbers = self.numbers.iter().map(|(name, number)| {
            let own = || frame.o.own_settings.to_owned();
            (
                label(*name),
                number.map_or_else(own, |number| number.to_string()),
            )
        });
        let flags = self
            .flags
            .iter()
            .map(|(flag, on)| (label(*flag), frame.o.word(word(*on)).to_owned()));
        numbers.chain(flags).collect()
    }

    /// What of `before` becomes something else, in words: its name, how it is, how it will be.
    pub(super) fn changes(&self, before: &Self, frame: &Frame) -> Vec<(String, String, String)> {
        let (was, is) = (before.said(frame), self.said(frame));
        let pairs = was.into_iter().zip(is).filter(|(was, is)| was != is);
        pairs
            .map(|((name, was), (_, is))| (name, was, is))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::Locale;
    use crate::look::words::Words;
    use serde_json::json;

    fn gateway() -> Resource {
        let said = json!({"service": "gateway", "version": 3, "updated_at": "", "rate_account": 600,
            "cache_seconds": null, "flags": {"search": false}});
        serde_json::from_value(said).unwrap()
    }

    #[test]
    fn every_number_of_the_api_is_asked_for_with_its_name_and_its_range() {
        let api = include_str!("../../../../../docs/openapi.json");
        let api: Value = serde_json::from_str(api).unwrap();
        let change = &api["components"]["schemas"]["ResourceChange"]["properties"];
        let mut there: Vec<&str> = change
            .as_object()
            .unwrap()
            .keys()
            .map(|key| &**key)
            .collect();
        there.retain(|name| *name != "flags");

        let mut asked = NUMBERS.map(|(name, _)| name);

        there.sort_unstable();
        asked.sort_unstable();
        assert_eq!(there, asked);
        let words = Words::of(Locale::Chinese);
        for name in asked {
            assert!(words.field(name).is_some(), "{name}");
            assert!(words.rule(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_is_typed_as_it_is_there_changes_nothing() {
        let one = gateway();

        let wanted = Wanted::read("gateway", &typed_of(&one)).unwrap();

        assert_eq!(wanted, Wanted::of(&one));
        assert_eq!(wanted.body(&Wanted::of(&one)), json!({}));
    }

    #[test]
    fn only_what_is_another_value_is_sent_and_what_is_emptied_is_no_longer_said() {
        let one = gateway();
        let typed = Typed::of([("cache_seconds", "5"), ("search", "on")]);

        let wanted = Wanted::read("gateway", &typed).unwrap();

        assert_eq!(
            wanted.body(&Wanted::of(&one)),
            json!({"rate_account": null, "cache_seconds": 5, "flags": {"search": true}})
        );
    }

    #[test]
    fn what_is_no_number_is_marked_where_it_stands() {
        let typed = Typed::of([("rate_account", "many")]);

        let Trouble(problem) = Wanted::read("gateway", &typed).unwrap_err();

        assert!(problem.fault("rate_account").is_some());
    }
}
