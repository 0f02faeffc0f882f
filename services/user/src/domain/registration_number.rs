//! Registration numbers: nine digits by chance, and one that catches slips of the pen.

use std::fmt;
use std::str::FromStr;

use super::Invalid;

/// How many numbers there are.
pub const ALL: u32 = 1_000_000_000;

/// Names an account to people, such as `204-518-730-8`.
///
/// The last digit is Damm's: any single wrong digit and any two neighbours swapped give another one, so a slip is told
/// from an unknown number before anything is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistrationNumber([u8; 10]);

/// Damm's quasigroup of order 10.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// The digit that closes `digits`; 0 when they end with theirs already.
fn check(digits: &[u8]) -> u8 {
    let step = |interim: u8, digit: &u8| DAMM[usize::from(interim)][usize::from(*digit)];
    digits.iter().fold(0, step)
}

impl RegistrationNumber {
    /// The number with the first nine digits of `serial`, which is taken below [`ALL`].
    pub fn of(serial: u32) -> Self {
        let mut digits = [0; 10];
        let mut rest = serial % ALL;
        for digit in digits[..9].iter_mut().rev() {
            *digit = u8::try_from(rest % 10).expect("a digit is below 10");
            rest /= 10;
        }
        digits[9] = check(&digits[..9]);
        Self(digits)
    }

    /// The ten digits alone, as they are kept.
    pub fn digits(&self) -> String {
        self.0
            .map(|digit| char::from(b'0' + digit))
            .iter()
            .collect()
    }
}

impl fmt::Display for RegistrationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        let (groups, last) = ([&digits[..3], &digits[3..6], &digits[6..9]], &digits[9..]);
        write!(f, "{}-{last}", groups.join("-"))
    }
}

impl FromStr for RegistrationNumber {
    type Err = Invalid;

    /// Reads a number as people write it: hyphens and spaces are passed over.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let bad = |rule| Invalid::new("registration_number", rule);
        let digits: Vec<u8> = text
            .bytes()
            .filter(|byte| !matches!(byte, b'-' | b' '))
            .map(|byte| byte.wrapping_sub(b'0'))
            .collect();
        let digits = <[u8; 10]>::try_from(digits).map_err(|_| bad("it has ten digits"))?;
        if digits.iter().any(|digit| *digit > 9) {
            return Err(bad("it has ten digits"));
        }
        if check(&digits) != 0 {
            return Err(bad(
                "a digit is wrong: the last one does not fit the others",
            ));
        }
        Ok(Self(digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with_digits(digits: &[u8]) -> String {
        digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect()
    }

    proptest! {
        #[test]
        fn a_number_reads_back_as_it_was_written(serial in 0..ALL) {
            let number = RegistrationNumber::of(serial);
            prop_assert_eq!(number.to_string().parse(), Ok(number));
            prop_assert_eq!(number.digits().parse(), Ok(number));
        }

        #[test]
        fn two_serials_are_two_numbers(one in 0..ALL, other in 0..ALL) {
            prop_assert_eq!(one == other, RegistrationNumber::of(one) == RegistrationNumber::of(other));
        }

        #[test]
        fn any_single_wrong_digit_is_caught(serial in 0..ALL, at in 0..10_usize, shift in 1..10_u8) {
            let mut digits = RegistrationNumber::of(serial).0;
            digits[at] = (digits[at] + shift) % 10;
            prop_assert!(with_digits(&digits).parse::<RegistrationNumber>().is_err());
        }

        #[test]
        fn any_two_neighbours_swapped_are_caught(serial in 0..ALL, at in 0..9_usize) {
            let mut digits = RegistrationNumber::of(serial).0;
            prop_assume!(digits[at] != digits[at + 1]);
            digits.swap(at, at + 1);
            prop_assert!(with_digits(&digits).parse::<RegistrationNumber>().is_err());
        }

        #[test]
        fn any_text_is_a_number_or_refused(text in "[0-9 -]{0,14}|.{0,20}") {
            if let Ok(number) = text.parse::<RegistrationNumber>() {
                prop_assert_eq!(number.to_string().parse(), Ok(number));
            }
        }
    }

    #[test]
    fn a_number_is_written_in_groups_that_can_be_read_aloud() {
        let number = RegistrationNumber::of(204_518_730);

        let written = number.to_string();

        assert_eq!(written, "204-518-730-8");
    }
}
