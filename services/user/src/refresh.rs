//! Trading a refresh token for new tokens.

use auth::{RefreshToken, same};
use db::Tx;
use tracing::warn;

use crate::Tools;
use crate::error::{Error, Result};
use crate::store::credentials;
use crate::store::sessions::{self, Session};
use crate::tokens::{self, Holder, Tokens};

/// Trades `given` for new tokens. A token that was traded before was stolen, from its owner or by its owner's software:
/// its session ends for both.
///
/// # Errors
/// [`Error::BadToken`].
pub async fn run(tools: &Tools, given: &RefreshToken) -> Result<Tokens> {
    let next = RefreshToken::new(given.session());
    let trade = Trade {
        session: given.session(),
        given: given.hash(),
        next: next.hash(),
        life: tools.session_life,
    };
    let traded = tools.db.keyed("refresh: trade a token", move |tx| {
        Box::pin(async move { Ok::<_, Error>(carry_out(tx, &trade).await?) })
    });
    match traded.await? {
        Traded::For(holder) => tokens::issue(tools, holder, next).await,
        Traded::Before => {
            warn!(session.id = %given.session(), "a traded token came again: its session was ended");
            Err(Error::BadToken)
        }
        Traded::Unknown => Err(Error::BadToken),
    }
}

#[derive(Clone, Copy)]
struct Trade {
    session: uuid::Uuid,
    given: [u8; 32],
    next: [u8; 32],
    life: std::time::Duration,
}

enum Traded {
    For(Holder),
    Before,
    Unknown,
}

async fn carry_out(tx: &mut Tx, trade: &Trade) -> Result<Traded, db::Error> {
    let Some((session, holder)) = lock(tx, trade).await? else {
        return Ok(Traded::Unknown);
    };
    // Our own next token stands there already: an earlier attempt of this trade was kept after all.
    if same(&session.token_hash, &trade.next) {
        return Ok(Traded::For(holder));
    }
    if same(&session.token_hash, &trade.given) && !session.expired {
        sessions::trade(tx, trade.session, &trade.next, trade.life).await?;
        return Ok(Traded::For(holder));
    }
    if session.traded.iter().any(|hash| same(hash, &trade.given)) {
        sessions::end(tx, trade.session).await?;
        return Ok(Traded::Before);
    }
    Ok(Traded::Unknown)
}

/// The account before the session, as everywhere.
async fn lock(tx: &mut Tx, trade: &Trade) -> Result<Option<(Session, Holder)>, db::Error> {
    let Some(owner) = sessions::owner(tx, trade.session).await? else {
        return Ok(None);
    };
    let account = credentials::hold(tx, owner).await?;
    let Some(account) = account.filter(|account| !account.disabled) else {
        return Ok(None);
    };
    let holder = Holder {
        account: account.id,
        role: account.role,
        epoch: account.session_epoch,
    };
    let session = sessions::lock(tx, trade.session).await?;
    Ok(session.map(|session| (session, holder)))
}
