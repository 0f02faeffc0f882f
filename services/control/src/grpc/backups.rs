//! The wire of backups.

use std::path::PathBuf;

use api::control as wire;
use api::cursor::Page;
use api::{error, time};
use tonic::{Request, Response, Status};

use crate::backups::{self, Backup, Restore};
use crate::error::Error;

/// Answers `holdfast.control.v1.Backups`.
#[derive(Clone)]
pub struct Backups {
    list: Option<PathBuf>,
}

impl Backups {
    /// Answers by the file in which they are written down, where there is one.
    pub fn new(list: Option<PathBuf>) -> Self {
        Self { list }
    }
}

#[tonic::async_trait]
impl wire::backups_server::Backups for Backups {
    async fn list_backups(
        &self,
        request: Request<wire::ListBackupsRequest>,
    ) -> Result<Response<wire::ListBackupsResponse>, Status> {
        let wire::ListBackupsRequest { page, extent } = request.into_inner();
        let page: Page<String> = Page::read(format!("backups {extent}"), page)?;
        let full = read_extent(&extent)?;
        let mut found = match &self.list {
            Some(list) => backups::read(list).await.map_err(Error::Unreadable)?,
            None => Vec::new(),
        };
        found.retain(|backup| full.is_none_or(|full| backup.full == full));
        if let Some(after) = page.after() {
            found.retain(|backup| backup.label < *after);
        }
        let (found, next_cursor) = page.cut(found, |backup| backup.label.clone());
        let backups = found.into_iter().map(write).collect();
        Ok(Response::new(wire::ListBackupsResponse {
            backups,
            next_cursor,
        }))
    }
}

/// Whether only full ones are wanted, or only others; nothing, where all are.
fn read_extent(extent: &str) -> Result<Option<bool>, Status> {
    match extent {
        "" => Ok(None),
        "full" => Ok(Some(true)),
        "changed" => Ok(Some(false)),
        _ => Err(error::invalid("extent", "full or changed")),
    }
}

fn write(backup: Backup) -> wire::Backup {
    let extent = if backup.full { "full" } else { "changed" };
    wire::Backup {
        label: backup.label,
        extent: extent.to_owned(),
        began_at: time::write(backup.began_at),
        ended_at: time::write(backup.ended_at),
        bytes: i64::try_from(backup.bytes).unwrap_or(i64::MAX),
        added_bytes: i64::try_from(backup.added_bytes).unwrap_or(i64::MAX),
        restore: backup.restore.map(write_restore),
    }
}

fn write_restore(restore: Restore) -> wire::Restore {
    wire::Restore {
        restored_at: time::write(restore.restored_at),
        wrong: restore.wrong.unwrap_or_default(),
        rpo_seconds: restore.rpo_seconds,
        rto_seconds: restore.rto_seconds,
    }
}
