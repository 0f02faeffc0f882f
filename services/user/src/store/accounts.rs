//! Accounts, as others see them.

use db::Tx;
use serde::{Deserialize, Serialize};
use sqlx::{query, query_as, query_scalar};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::vault::Sealed;

/// An open account as it is kept: what is personal is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Names it.
    pub id: Uuid,
    /// Ten digits.
    pub registration_number: String,
    /// `customer`, `support` or `admin`.
    pub role: String,
    /// Whether it may sign in.
    pub disabled: bool,
    /// Counts its changes.
    pub version: i64,
    /// Its own key, sealed.
    pub data_key: Vec<u8>,
    /// Sealed.
    pub email: Vec<u8>,
    /// Sealed.
    pub name: Vec<u8>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// An account that is to be.
#[derive(Clone, Debug)]
pub struct New {
    /// Names it.
    pub id: Uuid,
    /// Ten digits.
    pub registration_number: String,
    /// What it may do.
    pub role: auth::Role,
    /// Who it is.
    pub person: Sealed,
    /// The password's hash.
    pub password: String,
}

/// The constraint that refuses an email twice.
pub const EMAIL_TAKEN: &str = "accounts_email_taken";
/// The constraint that refuses a registration number twice.
pub const NUMBER_TAKEN: &str = "accounts_number_taken";

/// Writes an account. Of two with the same email, or the same number, one is refused by its constraint.
///
/// # Errors
/// When the statement failed, by [`EMAIL_TAKEN`] or [`NUMBER_TAKEN`] too.
pub async fn insert(tx: &mut Tx, new: &New) -> Result<(), db::Error> {
    let Sealed {
        data_key,
        email,
        email_hash,
        name,
    } = &new.person;
    // The id is this request's key: finding it again means that an earlier attempt was kept after all.
    let written = query!(
        "insert into accounts (id, registration_number, role, data_key, email, email_hash, name, password)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (id) do nothing",
        new.id,
        new.registration_number,
        new.role.as_str(),
        data_key,
        email,
        &email_hash[..],
        name,
        new.password
    );
    written.execute(&mut *tx).await?;
    Ok(())
}

/// Finds an open account.
///
/// # Errors
/// When the statement failed.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Row>, db::Error> {
    let found = query_as!(
        Row,
        r#"select id, registration_number, role, disabled, version, data_key as "data_key!", email as "email!",
            name as "name!", created_at, updated_at
        from accounts where id = $1 and closed_at is null"#,
        id
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Finds an open account, and keeps everyone else from changing it until the transaction ends.
///
/// # Errors
/// When the statement failed.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Row>, db::Error> {
    let found = query_as!(
        Row,
        r#"select id, registration_number, role, disabled, version, data_key as "data_key!", email as "email!",
            name as "name!", created_at, updated_at
        from accounts where id = $1 and closed_at is null
        for no key update"#,
        id
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Finds an open account by its email's hash.
///
/// # Errors
/// When the statement failed.
pub async fn by_email(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<Row>, db::Error> {
    let found = query_as!(
        Row,
        r#"select id, registration_number, role, disabled, version, data_key as "data_key!", email as "email!",
            name as "name!", created_at, updated_at
        from accounts where email_hash = $1 and closed_at is null"#,
        &hash[..]
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Finds an open account by the ten digits of its registration number.
///
/// # Errors
/// When the statement failed.
pub async fn by_number(tx: &mut Tx, digits: &str) -> Result<Option<Row>, db::Error> {
    let found = query_as!(
        Row,
        r#"select id, registration_number, role, disabled, version, data_key as "data_key!", email as "email!",
            name as "name!", created_at, updated_at
        from accounts where registration_number = $1 and closed_at is null"#,
        digits
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Lists open accounts, the newest first, from behind `after` on: of one role, where given.
///
/// # Errors
/// When the statement failed.
pub async fn list(
    tx: &mut Tx,
    role: Option<&str>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Row>, db::Error> {
    let found = query_as!(
        Row,
        r#"select id, registration_number, role, disabled, version, data_key as "data_key!", email as "email!",
            name as "name!", created_at, updated_at
        from accounts
        where closed_at is null
            and ($1::text is null or role = $1)
            and id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        order by id desc
        limit $3"#,
        role,
        after,
        rows
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Changes email and name of an account that the transaction has locked.
///
/// # Errors
/// When the statement failed, by [`EMAIL_TAKEN`] too.
pub async fn rename(tx: &mut Tx, id: Uuid, person: &Sealed) -> Result<(), db::Error> {
    let changed = query!(
        "update accounts set email = $2, email_hash = $3, name = $4, version = version + 1, updated_at = now()
        where id = $1",
        id,
        person.email,
        &person.email_hash[..],
        person.name
    );
    changed.execute(&mut *tx).await?;
    Ok(())
}

/// Changes role and admission of an account that the transaction has locked.
///
/// # Errors
/// When the statement failed.
pub async fn grant(tx: &mut Tx, id: Uuid, role: &str, disabled: bool) -> Result<(), db::Error> {
    let changed = query!(
        "update accounts set role = $2, disabled = $3, version = version + 1, updated_at = now() where id = $1",
        id,
        role,
        disabled
    );
    changed.execute(&mut *tx).await?;
    Ok(())
}

/// Blanks all that is personal of an account that the transaction has locked.
///
/// # Errors
/// When the statement failed.
pub async fn blank(tx: &mut Tx, id: Uuid) -> Result<(), db::Error> {
    let blanked = query!(
        "update accounts
        set data_key = null, email = null, email_hash = null, name = null, password = null,
            closed_at = now(), version = version + 1, updated_at = now()
        where id = $1",
        id
    );
    blanked.execute(&mut *tx).await?;
    Ok(())
}

/// Locks everyone who administers the shop, in one order, and tells who they are: two who step down at once go one after
/// the other, and the second finds itself the last.
///
/// # Errors
/// When the statement failed.
pub async fn lock_admins(tx: &mut Tx) -> Result<Vec<Uuid>, db::Error> {
    let locked = query_scalar!(
        "select id from accounts where role = 'admin' and not disabled and closed_at is null
        order by id for no key update"
    );
    Ok(locked.fetch_all(&mut *tx).await?)
}

/// Whether anybody administers the shop.
///
/// # Errors
/// When the statement failed.
pub async fn has_admin(tx: &mut Tx) -> Result<bool, db::Error> {
    let found = query_scalar!(
        r#"select exists (select from accounts where role = 'admin' and not disabled and closed_at is null) as "found!""#
    );
    Ok(found.fetch_one(&mut *tx).await?)
}
