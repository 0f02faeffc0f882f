//! Seals what is personal, and finds it again.
//!
//! Each account has a key of its own, sealed by the master key and kept in its row; its columns and addresses are sealed by
//! that. Every sealed text is tied to its row and column.

use auth::{Index, MasterKey, Sealer};
use uuid::Uuid;

use crate::domain::Address;
use crate::domain::{Account, AddressDraft, Email, Invalid, Name};
use crate::error::{Error, Result};
use crate::store::{accounts, addresses};

/// Seals what is personal, and makes the hashes it is found by.
pub struct Vault {
    master: Sealer,
    index: Index,
}

/// What seals for one account.
pub struct Envelope {
    account: Uuid,
    key: Sealer,
}

/// A person, sealed.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The account's own key, sealed.
    pub data_key: Vec<u8>,
    /// The email, sealed.
    pub email: Vec<u8>,
    /// What the email is found and kept unique by.
    pub email_hash: [u8; 32],
    /// The name, sealed.
    pub name: Vec<u8>,
}

impl Vault {
    /// Seals under `master`.
    pub fn new(master: &MasterKey) -> Self {
        Self {
            master: master.sealer(),
            index: master.index(),
        }
    }

    /// What seals everything that is secret and no person's.
    pub fn sealer(&self) -> &Sealer {
        &self.master
    }

    /// What an email is found and kept unique by.
    pub fn email_hash(&self, email: &Email) -> [u8; 32] {
        self.index.hash("email", &email.folded())
    }

    /// What wrong passwords are counted by, for an account or for what was typed where there is none.
    pub fn lockout_hash(&self, who: &str) -> [u8; 32] {
        self.index.hash("lockout", who)
    }

    /// Seals a person for the first time, under a new key.
    pub fn seal(&self, account: Uuid, email: &Email, name: &Name) -> Sealed {
        let (key, data_key) = self.master.envelope(&place("data_key", account));
        let envelope = Envelope { account, key };
        Sealed {
            data_key,
            email: envelope.seal_text("email", email.as_str()),
            email_hash: self.email_hash(email),
            name: envelope.seal_text("name", name.as_str()),
        }
    }

    /// Opens what seals for `account`.
    ///
    /// # Errors
    /// When it does not open under this master key.
    pub fn envelope(&self, account: Uuid, data_key: &[u8]) -> Result<Envelope> {
        let key = self
            .master
            .open_envelope(data_key, &place("data_key", account))?;
        Ok(Envelope { account, key })
    }

    /// Opens an account.
    ///
    /// # Errors
    /// When it does not open under this master key, or holds what we never wrote.
    pub fn open(&self, row: &accounts::Row) -> Result<Account> {
        let envelope = self.envelope(row.id, &row.data_key)?;
        let email = envelope.open_text("email", &row.email)?;
        let name = envelope.open_text("name", &row.name)?;
        Ok(Account {
            id: row.id,
            registration_number: row.registration_number.parse().map_err(kept)?,
            email: Email::new(&email).map_err(kept)?,
            name: Name::new(&name).map_err(kept)?,
            role: row.role.parse().map_err(Error::broken)?,
            disabled: row.disabled,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl Envelope {
    /// Seals an email.
    pub fn email(&self, email: &Email) -> Vec<u8> {
        self.seal_text("email", email.as_str())
    }

    /// Seals a name.
    pub fn name(&self, name: &Name) -> Vec<u8> {
        self.seal_text("name", name.as_str())
    }

    /// Seals an address.
    ///
    /// # Errors
    /// Never: an address can be written.
    pub fn address(&self, id: Uuid, draft: &AddressDraft) -> Result<Vec<u8>> {
        let text = serde_json::to_vec(draft).map_err(Error::broken)?;
        Ok(self.key.seal(&text, &place("address", id)))
    }

    /// Opens an address.
    ///
    /// # Errors
    /// When it was sealed for another row or account.
    pub fn open_address(&self, row: &addresses::Row) -> Result<Address> {
        let text = self.key.open(&row.sealed, &place("address", row.id))?;
        Ok(Address {
            id: row.id,
            draft: serde_json::from_slice(&text).map_err(Error::broken)?,
            version: row.version,
        })
    }

    fn seal_text(&self, column: &str, text: &str) -> Vec<u8> {
        self.key.seal(text.as_bytes(), &place(column, self.account))
    }

    fn open_text(&self, column: &str, sealed: &[u8]) -> Result<String> {
        let text = self.key.open(sealed, &place(column, self.account))?;
        String::from_utf8(text.to_vec()).map_err(Error::broken)
    }
}

/// Names a column of a row: what is sealed there opens nowhere else.
fn place(column: &str, row: Uuid) -> Vec<u8> {
    format!("{column} of {row}").into_bytes()
}

/// What was kept breaks a rule it was kept by.
fn kept(invalid: Invalid) -> Error {
    Error::broken(invalid)
}
