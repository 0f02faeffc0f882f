//! Where a value was read, and what a reader asks of it.

use std::str::FromStr;

use api::token::{Given, Position, Seen, Token};

/// A place in a cluster's log that a value was read at. Of one cluster, the greater one holds more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    cluster: u64,
    position: Position,
    /// A replica shows all that it has replayed. On a primary the commit at `position` itself may be in the log and
    /// not yet visible, so a primary's read counts for less.
    replica: bool,
}

impl Version {
    /// What a written version is long; the scripts cut by it.
    pub(crate) const LEN: usize = 51;

    /// Where `seen` was read.
    pub fn of<T>(seen: &Seen<T>) -> Self {
        Self {
            cluster: seen.cluster,
            position: seen.position,
            replica: !seen.primary,
        }
    }

    /// What a value must be newer than, to hold a write that answered `given`.
    pub(crate) fn written(given: Given) -> Self {
        match given {
            Given::Token(token) if token.primary_only => Self::beyond(token.cluster),
            Given::Token(token) => Self::floor(token),
            Given::Nothing | Given::Malformed => Self::unknown(),
        }
    }

    /// Whether a value of this version holds all that `other` stands for. Of different clusters nobody knows.
    pub fn is_newer_than(self, other: Self) -> bool {
        // A replica hears of a promotion before it has replayed all that came before it.
        let replayed = !self.replica || self.position.lsn >= other.position.lsn;
        self.cluster == other.cluster
            && replayed
            && (self.position, self.replica) > (other.position, other.replica)
    }

    /// Newer than anything that will be read: what nobody knows the position of.
    pub(crate) fn unknown() -> Self {
        Self::beyond(0)
    }

    /// The one that forbids more; of different clusters, all.
    pub(crate) fn stricter(self, other: Self) -> Self {
        if self.cluster != other.cluster {
            return Self::unknown();
        }
        if self.is_newer_than(other) {
            self
        } else {
            other
        }
    }

    /// The value read at this version.
    pub fn seen<T>(self, value: T) -> Seen<T> {
        Seen {
            value,
            cluster: self.cluster,
            position: self.position,
            primary: !self.replica,
        }
    }

    fn floor(token: Token) -> Self {
        Self {
            cluster: token.cluster,
            position: token.position,
            replica: false,
        }
    }

    /// Newer than anything that will be read from `cluster`. No cluster is called 0.
    fn beyond(cluster: u64) -> Self {
        Self {
            cluster,
            position: Position {
                timeline: u32::MAX,
                lsn: u64::MAX,
            },
            replica: true,
        }
    }
}

/// Digits of a fixed width, so that the scripts compare versions as texts in any locale.
impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Position { timeline, lsn } = self.position;
        let replica = u8::from(self.replica);
        write!(f, "{:020}{timeline:010}{lsn:020}{replica}", self.cluster)
    }
}

impl FromStr for Version {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let digits = |from: usize, to: usize| text.get(from..to).ok_or(Unreadable);
        let number = |from, to| digits(from, to)?.parse::<u64>().map_err(|_| Unreadable);
        Ok(Self {
            cluster: number(0, 20)?,
            position: Position {
                timeline: u32::try_from(number(20, 30)?).map_err(|_| Unreadable)?,
                lsn: number(30, 50)?,
            },
            replica: number(50, Self::LEN)? == 1,
        })
    }
}

/// Says that what stood in Redis is not ours to read.
#[derive(Debug, thiserror::Error)]
#[error("an entry that this version cannot read")]
pub struct Unreadable;

/// What a reader asks of an entry.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// Came without a token: any entry will do.
    Any,
    /// Came with a token: the entry must be newer than this.
    Newer(Version),
    /// No entry will do: the token cannot be read, or only a primary serves it.
    Primary,
}

impl Need {
    /// What a request that came with `given` needs.
    pub fn of(given: Given) -> Self {
        match given {
            Given::Nothing => Self::Any,
            Given::Malformed => Self::Primary,
            Given::Token(token) if token.primary_only => Self::Primary,
            Given::Token(token) => Self::Newer(Version::floor(token)),
        }
    }

    /// Whether an entry of `version` may be served.
    pub fn is_met_by(self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::Newer(floor) => version.is_newer_than(floor),
            Self::Primary => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(lsn: u64, replica: bool) -> Version {
        let position = Position { timeline: 1, lsn };
        Version {
            cluster: 7,
            position,
            replica,
        }
    }

    fn need(cluster: u64, lsn: u64) -> Need {
        let position = Position { timeline: 1, lsn };
        Need::of(Given::Token(Token::at(cluster, position)))
    }

    #[test]
    fn an_entry_read_on_a_replica_serves_a_token_of_its_own_position() {
        assert!(need(7, 10).is_met_by(version(10, true)));
        assert!(!need(7, 11).is_met_by(version(10, true)));
    }

    #[test]
    fn a_replica_that_knows_of_a_promotion_and_is_behind_it_serves_no_later_position() {
        let entry = |timeline, lsn, replica| Version {
            position: Position { timeline, lsn },
            ..version(lsn, replica)
        };

        assert!(!need(7, 10).is_met_by(entry(2, 9, true)));
        assert!(need(7, 10).is_met_by(entry(2, 10, true)));
        // What was acknowledged came along through the promotion.
        assert!(need(7, 10).is_met_by(entry(2, 9, false)));
    }

    #[test]
    fn an_entry_read_on_the_primary_serves_only_older_tokens() {
        assert!(!need(7, 10).is_met_by(version(10, false)));
        assert!(need(7, 9).is_met_by(version(10, false)));
    }

    #[test]
    fn an_entry_of_another_cluster_serves_no_token() {
        assert!(!need(8, 1).is_met_by(version(10, true)));
    }

    #[test]
    fn no_entry_serves_what_only_a_primary_may() {
        let tokens = [Given::Malformed, Given::Token(Token::primary_only(7))];
        for given in tokens {
            assert!(!Need::of(given).is_met_by(version(u64::MAX, true)));
        }
    }

    #[test]
    fn nothing_is_newer_than_a_write_at_an_unknown_position() {
        let written = Version::written(Given::Token(Token::primary_only(7)));

        assert!(!version(u64::MAX, true).is_newer_than(written));
        assert!(!version(u64::MAX, true).is_newer_than(Version::written(Given::Nothing)));
    }

    proptest! {
        #[test]
        fn a_version_reads_back_as_it_was_written(cluster: u64, timeline: u32, lsn: u64, replica: bool) {
            let version = Version { cluster, position: Position { timeline, lsn }, replica };
            let text = version.to_string();
            prop_assert_eq!(text.len(), Version::LEN);
            prop_assert_eq!(text.parse::<Version>().unwrap(), version);
        }

        #[test]
        fn versions_compare_as_their_texts_do(a: (u32, u64, bool), b: (u32, u64, bool)) {
            let [a, b] = [a, b].map(|(timeline, lsn, replica)| Version {
                cluster: 7, position: Position { timeline, lsn }, replica,
            });
            let [own, other] = [a, b].map(|version| version.to_string());
            // As the scripts do it.
            let replayed = !own.ends_with('1') || own[30..50] >= other[30..50];
            prop_assert_eq!(a.is_newer_than(b), own > other && replayed);
        }

        #[test]
        fn any_text_is_a_version_or_refused(text in ".{0,60}") {
            let _ = text.parse::<Version>();
        }
    }
}
