//! Faults that other observers wrote down, closed by what this one sees.

use std::collections::HashMap;

use crate::board::{Board, Standing};
use crate::domain::fault::{Kind, Recovery, Resolution, Subject};
use crate::store::faults::Row;

/// How often a component has to be seen well after its fault was read of, until that is believed to be over.
const OFTEN: u32 = 2;

/// Faults that others wrote down, each with how often its component had been seen well when it was first read of.
#[derive(Default)]
pub(super) struct Foreign {
    read: HashMap<i64, u64>,
}

impl Foreign {
    /// Which of the `open` faults are over, as `board` shows.
    pub(super) fn over(&mut self, open: &[Row], board: &Board) -> Vec<Recovery> {
        self.read
            .retain(|number, _| open.iter().any(|row| row.number == *number));
        open.iter()
            .filter_map(|row| self.judge(row, board))
            .collect()
    }

    fn judge(&mut self, row: &Row, board: &Board) -> Option<Recovery> {
        let Some(standing) = board.find(&row.component) else {
            self.read.remove(&row.number);
            return None;
        };
        // What was seen before the fault was written down may be older than the fault.
        let before = *self.read.entry(row.number).or_insert(standing.seen);
        if standing.seen < before + u64::from(OFTEN) + 1 {
            return None;
        }
        let life = row.incarnation.split('#').next().unwrap_or_default();
        let kind = Kind::read(&row.kind)?;
        if kind == Kind::InstanceEjected && board.is_accused(&row.component) {
            return None;
        }
        let same = standing.incarnation == life;
        let resolution = match kind {
            Kind::PrimaryLost | Kind::RedisPrimaryLost if !same => Resolution::Replaced,
            Kind::InstanceSlow | Kind::InstanceEjected | Kind::ReplicationLag => {
                begun(row, &standing)
            }
            _ if !same => Resolution::Restarted,
            _ => begun(row, &standing),
        };
        Some(Recovery {
            subject: Subject::new(kind, &row.component, life).ok()?,
            resolved_at: standing.since.max(row.detected_at),
            resolution,
            handling: String::new(),
        })
    }
}

/// How a fault ended whose component goes on in the same life: where it was seen well all the time, there was none.
fn begun(row: &Row, standing: &Standing) -> Resolution {
    if standing.since <= row.occurred_at {
        Resolution::FalseAlarm
    } else {
        Resolution::Resumed
    }
}
