//! Comparing secrets.

use subtle::ConstantTimeEq as _;

/// Whether two secrets are the same, in a time that tells nothing but their lengths.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn secrets_are_the_same_when_all_bytes_are(left: Vec<u8>, right: Vec<u8>) {
            prop_assert_eq!(same(&left, &right), left == right);
            prop_assert!(same(&left, &left.clone()));
        }
    }
}
