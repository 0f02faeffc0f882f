//! What rests on what, and which fault follows from which by that.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::fault::Kind;

/// What each component rests on. One that rests on several goes on while more than half of them do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rests(BTreeMap<String, Vec<String>>);

/// A fault that lasts.
#[derive(Clone, Debug)]
pub struct Open {
    /// Its number.
    pub number: i64,
    /// What it is.
    pub kind: Kind,
    /// Who has it.
    pub component: String,
    /// Since when.
    pub occurred_at: OffsetDateTime,
    /// When it was noticed.
    pub detected_at: OffsetDateTime,
    /// From which one it follows, where that is known.
    pub cause: Option<i64>,
}

/// A component that rests on itself, by way of others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` rests on itself")]
pub struct Circular(pub String);

impl Rests {
    /// Takes what each component rests on.
    ///
    /// # Errors
    /// When one rests on itself: a fault would be its own cause.
    pub fn new(all: impl IntoIterator<Item = (String, Vec<String>)>) -> Result<Self, Circular> {
        let rests = Self(all.into_iter().collect());
        let circular = rests
            .0
            .keys()
            .find(|one| rests.reaches(one, one, rests.0.len()));
        match circular {
            Some(one) => Err(Circular(one.clone())),
            None => Ok(rests),
        }
    }

    /// Whether `from` rests on `on`, over `steps` others at most.
    fn reaches(&self, from: &str, on: &str, steps: usize) -> bool {
        let bases = self.0.get(from).into_iter().flatten();
        let mut bases = bases.map(String::as_str);
        bases.any(|base| base == on || steps > 0 && self.reaches(base, on, steps - 1))
    }

    /// Which of the `open` faults follow from which, where that is not known yet: the numbers of both.
    pub fn follows(&self, open: &[Open]) -> Vec<(i64, i64)> {
        let unexplained = open.iter().filter(|fault| fault.cause.is_none());
        unexplained
            .filter_map(|fault| Some((fault.number, self.cause(fault, open)?)))
            .collect()
    }

    /// The last of those that `fault`'s component rests on, where they are too few by it.
    fn cause(&self, fault: &Open, open: &[Open]) -> Option<i64> {
        let bases = self.0.get(&fault.component)?;
        let gone = |base: &&String| {
            let of = |one: &&Open| one.component == **base && one.kind.takes_away();
            let before = |one: &&Open| one.occurred_at <= fault.detected_at;
            open.iter().filter(of).find(before)
        };
        let gone: Vec<&Open> = bases.iter().filter_map(|base| gone(&base)).collect();
        let too_few = gone.len() * 2 >= bases.len();
        let last = gone.into_iter().max_by_key(|one| one.occurred_at);
        last.filter(|_| too_few).map(|one| one.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn rests(all: &[(&str, &[&str])]) -> Result<Rests, Circular> {
        let owned = |name: &&str| (*name).to_owned();
        let all = all.iter();
        Rests::new(all.map(|(one, on)| (owned(one), on.iter().map(owned).collect())))
    }

    fn fault(number: i64, kind: Kind, component: &str) -> Open {
        let at = datetime!(2026-11-20 12:00 UTC) + time::Duration::seconds(number);
        Open {
            number,
            kind,
            component: component.to_owned(),
            occurred_at: at,
            detected_at: at + time::Duration::seconds(3),
            cause: None,
        }
    }

    #[test]
    fn a_fault_follows_from_that_of_what_it_rests_on_also_over_others_and_noticed_later() {
        let house = rests(&[("order-1", &["host-1"]), ("host-1", &["rack"])]).unwrap();
        let open = [
            fault(1, Kind::InstanceCut, "order-1"),
            fault(2, Kind::InstanceCut, "host-1"),
            fault(3, Kind::InstanceKilled, "rack"),
            fault(4, Kind::InstanceKilled, "user-1"),
        ];

        assert_eq!(house.follows(&open), [(1, 2), (2, 3)]);
    }

    #[test]
    fn what_rests_on_several_follows_when_too_few_are_left() {
        let house = rests(&[("postgres", &["etcd-1", "etcd-2", "etcd-3"])]).unwrap();
        let lost = fault(3, Kind::PrimaryLost, "postgres");
        let [one, two] = [(1, "etcd-1"), (2, "etcd-2")]
            .map(|(number, name)| fault(number, Kind::InstanceKilled, name));
        let slow = fault(2, Kind::InstanceSlow, "etcd-2");

        assert_eq!(house.follows(&[one.clone(), lost.clone()]), []);
        assert_eq!(house.follows(&[one.clone(), slow, lost.clone()]), []);
        assert_eq!(house.follows(&[one, two, lost]), [(3, 2)]);
    }

    #[test]
    fn what_is_explained_or_was_there_first_is_left_as_it_is() {
        let house = rests(&[("order-1", &["host-1"])]).unwrap();
        let host = fault(9, Kind::InstanceCut, "host-1");
        let mut known = fault(8, Kind::InstanceCut, "order-1");
        known.cause = Some(1);
        let long_before = fault(1, Kind::InstanceCut, "order-1");

        assert_eq!(house.follows(&[host, known, long_before]), []);
    }

    #[test]
    fn nothing_rests_on_itself() {
        let circle = rests(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"])]);

        assert_eq!(circle, Err(Circular("a".to_owned())));
        assert!(rests(&[("a", &["b", "c"]), ("b", &["c"])]).is_ok());
    }
}
