//! What a piece of work speaks to the database through: each statement in a span of its own, the first error noted.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::task::Poll;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};
use futures::{FutureExt as _, future};
use sqlx::error::BoxDynError;
use sqlx::postgres::{
    PgArguments, PgConnection, PgQueryResult, PgRow, PgStatement, PgTypeInfo, Postgres,
};
use sqlx::{Either, Execute, Executor, SqlStr};
use tracing::{Instrument as _, Span, info_span};

use crate::fault::Fault;

/// What a piece of work speaks to the database through: `query!(...).fetch_all(&mut *tx)`.
///
/// It begins and ends nothing itself; [`crate::Db`] does.
#[derive(Debug)]
pub struct Tx {
    pub(crate) connection: PgConnection,
    pub(crate) fault: Option<Fault>,
}

impl Tx {
    pub(crate) fn new(connection: PgConnection) -> Self {
        Self {
            connection,
            fault: None,
        }
    }
}

/// A [`Tx`], lent to work that borrows from its surroundings: it lives no longer than `'env` does, and that is all that
/// the lifetime says. Pass it on as the `&mut Tx` that it turns into.
#[derive(Debug)]
pub struct Lent<'env> {
    tx: Tx,
    surroundings: PhantomData<&'env ()>,
}

impl Lent<'_> {
    pub(crate) fn new(tx: Tx) -> Self {
        Self {
            tx,
            surroundings: PhantomData,
        }
    }

    pub(crate) fn into_inner(self) -> Tx {
        self.tx
    }
}

impl Deref for Lent<'_> {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}

/// The span of one statement.
pub(crate) fn span(sql: &str) -> Span {
    info_span!(
        "db.statement",
        otel.kind = "client",
        db.system.name = "postgresql",
        db.query.text = sql
    )
}

impl<'c> Executor<'c> for &'c mut Tx {
    type Database = Postgres;

    fn fetch_many<'e, 'q, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: Execute<'q, Postgres>,
        'q: 'e,
        E: 'q,
    {
        let statement = match Statement::of(query) {
            Ok(statement) => statement,
            Err(error) => return stream::once(future::ready(Err(error))).boxed(),
        };
        let span = span(statement.sql.as_str());
        let Tx { connection, fault } = self;
        let mut rows = connection.fetch_many(statement);
        stream::poll_fn(move |context| {
            let polled = span.in_scope(|| rows.poll_next_unpin(context));
            if let Poll::Ready(Some(Err(error))) = &polled {
                fault.get_or_insert_with(|| Fault::of(error));
            }
            polled
        })
        .boxed()
    }

    fn fetch_optional<'e, 'q, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: Execute<'q, Postgres>,
        'q: 'e,
        E: 'q,
    {
        let statement = match Statement::of(query) {
            Ok(statement) => statement,
            Err(error) => return future::ready(Err(error)).boxed(),
        };
        let span = span(statement.sql.as_str());
        let Tx { connection, fault } = self;
        let row = connection.fetch_optional(statement);
        row.inspect(|found| {
            if let Err(error) = found {
                fault.get_or_insert_with(|| Fault::of(error));
            }
        })
        .instrument(span)
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.connection.prepare_with(sql, parameters)
    }

    fn describe<'e>(
        self,
        sql: SqlStr,
    ) -> BoxFuture<'e, Result<sqlx::Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        self.connection.describe(sql)
    }
}

/// A query taken apart, since its text can only be had by taking it.
struct Statement {
    sql: SqlStr,
    prepared: Option<PgStatement>,
    arguments: Option<PgArguments>,
    persistent: bool,
}

impl Statement {
    fn of<'q>(mut query: impl Execute<'q, Postgres>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            prepared: query.statement().cloned(),
            arguments: query.take_arguments().map_err(sqlx::Error::Encode)?,
            persistent: query.persistent(),
            sql: query.sql(),
        })
    }
}

impl Execute<'_, Postgres> for Statement {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.prepared.as_ref()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        Ok(self.arguments.take())
    }

    fn persistent(&self) -> bool {
        self.persistent
    }
}
