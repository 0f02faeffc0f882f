//! The accounts that a shop begins with.

use auth::Role;
use secrecy::{ExposeSecret as _, SecretString};

use crate::Tools;
use crate::domain::{Email, Name, Password};
use crate::error::{Error, Result};
use crate::register::{self, Applicant};
use crate::store::accounts;

/// An account whose password everybody may know.
#[derive(Clone, Copy, Debug)]
pub struct Demo {
    /// What it signs in with.
    pub email: &'static str,
    /// What it signs in with.
    pub password: &'static str,
    /// What its owner is called.
    pub name: &'static str,
    /// What it may do.
    pub role: Role,
}

/// The accounts of the demo form. Never seeded elsewhere: their passwords stand in the README.
pub const DEMO: [Demo; 3] = [
    Demo {
        email: "admin@example.com",
        password: "demo-admin-pw",
        name: "Ada Admin",
        role: Role::Admin,
    },
    Demo {
        email: "support@example.com",
        password: "demo-support-pw",
        name: "Sam Support",
        role: Role::Support,
    },
    Demo {
        email: "demo@example.com",
        password: "demo-customer-pw",
        name: "Dana Demo",
        role: Role::Customer,
    },
];

/// Makes the demo accounts that are not there yet, and tells all of them.
///
/// # Errors
/// When the database does not answer.
pub async fn demo(tools: &Tools) -> Result<[Demo; 3]> {
    for demo in DEMO {
        let applicant = Applicant {
            email: Email::new(demo.email)?,
            name: Name::new(demo.name)?,
            password: Password::new(demo.password.to_owned()),
            role: demo.role,
        };
        unless_there(register::run(tools, applicant).await)?;
    }
    Ok(DEMO)
}

/// Makes the first administrator, unless somebody administers the shop already.
///
/// # Errors
/// When the email or the password is not acceptable, or the database does not answer.
pub async fn first_admin(tools: &Tools, email: &str, password: &SecretString) -> Result<()> {
    let found = tools.db.read_primary("seed: look for an admin", |tx| {
        Box::pin(accounts::has_admin(tx))
    });
    if found.await?.value {
        return Ok(());
    }
    let applicant = Applicant {
        email: Email::new(email)?,
        name: Name::new("Administrator")?,
        password: Password::new(password.expose_secret().to_owned()),
        role: Role::Admin,
    };
    unless_there(register::run(tools, applicant).await)
}

/// Many instances may seed at once: the database lets one of them through.
fn unless_there<T>(made: Result<T>) -> Result<()> {
    match made {
        Ok(_) | Err(Error::EmailTaken) => Ok(()),
        Err(error) => Err(error),
    }
}
