//! What somebody at another terminal may want of the backups.

/// What somebody wants of the backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Take one now.
    Take {
        /// One that rests on none before it.
        full: bool,
    },
    /// Say which are there.
    List,
    /// Restore the newest, and compare it with the shop.
    Verify,
    /// Restore to a moment, beside the shop.
    Restore {
        /// Which moment.
        to: String,
        /// Whether the restored server stays when whoever asked has gone.
        keep: bool,
    },
    /// End the restored server that was to stay.
    End,
}

impl Errand {
    /// Writes it in words, as [`Self::read`] reads it.
    pub fn words(&self) -> String {
        match self {
            Self::Take { full: false } => "backup".to_owned(),
            Self::Take { full: true } => "backup full".to_owned(),
            Self::List => "backup list".to_owned(),
            Self::Verify => "backup verify".to_owned(),
            Self::Restore { to, keep: false } => format!("restore {to}"),
            Self::Restore { to, keep: true } => format!("keep {to}"),
            Self::End => "restore-end".to_owned(),
        }
    }

    /// Reads words.
    pub fn read(words: &str) -> Option<Self> {
        let to = |keep: bool| {
            let to = words.split_once(' ')?.1.trim().to_owned();
            (!to.is_empty()).then_some(Self::Restore { to, keep })
        };
        match words {
            "backup" => Some(Self::Take { full: false }),
            "backup full" => Some(Self::Take { full: true }),
            "backup list" => Some(Self::List),
            "backup verify" => Some(Self::Verify),
            "restore-end" => Some(Self::End),
            _ if words.starts_with("restore ") => to(false),
            _ if words.starts_with("keep ") => to(true),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_that_was_written_is_read_as_the_same() {
        let to = || "2026-11-26 20:36:41.5Z".to_owned();
        for errand in [
            Errand::Take { full: true },
            Errand::Take { full: false },
            Errand::List,
            Errand::Verify,
            Errand::Restore {
                to: to(),
                keep: true,
            },
            Errand::Restore {
                to: to(),
                keep: false,
            },
            Errand::End,
        ] {
            assert_eq!(Errand::read(&errand.words()), Some(errand));
        }
        assert_eq!(Errand::read("restore "), None);
        assert_eq!(Errand::read("burn backups"), None);
    }
}
