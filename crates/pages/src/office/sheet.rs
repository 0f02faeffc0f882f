//! A sheet of the back office: a list or one thing, with its filters, facts, tables and what may be done to it.

mod cell;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::scaling::Chart;
use crate::api::Problem;
use crate::look::Frame;
use crate::shop::status;
use crate::visit::Visitor;

pub(super) use cell::Cell;

/// One thing to look for in a list.
pub(super) struct Filter {
    name: &'static str,
    label: &'static str,
    value: String,
    /// What there is to choose from: a value and its word each. With none it is typed.
    choices: Vec<(&'static str, &'static str)>,
}

/// Rows of cells.
#[derive(Default)]
pub(super) struct Table {
    title: Option<&'static str>,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    empty: &'static str,
    /// Where more of it is.
    next: Option<String>,
    /// Whether it is shown to those only who ask for it.
    folded: bool,
}

/// What is put together by the functions below, and then drawn.
#[derive(Template)]
#[template(path = "office/sheet.html")]
pub(super) struct Sheet {
    frame: Frame,
    /// The list that it is out of: its path and its name.
    above: Option<(&'static str, &'static str)>,
    lead: Option<String>,
    problem: Option<Problem>,
    deeds: Vec<(String, &'static str)>,
    filters: Vec<Filter>,
    facts: Vec<(&'static str, Cell)>,
    text: Option<String>,
    charts: Vec<Chart>,
    tables: Vec<Table>,
    /// Whether it follows what it shows.
    live: bool,
}

/// The tables alone, for a sheet that follows them.
#[derive(Template)]
#[template(path = "office/tables.html")]
struct Tables {
    frame: Frame,
    tables: Vec<Table>,
}

impl Filter {
    /// A word to be typed.
    pub(super) fn text(name: &'static str, label: &'static str, value: &str) -> Self {
        Self::choice(name, label, value, Vec::new())
    }

    /// Something to be chosen.
    pub(super) fn choice(
        name: &'static str,
        label: &'static str,
        value: &str,
        choices: Vec<(&'static str, &'static str)>,
    ) -> Self {
        Self {
            name,
            label,
            value: value.to_owned(),
            choices,
        }
    }
}

impl Table {
    /// A table with these columns and rows; `empty` is said where there are none.
    pub(super) fn of(
        columns: Vec<&'static str>,
        rows: Vec<Vec<Cell>>,
        empty: &'static str,
    ) -> Self {
        Self {
            columns,
            rows,
            empty,
            ..Self::default()
        }
    }

    /// The same under a heading.
    pub(super) fn under(self, title: &'static str) -> Self {
        Self {
            title: Some(title),
            ..self
        }
    }

    /// The same with more of it at `next`.
    pub(super) fn more(self, next: Option<String>) -> Self {
        Self { next, ..self }
    }

    /// The same folded up.
    pub(super) fn folded(self) -> Self {
        Self {
            folded: true,
            ..self
        }
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Sheet {
    /// An empty sheet.
    pub(super) fn of(frame: Frame) -> Self {
        Self {
            frame,
            above: None,
            lead: None,
            problem: None,
            deeds: Vec::new(),
            filters: Vec::new(),
            facts: Vec::new(),
            text: None,
            charts: Vec::new(),
            tables: Vec::new(),
            live: false,
        }
    }

    /// Says out of which list it is.
    pub(super) fn above(mut self, path: &'static str, word: &'static str) -> Self {
        self.above = Some((path, word));
        self
    }

    /// Says what it is for.
    pub(super) fn lead(mut self, text: impl Into<String>) -> Self {
        self.lead = Some(text.into());
        self
    }

    /// Says what was wrong with what was asked for.
    pub(super) fn problem(mut self, problem: Option<Problem>) -> Self {
        self.problem = problem;
        self
    }

    /// Leads to a page that asks whether something is to be done, where it may be done.
    pub(super) fn deed(mut self, may: bool, path: impl Into<String>, word: &'static str) -> Self {
        if may {
            self.deeds.push((path.into(), word));
        }
        self
    }

    /// Offers these filters.
    pub(super) fn filters(mut self, filters: Vec<Filter>) -> Self {
        self.filters = filters;
        self
    }

    /// Tells these facts, all but those that are none.
    pub(super) fn facts(mut self, facts: Vec<(&'static str, Cell)>) -> Self {
        self.facts = facts;
        self.facts.retain(|(_, cell)| !cell.is_dash());
        self
    }

    /// Shows a longer text.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned()).filter(|text| !text.trim().is_empty());
        self
    }

    /// Shows these drawings.
    pub(super) fn charts(mut self, charts: impl IntoIterator<Item = Chart>) -> Self {
        self.charts.extend(charts);
        self
    }

    /// Shows one more table.
    pub(super) fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// Shows one more table, where there is one.
    pub(super) fn maybe(mut self, table: Option<Table>) -> Self {
        self.tables.extend(table);
        self
    }

    /// Lets it follow what it shows.
    pub(super) fn live(mut self) -> Self {
        self.live = true;
        self
    }

    /// Draws it for `visitor`.
    pub(super) fn shown(self, visitor: &Visitor) -> Response {
        if self.live && visitor.wants_part() {
            let (frame, tables) = (self.frame, self.tables);
            return visitor.show(&Tables { frame, tables });
        }
        let status: StatusCode = status(self.problem.as_ref());
        visitor.show_as(status, &self)
    }

    /// The path that its filters go to.
    fn path(&self) -> &str {
        self.frame.path.split('?').next().unwrap_or_default()
    }

    fn paragraphs(&self) -> impl Iterator<Item = &str> {
        let text = self.text.as_deref().unwrap_or_default();
        let parts = text.split("\n\n").map(str::trim);
        parts.filter(|part| !part.is_empty())
    }
}
