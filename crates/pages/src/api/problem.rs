//! A problem as the API answers it (RFC 9457).

use serde::Deserialize;

/// Why the API refused.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) detail: Option<String>,
    /// Whether the same request may succeed when it is sent again.
    #[serde(default)]
    pub(crate) retryable: bool,
    #[serde(default)]
    pub(crate) request_id: Option<String>,
    #[serde(default)]
    pub(crate) errors: Vec<Fault>,
    /// Seconds until it is worth trying again.
    #[serde(skip)]
    pub(crate) retry_after: Option<u32>,
}

/// One thing that is wrong with what was sent.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Fault {
    /// Where: a JSON pointer.
    pub(crate) pointer: String,
    pub(crate) message: String,
}

impl Problem {
    /// A problem that the pages themselves find, under a `code` of the API's or of their own.
    pub(crate) fn new(status: u16, code: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            ..Self::default()
        }
    }

    /// An answer that nobody understands.
    pub(crate) fn unreadable() -> Self {
        Self::new(502, "internal")
    }

    /// The same with a fault at `field`.
    pub(crate) fn at(mut self, field: &str) -> Self {
        self.errors.push(Fault {
            pointer: format!("/{field}"),
            message: String::new(),
        });
        self
    }

    /// Whether somebody has to sign in first.
    pub(crate) fn wants_sign_in(&self) -> bool {
        const WORDS: [&str; 4] = [
            "unauthenticated",
            "invalid_token",
            "token_expired",
            "token_revoked",
        ];
        WORDS.contains(&&*self.code)
    }

    /// What is wrong with `field`, if anything is.
    pub(crate) fn fault(&self, field: &str) -> Option<&Fault> {
        let named = |fault: &&Fault| fault.pointer.rsplit('/').any(|part| part == field);
        self.errors.iter().find(named)
    }
}
