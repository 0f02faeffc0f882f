//! The languages the shop speaks, and which one a visitor hears.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

use super::words::{Office, Words};

/// A language, with its ways to write amounts and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locale {
    English,
    Chinese,
}

impl Locale {
    /// The language of this tag.
    pub(crate) fn read(tag: &str) -> Option<Self> {
        match tag.split('-').next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// The language that was chosen, or else the one the browser would like best.
    pub(crate) fn of(chosen: Option<&str>, headers: &HeaderMap) -> Self {
        let liked = headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        let chosen = chosen.and_then(Self::read);
        chosen.or_else(|| best(liked?)).unwrap_or(Self::English)
    }

    /// Its tag, as `lang` has it.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// All that the shop says in it.
    pub(crate) fn words(self) -> &'static Words {
        Words::of(self)
    }

    /// All that the back office says in it.
    pub(crate) fn office(self) -> &'static Office {
        Office::of(self)
    }

    /// What the query of `path` says was done, in a sentence.
    pub(crate) fn done(self, path: &str) -> Option<&'static str> {
        self.words().done(&asked(path, "done")?)
    }
}

/// To what the query of `path` says it was done: an id or a name, and nothing else that could be put into a sentence.
pub(crate) fn done_to(path: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    let what = asked(path, "what")?;
    (what.len() <= 200 && what.bytes().all(allowed)).then_some(what)
}

fn asked(path: &str, name: &str) -> Option<String> {
    let query = path.split_once('?')?.1;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let value = pairs.find(|(key, _)| key == name)?.1;
    Some(value.into_owned())
}

/// The first of ours in the order of `liked`, as RFC 9110 has it.
fn best(liked: &str) -> Option<Locale> {
    let weighed = liked.split(',').filter_map(|part| {
        let mut parts = part.split(';').map(str::trim);
        let locale = Locale::read(parts.next()?)?;
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        Some((locale, weight.unwrap_or(1.0)))
    });
    let mut best: Option<(Locale, f32)> = None;
    for (locale, weight) in weighed {
        if weight > best.map_or(0.0, |(_, weight)| weight) {
            best = Some((locale, weight));
        }
    }
    best.map(|(locale, _)| locale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_a_browser_likes_best_is_spoken() {
        for (liked, spoken) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Some(Locale::Chinese)),
            ("de,en;q=0.7,zh;q=0.3", Some(Locale::English)),
            ("en;q=0.2, zh-Hant;q=0.9", Some(Locale::Chinese)),
            ("fr", None),
            ("zh;q=0", None),
            ("", None),
        ] {
            assert_eq!(best(liked), spoken, "{liked}");
        }
    }

    #[test]
    fn what_was_chosen_counts_more_than_what_the_browser_likes() {
        let chinese = HeaderMap::from_iter([(ACCEPT_LANGUAGE, "zh".parse().unwrap())]);

        assert_eq!(Locale::of(Some("en"), &chinese), Locale::English);
        assert_eq!(Locale::of(Some("xx"), &chinese), Locale::Chinese);
        assert_eq!(Locale::of(None, &HeaderMap::new()), Locale::English);
    }
}
