//! How a deadline travels: the time that is left, as gRPC writes it.

use std::time::Duration;

/// The header that it travels in.
pub const HEADER: &str = "grpc-timeout";

/// gRPC allows eight digits.
const MOST: u128 = 99_999_999;

/// Writes a time as a number and its unit, as finely as eight digits allow.
pub fn write(left: Duration) -> String {
    if left.as_micros() <= MOST {
        format!("{}u", left.as_micros())
    } else {
        format!("{}m", left.as_millis().min(MOST))
    }
}

/// Reads a time that somebody wrote. Anything else is no time.
pub fn read(text: &str) -> Option<Duration> {
    let unit = text.len().checked_sub(1)?;
    let (number, unit) = text.split_at_checked(unit)?;
    let digits = (1..=8).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = digits.then(|| number.parse().ok()).flatten()?;
    match unit {
        "n" => Some(Duration::from_nanos(number)),
        "u" => Some(Duration::from_micros(number)),
        "m" => Some(Duration::from_millis(number)),
        "S" => Some(Duration::from_secs(number)),
        "M" => Some(Duration::from_secs(number * 60)),
        "H" => Some(Duration::from_secs(number * 3_600)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_time_reads_back_no_longer_than_it_was(micros in 0_u64..200_000_000) {
            let left = Duration::from_micros(micros);
            let arrived = read(&write(left)).unwrap();

            prop_assert!(arrived <= left && arrived + Duration::from_millis(1) > left);
        }

        #[test]
        fn any_text_is_a_time_or_none(text in ".{0,12}") {
            let _ = read(&text);
        }
    }

    #[test]
    fn nine_digits_and_unknown_units_are_no_time() {
        for text in ["123456789u", "5", "u", "", "5x", "-5S", "+5S", "5\u{fc}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
