//! What pgBackRest tells of its repository.

use serde_json::Value;
use time::OffsetDateTime;

/// How much a backup takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All.
    Full,
    /// What has changed since the newest one; all, where there is none.
    Changed,
}

impl Extent {
    /// As pgBackRest calls it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Changed => "incr",
        }
    }
}

/// A backup that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// By which pgBackRest knows it.
    pub label: String,
    /// Whether it is whole by itself, or rests on one before it.
    pub extent: Extent,
    /// When it was begun.
    pub began: OffsetDateTime,
    /// When it was over: to no moment before can it be restored.
    pub ended: OffsetDateTime,
    /// How many bytes the databases had.
    pub bytes: u64,
    /// How many bytes it added to the repository.
    pub added: u64,
}

/// All backups that `told` tells of, the newest last.
pub(super) fn backups(told: &Value) -> Vec<Backup> {
    let all = told[0]["backup"].as_array().into_iter().flatten();
    all.filter_map(backup).collect()
}

fn backup(told: &Value) -> Option<Backup> {
    let at = |value: &Value| OffsetDateTime::from_unix_timestamp(value.as_i64()?).ok();
    let full = told["type"].as_str()? == "full";
    Some(Backup {
        label: told["label"].as_str()?.to_owned(),
        extent: if full { Extent::Full } else { Extent::Changed },
        began: at(&told["timestamp"]["start"])?,
        ended: at(&told["timestamp"]["stop"])?,
        bytes: told["info"]["size"].as_u64()?,
        added: told["info"]["repository"]["delta"].as_u64()?,
    })
}

/// The newest file of the log that is in the archive of the cluster of today.
pub(super) fn newest_archived(told: &Value) -> Option<String> {
    let archives = told[0]["archive"].as_array()?;
    let newest = archives.last()?["max"].as_str()?;
    Some(newest.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_told_of_a_backup_is_read() {
        let told = json!([{
            "archive": [{"id": "15-1", "max": "000000010000000000000005", "min": "000000010000000000000001"}],
            "backup": [{
                "label": "20261126-204226F", "type": "full", "timestamp": {"start": 10, "stop": 14},
                "info": {"size": 22_992_515, "repository": {"delta": 4_522_340, "size": 4_522_340}},
            }],
        }]);

        let backups = backups(&told);

        assert_eq!(backups.len(), 1);
        assert_eq!(backups[0].extent, Extent::Full);
        assert_eq!(backups[0].ended.unix_timestamp(), 14);
        assert_eq!(newest_archived(&told).unwrap(), "000000010000000000000005");
    }

    #[test]
    fn a_repository_without_anything_has_no_backups() {
        let told = json!([{"name": "house", "status": {"code": 1}}]);

        assert_eq!(backups(&told), []);
        assert_eq!(newest_archived(&told), None);
        assert_eq!(backups(&json!([])), []);
    }
}
