//! Registering: somebody becomes a customer.

use auth::Role;
use db::Tx;
use rand::Rng as _;
use uuid::Uuid;

use crate::Tools;
use crate::domain::{Account, Email, Name, Password, RegistrationNumber, registration_number};
use crate::error::{Error, Result};
use crate::store::accounts::{self, New, Row};

/// How often another registration number is tried. With a tenth of all numbers given, eight in a row are taken once in
/// a hundred million.
const TRIES: usize = 8;

/// Who wants to have an account.
#[derive(Clone, Debug)]
pub struct Applicant {
    /// Where they are written to.
    pub email: Email,
    /// What they are called.
    pub name: Name,
    /// What they want to sign in with.
    pub password: Password,
    /// What they are to do here.
    pub role: Role,
}

/// Makes an account with a registration number of its own.
///
/// # Errors
/// [`Error::EmailTaken`], [`Error::WeakPassword`], [`Error::Busy`].
pub async fn run(tools: &Tools, applicant: Applicant) -> Result<Account> {
    if let Some(why) = applicant.password.weakness(&applicant.email) {
        return Err(Error::WeakPassword(why));
    }
    let password = tools
        .passwords
        .turn()
        .await?
        .hash(applicant.password)
        .await?;
    let id = Uuid::now_v7();
    let mut new = New {
        id,
        registration_number: String::new(),
        role: applicant.role,
        person: tools.vault.seal(id, &applicant.email, &applicant.name),
        password,
    };
    for _ in 0..TRIES {
        let serial = rand::rng().random_range(0..registration_number::ALL);
        new.registration_number = RegistrationNumber::of(serial).digits();
        match write(tools, new.clone()).await {
            Err(Error::Database(error)) if error.constraint() == Some(accounts::NUMBER_TAKEN) => {}
            written => return tools.vault.open(&written.map_err(Error::of_email)?),
        }
    }
    Err(Error::broken("no registration number was free"))
}

async fn write(tools: &Tools, new: New) -> Result<Row> {
    let written = tools.db.keyed("register", move |tx| {
        let new = new.clone();
        Box::pin(async move { insert(tx, &new).await })
    });
    written.await
}

async fn insert(tx: &mut Tx, new: &New) -> Result<Row> {
    accounts::insert(tx, new).await?;
    let row = accounts::find(tx, new.id).await?;
    row.ok_or_else(|| Error::broken("an account was written and is not there"))
}
