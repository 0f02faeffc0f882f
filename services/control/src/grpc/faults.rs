//! The wire of faults.

use std::pin::Pin;

use ::time::OffsetDateTime;
use api::control as wire;
use api::cursor::Page;
use api::id::ACCOUNT;
use api::{error, time};
use futures::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::domain::fault::{Entry, Kind, Recovery, Resolution, Sighting, Subject, sentence};
use crate::error::Error;
use crate::faults;
use crate::store::faults::{Count, Row, Wanted};
use crate::tools::Tools;

/// How many sightings are taken at once.
const SIGHTINGS: usize = 100;
/// How long a note may be.
const NOTE: usize = 2_000;

/// Answers `holdfast.control.v1.Faults`.
#[derive(Clone)]
pub struct Faults {
    tools: Tools,
}

impl Faults {
    /// Answers with what `tools` reach.
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[tonic::async_trait]
impl wire::faults_server::Faults for Faults {
    async fn report(
        &self,
        request: Request<wire::ReportRequest>,
    ) -> Result<Response<wire::ReportResponse>, Status> {
        let sightings = request.into_inner().sightings;
        if sightings.is_empty() || sightings.len() > SIGHTINGS {
            return Err(error::invalid("sightings", "1 to 100 of them"));
        }
        let entries: Result<Vec<_>, Status> = sightings.into_iter().map(read_sighting).collect();
        for entry in entries?.into_iter().flatten() {
            self.tools.ledger.keep(entry).await;
        }
        Ok(Response::new(wire::ReportResponse {}))
    }

    async fn list_faults(
        &self,
        request: Request<wire::ListFaultsRequest>,
    ) -> Result<Response<wire::ListFaultsResponse>, Status> {
        let (wanted, page) = read_wanted(request.into_inner())?;
        let found = faults::list(&self.tools.db, wanted).await?;
        let (found, next_cursor) = page.cut(found, |row| row.number);
        let faults = found.into_iter().map(write).collect();
        Ok(Response::new(wire::ListFaultsResponse {
            faults,
            next_cursor,
        }))
    }

    async fn get_fault(
        &self,
        request: Request<wire::GetFaultRequest>,
    ) -> Result<Response<wire::Fault>, Status> {
        let found = faults::find(&self.tools.db, request.into_inner().number).await?;
        Ok(Response::new(write(found)))
    }

    async fn add_note(
        &self,
        request: Request<wire::AddNoteRequest>,
    ) -> Result<Response<wire::Fault>, Status> {
        let request = request.into_inner();
        let actor = super::read_actor(&request.actor_id)?;
        let text = request.text.trim();
        if text.is_empty() || text.chars().count() > NOTE || text.contains('\0') {
            return Err(error::invalid("text", "1 to 2,000 characters"));
        }
        let noted = faults::note(&self.tools.db, request.number, actor, text.to_owned());
        Ok(Response::new(write(noted.await?)))
    }

    type WatchFaultsStream = Pin<Box<dyn Stream<Item = Result<wire::Fault, Status>> + Send>>;

    async fn watch_faults(
        &self,
        request: Request<wire::WatchFaultsRequest>,
    ) -> Result<Response<Self::WatchFaultsStream>, Status> {
        let since = read_time("since", &request.into_inner().since)?;
        let faults = faults::watch(self.tools.db.clone(), since);
        let faults = faults.map(|row| row.map(write).map_err(Status::from));
        Ok(Response::new(Box::pin(faults)))
    }

    async fn statistics(
        &self,
        request: Request<wire::StatisticsRequest>,
    ) -> Result<Response<wire::StatisticsResponse>, Status> {
        let since = read_time("since", &request.into_inner().since)?;
        let counted = faults::count(&self.tools.db, since).await?;
        let types = counted.into_iter().map(write_count).collect();
        Ok(Response::new(wire::StatisticsResponse { types }))
    }
}

/// One or two entries: that it began, and where it is over, that too.
fn read_sighting(sighting: wire::Sighting) -> Result<Vec<Entry>, Status> {
    let kind =
        Kind::read(&sighting.r#type).ok_or_else(|| error::invalid("type", "a type of fault"))?;
    let subject = Subject::new(kind, sighting.component, sighting.incarnation);
    let subject = subject.map_err(Error::from)?;
    let needed = |field, text: &str| {
        read_time(field, text)?.ok_or_else(|| error::invalid(field, "not left out"))
    };
    let occurred_at = needed("occurred_at", &sighting.occurred_at)?;
    let detected_at = needed("detected_at", &sighting.detected_at)?;
    if detected_at < occurred_at {
        return Err(error::invalid("detected_at", "not before occurred_at"));
    }
    let mut entries = vec![Entry::Seen(Sighting {
        subject: subject.clone(),
        occurred_at,
        detected_at,
        cause: None,
        handling: sentence(&sighting.handling),
        trace_id: telemetry::trace_id().unwrap_or_default(),
    })];
    if let Some(resolved_at) = read_time("resolved_at", &sighting.resolved_at)? {
        let resolution = Resolution::read(&sighting.resolution);
        let resolution = resolution.ok_or_else(|| error::invalid("resolution", "how it ended"))?;
        if resolved_at < occurred_at {
            return Err(error::invalid("resolved_at", "not before occurred_at"));
        }
        entries.push(Entry::Over(Recovery {
            subject,
            resolved_at,
            resolution,
            handling: String::new(),
        }));
    }
    Ok(entries)
}

fn read_wanted(request: wire::ListFaultsRequest) -> Result<(Wanted, Page<i64>), Status> {
    let wire::ListFaultsRequest {
        page,
        open,
        r#type,
        component,
        since,
    } = request;
    let list = format!("faults {open} {type} {component} {since}");
    let page = Page::read(list, page)?;
    if !r#type.is_empty() && Kind::read(&r#type).is_none() {
        return Err(error::invalid("type", "a type of fault"));
    }
    if component.contains('\0') {
        return Err(error::invalid("component", "visible ASCII characters"));
    }
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let wanted = Wanted {
        open,
        kind: given(r#type),
        component: given(component),
        since: read_time("since", &since)?,
        before: page.after().copied(),
        rows: page.rows(),
    };
    Ok((wanted, page))
}

fn read_time(field: &str, text: &str) -> Result<Option<OffsetDateTime>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = time::read(text);
    let read = read.map_err(|bad| error::invalid(field, bad.to_string()))?;
    Ok(Some(read))
}

fn write(row: Row) -> wire::Fault {
    let notes = row.notes.0.into_iter().map(|note| wire::FaultNote {
        at: time::write(note.at),
        actor_id: ACCOUNT.write(note.actor_id),
        text: note.text,
    });
    wire::Fault {
        number: row.number,
        r#type: row.kind,
        component: row.component,
        incarnation: row.incarnation,
        occurred_at: time::write(row.occurred_at),
        detected_at: time::write(row.detected_at),
        cause: row.cause.unwrap_or_default(),
        severity: row.severity,
        handling: row.handling,
        resolved_at: time::write_or_empty(row.resolved_at),
        resolution: row.resolution.unwrap_or_default(),
        trace_id: row.trace_id,
        notes: notes.collect(),
        version: row.version,
        updated_at: time::write(row.updated_at),
    }
}

fn write_count(count: Count) -> wire::TypeStatistics {
    wire::TypeStatistics {
        r#type: count.kind,
        count: count.count,
        open: count.open,
        false_alarms: count.false_alarms,
        mean_seconds_to_detect: count.to_detect,
        mean_seconds_to_repair: count.to_repair,
    }
}
