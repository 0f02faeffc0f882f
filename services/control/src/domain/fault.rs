//! A fault: what it is, who saw it, how it ended.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How long a name may be: of a component, or of one of its lives.
pub const LONGEST_NAME: usize = 100;
/// How long may be what is said of its handling at once.
const SENTENCE: usize = 300;

/// What kind of fault it is. `docs/faults.md` says how each is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A process has ended, and nobody asked it to.
    InstanceKilled,
    /// A process takes connections and says nothing.
    InstancePaused,
    /// A process answers later than it should.
    InstanceSlow,
    /// A process is not to be reached.
    InstanceCut,
    /// A caller has taken an instance out of its balance.
    InstanceEjected,
    /// A database node is gone, or its Postgres does not run.
    DatabaseNodeDown,
    /// No node leads, or another one than before.
    PrimaryLost,
    /// A standby is too far behind.
    ReplicationLag,
    /// This service does not reach its own database.
    DatabaseUnreachable,
    /// A Redis is gone.
    RedisNodeDown,
    /// No Redis leads, or another one than before.
    RedisPrimaryLost,
    /// A disk is nearly full.
    DiskFull,
    /// A certificate ends soon.
    CertificateExpiring,
    /// The last backup is too old.
    BackupStale,
    /// A lock is held for longer than its holder said.
    LockOverdue,
}

/// How bad it is by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nobody notices yet.
    Minor,
    /// What is left carries on.
    Major,
    /// Customers may notice.
    Critical,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The component began a new life.
    Restarted,
    /// The component went on in the same life.
    Resumed,
    /// Another component took its place.
    Replaced,
    /// It was none: somebody else saw the component well all the time.
    FalseAlarm,
}

/// Which fault is meant, by what any observer knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// What it is.
    pub kind: Kind,
    /// Who has it.
    pub component: String,
    /// In which life.
    pub incarnation: String,
}

/// The life of a component that does not say which one it is.
pub const UNKNOWN: &str = "unknown";

/// A fault as an observer saw it begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Which one.
    pub subject: Subject,
    /// Since when: the last moment at which all was well.
    #[serde(with = "time::serde::rfc3339")]
    pub occurred_at: OffsetDateTime,
    /// When the observer was sure.
    #[serde(with = "time::serde::rfc3339")]
    pub detected_at: OffsetDateTime,
    /// What it follows from, where that is known.
    pub cause: Option<(Kind, String)>,
    /// What was done about it so far.
    pub handling: String,
    /// The trace of it; empty where there is none.
    pub trace_id: String,
}

/// A fault as an observer saw it end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// Which one.
    pub subject: Subject,
    /// Since when all is well.
    #[serde(with = "time::serde::rfc3339")]
    pub resolved_at: OffsetDateTime,
    /// How it ended.
    pub resolution: Resolution,
    /// What was done about it last.
    pub handling: String,
}

/// What is to be written into the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// It began.
    Seen(Sighting),
    /// It is over.
    Over(Recovery),
    /// Something was done about it.
    Handled(Subject, String),
}

macro_rules! words {
    ($type:ty { $($variant:ident: $word:literal,)* }) => {
        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word for it.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// What `word` is the word for.
            pub fn read(word: &str) -> Option<Self> {
                Self::ALL.iter().find(|one| one.word() == word).copied()
            }
        }
    };
}

words! { Kind {
    InstanceKilled: "instance_killed",
    InstancePaused: "instance_paused",
    InstanceSlow: "instance_slow",
    InstanceCut: "instance_cut",
    InstanceEjected: "instance_ejected",
    DatabaseNodeDown: "database_node_down",
    PrimaryLost: "primary_lost",
    ReplicationLag: "replication_lag",
    DatabaseUnreachable: "database_unreachable",
    RedisNodeDown: "redis_node_down",
    RedisPrimaryLost: "redis_primary_lost",
    DiskFull: "disk_full",
    CertificateExpiring: "certificate_expiring",
    BackupStale: "backup_stale",
    LockOverdue: "lock_overdue",
} }

words! { Severity { Minor: "minor", Major: "major", Critical: "critical", } }

words! { Resolution {
    Restarted: "restarted",
    Resumed: "resumed",
    Replaced: "replaced",
    FalseAlarm: "false_alarm",
} }

impl Kind {
    /// How bad it is by itself.
    pub fn severity(self) -> Severity {
        match self {
            Self::PrimaryLost | Self::DatabaseUnreachable | Self::DiskFull => Severity::Critical,
            Self::InstanceSlow
            | Self::InstanceEjected
            | Self::ReplicationLag
            | Self::CertificateExpiring
            | Self::LockOverdue => Severity::Minor,
            Self::InstanceKilled
            | Self::InstancePaused
            | Self::InstanceCut
            | Self::DatabaseNodeDown
            | Self::RedisNodeDown
            | Self::RedisPrimaryLost
            | Self::BackupStale => Severity::Major,
        }
    }

    /// Whether a process that has it is not there for anybody.
    pub fn is_absence(self) -> bool {
        matches!(
            self,
            Self::InstanceKilled | Self::InstancePaused | Self::InstanceCut
        )
    }

    /// Whether whatever rests on the component that has it does so in vain.
    pub fn takes_away(self) -> bool {
        let data = matches!(
            self,
            Self::DatabaseNodeDown
                | Self::PrimaryLost
                | Self::DatabaseUnreachable
                | Self::RedisNodeDown
                | Self::RedisPrimaryLost
        );
        data || self.is_absence()
    }

    /// How sure one can be that the process itself is at fault: who opened the surer kind does not open the other one too.
    pub fn rank(self) -> u8 {
        match self {
            Self::InstanceKilled => 3,
            Self::InstancePaused | Self::InstanceCut => 2,
            _ => 1,
        }
    }
}

impl Subject {
    /// A fault of `kind` that `component` has in its life `incarnation`; unknown, where that is empty.
    ///
    /// # Errors
    /// When a name is empty or too long, or holds what the ledger puts behind an incarnation.
    pub fn new(
        kind: Kind,
        component: impl Into<String>,
        incarnation: impl Into<String>,
    ) -> Result<Self, Invalid> {
        let (component, mut incarnation) = (component.into(), incarnation.into());
        if incarnation.is_empty() {
            UNKNOWN.clone_into(&mut incarnation);
        }
        for (field, name) in [("component", &component), ("incarnation", &incarnation)] {
            let fits = name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'#');
            if name.is_empty() || name.len() > LONGEST_NAME || !fits {
                return Err(Invalid(field));
            }
        }
        Ok(Self {
            kind,
            component,
            incarnation,
        })
    }
}

/// Cuts what is said of a handling to what the ledger holds of one sentence.
pub fn sentence(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(SENTENCE)
        .collect()
}

/// Which part of a report breaks the rule of names: 1 to 100 visible ASCII characters, none of them `#`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("1 to 100 visible ASCII characters, none of them #")]
pub struct Invalid(pub &'static str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_reads_as_what_it_was_written_for() {
        for kind in Kind::ALL {
            assert_eq!(Kind::read(kind.word()), Some(*kind));
            let spooled = serde_json::to_string(kind).unwrap();
            assert_eq!(spooled, format!("\"{}\"", kind.word()));
        }
        assert_eq!(Kind::read("instance_bored"), None);
    }

    #[test]
    fn a_name_that_the_ledger_could_not_hold_is_refused() {
        let named = |component: &str| Subject::new(Kind::DiskFull, component, "");

        assert_eq!(named("order-1").unwrap().incarnation, UNKNOWN);
        for bad in ["", "a#2", "two words", "\u{e4}", &"x".repeat(101)] {
            assert_eq!(named(bad), Err(Invalid("component")), "{bad}");
        }
    }
}
