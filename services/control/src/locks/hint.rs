//! The hint by which one instance tells another whose turn has come.

use std::sync::Arc;

use db::Ear;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::job::{Grant, Woken};
use super::waiting::{News, Waiting};

/// What is said. It is said only after a commit that a standby has, so it may be passed on as it is.
#[derive(Serialize, Deserialize)]
struct Hint {
    instance: Uuid,
    attempt: Uuid,
    id: Uuid,
    token: i64,
    /// Microseconds since 1970.
    granted_at: i64,
    expires_at: i64,
}

/// Writes that somebody's turn has come.
pub(super) fn write(woken: &Woken) -> String {
    let hint = Hint {
        instance: woken.instance,
        attempt: woken.attempt,
        id: woken.grant.id,
        token: woken.grant.token,
        granted_at: micros(woken.grant.granted_at),
        expires_at: micros(woken.grant.expires_at),
    };
    serde_json::to_string(&hint).expect("a hint is made of ids and numbers")
}

/// Passes on what is said to `instance`, for as long as there is somebody to speak.
pub(super) async fn hear(mut ear: Ear, instance: Uuid, waiting: Arc<Waiting>) {
    while let Some(said) = ear.hear().await {
        if let Some(woken) = read(&said).filter(|woken| woken.instance == instance) {
            waiting.tell(woken.attempt, News::Grant(woken.grant));
        }
    }
}

fn read(said: &str) -> Option<Woken> {
    let hint: Hint = serde_json::from_str(said).ok()?;
    let grant = Grant {
        id: hint.id,
        token: hint.token,
        granted_at: moment(hint.granted_at)?,
        expires_at: moment(hint.expires_at)?,
    };
    Some(Woken {
        instance: hint.instance,
        attempt: hint.attempt,
        grant,
    })
}

fn micros(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

fn moment(micros: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_read_as_it_was_written_and_anything_else_is_none() {
        let woken = Woken {
            instance: Uuid::from_u128(1),
            attempt: Uuid::from_u128(2),
            grant: Grant {
                id: Uuid::from_u128(3),
                token: 4,
                granted_at: OffsetDateTime::UNIX_EPOCH,
                expires_at: OffsetDateTime::UNIX_EPOCH + time::Duration::SECOND,
            },
        };

        assert_eq!(read(&write(&woken)), Some(woken));
        assert_eq!(read("{}"), None);
    }
}
