//! Pages of a list by keyset: a cursor says after which place the next page begins, and of which list.
//!
//! A list is named by everything that chooses or sorts its rows: `products?category=mugs&sort=name`. So a cursor that was
//! made for another list, or for other filters of the same one, is refused rather than misread. Cursors are opaque to
//! callers but no secret: what a caller may see is decided by the query, never by the cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tonic::Status;

use crate::{common, error};

/// How many rows a page has when the caller does not say.
pub const USUAL: u32 = 20;
/// How many rows a page has at most.
pub const MOST: u32 = 100;
/// The longest cursor that is looked at.
const LONGEST: usize = 2_048;
/// How many bytes of the list's hash a cursor carries.
const MARK: usize = 6;

/// Says that a text is no cursor of this list.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a cursor of this list; leave it out to begin with the first page")]
pub struct BadCursor;

impl From<BadCursor> for Status {
    fn from(bad: BadCursor) -> Self {
        error::invalid("page.cursor", bad.to_string())
    }
}

/// Writes the cursor of what follows `place` in `list`.
pub fn write(list: &str, place: &impl Serialize) -> String {
    let mut bytes = mark(list).to_vec();
    serde_json::to_writer(&mut bytes, place).expect("a place is made of numbers and texts");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads after which place of `list` a page begins; nothing for the first page.
///
/// # Errors
/// When `cursor` is malformed or of another list.
pub fn read<P: DeserializeOwned>(list: &str, cursor: &str) -> Result<Option<P>, BadCursor> {
    if cursor.is_empty() {
        return Ok(None);
    }
    if cursor.len() > LONGEST {
        return Err(BadCursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| BadCursor)?;
    let place = bytes.strip_prefix(&mark(list)).ok_or(BadCursor)?;
    serde_json::from_slice(place)
        .map(Some)
        .map_err(|_| BadCursor)
}

/// The part of a list that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<P> {
    list: String,
    limit: u32,
    after: Option<P>,
}

impl<P: Serialize + DeserializeOwned> Page<P> {
    /// Reads which page of `list` is wanted.
    ///
    /// # Errors
    /// `INVALID` for a limit above [`MOST`], or a cursor that is not of this list.
    pub fn read(list: impl Into<String>, page: Option<common::Page>) -> Result<Self, Status> {
        let (list, page) = (list.into(), page.unwrap_or_default());
        if page.limit > MOST {
            let most = format!("at most {MOST} rows a page");
            return Err(error::invalid("page.limit", most));
        }
        let limit = if page.limit == 0 { USUAL } else { page.limit };
        let after = read(&list, &page.cursor)?;
        Ok(Self { list, limit, after })
    }

    /// How many rows it has at most.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// After which place it begins; nothing for the first page.
    pub fn after(&self) -> Option<&P> {
        self.after.as_ref()
    }

    /// How many rows to ask for: one more than fit, which tells whether another page follows.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Cuts `rows` to the page, and writes the cursor of the next one: empty when this is the last.
    pub fn cut<T>(&self, mut rows: Vec<T>, place: impl Fn(&T) -> P) -> (Vec<T>, String) {
        let limit = self.limit as usize;
        if rows.len() <= limit {
            return (rows, String::new());
        }
        rows.truncate(limit);
        let next = rows.last().map(|last| write(&self.list, &place(last)));
        (rows, next.unwrap_or_default())
    }
}

/// What tells the cursors of one list from those of another.
fn mark(list: &str) -> [u8; MARK] {
    let mut mark = [0; MARK];
    mark.copy_from_slice(&Sha256::digest(list)[..MARK]);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn page(limit: u32, cursor: &str) -> common::Page {
        let cursor = cursor.to_owned();
        common::Page { limit, cursor }
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back_as_it_was_written(list in ".{0,40}", name in ".{0,120}", id: [u8; 16]) {
            let place = (name, Uuid::from_bytes(id));
            prop_assert_eq!(read(&list, &write(&list, &place)), Ok(Some(place)));
        }

        #[test]
        fn a_cursor_of_another_list_is_refused(list in ".{0,40}", other in ".{0,40}", place: i64) {
            prop_assume!(list != other);
            prop_assert_eq!(read::<i64>(&other, &write(&list, &place)), Err(BadCursor));
        }

        #[test]
        fn any_text_is_a_cursor_or_refused(text in ".{0,60}") {
            let _ = read::<(String, Uuid)>("products", &text);
        }

        #[test]
        fn a_changed_cursor_is_refused_or_another_place(place: i64, at: prop::sample::Index, with in "[A-Za-z0-9_-]") {
            let cursor = write("orders", &place);
            let at = at.index(cursor.len());
            let changed = format!("{}{with}{}", &cursor[..at], &cursor[at + 1..]);
            if changed != cursor {
                prop_assert_ne!(read::<i64>("orders", &changed), Ok(Some(place)));
            }
        }

        #[test]
        fn pages_joined_are_the_list(rows in prop::collection::btree_set(0_u32..500, 0..300), limit in 1..=MOST) {
            let mut joined = Vec::new();
            let mut cursor = String::new();
            loop {
                let wanted = Page::<u32>::read("numbers", Some(page(limit, &cursor))).unwrap();
                let from = wanted.after().map_or(0, |after| after + 1);
                let most = usize::try_from(wanted.rows()).unwrap();
                let found = rows.range(from..).copied().take(most).collect();
                let (found, next) = wanted.cut(found, |row| *row);
                prop_assert!(found.len() <= limit as usize);
                joined.extend(found);
                if next.is_empty() { break }
                cursor = next;
            }
            prop_assert_eq!(joined, rows.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_page_has_twenty_rows_when_nothing_is_said() {
        let page = Page::<i64>::read("orders", None).unwrap();

        assert_eq!((page.rows(), page.after()), (21, None));
    }

    #[test]
    fn a_page_of_more_than_a_hundred_rows_is_refused() {
        let refused = Page::<i64>::read("orders", Some(page(101, ""))).unwrap_err();

        assert_eq!(error::reason(&refused).as_deref(), Some(error::INVALID));
    }

    #[test]
    fn a_cursor_longer_than_any_of_ours_is_not_looked_at() {
        assert_eq!(read::<i64>("orders", &"A".repeat(1 << 20)), Err(BadCursor));
    }
}
