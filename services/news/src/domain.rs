//! What an article is and who may read it when. No I/O, no clock, no chance.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// Something that the shop has to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Sorts by the time it was written.
    pub id: Uuid,
    /// What it is called.
    pub title: String,
    /// What it says, in plain text.
    pub body: String,
    /// When it is public from; nothing for a draft.
    #[serde(with = "time::serde::rfc3339::option")]
    pub publish_at: Option<OffsetDateTime>,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// Who may read an article by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Those who write it.
    Draft,
    /// Those who write it, and from its moment on everybody.
    Planned,
    /// Everybody.
    Public,
}

impl State {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Planned, Self::Public];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Planned => "planned",
            Self::Public => "public",
        }
    }
}

impl Article {
    /// Whether anybody may read it at `now`.
    ///
    /// What was published for a moment no later than its own change is public by that change, whatever the reader's
    /// clock says: clocks differ by a little, and an editor must find what she has just published.
    pub fn is_public(&self, now: OffsetDateTime) -> bool {
        self.publish_at
            .is_some_and(|from| from <= now.max(self.updated_at))
    }

    /// Where it stands in the list of public articles. A draft stands in none; it would come last.
    pub fn public_place(&self) -> Place {
        let from = self.publish_at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Place { from, id: self.id }
    }
}

/// A place in the list of public articles, which is sorted by it, latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// When the article there is public from.
    #[serde(with = "time::serde::timestamp::microseconds")]
    pub from: OffsetDateTime,
    /// The article there.
    pub id: Uuid,
}

/// A title: 1 to 200 characters, not all of them blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

/// A body: up to 20,000 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body(String);

impl Title {
    /// Takes `text` as a title, without the blanks around it.
    ///
    /// # Errors
    /// When nothing is left, or too much.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > 200 || text.contains('\0') {
            return Err(Invalid::Title);
        }
        Ok(Self(text.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Body {
    /// Takes `text` as a body.
    ///
    /// # Errors
    /// When it is too long.
    pub fn new(text: String) -> Result<Self, Invalid> {
        if text.chars().count() > 20_000 || text.contains('\0') {
            return Err(Invalid::Body);
        }
        Ok(Self(text))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an administrator may do to an article that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Writes parts of it anew.
    Rewrite {
        /// The new title, if it changes.
        title: Option<Title>,
        /// The new body, if it changes.
        body: Option<Body>,
    },
    /// Makes it public from a moment on, or from now.
    Publish(Option<OffsetDateTime>),
    /// Makes it a draft again.
    Unpublish,
}

impl Edit {
    /// How the audit calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rewrite { .. } => "article.update",
            Self::Publish(_) => "article.publish",
            Self::Unpublish => "article.unpublish",
        }
    }
}

/// Which rule of its shape a request breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The title is empty or too long.
    #[error("a title has 1 to 200 characters")]
    Title,
    /// The body is too long.
    #[error("a body has at most 20,000 characters")]
    Body,
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

    fn article(publish_at: Option<OffsetDateTime>) -> Article {
        Article {
            id: Uuid::nil(),
            title: "Opening hours".to_owned(),
            body: String::new(),
            publish_at,
            version: 1,
            created_at: NOON,
            updated_at: NOON,
        }
    }

    #[test]
    fn a_draft_is_never_public() {
        assert!(!article(None).is_public(NOON + Duration::days(1_000)));
    }

    #[test]
    fn an_article_appears_at_its_time() {
        let due = NOON + Duration::HOUR;

        assert!(!article(Some(due)).is_public(due - Duration::MICROSECOND));
        assert!(article(Some(due)).is_public(due));
    }

    #[test]
    fn what_was_published_at_once_is_public_even_to_a_clock_that_is_behind() {
        assert!(article(Some(NOON)).is_public(NOON - Duration::SECOND));
    }

    #[test]
    fn a_title_is_counted_in_characters_and_without_the_blanks_around_it() {
        assert_eq!(Title::new("  News ").unwrap().as_str(), "News");
        assert!(Title::new(&"ä".repeat(200)).is_ok());
        assert_eq!(Title::new(&"a".repeat(201)), Err(Invalid::Title));
        assert_eq!(Title::new(" \n"), Err(Invalid::Title));
    }

    #[test]
    fn a_text_that_the_database_cannot_hold_is_refused() {
        assert_eq!(Title::new("a\0b"), Err(Invalid::Title));
        assert_eq!(Body::new("\0".to_owned()), Err(Invalid::Body));
        assert_eq!(Body::new("a".repeat(20_001)), Err(Invalid::Body));
    }
}
