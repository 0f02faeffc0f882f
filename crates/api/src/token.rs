//! How far a caller has seen: the consistency token, carried beside every request and answer.
//!
//! A token names a cluster and a position in its log. Whoever serves a read for a token must have got there. Within a
//! request the token rides along by itself: [`scope`] opens it, [`given`] tells it, [`saw`] raises it.

mod riding;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use self::riding::{Scoped, given, saw, scope, shown, shows};

/// The metadata key, and in lower case the HTTP header, that a token travels in.
pub const HEADER: &str = "consistency-token";

/// The metadata key in which an answer says where what is everybody's was read: see [`ReadAt`].
pub const READ_AT: &str = "read-at";

/// A place in a cluster's log. Ordered: a later timeline is later at any offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Counts the promotions of the cluster, from 1.
    pub timeline: u32,
    /// Bytes from the beginning of the log.
    pub lsn: u64,
}

/// What a caller has seen, and what a read for it must have seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// The cluster's system identifier.
    pub cluster: u64,
    /// How far it was seen.
    pub position: Position,
    /// Only a primary will do: the position could not be read.
    pub primary_only: bool,
}

/// A value with the position noted on its connection before it was read.
#[derive(Clone, Debug)]
pub struct Seen<T> {
    /// What was read.
    pub value: T,
    /// The cluster it was read from.
    pub cluster: u64,
    /// Noted before the read: the value holds all up to here.
    pub position: Position,
    /// Whether it was read on the primary, where a commit may be in the log and not yet visible.
    pub primary: bool,
}

impl Token {
    /// A token for `position` of `cluster`.
    pub fn at(cluster: u64, position: Position) -> Self {
        Self {
            cluster,
            position,
            primary_only: false,
        }
    }

    /// A token that only a primary of `cluster` serves.
    pub fn primary_only(cluster: u64) -> Self {
        Self {
            cluster,
            position: Position::default(),
            primary_only: true,
        }
    }

    /// The one that asks for more. Of two clusters the later one counts: the former is gone.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if self.cluster != other.cluster {
            return other;
        }
        Self {
            cluster: self.cluster,
            position: self.position.max(other.position),
            primary_only: self.primary_only || other.primary_only,
        }
    }
}

impl<T> Seen<T> {
    /// Turns the value into another, seen at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Seen<U> {
        Seen {
            value: change(self.value),
            cluster: self.cluster,
            position: self.position,
            primary: self.primary,
        }
    }

    /// The value, where it is the caller's own: the caller's token is raised to where it was read.
    pub fn own(self) -> T {
        saw(Token::at(self.cluster, self.position));
        self.value
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { timeline, lsn } = self.position;
        let mark = if self.primary_only { "p" } else { "" };
        write!(f, "{:x}.{timeline:x}.{lsn:x}{mark}", self.cluster)
    }
}

/// Says that a text is no token. A reader of tokens then asks the primary.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a consistency token")]
pub struct BadToken;

impl FromStr for Token {
    type Err = BadToken;

    fn from_str(text: &str) -> Result<Self, BadToken> {
        let hex = |part: Option<&str>| {
            let part = part.filter(|part| !part.is_empty() && !part.starts_with('+'));
            u64::from_str_radix(part.ok_or(BadToken)?, 16).map_err(|_| BadToken)
        };
        let (text, primary_only) = match text.strip_suffix('p') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let mut parts = text.splitn(3, '.');
        let cluster = hex(parts.next())?;
        let timeline = u32::try_from(hex(parts.next())?).map_err(|_| BadToken)?;
        let lsn = hex(parts.next())?;
        Ok(Self {
            cluster,
            position: Position { timeline, lsn },
            primary_only,
        })
    }
}

/// What a request was sent with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Given {
    /// No token: any copy will do.
    #[default]
    Nothing,
    /// A text that is no token: only the primary will do.
    Malformed,
    /// A token.
    Token(Token),
}

impl Given {
    /// Reads what stood in the header, if anything did.
    pub fn read(header: Option<&[u8]>) -> Self {
        let Some(header) = header else {
            return Self::Nothing;
        };
        let token = std::str::from_utf8(header)
            .ok()
            .and_then(|text| text.parse().ok());
        token.map_or(Self::Malformed, Self::Token)
    }

    /// Raised by `token`.
    #[must_use]
    pub fn raised(self, token: Token) -> Self {
        match self {
            Self::Token(own) => Self::Token(own.max(token)),
            Self::Nothing | Self::Malformed => Self::Token(token),
        }
    }
}

/// Where something was read that is everybody's, and how much longer it may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadAt {
    /// It serves whoever has seen no more than this.
    pub token: Token,
    /// What is left of its time.
    pub left: Duration,
}

impl ReadAt {
    /// Where `seen` was read; it may be shown for `left`.
    pub fn of<T>(seen: &Seen<T>, left: Duration) -> Self {
        let mut position = seen.position;
        // On a primary the commit at that very place may not have been visible yet.
        position.lsn = position.lsn.saturating_sub(u64::from(seen.primary));
        let token = Token::at(seen.cluster, position);
        Self { token, left }
    }

    /// What holds for this and `other` together: the lesser of both. Of two clusters, nothing.
    fn with(self, other: Self) -> Self {
        if self.token.cluster != other.token.cluster {
            let left = Duration::ZERO;
            return Self { left, ..self };
        }
        // Each for itself: a replica hears of a promotion before it has replayed all that came before it.
        let (own, theirs) = (self.token.position, other.token.position);
        let position = Position {
            timeline: own.timeline.min(theirs.timeline),
            lsn: own.lsn.min(theirs.lsn),
        };
        Self {
            token: Token::at(self.token.cluster, position),
            left: self.left.min(other.left),
        }
    }
}

impl fmt::Display for ReadAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.token, self.left.as_millis())
    }
}

impl FromStr for ReadAt {
    type Err = BadToken;

    fn from_str(text: &str) -> Result<Self, BadToken> {
        let (token, left) = text.split_once(';').ok_or(BadToken)?;
        Ok(Self {
            token: token.parse()?,
            left: left
                .parse()
                .map(Duration::from_millis)
                .map_err(|_| BadToken)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_reads_back_as_it_was_written(cluster: u64, timeline: u32, lsn: u64, primary_only: bool) {
            let token = Token { cluster, position: Position { timeline, lsn }, primary_only };
            prop_assert_eq!(token.to_string().parse(), Ok(token));
        }

        #[test]
        fn where_something_was_read_reads_back_as_it_was_written(cluster: u64, lsn: u64, millis: u64) {
            let token = Token::at(cluster, Position { timeline: 1, lsn });
            let read = ReadAt { token, left: Duration::from_millis(millis) };
            prop_assert_eq!(read.to_string().parse(), Ok(read));
        }

        #[test]
        fn any_text_is_a_token_or_refused(text in ".{0,60}") {
            let _ = text.parse::<Token>();
            let _ = text.parse::<ReadAt>();
        }
    }

    #[test]
    fn a_later_timeline_is_later_at_any_offset() {
        let before = Position {
            timeline: 1,
            lsn: 900,
        };
        let after = Position {
            timeline: 2,
            lsn: 100,
        };

        assert!(after > before);
    }

    #[test]
    fn what_holds_for_two_parts_is_the_lesser_of_each() {
        let read = |timeline, lsn| ReadAt {
            token: Token::at(7, Position { timeline, lsn }),
            left: Duration::from_secs(lsn),
        };

        // A replica that has heard of a promotion and lags, and one that has not heard of it.
        let both = read(2, 5).with(read(1, 9));

        assert_eq!(both, read(1, 5));
    }
}
