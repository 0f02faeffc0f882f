//! Moments, as people of each language read them. In UTC, and said so: a server does not know where its visitor is.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Locale;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The day of `text`, a moment in RFC 3339; the text itself, where it is none.
pub(super) fn day(text: &str, locale: Locale) -> String {
    let Some(at) = read(text) else {
        return text.to_owned();
    };
    let month = u8::from(at.month());
    match locale {
        Locale::English => format!(
            "{} {} {}",
            at.day(),
            MONTHS[usize::from(month) - 1],
            at.year()
        ),
        Locale::Chinese => format!("{}年{month}月{}日", at.year(), at.day()),
    }
}

/// The minute of `text`, likewise.
pub(super) fn minute(text: &str, locale: Locale) -> String {
    let Some(at) = read(text) else {
        return text.to_owned();
    };
    let (day, hour, minute) = (day(text, locale), at.hour(), at.minute());
    format!("{day} {hour:02}:{minute:02} UTC")
}

/// The second of `text`, likewise: where things happen within seconds of each other.
pub(super) fn second(text: &str, locale: Locale) -> String {
    let Some(at) = read(text) else {
        return text.to_owned();
    };
    let (day, hour, minute, second) = (day(text, locale), at.hour(), at.minute(), at.second());
    format!("{day} {hour:02}:{minute:02}:{second:02} UTC")
}

fn read(text: &str) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(at.to_offset(time::UtcOffset::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_people_read_it() {
        let at = "2026-11-27T04:05:59.123456Z";

        assert_eq!(minute(at, Locale::English), "27 Nov 2026 04:05 UTC");
        assert_eq!(minute(at, Locale::Chinese), "2026年11月27日 04:05 UTC");
        assert_eq!(second(at, Locale::English), "27 Nov 2026 04:05:59 UTC");
        assert_eq!(
            day("2026-11-27T01:00:00+02:00", Locale::English),
            "26 Nov 2026"
        );
        assert_eq!(day("soon", Locale::English), "soon");
    }
}
