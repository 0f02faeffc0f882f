//! Moments on the wire: RFC 3339, in UTC, always with six digits of a second, as Postgres keeps them.

use ::time::format_description::well_known::Rfc3339;
use ::time::{OffsetDateTime, UtcOffset, macros::format_description};

/// Says that a text is no moment.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a time; write it like 2026-11-20T12:00:00Z")]
pub struct BadTime;

/// Writes `moment` like `2026-11-20T12:00:00.123456Z`.
pub fn write(moment: OffsetDateTime) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    let utc = moment.checked_to_offset(UtcOffset::UTC).unwrap_or(moment);
    utc.format(&format)
        .expect("every moment has all parts of this format")
}

/// Writes `moment`, or nothing where there is none.
pub fn write_or_empty(moment: Option<OffsetDateTime>) -> String {
    moment.map(write).unwrap_or_default()
}

/// Reads a moment of any offset, and cuts it to microseconds.
///
/// # Errors
/// When `text` is not RFC 3339, or lies outside the years 1 to 9999.
pub fn read(text: &str) -> Result<OffsetDateTime, BadTime> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| BadTime)?;
    let utc = moment.checked_to_offset(UtcOffset::UTC).ok_or(BadTime)?;
    if !(1..=9999).contains(&utc.year()) {
        return Err(BadTime);
    }
    utc.replace_microsecond(utc.microsecond())
        .map_err(|_| BadTime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::time::macros::datetime;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_time_reads_back_as_it_was_written(micros in -62_135_596_800_000_000_i128..253_402_300_800_000_000) {
            let moment = OffsetDateTime::from_unix_timestamp_nanos(micros * 1_000).unwrap();
            prop_assert_eq!(read(&write(moment)), Ok(moment));
        }

        #[test]
        fn times_sort_as_their_texts_do(a in 0_i64..4_000_000_000, b in 0_i64..4_000_000_000) {
            let [a, b] = [a, b].map(|second| OffsetDateTime::from_unix_timestamp(second).unwrap());
            prop_assert_eq!(a.cmp(&b), write(a).cmp(&write(b)));
        }

        #[test]
        fn any_text_is_a_time_or_refused(text in "[0-9TZ:+.-]{0,40}") {
            if let Ok(moment) = read(&text) {
                prop_assert_eq!(read(&write(moment)), Ok(moment));
            }
        }
    }

    #[test]
    fn a_time_has_six_digits_even_when_they_are_zero() {
        let noon = datetime!(2026-11-20 12:00 UTC);

        assert_eq!(write(noon), "2026-11-20T12:00:00.000000Z");
    }

    #[test]
    fn a_time_of_another_offset_is_the_same_moment_in_utc() {
        let read = read("2026-11-20T13:30:00.1234567+01:30").unwrap();

        assert_eq!(read, datetime!(2026-11-20 12:00:00.123_456 UTC));
    }

    #[test]
    fn a_time_that_leaves_the_calendar_on_its_way_to_utc_is_refused() {
        assert_eq!(read("9999-12-31T23:59:59-01:00"), Err(BadTime));
        assert_eq!(read("0001-01-01T00:00:00+01:00"), Err(BadTime));
    }
}
