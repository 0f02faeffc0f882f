//! Sends COMMIT, and says what became of it. Also reads the caller's new token, in the same message.

use api::token::{Position, Token};
use futures::TryStreamExt as _;
use retry::Deadline;
use sqlx::{Either, Row as _, raw_sql};
use tracing::Instrument as _;

use crate::address::Connection;
use crate::{Why, fault, notice, tx};

/// Where the log of a primary stands.
macro_rules! position {
    () => {
        "select (pg_current_wal_flush_lsn() - '0/0')::bigint,
            ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int"
    };
}

/// The select fails where a statement has failed before, for there COMMIT would be a ROLLBACK, without an error.
const COMMIT: &str = concat!("select 1; commit; ", position!());

/// Here the select also writes a record, where nothing else was written: a commit without any would not wait for the
/// standby, and its answer might rest on a row that no standby has.
const COMMIT_THAT_WAITS: &str = concat!(
    "select pg_logical_emit_message(true, 'holdfast', '')
        where pg_current_xact_id_if_assigned() is null; commit; ",
    position!()
);

/// How many statements of the message have ended when the transaction has.
const COMMITTED: usize = 2;

/// What became of a transaction.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It is kept, and on the standby.
    Kept(Token),
    /// Nothing is kept; the server's word.
    Refused(sqlx::Error),
    /// Nobody can tell.
    Unknown(Why),
}

/// Commits the transaction open on `connection`.
///
/// It owns the connection and keeps it only after a clean answer. Whoever drops this future in mid-commit closes the
/// connection; no cancel request is ever sent, and nobody is handed a connection in COMMIT.
pub(crate) async fn commit(
    mut connection: Connection<'_>,
    waits: bool,
    deadline: Deadline,
) -> Ended {
    let message = if waits { COMMIT_THAT_WAITS } else { COMMIT };
    let span = tx::span("commit");
    let sent = notice::listening(deadline.limit(send(&mut connection, message)));
    let (answered, warned) = sent.instrument(span).await;
    let Ok(answer) = answered else {
        return Ended::Unknown(Why::Late);
    };
    if warned {
        return Ended::Unknown(Why::Warned);
    }
    if answer.ended < COMMITTED {
        return match answer.error {
            Some(error) if fault::cleanly_refused(&error) => Ended::Refused(error),
            Some(error) => {
                connection.broke();
                Ended::Unknown(error.into())
            }
            None => Ended::Unknown(Why::Failed("the answer to COMMIT broke off".to_owned())),
        };
    }
    let cluster = connection.cluster;
    let token = match answer.position {
        Some(position) => Token::at(cluster, position),
        None => Token::primary_only(cluster),
    };
    if answer.error.is_none() {
        connection.put_back();
    }
    Ended::Kept(token)
}

/// What came back, up to an error if there was one.
#[derive(Default)]
struct Answer {
    /// How many statements ended.
    ended: usize,
    position: Option<Position>,
    error: Option<sqlx::Error>,
}

async fn send(connection: &mut Connection<'_>, message: &'static str) -> Answer {
    let mut answer = Answer::default();
    let mut parts = raw_sql(message).fetch_many(&mut connection.tx.connection);
    loop {
        match parts.try_next().await {
            Ok(Some(Either::Left(_))) => answer.ended += 1,
            Ok(Some(Either::Right(row))) if answer.ended == COMMITTED => {
                answer.position = read(&row).ok();
            }
            Ok(Some(Either::Right(_))) => {}
            Ok(None) => return answer,
            Err(error) => {
                answer.error = Some(error);
                return answer;
            }
        }
    }
}

fn read(row: &sqlx::postgres::PgRow) -> Result<Position, sqlx::Error> {
    let (lsn, timeline): (i64, i32) = (row.try_get(0)?, row.try_get(1)?);
    Ok(Position {
        timeline: timeline.cast_unsigned(),
        lsn: lsn.cast_unsigned(),
    })
}
