//! Where a database lives, and how many connections it is given.

use std::fmt;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

/// What every connection asks of its server.
const SESSION: [(&str, &str); 6] = [
    // Statements are prepared once, on tables that may still be small, and of a group's 128 keys the planner thinks that
    // the whole table is cheaper: both cost 18 ms when the table has grown. Where there is an index, it is taken.
    ("enable_seqscan", "off"),
    // A plan that has no index to take is priced absurdly high by that; it is not worth compiling.
    ("jit", "off"),
    // A role or database set to `error` would hide the warning by which a commit is known to be unknown.
    ("client_min_messages", "warning"),
    // What is written outside of a named transaction would end without our COMMIT; so it is refused.
    ("default_transaction_read_only", "on"),
    // A client that is frozen in mid-transaction lets go of its locks.
    ("idle_in_transaction_session_timeout", "3s"),
    // A statement whose client has left is stopped. A commit that waits for the standby goes on waiting.
    ("client_connection_check_interval", "1s"),
];
/// How many prepared statements a connection keeps; more than any service has.
const STATEMENTS: usize = 512;

/// Where a database lives, and how many connections it is given.
#[derive(Clone)]
pub struct Settings {
    /// Addresses at which the primary answers, `postgres://user:password@host:port/name`, tried in turn.
    pub primaries: Vec<String>,
    /// Addresses at which replicas answer. May be empty.
    pub replicas: Vec<String>,
    /// How many connections at most, to each address.
    pub connections: u32,
    /// How long an address may take to let in, or to answer a question that costs nothing, before the next is tried.
    pub patience: Duration,
}

/// Says which address cannot be read, without showing its password.
#[derive(Debug, thiserror::Error)]
#[error("address number {number} of the {list} is no postgres:// URL")]
pub struct BadSettings {
    list: &'static str,
    number: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            primaries: Vec::new(),
            replicas: Vec::new(),
            connections: 16,
            patience: Duration::from_secs(1),
        }
    }
}

impl Settings {
    /// Looks at every address, so that a wrong one can stop the start.
    ///
    /// # Errors
    /// The first address that cannot be read.
    pub fn check(&self) -> Result<(), BadSettings> {
        for (list, addresses) in [("primaries", &self.primaries), ("replicas", &self.replicas)] {
            if let Some(wrong) = addresses.iter().position(|url| options(url).is_none()) {
                let number = wrong + 1;
                return Err(BadSettings { list, number });
            }
        }
        Ok(())
    }
}

/// How to connect to `url`; nothing when it cannot be read.
pub(crate) fn options(url: &str) -> Option<PgConnectOptions> {
    use sqlx::ConnectOptions as _;

    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return None;
    }
    let options: PgConnectOptions = url.parse().ok()?;
    let options = options
        .options(SESSION)
        .statement_cache_capacity(STATEMENTS);
    // Each statement has a span of its own.
    Some(options.disable_statement_logging())
}

/// Shows no address: they hold passwords.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("primaries", &self.primaries.len())
            .field("replicas", &self.replicas.len())
            .field("connections", &self.connections)
            .field("patience", &self.patience)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_is_named_by_its_place_and_its_password_stays_hidden() {
        let settings = Settings {
            primaries: vec!["postgres://order:secret@127.0.0.1/order".to_owned()],
            replicas: vec!["http://order:secret@127.0.0.1/order".to_owned()],
            ..Settings::default()
        };

        let said = settings.check().unwrap_err().to_string();

        assert_eq!(
            said,
            "address number 1 of the replicas is no postgres:// URL"
        );
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
