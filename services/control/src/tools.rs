//! What this service works with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use db::Db;

use crate::board::Board;
use crate::domain::presence::{Presence, Roll};
use crate::ledger::Ledger;
use crate::ledger::spool::Spool;
use crate::locks::Desk;
use crate::said::AtHand;

/// The database, what is at hand of it, who was heard of, and where locks are asked for. Cheap to clone.
#[derive(Clone)]
pub struct Tools {
    /// Where all of it is kept.
    pub db: Db,
    /// What operators say.
    pub said: AtHand,
    /// Where faults are written down.
    pub ledger: Ledger,
    /// Who is well.
    pub board: Board,
    /// Where locks are asked for.
    pub locks: Desk,
    roll: Arc<Mutex<Roll>>,
}

impl Tools {
    /// Stands ready to see to the house by what is in `db`; faults are spooled in `spool` while that is away.
    pub fn new(db: Db, spool: Spool) -> Self {
        Self {
            ledger: Ledger::new(db.clone(), spool),
            said: AtHand::empty(),
            board: Board::default(),
            locks: Desk::open(&db),
            roll: Arc::default(),
            db,
        }
    }

    /// Who was heard of. To be let go of at once.
    pub fn roll(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It, and whether it is there as the ledger has it: two answers to one question would help nobody.
    pub fn seen(&self, mut one: Presence) -> Presence {
        let report = &one.report;
        let nameless = format!("{}@{}", report.service, report.address);
        let is_there = self.board.is_there(&[&report.instance, &nameless]);
        one.seen(is_there);
        one
    }
}
