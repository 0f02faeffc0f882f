//! Looks at the backups and at the archive of the log.

use super::Finding;
use crate::ha::Shop;
use crate::ha::backup::{Seen, Verified, age};

/// Whether what the shop holds would come back.
pub(super) async fn examine(shop: &Shop) -> Vec<Finding> {
    let seen = shop.look_at_backups().await;
    vec![newest(&seen), archive(shop, &seen), verified(&seen)]
}

fn newest(seen: &Seen) -> Finding {
    let what = match &seen.newest {
        None => "backups: none yet".to_owned(),
        Some(newest) => format!(
            "the newest backup is {} old ({})",
            hours(age(newest.ended)),
            newest.label
        ),
    };
    Finding::of(
        what,
        !seen.is_old(),
        "`holdfast backup` takes one now and says what keeps it from that; an open shop takes one a day by itself",
    )
}

fn archive(shop: &Shop, seen: &Seen) -> Finding {
    let what = match &seen.archive {
        None => "archive of the log: not known, for no node leads".to_owned(),
        Some(archive) if archive.failing => format!(
            "archive of the log: the last try has failed, {} files wait",
            archive.waiting
        ),
        Some(archive) => format!(
            "archive of the log: {} files wait, for {} s",
            archive.waiting,
            archive.waited.as_secs()
        ),
    };
    let folder = shop.backups().map(|backups| backups.folder().display());
    let folder = folder.map_or_else(|_| String::new(), |folder| folder.to_string());
    let advice = format!(
        "a loss would take with it what waits, and the disk of the data fills: can {folder} be written, has its disk room? What \
         failed is in the log of the node that leads; it is tried again each minute"
    );
    Finding::of(what, !seen.lags(), &advice)
}

fn verified(seen: &Seen) -> Finding {
    let advice = "a backup counts when it has been restored and compared: `holdfast backup verify`";
    match &seen.verified {
        None => Finding::of("backups: none was ever restored", false, advice),
        Some(Verified {
            wrong: Some(wrong), ..
        }) => {
            let advice = format!("{wrong}; {advice}");
            Finding::of("backups: the last verification has failed", false, &advice)
        }
        Some(note) => Finding::of(
            format!(
                "a backup was restored and compared {} ago: RPO {:.1} s, RTO {:.1} s",
                hours(age(note.at)),
                note.rpo.as_secs_f64(),
                note.rto.as_secs_f64()
            ),
            age(note.at) < super::VERIFIED,
            advice,
        ),
    }
}

fn hours(age: std::time::Duration) -> String {
    match age.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stack::{Archive, Backup, Extent};
    use time::OffsetDateTime;

    use super::*;

    fn taken(hours: i64) -> Seen {
        let ended = OffsetDateTime::now_utc() - time::Duration::hours(hours);
        let backup = Backup {
            label: "20261126-204226F".to_owned(),
            extent: Extent::Full,
            began: ended,
            ended,
            bytes: 0,
            added: 0,
        };
        Seen {
            newest: Some(backup),
            ..Seen::default()
        }
    }

    #[test]
    fn a_backup_is_complained_of_when_the_next_one_is_late() {
        for (hours, well) in [(1, true), (25, true), (27, false)] {
            let found = newest(&taken(hours));

            assert_eq!(found.advice.is_none(), well, "{}", found.what);
            assert!(
                found.what.contains(&format!("is {hours} h old")),
                "{}",
                found.what
            );
        }
        assert!(newest(&Seen::default()).advice.is_some());
    }

    #[test]
    fn an_archive_is_complained_of_when_it_fails_or_is_late() {
        for (waited, failing, lags) in [(5, false, false), (5, true, true), (300, false, true)] {
            let archive = Some(Archive {
                waiting: 1,
                waited: Duration::from_secs(waited),
                failing,
            });
            let seen = Seen {
                archive,
                ..Seen::default()
            };

            assert_eq!(seen.lags(), lags, "{seen:?}");
        }
        assert!(Seen::default().lags());
    }

    #[test]
    fn a_verification_that_failed_or_was_long_ago_does_not_count() {
        let note = |hours, wrong: Option<&str>| Seen {
            verified: Some(Verified {
                at: OffsetDateTime::now_utc() - time::Duration::hours(hours),
                backup: String::new(),
                wrong: wrong.map(str::to_owned),
                rpo: Duration::ZERO,
                rto: Duration::ZERO,
            }),
            ..Seen::default()
        };

        assert!(verified(&note(1, None)).advice.is_none());
        assert!(verified(&note(60, None)).advice.is_some());
        assert!(verified(&Seen::default()).advice.is_some());
        let failed = verified(&note(1, Some("a row too few"))).advice.unwrap();
        assert!(failed.contains("a row too few"), "{failed}");
    }
}
