//! What a line of the log looks like: for people, or as JSON for machines; both with the trace's id.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::propagation::trace_id;

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Says that a text names no format.
#[derive(Debug, thiserror::Error)]
#[error("`pretty` or `json`")]
pub struct BadFormat;

impl std::str::FromStr for Format {
    type Err = BadFormat;

    fn from_str(text: &str) -> Result<Self, BadFormat> {
        match text {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err(BadFormat),
        }
    }
}

/// Writes one event as one line.
pub(crate) struct Line {
    format: Format,
}

impl Line {
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        match self.format {
            Format::Pretty => {
                let meta = event.metadata();
                SystemTime.format_time(&mut writer)?;
                write!(writer, " {:>5} {}: ", meta.level(), meta.target())?;
                context
                    .field_format()
                    .format_fields(writer.by_ref(), event)?;
                if let Some(trace) = trace_id() {
                    write!(writer, " trace_id={trace}")?;
                }
                writeln!(writer)
            }
            Format::Json => writeln!(writer, "{}", Value::Object(object(event)?)),
        }
    }
}

fn object(event: &Event<'_>) -> Result<Map<String, Value>, fmt::Error> {
    let mut time = String::new();
    SystemTime.format_time(&mut Writer::new(&mut time))?;
    let meta = event.metadata();
    let mut fields = Fields(Map::new());
    fields.put("time", time);
    fields.put("level", meta.level().as_str());
    fields.put("target", meta.target());
    event.record(&mut fields);
    if let Some(trace) = trace_id() {
        fields.put("trace_id", trace);
    }
    Ok(fields.0)
}

/// Collects an event's fields.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt as _;

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, work: impl FnOnce()) -> String {
        let page = Page::default();
        let writer = page.clone();
        let layer = tracing_subscriber::fmt::layer()
            .event_format(Line::new(format))
            .with_ansi(false)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_of_json_has_the_message_and_every_field() {
        let line = logged(Format::Json, || {
            tracing::warn!(order.id = "ord_1", waited_ms = 12, "payment \"was\" slow");
        });

        let object: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["level"], "WARN");
        assert_eq!(object["message"], "payment \"was\" slow");
        assert_eq!(object["order.id"], "ord_1");
        assert_eq!(object["waited_ms"], 12);
        assert_eq!(line.lines().count(), 1);
    }

    #[test]
    fn a_line_for_people_begins_with_time_and_level() {
        let line = logged(Format::Pretty, || tracing::warn!(waited_ms = 12, "slow"));

        assert!(
            line.contains("  WARN telemetry::logs::tests: slow waited_ms=12\n"),
            "{line}"
        );
    }

    #[test]
    fn a_message_with_line_breaks_stays_one_line_of_json() {
        let line = logged(Format::Json, || tracing::warn!("one\ntwo"));

        assert_eq!(line.lines().count(), 1);
    }
}
