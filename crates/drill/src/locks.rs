//! The history of one lock, and what may not stand in it.

mod clients;

pub use clients::{
    Clients, Seen as LockHistory, TABLES as LOCK_TABLES, Wanting, writes as lock_writes,
};

/// A grant as its holder knows it, by the database's clock (RFC 3339, so texts sort as moments do).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Whose it is.
    pub owner: String,
    /// Its fencing token.
    pub token: i64,
    /// When it was granted.
    pub from: String,
    /// When it was released, or its lease was over that it overstayed; nothing where nobody knows: it was lost.
    pub until: Option<String>,
}

/// Says what is wrong with the history of one lock: `grants` in any order, and the tokens of `writes` as the resource took them.
/// One at a time, tokens that grow, and no write with a token below one that was seen. An owner may be told of a grant again that
/// it still has.
pub fn check_locks(grants: &[Granted], writes: &[i64]) -> Vec<String> {
    let mut grants: Vec<&Granted> = grants.iter().collect();
    grants.sort_by_key(|one| (&one.from, one.token, &one.owner, &one.until));
    // Of what an owner was told of one grant, the last says when it ended, if anything does.
    let same =
        |a: &Granted, b: &Granted| (&a.from, a.token, &a.owner) == (&b.from, b.token, &b.owner);
    grants.dedup_by(|after, before| {
        let again = same(after, before);
        if again {
            *before = *after;
        }
        again
    });
    let mut wrong = Vec::new();
    for pair in grants.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        if before.token >= after.token {
            wrong.push(format!("a token that does not grow: {before:?}, {after:?}"));
        }
        let until = before.until.as_ref();
        if until.is_some_and(|until| *until > after.from) {
            wrong.push(format!("two at a time: {before:?}, {after:?}"));
        }
    }
    for pair in writes.windows(2) {
        if pair[0] > pair[1] {
            let (late, before) = (whose(pair[1], &grants), whose(pair[0], &grants));
            wrong.push(format!("a write with {late} after one with {before}"));
        }
    }
    wrong
}

/// A token, and whose it was.
fn whose(token: i64, grants: &[&Granted]) -> String {
    match grants.iter().find(|one| one.token == token) {
        Some(one) => format!("{token} ({}'s since {})", one.owner, one.from),
        None => format!("{token} (nobody's)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(token: i64, from: u8, until: Option<u8>) -> Granted {
        let at = |second: u8| format!("2026-01-01T00:00:{second:02}.000000Z");
        Granted {
            owner: format!("client-{}", token % 2),
            token,
            from: at(from),
            until: until.map(at),
        }
    }

    #[test]
    fn what_is_planted_in_a_history_is_found() {
        let good = [
            granted(1, 0, Some(1)),
            granted(2, 1, None),
            granted(5, 3, Some(4)),
        ];
        let overlapping = [granted(1, 0, Some(2)), granted(2, 1, Some(3))];
        let falling = [granted(2, 0, Some(1)), granted(1, 1, Some(2))];
        let doubled = [granted(2, 0, Some(1)), granted(2, 1, Some(2))];

        let shared = [
            granted(2, 0, None),
            Granted {
                owner: "another".to_owned(),
                ..granted(2, 0, None)
            },
        ];

        assert_eq!(check_locks(&good, &[1, 1, 2, 5]), Vec::<String>::new());
        assert!(check_locks(&shared, &[])[0].starts_with("a token that does not grow"));
        assert!(check_locks(&overlapping, &[])[0].starts_with("two at a time"));
        assert!(check_locks(&falling, &[])[0].starts_with("a token that does not grow"));
        assert!(check_locks(&doubled, &[])[0].starts_with("a token that does not grow"));
        let late = "a write with 2 (client-0's since 2026-01-01T00:00:01.000000Z) after one with 5 (client-1's";
        assert!(check_locks(&good, &[1, 5, 2])[0].starts_with(late));
        assert!(check_locks(&good, &[5, 3])[0].starts_with("a write with 3 (nobody's)"));
    }

    #[test]
    fn a_grant_that_its_owner_was_told_of_again_is_one_grant() {
        let again = [
            granted(2, 0, None),
            granted(2, 0, Some(3)),
            granted(3, 3, Some(4)),
        ];
        let overlapping = [
            granted(2, 0, None),
            granted(2, 0, Some(3)),
            granted(3, 2, None),
        ];

        assert_eq!(check_locks(&again, &[]), Vec::<String>::new());
        assert!(check_locks(&overlapping, &[])[0].starts_with("two at a time"));
    }
}
