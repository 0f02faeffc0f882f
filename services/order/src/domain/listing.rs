//! How products are listed. No I/O, no clock, no chance.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Invalid;
use super::product::Product;

/// How a list of products is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    /// The best match first; only where something is searched for.
    Relevance,
    /// The last added first.
    Newest,
    /// By name, without regard to case.
    Name,
    /// The cheapest first.
    Cheapest,
    /// The dearest first.
    Dearest,
}

/// Which products are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The words to search for, if any.
    pub words: Option<String>,
    /// Only of this category, if any.
    pub category: Option<String>,
    /// Retired products, too.
    pub retired: bool,
    /// In which order.
    pub sort: Sort,
}

impl Wanted {
    /// Takes what was asked for: blank words are none, and without words relevance means newest.
    ///
    /// # Errors
    /// When there are more than 200 characters to search for.
    pub fn new(
        words: &str,
        category: &str,
        retired: bool,
        sort: Option<Sort>,
    ) -> Result<Self, Invalid> {
        if words.chars().count() > 200 || words.contains('\0') {
            return Err(Invalid::new("query", "at most 200 characters"));
        }
        if category.chars().count() > 40 || category.contains('\0') {
            return Err(Invalid::new("category", "at most 40 characters"));
        }
        let given = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let words = given(words);
        let usual = if words.is_some() {
            Sort::Relevance
        } else {
            Sort::Newest
        };
        let sort = match sort {
            Some(Sort::Relevance) | None => usual,
            Some(sort) => sort,
        };
        let category = given(category);
        Ok(Self {
            words,
            category,
            retired,
            sort,
        })
    }
}

/// A place in a list of products; which parts count depends on the list's sort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The price or the relevance there.
    pub number: i64,
    /// The name there.
    pub name: String,
    /// The product there.
    pub id: Uuid,
}

/// A product with its place in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The product.
    pub product: Product,
    /// Its place.
    pub place: Place,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_words_is_never_sorted_by_relevance() {
        let wanted = Wanted::new("  ", "", false, Some(Sort::Relevance)).unwrap();

        assert_eq!((wanted.words, wanted.sort), (None, Sort::Newest));
    }

    #[test]
    fn a_search_is_sorted_by_relevance_unless_it_says_otherwise() {
        let searched = |sort| Wanted::new("mug", "", false, sort).unwrap().sort;

        assert_eq!(searched(None), Sort::Relevance);
        assert_eq!(searched(Some(Sort::Cheapest)), Sort::Cheapest);
    }

    #[test]
    fn words_that_the_database_cannot_hold_are_refused() {
        assert!(Wanted::new("\0", "", false, None).is_err());
        assert!(Wanted::new(&"a".repeat(201), "", false, None).is_err());
    }
}
