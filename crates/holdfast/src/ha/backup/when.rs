//! A moment as somebody in a hurry writes it.

use anyhow::Context as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Reads a moment: `2026-11-26 20:36:41`, with a fraction or without, with an offset (`Z`, `+01:00`, `+01`) or without, when it
/// is UTC.
///
/// # Errors
/// When it is none.
pub fn read(words: &str) -> anyhow::Result<OffsetDateTime> {
    let advice = || format!("`{words}` is no moment; one is 2026-11-26 20:36:41.5Z");
    let (date, time) = words.trim().split_once(['T', ' ']).with_context(advice)?;
    let time = match time.find(['Z', 'z', '+', '-']) {
        None => format!("{time}Z"),
        // An hour by itself is enough.
        Some(at) if time.len() - at == 3 => format!("{time}:00"),
        Some(_) => time.to_owned(),
    };
    let time = if time.find(['Z', 'z', '+', '-']) == Some(5) {
        let (minute, offset) = time.split_at(5);
        format!("{minute}:00{offset}")
    } else {
        time
    };
    OffsetDateTime::parse(&format!("{date}T{time}"), &Rfc3339).with_context(advice)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_is_read_however_it_is_written() {
        for (words, is) in [
            ("2026-11-26 20:36:41", datetime!(2026-11-26 20:36:41 UTC)),
            ("2026-11-26T20:36:41Z", datetime!(2026-11-26 20:36:41 UTC)),
            ("2026-11-26 20:36", datetime!(2026-11-26 20:36:00 UTC)),
            (
                "2026-11-26 21:36:41.25+01:00",
                datetime!(2026-11-26 20:36:41.25 UTC),
            ),
            (
                "2026-11-26 19:36:41.25-01",
                datetime!(2026-11-26 20:36:41.25 UTC),
            ),
        ] {
            assert_eq!(read(words).unwrap(), is, "{words}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused_with_one_that_is() {
        for words in ["", "yesterday", "2026-11-26", "2026-13-26 20:36:41"] {
            let said = read(words).unwrap_err().to_string();
            assert!(said.contains("2026-11-26 20:36:41.5Z"), "{said}");
        }
    }
}
