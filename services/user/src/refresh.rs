//! Trading a refresh token for new tokens.

use auth::{RefreshToken, same};
use db::Tx;
use tracing::{info, warn};

use crate::Tools;
use crate::error::{Error, Result};
use crate::store::credentials;
use crate::store::sessions::{self, Session};
use crate::tokens::{self, Holder, Tokens};

/// Trades `given` for new tokens. A token that was traded before was stolen, from its owner or by its owner's software:
/// its session ends for both. One that was traded a moment ago, and for what is still good, is answered the same again: of
/// two who have it then, the one who trades that later ends the session.
///
/// # Errors
/// [`Error::BadToken`].
pub async fn run(tools: &Tools, given: &RefreshToken) -> Result<Tokens> {
    let next = RefreshToken::new(given.session());
    let trade = Trade {
        session: given.session(),
        given: given.hash(),
        next: next.hash(),
        successor: given.mask(&next),
        life: tools.session_life,
    };
    let traded = tools.db.keyed("refresh: trade a token", move |tx| {
        Box::pin(async move { Ok::<_, Error>(carry_out(tx, &trade).await?) })
    });
    match traded.await? {
        Traded::For(holder) => tokens::issue(tools, holder, next).await,
        Traded::JustNow {
            holder,
            successor,
            hash,
        } => {
            let next = given.unmask(&successor);
            // Traded since by an instance that keeps no successors.
            if !same(&next.hash(), &hash) {
                return Err(Error::BadToken);
            }
            info!(session.id = %given.session(), "a token that was traded a moment ago was answered the same");
            tokens::issue(tools, holder, next).await
        }
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
    successor: [u8; 32],
    life: std::time::Duration,
}

enum Traded {
    For(Holder),
    JustNow {
        holder: Holder,
        successor: [u8; 32],
        hash: Vec<u8>,
    },
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
        let Trade {
            session,
            next,
            successor,
            life,
            ..
        } = trade;
        sessions::trade(tx, *session, next, successor, *life).await?;
        return Ok(Traded::For(holder));
    }
    if let Some(successor) = session.successor_of(&trade.given) {
        let hash = session.token_hash;
        return Ok(Traded::JustNow {
            holder,
            successor,
            hash,
        });
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
