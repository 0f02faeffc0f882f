//! What the lock is for: a row with its fence, as `db::fence` writes it.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use crate::trace::Trace;

/// No write overwrites one that its writer had not read.
pub(crate) const RESTS: &str = "every write rests on the one before it";
/// Who overstays its lock is refused.
pub(crate) const REFUSED: &str = "a late write is refused";
/// Its guard was lost, and nobody came after it.
pub(crate) const LATE: &str = "a late write is accepted, since nobody came after it";

/// A row with its fence. Clones are the same.
#[derive(Clone)]
pub(crate) struct Resource {
    trace: Trace,
    bug: &'static str,
    row: Arc<Mutex<Row>>,
}

#[derive(Default)]
struct Row {
    fence: i64,
    written: u32,
}

impl Resource {
    pub(crate) fn new(trace: Trace, bug: &'static str) -> Self {
        let row = Arc::default();
        Self { trace, bug, row }
    }

    /// Shows a token, and reads how often it was written; nothing where somebody came later.
    pub(crate) fn show(&self, token: i64) -> Option<u32> {
        let mut row = self.row.lock().unwrap_or_else(PoisonError::into_inner);
        let passes = token >= row.fence || self.bug == "the resource has no fence";
        row.fence = row.fence.max(token);
        passes.then_some(row.written)
    }

    /// Writes with a token what rests on so many writes.
    pub(crate) fn write(&self, token: i64, read: u32, held: bool, who: impl Display) {
        let Some(written) = self.show(token) else {
            self.trace
                .tell(format_args!("{who} is refused with {token}"));
            return self.trace.saw(REFUSED);
        };
        self.trace.tell(format_args!("{who} writes with {token}"));
        if !held {
            self.trace.saw(LATE);
        }
        self.trace.check(
            RESTS,
            read == written,
            format_args!("{who} read {read} of {written}"),
        );
        let mut row = self.row.lock().unwrap_or_else(PoisonError::into_inner);
        row.written += 1;
    }
}
