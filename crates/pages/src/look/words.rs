//! All that the pages say, in every language of the shop: one line a sentence, so that none is forgotten in one of them.

mod office;
mod office_things;
mod problems;
mod shop;
mod things;

use super::Locale;

pub(crate) use office::Office;
pub(crate) use shop::Words;

/// Makes a struct of words out of lines `name: "English", "Chinese";`. Templates name its fields, so that a missing one does
/// not compile.
macro_rules! words {
    ($name:ident { $($word:ident: $en:literal, $zh:literal;)+ }) => {
        /// What is said, in one language; `{}` is a gap for a value.
        pub(crate) struct $name {
            pub(crate) locale: $crate::look::Locale,
            $(pub(crate) $word: &'static str,)+
        }

        impl $name {
            /// The words of `locale`.
            pub(crate) fn of(locale: $crate::look::Locale) -> &'static Self {
                static ENGLISH: $name =
                    $name { locale: $crate::look::Locale::English, $($word: $en,)+ };
                static CHINESE: $name =
                    $name { locale: $crate::look::Locale::Chinese, $($word: $zh,)+ };
                match locale {
                    $crate::look::Locale::English => &ENGLISH,
                    $crate::look::Locale::Chinese => &CHINESE,
                }
            }
        }
    };
}
pub(crate) use words;

/// A table of what is named by a word of the API: the word, English, Chinese.
pub(crate) type Table = &'static [(&'static str, &'static str, &'static str)];

/// What `table` says for `word`.
pub(crate) fn look_up(table: Table, word: &str, locale: Locale) -> Option<&'static str> {
    let (_, english, chinese) = table.iter().find(|(key, ..)| *key == word)?;
    Some(match locale {
        Locale::English => english,
        Locale::Chinese => chinese,
    })
}

impl Words {
    /// A problem's code, as a sentence that says what to do.
    pub(crate) fn problem(&self, code: &str) -> Option<&'static str> {
        look_up(problems::PROBLEMS, code, self.locale)
    }

    /// What was done.
    pub(crate) fn done(&self, word: &str) -> Option<&'static str> {
        let shop = look_up(things::DONE, word, self.locale);
        shop.or_else(|| look_up(office_things::DONE, word, self.locale))
    }

    /// The label of a field; nothing, of one that nobody sees.
    pub(crate) fn field(&self, name: &str) -> Option<&'static str> {
        let shop = look_up(things::FIELDS, name, self.locale);
        shop.or_else(|| look_up(office_things::FIELDS, name, self.locale))
    }

    /// The rule for what is typed into a field.
    pub(crate) fn rule(&self, name: &str) -> Option<&'static str> {
        let shop = look_up(things::RULES, name, self.locale);
        shop.or_else(|| look_up(office_things::RULES, name, self.locale))
    }

    /// A category's name.
    pub(crate) fn category(&self, name: &str) -> Option<&'static str> {
        look_up(things::CATEGORIES, name, self.locale)
    }

    /// Where an order stands.
    pub(crate) fn status(&self, word: &str) -> &'static str {
        look_up(things::STATUSES, word, self.locale).unwrap_or(self.unknown)
    }

    /// Why an order was rejected.
    pub(crate) fn reason(&self, word: &str) -> &'static str {
        look_up(things::REASONS, word, self.locale).unwrap_or(self.unknown)
    }

    /// The kind of a transfer or of a notification.
    pub(crate) fn kind(&self, word: &str) -> Option<&'static str> {
        look_up(things::KINDS, word, self.locale)
    }
}

impl Office {
    /// A word of the API as the back office has it: a state, a kind of fault, an act; the word itself, where it has none.
    pub(crate) fn word<'a>(&self, word: &'a str) -> &'a str {
        look_up(office_things::WORDS, word, self.locale).unwrap_or(word)
    }
}
