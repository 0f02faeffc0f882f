//! Finds names that are one slip of the finger from another.

/// Whether one letter added, left out, exchanged, or swapped with its neighbour turns one name into the other.
pub(crate) fn is_a_slip(written: &str, meant: &str) -> bool {
    let (written, meant) = (written.as_bytes(), meant.as_bytes());
    let same_front = front(written.iter(), meant.iter());
    let shorter = written.len().min(meant.len());
    let rest = shorter - same_front;
    let same_back = front(written.iter().rev(), meant.iter().rev()).min(rest);
    let (written, meant) = (
        &written[same_front..written.len() - same_back],
        &meant[same_front..meant.len() - same_back],
    );
    match (written, meant) {
        ([_], [] | [_]) | ([], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

fn front<'a>(one: impl Iterator<Item = &'a u8>, other: impl Iterator<Item = &'a u8>) -> usize {
    one.zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

#[cfg(test)]
mod tests {
    use super::is_a_slip;

    #[test]
    fn one_wrong_letter_is_a_slip() {
        for written in [
            "DATABASE_URL",
            "DATABASE_URLSS",
            "DATABASE_URIS",
            "DATABSAE_URLS",
            "ATABASE_URLS",
        ] {
            assert!(is_a_slip(written, "DATABASE_URLS"), "{written}");
        }
    }

    #[test]
    fn the_same_name_and_another_name_are_no_slips() {
        for written in ["DATABASE_URLS", "DATABASE", "REDIS_URLS", "", "PATH"] {
            assert!(!is_a_slip(written, "DATABASE_URLS"), "{written}");
        }
    }
}
